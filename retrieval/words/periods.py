"""Read fiscal years, quarters and halves: FY22 and 2022财年, Q2 2023, 2Q23 and 2023年第二季度, H1 2023 and 上半年.

Never *the second half*, which may be of anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .chinese_numbers import HAN, value_of
from .numeral import Numeral

_FULL = r"(?P<year>(?:19|20)[0-9]{2})"
_TWO = r"(?P<short>[0-9]{2})"
_FISCAL = r"(?:FY|fiscal(?: year)?|financial year|business year)"
_NTH = r"(?P<nth>first|second|third|fourth|last|1st|2nd|3rd|4th)"
_OF = rf"(?:(?: of| in|,)?(?: the)?(?: {_FISCAL})? ?{_FULL}| FY['’ ]?{_TWO})"
_ZH = rf"(?:(?P<year>(?:19|20)[0-9]{{2}}|{HAN}{{4}})\s?(?:年度?|[财財]年|[会會][计計]年度)\s?的?\s?)"
_PATTERNS = {
    "q": (
        rf"\bq(?P<part>[1-4])(?:(?:[ ,/-]{{1,2}}| of | in )?(?:{_FISCAL} ?)?{_FULL}|(?:['’-]|[ -]?FY['’ ]?){_TWO})?\b",
        rf"\b(?P<part>[1-4])q(?:[ ,/-]?{_FULL}|['’]?{_TWO})?\b",
        rf"(?:\b|(?<=FY)){_FULL}[ /-]?q(?P<part>[1-4])\b",
        r"\bFY['’ ]?(?P<short>[0-9]{2})[ -]?q(?P<part>[1-4])\b",
        rf"{_ZH}q(?P<part>[1-4])(?![0-9a-z])",
    ),
    "quarter": (
        rf"\b{_NTH}[ -](?:fiscal[ -])?quarter\b(?:{_OF})?",
        rf"\b{_FULL}(?:['’]s)? {_NTH}[ -]quarter\b",
    ),
    "季度": (rf"{_ZH}?第?\s?(?P<part>[一二三四1-4])\s?季度",),
    "h": (
        rf"\bh(?P<part>[12])(?:(?:[ ,/-]{{1,2}}| of )?(?:{_FISCAL} ?)?{_FULL}|(?:['’]|[ -]?FY['’ ]?){_TWO})\b",
        rf"\b(?P<part>[12])h[ /-]?(?:{_FULL}|['’]?{_TWO})\b",
        rf"\b{_FULL}[ /-]?h(?P<part>[12])\b",
    ),
    "half": (rf"\b{_NTH}[ -]half\b(?:{_OF}| of (?:the|this|last) (?:fiscal |financial )?year\b)",),
    "半年": (rf"{_ZH}?(?P<part>[上下])半年",),
    "fy": (rf"\bFY ?['’-]?(?:{_FULL}|{_TWO})\b(?![/-][0-9])",),
    "fiscal": (rf"\bfiscal(?: year)?(?: of)? {_FULL}\b", rf"\b{_FULL} fiscal year\b"),
    "financial year": (rf"\bfinancial year(?: of)? {_FULL}\b", rf"\b{_FULL} financial year\b"),
    "年度": (rf"(?P<year>(?:19|20)[0-9]{{2}}|{HAN}{{4}})\s?(?:[财財]政|[会會][计計])?年度",),
    "财年": (
        rf"(?P<year>(?:19|20)[0-9]{{2}}|{HAN}{{4}})\s?财年",
        r"(?<![0-9])(?P<short>[0-9]{2})\s?财年",
    ),
}
"""By a string that a text must contain to have one, which is fast to search for."""
_LETTERED = re.compile("[1-4][qh]|[qh][1-4]")
_COMPILED = {
    sign: tuple(re.compile(pattern.replace("FY", "fy")) for pattern in patterns) for sign, patterns in _PATTERNS.items()
}
_LETTER = {"q": "q", "quarter": "q", "季度": "q", "h": "h", "half": "h", "半年": "h"}
_PART = dict(zip("一二三四上下", "123412", strict=True)) | {
    "first": "1", "second": "2", "third": "3", "fourth": "4", "1st": "1", "2nd": "2", "3rd": "3", "4th": "4",
}  # fmt: skip
_WORD = {"q": "quarter", "h": "half"}
_CENTURY = 70
"""Two digits from here on belong to the last century."""


def periods(text: str) -> Iterator[Numeral]:
    """Yield the periods that a text names, one kind after another; they may overlap."""
    lower = text.lower().replace("財", "财")
    there = {match.group().strip("1234") for match in _LETTERED.finditer(lower)}
    for sign, patterns in _COMPILED.items():
        if sign in there or (len(sign) > 1 and sign in lower):
            for match in (match for pattern in patterns for match in pattern.finditer(lower)):
                found = _period(match, _LETTER.get(sign, ""))
                if found:
                    yield found


def _period(match: re.Match[str], letter: str) -> Numeral | None:
    groups = match.groupdict()
    year = _year(groups.get("year"), groups.get("short"))
    if not letter:
        return Numeral(*match.span(), f" {year} ", (year, f"fy{year}", "fiscal", "year"), "period") if year else None
    said = (groups.get("part") or groups.get("nth") or "").lower()
    part = f"{letter}{_PART.get(said, said)}"
    if said == "last" or (letter == "h" and part not in ("h1", "h2")):
        return None
    whole = f"{year}-{part}" if year else ""
    own = tuple(filter(None, (part, year, whole, _WORD[letter])))
    return Numeral(*match.span(), f" {part} {year} ", own, "period", whole=whole)


def _year(full: str | None, short: str | None) -> str:
    if full:
        return str(value_of(full) or "")
    return f"{19 if int(short) >= _CENTURY else 20}{short}" if short else ""

"""Find codes, however they are separated: mx4120c, MX-4120-C and MX 4120 C; INV-2026-003, UTF-8.

Never *mid-2022* or a file name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .numeral import Numeral, Sure

_DIGITS = re.compile("[0-9]+")
_WORD = re.compile("[A-Za-z_-]")
_WORDS = re.compile(r"(?<![\w/.:@#+-])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*(?![\w/@-]|[.:]\w)")
_SPACED = re.compile(r"(?<![\w./-])[A-Z]{2,5} [0-9]{2,6}(?:[ -][A-Z]{1,2}(?!\w))?(?![\w/-]|[.,]\w| ?%)")
_WHOLE = re.compile(r"(?P<head>[A-Za-z]{1,6})(?P<number>[0-9]{3,8})(?P<tail>[A-Za-z]{0,3})")
_MEASURED = re.compile(r"(?P<number>[0-9]+)(?P<words>(?:-[a-z]{2,})+)")
_NO_CODE = re.compile(
    r"[0-9]+(?:st|nd|rd|th)-.*|[A-Za-z][a-z]{2,}-(?:1[0-9]|20)[0-9]{2}s?|(?:1[0-9]|20)[0-9]{2}s?-[a-z].*"
)
_LONGEST = 24


def codes(text: str) -> Iterator[Numeral]:
    """Yield the codes of a text, those that begin at the same place one after another; they may overlap."""
    after = 0
    for digits in _DIGITS.finditer(text):
        start, stop = digits.span()
        before, behind = text[max(0, start - 2) : start], text[stop : stop + 1]
        if before[-1:] == " " and before[0].isupper() and (match := _last(_SPACED, text, start - 6, start)):
            yield Numeral(*match.span(), match.group(), (_bare(match.group()),), "code", Sure.EQUAL)
        if start < after or not (_WORD.match(before[-1:]) or _WORD.match(behind)):
            continue
        word = _last(_WORDS, text, start - _LONGEST, start)
        if word and (found := _in_word(word)):
            yield found
        after = word.end() if word else stop


def _last(pattern: re.Pattern[str], text: str, first: int, last: int) -> re.Match[str] | None:
    """Return the first match that begins between two places and ends after them."""
    matches = (pattern.match(text, at) for at in range(max(0, first), last + 1))
    return next((match for match in matches if match and match.end() > last), None)


def _bare(written: str) -> str:
    return re.sub("[ -]", "", written).lower()


def _in_word(word: re.Match[str]) -> Numeral | None:
    written = word.group()
    if len(written) > _LONGEST or _NO_CODE.fullmatch(written):
        return None
    if match := _WHOLE.fullmatch(written):
        parts = tuple(part.lower() for part in match.groups() if len(part) > 1)
        return Numeral(*word.span(), written, parts, "code")
    if match := _MEASURED.fullmatch(written):
        return Numeral(*word.span(), written.replace("-", " "), (match["number"],))
    parts = tuple(re.split("[-_]", written.lower()))
    heads = ["".join(parts[:n]) for n in range(2, len(parts) + 1)]
    if not heads or not _is_mixed(heads[-1]):
        return None
    return Numeral(*word.span(), heads[-1], tuple(filter(_is_mixed, reversed(heads))), "code")


def _is_mixed(written: str) -> bool:
    return any(map(str.isdigit, written)) and any(map(str.isalpha, written))

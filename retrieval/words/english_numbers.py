"""Read English number words: three hundred and five, twenty-first, two and a half million.

Never *several hundred*, or *one* meaning someone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from .numeral import Numeral, Sure

_TO_TWENTY = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen
""".split()  # noqa: SIM905
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_ORDINALS = """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth
    seventeenth eighteenth nineteenth
""".split()  # noqa: SIM905
_SMALL = (
    {"a": 1, "an": 1}
    | {word: value for value, word in enumerate(_TO_TWENTY)}
    | {word: 20 + 10 * at for at, word in enumerate(_TENS)}
)
_NTH = {word: value for value, word in enumerate(_ORDINALS, 1)} | {
    f"{word[:-1]}ieth": 20 + 10 * at for at, word in enumerate(_TENS)
}
SCALES = {
    "trillion": 10**12, "billion": 10**9, "bn": 10**9, "crore": 10**7, "million": 10**6, "mn": 10**6, "lakh": 10**5,
    "thousand": 10**3, "hundred": 100, "dozen": 12,
}  # fmt: skip
_WORD_SCALES = {word: value for word, value in SCALES.items() if word not in {"bn", "mn"}}
_BEGINS = "|".join(sorted([*_TO_TWENTY, *_TENS, *_NTH], key=len, reverse=True))
_ALL = "|".join(sorted([*_TO_TWENTY, *_TENS, *_NTH, *_WORD_SCALES], key=len, reverse=True))
_START = rf"(?:(?:half )?an? (?=(?:{'|'.join(_WORD_SCALES)})\b)|(?:{_BEGINS})\b)"
_BEFORE = re.compile(rf"[\s(\[/\"'“‘]{_START}")
"""Where a number may begin; the preceding character first, which is much faster to search for."""
_RUN = re.compile(rf"{_START}(?:(?:,? and |, |[ -])?(?:{_ALL})\b)*")
_PART = re.compile(rf"(?P<gap>,? and |, |[ -])?(?P<word>{_ALL}|(?:half )?an? )(?<!\w)?")
_HALF = re.compile(rf" and a half(?: (?P<scale>{'|'.join(_WORD_SCALES)})\b)?")
_PERCENT = re.compile(r"[ -]?(?:%|per\s?cent\b|pct\b)")
_FRACTION = re.compile(r"[ -](?P<part>third|fifth|sixth|eighth|tenth)s?\b")
_MEASURE = re.compile(
    r"[ -](?:(?:calendar|working|business|full|whole) )?"
    r"(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|quarters?|pages?"
    r"|people|persons?|percentage|dollars?|euros?|pounds?|copy|copies|units?|items?|kilo\w*|k[mg]|miles?|meters?|metres?)\b"
)
_LONE = 12
"""Up to here numbers are written as words when they are not the point: *the two kinds*."""
_YEARS = range(16, 21)
_TEN, _HUNDRED = 10, 100


@dataclass(frozen=True, slots=True)
class _Word:
    gap: str
    """The text before it."""
    form: str
    stop: int


def english_numbers(text: str) -> Iterator[Numeral]:
    """Yield the numbers written as words in a text."""
    lower = text.lower()
    if len(lower) != len(text):  # İ is two characters then
        return
    after = 0
    for before in _BEFORE.finditer(f" {lower}"):
        match = _RUN.match(lower, before.start())
        if not match or match.start() < after:
            continue
        after = match.end()
        words = _words(lower, match)
        at = 0
        while at < len(words):
            start = words[at].stop - len(words[at].form)
            value, then, nth = _number(words, at)
            if value is not None:
                yield from _told(lower, start, words[then - 1].stop, value, nth=nth)
            at = max(then, at + 1)


def _words(text: str, run: re.Match[str]) -> list[_Word]:
    found, at = [], run.start()
    while at < run.end() and (match := _PART.match(text, at, run.end())):
        word = match["word"].rstrip()
        stop = match.start("word") + len(word)
        found.append(_Word(match["gap"] or "", word, stop))
        at = stop
    return found


def _number(words: list[_Word], at: int) -> tuple[Decimal | None, int, bool]:
    """Return the number that begins at a word, the word after it, and whether it is an ordinal."""
    if words[at].form.startswith("half "):
        return Decimal("0.5") * _WORD_SCALES[words[at + 1].form], at + 2, False
    total, last = Decimal(0), 10**15
    found, nth = False, False
    while at < len(words):
        value, after, nth = _section(words, at, first=not found)
        if value is None:
            break
        scale = 1
        if (
            not nth
            and after < len(words)
            and words[after].gap in (" ", "-")
            and _scale(words, after) not in (None, 100)
        ):
            scale, after = _scale(words, after) or 1, after + 1
        if scale >= last or (found and scale == 1 and _scale(words, after)):
            break
        total, last, at, found = total + value * scale, scale, after, True
        if scale == 1:
            break
    return (total if found else None), at, nth


def _scale(words: list[_Word], at: int) -> int | None:
    return _WORD_SCALES.get(words[at].form) if at < len(words) else None


def _section(words: list[_Word], at: int, *, first: bool) -> tuple[int | None, int, bool]:
    """Return the value, 1 to 9999, of a run of words: three hundred and five or nineteen eighty-four."""
    if not first and words[at].gap not in (" ", " and ", ", ", ", and "):
        return None, at, False
    value, after, nth = _below_hundred(words, at)
    if value is None or nth or after >= len(words):
        return value, after, nth
    if words[after].form == "hundred" and words[after].gap in (" ", "-"):
        value, after = value * _HUNDRED, after + 1
        if after < len(words) and words[after].gap in (" ", " and "):
            rest, then, nth = _below_hundred(words, after)
            if rest is not None and (then >= len(words) or words[then].form != "hundred"):
                return value + rest, then, nth
        return value, after, False
    if value in _YEARS and words[after].gap == " ":
        rest, then, nth = _below_hundred(words, after)
        if rest is not None and rest >= _TEN and not nth and not _scale(words, then):
            return value * _HUNDRED + rest, then, False
    return value, after, False


def _below_hundred(words: list[_Word], at: int) -> tuple[int | None, int, bool]:
    form = words[at].form
    if form in _NTH:
        return _NTH[form], at + 1, True
    value = _SMALL.get(form)
    if value is None or form not in _TENS or at + 1 >= len(words) or words[at + 1].gap not in (" ", "-"):
        return value, at + 1, False
    unit = words[at + 1].form
    if 0 < _SMALL.get(unit, 0) < _TEN:
        return value + _SMALL[unit], at + 2, False
    if _NTH.get(unit, _TEN) < _TEN:
        return value + _NTH[unit], at + 2, True
    return value, at + 1, False


def _told(text: str, start: int, stop: int, value: Decimal, *, nth: bool) -> Iterator[Numeral]:
    """Yield the number with what follows it: percent, a half, a fraction."""
    if nth:
        yield from _ordinal(text, start, stop, int(value))
        return
    if half := _HALF.match(text, stop):
        value, stop = (value + Decimal("0.5")) * SCALES.get(half["scale"] or "", 1), half.end()
    digits = plain_decimal(value)
    if percent := _PERCENT.match(text, stop):
        yield Numeral(start, percent.end(), f"{digits} percent ", (digits, "percent"))
    elif (fraction := _FRACTION.match(text, stop)) and 0 < value < _NTH[fraction["part"]]:
        plain = f"{digits}/{_NTH[fraction['part']]}"
        yield Numeral(start, fraction.end(), plain, (plain,))
    elif text[start:stop] != "one" or _MEASURE.match(text, stop):
        sure = Sure.ASKED if value > _LONE else Sure.CLAIMED
        yield Numeral(start, stop, digits, (digits,), sure=sure)


def _ordinal(text: str, start: int, stop: int, value: int) -> Iterator[Numeral]:
    """Yield an ordinal; *first*, *second* and *third* are more than numbers, so they stay as they are."""
    if re.match("-[a-z]", text[stop : stop + 2]) or (value == 2 and re.search(r"\b(?:per|a|one|each) $", text[:start])):  # noqa: PLR2004
        return
    plain = text[start:stop] if value <= 3 else str(value)  # noqa: PLR2004
    yield Numeral(start, stop, plain, (str(value),), sure=Sure.EQUAL)


def plain_decimal(value: Decimal) -> str:
    """Return a number in digits without insignificant zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

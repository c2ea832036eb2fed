"""What a sentence claims that can be looked up: its figures, dates, names, quoted strings and negations.

Comes in: text, Chinese or English. Goes out: claims, written so that equal ones are equal. Never: a look at the passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..retrieval.words.hanzi import SIMPLIFIED
from ..retrieval.words.tokens import tokens

_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905
_TO_TWENTY = """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty
""".split()  # noqa: SIM905
_TENS = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "dozen": 12}
_WORDS = {word: number for number, word in enumerate(_TO_TWENTY, 1)} | _TENS
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8}
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "千": 3, "万": 4, "亿": 8}
_DIGITS = {"〇": 0, "零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_BIG_UNITS = {"万": 10_000, "亿": 100_000_000}

_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*")
_SCALE = re.compile(r"\s?(thousand|million|billion|trillion)\b|\s?(千|万|亿)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+")
_CHINESE_NUMBER = re.compile(r"[〇零一二两三四五六七八九十百千万亿]+")
_CHINESE_UNIT = re.compile(r"[年月日号岁次名人位座分倍章世届]")
_NOT_NUMBERS = frozenset(["万一", "一一", "千万", "百万", "十分", "万", "千", "百", "亿"])

_MONTH_IN_DATE = re.compile(r"\b\d{4}-(\d{2})-\d{2}\b|(?<!\d)(\d{1,2})\s?月")
_WEEKDAY = re.compile(rf"\b(?:{'|'.join(_WEEKDAYS)})\b", re.IGNORECASE)

_NAME = re.compile(r"\b[A-Z][\w'’-]*\w|\b[A-Z]{2,}\b")
_COMPOUND = re.compile(
    r"\b(?!(?:The|A|An|In|On|At|By|For|From|Both|When|After|Before|Since|As|Is|It|He|She|His|Her|Its|Then|Later|Also|Some|Other"
    r"|Many|This|That|These|Those|Under|While|During|With|And|But|Although|Because|Their|They|Its|If|To|Of|Like|Unlike) )"
    r"[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)+"
)
_LATIN_IN_HAN = re.compile(r"(?<=[\u3400-\u9fff])\s?([A-Za-z][\w-]+)")
_QUOTED = re.compile(r"[“\"「『《]([^”\"」』》\n]{2,80})[”\"」』》]")
_HAN = re.compile(r"[\u3400-\u9fff]")

_NEGATIONS = re.compile(
    r"\b(?:not|never|no(?![.,!]|\s*[”'\"])|none|neither|nor|without|cannot|nobody|nothing|nowhere)\b|n['’]t\b"
    r"|(?<![南])(?:不(?!仅|但|过|同|断|久|少|管|只|论|丹|列颠)|没(?!收|落)|无(?!论|线|锡|数)|非(?!常|洲|凡|法)|未(?!来|必))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Negation:
    """A word that negates, and what follows on it."""

    word: str
    scope: frozenset[str]
    """The next few tokens."""


@dataclass(frozen=True, slots=True)
class _Figure:
    start: int
    stop: int
    value: str
    """Digits: ``1.5 million``, ``150万`` and ``1,500,000`` are one."""
    sure: bool = True
    """Whether it is surely meant as a figure: not so *one*, *second*, 一, and bare Chinese digits without a unit."""
    month: bool = False


def figures(text: str, *, claimed: bool = False) -> dict[str, str]:
    """Return the figures and dates of a text: a form in which equal ones are equal, and how each is written.

    Numbers are written out in digits. Months are figures of their own.

    Args:
        text: any.
        claimed: leave out what is only perhaps a figure.
    """
    plain = text.translate(SIMPLIFIED)
    found = {
        f"month {figure.value}" if figure.month else figure.value: text[figure.start : figure.stop]
        for figure in _figures(plain)
        if figure.sure or not claimed
    }
    months = {
        f"month {_normal(match.group(1) or match.group(2))}": match.group() for match in _MONTH_IN_DATE.finditer(plain)
    }
    return found | months | {match.group().lower(): match.group() for match in _WEEKDAY.finditer(plain)}


def in_digits(text: str) -> str:
    """Return a text with its figures written in digits, so that equal figures are equal words."""
    plain = text.translate(SIMPLIFIED)
    parts, at = [], 0
    for figure in sorted(_figures(plain), key=lambda figure: (figure.start, -figure.stop)):
        if figure.start >= at and figure.sure and not figure.month:
            parts += [plain[at : figure.start], figure.value]
            at = figure.stop
    return "".join([*parts, plain[at:]])


def names(sentence: str) -> tuple[str, ...]:
    """Return the parts of capitalised words, but for a first word that may be capitalised only for being first."""
    found = []
    for match in _NAME.finditer(sentence):
        first = not re.search(r"\w", sentence[: match.start()])
        if not (first and match.group()[1:].islower()):
            found += [part for part in match.group().split("-") if part[:1].isupper() and part.lower() not in _MONTHS]
    return (*found, *_LATIN_IN_HAN.findall(sentence))


def compound_names(sentence: str) -> tuple[str, ...]:
    """Return the names of several capitalised words."""
    return tuple(_COMPOUND.findall(sentence))


def quotations(sentence: str) -> tuple[str, ...]:
    """Return what stands in quotation marks, and titles in 《》."""
    return tuple(_QUOTED.findall(sentence.replace("``", "“").replace("''", "”")))


def negations(text: str) -> list[Negation]:
    """Return the negations of a text, with the two words or Chinese characters behind each."""
    plain = text.translate(SIMPLIFIED)
    return [
        Negation(match.group(), _scope(plain[match.end() : match.end() + _REACH]))
        for match in _NEGATIONS.finditer(plain)
    ]


_REACH = 40


def _scope(following: str) -> frozenset[str]:
    han = following.lstrip()[:2]
    if _HAN.match(han):
        return frozenset([han])
    return frozenset(tokens(_HAN.sub(" ", following))[:2])


def _figures(plain: str) -> Iterator[_Figure]:
    yield from _arabic(plain)
    yield from _words(plain)
    yield from _chinese(plain)


def _arabic(text: str) -> Iterator[_Figure]:
    for match in _NUMBER.finditer(text):
        plain = match.group().replace(",", "")
        scale = _SCALE.match(text, match.end())
        if scale and plain.count(".") <= 1:
            power = _SCALES[(scale.group(1) or scale.group(2)).lower()]
            yield _Figure(match.start(), scale.end(), _normal(f"{float(plain) * 10**power:.4f}"))
        else:
            yield _Figure(*match.span(), _normal(plain))


def _normal(number: str) -> str:
    """Return a number without zeros that say nothing; versions keep theirs."""
    if number.count(".") > 1:
        return number
    whole, _, part = number.partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{part}" if part else "")


def _words(text: str) -> Iterator[_Figure]:
    for match in _WORD.finditer(text):
        word = match.group()
        lower = word.lower()
        if lower in _MONTHS and word[0].isupper():
            yield _Figure(*match.span(), str(_MONTHS.index(lower) + 1), month=True)
        elif lower in _WORDS:
            scale = _SCALE.match(text, match.end())
            power = _SCALES[scale.group(1).lower()] if scale and scale.group(1) else 0
            stop = scale.end() if scale and power else match.end()
            yield _Figure(match.start(), stop, str(_WORDS[lower] * 10**power), sure=lower != "one" or bool(power))
        elif lower in _ORDINALS:
            yield _Figure(*match.span(), str(_ORDINALS[lower]), sure=False)


def _chinese(text: str) -> Iterator[_Figure]:
    for match in _CHINESE_NUMBER.finditer(text):
        written = match.group()
        if written in _NOT_NUMBERS or (match.start() and text[match.start() - 1].isdigit()):
            continue
        sure = written != "一" and (len(written) > 1 or bool(_CHINESE_UNIT.match(text, match.end())))
        yield _Figure(*match.span(), str(_chinese_value(written)), sure=sure)
        if text[match.end() : match.end() + 1] == "月":
            yield _Figure(match.start(), match.end() + 1, str(_chinese_value(written)), month=True)


def _chinese_value(written: str) -> int:
    if not any(character in _UNITS or character in _BIG_UNITS for character in written):
        return int("".join(str(_DIGITS[character]) for character in written))
    total = section = digit = 0
    for character in written:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _UNITS:
            section += (digit or 1) * _UNITS[character]
            digit = 0
        else:
            total = (total + section + digit) * _BIG_UNITS[character]
            section = digit = 0
    return total + section + digit

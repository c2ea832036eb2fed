"""Read the times in questions to tables as beginnings of ISO dates: ``2025-03``, ``-03`` for a month of any year."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .words import Phrase, lexicon

_MONTHS = "januari februari march april may june juli august septemb octob novemb decemb".split()  # noqa: SIM905
_SHORT_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905
YEAR = re.compile(r"(?:19|20)\d\d")
_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


def times(forms: Phrase, start: int) -> Iterator[tuple[str, int]]:
    """Yield times that begin at a word, and where they end: ``=2025-03``, ``<2024``, ``=-03`` for a month of any year."""
    for sign, phrases in lexicon().dates.items():
        for said in phrases:
            if forms[start : start + len(said)] == said:
                for iso, stop in _time(forms, start + len(said)):
                    yield f"{sign}{iso}", stop
    for iso, stop in _time(forms, start):
        yield f"={iso}", stop
        for sign, phrases in lexicon().dates.items():
            for said in phrases:
                if _is_chinese(said) and forms[stop : stop + len(said)] == said:
                    yield f"{sign}{iso}", stop + len(said)


def _is_chinese(said: Phrase) -> bool:
    return said[0] > "\u3400"


def _time(forms: Phrase, at: int) -> Iterator[tuple[str, int]]:
    """Yield the words from ``at`` as the beginning of an ISO date, and where they end."""
    here = (*forms[at : at + 6], *("",) * 6)
    if _ISO.fullmatch(here[0]):
        year, month, day = here[0].split("-")
        yield _iso(year, int(month), int(day)), at + 1
    for iso, width in (*_chinese(here), *_english(here)):
        yield iso, at + width


def _chinese(here: Phrase) -> Iterator[tuple[str, int]]:
    """Yield 2025年, 2025年3月, 2025年3月5日, 3月份 or 3月 at the first word, and how many words it takes."""
    if YEAR.fullmatch(here[0]) and here[1] == "年":
        is_month = _is_upto(here[2], 12) and here[3] == "月"
        if is_month and _is_upto(here[4], 31) and here[5] in {"日", "号"}:
            yield _iso(here[0], int(here[2]), int(here[4])), 6
        elif is_month:
            yield _iso(here[0], int(here[2])), 4
        else:
            yield here[0], 2
    elif _is_upto(here[0], 12) and here[1] == "月" and _is_upto(here[2], 31) and here[3] in {"日", "号"}:
        yield _iso("", int(here[0]), int(here[2])), 4
    elif _is_upto(here[0], 12) and here[1] == "月":
        yield _iso("", int(here[0])), 3 if here[2] == "份" else 2


def _english(here: Phrase) -> Iterator[tuple[str, int]]:
    """Yield 2025, March, March 2025, March 5 2025 or 5 March 2025 at the first word, and how many words it takes."""
    first, second = _month(here[0]), _month(here[1])
    if YEAR.fullmatch(here[0]) and here[1] != "年":
        yield here[0], 1
    elif first and YEAR.fullmatch(here[1]):
        yield _iso(here[1], first), 2
    elif first and _is_day(here[1]) and YEAR.fullmatch(here[2]):
        yield _iso(here[2], first, _day(here[1])), 3
    elif first and _is_day(here[1]):
        yield _iso("", first, _day(here[1])), 2
    elif first:
        yield _iso("", first), 1
    elif second and _is_day(here[0]) and not YEAR.fullmatch(here[2]):
        yield _iso("", second, _day(here[0])), 2
    elif second and _is_day(here[0]) and YEAR.fullmatch(here[2]):
        yield _iso(here[2], second, _day(here[0])), 3


def _iso(year: str, month: int, day: int | None = None) -> str:
    return f"{year}-{month:02}" + (f"-{day:02}" if day else "")


def _month(form: str) -> int:
    for names in (_MONTHS, _SHORT_MONTHS):
        if form in names:
            return names.index(form) + 1
    return 0


def _is_upto(form: str, most: int) -> bool:
    return form.isdigit() and 1 <= int(form) <= most


def _is_day(form: str) -> bool:
    return _is_upto(re.sub("(?:st|nd|rd|th)$", "", form), 31)


def _day(form: str) -> int:
    return int(re.sub(r"\D", "", form))

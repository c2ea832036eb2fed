"""Turn the cells of a column into values: numbers with their unit, dates, texts.

Comes in: the cells of a column. Goes out: a typed column. Never: a number whose decimal sign is uncertain, or a guessed date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ..words.numerals import in_digits
from ..words.tokens import normal
from .words import lexicon, phrase

Kind = Literal["number", "date", "text"]

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?"
_DAY = "(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<day>\d{1,2})(?:[T ]\d{1,2}:\d\d(?::\d\d)?)?",
        r"(?P<year>\d{4})[-/](?P<m>0[1-9]|1[0-2])",
        r"(?P<year>\d{4}) ?年(?: ?(?P<m>\d{1,2}) ?月(?: ?(?P<day>\d{1,2}) ?[日号])?)?",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH},? (?P<year>\d{{4}})",
        rf"{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})",
        rf"{_MONTH} (?P<year>\d{{4}})",
        r"(?P<day>\d{1,2})\.(?P<m>\d{1,2})\.(?P<year>\d{4})",
        r"(?P<m>\d{1,2}) ?月 ?(?P<day>\d{1,2}) ?[日号]",
        rf"(?:{_DAY}(?:day)?,? )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -]{_MONTH}",
        rf"{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?",
    )
)
NO_YEAR = "0000"
"""Stands for the year of a date without one."""
CLOCK = "h:mm:ss"
"""The unit of a time; its number is in seconds."""
_CLOCK = re.compile(r"(?P<h>\d{1,3}):(?P<m>[0-5]\d):(?P<s>[0-5]\d)")
"""18:30 may be a time of day, or minutes and seconds: nothing is computed from it."""
_NAMED = frozenset({"号", "号楼", "楼", "栋", "室", "班", "届", "版", "年级"})
"""Units of numbers that are names: room 12."""
_SLASHED = re.compile(r"(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<year>\d{4})")
_NUMBER = re.compile(
    r"(?P<open>\()?(?P<before>[^\d\s().,+-]{0,4}) ?(?P<sign>[-+−])?(?P<before2>[€$£¥￥])? ?(?P<digits>\d[\d.,' \u00a0]*)"
    r" ?(?P<unit>[^\d\s()]{1,12}(?:/[^\d\s()]{1,8})?)?(?P<close>\))?"
)
_SCALE = re.compile(r"[万亿]|thousand|million|billion", re.IGNORECASE)
_POINT = re.compile(r"\d+\.\d{1,2}|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d{4,}|0\.\d+")
_THREE = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_COMMA = re.compile(r"\d+,\d{1,2}|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}|\d+,\d{4,}|0,\d+")
_BRACKETS = re.compile(r"[（(\[](?P<unit>[^）)\]]{1,12})[)）\]]\s*$")
_YEARS = re.compile(r"(?:19|20)\d\d")
_ID = re.compile(
    r"(?:^|[\W_])(?:no|nr|id|number|code|zip|phone|tel|year|place|rank|bib|lane|ref|isbn|sku|#)\.?$|编号|序号|电话|手机|号码?$|邮编|年份|排名|名次|代码",
    re.IGNORECASE,
)
_MOSTLY = 0.8
_LONGEST = 40
"""Characters of a cell that may be a number or a date."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its values, one per row; ``None`` if a cell is empty or not of the kind."""

    name: str
    """As written."""
    kind: Kind
    numbers: tuple[Decimal | None, ...] = ()
    units: tuple[str, ...] = ()
    """The unit of each row's number."""
    dates: tuple[str | None, ...] = ()
    """``2025-03-17``, ``2025-03`` or ``2025``."""
    adds: bool = False
    """Whether its numbers are amounts, which can be summed, unlike years or telephone numbers."""

    @property
    def places(self) -> int:
        """Return the most decimals that any of its numbers has."""
        return max((-int(number.as_tuple().exponent) for number in self.numbers if number is not None), default=0)


def bare_name(name: str) -> str:
    """Return a column's name without the unit after it."""
    plain = _BRACKETS.sub("", name.replace("_", " ")).strip() or name
    *before, _ = plain.split() or [""]
    return " ".join(before) if before and _unit_of(plain) else plain


def column(name: str, cells: Sequence[str]) -> Column:
    """Return a column typed by its cells."""
    filled = [cell for cell in cells if cell and cell.casefold() not in lexicon().empty]
    if filled:
        dates = [_dated(cell) for cell in filled]
        if sum(date is not None for date in dates) == len(filled) and not _all_years(filled):
            slashed = _day_first(filled)
            return Column(name, "date", dates=tuple(_date(cell, day_first=slashed) for cell in cells))
        if all(map(_CLOCK.fullmatch, filled)):
            seconds = tuple(_seconds(cell) for cell in cells)
            return Column(name, "number", seconds, tuple(CLOCK if one is not None else "" for one in seconds))
        comma = _has_comma(filled)
        if comma is not None:
            read = [_number(cell, comma=comma) for cell in cells]
            n = sum(one is not None for one in read)
            if n >= _MOSTLY * len(filled) and n:
                return _numbers(name, read, filled)
    return Column(name, "text")


def _seconds(cell: str) -> Decimal | None:
    match = _CLOCK.fullmatch(cell)
    if not match:
        return None
    return Decimal(int(match["h"]) * 3600 + int(match["m"]) * 60 + int(match["s"]))


def _numbers(name: str, read: Sequence[tuple[Decimal, str] | None], filled: Sequence[str]) -> Column:
    own = _unit_of(name)
    units = tuple((one[1] or own) if one else "" for one in read)
    is_year = _all_years(filled)
    numbers = tuple(one[0] if one else None for one in read)
    dates = tuple(str(one) if one is not None else None for one in numbers) if is_year else ()
    is_amount = (
        not (is_year or _ID.search(name.strip()) or _NAMED.intersection(units))
        and len({unit for one, unit in zip(read, units, strict=True) if one}) == 1
    )
    return Column(name, "number", numbers, units, dates, adds=is_amount)


def _all_years(cells: Sequence[str]) -> bool:
    return all(_YEARS.fullmatch(cell) for cell in cells)


def _unit_of(name: str) -> str:
    """Return the unit that a column's name ends with: cost_eur, Price EUR, 单价（元）, Weight kg."""
    if match := _BRACKETS.search(name):
        return unit_named(match["unit"])
    *before, last = name.replace("_", " ").split() or [""]
    is_unit = before and (" ".join(phrase(last)) in lexicon().units or last.casefold() in lexicon().measures)
    return unit_named(last) if is_unit else ""


def unit_named(written: str) -> str:
    """Return a unit in its comparable form: EUR for €, else as written."""
    return lexicon().units.get(" ".join(phrase(written)), written.strip())


def _has_comma(cells: Sequence[str]) -> bool | None:
    """Return whether a column uses a decimal comma; ``None`` if its cells contradict each other."""
    digits = [match["digits"].strip() for cell in cells if (match := _NUMBER.fullmatch(normal(cell)))]
    point = any(_POINT.fullmatch(one) for one in digits)
    comma = any(_COMMA.fullmatch(one) for one in digits)
    # 1.250 alone is a thousand in German and one and a quarter in English: nothing is computed from it.
    unclear = any(_THREE.fullmatch(one) for one in digits) and not (point or comma)
    return None if (point and comma) or unclear else comma


def _number(cell: str, *, comma: bool) -> tuple[Decimal, str] | None:
    """Return a cell's number and unit."""
    if not cell or len(cell) > _LONGEST:
        return None
    plain = normal(cell)
    match = (None if _SCALE.search(plain) else _NUMBER.fullmatch(plain)) or _NUMBER.fullmatch(in_digits(plain).strip())
    if not match or bool(match["open"]) != bool(match["close"]):
        return None
    digits = re.sub(r"[' \u00a0]", "", match["digits"])
    digits = digits.replace(".", "").replace(",", ".") if comma else digits.replace(",", "")
    if not re.fullmatch(r"\d+(?:\.\d+)?", digits):
        return None
    if len(digits) > 1 and digits.startswith("0") and not digits.startswith("0."):
        return None  # 0049 is an identifier
    before = match["before"] + (match["before2"] or "")
    unit = match["unit"] or ""
    if before and unit_named(before) == before:
        return None  # Q1, V2: not money, so part of a name
    value = Decimal(digits)
    negative = match["sign"] in {"-", "−"} or match["open"]
    return (-value if negative else value), unit_named(before or unit) if before or unit else ""


def _dated(cell: str) -> str | None:
    return _date(cell, day_first=True)


def _date(cell: str, *, day_first: bool | None) -> str | None:
    """Return a cell's date as ISO text, as precise as the cell is; for 3/4/2025 only the year if the order is unknown."""
    plain = normal(cell).strip()
    if not plain or len(plain) > _LONGEST:
        return None
    for pattern in _DATES:
        if match := pattern.fullmatch(plain):
            parts = match.groupdict()
            month = parts.get("m") or (parts.get("month") and _MONTHS.index(parts["month"][:3].lower()) + 1)
            return _iso(
                int(parts.get("year") or 0),
                int(month) if month else None,
                int(parts["day"]) if parts.get("day") else None,
            )
    if match := _SLASHED.fullmatch(plain):
        if day_first is None:
            return match["year"]
        day, month = (match["a"], match["b"]) if day_first else (match["b"], match["a"])
        return _iso(int(match["year"]), int(month), int(day)) or match["year"]
    return None


def _iso(year: int, month: int | None, day: int | None) -> str | None:
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):  # noqa: PLR2004
        return None
    return "-".join([f"{year:04}", *(f"{part:02}" for part in (month, day) if part is not None)])


def _day_first(cells: Sequence[str]) -> bool | None:
    """Return whether dates with slashes begin with the day; ``None`` if no date tells."""
    pairs = [(int(match["a"]), int(match["b"])) for cell in cells if (match := _SLASHED.fullmatch(cell.strip()))]
    first, second = any(a > 12 for a, _ in pairs), any(b > 12 for _, b in pairs)  # noqa: PLR2004
    return None if first == second else first

"""Relative dates of documents: last week's meeting, 上周的会议纪要, the latest minutes.

Comes in: a text and today's date. Goes out: the days it means, and the text without them. Never: an explicit date; that is a
word like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day, as ISO 8601; empty for *the latest*."""

    rest: str
    """The rest of the text."""
    start: str = ""
    stop: str = ""


def _days(back: int) -> Callable[[date], tuple[date, date]]:
    return lambda today: (today - timedelta(back), today - timedelta(back))


def _week(back: int) -> Callable[[date], tuple[date, date]]:
    def days(today: date) -> tuple[date, date]:
        monday = today - timedelta(today.weekday() + 7 * back)
        return monday, monday + timedelta(6)

    return days


def _month(back: int) -> Callable[[date], tuple[date, date]]:
    def days(today: date) -> tuple[date, date]:
        months = today.year * 12 + today.month - 1 - back
        first = date(months // 12, months % 12 + 1, 1)
        return first, date((months + 1) // 12, (months + 1) % 12 + 1, 1) - timedelta(1)

    return days


def _year(back: int) -> Callable[[date], tuple[date, date]]:
    return lambda today: (date(today.year - back, 1, 1), date(today.year - back, 12, 31))


_PERIODS: tuple[tuple[str, Callable[[date], tuple[date, date]]], ...] = (
    (r"\btoday(?:['’]s)?\b|今天|今日", _days(0)),
    (r"\byesterday(?:['’]s)?\b|昨天|昨日", _days(1)),
    (r"\bthis week(?:['’]s)?\b|本周|这周|这个?星期", _week(0)),
    (r"\blast week(?:['’]s)?\b|上周|上个?星期|上个?礼拜", _week(1)),
    (r"\bthis month(?:['’]s)?\b|本月|这个月", _month(0)),
    (r"\blast month(?:['’]s)?\b|上个?月", _month(1)),
    (r"\bthis year(?:['’]s)?\b|今年", _year(0)),
    (r"\blast year(?:['’]s)?\b|去年", _year(1)),
)
_LATEST = re.compile(r"\b(?:latest|most recent|newest|last)\b|最近(?:一次|一份|一篇)?|最新|上一?次", re.IGNORECASE)


def period_of(text: str, today: date) -> Period | None:
    """Return the period that a text names relative to today; ``None`` if it names none."""
    for pattern, days in _PERIODS:
        rest, n = re.subn(rf"(?:{pattern})的?", " ", text, flags=re.IGNORECASE)
        if n:
            start, stop = days(today)
            return Period(_tidy(rest), start.isoformat(), stop.isoformat())
    rest, n = re.subn(rf"(?:{_LATEST.pattern})的?", " ", text, flags=re.IGNORECASE)
    return Period(_tidy(rest)) if n else None


def dated(text: str, today: date) -> str:
    """Return a text with relative years, months and days written out: *last year* as 2025."""
    for pattern, days in _PERIODS:
        match = re.search(pattern, text, re.IGNORECASE)
        if match and (said := _written_out(*days(today), chinese=not match.group().isascii())):
            text = re.sub(pattern, said, text, flags=re.IGNORECASE)
    return text


def _written_out(start: date, stop: date, *, chinese: bool) -> str:
    """Return a year, month or day as people write it; empty for a week."""
    if start == stop:
        return f"{start.year}年{start.month}月{start.day}日" if chinese else f"{start.day} {start:%B} {start.year}"
    if start.day == 1 and (stop + timedelta(1)).day == 1 and (start.year, start.month) == (stop.year, stop.month):
        return f"{start.year}年{start.month}月" if chinese else f"{start:%B} {start.year}"
    if start.year == stop.year and (start.month, start.day) == (1, 1):
        return f"{start.year}年" if chinese else f"{start.year}"
    return ""


def _tidy(text: str) -> str:
    return re.sub(r"\s*(?:\b(?:of|from)\s*)?$", "", " ".join(text.split()))

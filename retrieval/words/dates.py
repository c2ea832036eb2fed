"""Read dates: 2024-03-05, 2024年3月5日, 5 March 2024, 05.03.2024, April 2018.

The order of day and month is never guessed if it may be either; then both are found.
"""

from __future__ import annotations

import re
from dataclasses import replace

from .chinese_numbers import HAN, value_of
from .numeral import Numeral

# Stemmed, so that "March" alone is the same token as the month of a date.
_MONTHS = "januari februari march april may june juli august septemb octob novemb decemb".split()  # noqa: SIM905
_NAMES = "January February March April May June July August September October November December".split()  # noqa: SIM905
_MONTH_OF = {name[:3].lower(): number for number, name in enumerate(_NAMES, 1)}
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?P<year>[12][0-9]{3})\b"
_SOUGHT = f"(?:[0-9]+|{HAN}+)"

_ISO = re.compile(
    r"(?P<year>[12][0-9]{3})(?P<sign>[-/])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})(?:(?=T[0-9])|\b)"
    r"|(?P<year3>[12][0-9]{3})\.(?P<month3>[0-9]{2})\.(?P<day3>[0-9]{2})\b"
)
_ISO_MONTH = re.compile(r"(?P<year>(?:19|20)[0-9]{2})[-/\u2010-\u2013](?P<month>0[1-9]|1[0-2])\b")
_DAY_FIRST = re.compile(r"(?P<day>[0-9]{1,2})\.\s?(?P<month>[0-9]{1,2})\.\s?(?P<year>(?:19|20)[0-9]{2})\b")
_SLASHED = re.compile(r"(?P<a>[0-9]{1,2})/(?P<b>[0-9]{1,2})/(?P<year>(?:19|20)[0-9]{2})\b")
_MONTH_YEAR = re.compile(r"(?P<month>0?[1-9]|1[0-2])/(?P<year>(?:19|20)[0-9]{2})\b")
_DAY_MONTH = re.compile(rf"(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? {_YEAR})?", re.IGNORECASE)
_MONTH_BEFORE = re.compile(rf"(?<![\w./-]){_MONTH},? (?:the )?$", re.IGNORECASE)
_MONTH_SPAN = 16
"""Characters in the longest month name with a comma and "the" after it."""
_REST_OF_DAY = re.compile(rf"(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?\b(?:,? {_YEAR})?")
_CHINESE = re.compile(
    rf"(?:(?P<year>[0-9]{{4}}|{HAN}{{4}})\s?年\s?)?(?P<month>{_SOUGHT})\s?月(?:\s?(?P<day>{_SOUGHT})\s?[日号號])?"
)
_IN_NAME = re.compile(r"[\w./-]")
_FOLLOWED = re.compile(r"[-/]|\.\w")


def month_token(month: str) -> str:
    """Return the token of a month given as 04."""
    return _MONTHS[int(month) - 1] if 1 <= int(month) <= len(_MONTHS) else ""


def english_date(text: str, start: int, stop: int, after: int) -> Numeral | None:
    """Return the date that the digits ``text[start:stop]`` are part of; nothing before ``after`` is considered."""
    following, n_digits = text[stop : stop + 1], stop - start
    found = None
    is_apart = not _IN_NAME.match(text[start - 1 : start])  # report-2024-03-05.pdf is a name
    if is_apart and n_digits == 4 and following in "-/.\u2010\u2011\u2012\u2013":  # noqa: PLR2004
        found = _iso(text, start)
    elif is_apart and n_digits <= 2 and following in "./":  # noqa: PLR2004
        found = _numeric(text, start)
    if found is None and is_apart and n_digits <= 2 and following in " snrt":  # noqa: PLR2004
        found = _day_and_month(text, start)  # 5-7 March: the 7th is only part of it
    if found is None and start - after > 3 and text[start - 1] == " ":  # noqa: PLR2004
        found = _month_and_day(text, start, after)
    return found


def chinese_date(text: str, start: int) -> Numeral | None:
    """Return the date that begins with the numerals at ``start``."""
    match = _CHINESE.match(text, start)
    if not match:
        return None
    year, month, day = (value_of(part) if part else None for part in match.group("year", "month", "day"))
    if month is None or (match["day"] and day is None) or (match["year"] and year is None):
        return None
    return _date(*match.span(), year, month, day)


def _iso(text: str, start: int) -> Numeral | None:
    match = _ISO.match(text, start)
    if match:
        year, month, day = (int(match[part] or match[f"{part}3"]) for part in ("year", "month", "day"))
    else:
        match, day = _ISO_MONTH.match(text, start), None
        if not match:
            return None
        year, month = int(match["year"]), int(match["month"])
    found = None if _FOLLOWED.match(text, match.end()) else _date(*match.span(), year, month, day)
    if found and day is None and month == (year + 1) % 100:  # or the years of a season
        return replace(found, plain=match.group(), whole="")
    return found


def _numeric(text: str, start: int) -> Numeral | None:
    """Return a date in digits that ends with its year; one with slashes is left as it is if its order is unknown."""
    if match := _DAY_FIRST.match(text, start):
        return _date(*match.span(), int(match["year"]), int(match["month"]), int(match["day"]))
    if match := _MONTH_YEAR.match(text, start):
        return (
            None
            if _FOLLOWED.match(text, match.end())
            else _date(*match.span(), int(match["year"]), int(match["month"]))
        )
    match = _SLASHED.match(text, start)
    if not match or _FOLLOWED.match(text, match.end()):
        return None
    a, b, year = int(match["a"]), int(match["b"]), int(match["year"])
    readings = [one for one in (_date(*match.span(), year, b, a), _date(*match.span(), year, a, b)) if one]
    if len(readings) < 2 or a == b:  # noqa: PLR2004
        return readings[0] if readings else None
    both = tuple(dict.fromkeys(token for one in readings for token in one.tokens))
    return replace(readings[0], plain=match.group(), tokens=both, whole="")


def _day_and_month(text: str, start: int) -> Numeral | None:
    match = _DAY_MONTH.match(text, start)
    if not match:
        return None
    year, month = match["year"], match["month"]
    if not year and not month[0].isupper():
        return None
    return _date(*match.span(), int(year) if year else None, _MONTH_OF[month[:3].lower()], int(match["day"]))


def _month_and_day(text: str, start: int, after: int) -> Numeral | None:
    """Return the date with its month before ``start``, and its day or year beginning there."""
    before = _MONTH_BEFORE.search(text[max(after, start - _MONTH_SPAN) : start])
    if not before:
        return None
    begin, month = start - len(before.group()), before["month"]
    year = re.compile(_YEAR).match(text, start)
    rest = year or _REST_OF_DAY.match(text, start)
    if not rest or (not rest["year"] and not month[0].isupper()):  # "may 3" and "march 5" are ambiguous
        return None
    day = None if year else int(rest["day"])
    return _date(begin, rest.end(), int(rest["year"]) if rest["year"] else None, _MONTH_OF[month[:3].lower()], day)


def _date(start: int, stop: int, year: int | None, month: int, day: int | None = None) -> Numeral | None:
    if not (1 <= month <= len(_MONTHS) and (day is None or 1 <= day <= 31)):  # noqa: PLR2004
        return None
    found, whole = [_MONTHS[month - 1]], ""
    if day:
        found += [f"{month:02}-{day:02}", str(day)]
    if year:
        whole = f"{year:04}-{month:02}"
        found += [str(year), whole]
    if year and day:
        found.append(f"{whole}-{day:02}")
    plain = " ".join(str(part) for part in (year, _NAMES[month - 1], day) if part)
    return Numeral(start, stop, f" {plain} ", tuple(found), "date", whole=whole)

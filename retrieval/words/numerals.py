"""Numbers and dates, however they are written: 一万二千 and 12,000, 2024年3月5日 and 5 March 2024.

Comes in: text after Unicode's NFKC. Goes out: where they stand, the same in plain digits, and the tokens that all their forms
share. Never: a guess; what may be read in two ways (3/5/2024, 二百五, 一个) is left as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# As the stemmer leaves them, so that "March" alone is the same token as the month of a date.
_MONTHS = "januari februari march april may june juli august septemb octob novemb decemb".split()  # noqa: SIM905
_NAMES = "January February March April May June July August September October November December".split()  # noqa: SIM905
_MONTH_OF = {name[:3].lower(): number for number, name in enumerate(_NAMES, 1)}

_DIGITS = {digit: value for value, digits in enumerate(("〇零", *"一二三四五六七八九")) for digit in digits}
_DIGITS |= dict(zip("两兩壹贰貳叁參肆伍陆陸柒捌玖", (2, 2, 1, 2, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9), strict=True))
_UNITS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_SCALES = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}

_TEN = ("十", "拾")
_PLACE = re.compile(f"([〇零]*)([{''.join(digit for digit, value in _DIGITS.items() if value)}])([{''.join(_UNITS)}]?)")

_HAN = f"[{''.join((*_DIGITS, *_UNITS, *_SCALES))}]"
_RUN = re.compile(f"[0-9{_HAN[1:-1]}]+")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?P<year>[12][0-9]{3})\b"
_SOUGHT = f"(?:[0-9]+|{_HAN}+)"

_ISO = re.compile(
    r"(?P<year>[12][0-9]{3})(?P<sign>[-/])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})(?:(?=T[0-9])|\b)"
)
_DAY_MONTH = re.compile(rf"(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? {_YEAR})?", re.IGNORECASE)
_MONTH_BEFORE = re.compile(rf"(?<![\w./-]){_MONTH} (?:the )?$", re.IGNORECASE)
_MONTH_SPAN = 15
"""Characters of the longest name of a month with "the" behind it."""
_REST_OF_DAY = re.compile(rf"(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?\b(?:,? {_YEAR})?")
_CHINESE_DATE = re.compile(
    rf"(?:(?P<year>[0-9]{{4}}|{_HAN}{{4}})\s?年\s?)?(?P<month>{_SOUGHT})\s?月(?:\s?(?P<day>{_SOUGHT})\s?[日号號])?"
)
_PERCENT = re.compile(r"(?P<number>[0-9]+(?:[.,][0-9]+)*)\s?(?:%|per\s?cent\b)")
_PER_HUNDRED = re.compile(rf"百分之(?P<number>[0-9]+(?:\.[0-9]+)?|{_HAN}+)")
_SCALED = re.compile(rf"(?P<number>[0-9]+(?:\.[0-9]+)?)\s?(?P<scale>[{''.join(_SCALES)}])(?!{_HAN}|[0-9])")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")

_COUNTED = re.compile("[年天日周岁歲元页頁米倍秒]|个月|個月|小时|小時|分钟|分鐘|星期|公里|公斤|工作日|周年")
"""What makes a single character a figure: 三年 is 3年, while 一个 and 三亚 are words."""
_ABOUT = frozenset("数數几幾好多上")
"""Before a number, these say that it is none: 数十万, 几千."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number or a date in a text."""

    start: int
    stop: int
    plain: str
    """The same in digits: ``12000``, ``2024 march 5``, ``50 percent``."""
    tokens: tuple[str, ...]
    """What every way to write it has in common; of a date also its parts, so that a month finds its days."""


def numerals(text: str) -> list[Numeral]:
    """Return the numbers and dates of a text that can surely be read, in order; none overlap."""
    taken: list[Numeral] = []
    after = 0
    for match in _RUN.finditer(text):
        start, stop = match.span()
        if start >= after and (found := _reading(text, start, stop, after)):
            taken.append(found)
            after = found.stop
    return taken


def in_digits(text: str) -> str:
    """Return a text with its numbers and dates in plain digits; see ``Numeral.plain``."""
    parts, at = [], 0
    for one in numerals(text):
        parts += [text[at : one.start], one.plain]
        at = one.stop
    return "".join([*parts, text[at:]])


def value_of(written: str) -> int | None:
    """Return what digits or Chinese numerals say, 一百二十三万 or 二〇二四; ``None`` where that is not sure.

    Not sure is what begins with a unit (百万; but 十二 is 12), skips one without 零 (二百五), or leaves out digits (三五十).
    """
    if written.isascii():
        return int(written)
    if all(character in _DIGITS for character in written):
        return int("".join(str(_DIGITS[character]) for character in written))
    total, last = 0, 10**12
    for scale in (10**8, 10**4, 1):
        head, sign, rest = _parted(written, scale)
        if not sign and scale > 1:
            continue
        section = _section(head, first=total == 0)
        if section is None or section == 0 or section * scale >= last:
            return None
        total, last, written = total + section * scale, scale, rest
        if not written:
            return total
    return None


def _parted(written: str, scale: int) -> tuple[str, str, str]:
    """Return what stands before the sign of a scale, the sign, and what stands behind it."""
    for sign, value in _SCALES.items():
        if value == scale and sign in written:
            return written.partition(sign)
    return written, "", ""


def _section(written: str, *, first: bool) -> int | None:
    """Return the value of up to four places, 三千零五; ``None`` if it is not well formed."""
    if first and written.startswith(_TEN):
        written = f"一{written}"
    total, last, at = 0, 10_000, 0
    for place in _PLACE.finditer(written):
        zeros, digit, sign = place.groups()
        unit = _UNITS.get(sign, 1)
        is_sure = sign or zeros or last in (10, 10_000)  # 二百五 is 250, and 205
        if place.start() != at or unit >= last or not is_sure:
            return None
        total, last, at = total + _DIGITS[digit] * unit, unit, place.end()
    return total if at == len(written) else None


def _reading(text: str, start: int, stop: int, after: int) -> Numeral | None:
    """Return what the run of numerals ``text[start:stop]`` is, or is part of; ``None`` where that is not sure.

    Args:
        text: any.
        start: of the run.
        stop: of the run.
        after: nothing before is looked at.
    """
    following = text[stop : stop + 1]
    if following in "年月" or (following.isspace() and not text.isascii()):
        found = _chinese_date(text, start)
        if found:
            return found
    if text[start:stop].isascii():
        if text[max(0, start - 1) : start] in (".", ",") and text[max(0, start - 2) : start - 1].isdigit():
            return None  # the rest of a number that was looked at already
        return _english(text, start, stop, following, after)
    return _chinese(text, start, stop, following)


def _english(text: str, start: int, stop: int, following: str, after: int) -> Numeral | None:
    """Return what a run of ASCII digits is part of."""
    found = None
    if following in "-/" and stop - start == 4:  # noqa: PLR2004
        found = _iso(text, start)
    elif following in "%.,万萬亿億 p":
        found = _percentage(text, start) or _scaled(text, start) or _grouped(text, start)
    if found is None and stop - start <= 2 and following in " snrt":  # noqa: PLR2004
        found = _day_and_month(text, start)
    if found is None and start - after > 3 and text[start - 1] == " ":  # noqa: PLR2004
        found = _month_and_day(text, start, after)
    return found


def _iso(text: str, start: int) -> Numeral | None:
    match = _ISO.match(text, start)
    if not match or re.match(r"[\w./-]", text[start - 1 : start]):  # report-2024-03-05.pdf is a name
        return None
    if re.match(r"[-/]|\.\w", text[match.end() : match.end() + 2]):
        return None
    return _date(*match.span(), int(match["year"]), int(match["month"]), int(match["day"]))


def _day_and_month(text: str, start: int) -> Numeral | None:
    match = _DAY_MONTH.match(text, start)
    if not match or re.match(r"[\w./-]", text[start - 1 : start]):  # 5-7 March: of which the 7th is not all
        return None
    year, month = match["year"], match["month"]
    if not year and not month[0].isupper():
        return None
    return _date(*match.span(), int(year) if year else None, _MONTH_OF[month[:3].lower()], int(match["day"]))


def _month_and_day(text: str, start: int, after: int) -> Numeral | None:
    """Return the date whose month stands before ``start``, and whose day or year begins there."""
    before = _MONTH_BEFORE.search(text[max(after, start - _MONTH_SPAN) : start])
    if not before:
        return None
    begin, month = start - len(before.group()), before["month"]
    year = re.compile(_YEAR).match(text, start)
    rest = year or _REST_OF_DAY.match(text, start)
    if not rest or (not rest["year"] and not month[0].isupper()):  # "may 3" and "march 5" are not sure
        return None
    day = None if year else int(rest["day"])
    return _date(begin, rest.end(), int(rest["year"]) if rest["year"] else None, _MONTH_OF[month[:3].lower()], day)


def _chinese_date(text: str, start: int) -> Numeral | None:
    match = _CHINESE_DATE.match(text, start)
    if not match:
        return None
    year, month, day = (value_of(part) if part else None for part in match.group("year", "month", "day"))
    if month is None or (match["day"] and day is None) or (match["year"] and year is None):
        return None
    return _date(*match.span(), year, month, day)


def _date(start: int, stop: int, year: int | None, month: int, day: int | None) -> Numeral | None:
    if not (1 <= month <= len(_MONTHS) and (day is None or 1 <= day <= 31)):  # noqa: PLR2004
        return None
    found = [_MONTHS[month - 1]]
    if day:
        found += [f"{month:02}-{day:02}", str(day)]
    if year:
        found += [str(year), f"{year:04}-{month:02}"]
    if year and day:
        found.append(f"{year:04}-{month:02}-{day:02}")
    plain = " ".join(str(part) for part in (year, _NAMES[month - 1], day) if part)
    return Numeral(start, stop, f" {plain} ", tuple(found))


def _percentage(text: str, start: int) -> Numeral | None:
    match = _PERCENT.match(text, start)
    return Numeral(*match.span(), f"{match['number']} percent ", ("percent",)) if match else None


def _grouped(text: str, start: int) -> Numeral | None:
    match = _GROUPED.match(text, start)
    return Numeral(*match.span(), match.group().replace(",", ""), ()) if match else None


def _scaled(text: str, start: int) -> Numeral | None:
    match = _SCALED.match(text, start)
    if not match:
        return None
    value = str(round(float(match["number"]) * _SCALES[match["scale"]]))
    return Numeral(*match.span(), value, (value,))


def _chinese(text: str, start: int, stop: int, following: str) -> Numeral | None:
    """Return what a run with Chinese numerals in it is: 一万二千, 12万, 百分之五十."""
    if following == "分" and (match := _PER_HUNDRED.match(text, start)):
        number = "100" if match["number"] == "百" else match["number"]
        percent = number if number.isascii() else value_of(number)
        if percent is not None:
            return Numeral(*match.span(), f"{percent} percent ", (str(percent), "percent"))
    if text[start] in "0123456789":
        return _scaled(text, start)
    written = text[start:stop]
    if text[max(0, start - 1) : start] in _ABOUT or not _is_figure(written, text, stop):
        return None
    value = value_of(written)
    return None if value is None else Numeral(start, stop, str(value), (str(value),))


def _is_figure(written: str, text: str, stop: int) -> bool:
    """Return whether a run of numerals is meant as one: not 一一, 千万, or a lone 三."""
    if all(character in _DIGITS for character in written):
        return (len(written) == 4 and text[stop : stop + 1] == "年") or (  # noqa: PLR2004
            len(written) == 1 and written not in "一〇零壹" and bool(_COUNTED.match(text, stop))
        )
    return len(written) > 1

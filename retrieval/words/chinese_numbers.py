"""Read Chinese numbers: 一亿二千万, 十二, 三百五, 二〇二四, 壹万贰仟, 1亿2000万.

Comes in: numerals. Goes out: their value. Never: a guess; 百万, 二百五 and 三五十 are left alone.
"""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {digit: value for value, digits in enumerate(("〇零", *"一二三四五六七八九")) for digit in digits}
_DIGITS |= dict(zip("两兩壹贰貳叁參肆伍陆陸柒捌玖", (2, 2, 1, 2, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9), strict=True))
_UNITS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_SCALES = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_TEN = ("十", "拾")
DIGITS, UNITS = "".join(_DIGITS), "".join((*_UNITS, *_SCALES))
HAN = f"[{DIGITS}{UNITS}]"
"""A character in a Chinese number."""

_PLACE = re.compile(f"([〇零]*)([{''.join(digit for digit, value in _DIGITS.items() if value)}])([{''.join(_UNITS)}]?)")
_SHORT = re.compile(f"(?P<whole>.*)(?P<unit>[{UNITS}])(?P<last>[{DIGITS[2:]}])")
_IDIOM = "二百五"
_MIXED = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<units>[百千万萬亿億]*)")


def value_of(written: str) -> int | None:
    """Return the value of digits or Chinese numerals, 一百二十三万 or 二〇二四; ``None`` if it is not certain.

    A last digit without its unit counts the next lower unit, as in speech: 三百五 is 350, 一万五 is 15000. Not certain are
    numbers that begin with a unit (百万; but 十二 is 12), the idiom 二百五, and those that leave out digits (三五十).
    """
    if written.isascii():
        return int(written)
    if is_spelt(written):
        return int("".join(str(_DIGITS[character]) for character in written))
    if (short := _SHORT.fullmatch(written)) and short["unit"] not in _TEN:
        whole = _placed(short["whole"] + short["unit"])
        unit = (_UNITS | _SCALES)[short["unit"]]
        return None if whole is None or written == _IDIOM else whole + _DIGITS[short["last"]] * unit // 10
    return _placed(written)


def is_spelt(written: str) -> bool:
    """Return whether a number is written digit by digit: 二〇二四."""
    return all(character in _DIGITS for character in written)


def mixed_value(written: str) -> Decimal | None:
    """Return the value of digits with Chinese units, 1.2万 or 1亿2000万; ``None`` if the units do not descend."""
    total, last, at = Decimal(0), Decimal(10**17), 0
    for match in _MIXED.finditer(written):
        scale = 1
        for unit in match["units"]:
            scale *= (_UNITS | _SCALES)[unit]
        value = Decimal(match["number"]) * scale
        if match.start() != at or value >= last or (scale == 1 and at):
            return None
        total, last, at = total + value, Decimal(scale), match.end()
    return total if at == len(written) else None


def _placed(written: str) -> int | None:
    """Return the value of a number with a unit after each digit but the last."""
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
    """Return the text before a scale character, the character, and the text after it."""
    for sign, value in _SCALES.items():
        if value == scale and sign in written:
            return written.partition(sign)
    return written, "", ""


def _section(written: str, *, first: bool) -> int | None:
    """Return the value of up to four digits, 三千零五; ``None`` if it is not well formed."""
    if first and written.startswith(_TEN):
        written = f"一{written}"
    total, last, at = 0, 10_000, 0
    for place in _PLACE.finditer(written):
        zeros, digit, sign = place.groups()
        unit = _UNITS.get(sign, 1)
        is_sure = sign or zeros or last in (10, 10_000)
        if place.start() != at or unit >= last or not is_sure:
            return None
        total, last, at = total + _DIGITS[digit] * unit, unit, place.end()
    return total if at == len(written) else None

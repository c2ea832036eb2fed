"""Read numbers, dates, periods and codes, however written: 一万二千 and 12,000, FY22 and 2022财年, MX-4120-C and mx4120c.

Comes in: text after Unicode's NFKC. Goes out: where they are, the same in plain digits, and the tokens that all their forms
share. Never: a guess; what may be read in two ways (二百五, 一个) is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from .chinese_numbers import DIGITS, HAN, UNITS, is_spelt, mixed_value, value_of
from .codes import codes
from .dates import chinese_date, english_date
from .english_numbers import SCALES, english_numbers, plain_decimal
from .numeral import Numeral, Sure
from .periods import periods

_RUN = re.compile(f"[0-9{DIGITS}{UNITS}]+")
_PERCENT = re.compile(r"(?P<number>[0-9]+(?:[.,][0-9]+)*)\s?(?:%|per\s?cent\b|pct\b)")
_PER_HUNDRED = re.compile(rf"(?P<base>[百千])分之(?P<number>[0-9]+(?:\.[0-9]+)?|{HAN}+(?:点[{DIGITS}]+)?)")
_FRACTION = re.compile(f"(?P<base>{HAN}{{1,2}})分之(?P<number>{HAN}{{1,2}})")
_POINT = re.compile(
    rf"(?P<whole>{HAN}+)[点點](?P<part>[{DIGITS}]+)(?P<scale>[万萬亿億](?!{HAN})|(?=倍|公里|公斤|吨|厘米|毫米))"
)
_MIXED = re.compile(rf"(?:[0-9]+(?:\.[0-9]+)?\s?[百千万萬亿億]+)+(?!{HAN}|[0-9]|[克米瓦卡赫分]|\s?[年月日])")
_SCALED = re.compile(
    rf"(?P<number>[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)[ -]?(?P<scale>{'|'.join(SCALES)})\b",
    re.IGNORECASE,
)
_MONEY = re.compile(r"[$€£¥￥]\s?$")
_MONEY_SCALED = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?) ?(?P<scale>bn|[kmb])\b", re.IGNORECASE)
_MONEY_SCALES = {"k": 10**3, "m": 10**6, "b": 10**9, "bn": 10**9}
_GROUPED = re.compile(
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:'[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})(?P<part>\.[0-9]+)?(?![0-9,'])"
)
_DECIMAL = re.compile(r"[0-9]+\.(?P<part>[0-9]{1,2})(?![0-9]|\.[0-9]|\w)")
_NTH = re.compile(r"(?P<number>[0-9]+)(?P<end>st|nd|rd|th)\b")
_NTH_WORDS = {"1": "first", "2": "second", "3": "third"}

_COUNTED = re.compile("[年天日周岁歲元页頁米倍秒]|个月|個月|小时|小時|分钟|分鐘|星期|公里|公斤|工作日|周年")
"""What makes a single character a figure: 三年 is 3年, while 一个 and 三亚 are words."""
_CLASSIFIED = re.compile("[个個名位人种種条條项項次件台辆輛张張份部座场場届屆层層楼樓间間只隻](?![体體])")
"""After a single character these make it a number, which need not be the point: 三个."""
_ORDERED = re.compile("[章条條节節款项項页頁课課集回期届屆版部卷篇次名位批轮輪组組阶階]")
_ABOUT = frozenset("数數几幾好多上")
"""Before a number, these rule it out: 数十万, 几千."""


def numerals(text: str) -> list[Numeral]:
    """Return the numbers, dates, periods and codes that can be read with certainty, in order; none overlap."""
    found = [*_by_digits(text), *english_numbers(text), *periods(text), *codes(text)]
    found.sort(key=lambda one: (one.start, -one.stop, one.kind == "code"))
    taken: list[Numeral] = []
    for one in found:
        if not taken or one.start >= taken[-1].stop:
            taken.append(one)
    return taken


def in_digits(text: str, least: Sure = Sure.EQUAL) -> str:
    """Return a text with its figures in plain digits, see ``Numeral.plain``; with ``least``, only those at least this sure."""
    parts, at = [], 0
    for one in numerals(text):
        if one.sure >= least:
            parts += [text[at : one.start], one.plain]
            at = one.stop
    return "".join([*parts, text[at:]])


def _by_digits(text: str) -> Iterator[Numeral]:
    """Yield what the runs of digits and Chinese numerals in a text are, or are part of."""
    after = 0
    for match in _RUN.finditer(text):
        start, stop = match.span()
        if start >= after and (found := _reading(text, start, stop, after)):
            yield found
            after = found.stop


def _reading(text: str, start: int, stop: int, after: int) -> Numeral | None:
    """Return what the run of numerals ``text[start:stop]`` is, or is part of; ``None`` if that is not certain.

    Args:
        text: any.
        start: start of the run.
        stop: end of the run.
        after: nothing before this is considered.
    """
    following = text[stop : stop + 1]
    if following in "年月" or (following.isspace() and not text.isascii()):
        found = chinese_date(text, start)
        if found:
            return found
    if not text[start:stop].isascii():
        return _chinese(text, start, stop, following)
    before = text[max(0, start - 2) : start]
    if before[-1:] in (".", ",", "'") and before[:1].isdigit():
        return None  # the rest of a number already read
    return english_date(text, start, stop, after) or _number(text, start, following)


def _number(text: str, start: int, following: str) -> Numeral | None:
    """Return the number in a run of ASCII digits, with signs or words around it."""
    if following in "%.,'万萬亿億百千 -pkmbtlchdnrs" or following.isupper():
        return (
            _percentage(text, start) or _scaled(text, start) or _grouped(text, start) or _decimal(text, start)
            or _nth(text, start)
        )  # fmt: skip
    return None


def _percentage(text: str, start: int) -> Numeral | None:
    match = _PERCENT.match(text, start)
    if not match:
        return None
    number = match["number"]
    digits = _short(number) if number.replace(".", "", 1).isdigit() else number
    return Numeral(*match.span(), f"{digits} percent ", (digits, "percent"))


def _scaled(text: str, start: int) -> Numeral | None:
    """Return a number with a word for thousands or more: 1.5 million, 1.2万, 1亿2000万, $5m."""
    if match := _SCALED.match(text, start):
        value = Decimal(match["number"].replace(",", "")) * SCALES[match["scale"].lower()]
    elif match := _MIXED.match(text, start):
        mixed = mixed_value(re.sub(r"\s", "", match.group()))
        if mixed is None:
            return None
        value = mixed
    elif (match := _MONEY_SCALED.match(text, start)) and _MONEY.search(text[max(0, start - 2) : start]):
        value = Decimal(match["number"]) * _MONEY_SCALES[match["scale"].lower()]
    else:
        return None
    digits = plain_decimal(value)
    return Numeral(*match.span(), digits, (digits,))


def _grouped(text: str, start: int) -> Numeral | None:
    match = _GROUPED.match(text, start)
    if not match:
        return None
    whole, part = re.sub("[,']", "", match["whole"]), match["part"] or ""
    digits = whole if not part.strip(".0") else whole + part
    return Numeral(*match.span(), digits, (_short(digits),))


def _decimal(text: str, start: int) -> Numeral | None:
    """Return an amount with cents: 1200.00 is 1200, and €12.50 is 12.5."""
    match = _DECIMAL.match(text, start)
    if not match:
        return None
    if match["part"] == "00":
        digits = _short(match.group())
        return Numeral(*match.span(), digits, (digits,))
    if match["part"].endswith("0") and _MONEY.search(text[max(0, start - 2) : start]):
        return Numeral(*match.span(), match.group(), (_short(match.group()),))
    return None


def _nth(text: str, start: int) -> Numeral | None:
    match = _NTH.match(text, start)
    if not match:
        return None
    number = match["number"]
    return Numeral(*match.span(), number, tuple(filter(None, (number, _NTH_WORDS.get(number, "")))))


def _short(digits: str) -> str:
    return plain_decimal(Decimal(digits))


def _chinese(text: str, start: int, stop: int, following: str) -> Numeral | None:
    """Return the number in a run with Chinese numerals: 一万二千, 12万, 百分之五十."""
    if following == "分" and (found := _share(text, start)):
        return found
    if following in "点點" and following and (found := _with_point(text, start)):
        return found
    written = text[start:stop]
    if written[0] in "0123456789":
        return _scaled(text, start)
    if text[max(0, start - 1) : start] in _ABOUT:
        return None
    sure = _sure(written, text, start, stop)
    value = value_of(written) if sure else None
    return None if value is None or sure is None else Numeral(start, stop, str(value), (str(value),), sure=sure)


def _share(text: str, start: int) -> Numeral | None:
    """Return a percentage or fraction: 百分之五十, 三分之一."""
    if match := _PER_HUNDRED.match(text, start):
        number = "100" if match["number"] == "百" else match["number"]
        whole, _, part = number.partition("点")
        value = number if number.isascii() else value_of(whole)
        if value is None:
            return None
        digits = f"{value}.{value_of(part)}" if part else str(value)
        word = "percent" if match["base"] == "百" else "permille"
        return Numeral(*match.span(), f"{digits} {word} ", (digits, word))
    if match := _FRACTION.match(text, start):
        values = value_of(match["number"]), value_of(match["base"])
        plain = "/".join(map(str, values))
        return None if None in values else Numeral(*match.span(), plain, (plain,))
    return None


def _with_point(text: str, start: int) -> Numeral | None:
    """Return a number with a decimal point, 一点五亿 or 三点五倍; 三点五分 is a time."""
    match = _POINT.match(text, start)
    whole = value_of(match["whole"]) if match else None
    if not match or whole is None or not is_spelt(match["part"]):
        return None
    part = "".join(str(value_of(digit)) for digit in match["part"])
    scale = value_of(f"一{match['scale']}") if match["scale"] else 1
    digits = plain_decimal(Decimal(f"{whole}.{part}") * (scale or 1))
    return Numeral(*match.span(), digits, (digits,))


def _sure(written: str, text: str, start: int, stop: int) -> Sure | None:
    """Return how surely a run of numerals is meant as one: not 一一, 千万, or a lone 三; ``None`` if it is not."""
    is_nth = text[max(0, start - 1) : start] == "第" and bool(_ORDERED.match(text, stop))
    if len(written) > 1:
        is_year = len(written) == 4 and text[stop : stop + 1] == "年"  # noqa: PLR2004
        return Sure.ASKED if is_year or not is_spelt(written) else None
    if is_nth and written not in "〇零":
        return Sure.EQUAL if written in "一壹" else Sure.CLAIMED
    if written in f"一壹〇零{UNITS}":
        return None
    counted = Sure.EQUAL if _CLASSIFIED.match(text, stop) else None
    return Sure.ASKED if _COUNTED.match(text, stop) else counted

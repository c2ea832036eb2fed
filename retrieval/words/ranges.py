"""Match numbers that a text covers without writing them: 1,800 pounds in *250 to 2,000 GBP*, 8 years in 满一年不满十年.

Comes in: a question, and texts. Goes out: the tokens of its quantities that a text covers. Never: an invoice number or a year
in a range of prices: only a number with a unit is a quantity, and the text must have that unit too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import inf

from .chinese_numbers import value_of
from .numerals import numerals
from .tokens import normal, tokens

_NUMBER = r"(?<!\d)(?<!\d[.,:/-])(\d+(?:\.\d+)?)(?![\d:/]|[.,]\d)"
_UNIT = r"\s*(?:[^\W\d_]{1,12}|[€$£¥%])?\s*"
_CURRENCY = r"(?:[€$£¥]|EUR|GBP|USD|RMB|CNY)?\s*"
_MONEY = frozenset("pound gbp eur euro usd dollar yuan rmb cny 元 块 钱 镑".split())  # noqa: SIM905
_SIGNS = re.compile(r"[€$£¥]")
_QUANTITY = re.compile(
    rf"(?P<sign>[€$£¥])?\s*{_NUMBER}\s*(?P<unit>[A-Za-z]{{1,12}}|[\u3400-\u9fff]{{1,2}})?", re.IGNORECASE
)
_NO_UNIT = re.compile(
    r"^(?:in|on|at|of|for|by|to|and|or|is|are|was|were|the|a|from|with|between|号|日|月|年度|年的|点|楼|室|班|章|条|款|版|届|期)",
    re.IGNORECASE,
)
_SPELT = re.compile(
    "[一二两三四五六七八九十百]{1,4}(?=周?年|个?月|[天日岁周元块镑级层]|公里|公斤|千克|小时|分钟|个?人|次|以上|以下|以内)"
)
_UNDER = (
    r"(?:up to|at most|no more than|not more than|not over|under|below|less than|fewer than|within|maximum(?: of)?|max\.?"
    r"|不满|不足|未满|不到|低于|小于|少于|不超过|不高于|最多)"
)
_OVER = (
    r"(?:over|above|more than|at least|from|exceeding|beyond|older than|longer than|heavier than|further than"
    r"|满|超过|高于|大于|多于|不少于|不低于|至少|达到?)"
)
_BETWEEN = (
    re.compile(rf"{_NUMBER}{_UNIT}(?:to|through|[-–—~～至到])\s*{_CURRENCY}{_NUMBER}", re.IGNORECASE),
    re.compile(rf"between {_CURRENCY}{_NUMBER}{_UNIT}and {_CURRENCY}{_NUMBER}", re.IGNORECASE),
    re.compile(
        rf"{_OVER}\s*{_CURRENCY}{_NUMBER}{_UNIT}[,，]?\s*(?:but |and |但)?{_UNDER}\s*{_CURRENCY}{_NUMBER}",
        re.IGNORECASE,
    ),
)
_BELOW = (
    re.compile(rf"{_UNDER}\s*{_CURRENCY}{_NUMBER}", re.IGNORECASE),
    re.compile(rf"{_NUMBER}{_UNIT}(?:or less|or fewer|and under|or under|及?以下|及?以内|之内)", re.IGNORECASE),
)
_ABOVE = (
    re.compile(rf"{_OVER}\s*{_CURRENCY}{_NUMBER}", re.IGNORECASE),
    re.compile(
        rf"{_NUMBER}{_UNIT}(?:or more|and more|and above|and over|or over|or above|\+|及?以上|起)", re.IGNORECASE
    ),
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a question, with its unit."""

    token: str
    value: float
    unit: frozenset[str]
    """Tokens."""
    money: bool


def quantities(question: str) -> tuple[Quantity, ...]:
    """Return the numbers in a question that have a unit."""
    return tuple(_quantities(_plain(question)))


def covered(asked: tuple[Quantity, ...], text: str, head: str) -> frozenset[str]:
    """Return the tokens of quantities inside a range that a text gives in their unit; ``head``: its table header."""
    if not asked:
        return frozenset()
    spans = ranges(text)
    held = units(f"{head}\n{text}") if spans else frozenset[str]()
    return frozenset(
        one.token
        for one in asked
        if (one.unit & held or (one.money and "money" in held)) and any(low <= one.value <= high for low, high in spans)
    )


@lru_cache(maxsize=2048)
def units(text: str) -> frozenset[str]:
    """Return the tokens of a text, and ``money`` if one of them is a currency."""
    held = frozenset(tokens(text))
    return held | {"money"} if held & _MONEY or _SIGNS.search(text) or any(unit in text for unit in "元块镑") else held


@lru_cache(maxsize=2048)
def ranges(text: str) -> tuple[tuple[float, float], ...]:
    """Return the ranges of numbers that a text gives, each as its two ends."""
    plain, found = _plain(text), []
    for form in _BETWEEN:
        found += [(float(match[1]), float(match[2])) for match in form.finditer(plain)]
        plain = form.sub(" ", plain)
    for form in _BELOW:
        found += [(0.0, float(match[1])) for match in form.finditer(plain)]
        plain = form.sub(" ", plain)
    for form in _ABOVE:
        found += [(float(match[1]), inf) for match in form.finditer(plain)]
    return tuple((low, high) for low, high in found if low < high)


def _plain(text: str) -> str:
    """Return a text with its numbers in digits, and without dates, periods and codes."""
    text = _SPELT.sub(lambda spelt: str(value_of(spelt.group()) or spelt.group()), normal(text))
    parts, at = [], 0
    for one in numerals(text):
        parts += [text[at : one.start], one.plain if one.kind == "number" else " ; "]
        at = one.stop
    return "".join([*parts, text[at:]])


def _quantities(plain: str) -> Iterator[Quantity]:
    for match in _QUANTITY.finditer(plain):
        unit = match["unit"] or ""
        if not (match["sign"] or unit) or _NO_UNIT.match(unit):
            continue
        own = frozenset(tokens(unit))
        money = bool(match["sign"] or own & _MONEY or any(each in unit for each in "元块镑"))
        yield Quantity(
            match[2], float(match[2]), own | frozenset(unit[:1] if "\u3400" <= unit[:1] <= "\u9fff" else ()), money
        )

"""Numbers as a sheet shows them under their format code (ECMA-376 part 1, 18.8.31).

Dates come as ISO 8601, whatever the local format; padding that only aligns columns is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from .date_format import is_date, shown_date
from .list_numbers import numeral

_SECTION = re.compile(r'((?:"[^"]*"|\\.|\[[^\]]*\]|[^;])*)(?:;|$)', re.DOTALL)
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<space>_.)|\*.|\[(?P<bracket>[^\]]*)\]|(?P<general>general)'
    r"|(?P<exponent>e[+-][0#?]+)|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<slash>/)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[\d.]+)")
_CURRENCY = re.compile(r"\$([^-\]]*)(?:-.*)?")
_COMPARED = {
    "<": Decimal.__lt__, "<=": Decimal.__le__, ">": Decimal.__gt__, ">=": Decimal.__ge__, "=": Decimal.__eq__,
    "<>": Decimal.__ne__,
}  # fmt: skip
_CHINESE = {"dbnum1": "chineseAmount", "dbnum2": "chineseLegalSimplified", "dbnum3": "decimalFullWidth"}
_MOST_DECIMALS = 30
_WIDEST = 11
"""Characters of a small number that Excel writes without an exponent."""


@dataclass(slots=True)
class _Section:
    """A part of a format code, for numbers of one sign or above a limit."""

    tokens: list[tuple[str, str]] = field(default_factory=list)
    """Kinds and texts: ``literal``, ``general``, ``text``, ``digit``, ``point``, ``comma``, ``exponent``, ``slash``."""
    condition: tuple[str, Decimal] | None = None
    numerals: str = ""
    n_percent: int = 0

    @property
    def is_for_text(self) -> bool:
        """Whether it says where a text stands."""
        return any(kind == "text" for kind, _ in self.tokens)


def shown_number(value: float, code: str, *, since_1904: bool = False) -> str:
    """Return a number as a sheet shows it under a format code."""
    parts = _SECTION.findall(code or "General")[: code.count(";") + 1][:4]
    sections = [_section(part) for part in parts[:3]]
    if 1 < len(parts) < 4 and sections[-1].is_for_text:  # noqa: PLR2004  the fourth is for text in any case
        del sections[-1]
    number = Decimal(repr(float(f"{value:.15g}"))) if value == value and abs(value) != float("inf") else None  # noqa: PLR0124
    if number is None:
        return str(value)
    at, signed = _chosen(sections, number)
    if is_date(parts[at]):
        return shown_date(value, parts[at], since_1904=since_1904) or plain_number(value)
    return _shown(sections[at], number if signed else abs(number))


def shown_text(text: str, code: str) -> str:
    """Return a text as a sheet shows it under a format code: the fourth section is for texts, or the last one with an ``@``."""
    if "@" not in code and code.count(";") < 3:  # noqa: PLR2004  fourth
        return text
    parts = _SECTION.findall(code)[: code.count(";") + 1][:4]
    section = _section(parts[-1])
    if not section.is_for_text and (len(parts) < 4 or (parts[-1].strip() and not section.tokens)):  # noqa: PLR2004
        return text
    shown = (text if kind in ("text", "general") else of for kind, of in section.tokens)
    return "".join(shown).strip(" ")


def plain_number(value: float) -> str:
    """Return a number without a format: whole ones without a point, others with up to 15 digits; long ones with ``E``."""
    if value == int(value) and abs(value) < 1e15:  # noqa: PLR2004
        return str(int(value))
    text = f"{value:.15g}".upper()
    plain = f"{Decimal(text):f}" if "E-" in text else text
    return plain if len(plain) <= _WIDEST else text


def _chosen(sections: Sequence[_Section], number: Decimal) -> tuple[int, bool]:
    """Return the section for a number, and whether its sign is still to be shown."""
    for at, section in enumerate(sections):
        if section.condition and _COMPARED[section.condition[0]](number, section.condition[1]):
            return at, number < 0 and not (len(sections) > 1 and at == 1)
    if any(section.condition for section in sections):
        return next((at for at, section in enumerate(sections) if not section.condition), len(sections) - 1), True
    if number < 0 and len(sections) > 1:
        return 1, False
    return (2, True) if number == 0 and len(sections) > 2 else (0, True)  # noqa: PLR2004


def _section(code: str) -> _Section:
    section = _Section()
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "", match[0]
        if kind == "bracket":
            _bracket(section, match["bracket"])
        elif text == "@":
            section.tokens.append(("text", text))
        elif kind in ("quoted", "escaped", "other"):
            section.tokens.append(("literal", match[kind]))
        elif kind == "percent":
            section.n_percent += 1
            section.tokens.append(("literal", "%"))
        elif kind == "space":
            section.tokens.append(("literal", " "))
        elif kind:
            section.tokens.append((kind, text))
    return section


def _bracket(section: _Section, inside: str) -> None:
    if condition := _CONDITION.fullmatch(inside.strip()):
        section.condition = condition[1], Decimal(condition[2])
    elif currency := _CURRENCY.fullmatch(inside):
        section.tokens.append(("literal", currency[1]))
    elif inside.casefold() in _CHINESE:
        section.numerals = _CHINESE[inside.casefold()]


def _shown(section: _Section, number: Decimal) -> str:
    kinds = [kind for kind, _ in section.tokens]
    sign, number = ("-" if number < 0 else ""), abs(number) * 100**section.n_percent
    if "general" in kinds or section.is_for_text:
        plain = plain_number(float(number))
        shown = numeral(int(plain), section.numerals) if section.numerals and plain.isdigit() else plain
        text = "".join(shown if kind in ("general", "text") else of for kind, of in section.tokens)
    elif "digit" not in kinds and "exponent" not in kinds:
        text = "".join(of for kind, of in section.tokens)
    elif "slash" in kinds:
        text = _fraction(section.tokens, number)
    elif "exponent" in kinds:
        text = _scientific(section.tokens, number)
    else:
        text = _digits(section.tokens, number, section.numerals)
    return " ".join(f"{sign}{text.strip()}".split())


def _scaled(tokens: Sequence[tuple[str, str]], number: Decimal) -> tuple[list[tuple[str, str]], Decimal, bool]:
    """Return the tokens without commas, the number scaled by them, and whether thousands are grouped."""
    digits = [at for at, (kind, _) in enumerate(tokens) if kind == "digit"]
    points = [at for at, (kind, _) in enumerate(tokens) if kind == "point"]
    before_point = [at for at in digits if not points or at < points[0]]
    last, end = (before_point or [-1])[-1], digits[-1]
    commas = [at for at, (kind, _) in enumerate(tokens) if kind == "comma"]
    grouped = any(before_point and before_point[0] < at < last for at in commas)
    n_scaling = 0
    for start in {last, end}:
        at = start + 1
        while at < len(tokens) and tokens[at][0] == "comma":
            n_scaling += 1
            at += 1
    kept = [("literal", "") if kind == "comma" else (kind, text) for kind, text in tokens]
    return kept, number / 1000**n_scaling, grouped


def _digits(tokens: Sequence[tuple[str, str]], number: Decimal, numerals: str = "") -> str:
    tokens, number, grouped = _scaled(tokens, number)
    point = next((at for at, (kind, _) in enumerate(tokens) if kind == "point"), len(tokens))
    whole, decimals = tokens[:point], tokens[point + 1 :]
    n_decimals = min(sum(kind == "digit" for kind, _ in decimals), _MOST_DECIMALS)
    rounded = f"{number.quantize(Decimal(1).scaleb(-n_decimals), ROUND_HALF_UP):f}"
    integer, _, rest = rounded.partition(".")
    if numerals and not n_decimals:
        integer, grouped = numeral(int(integer), numerals), False
    integer = "" if integer == "0" else integer
    behind = _behind(decimals, rest)
    return _before(whole, integer, grouped=grouped) + ("." if n_decimals and behind[0] else "") + "".join(behind)


def _before(tokens: Sequence[tuple[str, str]], digits: str, *, grouped: bool) -> str:
    """Return the part before the point, filled from its end; the first place takes all remaining digits."""
    places = [at for at, (kind, _) in enumerate(tokens) if kind == "digit"]
    if not places:
        return "".join(text for _, text in tokens) + digits
    if grouped:
        least = sum(tokens[at][1] == "0" for at in places)
        filled = digits.rjust(least, "0")
        text = f"{int(filled):0{len(filled)},}" if filled.isdigit() else filled
        text = text if len(filled) <= 3 or not filled.startswith("0") else _grouped(filled)  # noqa: PLR2004
        return "".join(
            text if at == places[0] else "" if kind == "digit" else of for at, (kind, of) in enumerate(tokens)
        )
    pieces = [of if kind != "digit" else "" for kind, of in tokens]
    for at in reversed(places):
        taken = digits if at == places[0] else digits[-1:]
        digits = digits[: len(digits) - len(taken)]
        pieces[at] = taken or ("0" if tokens[at][1] == "0" else "")
    return "".join(pieces)


def _grouped(digits: str) -> str:
    head = len(digits) % 3
    parts = [digits[:head]] if head else []
    return ",".join(parts + [digits[at : at + 3] for at in range(head, len(digits), 3)])


def _behind(tokens: Sequence[tuple[str, str]], digits: str) -> tuple[str, str]:
    """Return the digits after the point without optional zeros, and the literals after them."""
    needed = [text for kind, text in tokens if kind == "digit"]
    while digits and digits.endswith("0") and needed[len(digits) - 1 :][:1] != ["0"]:
        digits = digits[:-1]
    return digits, "".join(text for kind, text in tokens if kind == "literal")


def _scientific(tokens: Sequence[tuple[str, str]], number: Decimal) -> str:
    at = next(at for at, (kind, _) in enumerate(tokens) if kind == "exponent")
    mantissa, form = tokens[:at], tokens[at][1]
    n_whole = max(sum(kind == "digit" for kind, _ in _until_point(mantissa)), 1)
    n_decimals = sum(kind == "digit" for kind, _ in mantissa) - n_whole
    exponent = number.adjusted() // n_whole * n_whole if number else 0
    if n_whole == 1 and number:
        exponent = number.quantize(Decimal(1).scaleb(number.adjusted() - n_decimals), ROUND_HALF_UP).adjusted()
    shown = _digits(mantissa, number.scaleb(-exponent))
    sign = "-" if exponent < 0 else "+" if form[1] == "+" else ""
    rest = "".join(text for kind, text in tokens[at + 1 :] if kind == "literal")
    return f"{shown}E{sign}{abs(exponent):0{len(form) - 2}d}{rest}"


def _until_point(tokens: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    point = next((at for at, (kind, _) in enumerate(tokens) if kind == "point"), len(tokens))
    return tokens[:point]


def _fraction(tokens: Sequence[tuple[str, str]], number: Decimal) -> str:
    code = "".join(text for _, text in tokens)
    match = re.search(r"(?P<whole>[#0?]+ +)?[#0?]+ */ *(?P<below>[#0?]+|\d+)", code)
    if match is None:
        return plain_number(float(number))
    below = match["below"]
    whole = int(number) if match["whole"] else 0
    rest = Fraction(number) - whole
    if below.strip("#0?"):
        fixed = int(below)
        above = int(rest * fixed + Fraction(1, 2))
        whole, above, fixed = (whole + 1, 0, fixed) if match["whole"] and above == fixed else (whole, above, fixed)
        part = f"{above}/{fixed}" if above else ""
    else:
        near = rest.limit_denominator(10 ** min(len(below), 4) - 1)
        whole, near = (whole + int(near), near - int(near)) if match["whole"] else (whole, near)
        part = f"{near.numerator}/{near.denominator}" if near else ""
    shown = " ".join(filter(None, (str(whole) if whole or not part else "", part)))
    return code[: match.start()] + shown + code[match.end() :]

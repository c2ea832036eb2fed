"""Formulas of Office files as one line of text: ``∑_(k=0)^n x^k``, ``(-b±√(b^2-4ac))/2a`` (ECMA-376 part 1, 22.1).

Not LaTeX: nobody searches for its commands.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..package import Element, attribute, local

_ATOM = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+|\([^()]*\)|\W")
_SKIPPED = {"del", "moveFrom", "delText"}


def linear(element: Element) -> str:
    """Return a formula, or part of one, on one line."""
    write = _WRITERS.get(local(element))
    if write:
        return write(element)
    if local(element) == "t":
        return element.text or ""
    return "".join(linear(child) for child in element if local(child) not in _SKIPPED and not _is_properties(child))


def _is_properties(element: Element) -> bool:
    return local(element).endswith("Pr")


def _part(element: Element, name: str) -> str:
    child = element.find("{*}" + name)
    return linear(child).strip() if child is not None else ""


def _property(element: Element, name: str, default: str = "") -> str:
    """Return a property such as the operator's character; empty if present without a value."""
    properties = next((child for child in element if _is_properties(child)), None)
    found = properties.find("{*}" + name) if properties is not None else None
    return default if found is None else attribute(found, "val")


def _grouped(text: str) -> str:
    return text if _ATOM.fullmatch(text) else f"({text})"


def _scripts(element: Element) -> str:
    below, above = (_part(element, name) for name in ("sub", "sup"))
    return (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")


def _scripted(element: Element) -> str:
    return _part(element, "e") + _scripts(element)


def _scripted_before(element: Element) -> str:
    return _scripts(element) + _part(element, "e")


def _fraction(element: Element) -> str:
    bar = "¦" if _property(element, "type") == "noBar" else "/"
    return f"{_grouped(_part(element, 'num'))}{bar}{_grouped(_part(element, 'den'))}"


def _large_operator(element: Element) -> str:
    return f"{_property(element, 'chr', '∫')}{_scripts(element)} {_part(element, 'e')}"


def _delimited(element: Element) -> str:
    inner = _property(element, "sepChr", "|").join(linear(child) for child in element.iterfind("{*}e"))
    return _property(element, "begChr", "(") + inner + _property(element, "endChr", ")")


def _root(element: Element) -> str:
    degree = _part(element, "deg")
    return f"√{f'[{degree}]' if degree else ''}{_grouped(_part(element, 'e'))}"


def _function(element: Element) -> str:
    argument = _part(element, "e")
    return f"{_part(element, 'fName')}{'' if argument.startswith('(') else ' '}{argument}"


def _limit_below(element: Element) -> str:
    return f"{_part(element, 'e')}_{_grouped(_part(element, 'lim'))}"


def _limit_above(element: Element) -> str:
    return f"{_part(element, 'e')}^{_grouped(_part(element, 'lim'))}"


def _accented(element: Element) -> str:
    base = _part(element, "e")
    return base + (_property(element, "chr", "\u0302") if len(base) == 1 else "")


def _matrix(element: Element) -> str:
    return "; ".join(", ".join(linear(cell) for cell in row.iterfind("{*}e")) for row in element.iterfind("{*}mr"))


def _equations(element: Element) -> str:
    return "; ".join(linear(line) for line in element.iterfind("{*}e"))


_WRITERS: dict[str, Callable[[Element], str]] = {
    "f": _fraction,
    "sSup": _scripted,
    "sSub": _scripted,
    "sSubSup": _scripted,
    "sPre": _scripted_before,
    "nary": _large_operator,
    "d": _delimited,
    "rad": _root,
    "func": _function,
    "limLow": _limit_below,
    "limUpp": _limit_above,
    "acc": _accented,
    "m": _matrix,
    "eqArr": _equations,
}

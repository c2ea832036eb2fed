"""The numbers of a Word document's list items, counted as Word counts them (ECMA-376 part 1, 17.9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..package import Element, attribute
from .list_numbers import numeral

_BULLET = "-"
_TRUE = ("1", "true", "on")


@dataclass(frozen=True, slots=True)
class _Level:
    format: str
    text: str
    start: int
    style: str
    """The paragraph style of this level."""
    restarts: int | None
    """The level (from 1) that restarts it, or one above; 0 for none; None for every level above."""
    legal: bool
    """Whether all numbers in its text are shown in digits."""


class Numbering:
    """The lists: gives each item the marker Word would show, counting along."""

    def __init__(self, root: Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._counted_in: dict[str, str] = {}
        self._counters: dict[str, dict[int, int]] = {}
        if root is None:
            return
        abstracts = {attribute(e, "abstractNumId"): e for e in root.findall("{*}abstractNum")}
        by_style = {attribute(e.find("{*}styleLink"), "val"): e for e in abstracts.values()}
        for element in root.findall("{*}num"):
            number_id = attribute(element, "numId")
            abstract_id = attribute(element.find("{*}abstractNumId"), "val")
            abstract = abstracts.get(abstract_id)
            linked = attribute(abstract.find("{*}numStyleLink"), "val") if abstract is not None else ""
            levels = _levels(by_style.get(linked, abstract) if linked else abstract)
            self._counted_in[number_id] = abstract_id
            for override in element.findall("{*}lvlOverride"):
                depth = _integer(attribute(override, "ilvl"))
                level = override.find("{*}lvl")
                if level is not None:
                    levels[depth] = _level(level)
                start = override.find("{*}startOverride")
                if start is not None:
                    self._counted_in[number_id] = f"{abstract_id}/{number_id}"  # it counts for itself
                    if depth in levels:
                        levels[depth] = replace(levels[depth], start=_integer(attribute(start, "val", "1")))
            self._levels[number_id] = levels

    def depth(self, number_id: str, styles: Sequence[str]) -> int:
        """Return a list's level for paragraphs of a style, or of one it is based on; the first is 0."""
        levels = self._levels.get(number_id, {})
        return next((depth for style in styles for depth, level in levels.items() if level.style == style), 0)

    def marker(self, number_id: str, depth: int) -> str:
        """Count an item and return its marker: ``-`` for bullets, otherwise as shown, such as ``2.1`` or ``第三条``."""
        levels = self._levels.get(number_id, {})
        level = levels.get(depth)
        counters = self._counters.setdefault(self._counted_in.get(number_id, number_id), {})
        for deeper in [at for at in counters if at > depth and _begins_again(levels.get(at), depth)]:
            del counters[deeper]
        counters[depth] = counters.get(depth, (level.start if level else 1) - 1) + 1
        if level is None or level.format == "bullet":
            return _BULLET

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            of = levels.get(at, level)
            if of.format == "none":
                return ""
            return _shown(counters.get(at, of.start), "decimal" if level.legal else of.format)

        return re.sub(r"%([1-9])", shown, level.text).strip()


def _begins_again(level: _Level | None, depth: int) -> bool:
    """Return whether an item at an outer depth restarts a level."""
    return level is None or level.restarts is None or depth < level.restarts


def _shown(number: int, form: str) -> str:
    """Return a number in a form, which may be given by example: ``001, 002, 003, ...``."""
    example = form.partition(",")[0].strip()
    return f"{number:0{len(example)}d}" if example.isdigit() else numeral(number, form)


def _levels(abstract: Element | None) -> dict[int, _Level]:
    found = abstract.findall("{*}lvl") if abstract is not None else []
    return {_integer(attribute(level, "ilvl")): _level(level) for level in found}


def _level(element: Element) -> _Level:
    form = next(element.iter("{*}numFmt"), None)
    name = attribute(form, "val", "decimal")
    restarts = element.find("{*}lvlRestart")
    legal = element.find("{*}isLgl")
    return _Level(
        attribute(form, "format") if name == "custom" else name,
        attribute(element.find("{*}lvlText"), "val"),
        _integer(attribute(element.find("{*}start"), "val", "1")),
        attribute(element.find("{*}pStyle"), "val"),
        _integer(attribute(restarts, "val")) if restarts is not None else None,
        legal is not None and attribute(legal, "val", "1") in _TRUE,
    )


def _integer(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004  longer ones are damage

"""The lists that the numbering part of a Word document describes (ECMA-376 part 1, 17.9)."""

from __future__ import annotations

from ..package import Element, attribute
from .list_counts import Level, ListCounts, ListOf, instance

_TRUE = ("1", "true", "on")


def read_lists(root: Element | None) -> ListCounts:
    """Return the lists of a numbering part, by number; none without one."""
    return ListCounts(_lists(root) if root is not None else {})


def _lists(root: Element) -> dict[str, ListOf]:
    abstracts = {attribute(e, "abstractNumId"): e for e in root.findall("{*}abstractNum")}
    by_style = {attribute(e.find("{*}styleLink"), "val"): e for e in abstracts.values()}
    found: dict[str, ListOf] = {}
    for element in root.findall("{*}num"):
        number_id = attribute(element, "numId")
        abstract_id = attribute(element.find("{*}abstractNumId"), "val")
        abstract = abstracts.get(abstract_id)
        linked = attribute(abstract.find("{*}numStyleLink"), "val") if abstract is not None else ""
        levels = _levels(by_style.get(linked, abstract) if linked else abstract)
        starts: dict[int, int] = {}
        for override in element.findall("{*}lvlOverride"):
            depth = _integer(attribute(override, "ilvl"))
            level = override.find("{*}lvl")
            if level is not None:
                levels[depth] = _level(level)
            start = override.find("{*}startOverride")
            if start is not None:
                starts[depth] = _integer(attribute(start, "val", "1"))
        found[number_id] = instance(number_id, abstract_id, levels, starts)
    return found


def _levels(abstract: Element | None) -> dict[int, Level]:
    found = abstract.findall("{*}lvl") if abstract is not None else []
    return {_integer(attribute(level, "ilvl")): _level(level) for level in found}


def _level(element: Element) -> Level:
    form = next(element.iter("{*}numFmt"), None)
    name = attribute(form, "val", "decimal")
    restarts = element.find("{*}lvlRestart")
    legal = element.find("{*}isLgl")
    return Level(
        attribute(form, "format") if name == "custom" else name,
        attribute(element.find("{*}lvlText"), "val"),
        _integer(attribute(element.find("{*}start"), "val", "1")),
        attribute(element.find("{*}pStyle"), "val"),
        _integer(attribute(restarts, "val")) if restarts is not None else None,
        legal is not None and attribute(legal, "val", "1") in _TRUE,
    )


def _integer(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004  longer ones are damage

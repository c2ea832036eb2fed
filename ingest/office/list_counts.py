"""The lists of a document, and what numbers their items have: counted along as Word counts (ECMA-376 part 1, 17.9).

Word's three formats (.docx, .doc, RTF) describe the same lists; each reads its own description into these levels.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from .list_numbers import numeral

BULLET = "-"


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list is numbered."""

    format: str = "decimal"
    """A form of ECMA-376 part 1, 17.18.59, or an example such as ``001, 002, ...``; ``bullet`` or ``none``."""
    text: str = ""
    """What is shown: ``%1`` stands for the number of the first level."""
    start: int = 1
    style: str = ""
    """The paragraph style of this level."""
    restarts: int | None = None
    """The level (from 1) that restarts it, or one above; 0 for none; None for every level above."""
    legal: bool = False
    """Whether all numbers in its text are shown in digits."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """One list that paragraphs name: an instance of a described list, some of its levels overridden."""

    levels: Mapping[int, Level] = field(default_factory=dict)
    counted_in: str = ""
    """Which count it goes on with: instances of a list share it unless they begin anew."""


class ListCounts:
    """Gives each item of a document's lists the marker Word would show, counting along."""

    def __init__(self, lists: Mapping[str, ListOf]) -> None:
        """Take the lists by the name that paragraphs give."""
        self._lists = lists
        self._counters: dict[str, dict[int, int]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._lists

    def depth(self, name: str, styles: Sequence[str]) -> int:
        """Return a list's level for paragraphs of a style, or of one it is based on; the first is 0."""
        levels = self._lists[name].levels if name in self._lists else {}
        return next((depth for style in styles for depth, level in levels.items() if level.style == style), 0)

    def marker(self, name: str, depth: int) -> str:
        """Count an item and return its marker: ``-`` for bullets, otherwise as shown, such as ``2.1`` or ``第三条``."""
        of = self._lists.get(name, ListOf())
        levels, level = of.levels, of.levels.get(depth)
        counters = self._counters.setdefault(of.counted_in or name, {})
        for deeper in [at for at in counters if at > depth and _begins_again(levels.get(at), depth)]:
            del counters[deeper]
        counters[depth] = counters.get(depth, (level.start if level else 1) - 1) + 1
        if level is None or level.format == "bullet":
            return BULLET

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            of = levels.get(at, level)
            if of.format == "none":
                return ""
            return _shown(counters.get(at, of.start), "decimal" if level.legal else of.format)

        return re.sub(r"%([1-9])", shown, level.text).strip()


def instance(name: str, of: str, levels: dict[int, Level], starts: Mapping[int, int]) -> ListOf:
    """Return a list that paragraphs name: another's levels, and where it begins anew.

    Args:
        name: what paragraphs call it.
        of: the described list that it is an instance of.
        levels: by depth, overrides included.
        starts: by depth, the number with which it begins for itself.
    """
    for depth, start in starts.items():
        if depth in levels:
            levels[depth] = replace(levels[depth], start=start)
    return ListOf(levels, f"{of}/{name}" if starts else of)


def _begins_again(level: Level | None, depth: int) -> bool:
    """Return whether an item at an outer depth restarts a level."""
    return level is None or level.restarts is None or depth < level.restarts


def _shown(number: int, form: str) -> str:
    """Return a number in a form, which may be given by example: ``001, 002, 003, ...``."""
    example = form.partition(",")[0].strip()
    return f"{number:0{len(example)}d}" if example.isdigit() else numeral(number, form)

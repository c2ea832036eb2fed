"""Put a sentence in context for a model: the titles of its document and section, the text before it, and the sentence itself.

Comes in: a candidate and its hit. Goes out: three texts. Never: more of the document than that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from ..hit import Hit
from .standing import without_struck
from .units import Candidate

_HEADING = re.compile(r"^#{1,6}\s+(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class InPlace:
    """A sentence and its context."""

    place: str
    """The name of its file and its heading."""
    before: str
    """Its table header, its lead-in line, or the sentence before; empty for the first one."""
    text: str


def in_place(one: Candidate, hit: Hit) -> InPlace:
    """Return a hit's candidate in context."""
    above = _HEADING.findall(hit.chunk.text, 0, one.start) or list(hit.chunk.titles)
    return InPlace(" › ".join([PurePath(hit.chunk.source).stem, *above[-1:]]), _before(one), one.valid)


def _before(one: Candidate) -> str:
    if one.unit.head:
        return without_struck(one.unit.head)
    earlier = [unit for unit in one.of.units if unit.order < one.order]
    led = (unit.valid for unit in earlier if unit.order == one.led_by)
    return next(led, earlier[-1].valid if earlier else "")

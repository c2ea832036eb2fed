"""Define a number, date, period or code in a text: where it is, and what all ways of writing it have in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal


class Sure(IntEnum):
    """How certainly something is meant as a figure."""

    EQUAL = 1
    """Other forms of it are found, but none is required: *first*, 三个."""
    CLAIMED = 2
    """A statement that says it must have it from a source: *two*."""
    ASKED = 3
    """An answer to a question with it must contain it: *twenty-one*, 2018年4月."""


Kind = Literal["number", "date", "period", "code"]


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number, date, period or code in a text."""

    start: int
    stop: int
    plain: str
    """The same in digits: ``12000``, ``2024 March 5``, ``50 percent``, ``q2 2023``, ``mx4120c``."""
    tokens: tuple[str, ...]
    """What all ways of writing it have in common, for a number its digits first; for a date also its parts, so that a month
    finds its days."""
    kind: Kind = "number"
    sure: Sure = Sure.ASKED
    whole: str = ""
    """A month or quarter and its year in one: ``2018-04``, ``2023-q2``."""

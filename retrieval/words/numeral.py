"""What one number, date, period or code in a text is: where it stands, and what all ways to write it have in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal


class Sure(IntEnum):
    """How surely a figure is meant as one."""

    EQUAL = 1
    """Other forms of it are found; nothing is demanded: *first*, 三个."""
    CLAIMED = 2
    """A statement that says it must have it from somewhere: *two*."""
    ASKED = 3
    """What answers a question with it must hold it: *twenty-one*, 2018年4月."""


Kind = Literal["number", "date", "period", "code"]


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number, date, period or code in a text."""

    start: int
    stop: int
    plain: str
    """The same in digits: ``12000``, ``2024 March 5``, ``50 percent``, ``q2 2023``, ``mx4120c``."""
    tokens: tuple[str, ...]
    """What every way to write it has in common, of a number its digits first; of a date also its parts, so that a month finds
    its days."""
    kind: Kind = "number"
    sure: Sure = Sure.ASKED
    whole: str = ""
    """Of a month or quarter with its year, both in one: ``2018-04``, ``2023-q2``."""

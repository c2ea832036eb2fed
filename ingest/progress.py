"""How far a run is: each step of it, for whoever shows it. Of itself, so that a search need not load what reads files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Step:
    """One step of progress."""

    stage: Literal["read", "embed", "index"]
    done: int
    total: int
    source: str = ""
    failed: int = 0


Progress = Callable[[Step], None]

"""Load the sampling settings that the authors of a model family recommend."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Family:
    """What the authors of a family of models recommend; ``None``: nothing."""

    greedy: bool = True
    """Whether greedy decoding is fine."""
    warm: float = 0.7
    """A temperature at which several answers differ but none is wild."""
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    presence_penalty: float | None = None


@cache
def families() -> Mapping[str, Family]:
    """Return the families of ``families.toml`` by the architecture of their files."""
    table = tomllib.loads(resources.files(__package__).joinpath("families.toml").read_text(encoding="utf-8"))
    return {name: Family(**row) for name, row in table.items()}

"""Read ``hints.toml``: what in a question, a cell or a column's name hints at a plan."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Hint:
    """A pattern with examples, and others that it must not match."""

    pattern: re.Pattern[str]
    examples: tuple[str, ...]
    others: tuple[str, ...]
    concepts: frozenset[str] = frozenset()
    """Of a kind of number: the concepts of the lexicon that have it."""

    def within(self, text: str) -> bool:
        """Return whether a text holds the pattern."""
        return bool(self.pattern.search(text))


@cache
def hints() -> Mapping[str, Hint]:
    """Return the hints by name."""
    return {one["name"]: _hint(one, one["pattern"]) for one in _data()["hint"]}


@cache
def kinds() -> Mapping[str, Hint]:
    """Return the kinds of numbers by name; a Latin word has to stand alone."""
    return {one["name"]: _hint(one, rf"(?<![a-z])(?:{one['pattern']})(?![a-z])") for one in _data()["kind"]}


def _hint(one: Mapping[str, str], pattern: str) -> Hint:
    return Hint(
        re.compile(pattern, re.IGNORECASE),
        tuple(one["examples"]),
        tuple(one["others"]),
        frozenset(one.get("concepts", ())),
    )


@cache
def _data() -> Mapping[str, list[Mapping[str, str]]]:
    return tomllib.loads((files(__package__) / "hints.toml").read_text(encoding="utf-8"))

"""The wordings of suggested questions, a file per language with examples that are its test."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["en", "zh"]
Kind = Literal["cell", "fact", "how", "asked", "summary", "list", "file", "part"]
"""What a question is made from: a figure in a table, a ``key: value`` line, a heading that says how, a heading that asks, a
document, a list, words of one document, a section."""


@dataclass(frozen=True, slots=True)
class Template:
    """A wording, and what it is for."""

    language: Language
    kind: Kind
    asks: str
    """With the fields ``{document}``, ``{event}``, ``{topic}``, ``{key}``, ``{row}`` and ``{column}``, as the kind has them."""
    names: frozenset[str]
    """Keys or columns, without case; empty: any."""
    shape: re.Pattern[str]
    """What the value of a key, the row of a table or the topic looks like."""
    examples: tuple[tuple[str, str], ...]
    """Texts, each with the question made from it."""
    others: tuple[str, ...]
    """Texts of which no question of this wording is made."""

    def is_for(self, name: str) -> bool:
        """Return whether the wording suits a key or column."""
        return not self.names or name.casefold() in self.names


@cache
def templates(language: Language) -> tuple[Template, ...]:
    """Return the wordings of a language, the more specific first."""
    rows = tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text(encoding="utf-8"))["template"]
    return tuple(
        Template(
            language, row["kind"], row["asks"], frozenset(row.get("names", ())),
            re.compile(row.get("shape", ".+"), re.IGNORECASE),
            tuple((text, question) for text, question in row["examples"]), tuple(row["others"]),
        )
        for row in rows
    )  # fmt: skip

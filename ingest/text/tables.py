"""Where a text has tables, and what names their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEAD = re.compile(r"^[ \t]*(\|.*\|)[ \t]*\n[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*\n(?=[ \t]*\|)", re.MULTILINE)
_ROWS = re.compile(r"(?:[ \t]*\|[^\n]*(?:\n|$))+")
_CAPTION = re.compile(r"(?:^|\n)(?![ \t]*(?:#|[-*+>|`~]|\d+[.)]\s))[ \t]*([^\n]{2,80})\n\s*$")
"""A short line above, not a heading, list item or sentence."""
_SENTENCE = re.compile(r"[.。!！?？;；,，、]\s*$")
_BARS = re.compile(r"(?<!\\)\|")
_CAPTION_WINDOW = 200
_CELL_LENGTHS = (24, 10, 4)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a head."""

    body: int
    """Where the rows below the head begin."""
    stop: int
    title: str
    """The line above that names it, as a row of one cell; empty if there is none."""
    head: str

    def heads(self) -> Iterator[tuple[str, ...]]:
        """Yield title and head, then the head alone, then heads with their names cut shorter and shorter."""
        if self.title:
            yield self.title, self.head
        yield (self.head,)
        cells = [cell.strip() for cell in _BARS.split(self.head)[1:-1]]
        for length in _CELL_LENGTHS:
            yield (f"| {' | '.join(cell[:length].rstrip() for cell in cells)} |",)


def tables(text: str) -> Iterator[Table]:
    """Yield the tables of a text in order; those without a head of words are left out."""
    for match in _HEAD.finditer(text):
        rows = _ROWS.match(text, match.end())
        if rows is None or not re.search(r"\w", match[1]):
            continue
        caption = _CAPTION.search(text[max(0, match.start() - _CAPTION_WINDOW) : match.start()])
        title = caption[1].strip() if caption and not _SENTENCE.search(caption[1]) else ""
        yield Table(rows.start(), rows.end(), f"| {title} |" if title else "", _spaced(match[1]))


def _spaced(row: str) -> str:
    return f"| {' | '.join(cell.strip() for cell in _BARS.split(row)[1:-1])} |"

"""Where a text has tables, and what names their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEAD = re.compile(r"^[ \t]*(\|.*\|)[ \t]*\n[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*\n(?=[ \t]*\|)", re.MULTILINE)
_ROWS = re.compile(r"(?:[ \t]*\|[^\n]*(?:\n|$))+")
_CAPTION = re.compile(r"(?:^|\n)(?![ \t]*(?:#|[-*+>|`~]|\d+[.)]\s))[ \t]*([^\n]{2,80})\n\s*$")
"""A short line above, not a heading, list item or sentence."""
_NUMBERED = re.compile(
    r"[*_]{0,2}(?:(?:Table|Tab\.|Tabelle|Tableau|Tabla|Tabela|Tabella)\s+|附?表\s*)[A-Z]?[\dIVX一二三四五六七八九十].{0,200}"
)
"""A numbered caption, which names the table below or above it however it ends: ``Table 2. Rates per night.``, ``表1 租金。``"""
_SENTENCE = re.compile(r"[.。!！?？;；,，、]\s*$")
_BARS = re.compile(r"(?<!\\)\|")
_CAPTION_WINDOW = 240
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
    found = []
    for match in _HEAD.finditer(text):
        rows = _ROWS.match(text, match.end())
        if rows is not None and re.search(r"\w", match[1]):
            found.append((match, rows))
    above = [_line_before(text, match.start()) for match, _ in found]
    below = [_line_after(text, rows.end()) for _, rows in found]
    are_below = sum(map(_is_numbered, below)) > sum(map(_is_numbered, above))
    for (match, rows), before, after in zip(found, above, below, strict=True):
        if are_below and (_is_numbered(before) or _is_numbered(after)):
            title = after if _is_numbered(after) else ""
        else:
            title = before if _is_numbered(before) else _short_title(text, match.start())
        yield Table(rows.start(), rows.end(), f"| {title} |" if title else "", _spaced(match[1]))


def _line_before(text: str, at: int) -> str:
    return text[max(0, at - _CAPTION_WINDOW) : at].rstrip().rpartition("\n")[2].strip()


def _line_after(text: str, at: int) -> str:
    return text[at : at + _CAPTION_WINDOW].lstrip().partition("\n")[0].strip()


def _is_numbered(line: str) -> bool:
    return bool(_NUMBERED.fullmatch(line))


def _short_title(text: str, at: int) -> str:
    """Return the short line above a table, if it is one that names it."""
    short = _CAPTION.search(text[max(0, at - _CAPTION_WINDOW) : at])
    return short[1].strip() if short and not _SENTENCE.search(short[1]) else ""


def _spaced(row: str) -> str:
    return f"| {' | '.join(cell.strip() for cell in _BARS.split(row)[1:-1])} |"

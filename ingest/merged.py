"""Merged cells: a text that a table shows once for several cells stands in each of them, so that every row says it.

Comes in: rows of cells and which are merged. Goes out: the same rows, filled. Never: a title over the whole table, or a long
remark, repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_MOST_COLUMNS, _MOST_ROWS = 100, 1000
_LONGEST = 200
"""Characters of a text that is repeated: longer ones are remarks, not the name of what stands beside or below them."""

Row = dict[int, str]
"""The text by column number; columns without text may be absent."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A cell that covers others: where it begins, and how many columns and rows it takes."""

    row: int
    column: int
    across: int = 1
    down: int = 1


def fill(rows: Mapping[int, Row], merged: Iterable[Merged]) -> None:
    """Write the text of merged cells into the cells that they cover, in rows that hold something else as well."""
    own = {number: {column for column, text in cells.items() if text.strip()} for number, cells in rows.items()}
    for area in merged:
        text = rows.get(area.row, {}).get(area.column, "")
        if not text.strip() or len(text) > _LONGEST:
            continue
        for number in range(area.row, area.row + min(area.down, _MOST_ROWS)):
            if not own.get(number, set()) - {area.column}:
                continue
            for column in range(area.column, area.column + min(area.across, _MOST_COLUMNS)):
                if column not in own[number]:
                    rows[number][column] = text


def grid(rows: Mapping[int, Row]) -> list[list[str]]:
    """Return rows as lists, in order, from column 0 on."""
    width = max((max(cells) + 1 for cells in rows.values() if cells), default=0)
    return [[rows[number].get(column, "") for column in range(width)] for number in sorted(rows)]

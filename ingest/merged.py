"""Merged cells: text that a table shows once for several cells is put in each, so that every row states it.

Comes in: rows of cells and which are merged. Goes out: the same rows, filled. A head of several rows becomes one.
Never: a title over the whole table, or a long remark, repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_MOST_COLUMNS, _MOST_ROWS = 100, 1000
_MOST_HEADS = 4
_YEAR = re.compile(r"\d{4}")
_LONGEST = 200
"""Characters of a repeated text: longer ones are remarks, not the name of what is beside or below them."""

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
    """Copy the text of merged cells into the cells they cover, in rows that hold something else too: also from above."""
    own = {number: {column for column, text in cells.items() if text.strip()} for number, cells in rows.items()}
    held = {number: set(columns) for number, columns in own.items()}
    for area in sorted(merged, key=lambda area: -area.down):
        text = rows.get(area.row, {}).get(area.column, "")
        if not text.strip() or len(text) > _LONGEST:
            continue
        for number in range(area.row, area.row + min(area.down, _MOST_ROWS)):
            if not held.get(number, set()) - {area.column} or not own[number]:
                continue
            for column in range(area.column, area.column + min(area.across, _MOST_COLUMNS)):
                if column not in own[number]:
                    rows[number][column] = text
                    held[number].add(column)


def join_heads(rows: dict[int, Row], merged: Iterable[Merged], n_known: int = 0) -> None:
    """Merge a head of several rows: ``Week`` over ``Nurse`` and ``Doctor`` becomes ``Week Nurse`` and ``Week Doctor``.

    Args:
        rows: already filled; head rows after the first are removed.
        merged: which cells cover others.
        n_known: how many rows the head has, if the file says so; otherwise two, if its merged cells show that.
    """
    numbers = sorted(number for number, cells in rows.items() if any(text.strip() for text in cells.values()))
    n_rows = n_known or (2 if _is_double(rows, numbers, list(merged)) else 1)
    for number in numbers[1 : min(n_rows, len(numbers) - 1, _MOST_HEADS)]:
        head, lower = rows[numbers[0]], rows.pop(number)
        for column, text in lower.items():
            above = head.get(column, "")
            words = text.split()
            head[column] = above if above.split()[-len(words) or None :] == words else f"{above} {text}".strip()


def _is_double(rows: Mapping[int, Row], numbers: list[int], merged: list[Merged]) -> bool:
    """Return whether a second row distinguishes what merged cells of the first group together."""
    if len(numbers) <= 2 or numbers[1] != numbers[0] + 1:  # noqa: PLR2004  a head of two rows, and what is below it
        return False
    first, second, third = (rows[number] for number in numbers[:3])
    above = [area for area in merged if area.row == numbers[0]]
    parted = {area.column + at for area in above if area.down == 1 for at in range(area.across) if area.across > 1}
    going_down = {area.column + at for area in above if area.down > 1 for at in range(area.across)}
    if not parted or not all(_is_name(second.get(column, "")) for column in parted):
        return False
    rest = (set(first) | set(second)) - parted - going_down
    if any(first.get(column, "").strip() and second.get(column, "").strip() for column in rest):
        return False
    below = [second.get(column, "") for column in sorted(parted)]
    numeric = any(third.get(column, "").strip() and not _is_name(third[column]) for column in parted if column in third)
    return bool(going_down) or numeric or len(set(below)) < len(below)


def _is_name(text: str) -> bool:
    """Return whether a text may name a column: words, or a year."""
    return bool(_YEAR.fullmatch(text.strip())) or sum(map(str.isalpha, text)) > sum(map(str.isdigit, text))


def grid(rows: Mapping[int, Row]) -> list[list[str]]:
    """Return rows as lists, in order, from column 0."""
    width = max((max(cells) + 1 for cells in rows.values() if cells), default=0)
    return [[rows[number].get(column, "") for column in range(width)] for number in sorted(rows)]

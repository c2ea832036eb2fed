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


def table_of(rows: dict[int, Row], merged: Iterable[Merged], n_heads: int = 0, first: int = 0) -> list[list[str]]:
    """Return a table's rows with merged cells filled and one head; titles over the whole table come first, a cell each.

    Args:
        rows: by number; changed.
        merged: which cells cover others.
        n_heads: how many rows the head has, titles included, if the file says so.
        first: the column that is written first.
    """
    areas = list(merged)
    fill(rows, areas)
    titles = _taken_titles(rows, areas)
    join_heads(rows, areas, max(n_heads - len(titles), 1) if n_heads else 0)
    return [[title] for title in titles] + [line[first:] for line in grid(rows)]


def _taken_titles(rows: dict[int, Row], merged: list[Merged]) -> list[str]:
    """Take away the rows above a table's head that are one cell over its whole width, and return their texts."""
    texts = {number: {column for column, text in cells.items() if text.strip()} for number, cells in rows.items()}
    columns = set().union(*texts.values())
    across = {(area.row, area.column): range(area.column, area.column + area.across) for area in merged}
    found: list[int] = []
    for number in sorted(number for number in rows if texts[number]):
        column = min(texts[number])
        if len(texts[number]) > 1 or len(columns) < 2 or not columns <= set(across.get((number, column), ())):  # noqa: PLR2004
            break
        found.append(number)
    if len(found) + 2 > sum(map(bool, texts.values())):  # a head and a row are below
        return []
    return [text for number in found for text in rows.pop(number).values() if text.strip()]


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
    below = [second.get(column, "") for column in sorted(parted)]
    numeric = [not _is_name(third[column]) for column in parted if third.get(column, "").strip()]
    if any(first.get(column, "").strip() and second.get(column, "").strip() for column in rest):
        return bool(numeric) and all(numeric) and len(set(below)) == len(below)
    return bool(going_down) or any(numeric) or len(set(below)) < len(below)


def _is_name(text: str) -> bool:
    """Return whether a text may name a column: words, or a year."""
    return bool(_YEAR.fullmatch(text.strip())) or sum(map(str.isalpha, text)) > sum(map(str.isdigit, text))


def grid(rows: Mapping[int, Row]) -> list[list[str]]:
    """Return rows as lists, in order, from column 0."""
    width = max((max(cells) + 1 for cells in rows.values() if cells), default=0)
    return [[rows[number].get(column, "") for column in range(width)] for number in sorted(rows)]

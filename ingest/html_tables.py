"""The tables of a web page: those of data, and not those that only lay it out.

Comes in: a table of the tree. Goes out: the text of its cells, a merged one's in each row and column that it covers.
"""

from __future__ import annotations

from .html_tree import Node, children, number_of, text_of
from .merged import Merged, Row, fill, grid


def data_rows(table: Node) -> list[list[str]] | None:
    """Return the cells of a table of data; None for one that only lays out a page."""
    if table.css_first("table table, td h1, td h2, td h3, td pre, td ul ul, td form") is not None:
        return None
    rows = table.css("tr")
    cells = [[cell for cell in children(row) if cell.tag in {"td", "th"}] for row in rows]
    if max(map(len, cells), default=0) < 2:  # noqa: PLR2004 - one column is a layout
        return None
    return _spread(cells)


def _spread(lines: list[list[Node]]) -> list[list[str]]:
    """Return the text of each row's cells, those that span rows or columns in all that they cover."""
    rows: dict[int, Row] = {number: {} for number in range(len(lines))}
    merged: list[Merged] = []
    covered: set[tuple[int, int]] = set()
    for number, cells in enumerate(lines):
        column = 0
        for cell in cells:
            while (number, column) in covered:
                column += 1
            across, down = _span(cell, "colspan"), min(_span(cell, "rowspan"), len(lines) - number)
            rows[number][column] = text_of(cell)
            if across > 1 or down > 1:
                merged.append(Merged(number, column, across, down))
                covered |= {(number + y, column + x) for x in range(across) for y in range(1, down)}
            column += across
    fill(rows, merged)
    return grid(rows)


def _span(cell: Node, name: str) -> int:
    return min(max(number_of(cell, name, 1), 1), 100)

"""What wide gaps in a page's lines mean: two columns read straight across, or the rows of a table.

Comes in: the lines of a page, cut at their wide gaps. Goes out: the same lines, left column first; or marked as rows.
Never: a table torn apart, or prose made a table: columns are running text on both sides of a straight gutter, tables
have the same number of aligned cells in several rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from .content import Line

_FEWEST_ROWS, _FEWEST_LETTERS = 8, 18
_FEWEST_TABLE_ROWS, _ROW_GAP = 3, 2.5
_WORD = re.compile(r"[^\W_]{2,}|\d")


def unmix_columns(rows: Sequence[Sequence[Line]]) -> list[Line] | None:
    """Return the lines of a page in reading order; None if they are not two columns read across.

    Args:
        rows: each PDFium line, cut into pieces at wide gaps; one piece if it has none.
    """
    pairs = [row for row in rows if len(row) == 2]  # noqa: PLR2004  a left and a right one
    if len(pairs) < _FEWEST_ROWS or len(pairs) < 0.4 * len(rows):
        return None
    left_end = sorted(row[0].right for row in pairs)[int(len(pairs) * 0.9)]
    right_start = sorted(row[1].left for row in pairs)[int(len(pairs) * 0.1)]
    letters = min(median(len(row[side].text) for row in pairs) for side in (0, 1))
    if left_end >= right_start or letters < _FEWEST_LETTERS or not _both_filled(pairs):
        return None
    return _column_by_column(rows, (left_end + right_start) / 2)


def _both_filled(pairs: Sequence[Sequence[Line]]) -> bool:
    """Return whether most lines on both sides fill their column, as running text does and table cells do not."""
    for side in (0, 1):
        widths = [row[side].right - row[side].left for row in pairs]
        widest = sorted(widths)[int(len(widths) * 0.9)]
        if sum(width > 0.8 * widest for width in widths) < 0.6 * len(widths):
            return False
    return True


def _column_by_column(rows: Sequence[Sequence[Line]], gutter: float) -> list[Line]:
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for row in rows:
        if any(piece.left < gutter < piece.right for piece in row):
            ordered += left + right + list(row)
            left, right = [], []
            continue
        for piece in row:
            (left if piece.right <= gutter else right).append(piece)
    return ordered + left + right


def with_table_rows(rows: Sequence[Sequence[Line]], lines: Sequence[Line]) -> list[Line]:
    """Return the lines: those in tables with their cells, others with wide gaps with themselves as one cell.

    Args:
        rows: the lines cut into pieces; as many as ``lines``, in the same order.
        lines: the whole lines.
    """
    marked = list(lines)
    first = 0
    for end in range(1, len(rows) + 1):
        if end < len(rows) and _goes_on(rows[first:end], rows[end]):
            continue
        is_table = _is_table(rows[first:end])
        for index in range(first, end):
            if is_table or len(rows[index]) > 1:
                cells = tuple(piece.text for piece in rows[index]) if is_table else (lines[index].text,)
                marked[index] = lines[index]._replace(cells=cells)
        first = end
    return marked


def goes_on(table: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether rows at the top of a page continue the previous page's last table: numbers are below numbers."""
    if len(table) < 2 or not rows or len(rows[0]) != len(table[0]) or rows[0] == table[0]:  # noqa: PLR2004  head and a row
        return False
    head, last, first = (list(map(_is_number, row)) for row in (table[0], table[-1], rows[0]))
    return first == last and head != last


def _is_number(cell: str) -> bool:
    return sum(map(str.isdigit, cell)) > sum(map(str.isalpha, cell))


def _is_table(rows: Sequence[Sequence[Line]]) -> bool:
    """Return whether aligned rows are a table: several, and no column of nothing but bullets."""
    if len(rows) < _FEWEST_TABLE_ROWS or len(rows[0]) < 2:  # noqa: PLR2004  one cell is a line
        return False
    return all(any(_WORD.search(row[column].text) for row in rows) for column in range(len(rows[0])))


def _goes_on(table: Sequence[Sequence[Line]], row: Sequence[Line]) -> bool:
    """Return whether a row matches the rows above: as many cells, below theirs, with no column overlapping another."""
    above = table[-1]
    drop = above[0].bottom - row[0].bottom
    if len(row) != len(above) or not 0 < drop < _ROW_GAP * row[0].height:
        return False
    together = [*table, row]
    return all(
        max(other[column].right for other in together) < min(other[column + 1].left for other in together)
        for column in range(len(row) - 1)
    )

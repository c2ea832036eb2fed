"""What wide gaps in a page's lines mean: two columns read straight across, or the rows of a table.

Comes in: the lines of a page, cut at their wide gaps. Goes out: the same lines, left column first; or marked as rows.
Never: a table torn apart, or prose made a table: columns are running text on both sides of a straight gutter, tables
have the same number of aligned cells in several rows.
"""

from __future__ import annotations

import operator
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from statistics import median

from .content import Line

_NOTE = 0.9
"""How small the letters of a note are, beside those of the text."""
_FEWEST_ROWS, _FEWEST_LETTERS = 8, 18
_FEWEST_TABLE_ROWS, _ROW_GAP = 3, 2.5
_FEWEST_WITH_GAPS, _MOST_WITH_GAPS = 3, 3
"""Columns of a table whose rows may lack cells, or be one; such rows above its first whole one."""
_HEAD = re.compile(r"\D*|\D{1,3}\d{1,2}|(?:19|20)\d\d")
"""What may name a column: words, ``Q1``, a year."""
_WORD = re.compile(r"[^\W_]{2,}|\d")


def unmix_columns(rows: Sequence[Sequence[Line]], *, has_sizes: bool = True) -> list[Line] | None:
    """Return the lines of a page in reading order; None if they are not two columns read across.

    Args:
        rows: each PDFium line, cut into pieces at wide gaps; one piece if it has none.
        has_sizes: whether lines are as high as their font; in a picture, they are as high as their ink.
    """
    pairs = [row for row in rows if len(row) == 2]  # noqa: PLR2004  a left and a right one
    if len(pairs) < _FEWEST_ROWS or len(pairs) < 0.4 * len(rows):
        return None
    left_end = sorted(row[0].right for row in pairs)[int(len(pairs) * 0.9)]
    right_start = sorted(row[1].left for row in pairs)[int(len(pairs) * 0.1)]
    letters = min(median(len(row[side].text) for row in pairs) for side in (0, 1))
    if left_end >= right_start or letters < _FEWEST_LETTERS or not _both_filled(pairs):
        return None
    return _column_by_column(rows, (left_end + right_start) / 2, _notes_last if has_sizes else operator.add)


def _both_filled(pairs: Sequence[Sequence[Line]]) -> bool:
    """Return whether most lines on both sides fill their column, as running text does and table cells do not."""
    for side in (0, 1):
        widths = [row[side].right - row[side].left for row in pairs]
        widest = sorted(widths)[int(len(widths) * 0.9)]
        if sum(width > 0.8 * widest for width in widths) < 0.6 * len(widths):
            return False
    return True


def _column_by_column(
    rows: Sequence[Sequence[Line]], gutter: float, joined: Callable[[list[Line], list[Line]], list[Line]]
) -> list[Line]:
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for row in rows:
        if any(piece.left < gutter < piece.right for piece in row):
            ordered += [*joined(left, right), *row]
            left, right = [], []
            continue
        for piece in row:
            (left if piece.right <= gutter else right).append(piece)
    return [*ordered, *joined(left, right)]


def _notes_last(left: list[Line], right: list[Line]) -> list[Line]:
    """Return the left column, then the right one; notes below the left one, in smaller letters, come behind both."""
    body = median(line.height for line in (*left, *right)) if left or right else 0.0
    n_notes = next((at for at, line in enumerate(reversed(left)) if line.height > _NOTE * body), len(left))
    if n_notes == len(left) or not right:
        return left + right
    end = len(left) - n_notes
    return left[:end] + right + left[end:]


def with_table_rows(rows: Sequence[Sequence[Line]], lines: Sequence[Line]) -> list[Line]:
    """Return the lines: those in tables with their cells, others with wide gaps with themselves as one cell.

    Args:
        rows: the lines cut into pieces; as many as ``lines``, in the same order.
        lines: the whole lines.
    """
    marked = [
        line._replace(cells=(line.text,)) if len(row) > 1 else line for line, row in zip(lines, rows, strict=True)
    ]
    first = 0
    while first < len(rows):
        end = first + 1
        while end < len(rows) and _goes_on(rows[first:end], rows[end]):
            end += 1
        table = list(rows[first:end])
        if _is_table(table):
            above = _with_gaps(table, rows[:first])
            cells = [*above, *(tuple(piece.text for piece in row) for row in table)]
            for row in _with_remarks(table, rows[end:]):
                cells.append(
                    tuple(piece.text for piece in row) if len(row) > 1 else (row[0].text, *[""] * (len(table[0]) - 1))
                )
                end += 1
            for index, texts in enumerate(cells, start=first - len(above)):
                marked[index] = lines[index]._replace(cells=texts)
        first = end
    return marked


def _with_remarks(table: list[Sequence[Line]], below: Sequence[Sequence[Line]]) -> Iterator[Sequence[Line]]:
    """Yield the rows by which a table goes on behind lines of one cell each, such as remarks on the row above, with these."""
    at = 0
    while at < len(below):
        if _goes_on(table, below[at]):
            step = 1
        elif at + 1 < len(below) and _is_remark(table, below[at]) and _is_like(table, below[at + 1]):
            step = 2
        else:
            return
        yield from below[at : at + step]
        table.append(below[at + step - 1])
        at += step


def _is_remark(table: Sequence[Sequence[Line]], row: Sequence[Line]) -> bool:
    """Return whether a row is one cell right below a table, within its sides."""
    drop = table[-1][0].bottom - row[0].bottom
    left, right = min(cells[0].left for cells in table), max(cells[-1].right for cells in table)
    inside = left - row[0].height < row[0].left and row[0].right < right + row[0].height
    is_larger = row[0].height > 1.1 * table[-1][0].height
    return len(row) == 1 and inside and not is_larger and 0 < drop < _ROW_GAP * row[0].height


def _is_like(table: Sequence[Sequence[Line]], row: Sequence[Line]) -> bool:
    """Return whether a row some way below a table has its columns, numbers where the last row has some."""
    last, own = ([_is_number(piece.text) for piece in each] for each in (table[-1], row))
    return any(own) and own == last and _goes_on(table, row, gaps=2)


def _with_gaps(table: Sequence[Sequence[Line]], above: Sequence[Sequence[Line]]) -> list[tuple[str, ...]]:
    """Return the rows right above a table without a head that lack some of its cells, from the head on; mostly none.

    Each of their pieces is in the place of one column; the head is the topmost of words.
    """
    found: list[tuple[str, ...]] = []
    if len(table[0]) < _FEWEST_WITH_GAPS or not any(_is_number(piece.text) for piece in table[0]):
        return []
    ends = [
        (max(row[at].right for row in table) + min(row[at + 1].left for row in table)) / 2
        for at in range(len(table[0]) - 1)
    ]
    below = table[0]
    for row in above[: -_MOST_WITH_GAPS - 1 : -1]:
        places = [bisect_left(ends, piece.left) for piece in row]
        inside = all(bisect_left(ends, piece.right) == place for piece, place in zip(row, places, strict=True))
        drop = row[0].bottom - below[0].bottom
        if len(row) < 2 or not inside or len(set(places)) < len(row) or not 0 < drop < _ROW_GAP * row[0].height:  # noqa: PLR2004
            break
        by_place = dict(zip(places, (piece.text for piece in row), strict=True))
        found.insert(0, tuple(by_place.get(at, "") for at in range(len(table[0]))))
        below = row
    heads = (at for at, row in enumerate(found) if all(_HEAD.fullmatch(cell) for cell in row))
    return found[next(heads, len(found)) :]


def goes_on(table: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether rows at the top of a page continue the previous page's last table: numbers are below numbers."""
    if len(table) < 2 or not rows or len(rows[0]) != len(table[0]) or rows[0] == table[0]:  # noqa: PLR2004  head and a row
        return False
    head, last, first = (list(map(_is_number, row)) for row in (table[0], table[-1], rows[0]))
    return first == last and head != last


def _is_number(cell: str) -> bool:
    return sum(map(str.isdigit, cell)) > sum(map(str.isalpha, cell))


def _is_table(rows: Sequence[Sequence[Line]]) -> bool:
    """Return whether aligned rows are a table: several, or a head over one with numbers; no column of nothing but bullets."""
    if len(rows) < _FEWEST_TABLE_ROWS and not _is_head_and_row(rows):
        return False
    if len(rows[0]) < 2:  # noqa: PLR2004  one cell is a line
        return False
    return all(any(_WORD.search(row[column].text) for row in rows) for column in range(len(rows[0])))


def _is_head_and_row(rows: Sequence[Sequence[Line]]) -> bool:
    """Return whether two rows are a table of one: a bill with one item."""
    if len(rows) != 2 or len(rows[0]) < _FEWEST_WITH_GAPS:  # noqa: PLR2004
        return False
    return (
        all(_HEAD.fullmatch(piece.text) for piece in rows[0]) and sum(_is_number(piece.text) for piece in rows[1]) > 1
    )


def _goes_on(table: Sequence[Sequence[Line]], row: Sequence[Line], gaps: int = 1) -> bool:
    """Return whether a row matches the rows above: as many cells, below theirs, with no column overlapping another."""
    above = table[-1]
    drop = above[0].bottom - row[0].bottom
    if len(row) != len(above) or not 0 < drop < gaps * _ROW_GAP * row[0].height:
        return False
    together = [*table, row]
    return all(
        max(other[column].right for other in together) < min(other[column + 1].left for other in together)
        for column in range(len(row) - 1)
    )

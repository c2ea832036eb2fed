"""Two columns whose lines were drawn across both, taken apart.

Comes in: the lines of a page, cut at their wide gaps. Goes out: the same lines, left column first. Never: a table torn
apart: both sides must be running text, filled to a straight gutter over most of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from .pdf_layout import Line

_FEWEST_ROWS, _FEWEST_LETTERS = 8, 18


def unmix_columns(rows: Sequence[Sequence[Line]]) -> list[Line] | None:
    """Return the lines of a page in reading order; None when they are not two columns drawn across.

    Args:
        rows: each line of PDFium's, cut into pieces where it has a wide gap; one piece when it has none.
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
    """Return whether most lines of both sides fill their column, as running text does and cells of a table do not."""
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

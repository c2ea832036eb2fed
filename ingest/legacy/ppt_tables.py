"""Tables on slides from before 2007: groups of shapes that are cells by where they stand ([MS-PPT] 2.7, [MS-ODRAW] 2.2)."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..merged import Merged, Row, table_of
from .records import records

SHAPE = 0xF004
_PROPERTIES = (0xF00B, 0xF121, 0xF122)
_SHAPE_ATOM, _ANCHOR, _TEXT_BOX = 0xF00A, 0xF00F, 0xF00D
_TABLE_PROPERTIES, _IS_TABLE = 0x039F, 1
_PROPERTY_ID, _PROPERTY_BYTES = 0x3FFF, 6
_RECTANGLE = 1
"""What cells are; the lines between them are other shapes."""
_MOST_CELLS = 20_000
"""PowerPoint allows 75 rows of 75."""


class _Cell(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int
    text: str


def rows_of(group: bytes, text_of: Callable[[bytes], str]) -> list[list[str]]:
    """Return the rows of a group of shapes that is a table, merged cells filled; none if it is no table, or beyond measure.

    Args:
        group: the content of the group's record.
        text_of: returns the text in a shape's text box.
    """
    shapes = [content for kind, _, content in records(group) if kind == SHAPE]
    if not shapes or not _is_table(shapes[0]):
        return []
    cells = [cell for shape in shapes[1:_MOST_CELLS] for cell in _cell(shape, text_of)]
    tops, lefts = sorted({cell.top for cell in cells}), sorted({cell.left for cell in cells})
    if len(tops) * len(lefts) > _MOST_CELLS:
        return []
    rows: dict[int, Row] = {at: {} for at in range(len(tops))}
    merged = []
    for cell in cells:
        row, column = bisect_left(tops, cell.top), bisect_left(lefts, cell.left)
        rows[row][column] = cell.text
        down, across = bisect_left(tops, cell.bottom) - row, bisect_left(lefts, cell.right) - column
        merged += [Merged(row, column, across, down)] if across > 1 or down > 1 else []
    return table_of(rows, merged)


def _is_table(shape: bytes) -> bool:
    """Return whether the properties of a group's first shape, which stands for the group, say that it is a table."""
    for kind, count, content in records(shape):
        if kind in _PROPERTIES:
            for at in range(0, min(count * _PROPERTY_BYTES, len(content) - _PROPERTY_BYTES + 1), _PROPERTY_BYTES):
                name, value = struct.unpack_from("<HI", content, at)
                if name & _PROPERTY_ID == _TABLE_PROPERTIES:
                    return bool(value & _IS_TABLE)
    return False


def _cell(shape: bytes, text_of: Callable[[bytes], str]) -> Iterator[_Cell]:
    parts = {kind: (instance, content) for kind, instance, content in records(shape)}
    form, _ = parts.get(_SHAPE_ATOM, (0, b""))
    _, anchor = parts.get(_ANCHOR, (0, b""))
    if form == _RECTANGLE and len(anchor) >= 16:  # noqa: PLR2004  four sides
        text = text_of(parts[_TEXT_BOX][1]) if _TEXT_BOX in parts else ""
        left, top, right, bottom = struct.unpack_from("<4i", anchor)
        yield _Cell(left, top, right, bottom, text)

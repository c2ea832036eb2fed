"""Old Excel workbooks (.xls) made record by record ([MS-XLS])."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from compound_file import compound


def record(kind: int, content: bytes) -> bytes:
    """Return a record."""
    return struct.pack("<HH", kind, len(content)) + content


def font(name: str, *, struck: bool = False, position: int = 0) -> bytes:
    """Return a font; the position is 1 for superscripts."""
    head = struct.pack("<HHHHHBBBB", 200, 8 * struck, 0x7FFF, 400, position, 0, 0, 0, 0)
    return record(0x31, head + bytes([len(name), 1]) + name.encode("utf-16-le"))


def text(value: str, *runs: tuple[int, int]) -> bytes:
    """Return a shared string; runs say where which font begins."""
    stored = struct.pack("<HB", len(value), 1 | 8 * bool(runs)) + (struct.pack("<H", len(runs)) if runs else b"")
    return stored + value.encode("utf-16-le") + b"".join(struct.pack("<HH", *run) for run in runs)


def label(row: int, column: int, string: int, form: int = 0) -> bytes:
    """Return a cell that shows a shared string."""
    return record(0xFD, struct.pack("<3HI", row, column, form, string))


def number(row: int, column: int, value: float, form: int = 0) -> bytes:
    """Return a cell of a number."""
    return record(0x203, struct.pack("<3Hd", row, column, form, value))


def hidden_row(row: int) -> bytes:
    """Return what hides a row."""
    return record(0x208, struct.pack("<6HI", row, 0, 9, 255, 0, 0, 0x20))


def hidden_column(column: int) -> bytes:
    """Return what hides a column."""
    return record(0x7D, struct.pack("<6H", column, column, 0, 0, 1, 0))


def old_excel(
    sheets: Sequence[tuple[str, int, bytes]],
    strings: Sequence[bytes] = (),
    fonts: Sequence[bytes] = (),
    forms: Sequence[tuple[int, str]] = ((0, "General"),),
) -> bytes:
    """Return a workbook.

    Args:
        sheets: each with its name, whether it is hidden (1), and its records.
        strings: what cells share.
        fonts: by number; one plain font if not given.
        forms: how cells are shown: the font's number and the number format.
    """
    begin = struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)
    made = record(0x809, begin) + record(0x42, struct.pack("<H", 1200)) + b"".join(fonts or [font("Arial")])
    for at, (_, code) in enumerate(forms):
        made += record(0x41E, struct.pack("<HHB", 164 + at, len(code), 1) + code.encode("utf-16-le"))
    for at, (of, _) in enumerate(forms):
        made += record(0xE0, struct.pack("<3H14x", of, 164 + at, 1))
    shared = record(0xFC, struct.pack("<II", len(strings), len(strings)) + b"".join(strings))
    bodies = [
        record(0x809, begin[:2] + b"\x10\0" + begin[4:]) + content + record(0x0A, b"") for _, _, content in sheets
    ]
    named = sum(4 + 8 + 2 * len(name) for name, _, _ in sheets)
    place = len(made) + named + len(shared) + 4
    for (name, hides, _), body in zip(sheets, bodies, strict=True):
        made += record(0x85, struct.pack("<IBBBB", place, hides, 0, len(name), 1) + name.encode("utf-16-le"))
        place += len(body)
    return compound({"Workbook": made + shared + record(0x0A, b"") + b"".join(bodies)})

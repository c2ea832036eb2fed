"""The pictures in a pre-2007 Excel workbook's stream, by the sheets that show them ([MS-XLS] 2.1.4).

The lengths that records state are not trusted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_BOF, _EOF, _CONTINUE, _SHEET, _GROUP, _DRAWING, _BITMAP = 0x809, 0x0A, 0x3C, 0x85, 0xEB, 0xEC, 0x7F
# Records of drawings ([MS-ODRAW] 2.2).
_STORE_ENTRY, _SHAPE, _SHAPE_FLAGS, _SHAPE_OPTIONS = 0xF007, 0xF004, 0xF00A, 0xF00B
_STORE_ENTRY_BYTES = 36
_IS_OBJECT, _PICTURE_OPTION = 0x10, 0x4104
_KINDS = {
    0xF01A: "emf", 0xF01B: "wmf", 0xF01C: "pict", 0xF01D: "jpg", 0xF01E: "png", 0xF01F: "dib", 0xF029: "tif", 0xF02A: "jpg",
}  # fmt: skip
_ID_BYTES = 16

Picture = tuple[str, bytes]
"""A name, of which only the suffix matters, and its content."""


def pictures_of_sheets(stream: bytes) -> list[list[Picture]]:
    """Return the pictures each worksheet shows, in sheet order."""
    sheets: list[int] = []
    group = bytearray()
    for kind, content in _records(stream, 0):
        if kind == _GROUP:
            group += content
        elif kind == _SHEET and content[5:6] == b"\0":  # a worksheet, not a chart or macro sheet
            sheets.append(int.from_bytes(content[:4], "little"))
    store = list(_store(bytes(group)))
    return [list(_shown(stream, start, store)) for start in sheets]


def _shown(stream: bytes, start: int, store: list[Picture]) -> Iterator[Picture]:
    drawing = bytearray()
    for kind, content in _records(stream, start):
        if kind == _DRAWING:
            drawing += content
        elif kind == _BITMAP:
            yield "picture.bmp", content
    for number in _numbers(bytes(drawing)):
        if 0 < number <= len(store):
            yield store[number - 1]


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of one substream's records, continued ones joined, without those of its charts."""
    depth, last, whole = 0, 0, bytearray()
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        content = stream[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == _CONTINUE:
            whole += content
            continue
        if depth == 1:
            yield last, bytes(whole)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        last, whole = kind, bytearray(content)


def _store(group: bytes) -> Iterator[Picture]:
    """Yield a workbook's pictures, in the order shapes number them from 1; an empty one for each missing."""
    for kind, _, entry in _drawn(group):
        if kind != _STORE_ENTRY:
            continue
        blips = _drawn(entry[_STORE_ENTRY_BYTES + int.from_bytes(entry[33:34], "little") :])
        yield next(
            (
                (f"picture.{_KINDS[blip]}", content[_ID_BYTES * (1 + (instance & 1)) + 1 :])
                for blip, instance, content in blips
                if blip in _KINDS
            ),
            ("picture", b""),
        )


def _numbers(drawing: bytes) -> Iterator[int]:
    """Yield the numbers of the pictures shapes show."""
    for kind, _, shape in _drawn(drawing, _SHAPE):
        if kind != _SHAPE:
            continue
        parts = {part: (instance, content) for part, instance, content in _drawn(shape)}
        _, flags = parts.get(_SHAPE_FLAGS, (0, b""))
        count, options = parts.get(_SHAPE_OPTIONS, (0, b""))
        if int.from_bytes(flags[4:8], "little") & _IS_OBJECT:
            continue
        for option, value in struct.iter_unpack("<HI", options[: min(count * 6, len(options) // 6 * 6)]):
            if option == _PICTURE_OPTION:
                yield value


def _drawn(data: bytes, whole: int = 0) -> Iterator[tuple[int, int, bytes]]:
    """Yield kind, instance and content of records; containers are opened unless of the kind wanted whole."""
    at = 0
    while at + 8 <= len(data):
        head, kind, size = struct.unpack_from("<HHI", data, at)
        at += 8
        if head & 15 == 15 and kind != whole:  # noqa: PLR2004  a container
            continue
        yield kind, head >> 4, data[at : at + size]
        at += size

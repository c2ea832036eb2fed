"""The text in the pictures of an .xls is read on the sheet that shows them. Drawings are made here, workbooks are real."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kb.ingest.images.ocr import OCR_HINT
from kb.ingest.office.xls import read_xls
from kb.ingest.office.xls_pictures import pictures_of_sheets

REAL = Path("data/files/unstructured/example-docs/tests-example.xls")


def record(kind: int, content: bytes = b"") -> bytes:
    """Return a record of a workbook, continued where it is long."""
    first, rest = content[:8224], content[8224:]
    return struct.pack("<HH", kind, len(first)) + first + (record(0x3C, rest) if rest else b"")


def drawn(kind: int, content: bytes, version: int = 0, instance: int = 0) -> bytes:
    """Return a record of a drawing; a container is of version 15."""
    return struct.pack("<HHI", version | instance << 4, kind, len(content)) + content


def stored(kind: int, instance: int, data: bytes) -> bytes:
    """Return a picture as a workbook stores it, with its ids and a tag in front, and a name of four bytes."""
    ids = bytes(16 * (1 + (instance & 1)) + 1)
    return drawn(0xF007, bytes(33) + b"\4" + bytes(2) + b"name" + drawn(kind, ids + data, instance=instance), 2)


def shown(number: int, flags: int = 0) -> bytes:
    """Return a shape that shows a picture by its number."""
    inside = drawn(0xF00A, bytes(4) + struct.pack("<I", flags), 2)
    inside += drawn(0xF00B, struct.pack("<HIHI", 0x7F, 1, 0x4104, number), 3, 2)
    return drawn(0xF002, drawn(0xF003, drawn(0xF004, inside, 15), 15), 15)


def stream(store: bytes, *sheets: bytes) -> bytes:
    """Return the records of a workbook: a chart sheet, and a sheet for each drawing; all charts show picture 1."""
    group = record(0xEB, drawn(0xF000, drawn(0xF001, store, 15), 15))
    bof, eof = record(0x809, bytes(16)), record(0x0A)
    bodies = [bof + record(0xEC, shown(1)) + eof]
    bodies += [bof + bof + record(0xEC, shown(1)) + eof + record(0xEC, sheet) + eof for sheet in sheets]
    places = [record(0x85, bytes(4) + b"\0" + bytes([0 if n else 2]) + b"\1\0s") for n in range(len(bodies))]
    at = len(bof + b"".join(places) + group + eof)
    for n, body in enumerate(bodies):
        places[n] = places[n][:4] + struct.pack("<I", at) + places[n][8:]
        at += len(body)
    return bof + b"".join(places) + group + eof + b"".join(bodies)


PNG, JPEG, EMF = b"\x89PNG" + bytes(20_000), b"\xff\xd8\xff", b"metafile"
STORE = stored(0xF01E, 0x6E0, PNG) + stored(0xF01D, 0x46B, JPEG) + stored(0xF01A, 0x3D4, EMF)


def test_each_sheet_shows_its_pictures() -> None:
    """By number; of charts and of embedded objects there are none; numbers without a picture show nothing."""
    found = pictures_of_sheets(stream(STORE, shown(2) + shown(1), shown(3) + shown(9) + shown(0) + shown(1, 0x10)))
    assert found == [[("picture.jpg", JPEG), ("picture.png", PNG)], [("picture.emf", EMF)]]


@given(st.data())
def test_any_damage_is_survived(data: st.DataObject) -> None:
    """Bytes cut off or changed give fewer pictures, or others, and no exception."""
    whole = bytearray(stream(STORE, shown(2), shown(3)))
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=9)):
        whole[at] = data.draw(st.integers(0, 255))
    pictures_of_sheets(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


def test_a_real_workbook_says_which_pictures_wait(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second sheet shows one, and the third the same."""
    monkeypatch.setenv("KB_OCR", "off")
    data = (shared.parent / REAL).read_bytes()
    assert read_xls(data, REAL.name).notes == (f"1 picture(s) were not read, the first on page 2. {OCR_HINT}",)

"""Binary Excel workbooks: cells of every kind, their formats, what is hidden or struck out. The file is made here."""

from __future__ import annotations

import io
import struct
import zipfile

from kb.ingest.run.read import read_bytes


def record(kind: int, content: bytes = b"") -> bytes:
    """Return a record: kind and size in seven bits a byte."""

    def varied(number: int) -> bytes:
        return bytes([number & 0x7F | 0x80, number >> 7]) if number > 127 else bytes([number])

    return varied(kind) + varied(len(content)) + content


def wide(text: str) -> bytes:
    """Return a string with its length."""
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def cell(kind: int, column: int, value: bytes, look: int = 0) -> bytes:
    """Return a cell."""
    return record(kind, struct.pack("<II", column, look) + value)


def row(number: int, *cells: bytes, flags: int = 0) -> bytes:
    """Return a row of cells."""
    return record(0, struct.pack("<IIHBB", number, 0, 300, 0, flags)) + b"".join(cells)


def workbook() -> bytes:
    """Return a workbook of two sheets, the second hidden."""

    def sheet(state: int, relation: str, name: str) -> bytes:
        return record(156, struct.pack("<II", state, 1) + wide(relation) + wide(name))

    first = (
        record(60, struct.pack("<4IH", 3, 3, 0, 0, 1))
        + row(0, *(cell(7, at, struct.pack("<I", at)) for at in range(4)))
        + row(
            1,
            cell(6, 0, wide("北")),
            cell(5, 1, struct.pack("<d", 0.0125), 1),
            cell(2, 2, struct.pack("<i", 126 << 2 | 3)),
            cell(4, 3, b"\1"),
        )
        + row(
            2,
            cell(8, 0, wide("South")),
            cell(9, 1, struct.pack("<d", 0.5), 2),
            cell(3, 2, b"\x07"),
            cell(6, 3, wide("x")),
        )
        + row(3, cell(6, 0, wide("Gone")), cell(6, 1, wide("y")), flags=0x10)
    )
    styles = record(44, struct.pack("<H", 170) + wide("0.0%")) + record(43, b"\0\0\0\0") + record(43, b"\0\0\x08\0")
    styles += (
        record(617)
        + b"".join(record(47, struct.pack("<HHH", 0, *each)) for each in ((0, 0), (170, 0), (9, 1)))
        + record(618)
    )
    relations = "<Relationships>{}</Relationships>".format(
        "".join(
            f"<Relationship Id='{of}' Type='x/{kind}' Target='{target}.bin'/>"
            for of, kind, target in (
                ("a", "worksheet", "1"),
                ("b", "worksheet", "2"),
                ("c", "sharedStrings", "s"),
                ("d", "styles", "t"),
            )
        )
    )
    parts = {
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.bin": sheet(0, "a", "Sites") + sheet(1, "b", "Old"),
        "xl/_rels/workbook.bin.rels": relations.encode(),
        "xl/1.bin": first,
        "xl/2.bin": row(0, cell(6, 0, wide("Past"))),
        "xl/s.bin": b"".join(record(19, b"\0" + wide(text)) for text in ("Site", "Rate", "Fee", "Key")),
        "xl/t.bin": styles,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_a_binary_workbook_is_read() -> None:
    """Texts, shared ones, numbers in their formats, truth values, errors and formulas; hidden and struck ones are marked."""
    assert read_bytes(workbook(), "a.xlsb").text == (
        "# Sites\n\n| Site | Rate | Fee | ~~Key~~ |\n| --- | --- | --- | --- |\n| 北 | 1.3% | 1.26 | ~~TRUE~~ |\n"
        "| South | ~~50%~~ | #DIV/0! | ~~x~~ |\n| ~~Gone~~ | ~~y~~ |  |  |\n\n# Old (hidden)\n\n~~Past~~"
    )

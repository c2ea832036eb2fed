"""Every passage of a table names its columns, and the title above it, in every format. The files are made here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx
import pytest
from fpdf import FPDF
from kb.ingest.document import Chunk
from kb.ingest.run.read import read_bytes
from kb.ingest.text.split import Splitting, count_words, split
from old_word import old_word, paragraph

TITLE = "Tariff of May"
ROWS = [("Code", "Parcel", "Price"), *((f"T{n}", f"Box of {n} kilos", f"{n}.50") for n in range(200, 240))]
HEAD = "| Code | Parcel | Price |"


def package(parts: dict[str, str]) -> bytes:
    """Return a zip of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def html() -> bytes:
    """A page with a caption."""
    rows = "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) for row in ROWS)
    return f"<h1>Parcels</h1><table><caption>{TITLE}</caption>{rows}</table>".encode()


def mail() -> bytes:
    """The page as a message."""
    return b"From: a@b.c\nSubject: Parcels\nContent-Type: text/html\n\n" + html()


def book() -> bytes:
    """The page as a chapter."""
    return package({
        "META-INF/container.xml": "<container><rootfiles><rootfile full-path='b.opf'/></rootfiles></container>",
        "b.opf": "<package><manifest><item id='a' href='a.xhtml' media-type='application/xhtml+xml'/></manifest>"
        "<spine><itemref idref='a'/></spine></package>",
        "a.xhtml": f"<html><body>{html().decode()}</body></html>",
    })  # fmt: skip


def markdown() -> bytes:
    """A table with a line above it."""
    first, *rest = (f"| {' | '.join(row)} |\n" for row in ROWS)
    return f"# Parcels\n\n{TITLE}\n\n{first}|---|---|---|\n{''.join(rest)}".encode()


def csv() -> bytes:
    """Rows below a title row."""
    return (f"{TITLE},,\n" + "".join(",".join(row) + "\n" for row in ROWS)).encode()


def word() -> bytes:
    """A table below a caption."""
    document = docx.Document()
    document.add_heading("Parcels")
    document.add_paragraph(TITLE, style="Caption")
    table = document.add_table(len(ROWS), 3)
    for cells, row in zip(table.rows, ROWS, strict=True):
        for cell, text in zip(cells.cells, row, strict=True):
            cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def old() -> bytes:
    """The same in Word 97."""
    cell, end = paragraph(0, (0x2416, 1)), paragraph(0, (0x2416, 1), (0x2417, 1))
    parts = [("Parcels\r", paragraph(1)), (f"{TITLE}\r", paragraph(0))]
    for row in ROWS:
        parts += [*((f"{text}\x07", cell) for text in row), ("\x07", end)]
    return old_word(parts)


def rtf() -> bytes:
    """The same in RTF."""
    rows = "".join(r"\trowd\pard\intbl " + "".join(rf"{cell}\cell " for cell in row) + r"\row" for row in ROWS)
    return (rf"{{\rtf1 {TITLE}\par{rows}\pard end\par}}").encode()


def opendocument(kind: str) -> bytes:
    """Text, or a sheet with a title row."""
    spaces = " ".join(f'xmlns:{name}="urn:{name}"' for name in ("office", "text", "table"))
    rows = [[f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row] for row in ROWS]
    title = f"<text:p>{TITLE}</text:p>"
    if kind == "spreadsheet":
        rows.insert(0, [f"<table:table-cell>{title}</table:table-cell>"])
    table = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)
    body = f"{title if kind == 'text' else ''}<table:table table:name='Parcels'>{table}</table:table>"
    return package({
        "content.xml": f"<office:document-content {spaces}><office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>"
    })  # fmt: skip


def workbook() -> bytes:
    """A sheet with a title row."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cell = "<c t='inlineStr'><is><t>{}</t></is></c>".format
    cells = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in [(TITLE,), *ROWS])
    known = "<Relationship Id='r0' Type='x/worksheet' Target='0.xml'/>"
    return package({
        "xl/workbook.xml": f"<workbook {main} xmlns:r='r'><sheets><sheet name='Parcels' r:id='r0'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships>{known}</Relationships>",
        "xl/0.xml": f"<worksheet {main}><sheetData>{cells}</sheetData></worksheet>",
    })  # fmt: skip


def slides() -> bytes:
    """A slide."""
    spaces = 'xmlns:p="p" xmlns:a="a" xmlns:r="r/"'
    cell = "<a:tc><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>".format
    table = "".join(f"<a:tr>{''.join(map(cell, row))}</a:tr>" for row in ROWS)
    shapes = (
        f"<p:graphicFrame><a:graphic><a:graphicData><a:tbl>{table}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )
    known = "<Relationship Id='r1' Type='x/slide' Target='1.xml'/>"
    return package({
        "ppt/presentation.xml": f"<p:presentation {spaces}><p:sldIdLst><p:sldId r:id='r1'/></p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": f"<Relationships>{known}</Relationships>",
        "ppt/1.xml": f"<p:sld {spaces}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>",
    })  # fmt: skip


def printed() -> bytes:
    """A table that goes on on the next page."""
    document = FPDF()
    document.set_font("Times", size=11)
    for first, last in ((0, 25), (25, len(ROWS))):
        document.add_page()
        for at, row in enumerate(ROWS[first:last]):
            for x, cell in zip((20, 60, 140), row, strict=True):
                document.text(x, 30 + 8 * at, cell)
    return bytes(document.output())


FILES: dict[str, tuple[str, Callable[[], bytes], bool]] = {
    "html": ("a.html", html, True),
    "mail": ("a.eml", mail, True),
    "epub": ("a.epub", book, True),
    "markdown": ("a.md", markdown, True),
    "csv": ("a.csv", csv, True),
    "docx": ("a.docx", word, True),
    "doc": ("a.doc", old, True),
    "rtf": ("a.rtf", rtf, True),
    "odt": ("a.odt", lambda: opendocument("text"), True),
    "ods": ("a.ods", lambda: opendocument("spreadsheet"), True),
    "xlsx": ("a.xlsx", workbook, True),
    "pptx": ("a.pptx", slides, False),
    "pdf": ("a.pdf", printed, False),
}


@pytest.mark.parametrize("case", FILES)
def test_every_passage_of_a_table_names_its_columns(case: str) -> None:
    """Whatever the format: a passage of rows has the head in it, or beside it together with the title above the table."""
    name, made, has_title = FILES[case]
    chunks = [
        chunk for chunk in split(read_bytes(made(), name), Splitting(60, 90, 10), count_words) if "| T2" in chunk.text
    ]
    assert len(chunks) > 1
    assert all(HEAD in _shown(chunk) for chunk in chunks)
    assert all(TITLE in _shown(chunk) for chunk in chunks) or not has_title


def _shown(chunk: Chunk) -> str:
    return "\n".join((*chunk.headings, chunk.text))

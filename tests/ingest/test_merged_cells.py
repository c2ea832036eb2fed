"""Merged cells, in every format that has them: each row says what stands over it and beside it. The files are made here."""

# ruff: noqa: E501  the XML of a small file is easier to check when an element stays on a line

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from kb.ingest.merged import Merged, fill, grid
from kb.ingest.office.docx import read_docx
from kb.ingest.office.odf import read_ods, read_odt
from kb.ingest.office.pptx import read_pptx
from kb.ingest.office.xlsx import read_xlsx
from kb.ingest.readers.rtf import read_rtf
from kb.ingest.readers.web import read_html

MAIN = "http://schemas.openxmlformats.org/"
EXPECTED = """\
| Site | Flow | Flow |
| --- | --- | --- |
| North | 4 | 5 |
| North | 7 | 8 |"""


def package(parts: dict[str, str]) -> bytes:
    """Return a zip with parts by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def relations(**targets: str) -> str:
    """Return a relations part; keys are ``id_type``."""
    entries = ((key.split("_"), target) for key, target in targets.items())
    inner = "".join(f'<Relationship Id="{of}" Type="x/{kind}" Target="{target}"/>' for (of, kind), target in entries)
    return f"<Relationships>{inner}</Relationships>"


def word_table() -> str:
    document = docx.Document()
    table = document.add_table(3, 3)
    for cell, text in zip((c for row in table.rows for c in row.cells), "012345678", strict=True):
        cell.text = text
    table.cell(0, 0).text = "Site"
    table.cell(1, 0).merge(table.cell(2, 0)).text = "North"
    table.cell(0, 1).merge(table.cell(0, 2)).text = "Flow"
    out = io.BytesIO()
    document.save(out)
    return read_docx(out.getvalue(), "a.docx").text


def slide_table() -> str:
    def cell(text: str, more: str = "") -> str:
        return f"<a:tc {more}><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"

    rows = (
        cell("Site") + cell("Flow", "gridSpan='2'") + cell("", "hMerge='1'"),
        cell("North", "rowSpan='2'") + cell("4") + cell("5"),
        cell("", "vMerge='1'") + cell("7") + cell("8"),
    )
    names = f'xmlns:a="{MAIN}drawingml/2006/main" xmlns:p="{MAIN}presentationml/2006/main"'
    table = f"<p:graphicFrame><a:tbl>{''.join(f'<a:tr>{row}</a:tr>' for row in rows)}</a:tbl></p:graphicFrame>"
    data = package(
        {
            "ppt/presentation.xml": f"<p:presentation {names} xmlns:r='r'><p:sldIdLst><p:sldId r:id='a'/></p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": relations(a_slide="1.xml"),
            "ppt/1.xml": f"<p:sld {names}><p:cSld><p:spTree>{table}</p:spTree></p:cSld></p:sld>",
        }
    )
    return read_pptx(data, "a.pptx").text


def sheet(rows: dict[int, dict[str, str]], merged: str = "", name: str = "Stock") -> str:
    """Return what is read of a workbook with a sheet of these cells, and a second sheet that is empty."""
    shown = "".join(
        f"<row r='{number}'>"
        + "".join(f"<c r='{column}{number}' t='inlineStr'><is><t>{text}</t></is></c>" for column, text in cells.items())
        + "</row>"
        for number, cells in rows.items()
    )
    areas = "".join(f"<mergeCell ref='{area}'/>" for area in merged.split())
    names = f'xmlns="{MAIN}spreadsheetml/2006/main" xmlns:r="r"'
    data = package(
        {
            "xl/workbook.xml": f"<workbook {names}><sheets><sheet name='{name}' r:id='a'/><sheet name='Sheet2' r:id='b'/></sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relations(a_worksheet="1.xml", b_worksheet="2.xml"),
            "xl/1.xml": f"<worksheet {names}><sheetData>{shown}</sheetData><mergeCells>{areas}</mergeCells></worksheet>",
            "xl/2.xml": f"<worksheet {names}><sheetData/></worksheet>",
        }
    )
    return read_xlsx(data, "a.xlsx").text


def excel_table() -> str:
    rows = {
        3: {"B": "Site", "C": "Flow"},
        4: {"B": "North", "C": "4", "D": "5"},
        5: {"C": "7", "D": "8"},
    }
    return sheet(rows, "C3:D3 B4:B5").removeprefix("# Stock\n\n")


def open_document_table(kind: str) -> bytes:
    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"

    covered = "<table:covered-table-cell/>"
    rows = (
        cell("Site") + cell("Flow", "table:number-columns-spanned='2'") + covered,
        cell("North", "table:number-rows-spanned='2'") + cell("4") + cell("5"),
        covered + cell("7") + cell("8"),
    )
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    names = " ".join(f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{p}:1.0"' for p in ("office", "text", "table"))
    body = f"<office:{kind}><table:table table:name='Sheet1'>{table}</table:table></office:{kind}>"
    content = f"<office:document-content {names}><office:body>{body}</office:body></office:document-content>"
    return package({"content.xml": content})


def page_table() -> str:
    return read_html(
        b"<table><tr><th>Site<th colspan=2>Flow<tr><td rowspan=2>North<td>4<td>5<tr><td>7<td>8</table>", "a.html"
    ).text


@pytest.mark.parametrize(
    "read",
    [
        word_table,
        slide_table,
        excel_table,
        page_table,
        lambda: read_odt(open_document_table("text"), "a.odt").text,
        lambda: read_ods(open_document_table("spreadsheet"), "a.ods").text,
    ],
    ids=["docx", "pptx", "xlsx", "html", "odt", "ods"],
)
def test_a_merged_cell_stands_in_every_row_and_column_that_it_covers(read: Callable[[], str]) -> None:
    """A row that is found alone, in a chunk of its own, still says which site it is of."""
    assert read() == EXPECTED


def test_a_row_that_starts_late_keeps_its_columns() -> None:
    """Word leaves out the cells before; what follows stands under its own heading nevertheless."""
    document = docx.Document()
    table = document.add_table(2, 2)
    for cell, text in zip((c for row in table.rows for c in row.cells), "ABCD", strict=True):
        cell.text = text
    row = table.rows[1]._tr
    row.remove(row.tc_lst[0])
    properties, before = OxmlElement("w:trPr"), OxmlElement("w:gridBefore")
    before.set(qn("w:val"), "1")
    properties.append(before)
    row.insert(0, properties)
    out = io.BytesIO()
    document.save(out)
    assert read_docx(out.getvalue(), "a.docx").text == "| A | B |\n| --- | --- |\n|  | D |"


def joined(text: str, across: int, rows: int = 3) -> Callable[[], str]:
    """Return a reader of a Word table: a text over some of the columns, a head, and a row."""

    def read() -> str:
        document = docx.Document()
        table = document.add_table(rows, 3)
        table.cell(0, 0).merge(table.cell(0, across - 1)).text = text
        for number, texts in enumerate(("Site Rooms Rate", "North 4 5")[: rows - 1], start=1):
            for cell, word in zip(table.rows[number].cells, texts.split(), strict=True):
                cell.text = word
        out = io.BytesIO()
        document.save(out)
        return read_docx(out.getvalue(), "a.docx").text

    return read


def row_over(names: str, kind: str, across: str) -> str:
    """Return the text of an OpenDocument or HTML table whose first row is one cell over all three columns."""
    if kind == "html":
        return read_html(
            b"<table><tr><th colspan=3>Stock of May<tr><th>Site<th>Rooms<th>Rate<tr><td>North<td>4<td>5</table>",
            "a.html",
        ).text
    cells = [names.split(), ["North", "4", "5"]]
    covered = "<table:covered-table-cell/>" * 2
    title = f"<table:table-cell {across}><text:p>Stock of May</text:p></table:table-cell>{covered}"
    rows = ["".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row) for row in cells]
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in (title, *rows))
    spaces = " ".join(f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{p}:1.0"' for p in ("office", "text", "table"))
    body = f"<office:text><table:table>{table}</table:table></office:text>"
    content = f"<office:document-content {spaces}><office:body>{body}</office:body></office:document-content>"
    return read_odt(package({"content.xml": content}), "a.odt").text


RTF = (
    rb"{\rtf1\trowd\cellx9\pard\intbl Stock of May\cell\row\trowd\cellx3\cellx6\cellx9\pard\intbl Site\cell Rooms\cell Rate\cell\row"
    rb"\pard\intbl North\cell 4\cell 5\cell\row}"
)
TITLED = "Stock of May\n\n| Site | Rooms | Rate |\n| --- | --- | --- |\n| North | 4 | 5 |"


@pytest.mark.parametrize(
    "read",
    [
        joined("Stock of May", 3),
        lambda: row_over("Site Rooms Rate", "odt", "table:number-columns-spanned='3'"),
        lambda: row_over("", "html", ""),
        lambda: read_rtf(RTF, "a.rtf").text,
    ],
    ids=["docx", "odt", "html", "rtf"],
)
def test_a_title_row_stands_above_its_table(read: Callable[[], str]) -> None:
    """One cell over the whole width is no head: the row below it is, and the title goes with every passage."""
    assert read() == TITLED


def test_a_row_over_some_columns_is_no_title() -> None:
    """Nor is one with a single row below it, whose head it may be."""
    assert joined("Stock of May", 2)().startswith("| Stock of May")
    assert joined("Stock of May", 3, rows=2)().startswith("| Stock of May |")


def test_a_head_of_two_rows_becomes_one() -> None:
    """Also where the lower row names its first column anew; a row of data below merged cells is none of the head."""

    def table(*rows: str) -> str:
        return read_html(b"<table>" + "".join(f"<tr>{row}" for row in rows).encode() + b"</table>", "a.html").text

    upper = "<td>Full rate<td colspan=2>Single"
    assert table(upper, "<td>Euro<td>1997<td>1998", "<td>15,000<td>23.0%<td>20.8%").startswith(
        "| Full rate Euro | Single 1997 | Single 1998 |\n"
    )
    assert table(upper, "<td>North<td>good<td>bad", "<td>South<td>fair<td>bad").startswith(
        "| Full rate | Single | Single |\n"
    )
    assert table(upper, "<td>All<td>n/a<td>n/a", "<td>North<td>5<td>6").startswith("| Full rate | Single | Single |\n")


def test_titles_and_remarks_are_not_repeated() -> None:
    """A cell over the whole table stands once; so does a text that is too long to name anything."""
    rows = {0: {0: "Title"}, 1: {0: "a", 1: "b", 2: "c"}, 2: {0: "x" * 300, 2: "d"}}
    fill(rows, [Merged(0, 0, across=3), Merged(2, 0, across=2)])
    assert grid(rows) == [["Title", "", ""], ["a", "b", "c"], ["x" * 300, "", "d"]]


def test_a_row_of_nothing_else_stays_empty() -> None:
    """A cell merged over rows without text of their own does not make rows."""
    rows = {0: {0: "North", 1: "4"}, 1: {}}
    fill(rows, [Merged(0, 0, down=1_000_000), Merged(5, 5, 2, 2)])
    assert grid(rows) == [["North", "4"], ["", ""]]


def test_tables_beside_each_other_are_two() -> None:
    """Two tables that begin in different rows with an empty column between are two tables, none of their rows torn."""
    rows = {
        1: {"A": "Site", "B": "Flow"},
        2: {"A": "North", "B": "4", "D": "Part", "E": "Price"},
        3: {"A": "South", "B": "5", "D": "Bolt", "E": "9"},
        4: {"D": "Nut", "E": "8"},
    }
    assert sheet(rows).split("\n\n") == [
        "# Stock",
        "| Site | Flow |\n| --- | --- |\n| North | 4 |\n| South | 5 |",
        "| Part | Price |\n| --- | --- |\n| Bolt | 9 |\n| Nut | 8 |",
    ]


def test_an_empty_column_does_not_tear_a_table() -> None:
    """Columns left empty for their looks part nothing: neither where all rows begin together, nor beside single cells."""
    together = {1: {"A": "Site", "B": "Town", "D": "Flow", "E": "Heat"}, 2: {"A": "N", "B": "Ulm", "D": "4", "E": "5"}}
    labels = {1: {"A": "Site"}, 2: {"A": "North", "C": "4"}, 3: {"A": "South", "C": "5"}}
    assert sheet(together).count("---") == len("ABDE")
    assert "| North | 4 |" in sheet(labels)


def test_sheet_names_that_a_program_made_up_stand_where_there_are_several() -> None:
    """In a workbook of two sheets "Sheet2" tells them apart; as the only one it says nothing."""
    assert sheet({1: {"A": "5"}}, name="Sheet1") == "# Sheet1\n\n5"
    assert read_ods(open_document_table("spreadsheet"), "a.ods").text == EXPECTED


def test_rows_of_one_cell_in_different_columns_are_lines() -> None:
    """A sheet without a row of several cells has no table, and is read."""
    xlsx = sheet({1: {"B": "one"}, 2: {"D": "two"}, 3: {"A": "three"}})
    empty = "<table:table-cell/>"
    rows = ((1, "one"), (3, "two"), (0, "three"))
    cells = "".join(
        f"<table:table-row>{empty * before}<table:table-cell><text:p>{text}</text:p></table:table-cell></table:table-row>"
        for before, text in rows
    )
    names = " ".join(f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{p}:1.0"' for p in ("office", "text", "table"))
    body = f"<office:spreadsheet><table:table table:name='Stock'>{cells}</table:table></office:spreadsheet>"
    content = f"<office:document-content {names}><office:body>{body}</office:body></office:document-content>"
    for text in (xlsx, read_ods(package({"content.xml": content}), "a.ods").text):
        assert text.removeprefix("# Stock\n\n") == "one\ntwo\nthree"

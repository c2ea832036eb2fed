"""The readers of office formats: what is kept, in which order, and what becomes of damage. The files are made here."""

# ruff: noqa: E501  the XML of a small file is easier to check when an element stays on a line

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from kb.ingest.errors import DamagedError, EmptyFileError, EncryptedError, ReadError, TooLargeError, UnsupportedError
from kb.ingest.images.image import read_image
from kb.ingest.images.ocr import ocr_installed
from kb.ingest.office.docx import read_docx
from kb.ingest.office.docx_numbers import read_lists
from kb.ingest.office.number_format import shown_number
from kb.ingest.office.odf import read_odp, read_ods, read_odt
from kb.ingest.office.pptx import read_pptx
from kb.ingest.office.xls import read_xls
from kb.ingest.office.xlsx import read_xlsx
from kb.ingest.package import parse_xml as parse_part
from kb.ingest.readers.epub import read_epub
from kb.ingest.readers.rtf import read_rtf
from kb.ingest.run.read import read_bytes
from places import SHARED

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def saved(document: docx.document.Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def package(**parts: str) -> bytes:
    """Return a zip with parts by name; ``__`` stands for ``/`` and ``_`` before the suffix for ``.``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def word(body: str, **parts: str) -> bytes:
    """Return the smallest Word document with a body."""
    return package(**{"word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>"}, **parts)


def test_parts_of_other_kinds_are_read_where_they_stand() -> None:
    """What a program pasted as a page of its own is text of the document, with its headings."""
    body = "<w:p><w:r><w:t>Before</w:t></w:r></w:p><w:altChunk xmlns:r='r' r:id='x'/><w:p><w:r><w:t>After</w:t></w:r></w:p>"
    parts = {
        "word/_rels/document.xml.rels": "<Relationships><Relationship Id='x' Type='t/aFChunk' Target='p.html'/></Relationships>",
        "word/p.html": "<html><body><h2>Scope</h2><p>Pasted.</p></body></html>",
    }
    reading = read_bytes(word(body, **parts), "a.docx")
    assert reading.text == "Before\n\n## Scope\n\nPasted.\n\nAfter"
    assert [heading.title for heading in reading.headings] == ["Scope"]


def test_headings_lists_and_tables_become_markdown() -> None:
    """Word's headings, lists and tables are Markdown's, in the order of the document."""
    document = docx.Document()
    document.add_heading("Handbook", 0)
    document.add_heading("Safety", 1)
    document.add_paragraph("Read this first.")
    document.add_paragraph("Helmet", style="List Bullet")
    document.add_paragraph("Gloves", style="List Bullet")
    document.add_paragraph("Press the button", style="List Number")
    table = document.add_table(2, 2)
    for cell, text in zip(
        (c for row in table.rows for c in row.cells), ("Part", "Number", "Bolt | M8", "12"), strict=True
    ):
        cell.text = text
    document.add_paragraph("反应堆停堆规程。")
    reading = read_docx(saved(document), "a.docx")
    assert reading.text == (
        "# Handbook\n\n# Safety\n\nRead this first.\n\n- Helmet\n- Gloves\n1. Press the button\n\n"
        "| Part | Number |\n| --- | --- |\n| Bolt \\| M8 | 12 |\n\n反应堆停堆规程。"
    )
    assert [(h.level, h.title) for h in reading.headings] == [(1, "Handbook"), (1, "Safety")]
    assert reading.pages == ()


def test_tracked_changes_read_as_accepted() -> None:
    """Inserted text is kept and deleted text is not."""
    body = (
        "<w:p><w:r><w:t xml:space='preserve'>The limit is </w:t></w:r><w:del><w:r><w:delText>three</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>four</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom></w:p>"
    )
    assert read_docx(word(body), "a.docx").text == "The limit is four"


def test_field_codes_are_not_text() -> None:
    """Of a field the result is read and the instruction is not; a hyperlink reads as its text."""
    body = (
        "<w:p><w:r><w:fldChar w:fldCharType='begin'/></w:r><w:r><w:instrText>PAGEREF _x</w:instrText></w:r>"
        "<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>page 7</w:t></w:r>"
        "<w:hyperlink><w:r><w:t xml:space='preserve'> of the guide</w:t></w:r></w:hyperlink></w:p>"
    )
    assert read_docx(word(body), "a.docx").text == "page 7 of the guide"


@pytest.mark.parametrize(
    ("style", "name"),
    [("1", "heading 1"), ("Heading1", "heading 1"), ("berschrift1", "Überschrift 1"), ("a1", "标题 1")],
)
def test_headings_are_known_in_every_language(style: str, name: str) -> None:
    """A style is a heading by its name, whatever the id that a localized Word gave it."""
    styles = (
        f"<w:styles {W}><w:style w:type='paragraph' w:styleId='{style}'><w:name w:val='{name}'/></w:style></w:styles>"
    )
    data = word(
        f"<w:p><w:pPr><w:pStyle w:val='{style}'/></w:pPr><w:r><w:t>Scope</w:t></w:r></w:p>",
        **{
            "word/styles.xml": styles,
            "word/_rels/document.xml.rels": '<Relationships><Relationship Id="r1" Type="x/styles" Target="styles.xml"/></Relationships>',
        },
    )
    assert read_docx(data, "a.docx").text == "# Scope"


def test_an_outline_level_makes_a_heading() -> None:
    """A paragraph with an outline level is a heading without any style."""
    body = "<w:p><w:pPr><w:outlineLvl w:val='1'/></w:pPr><w:r><w:t>Scope</w:t></w:r></w:p>"
    assert read_docx(word(body), "a.docx").text == "## Scope"


def test_numbers_are_counted_as_word_shows_them() -> None:
    """The markers of numbered paragraphs, which are not in the text, are counted: by level, restarting below."""
    levels = (("decimal", "%1."), ("decimal", "%1.%2"))
    root = parse_part(
        (
            f"<w:numbering {W}><w:abstractNum w:abstractNumId='0'>"
            + "".join(
                f"<w:lvl w:ilvl='{n}'><w:start w:val='1'/><w:numFmt w:val='{form}'/><w:lvlText w:val='{text}'/></w:lvl>"
                for n, (form, text) in enumerate(levels)
            )
            + "</w:abstractNum><w:abstractNum w:abstractNumId='1'><w:lvl w:ilvl='0'><w:numFmt w:val='chineseCounting'/>"
            "<w:lvlText w:val='第%1条'/></w:lvl></w:abstractNum><w:num w:numId='5'><w:abstractNumId w:val='0'/></w:num>"
            "<w:num w:numId='6'><w:abstractNumId w:val='1'/></w:num></w:numbering>"
        ).encode(),
        "numbering.xml",
    )
    numbering = read_lists(root)
    assert [numbering.marker("5", depth) for depth in (0, 1, 1, 0, 1)] == ["1.", "1.1", "1.2", "2.", "2.1"]
    assert [numbering.marker("6", 0) for _ in range(12)][9:] == ["第十条", "第十一条", "第十二条"]


def test_a_frame_around_text_is_not_a_table() -> None:
    """A table of one cell, which people draw as a frame, reads as what stands in it."""
    document = docx.Document()
    cell = document.add_table(1, 1).cell(0, 0)
    cell.text = "Warning"
    cell.add_paragraph("Hot surface", style="List Bullet")
    assert read_docx(saved(document), "a.docx").text == "Warning\n\n- Hot surface"


def test_text_boxes_are_read_once() -> None:
    """Text in a box is read where the box is anchored, once although the file holds it in two forms."""
    box = "<w:txbxContent><w:p><w:r><w:t>In the box</w:t></w:r></w:p></w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>Before</w:t></w:r><w:r><mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/"
        f"markup-compatibility/2006'><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
        "</w:r></w:p><w:p><w:r><w:t>After</w:t></w:r></w:p>"
    )
    assert read_docx(word(body), "a.docx").text == "Before\n\nIn the box\n\nAfter"


def test_notes_and_margins_stand_behind_the_body() -> None:
    """Footnotes are linked by their mark, and comments, headers and footers follow the body, each once."""
    document = docx.Document()
    run = document.add_paragraph("Body text").runs[0]
    document.sections[0].header.paragraphs[0].text = "North Plant, internal"
    document.add_comment(run, text="Please check", author="Lee", initials="L")
    text = read_docx(saved(document), "a.docx").text
    assert re.sub(r", \d{4}-\d\d-\d\d\)", ", DAY)", text) == (
        "Body text\n\nComment (Lee, DAY): Please check\n\nNorth Plant, internal"
    )
    note = (
        f"<w:footnotes {W}><w:footnote w:id='2'><w:p><w:r><w:t>See annex.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )
    rels = '<Relationships><Relationship Id="r1" Type="x/footnotes" Target="footnotes.xml"/></Relationships>'
    body = "<w:p><w:r><w:t>Limit</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r></w:p>"
    data = word(body, **{"word/footnotes.xml": note, "word/_rels/document.xml.rels": rels})
    assert read_docx(data, "a.docx").text == "Limit[^2]\n\n[^2]: See annex."


def test_code_paragraphs_become_a_block() -> None:
    """Neighbouring paragraphs in a style for code are one code block with its indents."""
    document = docx.Document()
    document.styles.add_style("Source Code", 1)
    for line in ("def f():", "    return 1"):
        document.add_paragraph(line, style="Source Code")
    assert read_docx(saved(document), "a.docx").text == "```\ndef f():\n    return 1\n```"


def test_formulas_keep_their_structure() -> None:
    """A fraction and a power are written so that their parts do not run together."""
    math = (
        f"<w:p {nsdecls('w')} xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'><m:oMath><m:f><m:num><m:r>"
        "<m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e>"
        "<m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></w:p>"
    )
    document = docx.Document()
    document.element.body.insert(0, parse_xml(math))
    assert read_docx(saved(document), "a.docx").text == "a/bx^2"


BOMB = "<w:p><w:r><w:t>" + "A" * 60_000_000 + "</w:t></w:r></w:p>"
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><w:document {}><w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body></w:document>'


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyFileError),
        (b"PK\x03\x04 cut off", DamagedError),
        (package(**{"readme.txt": "x"}), DamagedError),
        (word("")[:-40], DamagedError),
        (package(**{"word/document.xml": "<w:document"}), DamagedError),
        (word(BOMB), TooLargeError),
        (package(**{"word/document.xml": LAUGHS.format(W)}), DamagedError),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), EncryptedError),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"WordDocument", UnsupportedError),
    ],
    ids=["empty", "cut off", "no part", "half", "bad xml", "bomb", "entities", "encrypted", "old"],
)
def test_damage_has_a_kind_and_a_sentence(data: bytes, error: type[ReadError]) -> None:
    """Each kind of bad file raises its own error with a sentence."""
    with pytest.raises(error, match=r"^[A-Z].*\.$"):
        read_docx(data, "a.docx")


def test_an_external_file_is_never_read(tmp_path: Path) -> None:
    """A document cannot make the reader open another file."""
    secret = tmp_path / "secret.txt"
    secret.write_text("TOP SECRET", encoding="utf-8")
    part = f'<!DOCTYPE x [<!ENTITY s SYSTEM "{secret.as_uri()}">]><w:document {W}><w:body><w:p><w:r><w:t>&s;</w:t></w:r></w:p></w:body></w:document>'
    with pytest.raises(DamagedError, match="entities"):
        read_docx(package(**{"word/document.xml": part}), "a.docx")


S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def relations(**targets: str) -> str:
    """Return a relations part; keys are ``id_type``."""
    return (
        "<Relationships>"
        + "".join(
            f'<Relationship Id="{k.split("_")[0]}" Type="x/{k.split("_")[1]}" Target="{v}"/>'
            for k, v in targets.items()
        )
        + "</Relationships>"
    )


def workbook(rows: str, name: str = "Stock") -> bytes:
    """Return a workbook with a sheet of rows and an empty second one."""
    return package(
        **{
            "xl/workbook.xml": f"<workbook {S} {R}><sheets><sheet name='{name}' r:id='a'/><sheet name='Leer' r:id='b'/></sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relations(
                a_worksheet="worksheets/1.xml",
                b_worksheet="worksheets/2.xml",
                c_sharedStrings="s.xml",
                d_styles="t.xml",
            ),
            "xl/worksheets/1.xml": f"<worksheet {S}><sheetData>{rows}</sheetData></worksheet>",
            "xl/worksheets/2.xml": f"<worksheet {S}><sheetData/></worksheet>",
            "xl/s.xml": f"<sst {S}><si><t>Bolt</t></si><si><r><t>反应</t></r><r><t>堆</t></r><rPh><t>fan</t></rPh></si></sst>",
            "xl/t.xml": f"<styleSheet {S}><numFmts><numFmt numFmtId='170' formatCode='yyyy\\-mm\\-dd'/></numFmts>"
            "<cellXfs><xf numFmtId='0'/><xf numFmtId='170'/><xf numFmtId='10'/></cellXfs></styleSheet>",
        }
    )


def test_a_sheet_is_a_page_with_tables() -> None:
    """Cells show what was saved: shared strings, dates, percentages; a title row and a gap part the tables."""
    rows = (
        "<row r='1'><c r='B1' t='inlineStr'><is><t>Parts list</t></is></c></row>"
        "<row r='2'><c r='B2' t='s'><v>0</v></c><c r='C2' t='s'><v>1</v></c></row>"
        "<row r='3'><c r='B3' s='1'><v>45292</v></c><c r='C3' s='2'><v>0.125</v></c></row>"
        "<row r='9'><c r='A9'><v>7</v></c><c r='C9' t='b'><v>1</v></c></row>"
        "<row r='10'><c r='A10'><f>SUM(A1)</f></c></row>"
    )
    reading = read_xlsx(workbook(rows), "a.xlsx")
    assert reading.text == (
        "# Stock\n\nParts list\n\n| Bolt | 反应堆 |\n| --- | --- |\n| 2024-01-01 | 12.50% |\n\n"
        "| 7 | TRUE |\n| --- | --- |\n| =SUM(A1) |  |"
    )
    assert [(page.number, page.how, page.label) for page in reading.pages] == [
        (1, "text", "Stock"),
        (2, "empty", "Leer"),
    ]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (3.0, "General", "3"),
        (0.1 + 0.2, "General", "0.3"),
        (1234.5, "#,##0.00", "1,234.50"),
        (0.5, "0%", "50%"),
        (45292.75, "m/d/yyyy h:mm", "2024-01-01 18:00"),
        (0.25, "h:mm", "06:00"),
        (45292, '"Year" yyyy', "Year 2024"),
        (12, '0 "days"', "12 days"),
        (2.5, "0.##", "2.5"),
        (-1, "yyyy-mm-dd", "-1"),
    ],
)
def test_numbers_show_as_their_format_says(value: float, code: str, shown: str) -> None:
    """A number reads as in the sheet; dates read as ISO 8601 whatever the local form."""
    assert shown_number(value, code) == shown


def test_a_missing_sheet_does_not_hide_the_others() -> None:
    """A sheet that is missing from the file is failed in the ledger, the others are read."""
    parts = {
        "xl/workbook.xml": f"<workbook {S} {R}><sheets><sheet name='A' r:id='a'/><sheet name='B' r:id='b'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(a_worksheet="1.xml", b_worksheet="2.xml"),
        "xl/2.xml": f"<worksheet {S}><sheetData><row><c><v>5</v></c></row></sheetData></worksheet>",
    }
    reading = read_xlsx(package(**parts), "a.xlsx")
    assert [page.how for page in reading.pages] == ["failed", "text"]
    assert reading.text == "# B\n\n5"
    assert reading.notes


A = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)


def shape(kind: str, *lines: str) -> str:
    text = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in lines)
    holder = f"<p:nvPr><p:ph type='{kind}'/></p:nvPr>" if kind else ""
    return f"<p:sp><p:nvSpPr>{holder}</p:nvSpPr><p:txBody>{text}</p:txBody></p:sp>"


def test_a_slide_is_a_page() -> None:
    """Slides are pages in the order they are shown, with title, list, table and notes; page numbers are left out."""
    cells = "".join(
        f"<a:tc><a:txBody><a:p><a:r><a:t>{t}</a:t></a:r></a:p></a:txBody></a:tc>" for t in ("Valve", "4 bar")
    )
    first = (
        shape("body", "Check valve", "Close door")
        + shape("title", "Start-up")
        + f"<p:graphicFrame><a:tbl><a:tr>{cells}</a:tr></a:tbl></p:graphicFrame>"
        + shape("sldNum", "1")
    )
    slides = [f"<p:sld {A}><p:cSld><p:spTree>{body}</p:spTree></p:cSld></p:sld>" for body in (first, shape("", "停堆"))]
    notes = f"<p:notes {A}><p:cSld><p:spTree>{shape('body', 'Speak slowly')}</p:spTree></p:cSld></p:notes>"
    data = package(
        **{
            "ppt/presentation.xml": f"<p:presentation {A} {R}><p:sldIdLst><p:sldId id='9' r:id='b'/><p:sldId id='8' r:id='a'/>"
            "</p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": relations(a_slide="slides/2.xml", b_slide="slides/1.xml"),
            "ppt/slides/1.xml": slides[0],
            "ppt/slides/2.xml": slides[1],
            "ppt/slides/_rels/1.xml.rels": relations(n_notesSlide="../notes.xml"),
            "ppt/notes.xml": notes,
        }
    )
    reading = read_pptx(data, "a.pptx")
    assert [reading.text[page.start : page.stop] for page in reading.pages] == [
        "# Start-up\n\n- Check valve\n- Close door\n\n| Valve | 4 bar |\n| --- | --- |\n\nNotes: Speak slowly",
        "停堆",
    ]
    assert [page.label for page in reading.pages] == ["Start-up", ""]


def test_lists_on_slides_have_their_marks() -> None:
    """Paragraphs that a text box numbers or marks are items, counted for each level; a plain one is none."""
    numbered, bullet = (
        "<a:pPr><a:buAutoNum type='arabicPeriod'/></a:pPr>",
        "<a:pPr lvl='1'><a:buChar char='•'/></a:pPr>",
    )
    lines = [("", "Steps"), (numbered, "Open"), (bullet, "slowly"), (numbered, "Close"), ("", "Done")]
    text = "".join(f"<a:p>{properties}<a:r><a:t>{line}</a:t></a:r></a:p>" for properties, line in lines)
    comments = f"<p:cmLst {A}><p:cm authorId='7' dt='2026-01-05T10:00:00'><p:text>Check</p:text></p:cm></p:cmLst>"
    data = package(
        **{
            "ppt/presentation.xml": f"<p:presentation {A} {R}><p:sldIdLst><p:sldId r:id='a'/></p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": relations(a_slide="1.xml", b_commentAuthors="authors.xml"),
            "ppt/authors.xml": f"<p:cmAuthorLst {A}><p:cmAuthor id='7' name='Lee'/></p:cmAuthorLst>",
            "ppt/1.xml": f"<p:sld {A}><p:cSld><p:spTree><p:sp><p:txBody>{text}</p:txBody></p:sp></p:spTree></p:cSld></p:sld>",
            "ppt/_rels/1.xml.rels": relations(c_comments="c.xml"),
            "ppt/c.xml": comments,
        }
    )
    assert read_pptx(data, "a.pptx").text == (
        "Steps\n1. Open\n  - slowly\n2. Close\nDone\n\nComment (Lee, 2026-01-05): Check"
    )


NAMESPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"'
)


def open_document(kind: str, body: str) -> bytes:
    content = f"<office:document-content {NAMESPACES}><office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    return package(**{"content.xml": content})


def test_opendocument_text_becomes_markdown() -> None:
    """Headings, spaces, lists, notes and tables of a text document are kept, deleted text is not."""
    body = (
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes><text:h text:outline-level='2'>Scope</text:h>"
        "<text:p>One<text:s text:c='2'/>two\n three<text:line-break/>four<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>A note.</text:p></text:note-body></text:note></text:p>"
        "<text:list><text:list-item><text:p>a</text:p><text:list><text:list-item><text:p>b</text:p></text:list-item></text:list>"
        "</text:list-item></text:list><table:table><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell>"
        "<table:table-cell><text:p>y</text:p></table:table-cell></table:table-row></table:table>"
    )
    assert read_odt(open_document("text", body), "a.odt").text == (
        "## Scope\n\nOne  two three\nfour[^1]\n\n- a\n  - b\n\n| x | y |\n| --- | --- |\n\n[^1]: A note."
    )


def test_a_comment_stands_behind_the_paragraph_or_table_it_is_on() -> None:
    """In OpenDocument as in Word: with who says it, and before what follows."""
    spaces = " ".join(f'xmlns:{name}="urn:{name}"' for name in ("office", "text", "table", "dc"))
    note = "<office:annotation><dc:creator>Li</dc:creator><text:p>{}</text:p></office:annotation>".format
    table = f"<table:table><table:table-row><table:table-cell><text:p>a{note('Why?')}</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>"
    body = f"<text:p>The fee is 5.{note('Too low')}</text:p><text:p>Next.</text:p>{table}<text:p>End.</text:p>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:text>{body}</office:text></office:body></office:document-content>",
        )
    assert read_odt(out.getvalue(), "a.odt").text.split("\n\n") == [
        *("The fee is 5.", "Comment (Li): Too low", "Next.", "| a | b |\n| --- | --- |", "Comment (Li): Why?", "End."),
    ]


def test_opendocument_lists_have_their_numbers() -> None:
    """The style of a list says how its levels are numbered, and whether a list goes on with the numbers before."""
    level = "<text:list-level-style-number text:level='{}' style:num-format='{}' style:num-suffix='{}'/>"
    style = f"<text:list-style style:name='L'>{level.format(1, '1', '.')}{level.format(2, 'a', ')')}</text:list-style>"
    item = "<text:list-item><text:p>{}</text:p>{}</text:list-item>"
    inner = f"<text:list>{item.format('deep', '')}{item.format('deeper', '')}</text:list>"
    body = (
        f"<text:list text:style-name='L'>{item.format('one', inner)}{item.format('two', '')}</text:list><text:p>Between</text:p>"
        f"<text:list text:style-name='L' text:continue-numbering='true'>{item.format('three', '')}</text:list>"
        f"<text:list text:style-name='L'>{item.format('anew', '')}</text:list><text:list>{item.format('dot', '')}</text:list>"
        "<table:table><table:table-row><table:table-cell><table:table><table:table-row><table:table-cell><text:p>in</text:p>"
        "</table:table-cell><table:table-cell><text:p>side</text:p></table:table-cell></table:table-row></table:table>"
        f"</table:table-cell><table:table-cell><text:list text:style-name='L'>{item.format('cell', '')}</text:list>"
        "</table:table-cell></table:table-row></table:table>"
    )
    content = (
        f"<office:document-content {NAMESPACES} xmlns:style='urn:oasis:names:tc:opendocument:xmlns:style:1.0'>"
        f"<office:automatic-styles>{style}</office:automatic-styles><office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>"
    )
    assert read_odt(package(**{"content.xml": content}), "a.odt").text.split("\n\n") == [
        "1. one\n  a) deep\n  b) deeper\n2. two",
        "Between",
        "3. three",
        "1. anew",
        "- dot",
        "| in, side | 1. cell |\n| --- | --- |",
    ]


def test_opendocument_repeats_are_bounded() -> None:
    """A sheet that says a million empty rows follow reads in no time, and repeated cells are repeated."""
    body = (
        "<table:table table:name='Data'><table:table-row><table:table-cell table:number-columns-repeated='2'><text:p>x</text:p>"
        "</table:table-cell></table:table-row><table:table-row table:number-rows-repeated='1048575'><table:table-cell "
        "table:number-columns-repeated='16384'/></table:table-row></table:table>"
    )
    reading = read_ods(open_document("spreadsheet", body), "a.ods")
    assert reading.text == "# Data\n\n| x | x |\n| --- | --- |"
    assert reading.pages[0].label == "Data"


def test_opendocument_slides_are_pages() -> None:
    """Each slide of a presentation is a page with its title as heading."""
    frame = "<draw:frame presentation:class='{}'><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    body = f"<draw:page>{frame.format('title', 'Start')}{frame.format('outline', 'Open valve')}</draw:page><draw:page/>"
    reading = read_odp(open_document("presentation", body), "a.odp")
    assert reading.text == "# Start\n\nOpen valve"
    assert [page.how for page in reading.pages] == ["text", "empty"]


def book(chapters: dict[str, str], **more: str) -> bytes:
    items = "".join(
        f"<item id='{n}' href='{name}' media-type='application/xhtml+xml'/>" for n, name in enumerate(chapters)
    )
    spine = "".join(f"<itemref idref='{n}'/>" for n in reversed(range(len(chapters))))
    opf = f"<package xmlns:dc='http://purl.org/dc/elements/1.1/'><metadata><dc:title>Plant</dc:title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    container = "<container><rootfiles><rootfile full-path='OEBPS/book.opf'/></rootfiles></container>"
    parts = {f"OEBPS/{name}": text for name, text in chapters.items() if text}
    return package(**{"META-INF/container.xml": container, "OEBPS/book.opf": opf, **parts, **more})


def test_a_book_is_read_in_the_order_of_its_spine() -> None:
    """Chapters follow the spine, not the names or the order in the package; a missing one is noted."""
    page = "<html><body><h1>{}</h1><p>Text of {}.</p></body></html>"
    reading = read_epub(
        book({"a.xhtml": page.format("Two", "two"), "b.xhtml": page.format("One", "one"), "c.xhtml": ""}), "a.epub"
    )
    assert reading.text == "# One\n\nText of one.\n\n# Two\n\nText of two."
    assert reading.title == "Plant"
    assert [reading.text[h.start :].startswith("# " + h.title) for h in reading.headings] == [True, True]
    assert "1 chapter(s) are missing" in reading.notes[0]


def test_a_protected_book_is_called_encrypted() -> None:
    """A book with copy protection is not read as noise."""
    lock = "<encryption><EncryptedData><EncryptionMethod Algorithm='http://www.w3.org/2001/04/xmlenc#aes128-cbc'/></EncryptedData></encryption>"
    with pytest.raises(EncryptedError, match="copy protection"):
        read_epub(book({"a.xhtml": "x"}, **{"META-INF/encryption.xml": lock}), "a.epub")


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg936 \'b7\'b4\'d3\'a6\'b6\'d1\par}", "反应堆"),
        (rb"{\rtf1\ansi\uc2\u21453\'b7\'b4\u24212\'d3\'a6}", "反应"),
        (rb"{\rtf1{\fonttbl{\f0\fcharset0 A;}{\f7\froman\fcharset238 B;}}\f7 \'e8\f0 \'e8}", "čè"),
        (rb"{\rtf1 a{\*\secret hidden}{\pict 00ff}b\{c\}\~d}", "ab{c} d"),
        (rb"{\rtf1\u-10179?\u-8704? end}", "\U0001f600 end"),
        (rb"{\rtf1{\pard\outlinelevel0 Scope\par}\pard Text\line more\par}", "# Scope\n\nText\nmore"),
        (
            rb"{\rtf1\trowd\intbl A\cell B\cell\row\intbl 1\cell 2\cell\row\pard end\par}",
            "| A | B |\n| --- | --- |\n| 1 | 2 |\n\nend",
        ),
        (rb"{\rtf1 cut {\b off", "cut off"),
        (
            rb"{\rtf1 One {\*\atnid LW}{\*\atnauthor Li \'57ei}\chatn {\*\annotation{\*\atnref 1}\pard\plain Not\par so.}two.\par Three.\par}",
            "One two.\n\nComment (Li Wei): Not so.\n\nThree.",
        ),
        (rb"{\rtf1 One {\*\annotation cut", "One\n\nComment (?): cut"),
        (rb"{\rtf1{\f2\i0\*\cs7 The quick{\*\gone never} brown fox}\par}", "The quick brown fox"),
        (rb"{\rtf1 Body\par}\x00\x11$DM|", "Body"),
        (rb"{\rtf1\ansi\ansicpg0 caf\'e9\par}", "café"),
        (
            rb"{\rtf1{\listtext\f2 \'b7\tab}One\par{\pntext 2.\tab}Two\par{\listtext (a)\tab}Three\par}",
            "- One\n\n2. Two\n\n(a) Three",
        ),
    ],
)
def test_rich_text_is_decoded(rtf: bytes, text: str) -> None:
    """Bytes in any code page, Unicode escapes, headings and tables are read; what is hidden or a picture is not."""
    assert read_rtf(rtf, "a.rtf").text == text


def test_what_is_no_rich_text_or_workbook_is_damaged() -> None:
    """Files that only have the name are refused with a sentence."""
    for reader in (read_rtf, read_xls):
        with pytest.raises(DamagedError, match=r"save .* again"):
            reader(b"<html>not what it says</html>", "a")
        with pytest.raises(EmptyFileError):
            reader(b"", "a")


def test_an_old_workbook_is_read() -> None:
    """A real .xls has a page for each of its sheets and the text of its cells."""
    source = SHARED / "data/files/docling/tests/data/xls/sources/legacy_sample.xls"
    if not source.exists():
        pytest.skip(f"{source} is not there")
    reading = read_xls(source.read_bytes(), source.name)
    assert reading.pages
    assert "Duck" in reading.text


@pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")
def test_text_in_an_image_is_recognised() -> None:
    """The text of a picture is read, and a blank one is empty with a reason; damage is a DamagedError."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (900, 600), "white")  # recognition makes a flat one six times as large
    ImageDraw.Draw(image).text((20, 30), "Pressure valve report", "black", ImageFont.load_default(48))
    out = io.BytesIO()
    image.save(out, "PNG")
    reading = read_image(out.getvalue(), "a.png")
    assert "pressure valve report" in reading.text.lower()
    assert reading.pages[0].how == "ocr"
    with pytest.raises(DamagedError):
        read_image(out.getvalue()[:60], "a.png")


@pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")
@pytest.mark.parametrize("size", [(400, 1), (1, 400), (20, 3000), (3000, 44)])
def test_thin_images_are_no_work_of_minutes(size: tuple[int, int]) -> None:
    """A rule is empty, and words in a strip are read; enlarged as they were, such images took all memory or minutes."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((20, 2), "Pressure valve report", "black", ImageFont.load_default(32))
    out = io.BytesIO()
    image.save(out, "PNG")
    assert ("valve" in read_image(out.getvalue(), "a.png").text.lower()) == (size[0] > 400)


def test_a_truncated_real_file_is_damaged() -> None:
    """The first half of a real document, as a broken copy leaves it, is reported as damaged."""
    source = SHARED / "data/folders/mini/half.docx"
    if not source.exists():
        pytest.skip(f"{source} is not there")
    with pytest.raises(DamagedError):
        read_docx(source.read_bytes(), source.name)


def test_an_opendocument_cell_without_a_shown_text_shows_its_value() -> None:
    """As some programs write it; an empty paragraph is what the cell's format shows."""
    cells = "".join(
        f"<table:table-cell {more}</table:table-cell>"
        for more in (
            "office:value='12.5'>",
            "office:date-value='2026-01-05'>",
            "office:string-value='a'>",
            "office:value='7'><text:p/>",
            "office:value='7'><text:p>7 %</text:p>",
        )
    )
    data = open_document("spreadsheet", f"<table:table><table:table-row>{cells}</table:table-row></table:table>")
    assert read_bytes(data, "a.ods").text.splitlines()[0] == "| 12.5 | 2026-01-05 | a | 7 % |"

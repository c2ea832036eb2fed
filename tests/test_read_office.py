"""The readers of office formats: what is kept, in which order, and what becomes of damage. The files are made here."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from kb.ingest.docx_styles import Numbering
from kb.ingest.errors import DamagedError, EmptyFileError, EncryptedError, ReadError, TooLargeError, UnsupportedError
from kb.ingest.package import parse_xml as parse_part
from kb.ingest.read_office import read_docx

SHARED = Path(os.environ.get("KB_SHARED", Path(__file__).resolve().parents[2] / "shared"))
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
    for cell, text in zip((c for row in table.rows for c in row.cells), ("Part", "Number", "Bolt | M8", "12"), strict=True):
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


@pytest.mark.parametrize(("style", "name"), [("1", "heading 1"), ("Heading1", "heading 1"), ("berschrift1", "Überschrift 1"), ("a1", "标题 1")])
def test_headings_are_known_in_every_language(style: str, name: str) -> None:
    """A style is a heading by its name, whatever the id that a localized Word gave it."""
    styles = f"<w:styles {W}><w:style w:type='paragraph' w:styleId='{style}'><w:name w:val='{name}'/></w:style></w:styles>"
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
    numbering = Numbering(root)
    assert [numbering.marker("5", depth) for depth in (0, 1, 1, 0, 1)] == ["1.", "1.1", "1.2", "2.", "2.1"]
    assert [numbering.marker("6", 0) for _ in range(12)][9:] == ["第十条", "第十一条", "第十二条"]


def test_merged_cells_keep_their_row_and_column() -> None:
    """A cell that spans rows is repeated in each, so that a row stands for itself; one that spans columns stands once."""
    document = docx.Document()
    table = document.add_table(3, 3)
    for number, cell in enumerate(c for row in table.rows for c in row.cells):
        cell.text = str(number)
    table.cell(1, 0).merge(table.cell(2, 0)).text = "North"
    table.cell(0, 1).merge(table.cell(0, 2)).text = "Flow"
    assert read_docx(saved(document), "a.docx").text.splitlines() == [
        "| 0 | Flow |  |",
        "| --- | --- | --- |",
        "| North | 4 | 5 |",
        "| North | 7 | 8 |",
    ]


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
    assert text == "Body text\n\nComment (Lee): Please check\n\nNorth Plant, internal"
    note = f"<w:footnotes {W}><w:footnote w:id='2'><w:p><w:r><w:t>See annex.</w:t></w:r></w:p></w:footnote></w:footnotes>"
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
    assert read_docx(saved(document), "a.docx").text == "(a)/(b)x^2"


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


def test_a_truncated_real_file_is_damaged() -> None:
    """The first half of a real document, as a broken copy leaves it, is reported as damaged."""
    source = SHARED / "data/folders/mini/half.docx"
    if not source.exists():
        pytest.skip(f"{source} is not there")
    with pytest.raises(DamagedError):
        read_docx(source.read_bytes(), source.name)

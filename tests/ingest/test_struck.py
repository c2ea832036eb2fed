"""Text that is struck out or hidden, in every format that can say so: it stays, and is marked. The files are made here."""

# ruff: noqa: E501  the XML of a small file is easier to check when an element stays on a line

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from kb import KnowledgeBase
from kb.ingest.plain import without_markup
from kb.ingest.run.read import read_bytes
from kb.ingest.struck import finished, hidden, struck
from old_word import old_word, paragraph, words

EXPECTED = "The fee is ~~18 euros~~ 24 euros."


def saved(document: object) -> bytes:
    """Return the bytes that a library's document saves."""
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def package(parts: dict[str, str]) -> bytes:
    """Return a zip of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def opendocument(kind: str, body: str, styles: str = "") -> bytes:
    """Return an OpenDocument file of a kind with automatic styles."""
    spaces = " ".join(
        f'xmlns:{name}="urn:{name}"' for name in ("office", "style", "text", "table", "draw", "presentation")
    )
    content = f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    return package({"content.xml": content})


def word() -> bytes:
    """Runs struck once and twice, as Word cuts them."""
    document = docx.Document()
    paragraph = document.add_paragraph("The fee is ")
    for text, double in (("18", False), (" ", False), ("euros", True)):
        run = paragraph.add_run(text)
        run.font.strike, run.font.double_strike = not double, double
    paragraph.add_run(" 24 euros.")
    return saved(document)


def word_style() -> bytes:
    """A character style strikes out, and one run says that it is not."""
    document = docx.Document()
    style = document.styles.add_style("Gone", WD_STYLE_TYPE.CHARACTER)
    style.font.strike = True
    paragraph = document.add_paragraph("The fee is ")
    paragraph.add_run("18 euros", style="Gone")
    paragraph.add_run(" 24 euros.", style="Gone").font.strike = False
    return saved(document)


def deck(*slides: tuple[str, str]) -> bytes:
    """Return a presentation of slides, each with its attributes and its text boxes."""
    spaces = 'xmlns:p="p" xmlns:a="a" xmlns:r="r/"'
    ids = "".join(f'<p:sldId id="{256 + at}" r:id="r{at}"/>' for at in range(len(slides)))
    known = "".join(f"<Relationship Id='r{at}' Type='x/slide' Target='{at}.xml'/>" for at in range(len(slides)))
    parts = {
        f"ppt/{at}.xml": f"<p:sld {spaces} {more}><p:cSld><p:spTree>{boxes}</p:spTree></p:cSld></p:sld>"
        for at, (more, boxes) in enumerate(slides)
    }
    parts["ppt/presentation.xml"] = f"<p:presentation {spaces}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
    parts["ppt/_rels/presentation.xml.rels"] = f"<Relationships>{known}</Relationships>"
    return package(parts)


def box(*runs: tuple[str, str], kind: str = "") -> str:
    """Return a text box of runs, each with its properties and its text."""
    inner = "".join(f"<a:r><a:rPr {more}/><a:t>{text}</a:t></a:r>" for more, text in runs)
    holder = f"<p:nvSpPr><p:nvPr><p:ph type='{kind}'/></p:nvPr></p:nvSpPr>" if kind else ""
    return f"<p:sp>{holder}<p:txBody><a:p>{inner}</a:p></p:txBody></p:sp>"


def slides() -> bytes:
    """A run of a text box."""
    return deck(("", box(("", "The fee is "), ("strike='sngStrike'", "18 euros"), ("strike='noStrike'", " 24 euros."))))


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STYLES = f"<styleSheet {MAIN}><fonts><font/><font><strike/></font></fonts><cellXfs><xf fontId='0'/><xf fontId='1'/></cellXfs></styleSheet>"


def excel(*sheets: tuple[str, str, str]) -> bytes:
    """Return a workbook of sheets, each with its name, state and content."""
    numbered = list(enumerate(sheets))
    entries = "".join(f"<sheet name='{name}' state='{state}' r:id='r{at}'/>" for at, (name, state, _) in numbered)
    known = "".join(f"<Relationship Id='r{at}' Type='x/worksheet' Target='{at}.xml'/>" for at, _ in numbered)
    parts = {f"xl/{at}.xml": f"<worksheet {MAIN}>{content}</worksheet>" for at, (_, _, content) in numbered}
    parts["xl/workbook.xml"] = f"<workbook {MAIN} xmlns:r='r'><sheets>{entries}</sheets></workbook>"
    parts["xl/t.xml"] = STYLES
    parts["xl/_rels/workbook.xml.rels"] = (
        f"<Relationships>{known}<Relationship Id='s' Type='x/styles' Target='t.xml'/></Relationships>"
    )
    return package(parts)


def row(*cells: str, more: str = "", style: str = "") -> str:
    """Return a row of texts; ``style`` is that of its last cell."""
    last = len(cells) - 1
    inner = "".join(
        f"<c t='inlineStr'{style if at == last else ''}><is><t>{cell}</t></is></c>" for at, cell in enumerate(cells)
    )
    return f"<row {more}>{inner}</row>"


def workbook() -> bytes:
    """Rich text in a cell."""
    run = "<r><t xml:space='preserve'>The fee is </t></r><r><rPr><strike/></rPr><t>18 euros</t></r><r><t xml:space='preserve'> 24 euros.</t></r>"
    return excel(("Sheet1", "visible", f"<sheetData><row><c t='inlineStr'><is>{run}</is></c></row></sheetData>"))


RTF = rb"{\rtf1\ansi The fee is {\strike 18 }{\strike euros} {\deleted\strike0\deleted0 }24 euros.\par}"
ODF_STYLES = '<style:style style:name="T1" style:family="text"><style:text-properties style:text-line-through-style="solid"/></style:style>'
ODF_TEXT = '<text:p>The fee is <text:span text:style-name="T1">18 euros</text:span> 24 euros.</text:p>'
MAIL = b'From: a@b.c\nSubject: x\nContent-Type: text/html\n\n<p>The fee is <span style="text-decoration: line-through">18 euros</span> 24 euros.</p>'
HTML_RULE = b"<html><style>p .gone, .old { text-decoration: line-through; color: red }</style><p>The fee is <i class=gone>18 euros</i> 24 euros."

NOTEBOOK = (
    b'{"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "The fee is <s class=old>18 euros</s> 24 euros."}]}'
)


def pasted(page: bytes) -> bytes:
    """Return a Word document of nothing but a page that a program pasted as a file of its own."""
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="r"'
    return package({
        "word/document.xml": f"<w:document {space}><w:body><w:altChunk r:id='a'/></w:body></w:document>",
        "word/_rels/document.xml.rels": "<Relationships><Relationship Id='a' Type='x/aFChunk' Target='a.html'/></Relationships>",
        "word/a.html": page.decode(),
    })  # fmt: skip


FILES: dict[str, tuple[str, Callable[[], bytes] | bytes]] = {
    "s": ("a.html", b"<p>The fee is <s>18 euros</s> 24 euros."),
    "strike": ("a.html", b"<p>The fee is <strike>18 <b>euros</b></strike> <ins>24 euros</ins>."),
    "del": ("a.html", b"<p>The fee is <del>18 euros</del><ins> 24 euros.</ins>"),
    "css": ("a.html", HTML_RULE),
    "css in capitals": ("a.html", HTML_RULE.replace(b"line-through", b"LINE-THROUGH")),
    "style in capitals": ("a.html", b"<p>The fee is <i style='TEXT-DECORATION : LINE-THROUGH'>18 euros</i> 24 euros."),
    "cell": ("a.html", b"<table><tr><th>a<th>b<tr><td>1<td>The fee is <s>18 euros</s> 24 euros.</table>"),
    "mail": ("a.eml", MAIL),
    "markdown": ("a.md", b"The fee is ~~18 euros~~ 24 euros."),
    "markdown with HTML": ("a.md", b"The fee is <del>18 euros</del> 24 euros."),
    "notebook": ("a.ipynb", NOTEBOOK),
    "fb2": ("a.fb2", b"<?xml version='1.0'?><FictionBook><body><section><p>The fee is <strikethrough>18 <emphasis>euros</emphasis></strikethrough> 24 euros.</p></section></body></FictionBook>"),
    "docbook": ("a.xml", b"<?xml version='1.0'?><article><para>The fee is <emphasis role='strikethrough'>18 euros</emphasis> 24 euros.</para></article>"),
    "asciidoc": ("a.adoc", b"The fee is [.line-through]#18 euros# 24 euros."),
    "org": ("a.org", b"The fee is +18 euros+ 24 euros."),
    "latex": ("a.tex", rb"The fee is \sout{18 \emph{euros}} 24 euros.".replace(rb"\emph{euros}", b"euros")),
    "epub": ("a.epub", package({"META-INF/container.xml": "<container><rootfiles><rootfile full-path='b.opf'/></rootfiles></container>", "b.opf": "<package><manifest><item id='a' href='a.xhtml' media-type='application/xhtml+xml'/></manifest><spine><itemref idref='a'/></spine></package>", "a.xhtml": "<html><body><p>The fee is <s>18 euros</s> 24 euros.</p></body></html>"})),
    "doc": ("a.doc", lambda: old_word([("The fee is 18 euros 24 euros.\r", paragraph(0))], [("The fee is ", b""), ("18 euros", words((0x0837, 1))), (" 24 euros.\r", b"")])),
    "altChunk in docx": ("a.docx", lambda: pasted(b"<p>The fee is <s>18 euros</s> 24 euros.")),
    "saved page": ("a.mht", b"MIME-Version: 1.0\nContent-Type: text/html\n\n<p>The fee is <s>18 euros</s> 24 euros."),
    "xml": ("a.xml", b"<doc><p>The <!-- whose? -->fee is <del>18 euros</del> 24 euros.</p></doc>"),
    "docx": ("a.docx", word),
    "docx style": ("a.docx", word_style),
    "pptx": ("a.pptx", slides),
    "xlsx": ("a.xlsx", workbook),
    "rtf": ("a.rtf", RTF),
    "odt": ("a.odt", opendocument("text", ODF_TEXT, ODF_STYLES)),
    "ods": ("a.ods", opendocument("spreadsheet", f'<table:table table:name="Sheet1"><table:table-row><table:table-cell>{ODF_TEXT}</table:table-cell></table:table-row></table:table>', ODF_STYLES)),
    "odp": ("a.odp", opendocument("presentation", f"<draw:page><draw:frame><draw:text-box>{ODF_TEXT}</draw:text-box></draw:frame></draw:page>", ODF_STYLES)),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_struck_text_is_marked(case: str) -> None:
    """The words stay where they are, between ``~~``, however the format says it."""
    name, made = FILES[case]
    assert EXPECTED in read_bytes(made if isinstance(made, bytes) else made(), name).text


def test_struck_blocks_of_a_page_are_marked_block_by_block() -> None:
    """An element around several blocks strikes out each of them, headings, list items and rows of tables too."""
    page = b"<del><h2>Old</h2><p>One.<p>Two.<ul><li>Three<li>Four</ul></del><p>Five.<table><tr><th>a<th>b<tr style='text-decoration:line-through'><td>1<td>2<tr><td>3<td>4</table>"
    expected = "## ~~Old~~\n\n~~One.~~\n\n~~Two.~~\n\n- ~~Three~~\n- ~~Four~~\n\nFive.\n\n| a | b |\n| --- | --- |\n| ~~1~~ | ~~2~~ |\n| 3 | 4 |"
    assert read_bytes(page, "a.html").text == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "Write `<del>x</del>` or\n\n```html\n<s>y</s>\n```\n"),
        ("a.adoc", "Write `[.line-through]#x#` or\n\n----\n[.strike]#y#\n----\n\n#marked#"),
        ("a.org", "Write =+x+= or\n#+begin_src\n +y+\n#+end_src\n: +z+\n+49 30 555 +1 C++ a+b+c\n+---+---+\n"),
        ("a.tex", "Write \\verb|\\sout{x}| % \\sout{y}\n\\begin{verbatim}\n\\st{z}\n\\end{verbatim}\n\\stop{a}"),
    ],
)
def test_code_about_markup_is_left_alone(name: str, text: str) -> None:
    """What is in a fence, a listing or between backticks is code; a plus sign alone strikes nothing out."""
    assert read_bytes(text.encode(), name).text == text


def test_hidden_text_is_marked_as_hidden() -> None:
    """Word's hidden text and RTF's; what an index entry hides is no text."""
    document = docx.Document()
    paragraph = document.add_paragraph("Seen ")
    paragraph.add_run("unseen").font.hidden = True
    read = read_bytes(saved(document), "a.docx")
    assert read.text == "Seen ~~(hidden) unseen~~"
    assert any("~~(hidden) …~~ × 1." in note for note in read.notes)
    rtf = rb"{\rtf1 Seen {\v unseen}{\xe {\v entry}}\par}"
    assert read_bytes(rtf, "a.rtf").text == "Seen ~~(hidden) unseen~~"


def test_hidden_sheets_rows_and_columns_are_marked_and_named() -> None:
    """Their cells are marked, a sheet's heading and page say that it is hidden, and a note names it."""
    now = (
        "<cols><col min='3' max='3' hidden='1'/></cols><sheetData>"
        + row("Site", "Rate", "Key")
        + row("North", "7 %", "k1")
        + row("South", "8 %", "k2", more="hidden='1'")
        + row("Struck", "9 %", style=" s='1'")
        + "</sheetData>"
    ).replace("min='3' max='3' hidden='1'", 'min="3" max="3" hidden="1"')
    old = f"<sheetData>{row('Site', 'Rate')}{row('North', '5 %')}</sheetData>"
    document = read_bytes(excel(("Now", "visible", now), ("Old", "hidden", old)), "a.xlsx")
    assert "| North | 7 % | ~~k1~~ |\n| ~~South~~ | ~~8 %~~ | ~~k2~~ |\n| Struck | ~~9 %~~ |  |" in document.text
    assert document.text.endswith("# Old (hidden)\n\n| ~~Site~~ | ~~Rate~~ |\n| --- | --- |\n| ~~North~~ | ~~5 %~~ |")
    assert [page.label for page in document.pages] == ["Now", "Old (hidden)"]
    assert any("Old, Now!C:C, Now!3:3" in note for note in document.notes)
    hidden_parts = "<table:table-column/><table:table-column table:visibility='collapse'/>"
    cells = "<table:table-cell><text:p>x</text:p></table:table-cell>" * 2
    rows = f"<table:table-row>{cells}</table:table-row><table:table-row table:visibility='filter' table:number-rows-repeated='2'>{cells}</table:table-row>"
    read = read_bytes(
        opendocument("spreadsheet", f"<table:table table:name='A'>{hidden_parts}{rows}</table:table>"), "a.ods"
    )
    assert read.text == "# A\n\n| x | ~~x~~ |\n| --- | --- |\n| ~~x~~ | ~~x~~ |\n| ~~x~~ | ~~x~~ |"
    assert any("A!B:B, A!2:3" in note for note in read.notes)


def test_what_is_hidden_is_named_in_the_report_and_the_ledger(tmp_path: Path) -> None:
    """Where a user looks: which sheet and which rows of which file."""
    rows = "<sheetData>" + row("Site", "Rate") + row("North", "7 %", more="hidden='1'") + "</sheetData>"
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.xlsx").write_bytes(excel(("Now", "visible", rows), ("Old", "hidden", rows)))
    with KnowledgeBase.open(embedder="tfidf") as base:
        report = base.ingest([folder])
        (file,) = base.ledger()
    assert any("a.xlsx: " in note and "Old, Now!2:2" in note for note in report.notes)
    assert "Old, Now!2:2" in file.detail
    assert [page.label for page in file.pages] == ["Now", "Old (hidden)"]


def test_a_real_old_workbook_names_what_it_hides(shared: Path) -> None:
    """Sheets, rows and columns of an ``.xls``."""
    path = next((shared / "files" / "tika").rglob("testEXCEL_extra_metadata.xls"))
    read = read_bytes(path.read_bytes(), path.name)
    hides = "hidden-sheet, very-hidden-sheet, hidden-columns-and-hidden-rows!B:B, hidden-columns-and-hidden-rows!2:2"
    assert any(hides in note for note in read.notes)


def test_hidden_slides_are_marked_and_named() -> None:
    """In both formats of slides."""
    read = read_bytes(
        deck(
            ("", box(("", "Plan"), kind="title") + box(("", "Dig."))),
            ("show='0'", box(("", "Reserve"), kind="title") + box(("", "Sell."))),
        ),
        "a.pptx",
    )
    assert read.text == "# Plan\n\nDig.\n\n# Reserve (hidden)\n\n~~Sell.~~"
    assert any("Reserve" in note for note in read.notes)
    style = '<style:style style:name="d1" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    page = '<draw:page draw:style-name="d1" draw:name="Reserve"><draw:frame><draw:text-box><text:p>Sell.</text:p></draw:text-box></draw:frame></draw:page>'
    assert read_bytes(opendocument("presentation", page, style), "a.odp").text == "# Reserve (hidden)\n\n~~Sell.~~"


def test_hidden_parts_of_other_kinds_are_marked() -> None:
    """Rows of no height and columns of no width; shapes, groups, sections, paragraphs and rows that their program hides."""
    none = "<cols><col min='2' max='2' width='0' customWidth='1'/></cols><sheetData>{}</sheetData>"
    rows = row("Site", "Key") + row("North", "k1") + row("South", "k2", more="ht='0' customHeight='1'")
    read = read_bytes(excel(("A", "veryHidden", "<sheetData/>"), ("B", "visible", none.format(rows))), "a.xlsx")
    assert "| Site | ~~Key~~ |\n| --- | --- |\n| North | ~~k1~~ |\n| ~~South~~ | ~~k2~~ |" in read.text
    assert any("B!B:B, B!3:3" in note for note in read.notes)
    unseen = "<p:{0}><p:cNvPr id='2' name='t' hidden='1'/></p:{0}>".format
    shape = box(("", "Secret")).replace("<p:sp>", "<p:sp>" + unseen("nvSpPr"))
    group = f"<p:grpSp>{unseen('nvGrpSpPr')}{box(('', 'Deeper'))}</p:grpSp>"
    read = read_bytes(deck(("", shape + group + box(("", "Seen")))), "a.pptx")
    assert read.text == "~~(hidden) Secret~~\n\n~~(hidden) Deeper~~\n\nSeen"
    assert any("(hidden) …~~ × 2" in note for note in read.notes)
    parts = "<text:section text:name='Old' text:display='none'><text:p>Closed.</text:p></text:section>"
    parts += "<text:p><text:hidden-paragraph text:is-hidden='true'/>Gone.</text:p><text:p>Open.</text:p>"
    read = read_bytes(opendocument("text", parts), "a.odt")
    assert read.text == "~~Closed.~~\n\n~~(hidden) Gone.~~\n\nOpen."
    assert any("Old" in note for note in read.notes)
    document = docx.Document()
    table = document.add_table(2, 2)
    for cell, text in zip((cell for each in table.rows for cell in each.cells), "abcd", strict=True):
        cell.text = text
    table.rows[1]._tr.get_or_add_trPr().append(OxmlElement("w:hidden"))
    assert read_bytes(saved(document), "a.docx").text.endswith("| ~~(hidden) c~~ | ~~(hidden) d~~ |")


def test_marks_are_written_line_by_line_and_left_out_of_what_is_embedded() -> None:
    """Neighbours become one mark, white space stays outside, list marks too; a model is given the words."""
    assert finished(struck("a ") + struck("b") + " c") == "~~a b~~ c"
    assert finished(struck(" a\nb ")) == " ~~a~~\n~~b~~ "
    assert finished(struck("- a\n2. b")) == "- ~~a~~\n2. ~~b~~"
    assert finished("3." + struck("1. ") + "x") == "3.~~1.~~ x"
    assert finished(struck(f"a {struck('b')}")) == "~~a b~~"
    assert finished(struck(" ") + hidden("")) == " "
    assert without_markup("~~a b~~ c") == "a b c"

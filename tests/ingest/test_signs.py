"""Letters that are shown as other signs, in every format that can say so: fonts of signs, superscripts. The files are made here."""

# ruff: noqa: E501  the XML of a small file is easier to check when an element stays on a line

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from kb.ingest.run.read import read_bytes
from kb.ingest.text.symbols import as_shown, raised
from old_word import old_word, paragraph, words

EXPECTED = "Take 5 μg, not 10⁶ of 19,750² kept ☑"


@pytest.mark.parametrize(
    ("text", "font", "shown"),
    [
        ("m", "Symbol", "μ"),
        ("\uf06d\uf0b1\uf0a3\uf0b3\uf0b4\uf0b0", "symbol", "μ±≤≥×°"),
        ("abDW\\^{\xe5\xfe", "Symbol", "αβΔΩ∴⊥{∑⎭"),
        ("\uf0fe\uf0a8\uf0fc\x8c", "Wingdings", "☑☐✓❶"),
        ("RP", "Wingdings 2", "☑✓"),
        ("m\n中", "Symbol", "μ\n中"),
        ("m\uf06d", "Arial", "m\uf06d"),
    ],
)
def test_a_font_of_signs_shows_signs(text: str, font: str, shown: str) -> None:
    """By the fonts' own tables; other fonts' letters, and letters that these lack, stay."""
    assert as_shown(text, font) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("6", "⁶"), ("-3", "⁻³"), ("1, 2", "¹, ²"), ("2+", "²⁺"), ("st", "st"), ("[1]", "[1]"), ("", ""), (",", ",")],
)
def test_only_numbers_are_raised(text: str, shown: str) -> None:
    """What could run into a number before it; ordinals and marks in brackets stay as they are."""
    assert raised(text) == shown


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


def word() -> bytes:
    """Runs in Symbol, raised ones, and a sign by its code."""
    document = docx.Document()
    line = document.add_paragraph("Take 5 ")
    line.add_run("m").font.name = "Symbol"
    line.add_run("g, not 10")
    line.add_run("6").font.superscript = True
    line.add_run(" of 19,750")
    line.add_run("2").font.superscript = True
    sign = OxmlElement("w:sym")
    sign.set(qn("w:font"), "Wingdings")
    sign.set(qn("w:char"), "F0FE")
    line.add_run(" kept ")._r.append(sign)
    return saved(document)


def old() -> bytes:
    """As Word 97 stores it: a bracket that stands for a sign of a font, or letters in that font."""

    def font(name: str) -> bytes:
        content = bytes(39) + name.encode("utf-16-le") + b"\0\0"
        return bytes([len(content)]) + content

    fonts = struct.pack("<HH", 3, 0) + font("Arial") + font("Symbol") + font("Wingdings")
    runs = [
        ("Take 5 ", b""),
        ("m", words((0x4A4F, 1))),
        ("g, not 10", b""),
        ("6", words((0x2A48, 1))),
        (" of 19,750", b""),
        ("2", words((0x2A48, 1))),
        (" kept ", b""),
        ("(", words((0x6A09, 2 | 0xF0FE << 16))),
        ("\r", b""),
    ]
    text = "".join(text for text, _ in runs)
    return old_word([(text, paragraph(0))], runs, tables={274: (fonts, b"")})


def slides() -> bytes:
    """Runs of a text box."""
    runs = (
        ("", "Take 5 "),
        ("<a:rPr><a:sym typeface='Symbol'/></a:rPr>", "\uf06d"),
        ("<a:rPr><a:sym typeface='Symbol'/></a:rPr>", "g, not 10"),
        ("<a:rPr baseline='30000'/>", "6"),
        ("<a:rPr baseline='0'/>", " of 19,750"),
        ("<a:rPr baseline='30000'/>", "2"),
        ("", " kept "),
        ("<a:rPr><a:latin typeface='Wingdings'/></a:rPr>", "\xfe"),
    )
    inner = "".join(f"<a:r>{more}<a:t>{text}</a:t></a:r>" for more, text in runs)
    spaces = 'xmlns:p="p" xmlns:a="a" xmlns:r="r/"'
    shape = f"<p:cSld><p:spTree><p:sp><p:txBody><a:p>{inner}</a:p></p:txBody></p:sp></p:spTree></p:cSld>"
    return package({
        "ppt/presentation.xml": f"<p:presentation {spaces}><p:sldIdLst><p:sldId id='256' r:id='r1'/></p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": "<Relationships><Relationship Id='r1' Type='x/slide' Target='1.xml'/></Relationships>",
        "ppt/1.xml": f"<p:sld {spaces}>{shape}</p:sld>",
    })  # fmt: skip


def workbook() -> bytes:
    """Rich text in a cell."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    runs = (
        ("", "Take 5 "),
        ("<rPr><rFont val='Symbol'/></rPr>", "m"),
        ("", "g, not 10"),
        ("<rPr><vertAlign val='superscript'/></rPr>", "6"),
        ("", " of 19,750"),
        ("<rPr><vertAlign val='superscript'/></rPr>", "2"),
        ("", " kept "),
        ("<rPr><rFont val='Wingdings'/></rPr>", "\xfe"),
    )
    inner = "".join(f"<r>{more}<t xml:space='preserve'>{text}</t></r>" for more, text in runs)
    return package({
        "xl/workbook.xml": f"<workbook {main} xmlns:r='r'><sheets><sheet name='Sheet1' r:id='r0'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": "<Relationships><Relationship Id='r0' Type='x/worksheet' Target='0.xml'/></Relationships>",
        "xl/0.xml": f"<worksheet {main}><sheetData><row><c t='inlineStr'><is>{inner}</is></c></row></sheetData></worksheet>",
    })  # fmt: skip


def opendocument(kind: str) -> bytes:
    """Return a file of spans in styles."""
    spaces = " ".join(f'xmlns:{name}="urn:{name}"' for name in ("office", "style", "text", "table", "draw"))
    style = "<style:style style:name='{}' style:family='text'><style:text-properties {}/></style:style>".format
    styles = style("m", "style:font-name='Symbol'") + style("u", "style:text-position='super 58%'")
    styles += style("v", "style:text-position='33% 58%'") + style("w", "style:font-name='Wingdings'")
    span = "<text:span text:style-name='{}'>{}</text:span>".format
    line = f"<text:p>Take 5 {span('m', chr(0xF06D))}g, not 10{span('u', 6)} of 19,750{span('v', 2)} kept {span('w', chr(0xF0FE))}</text:p>"
    inner = {
        "text": line,
        "spreadsheet": f"<table:table><table:table-row><table:table-cell>{line}</table:table-cell></table:table-row></table:table>",
        "presentation": f"<draw:page><draw:frame><draw:text-box>{line}</draw:text-box></draw:frame></draw:page>",
    }[kind]
    return package({
        "content.xml": f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{inner}</office:{kind}></office:body></office:document-content>"
    })  # fmt: skip


RTF = (
    rb"{\rtf1{\fonttbl{\f0\fswiss Arial;}{\f3\froman\fcharset2\fprq2{\*\panose 05050102010706020507}Symbol;}{\f4\fcharset2 Wingdings;}}"
    rb"\f0 Take 5 {\f3 m}g, not 10{\super 6} of 19,750\super 2\nosupersub  kept {\f4\'fe}\par}"
)
STYLED = (
    b"<p>Take 5 <span style='font-family:Symbol'>m</span>g, not 10<span style='vertical-align: super'>6</span> "
    b"of 19,750<font face=Arial><sup>2</sup></font> kept <font face='Wingdings'>&thorn;</font>"
)
HTML = b"<p>Take 5 &mu;g, not 10<sup>6</sup> of 19,750<sup><a href='#n'>2</a></sup> kept &#9745;"


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("a.docx", word),
        ("a.doc", old),
        ("a.pptx", slides),
        ("a.xlsx", workbook),
        ("a.odt", lambda: opendocument("text")),
        ("a.ods", lambda: opendocument("spreadsheet")),
        ("a.odp", lambda: opendocument("presentation")),
        ("a.rtf", lambda: RTF),
        ("a.html", lambda: HTML),
        ("b.html", lambda: STYLED),
    ],
)
def test_signs_are_read_as_shown(name: str, made: Callable[[], bytes]) -> None:
    """A microgram is no milligram, a million no hundred and six, and the mark of a note no digit of the amount before it."""
    assert EXPECTED in read_bytes(made(), name).text


def test_a_whole_cell_in_a_font_of_signs_shows_them() -> None:
    """By the format of the cell; a text in several fonts has its own."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    fonts = "<fonts><font><name val='Arial'/></font><font><name val='Symbol'/></font></fonts>"
    styles = f"<styleSheet {main}>{fonts}<cellXfs><xf fontId='0'/><xf fontId='1'/></cellXfs></styleSheet>"
    strings = "<si><t>D</t></si><si><r><rPr><rFont val='Arial'/></rPr><t>D</t></r></si>"
    cells = "".join(f"<c t='s' s='{form}'><v>{at}</v></c>" for form, at in ((0, 0), (1, 0), (1, 1)))
    known = "".join(
        f"<Relationship Id='{name}' Type='x/{kind}' Target='{name}.xml'/>"
        for name, kind in (("r0", "worksheet"), ("t", "styles"), ("u", "sharedStrings"))
    )
    parts = {
        "xl/workbook.xml": f"<workbook {main} xmlns:r='r'><sheets><sheet name='Sheet1' r:id='r0'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships>{known}</Relationships>",
        "xl/r0.xml": f"<worksheet {main}><sheetData><row>{cells}</row></sheetData></worksheet>",
        "xl/t.xml": styles,
        "xl/u.xml": f"<sst {main}>{strings}</sst>",
    }
    assert read_bytes(package(parts), "a.xlsx").text.startswith("| D | Δ | D |")

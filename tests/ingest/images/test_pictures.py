"""The text in pictures of office files is read where they stand, or is said not to be. Files and pictures are made here."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.shared import Inches
from kb import KnowledgeBase
from kb.ingest.document import Page
from kb.ingest.errors import ExtraNeededError
from kb.ingest.images.ocr import OCR_HINT, ocr_installed
from kb.ingest.office.docx import read_docx
from kb.ingest.office.odf import read_odp, read_ods, read_odt
from kb.ingest.office.pptx import read_pptx
from kb.ingest.office.xlsx import read_xlsx
from kb.ingest.reading import Reading
from kb.ingest.run.read import read_bytes

pytest.importorskip("PIL.Image", reason="pillow, of the ocr extra, draws the pictures")
from drawing import picture
from PIL import Image, ImageDraw, ImageFont

needs_ocr = pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")

R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{where}:1.0"'
    for name, where in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"))
)
LINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
EMF = b"\x01\0\0\0" + b"\0" * 36 + b" EMF" + b"\0" * 60


PUMP, VALVE, LOGO = (picture(text) for text in ("The pump stands in hall two", "The valve is red", "ACME Works"))


def package(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def relations(**targets: str) -> str:
    """Return the relations of a part: ``rId1="image ../media/a.png"``."""
    rows = ""
    for name, said in targets.items():
        kind, target = said.split()
        rows += f'<Relationship Id="{name}" Type="http://x/relationships/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'


def shown(*ids: str) -> str:
    return "".join(f'<p:pic><p:blipFill><a:blip r:embed="{name}"/></p:blipFill></p:pic>' for name in ids)


def slide(text: str, *ids: str) -> str:
    said = f"<p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>" if text else ""
    return f"<p:sld {P} {A} {R}><p:cSld><p:spTree>{said}{shown(*ids)}</p:spTree></p:cSld></p:sld>"


def presentation(*slides: tuple[str, dict[str, bytes]]) -> bytes:
    """Return a presentation of slides, each with a text and pictures by the names of their files."""
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in range(1, len(slides) + 1))
    parts: dict[str, str | bytes] = {
        "ppt/presentation.xml": f"<p:presentation {P} {R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(
            **{f"rId{n}": f"slide slides/slide{n}.xml" for n in range(1, len(slides) + 1)}
        ),
    }
    for number, (text, pictures) in enumerate(slides, start=1):
        named = {f"rId{n}": f"image ../media/{name}" for n, name in enumerate(pictures, start=1)}
        parts[f"ppt/slides/slide{number}.xml"] = slide(text, *named)
        parts[f"ppt/slides/_rels/slide{number}.xml.rels"] = relations(**named)
        parts |= {f"ppt/media/{name}": data for name, data in pictures.items()}
    return package(parts)


DECK = presentation(
    ("Where things stand", {"logo.png": LOGO, "pump.png": PUMP}),
    ("", {"valve.png": VALVE}),
    ("The end", {"logo.png": LOGO}),
)


def word() -> bytes:
    """Return a document with a picture under each of two headings, one of them in a table, and a logo in its header."""
    document = docx.Document()
    document.sections[0].header.paragraphs[0].add_run().add_picture(io.BytesIO(LOGO), Inches(1))
    document.add_heading("Pumps", 1)
    document.add_picture(io.BytesIO(PUMP), Inches(5))
    document.add_heading("Valves", 1)
    cell = document.add_table(1, 2).rows[0].cells[0]
    cell.text = "See here"
    cell.paragraphs[0].add_run().add_picture(io.BytesIO(VALVE), Inches(2))
    document.add_paragraph("That is all.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def workbook() -> bytes:
    """Return a workbook of a sheet with a cell and a picture, and one with a picture only."""
    parts: dict[str, str | bytes] = {
        "xl/workbook.xml": f'<workbook {S} {R}><sheets><sheet name="Plant" sheetId="1" r:id="rId1"/>'
        '<sheet name="Photo" sheetId="2" r:id="rId2"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            rId1="worksheet worksheets/sheet1.xml", rId2="worksheet worksheets/sheet2.xml"
        ),
        "xl/media/1.png": PUMP,
        "xl/media/2.png": VALVE,
    }
    for number, row in ((1, '<row r="1"><c r="A1" t="inlineStr"><is><t>Pumps: 2</t></is></c></row>'), (2, "")):
        parts[f"xl/worksheets/sheet{number}.xml"] = f"<worksheet {S}><sheetData>{row}</sheetData></worksheet>"
        parts[f"xl/worksheets/_rels/sheet{number}.xml.rels"] = relations(rId1=f"drawing ../drawings/d{number}.xml")
        parts[f"xl/drawings/d{number}.xml"] = f'<wsDr {A} {R}><pic><a:blip r:embed="rId1"/></pic></wsDr>'
        parts[f"xl/drawings/_rels/d{number}.xml.rels"] = relations(rId1=f"image ../media/{number}.png")
    return package(parts)


def frame(name: str) -> str:
    return f'<draw:frame><draw:image xlink:href="Pictures/{name}"/></draw:frame>'


def odf(kind: str, body: str) -> bytes:
    """Return an OpenDocument file with two pictures at hand."""
    content = (
        f"<office:document-content {ODF} {LINK}><office:body><office:{kind}>{body}</office:{kind}></office:body>"
        "</office:document-content>"
    )
    return package({"content.xml": content, "Pictures/pump.png": PUMP, "Pictures/valve.png": VALVE})


TEXT = odf(
    "text",
    f'<text:h text:outline-level="1">Pumps</text:h><text:p>Here:{frame("pump.png")}</text:p>'
    f'<text:h text:outline-level="1">Valves</text:h>{frame("valve.png")}<text:p>That is all.</text:p>',
)
SLIDES = odf(
    "presentation",
    f'<draw:page draw:name="Halls">{frame("pump.png")}</draw:page><draw:page>{frame("valve.png")}</draw:page>',
)
SHEETS = odf(
    "spreadsheet",
    f'<table:table table:name="Plant"><table:shapes>{frame("pump.png")}</table:shapes><table:table-row>'
    "<table:table-cell><text:p>Pumps: 2</text:p></table:table-cell></table:table-row></table:table>"
    f'<table:table table:name="Photo"><table:shapes>{frame("valve.png")}</table:shapes></table:table>',
)


def on(reading: Reading, number: int) -> tuple[Page, str]:
    page = reading.pages[number - 1]
    return page, reading.text[page.start : page.stop]


@needs_ocr
def test_the_text_in_a_slides_pictures_stands_on_that_slide() -> None:
    """Behind the slide's own text; a slide that is a picture is a recognised page; a logo is read once."""
    reading = read_pptx(DECK, "deck.pptx")
    first, text = on(reading, 1)
    assert first.how == "text"
    assert [text.index(words) for words in ("Where things", "ACME", "hall two")] == sorted(
        text.index(words) for words in ("Where things", "ACME", "hall two")
    )
    assert on(reading, 2) == (on(reading, 2)[0], "The valve is red")
    assert (on(reading, 2)[0].how, on(reading, 2)[0].reason) == ("ocr", "Recognised, as it is an image.")
    assert on(reading, 3)[1] == "The end"
    assert reading.notes == ("The text in 3 picture(s) was recognised.",)


@needs_ocr
def test_the_text_in_a_documents_pictures_stands_under_their_heading() -> None:
    """In a paragraph, in a table, and in the header, behind all else."""
    text = read_docx(word(), "a.docx").text
    places = [text.index(words) for words in ("# Pumps", "hall two", "# Valves", "valve is red", "That is all", "ACME")]
    assert places == sorted(places)


@needs_ocr
@pytest.mark.parametrize(("read", "data"), [(read_xlsx, workbook()), (read_ods, SHEETS)])
def test_the_text_in_a_sheets_pictures_stands_on_that_sheet(read: Callable[..., Reading], data: bytes) -> None:
    """A sheet that holds a picture only is a recognised page."""
    reading = read(data, "a")
    assert (on(reading, 1)[0].how, "Pumps: 2" in on(reading, 1)[1], "hall two" in on(reading, 1)[1]) == (
        "text", True, True,
    )  # fmt: skip
    assert (on(reading, 2)[0].how, on(reading, 2)[1]) == ("ocr", "# Photo\n\nThe valve is red")


@needs_ocr
def test_open_documents_have_it_in_its_place() -> None:
    """Under the heading of a text, on the page of a presentation."""
    text = read_odt(TEXT, "a.odt").text
    places = [
        text.index(words) for words in ("# Pumps", "Here:", "hall two", "# Valves", "valve is red", "That is all")
    ]
    assert places == sorted(places)
    reading = read_odp(SLIDES, "a.odp")
    assert (on(reading, 1)[0].how, on(reading, 1)[1]) == ("text", "# Halls\n\nThe pump stands in hall two")
    assert (on(reading, 2)[0].how, on(reading, 2)[1]) == ("ocr", "The valve is red")


@pytest.mark.parametrize(
    ("read", "data", "n", "where"),
    [
        (read_pptx, DECK, 3, ", the first on page 1"),
        (read_docx, word(), 3, ""),
        (read_xlsx, workbook(), 2, ", the first on page 1"),
        (read_odt, TEXT, 2, ""),
        (read_ods, SHEETS, 2, ", the first on page 1"),
        (read_odp, SLIDES, 2, ", the first on page 1"),
    ],
)
def test_without_recognition_each_file_says_how_many_were_not_read(
    monkeypatch: pytest.MonkeyPatch, read: Callable[..., Reading], data: bytes, n: int, where: str
) -> None:
    """And a page that shows nothing else is one that could not be read, not an empty one."""
    monkeypatch.setenv("KB_OCR", "off")
    reading = read(data, "a")
    assert reading.notes == (f"{n} picture(s) were not read{where}. {OCR_HINT}",)
    assert "hall two" not in reading.text
    if len(reading.pages) > 1:
        page = reading.pages[1]
        assert (page.how, page.reason, page.start) == (
            "failed", f"It is an image without text. {OCR_HINT}", page.stop,
        )  # fmt: skip


def test_an_image_file_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is installed, not even what decodes it: it is not called damaged, and is read again once it can be."""
    monkeypatch.setenv("KB_OCR", "off")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ExtraNeededError, match=r"kb-rag\[ocr\]"):
        read_bytes(PUMP, "pump.png")


def test_a_document_of_pictures_only_waits_for_recognition(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not called empty, and is read again once recognition is installed."""
    monkeypatch.setenv("KB_OCR", "off")
    document = docx.Document()
    document.add_picture(io.BytesIO(PUMP), Inches(5))
    out = io.BytesIO()
    document.save(out)
    with pytest.raises(ExtraNeededError, match=r"no text in the file; 1 picture\(s\) were not read.*kb-rag\[ocr\]"):
        read_bytes(out.getvalue(), "a.docx")


def test_a_picture_in_a_cell_is_counted() -> None:
    """Which sheet it stands on is written elsewhere; it is not read, and that is said."""
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    reading = read_xlsx(package(parts | {"xl/media/3.png": LOGO}), "a.xlsx")
    assert "1 picture(s) in cells or behind them were left out." in reading.notes


@needs_ocr
@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_letters_on_a_transparent_ground_are_read(mode: str) -> None:
    """Black letters over transparent black, as drawing programs save them."""
    image = Image.new("RGBA", (900, 140), (0, 0, 0, 0))
    ImageDraw.Draw(image).text((30, 40), "The pump stands in hall two", (0, 0, 0, 255), ImageFont.load_default(40))
    out = io.BytesIO()
    image.convert(mode).save(out, "PNG")
    assert "hall two" in read_bytes(out.getvalue(), "pump.png").text


def test_what_no_reader_knows_is_said_whatever_is_installed() -> None:
    """Drawings of Windows: there is no advice, for there is nothing to be done."""
    deck = presentation(("Drawn", {"a.emf": EMF}), ("", {"b.emf": EMF + b"\0"}), ("Fine", {}))
    reading = read_pptx(deck, "deck.pptx")
    assert reading.notes == ("2 picture(s) cannot be read (EMF).",)
    assert [page.how for page in reading.pages] == ["text", "failed", "text"]


@needs_ocr
def test_damaged_pictures_do_not_stop_the_rest() -> None:
    """The slide's text is read, and the next picture."""
    reading = read_pptx(presentation(("Text", {"a.png": PUMP[:200], "b.png": VALVE})), "deck.pptx")
    assert reading.text == "Text\n\nThe valve is red"
    assert reading.notes[1] == "1 picture(s) cannot be read (PNG)."


@needs_ocr
def test_pictures_are_read_once_recognition_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And answers cite the slide that shows them."""
    (tmp_path / "deck.pptx").write_bytes(DECK)
    with KnowledgeBase.open(embedder="tfidf", llm="extractive") as kb:
        monkeypatch.setenv("KB_OCR", "off")
        assert any("3 picture(s) were not read" in note for note in kb.ingest([tmp_path / "deck.pptx"]).notes)
        assert kb.ingest([tmp_path / "deck.pptx"]).unchanged
        monkeypatch.delenv("KB_OCR")
        assert kb.ingest([tmp_path / "deck.pptx"]).updated
        citation = kb.ask("In which hall does the pump stand?").citations[0]
        assert (citation.page, citation.quote) == (1, "The pump stands in hall two")
        assert kb.ingest([tmp_path / "deck.pptx"]).unchanged

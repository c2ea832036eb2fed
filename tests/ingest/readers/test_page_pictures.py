"""The text in the pictures of books and pages is read where they stand, or is said not to be; all files are made here."""

from __future__ import annotations

import base64
import io
import os
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from kb.ingest.images.ocr import OCR_HINT, ocr_installed
from kb.ingest.readers.epub import read_epub
from kb.ingest.readers.web import read_html
from kb.ingest.run.job import Job, Taken
from kb.ingest.run.pool import Limits, Pool
from kb.ingest.run.read import read_bytes

pytest.importorskip("PIL.Image", reason="pillow, of the ocr extra, draws the pictures")
from drawing import picture
from PIL import Image

needs_ocr = pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")


def ground(width: int, height: int, kind: str = "PNG") -> bytes:
    """Return an image of one colour."""
    out = io.BytesIO()
    Image.new("1", (width, height)).save(out, kind)
    return out.getvalue()


PUMP, VALVE = picture("The pump stands in hall two"), picture("The valve is red", "JPEG")
COVER = picture("Plant Handbook")
SPACER = ground(1, 1, "GIF")
ICON = ground(16, 16)
BROKEN = (PUMP[:300], PUMP[:9], b"PK\x03\x04no zip", b"", b"7z\xbc\xaf\x27\x1c", ground(15_000, 15_000))
"""Cut off, another kind of file, none, and two hundred million dots in a few kilobytes."""
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><text>Flow</text><text>90 <tspan>l/s'
    "</tspan></text></svg>"
)


def data_uri(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def book(pages: dict[str, str], pictures: dict[str, bytes], metadata: str = "", **properties: str) -> bytes:
    """Return a book of pages in this order; ``properties`` of items by the name of their file, without its suffix."""
    items = spine = ""
    for name in (*pages, *pictures):
        key = name.split(".")[0]
        kind = f'media-type="application/xhtml+xml" properties="{properties.get(key, "")}"'
        items += f'<item id="{key}" href="{quote(name)}" {kind}/>'
        spine += f'<itemref idref="{key}"/>' if name in pages else ""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "OPS/book.opf",
            f"<package><metadata>{metadata}</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>",
        )
        for name, content in (pages | pictures).items():
            archive.writestr(f"OPS/{name}", content)
    return out.getvalue()


def page(body: str, head: str = "") -> str:
    return (
        f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head>{head}</head><body>{body}</body></html>'
    )


BOOK = book(
    {
        "one.xhtml": page(
            '<h1>Pumps</h1><p>See <img src="img/hall%20two.png" alt="the hall"/> here.</p><p>Then on.</p>'
        ),
        "two.xhtml": page(
            '<h1>Valves</h1><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
            '<image width="9" xlink:href="./img/valve.jpg#x"/></svg><p>That is all.</p>'
        ),
    },
    {"img/hall two.png": PUMP, "img/valve.jpg": VALVE},
)
PAGE = (
    f'<h1>Pumps</h1><p>See <img src="{data_uri(PUMP)}" alt="the hall"> here.</p><p>Then on.</p>'
    f'<h1>Valves</h1><ul><li>one<img src="{data_uri(VALVE, "jpeg")}"><li>two</ul><p>That is all.'
)


def in_order(text: str, *pieces: str) -> bool:
    places = [text.index(piece) for piece in pieces]
    return places == sorted(places)


@needs_ocr
def test_the_text_in_a_books_pictures_stands_in_its_chapter() -> None:
    """Behind the paragraph that shows it, with its description; in the svg that fits a picture to the page too."""
    reading = read_epub(BOOK, "a.epub")
    assert reading.text.startswith(
        "# Pumps\n\nSee the hall here.\n\nThe pump stands in hall two\n\nThen on.\n\n# Valves"
    )
    assert in_order(reading.text, "# Valves", "The valve is red", "That is all.")
    assert reading.notes == ("The text in 2 picture(s) was recognised.",)


@needs_ocr
@pytest.mark.parametrize(
    ("metadata", "properties"), [("", {"cover": "cover-image"}), ('<meta name="cover" content="cover"/>', {})]
)
def test_the_text_on_a_cover_stands_in_front_and_once(metadata: str, properties: dict[str, str]) -> None:
    """Also when no page shows it, as EPUB 2 and EPUB 3 name it; a page that shows it too adds nothing."""
    pages = {"one.xhtml": page('<h1>Pumps</h1><img src="cover.png"/>')}
    reading = read_epub(book(pages, {"cover.png": COVER}, metadata, **properties), "a.epub")
    assert reading.text == "Plant Handbook\n\n# Pumps"
    assert reading.notes == ("The text in 1 picture(s) was recognised.",)


def test_a_chapter_with_a_script_in_its_head_is_read() -> None:
    """In XML an element may end where it begins; a script or title that does must not take the chapter, or page, with it."""
    chapter = page("<p>First.</p><a id='x'/><p>Last.</p>", "<title/><script src='a.js'/>")
    assert read_epub(book({"one.xhtml": chapter}, {}), "a.epub").text == "First.\n\nLast."
    assert read_html(chapter.encode(), "a.xhtml").text == "First.\n\nLast."


@needs_ocr
def test_the_text_in_a_pages_own_pictures_stands_where_they_do() -> None:
    """In a paragraph and in a list; in a heading and a table, behind them."""
    assert read_html(PAGE.encode(), "a.html").text == (
        "# Pumps\n\nSee the hall here.\n\nThe pump stands in hall two\n\nThen on.\n\n"
        "# Valves\n\n- one\n  The valve is red\n- two\n\nThat is all."
    )
    table = (
        f'<h2><img src="{data_uri(VALVE)}">Valves</h2>Some.<table><tr><td>a<td><img src="{data_uri(PUMP)}">b</table>'
    )
    text = read_html(table.encode(), "a.html").text
    assert in_order(text, "## Valves", "The valve is red", "Some.", "| a | b |", "The pump stands in hall two")


def test_the_text_of_a_drawing_is_read_whatever_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """SVG holds it as text, in the page or as the address of a picture."""
    monkeypatch.setenv("KB_OCR", "off")
    encoded = f"data:image/svg+xml,{quote(DRAWING)}"
    for shown in (DRAWING, f'<img src="{encoded}">', f"<table><tr><td>a<td>{DRAWING}</table>"):
        reading = read_html(f"<p>Before{shown}<p>After".encode(), "a.html")
        assert in_order(reading.text, "Before", "Flow\n90 l/s", "After")
        assert reading.notes == ()


def test_without_recognition_pages_and_books_say_how_many_were_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spacers and icons, which hold no text, need not be read, and are not counted."""
    monkeypatch.setenv("KB_OCR", "off")
    small = f'<img src="{data_uri(SPACER, "gif")}"><img src="{data_uri(ICON)}">'
    for document in (read_bytes(BOOK, "a.epub"), read_bytes((PAGE + small).encode(), "a.html")):
        assert document.notes == (f"2 picture(s) were not read. {OCR_HINT}",)
        assert "hall two" not in document.text


def test_a_picture_that_is_elsewhere_is_no_part_of_a_page() -> None:
    """Nothing is fetched, and a file beside the page is a file of its own."""
    page = '<p>Text<img src="https://example.org/a.png"><img src="a.png"><img src="file:///etc/a.png"><img>'
    reading = read_html(page.encode(), "a.html")
    assert (reading.text, reading.notes) == ("Text", ())
    outside = book({"one.xhtml": page}, {})
    assert read_epub(outside, "a.epub").notes == ("1 picture(s) cannot be read (PNG).",)


@needs_ocr
def test_broken_pictures_cost_a_note_only() -> None:
    """The text and the other pictures are read, of a page and of a book."""
    shown = "".join(f'<img src="{data_uri(data)}"/>' for data in BROKEN)
    named = "".join(f'<img src="{n}.png"/>' for n, _ in enumerate(BROKEN))
    pages = {"one.xhtml": page(f'<p>Text{named}<img src="valve.jpg"/></p>')}
    packed = book(pages, {f"{n}.png": data for n, data in enumerate(BROKEN)} | {"valve.jpg": VALVE})
    html = f'<p>Text{shown}<img src="{data_uri(VALVE)}"/>'
    for reading in (read_html(html.encode(), "a.html"), read_epub(packed, "a.epub")):
        assert reading.text == "Text\n\nThe valve is red"
        assert reading.notes[-1] == f"{len(BROKEN)} picture(s) cannot be read (PNG)."


@needs_ocr
@pytest.mark.skipif(os.name == "nt", reason="workers need POSIX pipes")
def test_a_picture_for_which_there_is_too_little_memory_costs_a_note_only(tmp_path: Path) -> None:
    """What recognises text fails in its own ways where it may take no more; the page is read."""
    (tmp_path / "a.html").write_text(f'<p>Text<img src="{data_uri(PUMP)}">')
    job = Job(str(tmp_path / "a.html"), (tmp_path / "a.html").stat().st_size)
    taken = [
        event.result for _, event in Pool(1, Limits(memory_bytes=400_000_000)).run([job]) if isinstance(event, Taken)
    ]
    assert [document.text.startswith("Text") for document in taken] == [True], taken

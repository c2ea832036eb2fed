"""Text recognised in pictures of pages comes in the order in which it is read, however the page lies. They are drawn here."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from kb.ingest.images.ocr import ocr_installed, recognise
from PIL import Image, ImageDraw, ImageFont

pytestmark = pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")
LEFT = (
    "The pump stands in hall two",
    "and takes water from the river",
    "through a filter of fine steel",
    "which is cleaned on Mondays.",
    "Nobody opens the valve while",
    "the red lamp above it is lit.",
    "The shift leader keeps a key",
    "in the grey box by the door.",
    "A second one lies in the safe.",
)
RIGHT = (
    "Oil is changed every quarter",
    "by the workshop of the plant.",
    "Used oil goes into the barrel",
    "with the green lid, not down",
    "the drain of the south yard.",
    "Bearings are greased monthly",
    "and their heat is written up",
    "in the log beside the switch.",
    "Above sixty degrees we stop.",
)


def drawn(lines: Iterable[tuple[int, int, str]], size: tuple[int, int]) -> Image.Image:
    """Return a white picture with lines of text at (left, top)."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for left, top, text in lines:
        draw.text((left, top), text, "black", ImageFont.load_default(30))
    return image


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def test_the_left_column_is_read_before_the_right_one() -> None:
    """A scanned page of two columns is not read across; its lines are one paragraph, so that sentences stay whole."""
    columns = [
        (30 + 520 * side, 30 + 44 * n, text) for side, lines in enumerate((LEFT, RIGHT)) for n, text in enumerate(lines)
    ]
    text = "\n\n".join(recognise(png(drawn(columns, (1050, 460)))))
    places = [text.find(words) for words in ("pump", "Mondays", "safe", "quarter", "barrel", "sixty")]
    assert -1 not in places
    assert places == sorted(places)
    assert "\n\n" not in text[: places[2]]


@pytest.mark.parametrize("degrees", [90, 270])
def test_a_page_that_lies_on_its_side_is_turned(degrees: int) -> None:
    """Scanned sideways, the lines would come from right to left, the last one first."""
    page = drawn([(30, 30 + 60 * n, text) for n, text in enumerate(LEFT[:4])], (600, 300)).rotate(degrees, expand=True)
    text = " ".join(recognise(png(page)))
    places = [text.find(words) for words in ("pump", "river", "filter", "Mondays")]
    assert -1 not in places
    assert places == sorted(places)


def test_a_spot_is_no_text() -> None:
    """What is recognised as a single letter in a picture is nothing."""
    assert recognise(png(drawn([(40, 20, "X")], (100, 80)))) == []

"""The text in the pictures and text boxes of Rich Text is read where they stand; all files are made here."""

from __future__ import annotations

import pytest
from kb.ingest.images.ocr import OCR_HINT, ocr_installed
from kb.ingest.readers.rtf import read_rtf

pytest.importorskip("PIL.Image", reason="pillow, of the ocr extra, draws the pictures")
from drawing import picture

needs_ocr = pytest.mark.skipif(not ocr_installed(), reason="the ocr extra is not installed")


PUMP, VALVE = picture("The pump stands in hall two"), picture("The valve is red", "JPEG")


def pict(kind: bytes, data: bytes) -> bytes:
    """Return a picture as hexadecimal digits in lines, as programs write it."""
    digits = data.hex()
    lines = "\r\n".join(digits[at : at + 128] for at in range(0, len(digits), 128)).encode()
    return rb"{\pict{\*\picprop{\sp{\sn fLine}{\sv 0}}}\picw99\pich9" + kind + rb"{\*\blipuid 00ff}" + lines + b"}"


def shape(inside: bytes) -> bytes:
    return rb"{\shp{\*\shpinst\shpleft0{\sp{\sn shapeType}{\sv 202}}" + inside + rb"}{\shprslt{\*\do\dptxbx Older}}}"


PNG, JPEG = pict(rb"\pngblip", PUMP), rb"{\pict\jpegblip\bin%d " % len(VALVE) + VALVE + b"}"
WORD = (
    rb"{\rtf1{\pard\outlinelevel0 Pumps\par}\pard See {\*\shppict" + PNG + rb"}{\nonshppict" + pict(rb"\wmetafile8", b"x")
    + rb"} here.\par Then on.\par{\pard\outlinelevel0 Valves\par}\pard " + shape(rb"{\sp{\sn pib}{\sv " + JPEG + b"}}")
    + rb"\par\trowd\intbl A\cell B\cell\row\pard That is all.\par}"
)  # fmt: skip


@needs_ocr
def test_the_text_in_pictures_stands_where_they_do() -> None:
    """In a paragraph, as digits; in a shape, as bytes in which braces mean nothing; what repeats it is left out."""
    assert b"{" in VALVE or b"}" in VALVE
    reading = read_rtf(WORD, "a.rtf")
    assert reading.text == (
        "# Pumps\n\nSee here.\n\nThe pump stands in hall two\n\nThen on.\n\n# Valves\n\nThe valve is red\n\n"
        "| A | B |\n| --- | --- |\n\nThat is all."
    )
    assert reading.notes == ("The text in 2 picture(s) was recognised.",)


@needs_ocr
def test_pictures_in_a_table_stand_behind_it() -> None:
    """A table is one block."""
    rtf = rb"{\rtf1\trowd\intbl A" + PNG + rb"\cell B\cell\row\pard End" + JPEG + rb"\par}"
    assert read_rtf(rtf, "a.rtf").text == (
        "| A | B |\n| --- | --- |\n\nThe pump stands in hall two\n\nEnd\n\nThe valve is red"
    )


def test_the_text_of_a_text_box_is_read() -> None:
    """As paragraphs of its own, which leave the ones around them as they are; in a cell, within the cell."""
    box = shape(rb"{\shptxt \pard\outlinelevel9 In the box\par}")
    text = rb"{\rtf1\pard\outlinelevel0 Before" + box + rb"After\par\pard Text\par}"
    assert read_rtf(text, "a.rtf").text == "# Before\n\nIn the box\n\n# After\n\nText"
    table = rb"{\rtf1\trowd\intbl A" + box + rb"\cell B\cell\row\pard Text\par}"
    assert read_rtf(table, "a.rtf").text == "| A In the box | B |\n| --- | --- |\n\nText"


def test_what_is_not_read_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that wait, drawings of Windows, broken ones, and embedded objects."""
    monkeypatch.setenv("KB_OCR", "off")
    broken = (
        rb"{\pict\jpegblip not hex}{\pict\wmetafile8 0100}{\pict}{\object{\*\objdata 01}{\result{\pict\wmetafile8 02}}}"
    )
    assert read_rtf(WORD[:-1] + broken + b"}", "a.rtf").notes == (
        "1 embedded object(s) were left out.",
        f"2 picture(s) were not read. {OCR_HINT}",
        "3 picture(s) cannot be read (?, JPG, WMF).",
    )


def test_bytes_that_claim_to_be_more_than_there_are_end_with_the_file() -> None:
    """What a cut file or a lie says of its length costs nothing else."""
    assert read_rtf(rb"{\rtf1 Text\par{\pict\pngblip\bin999999999 abc", "a.rtf").text == "Text"

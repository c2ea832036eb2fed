"""Word documents and presentations from before 2007: made here byte by byte, and real ones."""

from __future__ import annotations

import struct

import pytest
from compound_file import compound
from kb.ingest.errors import DamagedError, EncryptedError, KBError
from kb.ingest.legacy.doc import read_doc
from kb.ingest.legacy.ppt import read_ppt
from kb.ingest.run.read import load, read_bytes
from old_word import old_word, paragraph
from old_word import words as words_of
from places import SHARED

FILES = SHARED / "data" / "files"


def word(flags: int = 0) -> bytes:
    """Return an old Word document: a heading, a struck word and a field, a table, and a note."""
    cell, row_end = paragraph(0, (0x2416, 1)), paragraph(0, (0x2416, 1), (0x2417, 1))
    fee = "The fee is 18 and \x13 LINK x \x1424\x15 euros.\r"
    paragraphs = [
        ("Rules\r", paragraph(1)),
        (fee, paragraph(0)),
        ("Site\x07", cell),
        ("北\x07", cell),
        ("\x07", row_end),
    ]
    runs = [("Rules\rThe fee is ", b""), ("18", words_of((0x0837, 1))), (fee[13:] + "Site\x07北\x07\x07A note.\r", b"")]
    n_body = sum(len(text) for text, _ in paragraphs)
    return old_word([*paragraphs, ("A note.\r", paragraph(0))], runs, flags=flags, counts=(n_body, 8))


def test_an_old_word_document_becomes_markdown() -> None:
    """Headings by their styles, what is struck out marked, results of fields, tables, and notes behind the body."""
    text = read_bytes(word(), "a.doc").text
    assert text == "# Rules\n\nThe fee is ~~18~~ and 24 euros.\n\n| Site | 北 |\n| --- | --- |\n\nA note."


def test_an_old_document_with_a_password_or_damage_says_so() -> None:
    """Each with its own kind of error."""
    with pytest.raises(EncryptedError):
        read_doc(word(flags=0x0100), "a.doc")
    with pytest.raises(DamagedError):
        read_doc(compound({"WordDocument": b"\xec\xa5\xc1".ljust(600, b"\0")}), "a.doc")
    with pytest.raises(DamagedError):
        read_ppt(compound({"Current User": b"x"}), "a.ppt")


def test_word_95_is_read_in_its_own_encoding() -> None:
    """Its text says nothing of that; it is found out as for a text file."""
    text = "Компания основана в 1998 году, главный офис находится в Москве.\rСотрудники получают отпуск.\r".encode(
        "cp1251"
    )
    head = bytearray(600)
    struct.pack_into("<H", head, 2, 0x68)
    struct.pack_into("<I", head, 24, 600)
    struct.pack_into("<I", head, 52, len(text))
    assert read_doc(compound({"WordDocument": bytes(head) + text}), "a.doc").text.startswith(
        "Компания основана в 1998 году"
    )


def record(kind: int, *content: bytes, instance: int = 0) -> bytes:
    """Return a record of a presentation."""
    inner = b"".join(content)
    return struct.pack("<HHI", instance << 4, kind, len(inner)) + inner


def words(kind: int, text: str) -> bytes:
    """Return a text of a kind, 0 being titles."""
    return record(3999, struct.pack("<I", kind)) + record(4000, text.encode("utf-16-le"))


def table(*cells: tuple[int, int, int, int, str], marks: int = 1) -> bytes:
    """Return a group of shapes that is a table: cells by left, top, right, bottom and text, and a line beside them."""

    def shape(form: int, corners: tuple[int, ...], text: bytes) -> bytes:
        return record(0xF004, record(0xF00A, b"", instance=form), record(0xF00F, struct.pack("<4i", *corners)), text)

    properties = struct.pack("<HIHI", 127, 7, 0x039F, marks)
    whole = record(0xF004, record(0xF009, bytes(16)), record(0xF122, properties, instance=2))
    shapes = [shape(1, corners, record(0xF00D, words(4, text)) if text else b"") for *corners, text in cells]
    return record(0xF003, whole, *shapes, shape(20, (0, 0, 0, 9), b""))


def presentation(drawing: bytes = b"") -> bytes:
    """Return a presentation of two slides, the second hidden, with notes on the first, an empty text and a footer."""

    def persist(at: int, identity: int) -> bytes:
        return record(1011, struct.pack("<5I", at, 0, 0, identity, 0))

    empty = record(3999, struct.pack("<I", 4))
    strings = [record(4026, text.encode("utf-16-le"), instance=at) for at, text in ((0, "3 May"), (2, "Rev. B"))]
    footer = record(4058, struct.pack("<HH", 0, 0x25)) + b"".join(strings)
    slides = (
        persist(2, 256) + words(0, "Plan") + empty + words(1, "Dig.\rPlant.") + persist(3, 257) + words(0, "Reserve")
    )
    parts = {
        1: record(
            1000, record(4080, slides), record(4080, persist(4, 512), instance=2), record(4057, footer, instance=3)
        ),
        2: record(
            1006,
            record(3998, struct.pack("<I", 0)),
            record(1036, record(0xF00D, record(3998, struct.pack("<I", 2))), drawing),
        ),
        3: record(1006, record(1017, struct.pack("<I6xH", 0, 4)), record(0xF00D, words(4, "Sell."))),
        4: record(1008, record(1009, struct.pack("<I", 256)), record(0xF00D, words(2, "Say when."))),
    }
    stream, places = b"", []
    for part in parts.values():
        places.append(len(stream))
        stream += part
    directory = len(stream)
    stream += record(6002, struct.pack("<5I", 1 | 4 << 20, *places))
    edit = len(stream)
    stream += record(4085, struct.pack("<6I", 0, 0, 0, directory, 1, 5))
    return compound(
        {"PowerPoint Document": stream, "Current User": struct.pack("<3I4sI", 0, 0, 20, b"\x5f\xc0\x91\xe3", edit)}
    )


def test_an_old_presentation_becomes_pages() -> None:
    """Slides in order with titles, texts of the outline where named, date and footer once, notes; what is hidden marked."""
    reading = read_bytes(presentation(), "a.ppt")
    assert reading.text == "# Plan\n\nDig.\nPlant.\n\n3 May\nRev. B\n\nNotes: Say when.\n\n~~Sell.~~"
    assert len(reading.pages) == 2


def test_a_table_on_an_old_slide_is_a_table() -> None:
    """Its cells are shapes: their places say in which row and column each stands; a merged one is in all it covers."""
    head = (0, 0, 10, 5, ""), (10, 0, 20, 5, "2024"), (20, 0, 30, 5, "2025")
    body = (0, 5, 10, 15, "Gala"), (10, 5, 20, 10, "38.5"), (20, 5, 30, 10, "29.5"), (10, 10, 30, 15, "none")
    text = read_bytes(presentation(table(*head, *body)), "a.ppt").text
    assert "|  | 2024 | 2025 |\n| --- | --- | --- |\n| Gala | 38.5 | 29.5 |\n| Gala | none | none |" in text
    apart = [(at, at, at + 1, at + 1, str(at)) for at in range(200)]
    assert "|" not in read_bytes(presentation(table(*apart)), "a.ppt").text
    plain = read_bytes(presentation(table(*head, *body, marks=0)), "a.ppt").text
    assert "2024\n\n2025\n\nGala" in plain


@pytest.mark.parametrize(("suffix", "least"), [(".doc", 85), (".ppt", 60)])
def test_real_old_files_are_read(suffix: str, least: int) -> None:
    """No error of another kind escapes, and nearly all that are sound hold text."""
    if not FILES.exists():
        pytest.skip("the real files are beside a development checkout only")
    n_read = 0
    for path in sorted(path for path in FILES.rglob("*") if path.suffix.lower() == suffix):
        try:
            text = read_bytes(load(path, 1 << 28), str(path)).text
        except KBError:
            continue
        n_read += 1
        assert not set(text) & set(map(chr, (*range(9), *range(14, 32))))
    assert n_read >= least

"""Notes, comments and margins of old Word documents: where they are named, and once each. The files are made here."""

from __future__ import annotations

import struct

from kb.ingest.run.read import read_bytes
from old_word import old_word, paragraph

PLAIN, ITEM = paragraph(0), paragraph(0, (0x460B, 1), (0x260A, 0))


def places(*at: int, each: tuple[bytes, ...] = ()) -> tuple[bytes, bytes]:
    """Return a table of places in the text, and what is said of each."""
    return struct.pack(f"<{len(at)}I", *at) + b"".join(each), b""


def document(*, cut: bool = False) -> bytes:
    """Return a document of a note, an end note, two comments, and a header that two sections share."""
    body = ["The fee\x02 is 18\x02.\r", "Due\x05 at once.\r", "The end\x05.\r"]
    notes, margins = ["\x02 Per day.\r"], ["Acme Ltd\r", "Acme Ltd\r", "\r"]
    comments, ends = ["\x05Too much?\r", "\x05Really.\r"], ["\x02 See annex.\r"]
    parts = [(text, PLAIN) for text in (*body, *notes, *margins, *comments, *ends)]
    counts = [sum(map(len, texts)) for texts in (body, notes, margins, [], comments, ends)]

    def ranges(texts: list[str]) -> list[int]:
        return [sum(map(len, texts[:at])) for at in range(len(texts) + 1)]

    def comment(author: int) -> bytes:
        return bytes(20) + struct.pack("<H", author) + bytes(8)

    text = "".join(body)
    auto = struct.pack("<H", 1)
    marks = [at for at, letter in enumerate(text) if letter == "\x02"]
    said = [at for at, letter in enumerate(text) if letter == "\x05"]
    authors = b"".join(struct.pack("<H", len(name)) + name.encode("utf-16-le") for name in ("Ito", "Li"))
    tables = {
        170: places(marks[0], len(text), each=(auto,)),
        178: places(*ranges(notes), len(notes[0])),
        186: places(*said, len(text), each=(comment(1), comment(0))),
        194: places(*ranges(comments), sum(map(len, comments))),
        522: places(marks[1], len(text), each=(auto,)),
        530: places(*ranges(ends), len(ends[0])),
        242: places(*[0] * 6, *ranges(margins)),
        442: (authors, b""),
    }
    return old_word(parts, counts=counts, tables={} if cut else tables)


def test_notes_comments_and_margins_stand_where_they_are_named() -> None:
    """Notes by their number, a comment behind its paragraph with who says it, a header once."""
    assert read_bytes(document(), "a.doc").text.split("\n\n") == [
        *("The fee[^1] is 18[^e1].", "Due at once.", "Comment (Li): Too much?", "The end.", "Comment (Ito): Really."),
        *("[^1]: Per day.", "[^e1]: See annex.", "Acme Ltd"),
    ]


def test_without_their_tables_they_stand_after_the_text() -> None:
    """What a damaged file does not say where is read all the same."""
    text = read_bytes(document(cut=True), "a.doc").text
    assert text.startswith("The fee is 18.\n\nDue at once.")
    assert all(words in text for words in ("Per day.", "Too much?", "See annex."))

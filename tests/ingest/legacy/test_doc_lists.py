"""The numbers of list items in old Word documents, which are not in the text. The files are made here byte by byte."""

from __future__ import annotations

import struct

import pytest
from kb.ingest.errors import DamagedError
from kb.ingest.run.read import read_bytes
from old_word import START, old_word, page, paragraph, words

LIST, DEPTH, STYLES, LISTS, INSTANCES = 0x460B, 0x260A, 162, 738, 746


def level(code: int, text: str, flags: int = 0, start: int = 1, restarts: int = 0) -> bytes:
    """Return a level of a list; ``%1`` in its text stands for the first level's number."""
    shown = "".join(chr(int(piece[0]) - 1) + piece[1:] if at else piece for at, piece in enumerate(text.split("%")))
    head = struct.pack("<iBB9xB8xBBBB", start, code, flags, 0, 2, 3, restarts, 0)
    return head + b"pap" + b"ch" + struct.pack("<H", len(shown)) + shown.encode("utf-16-le")


def described(*levels: bytes, overrides: tuple[bytes, ...] = (b"",)) -> dict[int, tuple[bytes, bytes]]:
    """Return the tables of one list of up to nine levels, and its instances: none begins anew, or as overridden."""
    entry = struct.pack("<iI18xBB", 77, 0, 0, 0)
    levels += (level(0, "?"),) * (9 - len(levels))
    instances = struct.pack("<I", len(overrides)) + b"".join(
        struct.pack("<i8xBBBB", 77, 1 if override else 0, 0, 0, 0) for override in overrides
    )
    behind = b"".join(b"\xff" * 4 + override for override in overrides)
    return {LISTS: (struct.pack("<H", 1) + entry, b"".join(levels)), INSTANCES: (instances + behind, b"")}


def style(number: int, base: int, *of: tuple[int, int]) -> bytes:
    """Return a paragraph style of a sheet."""
    content = paragraph(number, *of)[1:]
    body = struct.pack("<5H", 0, 1 | base << 4, 1, 0, 0) + struct.pack("<H", 1) + "S".encode("utf-16-le") + bytes(2)
    body += struct.pack("<H", len(content)) + content
    return struct.pack("<H", len(body)) + body + b"\0" * (len(body) % 2)


def lines(marks: str, tables: dict[int, tuple[bytes, bytes]]) -> list[str]:
    """Return the first words of paragraphs ``x``: ``list:depth``, ``s`` and a style's number, or ``-`` for a plain one."""
    made = []
    for mark in marks.split():
        name, _, depth = mark.rpartition(":")
        of = ((LIST, int(name or 1)), (DEPTH, int(depth))) if depth.isdigit() else ()
        made.append(("x\r", paragraph(int(mark[1:]) if mark[0] == "s" else 0, *of)))
    text = read_bytes(old_word(made, tables=tables), "a.doc").text
    return [line.strip(" #").split()[0] for line in text.splitlines() if line]


CHAPTERS = level(39, "第%1章")
"""``chineseCountingThousand``."""


@pytest.mark.parametrize(
    ("levels", "marks", "expected"),
    [
        ((CHAPTERS, level(39, "第%2条", 0x08)), "0 1 1 0 1", "第一章 第一条 第二条 第二章 第三条"),
        (
            (level(0, "%1"), level(0, "%1.%2"), level(4, "%3)", 0x08, 1, 1)),
            "0 1 2 1 2 0 1 2",
            "1 1.1 a) 1.2 b) 2 2.1 a)",
        ),
        ((level(1, "Article%1.", start=4), level(0, "%1.%2", 0x04)), "0 1 0 1", "ArticleIV. 4.1 ArticleV. 5.1"),
        ((level(23, "·"),), "0 -", "- x"),
        ((level(255, "Note:"),), "0 3:0 0", "Note: x Note:"),
    ],
)
def test_lists_are_counted_as_word_shows_them(levels: tuple[bytes, ...], marks: str, expected: str) -> None:
    """Chapters and articles, restarts, legal levels, bullets; a list that is not described numbers nothing."""
    assert lines(marks, described(*levels)) == expected.split()


def test_an_instance_begins_anew_or_redefines_a_level() -> None:
    """As it says where it is described."""
    start = struct.pack("<II", 5, 0x10)
    assert lines("0 2:0 2:0 0", described(CHAPTERS, overrides=(b"", start))) == ["第一章", "第五章", "第六章", "第二章"]
    other = struct.pack("<II", 0, 0x20) + level(3, "%1)")
    assert lines("2:0 2:0", described(CHAPTERS, overrides=(b"", other))) == ["A)", "B)"]


def test_a_style_makes_its_paragraphs_items() -> None:
    """Its own or the one it is based on; headings keep their number."""
    sheet = struct.pack("<HHH", 6, 3, 10) + bytes(2)
    numbered, based = style(1, 0xFFF, (LIST, 1), (DEPTH, 0)), style(2, 1, (DEPTH, 1))
    tables = described(level(0, "%1"), level(0, "%1.%2")) | {STYLES: (sheet + b"\0\0" + numbered + based, b"")}
    assert lines("s1 s2 s2 s1 -", tables) == ["1", "1.1", "1.2", "2", "x"]


def test_hidden_paragraphs_are_not_counted_and_cells_are() -> None:
    """Empty ones count; one hidden or deleted with its end does not."""
    item, cell = paragraph(0, (LIST, 1), (DEPTH, 0)), paragraph(0, (LIST, 1), (DEPTH, 0), (0x2416, 1))
    parts = [
        ("a\r", item),
        ("\r", item),
        ("b\r", item),
        ("c\r", item),
        ("d\x07", cell),
        ("e\x07", paragraph(0, (0x2416, 1))),
    ]
    parts += [("\x07", paragraph(0, (0x2416, 1), (0x2417, 1))), ("f\r", item)]
    runs = [("a\r\r", b""), ("b\r", words((0x083C, 1))), ("c\rd\x07e\x07\x07f\r", b"")]
    text = read_bytes(old_word(parts, runs, tables=described(level(0, "%1."))), "a.doc").text
    assert text == "1. a\n\n~~(hidden) b~~\n\n3. c\n\n| 4. d | e |\n| --- | --- |\n\n5. f"


def test_damaged_lists_cost_no_text() -> None:
    """Whatever the tables say, the text is read."""
    tables = described(CHAPTERS)
    for place in (LISTS, INSTANCES):
        for cut in range(0, 30, 3):
            damaged = tables | {place: (tables[place][0][:cut], b"")}
            assert lines("0 1 2:8", damaged)
    noise = dict.fromkeys((STYLES, LISTS, INSTANCES), (b"\xff" * 40, b"\xff" * 40))
    assert lines("0 1 s3", noise)


def test_the_code_of_a_field_over_several_paragraphs_is_no_text() -> None:
    """A table of contents begins in its first entry and ends behind its last."""
    parts = [('\x13 TOC \\o "1-1" \x14Scope\t3\r', paragraph(0)), ("Fees\t4\x15\r", paragraph(0))]
    assert read_bytes(old_word(parts), "a.doc").text == "Scope 3\n\nFees 4"


def test_formats_that_overlap_are_damage() -> None:
    """A page that claims more of them than it has room for is not read as anything."""
    data = bytearray(old_word([("x\r", paragraph(0))]))
    stored = page(START, 13, (START + 4, paragraph(0)))
    data[data.index(stored) + len(stored) - 1] = 255
    with pytest.raises(DamagedError, match="formats are not where"):
        read_bytes(bytes(data), "a.doc")


def test_a_field_may_show_a_sign() -> None:
    """As Word 6 wrote them: the letter of a font, by its number; a result goes before it."""
    text = 'Take 5 \x13 SYMBOL 109 \\f "Symbol" \\s 12\x15g, \x13 SYMBOL 60 \\f "Arial" \x14≤\x15 3.\r'
    assert read_bytes(old_word([(text, paragraph(0))]), "a.doc").text == "Take 5 μg, ≤ 3."

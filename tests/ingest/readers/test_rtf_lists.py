"""RTF lists whose numbers are not in the text: they come from the list table. The files are made here."""

from __future__ import annotations

import pytest
from kb.ingest.run.read import read_bytes

CHINESE = rb"{\listlevel\levelnfc39{\leveltext\leveltemplateid9\'03\u31532\'b5\'da\'00\'cc\'f5;}{\levelnumbers\'02;}}"
TWO = rb"{\listlevel\levelnfc0\levelnfcn0\levelstartat1 MORE{\leveltext\'04\'00.\'01.;}{\levelnumbers\'01\'03;}}"
"""The number of the level above, and its own."""
UNENDED = rb"{\listlevel\levelnfc1\levelfollow0\levelstartat4{\leveltext \'02\'00.}{\levelnumbers \'01}}"
BULLET = rb"{\listlevel\levelnfc23{\leveltext\'01\u-3913 ?;}{\levelnumbers;}}"


def shown(items: bytes, *levels: bytes, overrides: bytes = b"") -> list[str]:
    """Return the lines of a file of one list; items are its body."""
    table = rb"{\*\listtable{\list\listtemplateid1" + b"".join(levels) + rb"{\listname ;}\listid7}}"
    instances = rb"{\*\listoverridetable{\listoverride\listid7\listoverridecount0\ls1}" + overrides + b"}"
    data = rb"{\rtf1\ansi\ansicpg936\uc2" + table + instances + items + b"}"
    return [line for line in read_bytes(data, "a.rtf").text.splitlines() if line]


def items(marks: str) -> bytes:
    """Return paragraphs ``x`` in list 1: their depths, or ``list:depth``."""
    named = ((mark.rpartition(":")[0] or "1", mark[-1]) for mark in marks.split())
    return b"".join(rf"\pard\ls{name}\ilvl{depth} x\par ".encode() for name, depth in named)


@pytest.mark.parametrize(
    ("levels", "marks", "expected"),
    [
        ((CHINESE,), "0 0", "第一条 第二条"),
        ((UNENDED,), "0 0", "IV. V."),
        ((CHINESE, TWO.replace(b" MORE", b"")), "0 1 1 0 1", "第一条 一.1. 一.2. 第二条 二.1."),
        ((CHINESE, TWO.replace(b" MORE", rb"\levellegal1")), "0 1", "第一条 1.1."),
        ((CHINESE, TWO.replace(b" MORE", rb"\levelnorestart1")), "0 1 0 1", "第一条 一.1. 第二条 二.2."),
        ((BULLET,), "0 0", "- -"),
        ((CHINESE,), "0 2:0 0", "第一条 x 第二条"),
    ],
)
def test_the_list_table_numbers_items(levels: tuple[bytes, ...], marks: str, expected: str) -> None:
    """Forms, levels above, legal ones, those that never begin again; a list that is not described numbers nothing."""
    assert [line.split()[0] for line in shown(items(marks), *levels)] == expected.split()


def test_an_override_begins_anew_or_redefines_a_level() -> None:
    """An instance with its own start counts for itself; one with its own level shows that."""
    start = rb"{\listoverride\listid7\listoverridecount1{\lfolevel\listoverridestartat\levelstartat5}\ls2}"
    assert [line.split()[0] for line in shown(items("0 2:0 2:0 0"), CHINESE, overrides=start)] == [
        *("第一条", "第五条", "第六条", "第二条"),
    ]
    form = rb"{\listoverride\listid7\listoverridecount1{\lfolevel\listoverrideformat" + UNENDED + rb"}\ls2}"
    assert [line.split()[0] for line in shown(items("2:0 2:0"), CHINESE, overrides=form)] == ["IV.", "V."]


def test_a_number_in_the_text_is_not_given_twice() -> None:
    """What the program wrote before an item stays, and counts; so does an empty item; a plain paragraph has none."""
    body = rb"{\listtext\pard\plain 1)\tab}\pard\ls1 a\par\pard\ls1 \par\pard\ls1 b\par\pard c\par"
    assert shown(body, CHINESE) == ["1) a", "第三条 b", "c"]


def test_items_in_cells_notes_and_beside_boxes_have_one_number() -> None:
    """Each paragraph of a cell has its own; a comment or a text box within an item does not count it twice."""
    cells = rb"\trowd\pard\intbl\ls1 a\par b\cell\pard\intbl\ls1 c\cell\row\pard d\par"
    assert shown(cells, CHINESE)[::2] == ["| 第一条 a 第二条 b | 第三条 c |", "d"]
    comment = rb"\pard\ls1 a{\*\atnauthor Li}{\*\annotation\pard\plain so\par}b\par\pard\ls1 c\par"
    assert shown(comment, CHINESE) == ["第一条 ab", "Comment (Li): so", "第二条 c"]
    box = rb"{\shp{\*\shpinst{\shptxt\pard inside\par}}}"
    assert shown(rb"\pard\ls1 " + box + rb"a\par\pard\ls1 b\par", CHINESE) == ["inside", "第一条 a", "第二条 b"]
    assert shown(rb"\pard\ls1 a" + box + rb"\par\pard\ls1 b\par", CHINESE) == ["第一条 a", "inside", "第二条 b"]


def test_a_damaged_list_table_costs_no_text() -> None:
    """Cut off, without lists, or with numbers beyond all bounds."""
    for damage in (rb"{\*\listtable{\list", rb"{\*\listtable}", rb"{\*\listoverridetable{\listoverride\ls1\listid9}}"):
        assert read_bytes(rb"{\rtf1\pard\ls1 x\par" + damage, "a.rtf").text.endswith("x")
    huge = rb"{\listlevel\levelnfc999\levelstartat99999999{\leveltext\'03\'00\'08.;}}"
    assert shown(items("0"), huge)[0].startswith("99999999")

"""Sentences are found in Chinese and English without losing a character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kb.ingest.text.sentences import sentence_spans, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("第一句。第二句！第三句？", ["第一句。", "第二句！", "第三句？"]),
        ("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"]),
        (
            "Dr. Smith paid 3.5 dollars, e.g. for U.S. mail. Done.",
            ["Dr. Smith paid 3.5 dollars, e.g. for U.S. mail.", "Done."],
        ),
        ("See kb.toml for v2.3.1 of it.", ["See kb.toml for v2.3.1 of it."]),
        ("- a\n- b\n- c", ["- a", "- b", "- c"]),
        ("1. First. 2. Second.", ["1. First.", "2. Second."]),
        ("- 1. Open it. Wait.\n- 2. Shut it.", ["- 1. Open it.", "Wait.", "- 2. Shut it."]),
        ("Do:\n\n* [ ] 1. Open it.\n> 3. Shut it.", ["Do:", "* [ ] 1. Open it.", "> 3. Shut it."]),
        ("It cost 5 - 7. Then more.", ["It cost 5 - 7.", "Then more."]),
        ("| a | b |\n| --- | --- |\n| 1 | 2 |", ["| a | b |", "| --- | --- |", "| 1 | 2 |"]),
        (
            "| a. | b |\n| --- | --- |\n| 甲。乙。 | One. Two! |\nAfter it. Then.",
            ["| a. | b |", "| --- | --- |", "| 甲。乙。 | One. Two! |", "After it.", "Then."],
        ),
        ("# Title\n\nText here", ["# Title", "Text here"]),
        ("A line that\nwraps on. Next", ["A line that\nwraps on.", "Next"]),
        ('Run kb ask "..." with it. Then wait... and see.', ['Run kb ask "..." with it.', "Then wait... and see."]),
        (
            "TOTAL $821.14\n-----\nRETURN POLICY\nReceipt required",
            ["TOTAL $821.14", "-----", "RETURN POLICY", "Receipt required"],
        ),
        (
            "USB-C Hub 7-in-1 Adapter, two of it $159.98\nHDMI 2.1 Cable of 6 ft, Member Discount $44.98\nPortable SSD",
            [
                "USB-C Hub 7-in-1 Adapter, two of it $159.98",
                "HDMI 2.1 Cable of 6 ft, Member Discount $44.98",
                "Portable SSD",
            ],
        ),
        ("姓名：李雷\n电话：12345", ["姓名：李雷", "电话：12345"]),
        ("We went to the\nStates by car.", ["We went to the\nStates by car."]),
        (
            "Prose that was wrapped after a good many words, as\nMarkdown often is.",
            ["Prose that was wrapped after a good many words, as\nMarkdown often is."],
        ),
        (
            "It is read by two people. npm is a tool too. kb is one. See fig. b.",
            [
                "It is read by two people.",
                "npm is a tool too.",
                "kb is one.",
                "See fig. b.",
            ],
        ),
        ("It costs incl. tax and excl. tips 5.", ["It costs incl. tax and excl. tips 5."]),
        ("It has ca. 2 million members. Good.", ["It has ca. 2 million members.", "Good."]),
        (
            "It began in 1931.[3] It ended soon.[citation needed] In 1940 it was sold.",
            [
                "It began in 1931.[3]",
                "It ended soon.[citation needed]",
                "In 1940 it was sold.",
            ],
        ),
        (
            "> A line that is\n> wrapped on and on, as mail wraps it, and goes on\n> below. Next\n>\n> - a\n> - b\nMine.",
            [
                "> A line that is\n> wrapped on and on, as mail wraps it, and goes on\n> below.",
                "Next",
                ">",
                "> - a",
                "> - b",
                "Mine.",
            ],
        ),
        (
            "> I said on Monday that it will not be ready\n>> and you said that it will\n> as ever",
            ["> I said on Monday that it will not be ready", ">> and you said that it will", "> as ever"],
        ),
        (
            "2. Day rate. GBP 710 per day. It is fixed.\n\n**Notice.** Either side may end it.",
            ["2. Day rate. GBP 710 per day.", "It is fixed.", "**Notice.** Either side may end it."],
        ),
        ("2008 to 2011: B.Sc. Warwick. 2013: Ph.D. Lund.", ["2008 to 2011: B.Sc. Warwick.", "2013: Ph.D. Lund."]),
        (
            "---\ntitle: TTL (Time to Live)\nsummary: how rows expire\n---",
            ["---", "title: TTL (Time to Live)", "summary: how rows expire", "---"],
        ),
        ("He is ill. The course is off today.", ["He is ill.", "The course is off today."]),
        ("Yes. The course is off today.", ["Yes.", "The course is off today."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    """Full stops of abbreviations, versions and numbers end nothing; list items and table rows stand alone."""
    assert sentences(text) == expected


@given(st.text(alphabet=st.sampled_from('ab .。！?\n"”；…1-|#>一二\t'), max_size=200))
def test_no_character_is_lost_or_doubled(text: str) -> None:
    """Spans are in order, do not overlap, and hold all that is not white space."""
    at = 0
    for start, stop in sentence_spans(text):
        assert start < stop
        assert not text[at:start].strip()
        assert text[start:stop] == text[start:stop].strip()
        at = stop
    assert not text[at:].strip()

"""A Chinese question is told everything in Chinese."""

from __future__ import annotations

import re
from pathlib import Path

import kb
import pytest
from kb import KnowledgeBase
from kb.app.chinese import _SAID, in_chinese

PACKAGE = Path(kb.__file__ or "").parent
SPOKEN = (
    "app/embedders.py",
    "app/log.py",
    "app/notes.py",
    "app/census.py",
    "prompts/ground.py",
    "prompts/read.py",
    "prompts/second_opinion.py",
    "retrieval/search.py",
    "retrieval/view.py",
)


def test_every_pattern_is_still_said_by_the_code() -> None:
    """The longest run of plain words of each pattern stands in one of the files that say it."""
    said = "\n".join((PACKAGE / file).read_text(encoding="utf-8") for file in SPOKEN)
    for english, _ in _SAID:
        plain = english.replace("\\.", ".")
        longest = max(re.split(r"\(.*?\)|\\|\?", plain), key=len).strip(" .:;")
        assert longest in said, english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("3 of 40 pages of a.pdf could not be read: 2-4.", "a.pdf 的 40 页中有 3 页无法读取：第 2-4 页。"),
        ("The passage does not say 140.", "段落没有说到140。"),
        ("The passage says “120” where this says “140”.", "段落说的是“120”，这里说的是“140”。"),
        ("Something new.", "Something new."),
    ],
)
def test_names_and_numbers_stay(english: str, chinese: str) -> None:
    """Only our own words change."""
    assert in_chinese(english) == chinese


def test_notes_follow_the_language_of_the_question(tmp_path: Path) -> None:
    """English for an English question, Chinese for a Chinese one, in the same base."""
    (tmp_path / "a.md").write_text(
        "# Hotel 旅馆\n\nHotel nights cost 120 dollars. 旅馆每晚一百二十美元。\n", encoding="utf-8"
    )
    with KnowledgeBase.open(embedder="tfidf") as base:
        base.ingest([tmp_path / "a.md"])
        assert any("No language model" in note for note in base.ask("How much do hotel nights cost?").notes)
        answer = base.ask("旅馆每晚多少美元？")
        assert any("没有配置语言模型" in note for note in answer.notes)
        assert not any("No language model" in note for note in answer.notes)

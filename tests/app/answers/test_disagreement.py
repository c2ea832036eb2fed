"""Documents that say the same with other figures: all are quoted, and it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kb import KnowledgeBase


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (("Hotel nights are refunded up to 120 dollars.", "Hotel nights are refunded up to 140 dollars."), True),
        (("Hotel nights are refunded up to 120 dollars.", "Hotel nights are refunded up to 120 dollars."), False),
    ],
)
def test_other_figures_in_the_same_sentence_are_told(tmp_path: Path, texts: tuple[str, str], *, told: bool) -> None:
    """Two editions of a rule are both quoted; what agrees is quoted once."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in zip(("rules 2022.md", "rules 2024.md"), texts, strict=True):
        (folder / name).write_text(f"# Rules {name}\n\n{text}\n", encoding="utf-8")
    with KnowledgeBase.open(embedder="tfidf", llm="extractive") as kb:
        kb.ingest([folder])
        answer = kb.ask("Up to how many dollars are hotel nights refunded?")
        noted = any("do not agree" in note for note in answer.notes)
        assert answer.sure
        assert noted is told
        assert all(text in answer.text for text in texts)


FILES = {
    "travel rules 2021.md": "# Travel rules 2021\n\nHotel nights are refunded up to 120 dollars.",
    "travel rules 2023.md": "# Travel rules 2023\n\nHotel nights are refunded up to 140 dollars.",
    "fees draft 2025.md": "# Fees (draft)\n\nThe yearly fee of members is 70 dollars.",
    "fees 2024.md": "# Fees\n\nThe yearly fee of members is 60 dollars.",
    "visits.md": "# Visits\n\nStatus: superseded\n\nVisitors of the archive pay 3 dollars.",
    "食堂规定 2022.md": "# 食堂规定\n\n员工午餐每餐补贴十五元。",
    "食堂规定 2024.md": "# 食堂规定\n\n员工午餐每餐补贴二十元。",
}


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A base of editions and drafts."""
    folder = tmp_path_factory.mktemp("docs")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("home"), embedder="tfidf", llm="extractive") as made:
        made.ingest([folder])
        yield made


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("Up to how many dollars are hotel nights refunded?", "140", "120"),
        ("Up to how many dollars were hotel nights refunded in 2021?", "120", ""),
        ("What is the yearly fee of members?", "60", "70"),
        ("员工午餐每餐补贴多少？", "二十", "十五"),
        ("2022年员工午餐每餐补贴多少？", "十五", ""),
    ],
)
def test_what_holds_is_said_first(kb: KnowledgeBase, question: str, first: str, second: str) -> None:
    """The newest edition, a rule before its draft, the year that is asked for."""
    text = kb.ask(question).text
    assert first in text
    assert text.find(second) >= (text.find(first) if second else 0)


def test_a_text_that_no_longer_holds_is_not_given_as_sure(kb: KnowledgeBase) -> None:
    """What says of itself that it is superseded is shown, and nothing claimed."""
    assert not kb.ask("What do visitors of the archive pay?").sure

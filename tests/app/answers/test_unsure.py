"""Answers that kb is not sure of: what comes closest is shown, and nothing is claimed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.answers.unsure import NOT_SURE
from kb.app.as_data import as_data

FILES = {
    "contract.md": "# Services\n\nThe daily rate is 820 EUR plus VAT.\n\nInvoices are due within 21 days.\n",
    "list.md": "# Moving\n\n- The van costs 90 EUR a day.\n- Boxes are in the cellar.\n",
    "props.md": "# Props\n\nThe lantern of act one is real brass. It was bought from Hugo Marsh for 40 EUR. It is heavy.\n",
    "房屋租赁合同.md": "# 房屋租赁合同\n\n月租金为5200元，按季度支付。\n\n押金为10400元。\n",
}


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KnowledgeBase]:
    """Two contracts, and a kb that is seldom sure."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("KB_STRICTNESS", "6")
    with KnowledgeBase.open(embedder="tfidf", llm="extractive") as kb:
        kb.ingest([folder])
        yield kb


@pytest.mark.parametrize(
    ("question", "quote", "language"),
    [("What rate is paid to the consultant daily?", "820 EUR", "en"), ("租金一个月多少钱？", "5200元", "zh")],
)
def test_what_comes_closest_is_quoted_and_cited(base: KnowledgeBase, question: str, quote: str, language: str) -> None:
    """An answer that kb is not sure of says so first, then quotes passages that open at their places."""
    answer = base.ask(question)
    assert not answer.abstained
    assert not answer.sure
    assert answer.text.startswith(NOT_SURE[language])
    assert quote in str(answer.closest[0])
    assert answer.citations == answer.closest
    for mark, one in enumerate(answer.closest, 1):
        assert f"{one} [{mark}]" in answer.text
        assert base.document_text(one.source)[one.start : one.stop] == str(one)


def test_an_item_is_not_listed_twice(base: KnowledgeBase) -> None:
    """What begins with the mark of a list gets no second one."""
    text = base.ask("What does a van cost daily?").text
    assert "- The van costs 90 EUR a day. [1]" in text
    assert "- - " not in text


def test_the_sentence_beside_it_that_has_what_is_asked_is_shown_too(base: KnowledgeBase) -> None:
    """The one that names the thing seldom says what it cost; both are quoted as one."""
    closest = base.ask("How much was the brass lantern of act one?").closest[0]
    assert str(closest) == "The lantern of act one is real brass. It was bought from Hugo Marsh for 40 EUR."
    assert base.document_text(closest.source)[closest.start : closest.stop] == str(closest)


def test_files_are_named_where_a_file_is_asked_for(base: KnowledgeBase) -> None:
    """Each quote stands behind the name of its file."""
    text = base.ask("Which file has the price of a van?").text
    assert "- **list.md**: - The van costs 90 EUR a day. [1]" in text


def test_nothing_near_is_still_said(base: KnowledgeBase) -> None:
    """A question on another topic gets no passages to look at."""
    answer = base.ask("Who won the chess championship of 1972?")
    assert (answer.abstained, answer.sure, answer.closest) == (True, False, ())


def test_every_face_that_shows_json_tells_it(base: KnowledgeBase) -> None:
    """``sure`` and ``closest`` are in what ``--json`` prints, and survive the log."""
    answer = base.ask("What rate is paid to the consultant daily?")
    data = json.loads(json.dumps(as_data(answer)))
    assert data["sure"] is False
    assert data["closest"][0]["quote"] == str(answer.closest[0])

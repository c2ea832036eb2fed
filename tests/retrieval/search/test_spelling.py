"""Typing mistakes in questions are put right by the words of the base, and what was done is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kb import KnowledgeBase

DOCUMENTS = {
    "northwind-contract.md": "The daily rate in the Northwind contract is 640 EUR. Confidentiality lasts for five years.",
    "meeting.md": "Jansen and Hansen agreed on the budget. The management of Alder signed on 3 May. Error E111 was solved.",
    "lease.md": "The landlord pays for repairs. 租赁合同自2024年3月起生效。 The lesson was taught by Mr Smith.",
}


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A base of three documents."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("docs")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, "utf-8")
    with KnowledgeBase.open(home=home, embedder="tfidf", llm="extractive") as base:
        base.ingest([folder])
        yield base


@pytest.mark.parametrize(
    ("question", "right", "typed", "source"),
    [
        ("What is the dialy rate of Northwind?", "daily", "dialy", "northwind-contract.md"),
        ("What is the daily rate of Nortwind?", "Northwind", "Nortwind", "northwind-contract.md"),
        ("How long does confidentialty last?", "confidentiality", "confidentialty", "northwind-contract.md"),
        ("Who singed for the manegement?", "management", "manegement", "meeting.md"),
        ("What does the landlrod pay for?", "landlord", "landlrod", "lease.md"),
        ("the confidenttialty, how long", "confidentiality", "confidenttialty", "northwind-contract.md"),
    ],
)
def test_a_mistyped_word_is_searched_as_what_was_meant(
    kb: KnowledgeBase, question: str, right: str, typed: str, source: str
) -> None:
    """The answer says so, keeps the question as it was asked, and does not call a mistyped name absent."""
    answer = kb.ask(question)
    assert f"Searched for “{right}” instead of “{typed}”." in answer.notes
    assert answer.question == question
    assert not any("do not mention" in note for note in answer.notes)
    assert (
        Path((answer.citations or answer.hits)[0].source if answer.citations else answer.hits[0].chunk.source).name
        == source
    )
    assert Path(kb.search(question)[0].chunk.source).name == source


@pytest.mark.parametrize(
    "question",
    [
        "Who is Jensson?", "What did Jansen agree on?", "What does error E112 mean?", 'Where is "the contarct" named?',
        "Is there a lessor?", "When was the moped sold?", "What is in contarct.md?", "什么时候签的租凭合同？",
        "What about SMITE?", "Which lesons tought Mstr Smth wth hs buk?",
    ],
)  # fmt: skip
def test_other_words_stay_as_they_are(kb: KnowledgeBase, question: str) -> None:
    """Names that exist, codes, quoted words, files, words that are no mistake, and what is another language altogether."""
    assert not any(note.startswith("Searched for") for note in kb.ask(question).notes)


def test_a_note_is_said_in_the_language_of_the_question(kb: KnowledgeBase) -> None:
    """In Chinese where the question is Chinese."""
    assert "没有找到“Nortwind”，改为查找“Northwind”。" in kb.ask("Nortwind 合同的日费率是多少？").notes

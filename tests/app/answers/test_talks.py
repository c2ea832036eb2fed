"""Conversations, comparisons and summaries over a folder of made files; talks/questions.jsonl has them, as in everyday sets."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from kb import KnowledgeBase

TALKS = Path(__file__).parent / "talks"
LEAST = {"compare": 0.75, "summary": 0.9, "follow-up": 0.7}
"""The share that is right without a language model and without an embedding model."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A base of the folder."""
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("home"), embedder="tfidf", llm="extractive") as kb:
        kb.ingest([TALKS / "docs"])
        yield kb


@pytest.mark.slow
def test_most_of_what_people_say_is_answered(base: KnowledgeBase) -> None:
    """Of each kind most are right: all that must be in the answer is, and nothing of the other side."""
    questions = [json.loads(line) for line in (TALKS / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    by_id = {question["id"]: question for question in questions}
    right: Counter[str] = Counter()
    asked = Counter(question["kind"] for question in questions)
    for question in questions:
        turns = [question]
        while turns[0].get("follows"):
            turns.insert(0, by_id[turns[0]["follows"]])
        chat = base.chat()
        text = [re.sub(r"\s?\[\d+\]", "", chat.ask(turn["question"]).text) for turn in turns][-1]
        must = (re.search(pattern, text, re.IGNORECASE | re.DOTALL) for pattern in question["must"])
        must_not = (re.search(pattern, text, re.IGNORECASE | re.DOTALL) for pattern in question["must_not"])
        right[question["kind"]] += all(must) and not any(must_not)
    shares = {kind: right[kind] / asked[kind] for kind in LEAST}
    assert all(share >= LEAST[kind] for kind, share in shares.items()), shares


def test_what_is_answered_from_the_list_of_files_leans_on_nothing(base: KnowledgeBase) -> None:
    """A short question that the catalog answers as it was typed is not read as a part of the one before."""
    chat = base.chat()
    chat.ask("Which file mentions rent?")
    answer = chat.ask("How many documents do I have?")
    assert answer.question == "How many documents do I have?"
    assert answer.sure

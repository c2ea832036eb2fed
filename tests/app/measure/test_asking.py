"""The questions of a file asked: right, wrong, not sure and nothing apart, and how far the words agree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from kb import KnowledgeBase
from kb.app.answers.answer import Answer
from kb.app.cli.main import app
from kb.app.measure.asking import ask_all
from kb.app.measure.expected import Expected
from kb.app.measure.overlap import bleu, exact_match, f1, rouge_l
from typer.testing import CliRunner

NOTE = "# Boat club\n\nThe yearly fee is 70 euros. The jetty is repaired in May. Ana Ruiz keeps the keys.\n"
QUESTIONS = [
    Expected("1", "What is the yearly fee?", "figure", must=("70",), expected="70 euros", sources=("club.md",)),
    Expected("2", "What is the yearly fee?", "figure", must=("80",), expected="80 euros"),
    Expected("3", "Who is the king of Spain?", "off-topic", answerable=False),
    Expected("4", "When is the jetty repaired?", "date", must=("May",)),
    Expected("5", "And who keeps the keys?", "follow-up", must=("Ana Ruiz",), follows="4"),
]


@pytest.fixture
def kb(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A base of one note."""
    (tmp_path / "club.md").write_text(NOTE, encoding="utf-8")
    with KnowledgeBase.open("club", home=tmp_path / "home", embedder="tfidf", llm="extractive") as base:
        base.ingest([tmp_path / "club.md"])
        yield base


def test_what_became_of_each_question_is_counted_by_kind(kb: KnowledgeBase) -> None:
    """A follow-up is asked in its conversation; the figures of words are of sure answers that say what is expected."""

    def ask(turns: Sequence[str]) -> Answer:
        talk = kb.chat()
        return [talk.ask(turn) for turn in turns][-1]

    done = ask_all(QUESTIONS, ask)
    assert [one.verdict for one in done.outcomes] == ["right", "wrong", "refused", "right", "right"]
    assert [(one.kind, one.n) for one in done.kinds] == [
        ("figure", 2), ("off-topic", 1), ("date", 1), ("follow-up", 1), ("all", 5),
    ]  # fmt: skip
    assert done.kinds[-1].counts["right"] == 3
    assert (done.n_compared, done.found) == (2, 1.0)
    assert 0 < done.bleu < done.f1 <= 1


def test_the_command_prints_the_table_and_records_nothing(kb: KnowledgeBase, tmp_path: Path) -> None:
    """``kb eval --questions`` shows the shares and what went wrong; the log stays as it was."""
    rows = [
        {"question": one.question, "kind": one.kind, "must": list(one.must), "answerable": one.answerable}
        for one in QUESTIONS[:3]
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    options = ["--home", str(tmp_path / "home"), "--name", "club"]
    shown = CliRunner().invoke(app, ["eval", "--questions", str(path), *options])
    assert shown.exit_code == 0, shown.output
    assert "sure and right 50.0% of 2" in shown.output
    assert "wrong: What is the yearly fee?" in shown.output
    assert len(kb.log.records()) == 0
    dumped = json.loads(CliRunner().invoke(app, ["eval", "--questions", str(path), "--json", *options]).stdout)
    assert [one["verdict"] for one in dumped["outcomes"]] == ["right", "wrong", "refused"]


@pytest.mark.parametrize(
    ("score", "text", "right", "value"),
    [
        (exact_match, "The 70 euros.", "70 euros", 1),
        (exact_match, "70", "70 euros", 0),
        (f1, "70 euros a year", "70 euros", 0.8),
        (f1, "七十元", "七十元整", 6 / 7),
        (rouge_l, "y x z", "x y z", 2 / 3),
        (rouge_l, "x", "y", 0),
        (bleu, "one two three four", "one two three four", 1),
        (bleu, "one", "two", 0),
        (bleu, "", "two", 0),
    ],
)
def test_words_are_compared_as_in_the_field(score: object, text: str, right: str, value: float) -> None:
    """Case, punctuation and articles count for nothing; Chinese is compared by characters."""
    assert callable(score)
    assert score(text, right) == pytest.approx(value)

"""An NLI model is asked besides: whether passages bear sentences out, and whether they answer at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from kb.app.api import KnowledgeBase
from kb.ingest.document import Chunk
from kb.ingest.errors import RerankerError, UnknownModelError
from kb.prompts.fill import fill
from kb.prompts.read import Reading, read
from kb.prompts.second_opinion import statement_of
from kb.retrieval.hit import Hit
from kb.retrieval.models.judge import EntailmentJudge, Judge, open_judge
from needs import needs

LABELS = ("contradiction", "entailment", "neutral")
PASSAGE = "The hotel allowance is 120 euros a night. Expenses are filed within 30 days of the trip."


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tiny models are built."""
    needs("sentence_transformers", extra="dense")
    return tmp_path_factory.mktemp("nli")


def built(folder: Path, always: str, labels: Sequence[str] = LABELS) -> Path:
    """A real NLI cross-encoder whose head is set so that it always says the same."""
    import torch
    from embedding_models import build_cross_encoder
    from transformers import AutoModelForSequenceClassification

    place = folder / f"{always}-{len(labels)}"
    if not place.exists():
        build_cross_encoder(place, n_labels=len(labels))
        model = AutoModelForSequenceClassification.from_pretrained(place)
        with torch.no_grad():
            model.classifier.weight.zero_()
            model.classifier.bias.copy_(torch.tensor([9.0 * (label == always) for label in labels]))
        model.config.id2label = dict(enumerate(labels))
        model.config.label2id = {label: at for at, label in enumerate(labels)}
        model.save_pretrained(place)
    return place


def judge_of(folder: Path, always: str) -> Judge:
    """The judge that always says this."""
    return EntailmentJudge(always, built(folder, always))


def reading(text: str, judge: Judge | None, *, strict: bool = False) -> Reading:
    """What is made of a model's text."""
    hit = Hit(Chunk("1", "d", "a.md", PASSAGE, 0, len(PASSAGE), (), (), 9), 1.0, "fused")
    prompt = fill("Q?", [hit], count_tokens=len, room_tokens=1 << 20)
    return read(text, prompt, lambda _document, _offset: None, judge=judge, strict=strict)


def test_probabilities_go_by_the_names_of_the_labels(folder: Path) -> None:
    """Whatever the order of a model's labels, each probability is that of its own."""
    for label in LABELS:
        (judged,) = judge_of(folder, label).judge([("The sky is blue.", "The sky has a colour.")])
        assert getattr(judged, label) > 0.99
        assert judged.entailment + judged.neutral + judged.contradiction == pytest.approx(1)
    assert judge_of(folder, "neutral").judge([]) == []


def test_other_words_may_say_the_same(folder: Path) -> None:
    """A paraphrase that shares few words is borne out when the judge says so."""
    sentence = "People may spend 120 on lodging. [1]"
    assert reading(sentence, None).sentences[0].support != "supported"
    assert reading(sentence, judge_of(folder, "entailment")).sentences[0].support == "supported"


def test_a_wrong_figure_is_not_forgiven(folder: Path) -> None:
    """What the passage contradicts stays unsupported whatever a model feels."""
    (sentence,) = reading("The hotel allowance is 180 euros a night. [1]", judge_of(folder, "entailment")).sentences
    assert sentence.support == "unsupported"
    assert "180" in sentence.reason


@pytest.mark.parametrize(("says", "support"), [("contradiction", "unsupported"), ("neutral", "partly")])
def test_a_judge_that_does_not_agree_is_heard(folder: Path, says: str, support: str) -> None:
    """A sentence whose words are all there, but not what it says, loses its support; a quote does not."""
    changed, quote = (
        "The hotel allowance is 120 euros for a night. [1]",
        "The hotel allowance is 120 euros a night. [1]",
    )
    assert reading(changed, None).sentences[0].support == "supported"
    judged = reading(f"{changed} {quote}", judge_of(folder, says)).sentences
    assert [sentence.support for sentence in judged] == [support, "supported"]
    assert says in judged[0].reason  # the model's name
    if says == "contradiction":
        assert reading(changed, judge_of(folder, says), strict=True).text == ""


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("Who founded the company?", "someone founded the company."),
        ("When did the oil crisis begin?", "the oil crisis begin at some time."),
        ("What company makes the engine?", "some company makes the engine."),
        ("How many people live there?", "some people live there."),
        ("谁创立了公司？", "某人创立了公司。"),
        ("公司是什么时候成立的？", "公司是某时成立的。"),
    ],
)
def test_a_question_becomes_what_an_answer_says_at_least(question: str, statement: str) -> None:
    """The words that ask become some thing, person, time or place."""
    assert statement_of(question) == statement


def test_questions_that_the_judge_finds_unanswered_are_not_answered(folder: Path, tmp_path: Path) -> None:
    """A passage with all the words of a question answers only if the judge finds that it does."""
    (tmp_path / "a.md").write_text(PASSAGE, encoding="utf-8")
    question = "What is the hotel allowance a night?"
    for says, sure in (("entailment", True), ("neutral", False)):
        with KnowledgeBase.open(
            home=tmp_path / "home", embedder="tfidf", llm="extractive", judge=str(built(folder, says))
        ) as kb:
            kb.ingest([tmp_path / "a.md"])
            assert kb.ask(question).sure is sure


def test_what_cannot_judge_is_said(folder: Path, tmp_path: Path) -> None:
    """A model that is missing, has other labels, or is broken: one sentence each."""
    with pytest.raises(UnknownModelError, match="not on this machine"):
        open_judge("nobody/nothing", tmp_path)
    other = built(folder, "good", ("good", "bad"))
    with pytest.raises(UnknownModelError, match="its labels are good, bad"):
        open_judge(str(other), tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text(json.dumps({"architectures": ["BertForSequenceClassification"]}))
    with pytest.raises(RerankerError, match="cannot be loaded"):
        open_judge(str(broken), tmp_path)
    with KnowledgeBase.open(home=tmp_path / "home", embedder="tfidf", judge="nobody/nothing") as kb:
        kb.ingest([])
        with pytest.raises(UnknownModelError, match="kb models pull"):
            kb.ask("Is anything here?")

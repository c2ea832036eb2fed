"""Evaluating retrieval: figures that agree with the metrics, questions made of a base, and comparisons that are honest."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import commands
import numpy as np
import pytest
from kb import KnowledgeBase
from kb.app.measure.evaluate import Evaluation, compare, evaluate, read_evaluations
from kb.app.measure.judged import Question, by_text, lay_out, make_questions, read_set
from kb.ingest.errors import InputError
from kb.retrieval.metrics import ndcg_at
from places import HANDBOOK


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set of the format of the evaluation data: three passages, two of them equal, and four questions."""
    folder = tmp_path / "set"
    folder.mkdir()
    passages = [
        {"id": "p1", "title": "Heron", "text": "The heron fishes at dawn in the marsh."},
        {"id": "p2", "title": "Crane", "text": "The crane dances before it flies south for the winter."},
        {"id": "p3", "title": "Crane", "text": "The crane dances before it flies south for the winter."},
    ]
    questions = [
        {"id": "q1", "text": "When does the heron fish?", "answerable": True},
        {"id": "q2", "text": "Where does the crane fly in winter?", "answerable": True},
        {"id": "q3", "text": "Who invented the steam engine?", "answerable": False},
        {"id": "q4", "text": "Never judged", "answerable": True},
    ]
    for name, rows in (("corpus", passages), ("queries", questions)):
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    (folder / "qrels.tsv").write_text("q1\tp1\t1\nq2\tp3\t2\nq2\tp1\t0\n")
    return folder


@pytest.fixture
def base(handbook: Path) -> KnowledgeBase:
    """A base of the handbook of kb, without an embedder."""
    kb = KnowledgeBase.open(embedder="tfidf")
    kb.ingest([handbook])
    return kb


def test_a_set_without_its_corpus_is_no_set(folder: Path, tmp_path: Path) -> None:
    """Neither passages nor the name of a tree of files, or passages without a text: it is told as what it is."""
    (folder / "corpus.jsonl").write_text('{"id": "p1"}\n')
    with pytest.raises(InputError, match="is not an evaluation set"):
        lay_out(folder, tmp_path / "files")
    (folder / "corpus.jsonl").unlink()
    with pytest.raises(InputError, match="is not an evaluation set"):
        lay_out(folder, tmp_path / "files")


def test_figures_that_cannot_be_kept_are_refused_before_anything_is_measured(folder: Path, tmp_path: Path) -> None:
    """A measurement takes minutes; a folder that is not there is seen at once."""
    done = commands.kb("eval", folder, "--save", tmp_path / "missing" / "figures.json")
    assert done.returncode == 2
    assert f"{tmp_path / 'missing'} does not exist" in done.stderr
    assert done.stdout == ""


def test_a_set_is_read_as_it_is(folder: Path, tmp_path: Path) -> None:
    """Answerable questions with their judgements, unanswerable ones without; what was not judged is left out."""
    questions = {question.text: question.judged for question in read_set(folder, 10)}
    assert questions == {
        "When does the heron fish?": {"p1": 1.0},
        "Where does the crane fly in winter?": {"p3": 2.0},
        "Who invented the steam engine?": {},
    }
    files, _ = lay_out(folder, tmp_path / "files")
    assert len(list(files.iterdir())) == 2
    with pytest.raises(InputError, match="is not an evaluation set"):
        read_set(tmp_path, 10)


def test_figures_are_the_means_of_the_metrics(folder: Path, tmp_path: Path) -> None:
    """Over what a search returns; equal passages stand for each other; unanswerable questions count for abstaining only."""
    files, units = lay_out(folder, tmp_path / "files")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([files])
        questions = read_set(folder, 10)
        evaluation = evaluate("birds", kb.catalog, kb.searcher, questions, units)
        for figures in evaluation.figures:
            lanes = None if figures.lane == "fused" else (figures.lane,)
            for text, value in zip(evaluation.questions, figures.each, strict=True):
                ranked = list(dict.fromkeys(unit for hit in kb.search(text, 50, lanes) for unit in units(hit.chunk)))
                judged = next(question.judged for question in questions if question.text == text)
                assert value == pytest.approx(ndcg_at(10, ranked, judged))
            assert figures.ndcg10 == pytest.approx(np.mean(figures.each))
            assert figures.interval[0] <= figures.ndcg10 <= figures.interval[1]
            assert figures.p50_ms <= figures.p95_ms <= figures.p99_ms
    assert [figures.lane for figures in evaluation.figures] == ["bm25", "tfidf", "fused"]
    assert (evaluation.abstention.n_answerable, evaluation.abstention.n_unanswerable) == (2, 1)
    assert evaluation.abstention.abstained == 1.0
    assert evaluation.abstention.curve[-1] == (1.0, pytest.approx(1 / 3))


def test_questions_are_made_of_a_base(base: KnowledgeBase) -> None:
    """Of every kind, in both languages, the same each time; what is judged relevant is there and the question is no copy."""
    questions = make_questions(base.catalog, 90)
    assert questions == make_questions(base.catalog, 90)
    assert {question.kind for question in questions} == {"heading", "definition", "cloze"}
    assert any(question.text.isascii() for question in questions)
    assert any("\u4e00" <= question.text[0] <= "\u9fff" for question in questions)
    rows = base.catalog.connection().execute("SELECT id FROM chunks").fetchall()
    chunks = base.catalog.chunks([chunk for (chunk,) in rows]).values()
    units = {unit for chunk in chunks for unit in by_text(chunk)}
    texts = " ".join(chunk.text for chunk in chunks)
    for question in questions:
        assert question.judged
        assert set(question.judged) <= units
        assert question.kind != "cloze" or question.text not in texts
        assert question.document_id


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """The handbook, asked its own questions."""
    with KnowledgeBase.open(home=tmp_path_factory.mktemp("own") / "home", embedder="tfidf") as kb:
        kb.ingest([HANDBOOK])
        return evaluate("own", kb.catalog, kb.searcher, make_questions(kb.catalog, 60), by_text)


def test_a_base_is_evaluated_on_itself(evaluation: Evaluation) -> None:
    """Its own questions are found far better than chance, and once with their document and once without it."""
    fused = evaluation.figures[-1]
    assert fused.lane == "fused"
    assert fused.recall10 > 0.7
    abstention = evaluation.abstention
    assert abstention.n_answerable == abstention.n_unanswerable == len(evaluation.questions)
    assert abstention.answered > 1 - abstention.abstained
    assert abstention.strict is not None
    strictness, answered = abstention.strict
    assert strictness > 0
    assert 0 < answered <= abstention.answered
    risks = [risk for _, risk in abstention.curve]
    assert risks[0] < risks[-1]
    assert risks[-1] >= 0.5  # half of them have no answer


def test_a_comparison_says_whether_a_change_is_real(evaluation: Evaluation) -> None:
    """Over the questions of both; a constant gain is real, no difference is not, nothing in common is refused."""
    assert {one.verdict for one in compare([evaluation], [evaluation])} == {"no real change"}
    worse = replace(
        evaluation,
        questions=evaluation.questions[:30],
        figures=tuple(
            replace(figures, each=tuple(value / 2 for value in figures.each[:30])) for figures in evaluation.figures
        ),
    )
    found = compare([worse], [evaluation])
    assert {(one.verdict, one.n_questions) for one in found} == {("better", 30)}
    assert {one.verdict for one in compare([evaluation], [worse])} == {"worse"}
    with pytest.raises(InputError, match="no question in common"):
        compare([evaluation], [replace(evaluation, name="other")])


def test_no_question_no_figures(base: KnowledgeBase) -> None:
    """A set of which nothing can be answered is refused, not reported as 0."""
    with pytest.raises(InputError, match="no question with an answer"):
        evaluate("none", base.catalog, base.searcher, [Question("Why?", {})], by_text)


def test_the_command_line_saves_and_compares(folder: Path, tmp_path: Path) -> None:
    """A table, JSON, and a file that ``--compare`` reads back to the same figures."""

    def run(*arguments: object) -> str:
        done = commands.kb("eval", *arguments, "--embedder", "tfidf")
        assert done.returncode == 0
        return done.stdout

    saved = tmp_path / "before.json"
    table = run(folder, "--save", saved)
    assert "refuses 100.0% of 1 that have none here" in table
    data = json.loads(run(folder, "--compare", saved, "--json"))
    (evaluation,) = read_evaluations(saved)
    assert data["evaluations"][0]["questions"] == list(evaluation.questions)
    assert {difference["p"] for difference in data["differences"]} == {1.0}
    assert "no real change" in run(folder, "--compare", saved)
    (tmp_path / "wrong.json").write_text("[1]")
    with pytest.raises(InputError, match="kb eval --save"):
        read_evaluations(tmp_path / "wrong.json")

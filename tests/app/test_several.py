"""Several bases searched together: what one base of all their files would find, and citations that name the base."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from bases import make
from hashed import HashedEmbedder
from kb import KnowledgeBase, KnowledgeBases
from kb.app.i18n.chinese import in_chinese
from kb.app.measure.judged import read_set
from kb.ingest.errors import InputError
from kb.retrieval.lanes.bm25 import mean_tokens
from kb.retrieval.lanes.view import pending_note
from kb.retrieval.metrics import ndcg_at
from kb.retrieval.search.select import Ordering
from kb.retrieval.where import Where
from kb.retrieval.words.tokens import tokens

HR = {
    "leave.md": "# Leave\n\nEmployees have 25 days of annual leave. Unused days lapse in March.",
    "travel.md": "# Travel\n\nA hotel night may cost 120 dollars in Prague and 180 dollars in London.",
    "remote.md": "# Remote work\n\nEmployees may work from home on two days of a week.",
}
PLANT = {
    "pump.md": "# Pumps\n\nPump 7 is oiled every three weeks. The night crew records the pressure.",
    "valve.md": "# Valves\n\nValve V12 is closed with 84 Nm. The torque wrench hangs beside the pump.",
    "zh.md": "# 维护\n\n水泵每三周加油一次，由夜班记录压力。",
    "leave.md": "# Shifts\n\nWho works at night has two more days off after the shift.",
}
QUESTIONS = (
    "How many days of annual leave do employees have?",
    "With which torque is valve V12 closed?",
    "How often is pump 7 oiled?",
    "What may a hotel night cost in London?",
    "水泵多久加油一次？",
)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[KnowledgeBases]:
    """Two bases without an embedder."""
    with make(tmp_path, "hr", HR) as hr, make(tmp_path, "plant", PLANT) as plant:
        yield KnowledgeBases([hr, plant])


def test_each_question_finds_its_base(two: KnowledgeBases) -> None:
    """The right file first, whichever base it is in, and the hit names the base."""
    expected = [
        ("hr", "leave.md"),
        ("plant", "valve.md"),
        ("plant", "pump.md"),
        ("hr", "travel.md"),
        ("plant", "zh.md"),
    ]
    for question, place in zip(QUESTIONS, expected, strict=True):
        best = two.search(question, 3)[0]
        assert (best.base, Path(best.chunk.source).name) == place


def test_answers_cite_the_base(two: KnowledgeBases) -> None:
    """In the answer's citations, with exact quotes; what no base holds is not answered."""
    answer = two.ask("With which torque is valve V12 closed?")
    assert not answer.abstained
    assert {citation.base for citation in answer.citations} == {"plant"}
    assert "84 Nm" in answer.citations[0].quote
    assert answer.searched.documents == len(HR) + len(PLANT)
    assert two.ask("Who won the chess championship of 1972?").abstained


@pytest.mark.parametrize("kinds", [("tfidf", "tfidf"), ("hashed", "hashed"), ("hashed", "tfidf"), ("hashed", "other")])
def test_it_finds_what_one_base_of_all_files_would(tmp_path: Path, kinds: tuple[str, str]) -> None:
    """The same first hit for every question, and scores of BM25 that are those of one base; with any mix of embedders."""
    made = {"tfidf": "tfidf", "hashed": HashedEmbedder(), "other": HashedEmbedder("other", dim=128)}
    with ExitStack() as stack:
        parts = [
            stack.enter_context(make(tmp_path, name, files, made[kind]))
            for (name, files), kind in zip((("hr", HR), ("plant", PLANT)), kinds, strict=True)
        ]
        one = stack.enter_context(make(tmp_path, "all", {}, made[kinds[0]]))
        one.ingest([tmp_path / "hr", tmp_path / "plant"])
        together = KnowledgeBases(parts)
        for question in QUESTIONS:
            ours, theirs = together.search(question, 4), one.search(question, 4)
            assert ours[0].chunk.text == theirs[0].chunk.text, question
            words = {hit.chunk.text: lane.score for hit in theirs for lane in hit.lanes if lane.name == "bm25"}
            for hit in ours:
                for lane in hit.lanes:
                    if lane.name == "bm25" and hit.chunk.text in words:
                        assert lane.score == pytest.approx(words[hit.chunk.text], abs=1e-3)


def test_filters_orderings_and_lanes_hold_in_each(two: KnowledgeBases) -> None:
    """As many hits as there are; a file in both bases is shown once."""
    hits = two.search("days off after a night", 5, where=Where(sources=("leave.md",)))
    assert {(hit.base, Path(hit.chunk.source).name) for hit in hits} == {("hr", "leave.md"), ("plant", "leave.md")}
    assert {hit.by for hit in two.search("pump", 3, ["bm25"])} == {"bm25"}
    assert len(two.search("night pump days", 4, ordering=Ordering(mmr=0.5))) == 4
    assert two.search('"two more days"', 4)[0].base == "plant"


def test_a_document_of_both_bases_is_shown_once(tmp_path: Path) -> None:
    """Repetitions are folded across bases."""
    with make(tmp_path, "a", HR) as a, make(tmp_path, "b", HR) as b:
        hits = KnowledgeBases([a, b]).search("annual leave of employees", 6)
        assert len({hit.chunk.text for hit in hits}) == len(hits)
        with pytest.raises(InputError, match="twice"):
            KnowledgeBases([a, a])


def test_an_empty_base_and_an_odd_question_do_no_harm(two: KnowledgeBases, tmp_path: Path) -> None:
    """A base without a file changes nothing; a question without a word finds nothing."""
    parts = list(two._bases.values())
    with make(tmp_path, "empty", {}) as empty:
        more = KnowledgeBases([*parts, empty])
        assert [hit.chunk.id for hit in more.search(QUESTIONS[1], 3)] == [
            hit.chunk.id for hit in two.search(QUESTIONS[1], 3)
        ]
        assert more.search("?!", 3) == ()
        assert KnowledgeBases([empty]).search(QUESTIONS[0]) == ()


def test_notes_of_a_base_name_it_in_both_languages(tmp_path: Path) -> None:
    """Which base a note is about."""
    with make(tmp_path, "plant", PLANT, HashedEmbedder()) as plant, make(tmp_path, "hr", HR) as hr:
        with plant.catalog.transaction(content=False) as connection:
            connection.execute(
                "DELETE FROM vectors WHERE rowid = (SELECT min(rowid) FROM vectors WHERE vector IS NOT NULL)"
            )
        together = KnowledgeBases([hr, plant])
        (note,) = together.find("pump").notes
    assert note == f"plant: {pending_note(2, 1)}"
    assert in_chinese(note).startswith("plant：")
    assert "按关键词检索" in in_chinese(note)


def test_the_mean_length_is_read_off_the_index(two: KnowledgeBases) -> None:
    """As if all chunks were counted."""
    for base in two._bases.values():
        lengths = [len(tokens(text)) for _, text in base.catalog.indexed_texts()]
        assert mean_tokens(base.catalog.connection()) == pytest.approx(sum(lengths) / len(lengths))


def test_the_command_line_takes_several_names(two: KnowledgeBases) -> None:
    """``--name`` may be repeated for search and ask; one that does not exist is said."""
    assert two

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kb", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")

    names = ("--name", "hr", "--name", "plant", "--embedder", "tfidf")
    found = run("search", QUESTIONS[1], *names, "--json")
    assert json.loads(found.stdout)["hits"][0]["base"] == "plant", found.stderr
    asked = run("ask", QUESTIONS[1], *names, "--llm", "extractive")
    assert "plant: " in asked.stdout, asked.stderr
    assert run("search", "pump", "--name", "hr", "--name", "nowhere").returncode == 2


@pytest.mark.slow
def test_bases_split_at_random_lose_little(shared: Path, tmp_path: Path) -> None:
    """A set dealt out to three bases of different sizes is searched as well as one base of it."""
    folder = shared / "eval" / "xquad-en"
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
    questions = [one for one in read_set(folder, 400) if one.judged][:120]
    dealt = {"small": rows[::10], "rest": [row for at, row in enumerate(rows) if at % 10]}
    with ExitStack() as stack:
        parts = []
        for name, some in {**dealt, "whole": rows}.items():
            files = {f"{row['id']}.md": row["text"] for row in some}
            parts.append(stack.enter_context(make(tmp_path, name, files)))
        *several, whole = parts

        def ndcg(base: KnowledgeBase | KnowledgeBases) -> float:
            found = [base.search(one.text, 10) for one in questions]
            ranked = [list(dict.fromkeys(Path(hit.chunk.source).stem for hit in hits)) for hits in found]
            return sum(ndcg_at(10, hits, one.judged) for hits, one in zip(ranked, questions, strict=True)) / len(
                questions
            )

        assert ndcg(KnowledgeBases(several)) >= ndcg(whole) - 0.01

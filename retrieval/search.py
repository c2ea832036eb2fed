"""A question finds its chunks: lanes are asked, their scores fused, the best chunks fetched.

Comes in: a question. Goes out: hits that say which lane said what. Never: a lane that cannot read the question, or a hit
whose text is not in the catalog any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..ingest.catalog import Catalog
from ..ingest.errors import InputError
from .bm25 import Bm25
from .dense import Dense, Moments
from .embedder import Embedder
from .frequencies import chunk_frequencies
from .fuse import candidates, zscore_sum
from .hit import Hit
from .hit import Lane as Said
from .index import ExactIndex, VectorIndex
from .lane import Lane
from .tfidf import TfIdf
from .vectors import READABLE, count_vectors, load_vectors

LANES = ("bm25", "dense", "tfidf")
EXACT_UP_TO = 20_000
"""Vectors. Up to here every vector is looked at, which takes milliseconds and misses nothing; beyond, Chroma's HNSW."""

_CANDIDATES = 100


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search, and how it was come by."""

    hits: tuple[Hit, ...]
    lanes: tuple[str, ...]
    """The lanes that took part."""
    notes: tuple[str, ...]
    """What was done without, in sentences."""


@dataclass(frozen=True, slots=True)
class _View:
    """The lanes as of one generation of the catalog."""

    generation: int
    dense: Dense | None
    n_pending: int


class Searcher:
    """Searches one knowledge base, and follows it as it changes. Safe to call from several threads."""

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        embedder: Callable[[], Embedder | None],
        index: Callable[[Embedder], VectorIndex],
    ) -> None:
        """Make a searcher.

        Args:
            catalog: of the knowledge base.
            folder: where derived files may be kept.
            embedder: returns what embeds, or ``None``; called when first needed.
            index: opens the vector index of an embedder, for bases too large to look at every vector.
        """
        self._catalog = catalog
        self._embedder = embedder
        self._index = index
        self._bm25 = Bm25(catalog.connection)
        self._tfidf = TfIdf(folder / "tfidf", lambda: catalog.content, catalog.indexed_texts)
        self._view: _View | None = None

    def search(self, question: str, k: int, lanes: Sequence[str] | None = None) -> Found:
        """Return the ``k`` best chunks.

        Args:
            question: not empty.
            k: how many; fewer when the base holds fewer that match at all.
            lanes: which to ask; by default those that can read the question.
        Raises:
            InputError: an unknown lane, or one that this base does not have.
        """
        chosen, notes = self._choose(question, lanes)
        ranked = _rank(question, chosen, k)
        chunks = self._catalog.chunks([chunk for chunk, _, _ in ranked])
        by = "fused" if len(chosen) > 1 else chosen[0].name
        hits = tuple(
            Hit(chunks[chunk], score, by, said)
            for chunk, score, said in ranked
            if chunk in chunks  # what is derived may be behind the catalog
        )
        return Found(hits, tuple(lane.name for lane in chosen), notes)

    def frequencies(self, tokens: Sequence[str]) -> dict[str, int]:
        """Return how many chunks hold each token; tokens that none holds are left out."""
        return chunk_frequencies(self._catalog.connection(), tokens)

    def _choose(self, question: str, wanted: Sequence[str] | None) -> tuple[list[Lane], tuple[str, ...]]:
        if wanted is not None:
            return [self._lane(name) for name in wanted], ()
        embedder = self._embedder()
        if embedder is None:
            return [self._bm25, self._tfidf], ()
        if embedder.coverage([question])[0] < READABLE:
            return [self._bm25, self._tfidf], (
                f"{embedder.name} cannot read the language of this question; searched by keywords and TF-IDF instead.",
            )
        view = self._current(embedder)
        if view.dense is None:
            return [self._bm25, self._tfidf], ()
        pending = f"{view.n_pending} passages have no vector yet; run kb ingest to finish them."
        return [self._bm25, view.dense], ((pending,) if view.n_pending else ())

    def _lane(self, name: str) -> Lane:
        if name == "bm25":
            return self._bm25
        if name == "tfidf":
            return self._tfidf
        if name != "dense":
            raise InputError(f"{name!r} is not a lane; the lanes are {', '.join(LANES)}")
        embedder = self._embedder()
        dense = self._current(embedder).dense if embedder else None
        if dense is None:
            raise InputError("this knowledge base has no dense lane: no embedder is in use, or it has read nothing yet")
        return dense

    def _current(self, embedder: Embedder) -> _View:
        view = self._view
        generation = self._catalog.generation
        if view is None or view.generation != generation:
            self._view = view = self._look(embedder, generation)
        return view

    def _look(self, embedder: Embedder, generation: int) -> _View:
        ready, pending = count_vectors(self._catalog, embedder.fingerprint)
        if not ready:
            return _View(generation, None, pending)
        ids, vectors = load_vectors(self._catalog, embedder.fingerprint, embedder.dim)
        index = ExactIndex(ids, vectors) if ready <= EXACT_UP_TO else self._index(embedder)
        return _View(generation, Dense(self._catalog, embedder, index, Moments.of(vectors)), pending)


def _rank(question: str, lanes: Sequence[Lane], k: int) -> list[tuple[str, float, tuple[Said, ...]]]:
    """Return ``(chunk id, score, what each lane said)`` of the ``k`` best candidates of all lanes, best first."""
    found = [lane.search(question, max(_CANDIDATES, k)) for lane in lanes]
    ids = candidates(found)
    exact = [lane.score(question, ids) for lane in lanes]
    scores = zscore_sum(found, exact, [1.0] * len(lanes)) if len(lanes) > 1 else exact[0]
    ranks = [{chunk: rank for rank, chunk in enumerate(result.ids, 1)} for result in found]
    best = sorted(range(len(ids)), key=lambda at: (-scores[at], ids[at]))[:k]
    return [
        (
            ids[at],
            float(scores[at]),
            tuple(
                Said(lane.name, rank.get(ids[at], 0), float(said[at]))
                for lane, rank, said in zip(lanes, ranks, exact, strict=True)
            ),
        )
        for at in best
    ]

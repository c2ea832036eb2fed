"""A question finds its chunks: lanes are asked, their scores fused, repetitions cut, the best chunks fetched.

Comes in: a question. Goes out: hits that say which lane said what. Never: a lane that cannot read the question, or a hit
whose text is not in the catalog any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..ingest.catalog import Catalog
from ..ingest.document import Chunk
from ..ingest.errors import InputError, StorageError
from .bm25 import Bm25
from .dense import Dense, Moments
from .embedder import Embedder
from .frequencies import chunk_frequencies
from .fuse import Fused, fuse, weights
from .hit import Hit
from .hit import Lane as Said
from .index import ExactIndex, VectorIndex
from .lane import Lane, LaneScores
from .phrases import holding, is_only_quoted, quoted, verbatim
from .select import PER_DOCUMENT, Verdict, select
from .tfidf import TfIdf
from .vectors import READABLE, count_vectors, load_vectors, sample_vectors
from .where import Scope, Where, resolve

LANES = ("bm25", "dense", "tfidf")
EXACT_UP_TO = 20_000
"""Vectors. Up to here every vector is looked at, which takes milliseconds and misses nothing; beyond, Chroma's HNSW."""

_CANDIDATES = 100
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search, and how it was come by."""

    hits: tuple[Hit, ...]
    lanes: tuple[str, ...]
    """The lanes that took part."""
    notes: tuple[str, ...]
    """What was done without, in sentences."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every candidate of a search, and what became of it."""

    found: tuple[LaneScores, ...]
    """What each lane found itself."""
    weights: tuple[float, ...]
    """Of each lane in the fused score."""
    candidates: tuple[Fused, ...]
    """Best first."""
    chunks: Mapping[str, Chunk]
    """Of the candidates, by id."""
    verdicts: tuple[Verdict, ...]
    """One per candidate."""
    verbatim: frozenset[str]
    """The chunks that hold the whole question word for word, which come first."""
    notes: tuple[str, ...]

    @property
    def lanes(self) -> tuple[str, ...]:
        """The lanes that took part."""
        return tuple(lane.name for lane in self.found)

    @property
    def hits(self) -> tuple[Hit, ...]:
        """Those that are shown, best first."""
        by = "fused" if len(self.found) > 1 else self.found[0].name
        shown = [pair for pair in zip(self.verdicts, self.candidates, strict=True) if pair[0].place]
        return tuple(
            Hit(self.chunks[one.id], one.score, by, tuple(Said(*said) for said in one.lanes))
            for _, one in sorted(shown, key=lambda pair: pair[0].place)
        )


@dataclass(frozen=True, slots=True)
class _View:
    """The dense lane as of one generation of the catalog."""

    state: tuple[int, str]
    dense: Dense | None
    notes: tuple[str, ...]


class Searcher:
    """Searches one knowledge base, and follows it as it changes. Safe to call from several threads."""

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        embedder: Callable[[], Embedder | None],
        index: Callable[[Embedder], VectorIndex],
        exact_up_to: int = EXACT_UP_TO,
    ) -> None:
        """Make a searcher.

        Args:
            catalog: of the knowledge base.
            folder: where derived files may be kept.
            embedder: returns what embeds, or ``None``; called when first needed.
            index: opens the vector index of an embedder, for bases too large to look at every vector.
            exact_up_to: how many vectors are not too large.
        """
        self._catalog = catalog
        self._embedder = embedder
        self._index = index
        self._exact_up_to = exact_up_to
        self._bm25 = Bm25(catalog.connection)
        self._tfidf = TfIdf(folder / "tfidf", lambda: catalog.content, catalog.indexed_texts)
        self._view: _View | None = None
        self._scope: tuple[str, Where, Scope] | None = None

    def search(
        self,
        question: str,
        k: int,
        lanes: Sequence[str] | None = None,
        where: Where | None = None,
        per_document: int | None = PER_DOCUMENT,
    ) -> Found:
        """Return the ``k`` best chunks.

        Args:
            question: not empty. What it puts in double quotation marks must be in a hit word for word.
            k: how many; fewer when the base holds fewer that match at all.
            lanes: which to ask; by default those that can read the question.
            where: only among these.
            per_document: how many of one document go before those of others.
        Raises:
            InputError: an unknown lane, or one that this base does not have.
        """
        ranking = self.rank(question, k, lanes, where, per_document)
        return Found(ranking.hits, ranking.lanes, ranking.notes)

    def rank(
        self,
        question: str,
        k: int,
        lanes: Sequence[str] | None = None,
        where: Where | None = None,
        per_document: int | None = PER_DOCUMENT,
        scope: Scope | None = None,
        depth: int = _CANDIDATES,
    ) -> Ranking:
        """Return every candidate and what became of it; the arguments are those of ``search``, and two more.

        Args:
            question: see ``search``.
            k: see ``search``.
            lanes: see ``search``.
            where: see ``search``.
            per_document: see ``search``.
            scope: only among these chunks, whatever ``where`` says.
            depth: how many candidates each lane gives at least.
        """
        while True:
            generation = self._catalog.generation
            chosen, notes = self._choose(question, lanes)
            within, more = self._within(question, where, scope)
            ranking = self._ranked(question, chosen, within, k, max(depth, k), per_document)
            if self._catalog.generation == generation or len(ranking.chunks) == len(ranking.candidates):
                return replace(ranking, notes=(*notes, *more, *_without(chosen)))

    def frequencies(self, tokens: Sequence[str]) -> dict[str, int]:
        """Return how many chunks hold each token; tokens that none holds are left out."""
        return chunk_frequencies(self._catalog.connection(), tokens)

    def unrelated(self, question: str) -> float:
        """Return the mean cosine, >= 0, of a question with all passages: what the dense lane gives to what is off topic."""
        embedder = self._embedder()
        if embedder is None or embedder.coverage([question])[0] < READABLE:
            return 0.0
        dense = self._current(embedder).dense
        return max(0.0, dense.mean(question)) if dense else 0.0

    def scope(self, where: Where) -> Scope:
        """Return the chunks that a filter admits."""
        content, known = self._catalog.content, self._scope
        if known is None or known[:2] != (content, where):
            self._scope = known = (content, where, resolve(self._catalog, where))
        return known[2]

    # How it is done

    def _within(self, question: str, where: Where | None, scope: Scope | None) -> tuple[Scope | None, tuple[str, ...]]:
        """Return the scope that is left by the filter and the quoted phrases, and what to say of it."""
        if where:
            admitted = self.scope(where)
            scope = admitted & scope if scope else admitted
        phrases = quoted(question)
        if not phrases:
            return scope, ()
        held = holding(self._catalog, phrases)
        held = held if scope is None else scope & held
        if held.ids:
            return held, ()
        note = f"No passage holds {' and '.join(f'“{phrase}”' for phrase in phrases)} word for word."
        return (held if is_only_quoted(question) else scope), (note,)

    def _ranked(
        self, question: str, lanes: Sequence[Lane], scope: Scope | None, k: int, depth: int, per_document: int | None
    ) -> Ranking:
        while True:
            found = tuple(lane.search(question, depth, scope) for lane in lanes)
            ranked = fuse(question, lanes, found, depth * len(lanes))
            held: frozenset[str] = frozenset()
            if len(lanes) > 1:
                ranked, held = self._verbatim_first(question, lanes, scope, ranked)
            chunks = self._chunks([one.id for one in ranked], scope)
            ranked = tuple(one for one in ranked if one.id in chunks)  # what is derived may be behind the catalog
            verdicts = select([chunks[one.id] for one in ranked], k, per_document)
            shown = sum(verdict.place > 0 for verdict in verdicts)
            if shown >= k or all(len(lane.ids) < depth for lane in found):
                return Ranking(found, tuple(weights(found)), ranked, chunks, verdicts, held, ())
            depth *= 4

    def _verbatim_first(
        self, question: str, lanes: Sequence[Lane], scope: Scope | None, ranked: tuple[Fused, ...]
    ) -> tuple[tuple[Fused, ...], frozenset[str]]:
        """Put first what holds the whole question word for word, with at least the best score of the others."""
        held = verbatim(self._catalog, question)
        if held is not None and scope is not None:
            held = held & scope
        if held is None or not held.ids:
            return ranked, frozenset()
        inside = [one for one in ranked if one.id in held.ids]
        if len(inside) < len(held.ids):
            n = len(held.ids)
            inside = list(fuse(question, lanes, [lane.search(question, n, held) for lane in lanes], n))
        others = [one for one in ranked if one.id not in held.ids]
        floor = others[0].score if others else inside[-1].score if inside else 0.0
        return (*(replace(one, score=max(one.score, floor)) for one in inside), *others), held.ids

    def _chunks(self, ids: Sequence[str], scope: Scope | None) -> dict[str, Chunk]:
        chunks = self._catalog.chunks(ids)
        if scope is None or not scope.places:
            return chunks
        return {
            key: replace(chunk, source=scope.places.get(chunk.document_id, chunk.source))
            for key, chunk in chunks.items()
        }

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
        return [self._bm25, view.dense or self._tfidf], view.notes

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
        state = (self._catalog.generation, embedder.fingerprint)
        if view is None or view.state != state:
            self._view = view = self._look(embedder, state)
        return view

    def _look(self, embedder: Embedder, state: tuple[int, str]) -> _View:
        ready, pending = count_vectors(self._catalog, embedder.fingerprint)
        notes = (f"{pending} passages have no vector yet; run kb ingest to finish them.",) if pending else ()
        if not ready:
            return _View(state, None, notes)
        if ready > self._exact_up_to:
            try:
                index, behind = self._opened(embedder, ready)
            except StorageError as error:
                notes = (*notes, f"Every vector was looked at, without the index: {error}")
            else:
                sample = sample_vectors(self._catalog, embedder.fingerprint, embedder.dim, self._exact_up_to)
                dense = Dense(self._catalog, embedder, index, Moments.of(sample), self._exact_up_to)
                return _View(state, dense, (*notes, *behind))
        ids, vectors = load_vectors(self._catalog, embedder.fingerprint, embedder.dim)
        dense = Dense(self._catalog, embedder, ExactIndex(ids, vectors), Moments.of(vectors), self._exact_up_to)
        return _View(state, dense, notes)

    def _opened(self, embedder: Embedder, ready: int) -> tuple[VectorIndex, tuple[str, ...]]:
        """Return the vector index, and what to say of it.

        Raises:
            StorageError: it cannot be used, or too much is missing; the next ingest then makes it anew.
        """
        index = self._index(embedder)
        there = index.count()
        if there < _NEARLY_ALL * ready:
            self._catalog.put("indexed", "")
            raise StorageError(f"it holds {there} of {ready} vectors; run kb ingest to fill it.")
        behind = f"{ready - there} passages are not in the vector index yet; run kb ingest to finish them."
        return index, ((behind,) if there < ready else ())


def _without(lanes: Sequence[Lane]) -> tuple[str, ...]:
    return tuple(lane.without for lane in lanes if isinstance(lane, Dense) and lane.without)

"""Find the chunks for a question: ask the lanes, fuse their scores, cut repetitions, fetch the best chunks.

Comes in: a question. Goes out: hits with each lane's verdict. Never: a lane that cannot read the question, or a hit whose
text is no longer in the catalog.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from ...ingest.document import Chunk
from ...ingest.errors import InputError
from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog
from ..hit import Hit
from ..lanes.bm25 import Bm25, mean_tokens
from ..lanes.coded import coded
from ..lanes.dense import Dense
from ..lanes.lane import Lane, Reworded
from ..lanes.named import count_named, mean_names, named_frequencies
from ..lanes.phrases import holding, is_only_quoted, quoted, verbatim
from ..lanes.tfidf import UP_TO as TFIDF_UP_TO
from ..lanes.tfidf import TfIdf
from ..lanes.vectors import READABLE
from ..lanes.view import FOLDER, Views
from ..models.embedder import Embedder
from ..models.reranker import NO_RERANKERS, Reranker, Rerankers
from ..stores.index import VectorIndex
from ..where import Scope, Where, chunks_of, idle, resolve, scope_of
from ..words.directions import without_directions
from .fuse import Fused, fuse, fused_first, weights
from .naming import NOTHING, naming
from .off_topic import AS_GOOD_AS, FEW, off_topic
from .ranking import Ranking, ordered, reranked
from .select import Ordering

LANES = ("bm25", "dense", "tfidf")

PLAIN = Ordering()
WORDS = frozenset(["bm25", "tfidf"])
"""Lanes that compare words: inside the documents that a question names, they search without the names."""
_CANDIDATES = 100
_NEAR = 2.0
"""Of fused scores: how far a named document's passages may be behind the best one and still go ahead of it."""
_NONE = scope_of([])


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search, and how it was obtained."""

    hits: tuple[Hit, ...]
    lanes: tuple[str, ...]
    """The lanes that took part."""
    notes: tuple[str, ...]
    """What the search had to do without, in sentences."""


_STEADY = 3
"""Times a search is repeated because the base changed under it: lanes that saw two states are not comparable. A base that is
constantly written to is searched in its state at that moment."""


class Searcher:
    """Searches one knowledge base, and follows it as it changes. Thread-safe."""

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        embedder: Callable[[], Embedder | None],
        index: Callable[[Embedder], VectorIndex],
        exact_up_to: Callable[[], int | None] = lambda: None,
        rerankers: Rerankers = NO_RERANKERS,
    ) -> None:
        """Make a searcher.

        Args:
            catalog: of the knowledge base.
            folder: for derived files.
            embedder: returns the embedder, or ``None``; called when first needed.
            index: opens the vector index of an embedder, for bases too large for an exact scan.
            exact_up_to: returns up to how many vectors are scanned exactly; see ``Views``.
            rerankers: opens the cross-encoders that an ``Ordering`` may name.
        """
        self._catalog = catalog
        self._embedder = embedder
        self._rerankers = rerankers
        self._views = Views(catalog, folder, index, exact_up_to)
        self._bm25 = Bm25(catalog.connection, folder / FOLDER)
        self._tfidf = TfIdf(folder / "tfidf", lambda: catalog.content, catalog.indexed_texts)
        self._scope: tuple[str, Where, Scope] | None = None

    def search(
        self,
        question: str,
        k: int,
        lanes: Sequence[str] | None = None,
        where: Where | None = None,
        ordering: Ordering = PLAIN,
    ) -> Found:
        """Return the ``k`` best chunks.

        Args:
            question: not empty. Text in double quotation marks must appear in a hit word for word; sentences that only say how
                to answer are not searched for.
            k: how many; fewer if fewer chunks match at all.
            lanes: which to ask; by default those that can read the question.
            where: search only these.
            ordering: which of the results are shown, and in which order.
        Raises:
            InputError: an unknown lane, or one that this base does not have.
            RerankerError: the cross-encoder named by the ordering cannot be used.
        """
        ranking = self.rank(question, k, lanes, where, ordering)
        return Found(ranking.hits, ranking.lanes, ranking.notes)

    def rank(
        self,
        question: str,
        k: int,
        lanes: Sequence[str] | None = None,
        where: Where | None = None,
        ordering: Ordering = PLAIN,
        scope: Scope | None = None,
        depth: int = _CANDIDATES,
    ) -> Ranking:
        """Return every candidate and what happened to it; takes the arguments of ``search`` and two more.

        Args:
            question: see ``search``.
            k: see ``search``.
            lanes: see ``search``.
            where: see ``search``.
            ordering: see ``search``.
            scope: search only these chunks, whatever ``where`` says.
            depth: minimum number of candidates per lane.
        """
        reranker = self.reranker(ordering, by_default=lanes is None)
        asked = without_directions(question)
        for attempt in count():
            generation = self._catalog.generation
            chosen, notes = self._choose(asked, lanes)
            within, more = self._within(question, where, scope)
            ranking = self._ranked(asked, chosen, within, k, max(depth, k), ordering, reranker)
            whole = len(ranking.chunks) == len(ranking.candidates)
            if self._catalog.generation == generation or (whole and attempt >= _STEADY):
                break
        return replace(ranking, notes=(*notes, *more, *_without(chosen)))

    def frequencies(self, tokens: Sequence[str]) -> dict[str, int]:
        """Return how many chunks contain each token; tokens with none are left out."""
        return self._bm25.frequencies(tokens)

    def named_frequencies(self, tokens: Sequence[str]) -> dict[str, int]:
        """Return how many documents each token names; tokens that name none are left out."""
        return named_frequencies(self._catalog.connection(), tokens)

    def known(self, tokens: Sequence[str]) -> dict[str, int]:
        """Return how many chunks and document names contain each token; tokens with none are left out."""
        return dict(Counter(self.frequencies(tokens)) + Counter(self.named_frequencies(tokens)))

    @property
    def catalog(self) -> Catalog:
        """The catalog being searched."""
        return self._catalog

    @property
    def n_named(self) -> int:
        """How many documents have names."""
        return count_named(self._catalog.connection())

    @property
    def mean_names(self) -> float:
        """The mean number of tokens in a document's names."""
        return mean_names(self._catalog.connection())

    @property
    def n_chunks(self) -> int:
        """How many chunks the base has."""
        return self._catalog.count("chunks")

    @property
    def embedder(self) -> Embedder | None:
        """The embedder for questions, or ``None``."""
        return self._embedder()

    @property
    def mean_tokens(self) -> float:
        """The mean number of tokens per chunk, as counted by the keyword lane."""
        return mean_tokens(self._catalog.connection())

    def reranker(self, ordering: Ordering, *, by_default: bool) -> Reranker | None:
        """Return the cross-encoder that an ordering asks for; with ``by_default``, else the base's own, if it has one.

        Raises:
            RerankerError: it cannot be used.
        """
        spec = self._rerankers.spec(ordering.rerank, by_default=by_default)
        return self._rerankers.get(spec) if spec else None

    def unrelated(self, question: str) -> float:
        """Return a question's mean cosine, >= 0, with all passages: the dense lane's score for off-topic text.

        If there are few passages, all may be on the question's topic, so texts on other topics are averaged in.
        """
        embedder = self._embedder()
        if embedder is None or embedder.coverage([question])[0] < READABLE:
            return 0.0
        dense = self._views.current(embedder).dense
        if dense is None:
            return 0.0
        mean, n = dense.mean(question), self.n_chunks
        if n < FEW:
            mean = (n * mean + AS_GOOD_AS * off_topic(question, embedder)) / (n + AS_GOOD_AS)
        return max(0.0, mean)

    def scope(self, where: Where) -> Scope:
        """Return the chunks that pass a filter."""
        content, known = self._catalog.content, self._scope
        if known is None or known[:2] != (content, where):
            self._scope = known = (content, where, resolve(self._catalog, where))
        return known[2]

    # How it is done

    def _within(self, question: str, where: Where | None, scope: Scope | None) -> tuple[Scope | None, tuple[str, ...]]:
        """Return the scope left by the filter and the quoted phrases, and notes on it."""
        notes: tuple[str, ...] = ()
        if where:
            admitted = self.scope(where)
            notes = tuple(_unmatched(self._catalog, where, admitted))
            scope = admitted & scope if scope else admitted
        phrases = quoted(question)
        if not phrases:
            return scope, notes
        held = holding(self._catalog, phrases)
        held = held if scope is None else scope & held
        if held.ids:
            return held, notes
        note = Notice("No passage holds {phrases:and} word for word.", phrases=(f"“{phrase}”" for phrase in phrases))
        return (held if is_only_quoted(question) else scope), (*notes, note)

    def _ranked(
        self,
        question: str,
        lanes: Sequence[Lane],
        scope: Scope | None,
        k: int,
        depth: int,
        ordering: Ordering,
        reranker: Reranker | None,
    ) -> Ranking:
        several = len(lanes) > 1
        held = _within(verbatim(self._catalog, question), scope) if several else _NONE
        with_codes = _within(coded(self._catalog, question), scope) if several else _NONE
        by_names = self._bm25.named(question) if self._bm25 in lanes else {}
        told = naming(self._catalog, question, by_names) if by_names or self._bm25 in lanes else NOTHING
        named = self._chunks_of(told.documents, scope)
        inside = [Reworded(lane, told.rest) if lane.name in WORDS else lane for lane in lanes]
        while True:
            found = tuple(lane.search(question, depth, scope) for lane in lanes)
            ranked = fuse(question, lanes, found, depth * len(lanes))
            if _is_near(named, ranked):
                ranked = fused_first(named, question, inside, ranked, depth)
            if with_codes.ids:
                ranked = fused_first(with_codes, question, lanes, ranked, depth)
            if held.ids:
                ranked = fused_first(held, question, lanes, ranked, depth)
            chunks = self._chunks([one.id for one in ranked], scope)
            ranked = tuple(one for one in ranked if one.id in chunks)  # derived data may lag behind the catalog
            ranking = Ranking(
                found,
                tuple(weights(found)),
                ranked,
                chunks,
                (),
                held.ids,
                (),
                with_codes.ids,
                naming=told,
                by_names=by_names,
            )
            ranking = reranked(question, ranking, reranker, k, ordering) if reranker else ordered(ranking, k, ordering)
            shown = sum(verdict.place > 0 for verdict in ranking.verdicts)
            if shown >= k or all(len(lane.ids) < depth for lane in found):
                return ranking
            depth *= 4

    def _chunks_of(self, documents: Collection[str], scope: Scope | None) -> Scope:
        """Return the chunks of some documents."""
        if not documents:
            return _NONE
        own = scope_of(chunks_of(self._catalog.connection(), sorted(documents)))
        return own if scope is None else own & scope

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
            return self._by_words(), ()
        if embedder.coverage([question])[0] < READABLE:
            lanes, name = self._by_words(), embedder.name
            if self._tfidf in lanes:
                note = Notice(
                    "{name} cannot read the language of this question; searched by keywords and TF-IDF instead.",
                    name=name,
                )
            else:
                note = Notice(
                    "{name} cannot read the language of this question; searched by keywords instead.", name=name
                )
            return lanes, (note,)
        view = self._views.current(embedder)
        return [self._bm25, view.dense] if view.dense else self._by_words(), view.notes

    def _by_words(self) -> list[Lane]:
        """Return the lanes that need no embedder; TF-IDF only if its matrix is quick to fit."""
        few = self._catalog.count("chunks") <= TFIDF_UP_TO
        return [self._bm25, self._tfidf] if few else [self._bm25]

    def _lane(self, name: str) -> Lane:
        if name == "bm25":
            return self._bm25
        if name == "tfidf":
            return self._tfidf
        if name != "dense":
            raise InputError("{name!r} is not a lane; the lanes are {lanes:list}", name=name, lanes=LANES)
        embedder = self._embedder()
        dense = self._views.current(embedder).dense if embedder else None
        if dense is None:
            raise InputError("this knowledge base has no dense lane: no embedder is in use, or it has read nothing yet")
        return dense


def _unmatched(catalog: Catalog, where: Where, admitted: Scope) -> Iterator[str]:
    """Yield a note on the part of a filter that leaves nothing to search."""
    globs = idle(catalog, where)
    if globs:
        yield Notice("No file in the base is at {globs:or}; kb list shows what is there.", globs=map(repr, globs))
    elif not admitted.ids:
        yield Notice("No passage satisfies the filter.")


def _within(held: Scope | None, scope: Scope | None) -> Scope:
    held = held or _NONE
    return held if scope is None else held & scope


def _is_near(named: Scope, ranked: Sequence[Fused]) -> bool:
    """Return whether a named document is among the likely ones: an outstanding passage is not put behind a name."""
    best = next((one.score for one in ranked if one.id in named.ids), None)
    return best is not None and ranked[0].score - best <= _NEAR


def _without(lanes: Sequence[Lane]) -> tuple[str, ...]:
    return tuple(lane.without for lane in lanes if isinstance(lane, Dense) and lane.without)

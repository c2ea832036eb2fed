"""Search several knowledge bases as if they were one.

Comes in: a searcher for each base, and a question. Goes out: hits that name their base. Never: scores compared that mean
different things: a lane's score depends on its base, so it is recomputed for all candidates with the statistics of all bases
together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...ingest.notice import Notice
from ..hit import Hit
from ..lanes import formula
from ..lanes.lane import LaneScores
from ..lanes.named import named_score, telling
from ..lanes.vectors import READABLE
from ..where import Where
from ..words.question import asked_tokens
from ..words.tokens import tokens
from .fuse import Fused, put_first, weights, zscore_sum
from .naming import merged
from .ranking import Ranking, ordered, reranked
from .search import PLAIN, Found, Searcher
from .select import Ordering
from .spelling import spelt

_TOLD_AGAIN = 60
"""Minimum number of candidates, from a base with another embedder, that are embedded for the question."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The results from one base."""

    base: str
    searcher: Searcher
    ranking: Ranking
    n: int
    """Chunks in the base."""

    def lane(self, name: str) -> LaneScores | None:
        """Return a lane's results from the base."""
        return next((lane for lane in self.ranking.found if lane.name == name), None)

    def raw(self, name: str) -> dict[str, float]:
        """Return a lane's scores for its candidates in the base."""
        return {one.id: score for one in self.ranking.candidates for lane, _, score in one.lanes if lane == name}


def search_together(
    searchers: Mapping[str, Searcher],
    question: str,
    k: int,
    lanes: Sequence[str] | None = None,
    where: Where | None = None,
    ordering: Ordering = PLAIN,
) -> Found:
    """Return the ``k`` best chunks of all bases, the filter applied to each. A single base is searched as usual.

    BM25 counts words in all bases together. Cosines of one embedder are comparable; passages of bases with another one, or with
    none, are embedded for the question. Every score is standardised over the passages of all bases.

    Args:
        searchers: by the name of their base; at least one. Hits of the base ``""`` name none.
        question: see ``Searcher.search``.
        k: see ``Searcher.search``.
        lanes: see ``Searcher.search``; all bases must have them.
        where: see ``Searcher.search``.
        ordering: see ``Searcher.search``; the cross-encoder is the first base's.
    Raises:
        InputError: an unknown lane, or one that a base does not have.
    """
    spelling = spelt(question, searchers.values())
    question = spelling.question
    if len(searchers) == 1:
        ((base, searcher),) = searchers.items()
        found = searcher.search(question, k, lanes, where, ordering)
        notes = (*spelling.notes, *_said(base, found.notes))
        return Found(tuple(replace(hit, base=base) for hit in found.hits), found.lanes, notes)
    plain = Ordering(per_document=None, rerank="off")
    parts = [
        _Part(base, searcher, searcher.rank(question, k, lanes, where, plain), searcher.n_chunks)
        for base, searcher in searchers.items()
    ]
    pooled = _pooled(question, parts, k)
    first = next(iter(searchers.values()))
    reranker = first.reranker(ordering, by_default=lanes is None)
    done = reranked(question, pooled, reranker, k, ordering) if reranker else ordered(pooled, k, ordering)
    told = dict.fromkeys(note for part in parts for note in _said(part.base, part.ranking.notes))
    return Found(tuple(_of_base(hit) for hit in done.hits), done.lanes, (*spelling.notes, *told))


def _said(base: str, notes: Sequence[str]) -> tuple[str, ...]:
    return tuple(Notice("{name}: {note}", name=base, note=note) for note in notes) if base else tuple(notes)


def _of_base(hit: Hit) -> Hit:
    base, _, own = hit.chunk.id.partition("\0")
    return replace(hit, chunk=replace(hit.chunk, id=own), base=base)


def _pooled(question: str, parts: Sequence[_Part], k: int) -> Ranking:
    """Return one ranking of the candidates of all bases, each with its base's name."""
    scored = list(_lanes(question, parts, k))
    chunks = {
        f"{part.base}\0{key}": replace(chunk, id=f"{part.base}\0{key}")
        for part in parts
        for key, chunk in part.ranking.chunks.items()
    }
    ids = [key for key in scored[0][1] if key in chunks and all(key in scores for _, scores in scored)]
    rows = [np.array([scores[key] for key in ids], np.float32) for _, scores in scored]
    found = [_ranked(moments, ids, row) for (moments, _), row in zip(scored, rows, strict=True)]
    share = weights(found)
    fused = zscore_sum(found, rows, share) if len(found) > 1 else rows[0]
    named = merged([part.ranking.naming for part in parts])
    first = [
        frozenset(f"{part.base}\0{key}" for part in parts for key in part.ranking.verbatim) & set(ids),
        frozenset(f"{part.base}\0{key}" for part in parts for key in part.ranking.coded) & set(ids),
        frozenset(key for key in ids if chunks[key].document_id in named.documents),
    ]
    candidates = tuple(_candidates(ids, found, rows, fused))
    for ahead in reversed(first):
        candidates = put_first(ahead, candidates)
    return Ranking(tuple(found), tuple(share), candidates, chunks, (), first[0], (), first[1], naming=named)


def _ranked(moments: LaneScores, ids: Sequence[str], row: NDArray[np.float32]) -> LaneScores:
    """Return a lane with the moments given and its candidates best first; ``row``: their scores."""
    best = np.argsort(-row, kind="stable")
    return replace(moments, ids=tuple(ids[at] for at in best.tolist()), scores=row[best])


def _candidates(
    ids: Sequence[str], found: Sequence[LaneScores], rows: Sequence[NDArray[np.float32]], fused: NDArray[np.float32]
) -> Iterator[Fused]:
    """Yield each candidate with its fused score, best first, and its rank and score in every lane."""
    ranks = [{key: rank for rank, key in enumerate(lane.ids, 1)} for lane in found]
    for at in np.argsort(-fused, kind="stable").tolist():
        key = ids[at]
        votes = tuple(
            (lane.name, rank[key], float(row[at])) for lane, rank, row in zip(found, ranks, rows, strict=True)
        )
        yield Fused(key, float(fused[at]), votes)


def _lanes(question: str, parts: Sequence[_Part], k: int) -> Iterator[tuple[LaneScores, dict[str, float]]]:
    """Yield, for each lane, its moments over all bases and its score for each candidate, by base and id."""
    names = dict.fromkeys(lane.name for part in parts for lane in part.ranking.found)
    if "bm25" in names:
        yield _bm25(question, parts)
    if "dense" in names:
        yield _dense(question, parts, k)
    elif "tfidf" in names and all(part.lane("tfidf") for part in parts):  # a large base has none
        yield _as_they_are("tfidf", [part for part in parts if part.lane("tfidf")])


def _as_they_are(name: str, parts: Sequence[_Part]) -> tuple[LaneScores, dict[str, float]]:
    """Return a lane whose scores mean the same in every base, such as cosines."""
    scores = {f"{part.base}\0{key}": score for part in parts for key, score in part.raw(name).items()}
    known = [(part.n, lane.mean, lane.std) for part in parts if (lane := part.lane(name))]
    return _moments(name, known), scores


def _moments(name: str, known: Sequence[tuple[int, float, float]]) -> LaneScores:
    """Return a lane with the mean and deviation of the union of the bases, from their sizes and moments."""
    total = max(1, sum(n for n, _, _ in known))
    mean = sum(n * mean for n, mean, _ in known) / total
    square = sum(n * (std**2 + mean**2) for n, mean, std in known) / total
    return LaneScores(name, (), np.empty(0, np.float32), mean, math.sqrt(max(0.0, square - mean**2)))


def _bm25(question: str, parts: Sequence[_Part]) -> tuple[LaneScores, dict[str, float]]:
    """Return BM25 with document frequencies and mean length taken over all bases.

    A base's moments are those of its own BM25, scaled by how much its candidates' scores changed.
    """
    wanted = asked_tokens(question)
    frequencies: Counter[str] = Counter()
    naming: Counter[str] = Counter()
    for part in parts:
        frequencies.update(part.searcher.frequencies(wanted))
        naming.update(part.searcher.named_frequencies(wanted))
    total, n_named = sum(part.n for part in parts), sum(part.searcher.n_named for part in parts)
    idfs = {token: formula.idf(n, total) for token, n in frequencies.items()}
    naming_idfs = telling(naming, n_named)
    length = sum(part.n * part.searcher.mean_tokens for part in parts) / max(1, total)
    names = sum(part.searcher.n_named * part.searcher.mean_names for part in parts) / max(1, n_named)
    scores: dict[str, float] = {}
    known = []
    for part in parts:
        own = part.raw("bm25")
        chunks = {key: part.ranking.chunks[key] for key in own if key in part.ranking.chunks}
        anew = {
            key: _score(chunk.indexed_text, idfs, length) + named_score(chunk.names, naming_idfs, names)
            for key, chunk in chunks.items()
        }
        scores |= {f"{part.base}\0{key}": score for key, score in anew.items()}
        before = sum(own.values())
        change = sum(anew.values()) / before if before > 0 else 1.0
        if lane := part.lane("bm25"):
            known.append((part.n, lane.mean * change, lane.std * change))
    reads = max((lane.known for part in parts if (lane := part.lane("bm25"))), default=1.0)
    return replace(_moments("bm25", known), known=reads), scores


def _score(text: str, idfs: Mapping[str, float], mean_tokens: float) -> float:
    held = Counter(tokens(text))
    return formula.score(held, held.total(), idfs, max(mean_tokens, 1.0))


def _dense(question: str, parts: Sequence[_Part], k: int) -> tuple[LaneScores, dict[str, float]]:
    """Return cosines in the space of the embedder with the most passages; candidates of other bases are embedded."""
    spaces: Counter[str] = Counter()
    for part in parts:
        if part.lane("dense") and (embedder := part.searcher.embedder):
            spaces[embedder.fingerprint] += part.n
    space = spaces.most_common(1)[0][0]
    at_home = [part for part in parts if part.lane("dense") and _space(part) == space]
    lane, scores = _as_they_are("dense", at_home)
    others = [part for part in parts if part not in at_home]
    embedder = at_home[0].searcher.embedder
    if not others or embedder is None:
        return lane, scores
    texts = {
        f"{part.base}\0{one.id}": part.ranking.chunks[one.id].embedded_text
        for part in others
        for one in part.ranking.candidates[: max(_TOLD_AGAIN, 2 * k)]
        if one.id in part.ranking.chunks
    }
    readable = embedder.coverage(list(texts.values())) >= READABLE
    vectors = embedder.embed_documents([text for text, can in zip(texts.values(), readable, strict=True) if can])
    cosines: NDArray[np.float32] = vectors @ embedder.embed_query(question)
    scores |= dict.fromkeys(texts, lane.mean)
    keys = [key for key, can in zip(texts, readable, strict=True) if can]
    return lane, scores | dict(zip(keys, map(float, cosines.tolist()), strict=True))


def _space(part: _Part) -> str:
    embedder = part.searcher.embedder
    return embedder.fingerprint if embedder else ""

"""Fuse the scores of several lanes for the same chunks into one score per chunk.

Every candidate has its exact score in every lane, whichever lane found it. No I/O except ``Lane.score``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..lanes.lane import Lane, LaneScores
from ..where import Scope

_SHARES = {"dense": 1.5, "bm25": 1.0, "tfidf": 0.18}
"""Meaning deviates less from its mean than words do, and is as good a judge. TF-IDF sees the same words as BM25: with an equal
share it only blurs it, with a small one it adds misspelt and inflected words. docs/decisions.md has the figures."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A chunk with its fused score, and each lane's score."""

    id: str
    score: float
    """Sum of standardised scores; with a single lane, its own score."""
    lanes: tuple[tuple[str, int, float], ...]
    """(lane, rank, score) as in ``hit.Lane``: rank 0 if the lane did not find the chunk itself."""


def put_first(ahead: Collection[str], candidates: Sequence[Fused]) -> tuple[Fused, ...]:
    """Return the candidates with some moved to the front, in order, scored at least as high as the best of the others."""
    first = [one for one in candidates if one.id in ahead]
    others = [one for one in candidates if one.id not in ahead]
    floor = others[0].score if others else -math.inf
    return (*(replace(one, score=max(one.score, floor)) for one in first), *others)


def fuse(question: str, lanes: Sequence[Lane], found: Sequence[LaneScores], k: int) -> tuple[Fused, ...]:
    """Return the ``k`` best of all chunks that ``lanes`` found, best first; ties in the order of ``candidates``.

    Args:
        question: what was searched.
        lanes: asked for their scores of each other's candidates.
        found: what each lane's ``search`` returned.
        k: how many.
    """
    ids = candidates(found)
    scores = [_exact(question, lane, result, ids) for lane, result in zip(lanes, found, strict=True)]
    fused = zscore_sum(found, scores, weights(found)) if len(lanes) > 1 else scores[0]
    ranks = [{chunk: rank for rank, chunk in enumerate(result.ids, 1)} for result in found]
    said = [
        [(result.name, rank.get(chunk, 0), score) for chunk, score in zip(ids, of_lane.tolist(), strict=True)]
        for result, rank, of_lane in zip(found, ranks, scores, strict=True)
    ]
    best = np.argsort(-fused, kind="stable")[:k]
    return tuple(Fused(ids[at], float(fused[at]), tuple(lane[at] for lane in said)) for at in best.tolist())


def fused_first(
    held: Scope, question: str, lanes: Sequence[Lane], ranked: tuple[Fused, ...], depth: int
) -> tuple[Fused, ...]:
    """Put chunks in ``held`` first: at least each lane's ``depth`` best, scored no lower than the best of the others."""
    inside = [one for one in ranked if one.id in held.ids]
    if len(inside) < len(held.ids):
        n = min(len(held.ids), depth)
        found = fuse(question, lanes, [lane.search(question, n, held) for lane in lanes], n * len(lanes))
        there = {one.id for one in found}
        # What was found before stays: a lane that looks for the question without the document's name may find nothing.
        inside = [*found, *(one for one in inside if one.id not in there)]
    return put_first(held.ids, (*inside, *(one for one in ranked if one.id not in held.ids)))


def weights(found: Sequence[LaneScores]) -> tuple[float, ...]:
    """Return each lane's weight for one question: its share times the square of how much of the question it can judge.

    In another language a word lane finds names and figures at best, and while a base is being embedded the dense lane finds
    only what is embedded so far. benchmarks/retrieval.py measures it.
    """
    return tuple(_SHARES.get(lane.name, 1.0) * lane.known**2 for lane in found)


def candidates(lanes: Sequence[LaneScores]) -> tuple[str, ...]:
    """Return the ids that any lane found, each once, ordered by best rank."""
    longest = max((len(lane.ids) for lane in lanes), default=0)
    return tuple(dict.fromkeys(lane.ids[rank] for rank in range(longest) for lane in lanes if rank < len(lane.ids)))


def zscores(lane: LaneScores, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``scores`` in standard deviations above the mean of all chunks; all 0 if every chunk scores the same."""
    if lane.std <= 0:
        return np.zeros(len(scores), np.float32)
    standardised: NDArray[np.float32] = ((scores - lane.mean) / lane.std).astype(np.float32)
    return standardised


def zscore_sum(
    lanes: Sequence[LaneScores], scores: Sequence[NDArray[np.float32]], weights: Sequence[float]
) -> NDArray[np.float32]:
    """Fuse lanes by the weighted sum of their standardised scores.

    Montague and Aslam 2001, "Relevance score normalization for metasearch" (ZMUV), here over all chunks of the base.

    Args:
        lanes: one per retriever; their ``mean`` and ``std`` are used.
        scores: one (n_candidates,) per lane: its exact scores of the same candidates.
        weights: one per lane, >= 0.

    Returns: (n_candidates,) float32, no bounds, higher is better; comparable within one question only.
    """
    fused = np.zeros(len(scores[0]) if scores else 0, np.float32)
    for lane, lane_scores, weight in zip(lanes, scores, weights, strict=True):
        fused += np.float32(weight) * zscores(lane, lane_scores)
    return fused


def min_max_sum(scores: Sequence[NDArray[np.float32]], weights: Sequence[float] | None = None) -> NDArray[np.float32]:
    """Return the weighted sum of the lanes' scores scaled to 0..1 over the candidates, as a benchmark baseline.

    Lee 1997, "Analyses of multiple evidence combination" (CombSUM over min-max); equal weights unless given.
    """
    fused = np.zeros(len(scores[0]) if scores else 0, np.float32)
    for lane, weight in zip(scores, weights or [1.0] * len(scores), strict=True):
        spread = float(np.ptp(lane)) if len(lane) else 0.0
        if spread > 0:
            fused += np.float32(weight) * (lane - lane.min()) / np.float32(spread)
    return fused


def reciprocal_rank_sum(ranks: Sequence[NDArray[np.int64]], k: int = 60) -> NDArray[np.float32]:
    """Return the sum of 1 / (k + rank) over the lanes, ignoring rank 0, as a benchmark baseline.

    Cormack, Clarke and Büttcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods".
    """
    fused = np.zeros(len(ranks[0]) if ranks else 0, np.float32)
    for lane in ranks:
        fused += np.where(lane > 0, 1 / (k + lane), 0).astype(np.float32)
    return fused


def _exact(question: str, lane: Lane, result: LaneScores, ids: Sequence[str]) -> NDArray[np.float32]:
    """Return (len(ids),) scores; the lane is asked only for those it did not find itself."""
    known = dict(zip(result.ids, result.scores.tolist(), strict=True))
    missing = [chunk for chunk in ids if chunk not in known]
    if missing:
        known.update(zip(missing, lane.score(question, missing).tolist(), strict=True))
    return np.array([known[chunk] for chunk in ids], np.float32)

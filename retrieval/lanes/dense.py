"""Rank chunks by the cosine between their vectors and the question's.

Comes in: a question. Goes out: the nearest chunks, from an exact scan or, if there are too many vectors, a vector index.
Never: a text embedded twice, or a filter on an already truncated list.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import StorageError
from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog
from ..models.embedder import Embedder
from ..stores.index import ExactIndex, VectorIndex
from ..where import Scope
from .lane import LaneScores, best_of
from .scan import Scan
from .vectors import load_vectors

_QUESTIONS = 4
"""Number of questions whose cosines are cached: one search asks for them several times."""
_NOWHERE = -2.0
_WIDER = 4
"""How many candidates are scored, as a multiple of the passages wanted: it includes what an index ranks a little too low."""
_IDS_OF_KEYS = "SELECT key, id FROM chunks WHERE key IN (SELECT value FROM json_each(?))"
_KEYS_OF_IDS = "SELECT id, key FROM chunks WHERE id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and covariance of all vectors of a base: enough to know how *every* chunk scores on average.

    For unit vectors x and a question q the scores q·x have mean q·mean and variance qᵀ·covariance·q, so a lane can
    standardise its best scores without computing the others.
    """

    mean: NDArray[np.float32]
    covariance: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: NDArray[np.float32]) -> Moments:
        """Return the moments of (n, dim) vectors; zeros for none."""
        if not len(vectors):
            dim = vectors.shape[1]
            return cls(np.zeros(dim, np.float32), np.zeros((dim, dim), np.float32))
        mean = vectors.mean(axis=0)
        covariance = vectors.T @ vectors / len(vectors) - np.outer(mean, mean)
        return cls(mean, covariance.astype(np.float32))


class ScannedDense:
    """A ``Lane`` that scans every vector."""

    name = "dense"
    without = ""

    def __init__(self, connection: Callable[[], sqlite3.Connection], embedder: Embedder, scan: Scan) -> None:
        """Take a function that returns the calling thread's catalog connection, the embedder, and all vectors."""
        self._connection = connection
        self._scan = scan
        self._cosines = lru_cache(maxsize=_QUESTIONS)(lambda question: scan.cosines(embedder.embed_query(question)))

    def search(self, question: str, n: int, scope: Scope | None = None) -> LaneScores:
        """See ``Lane``."""
        scores = self._cosines(question)
        mean, std = self._statistics(scores)
        if scope is not None:
            scores = np.where(scope.mask(self._scan.keys), scores, np.float32(_NOWHERE))
        best = best_of(scores, n)
        best = best[scores[best] > _NOWHERE]
        keys = self._scan.keys[best].tolist()
        ids = dict(self._connection().execute(_IDS_OF_KEYS, [json.dumps(keys)]).fetchall())
        there = [at for at, key in enumerate(keys) if key in ids]  # fewer if the catalog has changed since
        embedded = self._scan.n_usable / (self._scan.n_usable + self._scan.n_pending)
        found = tuple(ids[keys[at]] for at in there)
        return LaneScores(self.name, found, scores[best[there]], mean, std, embedded)

    def score(self, question: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """See ``Lane``; a chunk that the embedder cannot read scores the mean, which is neutral."""
        scores = self._cosines(question)
        mean, _ = self._statistics(scores)
        rows = self._connection().execute(_KEYS_OF_IDS, [json.dumps(list(ids))])
        known = dict(rows.fetchall())
        keys = np.array([known.get(chunk, -1) for chunk in ids], np.int64)
        at = self._scan.places(keys)
        return np.where((at < 0) | (scores[at] <= _NOWHERE), np.float32(mean), scores[at])

    def mean(self, question: str) -> float:
        """Return the mean cosine of a question with all chunks."""
        return self._statistics(self._cosines(question))[0]

    def _statistics(self, scores: NDArray[np.float32]) -> tuple[float, float]:
        known = scores if self._scan.n_usable == len(scores) else scores[self._scan.usable]
        return float(known.mean()), float(known.std())


class Dense:
    """A ``Lane`` over an embedder and a vector index, for more vectors than can be scanned.

    The index finds candidates; the catalog's vectors score them, so that every index gives the same order and the same cosines.
    If the index fails, every vector in the catalog is scanned instead, and ``without`` says so.
    """

    name = "dense"

    def __init__(
        self, catalog: Catalog, embedder: Embedder, index: VectorIndex, moments: Moments, exact_up_to: int
    ) -> None:
        """Search ``index``, but scan a scope of at most ``exact_up_to`` chunks exactly."""
        self._catalog = catalog
        self._embedder = embedder
        self._index = index
        self._moments = moments
        self._exact_up_to = exact_up_to
        self._instead: ExactIndex | None = None
        self.without = ""
        self._vector = lru_cache(maxsize=64)(embedder.embed_query)

    def search(self, question: str, n: int, scope: Scope | None = None) -> LaneScores:
        """See ``Lane``."""
        vector = self._vector(question)
        ids, scores = self._nearest(vector, n, scope)
        mean, std = self._statistics(vector)
        return LaneScores(self.name, tuple(ids), scores, mean, std)

    def score(self, question: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """See ``Lane``; a chunk that the embedder cannot read scores the mean, which is neutral."""
        vector = self._vector(question)
        mean, _ = self._statistics(vector)
        known, vectors = load_vectors(self._catalog, self._embedder.fingerprint, self._embedder.dim, ids)
        scores = dict(zip(known, (vectors @ vector).tolist(), strict=True))
        return np.array([scores.get(chunk, mean) for chunk in ids], np.float32)

    def _nearest(
        self, vector: NDArray[np.float32], n: int, scope: Scope | None
    ) -> tuple[list[str], NDArray[np.float32]]:
        """Score ever more candidates until ``n`` are in scope; score all of a small scope, or what the index cannot reach."""
        if scope is not None and len(scope.ids) <= self._exact_up_to:
            return self._stored(list(scope.ids)).nearest(vector, n)
        wider = _WIDER * n
        while True:
            candidates = self._candidates(vector, wider)
            found = self._stored(candidates if scope is None else [chunk for chunk in candidates if chunk in scope.ids])
            if found.count() >= n:
                return found.nearest(vector, n)
            if len(candidates) < wider:  # the index has no more, or cannot reach it
                return (found if scope is None else self._stored(list(scope.ids))).nearest(vector, n)
            wider *= _WIDER**2

    def _candidates(self, vector: NDArray[np.float32], n: int) -> list[str]:
        if self._instead is None:
            try:
                return self._index.search(vector, n)
            except StorageError as error:
                self.without = Notice("Every vector was looked at, without the index: {why}", why=error)
                self._instead = self._stored(None)
        return self._instead.search(vector, n)

    def _stored(self, ids: Sequence[str] | None) -> ExactIndex:
        """Return the catalog's vectors of the given chunks, or all of them."""
        return ExactIndex(*load_vectors(self._catalog, self._embedder.fingerprint, self._embedder.dim, ids))

    def mean(self, question: str) -> float:
        """Return the mean cosine of a question with all chunks."""
        return self._statistics(self._vector(question))[0]

    def _statistics(self, vector: NDArray[np.float32]) -> tuple[float, float]:
        mean = float(self._moments.mean @ vector)
        variance = float(vector @ self._moments.covariance @ vector)
        return mean, max(variance, 0.0) ** 0.5

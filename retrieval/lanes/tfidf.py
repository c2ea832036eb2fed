"""The TF-IDF lane: a question in, chunks ranked by cosine out; what stands in where no embedder can read.

Its matrix is derived: fitted on all chunks, kept in one file, and fitted again when the catalog has moved on or the file is
damaged. Never: the truth.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..where import Scope
from .lane import LaneScores
from .term_matrix import Matrix, counted, fitted, load, save

UP_TO = 50_000
"""Chunks. The matrix of so many takes half a minute to fit, and 150 MB; larger bases do without this lane."""


class TfIdf:
    """Ranks chunks by the cosine of TF-IDF vectors over ``terms``: 0..1, 0 without a term in common.

    Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval"; term frequency is 1 + ln(tf).
    """

    name = "tfidf"

    def __init__(
        self, folder: Path, generation: Callable[[], str], chunks: Callable[[], Iterable[tuple[str, str]]]
    ) -> None:
        """Take where to keep the matrix, and two callables into the catalog.

        Args:
            folder: made when missing; a matrix that cannot be written there is fitted again by the next process.
            generation: changes whenever ``chunks`` would.
            chunks: yields (chunk id, indexed text) for every chunk.
        """
        self._path = folder / "tfidf.npz"
        self._generation = generation
        self._chunks = chunks
        self._matrix: Matrix | None = None
        self._lock = threading.Lock()

    def search(self, question: str, n: int, scope: Scope | None = None) -> LaneScores:
        """Return the ``n`` best of the chunks that share a term with ``question``, within ``scope``; ties by id."""
        matrix = self._current()
        scores = matrix.cosines(question)
        if not scores.any():
            return LaneScores(self.name, (), np.empty(0, np.float32), 0.0, 0.0)
        mean, std = float(scores.mean()), float(scores.std())
        if scope is not None:
            scores = np.where([chunk in scope.ids for chunk in matrix.ids], scores, np.float32(0))
        best = np.argsort(-scores, kind="stable")[:n]
        best = best[scores[best] > 0]
        ids = tuple(matrix.ids[row] for row in best.tolist())
        return LaneScores(self.name, ids, scores[best], mean, std)

    def score(self, question: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return (len(ids),) float32 cosines; 0 for a chunk that is unknown."""
        matrix = self._current()
        scores = np.append(matrix.cosines(question), np.float32(0))
        return scores[[matrix.at.get(chunk, -1) for chunk in ids]]

    def _current(self) -> Matrix:
        with self._lock:
            generation = self._generation()
            before = self._matrix
            if before is None or before.generation != generation:
                self._matrix = load(self._path, generation)
            if self._matrix is None:
                self._matrix = _fit(generation, self._chunks(), before)
                save(self._path, self._matrix)
            return self._matrix


def _fit(generation: str, chunks: Iterable[tuple[str, str]], before: Matrix | None) -> Matrix:
    """Fit all chunks; the terms of those that were in the matrix ``before`` are not counted again: an id stands for a text."""
    known = before.at if before and before.counts else {}
    ids: list[str] = []

    def texts() -> Iterator[str]:
        for chunk, text in chunks:
            ids.append(chunk)
            if chunk not in known:
                yield text

    counts = counted(texts())
    if before and before.counts:
        new = count(len(before.ids))
        order = [known[chunk] if chunk in known else next(new) for chunk in ids]
        counts = before.counts.with_more(counts).picked(np.array(order, np.int32))
    return fitted(generation, ids, counts)

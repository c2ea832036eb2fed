"""Define the vector store seam: ids and unit vectors in, the ids of candidates out.

Comes in: vectors kept in the catalog. Goes out: which of them are near; they are ordered by the cosines that kb computes from
the catalog. Never: a text, or a score that counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class VectorIndex(Protocol):
    """Tells which of many unit vectors are near. Derived from the catalog: it may be dropped and refilled at any time.

    Every method may raise ``StorageError``: the store is damaged, or does not answer.
    """

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Add vectors, (n, dim) float32 with unit rows, or replace those with the same ids; ids are 32 hexadecimal digits."""

    def remove(self, ids: Sequence[str]) -> None:
        """Remove vectors; unknown ids are ignored."""

    def search(self, vector: NDArray[np.float32], n: int) -> list[str]:
        """Return about the ``n`` ids nearest to ``vector`` (dim,), in any order: candidates, which the caller scores."""

    def ids(self) -> Iterator[Sequence[str]]:
        """Yield all ids, a batch at a time; nothing may be added or removed meanwhile."""

    def count(self) -> int:
        """Return how many vectors there are."""


class Store(Protocol):
    """Keeps vector indexes by name. Every method may raise ``StorageError``."""

    def index(self, name: str, dim: int) -> VectorIndex:
        """Open an index of ``dim``-dimensional vectors, creating an empty one if there is none with this name."""

    def names(self) -> list[str]:
        """Return the names of all indexes, including those of others."""

    def drop(self, name: str) -> None:
        """Remove an index."""


class ExactIndex:
    """The reference: scans every vector. No build, no error, and for up to some 10^4 vectors also the fastest."""

    def __init__(self, ids: Sequence[str] = (), vectors: NDArray[np.float32] | None = None) -> None:
        self._ids = list(ids)
        self.vectors = np.zeros((0, 0), np.float32) if vectors is None else vectors

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """See ``VectorIndex``."""
        if not len(ids):
            return
        self.remove(ids)
        self._ids += ids
        self.vectors = np.vstack([self.vectors, vectors]) if self.vectors.size else vectors

    def remove(self, ids: Sequence[str]) -> None:
        """See ``VectorIndex``."""
        gone = set(ids)
        keep = [at for at, known in enumerate(self._ids) if known not in gone]
        self._ids = [self._ids[at] for at in keep]
        self.vectors = self.vectors[keep]

    def search(self, vector: NDArray[np.float32], n: int) -> list[str]:
        """See ``VectorIndex``; best first."""
        return self.nearest(vector, n)[0]

    def nearest(self, vector: NDArray[np.float32], n: int) -> tuple[list[str], NDArray[np.float32]]:
        """Return the ids nearest to ``vector`` (dim,), best first, and their cosines; at most ``n``."""
        scores = self.vectors @ vector if self._ids else np.zeros(0, np.float32)
        best = np.argsort(-scores, kind="stable")[:n]
        return [self._ids[at] for at in best], scores[best]

    def ids(self) -> Iterator[Sequence[str]]:
        """See ``VectorIndex``."""
        yield list(self._ids)

    def count(self) -> int:
        """See ``VectorIndex``."""
        return len(self._ids)

"""The vector index seam: ids and unit vectors in, nearest ids out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class VectorIndex(Protocol):
    """Finds the nearest of many unit vectors. Derived from the catalog: it may be dropped and filled again at any time.

    Every method may raise ``StorageError``: what keeps the vectors is damaged, or does not answer.
    """

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Add vectors, (n, dim) float32 with unit rows, or replace those with the same ids."""

    def remove(self, ids: Sequence[str]) -> None:
        """Remove vectors; ids that are not there are passed over."""

    def search(self, vector: NDArray[np.float32], n: int) -> tuple[list[str], NDArray[np.float32]]:
        """Return the ids nearest to ``vector`` (dim,), best first, and their cosines; at most ``n``."""

    def ids(self) -> set[str]:
        """Return all ids."""

    def count(self) -> int:
        """Return how many vectors there are."""


class ExactIndex:
    """The reference: looks at every vector. No build, no error, and up to some 10^4 vectors also the fastest."""

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

    def search(self, vector: NDArray[np.float32], n: int) -> tuple[list[str], NDArray[np.float32]]:
        """See ``VectorIndex``."""
        scores = self.vectors @ vector if self._ids else np.zeros(0, np.float32)
        best = np.argsort(-scores, kind="stable")[:n]
        return [self._ids[at] for at in best], scores[best]

    def ids(self) -> set[str]:
        """See ``VectorIndex``."""
        return set(self._ids)

    def count(self) -> int:
        """See ``VectorIndex``."""
        return len(self._ids)

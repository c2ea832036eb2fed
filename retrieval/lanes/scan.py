"""Scan every vector of a base for every question: exact, and fast enough up to 10^6 vectors.

A large base's vectors are in mapped segments, which need no load time and no memory that the system cannot take back.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import StorageError
from ...ingest.store.database import Database
from .segments import Array, Segments, living, places

_READ = (
    "SELECT c.key, v.vector, v.text_hash IS NULL FROM chunks c"
    " LEFT JOIN vectors v ON v.embedder = ? AND v.text_hash = c.text_hash WHERE c.key > ? ORDER BY c.key LIMIT ?"
)
_ALL = -1


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vectors of n chunks."""

    keys: NDArray[np.int64]
    """(n,) ascending."""
    vectors: NDArray[np.float32]
    """(n, dim), unit rows; zeros for a chunk that the embedder cannot read."""
    unread: NDArray[np.int64]
    """Rows of those chunks, ascending."""

    def arrays(self) -> Mapping[str, Array]:
        """See ``segments.Arrays``."""
        return {"keys": self.keys, "vectors": self.vectors, "unread": self.unread}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """See ``segments.Arrays``."""
        made = cls(**arrays)  # type: ignore[arg-type]  # mismatches are caught below
        if made.vectors.ndim != 2 or len(made.vectors) != len(made.keys):  # noqa: PLR2004
            raise ValueError("its arrays do not fit each other")
        return made

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """See ``segments.Arrays``."""
        firsts = np.cumsum([0, *(len(part.keys) for part in parts)])[:-1]
        return cls(
            np.concatenate([part.keys for part in parts]),
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.unread + first for part, first in zip(parts, firsts, strict=True)]),
        )

    def only(self, alive: NDArray[np.bool_]) -> Self:
        """See ``segments.Arrays``."""
        kept = self.unread[alive[self.unread]]
        return type(self)(self.keys[alive], self.vectors[alive], (np.cumsum(alive) - 1)[kept].astype(np.int64))


@dataclass(frozen=True, slots=True)
class Scan:
    """All vectors at one state of the catalog."""

    parts: tuple[Vectors, ...]
    keys: NDArray[np.int64]
    """(n,) over all parts."""
    usable: NDArray[np.bool_]
    """(n,) whether the chunk still exists and has a vector."""
    n_usable: int
    n_pending: int
    """Chunks waiting for the embedder."""

    def cosines(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n,) cosines with a unit vector; -2 if not usable."""
        scores = np.concatenate([np.asarray(part.vectors @ vector, np.float32) for part in self.parts])
        scores[~self.usable] = -2
        return scores

    def places(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where each key is in ``keys``; -1 if it is not."""
        return places(self.keys, keys)


def vectors_kind(fingerprint: str) -> str:
    """Return an embedder's segment kind."""
    return f"vectors-{fingerprint}"


class VectorScan:
    """Follows the vectors of one embedder in the catalog of one base. Thread-safe."""

    def __init__(self, folder: Path, fingerprint: str, dim: int) -> None:
        """Keep the segments in ``folder``."""
        self._segments = Segments(folder, vectors_kind(fingerprint), Vectors)
        self._read = partial(_read, fingerprint, dim)
        self._lock = threading.Lock()

    def current(self, connection: sqlite3.Connection) -> Scan:
        """Return all vectors as of the current transaction."""
        with self._lock:
            listed = self._segments.listed(connection)
            try:
                stored = self._segments.load(listed)
            except StorageError:
                listed, stored = (), []
        added, _, n_pending = self._read(connection, listed[-1].last if listed else 0, _ALL)
        parts = [*stored, added]
        alive = living(connection, [part.keys for part in parts])
        usable = [
            np.ones(len(part.keys), np.bool_) if mask is None else mask for part, mask in zip(parts, alive, strict=True)
        ]
        for part, mask in zip(parts, usable, strict=True):
            mask[part.unread] = False
        every = np.concatenate(usable)
        keys = np.concatenate([part.keys for part in parts])
        return Scan(tuple(parts), keys, every, int(every.sum()), n_pending)

    def update(self, catalog: Database, n_chunks: int, *, forget: bool = False) -> None:
        """Put every vector into a segment, once none are pending; see ``Segments.update``."""

        def read(connection: sqlite3.Connection, after: int, limit: int) -> tuple[Vectors, int]:
            part, reached, n_pending = self._read(connection, after, limit)
            return (part, reached) if not n_pending else (part.only(np.zeros(len(part.keys), np.bool_)), after)

        self._segments.update(catalog, read, n_chunks, forget=forget)


def _read(
    fingerprint: str, dim: int, connection: sqlite3.Connection, after: int, limit: int
) -> tuple[Vectors, int, int]:
    """Return the vectors of chunks after a key, the last key read, and how many chunks on the way have none yet."""
    rows = connection.execute(_READ, (fingerprint, after, limit)).fetchall()
    known = [(key, vector) for key, vector, pending in rows if not pending]
    blank = bytes(4 * dim)
    keys = np.fromiter((key for key, _ in known), np.int64, len(known))
    buffer = b"".join(blank if vector is None else vector for _, vector in known)
    vectors = np.frombuffer(buffer, "<f4").reshape(len(known), dim)
    unread = np.array([row for row, (_, vector) in enumerate(known) if vector is None], np.int64)
    return Vectors(keys, vectors, unread), rows[-1][0] if rows else after, len(rows) - len(known)

"""The keyword lane: a question in, chunks ranked by BM25 out, straight from the catalog's FTS5 table.

It reads what the last commit holds, so a file is found the moment it is stored. Never: writing, or state between calls.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from ..ingest.errors import StorageError
from .lane import LaneScores
from .tokens import match_query
from .where import Scope

# FTS5's bm25() is Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond",
# with k1 = 1.2 and b = 0.75, times -1; see sqlite.org/fts5.html, section 5.1.1.
_SEARCH = "SELECT rowid, -bm25(bm25) FROM bm25 WHERE bm25 MATCH ?"
# The "+" keeps SQLite from running the whole match once for every key.
_SCORE = f"{_SEARCH} AND +rowid IN (SELECT key FROM chunks WHERE id IN (SELECT value FROM json_each(?)))"
_IDS_OF_KEYS = "SELECT key, id FROM chunks WHERE key IN (SELECT value FROM json_each(?))"
_KEYS_OF_IDS = "SELECT id, key FROM chunks WHERE id IN (SELECT value FROM json_each(?))"
_COUNT = "SELECT count(*) FROM chunks"


class Bm25:
    """Ranks chunks by BM25 over ``tokens``; a chunk without any token of the question scores 0."""

    name = "bm25"

    def __init__(self, connection: Callable[[], sqlite3.Connection]) -> None:
        """Take what returns the calling thread's connection to the catalog."""
        self._connection = connection

    def search(self, question: str, n: int, scope: Scope | None = None) -> LaneScores:
        """Return the ``n`` best of the chunks that hold a token of ``question``, within ``scope``; ties in the order of entry.

        Raises:
            StorageError: the catalog cannot be read.
        """
        expression = match_query(question)
        if not expression:
            return LaneScores(self.name, (), np.empty(0, np.float32), 0.0, 0.0)
        with _reading(self._connection()) as catalog:
            matched = np.array(catalog.execute(_SEARCH, [expression]).fetchall(), np.float64).reshape(-1, 2)
            keys, scores = matched[:, 0].astype(np.int64), matched[:, 1]
            mean, std = _moments(scores, catalog.execute(_COUNT).fetchone()[0])
            if scope is not None:
                inside = np.isin(keys, scope.keys)
                keys, scores = keys[inside], scores[inside]
            best = np.lexsort((keys, -scores))[:n]
            ids = dict(catalog.execute(_IDS_OF_KEYS, [json.dumps(keys[best].tolist())]))
        found = tuple(ids[key] for key in keys[best].tolist())
        return LaneScores(self.name, found, scores[best].astype(np.float32), mean, std)

    def score(self, question: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return (len(ids),) float32 BM25, higher is better; 0 for a chunk that does not match or is unknown.

        Raises:
            StorageError: the catalog cannot be read.
        """
        expression, wanted = match_query(question), json.dumps(list(ids))
        if not expression:
            return np.zeros(len(ids), np.float32)
        with _reading(self._connection()) as catalog:
            scores = dict(catalog.execute(_SCORE, [expression, wanted]))
            keys = dict(catalog.execute(_KEYS_OF_IDS, [wanted]))
        return np.array([scores.get(keys.get(chunk), 0.0) for chunk in ids], np.float32)


def _moments(scores: NDArray[np.float64], n: int) -> tuple[float, float]:
    """Return mean and standard deviation over ``n`` chunks, of which those without a score have 0."""
    if not n:
        return 0.0, 0.0
    mean = float(scores.sum()) / n
    return mean, float(np.sqrt(max(0.0, float(np.square(scores).sum()) / n - mean**2)))


@contextmanager
def _reading(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Map SQLite's errors, and read one snapshot: a writer between two statements must not part keys from ids."""
    try:
        outermost = not connection.in_transaction
        if outermost:
            connection.execute("BEGIN")
        try:
            yield connection
        finally:
            if outermost:
                connection.rollback()
    except sqlite3.Error as exc:
        raise StorageError(f"keyword search cannot read the catalog: {exc}") from exc

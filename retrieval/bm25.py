"""The keyword lane: a question in, chunks ranked by BM25 out, straight from the catalog's FTS5 table.

It reads what the last commit holds, so a file is found the moment it is stored. Never: writing, or state between calls.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..ingest.errors import StorageError
from .lane import LaneScores
from .tokens import match_query

# FTS5's bm25() is Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework", with k1 = 1.2 and b = 0.75, times -1.
_SEARCH = "SELECT rowid, -bm25(bm25) FROM bm25 WHERE bm25 MATCH ?"
# The "+" keeps SQLite from running the whole match once for each key.
_SCORE = f"{_SEARCH} AND +rowid IN (SELECT key FROM chunks WHERE id IN (SELECT value FROM json_each(?)))"
_IDS = "SELECT key, id FROM chunks WHERE key IN (SELECT value FROM json_each(?))"


class Bm25:
    """Ranks chunks by BM25; a chunk without any token of the question scores 0."""

    name = "bm25"

    def __init__(self, connection: Callable[[], sqlite3.Connection]) -> None:
        """Take ``connection``, which returns the calling thread's connection to the catalog."""
        self._connection = connection

    def search(self, question: str, n: int) -> LaneScores:
        """Return the ``n`` best of the chunks that hold a token of ``question``; equal scores in order of entry.

        Raises:
            StorageError: the catalog cannot be read.
        """
        matched = self._rows(_SEARCH, match_query(question))
        keys = np.array([key for key, _ in matched], dtype=np.int64)
        scores = np.array([score for _, score in matched], dtype=np.float64)
        best = np.lexsort((keys, -scores))[:n]
        mean, std = self._moments(scores)
        ids = dict(self._rows(_IDS, json.dumps(keys[best].tolist())))
        return LaneScores(
            self.name, tuple(ids[key] for key in keys[best].tolist()), scores[best].astype(np.float32), mean, std
        )

    def score(self, question: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return (len(ids),) float32, higher is better; 0 for ids that are unknown.

        Raises:
            StorageError: the catalog cannot be read.
        """
        wanted = json.dumps(list(ids))
        scores = dict(self._rows(_SCORE, match_query(question), wanted))
        keys = {chunk: key for key, chunk in self._rows(_KEYS, wanted)}
        return np.array([scores.get(keys.get(chunk), 0.0) for chunk in ids], dtype=np.float32)

    def _moments(self, scores: NDArray[np.float64]) -> tuple[float, float]:
        """Return mean and standard deviation over all chunks: those that did not match score 0."""
        total = self._rows("SELECT count(*) FROM chunks")[0][0]
        if not total:
            return 0.0, 0.0
        mean = float(scores.sum()) / total
        return mean, float(np.sqrt(max(0.0, float(np.square(scores).sum()) / total - mean**2)))

    def _rows(self, statement: str, *values: str) -> list[tuple]:
        try:
            return self._connection().execute(statement, values).fetchall()
        except sqlite3.Error as exc:
            raise StorageError(f"keyword search could not read the catalog: {exc}") from exc

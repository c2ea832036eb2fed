"""Rank chunks by BM25: from the catalog's FTS5 table or, for a large base, from arrays.

It reads the state of the last commit, so a file is found the moment it is stored. Never: writing, or scores that depend on
which of the two was read.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import StorageError
from ...ingest.notice import Notice
from ...ingest.store.database import damage
from ..where import Scope
from ..words.question import asked_tokens, known_share, match_query, terms
from .keyword_index import KeywordIndex, Keywords
from .lane import LaneScores, best_of
from .named import named_documents, named_frequencies
from .segments import places


def chunk_frequencies(connection: sqlite3.Connection, tokens: Sequence[str]) -> dict[str, int]:
    """Return how many chunks of the catalog contain each token; tokens with none are left out."""
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.bm25_rows USING fts5vocab('main', 'bm25', 'row')")
    rows = connection.execute(
        "SELECT term, doc FROM temp.bm25_rows WHERE term IN (SELECT value FROM json_each(?))",
        (json.dumps(list(tokens)),),
    )
    return dict(rows.fetchall())


def mean_tokens(connection: sqlite3.Connection) -> float:
    """Return the mean number of tokens per chunk in the catalog; 0 if there are no chunks.

    FTS5 keeps both sums, as varints in one record of the index: sqlite.org/fts5.html, section 9.2, "The averages record".
    """
    row = connection.execute("SELECT block FROM bm25_data WHERE id = 1").fetchone()
    n_chunks, n_tokens, *_ = (*_varints(row[0] if row else b""), 0, 0)
    return n_tokens / n_chunks if n_chunks else 0.0


def _varints(data: bytes) -> list[int]:
    """Return SQLite's variable-length integers, of up to eight bytes each: 7 bits per byte, highest first."""
    found, value = [], 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the last byte
            found.append(value)
            value = 0
    return found


# FTS5's bm25() is Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond",
# with k1 = 1.2 and b = 0.75, times -1; see sqlite.org/fts5.html, section 5.1.1.
_SEARCH = "SELECT rowid, -bm25(bm25) FROM bm25 WHERE bm25 MATCH ?"
# The "+" keeps SQLite from running the whole match once for every key.
_SCORE = f"{_SEARCH} AND +rowid IN (SELECT key FROM chunks WHERE id IN (SELECT value FROM json_each(?)))"
_OF_DOCUMENTS = "SELECT key, document_id FROM chunks WHERE document_id IN (SELECT value FROM json_each(?)) ORDER BY key"
_DOCUMENTS_OF_IDS = "SELECT id, document_id FROM chunks WHERE id IN (SELECT value FROM json_each(?))"
_IDS_OF_KEYS = "SELECT key, id FROM chunks WHERE key IN (SELECT value FROM json_each(?))"
_KEYS_OF_IDS = "SELECT id, key FROM chunks WHERE id IN (SELECT value FROM json_each(?))"
_COUNT = "SELECT count(*) FROM chunks"


class Bm25:
    """Ranks chunks by BM25 over ``tokens``; a chunk with none of the question's tokens scores 0."""

    name = "bm25"

    def __init__(self, connection: Callable[[], sqlite3.Connection], folder: Path | None = None) -> None:
        """Take a function that returns the calling thread's catalog connection, and the folder for ``KeywordIndex``'s files."""
        self._connection = connection
        self._index = KeywordIndex(folder) if folder else None
        self._last: tuple[tuple[str, ...], dict[str, float]] = ((), {})

    def search(self, question: str, n: int, scope: Scope | None = None) -> LaneScores:
        """Return the ``n`` best chunks with any token of ``question``, within ``scope``; ties in order of entry.

        Raises:
            StorageError: the catalog cannot be read.
        """
        wanted = asked_tokens(question)
        if not wanted:
            return LaneScores(self.name, (), np.empty(0, np.float32), 0.0, 0.0)
        with _reading(self._connection()) as catalog:
            keys, scores, n_chunks = self._scores(catalog, wanted)
            keys, scores = _with_names(catalog, keys, scores, self._named(catalog, wanted))
            mean, std = _moments(scores, n_chunks)
            if scope is not None:
                scores = np.where(scope.mask(keys), scores, np.float32(0))
            best = best_of(scores, n)
            best = best[scores[best] > 0]
            ids = dict(catalog.execute(_IDS_OF_KEYS, [json.dumps(keys[best].tolist())]))
            named = list(dict.fromkeys(form for term in terms(question) for form in term.forms))
            known = known_share(question, {**self._frequencies(catalog, named), **named_frequencies(catalog, named)})
        found = tuple(ids[key] for key in keys[best].tolist())
        return LaneScores(self.name, found, scores[best], mean, std, known)

    def score(self, question: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return (len(ids),) float32 BM25, higher is better; 0 for a chunk that does not match or is unknown.

        Raises:
            StorageError: the catalog cannot be read.
        """
        wanted, asked = asked_tokens(question), json.dumps(list(ids))
        if not wanted:
            return np.zeros(len(ids), np.float32)
        with _reading(self._connection()) as catalog:
            keys = dict(catalog.execute(_KEYS_OF_IDS, [asked]))
            named = self._of_names(catalog, wanted, ids)
            index = self._current(catalog)
            if index is not None:
                return named + index.score(wanted, np.array([keys.get(chunk, -1) for chunk in ids], np.int64))
            scores = dict(catalog.execute(_SCORE, [match_query(wanted), asked]))
        return named + np.array([scores.get(keys.get(chunk), 0.0) for chunk in ids], np.float32)

    def named(self, question: str) -> dict[str, float]:
        """Return the documents that a question names, and what that adds to the score of each of their chunks.

        Raises:
            StorageError: the catalog cannot be read.
        """
        with _reading(self._connection()) as catalog:
            return self._named(catalog, asked_tokens(question))

    def frequencies(self, wanted: Sequence[str]) -> dict[str, int]:
        """Return how many chunks contain each token; tokens with none are left out.

        Raises:
            StorageError: the catalog cannot be read.
        """
        with _reading(self._connection()) as catalog:
            return self._frequencies(catalog, wanted)

    def _frequencies(self, catalog: sqlite3.Connection, wanted: Sequence[str]) -> dict[str, int]:
        index = self._current(catalog)
        return index.frequencies(wanted) if index else chunk_frequencies(catalog, wanted)

    def _named(self, catalog: sqlite3.Connection, wanted: Sequence[str]) -> dict[str, float]:
        """Return ``named_documents``, cached for the last question, since fusion asks three times."""
        asked, (known, named) = (_content(catalog), *wanted), self._last
        if known != asked:
            named = named_documents(catalog, wanted)
            self._last = (asked, named)
        return named

    def _of_names(self, catalog: sqlite3.Connection, wanted: Sequence[str], ids: Sequence[str]) -> NDArray[np.float32]:
        """Return (len(ids),) float32: what the names of its document add to each chunk's score."""
        named = self._named(catalog, wanted)
        documents = dict(catalog.execute(_DOCUMENTS_OF_IDS, [json.dumps(list(ids))])) if named else {}
        return np.array([named.get(documents.get(chunk, ""), 0.0) for chunk in ids], np.float32)

    def _current(self, catalog: sqlite3.Connection) -> Keywords | None:
        return self._index.current(catalog) if self._index else None

    def _scores(
        self, catalog: sqlite3.Connection, wanted: Sequence[str]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], int]:
        """Return the keys of chunks that may match, ascending, their scores, and how many chunks there are."""
        index = self._current(catalog)
        if index is not None:
            return index.keys, index.scores(wanted), index.n_chunks
        rows = catalog.execute(_SEARCH, [match_query(wanted)]).fetchall()
        matched = np.array(rows, np.float64).reshape(-1, 2)
        n_chunks = catalog.execute(_COUNT).fetchone()[0]
        return matched[:, 0].astype(np.int64), matched[:, 1].astype(np.float32), n_chunks


def _with_names(
    catalog: sqlite3.Connection, keys: NDArray[np.int64], scores: NDArray[np.float32], named: dict[str, float]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the keys, ascending, and scores of chunks, with what their documents' names add."""
    rows = catalog.execute(_OF_DOCUMENTS, [json.dumps(list(named))]).fetchall() if named else []
    if not rows:
        return keys, scores
    theirs = np.array([key for key, _ in rows], np.int64)
    more = np.array([named[document] for _, document in rows], np.float32)
    new = places(keys, theirs) < 0
    if new.any():
        keys, order = np.unique(np.concatenate([keys, theirs[new]]), return_index=True)
        scores = np.concatenate([scores, np.zeros(np.count_nonzero(new), np.float32)])[order]
    else:
        scores = scores.copy()
    scores[places(keys, theirs)] += more
    return keys, scores


def _content(catalog: sqlite3.Connection) -> str:
    row = catalog.execute("SELECT value FROM meta WHERE key = 'content'").fetchone()
    return row[0] if row else ""


def _moments(scores: NDArray[np.float32], n: int) -> tuple[float, float]:
    """Return mean and standard deviation over ``n`` chunks; chunks without a score count as 0."""
    if not n:
        return 0.0, 0.0
    mean = float(scores.sum(dtype=np.float64)) / n
    return mean, float(np.sqrt(max(0.0, float(np.square(scores, dtype=np.float64).sum()) / n - mean**2)))


@contextmanager
def _reading(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Map SQLite's errors, and read one snapshot, so that a write between two statements cannot separate keys from ids."""
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
        raise StorageError(damage(exc) or Notice("keyword search cannot read the catalog: {why}", why=exc)) from exc

"""Rank chunks by TF-IDF cosine, as the fallback where no embedder can read.

Its matrix is derived: fitted on all chunks, kept in one file, and refitted when the catalog has changed or the file is damaged.
Never: the truth, a pickle, or scikit-learn before the first search.
"""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..where import Scope
from ..words.tokens import TOKENS_VERSION, tokens
from .lane import LaneScores

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix
    from sklearn.feature_extraction.text import TfidfTransformer

_COLUMNS = 1 << 20
"""Tokens are hashed to columns, so no vocabulary has to be stored or loaded."""
_GRAM = 4
UP_TO = 50_000
"""Chunks. A matrix of this many takes half a minute to fit, and 150 MB; larger bases go without this lane."""
_FORMAT = f"2 {TOKENS_VERSION} {_COLUMNS}"


@dataclass(frozen=True, slots=True)
class _Matrix:
    """The fitted data: unit rows of sublinear TF-IDF, stored by column, since a question has few."""

    generation: str
    ids: tuple[str, ...]
    rows: dict[str, int]
    idf: NDArray[np.float32]
    weights: csc_matrix
    counts: csr_matrix | None = None
    """Token counts by row, if this process fitted the matrix: the next fit then only has to count what is new."""


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
            folder: created if missing; a matrix that cannot be written there is refitted by the next process.
            generation: changes whenever ``chunks`` would.
            chunks: yields (chunk id, indexed text) for every chunk.
        """
        self._path = folder / "tfidf.npz"
        self._generation = generation
        self._chunks = chunks
        self._matrix: _Matrix | None = None
        self._lock = threading.Lock()

    def search(self, question: str, n: int, scope: Scope | None = None) -> LaneScores:
        """Return the ``n`` best chunks sharing a term with ``question``, within ``scope``; ties by id."""
        matrix = self._current()
        scores = _cosines(matrix, question)
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
        """Return (len(ids),) float32 cosines; 0 for an unknown chunk."""
        matrix = self._current()
        scores = np.append(_cosines(matrix, question), np.float32(0))
        return scores[[matrix.rows.get(chunk, -1) for chunk in ids]]

    def _current(self) -> _Matrix:
        with self._lock:
            generation = self._generation()
            before = self._matrix
            if before is None or before.generation != generation:
                self._matrix = _load(self._path, generation)
            if self._matrix is None:
                self._matrix = _fit(generation, self._chunks(), before)
                _save(self._path, self._matrix)
            return self._matrix


def terms(text: str) -> list[str]:
    """Return the tokens of ``text``, and the character 4-grams of the ASCII ones, which find misspelt and inflected words.

    McNamee and Mayfield 2004, "Character n-gram tokenization for European language text retrieval": 4 serves most languages.
    """
    found = tokens(text)
    return found + list(chain.from_iterable(map(_grams, found)))


@lru_cache(maxsize=1 << 17)
def _grams(token: str) -> tuple[str, ...]:
    """Return the 4-grams of an ASCII token with its ends marked by blanks, which no token contains."""
    marked = f" {token} "
    return tuple(marked[i : i + _GRAM] for i in range(max(1, len(marked) - _GRAM + 1))) if token.isascii() else ()


def _hashed(texts: Iterable[str]) -> csr_matrix:
    """Return (len(texts), _COLUMNS) token counts."""
    from sklearn.feature_extraction.text import HashingVectorizer

    counts: csr_matrix = HashingVectorizer(
        analyzer=terms, n_features=_COLUMNS, alternate_sign=False, norm=None, dtype=np.float32
    ).transform(texts)
    return counts


def _transformer(idf: NDArray[np.float32] | None = None) -> TfidfTransformer:
    from sklearn.feature_extraction.text import TfidfTransformer

    transformer = TfidfTransformer(sublinear_tf=True)
    if idf is not None:
        transformer.idf_ = idf
    return transformer


def _cosines(matrix: _Matrix, question: str) -> NDArray[np.float32]:
    """Return (n_chunks,) float32."""
    if not matrix.ids:
        return np.empty(0, np.float32)
    asked = _transformer(matrix.idf).transform(_hashed([question]))
    cosines: NDArray[np.float32] = matrix.weights[:, asked.indices] @ asked.data
    return cosines


def _fit(generation: str, chunks: Iterable[tuple[str, str]], before: _Matrix | None) -> _Matrix:
    """Fit all chunks, without recounting tokens of those in the matrix ``before``: an id stands for a text."""
    from scipy.sparse import csc_matrix, csr_matrix, vstack

    known = before.rows if before and before.counts is not None else {}
    ids: list[str] = []

    def texts() -> Iterator[str]:
        for chunk, text in chunks:
            ids.append(chunk)
            if chunk not in known:
                yield text

    source = texts()
    first = next(source, None)
    if not ids:
        return _Matrix(generation, (), {}, np.ones(_COLUMNS, np.float32), csc_matrix((0, _COLUMNS), dtype=np.float32))
    counts = csr_matrix((0, _COLUMNS), dtype=np.float32) if first is None else _hashed(chain([first], source))
    if before is not None and before.counts is not None:
        new = count(len(before.ids))
        order = [known[chunk] if chunk in known else next(new) for chunk in ids]
        counts = vstack([before.counts, counts], format="csr")[order]
    transformer = _transformer().fit(counts)
    idf = transformer.idf_.astype(np.float32)
    return _Matrix(generation, tuple(ids), _numbered(ids), idf, transformer.transform(counts).tocsc(), counts)


def _numbered(ids: Iterable[str]) -> dict[str, int]:
    return {chunk: row for row, chunk in enumerate(ids)}


def _save(path: Path, matrix: _Matrix) -> None:
    """Write the file whole or not at all; if it cannot be written, the next process refits."""
    arrays = {
        "format": np.array(_FORMAT),
        "generation": np.array(matrix.generation),
        "ids": np.array(matrix.ids, dtype=np.str_),
        "idf": matrix.idf,
        "data": matrix.weights.data,
        "indices": matrix.weights.indices,
        "indptr": matrix.weights.indptr,
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f"{path.name}.*"):  # by a process that was killed, or will manage without
            left.unlink(missing_ok=True)
        with draft.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _load(path: Path, generation: str) -> _Matrix | None:
    """Return the stored matrix; None if it is missing, damaged, or of another generation."""
    from scipy.sparse import csc_matrix

    try:
        with np.load(path, allow_pickle=False) as stored:
            if (str(stored["format"]), str(stored["generation"])) != (_FORMAT, generation):
                return None
            ids = tuple(stored["ids"].tolist())
            parts = (stored["data"], stored["indices"], stored["indptr"])
            weights = csc_matrix(parts, shape=(len(ids), _COLUMNS))
            weights.check_format(full_check=True)
            return _Matrix(generation, ids, _numbered(ids), stored["idf"], weights)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None

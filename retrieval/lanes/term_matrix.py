"""Chunks by terms: how often each term is in each chunk, and the unit rows of TF-IDF made of that, by column, in numpy alone.

Comes in: texts. Goes out: a matrix, in memory or in one file. Never: a vocabulary, a pickle.
"""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ..words.tokens import TOKENS_VERSION, tokens

_COLUMNS = 1 << 20
"""Terms are hashed to columns, so that no vocabulary has to be stored or loaded."""
_GRAM = 4
_FORMAT = f"3 {TOKENS_VERSION} {_COLUMNS}"
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Counts:
    """How often the terms of each text are in it: text ``i`` has those from ``starts[i]`` to ``starts[i + 1]``."""

    starts: NDArray[np.int64]
    columns: Ints
    times: Floats

    def picked(self, order: Ints) -> Counts:
        """Return these texts, in this order."""
        lengths = np.diff(self.starts)[order]
        starts = _starts(lengths)
        at = np.repeat(self.starts[order] - starts[:-1], lengths) + np.arange(starts[-1])
        return Counts(starts, self.columns[at], self.times[at])

    def with_more(self, more: Counts) -> Counts:
        """Return the texts of both."""
        return Counts(
            np.concatenate([self.starts, self.starts[-1] + more.starts[1:]]),
            np.concatenate([self.columns, more.columns]),
            np.concatenate([self.times, more.times]),
        )


@dataclass(frozen=True, slots=True)
class Matrix:
    """What is fitted: unit rows of sublinear TF-IDF, by column, since a question has few."""

    generation: str
    ids: tuple[str, ...]
    at: dict[str, int]
    """The row of each id."""
    columns: Ints
    """Those that any text has, in order."""
    idf: Floats
    starts: NDArray[np.int64]
    """``columns[i]`` has the entries from ``starts[i]`` to ``starts[i + 1]`` of ``rows`` and ``weights``."""
    rows: Ints
    weights: Floats
    counts: Counts | None = None
    """Where it was fitted by this process: the next one is fitted with little more than what is new."""

    def cosines(self, question: str) -> Floats:
        """Return (len(ids),) cosines; 0 without a term in common."""
        scores = np.zeros(len(self.ids), np.float32)
        if not self.columns.size:
            return scores
        asked = counted([question])
        at = np.minimum(np.searchsorted(self.columns, asked.columns), self.columns.size - 1)
        known = self.columns[at] == asked.columns
        idf = np.where(known, self.idf[at], _idf(len(self.ids), np.zeros(1, np.int64)))
        for column, weight in zip(at[known].tolist(), _weighted(asked, idf)[known], strict=True):
            own = slice(self.starts[column], self.starts[column + 1])
            scores[self.rows[own]] += self.weights[own] * weight
        return scores


def terms(text: str) -> list[str]:
    """Return the tokens of ``text``, and the character 4-grams of those in ASCII: they find misspelt and inflected words.

    McNamee and Mayfield 2004, "Character n-gram tokenization for European language text retrieval": 4 serves most languages.
    """
    found = tokens(text)
    return found + list(chain.from_iterable(map(_grams, found)))


@lru_cache(maxsize=1 << 17)
def _grams(token: str) -> tuple[str, ...]:
    """Return the 4-grams of an ASCII token with its ends marked by blanks, which no token holds."""
    marked = f" {token} "
    return tuple(marked[i : i + _GRAM] for i in range(max(1, len(marked) - _GRAM + 1))) if token.isascii() else ()


def counted(texts: Iterable[str]) -> Counts:
    """Count the terms of each text."""
    lengths = list[int]()
    columns, times = [np.empty(0, np.int32)], [np.empty(0, np.float32)]
    for text in texts:
        hashed = np.array([crc32(term.encode()) for term in terms(text)], np.int64) % _COLUMNS
        own, often = np.unique(hashed, return_counts=True)
        lengths.append(len(own))
        columns.append(own.astype(np.int32))
        times.append(often.astype(np.float32))
    return Counts(_starts(np.array(lengths, np.int64)), np.concatenate(columns), np.concatenate(times))


def fitted(generation: str, ids: Iterable[str], counts: Counts) -> Matrix:
    """Weigh the counted texts; term frequency is 1 + ln(tf), and a term that every text has weighs 1, not nothing."""
    ids = tuple(ids)
    in_texts = np.bincount(counts.columns, minlength=_COLUMNS)
    weights = _weighted(counts, _idf(len(ids), in_texts)[counts.columns])
    order = np.argsort(counts.columns, kind="stable")
    rows = np.repeat(np.arange(len(ids), dtype=np.int32), np.diff(counts.starts))
    (used,) = np.nonzero(in_texts)
    columns = (used.astype(np.int32), _idf(len(ids), in_texts[used]), _starts(in_texts[used]))
    return Matrix(generation, ids, _numbered(ids), *columns, rows[order], weights[order], counts)


def _idf(n_texts: int, in_texts: NDArray[np.int64]) -> Floats:
    return (np.log((1 + n_texts) / (1 + in_texts)) + 1).astype(np.float32)


def _weighted(counts: Counts, idf: Floats) -> Floats:
    """Return the TF-IDF of each entry, each text's of length 1; ``idf`` is each entry's."""
    weights: Floats = (np.log(counts.times) + 1) * idf
    lengths = np.diff(counts.starts)
    some = lengths > 0
    squares = np.add.reduceat(weights * weights, counts.starts[:-1][some], dtype=np.float64)
    weights /= np.repeat(np.sqrt(squares).astype(np.float32), lengths[some])
    return weights


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def _numbered(ids: Iterable[str]) -> dict[str, int]:
    return {chunk: row for row, chunk in enumerate(ids)}


def save(path: Path, matrix: Matrix) -> None:
    """Write the file whole or not at all; one that cannot be written is fitted again by the next process."""
    arrays = {
        "format": np.array(_FORMAT),
        "generation": np.array(matrix.generation),
        "ids": np.array(matrix.ids, dtype=np.str_),
        "columns": matrix.columns,
        "idf": matrix.idf,
        "starts": matrix.starts,
        "rows": matrix.rows,
        "weights": matrix.weights,
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f"{path.name}.*"):  # by a process that was killed, or will do without
            left.unlink(missing_ok=True)
        with draft.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def load(path: Path, generation: str) -> Matrix | None:
    """Return the stored matrix; None when there is none, or it is of another generation, or damaged."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            if (str(stored["format"]), str(stored["generation"])) != (_FORMAT, generation):
                return None
            ids = tuple(stored["ids"].tolist())
            parts = (stored["columns"], stored["idf"], stored["starts"], stored["rows"], stored["weights"])
            return Matrix(generation, ids, _numbered(ids), *parts) if _fits(len(ids), *parts) else None
    except (
        OSError,
        ValueError,
        KeyError,
        EOFError,
        RuntimeError,
        zipfile.BadZipFile,
    ):  # whatever damaged bytes lead to
        return None


def _fits(n_rows: int, columns: Ints, idf: Floats, starts: NDArray[np.int64], rows: Ints, weights: Floats) -> bool:
    """Whether the arrays of a file belong together: no question asks beyond the end of one."""
    return bool(
        columns.shape == idf.shape == (len(starts) - 1,)
        and rows.shape == weights.shape == (starts[-1],)
        and starts[0] == 0
        and (np.diff(starts) >= 0).all()
        and (not rows.size or (rows.min() >= 0 and rows.max() < n_rows))
    )

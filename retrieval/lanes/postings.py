"""Store an inverted index in arrays: which chunks contain a token, and how often.

Tokens are kept as hashes, never as words, so that a vocabulary of millions is one sorted array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .segments import Array

POSTINGS_VERSION = 2
"""Incremented when the same chunks produce other arrays."""

_MOST = np.iinfo(np.uint16).max
_SPACE = ord(" ")
_BASE = 0x9E3779B97F4A7C15
"""Odd, and patternless: 2^64 divided by the golden ratio."""


@dataclass(frozen=True, slots=True)
class Postings:
    """The inverted index of n chunks with t distinct tokens and p (token, chunk) pairs."""

    keys: NDArray[np.int64]
    """(n,) ascending."""
    lengths: NDArray[np.int32]
    """(n,) tokens of each chunk, with repetitions."""
    terms: NDArray[np.uint64]
    """(t,) hashes, ascending."""
    starts: NDArray[np.int64]
    """(t + 1,): the pairs of term i are those from ``starts[i]`` to ``starts[i + 1]``."""
    rows: NDArray[np.int32]
    """(p,) indices into ``keys``, ascending within a term."""
    counts: NDArray[np.uint16]
    """(p,) how often, at most 65 535."""

    @classmethod
    def of(cls, keys: Sequence[int], keywords: Sequence[str]) -> Self:
        """Index chunks, given their ascending keys and their tokens separated by spaces."""
        n = max(len(keys), 1)
        lengths = np.fromiter((words.count(" ") + bool(words) for words in keywords), np.int32, len(keys))
        hashes = _hashes(" ".join(filter(None, keywords))) if lengths.any() else np.empty(0, np.uint64)
        order = np.argsort(hashes)
        hashes = hashes[order]
        is_first = np.diff(hashes, prepend=~hashes[:1]) != 0
        # One number for a term and a row together: numbers sort ten times faster than pairs.
        pairs = (np.cumsum(is_first) - 1) * n + np.repeat(np.arange(len(keys)), lengths)[order]
        pairs.sort()
        begins = np.flatnonzero(np.diff(pairs, prepend=-1))
        terms, rows = np.divmod(pairs[begins], n)
        return cls(
            np.array(keys, np.int64),
            lengths,
            hashes[is_first],
            np.searchsorted(terms, np.arange(np.count_nonzero(is_first) + 1)),
            rows.astype(np.int32),
            np.minimum(np.diff(begins, append=len(pairs)), _MOST).astype(np.uint16),
        )

    def arrays(self) -> Mapping[str, Array]:
        """See ``segments.Arrays``."""
        return {
            "keys": self.keys, "lengths": self.lengths, "terms": self.terms, "starts": self.starts, "rows": self.rows,
            "counts": self.counts,
        }  # fmt: skip

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """See ``segments.Arrays``."""
        made = cls(**arrays)  # type: ignore[arg-type]  # mismatches are caught below
        fits = len(made.keys) == len(made.lengths) and len(made.terms) + 1 == len(made.starts)
        if not fits or not made.starts[-1] == len(made.rows) == len(made.counts):
            raise ValueError("its arrays do not fit each other")
        return made

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """See ``segments.Arrays``."""
        terms, places = np.unique(np.concatenate([part.terms for part in parts]), return_inverse=True)
        sizes = np.concatenate([np.diff(part.starts) for part in parts])
        starts = np.zeros(len(terms) + 1, np.int64)
        np.add.at(starts, places + 1, sizes)
        np.cumsum(starts, out=starts)
        free, first = starts[:-1].copy(), 0
        rows, counts = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.uint16)
        for part, mine in zip(parts, np.split(places, np.cumsum([len(part.terms) for part in parts])), strict=False):
            n = np.diff(part.starts)
            at = np.repeat(free[mine] - part.starts[:-1], n) + np.arange(len(part.rows))
            rows[at], counts[at] = part.rows + np.int32(first), part.counts
            free[mine] += n
            first += len(part.keys)
        keys, lengths = (
            np.concatenate(each) for each in zip(*((part.keys, part.lengths) for part in parts), strict=True)
        )
        return cls(keys, lengths, terms, starts, rows, counts)

    def only(self, alive: NDArray[np.bool_]) -> Self:
        """See ``segments.Arrays``."""
        kept = alive[self.rows]
        starts = np.concatenate(([0], np.cumsum(kept)))[self.starts]
        there = np.diff(starts) > 0
        moved = (np.cumsum(alive) - 1).astype(np.int32)
        return type(self)(
            self.keys[alive],
            self.lengths[alive],
            self.terms[there],
            np.append(starts[:-1][there], starts[-1]),
            moved[self.rows[kept]],
            self.counts[kept],
        )

    def holding(self, token: str) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
        """Return the rows with a token, ascending, and how often it occurs."""
        wanted = np.uint64(term_hash(token))
        at = int(np.searchsorted(self.terms, wanted))
        if at == len(self.terms) or self.terms[at] != wanted:
            return self.rows[:0], self.counts[:0]
        pairs = slice(int(self.starts[at]), int(self.starts[at + 1]))
        return self.rows[pairs], self.counts[pairs]


@lru_cache(maxsize=1 << 12)
def term_hash(token: str) -> int:
    """Return 64 bits that stand for a token: a polynomial of its bytes.

    Karp and Rabin 1987, "Efficient randomized pattern-matching algorithms": in a million tokens, the odds that any two collide
    are about 1 to 10^7.
    """
    return sum((byte + 1) * pow(_BASE, at, 1 << 64) for at, byte in enumerate(token.encode())) % (1 << 64)


def _hashes(keywords: str) -> NDArray[np.uint64]:
    """Return ``term_hash`` of every token, given separated by spaces."""
    letters = np.frombuffer(keywords.encode(), np.uint8)
    stops = np.append(np.flatnonzero(letters == _SPACE), len(letters))
    starts = np.append(0, stops[:-1] + 1)
    found = np.zeros(len(starts), np.uint64)
    at, longer = 0, np.flatnonzero(stops > starts)
    while len(longer):
        power = np.uint64(pow(_BASE, at, 1 << 64))
        found[longer] += (letters[starts[longer] + at].astype(np.uint64) + np.uint64(1)) * power
        at += 1
        longer = longer[starts[longer] + at < stops[longer]]
    return found

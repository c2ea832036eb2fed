"""An inverted index in arrays: which chunks hold a token, and how often.

Comes in: the tokens of chunks. Goes out: arrays that scoring reads a slice of for each token of a question. Never: a word:
tokens are kept as hashes, so that a vocabulary of millions is one sorted array.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .segments import Array

_MOST = np.iinfo(np.uint16).max


@dataclass(frozen=True, slots=True)
class Postings:
    """The inverted index of n chunks with t distinct tokens and p pairs of both."""

    keys: NDArray[np.int64]
    """(n,) ascending."""
    lengths: NDArray[np.int32]
    """(n,) tokens of each chunk, with repetitions."""
    terms: NDArray[np.uint64]
    """(t,) hashes, ascending."""
    starts: NDArray[np.int64]
    """(t + 1,): the pairs of term i are those from ``starts[i]`` to ``starts[i + 1]``."""
    rows: NDArray[np.int32]
    """(p,) places in ``keys``, ascending within a term."""
    counts: NDArray[np.uint16]
    """(p,) how often, at most 65 535."""

    @classmethod
    def of(cls, chunks: Iterable[tuple[int, Sequence[str]]]) -> Self:
        """Index chunks, given by ascending key and tokens."""
        numbers: dict[str, int] = {}
        keys: list[int] = []
        lengths: list[int] = []
        found: list[int] = []
        counts: list[int] = []
        distinct: list[int] = []
        for key, tokens in chunks:
            counter = Counter(tokens)
            keys.append(key)
            lengths.append(len(tokens))
            distinct.append(len(counter))
            found += [numbers.setdefault(token, len(numbers)) for token in counter]
            counts += counter.values()
        hashes = np.fromiter((term_hash(token) for token in numbers), np.uint64, len(numbers))
        return cls._sorted(
            np.array(keys, np.int64),
            np.array(lengths, np.int32),
            hashes[np.array(found, np.int64)],
            np.repeat(np.arange(len(keys), dtype=np.int32), distinct),
            np.minimum(np.array(counts, np.int64), _MOST).astype(np.uint16),
        )

    @classmethod
    def _sorted(
        cls,
        keys: NDArray[np.int64],
        lengths: NDArray[np.int32],
        hashes: NDArray[np.uint64],
        rows: NDArray[np.int32],
        counts: NDArray[np.uint16],
    ) -> Self:
        """Index pairs whose rows ascend."""
        order = np.argsort(hashes, kind="stable")
        hashes = hashes[order]
        begins = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])) if len(hashes) else np.zeros(0, np.int64)
        starts = np.append(begins, len(hashes)).astype(np.int64)
        return cls(keys, lengths, hashes[begins], starts, rows[order], counts[order])

    def arrays(self) -> Mapping[str, Array]:
        """See ``segments.Arrays``."""
        return {
            "keys": self.keys, "lengths": self.lengths, "terms": self.terms, "starts": self.starts, "rows": self.rows,
            "counts": self.counts,
        }  # fmt: skip

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """See ``segments.Arrays``."""
        made = cls(**arrays)  # type: ignore[arg-type]  # what does not fit is found below
        fits = len(made.keys) == len(made.lengths) and len(made.terms) + 1 == len(made.starts)
        if not fits or not made.starts[-1] == len(made.rows) == len(made.counts):
            raise ValueError("its arrays do not fit each other")
        return made

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """See ``segments.Arrays``."""
        firsts = np.cumsum([0, *(len(part.keys) for part in parts)])[:-1]
        return cls._sorted(
            np.concatenate([part.keys for part in parts]),
            np.concatenate([part.lengths for part in parts]),
            np.concatenate([part.hashes() for part in parts]),
            np.concatenate([part.rows + np.int32(first) for part, first in zip(parts, firsts, strict=True)]),
            np.concatenate([part.counts for part in parts]),
        )

    def only(self, alive: NDArray[np.bool_]) -> Self:
        """See ``segments.Arrays``."""
        kept = alive[self.rows]
        moved = (np.cumsum(alive) - 1).astype(np.int32)
        return self._sorted(
            self.keys[alive],
            self.lengths[alive],
            self.hashes()[kept],
            moved[self.rows[kept]],
            self.counts[kept],
        )

    def hashes(self) -> NDArray[np.uint64]:
        """Return (p,): the term of each pair."""
        return np.repeat(self.terms, np.diff(self.starts))

    def holding(self, token: str) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
        """Return the rows that hold a token, ascending, and how often."""
        wanted = np.uint64(term_hash(token))
        at = int(np.searchsorted(self.terms, wanted))
        if at == len(self.terms) or self.terms[at] != wanted:
            return self.rows[:0], self.counts[:0]
        pairs = slice(int(self.starts[at]), int(self.starts[at + 1]))
        return self.rows[pairs], self.counts[pairs]


@lru_cache(maxsize=1 << 16)
def term_hash(token: str) -> int:
    """Return 64 bits that stand for a token: of a million tokens two are taken for one with odds of 1 to 10^7."""
    return int.from_bytes(hashlib.blake2b(token.encode(), digest_size=8).digest(), "little")

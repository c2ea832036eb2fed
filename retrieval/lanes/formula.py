"""Compute BM25 as FTS5 does, where FTS5 is not used: arrays of a large base, several bases, document names.

Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", with k1 = 1.2 and b = 0.75; see
sqlite.org/fts5.html, section 5.1.1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

K1, B = 1.2, 0.75
LEAST_IDF = 1e-6


def idf(n_with: int, n: int) -> float:
    """Return the inverse document frequency of a token found in ``n_with`` of ``n`` texts; at least ``LEAST_IDF``."""
    return max(math.log((n - n_with + 0.5) / (n_with + 0.5)), LEAST_IDF)


def norm(lengths: NDArray[np.int32], mean_length: float) -> NDArray[np.float32]:
    """Return, for each length, the term added to a count in the denominator: k1 (1 - b + b length / mean length)."""
    return (K1 * (1 - B + B / max(mean_length, 1e-9) * lengths)).astype(np.float32)


def weigh(idf: float, counts: NDArray[np.uint16], norms: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a token adds to the score of each text that contains it this often."""
    times = counts.astype(np.float32)
    weights: NDArray[np.float32] = np.float32(idf) * np.float32(K1 + 1) * times / (times + norms)
    return weights


def score(held: Mapping[str, int], length: int, idfs: Mapping[str, float], mean_length: float) -> float:
    """Return the score of one text of this many tokens, given its counts of the tokens that matter."""
    norms = K1 * (1 - B + B * length / max(mean_length, 1e-9))
    return sum(idf * (K1 + 1) * held[token] / (held[token] + norms) for token, idf in idfs.items() if held.get(token))

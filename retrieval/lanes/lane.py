"""Define the lane seam: a question in, scored chunk ids out, with what fusion needs to know about all the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..where import Scope

_GROUP = 64


@dataclass(frozen=True, slots=True)
class LaneScores:
    """One lane's best chunks for one question.

    ``mean`` and ``std`` are over the scores of *all* chunks of the base, not only those returned: they make scores of
    different lanes comparable without passing all scores around.
    """

    name: str
    ids: tuple[str, ...]
    """Chunk ids, best first."""
    scores: NDArray[np.float32]
    """(len(ids),), descending."""
    mean: float
    std: float
    """0 if every chunk scores the same."""
    known: float = 1.0
    """0..1: how much of the question the lane can judge. For words: the share of what the question names that any chunk of the
    base contains; for meaning: the share of the base that is embedded."""


class Lane(Protocol):
    """One way to rank chunks."""

    @property
    def name(self) -> str:
        """``dense``, ``bm25`` or ``tfidf``."""

    def search(self, question: str, n: int, scope: Scope | None = None) -> LaneScores:
        """Return the ``n`` best chunks, within ``scope`` if given; fewer if fewer score at all."""

    def score(self, question: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return (len(ids),) float32: the scores of these chunks, on the scale of ``search``."""


@dataclass(frozen=True, slots=True)
class Reworded:
    """A lane that gets another wording of the question than the others."""

    lane: Lane
    question: str

    @property
    def name(self) -> str:
        """See ``Lane``."""
        return self.lane.name

    def search(self, _question: str, n: int, scope: Scope | None = None) -> LaneScores:
        """See ``Lane``."""
        return self.lane.search(self.question, n, scope)

    def score(self, _question: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """See ``Lane``."""
        return self.lane.score(self.question, ids)


def best_of(scores: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Return the indices of the ``n`` highest of (m,) scores, best first, ties by index, without sorting the rest.

    The best of each of many groups is found first: the n-th highest of these is a score that few others reach.
    """
    groups = len(scores) // _GROUP
    if groups <= n:
        return np.argsort(-scores, kind="stable")[:n]
    peaks = scores[: _GROUP * groups].reshape(_GROUP, groups).max(axis=0)
    near = np.flatnonzero(scores >= np.partition(peaks, groups - n)[groups - n])
    return near[np.argsort(-scores[near], kind="stable")[:n]]

"""Fusion: what several lanes say of the same chunks in, one score per chunk out.

Pure functions on arrays. Never: I/O, or a lane; whoever calls has asked each lane for its exact score of every candidate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .lane import LaneScores


def candidates(lanes: Sequence[LaneScores]) -> tuple[str, ...]:
    """Return the ids that any lane found, each once, in order of their best rank."""
    longest = max((len(lane.ids) for lane in lanes), default=0)
    return tuple(dict.fromkeys(lane.ids[rank] for rank in range(longest) for lane in lanes if rank < len(lane.ids)))


def zscores(lane: LaneScores, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``scores`` in standard deviations above the mean of all chunks; all 0 where every chunk scores the same."""
    if lane.std <= 0:
        return np.zeros(len(scores), np.float32)
    standardised: NDArray[np.float32] = ((scores - lane.mean) / lane.std).astype(np.float32)
    return standardised


def zscore_sum(
    lanes: Sequence[LaneScores], scores: Sequence[NDArray[np.float32]], weights: Sequence[float]
) -> NDArray[np.float32]:
    """Fuse lanes by the weighted sum of their standardised scores.

    Renda and Straccia 2003, "Web metasearch: rank vs. score based rank aggregation methods", section 2 (ZMUV).

    Args:
        lanes: one per retriever; their ``mean`` and ``std`` are used.
        scores: one (n_candidates,) per lane: its exact scores of the same candidates.
        weights: one per lane, >= 0.

    Returns: (n_candidates,) float32, no bounds, higher is better; comparable within one question only.
    """
    fused = np.zeros(len(scores[0]) if scores else 0, np.float32)
    for lane, lane_scores, weight in zip(lanes, scores, weights, strict=True):
        fused += np.float32(weight) * zscores(lane, lane_scores)
    return fused

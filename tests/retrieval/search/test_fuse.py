"""Fusion: exact scores for every candidate, weights that a useless lane cannot abuse, and the rules it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from kb.retrieval.lanes.lane import LaneScores
from kb.retrieval.search.fuse import candidates, fuse, min_max_sum, reciprocal_rank_sum, weights, zscore_sum, zscores
from numpy.typing import NDArray


@dataclass(frozen=True)
class Table:
    """A lane over scores that are written down."""

    name: str
    table: NDArray[np.float32]

    def search(self, _question: str, n: int, _scope: object = None) -> LaneScores:
        """See ``Lane``."""
        best = np.argsort(-self.table, kind="stable")[:n]
        ids = tuple(f"c{at}" for at in best)
        return LaneScores(self.name, ids, self.table[best], float(self.table.mean()), float(self.table.std()))

    def score(self, _question: str, ids: Sequence[str]) -> NDArray[np.float32]:
        """See ``Lane``."""
        return self.table[[int(chunk[1:]) for chunk in ids]]


scores = arrays(np.float32, 12, elements=st.floats(-10, 30, width=16))


def table(*values: float, name: str = "bm25") -> Table:
    return Table(name, np.array(values, np.float32))


@settings(deadline=None)
@given(scores, scores, st.integers(1, 12), st.integers(1, 12))
def test_fusion_of_the_top_equals_fusion_of_everything(a: NDArray, b: NDArray, n: int, k: int) -> None:
    """A candidate's score does not depend on which lane found it: it is the weighted sum over the full columns."""
    lanes = (Table("bm25", a), Table("dense", b))
    found = [lane.search("q", n) for lane in lanes]
    w = weights(found)
    everything = sum(w[i] * zscores(found[i], lanes[i].table) for i in range(2))
    fused = fuse("q", lanes, found, k)
    ids = candidates(found)
    assert [one.score for one in fused] == sorted((one.score for one in fused), reverse=True)
    assert len(fused) == min(k, len(ids))
    for one in fused:
        at = int(one.id[1:])
        assert one.score == pytest.approx(float(everything[at]), rel=1e-4, abs=1e-4)
        assert [(name, score) for name, _, score in one.lanes] == [("bm25", a[at]), ("dense", b[at])]
        for lane, (_, rank, _) in zip(found, one.lanes, strict=True):
            assert rank == (lane.ids.index(one.id) + 1 if one.id in lane.ids else 0)


@settings(deadline=None)
@given(scores, scores, st.floats(0.1, 10), st.floats(-5, 5))
def test_a_lanes_unit_does_not_matter(a: NDArray, b: NDArray, scale: float, shift: float) -> None:
    """Scores of one lane times a constant, plus a constant, fuse to the same."""
    if a.std() < 0.01 or b.std() < 0.01:
        return
    lanes = (Table("bm25", a), Table("dense", b))
    other = (Table("bm25", (a * scale + shift).astype(np.float32)), lanes[1])
    found, moved = ([lane.search("q", 12) for lane in pair] for pair in (lanes, other))
    ids = candidates(found)
    plain = zscore_sum(found, [lane.score("q", ids) for lane in lanes], weights(found))
    scaled = zscore_sum(moved, [lane.score("q", ids) for lane in other], weights(moved))
    np.testing.assert_allclose(scaled, plain, atol=0.02)


def test_standardised_scores_by_hand() -> None:
    """(score - mean) / std over all chunks; where all are equal, 0 for each."""
    lane = table(4, 0, 0, 0).search("q", 4)
    np.testing.assert_allclose(zscores(lane, lane.scores), [3 / 3**0.5, *[-1 / 3**0.5] * 3], rtol=1e-6)
    flat = table(2, 2).search("q", 2)
    assert zscores(flat, flat.scores).tolist() == [0, 0]


def test_a_lane_that_says_nothing_changes_nothing() -> None:
    """Every chunk the same, or nothing found: the order is the other lane's."""
    speaks = table(3, 9, 1, 4)
    silent = Table("dense", np.full(4, 0.3, np.float32))
    for lane, result in (
        (silent, silent.search("q", 4)),
        (silent, LaneScores("dense", (), np.empty(0, np.float32), 0.0, 0.0)),
    ):
        fused = fuse("q", (speaks, lane), (speaks.search("q", 4), result), 4)
        assert [one.id for one in fused] == ["c1", "c3", "c0", "c2"]


def test_one_lane_keeps_its_own_scores_and_no_lane_finds_nothing() -> None:
    """Alone, BM25 stays BM25: its score is not standardised."""
    lane = table(3, 9, 1)
    assert [(one.id, one.score) for one in fuse("q", (lane,), (lane.search("q", 2),), 5)] == [("c1", 9), ("c0", 3)]
    nothing = LaneScores("bm25", (), np.empty(0, np.float32), 0.0, 0.0)
    assert fuse("q", (lane, lane), (nothing, nothing), 5) == ()


def test_noise_beside_a_sharp_lane_does_not_take_the_first_place() -> None:
    """Over 200 seeds, cosines that mean nothing hardly ever outvote BM25's clear winner among 300 chunks."""
    kept = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        sparse = np.where(random.uniform(size=300) < 0.3, random.exponential(2, 300), 0).astype(np.float32)
        sparse[7] = 25
        lanes = (Table("bm25", sparse), Table("dense", random.normal(0.2, 0.1, 300).astype(np.float32)))
        kept += fuse("q", lanes, [lane.search("q", 100) for lane in lanes], 1)[0].id == "c7"
    assert kept >= 196


def test_tfidf_cannot_outvote_bm25() -> None:
    """The two see the same words: where they disagree about the first place, BM25 has it."""
    bm25, tfidf = table(9, 6, 0, 0, 0, 0, 0, 0), table(0.3, 0.6, 0, 0, 0, 0, 0, 0, name="tfidf")
    dense = Table("dense", tfidf.table)
    for other, first in ((tfidf, "c0"), (dense, "c1")):
        assert fuse("q", (bm25, other), [lane.search("q", 8) for lane in (bm25, other)], 8)[0].id == first


def test_words_that_the_base_does_not_know_leave_the_question_to_meaning() -> None:
    """BM25 weighs by the square of the share that it knows: of a question in another language next to nothing."""
    lane = table(30, *[1, 0] * 20).search("q", 10)
    whole, half, none = (weights([replace(lane, known=known)])[0] for known in (1.0, 0.5, 0.0))
    assert half == pytest.approx(whole / 4)
    assert none == 0


def test_candidates_are_each_there_once_in_order_of_their_best_rank() -> None:
    """First places come first."""
    a = LaneScores("bm25", ("x", "y"), np.array([2, 1], np.float32), 0, 1)
    b = LaneScores("dense", ("z", "x", "w"), np.array([3, 2, 1], np.float32), 0, 1)
    assert candidates([a, b]) == ("x", "z", "y", "w")
    assert candidates([]) == ()


def test_fixed_rules_by_hand() -> None:
    """Min-max scales each lane to 0..1; reciprocal ranks count 1/(60 + rank), and nothing for rank 0."""
    a, b = np.array([4, 2, 0], np.float32), np.array([7, 7, 7], np.float32)
    assert min_max_sum([a, b]).tolist() == [1, 0.5, 0]
    ranks = [np.array([1, 2, 0]), np.array([2, 0, 1])]
    np.testing.assert_allclose(reciprocal_rank_sum(ranks), [1 / 61 + 1 / 62, 1 / 62, 1 / 61], rtol=1e-6)
    assert min_max_sum([]).shape == reciprocal_rank_sum([]).shape == (0,)

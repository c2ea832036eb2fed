"""Ranking metrics: by hand, against trec_eval's own expected output, and against scikit-learn."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kb.retrieval.metrics import (
    average_precision,
    bootstrap_interval,
    ndcg_at,
    randomization_test,
    recall_at,
    reciprocal_rank_at,
)
from places import SHARED

TREC_EVAL = SHARED / "data" / "trec_eval" / "test"


def _qrels(name):
    judged = defaultdict(dict)
    for line in (TREC_EVAL / name).read_text("ascii").splitlines():
        question, _, document, relevance = line.split()
        judged[question][document] = float(relevance)
    return judged


def _run(name):
    scored = defaultdict(list)
    for line in (TREC_EVAL / name).read_text("ascii").splitlines():
        question, _, document, _, score, _ = line.split()
        scored[question].append((float(np.float32(score)), document))
    return {question: [document for _, document in sorted(pairs, reverse=True)] for question, pairs in scored.items()}


def _expected(name):
    rows = [line.split() for line in (TREC_EVAL / name).read_text("ascii").splitlines()]
    return {(measure, question): value for measure, question, value in rows}


def test_ndcg_of_a_ranking_worked_out_by_hand():
    """Gains 3, 0, 2 against the ideal 3, 2, 1: (3 + 2/2) / (3 + 2/log2(3) + 1/2)."""
    judged = {"a": 3, "b": 2, "c": 1}
    assert ndcg_at(3, ["a", "x", "b"], judged) == pytest.approx(4 / (3 + 2 / np.log2(3) + 0.5))
    assert ndcg_at(2, ["a", "x", "b"], judged) == pytest.approx(3 / (3 + 2 / np.log2(3)))


def test_other_metrics_worked_out_by_hand():
    """Relevant a and b; a second and b fourth."""
    judged = {"a": 1, "b": 2, "c": 0}
    ranked = ["c", "a", "x", "b"]
    assert recall_at(2, ranked, judged) == 0.5
    assert recall_at(10, ranked, judged) == 1
    assert reciprocal_rank_at(10, ranked, judged) == 0.5
    assert reciprocal_rank_at(1, ranked, judged) == 0
    assert average_precision(ranked, judged) == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert average_precision(ranked[:3], judged) == pytest.approx((1 / 2) / 2)


@pytest.mark.parametrize("judged", [{}, {"a": 0}, {"a": -1}])
def test_nothing_relevant_scores_zero(judged):
    """Without a relevant document every metric is 0, not an error and not a division by zero."""
    for metric in (ndcg_at, recall_at, reciprocal_rank_at):
        assert metric(10, ["a", "b"], judged) == 0
    assert average_precision(["a", "b"], judged) == 0
    assert average_precision([], {"a": 1}) == 0


@pytest.mark.skipif(not TREC_EVAL.is_dir(), reason=f"trec_eval's test data is not at {TREC_EVAL}")
@pytest.mark.parametrize("qrels", ["qrels.test", "qrels.rel_level"])
def test_metrics_agree_with_trec_eval(qrels):
    """Every question's value equals the one in trec_eval's expected output, to its four decimals."""
    expected = _expected("out.test.aq" if qrels == "qrels.test" else "out.test.aql")
    judged, run = _qrels(qrels), _run("results.test")
    least = 1 if qrels == "qrels.test" else 2  # out.test.aql is made with -l 2: relevant from level 2 on
    checked = 0
    for question, ranked in run.items():
        binary = {document: gain if gain >= least else 0 for document, gain in judged[question].items()}
        values = {f"ndcg_cut_{k}": ndcg_at(k, ranked, judged[question]) for k in (5, 10, 100)}
        values |= {f"recall_{k}": recall_at(k, ranked, binary) for k in (5, 10, 100)}
        values |= {"recip_rank": reciprocal_rank_at(len(ranked), ranked, binary)}
        values |= {"map": average_precision(ranked, binary)}
        for measure, value in values.items():
            assert value == pytest.approx(float(expected[measure, question]), abs=5.1e-5), (measure, question)
            checked += 1
    assert checked == 8 * len(run) > 0


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=12), st.integers(1, 12), st.randoms(use_true_random=False))
def test_ndcg_agrees_with_scikit_learn(gains, k, random):
    """For any graded judgements and any order, scikit-learn's ndcg_score is the same."""
    from sklearn.metrics import ndcg_score

    ids = [f"d{i}" for i in range(len(gains))]
    ranked = random.sample(ids, len(ids))
    scores = [-ranked.index(one) for one in ids]
    ours = ndcg_at(k, ranked, dict(zip(ids, gains, strict=True)))
    assert ours == pytest.approx(ndcg_score([gains], [scores], k=k))


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3)), st.permutations("abcdef"), st.integers(1, 6))
def test_metrics_stay_between_0_and_1_and_the_ideal_order_is_best(judged, ranked, k):
    """No ranking leaves 0..1, and none beats the order by relevance."""
    ideal = sorted(ranked, key=lambda one: -judged.get(one, 0))
    for metric in (ndcg_at, recall_at, reciprocal_rank_at):
        assert 0 <= metric(k, ranked, judged) <= metric(k, ideal, judged) + 1e-9 <= 1 + 1e-8
    assert 0 <= average_precision(ranked, judged) <= average_precision(ideal, judged) + 1e-9


def test_bootstrap_interval_covers_the_mean_as_often_as_it_says():
    """Of 200 samples with a known mean about 95 % have it inside their interval."""
    random = np.random.default_rng(7)
    inside = 0
    for _ in range(200):
        low, high = bootstrap_interval(random.normal(0.5, 0.2, 80).tolist(), n_resamples=500)
        inside += low <= 0.5 <= high
    assert 180 <= inside <= 199


def test_bootstrap_interval_is_a_point_when_nothing_varies():
    """Equal values leave no doubt about their mean; no values leave nothing to say."""
    assert bootstrap_interval([0.25] * 10) == (0.25, 0.25)
    with pytest.raises(ValueError, match="at least one"):
        bootstrap_interval([])


def test_randomization_test_tells_a_difference_from_noise():
    """A steady gain is significant, the same values are not, and the order of the systems does not matter."""
    random = np.random.default_rng(3)
    a = random.uniform(size=50)
    assert randomization_test((a + 0.05 + random.normal(0, 0.01, 50)).tolist(), a.tolist()) < 0.001
    assert randomization_test(a.tolist(), a.tolist()) == 1
    noise = (a + random.normal(0, 0.1, 50)).tolist()
    assert randomization_test(noise, a.tolist()) == pytest.approx(randomization_test(a.tolist(), noise), abs=0.02)
    with pytest.raises(ValueError, match="as many"):
        randomization_test([1.0], [])


def test_randomization_test_agrees_with_all_possible_swaps():
    """For three pairs all eight swaps can be counted: only the observed one and its mirror are as extreme."""
    assert randomization_test([3.0, 2.0, 1.0], [0.0, 0.0, 0.0], n_samples=20_000) == pytest.approx(2 / 8, abs=0.02)

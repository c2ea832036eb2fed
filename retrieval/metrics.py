"""Measure how good a ranking is: ranked ids and judgements in, numbers in 0..1 out.

One question at a time; the mean over questions is the caller's. Checked against trec_eval and scikit-learn in the tests.
Never: a search, or ties to break; a ranking is a sequence without repetitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Judgements = Mapping[str, float]
"""Relevance by id; > 0 is relevant, ids missing from it are unjudged and count as irrelevant."""

_AT_ONCE = 256


def ndcg_at(k: int, ranked: Sequence[str], judged: Judgements) -> float:
    """Return the normalised discounted cumulative gain of the first ``k``; 0 if nothing is relevant.

    Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques", with the discount log2(rank + 1) and
    the gain rel, as in trec_eval's ndcg_cut; the ideal ranking covers all judged ids.
    """
    ideal = _dcg(sorted((max(gain, 0.0) for gain in judged.values()), reverse=True)[:k])
    return _dcg([max(judged.get(one, 0.0), 0.0) for one in ranked[:k]]) / ideal if ideal else 0.0


def recall_at(k: int, ranked: Sequence[str], judged: Judgements) -> float:
    """Return the share of the relevant ids that are among the first ``k``; 0 if nothing is relevant.

    Manning, Raghavan and Schütze 2008, "Introduction to Information Retrieval", equation 8.2.
    """
    relevant = _relevant(judged)
    return len(relevant.intersection(ranked[:k])) / len(relevant) if relevant else 0.0


def reciprocal_rank_at(k: int, ranked: Sequence[str], judged: Judgements) -> float:
    """Return 1 / the rank of the first relevant one among the first ``k``; 0 if there is none. Its mean is MRR@k.

    Voorhees 1999, "The TREC-8 question answering track report".
    """
    relevant = _relevant(judged)
    return next((1 / rank for rank, one in enumerate(ranked[:k], 1) if one in relevant), 0.0)


def average_precision(ranked: Sequence[str], judged: Judgements) -> float:
    """Return the mean, over all relevant ids, of the precision at their ranks; 0 if there are none. Its mean is MAP.

    Manning, Raghavan and Schütze 2008, equation 8.8.
    """
    relevant = _relevant(judged)
    hits = np.array([one in relevant for one in ranked], np.float64)
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision @ hits) / len(relevant) if relevant else 0.0


def bootstrap_interval(
    values: Sequence[float], *, level: float = 0.95, n_resamples: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """Return the confidence interval of the mean of ``values``, one per question, by the percentile bootstrap.

    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("an interval needs at least one value")
    random = np.random.default_rng(seed)
    array = np.asarray(values, np.float64)
    means = np.concatenate(
        [array[random.integers(len(array), size=(n, len(array)))].mean(axis=1) for n in _batches(n_resamples)]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def randomization_test(a: Sequence[float], b: Sequence[float], *, n_samples: int = 10_000, seed: int = 0) -> float:
    """Return the two-sided p-value of the difference between two systems' values for the same questions.

    Smucker, Allan and Carterette 2007, "A comparison of statistical significance tests for information retrieval
    evaluation": under the null hypothesis the labels of each pair may be swapped. The observed sample is counted
    too, so that p is never 0 (Phipson and Smyth 2010).

    Raises:
        ValueError: the two differ in length.
    """
    difference = np.subtract(*_paired(a, b))
    random = np.random.default_rng(seed)
    sums = np.concatenate(
        [random.choice([-1.0, 1.0], size=(n, len(difference))) @ difference for n in _batches(n_samples)]
    )
    as_extreme = int(np.count_nonzero(np.abs(sums) >= abs(difference.sum()) - 1e-12))
    return (as_extreme + 1) / (n_samples + 1)


def _dcg(gains: Sequence[float]) -> float:
    return float(np.sum(np.asarray(gains, np.float64) / np.log2(np.arange(2, len(gains) + 2))))


def _relevant(judged: Judgements) -> set[str]:
    return {one for one, gain in judged.items() if gain > 0}


def _paired(a: Sequence[float], b: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(a) != len(b):
        raise ValueError(f"a paired test needs as many values of one as of the other, not {len(a)} and {len(b)}")
    return np.asarray(a, np.float64), np.asarray(b, np.float64)


def _batches(n: int) -> list[int]:
    """Split ``n`` draws into batches, so that no array holds all of them."""
    return [min(_AT_ONCE, n - at) for at in range(0, n, _AT_ONCE)]

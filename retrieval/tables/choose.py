"""Weigh proposed plans: how likely each is what the question asks for.

Comes in: proposals with their signs. Goes out: probabilities, which leave room for none of them. Never: an answer.
``benchmarks/planner/fit.py`` fits the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from .propose import Proposal

WEIGHTS = "choose.npz"


def likelihoods(proposals: Sequence[Proposal]) -> NDArray[np.float32]:
    """Return for n proposals for one question, of whatever tables, (n,) float32: how likely each is right, in sum at most 1."""
    if not proposals:
        return np.zeros(0, np.float32)
    net = _net()
    signs = np.array([[float(one.signs.get(name, 0.0)) for name in net.names] for one in proposals], np.float32)
    scaled = (signs - net.mean) / net.spread
    odds = np.stack([one.odds(scaled) for one in net.members])  # (members, n)
    odds = np.concatenate([odds, np.zeros((len(odds), 1), np.float32)], axis=1)  # none of them
    likely = np.exp(odds - odds.max(axis=1, keepdims=True))
    found: NDArray[np.float32] = (likely / likely.sum(axis=1, keepdims=True)).mean(axis=0)[:-1]
    return found


@dataclass(frozen=True, slots=True)
class _Member:
    """A linear model beside a hidden layer."""

    direct: NDArray[np.float32]
    bias: NDArray[np.float32]
    hidden: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    out: NDArray[np.float32]

    def odds(self, signs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n,) float32: the log-odds of each row of signs against none."""
        found: NDArray[np.float32] = (
            signs @ self.direct + self.bias + np.maximum(signs @ self.hidden.T + self.hidden_bias, 0) @ self.out
        )
        return found


@dataclass(frozen=True, slots=True)
class _Net:
    names: tuple[str, ...]
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    members: tuple[_Member, ...]


@cache
def _net() -> _Net:
    with (files(__package__) / WEIGHTS).open("rb") as file, np.load(file) as stored:
        held = {name: stored[name] for name in stored.files}
    names = tuple(held["names"].tobytes().decode().split("\n"))
    members = tuple(
        _Member(*(held[f"{at}.{part}"] for part in ("direct", "bias", "hidden", "hidden_bias", "out")))
        for at in range(int(held["members"]))
    )
    return _Net(names, held["mean"], held["spread"], members)

"""Fits how likely a proposed plan is (retrieval/tables/choose.npz) on the rows that rows.py wrote.

Run: python benchmarks/planner/fit.py WORK TRAINED... [--tested SET...] [--folds] [--export]
The loss is the cross entropy of the plans that answer among all and *none*, whose log-odds are 0. Prints for the tested sets,
or with ``--folds`` for each trained set by a fit without it, how many answers are right and wrong above a probability.
"""

from __future__ import annotations

import argparse
import pickle
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import kb.retrieval.tables as here
import numpy as np
import torch
from intents import texts
from kb.retrieval.tables.choose import WEIGHTS
from rows import Row, Rows  # noqa: F401  for pickle
from torch import Tensor, nn

MEMBERS, HIDDEN, EPOCHS, TOGETHER = 3, 16, 25, 8
RATE, DECAY, DROPPED = 0.003, 0.3, 0.1
LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


class Net(nn.Module):
    """A linear model beside a small hidden layer."""

    def __init__(self, width: int) -> None:
        """Take the number of signs."""
        super().__init__()
        self.direct, self.hidden, self.out = nn.Linear(width, 1), nn.Linear(width, HIDDEN), nn.Linear(HIDDEN, 1)
        nn.init.zeros_(self.out.weight)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, signs: Tensor) -> Tensor:
        """Return the log-odds of each row."""
        odds: Tensor = self.direct(signs) + self.out(torch.relu(self.hidden(self.drop(signs))))
        return odds.squeeze(-1)


class Data:
    """The questions of sets as tensors, on one scale."""

    def __init__(self, sets: dict[str, list[Rows]], names: Sequence[str] = ()) -> None:
        """Take the sets by name, and the signs to use: all if none are given."""
        self.of = [name for name, found in sets.items() for _ in found]
        self.questions = [one for found in sets.values() for one in found]
        self.names = list(names) or sorted({name for one in self.questions for row in one.rows for name in row.signs})
        self.signs = [
            np.array([[float(row.signs.get(name, 0)) for name in self.names] for row in one.rows], np.float32).reshape(
                -1, len(self.names)
            )
            for one in self.questions
        ]
        self.right = [torch.tensor([row.is_right for row in one.rows], dtype=torch.bool) for one in self.questions]

    def scale(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the spread of each sign."""
        signs = np.concatenate(self.signs)
        return signs.mean(axis=0), signs.std(axis=0) + 0.03

    def scaled(self, mean: np.ndarray, spread: np.ndarray) -> list[Tensor]:
        """Return the signs of each question on a scale."""
        return [torch.tensor((signs - mean) / spread) for signs in self.signs]


def trained(signs: Sequence[Tensor], right: Sequence[Tensor], places: Iterable[int], seed: int) -> Net:
    """Return a net fitted to some of the questions."""
    torch.manual_seed(seed)
    drawn = random.Random(seed)
    places = [at for at in places if len(signs[at])]
    net = Net(signs[places[0]].shape[1])
    steps = -(-len(places) // TOGETHER) * EPOCHS
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(EPOCHS):
        drawn.shuffle(places)
        for start in range(0, len(places), TOGETHER):
            part = places[start : start + TOGETHER]
            odds = torch.split(net(torch.cat([signs[at] for at in part])), [len(signs[at]) for at in part])
            losses = []
            for at, one in zip(part, odds, strict=True):
                likely = torch.log_softmax(torch.cat([one, torch.zeros(1)]), 0)
                losses.append(-torch.logsumexp(likely[:-1][right[at]], 0) if right[at].any() else -likely[-1])
            optimizer.zero_grad()
            torch.stack(losses).mean().backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def best(nets: Sequence[Net], signs: Tensor, question: Rows) -> tuple[float, bool]:
    """Return how likely the likeliest answer is, of all plans that say the same, and whether it is right."""
    if not question.rows:
        return 0.0, False
    with torch.no_grad():
        each = [torch.softmax(torch.cat([net(signs), torch.zeros(1)]), 0)[:-1] for net in nets]
    likely = torch.stack(each).mean(0)
    same: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(question.rows):
        same[row.says].append(at)
    found = max(same.values(), key=lambda places: float(likely[places].sum()))
    return float(likely[found].sum()), any(question.rows[at].is_right for at in found)


def report(name: str, found: Sequence[tuple[float, bool]]) -> None:
    """Print how many answers are right and wrong above each level."""
    counts = []
    for level in LEVELS:
        given = [is_right for p, is_right in found if p >= level]
        counts.append(f"{level}: {sum(given)} right, {len(given) - sum(given)} wrong")
    print(f"{name} ({len(found)} questions)  " + "  ".join(counts), flush=True)


def main() -> None:
    """Fit, print, and write the weights if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, metavar="WORK")
    parser.add_argument("trained", nargs="+", metavar="SET")
    parser.add_argument("--tested", nargs="*", default=(), metavar="SET")
    parser.add_argument("--folds", action="store_true", help="judge each set by a fit without it")
    parser.add_argument("--export", action="store_true", help="write the weights")
    options = parser.parse_args()

    def read(names: Sequence[str]) -> dict[str, list[Rows]]:
        return {name: pickle.loads((options.work / f"{name}.pkl").read_bytes()) for name in names}  # noqa: S301

    data = Data(read(options.trained))
    mean, spread = data.scale()
    signs = data.scaled(mean, spread)
    everything = range(len(signs))
    if options.folds:
        for name in options.trained:
            net = trained(signs, data.right, [at for at in everything if data.of[at] != name], 0)
            places = [at for at in everything if data.of[at] == name]
            report(name, [best([net], signs[at], data.questions[at]) for at in places])
    nets = [trained(signs, data.right, everything, seed) for seed in range(MEMBERS)]
    for name in options.tested:
        other = Data(read([name]), data.names)
        scaled = other.scaled(mean, spread)
        report(name, [best(nets, scaled[at], one) for at, one in enumerate(other.questions)])
    if options.export:
        stored = {"names": texts(data.names), "mean": mean, "spread": spread, "members": np.array(MEMBERS)}
        for at, net in enumerate(nets):
            bias = (net.direct.bias + net.out.bias).detach().numpy()[0]
            stored |= {
                f"{at}.direct": net.direct.weight.detach().numpy()[0], f"{at}.bias": bias,
                f"{at}.hidden": net.hidden.weight.detach().numpy(), f"{at}.hidden_bias": net.hidden.bias.detach().numpy(),
                f"{at}.out": net.out.weight.detach().numpy()[0],
            }  # fmt: skip
        with Path(str(files(here) / WEIGHTS)).open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **stored)


if __name__ == "__main__":
    main()

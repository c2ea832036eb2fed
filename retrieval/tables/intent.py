"""Tell what a question asks of a table: a sum, a count, the most, rows; and what kind of number or thing that is about.

Comes in: a question, and its vector if the embedder is the one that the weights were fitted with. Goes out: probabilities.
Never: a look at a table. ``benchmarks/planner/intents.py`` fits the weights on questions written for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

WEIGHTS = "intent.npz"
MODEL = "multilingual-e5-small"
"""The embedder that the weights for vectors were fitted with."""
_TOKEN = re.compile(r"[\u3400-\u9fff]|\d+|[^\W\d_\u3400-\u9fff]+(?:'[a-z]+)?|[^\w\s]")
_LONG = 3
"""Letters of a word of which no part is a feature of its own."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a question seems to ask for, as probabilities."""

    operations: Mapping[str, float]
    """Of sum, count, average, max, min, rows, lookup, and other for questions that no table answers."""
    measures: Mapping[str, float]
    """Of money, quantity, date, duration, distance, weight, size, score, age, temperature, person, place, text."""


def intent_of(question: str, vector: NDArray[np.float32] | None = None) -> Intent:
    """Return what a question seems to ask for.

    Args:
        question: as typed.
        vector: (384,) float32, by multilingual-e5-small; without it 74 % of the operations are right on questions kept out,
            with it 82 %.
    """
    weights = _weights()
    counts = Counter(at for gram in grams(question) if (at := weights.places.get(gram)) is not None)
    words = np.zeros(len(weights.idf), np.float32)
    for at, n in counts.items():
        words[at] = (1 + np.log(n)) * weights.idf[at]
    words /= np.linalg.norm(words) + 1e-9
    shifted = None if vector is None else (vector - weights.mean) * weights.scale
    return Intent(weights.operations.of(words, shifted), weights.measures.of(words, shifted))


def grams(question: str) -> Iterator[str]:
    """Yield runs of one to three words, words around a gap, and letters of words."""
    words = [
        "^",
        *("0" if word.isdigit() else word for word in _TOKEN.findall(question.lower().replace("’", "'"))),
        "$",
    ]
    for n in (1, 2, 3):
        for at in range(len(words) - n + 1):
            yield " ".join(words[at : at + n])
    for word in words:
        if len(word) > _LONG:
            edged = f"<{word}>"
            yield from (edged[at : at + n] for n in (3, 4) for at in range(len(edged) - n + 1))
    for at in range(len(words) - 2):
        yield f"{words[at]} _ {words[at + 2]}"


@dataclass(frozen=True, slots=True)
class _Classes:
    """A logistic regression over words, and one over words and the vector."""

    names: tuple[str, ...]
    words: NDArray[np.float32]
    bias: NDArray[np.float32]
    both: NDArray[np.float32]
    both_bias: NDArray[np.float32]

    def of(self, words: NDArray[np.float32], vector: NDArray[np.float32] | None) -> dict[str, float]:
        """Return the probability of each class."""
        if vector is None:
            odds = self.words @ words + self.bias
        else:
            odds = self.both @ np.concatenate([words, vector]) + self.both_bias
        likely = np.exp(odds - odds.max())
        return dict(zip(self.names, (likely / likely.sum()).tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Weights:
    places: Mapping[str, int]
    idf: NDArray[np.float32]
    mean: NDArray[np.float32]
    scale: float
    operations: _Classes
    measures: _Classes


@cache
def _weights() -> _Weights:
    with (files(__package__) / WEIGHTS).open("rb") as file, np.load(file) as stored:
        held: dict[str, NDArray[np.float32]] = {name: stored[name] for name in stored.files}
    return _Weights(
        {gram: at for at, gram in enumerate(_text(held["grams"]))},
        held["idf"].astype(np.float32),
        held["mean"],
        float(held["scale"]),
        _classes(held, "operations"),
        _classes(held, "measures"),
    )


def _classes(held: Mapping[str, NDArray[np.float32]], name: str) -> _Classes:
    words, both = (
        (held[f"{name}.{part}"] * held[f"{name}.{part}.scale"]).astype(np.float32) for part in ("words", "both")
    )
    return _Classes(tuple(_text(held[name])), words, held[f"{name}.bias"], both, held[f"{name}.both_bias"])


def _text(stored: NDArray[np.float32]) -> list[str]:
    return str(stored.tobytes(), "utf-8").split("\n")

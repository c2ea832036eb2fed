"""What a coarser form of a model loses: nDCG@10 of both on the same questions, which need no labels.

Comes in: two ways to embed. Goes out: the loss, with an interval. Never: chance that is not seeded, a download, a user's text.

The text is Python's language reference, which comes with Python as what ``help()`` prints: half a megabyte of prose about one
thing, on every machine. A question is a sentence; right are the others of its paragraph, among all sentences of all paragraphs.
That is hard, and so tells what easy questions do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import EmbedderError
from ...ingest.text.sentences import sentence_spans
from ..metrics import bootstrap_interval, ndcg_at

_SHORTEST, _LONGEST = 40, 400
"""Characters of a sentence."""
_CODE = re.compile(r"[|]|::=|\+--|==")

Vectors = NDArray[np.float32]
"""(n, dim), unit rows."""


@dataclass(frozen=True, slots=True)
class Way:
    """To run a model: from texts to their vectors."""

    questions: Callable[[Sequence[str]], Vectors]
    passages: Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class Loss:
    """nDCG@10 of one way less that of another, at worst."""

    mean: float
    """Above 0: the other one finds less."""
    interval: tuple[float, float]
    """95 %, by the bootstrap over paragraphs: questions of one share their sentences."""
    n_questions: int
    n_paragraphs: int

    def __str__(self) -> str:
        """Return it for people."""
        low, high = self.interval
        return (
            f"at worst nDCG@10 {-self.mean:+.4f}, 95 % {-high:+.4f} to {-low:+.4f}, "
            f"over {self.n_questions} questions of {self.n_paragraphs} paragraphs"
        )


def measure(reference: Way, other: Way) -> Loss:
    """Return what the other way loses at worst: alone, and where a base has vectors of both.

    Raises:
        EmbedderError: this Python came without its reference, or a model fails.
    """
    paragraphs = _paragraphs()
    sentences = [sentence for paragraph in paragraphs for sentence in paragraph]
    owners = np.repeat(np.arange(len(paragraphs)), [len(paragraph) for paragraph in paragraphs])
    asked, found = reference.questions(sentences), reference.passages(sentences)
    others_asked, others_found = other.questions(sentences), other.passages(sentences)
    mixed = np.where(np.arange(len(sentences))[:, None] % 2, found, others_found)
    usual = _ndcg(asked, found, owners)
    losses = []
    for questions, passages in (
        (others_asked, others_found), (asked, others_found), (others_asked, found), (asked, mixed), (others_asked, mixed),
    ):  # fmt: skip
        each = (usual - _ndcg(questions, passages, owners)).tolist()
        losses.append(Loss(float(np.mean(each)), bootstrap_interval(each), len(sentences), len(paragraphs)))
    return max(losses, key=lambda loss: loss.mean)


def _ndcg(questions: Vectors, passages: Vectors, owners: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return nDCG@10 for each paragraph, the mean over its questions."""
    cosines = questions @ passages.T
    np.fill_diagonal(cosines, -np.inf)
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :10]
    each = []
    for at, ranked in enumerate(best):
        right = [str(other) for other in np.flatnonzero(owners == owners[at]) if other != at]
        each.append(ndcg_at(10, list(map(str, ranked)), dict.fromkeys(right, 1.0)))
    return np.bincount(owners, each) / np.bincount(owners)


def _paragraphs() -> list[tuple[str, ...]]:
    """Return the paragraphs of prose, each as its sentences, in a stable order, each sentence once."""
    try:
        topics: dict[str, str] = import_module("pydoc_data.topics").topics
    except ImportError as exc:
        raise EmbedderError("this Python came without pydoc_data, the text to measure on") from exc
    seen: set[str] = set()
    kept = []
    for _, topic in sorted(topics.items()):
        for paragraph in re.split(r"\n\s*\n", topic):
            text = " ".join(paragraph.split())
            sentences = [text[start:stop].strip() for start, stop in sentence_spans(text)]
            new = tuple(one for one in dict.fromkeys(sentences) if _usable(one) and one not in seen)
            if len(new) > 1:
                seen.update(new)
                kept.append(new)
    return kept


def _usable(sentence: str) -> bool:
    return _SHORTEST <= len(sentence) <= _LONGEST and not _CODE.search(sentence)

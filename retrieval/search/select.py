"""Select which ranked chunks to show: fold repetitions into the first, and keep one document from crowding out the rest.

Comes in: chunks, best first. Goes out: the same, each with the rule that cut it, if one did. Never: fewer than ``k`` shown
while there are ``k`` distinct ones, or two texts folded that differ in a number.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...ingest.document import Chunk
from ...ingest.errors import InputError
from ...ingest.notice import Notice
from ..words.numerals import in_digits
from ..words.tokens import normal, tokens

PER_DOCUMENT = 3
"""Passages of one document that go ahead of lower-ranked ones from other documents, by default."""
MMR_POOL = 100
"""Candidates that maximal marginal relevance reorders; those below stay below."""
NEAR = 0.9
"""Jaccard similarity of token shingles from which one text repeats another."""

_SHINGLE = 3
# A difference in one of these is a difference in fact: "120 dollars" does not repeat "450 dollars".
_NUMBER = re.compile(r"\d+|[零〇一二三四五六七八九十百千万萬亿億两兩]")


@dataclass(frozen=True, slots=True)
class Ordering:
    """How candidates are ordered, and which of them are shown."""

    per_document: int | None = PER_DOCUMENT
    """How many passages of one document go ahead of those of others; ``None``: any number."""
    mmr: float | None = None
    """0..1: the weight of relevance against being unlike the passages above; ``None``: only repetitions are cut."""
    rerank: str = ""
    """A cross-encoder that reads the best candidates with the question: a folder or a name; ``off``: none; empty: the base's
    own, if it has one and all lanes are asked."""

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a value is out of range.
        """
        if self.mmr is not None and not 0 <= self.mmr <= 1:
            raise InputError("mmr is {value}; it must be from 0 (only unlike) to 1 (only relevant)", value=self.mmr)
        if self.per_document is not None and self.per_document < 1:
            raise InputError("per document is {value}; show at least 1 passage of a document", value=self.per_document)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happened to one candidate."""

    id: str
    place: int
    """From 1 among those shown; 0: it was cut."""
    cut: str = ""
    """The rule that cut it, a sentence; empty if it is shown."""
    repeats: str = ""
    """The chunk it repeats, if that is why it was cut."""


def select(chunks: Sequence[Chunk], k: int, per_document: int | None = PER_DOCUMENT) -> tuple[Verdict, ...]:
    """Return a verdict on every chunk, in order.

    Args:
        chunks: candidates, best first.
        k: how many to show.
        per_document: how many of one document go ahead of others; the rest fill up the list if others run out.
    """
    verdicts: dict[str, Verdict] = {}
    seen = _Seen()
    counts: Counter[str] = Counter()
    waiting: list[Chunk] = []
    shown = 0
    for chunk in chunks:
        if shown == k:
            break
        if original := seen.repeated(chunk):
            verdicts[chunk.id] = Verdict(chunk.id, 0, Notice("says the same as a passage above it"), original)
        elif per_document is not None and counts[chunk.document_id] >= per_document:
            waiting.append(chunk)
        else:
            shown += 1
            counts[chunk.document_id] += 1
            verdicts[chunk.id] = Verdict(chunk.id, shown)
    for chunk in waiting:
        if shown < k:
            shown += 1
            verdicts[chunk.id] = Verdict(chunk.id, shown)
        else:
            shown_already = Notice("{n} passages of its document are shown already", n=per_document)
            verdicts[chunk.id] = Verdict(chunk.id, 0, shown_already)
    below = Notice("ranked below the {n} that were asked for", n=k)
    return tuple(verdicts.get(chunk.id) or Verdict(chunk.id, 0, below) for chunk in chunks)


def diversified(
    chunks: Sequence[Chunk], scores: Sequence[float], relevance: float, n_fixed: int = 0
) -> tuple[int, ...]:
    """Return the chunks' indices in an order where each chunk is relevant and unlike those before it.

    Carbonell and Goldstein 1998, "The use of MMR, diversity-based reranking"; relevance is the score scaled to 0..1 over the
    pool, similarity the cosine of token counts, so that it means the same with any embedder or none.

    Args:
        chunks: best first.
        scores: of the chunks.
        relevance: weight of relevance, 0..1; the rest is the weight of being unlike.
        n_fixed: how many stay first.
    """
    n = min(len(chunks), MMR_POOL)
    if n < 2:  # noqa: PLR2004
        return tuple(range(len(chunks)))
    relevant = np.array(scores[:n], np.float32)
    spread = float(np.ptp(relevant))
    relevant = (relevant - relevant.min()) / spread if spread else np.ones(n, np.float32)
    likeness = _likeness([chunk.text for chunk in chunks[:n]])
    order: list[int] = []
    nearest = np.zeros(n, np.float32)
    left = np.ones(n, bool)
    while len(order) < n:
        value = np.where(left, relevance * relevant - (1 - relevance) * nearest, -np.inf)
        best = len(order) if len(order) < n_fixed else int(np.argmax(value))
        order.append(best)
        left[best] = False
        nearest = np.maximum(nearest, likeness[best])
    return (*order, *range(n, len(chunks)))


def _likeness(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return (n, n) float32: the cosines of the texts' token counts, damped by the logarithm."""
    counts = [Counter(tokens(text)) for text in texts]
    columns = {token: at for at, token in enumerate(dict.fromkeys(token for count in counts for token in count))}
    matrix = np.zeros((len(texts), max(len(columns), 1)), np.float32)
    for row, count in enumerate(counts):
        for token, n in count.items():
            matrix[row, columns[token]] = 1 + math.log(n)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(lengths > 0, lengths, 1)
    likeness: NDArray[np.float32] = matrix @ matrix.T
    return likeness


class _Seen:
    """The texts shown so far."""

    def __init__(self) -> None:
        self._by_text: dict[str, str] = {}
        self._shown: list[_Shown] = []

    def repeated(self, chunk: Chunk) -> str:
        """Return the id of the chunk that this one repeats; if there is none, remember it and return ""."""
        text = " ".join(chunk.text.split())
        if text in self._by_text:
            return self._by_text[text]
        new = _Shown(chunk.id, text)
        for known in self._shown:
            if new.numbers == known.numbers and _is_near(new.shingles, known.shingles):
                return known.id
        self._by_text[text] = chunk.id
        self._shown.append(new)
        return ""


class _Shown:
    """A text to compare with others."""

    def __init__(self, chunk: str, text: str) -> None:
        self.id = chunk
        self._text = text
        self.numbers = Counter(_NUMBER.findall(in_digits(normal(text))))

    @cached_property
    def shingles(self) -> frozenset[tuple[str, ...]]:
        """Computed only for a text with the same numbers as another."""
        return _shingles(tokens(self._text))


def _shingles(words: Sequence[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1)))


def _is_near(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> bool:
    small, large = sorted((len(a), len(b)))
    if small < NEAR * large:
        return False
    both = len(a & b)
    return both >= NEAR * (len(a) + len(b) - both)

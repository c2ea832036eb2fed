"""Which of the ranked chunks are shown: repetitions are folded into the first, and one document may not crowd out the rest.

Comes in: chunks, best first. Goes out: the same, each with the rule that cut it, if one did. Never: fewer than ``k`` shown
while there are ``k`` that are not repetitions, or two texts folded that differ in a number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..ingest.document import Chunk
from .tokens import tokens

PER_DOCUMENT = 3
"""Passages of one document before those of others that rank below it, unless asked otherwise."""
NEAR = 0.9
"""Jaccard similarity of token shingles from which a text repeats another."""

_SHINGLE = 3
# A difference in one of these is one in fact: "120 dollars" does not repeat "450 dollars".
_NUMBER = re.compile(r"\d+|[零〇一二三四五六七八九十百千万萬亿億两兩]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one candidate."""

    id: str
    place: int
    """From 1 among those shown; 0: it was cut."""
    cut: str = ""
    """The rule that cut it, a sentence; empty when it is shown."""
    repeats: str = ""
    """The chunk that it repeats, when that is why it was cut."""


def select(chunks: Sequence[Chunk], k: int, per_document: int | None = PER_DOCUMENT) -> tuple[Verdict, ...]:
    """Return a verdict on every chunk, in their order.

    Args:
        chunks: candidates, best first.
        k: how many to show.
        per_document: how many of one document go before others; those over it fill up when others run out.
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
            verdicts[chunk.id] = Verdict(chunk.id, 0, "says the same as a passage above it", original)
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
            verdicts[chunk.id] = Verdict(chunk.id, 0, f"{per_document} passages of its document are shown already")
    below = f"ranked below the {k} that were asked for"
    return tuple(verdicts.get(chunk.id) or Verdict(chunk.id, 0, below) for chunk in chunks)


class _Seen:
    """The texts shown so far."""

    def __init__(self) -> None:
        self._by_text: dict[str, str] = {}
        self._shingled: list[tuple[str, frozenset[tuple[str, ...]], Counter[str]]] = []

    def repeated(self, chunk: Chunk) -> str:
        """Return the id of the chunk that this one repeats; if none, "" and it is remembered."""
        text = " ".join(chunk.text.split())
        if text in self._by_text:
            return self._by_text[text]
        words = tokens(text)
        shingles, numbers = _shingles(words), Counter(_NUMBER.findall(text))
        for known, others, their_numbers in self._shingled:
            if numbers == their_numbers and _is_near(shingles, others):
                return known
        self._by_text[text] = chunk.id
        self._shingled.append((chunk.id, shingles, numbers))
        return ""


def _shingles(words: Sequence[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1)))


def _is_near(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> bool:
    small, large = sorted((len(a), len(b)))
    if small < NEAR * large:
        return False
    both = len(a & b)
    return both >= NEAR * (len(a) + len(b) - both)

"""How far a passage bears a sentence out, and by which of its words.

Comes in: a sentence and a passage. Goes out: the span that supports it best, and how well. Never: a span outside the passage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ..ingest.sentences import sentence_spans
from ..retrieval.tokens import tokens
from .prompt import Support

SUPPORTED = 0.75
PARTLY = 0.45
"""Shares of a sentence's tokens that must be in the span."""

_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a passage, and how far it bears a sentence out."""

    start: int
    stop: int
    score: float
    """0..1: the share of the sentence's tokens that the span holds; 1 when it holds the sentence itself."""
    support: Support
    reason: str = ""


@lru_cache(maxsize=4096)  # a streamed answer is read anew with every piece
def locate(sentence: str, passage: str) -> Place:
    """Return the span of ``passage`` that bears ``sentence`` out best: itself if it is quoted, else one or two sentences."""
    if quoted := _find(sentence, passage):
        return Place(*quoted, 1.0, "supported")
    start, stop, score = _best_span(set(tokens(sentence)), passage)
    missing = [number for number in _NUMBER.findall(sentence) if number not in _NUMBER.findall(passage)]
    if missing:
        return Place(
            start, stop, min(score, PARTLY / 2), "unsupported", f"The passage does not say {', '.join(missing)}."
        )
    if score >= SUPPORTED:
        return Place(start, stop, score, "supported")
    reason = "The passage says only part of this." if score >= PARTLY else "The passage does not say this."
    return Place(start, stop, score, "partly" if score >= PARTLY else "unsupported", reason)


def _find(sentence: str, passage: str) -> tuple[int, int] | None:
    sentence = sentence.strip()
    at = passage.find(sentence)
    if at >= 0:
        return at, at + len(sentence)
    words = [re.escape(word) for word in _SPACE.split(sentence)]  # the passage may break its lines elsewhere
    match = re.search(r"\s+".join(words), passage) if len(words) > 1 else None
    return match.span() if match else None


def _best_span(wanted: set[str], passage: str) -> tuple[int, int, float]:
    """Return the sentence, or two in a row, that hold most of ``wanted``; of equals the first and the shortest."""
    spans = sentence_spans(passage)
    if not spans or not wanted:
        return 0, len(passage), 0.0
    held = [wanted & set(tokens(passage[start:stop])) for start, stop in spans]
    best = max(range(len(spans)), key=lambda at: len(held[at]))
    start, stop, found = *spans[best], held[best]
    for neighbour in (best - 1, best + 1):
        if 0 <= neighbour < len(spans) and len(held[best] | held[neighbour]) >= len(found) + max(2, len(wanted) // 5):
            found = held[best] | held[neighbour]
            start, stop = min(spans[best][0], spans[neighbour][0]), max(spans[best][1], spans[neighbour][1])
    return start, stop, len(found) / len(wanted)

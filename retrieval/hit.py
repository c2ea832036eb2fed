"""Define what a search returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ingest.document import Chunk


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane's verdict on one chunk."""

    name: str
    """``dense``, ``bm25`` or ``tfidf``; or ``rerank``, the verdict of a cross-encoder."""
    rank: int
    """From 1 within the lane; 0 if the chunk is not among the lane's own best and was scored for fusion only."""
    score: float
    """In the lane's own unit: cosine for dense and tfidf, BM25 for bm25, the model's own for rerank. Higher is better."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that answers a search."""

    chunk: Chunk
    score: float
    """Higher is better; ``by`` says what it measures. Comparable within one search only, unless ``by`` is a cosine."""
    by: str
    """``dense`` or ``tfidf`` (cosine, -1..1), ``bm25`` (no bounds), ``fused`` (sum of standardised scores, no bounds), or
    ``rerank`` (of a cross-encoder, mostly 0..1); ``whole`` (0): not found, but part of a summarised document."""
    lanes: tuple[Lane, ...] = ()
    base: str = ""
    """The knowledge base, if several were searched together."""
    meanings: tuple[tuple[int, float], ...] = field(default=(), compare=False, repr=False)
    """Offsets of sentences in the chunk, and their cosines with the question, rescaled so that off-topic text is at 0; only for
    the likeliest sentences, and only if an answer is looked for."""
    reads: tuple[tuple[int, float], ...] = field(default=(), compare=False, repr=False)
    """Likewise for the very likeliest sentences: the reader's log-odds that each answers."""

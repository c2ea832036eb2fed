"""What a search returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ingest.document import Chunk


@dataclass(frozen=True, slots=True)
class Lane:
    """What one lane said of one chunk."""

    name: str
    """``dense``, ``bm25`` or ``tfidf``; or ``rerank``, what a cross-encoder said of it."""
    rank: int
    """From 1 within the lane; 0 when the chunk is not among the lane's own best and was scored for fusion only."""
    score: float
    """In the lane's own unit: cosine for dense and tfidf, BM25 for bm25, the model's own for rerank. Higher is better."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that answers a search."""

    chunk: Chunk
    score: float
    """Higher is better; what it measures is ``by``. Comparable within one search only, unless ``by`` is a cosine."""
    by: str
    """``dense`` or ``tfidf`` (cosine, -1..1), ``bm25`` (no bounds), ``fused`` (sum of standardised scores, no bounds), or
    ``rerank`` (of a cross-encoder, mostly 0..1); ``whole`` (0): not found, but part of a document that is summarised."""
    lanes: tuple[Lane, ...] = ()
    base: str = ""
    """The knowledge base, where several were searched together."""
    meanings: tuple[tuple[int, float], ...] = field(default=(), compare=False, repr=False)
    """Where sentences of the chunk begin, and their cosines with the question beyond that of what is off topic, of 1 beyond it;
    only of the likeliest, and only where an answer is looked for."""
    reads: tuple[tuple[int, float], ...] = field(default=(), compare=False, repr=False)
    """Likewise, the log-odds that the very likeliest answer, by the reader."""

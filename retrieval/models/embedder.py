"""Define the embedder seam: text in, unit vectors out."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns text into vectors whose dot product is a cosine.

    ``embed_*`` never truncates silently: callers keep texts within ``max_tokens`` as counted by ``count_tokens``.
    """

    @property
    def name(self) -> str:
        """What people call it: ``all-MiniLM-L6-v2``."""

    @property
    def fingerprint(self) -> str:
        """Identity of the vector space: equal fingerprints mean interchangeable vectors. At most 40 of ``[a-z0-9-]``."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """The most tokens it reads from one text, special tokens included."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text takes, special tokens included and nothing truncated."""

    def coverage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return for each text the share of its letters (0..1) that the model's vocabulary can read; 1 if there are none."""

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, dim) float32, unit rows."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (dim,) float32 of length 1."""


@runtime_checkable
class BatchEmbedder(Protocol):
    """An optional extra for an ``Embedder``: faster, because it knows the next batch while working on one."""

    def embed_all(self, batches: Iterable[Sequence[str]]) -> Generator[NDArray[np.float32], None, None]:
        """Yield what ``embed_documents`` returns for each batch, in order; ``batches`` is consumed as needed."""

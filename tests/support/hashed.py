"""A real embedder without a model: signed feature hashing of words, so that texts with words in common are near.

Comes in: texts. Goes out: unit vectors. Never: a file, or a second to load it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_WORDS = re.compile(r"\w")
_LATIN = re.compile(r"[A-Za-z0-9]+")


class HashedEmbedder:
    """Reads Latin letters only; Weinberger et al. 2009, "Feature hashing for large scale multitask learning"."""

    def __init__(self, name: str = "hashed", dim: int = 64, max_tokens: int = 256) -> None:
        self.name = name
        self.spec = f"given:{name}"
        self.dim = dim
        self.max_tokens = max_tokens
        self.n_embedded = 0

    @property
    def fingerprint(self) -> str:
        """See ``Embedder``."""
        return f"{self.name}-{self.dim}-{self.max_tokens}"

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See ``Embedder``."""
        return [2 + len(text.split()) for text in texts]

    def coverage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See ``Embedder``."""
        letters = [_WORDS.findall(text) for text in texts]
        return np.array([sum(c.isascii() for c in found) / len(found) if found else 1 for found in letters], np.float32)

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See ``Embedder``."""
        self.n_embedded += len(texts)
        return np.array([self.embed_query(text) for text in texts], np.float32).reshape(len(texts), self.dim)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """See ``Embedder``."""
        vector = np.full(self.dim, 1e-3, np.float32)
        for word in _LATIN.findall(text.lower()):
            digest = hashlib.blake2b(f"{self.name} {word}".encode(), digest_size=8).digest()
            number = int.from_bytes(digest, "little")
            vector[number // 2 % self.dim] += 1 if number % 2 else -1
        unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
        return unit

"""The embedder over a model on this machine, whatever runs the model.

Comes in: texts. Goes out: unit vectors. Never: truncation, or the same text embedded twice in one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .plan import Plan, unit
from .recipe import Recipe
from .sentence_transformer import TorchModel
from .vocabulary import Vocabulary

_BULK = 64
"""Texts of one call from which an accelerator is worth the seconds that importing torch takes."""


class Runtime(Protocol):
    """What turns texts into vectors, of any length."""

    def encode(self, texts: Sequence[str], prompt: str) -> NDArray[np.float32]:
        """Return (n, dim) float32; ``prompt`` is put before every text."""


class LocalEmbedder:
    """An ``Embedder`` over a model on this machine. Safe to use from several threads at once.

    A text over ``max_tokens`` is embedded in parts whose mean, weighted by their tokens, is its vector: nothing is cut off.
    """

    def __init__(
        self, recipe: Recipe, spec: str, vocabulary: Vocabulary, plan: Plan, runtime: Runtime | None = None
    ) -> None:
        """Run ``recipe`` by ``plan``; ``runtime`` is the compiled model, ``None`` leaves it to torch."""
        self._recipe = recipe
        self._vocabulary = vocabulary
        self._plan = plan
        self._runtime = runtime
        self._torch: TorchModel | None = None
        self._lock = Lock()
        self.spec = spec
        """Given to ``open_embedder``, opens this model again."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self._recipe.name

    @property
    def fingerprint(self) -> str:
        """Identity of the vector space, the same on every machine and by every path."""
        return self._recipe.fingerprint

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._plan.dim

    @property
    def max_tokens(self) -> int:
        """The most tokens it reads of one text, special tokens included."""
        return self._plan.max_tokens

    @property
    def folder(self) -> Path:
        """Where the model's original weights lie."""
        return self._recipe.folder

    @property
    def path(self) -> str:
        """What runs the model, and why that: ``openvino bf16 (mean cosine 0.99998 to torch fp32)``."""
        return self._plan.path

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text takes, special tokens and the model's document prompt included."""
        return self._vocabulary.count([self._recipe.document_prompt + text for text in texts])

    def coverage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return for each text the share of its letters (0..1) that the model's vocabulary can read; 1 for no letters."""
        return self._vocabulary.coverage(texts)

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, dim) float32, unit rows, in the order of ``texts``; equal texts are embedded once.

        Raises:
            EmbedderError: the model fails on these texts, or runs out of memory.
        """
        distinct = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        if not distinct:
            return np.empty((0, self.dim), np.float32)
        vectors = self._embed(list(distinct), self._recipe.document_prompt)
        return vectors[[distinct[text] for text in texts]]

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (dim,) float32 of length 1.

        Raises:
            EmbedderError: the model fails on this text.
        """
        vector: NDArray[np.float32] = self._embed([text], self._recipe.query_prompt)[0]
        return vector

    def _embed(self, texts: Sequence[str], prompt: str) -> NDArray[np.float32]:
        counts = self._vocabulary.count([prompt + text for text in texts])
        parts: list[str] = []
        owners: list[int] = []
        for owner, (text, n_tokens) in enumerate(zip(texts, counts, strict=True)):
            cut = self._cut(text, prompt) if n_tokens > self.max_tokens else [text]
            parts += cut
            owners += [owner] * len(cut)
        vectors = unit(self._choose(len(parts)).encode(parts, prompt))
        if len(parts) == len(texts):
            return vectors
        weights = np.array(self._vocabulary.count(parts), np.float32)
        sums = np.zeros((len(texts), self.dim), np.float32)
        np.add.at(sums, owners, vectors * weights[:, None])
        return unit(sums)

    def _cut(self, text: str, prompt: str) -> list[str]:
        """Halve a text, between words where there are any, until every part fits."""
        if len(text) == 1 or self._vocabulary.count([prompt + text])[0] <= self.max_tokens:
            return [text]
        middle = len(text) // 2
        at = max(text.rfind(mark, middle // 2, middle) for mark in (" ", "\n", "。", "，")) + 1 or middle
        return self._cut(text[:at], prompt) + self._cut(text[at:], prompt)

    def _choose(self, n: int) -> Runtime:
        bulk = n >= _BULK and self._plan.accelerator != "cpu"
        if self._runtime is not None and not bulk:
            return self._runtime
        with self._lock:
            if self._torch is None:
                self._torch = TorchModel(self._recipe.folder)
            if self._runtime is not None and self._torch.device == "cpu":
                return self._runtime
            return self._torch

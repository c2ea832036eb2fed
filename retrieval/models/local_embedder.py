"""Embed texts with a model on this machine, whichever way the model is run.

Comes in: texts. Goes out: unit vectors. Never: truncation, or the same text embedded twice in one call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .compiled import CompiledModel
from .plan import Plan, unit
from .recipe import Recipe
from .sentence_transformer import TorchModel
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from .bulk import Bulk

_BULK = 64
"""Minimum texts per call for an accelerator to be worth the seconds that importing torch takes."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What to embed for some texts: each whole, or in parts that fit."""

    texts: list[str]
    rows: list[list[int]]
    """The token ids of each part, prompt included."""
    owners: list[int]
    """The text that each part is from."""
    n: int
    """The number of texts."""


class LocalEmbedder:
    """An ``Embedder`` over a model on this machine. Thread-safe.

    A text over ``max_tokens`` is embedded in parts; its vector is their token-weighted mean, so nothing is cut off.
    """

    def __init__(
        self, recipe: Recipe, spec: str, vocabulary: Vocabulary, plan: Plan, compiled: CompiledModel | None = None
    ) -> None:
        """Run ``recipe`` according to ``plan``, with torch if ``compiled`` is not given."""
        self._recipe = recipe
        self._vocabulary = vocabulary
        self._plan = plan
        self._compiled = compiled
        self._torch: TorchModel | None = None
        self._lock = Lock()
        self.spec = spec
        """The spec with which ``open_embedder`` opens this model again."""

    @property
    def name(self) -> str:
        """What people call it."""
        return self._recipe.name

    @property
    def fingerprint(self) -> str:
        """Identity of the vector space, the same on every machine and on every path."""
        return self._recipe.fingerprint

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._plan.dim

    @property
    def max_tokens(self) -> int:
        """The most tokens it reads from one text, special tokens included."""
        return self._plan.max_tokens

    @property
    def folder(self) -> Path:
        """Where the model's original weights are."""
        return self._recipe.folder

    @property
    def vocabulary(self) -> Vocabulary:
        """Its tokenizer."""
        return self._vocabulary

    @property
    def prepared(self) -> Path | None:
        """Where it was prepared for this machine; ``None`` if torch runs it as published."""
        return self._compiled.folder if self._compiled else None

    @property
    def path(self) -> str:
        """What runs the model, and why: ``openvino bf16 (mean cosine 0.99998 to torch fp32)``."""
        return self._plan.path

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text takes, special tokens and the model's document prompt included."""
        return self._vocabulary.count([self._recipe.document_prompt + text for text in texts])

    def coverage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return for each text the share of its letters (0..1) that the model's vocabulary can read; 1 if there are none."""
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

    def embed_all(self, batches: Iterable[Sequence[str]]) -> Generator[NDArray[np.float32], None, None]:
        """Yield what ``embed_documents`` returns for each of many batches, while later ones are being computed.

        From the second batch on, if the model is compiled, one process per core does the work; they end with the last batch or
        when the generator is closed.

        Raises:
            EmbedderError: see ``embed_documents``.
        """
        from .bulk import MIN_WORKERS, Bulk, n_workers_for  # takes 0.1 s, too long for a question

        rest = iter(batches)
        head = list(islice(rest, 2))
        bulk = self._compiled if len(head) > 1 and self._choose(_BULK) is self._compiled else None
        n_workers = n_workers_for(bulk) if bulk else 0
        if bulk is None or n_workers < MIN_WORKERS:
            yield from map(self.embed_documents, chain(head, rest))
            return
        with Bulk(bulk, n_workers) as workers:
            yield from self._embed_side_by_side(workers, chain(head, rest))

    def _embed_side_by_side(self, workers: Bulk, batches: Iterable[Sequence[str]]) -> Iterator[NDArray[np.float32]]:
        waiting: deque[tuple[_Parts, list[int]]] = deque()

        def rows() -> Iterator[list[list[int]]]:
            for texts in batches:
                distinct = {text: place for place, text in enumerate(dict.fromkeys(texts))}
                parts = self._cut_up(list(distinct), self._recipe.document_prompt)
                waiting.append((parts, [distinct[text] for text in texts]))
                yield parts.rows

        for vectors in workers.run(rows()):
            parts, places = waiting.popleft()
            yield self._joined(parts, unit(vectors))[places] if places else np.empty((0, self.dim), np.float32)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return (dim,) float32 of length 1.

        Raises:
            EmbedderError: the model fails on this text.
        """
        vector: NDArray[np.float32] = self._embed([text], self._recipe.query_prompt)[0]
        return vector

    def _embed(self, texts: Sequence[str], prompt: str) -> NDArray[np.float32]:
        parts = self._cut_up(texts, prompt)
        runtime = self._choose(len(parts.rows))
        if isinstance(runtime, TorchModel):
            return self._joined(parts, unit(runtime.encode(parts.texts, prompt)))
        return self._joined(parts, unit(runtime.embed(parts.rows)))

    def _cut_up(self, texts: Sequence[str], prompt: str) -> _Parts:
        rows = self._vocabulary.ids([prompt + text for text in texts])
        parts = _Parts([], [], [], len(texts))
        for owner, (text, row) in enumerate(zip(texts, rows, strict=True)):
            cut = self._cut(text, prompt) if len(row) > self.max_tokens else [text]
            parts.texts.extend(cut)
            parts.rows.extend([row] if cut == [text] else self._vocabulary.ids([prompt + part for part in cut]))
            parts.owners.extend([owner] * len(cut))
        return parts

    def _joined(self, parts: _Parts, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the vector of each text: that of its only part, or the token-weighted mean of its parts."""
        if len(parts.texts) == parts.n:
            return vectors
        weights = np.array(self._vocabulary.count(parts.texts), np.float32)
        sums = np.zeros((parts.n, self.dim), np.float32)
        np.add.at(sums, parts.owners, vectors * weights[:, None])
        return unit(sums)

    def _cut(self, text: str, prompt: str) -> list[str]:
        """Halve a text, between words if possible, until every part fits."""
        if len(text) == 1 or self._vocabulary.count([prompt + text])[0] <= self.max_tokens:
            return [text]
        middle = len(text) // 2
        at = max(text.rfind(mark, middle // 2, middle) for mark in (" ", "\n", "。", "，")) + 1 or middle
        return self._cut(text[:at], prompt) + self._cut(text[at:], prompt)

    def _choose(self, n: int) -> CompiledModel | TorchModel:
        bulk = n >= _BULK and self._plan.accelerator != "cpu"
        if self._compiled is not None and not bulk:
            return self._compiled
        with self._lock:
            if self._torch is None:
                self._torch = TorchModel(self._recipe.folder)
            if self._compiled is not None and self._torch.device == "cpu":
                return self._compiled
            return self._torch

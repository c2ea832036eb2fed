"""Run a cross-encoder as published: sentence-transformers on torch, in float32.

Comes in: a model's folder or name, a question and passages. Goes out: scores. Never: the network, remote code, a model with an
untrained head, or a passage cut off: a long one is read in parts, and the best part counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import MissingExtraError, RerankerError, UnknownModelError
from ...ingest.notice import Notice
from .hub import offline
from .recipe import is_cross_encoder
from .registry import find_on_disk
from .sentence_transformer import quiet

if TYPE_CHECKING:
    import sentence_transformers

_BATCH = 16
_LONGEST = 512
"""Tokens of question and passage that are read at once, if the model itself sets no limit."""
_SMALLEST = 16
"""The least tokens of a passage that are read at once, however long the question."""
_MARKS = 4
"""Tokens that a model adds around question and passage, at most."""


class CrossEncoder:
    """A ``Reranker`` over a cross-encoder on this machine. Thread-safe."""

    def __init__(self, name: str, folder: Path) -> None:
        """Load the model in ``folder``, on CUDA or MPS if there is one.

        Raises:
            UnknownModelError: the folder has no cross-encoder with a single score.
            RerankerError: it cannot be loaded.
            MissingExtraError: torch or sentence-transformers is not installed.
        """
        self.name = name
        self._lock = Lock()
        self._model = load(name, folder)
        n_labels = int(self._model.num_labels)
        if n_labels != 1:
            raise UnknownModelError(
                "The cross-encoder {name} gives {n} scores a passage, and a reranker gives one", name=name, n=n_labels
            )

    @property
    def max_tokens(self) -> int:
        """The most tokens of question and passage that it reads at once."""
        limit = getattr(self._model, "max_seq_length", None) or _LONGEST
        return int(limit) if int(limit) < 1 << 20 else _LONGEST

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """See ``Reranker``."""
        if not texts:
            return np.empty(0, np.float32)
        with self._lock:
            room = max(_SMALLEST, self.max_tokens - len(self._offsets(question)) - _MARKS)
            parts = [list(self._parts(text, room)) for text in texts]
            pairs = [(question, part) for of_text in parts for part in of_text]
            try:
                scores = self._model.predict(pairs, batch_size=_BATCH, show_progress_bar=False)
            except (RuntimeError, ValueError, IndexError, TypeError) as exc:
                raise RerankerError(
                    "The cross-encoder {name} failed ({why})", name=self.name, why=first_line(exc)
                ) from exc
        starts = np.cumsum([0, *(len(of_text) for of_text in parts[:-1])])
        best: NDArray[np.float32] = np.maximum.reduceat(np.asarray(scores, np.float32), starts)
        return best

    def _parts(self, text: str, room: int) -> Iterator[str]:
        """Split a text into parts of up to ``room`` tokens; Dai and Callan 2019, "Deeper text understanding for IR" (MaxP)."""
        offsets = self._offsets(text)
        if len(offsets) <= room:
            yield text
            return
        for at in range(0, len(offsets), room):
            part = offsets[at : at + room]
            yield text[part[0][0] : part[-1][1]]

    def _offsets(self, text: str) -> list[tuple[int, int]]:
        """Return where the tokens of a text are."""
        coded = self._model.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )
        return list(coded["offset_mapping"])


def open_cross_encoder(spec: str, cache: Path) -> CrossEncoder:
    """Open the cross-encoder named by ``spec``: a folder, or the name of a pulled or Hugging Face cached model.

    Raises:
        UnknownModelError: there is no such model on this machine, or it is not a cross-encoder with a single score.
        RerankerError: it cannot be loaded.
        MissingExtraError: the libraries that run it are not installed.
    """
    return CrossEncoder(*on_disk(spec, cache))


def on_disk(spec: str, cache: Path) -> tuple[str, Path]:
    """Return the name and folder of the cross-encoder that ``spec`` names.

    Raises:
        UnknownModelError: there is no such model on this machine.
    """
    found = find_on_disk(spec, cache)
    if found is None:
        pull = (
            Notice("run: kb models pull {spec}", spec=spec)
            if spec.count("/") == 1 and not spec.startswith((".", "/", "~"))
            else ""
        )
        raise UnknownModelError(
            "The cross-encoder {spec} is not on this machine; {advice}",
            spec=spec,
            advice=pull or Notice("give a folder that exists"),
        )
    return found


def load(name: str, folder: Path) -> sentence_transformers.CrossEncoder:
    """Load a cross-encoder of any number of labels, on CUDA or MPS if there is one.

    Raises:
        UnknownModelError: the folder has no cross-encoder.
        RerankerError: it cannot be loaded.
        MissingExtraError: torch or sentence-transformers is not installed.
    """
    if not is_cross_encoder(folder):
        raise UnknownModelError(
            "{folder} is not a cross-encoder: its config.json names no model for sequence classification; give "
            "one such as BAAI/bge-reranker-v2-m3 or cross-encoder/ms-marco-MiniLM-L6-v2",
            folder=folder,
        )
    with quiet(), offline():
        try:
            import sentence_transformers
            import torch
        except ImportError as exc:
            raise MissingExtraError(Notice("running a cross-encoder"), "dense") from exc
        try:
            model = sentence_transformers.CrossEncoder(
                str(folder), local_files_only=True, model_kwargs={"dtype": torch.float32}
            ).eval()
            int(model.num_labels)
        except Exception as exc:  # a damaged or foreign folder makes the libraries raise anything
            raise RerankerError(
                "The cross-encoder {name} cannot be loaded ({why}); get it again: kb models pull OWNER/MODEL",
                name=name,
                why=first_line(exc),
            ) from exc
    return model


def first_line(exc: BaseException) -> str:
    """Return a foreign error's message as one short line."""
    return (str(exc).strip() or type(exc).__name__).splitlines()[0][:200]

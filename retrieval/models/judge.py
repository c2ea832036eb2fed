"""Define the judge seam: a premise and a hypothesis in, entailment out; with a local NLI cross-encoder behind it.

Comes in: pairs of texts. Goes out: probabilities. Never: the network, or a model whose labels do not say what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import RerankerError, UnknownModelError
from .cross_encoder import first_line, load, on_disk

LIKELY = 0.5
"""Minimum probability for a judgement to count."""
_BATCH = 16
_LABELS = ("entailment", "neutral", "contradiction")
_SAME = {"entails": "entailment", "entailed": "entailment", "contradicts": "contradiction", "not_entailment": "neutral"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a premise relates to a hypothesis: probabilities that add up to 1."""

    entailment: float
    neutral: float
    contradiction: float


class Judge(Protocol):
    """Judges whether a text entails a statement."""

    @property
    def name(self) -> str:
        """What people call it."""

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """Return a judgement for each ``(premise, hypothesis)``.

        Raises:
            RerankerError: the model fails.
        """


class EntailmentJudge:
    """A ``Judge`` over a cross-encoder with the labels entailment, neutral and contradiction. Thread-safe."""

    def __init__(self, name: str, folder: Path) -> None:
        """Load the model in ``folder``.

        Raises:
            UnknownModelError: it is not a cross-encoder, or has other labels.
            RerankerError: it cannot be loaded.
            MissingExtraError: torch or sentence-transformers is not installed.
        """
        self.name = name
        self._lock = Lock()
        self._model = load(name, folder)
        named = {int(at): str(label).lower() for at, label in self._model.config.id2label.items()}
        places = {_SAME.get(label, label): at for at, label in named.items()}
        if not set(places) >= {"entailment", "contradiction"} or set(places) - set(_LABELS):
            raise UnknownModelError(
                "{name} cannot judge: its labels are {labels:list}, and must be entailment, neutral and "
                "contradiction; give an NLI model such as cross-encoder/nli-deberta-v3-small",
                name=name,
                labels=named.values(),
            )
        self._places = [places.get(label) for label in _LABELS]

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Judgement]:
        """See ``Judge``; only the beginning of a premise too long for the model is read."""
        if not pairs:
            return []
        with self._lock:
            try:
                logits = self._model.predict(list(pairs), batch_size=_BATCH, show_progress_bar=False)
            except (RuntimeError, ValueError, IndexError, TypeError) as exc:
                raise RerankerError("The judge {name} failed ({why})", name=self.name, why=first_line(exc)) from exc
        return [
            Judgement(*(float(row[at]) if at is not None else 0.0 for at in self._places))
            for row in _softmax(np.asarray(logits, np.float64))
        ]


class Judges:
    """Opens the judge on first use, and keeps it: loading takes seconds. Thread-safe."""

    def __init__(self, open_judge: Callable[[], Judge] | None) -> None:
        """Take a function that opens the judge; ``None`` for no judge."""
        self._open = open_judge
        self._lock = Lock()
        self._judge: Judge | None = None

    def get(self) -> Judge | None:
        """Return the judge; ``None`` if none was asked for.

        Raises:
            UnknownModelError: it is not on this machine.
            RerankerError: it cannot be loaded or used.
            MissingExtraError: the libraries that run it are not installed.
        """
        with self._lock:
            if self._judge is None and self._open is not None:
                self._judge = self._open()
            return self._judge


def open_judge(spec: str, cache: Path) -> EntailmentJudge:
    """Open the NLI model named by ``spec``: a folder, or the name of a pulled or Hugging Face cached model.

    Raises: as ``EntailmentJudge``.
    """
    return EntailmentJudge(*on_disk(spec, cache))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares

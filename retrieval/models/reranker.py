"""Define the reranker seam: a question and passages in, how well each answers it out; with one that opens on first use.

It reads the few candidates found by the lanes, question and passage together. Never: more than it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import RerankerError


class Reranker(Protocol):
    """Judges passages against a question."""

    @property
    def name(self) -> str:
        """What people call it."""

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (len(texts),) float32, higher is better; each text is judged on its own.

        Raises:
            RerankerError: the model fails.
        """


class Rerankers:
    """Opens rerankers by spec, and keeps the last one: loading takes seconds. Thread-safe."""

    def __init__(self, open_reranker: Callable[[str], Reranker], default: str = "") -> None:
        """Take a function that opens one, and the spec of the default; empty or ``off``: none."""
        self._open = open_reranker
        self._default = default
        self._lock = Lock()
        self._last: tuple[str, Reranker] | None = None

    def spec(self, asked: str, *, by_default: bool) -> str:
        """Return the spec of the reranker to use; empty for none."""
        spec = asked or (self._default if by_default else "")
        return "" if spec == "off" else spec

    def get(self, spec: str) -> Reranker:
        """Return the reranker for a spec.

        Raises:
            UnknownModelError: it is not on this machine.
            RerankerError: it cannot be loaded.
            MissingExtraError: the libraries that run it are not installed.
        """
        with self._lock:
            if self._last is None or self._last[0] != spec:
                self._last = (spec, self._open(spec))
            return self._last[1]


def _open_none(spec: str) -> Reranker:
    raise RerankerError(
        "{spec} cannot be opened: this search was made without cross-encoders; use KnowledgeBase.open", spec=spec
    )


NO_RERANKERS = Rerankers(_open_none)

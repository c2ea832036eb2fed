"""Define the generator seam: a prompt in, text out, piece by piece."""

from __future__ import annotations

from collections.abc import Generator as Generates
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from ..ingest.errors import InputError
from ..ingest.notice import Notice
from ..prompts.prompt import Prompt

FinishReason = Literal["stop", "length"]
"""Why a text ends: the model was done or met a stop word; or it was cut off, at ``max_tokens`` or the end of its context."""

Pieces: TypeAlias = Generates[str, None, FinishReason | None]
"""A text as it is written; the generator's return value is why it ended, ``None`` if that is not known."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. ``None`` leaves it to the backend; a backend that cannot do something says so."""

    seed: int = 0
    temperature: float | None = None
    """>= 0; 0 is greedy. ``None``: what suits the model, for most of them 0."""
    top_k: int | None = None
    """>= 1."""
    top_p: float | None = None
    """In (0, 1]."""
    min_p: float | None = None
    """In [0, 1]."""
    repeat_penalty: float | None = None
    """> 0; 1 is off."""
    presence_penalty: float | None = None
    """In [-2, 2]; what was written once becomes less likely; 0 is off."""
    min_tokens: int = 0
    """>= 0, and at most ``max_tokens``; the model does not stop before."""
    max_tokens: int = 512
    """>= 1."""
    stop: tuple[str, ...] = ()
    """Generation ends before any of these strings."""
    banned: tuple[str, ...] = ()
    """Strings that must not be generated."""
    strategy: Literal["auto", "greedy", "sample", "beam"] = "auto"
    """``auto`` is greedy at temperature 0, else sample."""
    n_beams: int = 1
    """> 1 only with ``beam``."""
    n_samples: int = 1
    """>= 1. How often the model is asked, each time with the next seed; the answer that most of its texts give is used. For the
    caller to implement: a generator writes one text."""
    first_word_s: float = 3.0
    """> 0. Seconds that the model may spend reading before its first word, if its reading speed is known; its input is cut to
    fit, down to what kb quotes. Also for the caller to implement."""

    def __post_init__(self) -> None:
        """Reject what no backend could do.

        Raises:
            InputError: a value outside its range.
        """
        checks = (
            ("temperature", self.temperature is None or self.temperature >= 0, Notice("at least 0")),
            ("top_k", self.top_k is None or self.top_k >= 1, Notice("at least 1")),
            ("top_p", self.top_p is None or 0 < self.top_p <= 1, Notice("above 0 and at most 1")),
            ("min_p", self.min_p is None or 0 <= self.min_p <= 1, Notice("between 0 and 1")),
            ("repeat_penalty", self.repeat_penalty is None or self.repeat_penalty > 0, Notice("above 0")),
            ("presence_penalty", -2 <= (self.presence_penalty or 0) <= 2, Notice("between -2 and 2")),  # noqa: PLR2004
            ("min_tokens", 0 <= self.min_tokens <= self.max_tokens, Notice("at least 0 and at most max_tokens")),
            ("max_tokens", self.max_tokens >= 1, Notice("at least 1")),
            ("n_beams", self.n_beams >= 1, Notice("at least 1")),
            ("first_word_s", self.first_word_s > 0, Notice("above 0")),
            ("n_samples", self.n_samples >= 1, Notice("at least 1")),
        )
        for name, fine, wanted in checks:
            if not fine:
                raise InputError(
                    "{name} is {value}; it must be {wanted}", name=name, value=getattr(self, name), wanted=wanted
                )


class Generator(Protocol):
    """Turns a prompt into text. Thread-safe."""

    @property
    def name(self) -> str:
        """The writer that an answer names: ``gguf:qwen2.5-7b-q4.gguf``, ``extractive``."""

    @property
    def context_tokens(self) -> int:
        """The most tokens that prompt and answer may take together."""

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text takes in this backend's tokenizer."""

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """Yield the answer piece by piece, and return why it ended; closing the iterator stops the generation.

        Raises:
            CannotDoError: the backend cannot do what ``sampling`` asks.
            GeneratorError: it failed.
        """

    def close(self) -> None:
        """Free the model; calling it twice is harmless."""

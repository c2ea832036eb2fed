"""Which language models this machine can run, and how fast they would be.

Comes in: the known models, free memory, the processor's speed. Goes out: for each whether it fits, the seconds to its first
word, and words per second. Never: a download.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...llm.generator import Sampling
from ...llm.models.cores import operations_per_s, physical_cores
from ...llm.models.gguf_file import free_memory
from ...llm.models.known import KnownModel, known_models, pulled
from ...prompts.prompt import Message, Prompt

_PER_WEIGHT: Mapping[str, float] = {"Q8_0": 1.07, "Q4_K_M": 0.61, "Q4_1": 0.7, "q4_0": 0.57}
"""Bytes per parameter in a file, by the end of its name."""
_READ_TOKENS = 300
"""Prompt tokens for a model with little time: kb's quotes, and the question."""
_WORDS_PER_TOKEN = 0.75
_BESIDE = 1.25
"""Memory needed at run time relative to file size, including context and buffers."""
_PATIENCE_S, _SLOWEST = 15.0, 1.5
"""Seconds to the first word; words per second. Slower models are of no use."""
_TEXT = "Retrieval finds the passages that answer a question, and the model reads them before it writes. "
_WRITTEN = 24

Verdict = Literal["fits", "slow", "large"]


@dataclass(frozen=True, slots=True)
class Speed:
    """The processor's speed for language models."""

    operations_per_s: float
    """While reading the prompt."""
    bytes_per_s: float
    """Bytes of weights, while writing."""
    measured_with: str = ""
    """The model used to measure; empty: an estimate."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Expected performance of a model."""

    name: str
    languages: tuple[str, ...]
    licence: str
    memory_bytes: int
    first_word_s: float
    words_per_s: float
    verdict: Verdict
    is_here: bool


def estimated_speed() -> Speed:
    """Return what current processors achieve, within a factor of three."""
    return Speed(operations_per_s(), min(5e9 * physical_cores(), 4e10))


def measured_speed(models: Path) -> Speed:
    """Return how fast the smallest model on this machine reads and writes; an estimate if there is none.

    Raises:
        GeneratorError: it cannot be loaded.
        MissingExtraError: llama.cpp is not installed.
    """
    here = [(model, path) for name, model in known_models().items() if (path := pulled(name, models))]
    if not here:
        return estimated_speed()
    from ...llm.gguf import GGUFGenerator

    model, path = min(here, key=lambda one: one[0].bytes)
    with closing(GGUFGenerator(path, context_tokens=1024)) as generator:
        text = _TEXT * (_READ_TOKENS // generator.count_tokens(_TEXT))
        prompt = Prompt(text, (Message("user", text),), ())
        began = time.perf_counter()
        times = [time.perf_counter() for _ in generator.generate(prompt, Sampling(max_tokens=_WRITTEN))]
        n_tokens = generator.count_tokens(text)
    if len(times) < _WRITTEN // 4:
        return estimated_speed()
    reading, writing = n_tokens / (times[0] - began), (len(times) - 1) / (times[-1] - times[0])
    return Speed(2 * _n_weights(model) * reading, model.bytes * writing, model.name)


def suggestions(models: Path, speed: Speed) -> tuple[Suggestion, ...]:
    """Return the expected performance of every known model, fitting ones first, the largest at the top."""
    free = free_memory()
    made = []
    for name, model in known_models().items():
        memory = round(model.bytes * _BESIDE)
        first = _READ_TOKENS * 2 * _n_weights(model) / speed.operations_per_s
        words = _WORDS_PER_TOKEN * speed.bytes_per_s / model.bytes
        verdict: Verdict = "slow" if first > _PATIENCE_S or words < _SLOWEST else "fits"
        verdict = "large" if free is not None and memory > free else verdict
        here = pulled(name, models) is not None
        made.append(Suggestion(name, model.languages, model.licence, memory, first, words, verdict, here))
    return tuple(sorted(made, key=lambda one: (one.verdict != "fits", -one.memory_bytes)))


def best(found: tuple[Suggestion, ...], language: str) -> Suggestion | None:
    """Return the largest model that fits and writes a language; ``None`` if none does."""
    return next((one for one in found if one.verdict == "fits" and language in one.languages), None)


def _n_weights(model: KnownModel) -> float:
    per_weight = next(
        (size for end, size in _PER_WEIGHT.items() if model.file.removesuffix(".gguf").endswith(end)), 0.6
    )
    return model.bytes / per_weight

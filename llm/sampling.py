"""Check what a backend is asked to do before it starts, so that no setting is silently ignored."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ..ingest.errors import CannotDoError
from ..ingest.notice import Notice
from .generator import Sampling
from .models.family import Family, families

Strategy = Literal["greedy", "sample", "beam"]
Ability = Literal[
    "top_k", "top_p", "min_p", "repeat_penalty", "presence_penalty", "min_tokens", "stop", "banned", "beam"
]

_DRAWN = ("top_k", "top_p", "min_p", "repeat_penalty", "presence_penalty")
"""Sampling settings that a family of models may recommend."""

_MEANING: dict[Ability, str] = {
    "top_k": Notice("limit sampling by top_k"),
    "top_p": Notice("limit sampling by top_p"),
    "min_p": Notice("limit sampling by min_p"),
    "repeat_penalty": Notice("penalise repetition"),
    "presence_penalty": Notice("penalise presence"),
    "min_tokens": Notice("write a least length"),
    "stop": Notice("stop at strings"),
    "banned": Notice("ban strings"),
    "beam": Notice("search with beams"),
}


def strategy(sampling: Sampling) -> Strategy:
    """Return what ``auto`` stands for.

    Raises:
        CannotDoError: the settings contradict each other.
    """
    if sampling.n_beams > 1 and sampling.strategy != "beam":
        raise CannotDoError(
            "{n_beams} beams were asked for with strategy {strategy!r}; use strategy 'beam'",
            n_beams=sampling.n_beams,
            strategy=sampling.strategy,
        )
    if sampling.strategy == "sample" and not sampling.temperature:
        raise CannotDoError("strategy 'sample' needs a temperature above 0; raise it, or use strategy 'greedy'")
    if sampling.strategy == "auto":
        return "sample" if sampling.temperature else "greedy"
    return sampling.strategy


def require(backend: str, sampling: Sampling, abilities: frozenset[Ability]) -> Strategy:
    """Return the strategy to use, if the backend supports all the settings.

    Raises:
        CannotDoError: it cannot; the sentence names the backend and each setting to leave out.
    """
    chosen = strategy(sampling)
    asked: dict[Ability, bool] = {
        "top_k": sampling.top_k is not None,
        "top_p": sampling.top_p is not None,
        "min_p": sampling.min_p is not None,
        "repeat_penalty": sampling.repeat_penalty is not None,
        "presence_penalty": sampling.presence_penalty is not None,
        "min_tokens": sampling.min_tokens > 0,
        "stop": bool(sampling.stop),
        "banned": bool(sampling.banned),
        "beam": chosen == "beam",
    }
    missing = [_MEANING[ability] for ability, wanted in asked.items() if wanted and ability not in abilities]
    if missing:
        raise CannotDoError(
            "{backend} cannot {settings:or}; leave the setting out, or use a backend that can (gguf:, hf:)",
            backend=backend,
            settings=missing,
        )
    return chosen


def suited(sampling: Sampling, architecture: str) -> Sampling:
    """Return the settings for a model of an architecture: the user's, else the family's.

    Beams are searched, not drawn, so they get none of the family's.
    """
    family = families().get(architecture, Family())
    if sampling.strategy in ("greedy", "beam"):
        return sampling
    warm = not family.greedy or sampling.strategy == "sample" or sampling.n_samples > 1
    temperature = (family.warm if warm else 0.0) if sampling.temperature is None else sampling.temperature
    sampling = replace(sampling, temperature=temperature)
    if not temperature:
        return sampling
    unset = {name: getattr(family, name) for name in _DRAWN if getattr(sampling, name) is None}
    return replace(sampling, **unset)

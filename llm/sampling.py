"""What a backend is asked to do, checked before it starts.

Comes in: a ``Sampling`` and what the backend can do. Goes out: the strategy to use, or a sentence that says why not.
Never: a silently ignored setting.
"""

from __future__ import annotations

from typing import Literal

from ..ingest.errors import CannotDoError
from .generator import Sampling

Strategy = Literal["greedy", "sample", "beam"]
Ability = Literal["top_k", "top_p", "min_p", "repeat_penalty", "stop", "banned", "beam"]

_MEANING: dict[Ability, str] = {
    "top_k": "limit sampling by top_k",
    "top_p": "limit sampling by top_p",
    "min_p": "limit sampling by min_p",
    "repeat_penalty": "penalise repetition",
    "stop": "stop at strings",
    "banned": "ban strings",
    "beam": "search with beams",
}


def strategy(sampling: Sampling) -> Strategy:
    """Return what ``auto`` stands for.

    Raises:
        CannotDoError: the settings contradict each other.
    """
    if sampling.n_beams > 1 and sampling.strategy != "beam":
        raise CannotDoError(
            f"{sampling.n_beams} beams were asked for with strategy {sampling.strategy!r}; use strategy 'beam'"
        )
    if sampling.strategy == "sample" and sampling.temperature <= 0:
        raise CannotDoError("strategy 'sample' needs a temperature above 0; raise it, or use strategy 'greedy'")
    if sampling.strategy == "auto":
        return "sample" if sampling.temperature > 0 else "greedy"
    return sampling.strategy


def require(backend: str, sampling: Sampling, abilities: frozenset[Ability]) -> Strategy:
    """Return the strategy to use, if the backend can do all that is asked.

    Raises:
        CannotDoError: it cannot; the sentence names the backend and each setting to leave out.
    """
    chosen = strategy(sampling)
    asked: dict[Ability, bool] = {
        "top_k": sampling.top_k is not None,
        "top_p": sampling.top_p is not None,
        "min_p": sampling.min_p is not None,
        "repeat_penalty": sampling.repeat_penalty is not None,
        "stop": bool(sampling.stop),
        "banned": bool(sampling.banned),
        "beam": chosen == "beam",
    }
    missing = [_MEANING[ability] for ability, wanted in asked.items() if wanted and ability not in abilities]
    if missing:
        raise CannotDoError(
            f"{backend} cannot {' or '.join(missing)}; leave the setting out, or use a backend that can (gguf:, hf:)"
        )
    return chosen

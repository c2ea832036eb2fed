"""Whether a model may run in 8 bits on this machine: compiled, compared, and refused unless it is faster and finds as well.

Comes in: a model that was asked for with ``?quantize=int8``, and the folder of how it runs without. Goes out: a folder with a
``Plan``. Never: 8 bits that nobody asked for, or vectors that may not stand beside those that a base has.

What is measured is the worst of all mixtures (``yardstick.measure``): a base that was embedded in 16 bits is searched in 8, the
other way round, or holds both. What passes is the same vector space, so that the wish can come and go, and a base be taken to a
machine that decides otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from ...ingest.errors import EmbedderError, MissingExtraError
from .compiled import INT8, CompiledModel
from .plan import Plan, Trial, drop_model, keep, read_plan, unit
from .recipe import Recipe
from .yardstick import Loss, Vectors, Way, measure

MAX_LOSS = 0.003
"""nDCG@10 that 8 bits may cost."""
MIN_COSINE = 0.995
"""The mean to torch in float32 over ``SAMPLE``, which has the languages that the questions lack; MiniLM comes to .9986."""
MIN_SPEEDUP = 1.2
"""Over the way without; for less, nobody should have vectors that are less exact."""

_ROUNDS = 5


def prepare_quantized(recipe: Recipe, plain: Path, folder: Path, progress: Callable[[str], None]) -> None:
    """Decide whether ``recipe`` runs in 8 bits and put the outcome at ``folder``; the caller holds the lock.

    Args:
        recipe: of the model.
        plain: the folder of how it runs without.
        folder: see ``plan.prepare``.
        progress: called with a sentence.

    Raises:
        EmbedderError: the model cannot be loaded at all.
        MissingExtraError: torch or sentence-transformers is not installed.
    """
    progress(f"Trying {recipe.name} in 8 bits on this machine; this happens once")
    plan = keep(recipe, folder, lambda building: _decide(recipe, plain, building))
    if plan.precision:
        progress(f"{recipe.name} runs on {plan.path}")


def _decide(recipe: Recipe, plain: Path, building: Path) -> Plan:
    without = read_plan(plain)
    if not without.precision:
        return _refused(without, "torch runs this model, and has no such form of it")
    try:
        usual = CompiledModel(plain, without.pad_id, without.max_tokens, without.precision)
        plan, wrong = _measured(Trial(recipe, building), usual, without)
    except (EmbedderError, MissingExtraError) as exc:
        plan, wrong = without, str(exc)
    if wrong:
        drop_model(building)
        return _refused(without, wrong)
    return plan


def _refused(without: Plan, why: str) -> Plan:
    return replace(without, precision="", refused=f"int8 refused: {why}")


def _measured(trial: Trial, usual: CompiledModel, without: Plan) -> tuple[Plan, str]:
    """Return the plan in 8 bits, and what speaks against it; empty when nothing does."""
    cosine = trial.compile(INT8)
    quantized = CompiledModel(trial.building, without.pad_id, without.max_tokens, INT8)
    loss = measure(_way(usual, trial), _way(quantized, trial))
    speedup = _speedup(usual, quantized, trial.rows)
    outcome = f"{speedup:.2f} times the speed of {without.precision}; {loss}"
    plan = replace(without, precision=INT8, cosine=cosine, refused="", measured=outcome)
    why = _against(cosine, loss, speedup)
    return plan, f"{why} ({outcome})" if why else ""


def _against(cosine: float, loss: Loss, speedup: float) -> str:
    if cosine < MIN_COSINE:
        return f"mean cosine {cosine:.5f}"
    if loss.mean > MAX_LOSS:
        return f"it loses more than {MAX_LOSS} nDCG@10"
    return "it gains too little here" if speedup < MIN_SPEEDUP else ""


def _way(model: CompiledModel, trial: Trial) -> Way:
    """Return how questions and passages are embedded; texts beyond the model are cut, alike for whatever is compared."""

    @cache
    def embed(prompt: str, texts: tuple[str, ...]) -> Vectors:
        rows = trial.vocabulary.ids([prompt + text for text in texts])
        return unit(model.embed([row[: trial.original.max_tokens] for row in rows]))

    return Way(
        lambda texts: embed(trial.recipe.query_prompt, tuple(texts)),
        lambda texts: embed(trial.recipe.document_prompt, tuple(texts)),
    )


def _speedup(usual: CompiledModel, quantized: CompiledModel, rows: Sequence[Sequence[int]]) -> float:
    """Return how many times as fast the second is; the best of rounds side by side, so that a busy machine says the same."""
    best = [float("inf"), float("inf")]
    for _ in range(_ROUNDS):
        for at, model in enumerate((usual, quantized)):
            began = time.perf_counter()
            model.embed(rows)
            best[at] = min(best[at], time.perf_counter() - began)
    return best[0] / best[1]

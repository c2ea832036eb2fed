"""Summaries and comparisons without a model: the central sentences of what is summarised, and what answers each side.

Comes in: a prompt. Goes out: quotes. Never: a sentence under the name of a side that it was not found for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..prompts.prompt import Prompt
from .candidates import Candidate, candidates_of
from .central import central
from .quotes import Quote

SUMMARY_SENTENCES = 6
SIDE_SENTENCES = 3


def summary(prompt: Prompt) -> list[Quote]:
    """Return the central sentences of the prompt's passages."""
    return [("", one) for one in central(list(candidates_of(prompt)), SUMMARY_SENTENCES)]


def comparison(prompt: Prompt, select: Callable[[Prompt, str], list[Candidate]]) -> list[Quote]:
    """Return what answers each side; a sentence that speaks of both stands with the first.

    Args:
        prompt: names the sides.
        select: returns the sentences that answer a prompt, of one base or of all.
    """
    quotes: list[Quote] = []
    for side in prompt.sides:
        said = {one for _, one in quotes}
        chosen = (
            select(replace(prompt, question=side.text), side.base)
            if side.text
            else central(list(candidates_of(prompt, side.base)), SIDE_SENTENCES)
        )
        quotes += [(side.title, one) for one in chosen if one not in said]
    return quotes

"""List the sentences that an answer without a model may quote, and drop those that repeat others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..ingest.text.sentences import on_one_line
from ..prompts.prompt import Prompt
from ..retrieval.sentences.units import BULLET, Candidate, candidates
from ..retrieval.words.question import figures

_SAID = 0.6
"""A sentence that shares more than this share of its tokens with an earlier quote repeats it."""


def candidates_of(prompt: Prompt, base: str = "") -> Iterator[Candidate]:
    """Yield the sentences of a prompt's passages, in order; with a base, only those of its passages."""
    yield from candidates([(number, hit) for number, hit in enumerate(prompt.hits, 1) if base in ("", hit.base)])


def shown(candidate: Candidate) -> str:
    """Return a sentence as quoted: on one line, without list or quotation marks; code as it is."""
    text = candidate.text
    if candidate.unit.code:
        return text
    return on_one_line(BULLET.sub("", text, count=1) if BULLET.match(text) else text)


def distinct(candidates: Sequence[Candidate], n: int) -> list[Candidate]:
    """Return the first ``n`` candidates that do not repeat an earlier one; another figure makes a statement different."""
    chosen: list[Candidate] = []
    for candidate in candidates:
        if len(chosen) == n:
            break
        if not any(says_again(candidate.valid, candidate.tokens, one.valid, one.tokens) for one in chosen):
            chosen.append(candidate)
    return chosen


def says_again(text: str, held: frozenset[str], other: str, others: frozenset[str]) -> bool:
    """Return whether a sentence with these tokens repeats the other one."""
    return len(held & others) > _SAID * max(len(held), 1) and figures(text) <= figures(other)

"""The sentences that an answer without a model may quote.

Comes in: a prompt. Goes out: its passages' sentences. Never: two that say the same, where several are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..ingest.text.sentences import on_one_line
from ..prompts.prompt import Prompt
from ..retrieval.sentences.units import BULLET, Candidate, candidates
from ..retrieval.words.question import figures

_SAID = 0.6
"""A sentence that shares more than this of its tokens with one quoted before says it again."""


def candidates_of(prompt: Prompt, base: str = "") -> Iterator[Candidate]:
    """Yield the sentences of a prompt's passages, in their order; with a base, of its passages only."""
    yield from candidates([(number, hit) for number, hit in enumerate(prompt.hits, 1) if base in ("", hit.base)])


def shown(text: str) -> str:
    """Return a unit of Markdown as it is quoted: on one line, and without the mark of a list item or a quotation."""
    return on_one_line(BULLET.sub("", text, count=1) if BULLET.match(text) else text)


def distinct(candidates: Sequence[Candidate], n: int) -> list[Candidate]:
    """Return the first ``n`` candidates that do not say what one before them said; with another figure it is said otherwise."""
    chosen: list[Candidate] = []
    for candidate in candidates:
        if len(chosen) == n:
            break
        if not any(says_again(candidate.text, candidate.tokens, one.text, one.tokens) for one in chosen):
            chosen.append(candidate)
    return chosen


def says_again(text: str, held: frozenset[str], other: str, others: frozenset[str]) -> bool:
    """Return whether a sentence with these tokens says what the other one says."""
    return len(held & others) > _SAID * max(len(held), 1) and figures(text) <= figures(other)

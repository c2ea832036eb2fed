"""The sentences that an answer without a model may quote.

Comes in: a prompt. Goes out: its passages' sentences, each with its tokens and surroundings. Never: a heading or a fence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..ingest.sentences import sentence_spans
from ..prompts.prompt import Prompt
from ..retrieval.tokens import tokens

_SAID = 0.6
"""A sentence that shares more than this of its tokens with one quoted before says it again."""
_MARKUP = re.compile(r"#{1,6}\s|```|~~~|\|[\s|:-]+\|$")
_BULLET = re.compile(r"(?:[-*+•]\s+(?:\[[ xX]\]\s+)?|>\s?)+")
_LINE_BREAK = re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be quoted."""

    passage: int
    """The prompt's ``hits[passage - 1]``."""
    order: int
    text: str
    tokens: frozenset[str]
    context: frozenset[str]
    """Tokens of the headings above and the sentence before."""
    whole: frozenset[str]
    """Tokens of the passage."""
    rank: int
    """Of the passage, from 1."""


def shown(text: str) -> str:
    """Return a unit of Markdown as it is quoted: on one line, and without the mark of a list item or a quotation."""
    return _LINE_BREAK.sub(" ", _BULLET.sub("", text, count=1) if _BULLET.match(text) else text)


def candidates_of(prompt: Prompt) -> Iterator[Candidate]:
    """Yield the sentences of a prompt's passages, in their order."""
    by_score = sorted(range(len(prompt.hits)), key=lambda at: -prompt.hits[at].score)
    ranks = {at: rank for rank, at in enumerate(by_score, 1)}
    for at, hit in enumerate(prompt.hits):
        headings = frozenset(tokens(" ".join(hit.chunk.headings)))
        units = [hit.chunk.text[start:stop] for start, stop in sentence_spans(hit.chunk.text)]
        held = [frozenset(tokens(unit)) for unit in units]
        whole = headings.union(*held)
        before: frozenset[str] = frozenset()
        for order, (unit, own) in enumerate(zip(units, held, strict=True)):
            if _is_prose(unit):
                yield Candidate(at + 1, order, unit, own, headings | before, whole, ranks[at])
            before = own


def _is_prose(text: str) -> bool:
    """Return whether a unit can stand as an answer: not a heading, a rule, a fence or a table's header."""
    return bool(re.search(r"\w", text)) and not _MARKUP.match(text)


def distinct(candidates: Sequence[Candidate], n: int) -> list[Candidate]:
    """Return the first ``n`` candidates that do not say what one before them said."""
    chosen: list[Candidate] = []
    for candidate in candidates:
        if len(chosen) == n:
            break
        if all(len(candidate.tokens & one.tokens) <= _SAID * max(len(candidate.tokens), 1) for one in chosen):
            chosen.append(candidate)
    return chosen

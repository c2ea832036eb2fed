"""The one sentence that comes closest to a question: how much of it it holds, and whether it is of the kind that answers.

Comes in: a question's weighed terms and hits. Goes out: what the sentence holds and lacks. Never: a choice of what to quote;
that is the generator's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...ingest.text.sentences import sentence_spans
from ..hit import Hit
from ..words.answer_kind import expected_answer, new_matches
from ..words.question import Term
from ..words.tokens import tokens

_NEAR = 0.5
"""What the headings and the sentence before hold counts so much: a sentence need not repeat it."""
_LONG = 200
"""Tokens. A longer unit, a table or a listing, holds words of any question."""
_CLOSE = 0.7
_LOOKED_AT = 3
"""The answer may stand in one of the best few sentences that hold this share of what the best one does."""
_MARKUP = re.compile(r"#{1,6}\s|```|~~~")
_DENIES = re.compile(r"\b(?:not|never|cannot)\b|n['’]t\b", re.IGNORECASE)
_NEGATES = re.compile(rf"{_DENIES.pattern}|\b(?:no|none|neither|nor|without|nobody|nothing)\b", re.IGNORECASE)
_PLAIN_WORDS = 16
"""A longer question has clauses, and what one of them denies may not be what is asked."""


@dataclass(frozen=True, slots=True)
class BestSentence:
    """What the best sentence of the hits is to a question."""

    share: float = 0.0
    """0..1: of the question's information that it holds, and half of what only its surroundings hold."""
    own: float = 0.0
    """0..1: of the question's information that it holds itself."""
    lacks_kind: bool = False
    """A date, number, name or place was asked for, and neither the best sentences nor their passage have one."""
    affirms: bool = False
    """The question asks what is *not* so, and the sentence says nothing of the kind."""


@dataclass(frozen=True, slots=True)
class _Unit:
    share: float
    own: float
    text: str
    hit: Hit


def best_sentence(question: str, weights: Mapping[Term, float], hits: Sequence[Hit]) -> BestSentence:
    """Look for the sentence that holds most of a question.

    Args:
        question: as the user wrote it.
        weights: what each of its terms tells; in all more than 0.
        hits: where to look.
    """
    units = sorted((unit for hit in hits for unit in _units(hit, weights)), key=lambda unit: -unit.share)
    if not units:
        return BestSentence()
    best = units[0]
    kind = expected_answer(question)
    return BestSentence(
        best.share,
        best.own,
        kind is not None and not any(new_matches(kind, text, question) for text in _around(units)),
        len(question.split()) <= _PLAIN_WORDS and bool(_DENIES.search(question)) and not _NEGATES.search(best.text),
    )


def _around(units: Sequence[_Unit]) -> Iterator[str]:
    """Yield the sentences that may answer, then the passage of the best one."""
    yield from (unit.text for unit in units[:_LOOKED_AT] if unit.share >= _CLOSE * units[0].share)
    yield units[0].hit.chunk.text


def _units(hit: Hit, weights: Mapping[Term, float]) -> Iterator[_Unit]:
    total = sum(weights.values())
    headings = frozenset(tokens(" ".join(hit.chunk.headings)))
    before: frozenset[str] = frozenset()
    for start, stop in sentence_spans(hit.chunk.text):
        text = hit.chunk.text[start:stop]
        held = frozenset(tokens(text))
        if not _MARKUP.match(text):
            own = sum(weight for term, weight in weights.items() if term.within(held))
            near = sum(weight for term, weight in weights.items() if term.within((headings | before) - held))
            brevity = min(1.0, math.sqrt(_LONG / max(len(held), 1)))
            yield _Unit(min(1.0, brevity * (own + _NEAR * near) / total), brevity * own / total, text, hit)
        before = held

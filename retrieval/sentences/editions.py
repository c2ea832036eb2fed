"""Handle documents that disagree: the same statement with other figures in several, the valid one first.

Comes in: the sentence that answers best, and the close ones. Goes out: it, or what is said instead and then it. Never: an older
text alone if a newer one is at hand.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..hit import Hit
from ..words.question import figures
from ..words.tokens import tokens
from .scorer import Scored
from .standing import day_of, is_final, without_struck

_ALIKE = 0.7
"""Share of each one's words that the other one has."""
_WORDS = 3
_NEAR = 2.0
"""How much lower, in log-odds, one may score than the other."""


def editions(question: str, best: Scored, scored: Sequence[Scored], hits: Sequence[Hit]) -> list[Scored]:
    """Return the best sentence and its counterparts in other documents, the valid one first.

    That is the one from the day or year that the question names, else one that is not a draft, else the newest by the
    documents' own dates.
    """
    asked = figures(question)
    found = {hits[best.candidate.passage - 1].chunk.document_id: best}
    for one in scored:
        document = hits[one.candidate.passage - 1].chunk.document_id
        near = one.score >= best.score - _NEAR
        if near and document not in found and differs(best.candidate.valid, one.candidate.valid):
            found[document] = one

    def holds(one: Scored) -> tuple[bool, bool, str]:
        chunk = hits[one.candidate.passage - 1].chunk
        day = day_of(chunk)
        return bool(asked & {day, day[:4]}), is_final(chunk), day

    return sorted(found.values(), key=holds, reverse=True)


def differs(text: str, other: str, words: int = _WORDS) -> bool:
    """Return whether two sentences say the same with other figures, given at least ``words`` words each."""
    text, other = without_struck(text), without_struck(other)
    one, two = (frozenset(token for token in tokens(said) if token.isalpha()) for said in (text, other))
    alike = len(one & two) >= _ALIKE * max(len(one), len(two)) and len(one) >= words
    return alike and bool(figures(text)) and bool(figures(other)) and figures(text) != figures(other)

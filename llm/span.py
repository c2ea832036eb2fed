"""Find the answer itself within a sentence: the date, number, name or place that was asked for.

Comes in: a question and a sentence. Goes out: a span of it, if one stands out. Never: a span that is in the question itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..retrieval.sentences.standing import without_struck
from ..retrieval.words.answer_kind import exact_answer, new_matches
from ..retrieval.words.hanzi import SIMPLIFIED
from ..retrieval.words.question import Term, terms
from ..retrieval.words.tokens import tokens

_CLOSE_BY = 20
"""Characters. At this distance a word of the question counts half as much as right beside a possible answer."""
_CLAUSE_END = re.compile(r"[,;:，；：、(（]\s?(?!\d{3})")
_UNIT = re.compile(r"(?=([\u3400-\u9fff]{2}))|[^\W_\u3400-\u9fff]+")


def answer_span(question: str, sentence: str) -> tuple[int, int] | None:
    """Return where in ``sentence`` the answer itself is, if it stands out.

    That is the date, number, name or place that was asked for and is not in the question; among several, the one closest to
    words of the question. What is struck out is no answer.
    """
    kind, sentence = exact_answer(question), without_struck(sentence)
    spans = new_matches(kind, sentence, question) if kind else []
    if not spans:
        return None
    places = list(_places(sentence, terms(question)))

    def nearness(span: tuple[int, int]) -> float:
        return sum(share / (1 + _gap(sentence, span, at) / _CLOSE_BY) for at, share in places)

    return max(spans, key=nearness)


def _places(sentence: str, wanted: Sequence[Term]) -> Iterator[tuple[int, float]]:
    """Yield where in a sentence the question's terms are, and their shares of a word."""
    forms = {form: term.share for term in wanted for form in term.forms}
    plain = sentence.translate(SIMPLIFIED)
    for match in _UNIT.finditer(plain):
        found = [forms[token] for token in tokens(match.group(1) or match.group()) if token in forms]
        if found:
            yield match.start(), max(found)


def _gap(sentence: str, span: tuple[int, int], at: int) -> int:
    """Return the characters between a span and a place; those in another clause count as further away."""
    start, stop = (at, span[0]) if at < span[0] else (span[1], at)
    return max(stop - start, 0) + _CLOSE_BY * len(_CLAUSE_END.findall(sentence, start, stop))

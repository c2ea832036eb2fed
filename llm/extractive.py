"""Answers without a model: the sentences of the passages that answer the question, quoted word for word.

Sentences are ranked by the share of the question's information that they hold (Luhn 1958, weighted by inverse sentence
frequency, Neto et al. 2000), by what their surroundings hold of it, by what kind of thing was asked for, and by passage.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from ..ingest.errors import CannotDoError
from ..ingest.split import count_words
from ..prompts.fill import language_of, nothing_found
from ..prompts.prompt import Prompt, TaskName
from ..retrieval.hanzi import SIMPLIFIED
from ..retrieval.question import Term, expected_answer, figures, new_matches, terms
from ..retrieval.tokens import tokens
from .candidates import Candidate, candidates_of, distinct, shown
from .central import central
from .definition import definition_asked
from .generator import Pieces, Sampling
from .sampling import require

MAX_SENTENCES = 3
SUMMARY_SENTENCES = 6

# In units of the share of the question that the sentence itself holds. Fitted as a conditional logit: which sentence of
# eight passages holds the answer, on the development sets; rounded.
_NEAR = 0.5
"""Of what only the headings above and the sentence before hold: the sentence need not repeat it."""
_PASSAGE = 0.35
"""Of what the whole passage holds."""
_KIND = 0.3
"""For holding a date, number, name or place when that was asked for, other than those of the question."""
_DEFINES = 0.3
"""For saying what the thing is, when that was asked."""
_RANK = 0.15
"""For being in the best passage; a half of it in the second, and so on."""

_CLOSE = 0.85
"""A further sentence is quoted only if it scores this share of the best one."""
_OFF_TOPIC = 0.5
"""A sentence with the question's figures that scores less than this share of the best sentence is about other things."""
_LONG = 200
"""Tokens. A longer unit, a table or a listing, holds words of any question."""
_CLOSE_BY = 20
"""Characters. At this distance a word of the question tells half as much of a possible answer as beside it."""
_CLAUSE_END = re.compile(r"[,;:，；：、(（]\s?(?!\d{3})")
_UNIT = re.compile(r"(?=([\u3400-\u9fff]{2}))|[^\W_\u3400-\u9fff]+")


class Extractive:
    """A ``Generator`` that quotes."""

    name = "extractive"
    context_tokens = 1 << 20

    def count_tokens(self, text: str) -> int:
        """Return the length in characters: there is no tokenizer, and no limit that would need one."""
        return len(text)

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """Yield the sentences that answer, best first, each with its mark; of ``sampling``, only ``seed`` is moot.

        Raises:
            CannotDoError: something other than quoting the best sentences was asked for.
        """
        if require(self.name, sampling, frozenset()) == "sample":
            raise CannotDoError(f"{self.name} quotes and leaves nothing to chance; ask with temperature 0")
        quotes = _DONE[prompt.task](prompt)
        kept = _within(quotes, sampling.max_tokens)
        if not kept:
            yield prompt.nothing_found or nothing_found(language_of(prompt.question))
        side = ""
        for at, (title, candidate) in enumerate(kept):
            head = f"**{title}**\n\n" if title != side else ""
            side = title
            yield ("\n\n" if at else "") + f"{head}{shown(candidate.text)} [{candidate.passage}]"
        return "length" if len(kept) < len(quotes) else "stop"

    def close(self) -> None:
        """Nothing to free."""


def select(prompt: Prompt) -> list[Candidate]:
    """Return the sentences to quote, best first; none when no sentence holds anything of the question."""
    wanted = terms(prompt.question)
    candidates = list(candidates_of(prompt))
    if not candidates or not wanted:
        return []
    weights = _weights(wanted, candidates)
    kind = expected_answer(prompt.question)
    definition = definition_asked(prompt.question)
    scores = {
        one: _score(one, weights, prompt.question, kind) + _DEFINES * bool(definition and definition.search(one.text))
        for one in candidates
    }
    best = max(scores.values())
    kept = [one for one in _with_figures(candidates, figures(prompt.question)) if scores[one] > _OFF_TOPIC * best]
    kept.sort(key=lambda one: (-scores[one], one.passage, one.order))
    return distinct([one for one in kept if scores[one] >= _CLOSE * scores[kept[0]]], MAX_SENTENCES)


Quote = tuple[str, Candidate]
"""What it is about, where that is to be shown; and the sentence."""


def _answer(prompt: Prompt) -> list[Quote]:
    return [("", one) for one in select(prompt)]


def _summary(prompt: Prompt) -> list[Quote]:
    return [("", one) for one in central(list(candidates_of(prompt)), SUMMARY_SENTENCES)]


def _comparison(prompt: Prompt) -> list[Quote]:
    """Return what answers each side; a sentence that speaks of both stands with the first."""
    quotes: list[Quote] = []
    for side in prompt.sides:
        said = {one for _, one in quotes}
        quotes += [(side, one) for one in select(replace(prompt, question=side)) if one not in said]
    return quotes


_DONE: Mapping[TaskName, Callable[[Prompt], list[Quote]]] = {
    "answer": _answer,
    "summarise": _summary,
    "compare": _comparison,
}


def _within(quotes: Sequence[Quote], max_tokens: int) -> list[Quote]:
    """Return the first of them that take no more than so many words together; the first one always, a quote is whole."""
    used = accumulate(count_words([one.text for _, one in quotes]))
    return [quote for quote, total in zip(quotes, used, strict=True) if total <= max_tokens or quote is quotes[0]]


def answer_span(question: str, sentence: str) -> tuple[int, int] | None:
    """Return where in ``sentence`` the answer itself stands, if it stands out.

    That is the date, number, name or place that was asked for and is not in the question; of several the one that
    stands closest to words of the question.
    """
    kind = expected_answer(question)
    spans = new_matches(kind, sentence, question) if kind else []
    if not spans:
        return None
    places = list(_places(sentence, terms(question)))

    def nearness(span: tuple[int, int]) -> float:
        return sum(share / (1 + _gap(sentence, span, at) / _CLOSE_BY) for at, share in places)

    return max(spans, key=nearness)


def _places(sentence: str, wanted: Sequence[Term]) -> Iterator[tuple[int, float]]:
    """Yield where in a sentence the question's terms stand, and their shares of a word."""
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


def _with_figures(candidates: list[Candidate], asked: frozenset[str]) -> list[Candidate]:
    """Return the candidates that hold the question's figures, or none and follow on one that does.

    What is said of exit code 130 does not answer what exit code 5 means, however alike the words are.
    """
    near = [
        one
        for one in candidates
        if asked <= one.tokens or (asked <= one.tokens | one.context and not figures(one.text))
    ]
    return near or [one for one in candidates if asked <= one.whole] or candidates


def _weights(wanted: Sequence[Term], candidates: Sequence[Candidate]) -> dict[Term, float]:
    """Return how much each term of the question tells: ln(1 + n / n with it), over the sentences at hand; in all 1."""
    n = len(candidates)
    weights = {
        term: term.share * math.log(1 + n / (1 + sum(term.within(one.tokens) for one in candidates))) for term in wanted
    }
    total = sum(weights.values())
    return {term: weight / total for term, weight in weights.items()}


def _score(candidate: Candidate, weights: dict[Term, float], question: str, kind: re.Pattern[str] | None) -> float:
    own = sum(weight for term, weight in weights.items() if term.within(candidate.tokens))
    near = sum(weight for term, weight in weights.items() if term.within(candidate.context - candidate.tokens))
    if not own + near:
        return 0.0
    whole = sum(weight for term, weight in weights.items() if term.within(candidate.whole))
    brevity = min(1.0, math.sqrt(_LONG / max(len(candidate.tokens), 1)))
    fits = kind is not None and bool(new_matches(kind, candidate.text, question))
    return brevity * (own + _NEAR * near) + _PASSAGE * whole + _KIND * fits + _RANK / candidate.rank

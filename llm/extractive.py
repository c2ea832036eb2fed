"""Answers without a model: the sentences of the passages that answer the question, quoted word for word.

Sentences are ranked by the share of the question's information that they hold (Luhn 1958, weighted by inverse sentence
frequency, Neto et al. 2000), by what their surroundings hold of it, by what kind of thing was asked for, and by passage.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ..ingest.errors import GeneratorError
from ..ingest.sentences import sentence_spans
from ..ingest.split import count_words
from ..prompts.fill import language_of, nothing_found
from ..prompts.prompt import Prompt
from ..retrieval.hanzi import SIMPLIFIED
from ..retrieval.question import Term, expected_answer, figures, new_matches, terms
from ..retrieval.tokens import tokens
from .generator import Sampling
from .sampling import require

MAX_SENTENCES = 3

# In units of the share of the question that the sentence itself holds. Fitted as a conditional logit: which sentence of
# eight passages holds the answer, on the development sets; rounded.
_NEAR = 0.5
"""Of what only the headings above and the sentence before hold: the sentence need not repeat it."""
_PASSAGE = 0.35
"""Of what the whole passage holds."""
_KIND = 0.3
"""For holding a date, number, name or place when that was asked for, other than those of the question."""
_RANK = 0.15
"""For being in the best passage; a half of it in the second, and so on."""

_CLOSE = 0.85
"""A further sentence is quoted only if it scores this share of the best one."""
_SAID = 0.6
"""A sentence that shares more than this of its tokens with one quoted before says it again."""
_OFF_TOPIC = 0.5
"""A sentence with the question's figures that scores less than this share of the best sentence is about other things."""
_LONG = 200
"""Tokens. A longer unit, a table or a listing, holds words of any question."""
_CLOSE_BY = 20
"""Characters. At this distance a word of the question tells half as much of a possible answer as beside it."""
_CLAUSE_END = re.compile(r"[,;:，；：、(（]\s?(?!\d{3})")
_UNIT = re.compile(r"(?=([\u3400-\u9fff]{2}))|[^\W_\u3400-\u9fff]+")
_LINE_BREAK = re.compile(r"\s*\n\s*")
_MARKUP = re.compile(r"#{1,6}\s|```|~~~|\|[\s|:-]+\|$")


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


class Extractive:
    """A ``Generator`` that quotes."""

    name = "extractive"
    context_tokens = 1 << 20

    def count_tokens(self, text: str) -> int:
        """Return the length in characters: there is no tokenizer, and no limit that would need one."""
        return len(text)

    def generate(self, prompt: Prompt, sampling: Sampling) -> Iterator[str]:
        """Yield the sentences that answer, best first, each with its mark; of ``sampling``, only ``seed`` is moot.

        Raises:
            GeneratorError: something other than quoting the best sentences was asked for.
        """
        if require(self.name, sampling, frozenset()) == "sample":
            raise GeneratorError(f"{self.name} quotes and leaves nothing to chance; ask with temperature 0")
        chosen = _within(select(prompt), sampling.max_tokens)
        if not chosen:
            yield prompt.nothing_found or nothing_found(language_of(prompt.question))
        for at, candidate in enumerate(chosen):
            text = _LINE_BREAK.sub(" ", candidate.text)
            yield ("\n\n" if at else "") + f"{text} [{candidate.passage}]"

    def close(self) -> None:
        """Nothing to free."""


def select(prompt: Prompt) -> list[Candidate]:
    """Return the sentences to quote, best first; none when no sentence holds anything of the question."""
    wanted = terms(prompt.question)
    candidates = list(_candidates(prompt))
    if not candidates or not wanted:
        return []
    weights = _weights(wanted, candidates)
    kind = expected_answer(prompt.question)
    scores = {one: _score(one, weights, prompt.question, kind) for one in candidates}
    best = max(scores.values())
    kept = [one for one in _with_figures(candidates, figures(prompt.question)) if scores[one] > _OFF_TOPIC * best]
    kept.sort(key=lambda one: (-scores[one], one.passage, one.order))
    return _distinct([one for one in kept if scores[one] >= _CLOSE * scores[kept[0]]])


def _within(chosen: Sequence[Candidate], max_tokens: int) -> list[Candidate]:
    """Return the best of them that take no more than so many words together; the first one always, a quote is whole."""
    used = accumulate(count_words([one.text for one in chosen]))
    return [one for one, total in zip(chosen, used, strict=True) if total <= max_tokens or one is chosen[0]]


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


def _candidates(prompt: Prompt) -> Iterator[Candidate]:
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


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the first candidates that do not say what one before them said."""
    chosen: list[Candidate] = []
    for candidate in candidates:
        if len(chosen) == MAX_SENTENCES:
            break
        if all(len(candidate.tokens & one.tokens) <= _SAID * max(len(candidate.tokens), 1) for one in chosen):
            chosen.append(candidate)
    return chosen

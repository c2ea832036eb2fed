"""Answers without a model: the sentences of the passages that answer the question, quoted word for word.

Sentences are ranked by the share of the question's information that they hold (Luhn 1958, weighted by inverse sentence
frequency, Neto et al. 2000), by what their surroundings hold of it, by what kind of thing was asked for, and by passage.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate

from ..ingest.errors import CannotDoError
from ..ingest.text.split import count_words
from ..prompts.fill import language_of, nothing_found
from ..prompts.prompt import Prompt, TaskName
from ..retrieval.words.answer_kind import exact_answer, likely_answer, new_matches
from ..retrieval.words.hanzi import SIMPLIFIED
from ..retrieval.words.question import Term, figures, terms
from ..retrieval.words.tokens import tokens
from .candidates import Candidate, candidates_of, distinct
from .composed import comparison, summary
from .definition import definition_asked
from .generator import Pieces, Sampling
from .quotes import Quote, laid_out, leads_in
from .sampling import require

MAX_SENTENCES = 3
CLOSEST = 3
"""Passages that are shown where none of them is known to answer."""
MAX_ITEMS = 12
"""Of a list, a table or lines of code that the best sentence leads in."""

# In units of the share of the question that the sentence itself holds. Fitted as a conditional logit: which sentence of
# eight passages holds the answer, on XQuAD, CMRC 2018, SQuAD 2 and GitLab's handbook; rounded.
_NEAR = 0.55
"""Of what only the headings above and the sentence before hold: the sentence need not repeat it."""
_TOPIC = 0.3
"""Of what only the headings or the first sentence of the passage hold: what it is all about."""
_PASSAGE = 0.12
"""Of what the passage holds anywhere else."""
_HINTED = 0.4
"""Of Chinese characters that stand in other words there: 制成 is asked, 制得 is said."""
_KIND = 0.23
"""For holding a date, number, name or place when that was asked for, other than those of the question."""
_DEFINES = 0.6
"""For saying what the thing is, when that was asked."""
_BEHIND = 0.05
"""Against every standard deviation that its passage scores below the best one."""
_ASKS = 0.12
"""Against being a question: it does not answer one."""

_OTHER_LANGUAGE = 0.2
"""Against being written in the other language, of which only a name or a command is understood."""

_CLOSE = 0.12
"""A further sentence is quoted only if it scores no more than so much less than the best one."""
_OFF_TOPIC = 0.5
"""A sentence with the question's figures that scores less than this share of the best sentence is about other things."""
_BESIDE = (1, -1, 2)
"""Where an answer that the best sentence lacks may stand, in sentences from there, the likeliest first."""
_BELOW = (1, 2)
"""Where the answer stands if the best sentence only names what was asked for: RETURN POLICY, say."""
_SAYS_SOMETHING = 2
"""Words, or Chinese bigrams. A sentence with fewer that are not the question's repeats it, and the answer stands beside it."""
_LONG = 200
"""Tokens. A longer unit, a table or a listing, holds words of any question."""
_CLOSE_BY = 20
"""Characters. At this distance a word of the question tells half as much of a possible answer as beside it."""
_CLAUSE_END = re.compile(r"[,;:，；：、(（]\s?(?!\d{3})")
_HAN = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile(r"[^\W\d_\u3400-\u9fff]")
_CHINESE = 3
"""Letters of Latin words in Chinese text for each of its characters, at most."""
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
        before: Quote | None = None
        for quote in kept:
            yield f"{laid_out(quote, before)} [{quote[1].passage}]"
            before = quote
        return "length" if len(kept) < len(quotes) else "stop"

    def close(self) -> None:
        """Nothing to free."""


def select(prompt: Prompt, base: str = "") -> list[Candidate]:
    """Return the sentences to quote, best first, of one base or of all; none when none holds anything of the question."""
    wanted = terms(prompt.question)
    candidates = list(candidates_of(prompt, base))
    if not candidates or not wanted:
        return []
    score = _scorer(prompt.question, _weights(wanted, candidates))
    scores = {one: score(one) for one in candidates}
    best = max(scores.values())
    kept = [one for one in _with_figures(candidates, figures(prompt.question)) if scores[one] > _OFF_TOPIC * best]
    kept.sort(key=lambda one: (-scores[one], one.passage, one.order))
    close = [one for one in kept if scores[one] >= scores[kept[0]] - _CLOSE]
    completing = _completing(prompt.question, close[0], candidates, kept) if close else ()
    return distinct([*close[:1], *completing, *close[1:]], MAX_SENTENCES)


def nearest(prompt: Prompt) -> list[Candidate]:
    """Return the sentences that come closest, the closest first, each of another passage: of what may not answer at all."""
    candidates = list(candidates_of(prompt))
    wanted = terms(prompt.question)
    if not candidates or not wanted:
        return []
    score = _scorer(prompt.question, _weights(wanted, candidates))
    ranked = sorted(candidates, key=lambda one: (-score(one), one.behind, one.passage, one.order))
    best_of = {one.passage: one for one in reversed(ranked)}
    return distinct([one for one in ranked if best_of[one.passage] is one], CLOSEST)


def _completing(
    question: str, best: Candidate, candidates: Sequence[Candidate], kept: Collection[Candidate]
) -> Iterator[Candidate]:
    """Yield the sentence beside the best one that has what was asked for, if the best one has not, or says nothing new.

    *When was the firm founded?* may be answered in the sentence before *Then the firm was founded.*
    """
    kind = likely_answer(question)
    new = best.tokens - frozenset(tokens(question))
    at = {one.order - best.order: one for one in candidates if one.passage == best.passage}
    if not new and not figures(best.text):  # a title: what stands below it answers
        yield from (at[place] for place in _BELOW if place in at)
    beside = [at[place] for place in _BESIDE if place in at]
    if kind and not new_matches(kind, best.text, question):
        yield from [one for one in beside if new_matches(kind, one.text, question)][:1]
    elif not kind and sum(len(token) > 1 for token in new) < _SAYS_SOMETHING:
        yield from [one for one in beside if one in kept][:1]


def _answer(prompt: Prompt) -> list[Quote]:
    """Return the sentences that answer; behind the best one what it leads in: a list is more than its first line."""
    chosen = select(prompt)
    led = [one for one in candidates_of(prompt) if leads_in(chosen[0], one)][:MAX_ITEMS] if chosen else []
    return [("", one) for one in (*chosen[:1], *led, *(one for one in chosen[1:] if one not in led))]


_DONE: Mapping[TaskName, Callable[[Prompt], list[Quote]]] = {
    "answer": _answer,
    "summarise": summary,
    "compare": partial(comparison, select=select),
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
    kind = exact_answer(question)
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


def _in_chinese(text: str, *, if_neither: bool = False) -> bool:
    """Return whether a text is written in Chinese, rather than having a Chinese name in it; or what is given, if in neither."""
    han, latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
    return _CHINESE * han > latin if han or latin else if_neither


def _scorer(question: str, weights: Mapping[Term, float]) -> Callable[[Candidate], float]:
    kind = likely_answer(question)
    definition = definition_asked(question)
    chinese = _in_chinese(question)

    def share(held: frozenset[str]) -> float:
        return sum(weight for term, weight in weights.items() if term.within(held))

    def score(one: Candidate) -> float:
        own, near = share(one.tokens), share(one.tokens | one.context)
        if not near:
            return 0.0
        topic, whole = share(one.tokens | one.context | one.topic), share(one.whole)
        hinted = sum(
            weight for term, weight in weights.items() if not term.within(one.tokens) and term.hinted(one.tokens)
        )
        brevity = min(1.0, math.sqrt(_LONG / max(len(one.tokens), 1)))
        return (
            brevity * (own + _NEAR * (near - own) + _HINTED * hinted)
            + _TOPIC * (topic - near)
            + _PASSAGE * (whole - topic)
            + _KIND * bool(kind and new_matches(kind, one.text, question))
            + _DEFINES * bool(definition and definition.search(one.text))
            - _BEHIND * one.behind
            - _OTHER_LANGUAGE * (_in_chinese(one.text, if_neither=chinese) != chinese)
            - _ASKS * one.text.rstrip().endswith(("?", "？"))
        )

    return score

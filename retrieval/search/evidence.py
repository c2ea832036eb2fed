"""Whether what was found is enough to answer from.

Comes in: a question and its hits. Goes out: how much of what the question is about they hold. Never: an opinion on the
answer itself; that is checked sentence by sentence, later.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..hit import Hit
from ..words.question import Term, asked_phrases, figures, phrases, terms
from ..words.tokens import tokens
from .absent import absent_words
from .best_sentence import BestSentence, best_sentence

Frequencies = Callable[[Sequence[str]], dict[str, int]]
"""How many chunks of the base hold each token; tokens that none holds are left out."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic model: what each sign adds to the log-odds that the hits answer the question."""

    constant: float
    coverage: float
    phrases: float
    length: float
    similarity: float
    size: float
    """The more passages, the more of them hold a question's words by chance."""
    sentence: float
    """For the share of the question that its best sentence holds."""
    lacks_kind: float


WEIGHTS = {
    "": Weights(-13.2, 11.0, 3.7, 2.0, 0.0, -0.1, 5.2, -2.3),
    "tfidf": Weights(-14.8, 5.9, 2.6, 2.3, 21.7, -0.1, 5.6, -2.9),
    "dense": Weights(-15.9, 5.8, 4.1, 2.1, 17.0, -0.1, 5.3, -3.4),
}
"""By the lane that measured the similarity; "" when none did. Fitted by ``benchmarks/abstention.py --fit`` on the sets that it
calls fitted, every set alike and half of them answerable; ``dense`` with MiniLM in English. The weight of the size was
fitted with ``tfidf`` and taken over by the other two, whose bases are too few to tell."""
LARGEST = 4_000
"""Passages of the largest base that the weights were fitted on; a larger one counts as this."""

ENOUGH = 0.0
"""Log-odds. Of the questions on topics that a base does not have 0 to 5 % pass it (mean 2 %), also on sets that nothing was
fitted on, and 89 % of the answerable ones (92 % with MiniLM on what it was fitted on). Questions made to look answerable
pass more often (SQuAD 2: 63 %)."""
ALL = 0.9
"""A sentence that holds this share of the question itself is enough, whatever the score. In a base of a few passages no word is
rare and no question scores high; in the bases of the benchmarks every such question passes by its score as well."""
CROSS_LANGUAGE_ENOUGH = 0.6
"""A cosine. A question that shares no word with its hits, being in another language, has nothing else to show."""
NEAR = -9.0
"""Log-odds from which on passages are shown as the closest ones, though they may not answer."""
_LOOKED_AT = 5
_HAN = re.compile("[\u3400-\u9fff]")
_OTHER = re.compile("[^\\W\\d_\u3400-\u9fff]")


Verdict = Literal["sure", "unsure", "nothing"]
"""Answer; show the passages that come closest and claim nothing; or say that there is nothing near."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much of a question its best hits hold."""

    coverage: float
    """0..1: the share of the question's information (idf mass) that the best single hit holds."""
    phrases: float
    """0..1: the share of the question's pairs of words that the best single hit holds as pairs."""
    n_terms: int
    """How many things the question names: a share of many is better evidence than the same share of few."""
    similarity: float
    """The best cosine of ``lane``."""
    lane: str
    """``dense``, ``tfidf``, or empty when neither took part."""
    missing: tuple[str, ...]
    """Figures of the question that no hit holds: a year, an amount, a version, an error code."""
    shares_script: bool = True
    """Whether any hit is written in the script of the question."""
    n_chunks: int = 1
    """Passages of the base."""
    sentence: BestSentence = field(default_factory=BestSentence)
    """The one that comes closest."""
    absent: tuple[str, ...] = ()
    """Names and rare words of the question that no hit holds, figures left out."""

    @property
    def score(self) -> float:
        """The log-odds that the hits answer the question."""
        weights = WEIGHTS[self.lane]
        return (
            weights.constant
            + weights.coverage * self.coverage
            + weights.phrases * self.phrases
            + weights.length * math.log1p(self.n_terms)
            + weights.similarity * self.similarity
            + weights.size * math.log(max(1, min(self.n_chunks, LARGEST)))
            + weights.sentence * self.sentence.share
            + weights.lacks_kind * self.sentence.lacks_kind
        )

    @property
    def sufficient(self) -> bool:
        """Whether to answer at all; the default is to abstain."""
        return self.suffices()

    def verdict(self, strictness: float = 0.0) -> Verdict:
        """Return how surely the hits answer: the one place where this is decided.

        Args:
            strictness: how much higher than usual the log-odds of a sure answer must be.
        """
        if self.suffices(strictness):
            return "sure"
        return "unsure" if self.score >= NEAR else "nothing"

    def suffices(self, strictness: float = 0.0) -> bool:
        """Return whether to answer when the log-odds must be so much higher than usual, or lower if it is below 0."""
        if not self.shares_script:
            return self.lane == "dense" and self.similarity >= CROSS_LANGUAGE_ENOUGH
        if self.missing or self.sentence.affirms:
            return False
        whole = strictness <= 0 and self.sentence.own >= ALL and not self.sentence.lacks_kind
        return whole or self.score >= ENOUGH + strictness


def weigh(
    question: str, hits: Sequence[Hit], frequencies: Frequencies, n_chunks: int, *, unrelated: float = 0.0
) -> Evidence:
    """Weigh the evidence of the first few hits.

    A term weighs its inverse document frequency, ln(1 + N / n) (Spärck Jones 1972); one that no chunk holds weighs most,
    so a question about something the base never mentions is not answered from what happens to share its other words.

    Args:
        question: as the user wrote it.
        hits: best first.
        frequencies: of the base.
        n_chunks: of the base.
        unrelated: the mean cosine of the question with all passages, for embedders whose cosines do not start at 0.
    """
    wanted = terms(question)
    known = frequencies(list(dict.fromkeys([*tokens(question), *(form for term in wanted for form in term.forms)])))
    weights = {term: _weight(term, known, n_chunks) for term in wanted}
    total = sum(weights.values())
    asked = asked_phrases(question)
    best = best_phrases = 0.0
    everything: set[str] = set()
    for hit in hits[:_LOOKED_AT]:
        text = hit.chunk.indexed_text
        held = set(tokens(text))
        everything |= held
        best = max(best, sum(weight for term, weight in weights.items() if term.within(held)))
        best_phrases = max(best_phrases, len(asked & phrases(text)) / (1 + len(asked)))
    lane, similarity = _similarity(hits[:_LOOKED_AT], unrelated)
    return Evidence(
        best / total if total else 0.0,
        best_phrases,
        len(wanted),
        similarity,
        lane,
        tuple(sorted(figures(question) - everything)) if hits else (),
        any(_shares_script(question, hit.chunk.text) for hit in hits[:_LOOKED_AT]),
        n_chunks,
        best_sentence(question, weights, hits[:_LOOKED_AT]) if total else BestSentence(),
        absent_words(question, everything, known) if hits else (),
    )


def _weight(term: Term, known: dict[str, int], n_chunks: int) -> float:
    return term.share * math.log(1 + n_chunks / (1 + max(known.get(form, 0) for form in term.forms)))


def _similarity(hits: Sequence[Hit], unrelated: float) -> tuple[str, float]:
    for name in ("dense", "tfidf"):
        cosines = [lane.score for hit in hits for lane in hit.lanes if lane.name == name]
        if cosines:
            return name, (max(cosines) - unrelated) / (1 - unrelated) if name == "dense" else max(cosines)
    return "", 0.0


def _shares_script(question: str, text: str) -> bool:
    """Return whether ``text`` has what ``question`` is written in: Chinese characters, or else other letters."""
    if _HAN.search(question):
        return bool(_HAN.search(text))
    return bool(_OTHER.search(text))

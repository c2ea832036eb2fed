"""Decide whether the hits are enough to answer from.

Comes in: a question and its hits. Goes out: how surely they answer. Never: the text of an answer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Literal

from ..hit import Hit
from ..sentences.scorer import Scored, ranked
from ..sentences.standing import replaced, without_struck
from ..sentences.units import candidates
from ..sentences.wanted import Wanted
from ..words.answer_kind import lacks_what_is_asked
from ..words.asks import asks_for
from ..words.directions import without_directions
from ..words.question import terms, unheld
from ..words.scripts import shares_script
from ..words.tokens import tokens
from .absent import absent_words

Frequencies = Callable[[Sequence[str]], dict[str, int]]
"""How many chunks of the base contain each token; tokens with none are left out."""
Verdict = Literal["sure", "unsure", "nothing"]
"""Answer; show the closest passages and claim nothing; or say that nothing is close."""

ENOUGH = 0.0
"""Minimum log-odds for an answer to be given as sure."""
ENOUGH_FILE = -1.75
"""The same for a question that asks for a file. Whoever asks which file holds something knows that one does: for all 28 such
questions in six folders the best sentence is from the right file, at -2.9 to 1.1. The shift is from the odds of three in four,
which the model was fitted on, to nineteen in twenty."""
ALL = 0.9
"""A sentence that itself covers this share of the question is enough, whatever the score: short questions score low."""
NEAR = -3.0
"""Minimum log-odds for passages to be shown as the closest ones, though they may not answer, computed as if they contained
every name and figure of the question."""
SOMETHING = 0.25
"""Minimum share of the question that passages must cover to be shown at all."""
ACROSS_SURE, ACROSS_NEAR = 0.31, 0.165
"""Cosines, with off-topic text at 0, for a question in another script than its hits, which has no other evidence. With
multilingual-e5-small 38 % of the English questions on XQuAD's Chinese passages pass the first and 90 % the second; of unrelated
ones 3 % and 58 %. A near passage is shown, and nothing claimed."""
NEAR_ENOUGH = 0.42
"""Such a cosine at which a sentence is as likely to answer as not."""
AKIN = -0.1
"""Minimum closeness in meaning for passages to be shown as the closest ones, whatever their words."""
READ_ACROSS, READ_WHOLE, READ_AKIN = 2.5, -1.0, -1.5
"""Minimum of the reader's log-odds for the best sentence to be an answer in another script, an answer if it covers the whole
question, and in any case the closest passage."""
_ACROSS_SLOPE = 17.0
"""Log-odds per unit of such a cosine."""
_MOST_TERMS = 12
_BESIDE = 2
"""Sentences on either side that may contain what the question asks for."""


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs for and against an answer: in the best sentence, its passage, and all hits."""

    constant: float
    coverage: float
    """0..1: the share of the question's information in the best sentence, its surroundings and its document's name."""
    own: float
    """0..1: the share in the sentence itself."""
    near: float
    """0..1: the share found only in its headings, the sentence before and its record."""
    phrases: float
    length: float
    """The logarithm of how many things the question names: a share of many is better evidence than the same share of few."""
    hinted: float
    no_kind: float
    repeats: float
    affirms: float
    missing: float
    absent: float
    """Names in the question that no hit contains, at most 3."""
    margin: float
    """How much likelier the best sentence is than the best one from another document, in log-odds, at most 6."""
    behind: float
    meaning: float
    """How much closer in meaning the best sentence is than a borderline one; 0 if no embedder reads it."""
    read: float
    """The reader's log-odds that the best sentence answers; 0 without a reader."""


WEIGHTS = Signs(
    constant=-3.1, coverage=0.7, own=0.5, near=1.8, phrases=2.8, length=0.5, hinted=4.6, no_kind=-1.2, repeats=-1.1,
    affirms=-3.0, missing=-2.5, absent=-0.5, margin=0.3, behind=-1.0, meaning=7.2,
    read=0.0,
)  # fmt: skip
"""A logistic model of whether the best sentence answers. ``benchmarks/fit_answers.py --gate`` refits it; these weights were
fitted that way, then rounded and adjusted by hand, which does as well as a new fit on rows that neither saw."""


READ_WEIGHTS = Signs(
    constant=-2.2, coverage=1.3, own=0.4, near=0.9, phrases=0.9, length=0.1, hinted=2.8, no_kind=-0.9, repeats=-1.8,
    affirms=-3.0, missing=-2.5, absent=0.0, margin=0.2, behind=-0.45, meaning=2.3, read=0.45,
)  # fmt: skip
"""Weights for when the reader has read the likeliest sentences, fitted and rounded in the same way."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How surely hits answer a question."""

    signs: Signs
    lane: str = ""
    """What measured the similarity: ``dense``, ``tfidf``, or empty if neither took part."""
    similarity: float = 0.0
    """The best cosine, rescaled so that off-topic text is at 0."""
    missing: tuple[str, ...] = ()
    """Figures of the question missing from all hits of the best sentence's document: a year, an amount, a version, a code."""
    absent: tuple[str, ...] = ()
    """Names and rare words of the question that no hit contains, without figures."""
    shares_script: bool = True
    """Whether any hit is written in the script of the question."""
    best: Scored | None = None
    """The sentence most likely to answer."""
    was_read: bool = False
    """Whether the reader has read its likeliest sentences."""
    lacking: bool = False
    """Whether the question asks for a phone number, a mail address or an amount, and there is none near the best sentence."""
    out_of_date: bool = False
    """Whether its document says that it is no longer valid, and the question is not about that time."""
    weights: Signs = WEIGHTS
    """The weight of each sign."""
    enough: float = ENOUGH
    """Minimum log-odds to answer."""

    @property
    def score(self) -> float:
        """The log-odds that the hits answer the question."""
        if self.best is None:
            return -math.inf
        pairs = zip(astuple(self.weights), astuple(self.signs), strict=True)
        return float(sum(weight * value for weight, value in pairs))

    @property
    def sufficient(self) -> bool:
        """Whether to answer as sure."""
        return self.suffices()

    def verdict(self, strictness: float = 0.0) -> Verdict:
        """Return how surely the hits answer: the only place where this is decided.

        Args:
            strictness: how much higher than usual the log-odds of a sure answer must be.
        """
        if self.suffices(strictness):
            return "sure"
        if not self.shares_script and not self.was_read:
            return "unsure" if self.lane == "dense" and self.similarity >= ACROSS_NEAR else "nothing"
        held = self.signs.coverage + self.signs.hinted
        lacking = self.weights.missing * self.signs.missing + self.weights.absent * self.signs.absent
        by_words = held >= SOMETHING and self.score - lacking >= NEAR
        akin = self.signs.read >= READ_AKIN if self.was_read else AKIN <= self.signs.meaning != 0.0
        return "unsure" if by_words or akin else "nothing"

    def suffices(self, strictness: float = 0.0) -> bool:
        """Return whether to answer as sure if the log-odds must be ``strictness`` higher than usual (lower if negative)."""
        if not self.shares_script:
            near = self.similarity >= ACROSS_SURE + strictness / _ACROSS_SLOPE
            near = self.signs.read >= READ_ACROSS + strictness if self.was_read else near and self.lane == "dense"
            return near and not self.missing
        if self.missing or self.lacking or self.signs.affirms or self.out_of_date:
            return False
        whole = strictness <= 0 and self.signs.own >= ALL and not (self.signs.no_kind or self.signs.repeats)
        whole = whole and not (self.was_read and self.signs.read < READ_WHOLE)
        return whole or self.score >= self.enough + strictness


def weigh(question: str, hits: Sequence[Hit], frequencies: Frequencies, *, unrelated: float = 0.0) -> Evidence:
    """Weigh the evidence of hits.

    Args:
        question: as the user wrote it.
        hits: best first.
        frequencies: of the base.
        unrelated: the question's cosine with off-topic text, for embedders whose cosines do not start at 0.
    """
    question = without_directions(question)
    asked, scored = ranked(question, list(candidates(list(enumerate(hits, 1)))))
    held = [_held(hit) for hit in hits]
    everything = frozenset().union(*held)
    wanted = terms(question)
    forms = dict.fromkeys([*tokens(question), *(form for term in wanted for form in term.forms)])
    known = _without_struck_out(frequencies(list(forms)), hits)
    lane, similarity = _similarity(hits, unrelated)
    best = scored[0] if scored and asked.weights else None
    near = held[best.candidate.passage - 1] if best else frozenset[str]()
    absent = absent_words(question, everything, known, near) if hits else ()
    of_best = _of_document(best, hits, held) | asked.held_by(best.candidate) if best else frozenset[str]()
    missing = tuple(sorted(unheld(asked.figures, of_best))) if best else ()
    signs = Signs(*(0.0 for _ in astuple(WEIGHTS)))
    if best:
        signs = _signs(asked, scored, held[best.candidate.passage - 1], hits, len(missing), len(absent))
    shares = any(shares_script(question, hit.chunk.text) for hit in hits)
    out_of_date = best is not None and bool(best.signs.lapsed)
    lacking = best is not None and lacks_what_is_asked(question, _around(best, scored))
    was_read = any(hit.reads for hit in hits)
    return Evidence(
        signs, lane, similarity, missing, absent, shares, best, was_read, lacking, out_of_date,
        READ_WEIGHTS if was_read else WEIGHTS, ENOUGH_FILE if asks_for("file", question) else ENOUGH,
    )  # fmt: skip


def _signs(
    asked: Wanted, scored: Sequence[Scored], held: frozenset[str], hits: Sequence[Hit], missing: int, absent: int,
) -> Signs:  # fmt: skip
    best, own = scored[0], scored[0].signs
    document = hits[best.candidate.passage - 1].chunk.document_id
    others = (one.score for one in scored if hits[one.candidate.passage - 1].chunk.document_id != document)
    return Signs(
        constant=1.0,
        coverage=asked.share(held),
        own=own.own,
        near=own.above + own.beside,
        phrases=own.phrases,
        length=math.log1p(min(sum(term.share for term in asked.weights), _MOST_TERMS)),
        hinted=own.hinted,
        no_kind=own.no_kind,
        repeats=max(own.repeats, own.says_nothing, own.asks),
        affirms=own.affirms,
        missing=float(missing > 0),
        absent=min(absent, 3.0),
        margin=min(best.score - next(others, best.score - 6.0), 6.0),
        behind=own.behind,
        meaning=best.candidate.meaning - NEAR_ENOUGH if any(hit.meanings for hit in hits) else 0.0,
        read=best.candidate.read,
    )


def _held(hit: Hit) -> frozenset[str]:
    """Return the tokens of a passage and its document's names; struck-out ones only where new text replaces them."""
    text = f"{hit.chunk.indexed_text}\n{hit.chunk.names}"
    about = " ".join(words for _, _, words in replaced(hit.chunk.text))
    return frozenset(tokens(f"{without_struck(text)}\n{about}"))


def _without_struck_out(known: dict[str, int], hits: Sequence[Hit]) -> dict[str, int]:
    """Return how many chunks contain each token, without the hits that contain it only in text that is struck out."""
    struck = Counter(
        token
        for hit in hits
        if "~~" in hit.chunk.indexed_text
        for token in {*tokens(hit.chunk.indexed_text)} - _held(hit)
    )
    return {token: max(n - struck[token], 0) for token, n in known.items()}


def _around(best: Scored, scored: Sequence[Scored]) -> str:
    """Return the best sentence with its table header and the sentences beside it."""
    own = best.candidate
    near = (one.candidate for one in scored if one.candidate.passage == own.passage)
    beside = sorted((one for one in near if abs(one.order - own.order) <= _BESIDE), key=lambda one: one.order)
    return "\n".join([without_struck(own.unit.head), *(one.valid for one in beside)])


def _of_document(best: Scored, hits: Sequence[Hit], held: Sequence[frozenset[str]]) -> frozenset[str]:
    """Return the tokens of all hits from the best sentence's document."""
    document = hits[best.candidate.passage - 1].chunk.document_id
    return frozenset().union(*(own for hit, own in zip(hits, held, strict=True) if hit.chunk.document_id == document))


def _similarity(hits: Sequence[Hit], unrelated: float) -> tuple[str, float]:
    for name in ("dense", "tfidf"):
        cosines = [lane.score for hit in hits for lane in hit.lanes if lane.name == name]
        if cosines:
            return name, (max(cosines) - unrelated) / (1 - unrelated) if name == "dense" else max(cosines)
    return "", 0.0

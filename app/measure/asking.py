"""Scores a base's answers to the questions of a file: right or wrong; sure, not sure or nothing; by kind of question.

Comes in: questions with expected answers, and a function that answers them. Goes out: an outcome for each, and totals.
Never: an entry in the answer log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Literal

from ..answers.answer import Answer
from .expected import Expected, before
from .overlap import bleu, exact_match, f1, rouge_l

Verdict = Literal[
    "right", "wrong", "not sure, right", "not sure, wrong", "nothing", "refused", "not sure", "answered falsely"
]
"""The first five are for questions with an answer, the last three for those without. Not sure is right if the right passage is
among those shown."""
HAVE: tuple[Verdict, ...] = ("right", "wrong", "not sure, right", "not sure, wrong", "nothing")
HAVE_NONE: tuple[Verdict, ...] = ("refused", "not sure", "answered falsely")
_HITS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a question."""

    question: Expected
    verdict: Verdict
    text: str
    """The text shown."""
    answered: str
    """The exact answer in it if there is one, else all of it, without marks; compared by EM and F1."""
    found: bool | None
    """Whether a right file is cited or among the first hits; ``None`` if none is known."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Outcome counts, for all questions or one kind."""

    kind: str
    counts: dict[Verdict, int]
    n: int


@dataclass(frozen=True, slots=True)
class Asking:
    """The outcomes of all questions."""

    outcomes: tuple[Outcome, ...]
    kinds: tuple[Figures, ...]
    """By kind, in file order; the last one covers all."""
    found: float
    """Share of the questions with known files that have one cited or among the first three hits."""
    exact_match: float
    f1: float
    rouge_l: float
    bleu: float
    """Means over the sure answers to questions with an expected text; 0 if there are none."""
    n_compared: int
    median_characters: float
    """Length of the text shown, marks included."""


def ask_all(questions: Sequence[Expected], ask: Callable[[Sequence[str]], Answer]) -> Asking:
    """Ask every question and return the outcomes.

    Args:
        questions: the questions of a file.
        ask: takes the questions of one conversation, in order, and returns the answer to the last.
    """
    by_id = {one.id: one for one in questions}
    outcomes = tuple(_outcome(one, ask([turn.question for turn in before(one, by_id)])) for one in questions)
    compared = [one for one in outcomes if one.verdict in {"right", "wrong"} and one.question.expected]

    def mean(score: Callable[[str, str], float], *, exact: bool) -> float:
        pairs = [(one.answered if exact else one.text, one.question.expected) for one in compared]
        return fmean(score(text, right) for text, right in pairs) if pairs else 0.0

    known = [one.found for one in outcomes if one.found is not None]
    shown = [len(one.text) for one in outcomes if one.verdict not in {"nothing", "refused"}]
    return Asking(
        outcomes, tuple(_kinds(outcomes)), fmean(known) if known else 0.0,
        mean(exact_match, exact=True), mean(f1, exact=True), mean(rouge_l, exact=False), mean(bleu, exact=False),
        len(compared), median(shown) if shown else 0.0,
    )  # fmt: skip


def verdict_of(question: Expected, answer: Answer) -> Verdict:
    """Return the verdict on an answer."""
    fits = question.fits("\n".join([answer.text, *(one.quote for one in answer.closest)]))
    if not question.answerable:
        if answer.closest:
            return "not sure"
        harmless = bool(question.must) and fits  # replying to a greeting is fine
        return "refused" if answer.abstained or harmless else "answered falsely"
    if answer.closest:
        return "not sure, right" if fits else "not sure, wrong"
    if answer.abstained:
        return "nothing"
    return "right" if fits else "wrong"


def _outcome(question: Expected, answer: Answer) -> Outcome:
    plain = Expected.plain(answer.text)
    exact = answer.text[slice(*answer.answer_span)] if answer.answer_span else plain
    sources = [one.source for one in answer.citations] + [hit.chunk.source for hit in answer.hits[:_HITS]]
    found = any(part in source for part in question.sources for source in sources)
    return Outcome(
        question,
        verdict_of(question, answer),
        plain,
        exact,
        found if question.answerable and question.sources else None,
    )


def _kinds(outcomes: Sequence[Outcome]) -> Iterator[Figures]:
    for kind in [*dict.fromkeys(one.question.kind for one in outcomes if one.question.kind), "all"]:
        of = [one.verdict for one in outcomes if kind in {one.question.kind, "all"}]
        counts = Counter(of)
        yield Figures(kind, {verdict: counts[verdict] for verdict in (*HAVE, *HAVE_NONE)}, len(of))

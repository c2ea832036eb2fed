"""How well a base retrieves, and whether it knows when it does not know.

Comes in: a base and questions with known relevant passages. Goes out: figures with confidence intervals, per lane and
fused. Never: a comparison over different questions.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...ingest.errors import InputError
from ...ingest.store.catalog import Catalog
from ...retrieval.hit import Hit
from ...retrieval.metrics import bootstrap_interval, ndcg_at, randomization_test, recall_at, reciprocal_rank_at
from ...retrieval.search.evidence import Verdict, weigh
from ...retrieval.search.search import LANES, Searcher
from ...retrieval.where import chunks_of, everything
from .judged import Question, Units

FUSED = "fused"
_DEPTH = 50
"""Number of passages to retrieve: enough for ten documents."""
_SHOWN = 8
"""Number of passages that an answer is drawn from."""
_FALSE = 0.05
"""Share of the unanswerable questions that may be answered."""
_COVERAGES = tuple(at / 10 for at in range(1, 11))


@dataclass(frozen=True, slots=True)
class Figures:
    """One way to search, over the answerable questions."""

    lane: str
    """A lane, or ``fused``."""
    ndcg10: float
    interval: tuple[float, float]
    """95 % bootstrap interval of ``ndcg10``."""
    recall1: float
    recall5: float
    recall10: float
    mrr10: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    each: tuple[float, ...]
    """nDCG@10 per question, in the order of ``Evaluation.questions``."""


@dataclass(frozen=True, slots=True)
class Abstention:
    """Whether the evidence was accepted when it was sufficient, and only then."""

    n_answerable: int
    n_unanswerable: int
    answered: float
    """Share of the answerable questions whose evidence was accepted."""
    abstained: float
    """Share of the unanswerable questions whose evidence was not."""
    curve: tuple[tuple[float, float], ...]
    """(coverage, risk): if only the share with the strongest evidence is answered, how many are wrong, that is, have no answer
    in the base or in none of the passages shown. El-Yaniv and Wiener 2010, "On the foundations of noise-free selective
    classification"."""
    strict: tuple[float, float] | None = None
    """(strictness, share): the least ``KB_STRICTNESS``, >= 0, that lets at most 5 % of the unanswerable questions be answered,
    and the share of answerable ones then answered. ``None`` if there are no unanswerable questions."""
    unsure: float = 0.0
    """Share of the answerable questions that only get the closest passages, without a claim."""
    unsure_without: float = 0.0
    """The same for the unanswerable questions."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one set of questions."""

    name: str
    n_documents: int
    n_chunks: int
    questions: tuple[str, ...]
    """The answerable ones."""
    figures: tuple[Figures, ...]
    """The lanes, then ``fused``."""
    abstention: Abstention


@dataclass(frozen=True, slots=True)
class Difference:
    """One way to search, before and after, over the questions of both."""

    name: str
    lane: str
    n_questions: int
    before: float
    after: float
    p: float
    """Two-sided p value of Fisher's randomization test over pairs."""

    @property
    def verdict(self) -> str:
        """Whether the change is significant, and in which direction."""
        if self.p >= 0.05:  # noqa: PLR2004 - the customary level
            return "no real change"
        return "better" if self.after > self.before else "worse"


def evaluate(
    name: str, catalog: Catalog, searcher: Searcher, questions: Sequence[Question], units: Units
) -> Evaluation:
    """Ask every question by every lane and fused.

    Questions made from the base are asked again without their source document: then they are unanswerable.

    Raises:
        InputError: none of the questions is answerable.
    """
    answerable = [question for question in questions if question.judged]
    if not answerable:
        raise InputError("{name}: there is no question with an answer to evaluate", name=name)
    figures, fused = [], []
    for lane in (*LANES, FUSED):
        try:
            found, seconds = _ask(searcher, answerable, None if lane == FUSED else (lane,))
        except InputError:
            continue  # a lane that this base does not have
        figures.append(_figures(lane, answerable, [_ranked(hits, units) for hits in found], seconds))
        fused = found
    abstention = _abstention(catalog, searcher, questions, answerable, fused, units)
    return Evaluation(
        name,
        catalog.count("documents"),
        catalog.count("chunks"),
        tuple(question.text for question in answerable),
        tuple(figures),
        abstention,
    )


def compare(before: Sequence[Evaluation], after: Sequence[Evaluation]) -> tuple[Difference, ...]:
    """Return how each way to search changed, over the questions in both evaluations.

    Raises:
        InputError: they have no question in common.
    """
    then = {evaluation.name: evaluation for evaluation in before}
    found = [
        _difference(then[now.name], now, figures)
        for now in after
        if now.name in then
        for figures in now.figures
        if any(old.lane == figures.lane for old in then[now.name].figures)
    ]
    differences = tuple(difference for difference in found if difference.n_questions)
    if not differences:
        raise InputError("the two evaluations have no question in common; compare evaluations of the same set")
    return differences


def read_evaluations(path: Path) -> tuple[Evaluation, ...]:
    """Read what ``kb eval --save`` wrote.

    Raises:
        InputError: the file is not an evaluation.
    """
    try:
        return tuple(
            Evaluation(
                row["name"],
                row["n_documents"],
                row["n_chunks"],
                tuple(row["questions"]),
                tuple(
                    Figures(**{**one, "interval": tuple(one["interval"]), "each": tuple(one["each"])})
                    for one in row["figures"]
                ),
                Abstention(
                    **{
                        **row["abstention"],
                        "curve": tuple(map(tuple, row["abstention"]["curve"])),
                        "strict": tuple(kept) if (kept := row["abstention"].get("strict")) else None,
                    }
                ),
            )
            for row in json.loads(path.read_text("utf-8"))
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "{path}: is not an evaluation ({why}); write one with: kb eval --save FILE", path=path, why=error
        ) from error


def _difference(then: Evaluation, now: Evaluation, figures: Figures) -> Difference:
    old = next(old for old in then.figures if old.lane == figures.lane)
    was = dict(zip(then.questions, old.each, strict=True))
    pairs = [
        (was[question], value) for question, value in zip(now.questions, figures.each, strict=True) if question in was
    ]
    a, b = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if not pairs:
        return Difference(now.name, figures.lane, 0, 0.0, 0.0, 1.0)
    return Difference(
        now.name, figures.lane, len(pairs), float(np.mean(a)), float(np.mean(b)), randomization_test(a, b)
    )


def _ask(
    searcher: Searcher, questions: Sequence[Question], lanes: Sequence[str] | None
) -> tuple[list[tuple[Hit, ...]], list[float]]:
    searcher.search(questions[0].text, _DEPTH, lanes)  # warm up: one-time loading must not be timed
    found, seconds = [], []
    for question in questions:
        began = time.perf_counter()
        found.append(searcher.search(question.text, _DEPTH, lanes).hits)
        seconds.append(time.perf_counter() - began)
    return found, seconds


def _ranked(hits: Sequence[Hit], units: Units) -> list[str]:
    return list(dict.fromkeys(unit for hit in hits for unit in units(hit.chunk)))


def _figures(lane: str, questions: Sequence[Question], rankings: Sequence[list[str]], seconds: list[float]) -> Figures:
    def mean(metric: Callable[[int, Sequence[str], Mapping[str, float]], float], k: int) -> float:
        return float(np.mean([metric(k, ranked, one.judged) for ranked, one in zip(rankings, questions, strict=True)]))

    each = tuple(ndcg_at(10, ranked, one.judged) for ranked, one in zip(rankings, questions, strict=True))
    p50, p95, p99 = (float(value) * 1000 for value in np.quantile(seconds, (0.5, 0.95, 0.99)))
    return Figures(
        lane,
        float(np.mean(each)),
        bootstrap_interval(each),
        mean(recall_at, 1),
        mean(recall_at, 5),
        mean(recall_at, 10),
        mean(reciprocal_rank_at, 10),
        p50,
        p95,
        p99,
        each,
    )


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A question, and the verdict on its evidence."""

    score: float
    margin: float
    """The highest strictness at which it is answered; minus infinity: never."""
    verdict: Verdict
    right: bool
    """Whether a relevant passage was available for the answer."""


def _abstention(
    catalog: Catalog,
    searcher: Searcher,
    questions: Sequence[Question],
    answerable: Sequence[Question],
    found: Sequence[tuple[Hit, ...]],
    units: Units,
) -> Abstention:
    def weighed(question: Question, hits: Sequence[Hit], *, answerable: bool) -> _Weighed:
        unrelated = searcher.unrelated(question.text)
        evidence = weigh(question.text, hits[:_SHOWN], searcher.frequencies, unrelated=unrelated)
        right = answerable and any(unit in question.judged for unit in _ranked(hits[:_SHOWN], units))
        margin = evidence.score - evidence.enough if evidence.suffices(-math.inf) else -math.inf
        return _Weighed(evidence.score, margin, evidence.verdict(), right)

    with_answer = [weighed(question, hits, answerable=True) for question, hits in zip(answerable, found, strict=True)]
    without = [
        weighed(question, searcher.search(question.text, _SHOWN).hits, answerable=False)
        for question in questions
        if not question.judged
    ]
    without += [
        weighed(question, _left_out(catalog, searcher, question), answerable=False)
        for question in answerable
        if question.document_id
    ]
    return Abstention(
        len(with_answer),
        len(without),
        _share([one.verdict == "sure" for one in with_answer]),
        _share([one.verdict != "sure" for one in without]),
        _curve([*with_answer, *without]),
        _strict([one.margin for one in with_answer], [one.margin for one in without]) if without else None,
        _share([one.verdict == "unsure" for one in with_answer]),
        _share([one.verdict == "unsure" for one in without]),
    )


def _strict(with_answer: Sequence[float], without: Sequence[float]) -> tuple[float, float]:
    """Return the least strictness, in tenths, passed by at most ``_FALSE`` of ``without``, and ``with_answer``'s share."""
    highest = sorted(without, reverse=True)[int(_FALSE * len(without))]
    strictness = max(0.0, math.floor(10 * highest + 1) / 10) if math.isfinite(highest) else 0.0
    return strictness, _share([margin >= strictness for margin in with_answer])


def _left_out(catalog: Catalog, searcher: Searcher, question: Question) -> tuple[Hit, ...]:
    """Return the results without the document that a question was made from."""
    own = chunks_of(catalog.connection(), [question.document_id])
    rest = everything(catalog).without([chunk for _, chunk in own], [key for key, _ in own])
    return searcher.rank(question.text, _SHOWN, scope=rest).hits


def _curve(weighed: Sequence[_Weighed]) -> tuple[tuple[float, float], ...]:
    best_first = sorted(weighed, key=lambda one: -one.score)
    points = []
    for coverage in _COVERAGES:
        taken = best_first[: max(1, round(coverage * len(best_first)))]
        points.append((coverage, 1 - _share([one.right for one in taken])))
    return tuple(points)


def _share(values: Sequence[bool]) -> float:
    return float(np.mean(values)) if values else 0.0

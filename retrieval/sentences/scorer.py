"""Score which sentence answers: one score, both for weighing evidence and for quoting.

Comes in: a question and the quotable sentences. Goes out: both, ranked. Never: a word on whether the best one answers at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from .signs import NAMES, Signs, signs
from .units import Candidate
from .wanted import Wanted, wanted

WEIGHTS = Signs(
    own=6.0, above=4.2, beside=1.8, topic=4.4, names=8.0, rest=1.1, new=3.5, hinted=4.3, phrases=1.5, key=1.0, kind=2.2,
    no_kind=-0.7, defines=6.5, opens=3.0, behind=-0.8, best=0.25, foreign=-2.2, asks=-9.0, says_nothing=-5.5, repeats=-3.0,
    no_figures=-1.5, affirms=-5.0, row=0.0, item=0.0, field=0.4, length=0.1, farther=-12.0,
    outread=-1.0, lapsed=-7.0,
)  # fmt: skip
"""A conditional logit: which sentence in eight passages answers. ``benchmarks/fit_answers.py`` refits it; these weights were
fitted that way, then rounded and adjusted by hand, which does as well on held-out rows as a new fit."""

_values = attrgetter(*NAMES)
_EACH = _values(WEIGHTS)


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence, and the signs for it."""

    candidate: Candidate
    score: float
    """Log-odds against others in the same passages; 0 contains nothing of the question."""
    signs: Signs


def ranked(question: str, candidates: Sequence[Candidate]) -> tuple[Wanted, list[Scored]]:
    """Return the parsed question, and the sentences, the likeliest to answer first."""
    asked = wanted(question, candidates)
    scored = []
    for one in candidates:
        if one.is_head:
            continue
        found = signs(asked, one)
        scored.append(Scored(one, _weighed(found), found))
    scored.sort(key=lambda one: (-one.score, one.candidate.behind, one.candidate.passage, one.candidate.order))
    return asked, scored


def _weighed(found: Signs) -> float:
    return float(sum(weight * value for weight, value in zip(_EACH, _values(found), strict=True)))

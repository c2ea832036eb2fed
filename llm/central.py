"""Find the central sentences of passages: those with the most in common with all of them.

The score is the similarity to the centroid of TF-IDF vectors (Radev et al. 2004, "Centroid-based summarization of multiple
documents"), with first sentences raised.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from ..retrieval.sentences.units import Candidate
from .candidates import distinct

_FIRST = 0.3
"""Boost for a passage's first sentence, which says what the rest is about."""
_SHORT, _LONG = 4, 60
"""Tokens. Anything shorter or longer is rarely a statement that stands alone."""


def central(candidates: Sequence[Candidate], n: int) -> list[Candidate]:
    """Return up to ``n`` sentences in text order, from different passages before several from one."""
    fitting = [one for one in candidates if _SHORT <= len(one.tokens) <= _LONG] or list(candidates)
    if not any(one.tokens for one in fitting):
        return []
    chosen = _spread(_ranked(fitting), n)
    return sorted(chosen, key=lambda one: (one.passage, one.order))


def _ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates by their similarity to what all have in common, the most similar first."""
    counts = Counter(token for one in candidates for token in one.tokens)
    rarity = {token: math.log(1 + len(candidates) / count) for token, count in counts.items()}
    centre = {token: count * rarity[token] for token, count in counts.items()}

    def score(one: Candidate) -> float:
        size = math.sqrt(sum(rarity[token] ** 2 for token in one.tokens)) or 1.0
        likeness = sum(centre[token] * rarity[token] for token in one.tokens) / size
        return likeness * (1 + _FIRST / (1 + one.order))

    return sorted(candidates, key=lambda one: (-score(one), one.passage, one.order))


def _spread(ranked: Sequence[Candidate], n: int) -> list[Candidate]:
    """Choose up to ``n`` distinct ones: one from each passage first, then any."""
    chosen: list[Candidate] = []
    of_passage: Counter[int] = Counter()
    for most in (1, n):
        left = [one for one in ranked if one not in chosen and of_passage[one.passage] < most]
        for one in distinct([*chosen, *left], n)[len(chosen) :]:
            if of_passage[one.passage] < most and len(chosen) < n:
                chosen.append(one)
                of_passage[one.passage] += 1
    return chosen

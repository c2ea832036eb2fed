"""Find the central sentences of passages: those with the most in common with all of them.

The score is the similarity to the centroid of TF-IDF vectors (Radev et al. 2004, "Centroid-based summarization of multiple
documents"), with first sentences raised.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ..retrieval.hit import Hit
from ..retrieval.sentences.signs import says_nothing
from ..retrieval.sentences.units import ENDS, FIELD, Candidate, is_item, is_row
from .candidates import distinct

Section = tuple[int, int]
"""A passage, and the number of headings in it above a sentence."""

_FIRST = 0.6
"""Boost for a section's first sentence, which says what the rest is about."""
_FRAGMENT = 0.5
"""Factor for a line that is no sentence."""
_FIELD = 0.75
"""Factor for "Present: ..."."""
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_SHORT, _LONG = 4, 60
"""Tokens. Anything shorter or longer is rarely a statement that stands alone."""


def central(candidates: Sequence[Candidate], n: int, hits: Sequence[Hit]) -> list[Candidate]:
    """Return up to ``n`` sentences in text order, from different sections before several from one."""
    holding = [one for one in candidates if one.tokens]
    said = [one for one in holding if not (one.is_head or says_nothing(one.valid))]
    said = [one for one in said if _SHORT <= len(one.tokens) <= _LONG] or said or holding
    prose = [one for one in said if not is_row(one.text)]
    fitting = prose if len(prose) >= n else said
    sections = {one: _section(one, hits) for one in fitting}
    chosen = _spread(_ranked(fitting, sections), sections, n)
    return sorted(chosen, key=lambda one: (one.passage, one.order))


def _section(one: Candidate, hits: Sequence[Hit]) -> Section:
    """Return the passage and the number of headings in it above a sentence."""
    return one.passage, len(_HEADING.findall(hits[one.passage - 1].chunk.text, 0, one.start))


def _ranked(candidates: Sequence[Candidate], sections: Mapping[Candidate, Section]) -> list[Candidate]:
    """Return candidates by their similarity to what all have in common, the most similar first."""
    counts = Counter(token for one in candidates for token in one.tokens)
    rarity = {token: math.log(1 + len(candidates) / count) for token, count in counts.items()}
    centre = {token: count * rarity[token] for token, count in counts.items()}
    begun = Counter[Section]()
    places = {}
    for one in sorted(candidates, key=lambda one: (one.passage, one.order)):
        places[one] = begun[sections[one]]
        begun[sections[one]] += 1

    def score(one: Candidate) -> float:
        size = math.sqrt(sum(rarity[token] ** 2 for token in one.tokens)) or 1.0
        likeness = sum(centre[token] * rarity[token] for token in one.tokens) / size
        return likeness * (1 + _FIRST / (1 + places[one])) * _worth(one)

    return sorted(candidates, key=lambda one: (-score(one), one.passage, one.order))


def _spread(ranked: Sequence[Candidate], sections: Mapping[Candidate, Section], n: int) -> list[Candidate]:
    """Choose up to ``n`` distinct ones: one from each section first, then any."""
    chosen: list[Candidate] = []
    taken = Counter[Section]()
    for most in (1, n):
        left = [one for one in ranked if one not in chosen and taken[sections[one]] < most]
        for one in distinct([*chosen, *left], n)[len(chosen) :]:
            if taken[sections[one]] < most and len(chosen) < n:
                chosen.append(one)
                taken[sections[one]] += 1
    return chosen


def _worth(one: Candidate) -> float:
    """Return a factor for what a text is: a sentence, an item, a row; or a line of a form, of a letter's head."""
    if is_item(one.text):
        return 1.0
    valid = one.valid.strip()
    return (1.0 if ENDS.search(valid) else _FRAGMENT) * (_FIELD if FIELD.match(valid) else 1.0)

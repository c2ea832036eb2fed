"""Parse what a question asks of a sentence: its weighted terms, and the kind of thing that answers.

Comes in: a question, and the sentences at hand. Goes out: what they are compared with. Never: an opinion on any of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..words.answer_kind import asks_who, expected_answer, likely_answer
from ..words.definition import definition_asked
from ..words.question import Term, asked_phrases, figures
from ..words.ranges import Quantity, covered, quantities
from ..words.synonyms import terms_or_synonyms
from ..words.tokens import tokens
from .background import common
from .standing import asks_of_old, without_struck
from .units import Candidate, in_chinese

AS_GOOD_AS = 60
"""Number of sentences at hand that the general word counts weigh as much as."""
_DENIES = re.compile(
    r"\b(?:not|never|cannot|excluded)\b|n['’]t\b|(?<!能)(?<!可)(?<!是)(?<!要)(?<!会)(?<!该)不(?:能|可|得|允许|包括|含|赔|准|保|算|属于|予)|禁止|除外",
    re.IGNORECASE,
)
_PLAIN_WORDS = 16
"""A longer question has clauses, and a negation in one of them may not be what is asked."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question, parsed once."""

    question: str
    weights: Mapping[Term, float]
    """How much each term counts; they add up to 1."""
    tokens: frozenset[str]
    phrases: frozenset[str]
    figures: frozenset[str]
    quantities: tuple[Quantity, ...]
    """Numbers with a unit, which a range may cover."""
    kind: re.Pattern[str] | None
    """Pattern of what is likely to answer."""
    expected: re.Pattern[str] | None
    """Pattern of what every answer must match: in Chinese, a place needs no 市 to be one."""
    asks_who: bool
    definition: re.Pattern[str] | None
    """Pattern of a sentence that defines the thing asked for, if a definition is."""
    chinese: bool
    denies: bool
    """Whether it asks what is *not* so."""
    of_old: bool
    """Whether it asks how something used to be."""

    def held_by(self, one: Candidate) -> frozenset[str]:
        """Return a sentence's tokens, and those of the question's numbers that are in a range it gives."""
        return one.tokens | covered(self.quantities, one.valid, without_struck(one.unit.head))

    def share(self, held: frozenset[str]) -> float:
        """Return the share (0..1) of the question that a text with these tokens covers."""
        return sum(weight for term, weight in self.weights.items() if term.within(held))


def wanted(question: str, at_hand: Sequence[Candidate]) -> Wanted:
    """Parse a question.

    A term's weight is -ln of the share of sentences that contain it (inverse sentence frequency, Neto et al. 2000), pooling
    those at hand with texts in general (Dirichlet smoothing, Zhai and Lafferty 2004): the same in a base of any size.
    """
    n = len(at_hand)
    weights = {}
    for term in terms_or_synonyms(question):
        held = sum(term.within(one.tokens) for one in at_hand)
        general = max(map(common, term.forms))
        weights[term] = -term.share * math.log((held + AS_GOOD_AS * general) / (n + AS_GOOD_AS))
    total = sum(weights.values()) or 1.0
    return Wanted(
        question,
        {term: weight / total for term, weight in weights.items()},
        frozenset(tokens(question)),
        asked_phrases(question),
        figures(question),
        quantities(question),
        likely_answer(question),
        expected_answer(question),
        asks_who(question),
        definition_asked(question),
        bool(in_chinese(question)),
        len(question.split()) <= _PLAIN_WORDS and bool(_DENIES.search(question)),
        asks_of_old(question),
    )

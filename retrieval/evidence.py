"""Whether what was found is enough to answer from.

Comes in: a question and its hits. Goes out: how much of what the question is about they hold. Never: an opinion on the
answer itself; that is checked sentence by sentence, later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .hit import Hit
from .question import content_tokens
from .tokens import tokens

Frequencies = Callable[[Sequence[str]], dict[str, int]]
"""How many chunks of the base hold each token; tokens that none holds are left out."""

KEYWORDS_ENOUGH = 0.5
COSINE_ENOUGH = 0.6
_LOOKED_AT = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much of a question its best hits hold."""

    keywords: float
    """0..1: the share of the question's information (idf mass) that the best single hit holds."""
    cosine: float
    """The best cosine of the dense lane; 0 without it."""

    @property
    def sufficient(self) -> bool:
        """Whether to answer at all; the default is to abstain."""
        return self.keywords >= KEYWORDS_ENOUGH or self.cosine >= COSINE_ENOUGH


def weigh(question: str, hits: Sequence[Hit], frequencies: Frequencies, n_chunks: int) -> Evidence:
    """Weigh the evidence of the first few hits.

    A token weighs its inverse document frequency, ln(1 + N / n) (Spärck Jones 1972); one that no chunk holds weighs most,
    so a question about something the base never mentions is not answered from what happens to share its other words.
    """
    wanted = content_tokens(question)
    known = frequencies(wanted)
    weights = {token: math.log(1 + n_chunks / (1 + known.get(token, 0))) for token in wanted}
    total = sum(weights.values())
    best = 0.0
    for hit in hits[:_LOOKED_AT]:
        held = set(tokens(hit.chunk.indexed_text))
        best = max(best, sum(weight for token, weight in weights.items() if token in held))
    cosines = [lane.score for hit in hits[:_LOOKED_AT] for lane in hit.lanes if lane.name == "dense"]
    return Evidence(best / total if total else 0.0, max(cosines, default=0.0))

"""Word overlap of a text with the expected one: EM, F1, ROUGE-L and BLEU, each 0..1.

Comes in: two texts. Goes out: a score. Never: an opinion on what they mean.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
_LONGEST = 4
"""Maximum n-gram length for BLEU."""


def words(text: str) -> list[str]:
    """Return words and Chinese characters, without case, punctuation and articles (as SQuAD's own scorer does)."""
    return _WORD.findall(_ARTICLE.sub(" ", text.lower()))


def exact_match(text: str, right: str) -> float:
    """Return 1 if the words are the same, else 0."""
    return float(words(text) == words(right))


def f1(text: str, right: str) -> float:
    """Return the F1 of the words of both, regardless of order (Rajpurkar et al. 2016)."""
    ours, theirs = Counter(words(text)), Counter(words(right))
    same = (ours & theirs).total()
    return 2 * same / (ours.total() + theirs.total()) if same else 0.0


def rouge_l(text: str, right: str) -> float:
    """Return the F1 of the longest common subsequence (Lin 2004)."""
    ours, theirs = words(text), words(right)
    row = [0] * (len(theirs) + 1)
    for one in ours:
        above = row
        row = [0]
        for at, other in enumerate(theirs):
            row.append(above[at] + 1 if one == other else max(row[at], above[at + 1]))
    return 2 * row[-1] / (len(ours) + len(theirs)) if row[-1] else 0.0


def bleu(text: str, right: str) -> float:
    """Return sentence BLEU, adding 1 to the counts of n-grams with n > 1 (Papineni et al. 2002; Lin and Och 2004)."""
    ours, theirs = words(text), words(right)
    if not ours or not theirs:
        return 0.0
    logs = 0.0
    for n in range(1, _LONGEST + 1):
        own, other = Counter(_grams(ours, n)), Counter(_grams(theirs, n))
        same, total = (own & other).total() + (n > 1), own.total() + (n > 1)
        if not same:
            return 0.0
        logs += math.log(same / total) / _LONGEST
    return math.exp(min(0.0, 1 - len(theirs) / len(ours)) + logs)


def _grams(of: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(of[at : at + n]) for at in range(len(of) - n + 1)]

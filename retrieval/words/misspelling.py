"""Guess how a word may have been mistyped: letters swapped, doubled, left out, or replaced by neighbours on the keyboard.

Comes in: a word as typed. Goes out: words that may have been meant, and the distance between two words. Never: a look at the
documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SOUNDS = ("aeiouy", "cksq", "sz", "gj", "fv", "mn", "dt", "bp", "iy", "vw")
_LONG = 10
"""Minimum letters of a word in which any letter may have been mistyped as any other."""


def _alike() -> frozenset[str]:
    """Return the pairs of letters often mistyped for each other: they sound alike, or are neighbours on a keyboard."""
    pairs = {a + b for sounds in _SOUNDS for a in sounds for b in sounds}
    for row in _ROWS:
        pairs |= {row[at : at + 2] for at in range(len(row) - 1)}
    for above, below in pairwise(_ROWS):
        pairs |= {above[at] + below[other] for at in range(len(below)) for other in (at, at - 1) if other >= 0}
    return frozenset(pairs | {pair[::-1] for pair in pairs})


_ALIKE = _alike()


def one_off(word: str) -> Iterator[str]:
    """Yield the words that are one mistake away; the first letter is kept, unless swapped with the second."""
    for at in range(len(word)):
        head, rest = word[:at], word[at:]
        if at:
            yield head + rest[1:]
            for letter in _LETTERS:
                yield head + letter + rest
                if letter != rest[0] and (len(word) >= _LONG or rest[0] + letter in _ALIKE):
                    yield head + letter + rest[1:]
        if len(rest) > 1 and rest[0] != rest[1]:
            yield head + rest[1] + rest[0] + rest[2:]
    for letter in _LETTERS:
        yield word + letter


def distance(one: str, other: str, *, begins: bool = False) -> int:
    """Return how many insertions, deletions, replacements or swaps turn one word into another; ``begins``: into a prefix of it.

    Optimal string alignment: Damerau 1964, "A technique for computer detection and correction of spelling errors".
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        older, before, row = before, row, [at]
        for place, theirs in enumerate(other, 1):
            best = min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != theirs))
            if at > 1 and place > 1 and letter == other[place - 2] and one[at - 2] == theirs:
                best = min(best, older[place - 2] + 1)
            row.append(best)
    return min(row) if begins else row[-1]

"""Turn a phrase into an FTS5 query that narrows down which chunks may contain it word for word.

It must never exclude a chunk that contains the phrase with its words written as in the phrase.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from ..words.tokens import ACRONYMS, STOP_WORDS, bare, bigrams, clumps, normal, runs, stem, written_tokens

_LONGEST_WORD = 24
_MOST_BIGRAMS = 32
_MOST_RUNS = 16
_MOST_PAIRS = 8
"""Beyond this many, an expression takes longer and excludes hardly anything more."""


def phrase_query(phrase: str) -> str:
    """Return a phrase's FTS5 MATCH expression; empty if it has no token.

    It asks for the phrase's tokens, except those of its numbers, as it may begin or end inside a number.
    """
    text = normal(phrase)
    long = [run for run in runs(text) if len(run) > 1]
    # The bigrams of a run follow each other in the index; if they do, its characters are there too.
    implied = set(chain(*long, *map(bigrams, long)))
    wanted = [token for token in written_tokens(phrase) if token not in implied]
    wanted += (" ".join(bigrams(run[: _MOST_BIGRAMS + 1])) for run in _longest(long, _MOST_RUNS))
    pairs = sorted(_neighbours(clumps(text)), key=lambda pair: -len(pair[0] + pair[1]))[:_MOST_PAIRS]
    return " AND ".join(dict.fromkeys([*(f'"{one}"' for one in wanted), *(_adjacent(*pair) for pair in pairs)]))


def _longest(runs: Sequence[str], n: int) -> list[str]:
    return sorted(runs, key=len, reverse=True)[:n]


def _neighbours(clumps: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of words whose tokens follow each other; the first and last may be parts of longer ones."""
    before = ""
    for clump in clumps[1:-1]:
        word = bare(clump).lower()
        if word in STOP_WORDS and word.upper() not in ACRONYMS:
            continue
        plain = word.isascii() and word.isalpha() and len(word) <= _LONGEST_WORD and word not in STOP_WORDS
        if plain and before:
            yield before, word
        before = word if plain else ""


def _adjacent(word: str, after: str) -> str:
    """Return the expression for two adjacent words; of a camel-case first word, its last part is adjacent."""
    either = (f'"{end} {stem(after)}"' for end in _last_tokens(word))
    return f"({' OR '.join(either)})"


def _last_tokens(word: str) -> list[str]:
    """Return the tokens that may end a word in any case: ``foobar`` in FooBar ends in ``bar``.

    A part that is a stop word yields none: LogIn ends in ``log``.
    """
    ends = [len(word)]
    for end in ends:
        ends += (at for at in range(1, end) if word[at:end] in STOP_WORDS and at not in ends)
    return list(dict.fromkeys([stem(word), *(stem(word[at:end]) for end in ends for at in range(end))]))

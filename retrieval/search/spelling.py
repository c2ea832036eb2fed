"""Correct the words of a question that no passage contains because they are mistyped.

Comes in: a question, and the words that the bases know. Goes out: the corrected question, and what was replaced by what. Never
changed: a code, a figure, a word that is common English or in any base, or a name into another existing one.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog
from ..lanes.phrases import without_quoted
from ..sentences.background import RARE, common
from ..words.misspelling import distance, one_off
from ..words.tokens import stem, tokens
from .search import Searcher

_WORD = re.compile(r"(?<![\w.@/#&'’+-])[A-Za-z][a-z]{3,23}(?![\w@/#&+-]|[.'’]\w)")
_SHORTEST, _OF_NAMES = 5, 6
"""Minimum letters of a word, and of a capitalised one, that may be mistyped; in four letters, two may be swapped."""
_TWICE = 9
"""Minimum letters for which a word may have two mistakes."""
_LEAST, _TWO = 4, 2
_PREFIX = 3
"""Leading letters that must be right in a word with two mistakes."""
_MOST = 3
"""Most words of a question to correct; with more, it is in another language than the base."""

_Known = Callable[[Sequence[str]], Mapping[str, int]]
"""How many passages and names contain each token; tokens with none are left out."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A question with typing mistakes corrected."""

    question: str
    changed: tuple[tuple[str, str], ...] = ()
    """(as typed, its replacement)."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was changed, in sentences."""
        return tuple(
            Notice("Searched for “{right}” instead of “{typed}”.", right=right, typed=typed)
            for typed, right in self.changed
        )


def spelt(question: str, searchers: Collection[Searcher]) -> Spelling:
    """Return a question with its typing mistakes corrected to words in the bases."""
    catalogs = [searcher.catalog for searcher in searchers]

    def known(words: Sequence[str]) -> Mapping[str, int]:
        return sum((Counter(searcher.known(words)) for searcher in searchers), Counter())

    bare = without_quoted(question)
    typed = dict.fromkeys(match.group() for match in _WORD.finditer(bare))
    held = known([token for word in typed for token in tokens(word)])
    unknown = [
        word for word in typed if (own := tokens(word)) and not any(map(held.__contains__, own)) and _is_odd(word)
    ]
    if len(unknown) > _MOST:
        return Spelling(question)
    changed = tuple((word, right) for word in unknown if (right := _meant(word, known, catalogs)))
    for word, right in changed:
        question = re.sub(rf"\b{word}\b", right, question)
    return Spelling(question, changed)


def _is_odd(word: str) -> bool:
    return all(common(token) <= RARE for token in tokens(word))


def _meant(word: str, known: _Known, catalogs: Collection[Catalog]) -> str:
    """Return the intended word from the bases; empty if none is close enough."""
    lower, is_name = word.lower(), word[0].isupper()
    variants = {one for one in one_off(lower) if len(one) >= _LEAST and _may_be(word, one)}
    stems = set(known(list({stem(one) for one in variants})))
    if not stems and len(word) >= _TWICE:
        begun = {term for catalog in catalogs for term in _beginning(catalog.connection(), lower[:_PREFIX])}
        stems = {term for term in begun if len(term) > _TWICE // 2 and distance(term, lower, begins=True) <= _TWO}
        variants = set()
    written = {one for catalog in catalogs for term in stems for one in _written(catalog.connection(), term)}
    there = {one.lower() for one in written if one[0].isupper() or not is_name}
    near = {one: distance(lower, one) for one in (there & variants or there)}
    within = {one for one, far in near.items() if far <= (_TWO if len(word) >= _TWICE else 1)}
    if not within:
        return ""
    held = known([stem(one) for one in within])
    best = min(within, key=lambda one: (near[one], -held.get(stem(one), 0), one))
    return best.title() if is_name else best


def _may_be(word: str, other: str) -> bool:
    """Return whether a word is long enough to be a typo for another."""
    if len(word) >= (_OF_NAMES if word[0].isupper() else _SHORTEST):
        return True
    return sorted(word.lower()) == sorted(other)


def _beginning(connection: sqlite3.Connection, prefix: str) -> list[str]:
    """Return the tokens of a base with this prefix."""
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.bm25_rows USING fts5vocab('main', 'bm25', 'row')")
    stop = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    rows = connection.execute("SELECT term FROM temp.bm25_rows WHERE term >= ? AND term < ?", (prefix, stop))
    return [term for (term,) in rows if term.isascii() and term.isalpha()]


def _written(connection: sqlite3.Connection, term: str) -> list[str]:
    """Return a token as written in a passage or a document's name."""
    row = connection.execute(
        "SELECT c.headings || char(10) || c.text FROM bm25 JOIN chunks c ON c.key = bm25.rowid WHERE bm25 MATCH :term"
        " UNION ALL SELECT n.text FROM named JOIN names n ON n.key = named.rowid WHERE named MATCH :term LIMIT 1",
        {"term": json.dumps(term)},
    ).fetchone()
    words = re.findall(r"[A-Za-z]+", row[0]) if row else []
    return [word for word in dict.fromkeys(words) if stem(word.lower()) == term]

"""Find what documents say for the words of a question: 月租金 for 房租, *lessor* for *landlord*.

Comes in: a question, Chinese or English. Goes out: its terms, each with synonyms. Never: a look at the documents.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from .question import Term, asked_text, character_terms, terms
from .tokens import written_tokens

_HAN = re.compile("[\u3400-\u9fff]+")
_TWO = 2

Words = frozenset[str]
"""The tokens of an entry; a text with all of them says it."""


@dataclass(frozen=True, slots=True)
class Synonyms:
    """The entries of the file, keyed by the wording of questions."""

    latin: dict[tuple[str, ...], tuple[Words, ...]]
    """Synonyms of words in this order, given as tokens."""
    han: dict[str, tuple[Words, ...]]
    longest: int
    """The most tokens in a Latin entry."""
    pattern: re.Pattern[str]
    """Chinese entries, longest first."""


def terms_or_synonyms(question: str) -> list[Term]:
    """Return the result of ``terms``, each with its synonyms."""
    others: dict[Term, set[Words]] = defaultdict(set)
    for found, words in _said(question):
        others[found].update(words)
    return [replace(term, others=tuple(sorted(others[term], key=sorted))) for term in terms(question)]


def _said(question: str) -> Iterator[tuple[Term, tuple[Words, ...]]]:
    """Yield the terms of words in the file, and their synonyms."""
    known, plain = _synonyms(), asked_text(question)
    latin = [token for token in written_tokens(plain) if not _HAN.search(token)]
    for at in range(len(latin)):
        for n in range(1, known.longest + 1):
            for token in latin[at : at + n]:
                yield Term((token,)), known.latin.get(tuple(latin[at : at + n]), ())
    for run in _HAN.findall(plain):
        of = character_terms(run)
        for match in known.pattern.finditer(run):
            for term in filter(None, of[match.start() : match.end()]):
                yield term, known.han[match.group()]


@cache
def _synonyms() -> Synonyms:
    text = resources.files(__package__).joinpath("synonyms.txt").read_text(encoding="utf-8")
    latin: dict[tuple[str, ...], tuple[Words, ...]] = {}
    han: dict[str, tuple[Words, ...]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            asked, _, said = line.partition(">")
            entries = [entry.strip() for entry in asked.split(",")]
            for entry in entries:
                words = tuple(filter(None, map(_words, said.split(",") if said else set(entries) - {entry})))
                if _HAN.search(entry):
                    han[entry] = (*han.get(entry, ()), *words)
                else:
                    key = tuple(written_tokens(entry))
                    latin[key] = (*latin.get(key, ()), *words)
    pattern = re.compile("|".join(sorted(map(re.escape, han), key=len, reverse=True)))
    return Synonyms(latin, han, max(map(len, latin)), pattern)


def _words(entry: str) -> Words:
    """Return the tokens of an entry; empty for a single Chinese character, which is in words of any meaning."""
    return frozenset(token for token in written_tokens(entry) if len(token) >= _TWO)

"""The knowledge bases that a question searches: one, or several as one.

Comes in: bases, each under the name that its hits carry. Goes out: search results and counts over all of them. Never: a change
to what a search finds.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace

from ...ingest.errors import InputError
from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog, fingerprint
from ...retrieval.search.federated import search_together
from ...retrieval.search.meaning import Meanings
from ...retrieval.search.search import PLAIN, Found, Searcher
from ...retrieval.search.select import Ordering
from ...retrieval.search.spelling import Spelling, spelt
from ...retrieval.sentences.units import in_chinese
from ...retrieval.where import Where
from .embedders import Serving

_WAIT_S = 0.05
"""How long to wait for a writer before giving up on storing a fingerprint."""


@dataclass(frozen=True, slots=True)
class Part:
    """One knowledge base, reduced to what answering needs."""

    catalog: Catalog
    searcher: Searcher
    serving: Callable[[], Serving]

    def fingerprint(self) -> str:
        """Return the fingerprint of the current index; the base caches it while it is valid."""
        embedder = self.serving().embedder
        state = [str(self.catalog.generation), embedder.fingerprint if embedder else "tfidf"]
        known = self.catalog.get("fingerprint").split()
        if known[:2] == state:
            return known[2]
        computed = fingerprint(self.catalog, state[1])
        if not self.catalog.is_read_only:
            with suppress(sqlite3.Error), closing(sqlite3.connect(self.catalog.path, timeout=_WAIT_S)) as connection:
                value = " ".join((*state, computed))
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('fingerprint', ?)", (value,))
                connection.commit()
        return computed


class Library:
    """Knowledge bases that are queried together. Thread-safe."""

    def __init__(self, parts: Mapping[str, Part]) -> None:
        """Take at least one base, by name; a base that is queried alone is ``""``."""
        self.parts = dict(parts)
        self._meanings = Meanings()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the bases; empty for one queried alone."""
        return tuple(filter(None, self.parts))

    @property
    def first(self) -> Part:
        """The base whose model writes and whose log keeps the answers."""
        return next(iter(self.parts.values()))

    def within(self, base: str = "") -> dict[str, Part]:
        """Return the parts to search: only the given base, or all of them."""
        return {name: part for name, part in self.parts.items() if base in ("", name)}

    def find(
        self,
        question: str,
        k: int,
        lanes: Sequence[str] | None = None,
        where: Where | None = None,
        ordering: Ordering = PLAIN,
        *,
        base: str = "",
        closely: bool = False,
    ) -> Found:
        """Return what ``Searcher.search`` returns, for all bases or one, plus what they search without.

        ``closely``: also score the likeliest sentences of the hits by meaning.
        """
        parts = self.within(base)
        searchers = {name: part.searcher for name, part in parts.items()}
        found = search_together(searchers, question, k, lanes, where, ordering)
        found = self.closely(question, found, base) if closely else found
        without = {name: note for name, part in parts.items() if (note := part.serving().note)}
        notes = (Notice("{name}: {note}", name=name, note=note) if name else note for name, note in without.items())
        return replace(found, notes=(*notes, *found.notes))

    def closely(self, question: str, found: Found, base: str = "") -> Found:
        """Return results whose likeliest sentences are scored by meaning, with the embedder of the base, or of the first."""
        embedder = next(iter(self.within(base).values())).searcher.embedder
        if embedder is None:
            return found
        return replace(found, hits=self._meanings.told(question, found.hits, embedder, self.unrelated(question)))

    def across(self, question: str, k: int, where: Where | None = None) -> Found:
        """Return the passages nearest in meaning among documents of the other language; nothing if no embedder reads it.

        In a bilingual base, passages in the question's own language rank first whatever they say: they share its words, and
        their cosines are higher.
        """
        where = where or Where()
        other = "en" if in_chinese(question) else "zh"
        nothing = Found((), (), ())
        embedder = self.first.searcher.embedder
        if embedder is None or where.languages or not self._meanings.reads(embedder):
            return nothing
        try:
            return self.find(question, k, ["dense"], replace(where, languages=(other,)), closely=True)
        except InputError:  # a base without vectors
            return nothing

    def spelt(self, question: str) -> Spelling:
        """Return a question with its typos corrected, by the vocabulary of all bases."""
        return spelt(question, [part.searcher for part in self.parts.values()])

    def count(self, table: str) -> int:
        """Return the number of rows of a catalog table, over all bases."""
        return sum(part.catalog.count(table) for part in self.parts.values())

    def frequencies(self, tokens: Sequence[str]) -> dict[str, int]:
        """Return how many chunks of all bases hold each token; tokens in none are left out."""
        total: Counter[str] = Counter()
        for part in self.parts.values():
            total.update(part.searcher.frequencies(tokens))
        return dict(total)

    def unrelated(self, question: str) -> float:
        """Return the mean cosine of a question with all passages, over bases whose embedder reads it."""
        sizes = [(part.searcher.n_chunks, part.searcher.unrelated(question)) for part in self.parts.values()]
        known = [(n, mean) for n, mean in sizes if mean > 0]
        return sum(n * mean for n, mean in known) / sum(n for n, _ in known) if known else 0.0

"""What was read goes into the catalog: split, unless it is there already.

A document in two places is split once per run.
"""

from __future__ import annotations

from ..document import Document
from ..store.catalog import Catalog
from ..store.sources import SourceRow
from ..text.split import CountTokens, Splitting, split
from .known import Known


class Intake:
    """Stores what the files of one run hold."""

    def __init__(self, catalog: Catalog, splitting: Splitting, count_tokens: CountTokens, known: Known) -> None:
        self._catalog = catalog
        self._splitting = splitting
        self._count_tokens = count_tokens
        self._all_hold = known.all_hold
        self._stored: set[str] = set()
        """Documents not to be stored again when the catalog cannot tell: in a run that remakes some."""

    def store(self, row: SourceRow, document: Document | None) -> bool:
        """Record a source and what it holds; return whether its document was new or remade."""
        if document is None or self._is_there(document):
            self._catalog.put_source(row)
            return False
        self._put(row, document)
        if not self._all_hold:
            self._stored.add(document.id)
        return True

    def split_rest(self) -> int:
        """Split again the documents that were split differently; return how many."""
        sources = self._catalog.sources_split_otherwise(self._splitting.key)
        for source in sources:
            row, document = self._catalog.sources([source])[source], self._catalog.document(source)
            if document:
                self._put(row, document)
        return len(sources)

    def _put(self, row: SourceRow, document: Document) -> None:
        chunks = split(document, self._splitting, self._count_tokens)
        self._catalog.put_document(row, document, chunks, self._splitting.key)

    def _is_there(self, document: Document) -> bool:
        """Return whether it is a copy of what is there."""
        there = self._catalog.split_key(document.id) == self._splitting.key
        return there and (self._all_hold or document.id in self._stored)

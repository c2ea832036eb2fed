"""The catalogs of several knowledge bases, read as one by what answers from them.

Comes in: catalogs. Goes out: counts, pages and texts, of whichever has the document. Never: a change to any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..ingest.catalog import Catalog
from ..ingest.document import Page


class Catalogs(Catalog):
    """Several catalogs. It has no file of its own: only what answers need is there, and nothing writes."""

    def __init__(self, catalogs: Sequence[Catalog]) -> None:
        """Take at least one."""
        self._catalogs = tuple(catalogs)

    def holder(self, document_id: str) -> Catalog:
        """Return the first catalog that has a document; the first of all if none has it any more."""
        found = (catalog for catalog in self._catalogs if catalog.split_key(document_id) is not None)
        return next(found, self._catalogs[0])

    def count(self, table: str) -> int:
        """See ``Catalog``; of all."""
        return sum(catalog.count(table) for catalog in self._catalogs)

    def pages(self, document_id: str) -> tuple[Page, ...]:
        """See ``Catalog``."""
        return self.holder(document_id).pages(document_id)

    def page_of(self, document_id: str, offset: int) -> int | None:
        """See ``Catalog``."""
        return self.holder(document_id).page_of(document_id, offset)


def holder_of(catalog: Catalog) -> Callable[[str], Catalog]:
    """Return what finds the catalog of a document: the one there is, or of several the one that has it."""
    return catalog.holder if isinstance(catalog, Catalogs) else lambda _: catalog

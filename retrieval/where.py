"""Resolve which chunks a search covers: a filter in, the chunks it admits out.

The filter is looked up in the catalog once per search, before any lane ranks, so that a filtered search finds ``k`` passages
whenever there are ``k``. Never: a filter on an already truncated list.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from ..ingest.errors import InputError
from ..ingest.store.catalog import Catalog

_CRITERION = re.compile(r"([\w -]+)(=|>=|<=)(.+)")


@dataclass(frozen=True, slots=True)
class Where:
    """A filter: a passage must satisfy every given criterion, and any one of the values of each."""

    sources: tuple[str, ...] = ()
    """Globs on the file's name, on the end of its path, or on the whole path: ``*.pdf``, ``hr/*``; ``*`` crosses folders."""
    languages: tuple[str, ...] = ()
    """``zh``, ``en``, ... as found at ingest."""
    media_types: tuple[str, ...] = ()
    """``application/pdf``, part of one (``markdown``), or a suffix (``pdf``, ``docx``)."""
    pages: tuple[int, ...] = ()
    """Page numbers, from 1; formats without pages have none."""
    metadata: tuple[str, ...] = ()
    """``tags=travel``, ``author=*Smith``, ``date>=2024-06``: all must hold. In a list any item may match; comparisons are on
    text, so write dates as ISO 8601. A file without a ``date`` takes that of its last change."""

    def __bool__(self) -> bool:
        return bool(self.sources or self.languages or self.media_types or self.pages or self.metadata)

    def admits(self, source: str, language: str, media_type: str, metadata: Mapping[str, str] | None = None) -> bool:
        """Return whether a document at ``source`` satisfies the document criteria.

        Raises:
            InputError: one on metadata is not written as KEY=VALUE, KEY>=VALUE or KEY<=VALUE.
        """
        return (
            (not self.sources or any(_is_at(source, glob) for glob in self.sources))
            and (not self.languages or language in self.languages)
            and (not self.media_types or any(_is_of(source, media_type, kind) for kind in self.media_types))
            and all(_says(metadata or {}, criterion) for criterion in self.metadata)
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """The chunks that a search covers."""

    ids: frozenset[str]
    keys: NDArray[np.int64]
    """Their rows in the keyword index, ascending."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Document id to the source that satisfies the filter, for a document found in several places."""

    def __and__(self, other: Scope) -> Scope:
        """Return the intersection."""
        keys = np.intersect1d(self.keys, other.keys, assume_unique=True)
        return Scope(self.ids & other.ids, keys, {**other.places, **self.places})

    def mask(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return (len(keys),): which of these distinct keys are in scope."""
        return np.isin(keys, self.keys, assume_unique=True)

    def without(self, ids: Collection[str], keys: Iterable[int]) -> Scope:
        """Return the scope minus some chunks, given by id and key."""
        return Scope(self.ids.difference(ids), np.setdiff1d(self.keys, np.array(list(keys), np.int64)), self.places)


def resolve(catalog: Catalog, where: Where) -> Scope:
    """Return the chunks that pass a filter."""
    places: dict[str, str] = {}
    rows = catalog.connection().execute(
        "SELECT s.source, d.id, d.language, d.media_type, date(s.mtime_ns / 1000000000, 'unixepoch'), d.metadata, s.given"
        " FROM sources s JOIN documents d ON d.id = s.document_id ORDER BY s.source"
    )
    for source, document, language, media_type, changed, own, given in rows:
        metadata = {"date": changed} | json.loads(own) | json.loads(given) if where.metadata else {}
        if where.admits(source, language, media_type, metadata):
            places.setdefault(document, source)
    return scope_of(chunks_of(catalog.connection(), list(places), where.pages), places)


def idle(catalog: Catalog, where: Where) -> tuple[str, ...]:
    """Return the globs of a filter that match no source in the base: usually a typing error."""
    sources = list(catalog.sources()) if where.sources else []
    return tuple(glob for glob in where.sources if not any(_is_at(source, glob) for source in sources))


def everything(catalog: Catalog) -> Scope:
    """Return the scope of all chunks."""
    return scope_of(catalog.connection().execute("SELECT key, id FROM chunks ORDER BY key").fetchall())


def chunks_of(
    connection: sqlite3.Connection, documents: Sequence[str], pages: Sequence[int] = ()
) -> list[tuple[int, str]]:
    """Return ``(key, id)`` of the chunks of documents, ascending by key; with ``pages``, only those that touch one of them."""
    touching = " AND EXISTS (SELECT 1 FROM json_each(c.pages) WHERE value IN (SELECT value FROM json_each(?)))"
    return connection.execute(
        "SELECT c.key, c.id FROM chunks c WHERE c.document_id IN (SELECT value FROM json_each(?))"
        f"{touching if pages else ''} ORDER BY c.key",
        (json.dumps(documents), *([json.dumps(pages)] if pages else [])),
    ).fetchall()


def scope_of(rows: Sequence[tuple[int, str]], places: Mapping[str, str] | None = None) -> Scope:
    """Return the scope of ``(key, id)`` rows, ascending by key."""
    return Scope(
        frozenset(chunk for _, chunk in rows), np.array([key for key, _ in rows], np.int64), dict(places or {})
    )


def _is_at(source: str, glob: str) -> bool:
    name = PurePath(source).name  # a name with brackets is a pattern that does not fit itself
    return glob in (source, name) or fnmatch(name, glob) or fnmatch(source, glob) or fnmatch(source, f"*/{glob}")


def _says(metadata: Mapping[str, str], criterion: str) -> bool:
    match = _CRITERION.fullmatch(criterion)
    if match is None:
        raise InputError(
            "{criterion!r} is not a filter on metadata; write tags=travel, date>=2024-06 or date<=2024",
            criterion=criterion,
        )
    key, sign, value = match[1].strip().lower(), match[2], match[3].strip().casefold()
    said = metadata.get(key, "").casefold()
    if sign == "=":
        return any(fnmatch(item.strip(), value) for item in (said, *said.split(",")) if item)
    return bool(said) and (said >= value if sign == ">=" else said[: len(value)] <= value)


def _is_of(source: str, media_type: str, kind: str) -> bool:
    kind = kind.lower().lstrip(".")
    parts = media_type.lower().replace("x-", "").split("/")
    return kind == media_type or kind in parts or PurePath(source).suffix.lower() == f".{kind}"

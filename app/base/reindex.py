"""Moves a base to another embedder or passage size: builds beside what serves, then switches in one transaction.

Comes in: the catalog and the new embedder. Goes out: the moved base; or the base unchanged, with the work so far kept for the
next try. Never: a file read again, or a question that has to wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ...ingest.document import Progress, Step
from ...ingest.errors import InputError
from ...ingest.store.catalog import Catalog
from ...ingest.store.chunkings import keep_spare, switch, unsplit
from ...ingest.store.purge import purge
from ...ingest.text.split import Splitting, count_words, split
from ...retrieval.lanes.fill import fill_index
from ...retrieval.lanes.vectors import embed_spare
from ...retrieval.lanes.view import keep_up
from ...retrieval.models.embedder import Embedder
from ...retrieval.stores.index import VectorIndex
from .chunk_sizes import CHUNK_TOKENS, splitting_for
from .config import Config
from .embedders import spec_of
from .status import bytes_in
from .stores import drop_others

PREVIOUS = "previous embedder"
"""The setting that holds the embedder to go back to."""
PREVIOUS_TOKENS = "previous chunk tokens"
"""The setting that holds the passage size to go back to."""


@dataclass(frozen=True, slots=True)
class Reindexed:
    """The result of a move."""

    embedder: str
    """The embedder in use now."""
    previous: str
    """The embedder in use before; ``rollback`` restores it until ``kb gc``."""
    n_documents: int
    n_chunks: int
    n_embedded: int
    """Passages that were embedded; 0 when going back."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Freed:
    """What ``gc`` freed."""

    n_vectors: int
    n_spare_chunks: int
    collections: tuple[str, ...]
    """Fingerprints of the embedders whose vector index was dropped."""
    bytes: int


def move(
    catalog: Catalog,
    embedder: Embedder | None,
    chunk_tokens: int,
    open_index: Callable[[Embedder], VectorIndex],
    progress: Progress | None = None,
) -> Reindexed:
    """Move a base to ``embedder`` and passages of about ``chunk_tokens`` (0: what suits it); the caller holds the lock.

    If interrupted at any moment, the old embedder keeps serving, and the next call resumes.

    Raises:
        InputError: nothing would change, or the embedder cannot take passages of that size.
    """
    began = time.perf_counter()
    splitting = splitting_for(embedder, chunk_tokens)
    previous, spec = catalog.get("embedder") or "tfidf", spec_of(embedder)
    if previous == spec and not _is_split_otherwise(catalog, splitting):
        raise InputError(
            "this base is built with {spec} and has passages of that size already; nothing was done", spec=spec
        )
    settings = {"embedder": spec, PREVIOUS: previous}
    settings |= {CHUNK_TOKENS: str(chunk_tokens or ""), PREVIOUS_TOKENS: catalog.get(CHUNK_TOKENS)}
    _split_beside(catalog, embedder, splitting, progress)
    n_embedded = 0
    if embedder is not None:
        n_embedded = embed_spare(catalog, embedder, splitting.key, progress)
        fill_index(open_index(embedder), catalog, embedder, progress, splitting.key)
    n_documents = switch(catalog, splitting.key, settings)
    if embedder is not None:
        fill_index(
            open_index(embedder), catalog, embedder
        )  # drop the vectors of what served before, if it was the same embedder
    keep_up(catalog, catalog.path.parent, embedder)
    seconds = time.perf_counter() - began
    return Reindexed(spec, previous, n_documents, catalog.count("chunks"), n_embedded, seconds)


def free(catalog: Catalog, config: Config, embedder: Embedder | None) -> Freed:
    """Drop everything that belongs to embedders not in use; the caller holds the writer's lock.

    Args:
        catalog: the catalog of the base.
        config: its configuration; the bytes freed are counted in its folder.
        embedder: the one in use.
    """
    before = bytes_in(config.folder)
    keep = embedder.fingerprint if embedder else ""
    with catalog.transaction(content=False, visible=False) as connection:
        n_vectors = connection.execute("DELETE FROM vectors WHERE embedder <> ?", (keep,)).rowcount
        n_spare = connection.execute("DELETE FROM spare_chunks").rowcount
        catalog.put(PREVIOUS, "")
    n_vectors += purge(catalog, vectors=True)
    catalog.connection().execute("VACUUM")
    catalog.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    gone = drop_others(catalog, config, embedder)
    return Freed(n_vectors, n_spare, gone, before - bytes_in(config.folder))


def _is_split_otherwise(catalog: Catalog, splitting: Splitting) -> bool:
    return bool(catalog.sources_split_otherwise(splitting.key))


def _split_beside(catalog: Catalog, embedder: Embedder | None, splitting: Splitting, progress: Progress | None) -> None:
    count_tokens = embedder.count_tokens if embedder else count_words
    sources = unsplit(catalog, splitting.key)
    for at, source in enumerate(sources):
        if progress:
            progress(Step("read", at, len(sources), source))
        document = catalog.document(source)
        if document:
            keep_spare(catalog, split(document, splitting, count_tokens), splitting.key)

"""What a knowledge base holds, for ``kb status``, ``kb doctor`` and the notes of answers."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ...ingest.document import Page
from ...ingest.media import page_kind, page_name
from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog, fingerprint
from ...ingest.store.sources import SourceRow
from ...retrieval.lanes.vectors import count_vectors
from ...retrieval.models.embedder import Embedder
from .chunk_sizes import chunk_tokens_of
from .config import Config
from .notes import owed_notes
from .stores import store_of


@dataclass(frozen=True, slots=True)
class Status:
    """What a base holds, and which models serve it."""

    name: str
    folder: Path
    n_sources: int
    n_failed: int
    n_documents: int
    n_chunks: int
    n_vectors: int
    """Chunks that are embedded."""
    n_pending: int
    """Chunks still to be embedded; 0 unless an ingest was interrupted."""
    chunk_tokens: int
    """The requested passage size, in tokens; 0: what suits the embedder."""
    pages: tuple[tuple[str, int], ...]
    """Number of pages by how they were read: ``text``, ``ocr``, ``empty``, ``garbled``, ``failed``."""
    embedder: str
    """Name of the model, or ``none (BM25 + TF-IDF)``."""
    embedder_path: str
    """What runs the model, and why; empty without one."""
    fingerprint: str
    """The index's fingerprint: the same files give the same one."""
    store: str
    """The vector store beside the catalog; empty without an embedder."""
    bytes_on_disk: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileLedger:
    """What became of one file and each of its pages."""

    source: str
    outcome: str
    """``read``, or the kind of failure."""
    pages: tuple[Page, ...]
    detail: str
    """One line: why it failed, or how its pages were read and the notes."""
    notes: tuple[str, ...] = ()
    """Why it failed; or its encoding if not UTF-8, and the reader's notes."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """``title``, ``date``, ``author``, ``tags`` ...: the file's own metadata, overridden by the user's."""


def bytes_in(folder: Path) -> int:
    """Return the total size of the files in a folder; files and folders that vanish meanwhile count nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += Path(place, name).stat().st_size
    return total


def ledger_of(catalog: Catalog) -> tuple[FileLedger, ...]:
    """Return the ledger of every source, sorted."""
    return tuple(_ledger(catalog, row) for row in catalog.sources().values())


def _ledger(catalog: Catalog, row: SourceRow) -> FileLedger:
    if row.document_id is None:
        reason = row.failure_reason or Notice("its members are read")
        return FileLedger(row.source, row.failure_kind or "archive", (), reason, (reason,))
    pages = catalog.pages(row.document_id)
    encoding, noted = catalog.notes(row.document_id)
    notes = (*([encoding] if encoding not in ("", "utf-8", "ascii") else []), *noted)
    counts = Counter(page.how for page in pages)
    kind = page_kind(row.source)
    parts = [f"{len(pages)} {kind}{'' if len(pages) == 1 else 's'}"] if pages else []
    parts += [f"{count} {how}" for how, count in sorted(counts.items()) if how != "text"]
    parts += [
        f"{page_name(row.source, page.number)}: {page.reason}" for page in pages if page.how in ("garbled", "failed")
    ]
    return FileLedger(row.source, "read", pages, "; ".join((*parts, *notes)), notes, row.metadata)


def status_of(catalog: Catalog, config: Config, embedder: Embedder | None, note: str) -> Status:
    """Return the current counts and settings of a base."""
    vectors, pending = count_vectors(catalog, embedder.fingerprint) if embedder else (0, 0)
    return Status(
        config.name,
        config.folder,
        catalog.count("sources"),
        catalog.n_failed(),
        catalog.count("documents"),
        catalog.count("chunks"),
        vectors,
        pending,
        chunk_tokens_of(catalog),
        catalog.pages_by_how(),
        embedder.name if embedder else Notice("none (BM25 + TF-IDF)"),
        getattr(embedder, "path", ""),
        fingerprint(catalog, embedder.fingerprint if embedder else "tfidf"),
        store_of(catalog, config) if embedder else "",
        bytes_in(config.folder),
        (*filter(None, [note]), *owed_notes(catalog)),
    )

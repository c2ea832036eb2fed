"""Keep the dense lane current with the base: an exact scan, or the vector index if there are too many vectors.

Comes in: the catalog, and the embedder. Goes out: a lane at one generation, and notes on it. Never: an index that lacks much
of what is in the catalog.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...ingest.errors import MissingExtraError, StorageError
from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog
from ..models.embedder import Embedder
from ..stores.index import VectorIndex
from .dense import Dense, Moments, ScannedDense
from .keyword_index import KEYWORDS, KeywordIndex
from .scan import VectorScan, vectors_kind
from .vectors import count_vectors, sample_vectors

EXACT_BYTES = 2 << 30
"""Of vectors. Up to this size (1.4 million of MiniLM's) every one is scanned: 8 ms for 100 000, and none is missed. Beyond it,
the vector index: Chroma's HNSW, whose build takes a millisecond or more per vector."""

FOLDER = "segments"
"""Folder inside the base's folder for the files that large bases are searched with."""

_SAMPLE = 20_000
"""Sample of vectors for the moments of a base with a vector index, and the most that a filtered search scans."""
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class View:
    """The dense lane at one generation of the catalog."""

    state: tuple[int, str]
    dense: Dense | ScannedDense | None
    notes: tuple[str, ...]


class Views:
    """Keeps the newest view. Thread-safe."""

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        index: Callable[[Embedder], VectorIndex],
        exact_up_to: Callable[[], int | None],
    ) -> None:
        """Take the catalog, the folder for derived files, and a function that opens an embedder's vector index.

        ``exact_up_to``: returns how many vectors are scanned exactly, 0 for a base whose index is always used; by default as
        many as fit into ``EXACT_BYTES``.
        """
        self._catalog = catalog
        self._folder = folder
        self._index = index
        self._exact_up_to = exact_up_to
        self._scan: tuple[str, VectorScan] | None = None
        self._view: View | None = None

    def current(self, embedder: Embedder) -> View:
        """Return the current view."""
        view = self._view
        state = (self._catalog.generation, embedder.fingerprint)
        if view is None or view.state != state:
            self._view = view = self._look(embedder, state)
        return view

    def _look(self, embedder: Embedder, state: tuple[int, str]) -> View:
        most = self._exact_up_to()
        if most is None:
            most = EXACT_BYTES // (4 * embedder.dim)
        why = ""
        if self._catalog.count("chunks") > most:
            ready, pending = count_vectors(self._catalog, embedder.fingerprint)
            if ready > most:
                try:
                    index, behind = self._opened(embedder, ready)
                except (StorageError, MissingExtraError) as error:
                    why = Notice("Every vector was looked at, without the index: {why}", why=error)
                else:
                    looked_at = min(most, _SAMPLE) or _SAMPLE
                    sample = sample_vectors(self._catalog, embedder.fingerprint, embedder.dim, looked_at)
                    dense = Dense(self._catalog, embedder, index, Moments.of(sample), looked_at)
                    return View(state, dense, (*_pending(ready, pending), *behind))
        scan = self._scanning(embedder).current(self._catalog.connection())
        lane = ScannedDense(self._catalog.connection, embedder, scan) if scan.n_usable else None
        return View(state, lane, (*_pending(scan.n_usable, scan.n_pending), *([why] if why else [])))

    def _scanning(self, embedder: Embedder) -> VectorScan:
        if self._scan is None or self._scan[0] != embedder.fingerprint:
            self._scan = (embedder.fingerprint, VectorScan(self._folder / FOLDER, embedder.fingerprint, embedder.dim))
        return self._scan[1]

    def _opened(self, embedder: Embedder, ready: int) -> tuple[VectorIndex, tuple[str, ...]]:
        """Return the vector index, and notes on it.

        Raises:
            StorageError: it cannot be used, or too much is missing; the next ingest then rebuilds it.
        """
        index = self._index(embedder)
        there = index.count()
        if there < _NEARLY_ALL * ready:
            if not self._catalog.is_read_only:
                self._catalog.put("indexed", "")
            raise StorageError(
                "it holds {there} of {ready} vectors; run kb ingest to fill it.", there=there, ready=ready
            )
        behind = Notice(
            "{n} of {total} passages are missing in the vector index; run kb ingest to finish them.",
            n=ready - there,
            total=ready,
        )
        return index, ((behind,) if there < ready else ())


def keep_up(catalog: Catalog, folder: Path, embedder: Embedder | None, *, forget: bool = False) -> None:
    """Bring a large base's search files up to date with the catalog; the caller holds the writer's lock.

    Args:
        catalog: of the base; no vector of ``embedder`` is pending.
        folder: of the base.
        embedder: the one in use; files of others are removed.
        forget: leave no trace of deleted chunks.
    """
    place = folder / FOLDER
    n_chunks = catalog.count("chunks")
    KeywordIndex(place).update(catalog, n_chunks, forget=forget)
    kinds = {KEYWORDS}
    if embedder is not None and n_chunks * 4 * embedder.dim <= EXACT_BYTES:
        VectorScan(place, embedder.fingerprint, embedder.dim).update(catalog, n_chunks, forget=forget)
        kinds.add(vectors_kind(embedder.fingerprint))
    for outdated in place.iterdir() if place.is_dir() else ():
        if outdated.name not in kinds:
            shutil.rmtree(outdated, ignore_errors=True)


def pending_note(ready: int, pending: int) -> str:
    """Say that only part of the base is searched by meaning."""
    return Notice(
        "By meaning {n} of {n_passages} passages so far, all of them by keywords; "
        "kb ingest, kb ui and kb serve go on with the rest.",
        n=ready,
        n_passages=ready + pending,
    )


def _pending(ready: int, pending: int) -> tuple[str, ...]:
    return (pending_note(ready, pending),) if pending else ()

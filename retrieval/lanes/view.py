"""The dense lane as it follows the base: all vectors looked at, or the vector index where there are too many.

Comes in: the catalog, and what embeds. Goes out: a lane as of one generation, and what to say of it. Never: an index that
lacks much of what the catalog holds.
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
"""Of vectors. Up to here (1.4 million of MiniLM's) every one is looked at: 8 ms for 100 000, and none is missed. Beyond, the
vector index: Chroma's HNSW, whose build takes a millisecond and more a vector."""

FOLDER = "segments"
"""Of the files that large bases are searched by, in the folder of the base."""

_SAMPLE = 20_000
"""Vectors that the moments of a base with a vector index are computed from, and that a filtered search looks at."""
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class View:
    """The dense lane as of one generation of the catalog."""

    state: tuple[int, str]
    dense: Dense | ScannedDense | None
    notes: tuple[str, ...]


class Views:
    """Keeps the newest view. Safe to call from several threads."""

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        index: Callable[[Embedder], VectorIndex],
        exact_up_to: Callable[[], int | None],
    ) -> None:
        """Take the catalog, where derived files are kept, and what opens the vector index of an embedder.

        ``exact_up_to``: returns how many vectors are looked at, 0 for a base whose index is always asked; by default as many
        as ``EXACT_BYTES`` hold.
        """
        self._catalog = catalog
        self._folder = folder
        self._index = index
        self._exact_up_to = exact_up_to
        self._scan: tuple[str, VectorScan] | None = None
        self._view: View | None = None

    def current(self, embedder: Embedder) -> View:
        """Return the view as of now."""
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
        """Return the vector index, and what to say of it.

        Raises:
            StorageError: it cannot be used, or too much is missing; the next ingest then makes it again.
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
    """Make the files that a large base is searched by follow the catalog; the caller holds the writer's lock.

    Args:
        catalog: of the base; no vector of ``embedder`` is pending.
        folder: of the base.
        embedder: which serves; files of others are removed.
        forget: leave no trace of chunks that are gone.
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
    """Say that a base is searched by meaning in part."""
    return Notice(
        "By meaning {n} of {n_passages} passages so far, all of them by keywords; "
        "kb ingest, kb ui and kb serve go on with the rest.",
        n=ready,
        n_passages=ready + pending,
    )


def _pending(ready: int, pending: int) -> tuple[str, ...]:
    return (pending_note(ready, pending),) if pending else ()

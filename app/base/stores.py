"""Where a base keeps its vectors beside the catalog: in a store of its own, or one that several bases share.

Comes in: what is configured, and what the base remembers. Goes out: the vector index of an embedder. Never: the vectors of
another base, or a base that is in another store than it was because somebody set a variable.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from secrets import token_hex

from ...ingest.document import Progress
from ...ingest.errors import InputError, KBError, StorageError
from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog
from ...retrieval.lanes.fill import fill_index
from ...retrieval.models.embedder import Embedder
from ...retrieval.stores.chroma import is_there
from ...retrieval.stores.index import VectorIndex
from ...retrieval.stores.specs import CHROMA, open_store
from .config import Config

STORE = "store"
"""The setting of a base that says where its vectors are."""
IDENTITY = "store id"
"""Likewise: what tells its indexes from those of others in the same store."""
_OWN = "kb-"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a move to another store did; nothing is embedded for it."""

    store: str
    """Where the vectors are now."""
    previous: str
    n_vectors: int
    seconds: float
    notes: tuple[str, ...]


def store_of(catalog: Catalog, config: Config) -> str:
    """Return the store that is asked: the one that is configured, else where the base keeps its vectors."""
    return config.store or catalog.get(STORE) or CHROMA


def exact_up_to(catalog: Catalog, config: Config) -> int | None:
    """Return how many vectors are looked at without the index; see ``Views``: a store that was asked for is asked."""
    return None if store_of(catalog, config) == CHROMA else 0


def check_store(catalog: Catalog, config: Config) -> None:
    """Look whether a base may be written to with the store that is configured.

    Raises:
        InputError: it keeps its vectors elsewhere.
    """
    kept = catalog.get(STORE)
    if kept and config.store and config.store != kept:
        raise InputError(
            "this base keeps its vectors in {kept}; to move them, run: kb reindex --store {store}",
            kept=kept,
            store=config.store,
        )


def open_index(catalog: Catalog, config: Config, embedder: Embedder) -> VectorIndex:
    """Open the vector index of an embedder, in the store that is asked.

    Raises:
        StorageError: it does not answer, or cannot be used.
        MissingExtraError: its client is not installed.
    """
    spec = store_of(catalog, config)
    name = f"{_prefix(catalog, spec)}{embedder.fingerprint}"
    if spec != CHROMA:
        name = name.replace("-", "_")  # all that Milvus takes
    return open_store(spec, config.folder, config.store_key).index(name, embedder.dim)


def follow_store(catalog: Catalog, config: Config, embedder: Embedder, progress: Progress | None = None) -> None:
    """Make the index hold just the vectors of the catalog, unless nothing changed, and remember where it is."""
    spec = store_of(catalog, config)
    lost = spec == CHROMA and not is_there(config.folder / CHROMA)
    if not lost and catalog.get("indexed") == _state(catalog, embedder, spec):
        return
    fill_index(open_index(catalog, config, embedder), catalog, embedder, progress)
    kept = catalog.get(STORE)
    if kept != spec:
        with catalog.transaction(content=False, visible=bool(kept) or spec != CHROMA):
            catalog.put(STORE, spec)
    catalog.put("indexed", _state(catalog, embedder, spec))


def move_store(
    catalog: Catalog, config: Config, embedder: Embedder | None, progress: Progress | None = None
) -> Restored:
    """Move a base to the store that is configured; the caller holds the writer's lock. Interrupted, it goes on next time.

    Raises:
        InputError: it is there already, or has no vectors.
        StorageError: the store does not answer, or cannot be used.
        MissingExtraError: its client is not installed.
    """
    began = time.perf_counter()
    previous, spec = catalog.get(STORE) or CHROMA, store_of(catalog, config)
    if embedder is None:
        raise InputError("this base is searched by keywords and TF-IDF only; it has no vectors to keep in a store")
    if previous == spec:
        raise InputError("this base keeps its vectors in {store} already; nothing was done", store=spec)
    follow_store(catalog, config, embedder, progress)
    n_vectors = open_index(catalog, config, embedder).count()
    note = _leave(catalog, config, previous)
    return Restored(spec, previous, n_vectors, time.perf_counter() - began, (note,) if note else ())


def _leave(catalog: Catalog, config: Config, spec: str) -> str:
    """Drop what a base has in a store where it is not any more; return what to say if that cannot be done."""
    try:
        store = open_store(spec, config.folder, config.store_key)
        for name in store.names():
            if name.startswith(_prefix(catalog, spec)):
                store.drop(name)
    except KBError as error:
        return Notice("What the base had in {store} could not be removed there: {why}", store=spec, why=error)
    return ""


def drop_others(catalog: Catalog, config: Config, embedder: Embedder | None) -> tuple[str, ...]:
    """Drop the indexes of all embedders of a base but one; return what followed its mark in their names."""
    spec = store_of(catalog, config)
    prefix = _prefix(catalog, spec)
    store = open_store(spec, config.folder, config.store_key)
    keep = embedder.fingerprint if embedder else ""
    keep = keep if spec == CHROMA else keep.replace("-", "_")
    gone = [name for name in store.names() if name.startswith(prefix) and name != f"{prefix}{keep}"]
    for name in gone:
        store.drop(name)
    return tuple(name.removeprefix(prefix) for name in gone)


def _prefix(catalog: Catalog, spec: str) -> str:
    if spec == CHROMA:
        return _OWN
    identity = catalog.get(IDENTITY)
    if not identity:
        if catalog.is_read_only:
            raise StorageError("{store} holds nothing of this base yet; run kb ingest to fill it.", store=spec)
        identity = token_hex(4)
        catalog.put(IDENTITY, identity)
    return f"kb_{identity}_"


def _state(catalog: Catalog, embedder: Embedder, spec: str) -> str:
    return f"{catalog.generation} {embedder.fingerprint} {spec}"

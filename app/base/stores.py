"""Where a base keeps its vectors beside the catalog: in its own store, or one that several bases share.

Comes in: the configuration, and what the base remembers. Goes out: the vector index of an embedder. Never: the vectors of
another base, or a base switched to another store because somebody set a variable.
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
"""The setting that says where the base's vectors are."""
IDENTITY = "store id"
"""The setting that distinguishes its indexes from others' in the same store."""
_OWN = "kb-"


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a move to another store; nothing is embedded again."""

    store: str
    """Where the vectors are now."""
    previous: str
    n_vectors: int
    seconds: float
    notes: tuple[str, ...]


def store_of(catalog: Catalog, config: Config) -> str:
    """Return the store to query: the configured one, else the one where the base keeps its vectors."""
    return config.store or catalog.get(STORE) or CHROMA


def exact_up_to(catalog: Catalog, config: Config) -> int | None:
    """Return how many vectors are searched without the index; see ``Views``. A store the user chose is always used."""
    return None if store_of(catalog, config) == CHROMA else 0


def check_store(catalog: Catalog, config: Config) -> None:
    """Check that a base may be written to with the configured store.

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
    """Open the vector index of an embedder, in the store to query.

    Raises:
        StorageError: the store does not answer, or cannot be used.
        MissingExtraError: its client is not installed.
    """
    spec = store_of(catalog, config)
    name = f"{_prefix(catalog, spec)}{embedder.fingerprint}"
    if spec != CHROMA:
        name = name.replace("-", "_")  # Milvus takes no hyphens
    return open_store(spec, config.folder, config.store_key).index(name, embedder.dim)


def follow_store(catalog: Catalog, config: Config, embedder: Embedder, progress: Progress | None = None) -> None:
    """Make the index hold exactly the catalog's vectors, unless nothing changed, and store where it is."""
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
    """Move a base to the configured store; the caller holds the writer's lock. If interrupted, the next call resumes.

    Raises:
        InputError: the base uses that store already, or has no vectors.
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
    """Drop what a base has in a store it has left; return a message if that fails."""
    try:
        store = open_store(spec, config.folder, config.store_key)
        for name in store.names():
            if name.startswith(_prefix(catalog, spec)):
                store.drop(name)
    except KBError as error:
        return Notice("What the base had in {store} could not be removed there: {why}", store=spec, why=error)
    return ""


def drop_others(catalog: Catalog, config: Config, embedder: Embedder | None) -> tuple[str, ...]:
    """Drop the indexes of all embedders of a base but one; return the rest of their names after the prefix."""
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

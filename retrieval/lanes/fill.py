"""Fill a vector index from the catalog, and remove what the catalog no longer has.

Comes in: a catalog with vectors, and an index in any state. Goes out: an index with exactly the catalog's vectors. Never: an
embedder, or more in memory than a batch; after an interruption, the next run continues from there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

import numpy as np

from ...ingest.document import Progress, Step
from ...ingest.store.catalog import Catalog
from ...ingest.store.chunkings import wanted_chunks
from ..models.embedder import Embedder
from ..stores.index import VectorIndex

_BATCH = 1000


def fill_index(
    index: VectorIndex,
    catalog: Catalog,
    embedder: Embedder,
    progress: Progress | None = None,
    split_key: str | None = None,
) -> None:
    """Make the index contain exactly the vectors that the catalog has for this embedder.

    Args:
        index: is filled, and cleared of chunks that are in neither the catalog nor, with ``split_key``, the future split.
        catalog: has the vectors.
        embedder: made them.
        progress: called at every step.
        split_key: fill it for the chunks that the base will have after this split; by default, for its current ones.
    """
    connection = catalog.connection()
    _compare(connection, index, embedder.fingerprint, split_key)
    for _, ids, _ in _pages(connection, "stray"):
        index.remove(ids)
    (n,) = connection.execute("SELECT count(*) FROM temp.missing").fetchone()
    for done, ids, hashes in _pages(connection, "missing"):
        if progress:
            progress(Step("index", done, n))
        rows = connection.execute(
            "SELECT text_hash, vector FROM vectors WHERE embedder = ? AND text_hash IN (SELECT value FROM json_each(?))",
            (embedder.fingerprint, json.dumps(hashes)),
        )
        vectors = dict(rows.fetchall())
        there = [at for at, text_hash in enumerate(hashes) if vectors.get(text_hash)]  # others may be writing
        buffer = b"".join(vectors[hashes[at]] for at in there)
        index.upsert([ids[at] for at in there], np.frombuffer(buffer, "<f4").reshape(len(there), embedder.dim))
    if progress and n:
        progress(Step("index", n, n))


def _compare(connection: sqlite3.Connection, index: VectorIndex, fingerprint: str, split_key: str | None) -> None:
    """Record, in tables private to this connection, what the index lacks and what it should not have."""
    for table in ("there", "wanted", "missing", "stray"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    connection.execute("CREATE TEMP TABLE there (id TEXT PRIMARY KEY) WITHOUT ROWID")
    for ids in index.ids():
        connection.execute("INSERT OR IGNORE INTO temp.there SELECT value FROM json_each(?)", (json.dumps(ids),))
    wanted = wanted_chunks(split_key)
    parameters = {"embedder": fingerprint, "split_key": split_key}
    connection.execute(
        f"CREATE TEMP TABLE missing AS SELECT id, text_hash FROM ({wanted}) WHERE id NOT IN temp.there ORDER BY id",
        parameters,
    )
    kept = wanted if split_key is None else f"{wanted} UNION ALL {wanted_chunks(None)}"
    connection.execute(
        f"CREATE TEMP TABLE stray AS SELECT id, '' AS text_hash FROM temp.there WHERE id NOT IN (SELECT id FROM ({kept}))",
        parameters,
    )


def _pages(connection: sqlite3.Connection, table: str) -> Iterator[tuple[int, list[str], list[str]]]:
    """Yield the number of earlier rows, then ids and text hashes, a batch at a time."""
    done = 0
    while page := connection.execute(
        f"SELECT id, text_hash FROM temp.{table} WHERE rowid > ? ORDER BY rowid LIMIT ?", (done, _BATCH)
    ).fetchall():
        yield done, [chunk for chunk, _ in page], [text_hash for _, text_hash in page]
        done += len(page)

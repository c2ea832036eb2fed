"""Keep vectors in the catalog by text; every vector index is filled from there.

Comes in: a catalog with chunks and an embedder. Goes out: vectors in the catalog. Never: the embedder run twice for the same
text, or text truncated on its way into it.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from ...ingest.document import Progress, Step, indexed_text
from ...ingest.plain import without_markup
from ...ingest.store.catalog import Catalog
from ...ingest.store.chunkings import spare_texts
from ..models.embedder import BatchEmbedder, Embedder

READABLE = 0.8
"""Minimum share of a text's letters that an embedder must know; below it, its vectors mislead."""

AT_ONCE = 64
"""Chunks embedded and stored together: a few seconds' work, which is the cost of an interruption."""

_BATCH = 256
_KEEP = (
    "INSERT OR REPLACE INTO vectors SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM chunks WHERE text_hash = ?2)"
    " OR EXISTS (SELECT 1 FROM spare_chunks WHERE text_hash = ?2)"
)


@dataclass(frozen=True, slots=True)
class Embedded:
    """What one run of the embedder did, and what it could not do."""

    n_embedded: int
    n_unreadable: int
    """Chunks in the base that the embedder cannot read."""
    n_truncated_tokens: int
    """Tokens of all chunks beyond what the embedder takes: 0, or the splitter is broken."""


def embed_pending(
    catalog: Catalog,
    embedder: Embedder,
    progress: Progress | None = None,
    alone: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Embedded:
    """Embed every chunk that has no vector yet, one batch per transaction: an interrupted run resumes where it stopped.

    Each batch is stored within ``alone()``; while it is computed others may write, and what they remove is not stored.
    """
    connection = catalog.connection()
    pending = connection.execute(
        "SELECT min(c.key) FROM chunks c LEFT JOIN vectors v ON v.embedder = ? AND v.text_hash = c.text_hash"
        " WHERE v.text_hash IS NULL GROUP BY c.text_hash ORDER BY c.n_tokens",
        (embedder.fingerprint,),
    ).fetchall()
    keys = [key for (key,) in pending]
    batches = (_texts(catalog, keys[at : at + AT_ONCE]) for at in range(0, len(keys), AT_ONCE))
    n_embedded = _store_all(catalog, embedder, batches, len(keys), progress, visible=True, alone=alone)
    unreadable, truncated = connection.execute(
        "SELECT count(*) FILTER (WHERE v.vector IS NULL), total(max(0, c.n_tokens - ?)) FROM chunks c JOIN vectors v"
        " ON v.embedder = ? AND v.text_hash = c.text_hash",
        (embedder.max_tokens, embedder.fingerprint),
    ).fetchone()
    return Embedded(n_embedded, unreadable, int(truncated))


def embed_spare(catalog: Catalog, embedder: Embedder, split_key: str, progress: Progress | None = None) -> int:
    """Embed a splitting's spare chunks that have no vector yet, hidden from searches; return how many were embedded."""
    texts = spare_texts(catalog, split_key, embedder.fingerprint)
    first = next(texts, None)
    if first is None:
        return 0
    rows = ((text_hash, text) for _, text_hash, text in chain([first], texts))
    batches = iter(lambda: dict(islice(rows, _BATCH)), {})
    return _store_all(catalog, embedder, batches, first[0], progress, visible=False)


def _texts(catalog: Catalog, keys: Sequence[int]) -> dict[str, str]:
    """Return the indexed texts of chunks, by their hash."""
    rows = catalog.connection().execute(
        f"SELECT text_hash, text, headings FROM chunks WHERE key IN ({','.join('?' * len(keys))})", keys
    )
    return {text_hash: indexed_text(tuple(json.loads(headings)), text) for text_hash, text, headings in rows}


def _store_all(
    catalog: Catalog,
    embedder: Embedder,
    batches: Iterable[Mapping[str, str]],
    n: int,
    progress: Progress | None,
    *,
    visible: bool,
    alone: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> int:
    """Embed the words of ``n`` indexed texts, given by hash, and store the vectors, one batch per transaction.

    Returns how many could be read. The embedder may be a few batches ahead of what is stored.
    """
    ahead: deque[tuple[list[str], list[str]]] = deque()

    def readable() -> Iterator[list[str]]:
        for texts in batches:
            hashes = list(texts)
            words = [without_markup(text) for text in texts.values()]
            can_read = embedder.coverage(words) >= READABLE
            ahead.append((hashes, [h for h, can in zip(hashes, can_read, strict=True) if can]))
            yield [text for text, can in zip(words, can_read, strict=True) if can]

    n_done = n_embedded = 0
    if progress and n:
        progress(Step("embed", 0, n))
    with closing(_vectors_for(embedder, readable())) as stream:  # if interrupted, it stops its workers
        for vectors in stream:
            hashes, chosen = ahead.popleft()
            made = dict(zip(chosen, vectors.astype("<f4"), strict=True))
            with alone():
                _store(catalog, embedder, hashes, made, visible=visible)
            n_done += len(hashes)
            n_embedded += len(chosen)
            if progress:
                progress(Step("embed", n_done, n))
    return n_embedded


def _vectors_for(embedder: Embedder, batches: Iterable[Sequence[str]]) -> Generator[NDArray[np.float32], None, None]:
    if isinstance(embedder, BatchEmbedder):
        yield from embedder.embed_all(batches)
    else:
        yield from map(embedder.embed_documents, batches)


def _store(
    catalog: Catalog,
    embedder: Embedder,
    hashes: Sequence[str],
    vectors: Mapping[str, NDArray[np.float32]],
    *,
    visible: bool,
) -> None:
    """Store vectors of texts that still exist, in one transaction; mark hashes without a vector as unreadable."""
    blobs = ((embedder.fingerprint, h, vectors[h].tobytes() if h in vectors else None) for h in hashes)
    with catalog.transaction(content=False, visible=visible) as connection:
        connection.executemany(_KEEP, blobs)


def load_vectors(
    catalog: Catalog, fingerprint: str, dim: int, ids: Sequence[str] | None = None
) -> tuple[list[str], NDArray[np.float32]]:
    """Return the vectors of chunks, all or the given ones: ids in key order, (n, dim) float32.

    Chunks without a vector are left out.
    """
    wanted = "" if ids is None else " AND c.id IN (SELECT value FROM json_each(?))"
    rows = (
        catalog.connection()
        .execute(
            "SELECT c.id, v.vector FROM chunks c JOIN vectors v ON v.embedder = ? AND v.text_hash = c.text_hash"
            f" WHERE v.vector IS NOT NULL{wanted} ORDER BY c.key",
            (fingerprint, *([] if ids is None else [json.dumps(list(ids))])),
        )
        .fetchall()
    )
    buffer = b"".join(vector for _, vector in rows)
    return [chunk for chunk, _ in rows], np.frombuffer(buffer, "<f4").reshape(len(rows), dim)


def sample_vectors(catalog: Catalog, fingerprint: str, dim: int, n: int) -> NDArray[np.float32]:
    """Return (at most n, dim) vectors of an embedder: those whose texts have the lowest hashes, a random sample."""
    rows = catalog.connection().execute(
        "SELECT vector FROM vectors WHERE embedder = ? AND vector IS NOT NULL ORDER BY text_hash LIMIT ?",
        (fingerprint, n),
    )
    return np.frombuffer(b"".join(vector for (vector,) in rows), "<f4").reshape(-1, dim)


def count_vectors(catalog: Catalog, fingerprint: str) -> tuple[int, int]:
    """Return how many chunks have a vector of this embedder, and how many still wait for the embedder."""
    ready, pending = (
        catalog.connection()
        .execute(
            "SELECT count(v.vector), count(*) FILTER (WHERE v.text_hash IS NULL) FROM chunks c LEFT JOIN vectors v"
            " ON v.embedder = ? AND v.text_hash = c.text_hash",
            (fingerprint,),
        )
        .fetchone()
    )
    return ready, pending

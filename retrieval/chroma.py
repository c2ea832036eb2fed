"""Chroma as the vector index: one collection per embedder, cosine space.

The only file that imports chromadb (1 s): kb opens it when it must, not when it starts.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from ..ingest.errors import InputError, StorageError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection


class ChromaIndex:
    """A ``VectorIndex`` in a Chroma collection."""

    def __init__(self, client: ClientAPI, fingerprint: str) -> None:
        self._client = client
        self._collection: Collection = client.get_or_create_collection(
            f"kb-{fingerprint}", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        self._batch = client.get_max_batch_size()

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """See ``VectorIndex``."""
        for at in range(0, len(ids), self._batch):
            stop = at + self._batch
            self._collection.upsert(ids=list(ids[at:stop]), embeddings=vectors[at:stop])

    def remove(self, ids: Sequence[str]) -> None:
        """See ``VectorIndex``."""
        for at in range(0, len(ids), self._batch):
            self._collection.delete(ids=list(ids[at : at + self._batch]))

    def search(self, vector: NDArray[np.float32], n: int) -> tuple[list[str], NDArray[np.float32]]:
        """See ``VectorIndex``."""
        n = min(n, self._collection.count())
        if n == 0:
            return [], np.zeros(0, np.float32)
        found = self._collection.query(query_embeddings=vector[np.newaxis], n_results=n, include=["distances"])
        distances = found["distances"] or [[]]
        return list(found["ids"][0]), 1 - np.asarray(distances[0], np.float32)

    def ids(self) -> set[str]:
        """See ``VectorIndex``."""
        return set(self._collection.get(include=[])["ids"])


def open_chroma(place: Path | str, fingerprint: str) -> ChromaIndex:
    """Open the collection of an embedder.

    Args:
        place: a folder (Chroma in this process; made if missing, made anew if damaged), or ``http://host:port`` of a
            Chroma server.
        fingerprint: of the embedder.
    Raises:
        InputError: the address is not one.
        StorageError: the server does not answer, or the folder cannot be used.
    """
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if isinstance(place, str):
        url = urlsplit(place)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise InputError(f"{place!r} is not the address of a Chroma server; write http://host:port")
        try:
            port = url.port or (443 if url.scheme == "https" else 8000)
            client = chromadb.HttpClient(host=url.hostname, port=port, ssl=url.scheme == "https", settings=settings)
            return ChromaIndex(client, fingerprint)
        except Exception as error:
            raise StorageError(
                f"the Chroma server at {place} does not answer ({error}); start it: chroma run"
            ) from error
    try:
        return ChromaIndex(chromadb.PersistentClient(path=place, settings=settings), fingerprint)
    except Exception:  # noqa: BLE001 - whatever Chroma raises on a damaged folder: it is derived, so it is made anew
        shutil.rmtree(place, ignore_errors=True)
    try:
        return ChromaIndex(chromadb.PersistentClient(path=place, settings=settings), fingerprint)
    except Exception as error:
        raise StorageError(f"{place}: Chroma cannot be opened there ({error}); check the permissions") from error

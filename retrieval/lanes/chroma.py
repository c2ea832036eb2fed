"""Chroma as the vector index: one collection per embedder, cosine space.

The only file that imports chromadb (1 s): kb opens it when it must, not when it starts.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import StorageError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

_PREFIX = "kb-"
_FILE = "chroma.sqlite3"
_MAGIC = b"SQLite format 3\0"


class ChromaIndex:
    """A ``VectorIndex`` in a Chroma collection."""

    def __init__(self, client: ClientAPI, fingerprint: str, place: Path | str) -> None:
        self._place = place
        self._collection: Collection = client.get_or_create_collection(
            f"{_PREFIX}{fingerprint}", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        self._batch = client.get_max_batch_size()

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """See ``VectorIndex``."""
        with self._mapped():
            for at in range(0, len(ids), self._batch):
                stop = at + self._batch
                self._collection.upsert(ids=list(ids[at:stop]), embeddings=vectors[at:stop])

    def remove(self, ids: Sequence[str]) -> None:
        """See ``VectorIndex``."""
        with self._mapped():
            for at in range(0, len(ids), self._batch):
                self._collection.delete(ids=list(ids[at : at + self._batch]))

    def search(self, vector: NDArray[np.float32], n: int) -> tuple[list[str], NDArray[np.float32]]:
        """See ``VectorIndex``."""
        with self._mapped():
            n = min(n, self._collection.count())
            if n == 0:
                return [], np.zeros(0, np.float32)
            found = self._collection.query(query_embeddings=vector[np.newaxis], n_results=n, include=["distances"])
            distances = found["distances"] or [[]]
            return list(found["ids"][0]), 1 - np.asarray(distances[0], np.float32)

    def ids(self) -> set[str]:
        """See ``VectorIndex``."""
        with self._mapped():
            return set(self._collection.get(include=[])["ids"])

    def count(self) -> int:
        """See ``VectorIndex``."""
        with self._mapped():
            return self._collection.count()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise _failed(self._place, error) from error


def open_chroma(place: Path | str, fingerprint: str) -> ChromaIndex:
    """Open the collection of an embedder.

    Args:
        place: a folder (Chroma in this process; made if missing, made again if damaged), or ``http://host:port`` of a
            Chroma server.
        fingerprint: of the embedder.
    Raises:
        StorageError: the server does not answer, or the folder cannot be used.
    """
    try:
        return ChromaIndex(_client(place), fingerprint, place)
    except Exception as error:
        if isinstance(place, str):
            raise _failed(place, error) from error
        shutil.rmtree(place, ignore_errors=True)  # Chroma raises all sorts on a damaged folder: it is made again
    try:
        return ChromaIndex(_client(place), fingerprint, place)
    except Exception as error:
        raise _failed(place, error) from error


def is_there(folder: Path) -> bool:
    """Return whether a folder holds Chroma's data, as far as can be told without opening it."""
    try:
        with (folder / _FILE).open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def drop_collections(place: Path | str, keep: str) -> tuple[str, ...]:
    """Drop the collections of all embedders but one, and return the fingerprints of those dropped.

    Raises:
        StorageError: the server does not answer, or the folder cannot be used.
    """
    try:
        client = _client(place)
        names = [collection.name for collection in client.list_collections()]
        gone = [name for name in names if name.startswith(_PREFIX) and name != f"{_PREFIX}{keep}"]
        for name in gone:
            client.delete_collection(name)
    except Exception as error:
        raise _failed(place, error) from error
    return tuple(name.removeprefix(_PREFIX) for name in gone)


def _client(place: Path | str) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if isinstance(place, Path):
        if not (place / _FILE).exists():
            _forget(place)
        return chromadb.PersistentClient(path=place, settings=settings)
    url = urlsplit(place)
    port = url.port or (443 if url.scheme == "https" else 8000)
    return chromadb.HttpClient(host=url.hostname or "", port=port, ssl=url.scheme == "https", settings=settings)


def _forget(place: Path) -> None:
    """Part with what Chroma, in this process, still holds open of a folder that is gone."""
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient._identifier_to_system.pop(str(place), None)  # noqa: SLF001 - there is no public way


def _failed(place: Path | str, error: Exception) -> StorageError:
    if isinstance(place, str):
        return StorageError(
            "the Chroma server at {place} does not answer ({why}); start it: chroma run", place=place, why=error
        )
    return StorageError(
        "{place}: Chroma cannot be used there ({why}); remove the folder and run kb ingest: it is made again",
        place=place,
        why=error,
    )

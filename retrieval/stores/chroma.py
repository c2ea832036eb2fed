"""Store vectors in Chroma: in this process, in the base's folder, or on a server; one collection per index, cosine space.

The only file that imports chromadb (1 s): kb opens it when needed, not at startup.
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

_PAGE = 50_000
_FILE = "chroma.sqlite3"
_MAGIC = b"SQLite format 3\0"


class ChromaStore:
    """See ``Store``."""

    def __init__(self, place: Path | str) -> None:
        """Keep vectors in a folder, or on the server at ``http://host:port``."""
        self._place = place

    def index(self, name: str, dim: int) -> ChromaIndex:  # noqa: ARG002 - Chroma infers the dimension
        """See ``Store``; a folder is created if missing, and recreated if damaged."""
        try:
            return ChromaIndex(_client(self._place), name, self._place)
        except Exception as error:
            if isinstance(self._place, str):
                raise _failed(self._place, error) from error
            shutil.rmtree(self._place, ignore_errors=True)  # Chroma raises all sorts of errors on a damaged folder
        try:
            return ChromaIndex(_client(self._place), name, self._place)
        except Exception as error:
            raise _failed(self._place, error) from error

    def names(self) -> list[str]:
        """See ``Store``."""
        if isinstance(self._place, Path) and not self._place.is_dir():
            return []
        try:
            return [collection.name for collection in _client(self._place).list_collections()]
        except Exception as error:
            raise _failed(self._place, error) from error

    def drop(self, name: str) -> None:
        """See ``Store``."""
        try:
            _client(self._place).delete_collection(name)
        except Exception as error:
            raise _failed(self._place, error) from error


class ChromaIndex:
    """A ``VectorIndex`` in a Chroma collection."""

    def __init__(self, client: ClientAPI, name: str, place: Path | str) -> None:
        self._place = place
        self._collection: Collection = client.get_or_create_collection(
            name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
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

    def search(self, vector: NDArray[np.float32], n: int) -> list[str]:
        """See ``VectorIndex``."""
        with self._mapped():
            n = min(n, self._collection.count())
            if n == 0:
                return []
            return list(self._collection.query(query_embeddings=vector[np.newaxis], n_results=n, include=[])["ids"][0])

    def ids(self) -> Iterator[Sequence[str]]:
        """See ``VectorIndex``."""
        for at in range(0, self.count(), _PAGE):
            with self._mapped():
                page = self._collection.get(limit=_PAGE, offset=at, include=[])["ids"]
            yield page

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


def is_there(folder: Path) -> bool:
    """Return whether a folder has Chroma's data, as best can be told without opening it."""
    try:
        with (folder / _FILE).open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


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
    """Drop what Chroma, in this process, still holds open for a folder that is gone."""
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

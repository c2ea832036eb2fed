"""Store vectors in Qdrant: on a server, or in this process, in a folder that one process at a time may open.

In this process it scans every vector and is meant for some 10^4 of them; the server uses the same client with an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

_PAGE = 10_000
_BATCH = 256
_OPEN: WeakValueDictionary[str, QdrantClient] = WeakValueDictionary()
"""By folder: a second client in the same process would find it locked by the first."""


class QdrantStore:
    """See ``Store``."""

    def __init__(self, place: Path | str, key: str) -> None:
        """Keep vectors in a folder, or on the server at ``http://host:port``."""
        self._client = _folder(place) if isinstance(place, Path) else _server(place, key)
        self._is_local = isinstance(place, Path)

    def index(self, name: str, dim: int) -> QdrantIndex:
        """See ``Store``."""
        from qdrant_client.models import Distance, VectorParams

        if not self._client.collection_exists(name):
            self._client.create_collection(name, vectors_config=VectorParams(size=dim, distance=Distance.COSINE))
        if self._is_local:  # it commits every vector separately; what a machine crash loses is refilled
            inner = self._client._client.collections[name]  # noqa: SLF001 - there is no public way
            inner.storage.storage.execute("PRAGMA synchronous=OFF")
        return QdrantIndex(self._client, name)

    def names(self) -> list[str]:
        """See ``Store``."""
        return [collection.name for collection in self._client.get_collections().collections]

    def drop(self, name: str) -> None:
        """See ``Store``."""
        self._client.delete_collection(name)


class QdrantIndex:
    """A ``VectorIndex`` in a Qdrant collection, whose ids are UUIDs: also 32 hexadecimal digits."""

    def __init__(self, client: QdrantClient, name: str) -> None:
        self._client = client
        self._name = name

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """See ``VectorIndex``."""
        from qdrant_client.models import Batch

        for at in range(0, len(ids), _BATCH):
            points = Batch(ids=_points(ids[at : at + _BATCH]), vectors=vectors[at : at + _BATCH].tolist())
            self._client.upsert(self._name, points, wait=True)

    def remove(self, ids: Sequence[str]) -> None:
        """See ``VectorIndex``."""
        from qdrant_client.models import PointIdsList

        self._client.delete(self._name, PointIdsList(points=_points(ids)), wait=True)

    def search(self, vector: NDArray[np.float32], n: int) -> list[str]:
        """See ``VectorIndex``."""
        found = self._client.query_points(self._name, query=vector.tolist(), limit=n, with_payload=False)
        return [_id(point.id) for point in found.points]

    def ids(self) -> Iterator[Sequence[str]]:
        """See ``VectorIndex``."""
        after = None
        while True:
            points, after = self._client.scroll(
                self._name, limit=_PAGE, offset=after, with_payload=False, with_vectors=False
            )
            yield [_id(point.id) for point in points]
            if after is None:
                return

    def count(self) -> int:
        """See ``VectorIndex``."""
        return int(self._client.count(self._name, exact=True).count)


def _folder(place: Path) -> QdrantClient:
    from qdrant_client import QdrantClient

    client = _OPEN.get(str(place))
    if client is None:
        _OPEN[str(place)] = client = QdrantClient(path=str(place), force_disable_check_same_thread=True)
    return client


def _server(address: str, key: str) -> QdrantClient:
    from qdrant_client import QdrantClient

    return QdrantClient(url=address, api_key=key or None, timeout=60)


def _points(ids: Sequence[str]) -> list[str]:
    return [str(UUID(chunk)) for chunk in ids]


def _id(point: object) -> str:
    return UUID(str(point)).hex

"""Store vectors in Milvus: on a server, or with Milvus Lite in this process, in a file that one process at a time may open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from string import hexdigits
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pymilvus import MilvusClient

_PAGE = 100_000
_MOST = 16_384
"""The most that Milvus returns at once."""


class MilvusStore:
    """See ``Store``."""

    def __init__(self, place: Path | str, key: str) -> None:
        """Keep vectors in a file, or on the server at ``http://host:port``."""
        from pymilvus import MilvusClient

        self._client = MilvusClient(str(place), token=key)

    def index(self, name: str, dim: int) -> MilvusIndex:
        """See ``Store``."""
        from pymilvus import DataType

        if not self._client.has_collection(name):
            schema = self._client.create_schema(auto_id=False)
            schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=32)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
            indexed = self._client.prepare_index_params()
            indexed.add_index("vector", index_type="AUTOINDEX", metric_type="COSINE")
            self._client.create_collection(name, schema=schema, index_params=indexed, consistency_level="Strong")
        self._client.load_collection(name)
        return MilvusIndex(self._client, name)

    def names(self) -> list[str]:
        """See ``Store``."""
        return list(self._client.list_collections())

    def drop(self, name: str) -> None:
        """See ``Store``."""
        self._client.drop_collection(name)


class MilvusIndex:
    """A ``VectorIndex`` in a Milvus collection."""

    def __init__(self, client: MilvusClient, name: str) -> None:
        self._client = client
        self._name = name

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """See ``VectorIndex``."""
        rows = [{"id": chunk, "vector": vector} for chunk, vector in zip(ids, vectors, strict=True)]
        self._client.upsert(self._name, rows)

    def remove(self, ids: Sequence[str]) -> None:
        """See ``VectorIndex``."""
        self._client.delete(self._name, ids=list(ids))

    def search(self, vector: NDArray[np.float32], n: int) -> list[str]:
        """See ``VectorIndex``."""
        found = self._client.search(self._name, data=[vector.tolist()], limit=min(n, _MOST), output_fields=["id"])
        return [str(hit["id"]) for hit in found[0]]

    def ids(self) -> Iterator[Sequence[str]]:
        """See ``VectorIndex``."""
        n_digits, n = 0, self.count()
        while n > _PAGE * 16**n_digits:
            n_digits += 1
        for digits in product(hexdigits[:16], repeat=n_digits):  # offsets are limited, and Milvus Lite has no order
            rows = self._client.query(self._name, filter=f'id like "{"".join(digits)}%"', output_fields=["id"])
            yield [str(row["id"]) for row in rows]

    def count(self) -> int:
        """See ``VectorIndex``."""
        return int(self._client.query(self._name, output_fields=["count(*)"])[0]["count(*)"])

"""Store vectors in LanceDB: tables in a folder, read by several processes while one writes; exact scan, on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lancedb.table import Table

_PAGE = 10_000
_FRAGMENTS = 100
"""Writes before a table is compacted: each creates a file."""


class LanceStore:
    """See ``Store``."""

    def __init__(self, folder: Path) -> None:
        """Keep vectors in a folder."""
        import lancedb

        self._database = lancedb.connect(folder, read_consistency_interval=timedelta(0))

    def index(self, name: str, dim: int) -> LanceIndex:
        """See ``Store``."""
        import pyarrow as pa

        schema = pa.schema([("id", pa.string()), ("vector", pa.list_(pa.float32(), dim))])
        return LanceIndex(self._database.create_table(name, schema=schema, exist_ok=True))

    def names(self) -> list[str]:
        """See ``Store``."""
        names: list[str] = []
        token = None
        while True:
            page = self._database.list_tables(page_token=token)
            names += page.tables
            token = page.page_token
            if not token:
                return names

    def drop(self, name: str) -> None:
        """See ``Store``."""
        self._database.drop_table(name)


class LanceIndex:
    """A ``VectorIndex`` in a LanceDB table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._n_writes = 0

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """See ``VectorIndex``."""
        import pyarrow as pa

        flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
        rows = pa.table({"id": list(ids), "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])})
        self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all().execute(rows)
        self._wrote()

    def remove(self, ids: Sequence[str]) -> None:
        """See ``VectorIndex``."""
        self._table.delete(f"id IN ({', '.join(repr(chunk) for chunk in ids)})")
        self._wrote()

    def search(self, vector: NDArray[np.float32], n: int) -> list[str]:
        """See ``VectorIndex``."""
        found = self._table.search(vector).distance_type("dot").select(["id", "_distance"]).limit(n).to_arrow()
        return [str(chunk) for chunk in found["id"].to_pylist()]

    def ids(self) -> Iterator[Sequence[str]]:
        """See ``VectorIndex``."""
        every = self._table.search().select(["id"]).limit(max(1, self.count()))
        for batch in every.to_batches(_PAGE):
            yield batch["id"].to_pylist()

    def count(self) -> int:
        """See ``VectorIndex``."""
        return int(self._table.count_rows())

    def _wrote(self) -> None:
        self._n_writes += 1
        if self._n_writes % _FRAGMENTS == 0:
            self._table.optimize(cleanup_older_than=timedelta(0))

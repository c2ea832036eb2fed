"""Store vectors in PostgreSQL with the pgvector extension: a table per index, with HNSW over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from psycopg import Connection

_PAGE = 10_000
_INDEXED = 2000
"""Most dimensions a vector may have to be indexed; longer ones are scanned."""
_WIDEST = 1000
"""The maximum of pgvector's ``hnsw.ef_search``; beyond it, pgvector goes on searching."""


class PostgresStore:
    """See ``Store``; one connection, shared by threads in turn."""

    def __init__(self, address: str, key: str) -> None:
        """Keep vectors in the database at ``postgres://user@host:port/database``."""
        self._address = address
        self._key = key
        self._open: Connection | None = None

    def index(self, name: str, dim: int) -> PostgresIndex:
        """See ``Store``."""
        connection = self.connection()
        connection.execute(f'CREATE TABLE IF NOT EXISTS "{name}" (id text PRIMARY KEY, vector vector({dim}) NOT NULL)')
        if dim <= _INDEXED:
            made = f'CREATE INDEX IF NOT EXISTS "{name}_near" ON "{name}" USING hnsw (vector vector_ip_ops)'
            connection.execute(made)
        return PostgresIndex(self, name)

    def names(self) -> list[str]:
        """See ``Store``."""
        found = self.connection().execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        return [name for (name,) in found.fetchall()]

    def drop(self, name: str) -> None:
        """See ``Store``."""
        self.connection().execute(f'DROP TABLE IF EXISTS "{name}"')

    def connection(self) -> Connection:
        """Return the connection, a new one if the last one was lost."""
        import psycopg
        from pgvector.psycopg import register_vector

        if self._open is None or self._open.closed:
            self._open = psycopg.connect(self._address, password=self._key or None, autocommit=True)
            self._open.execute("SET client_min_messages = warning")
            self._open.execute("CREATE EXTENSION IF NOT EXISTS vector")
            register_vector(self._open)
        return self._open


class PostgresIndex:
    """A ``VectorIndex`` in a table."""

    def __init__(self, store: PostgresStore, name: str) -> None:
        self._store = store
        self._name = name

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """See ``VectorIndex``."""
        connection = self._store.connection()
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(
                f'INSERT INTO "{self._name}" VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET vector = EXCLUDED.vector',
                list(zip(ids, vectors, strict=True)),
            )

    def remove(self, ids: Sequence[str]) -> None:
        """See ``VectorIndex``."""
        self._store.connection().execute(f'DELETE FROM "{self._name}" WHERE id = ANY(%s)', (list(ids),))

    def search(self, vector: NDArray[np.float32], n: int) -> list[str]:
        """See ``VectorIndex``."""
        connection = self._store.connection()
        with connection.transaction():
            connection.execute(f"SET LOCAL hnsw.ef_search = {_WIDEST}")
            connection.execute("SET LOCAL hnsw.iterative_scan = 'strict_order'")
            found = connection.execute(f'SELECT id FROM "{self._name}" ORDER BY vector <#> %s LIMIT %s', (vector, n))
            return [chunk for (chunk,) in found.fetchall()]

    def ids(self) -> Iterator[Sequence[str]]:
        """See ``VectorIndex``."""
        after = ""
        while True:
            found = self._store.connection().execute(
                f'SELECT id FROM "{self._name}" WHERE id > %s ORDER BY id LIMIT %s', (after, _PAGE)
            )
            page = [chunk for (chunk,) in found.fetchall()]
            if not page:
                return
            yield page
            after = page[-1]

    def count(self) -> int:
        """See ``VectorIndex``."""
        found = self._store.connection().execute(f'SELECT count(*) FROM "{self._name}"').fetchone()
        return int(found[0]) if found else 0

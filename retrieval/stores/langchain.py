"""Store vectors in any LangChain vector store, by class name, for stores without a file of their own here.

It is given ids in place of texts, and an embedder that knows each one's vector: no text leaves the base. LangChain's stores do
not list their contents, so a ledger beside the base does, written before the store is; stores that can look up ids are checked
against it.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import InputError

if TYPE_CHECKING:
    from langchain_core.vectorstores import VectorStore

NAME = "{name}"
"""Placeholder in a parameter for the name of the index."""
_PAGE = 1000
_SAMPLE = 100
_EMBEDDERS = ("embedding", "embeddings", "embedding_function")
"""What LangChain's stores call their embedder parameter."""


class LangChainStore:
    """See ``Store``."""

    def __init__(self, spec: str, folder: Path) -> None:
        """Take ``module.Class?parameter=value&…``, or a function from an embedder to a store, and the ledger's folder."""
        path, _, query = spec.partition("?")
        module, _, name = path.rpartition(".")
        self._make = _named(module, name, spec)
        self._parameters = dict(parse_qsl(query))
        ledger = folder / f"langchain-{hashlib.sha256(spec.encode()).hexdigest()[:8]}.sqlite3"
        self._ledger = sqlite3.connect(ledger, check_same_thread=False, isolation_level=None)
        self._ledger.executescript(
            "CREATE TABLE IF NOT EXISTS indexes (name TEXT PRIMARY KEY, dim INTEGER NOT NULL);"
            "CREATE TABLE IF NOT EXISTS held (name TEXT, id TEXT, PRIMARY KEY (name, id)) WITHOUT ROWID"
        )

    def index(self, name: str, dim: int) -> LangChainIndex:
        """See ``Store``."""
        self._ledger.execute("INSERT OR IGNORE INTO indexes VALUES (?, ?)", (name, dim))
        carrier = _carrier(dim)
        takes = next(key for key in _EMBEDDERS if key in inspect.signature(self._make).parameters)
        given = {key: _value(text.replace(NAME, name)) for key, text in self._parameters.items()}
        return LangChainIndex(self._make(**{takes: carrier}, **given), carrier, self._ledger, name)

    def names(self) -> list[str]:
        """See ``Store``; only those filled by this base."""
        return [name for (name,) in self._ledger.execute("SELECT name FROM indexes").fetchall()]

    def drop(self, name: str) -> None:
        """See ``Store``."""
        (dim,) = self._ledger.execute("SELECT dim FROM indexes WHERE name = ?", (name,)).fetchone()
        index = self.index(name, dim)
        while page := index.held(""):
            index.remove(page)
        self._ledger.execute("DELETE FROM indexes WHERE name = ?", (name,))


class LangChainIndex:
    """A ``VectorIndex`` in a LangChain vector store."""

    def __init__(self, store: VectorStore, carrier: Carrier, ledger: sqlite3.Connection, name: str) -> None:
        self._store = store
        self._carrier = carrier
        self._ledger = ledger
        self._name = name
        self._lock = threading.Lock()

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """See ``VectorIndex``; existing ids are removed first, as not every store replaces them."""
        again = self._ledger.execute(
            "SELECT id FROM held WHERE name = ? AND id IN (SELECT value FROM json_each(?))",
            (self._name, json.dumps(list(ids))),
        )
        if known := [chunk for (chunk,) in again.fetchall()]:
            self.remove(known)
        self._ledger.execute("INSERT INTO held SELECT ?, value FROM json_each(?)", (self._name, json.dumps(list(ids))))
        with self._lock:
            self._carrier.vectors.update(zip(ids, vectors.tolist(), strict=True))
            try:
                self._store.add_texts(list(ids), [{"index": self._name} for _ in ids], ids=list(ids))
            finally:
                self._carrier.vectors.clear()

    def remove(self, ids: Sequence[str]) -> None:
        """See ``VectorIndex``."""
        self._store.delete(list(ids))
        self._ledger.execute(
            "DELETE FROM held WHERE name = ? AND id IN (SELECT value FROM json_each(?))",
            (self._name, json.dumps(list(ids))),
        )

    def search(self, vector: NDArray[np.float32], n: int) -> list[str]:
        """See ``VectorIndex``."""
        return [document.page_content for document in self._store.similarity_search_by_vector(vector.tolist(), k=n)]

    def ids(self) -> Iterator[Sequence[str]]:
        """See ``VectorIndex``."""
        page = self.held("")
        while page:
            yield self._found(page)
            page = self.held(page[-1])

    def count(self) -> int:
        """See ``VectorIndex``; the ledger's count, reduced by the share of its first ids that the store does not find."""
        (n,) = self._ledger.execute("SELECT count(*) FROM held WHERE name = ?", (self._name,)).fetchone()
        sample = self.held("")[:_SAMPLE]
        return n * len(self._found(sample)) // len(sample) if sample else 0

    def held(self, after: str) -> list[str]:
        """Return some of the ledger's ids after the given one, in order."""
        rows = self._ledger.execute(
            "SELECT id FROM held WHERE name = ? AND id > ? ORDER BY id LIMIT ?", (self._name, after, _PAGE)
        )
        return [chunk for (chunk,) in rows.fetchall()]

    def _found(self, ids: Sequence[str]) -> list[str]:
        try:
            return [document.page_content for document in self._store.get_by_ids(list(ids))]
        except NotImplementedError:
            return list(ids)


class Carrier(Protocol):
    """Takes the place of an embedder in LangChain's stores."""

    vectors: dict[str, list[float]]
    """Vectors of the texts being stored."""


def _carrier(dim: int) -> Carrier:
    from langchain_core.embeddings import Embeddings

    class Carried(Embeddings):
        def __init__(self) -> None:
            self.vectors: dict[str, list[float]] = {}

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [self.embed_query(text) for text in texts]

        def embed_query(self, text: str) -> list[float]:  # some stores ask for any vector, to learn the dimension
            return self.vectors.get(text) or [1.0] + [0.0] * (dim - 1)

    return Carried()


def _named(module: str, name: str, spec: str) -> Callable[..., VectorStore]:
    try:
        found: Callable[..., VectorStore] = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            "langchain:{spec} cannot be imported ({why}); install its package with pip, and write langchain:module.Class",
            spec=spec,
            why=error,
        ) from error
    if not set(_EMBEDDERS) & set(inspect.signature(found).parameters):
        raise InputError("langchain:{spec} is no vector store: it takes no embedding", spec=spec)
    return found


def _value(text: str) -> object:
    """Return a parameter's value: parsed if it is JSON, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text

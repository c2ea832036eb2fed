"""Map a store's errors to kb's own: from here, an unreachable store and a damaged one look alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from ...ingest.errors import KBError, StorageError
from .index import Store, VectorIndex


@contextmanager
def answering(spec: str) -> Iterator[None]:
    """Turn any error that a client raises into one of kb's."""
    try:
        yield
    except KBError:
        raise
    except Exception as error:
        raise StorageError(
            "the vector store {store} does not answer or cannot be used: {why}",
            store=spec,
            why=" ".join(str(error).split()) or type(error).__name__,
        ) from error


class Answering:
    """A ``Store`` that raises kb's errors."""

    def __init__(self, store: Store, spec: str) -> None:
        self._store = store
        self._spec = spec

    def index(self, name: str, dim: int) -> VectorIndex:
        """See ``Store``."""
        with answering(self._spec):
            return AnsweringIndex(self._store.index(name, dim), self._spec)

    def names(self) -> list[str]:
        """See ``Store``."""
        with answering(self._spec):
            return self._store.names()

    def drop(self, name: str) -> None:
        """See ``Store``."""
        with answering(self._spec):
            self._store.drop(name)


class AnsweringIndex:
    """A ``VectorIndex`` that raises kb's errors, and skips empty calls, which some stores take for an error."""

    def __init__(self, index: VectorIndex, spec: str) -> None:
        self._index = index
        self._spec = spec

    def upsert(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """See ``VectorIndex``."""
        with answering(self._spec):
            if len(ids):
                self._index.upsert(ids, vectors)

    def remove(self, ids: Sequence[str]) -> None:
        """See ``VectorIndex``."""
        with answering(self._spec):
            if len(ids):
                self._index.remove(ids)

    def search(self, vector: NDArray[np.float32], n: int) -> list[str]:
        """See ``VectorIndex``."""
        with answering(self._spec):
            return self._index.search(vector, n)

    def ids(self) -> Iterator[Sequence[str]]:
        """See ``VectorIndex``."""
        with answering(self._spec):
            yield from self._index.ids()

    def count(self) -> int:
        """See ``VectorIndex``."""
        with answering(self._spec):
            return self._index.count()

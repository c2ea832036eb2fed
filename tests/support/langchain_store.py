"""LangChain's own vector store, kept in memory, for as long as a process runs."""

from __future__ import annotations

from collections import defaultdict

from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore, VectorStore

_KEPT: defaultdict[str, dict[str, dict[str, object]]] = defaultdict(dict)


def remembering(embedding: Embeddings, name: str) -> VectorStore:
    """Return the store of an index, which holds what was put into it under this name before."""
    store = InMemoryVectorStore(embedding)
    store.store = _KEPT[name]
    return store

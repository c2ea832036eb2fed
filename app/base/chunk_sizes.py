"""Passage size of a base: what suits its embedder, or the remembered choice of the user.

Comes in: an embedder and a number of tokens. Goes out: a ``Splitting``. Never: a passage too long for the embedder.
"""

from __future__ import annotations

from ...ingest.errors import InputError
from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog
from ...ingest.text.split import Splitting
from ...retrieval.models.embedder import Embedder

CHUNK_TOKENS = "chunk tokens"
"""The setting that holds the requested passage size; empty: what suits the embedder."""

LEAST_TOKENS = 32
MOST_TOKENS = 2000
"""The limit without an embedder: a reader could not check longer passages."""


def splitting_for(embedder: Embedder | None, chunk_tokens: int = 0) -> Splitting:
    """Return sizes that keep passages within the embedder's limit.

    Args:
        embedder: counts the tokens; ``None``: words are counted.
        chunk_tokens: the target size; 0: four fifths of the embedder's limit, at most that of ``Splitting()``.
    Raises:
        InputError: passages of that size are too small to be meaningful, or too large for the embedder.
    """
    limit = embedder.max_tokens if embedder else MOST_TOKENS
    if chunk_tokens and not LEAST_TOKENS <= chunk_tokens <= limit:
        reader = embedder.name if embedder else Notice("a search without an embedding model")
        raise InputError(
            "passages of {n} tokens do not suit {reader}; choose from {least} to {limit}, or 0 for kb's choice",
            n=chunk_tokens,
            reader=reader,
            least=LEAST_TOKENS,
            limit=limit,
        )
    if embedder is None and not chunk_tokens:
        return Splitting()
    most = min(limit, chunk_tokens * 5 // 4 or Splitting().max_tokens)
    counter = embedder.fingerprint if embedder else Splitting().counter
    return Splitting(chunk_tokens or most * 4 // 5, most, most // 6, counter)


def chunk_tokens_of(catalog: Catalog) -> int:
    """Return the requested passage size of a base; 0: what suits the embedder."""
    return int(catalog.get(CHUNK_TOKENS) or 0)


def settle_chunk_tokens(catalog: Catalog, wanted: int | None) -> int:
    """Return the passage size of a base, storing it if the base is still empty.

    Raises:
        InputError: the base has passages of another size.
    """
    own = chunk_tokens_of(catalog)
    if wanted is None or wanted == own:
        return own
    if catalog.count("documents"):
        size = Notice("about {n} tokens", n=own) if own else Notice("the size that suits its embedder")
        raise InputError(
            "this base has passages of {size}; to change that: kb reindex --chunk-tokens {wanted}",
            size=size,
            wanted=wanted,
        )
    catalog.put(CHUNK_TOKENS, str(wanted or ""))
    return wanted

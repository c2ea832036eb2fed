"""How large the passages of a base are: what suits its embedder, or what was asked for and is remembered.

Comes in: an embedder, and a number of tokens. Goes out: a ``Splitting``. Never: a passage that the embedder cannot take whole.
"""

from __future__ import annotations

from ...ingest.errors import InputError
from ...ingest.notice import Notice
from ...ingest.store.catalog import Catalog
from ...ingest.text.split import Splitting
from ...retrieval.models.embedder import Embedder

CHUNK_TOKENS = "chunk tokens"
"""The setting of a base that says how large its passages were asked to be; empty: what suits the embedder."""

LEAST_TOKENS = 32
MOST_TOKENS = 2000
"""Where no embedder sets a limit: more is no passage that a reader could check."""


def splitting_for(embedder: Embedder | None, chunk_tokens: int = 0) -> Splitting:
    """Return sizes that keep passages within what an embedder reads.

    Args:
        embedder: counts the tokens; ``None``: words are counted.
        chunk_tokens: the size to aim at; 0: four fifths of what the embedder reads, at most that of ``Splitting()``.
    Raises:
        InputError: passages of that size are too small to say anything, or too large for the embedder.
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
    """Return how large the passages of a base were asked to be; 0: what suits the embedder."""
    return int(catalog.get(CHUNK_TOKENS) or 0)


def settle_chunk_tokens(catalog: Catalog, wanted: int | None) -> int:
    """Return how large the passages of a base are to be, and remember that of a base that is still empty.

    Raises:
        InputError: there are passages of another size.
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

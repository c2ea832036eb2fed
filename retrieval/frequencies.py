"""How many chunks hold a token, and how many tokens a chunk holds: counts, read off the keyword index itself."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence


def chunk_frequencies(connection: sqlite3.Connection, tokens: Sequence[str]) -> dict[str, int]:
    """Return how many chunks of the catalog hold each token; tokens that none holds are left out."""
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.bm25_rows USING fts5vocab('main', 'bm25', 'row')")
    rows = connection.execute(
        "SELECT term, doc FROM temp.bm25_rows WHERE term IN (SELECT value FROM json_each(?))",
        (json.dumps(list(tokens)),),
    )
    return dict(rows.fetchall())


def mean_tokens(connection: sqlite3.Connection) -> float:
    """Return how many tokens a chunk of the catalog holds in the mean; 0 where there are no chunks.

    FTS5 keeps both sums, as varints in one record of the index: sqlite.org/fts5.html, section 9.2, "The averages record".
    """
    row = connection.execute("SELECT block FROM bm25_data WHERE id = 1").fetchone()
    n_chunks, n_tokens, *_ = (*_varints(row[0] if row else b""), 0, 0)
    return n_tokens / n_chunks if n_chunks else 0.0


def _varints(data: bytes) -> list[int]:
    """Return SQLite's variable-length integers, of up to eight bytes each: 7 bits a byte, the highest first."""
    found, value = [], 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - no byte follows
            found.append(value)
            value = 0
    return found

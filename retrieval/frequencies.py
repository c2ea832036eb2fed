"""How many chunks hold a token: tokens in, counts out, read off the keyword index itself."""

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

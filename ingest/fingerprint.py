"""What a base holds, as one hash."""

from __future__ import annotations

import hashlib

from .catalog import Catalog


def fingerprint(catalog: Catalog, embedder: str) -> str:
    """Return the index fingerprint: a hash over all sources, documents, chunks and whether each has its vector.

    The same files give the same one, whatever the order, the number of runs, or the interruptions.
    """
    digest = hashlib.sha256(embedder.encode())
    connection = catalog.connection()
    for row in connection.execute("SELECT source, ifnull(document_id, failure_kind) FROM sources ORDER BY source"):
        digest.update(f"\n{row[0]}\t{row[1]}".encode())
    rows = connection.execute(
        "SELECT c.document_id, c.id, v.text_hash IS NOT NULL FROM chunks c LEFT JOIN vectors v"
        " ON v.embedder = ? AND v.text_hash = c.text_hash ORDER BY c.document_id, c.id",
        (embedder,),
    )
    for row in rows:
        digest.update(f"\n{row[0]}\t{row[1]}\t{row[2]}".encode())
    return digest.hexdigest()

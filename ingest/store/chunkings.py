"""The same documents, split twice: beside the chunks in use, spare ones for the next embedder or the previous one.

Comes in: documents and chunks. Goes out: a base moved to other chunks in one transaction. Never: a search that sees
the chunks of two splittings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from ..document import Chunk, indexed_text, text_hash
from .catalog import Catalog

_COLUMNS = "id, start, stop, pages, headings, n_tokens, text_hash"


def unsplit(catalog: Catalog, split_key: str) -> list[str]:
    """Return one source of every document without chunks, in use or spare, of a splitting."""
    rows = catalog.connection().execute(
        "SELECT min(s.source) FROM documents d JOIN sources s ON s.document_id = d.id WHERE d.split_key <> ?1"
        " AND NOT EXISTS (SELECT 1 FROM spare_chunks c WHERE c.split_key = ?1 AND c.document_id = d.id)"
        " GROUP BY d.id ORDER BY 1",
        (split_key,),
    )
    return [source for (source,) in rows]


def keep_spare(catalog: Catalog, chunks: Iterable[Chunk], split_key: str) -> None:
    """Keep a document's chunks beside those in use, unseen by searches."""
    with catalog.transaction(content=False, visible=False):
        _put_spare(catalog, chunks, split_key)


def spare_texts(catalog: Catalog, split_key: str, embedder: str) -> Iterator[tuple[int, str, str]]:
    """Yield ``(total, text hash, indexed text)`` of the spare chunks without a vector, each text once."""
    connection = catalog.connection()
    pending = connection.execute(
        "SELECT c.text_hash, min(c.document_id), c.start, c.stop, c.headings FROM spare_chunks c LEFT JOIN vectors v"
        " ON v.embedder = ? AND v.text_hash = c.text_hash WHERE c.split_key = ? AND v.text_hash IS NULL"
        " GROUP BY c.text_hash ORDER BY 2, 3",
        (embedder, split_key),
    ).fetchall()
    of, text = "", ""
    for key, document, start, stop, headings in pending:
        if document != of:
            row = connection.execute("SELECT text FROM documents WHERE id = ?", (document,)).fetchone()
            of, text = document, row[0] if row else ""
        yield len(pending), key, indexed_text(tuple(json.loads(headings)), text[start:stop])


def wanted_chunks(split_key: str | None) -> str:
    """Return the query for ids and text hashes of chunks that have a vector: those in use, or once it is split otherwise.

    Its parameters are ``:embedder``, and ``:split_key`` if one is given.
    """
    in_use = "SELECT c.id, c.text_hash FROM chunks c"
    if split_key is not None:
        in_use += (
            " JOIN documents d ON d.id = c.document_id WHERE d.split_key = :split_key UNION ALL"
            " SELECT s.id, s.text_hash FROM spare_chunks s JOIN documents d ON d.id = s.document_id"
            " WHERE s.split_key = :split_key AND d.split_key <> :split_key"
        )
    return (
        f"SELECT w.id, w.text_hash FROM ({in_use}) w JOIN vectors v"
        " ON v.embedder = :embedder AND v.text_hash = w.text_hash WHERE v.vector IS NOT NULL"
    )


def switch(catalog: Catalog, split_key: str, settings: Mapping[str, str]) -> int:
    """Move the whole base to a splitting in one transaction, its chunks in use becoming spare; return how many documents.

    Args:
        catalog: has spare chunks of ``split_key`` for every document split otherwise.
        split_key: which splitting.
        settings: of the base, set in the same transaction.
    """
    with catalog.transaction() as connection:
        documents = connection.execute("SELECT id, text, split_key FROM documents WHERE split_key <> ?", (split_key,))
        moved = 0
        for document, text, old_key in documents.fetchall():
            spare = _spare(catalog, document, text, split_key)
            ids = connection.execute("SELECT id FROM chunks WHERE document_id = ?", (document,)).fetchall()
            used = list(catalog.chunks([chunk for (chunk,) in ids]).values())
            _put_spare(catalog, used, old_key)
            catalog.put_chunks(document, spare, split_key)
            connection.execute(
                "DELETE FROM spare_chunks WHERE split_key = ? AND document_id = ?", (split_key, document)
            )
            moved += 1
        for key, value in settings.items():
            catalog.put(key, value)
    return moved


def _put_spare(catalog: Catalog, chunks: Iterable[Chunk], split_key: str) -> None:
    catalog.connection().executemany(
        f"INSERT OR REPLACE INTO spare_chunks (split_key, document_id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (split_key, chunk.document_id, chunk.id, chunk.start, chunk.stop, json.dumps(chunk.pages),
             json.dumps(chunk.headings, ensure_ascii=False), chunk.n_tokens, text_hash(chunk.indexed_text))
            for chunk in chunks
        ),
    )  # fmt: skip


def _spare(catalog: Catalog, document: str, text: str, split_key: str) -> list[Chunk]:
    rows = catalog.connection().execute(
        f"SELECT {_COLUMNS} FROM spare_chunks WHERE split_key = ? AND document_id = ? ORDER BY start",
        (split_key, document),
    )
    return [
        Chunk(
            key, document, "", text[start:stop], start, stop, tuple(json.loads(pages)), tuple(json.loads(headings)), n
        )
        for key, start, stop, pages, headings, n, _ in rows.fetchall()
    ]

"""The table of document names, each with the index row that finds its document by them.

Comes in: documents whose places, title or metadata may have changed. Goes out: their names, as ``document_names`` makes them.
Never: names of a document that is gone, or a transaction of its own: the catalog has it.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection

from ..names import HEAD, MAIL, NAMES_VERSION, document_names
from .keywords import Tokenizer

_BATCH = 500


def names_version(tokenizer: Tokenizer) -> str:
    """Return what the names of a base are made by; when it changes, all are remade."""
    return f"{NAMES_VERSION} {tokenizer.version}"


def read_names(connection: sqlite3.Connection, documents: Collection[str]) -> dict[str, str]:
    """Return the names of documents, by id."""
    rows = connection.execute(
        "SELECT document_id, text FROM names WHERE document_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(documents)),),
    )
    return dict(rows.fetchall())


def refresh_names(connection: sqlite3.Connection, tokenizer: Tokenizer, documents: Collection[str]) -> None:
    """Update the names of documents; those of documents that are gone are deleted."""
    before = read_names(connection, documents)
    now = _said(connection, documents)
    changed = [document for document in documents if before.get(document) != now.get(document)]
    delete_names(connection, tokenizer, [document for document in changed if document in before])
    for document in changed:
        if text := now.get(document, ""):
            words = tokenizer.names(text)
            row = (document, text, len(words.split()))
            put = connection.execute("INSERT INTO names (document_id, text, n_tokens) VALUES (?, ?, ?)", row)
            connection.execute("INSERT INTO named(rowid, tokens) VALUES (?, ?)", (put.lastrowid, words))


def delete_names(connection: sqlite3.Connection, tokenizer: Tokenizer, documents: Collection[str]) -> None:
    """Delete the names of documents."""
    for document in documents:
        row = connection.execute("SELECT key, text FROM names WHERE document_id = ?", (document,)).fetchone()
        if row:
            words = tokenizer.names(row[1])
            connection.execute("INSERT INTO named(named, rowid, tokens) VALUES ('delete', ?, ?)", (row[0], words))
            connection.execute("DELETE FROM names WHERE key = ?", (row[0],))


def rebuild_names(connection: sqlite3.Connection, tokenizer: Tokenizer) -> None:
    """Rebuild the names of all documents."""
    connection.execute("INSERT INTO named(named) VALUES ('delete-all')")
    connection.execute("DELETE FROM names")
    documents = [document for (document,) in connection.execute("SELECT id FROM documents ORDER BY id")]
    for at in range(0, len(documents), _BATCH):
        refresh_names(connection, tokenizer, documents[at : at + _BATCH])


def _said(connection: sqlite3.Connection, documents: Collection[str]) -> dict[str, str]:
    """Return what documents with a place say about themselves, by id."""
    wanted = json.dumps(list(documents))
    places: dict[str, list[tuple[str, str]]] = defaultdict(list)
    given: dict[str, list[dict[str, str]]] = defaultdict(list)
    for document, source, root, said in connection.execute(
        "SELECT document_id, source, root, given FROM sources WHERE document_id IN (SELECT value FROM json_each(?))"
        " ORDER BY source",
        (wanted,),
    ):
        places[document].append((source, root))
        given[document].append(json.loads(said))
    rows = connection.execute(
        "SELECT id, title, metadata, media_type, substr(text, 1, ?) FROM documents"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (HEAD, wanted),
    )
    return {
        document: document_names(
            places[document], title, (json.loads(own), *given[document]), *((head, "") if media in MAIL else ("", head))
        )
        for document, title, own, media, head in rows.fetchall()
        if document in places
    }

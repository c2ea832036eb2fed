"""The tables of documents and their pages: what files hold, and what became of every page.

Everything here is part of the catalog's transaction.
"""

from __future__ import annotations

import json
import sqlite3

from ..document import Document, Heading, Page


def read_document(connection: sqlite3.Connection, source: str) -> Document | None:
    """Return the document of a source; ``None`` if the source is unknown or could not be read."""
    row = connection.execute(
        "SELECT d.id, s.source, d.title, d.media_type, d.language, d.text, d.headings, d.encoding, d.notes,"
        " d.metadata"
        " FROM sources s JOIN documents d ON d.id = s.document_id WHERE s.source = ?",
        (source,),
    ).fetchone()
    if row is None:
        return None
    document, place, title, media_type, language, text, headings, encoding, notes, metadata = row
    return Document(
        document, place, title, media_type, language, text, read_pages(connection, document),
        tuple(Heading(*heading) for heading in json.loads(headings)), encoding,
        tuple(json.loads(notes)), tuple(json.loads(metadata).items()),
    )  # fmt: skip


def read_pages(connection: sqlite3.Connection, document_id: str) -> tuple[Page, ...]:
    """Return the page ledger of a document."""
    rows = connection.execute(
        "SELECT number, start, stop, how, reason, label FROM pages WHERE document_id = ? ORDER BY number",
        (document_id,),
    )
    return tuple(Page(*row) for row in rows)


def write_document(connection: sqlite3.Connection, document: Document, split_key: str) -> None:
    """Add a document with its pages, or replace the one of the same id."""
    headings = [[heading.start, heading.level, heading.title] for heading in document.headings]
    connection.execute(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET title = excluded.title,"
        " language = excluded.language, encoding = excluded.encoding, text = excluded.text,"
        " headings = excluded.headings, notes = excluded.notes, split_key = excluded.split_key,"
        " metadata = excluded.metadata",
        (document.id, document.title, document.media_type, document.language, document.encoding, document.text,
         _json(headings), _json(document.notes), split_key, _json(dict(document.metadata))),
    )  # fmt: skip
    connection.execute("DELETE FROM pages WHERE document_id = ?", (document.id,))
    connection.executemany(
        "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((document.id, p.number, p.start, p.stop, p.how, p.reason, p.label) for p in document.pages),
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

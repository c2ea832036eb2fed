"""The catalog on disk: one SQLite file that holds the truth of a knowledge base.

Comes in: documents and chunks. Goes out: the same, by source, id or place. Never: a half-written file: one transaction
replaces a file's document, chunks and keyword rows together.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..document import Chunk, Document, Page
from .chunks import delete_chunks, insert_chunks, read_chunks, read_indexed_texts, rebuild_keywords
from .database import Database
from .documents import read_document, read_pages, write_document
from .keywords import Tokenizer
from .naming import delete_names, names_version, rebuild_names, refresh_names
from .sources import SourceRow, detach_source, read_sources, write_source


def fingerprint(catalog: Catalog, embedder: str) -> str:
    """Return the index fingerprint: a hash over all sources, documents, chunks and whether each has its vector.

    The same files give the same one, whatever the order, number of runs, or interruptions.
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


class Catalog(Database):
    """One knowledge base's sources, documents and chunks. Thread-safe; one process at a time may write."""

    def __init__(self, folder: Path, tokenizer: Tokenizer, *, make: bool = True) -> None:
        """Open the catalog in ``folder``, creating it if needed; unless ``make``, only once ``make`` is called.

        Raises:
            StorageError: the file is not a catalog, is damaged, or was written by a newer kb.
        """
        self._tokenizer = tokenizer
        super().__init__(folder, make=make)

    def _prepare(self) -> None:
        super()._prepare()
        tokenizer = self._tokenizer
        if self.get("tokens") != str(tokenizer.version):
            with self.transaction() as connection:
                rebuild_keywords(connection, tokenizer)
                self.put("tokens", str(tokenizer.version))
        if self.get("names") != names_version(tokenizer):
            with self.transaction() as connection:
                rebuild_names(connection, tokenizer)
                self.put("names", names_version(tokenizer))

    def count(self, table: str) -> int:
        """Return how many rows ``sources``, ``documents``, ``chunks`` or ``vectors`` has."""
        if table not in ("sources", "documents", "chunks", "vectors"):
            raise ValueError(table)
        return int(self.connection().execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    # Sources

    def n_failed(self) -> int:
        """Return how many sources could not be read."""
        return int(self.connection().execute("SELECT count(*) FROM sources WHERE failure_kind <> ''").fetchone()[0])

    def sources(self, only: Sequence[str] | None = None) -> dict[str, SourceRow]:
        """Return the places that were looked at, by source, sorted; all, or ``only`` some."""
        return read_sources(self.connection(), only)

    def put_source(self, row: SourceRow) -> None:
        """Record a source whose document is already there, or that has none; what it held before is gone."""
        with self.transaction() as connection:
            self._release(connection, row.source, keep=row.document_id)
            write_source(connection, row)
            refresh_names(connection, self._tokenizer, [row.document_id] if row.document_id else [])

    def remove(self, source: str) -> bool:
        """Forget a source, and its document unless another source has it too; return whether it was known."""
        with self.transaction() as connection:
            self._release(connection, source)
            return connection.execute("DELETE FROM sources WHERE source = ?", (source,)).rowcount > 0

    # Documents

    def document(self, source: str) -> Document | None:
        """Return the document of a source; ``None`` if the source is unknown or could not be read."""
        return read_document(self.connection(), source)

    def pages(self, document_id: str) -> tuple[Page, ...]:
        """Return the page ledger of a document."""
        return read_pages(self.connection(), document_id)

    def page_of(self, document_id: str, offset: int) -> int | None:
        """Return the page that an offset in a document's text is on; ``None`` for formats without pages."""
        row = (
            self.connection()
            .execute(
                "SELECT number FROM pages WHERE document_id = ? AND start <= ? AND stop > start"
                " ORDER BY start DESC LIMIT 1",
                (document_id, offset),
            )
            .fetchone()
        )
        return row[0] if row else None

    def pages_by_how(self) -> tuple[tuple[str, int], ...]:
        """Return how many pages were read in each way."""
        return tuple(self.connection().execute("SELECT how, count(*) FROM pages GROUP BY how ORDER BY how").fetchall())

    def has_page_because(self, reason: str) -> bool:
        """Return whether any page's reason contains these words."""
        found = self.connection().execute("SELECT 1 FROM pages WHERE instr(reason, ?) LIMIT 1", (reason,))
        return found.fetchone() is not None

    def documents_with_pages(self, hows: Sequence[str], but_for: str) -> list[tuple[str, str]]:
        """Return ``(id, source)`` of documents with pages read in these ways, except for a reason with these words."""
        rows = self.connection().execute(
            "SELECT document_id, (SELECT min(source) FROM sources s WHERE s.document_id = p.document_id) FROM pages p"
            " WHERE how IN (SELECT value FROM json_each(?)) AND NOT instr(reason, ?) GROUP BY document_id ORDER BY 2",
            (json.dumps(hows), but_for),
        )
        return rows.fetchall()

    def text(self, document_id: str, start: int, stop: int) -> str:
        """Return a part of a document's text."""
        row = self.connection().execute(
            "SELECT substr(text, ?, ?) FROM documents WHERE id = ?", (start + 1, stop - start, document_id)
        ).fetchone()  # fmt: skip
        return row[0] if row else ""

    def notes(self, document_id: str) -> tuple[str, tuple[str, ...]]:
        """Return a document's encoding and what its reader noted; nothing if the document is not there."""
        row = self.connection().execute("SELECT encoding, notes FROM documents WHERE id = ?", (document_id,)).fetchone()
        encoding, notes = row or ("", "[]")
        return encoding, tuple(json.loads(notes))

    def split_key(self, document_id: str) -> str | None:
        """Return the settings a document was split with; ``None`` if the document is not there."""
        row = self.connection().execute("SELECT split_key FROM documents WHERE id = ?", (document_id,)).fetchone()
        return row[0] if row else None

    def sources_split_otherwise(self, split_key: str) -> list[str]:
        """Return one source of every document that was split with other settings."""
        rows = self.connection().execute(
            "SELECT min(s.source) FROM documents d JOIN sources s ON s.document_id = d.id WHERE d.split_key <> ?"
            " GROUP BY d.id ORDER BY 1",
            (split_key,),
        )
        return [source for (source,) in rows]

    def put_document(self, row: SourceRow, document: Document, chunks: Iterable[Chunk], split_key: str) -> None:
        """Make ``document`` what ``row.source`` holds, in one transaction; what it held before is gone."""
        with self.transaction() as connection:
            self._release(connection, row.source)
            delete_chunks(connection, self._tokenizer, document.id)  # another source may still have the document
            connection.execute("DELETE FROM spare_chunks WHERE document_id = ?", (document.id,))  # of its old text
            write_document(connection, document, split_key)
            insert_chunks(connection, self._tokenizer, chunks)
            write_source(connection, row)
            refresh_names(connection, self._tokenizer, [document.id])

    # Chunks

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """Return chunks by id; ids that are gone are left out. A document in several places shows the first of them."""
        return read_chunks(self.connection(), ids)

    def chunk_ids(self) -> list[str]:
        """Return the ids of all chunks, in order."""
        return [chunk for (chunk,) in self.connection().execute("SELECT id FROM chunks ORDER BY id")]

    def indexed_texts(self) -> Iterator[tuple[str, str]]:
        """Yield ``(chunk id, indexed text)`` of all chunks, in the order of their ids."""
        return read_indexed_texts(self.connection())

    def put_chunks(self, document_id: str, chunks: Iterable[Chunk], split_key: str) -> None:
        """Make these the chunks of a stored document; part of the current transaction."""
        connection = self.connection()
        delete_chunks(connection, self._tokenizer, document_id)
        insert_chunks(connection, self._tokenizer, chunks)
        connection.execute("UPDATE documents SET split_key = ? WHERE id = ?", (split_key, document_id))

    def _release(self, connection: sqlite3.Connection, source: str, keep: str | None = None) -> None:
        """Detach a source from its document; a document with no source left goes, with all that was made of it."""
        row = connection.execute("SELECT document_id FROM sources WHERE source = ?", (source,)).fetchone()
        if row is None or row[0] is None or row[0] == keep:
            return
        if detach_source(connection, source, row[0]):
            delete_chunks(connection, self._tokenizer, row[0])
            delete_names(connection, self._tokenizer, row)
            connection.execute("DELETE FROM documents WHERE id = ?", row)
        else:
            refresh_names(connection, self._tokenizer, row)

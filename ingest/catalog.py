"""The catalog on disk: one SQLite file that holds the truth of a knowledge base.

Comes in: documents and chunks. Goes out: the same, by source, id or place. Never: a half-written file (one transaction
replaces a file's document, chunks and keyword rows together), or a reader that waits for the writer (WAL).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from .backup import back_up, backups
from .document import Chunk, Document, Failure, Heading, Page, indexed_text
from .errors import StorageError
from .schema import MIGRATIONS, SCHEMA, VERSION
from .split import text_hash

_BUSY_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class SourceRow:
    """What the catalog knows of a place that was looked at."""

    source: str
    root: str
    size: int
    mtime_ns: int
    """-1 while the members of an archive are being read: an interrupted run begins it anew."""
    reader: str
    document_id: str | None = None
    failure_kind: str = ""
    failure_reason: str = ""
    archive: str = ""
    """The archive that it is a member of; an archive's own row names itself, and has no document."""
    encoding: str = ""
    """That the user says it has; empty: found out."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Metadata from the user."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What the file says of itself, and over it what the user says; not stored, made of the two."""

    @property
    def failure(self) -> Failure | None:
        """The failure, if it could not be read."""
        return Failure(self.source, self.failure_kind, self.failure_reason) if self.failure_kind else None

    @property
    def is_archive(self) -> bool:
        """Whether it is an archive, whose members are the sources."""
        return self.archive == self.source


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """How keyword rows are made; a callable from the right, so that ingest need not know of retrieval."""

    tokens: Callable[[str], list[str]]
    version: int
    """When it moves, all keyword rows are made anew."""


class Catalog:
    """One knowledge base's ``catalog.sqlite``. Safe to use from several threads; one process at a time may write."""

    def __init__(self, folder: Path, tokenizer: Tokenizer) -> None:
        """Open the catalog in ``folder``, making it if there is none.

        Raises:
            StorageError: the file is not a catalog, is damaged, or was written by a newer kb.
        """
        self.path = folder / "catalog.sqlite"
        self._tokenizer = tokenizer
        self._threads = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self.close()
            raise StorageError(
                f"{self.path}: cannot be opened ({error}); restore it from a backup or remove it"
            ) from error

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
                connection.execute(f"PRAGMA {pragma}")
            self._threads.connection = connection
            with self._lock:
                self._open.append(connection)
        return connection

    def close(self) -> None:
        """Close the connections of all threads; the catalog may not be used after."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._threads = threading.local()

    # What holds for the whole base

    def get(self, key: str, default: str = "") -> str:
        """Return a setting of the base."""
        row = self.connection().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else default

    def put(self, key: str, value: str) -> None:
        """Set a setting of the base; part of the transaction under way, if there is one."""
        self.connection().execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def generation(self) -> int:
        """Counts commits that change what a search can find; a long-lived reader reopens what is older."""
        return int(self.get("generation", "0"))

    @property
    def content(self) -> str:
        """Changes with the set of chunks; what was derived from other content is stale."""
        return self.get("content", "0")

    @contextmanager
    def transaction(self, *, content: bool = True, visible: bool = True) -> Iterator[sqlite3.Connection]:
        """Commit what happens inside together, or nothing of it.

        Args:
            content: it changes chunks.
            visible: it changes what a search can find, and so makes a new generation.
        """
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            if visible:
                self.put("generation", str(self.generation + 1))
            if visible and content:
                self.put("content", self.get("generation"))
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    # Sources and documents

    def sources(self, only: Sequence[str] | None = None) -> dict[str, SourceRow]:
        """Return the places that were looked at, by source, sorted; all of them, or ``only`` some."""
        where = "" if only is None else f" WHERE source IN ({','.join('?' * len(only))})"
        rows = self.connection().execute(
            "SELECT s.*, d.metadata FROM sources s LEFT JOIN documents d ON d.id = s.document_id"
            f"{where} ORDER BY source",
            only or (),
        )
        found = {}
        for row in rows:
            given = json.loads(row[10])
            metadata = json.loads(row[11] or "{}") | given
            found[row[0]] = replace(SourceRow(*row[:10]), given=given, metadata=metadata)
        return found

    def sources_split_otherwise(self, split_key: str) -> list[str]:
        """Return one source of every document that was split with other settings."""
        rows = self.connection().execute(
            "SELECT min(s.source) FROM documents d JOIN sources s ON s.document_id = d.id WHERE d.split_key <> ?"
            " GROUP BY d.id ORDER BY 1",
            (split_key,),
        )
        return [source for (source,) in rows]

    def document(self, source: str) -> Document | None:
        """Return the document of a source; ``None`` if the source is unknown or could not be read."""
        connection = self.connection()
        row = connection.execute(
            "SELECT d.id, s.source, d.title, d.media_type, d.language, d.text, d.headings, d.encoding, d.notes,"
            " d.metadata"
            " FROM sources s JOIN documents d ON d.id = s.document_id WHERE s.source = ?",
            (source,),
        ).fetchone()
        if row is None:
            return None
        headings = tuple(Heading(*heading) for heading in json.loads(row[6]))
        document, place, title, media_type, language, text, _, encoding, notes, metadata = row
        return Document(
            document, place, title, media_type, language, text, self.pages(document), headings, encoding,
            tuple(json.loads(notes)), tuple(json.loads(metadata).items()),
        )  # fmt: skip

    def pages(self, document_id: str) -> tuple[Page, ...]:
        """Return the page ledger of a document."""
        rows = self.connection().execute(
            "SELECT number, start, stop, how, reason, label FROM pages WHERE document_id = ? ORDER BY number",
            (document_id,),
        )
        return tuple(Page(*row) for row in rows)

    def notes(self, document_id: str) -> tuple[str, tuple[str, ...]]:
        """Return a document's encoding and what its reader noted."""
        encoding, notes = (
            self.connection().execute("SELECT encoding, notes FROM documents WHERE id = ?", (document_id,)).fetchone()
        )
        return encoding, tuple(json.loads(notes))

    def page_of(self, document_id: str, offset: int) -> int | None:
        """Return the page that a place in a document's text is on; ``None`` for formats without pages."""
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

    def split_key(self, document_id: str) -> str | None:
        """Return the settings that a document was split with; ``None`` if the document is not there."""
        row = self.connection().execute("SELECT split_key FROM documents WHERE id = ?", (document_id,)).fetchone()
        return row[0] if row else None

    def put_document(self, row: SourceRow, document: Document, chunks: Sequence[Chunk], split_key: str) -> None:
        """Make ``document`` what ``row.source`` holds, in one transaction; what it held before is gone."""
        with self.transaction() as connection:
            self._release(connection, row.source)
            self._delete_chunks(connection, document.id)  # another source may still have the document
            self._put_document(connection, document, split_key)
            self._insert_chunks(connection, chunks)
            self._put_source(connection, row)

    def put_chunks(self, document_id: str, chunks: Sequence[Chunk], split_key: str) -> None:
        """Make these the chunks of a document that is there; part of the transaction under way."""
        connection = self.connection()
        self._delete_chunks(connection, document_id)
        self._insert_chunks(connection, chunks)
        connection.execute("UPDATE documents SET split_key = ? WHERE id = ?", (split_key, document_id))

    def put_source(self, row: SourceRow) -> None:
        """Record a source whose document is there already, or that has none; what it held before is gone."""
        with self.transaction() as connection:
            self._release(connection, row.source, keep=row.document_id)
            self._put_source(connection, row)

    def remove(self, source: str) -> bool:
        """Forget a source, and its document unless another source has it too; return whether it was known."""
        with self.transaction() as connection:
            self._release(connection, source)
            return connection.execute("DELETE FROM sources WHERE source = ?", (source,)).rowcount > 0

    # Chunks and vectors

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """Return chunks by id; ids that are gone are left out. A document in several places shows the first of them."""
        found: dict[str, Chunk] = {}
        for at in range(0, len(ids), 500):
            batch = ids[at : at + 500]
            rows = self.connection().execute(
                "SELECT c.id, c.document_id, (SELECT min(source) FROM sources WHERE document_id = c.document_id),"
                " c.text, c.start, c.stop, c.pages, c.headings, c.n_tokens"
                f" FROM chunks c WHERE c.id IN ({','.join('?' * len(batch))})",
                batch,
            )
            for row in rows:
                chunk, document, source, text, start, stop, pages, headings, n_tokens = row
                found[chunk] = Chunk(
                    chunk, document, source, text, start, stop, tuple(json.loads(pages)), tuple(json.loads(headings)),
                    n_tokens,
                )  # fmt: skip
        return found

    def count(self, table: str) -> int:
        """Return how many rows ``sources``, ``documents``, ``chunks`` or ``vectors`` has."""
        if table not in ("sources", "documents", "chunks", "vectors"):
            raise ValueError(table)
        return int(self.connection().execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def indexed_texts(self) -> Iterator[tuple[str, str]]:
        """Yield ``(chunk id, indexed text)`` of all chunks, in the order of their ids."""
        rows = self.connection().execute("SELECT id, text, headings FROM chunks ORDER BY id")
        for chunk, text, headings in rows:
            yield chunk, _indexed(text, headings)

    @property
    def must_forget(self) -> bool:
        """Whether something was deleted of which no word may stay in the file: the next ``purge`` sees to that.

        It takes time with the size of the keyword index, so it is for what was removed or redacted, not for every edit.
        """
        return bool(self.get("must_forget"))

    @must_forget.setter
    def must_forget(self, value: bool) -> None:
        self.put("must_forget", "1" if value else "")

    def forget_answers(self) -> None:
        """Forget all recorded answers: they quote what is now to be redacted."""
        self.connection().execute("DELETE FROM answers")

    def purge(self) -> int:
        """Drop what was made of text that is gone, and give the log's old pages back; return how many vectors went.

        That is: its vectors, the answers that quote a source that was forgotten, and the copies of older catalogs.
        """
        connection = self.connection()
        if self.must_forget:  # FTS5 only marks words as deleted; they go when its segments are merged
            connection.execute("INSERT INTO bm25(bm25) VALUES ('optimize')")
            self.must_forget = False
        connection.execute(
            "DELETE FROM answers WHERE id IN (SELECT answer FROM answer_sources"
            " WHERE source NOT IN (SELECT source FROM sources))"
        )
        for copy in backups(self.path):
            copy.unlink(missing_ok=True)
        gone = connection.execute(
            "DELETE FROM vectors WHERE text_hash NOT IN (SELECT text_hash FROM chunks UNION SELECT text_hash FROM spare_chunks)"
        ).rowcount
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def fingerprint(self, embedder: str) -> str:
        """Return the index fingerprint: a hash over all sources, documents, chunks and whether each has its vector.

        The same files give the same one, whatever the order, the number of runs, or the interruptions.
        """
        digest = hashlib.sha256(embedder.encode())
        connection = self.connection()
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

    # How it is done

    def _prepare(self) -> None:
        connection = self.connection()
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise StorageError(
                f"{self.path}: was written by a newer kb (schema {version}, known {VERSION}); upgrade kb"
            )
        if version < VERSION:
            if version:
                back_up(connection, self.path, version)
            self._upgrade(connection)
        if self.get("tokens") != str(self._tokenizer.version):
            self._rebuild_keywords()

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        """Make the tables, or bring those of an older kb up to date, in one transaction."""
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]  # again: another process may have been faster
        scripts = [SCHEMA] if version == 0 else [MIGRATIONS[older] for older in range(version, VERSION)]
        for statement in (statement for script in scripts for statement in script.split(";\n")):
            connection.execute(statement)
        if version == 0:
            self.put("tokens", str(self._tokenizer.version))
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")

    def _rebuild_keywords(self) -> None:
        with self.transaction() as connection:
            connection.execute("INSERT INTO bm25(bm25) VALUES ('delete-all')")
            for key, text, headings in connection.execute("SELECT key, text, headings FROM chunks").fetchall():
                connection.execute(
                    "INSERT INTO bm25(rowid, tokens) VALUES (?, ?)", (key, self._keywords(_indexed(text, headings)))
                )
            self.put("tokens", str(self._tokenizer.version))

    def _keywords(self, text: str) -> str:
        return " ".join(self._tokenizer.tokens(text))

    def _put_source(self, connection: sqlite3.Connection, row: SourceRow) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row.source, row.root, row.size, row.mtime_ns, row.reader, row.document_id, row.failure_kind,
             row.failure_reason, row.archive, row.encoding, _json(dict(row.given))),
        )  # fmt: skip

    def _put_document(self, connection: sqlite3.Connection, document: Document, split_key: str) -> None:
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

    def _insert_chunks(self, connection: sqlite3.Connection, chunks: Iterable[Chunk]) -> None:
        for chunk in chunks:
            key = connection.execute(
                "INSERT INTO chunks (id, document_id, start, stop, text, pages, headings, n_tokens, text_hash)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (chunk.id, chunk.document_id, chunk.start, chunk.stop, chunk.text, _json(chunk.pages),
                 _json(chunk.headings), chunk.n_tokens, text_hash(chunk.indexed_text)),
            ).lastrowid  # fmt: skip
            connection.execute(
                "INSERT INTO bm25(rowid, tokens) VALUES (?, ?)", (key, self._keywords(chunk.indexed_text))
            )

    def _release(self, connection: sqlite3.Connection, source: str, keep: str | None = None) -> None:
        """Take a source off its document; a document that no source has any more goes, with all that was made of it."""
        row = connection.execute("SELECT document_id FROM sources WHERE source = ?", (source,)).fetchone()
        if row is None or row[0] is None or row[0] == keep:
            return
        connection.execute(
            "UPDATE sources SET document_id = NULL, failure_kind = 'released', archive = '' WHERE source = ?", (source,)
        )
        if not connection.execute("SELECT 1 FROM sources WHERE document_id = ?", row).fetchone():
            self._delete_chunks(connection, row[0])
            connection.execute("DELETE FROM documents WHERE id = ?", row)

    def _delete_chunks(self, connection: sqlite3.Connection, document_id: str) -> None:
        rows = connection.execute(
            "SELECT key, text, headings FROM chunks WHERE document_id = ?", (document_id,)
        ).fetchall()
        connection.executemany(
            "INSERT INTO bm25(bm25, rowid, tokens) VALUES ('delete', ?, ?)",
            ((key, self._keywords(_indexed(text, headings))) for key, text, headings in rows),
        )
        connection.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _indexed(text: str, headings: str) -> str:
    return indexed_text(tuple(json.loads(headings)), text)

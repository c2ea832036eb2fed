"""A damaged catalog becomes a sound one: what can still be read and holds together is kept, the rest is named.

Comes in: a folder whose catalog SQLite cannot read to its end. Goes out: one that it can, and how much was lost. Never: the
damaged file removed, or text kept that its own chunks contradict.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ..errors import StorageError
from .catalog import Catalog
from .database import FILE
from .keywords import Tokenizer

_TABLES = ("meta", "documents", "pages", "sources", "vectors", "sessions", "answers", "answer_sources")
"""In an order in which each refers to those before only."""
_DERIVED = ("indexed", "fingerprint", "tokens")
"""Settings that say how far something derived has caught up."""
_CHECK_S = 1.0
_STEPS = 20_000


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was kept of a damaged catalog."""

    kept: Path
    """The damaged file."""
    n_documents: int
    n_lost: int
    """Sources whose documents must be read again."""
    roots: tuple[Path, ...]
    """What had been ingested."""


def check(catalog: Catalog) -> None:
    """Look for damage for as long as a second: a base of some hundred megabytes is looked at whole.

    Raises:
        StorageError: there is some.
    """
    connection, until = catalog.connection(), time.monotonic() + _CHECK_S
    connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError:
        return  # out of time
    except sqlite3.DatabaseError as error:
        said = str(error)
    finally:
        connection.set_progress_handler(None, 0)
    if said != "ok":
        raise StorageError(damaged(catalog.path, said))


def damaged(path: Path | str, said: str) -> str:
    """Return the sentence about a damaged catalog."""
    return f"the knowledge base in {path} is damaged ({' '.join(said.split())}); run: kb doctor --repair"


def recover(folder: Path, tokenizer: Tokenizer) -> Recovered:
    """Make the catalog in ``folder`` anew from what is sound in it; the caller holds the writer's lock.

    Documents come without chunks: those are split from their text by the next ingest, which finds their vectors.
    """
    kept = folder / f"{FILE}.damaged"
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            (folder / f"{FILE}{end}").replace(f"{kept}{end}")
    with closing(sqlite3.connect(kept, isolation_level=None)) as old, closing(Catalog(folder, tokenizer)) as new:
        unsound = set(_contradicted(old))
        with new.transaction() as connection:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            for table in _TABLES:
                _copy(old, connection, table)
            connection.execute("DELETE FROM meta WHERE key IN (?, ?, ?)", _DERIVED)
            new.put("tokens", str(tokenizer.version))
            rows = [(document,) for document in unsound]
            connection.executemany("DELETE FROM documents WHERE id = ?", rows)
            n_lost = connection.execute(
                "DELETE FROM sources WHERE document_id NOT IN (SELECT id FROM documents)"
            ).rowcount
            for table, column, parent in (
                ("pages", "document_id", "documents"),
                ("answer_sources", "answer", "answers"),
            ):
                connection.execute(f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM {parent})")
            connection.execute(
                "DELETE FROM documents WHERE NOT EXISTS (SELECT 1 FROM sources WHERE document_id = documents.id)"
            )
            connection.execute("UPDATE documents SET split_key = ''")
            connection.execute("UPDATE answers SET session = NULL WHERE session NOT IN (SELECT id FROM sessions)")
        roots = connection.execute("SELECT DISTINCT root FROM sources ORDER BY root").fetchall()
        lost_roots = {Path(root) for (root,) in _rows(old, "sources", ("root",)) if isinstance(root, str)}
        every = sorted(lost_roots | {Path(root) for (root,) in roots})
        return Recovered(kept, new.count("documents"), n_lost, tuple(every))


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> None:
    columns = tuple(row[1] for row in new.execute(f"PRAGMA table_info({table})"))
    statement = f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    for row in _rows(old, table, columns):
        with suppress(sqlite3.Error):  # a row that breaks a rule of the schema is no sound one
            new.execute(statement, row)


def _rows(old: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> Iterator[tuple[object, ...]]:
    """Yield the rows that can be read: from the first on and from the last back, up to what is damaged."""
    key = "rowid" if table in ("documents", "sources", "answers", "vectors", "chunks") else columns[0]
    for order in ("ASC", "DESC"):
        n_read = 0
        try:
            cursor = old.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {key} {order}")
            while row := cursor.fetchone():
                n_read += 1
                yield row
        except sqlite3.DatabaseError:
            continue
        return


def _contradicted(old: sqlite3.Connection) -> Iterator[str]:
    """Yield the documents whose text is not what their chunks say, or whose structure cannot be read."""
    texts: dict[str, str] = {}
    for document, text, *structures in _rows(old, "documents", ("id", "text", "headings", "metadata", "notes")):
        try:
            for structure in structures:
                json.loads(str(structure))
            texts[str(document)] = str(text)
        except ValueError:
            yield str(document)
    for row in _rows(old, "chunks", ("document_id", "start", "stop", "text")):
        document, start, stop, text = cast("tuple[str, int, int, str]", row)
        if document in texts and texts[document][start:stop] != text:
            yield document

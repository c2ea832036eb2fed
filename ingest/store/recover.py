"""A damaged catalog becomes a sound one: what can still be read and is consistent is kept.

Comes in: a folder whose catalog SQLite cannot read to its end. Goes out: one that it can, and what had been ingested.
Never: the damaged file removed, another in its place before that is whole, or text kept that its own chunks contradict.
"""

from __future__ import annotations

import json
import math
import random
import shutil
import sqlite3
import time
from array import array
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ..document import chunk_id, indexed_text
from ..errors import StorageError
from .catalog import Catalog
from .database import DAMAGED, DEVICES, FILE
from .keywords import Tokenizer

_TABLES = ("meta", "documents", "sources", "vectors", "sessions", "answers", "answer_sources")
"""In an order where each refers only to earlier ones; the ledger comes with the documents."""
_BY_ROWID = ("documents", "sources", "vectors", "answers", "chunks")
_DERIVED = ("indexed", "fingerprint", "segments", "names", "tokens")
"""Settings that say how far something derived has caught up."""
_JSON = {
    "documents": ("headings", "notes", "metadata"),
    "sources": ("given",),
    "answers": ("settings", "messages", "answer", "timings"),
}
_TYPES = {"TEXT": str, "INTEGER": int, "BLOB": bytes}
_CHECK_S = 1.0
_STEPS = 20_000
_NEAR = 1000
"""Rows tried one at a time where rows cannot be read, before taking larger steps."""
_LAST_ROW = 1 << 48
_UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was kept of a damaged catalog."""

    kept: Path
    """The damaged file."""
    n_documents: int
    roots: tuple[Path, ...]
    """What had been ingested."""


def check(catalog: Catalog) -> None:
    """Look for damage for up to two seconds, enough for the whole of a base of some hundred megabytes.

    A flipped bit in a text breaks no rule of SQLite's, but then the text is no longer what its passages say.

    Raises:
        StorageError: there is some.
    """
    connection = catalog.connection()
    if said := _quick_check(connection, _CHECK_S) or _contradiction(connection, _CHECK_S):
        raise StorageError(
            "the knowledge base in {path} is damaged ({said}); run: kb doctor --repair", path=catalog.path, said=said
        )


def unsound(catalog: Catalog) -> str:
    """Return what is damaged in a catalog, checked in full; empty if nothing is seen."""
    connection = catalog.connection()
    if said := _quick_check(connection, math.inf):
        return said
    for table in _JSON:
        columns = _columns(connection, table)
        n_rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        n_sound = sum(
            _is_sound(table, dict(zip(columns, row, strict=True))) for row in _rows(connection, table, columns)
        )
        if n_sound < n_rows:
            return f"{n_rows - n_sound} rows of {table}"
    return _contradiction(connection, math.inf)


def _contradiction(connection: sqlite3.Connection, timeout_s: float) -> str:
    """Return which stored text is not what its passages say, or is no text; empty if none is found in time.

    It begins anywhere, so that runs over a large base each look at another part.
    """
    until = time.monotonic() + timeout_s
    try:
        (last,) = connection.execute("SELECT ifnull(max(rowid), 0) FROM documents").fetchone()
        begin = random.randint(0, last) if math.isfinite(timeout_s) else 0  # noqa: S311  no secret
        for low, high in ((begin, last), (0, begin - 1)):
            for key, document, text in connection.execute(
                "SELECT rowid, id, CAST(text AS BLOB) FROM documents WHERE rowid BETWEEN ? AND ?", (low, high)
            ):
                if time.monotonic() > until:
                    return ""
                if not _says(connection, document, text):
                    return f"the text stored of {_source_of(connection, key)}"
    except _UNREADABLE as error:
        return " ".join(str(error)[:60].split())
    return ""


def _says(connection: sqlite3.Connection, document: str, stored: bytes) -> bool:
    """Return whether a document's text is what its passages say."""
    try:
        text = stored.decode()
    except UnicodeDecodeError:
        return False
    passages = connection.execute(
        "SELECT start, stop, CAST(text AS BLOB) FROM chunks WHERE document_id = ?", (document,)
    )
    return all(text[start:stop].encode() == said for start, stop, said in passages)


def _source_of(connection: sqlite3.Connection, key: int) -> str:
    (source,) = connection.execute(
        "SELECT CAST(min(source) AS BLOB) FROM sources WHERE document_id = (SELECT id FROM documents WHERE rowid = ?)",
        (key,),
    ).fetchone()
    return source.decode("utf-8", "replace") if source else "a file that is not known any more"


def _quick_check(connection: sqlite3.Connection, timeout_s: float) -> str:
    until = time.monotonic() + timeout_s
    connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError:
        return ""  # out of time
    except sqlite3.DatabaseError as error:
        said = str(error)
    finally:
        connection.set_progress_handler(None, 0)
    return "" if said == "ok" else " ".join(said.split())


def recover(folder: Path, tokenizer: Tokenizer, redactions: Collection[str]) -> Recovered:
    """Rebuild the catalog in ``folder`` from what is sound in it; the caller holds the writer's lock.

    Documents come without chunks: the next ingest splits them from their text and finds their vectors.

    Args:
        folder: where it is.
        tokenizer: makes its keywords.
        redactions: the kinds of personal data that can be replaced.
    """
    damaged, kept, part = folder / FILE, folder / f"{FILE}{DAMAGED}", folder / "repaired"
    shutil.rmtree(part, ignore_errors=True)
    with closing(sqlite3.connect(damaged, isolation_level=None)) as old, closing(Catalog(part, tokenizer)) as new:
        old.execute("PRAGMA writable_schema = ON")  # a damaged schema entry costs only its own table
        _fill(new, old, set(redactions))
        roots = {Path(root) for (root,) in _rows(old, "sources", ("root",)) if isinstance(root, str)}
        roots |= {Path(root) for root in json.loads(new.get(DEVICES) or "{}")}
        recovered = Recovered(kept, new.count("documents"), tuple(sorted(roots)))
        new.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            damaged.with_name(f"{FILE}{end}").replace(f"{kept}{end}")
    (part / FILE).replace(damaged)
    shutil.rmtree(part)
    return recovered


def _fill(new: Catalog, old: sqlite3.Connection, redactions: set[str]) -> None:
    """Copy what is sound."""
    with new.transaction() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        for table in _TABLES:
            known = set(_columns(connection, table))
            columns = tuple(column for column in _columns(old, table) if column in known)
            _copy(connection, table, columns, _rows(old, table, columns))
        connection.executemany("DELETE FROM meta WHERE key = ? OR key LIKE ? || ' %'", [(key, key) for key in _DERIVED])
        new.put("redact", new.get("redact") or _redacted(connection, redactions))
        connection.executemany(
            "DELETE FROM documents WHERE id = ?", [(gone,) for gone in _contradicted(old, connection)]
        )
        connection.execute("DELETE FROM sources WHERE document_id NOT IN (SELECT id FROM documents)")
        connection.execute(
            "DELETE FROM documents WHERE NOT EXISTS (SELECT 1 FROM sources WHERE document_id = documents.id)"
        )
        columns = _columns(connection, "pages")
        for (document,) in connection.execute("SELECT id FROM documents").fetchall():
            _copy(connection, "pages", columns, _pages(old, columns, document))
        connection.execute("DELETE FROM answer_sources WHERE answer NOT IN (SELECT id FROM answers)")
        connection.execute("UPDATE answers SET session = NULL WHERE session NOT IN (SELECT id FROM sessions)")
        connection.execute("UPDATE documents SET split_key = ''")


def _columns(old: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """Return the columns of a table in a possibly older catalog; none if not even that can be read."""
    with suppress(*_UNREADABLE):
        return tuple(row[1] for row in old.execute(f"PRAGMA table_info({table})"))
    return ()


def _copy(new: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Iterator[Row]) -> None:
    types = {row[1]: _TYPES[row[2]] for row in new.execute(f"PRAGMA table_info({table})")}
    statement = f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    for row in rows:
        values = dict(zip(columns, row, strict=True))
        if all(isinstance(value, (types[name], type(None))) for name, value in values.items()) and _is_sound(
            table, values
        ):
            with suppress(sqlite3.Error):  # a row that breaks a schema rule is not sound
                new.execute(statement, row)


def _is_sound(table: str, values: dict[str, object]) -> bool:
    """Return whether a row's JSON is valid, its vector of unit length, and its file below the given folder."""
    vector = values.get("vector")
    if isinstance(vector, bytes):
        return len(vector) % 4 == 0 and math.isclose(sum(x * x for x in array("f", vector)), 1.0, abs_tol=0.01)
    if table == "sources" and not str(values.get("source")).startswith(str(values.get("root") or "")):
        return False
    try:
        for name in _JSON.get(table, ()):
            json.loads(cast("str", values.get(name, "{}")))
    except ValueError:
        return False
    return True


def _rows(old: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """Yield the rows that can be read."""
    if columns and table in _BY_ROWID:
        yield from _stepping(old, table, columns)
    elif columns:
        for order in ("ASC", "DESC"):  # from the first row on and from the last back, up to the damage
            with suppress(*_UNREADABLE):
                yield from old.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY {columns[0]} {order}")
                return


def _stepping(old: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """Yield the readable rows, stepping over the others."""
    at, n_failed = 0, 0
    while at < _LAST_ROW:
        with suppress(*_UNREADABLE):
            for key, *row in old.execute(
                f"SELECT rowid, {', '.join(columns)} FROM {table} WHERE rowid > ? ORDER BY rowid", (at,)
            ):
                if key <= at:
                    break
                at, n_failed = key, 0
                yield tuple(row)
            else:
                return
        n_failed += 1
        at += 1 if n_failed < _NEAR else 1 << min(n_failed - _NEAR, 48)


def _pages(old: sqlite3.Connection, columns: tuple[str, ...], document: str) -> Iterator[Row]:
    with suppress(*_UNREADABLE):
        yield from old.execute(f"SELECT {', '.join(columns)} FROM pages WHERE document_id = ?", (document,))


def _contradicted(old: sqlite3.Connection, new: sqlite3.Connection) -> set[str]:
    """Return the documents whose text matches neither their chunks' text nor what the chunks are named after."""
    found: set[str] = set()
    document, text = "", None
    for row in _rows(old, "chunks", ("id", "document_id", "start", "stop", "text", "headings")):
        name, of, start, stop, said, headings = cast("tuple[str, str, int, int, str, str]", row)
        if of != document:
            held = new.execute("SELECT text FROM documents WHERE id = ?", (of,)).fetchone()
            document, text = of, str(held[0]) if held else None
        if text is None or not (isinstance(start, int) and isinstance(stop, int)) or text[start:stop] == said:
            continue
        with suppress(ValueError, TypeError):  # for headings that are no longer JSON
            if chunk_id(of, start, stop, indexed_text(tuple(json.loads(headings)), text[start:stop])) == name:
                continue
        found.add(of)
    return found


def _redacted(connection: sqlite3.Connection, kinds: set[str]) -> str:
    """Return what the sources' readers redacted: they must not do less now."""
    for (reader,) in connection.execute("SELECT DISTINCT reader FROM sources"):
        for part in reader.split()[1:]:
            if set(part.split(",")) <= kinds:
                return str(part)
    return ""

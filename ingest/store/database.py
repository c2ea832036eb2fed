"""One SQLite file: its connections, transactions, settings and schema.

Comes in: a folder. Goes out: a connection per thread, to tables of the newest schema; a read-only one where the folder
cannot be written to. Never: a reader that waits for the writer (WAL), half a transaction, or an older kb's file changed
without a copy of it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..errors import StorageError, UnknownNameError
from ..notice import Notice
from .schema import MIGRATIONS, SCHEMA, VERSION


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy the catalog at ``path``, of this version, unless there is such a copy."""
    copy = path.with_name(f"{path.name}.v{version}.bak")
    if copy.exists():
        return
    part = copy.with_name(f"{copy.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(part),))
    part.replace(copy)


def backups(path: Path) -> list[Path]:
    """Return the copies of the catalog at ``path``."""
    return sorted(path.parent.glob(f"{path.name}.v*.bak"))


def remains(path: Path) -> list[Path]:
    """Return the copies of the catalog at ``path``, and the remains of a damaged one."""
    return [*backups(path), *sorted(path.parent.glob(f"{path.name}{DAMAGED}*"))]


FILE = "catalog.sqlite"
DEVICES = "devices"
"""The setting with the device each folder was on when it was last read: JSON {path: number}."""
DAMAGED = ".damaged"
"""Suffix of a file that was rebuilt: it is kept until something must be forgotten."""

_BUSY_TIMEOUT_S = 30.0


class Database:
    """``catalog.sqlite`` in a folder. Thread-safe; one process at a time may write."""

    def __init__(self, folder: Path, *, make: bool = True) -> None:
        """Open the file in ``folder``, creating it if needed; unless ``make``, only once ``make`` is called.

        Raises:
            StorageError: it is not a catalog, is damaged, or was written by a newer kb.
        """
        self.path = folder / FILE
        self.is_read_only = False
        self.is_made = False
        """Whether there is one, and it was opened; until then nothing can be read."""
        self._threads = threading.local()
        self._open: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._lock = threading.Lock()
        self._making = threading.RLock()
        self._maker = 0
        """The thread that makes or opens it."""
        if make or self.path.exists():
            self.make()

    def make(self) -> None:
        """Open the file, creating it if needed.

        Raises:
            StorageError: it is not a catalog, is damaged, or was written by a newer kb.
        """
        with self._making:
            if not self.is_made:
                self._maker = threading.get_ident()
                try:
                    self._make(self.path.parent)
                    self.is_made = True
                finally:
                    self._maker = 0

    def _make(self, folder: Path) -> None:
        self.is_read_only = self.path.exists() and not all(os.access(place, os.W_OK) for place in (folder, self.path))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._prepare()
        except OSError as error:
            raise StorageError(
                "{folder}: no knowledge base can be kept there ({why}); choose another folder with --home",
                folder=folder,
                why=error.strerror,
            ) from error
        except sqlite3.DatabaseError as error:
            self.close()
            raise StorageError(
                "{path}: cannot be opened ({why}); {advice}", path=self.path, why=error, advice=_advice(error)
            ) from error
        except UnicodeDecodeError as error:  # in SQLite's message about an unreadable schema
            self.close()
            raise StorageError("{path}: its schema is damaged; run: kb doctor --repair", path=self.path) from error

    def demand(self) -> None:
        """Make sure that there is a file to read.

        Raises:
            UnknownNameError: it was not made yet.
        """
        if not self.is_made and self._maker != threading.get_ident():
            if not self.path.exists():
                raise no_base(self.path.parent)
            self.make()  # another process did

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection.

        Raises:
            UnknownNameError: the file was not made yet.
        """
        self.demand()
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = connect_to_read(self.path) if self.is_read_only else connect(self.path)
            self._threads.connection = connection
            with self._lock:
                self._close(lambda thread: not thread.is_alive())  # a server's threads come and go, by thousands
                self._open.append((threading.current_thread(), connection))
        return connection

    def close(self) -> None:
        """Close the connections of all threads; unusable afterwards."""
        with self._lock:
            self._close(lambda _: True)
        self._threads = threading.local()

    def get(self, key: str, default: str = "") -> str:
        """Return a setting of the base."""
        row = self.connection().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else default

    def put(self, key: str, value: str) -> None:
        """Set a setting of the base; part of the current transaction, if any."""
        self.connection().execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def generation(self) -> int:
        """Counts commits that change what a search can find; a long-lived reader reopens what is older."""
        return int(self.get("generation", "0"))

    @property
    def content(self) -> str:
        """Changes with the set of chunks; anything derived from other content is stale."""
        return self.get("content", "0")

    @contextmanager
    def transaction(self, *, content: bool = True, visible: bool = True) -> Iterator[sqlite3.Connection]:
        """Commit everything done inside, or none of it.

        Args:
            content: it changes chunks.
            visible: it changes what a search can find, and so makes a new generation.
        Raises:
            StorageError: the folder cannot be written to.
        """
        if self.is_read_only:
            raise unwritable(self.path.parent)
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            if visible:
                self.put("generation", str(self.generation + 1))
            if visible and content:
                self.put("content", self.get("generation"))
        except BaseException:
            if connection.in_transaction:  # a full disk has rolled it back already
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _close(self, of: Callable[[threading.Thread], bool]) -> None:
        for thread, connection in self._open:
            if of(thread):
                connection.close()
        self._open = [held for held in self._open if not of(held[0])]

    def _prepare(self) -> None:
        connection = self.connection()
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise StorageError(
                "{path}: was written by a newer kb (schema {version}, known {known}); upgrade kb",
                path=self.path,
                version=version,
                known=VERSION,
            )
        if version < VERSION:
            if self.is_read_only:
                raise unwritable(self.path.parent)
            if version:
                back_up(connection, self.path, version)
            _upgrade(connection)


def no_base(folder: Path) -> UnknownNameError:
    """Return the error for a folder that holds no base."""
    return UnknownNameError(
        "there is no knowledge base {name!r} in {home}; make it with: kb ingest PATH",
        name=folder.name,
        home=folder.parent,
    )


def unwritable(folder: Path) -> StorageError:
    """Return the error for a base in a folder that cannot be changed."""
    return StorageError(
        "{folder} cannot be written to, which this takes: fix its permissions, or copy it and give --home",
        folder=folder,
    )


def connect(path: Path) -> sqlite3.Connection:
    """Open a file for writing; what is deleted from it is overwritten."""
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open a file for reading beside its writer; if there is none, as one that never changes.

    SQLite cannot create there what readers and writers of a WAL share.

    Raises:
        StorageError: a writer died and left a log that must be taken in first.
    """
    with closing(_reading(path, "mode=ro")) as probe:
        try:
            probe.execute("PRAGMA user_version")
        except sqlite3.OperationalError:
            how = "immutable=1"
        else:
            how = "mode=ro"
    log = path.with_name(f"{path.name}-wal")
    if how == "immutable=1" and log.exists() and log.stat().st_size:
        raise StorageError(
            "{parent} cannot be written to, and its last writer was interrupted: run kb status once where it can be",
            parent=path.parent,
        )
    return _reading(path, how)


def _reading(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None,
        check_same_thread=False,
    )  # fmt: skip


def _upgrade(connection: sqlite3.Connection) -> None:
    """Create the tables, or bring an older kb's up to date, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]  # again: another process may have been faster
    scripts = [SCHEMA] if version == 0 else [MIGRATIONS[older] for older in range(version, VERSION)]
    for statement in (statement for script in scripts for statement in script.split(";\n")):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def damage(error: BaseException) -> str:
    """Return the sentence about a damaged catalog, if that is the error: a file not as SQLite wrote it."""
    if not isinstance(error, sqlite3.DatabaseError):
        return ""
    code = getattr(error, "sqlite_errorname", "")  # Python gives none to text that is no longer UTF-8
    if not code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) and not any(
        said in str(error) for said in ("decode to UTF-8", "constructor failed")
    ):
        return ""
    return Notice("the knowledge base is damaged ({why}); run: kb doctor --repair", why=str(error)[:60])


def _advice(error: sqlite3.DatabaseError) -> str:
    """Return what to do about a catalog that does not open; never to remove an intact one."""
    if error.sqlite_errorname == "SQLITE_FULL":
        return Notice("the disk is full: make room, then run the same command again")
    return Notice("run: kb doctor --repair") if damage(error) else Notice("restore it from a backup or remove it")

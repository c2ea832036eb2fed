"""The log of answers: what was asked, what was answered, and everything needed to answer it again.

Comes in: answers, finished or stopped by the user. Goes out: records, conversations, feedback. Never: an answer that fails or
waits because it cannot be recorded, or a record that changes search results (``generation`` stays).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from ...ingest.errors import InputError
from ...ingest.notice import Notice
from ...ingest.store.purge import WITHOUT_TURNS
from ..base.library import Library
from .answer import Answer, Asked
from .record import COLUMNS, Feedback, Record, Written, record_of, settings_of, to_json

_WAIT_S = 0.05
"""How long a finished answer waits for a writer before it is left unrecorded."""
_WHOLE = 64 << 20
"""Bytes. In a larger model file, evenly spaced blocks of this total size are hashed."""
_BLOCK = 1 << 18
_TITLE = 200
"""Characters."""


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation."""

    id: str
    started: str
    """UTC, ISO 8601."""
    title: str
    """The title the user gave it, else its first question."""
    n_turns: int


class Log:
    """The recorded answers, all kept in the first of the queried bases. Thread-safe."""

    def __init__(self, library: Library, llm: str, *, on: bool) -> None:
        """Create the log.

        Args:
            library: the bases that are queried.
            llm: the model spec for new answers.
            on: whether new answers are recorded.
        """
        self._library = library
        self._catalog = library.first.catalog
        self._llm = llm
        self.on = on

    def of(self, library: Library) -> Log:
        """Return the log for answers from other bases, on or off like this one."""
        return Log(library, self._llm, on=self.on)

    def record(self, asked: Asked, answer: Answer, written: Written) -> Answer:
        """Record an answer, finished or stopped, and return it with its record id, or with a note if recording failed."""
        if not self.on:
            return answer
        if self._catalog.is_read_only:
            return _unrecorded(answer, Notice("the knowledge base cannot be written to"))
        try:
            indexes, model_hash = (
                self.fingerprints(),
                self.model_hash(answer.model),
            )  # before taking the lock
            with closing(sqlite3.connect(self._catalog.path, timeout=_WAIT_S, isolation_level=None)) as connection:
                connection.executescript("PRAGMA foreign_keys=ON; PRAGMA synchronous=NORMAL")
                connection.execute("BEGIN IMMEDIATE")
                self._remember(connection, model_hash)
                number = self._insert(connection, asked, answer, written, indexes, model_hash)
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError, ValueError, TypeError) as error:  # the last two: it does not fit SQLite or JSON
            busy = "locked" in str(error)
            return _unrecorded(answer, Notice("the knowledge base was being written to") if busy else str(error))
        return replace(answer, id=number)

    def records(self, limit: int = 20, session: str = "", *, stopped: bool = False) -> tuple[Record, ...]:
        """Return the latest answers, newest first; with ``session``, only its turns; with ``stopped``, also those."""
        rows = self._catalog.connection().execute(
            f"SELECT {COLUMNS} FROM answers WHERE ? IN ('', session) AND stopped <= ? ORDER BY id DESC LIMIT ?",
            (session, stopped, limit),
        )
        return tuple(record_of(row) for row in rows)

    def get(self, number: int) -> Record:
        """Return one answer.

        Raises:
            InputError: no answer has this number.
        """
        row = self._catalog.connection().execute(f"SELECT {COLUMNS} FROM answers WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise InputError("there is no recorded answer {number}; kb log shows what there is", number=number)
        return record_of(row)

    def rate(self, number: int, feedback: Feedback, correction: str = "", comment: str = "") -> None:
        """Attach the user's feedback to an answer, replacing any earlier feedback.

        Raises:
            InputError: there is no such answer.
        """
        self.get(number)
        with self._changing() as connection:
            connection.execute(
                "UPDATE answers SET feedback = ?, correction = ?, comment = ? WHERE id = ?",
                (feedback, correction.strip(), comment.strip(), number),
            )

    def delete(self, numbers: Sequence[int] | None = None) -> int:
        """Forget the given answers, or all of them; return how many were deleted.

        Raises:
            InputError: one of them does not exist; nothing was forgotten.
        """
        for number in numbers or ():
            self.get(number)
        where = "" if numbers is None else " WHERE id IN (SELECT value FROM json_each(?))"
        with self._changing() as connection:
            gone = connection.execute(f"DELETE FROM answers{where}", () if numbers is None else (json.dumps(numbers),))
            count = gone.rowcount
            connection.execute(WITHOUT_TURNS)
        return count

    def take_out(self, numbers: Sequence[int]) -> None:
        """Remove answers from their conversations; they stay recorded."""
        with self._changing() as connection:
            connection.execute(
                "UPDATE answers SET session = NULL WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(numbers),)
            )
            connection.execute(WITHOUT_TURNS)

    def sessions(self, *, stopped: bool = False) -> tuple[Session, ...]:
        """Return the conversations, most recent first; with ``stopped``, also those in which every answer was stopped."""
        rows = self._catalog.connection().execute(
            "SELECT s.id, s.started, ifnull(nullif(s.title, ''), (SELECT said FROM answers WHERE session = s.id ORDER BY id"
            " LIMIT 1)), count(a.id)"
            " FROM sessions s JOIN answers a ON a.session = s.id AND a.stopped <= ? GROUP BY s.id ORDER BY max(a.id) DESC",
            (stopped,),
        )
        return tuple(Session(*row) for row in rows)

    def session(self, name: str, *, stopped: bool = False) -> tuple[Record, ...]:
        """Return the turns of a conversation, oldest first; ``last`` is the most recent one; with ``stopped``, also those.

        Raises:
            InputError: there is no such conversation.
        """
        sessions = self.sessions(stopped=stopped)
        if name == "last" and sessions:
            name = sessions[0].id
        if name not in {session.id for session in sessions}:
            raise InputError("there is no conversation {name!r}; kb chat --list shows what there is", name=name)
        return self.records(limit=-1, session=name, stopped=stopped)[::-1]

    def rename_session(self, name: str, title: str) -> None:
        """Give a conversation a title; an empty one restores its first question.

        Raises:
            InputError: there is no such conversation.
        """
        self.session(name, stopped=True)
        title = " ".join(title.split())[:_TITLE]
        with self._changing() as connection:
            connection.execute("UPDATE sessions SET title = ? WHERE id = ?", (title, name))

    def delete_session(self, name: str) -> int:
        """Forget a conversation; return how many turns it had.

        Raises:
            InputError: there is no such conversation.
        """
        return self.delete([record.id for record in self.session(name, stopped=True)])

    def fingerprints(self) -> tuple[tuple[str, str], ...]:
        """Return name and current index fingerprint of each queried base; a base queried alone is ``""``."""
        return tuple((name, part.fingerprint()) for name, part in self._library.parts.items())

    def model_hash(self, model: str) -> str:
        """Return the hash of the model's file: ``sha256:...``, ``sha256-sampled:...`` if large, empty if there is none."""
        kind, path = self._llm.partition(":")[0], self._path
        if kind != "gguf" or model != f"gguf:{path.name}":
            return ""
        try:
            stat = path.stat()
            state = f"{stat.st_size} {stat.st_mtime_ns}"
            known = self._catalog.get(f"model {path}").rpartition(" ")
            return known[2] if known[0] == state else _hash(path, stat.st_size)
        except OSError:
            return ""

    # Internals

    @property
    def _path(self) -> Path:
        """The model's file, if the spec names one."""
        return Path(self._llm.partition(":")[2].partition("?lora=")[0]).expanduser()

    def _changing(self) -> AbstractContextManager[sqlite3.Connection]:
        return self._catalog.transaction(content=False, visible=False)

    def _insert(
        self,
        connection: sqlite3.Connection,
        asked: Asked,
        answer: Answer,
        written: Written,
        indexes: tuple[tuple[str, str], ...],
        model_hash: str,
    ) -> int:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        if asked.session:
            connection.execute("INSERT OR IGNORE INTO sessions (id, started) VALUES (?, ?)", (asked.session, now))
        own, index = indexes[0]
        cursor = connection.execute(
            "INSERT INTO answers (at, session, said, question, settings, fingerprint, llm, model, model_hash, messages,"
            " raw, answer, timings, stopped) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                now, asked.session or None, asked.said or asked.question, asked.question, settings_of(asked, indexes),
                index, self._llm, answer.model, model_hash,
                json.dumps([[message.role, message.content] for message in written.messages]), written.raw,
                to_json(answer), json.dumps(answer.timings), not answer.finished,
            ),
        )  # fmt: skip
        number = cast("int", cursor.lastrowid)
        sources = {(hit.base, hit.chunk.source) for hit in answer.hits}
        sources |= {(citation.base, citation.source) for citation in answer.citations}
        rows = ((number, "" if base == own else base, source) for base, source in sorted(sources))
        connection.executemany("INSERT INTO answer_sources (answer, base, source) VALUES (?, ?, ?)", rows)
        return number

    def _remember(self, connection: sqlite3.Connection, model_hash: str) -> None:
        """Cache the hash of a model's file, which is slow to compute, with the file's size and time."""
        if model_hash:
            path = self._path
            stat = path.stat()
            value = f"{stat.st_size} {stat.st_mtime_ns} {model_hash}"
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"model {path}", value))


def new_session() -> str:
    """Return a name for a new conversation."""
    return secrets.token_hex(4)


def _unrecorded(answer: Answer, reason: str) -> Answer:
    from ...prompts.fill import language_of
    from ..i18n.chinese import in_chinese  # both here: a search loads neither

    note: str = Notice("This answer was not recorded: {reason}.", reason=reason)
    note = in_chinese(note) if language_of(answer.question) == "zh" else note
    return replace(answer, notes=(*answer.notes, note))


def _hash(path: Path, size: int) -> str:
    """Return the hash of a file: of all of it, or of its size and evenly spaced blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        if size <= _WHOLE:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        digest.update(str(size).encode())
        n_blocks = _WHOLE // _BLOCK
        for block in range(n_blocks):
            file.seek((size - _BLOCK) * block // (n_blocks - 1), os.SEEK_SET)
            digest.update(file.read(_BLOCK))
    return f"sha256-sampled:{digest.hexdigest()}"

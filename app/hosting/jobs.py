"""Ingest jobs, kept in the home: they outlive requests, clients and the server.

Comes in: a base and what to ingest into it. Goes out: jobs with progress and report, for every process. Never: a job lost
because something was killed.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, cast

from ...ingest.errors import UnknownNameError
from ...ingest.notice import Notice

State = Literal["waiting", "running", "done", "failed", "cancelled"]

OVER: tuple[State, ...] = ("done", "failed", "cancelled")
KEPT = 1000
"""Number of finished jobs to keep."""
MOST_BEGUN = 2
"""A job during which the process died this many times is not restarted automatically."""
_DIED = Notice(
    "the server ended each time it did this, and does not try again by itself; "
    "run kb ingest on its files to see which of them it is"
)

_TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    number  INTEGER PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    base    TEXT NOT NULL,
    paths   TEXT NOT NULL,              -- JSON [path, ...]
    keep    INTEGER NOT NULL,
    state   TEXT NOT NULL,
    created REAL NOT NULL,
    stage   TEXT NOT NULL DEFAULT '',
    done    INTEGER NOT NULL DEFAULT 0,
    total   INTEGER NOT NULL DEFAULT 0,
    source  TEXT NOT NULL DEFAULT '',
    failed  INTEGER NOT NULL DEFAULT 0,
    report  TEXT NOT NULL DEFAULT 'null',
    error   TEXT NOT NULL DEFAULT '',
    begun   INTEGER NOT NULL DEFAULT 0  -- how often, not counting where it was put off in good order
)
"""
_COLUMNS = "id, base, paths, keep, state, created, stage, done, total, source, failed, report, error, begun"
_Row: TypeAlias = tuple[str, str, str, int, State, float, str, int, int, str, int, str, str, int]
"""A job with the columns of ``_COLUMNS``."""


@dataclass(frozen=True, slots=True)
class Job:
    """A requested ingest."""

    id: str
    base: str
    paths: tuple[str, ...]
    keep: bool
    """Whether sources that vanished from disk stay in the base."""
    state: State
    created: float
    """Seconds since 1970."""
    stage: str = ""
    """``read``, ``embed`` or ``index``."""
    done: int = 0
    total: int = 0
    source: str = ""
    """The current file."""
    failed: int = 0
    """Files that failed so far."""
    report: object = None
    """Once done: as ``kb ingest --json`` prints it."""
    error: str = ""
    begun: int = 0

    @property
    def is_over(self) -> bool:
        """Whether the job has ended."""
        return self.state in OVER


class Jobs:
    """The jobs of a home, in ``jobs.sqlite``. Safe for several threads and processes."""

    def __init__(self, home: Path, kept: int = KEPT) -> None:
        """Open the jobs of ``home``, keeping up to ``kept`` finished ones."""
        self._kept = kept
        home.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        # One connection for all threads, kept open: the last one to close checkpoints everything and waits for the disk.
        self._connection = sqlite3.connect(
            home / "jobs.sqlite", timeout=30, isolation_level=None, check_same_thread=False
        )
        self._update("PRAGMA journal_mode=WAL")
        self._update(_TABLE)
        if "begun" not in [row[1] for row in self._rows("PRAGMA table_info(jobs)")]:
            self._update("ALTER TABLE jobs ADD COLUMN begun INTEGER NOT NULL DEFAULT 0")

    def add(self, base: str, paths: Sequence[Path | str], *, keep: bool) -> Job:
        """Request an ingest of ``paths``; see ``KnowledgeBase.ingest``."""
        job = Job(uuid.uuid4().hex, base, tuple(map(str, paths)), keep, "waiting", time.time())
        self._update(
            "INSERT INTO jobs (id, base, paths, keep, state, created) VALUES (?, ?, ?, ?, ?, ?)",
            job.id, base, json.dumps(job.paths), keep, job.state, job.created,
        )  # fmt: skip
        self._update(
            f"DELETE FROM jobs WHERE state IN {OVER} AND number < (SELECT max(number) FROM jobs) - ?", self._kept
        )
        return job

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            UnknownNameError: no job has this id.
        """
        found = self._select("WHERE id = ?", job_id)
        if not found:
            raise UnknownNameError("there is no job {job_id!r}; GET /api/v1/ingest lists them", job_id=job_id[:40])
        return found[0]

    def last(self, limit: int = 100) -> tuple[Job, ...]:
        """Return the latest jobs, newest first."""
        return self._select("ORDER BY number DESC LIMIT ?", limit)

    def waiting(self) -> tuple[Job, ...]:
        """Return the jobs not started yet, oldest first."""
        return self._select("WHERE state = 'waiting' ORDER BY number")

    def counts(self) -> dict[str, int]:
        """Return how many jobs are in each state."""
        return dict(cast("list[tuple[str, int]]", self._rows("SELECT state, count(*) FROM jobs GROUP BY state")))

    def cancel(self, job_id: str) -> Job:
        """Cancel a job; what it has finished stays in the base. A job that has ended is unchanged.

        Raises:
            UnknownNameError: no job has this id.
        """
        self._update(f"UPDATE jobs SET state = 'cancelled' WHERE id = ? AND state NOT IN {OVER}", job_id)
        return self.get(job_id)

    # For the worker

    def requeue(self) -> None:
        """Requeue jobs that an earlier worker was interrupted at, unless they may have killed it."""
        self._update(
            "UPDATE jobs SET state = 'failed', error = ? WHERE state = 'running' AND begun >= ?", _DIED, MOST_BEGUN
        )
        self._update("UPDATE jobs SET state = 'waiting' WHERE state = 'running'")

    def move(self, jobs: Sequence[Job], before: State, after: State) -> None:
        """Move those jobs that are in state ``before`` to ``after``."""
        ids = json.dumps([job.id for job in jobs])
        begun = {"running": 1, "waiting": -1}.get(after, 0)
        self._update(
            "UPDATE jobs SET state = ?, begun = begun + ? WHERE state = ? AND id IN (SELECT value FROM json_each(?))",
            after, begun, before, ids,
        )  # fmt: skip

    def tell(self, jobs: Sequence[Job], stage: str, done: int, total: int, source: str, failed: int) -> None:
        """Store the progress of jobs."""
        self._update(
            "UPDATE jobs SET stage = ?, done = ?, total = ?, source = ?, failed = ?"
            " WHERE id IN (SELECT value FROM json_each(?))",
            stage, done, total, source, failed, json.dumps([job.id for job in jobs]),
        )  # fmt: skip

    def any_cancelled(self, jobs: Sequence[Job]) -> bool:
        """Return whether any of these jobs was cancelled."""
        ids = json.dumps([job.id for job in jobs])
        query = "SELECT 1 FROM jobs WHERE state = 'cancelled' AND id IN (SELECT value FROM json_each(?)) LIMIT 1"
        return bool(self._rows(query, ids))

    def end(self, reports: Mapping[str, object]) -> None:
        """Mark jobs as done, with their reports by id."""
        self._update(
            "UPDATE jobs SET state = 'done', report = (SELECT value FROM json_each(?) WHERE key = jobs.id)"
            " WHERE state = 'running' AND id IN (SELECT key FROM json_each(?))",
            *[json.dumps({job_id: json.dumps(report, ensure_ascii=False) for job_id, report in reports.items()})] * 2,
        )

    def fail(self, job: Job, error: str) -> None:
        """Mark a job as failed."""
        self._update("UPDATE jobs SET state = 'failed', error = ? WHERE id = ? AND state = 'running'", error, job.id)

    # Database

    def _update(self, statement: str, *values: object) -> None:
        self._rows(statement, *values)

    def _rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def _select(self, rest: str, *values: object) -> tuple[Job, ...]:
        return tuple(
            Job(
                job_id, base, tuple(json.loads(paths)), bool(keep), state, created, stage, done, total, source, failed,
                json.loads(report), error, begun,
            )
            for job_id, base, paths, keep, state, created, stage, done, total, source, failed, report, error, begun
            in cast("list[_Row]", self._rows(f"SELECT {_COLUMNS} FROM jobs {rest}", *values))
        )  # fmt: skip

"""The thread that runs the ingest jobs of a home: first it reads the files of all jobs in turn, then does the slow part.

Comes in: waiting jobs. Goes out: their progress and reports. Never: two workers on one home (a lock prevents that; if its
holder is killed, another takes over), a job given up because someone is writing to the same base from a terminal, or one that
waits until another job's passages are embedded.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from ...ingest.document import IngestReport, Progress, Step
from ...ingest.errors import KBError, LockedError
from ...ingest.run.sync import Selection
from ...ingest.store.database import damage
from ..api import KnowledgeBase
from ..as_data import as_data
from ..base.upkeep import UNFINISHED
from .jobs import Job, Jobs

_TELL_S = 0.2
_LOOK_S = 1.0
_TOGETHER = 500


class _StoppedError(Exception):
    """Raised to stop an ingest that was cancelled or is shutting down; what was finished is kept."""


class _WaitingError(Exception):
    """Raised to pause the slow part while a job waits; what was finished is kept, and it resumes afterwards."""


@dataclass(frozen=True, slots=True)
class _Read:
    """Jobs whose files are read, and the report so far."""

    jobs: Sequence[Job]
    report: IngestReport


class Worker:
    """Runs jobs from ``start`` to ``stop``."""

    def __init__(
        self,
        jobs: Jobs,
        home: Path,
        base: Callable[[str], KnowledgeBase],
        opened: Callable[[], Sequence[KnowledgeBase]] = tuple,
    ) -> None:
        """Create a worker for the jobs of ``home``.

        Args:
            jobs: the jobs to run.
            home: the home of the bases.
            base: opens a knowledge base by name.
            opened: returns the open bases; their pending passages are embedded once there are no jobs.
        """
        self._jobs = jobs
        self._base = base
        self._opened = opened
        self._read: deque[_Read] = deque()
        self._given_up: set[Path] = set()
        self._lock = FileLock(str(home / "jobs.lock"), timeout=0)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest-jobs", daemon=True)

    def start(self) -> None:
        """Start, first with what an earlier process was interrupted at."""
        self._thread.start()

    def wake(self) -> None:
        """Check for work now."""
        self._wake.set()

    def stop(self) -> None:
        """Stop; a running job is left after the current file, and resumed at the next start."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._lock:
                    self._jobs.requeue()
                    self._work()
            except Timeout:  # another process runs the jobs of this home
                self._stop.wait(_LOOK_S)
            except Exception:  # the disk is full, say: without this thread no job would ever run again
                logging.getLogger("kb").exception("running the jobs failed; trying again")
                self._read.clear()  # they are requeued
                self._stop.wait(_LOOK_S)

    def _work(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            if waiting := self._jobs.waiting():
                self._do(_together(waiting))
            elif self._read:
                self._complete(self._read[0])
            elif not self._go_on():
                self._wake.wait(_LOOK_S)
        for read in self._read:
            self._jobs.move(read.jobs, "running", "waiting")

    def _do(self, jobs: Sequence[Job]) -> None:
        """Run jobs as one ingest; if that fails, run each on its own to find the culprit."""
        self._jobs.move(jobs, "waiting", "running")
        try:
            report = self._ingest(jobs)
        except _StoppedError:
            self._jobs.move(jobs, "running", "waiting")
        except Exception as error:  # noqa: BLE001  the outermost handler of this thread: it must go on to the next job
            if len(jobs) > 1:
                for job in jobs:
                    self._do([job])
                return
            self._jobs.fail(jobs[0], said(error))
        else:
            if report.n_pending or report.waiting:
                self._read.append(_Read(jobs, report))
            else:
                self._end(jobs, report)

    def _complete(self, read: _Read) -> None:
        """Embed what jobs have read, pausing if new jobs arrive, which are read first."""
        try:
            base = self._base(read.jobs[0].base)
            report = base.finish(read.report, progress=self._telling(read.jobs, self._make_way))
        except _WaitingError:
            return
        except _StoppedError:
            self._jobs.move(read.jobs, "running", "waiting")
        except Exception as error:  # noqa: BLE001  as above
            for job in read.jobs:
                self._jobs.fail(job, said(error))
        else:
            self._end(read.jobs, report)
        self._read.popleft()

    def _go_on(self) -> bool:
        """Embed what is pending in an open base; return whether there was any."""
        for base in self._opened():
            try:
                if base.config.folder in self._given_up or not base.catalog.get(UNFINISHED):
                    continue
                base.finish(progress=self._telling((), self._make_way), wait=False)
            except LockedError:
                continue
            except (_StoppedError, _WaitingError):
                return True
            except Exception:  # noqa: BLE001  as above: who asks this base is told what is missing
                self._given_up.add(base.config.folder)
            return True
        return False

    def _end(self, jobs: Sequence[Job], report: IngestReport) -> None:
        own = {job.id: report if len(jobs) == 1 else _of(report, job.paths) for job in jobs}
        self._jobs.end({job_id: as_data(of_job) for job_id, of_job in own.items()})

    def _telling(self, jobs: Sequence[Job], check: Callable[[Sequence[Job]], None]) -> Progress:
        """Return a callback that stores the progress of jobs, and stops them if ``check`` raises."""
        told_at = 0.0

        def progress(step: Step) -> None:
            nonlocal told_at
            now = time.monotonic()
            if now - told_at < _TELL_S and step.done < step.total:
                return
            told_at = now
            check(jobs)
            self._jobs.tell(jobs, step.stage, step.done, step.total, step.source, step.failed)

        return progress

    def _ingest(self, jobs: Sequence[Job]) -> IngestReport:
        paths = list(dict.fromkeys(path for job in jobs for path in job.paths))

        def ingest() -> IngestReport:
            self._check(jobs)
            selection = Selection(delete=not jobs[0].keep)
            base = self._base(jobs[0].base)
            return base.ingest(paths, selection=selection, progress=self._telling(jobs, self._check), later=True)

        return in_turn(ingest, lambda: self._stop.wait(_LOOK_S))

    def _check(self, jobs: Sequence[Job]) -> None:
        if self._stop.is_set() or self._jobs.any_cancelled(jobs):
            raise _StoppedError

    def _make_way(self, jobs: Sequence[Job]) -> None:
        self._check(jobs)
        if self._jobs.waiting():
            raise _WaitingError


def in_turn(ingest: Callable[[], IngestReport], pause: Callable[[], object]) -> IngestReport:
    """Ingest once nobody else is writing to the base; ``pause`` is called each time it is busy."""
    while True:
        try:
            return ingest()
        except LockedError:
            pause()


def _together(waiting: Sequence[Job]) -> list[Job]:
    """Return the oldest job and those that can run with it: jobs on the same base that delete nothing.

    A job that was started before runs alone: if it killed the process, it must not take others with it again.
    """
    first = waiting[0]
    if not first.keep or first.begun:
        return [first]
    return [job for job in waiting if job.keep and not job.begun and job.base == first.base][:_TOGETHER]


def _of(report: IngestReport, paths: Sequence[str]) -> IngestReport:
    """Return the part of a report that concerns the given files."""
    prefixes = tuple(f"{path}{end}" for path in paths for end in ("!", "/"))

    def mine(source: str) -> bool:
        return source in paths or source.startswith(prefixes)

    return replace(
        report,
        added=tuple(filter(mine, report.added)),
        updated=tuple(filter(mine, report.updated)),
        unchanged=tuple(filter(mine, report.unchanged)),
        removed=tuple(filter(mine, report.removed)),
        failed=tuple(failure for failure in report.failed if mine(failure.source)),
    )


def said(error: Exception) -> str:
    """Return what a user is told about an error."""
    return str(error) if isinstance(error, KBError) else damage(error) or f"{type(error).__name__}: {error}"

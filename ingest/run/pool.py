"""Worker processes that read files side by side, each with a time limit and a memory cap.

Comes in: jobs. Goes out: their events, as they come. Never: an orphan, more documents in memory than there are workers, or a
run that a hanging, crashing or exploding file can stop: it becomes a failure, and its worker is replaced.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from pickle import UnpicklingError

from ..child import Child
from ..document import Failure
from ..notice import Notice
from .job import Done, Event, Job, Started, Taken, behind, take
from .worker import OUT_OF_MEMORY

_GIGABYTE = 1024**3
_MEGABYTE = 1024**2
_AHEAD_FILES, _AHEAD_BYTES = 16, 256 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost."""

    timeout_s: float = 120.0
    """Per file, or per page where pages are recognised from images."""
    timeout_s_per_mb: float = 10.0
    memory_bytes: int = 4 * _GIGABYTE
    """Per worker; at least 256 MiB."""

    @property
    def key(self) -> str:
        """What a base remembers of its last run's limits."""
        return f"{self.timeout_s:g} {self.timeout_s_per_mb:g} {self.memory_bytes}"

    def exceed(self, key: str) -> bool:
        """Return whether these allow more than the limits with this ``key``; an empty key means unknown limits."""
        own = map(float, self.key.split())
        return any(one > other for one, other in zip(own, map(float, key.split()), strict=False))

    def seconds(self, job: Job) -> float:
        """Return how long may pass without an event."""
        return self.timeout_s + self.timeout_s_per_mb * job.size / _MEGABYTE


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    try:
        return max(len(os.sched_getaffinity(0)), 1)
    except AttributeError:
        return os.cpu_count() or 1


def take_all(jobs: Iterable[Job]) -> Generator[tuple[Job, Event], None, None]:
    """Work through the jobs in this process, without limits: for small plain text, which is safe."""
    for job in jobs:
        for event in take(job):
            yield job, event


class Pool:
    """Workers for one run; ``close`` ends them."""

    def __init__(self, n_workers: int, limits: Limits) -> None:
        self._n_workers = n_workers
        self._limits = limits
        self._workers: list[_Worker] = []
        self._again: deque[tuple[Job, int]] = deque()

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The workers that are running."""
        return tuple(worker.process.pid for worker in self._workers)

    def run(self, jobs: Iterable[Job]) -> Generator[tuple[Job, Event], None, None]:
        """Yield the events of all jobs; a job's events in order, the jobs in any order."""
        rest = iter(jobs)
        try:
            while self._feed(rest):
                yield from self._listen(rest)
        finally:
            self.close()

    def close(self) -> None:
        """End the workers at once; they hold nothing that could be lost."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _feed(self, rest: Iterator[Job]) -> bool:
        """Give a job to every worker with room, starting workers as needed; return whether any is at work."""
        while worker := self._next_worker():
            job, attempt = self._again.popleft() if self._again else (next(rest, None), 0)
            if job is None:
                break
            self._give(worker if isinstance(worker, _Worker) else self._start(), job, attempt)
        return any(worker.job for worker in self._workers)

    def _next_worker(self) -> _Worker | bool:
        """Return the worker for the next job; ``True``: a new worker, ``False``: all have enough to do."""
        least = min(self._workers, key=_Worker.n_jobs, default=None)
        if least is not None and least.job is None:
            return least
        if len(self._workers) < self._n_workers:
            return True
        return least if least is not None and least.has_room else False

    def _start(self) -> _Worker:
        worker = _Worker(self._limits)
        self._workers.append(worker)
        return worker

    def _give(self, worker: _Worker, job: Job, attempt: int) -> None:
        try:
            worker.give(job, attempt)
        except OSError:  # it retired or was killed: what it had in hand is dealt with when that is heard
            self._again.append((job, attempt))
            worker.is_open = False
            if worker.job is None:
                self._drop(worker)

    def _listen(self, rest: Iterator[Job]) -> Iterator[tuple[Job, Event]]:
        busy = {worker.events: worker for worker in self._workers if worker.job}
        soonest = min((worker.deadline for worker in busy.values()), default=0.0)
        ready = set(wait(list(busy), max(soonest - time.monotonic(), 0.0))) if busy else set()
        for connection, worker in busy.items():
            if connection in ready:
                yield from self._hear(worker, rest)
            elif worker.deadline < time.monotonic() and not connection.poll():
                yield from self._give_up(worker, "timeout", _timeout(self._limits.seconds(worker.at_work)))

    def _hear(self, worker: _Worker, rest: Iterator[Job]) -> Iterator[tuple[Job, Event]]:
        job = worker.at_work
        try:
            events = worker.hear()
        except (EOFError, OSError, UnpicklingError):
            yield from self._bury(worker)
            return
        if isinstance(events[-1], Done):
            worker.finish()
            self._feed(rest)  # before the events are handled, so that it keeps working
        while events:
            yield job, events.pop(0)  # the caller is the last to hold it: a document may be large

    def _bury(self, worker: _Worker) -> Iterator[tuple[Job, Event]]:
        """Handle a worker that died on its job: once may be chance, twice is the file."""
        code = worker.process.wait()
        if code == OUT_OF_MEMORY:
            yield from self._give_up(worker, "too-large", _memory(self._limits.memory_bytes))
        elif worker.attempt == 0:
            self._drop(worker)
            self._again.appendleft((behind(worker.at_work, worker.n_members), 1))
        else:
            yield from self._give_up(worker, "crashed", _crash(code))

    def _give_up(self, worker: _Worker, kind: str, reason: str) -> Iterator[tuple[Job, Event]]:
        """Fail the file or member in hand; another worker reads the members after it."""
        job = worker.at_work
        self._drop(worker)
        yield job, Taken(worker.member or job.path, job.size, Failure(worker.member or job.path, kind, reason))
        if worker.member:
            self._again.append((behind(job, worker.n_members + 1), 0))
        else:
            yield job, Done(is_archive=bool(worker.n_members or job.done_members))

    def _drop(self, worker: _Worker) -> None:
        worker.end()
        if worker in self._workers:
            self._workers.remove(worker)
        self._again.extend(worker.queue)  # they had not begun
        worker.queue.clear()


class _Worker:
    """A process, and what it is doing."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._child = Child(f"{__package__}.worker", max(limits.memory_bytes, 256 * _MEGABYTE))
        self.process, self.events = self._child.process, self._child.answers
        self.job: Job | None = None
        self.is_open = True
        self.queue: deque[tuple[Job, int]] = deque()
        """What it was given besides: small files, so that it need not wait for the parent in between."""
        self.attempt = 0
        self.member = ""
        self.n_members = 0
        self.deadline = 0.0

    @property
    def at_work(self) -> Job:
        if self.job is None:
            raise ValueError("idle")
        return self.job

    def n_jobs(self) -> int:
        return len(self.queue) + (self.job is not None)

    @property
    def has_room(self) -> bool:
        """Whether its load is small."""
        given = [job for job, _ in self.queue] + [job for job in (self.job,) if job]
        return self.is_open and len(given) < _AHEAD_FILES and sum(job.size for job in given) < _AHEAD_BYTES

    def give(self, job: Job, attempt: int) -> None:
        self._child.work.send(job)
        self.queue.append((job, attempt))
        if self.job is None:
            self.finish()

    def finish(self) -> None:
        """Move on to the next job."""
        self.job, self.attempt = self.queue.popleft() if self.queue else (None, 0)
        self.member, self.n_members = "", 0
        if self.job:
            self.deadline = time.monotonic() + self._limits.seconds(self.job)

    def hear(self) -> list[Event]:
        events: list[Event] = self.events.recv()
        for event in events:
            if isinstance(event, Started):
                self.member = event.source
            elif isinstance(event, Taken) and self.member:
                self.member, self.attempt = "", 0
                self.n_members += 1
        self.deadline = time.monotonic() + self._limits.seconds(self.at_work)
        return events

    def end(self) -> None:
        self._child.end()


def _timeout(seconds: float) -> str:
    return Notice(
        "reading it took more than {n_seconds:.0f} seconds; split or simplify the file, or raise the time limit",
        n_seconds=seconds,
    )


def _memory(n_bytes: int) -> str:
    return Notice("reading it takes more than {n_gib:.1f} GiB of memory; split the file", n_gib=n_bytes / _GIGABYTE)


def _crash(code: int) -> str:
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return Notice(
        "the process that read it crashed twice ({how}); open and save the file again, or convert it", how=how
    )

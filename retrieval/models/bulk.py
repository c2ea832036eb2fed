"""Embed many texts in parallel: one process with the compiled model per core.

Never leaves an orphan, uses more than a quarter of the machine's memory, or fails because a worker does: what a worker leaves
undone is done here.

Processes, not threads: in parallel within one process OpenVINO corrupts memory (see ``compiled.py``), and all cores on one
batch wait for each other at every layer, and for this process between batches. On two idle cores that costs little
(benchmarks/embedding.py has both), on busy ones more.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pickle import UnpicklingError
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ...ingest.child import Child
from ...ingest.run.pool import default_workers
from .compiled import CompiledModel, in_batches

MIN_WORKERS = 2
"""With fewer, one process that uses all cores is as good."""

_MEGABYTE = 1024**2
_MOST_BYTES = 4096 * _MEGABYTE
_WORKER_BYTES = 160 * _MEGABYTE
"""A worker's memory beyond the model: MiniLM's worker measured 205 MiB, of which 100 are weights, mapped and rearranged."""
_ROOM_BYTES = 1024 * _MEGABYTE
"""The most memory a worker may take beyond the model."""
_IN_HAND = 2
"""Batches queued per worker, so that it keeps going while this process is busy."""

Rows = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class _Job:
    """A batch, and where its vectors go."""

    call: _Call
    places: list[int]
    rows: list[Sequence[int]]


class _Call:
    """Texts given together, and their vectors so far."""

    def __init__(self, n: int) -> None:
        self.n_missing = self.n = n
        self.vectors: NDArray[np.float32] | None = None

    def put(self, places: list[int], vectors: NDArray[np.float32]) -> None:
        if self.vectors is None:
            self.vectors = np.empty((self.n, vectors.shape[1]), np.float32)
        self.vectors[places] = vectors
        self.n_missing -= len(places)


class Bulk:
    """Workers for one run; leaving the ``with`` ends them."""

    def __init__(self, model: CompiledModel, n_workers: int) -> None:
        """Start ``n_workers`` processes with the model; fewer if the system allows no more."""
        self._model = model
        self._workers: list[_Worker] = []
        self._jobs: deque[_Job] = deque()
        for _ in range(n_workers):
            try:
                self._workers.append(_Worker(model, max(1, default_workers() // n_workers)))
            except OSError:
                break

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The workers now running."""
        return tuple(worker.child.process.pid for worker in self._workers)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the workers at once; they have nothing to lose."""
        for worker in self._workers:
            worker.child.end()
        self._workers.clear()

    def run(self, calls: Iterable[Rows]) -> Iterator[NDArray[np.float32]]:
        """Yield the vectors of each item of ``calls``, as ``CompiledModel.embed`` returns them.

        Raises:
            EmbedderError: see ``CompiledModel.embed``.
        """
        rest = iter(calls)
        waiting: deque[_Call] = deque()
        while True:
            while len(self._jobs) < max(1, len(self._workers)) and (rows := next(rest, None)) is not None:
                waiting.append(self._take(rows))
            if not waiting:
                return
            if waiting[0].n_missing:
                self._work()
            else:
                self._feed()  # what the caller does with them may take a while
                vectors = waiting.popleft().vectors
                yield np.empty((0, 0), np.float32) if vectors is None else vectors

    def _take(self, rows: Rows) -> _Call:
        call = _Call(len(rows))
        batches = in_batches(rows)
        self._jobs.extend(_Job(call, places, [rows[place] for place in places]) for places in reversed(batches))
        return call

    def _work(self) -> None:
        self._feed()
        busy = [worker for worker in self._workers if worker.in_hand]
        if not busy:
            self._do(self._jobs.popleft())
            return
        ready = wait([worker.child.answers for worker in busy])
        for worker in busy:
            if worker.child.answers in ready:
                self._hear(worker)

    def _feed(self) -> None:
        for worker in sorted(self._workers, key=lambda worker: len(worker.in_hand)):
            try:
                while self._jobs and len(worker.in_hand) < _IN_HAND:
                    worker.give(self._jobs[0])
                    self._jobs.popleft()
            except OSError:
                self._drop(worker)

    def _hear(self, worker: _Worker) -> None:
        try:
            vectors: NDArray[np.float32] | None = worker.child.answers.recv()
        except (EOFError, OSError, UnpicklingError):
            self._drop(worker)
            return
        job = worker.in_hand.popleft()
        if vectors is None:
            self._do(job)
        else:
            job.call.put(job.places, vectors)

    def _do(self, job: _Job) -> None:
        """Do a batch in this process: its worker failed on it, or there is none."""
        job.call.put(job.places, self._model.infer(job.rows))

    def _drop(self, worker: _Worker) -> None:
        """Drop a worker that died; its batches go to others."""
        self._workers.remove(worker)
        self._jobs.extendleft(reversed(worker.in_hand))
        worker.child.end()


class _Worker:
    """A process, and its batches."""

    def __init__(self, model: CompiledModel, n_threads: int) -> None:
        self.child = Child(
            f"{__package__}.bulk_worker",
            _ROOM_BYTES + 2 * model.weights_bytes,
            str(model.folder),
            model.pad_id,
            model.max_tokens,
            model.precision,
            n_threads,
        )
        self.in_hand: deque[_Job] = deque()

    def give(self, job: _Job) -> None:
        self.child.work.send(job.rows)
        self.in_hand.append(job)


def n_workers_for(model: CompiledModel) -> int:
    """Return how many workers this machine's cores and memory allow."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        memory = 0
    each = _WORKER_BYTES + 2 * model.weights_bytes
    return min(default_workers(), min(_MOST_BYTES, memory // 4) // each)

"""A worker process: it reads files that may be hostile, so that no other process has to.

When the parent is gone, so is the worker.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from .. import reading
from ..child import follow, limit_memory
from .job import Alive, Event, Job, Started, take

OUT_OF_MEMORY = 77
"""The exit code that says so."""
_JOBS = 500
"""A worker is replaced after this many, in case a library leaks."""


def serve(parent: int, jobs: int, events: int, memory_bytes: int) -> None:
    """Work through the jobs from the pipe ``jobs``; each message on ``events`` is a list of events."""
    incoming, outgoing = follow(parent, jobs, events)
    limit_memory(memory_bytes)
    reading.when_alive(lambda: outgoing.send([Alive()]))
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        for _ in range(_JOBS):
            job = incoming.recv()
            try:
                for message in _messages(job):
                    outgoing.send(message)
                    message.clear()  # this job's document is not kept while waiting for the next
            except MemoryError:
                os._exit(OUT_OF_MEMORY)


def _messages(job: Job) -> Iterator[list[Event]]:
    """Yield each event of an archive at once: it may be the last one heard. A file's ``Taken`` goes with its ``Done``."""
    waiting: list[Event] = []
    in_archive = False
    for event in take(job):
        in_archive = in_archive or isinstance(event, Started)
        waiting.append(event)
        if in_archive:
            yield waiting
            waiting = []
    if waiting:
        yield waiting

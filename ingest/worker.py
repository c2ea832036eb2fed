"""A worker process: it reads files that may be hostile, so that no other process has to.

Comes in: jobs on a pipe. Goes out: their events on another. Never: a job of which the parent knows nothing any more: when
the parent is gone, so is the worker.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

from . import reading
from .job import Alive, Event, Job, Started, take

OUT_OF_MEMORY = 77
"""The exit code that says so."""
_JOBS = 500
"""A worker is replaced after so many, in case a library leaks."""


def serve(parent: int, jobs: int, events: int, memory_bytes: int) -> None:
    """Work off the jobs that come on the pipe ``jobs``; each message on ``events`` is a list of events.

    The process ``parent`` says who it is: asked for here, one that was killed while this process started would not be missed.
    """
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    incoming, outgoing = Connection(jobs, writable=False), Connection(events, readable=False)
    limit_memory(memory_bytes)
    reading.when_alive(lambda: outgoing.send([Alive()]))
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        for _ in range(_JOBS):
            job = incoming.recv()
            try:
                for message in _messages(job):
                    outgoing.send(message)
                    message.clear()  # while the next job is waited for, the document of this one is not kept
            except MemoryError:
                os._exit(OUT_OF_MEMORY)


def _messages(job: Job) -> Iterator[list[Event]]:
    """Yield each event of an archive at once: it may be the last that is heard. A file's ``Taken`` goes with its ``Done``."""
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


def limit_memory(n_bytes: int) -> None:
    """Let this process have so many bytes of its own memory and no more, where the system can do that."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        hard = resource.getrlimit(kind)[1]
        allowed = n_bytes if hard == resource.RLIM_INFINITY else min(n_bytes, hard)
        resource.setrlimit(kind, (allowed, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)

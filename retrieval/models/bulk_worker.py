"""Run a compiled model in a worker process, on batches sent by another process.

Token ids arrive on one pipe; their vectors leave on another, or ``None`` if the model failed. It must not outlive its parent.
"""

from __future__ import annotations

import contextlib
import os
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

from ...ingest.child import follow, limit_memory
from ...ingest.errors import EmbedderError
from .compiled import CompiledModel

Rows = list[list[int]]

_NICE = 5


def serve(
    parent: int,
    work: int,
    answers: int,
    memory_bytes: int,
    folder: str,
    pad_id: int,
    max_tokens: int,
    precision: str,
    n_threads: int,
) -> None:
    """Infer the batches from the pipe ``work``, one per message, in order; questions asked meanwhile go first."""
    incoming, outgoing = follow(parent, work, answers)
    os.nice(_NICE)
    limit_memory(memory_bytes)
    batches: SimpleQueue[Rows | None] = SimpleQueue()
    threading.Thread(target=_receive, args=(incoming, batches), daemon=True).start()
    model = CompiledModel(Path(folder), pad_id, max_tokens, precision, n_threads)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while (rows := batches.get()) is not None:
            try:
                outgoing.send(model.infer(rows))
            except (EmbedderError, MemoryError):
                outgoing.send(None)


def _receive(incoming: Connection, batches: SimpleQueue[Rows | None]) -> None:
    """Take batches off the pipe as they arrive, so the parent never waits to write while this process waits to write to it."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            batches.put(incoming.recv())
    batches.put(None)

"""A language model being downloaded: in a process of its own, so that it can be watched and cancelled.

Comes in: a model's short name. Goes out: how much of it is here, and how it ended. Never: two downloads at once, or files of a
download that was cancelled.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ...ingest.child import Child, follow
from ...ingest.errors import GeneratorError, InputError, KBError
from ...llm.models.known import KnownModel, known_models, pull_known, pulled, under_way


class Pull:
    """One download. Thread-safe."""

    def __init__(self, model: KnownModel, models: Path, then: Callable[[], None]) -> None:
        """Start it.

        Args:
            model: what to download.
            models: the folder of models.
            then: called once the file is here; a ``KBError`` it raises is the problem of the download.

        Raises:
            OSError: the system cannot start another process.
        """
        self.model = model
        self.over = threading.Event()
        self.problem = ""
        """Why it ended without the model; empty if it is under way, done or cancelled."""
        self.cancelled = False
        self.models = models
        self._child = Child(__name__, model.name, str(models))
        threading.Thread(target=self._watch, args=(then,), daemon=True).start()

    @property
    def done_bytes(self) -> int:
        """How much of the file is here; at most the size of the whole."""
        sizes = 0
        for path in under_way(self.model.name, self.models, self._child.process.pid).rglob("*"):
            with suppress(OSError):  # it was moved meanwhile
                sizes += path.stat().st_blocks * 512  # a file may be given its size before it is filled
        return min(sizes, self.model.bytes)

    def cancel(self) -> None:
        """End it, and remove what is here of it."""
        self.cancelled = True
        with suppress(OSError):
            os.killpg(self._child.process.pid, signal.SIGKILL)  # pip is in its group

    def _watch(self, then: Callable[[], None]) -> None:
        try:
            problem = self._child.answers.recv()
        except (EOFError, OSError):  # it was killed
            problem = ""
        self._child.end()
        shutil.rmtree(under_way(self.model.name, self.models, self._child.process.pid), ignore_errors=True)
        try:
            if problem or self.cancelled:
                self.problem = problem
            elif pulled(self.model.name, self.models):
                then()
            else:
                raise GeneratorError("the download of {name} was ended; try again", name=self.model.name)
        except KBError as error:
            self.problem = str(error)
        finally:
            self.over.set()


class Pulls:
    """The download under way, if there is one."""

    def __init__(self, models: Path) -> None:
        self._models = models
        self._last: Pull | None = None
        self._lock = threading.Lock()

    @property
    def running(self) -> Pull | None:
        """The download under way."""
        return self._last if self._last and not self._last.over.is_set() else None

    def start(self, name: str, then: Callable[[], None]) -> Pull:
        """Download a known model; ``then`` is called once it is here.

        Raises:
            InputError: another one is being downloaded.
        """
        with self._lock:
            if running := self.running:
                raise InputError("{name} is being downloaded; wait for it, or cancel it", name=running.model.title)
            self._last = Pull(known_models()[name], self._models, then)
            return self._last


def serve(parent: int, work: int, answers: int, name: str, models: str) -> None:
    """Download a model in a process of its own, and say why if that fails."""
    _, out = follow(parent, work, answers)
    try:
        pull_known(name, Path(models))
    except KBError as error:
        out.send(str(error))
    else:
        out.send("")

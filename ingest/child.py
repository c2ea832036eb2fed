"""A child process: it takes work from one pipe, answers on another, and ends with its parent.

Comes in: the module whose ``serve`` runs there. Goes out: the two ends of the pipes. Never: an orphan, or
``multiprocessing``, whose children re-import the caller's main module, which breaks scripts not written for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection

_START = "import json, sys; from importlib import import_module; path, module, *rest = json.loads(sys.argv[1]); "
_START += "sys.path[:] = path; import_module(module).serve(*rest)"


class Child:
    """A process running a module's ``serve(parent, work, answers, *arguments)``, which calls ``follow`` first."""

    def __init__(self, module: str, *arguments: str | int) -> None:
        """Start it, passing on ``arguments``.

        Raises:
            OSError: the system cannot start another process.
        """
        work, own_work = os.pipe()
        own_answers, answers = os.pipe()
        self.work, self.answers = Connection(own_work, readable=False), Connection(own_answers, writable=False)
        quiet = None if os.environ.get("KB_DEBUG") else subprocess.DEVNULL
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-c", _START, json.dumps([sys.path, module, os.getpid(), work, answers, *arguments])],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=quiet,
                pass_fds=(work, answers),
                process_group=0,  # Ctrl-C at the terminal is for the parent
            )
        except OSError:
            self.work.close()
            self.answers.close()
            raise
        finally:
            os.close(work)
            os.close(answers)

    def end(self) -> None:
        """End it at once."""
        with contextlib.suppress(OSError):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.work.close()
        self.answers.close()


def follow(parent: int, work: int, answers: int) -> tuple[Connection, Connection]:
    """Tie the child to ``parent``: end when it does, leave Ctrl-C to it; return the ends for work and answers.

    The parent passes its own id: if it were looked up here, a parent killed during startup would go unnoticed.
    """
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return Connection(work, writable=False), Connection(answers, readable=False)


def limit_memory(n_bytes: int) -> None:
    """Cap this process's own memory at ``n_bytes``, where the system supports it."""
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

"""A process that works for this one: it gets its work on one pipe, answers on another, and ends with this process.

Comes in: the module whose ``serve`` is to run there. Goes out: the two ends of the pipes. Never: an orphan, or
``multiprocessing``, whose children import the caller's main module again, which breaks scripts that are not written for it.
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
    """A process that is running ``serve(parent, work, answers, *arguments)`` of a module, which first calls ``follow``."""

    def __init__(self, module: str, *arguments: str | int) -> None:
        """Start it; ``arguments`` are handed on.

        Raises:
            OSError: the system starts no more processes.
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
    """In the child: end when ``parent`` does, leave Ctrl-C to it, and return where work comes from and where answers go.

    The parent says who it is: asked for here, one that was killed while this process started would not be missed.
    """
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return Connection(work, writable=False), Connection(answers, readable=False)


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

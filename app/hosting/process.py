"""Lowers the priority of writing answers: a search takes milliseconds and should not wait for an answer's words.

Comes in: something that starts threads. Goes out: what it returns. Never: a changed priority for the calling thread.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE_BYTES = 1 << 20


def give_memory_back() -> None:
    """Have glibc map large blocks separately and share memory arenas; call this before there are many threads.

    Otherwise each of some forty threads keeps what its largest search took: the memory of ``kb serve`` doubled in minutes
    (benchmarks/load.py). https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    if sys.platform == "linux":
        with suppress(AttributeError):  # no glibc
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
            mallopt(_M_ARENA_MAX, 2)


T = TypeVar("T")

_NICE = 10


def giving_way(make: Callable[[], T]) -> T:
    """Return what ``make`` returns; on Linux, threads that it starts get a lower priority than the rest of the process.

    A thread inherits its parent's priority, so a model loaded here computes with low-priority threads.
    """
    with ThreadPoolExecutor(1, initializer=_lower) as pool:
        return pool.submit(make).result()


def _lower() -> None:
    if sys.platform == "linux":  # elsewhere the priority is per process
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)

"""What a server has used and does not need any more goes back to the system.

Comes in: nothing. Goes out: nothing. Never: anything but glibc's malloc, on Linux; elsewhere nothing is done.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE_BYTES = 1 << 20


def give_memory_back() -> None:
    """Have large blocks mapped one by one, and memory shared by all threads; to be called before there are many.

    Else each of some forty threads keeps what its largest search took: the memory of ``kb serve`` doubled in minutes
    (benchmarks/load.py). https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    if sys.platform == "linux":
        with suppress(AttributeError):  # no glibc
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
            mallopt(_M_ARENA_MAX, 2)

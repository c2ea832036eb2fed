"""Count the processor cores that a language model may use.

Comes in: nothing. Goes out: how many there are, and how many are free. Never: a hyper-thread counted as a core.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path


def physical_cores() -> int:
    """Return the cores that this process may use; hyper-threads and cores beyond a container's share slow llama.cpp down."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    siblings = {_read(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") for cpu in allowed}
    if "" not in siblings:
        n_cores = len(siblings)
    else:
        n_cores = len(allowed) // 2 if platform.machine().lower() in {"x86_64", "amd64"} else len(allowed)
    quota, _, period = _read("/sys/fs/cgroup/cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        n_cores = min(n_cores, round(int(quota) / int(period)))
    return max(1, n_cores)


def free_cores() -> int:
    """Return the physical cores that other programs leave free, at least 1: llama.cpp's threads spin while waiting.

    On 2 cores at a load of 18, two threads took 90 s for an answer that one wrote in 6 s.
    """
    return max(1, physical_cores() - int(load()))


def load() -> float:
    """Return how many cores other programs would keep busy, on average over a minute; 0 if that is not known."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def operations_per_s() -> float:
    """Return about how many operations the processor does per second while a model reads: within a factor of three."""
    return 4e10 * physical_cores()


def has_gpu() -> bool:
    """Return whether llama.cpp sees a GPU; false if llama.cpp is not installed."""
    try:
        import xllamacpp
    except ImportError:
        return False
    return any("GPU" in device["type"].name for device in xllamacpp.get_device_info())

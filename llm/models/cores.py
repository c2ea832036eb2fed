"""Count the processor cores that a language model may use.

Comes in: nothing. Goes out: how many there are, and how many are free. Never: a hyper-thread counted as a core.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

_MOMENT_S = 0.1
_NEARLY = 0.25
"""Cores: one that is busy for three quarters of a moment counts as busy."""


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
    """Return the physical cores that are free now, at least 1: llama.cpp's threads spin while waiting.

    On 2 cores at a load of 18, two threads took 90 s for an answer that one wrote in 6 s.
    """
    return max(1, physical_cores() - int(busy_cores() + _NEARLY))


def busy_cores() -> float:
    """Return how many physical cores are busy now; 0 if psutil, which comes with ``[llama]``, is not installed.

    Not the load average: for a minute that counts what kb itself has just done, the last answer or ingest.
    """
    try:
        import psutil
    except ImportError:
        return 0.0
    return float(psutil.cpu_percent(interval=_MOMENT_S)) / 100 * physical_cores()


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

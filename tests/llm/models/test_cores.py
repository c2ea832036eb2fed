"""How many cores a language model may use."""

from __future__ import annotations

import subprocess
import sys

from kb.llm.models.cores import busy_cores, free_cores, physical_cores


def test_cores_that_are_busy_now_are_not_free() -> None:
    """Threads that spin beside other programs slow both down; what ran a minute ago slows nothing down."""
    spin = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(physical_cores() + 1)]
    try:
        assert max(busy_cores() for _ in range(10)) > physical_cores() / 2
        assert min(free_cores() for _ in range(10)) == 1
    finally:
        for one in spin:
            one.kill()
            one.wait()
    assert 1 <= free_cores() <= physical_cores()

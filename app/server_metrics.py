"""Counters for Prometheus.

Comes in: what happened. Goes out: the text exposition format 0.0.4. Never: a question, a name or an address in a label.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from .server_gate import Gate


class Metrics:
    """Counts requests and the seconds they took, by kind and outcome."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._seconds: Counter[str] = Counter()

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Count what happens inside."""
        began = time.perf_counter()
        outcome = "ok"
        try:
            yield
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            with self._lock:
                self._requests[kind, outcome] += 1
                self._seconds[kind] += time.perf_counter() - began  # type: ignore[assignment]

    def text(self, gate: Gate) -> str:
        """Return all counters."""
        with self._lock:
            requests, seconds = dict(self._requests), dict(self._seconds)
        lines = ["# HELP kb_requests_total Requests by kind and outcome.", "# TYPE kb_requests_total counter"]
        lines += [
            f'kb_requests_total{{kind="{kind}",outcome="{outcome}"}} {count}'
            for (kind, outcome), count in requests.items()
        ]
        lines += ["# HELP kb_seconds_total Seconds spent, by kind.", "# TYPE kb_seconds_total counter"]
        lines += [f'kb_seconds_total{{kind="{kind}"}} {total:.6f}' for kind, total in seconds.items()]
        for name, value, said in (
            ("kb_answers_running", gate.running, "Answers being written."),
            ("kb_answers_waiting", gate.waiting, "Questions that wait."),
        ):
            lines += [f"# HELP {name} {said}", f"# TYPE {name} gauge", f"{name} {value}"]
        return "\n".join(lines) + "\n"

"""Counters for Prometheus. Labels never contain a question, a name or an address."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager

from ..answers.answer import Answer
from ..hosting.gate import Gate

BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class _Histogram:
    """Seconds, by kind; not thread-safe by itself."""

    def __init__(self, name: str, said: str) -> None:
        self._name = name
        self._said = said
        self._counts: Counter[tuple[str, float]] = Counter()
        self._sums: dict[str, float] = {}

    def add(self, kind: str, seconds: float) -> None:
        """Count one observation."""
        self._sums[kind] = self._sums.get(kind, 0.0) + seconds
        self._counts[kind, next((limit for limit in BUCKETS_S if seconds <= limit), float("inf"))] += 1

    def lines(self) -> Iterator[str]:
        """Yield the Prometheus lines; buckets are cumulative."""
        yield from _head(self._name, "histogram", self._said)
        for kind, total in self._sums.items():
            below = 0
            for limit in (*BUCKETS_S, float("inf")):
                below += self._counts[kind, limit]
                bound = "+Inf" if limit == float("inf") else f"{limit:g}"
                yield f'{self._name}_bucket{{kind="{kind}",le="{bound}"}} {below}'
            yield f'{self._name}_sum{{kind="{kind}"}} {total:.6f}'
            yield f'{self._name}_count{{kind="{kind}"}} {below}'


class Metrics:
    """Counts requests and their duration, by kind and outcome. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._seconds = _Histogram("kb_request_seconds", "Seconds that requests took, to the end of their answer.")
        self._first = _Histogram("kb_first_words_seconds", "Seconds until the first words of a streamed answer.")

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Count and time the enclosed block."""
        began = time.perf_counter()
        outcome = "ok"
        try:
            yield
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            self._count(kind, outcome, began)

    async def streamed(self, kind: str, found: AsyncGenerator[Answer, None]) -> AsyncGenerator[Answer, None]:
        """Yield the snapshots of an answer, and count it when it ends: ``ok``, ``hung_up``, or the name of an error."""
        began = time.perf_counter()
        outcome = "hung_up"
        written = False
        try:
            async with aclosing(found):
                async for answer in found:
                    if answer.text and not written:
                        written = True
                        with self._lock:
                            self._first.add(kind, time.perf_counter() - began)
                    if answer.finished:
                        outcome = "ok"
                    yield answer
        except Exception as error:
            outcome = type(error).__name__
            raise
        finally:
            self._count(kind, outcome, began)

    def text(self, gate: Gate, jobs: Mapping[str, int]) -> str:
        """Return all counters; ``jobs``: number of jobs by state."""
        lines = _head("kb_requests_total", "counter", "Requests by kind and outcome.")
        with self._lock:
            lines += [
                f'kb_requests_total{{kind="{kind}",outcome="{outcome}"}} {count}'
                for (kind, outcome), count in self._requests.items()
            ]
            lines += [*self._seconds.lines(), *self._first.lines()]
        for name, value, said in (
            ("kb_answers_running", gate.running, "Answers being written."),
            ("kb_answers_waiting", gate.waiting, "Questions that wait."),
            ("kb_jobs_running", jobs.get("running", 0), "Ingest jobs under way."),
            ("kb_jobs_waiting", jobs.get("waiting", 0), "Ingest jobs that wait."),
        ):
            lines += [*_head(name, "gauge", said), f"{name} {value}"]
        return "\n".join(lines) + "\n"

    def _count(self, kind: str, outcome: str, began: float) -> None:
        with self._lock:
            self._requests[kind, outcome] += 1
            self._seconds.add(kind, time.perf_counter() - began)


def _head(name: str, kind: str, said: str) -> list[str]:
    return [f"# HELP {name} {said}", f"# TYPE {name} {kind}"]

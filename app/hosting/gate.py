"""Limits how many answers are written at once and how many may wait; further requests are turned away.

Comes in: requests. Goes out: tickets. Never: an unbounded queue.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ...ingest.errors import KBError


class Rate:
    """Lets each client through ``per_minute`` times a minute, in a burst if it likes. Thread-safe."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        """Create the buckets; 0 per minute: no limit. ``now`` returns seconds."""
        self._per_minute = per_minute
        self._now = now
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}
        """Client -> requests left, and when that was counted."""

    def take(self, who: str) -> None:
        """Count a request.

        Raises:
            BusyError: the limit is exceeded; it says when to retry.
        """
        if not self._per_minute:
            return
        now = self._now()
        with self._lock:
            left, counted = self._buckets.get(who, (float(self._per_minute), now))
            left = min(left + (now - counted) * self._per_minute / 60, self._per_minute)
            if left < 1:
                wait_s = math.ceil((1 - left) * 60 / self._per_minute)
                raise BusyError(
                    "this token may ask {n} times a minute; ask again in {retry_after_s} s",
                    n=self._per_minute,
                    retry_after_s=wait_s,
                )
            self._buckets[who] = (left - 1, now)


class BusyError(KBError):
    """Turned away: too many requests are waiting, or one client asks too often."""

    def __init__(self, template: str, /, *, retry_after_s: int = 5, **fields: object) -> None:
        super().__init__(template, retry_after_s=retry_after_s, **fields)
        self.retry_after_s = retry_after_s


class Gate:
    """Lets ``n_running`` through at once, first come, first served; ``n_waiting`` more may wait."""

    def __init__(self, n_running: int = 2, n_waiting: int = 16) -> None:
        self._n_running = n_running
        self._n_waiting = n_waiting
        self._running = 0
        self._queue: deque[Ticket] = deque()
        self._changed = threading.Condition()

    def ticket(self) -> Ticket:
        """Return a place in the queue.

        Raises:
            BusyError: the queue is full.
        """
        with self._changed:
            if len(self._queue) >= self._n_waiting:
                raise BusyError("{n} questions are waiting already; ask again in a few seconds", n=len(self._queue))
            ticket = Ticket(self)
            self._queue.append(ticket)
            return ticket

    @property
    def waiting(self) -> int:
        """Number of waiting tickets."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """Number of tickets let through and not done."""
        return self._running

    def enter(self, ticket: Ticket, timeout_s: float | None) -> bool:
        """Wait until it is the ticket's turn; return ``False`` on timeout."""
        with self._changed:
            came = self._changed.wait_for(
                lambda: self._running < self._n_running and self._queue[0] is ticket, timeout_s
            )
            if came:
                self._queue.popleft()
                self._running += 1
                self._changed.notify_all()
            return came

    def leave(self, ticket: Ticket, *, entered: bool) -> None:
        """Leave the gate or its queue."""
        with self._changed:
            if entered:
                self._running -= 1
            elif ticket in self._queue:
                self._queue.remove(ticket)
            self._changed.notify_all()


class Ticket:
    """A place in a gate's queue; leaving its ``with`` block gives it up, whether it was let through or not."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._entered = False

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for its turn; return whether it has come."""
        self._entered = self._entered or self._gate.enter(self, timeout_s)
        return self._entered

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.leave(self, entered=self._entered)
        self._entered = False

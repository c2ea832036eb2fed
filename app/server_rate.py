"""How often one token may ask: a bucket for each, which fills again as time goes by.

Comes in: who asks. Goes out: how long it has to wait. Never: a token slowed down by what another one does.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from .server_gate import BusyError


class Rate:
    """Lets each asker through ``per_minute`` times a minute, all at once if it likes. Safe to use from several threads."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        """Make empty buckets; 0 a minute: no limit. ``now`` returns seconds."""
        self._per_minute = per_minute
        self._now = now
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}
        """Who -> how many requests are left, and when that was counted."""

    def take(self, who: str) -> None:
        """Count a request.

        Raises:
            BusyError: it was one too many; it says when to come back.
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
                    f"this token may ask {self._per_minute} times a minute; ask again in {wait_s} s", wait_s
                )
            self._buckets[who] = (left - 1, now)

"""Keeps uploads from filling the disk: so much for each token at one time, and never the last of what is free.

Comes in: the sizes of bodies before and while they arrive. Goes out: nothing, or why there is no room. Never: more promised
than there is, or one token's leftovers counted against another.
"""

from __future__ import annotations

import errno
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock

from ...ingest.errors import KBError
from .uploads import Spool

WAITING = 4
"""How many uploads of the largest size one token may have on their way into a base at one time."""
GIVEN_UP_S = 6 * 3600.0
"""Age at which an upload to the page that nobody ingested is removed."""
_STEP = 1 << 20
"""Bytes by which the room for a body without a length grows."""


class CrowdedError(KBError):
    """Turned away: too much that the same token sent is not in a base yet."""


class FullError(KBError):
    """Turned away: the disk is nearly full."""


@dataclass(slots=True)
class _Taken:
    """A body on its way: what has arrived of it is on disk, and will be copied into the base."""

    who: str
    size: int
    arrived: int = 0


@dataclass(slots=True)
class Room:
    """The room that uploads may take. Thread-safe."""

    spool: Spool
    """Where the page's uploads wait."""
    home: Path
    """Where the bases are."""
    most_bytes: int
    """On their way at one time, for each token."""
    keep_free_bytes: int
    """On each disk."""
    _taken: list[_Taken] = field(default_factory=list)
    _left: dict[Path, str] = field(default_factory=dict)
    """Uploads that wait in the spool, and who sent them."""
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def taking(self, who: str, n_bytes: int) -> Iterator[Callable[[int], None]]:
        """Hold room for a body of ``n_bytes`` until the request is over; yield what to call with the size of each piece of it.

        A body that turns out to be longer takes more, and the call raises if there is none.

        Raises:
            CrowdedError: too much of this token is on its way.
            FullError: the disk is nearly full.
        """
        own = _Taken(who, n_bytes)
        with self._lock:
            self._sweep()
            self._check(own)
            self._taken.append(own)
        try:
            yield partial(self._arrive, own)
        finally:
            with self._lock:
                self._taken.remove(own)
                self._sweep()

    def leave(self, who: str, paths: Iterable[str]) -> None:
        """Count what was put into the spool for this token until it is moved on or removed."""
        with self._lock:
            self._left |= {place: who for path in paths if (place := Path(path)).is_relative_to(self.spool.folder)}

    def _arrive(self, own: _Taken, n_bytes: int) -> None:
        with self._lock:
            own.arrived += n_bytes
            if own.arrived > own.size:
                own.size = own.arrived + _STEP
                self._check(own)

    def _check(self, own: _Taken) -> None:
        others = [one for one in self._taken if one is not own]
        waiting = sum(one.size for one in others if one.who == own.who) + self._waiting(own.who)
        if waiting + own.size > self.most_bytes:
            raise CrowdedError(
                "{waiting:,} bytes that you sent wait to be read, and no more than {most:,} may; try again in a while",
                waiting=waiting,
                most=self.most_bytes,
            )
        to_come = Counter[int]()
        free = {}
        for folder in (self.spool.folder, self.home):
            device = folder.stat().st_dev
            free[device] = shutil.disk_usage(folder).free
            is_copy = folder == self.home
            to_come[device] += sum(one.size - (0 if is_copy else one.arrived) for one in (*others, own))
        if any(free[device] - to_come[device] < self.keep_free_bytes for device in free):
            raise FullError(
                "the server's disk is nearly full: {free:,} bytes are free, and {keep:,} must be left; make room on it first",
                free=min(free.values()),
                keep=self.keep_free_bytes,
            )

    def _sweep(self) -> None:
        """Remove what lost its client, and what nobody ingested."""
        self.spool.sweep(others_arrive=bool(self._taken))
        for place in list(self._left):
            try:
                if time.time() - place.stat().st_mtime > GIVEN_UP_S:
                    place.unlink()
            except OSError:  # it is in a base
                del self._left[place]

    def _waiting(self, who: str) -> int:
        """Return the bytes in the spool that someone sent."""
        n_bytes = 0
        for place in (place for place, sender in self._left.items() if sender == who):
            with suppress(OSError):
                n_bytes += place.stat().st_size
        return n_bytes


def is_full(error: BaseException) -> bool:
    """Return whether an error says that the disk is full."""
    full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    return full or getattr(error, "sqlite_errorname", "") == "SQLITE_FULL"

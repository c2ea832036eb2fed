"""Turn text from a model that blocks into an iterator that can be closed.

Comes in: a function that calls back with each piece. Goes out: the pieces, in the caller's thread. Never: a model left
running for a caller who has gone, or a caller kept waiting by a model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from queue import SimpleQueue
from typing import Generic, TypeVar, cast

from ..ingest.errors import GeneratorError
from .generator import FinishReason, Pieces

T = TypeVar("T")
Emit = Callable[[str], bool]
"""Takes a piece; returns true if the model is to stop."""


class Stream(Generic[T]):
    """One generation in its own thread. The queue is unbounded: a slow reader never holds the model up."""

    result: T
    """What ``produce`` returned; not set until the last piece was read."""

    def __init__(self, produce: Callable[[Emit], T], ended: Callable[[Stream[T]], None]) -> None:
        self._ended = ended
        self._arrived: SimpleQueue[str | BaseException | None] = SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(produce,), name="kb-generate", daemon=True)
        self._thread.start()

    def _run(self, produce: Callable[[Emit], T]) -> None:
        try:
            self.result = produce(self._emit)
        except BaseException as exc:  # noqa: BLE001  # re-raised where the pieces are read
            self._arrived.put(exc)
        self._ended(self)
        self._arrived.put(None)

    def _emit(self, piece: str) -> bool:
        if piece:
            self._arrived.put(piece)
        return self._stop.is_set()

    def __iter__(self) -> Iterator[str]:
        while (item := self._arrived.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def stop(self) -> None:
        """Make the model stop at its next callback."""
        self._stop.set()

    def join(self, timeout_s: float) -> None:
        """Wait until it has stopped."""
        self._thread.join(timeout_s)


class Streams:
    """The generations of one model in progress."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._open: set[Stream[object]] = set()
        self._closed = False
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise if the model was closed.

        Raises:
            GeneratorError: it was.
        """
        if self._closed:
            raise GeneratorError("{name} was closed; open it again", name=self._name)

    def run(self, produce: Callable[[Emit], T]) -> Generator[str, None, T]:
        """Yield what ``produce`` emits, and return what it returns; closing the iterator stops it."""
        with self._lock:
            self.check()
            stream = Stream(produce, self._end)
            self._open.add(cast("Stream[object]", stream))
        try:
            yield from stream
        finally:
            stream.stop()
        return stream.result

    def _end(self, stream: Stream[T]) -> None:
        with self._lock:
            self._open.discard(cast("Stream[object]", stream))

    def close(self) -> None:
        """Stop all generations, wait for them, and start no more.

        This includes those that nobody reads any longer: a thread inside C++ when Python exits takes the process down with it.
        """
        with self._lock:
            self._closed, streams = True, tuple(self._open)
        for stream in streams:
            stream.stop()
        for stream in streams:
            stream.join(timeout_s=60)


class Ending:
    """Passes pieces through and keeps why they ended."""

    reason: FinishReason = "stop"

    def of(self, pieces: Pieces) -> Generator[str]:
        """Yield the pieces; ``reason`` is set once they are all read."""
        with closing(pieces):
            self.reason = (yield from pieces) or "stop"


def until(pieces: Pieces, stop: Sequence[str]) -> Pieces:
    """Yield the text up to the first of the stop strings, even one that spans pieces; close ``pieces`` there."""
    held, ending = "", Ending()
    with closing(ending.of(pieces)) as read:
        for piece in read:
            held += piece
            if (end := _first(held, stop)) is not None:
                held = held[:end]
                break
            keep = max((n for text in stop for n in range(len(text)) if held.endswith(text[:n])), default=0)
            if ready := held[: len(held) - keep]:
                yield ready
            held = held[len(held) - keep :]
        if held:
            yield held
    return ending.reason


def _first(text: str, stop: Sequence[str]) -> int | None:
    return min((at for word in stop if word and (at := text.find(word)) >= 0), default=None)

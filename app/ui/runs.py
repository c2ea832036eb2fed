"""Answers being written, each in its own thread: a reloaded page finds its answer again.

An answer does not end because nobody is watching, and does not continue after it was stopped.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace

from .state import Talk, Turn

_KEPT = 200
"""Number of conversations whose unfinished turns are kept."""
_REFRESH_S = 0.1
_LOOK_S = 1.0


class Run:
    """A conversation whose last turn is being answered, or was."""

    def __init__(self, turns: tuple[Turn, ...], base: str, keep: Callable[[Turn], Turn]) -> None:
        self.turns = turns
        self.base = base
        self._keep = keep
        self.over = False
        self._changed = threading.Condition()

    def put(self, turn: Turn) -> None:
        """Set the current state of the answer; ignored once stopped."""
        with self._changed:
            if not self.over:
                self.turns = (*self.turns[:-1], turn)
                self._changed.notify_all()

    def end(self) -> None:
        """End the run, leaving the answer as it is."""
        with self._changed:
            self.over = True
            self._changed.notify_all()

    def stop(self) -> None:
        """End the run because the user wants no more of it; what was written is kept as it is."""
        with self._changed:
            if not self.over and self.turns[-1].under_way:
                self.turns = (*self.turns[:-1], self._keep(replace(self.turns[-1], stopped=True)))
            self.over = True
            self._changed.notify_all()

    def follow(self) -> Iterator[tuple[Turn, ...]]:
        """Yield the turns after each change, at most ten times a second; the last one is the final state."""
        seen: tuple[Turn, ...] = ()
        while not self.over:
            with self._changed:
                if not self.over and self.turns is seen:
                    self._changed.wait(_LOOK_S)
            if self.over:
                break
            if self.turns is not seen:
                seen = self.turns
                yield seen
                time.sleep(_REFRESH_S)
        yield self.turns


class Runs:
    """The answers being written, by conversation, and the final state of earlier ones."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, talk: Talk, write: Callable[[Run], None], keep: Callable[[Turn], Turn]) -> Run:
        """Let ``write`` answer the last turn of a conversation in a thread.

        Args:
            talk: the conversation.
            write: returns when the answer is finished, or the run is over.
            keep: records the turn if it is stopped.
        """
        session, run = talk.session, Run(talk.turns, talk.base, keep)
        with self._lock:
            self._runs[session] = run
            self._runs.move_to_end(session)
            while len(self._runs) > _KEPT:
                self._runs.popitem(last=False)
        threading.Thread(target=write, args=(run,), daemon=True).start()
        return run

    def of(self, session: str) -> Run | None:
        """Return the last run of a conversation."""
        return self._runs.get(session)

    def forget(self, session: str) -> bool:
        """Stop and drop the run of a conversation; return whether there was one."""
        with self._lock:
            run = self._runs.pop(session, None)
        if run:
            run.end()
        return run is not None

    def merged(self, session: str, base: str, logged: tuple[Turn, ...]) -> tuple[Turn, ...]:
        """Return the recorded turns of a conversation, plus those failed, in progress, or stopped and not recorded."""
        run = self.of(session)
        if run is None or run.base != base:
            return logged
        by_id = {turn.answer.id: turn for turn in logged if turn.answer}
        known = {turn.answer.id for turn in run.turns if turn.answer}
        shown = [
            by_id[turn.answer.id] if turn.answer and turn.answer.id in by_id else turn
            for turn in run.turns
            if not (turn.answer and turn.answer.id) or turn.answer.id in by_id
        ]
        return (*shown, *(turn for turn in logged if turn.answer and turn.answer.id not in known))

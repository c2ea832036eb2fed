"""Closes connections whose client has stalled: uvicorn waits for ever for the rest of a request.

Never closed: a connection whose request is complete, however long its answer takes, or an upload that makes progress.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

LOOK_S = 30.0
"""A client is cut off after one to two times this: without a whole head, or with less of the body than ``LEAST`` meanwhile."""
LEAST = 1000
"""Bytes."""


class Impatient(asyncio.Protocol):
    """uvicorn's protocol for one connection, with a limit on how long it waits for its client."""

    def __init__(self, *args: Any, **settings: Any) -> None:  # noqa: ANN401  passed through to uvicorn's
        """Take what uvicorn's own protocol takes."""
        self._http: Any = AutoHTTPProtocol(*args, **settings)
        self._n_bytes = 0
        self._awaited: object = None
        """What was awaited at the last look: the body of this request, or the head after it; ``None``: nothing."""
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        self._http.connection_made(transport)
        self._awaited = self._awaits()
        self._look_later()

    def data_received(self, data: bytes) -> None:
        """Pass on what the client sent."""
        self._n_bytes += len(data)
        self._http.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass on that the client sends no more."""
        ends: bool | None = self._http.eof_received()
        return ends

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking."""
        if self._look:
            self._look.cancel()
        self._http.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on that the client reads too slowly."""
        self._http.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that the client reads again."""
        self._http.resume_writing()

    def _look_later(self) -> None:
        self._look = asyncio.get_running_loop().call_later(LOOK_S, self._look_at_it)

    def _look_at_it(self) -> None:
        awaited = self._awaits()
        progresses = awaited is not None and awaited[0] == "body" and self._n_bytes >= LEAST
        if awaited is not None and awaited == self._awaited and not progresses:
            self._http.transport.abort()
            return
        self._awaited, self._n_bytes = awaited, 0
        self._look_later()

    def _awaits(self) -> tuple[str, object] | None:
        """Return which part of which request the client owes."""
        request = self._http.cycle
        if request is None or request.response_complete:
            return "head", request
        if request.more_body and not self._http.flow.read_paused:
            return "body", request
        return None

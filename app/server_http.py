"""What the endpoints share: who asks, which error is which status, answers that stop when the client goes away.

Comes in: requests. Goes out: roles, error bodies, snapshots of an answer. Never: a generation that nobody waits for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from ..ingest.errors import GeneratorError, InputError, KBError, StorageError
from .answer import Answer
from .server_auth import Tokens, allows
from .server_gate import BusyError, Gate, Ticket

COOKIE = "kb_token"

_STATUS: tuple[tuple[type[KBError], int], ...] = (
    (BusyError, 429),
    (InputError, 400),
    (StorageError, 503),
    (GeneratorError, 502),
    (KBError, 500),
)
_POLL_S = 0.2


class Door:
    """Decides who may come in. Where there are no tokens, only this computer can reach the server: then everyone may."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def role(self, request: Request) -> str | None:
        """Return the role of whoever asks, or ``None`` for nobody we know."""
        if not self._tokens.list():
            return "admin"
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        secret = secret.strip() if kind.lower() == "bearer" else request.cookies.get(COOKIE, "")
        return self._tokens.role_of(secret) if secret else None

    def role_of(self, secret: str) -> str | None:
        """Return the role of a token."""
        return self._tokens.role_of(secret)

    def needs(self, role: str) -> Callable[[Request], None]:
        """Return a dependency that lets only this role, or a higher one, through."""

        def check(request: Request) -> None:
            found = self.role(request)
            if found is None:
                raise HTTPException(401, "a token is needed: Authorization: Bearer ...", {"www-authenticate": "Bearer"})
            if not allows(found, role):
                raise HTTPException(403, f"this needs a token with the role {role}; yours is {found}")

        return check


def handle_errors(app: FastAPI) -> None:
    """Make every error of ours a JSON body with the right status, in the form that OpenAI's clients read."""

    @app.exception_handler(KBError)
    def of_kb(_: Request, error: Exception) -> JSONResponse:
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, BusyError) else None
        return JSONResponse(error_body(str(error), type(error).__name__, status), status, headers)

    @app.exception_handler(HTTPException)
    def of_http(_: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            raise error
        return JSONResponse(error_body(error.detail, "refused", error.status_code), error.status_code, error.headers)


def error_body(message: str, kind: str, code: int) -> dict[str, object]:
    """Return an error as OpenAI's API writes it."""
    return {"error": {"message": message, "type": kind, "code": code, "param": None}}


async def answers(request: Request, ticket: Ticket, stream: Callable[[], Iterator[Answer]]) -> AsyncIterator[Answer]:
    """Yield the snapshots of an answer when its turn has come; stop as soon as the client has gone."""
    with ticket:
        while not await run_in_threadpool(ticket.wait, _POLL_S):
            if await request.is_disconnected():
                return
        pieces = await run_in_threadpool(stream)
        try:
            while not await request.is_disconnected():
                answer = await run_in_threadpool(_next, pieces)
                if answer is None:
                    return
                yield answer
        finally:
            with suppress(
                ValueError
            ):  # it is being run by a thread that cannot be stopped: it ends with its next piece
                pieces.close()  # type: ignore[attr-defined]


def _next(pieces: Iterator[Answer]) -> Answer | None:
    return next(pieces, None)


async def last(request: Request, gate: Gate, stream: Callable[[], Iterator[Answer]]) -> Answer:
    """Return the finished answer.

    Raises:
        BusyError: the queue is full.
    """
    found = None
    async for answer in answers(request, gate.ticket(), stream):
        found = answer
    if found is None or not found.finished:
        raise HTTPException(499, "the client has gone")
    return found

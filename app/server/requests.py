"""What the endpoints share: authentication, error statuses, and answers that stop when the client disconnects."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import AfterValidator
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as AnyHTTPException

from ...ingest.errors import (
    GeneratorError,
    InputError,
    KBError,
    LockedError,
    StorageError,
    UnknownModelError,
    UnknownNameError,
)
from ...ingest.store.database import damage
from ..answers.answer import Answer
from ..api import KnowledgeBase
from ..hosting.bases import Bases
from ..hosting.gate import BusyError, Gate, Rate, Ticket
from ..hosting.room import is_full
from ..hosting.tokens import Tokens, allows
from ..several import KnowledgeBases

COOKIE = "kb_token"


def _whole(text: str) -> str:
    """Reject lone surrogates, which JSON can spell and nothing can store."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds half a character (a lone surrogate); send whole ones")
    return text


Whole = Annotated[str, AfterValidator(_whole)]
"""Text that can be stored and sent back."""

_STATUS: tuple[tuple[type[KBError], int], ...] = (
    (BusyError, 429),
    (UnknownNameError, 404),
    (UnknownModelError, 500),  # no request names a model: it is the server's fault
    (InputError, 400),
    (StorageError, 503),
    (GeneratorError, 502),
    (KBError, 500),
)
_POLL_S = 0.2
_REASONS = 10
"""Maximum number of fields named in a refusal."""
_LOCKED_S = 5


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sent a request, and their rights."""

    role: str
    token: str = ""
    """The id of their token; empty on a server without tokens."""
    bases: tuple[str, ...] = ()
    """The only bases they may use; empty: all."""

    def may_use(self, base: str) -> bool:
        """Return whether they may use a base of this name, existing or not."""
        return not self.bases or base in self.bases

    def named(self, base: str | None, default: str) -> str:
        """Return the base that is meant: the named one, else the default, else the first they may use.

        Raises:
            HTTPException: 403, they may not use it.
        """
        name = base or (default if self.may_use(default) else self.bases[0])
        if not self.may_use(name):
            raise HTTPException(403, f"this token is not good for the knowledge base {name[:64]!r}")
        return name

    def open(self, bases: Bases, base: str | None) -> KnowledgeBase:
        """Open the base that is meant; see ``named``.

        Raises:
            HTTPException: 403, they may not use it.
            UnknownNameError: no base has this name.
        """
        name = self.named(base, bases.config.name)
        if self.bases and name not in bases.names():
            raise UnknownNameError("there is no knowledge base {name!r}", name=name)  # without naming the others
        return bases.get(name)

    def open_all(self, bases: Bases, base: str | None, several: Sequence[str]) -> KnowledgeBase | KnowledgeBases:
        """Return one base, or several as one.

        Raises:
            HTTPException: 403, they may not use one of them.
            InputError: both were named, or one twice.
            UnknownNameError: no base has this name.
        """
        if not several:
            return self.open(bases, base)
        if base:
            raise InputError("name one base, or several bases, not both")
        return KnowledgeBases([self.open(bases, name) for name in several])


class Door:
    """Decides who may enter: whoever has a token; while there are none, everyone if only this computer can reach the server."""

    def __init__(self, tokens: Tokens, rate: Rate | None = None, *, open_without: bool) -> None:
        """Take the tokens, a limit on requests per token, and whether everyone may enter while there are no tokens."""
        self._tokens = tokens
        self._rate = rate or Rate(0)
        self._open_without = open_without

    def role(self, request: Request) -> str | None:
        """Return the role of whoever opens the page, or ``None`` for a stranger.

        The page shows all bases, so a token limited to some of them is valid for the endpoints only.
        """
        visitor = self.visitor(request)
        return visitor.role if visitor and not visitor.bases else None

    def opens_the_page(self, secret: str) -> bool:
        """Return whether a token may sign in."""
        token = self._tokens.find(secret)
        return token is not None and not token.bases

    def needs(self, role: str) -> Callable[[Request], None]:
        """Return a dependency that admits only this role or a higher one; afterwards ``visitor`` returns who it is."""

        def check(request: Request) -> None:
            found = self.visitor(request)
            if found is None:
                raise HTTPException(401, "a token is needed: Authorization: Bearer ...", {"www-authenticate": "Bearer"})
            if not allows(found.role, role):
                raise HTTPException(403, f"this needs a token with the role {role}; yours is {found.role}")
            if found.token:
                self._rate.take(found.token)
            request.state.visitor = found

        return check

    def visitor(self, request: Request) -> Visitor | None:
        """Return who sent a request, or ``None`` for a stranger."""
        if not self._tokens.list():
            return Visitor("admin") if self._open_without else None
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        secret = secret.strip() if kind.lower() == "bearer" else request.cookies.get(COOKIE, "")
        token = self._tokens.find(secret) if secret else None
        return Visitor(token.role, token.id, token.bases) if token else None


def visitor(request: Request) -> Visitor:
    """Return who sent the request, once ``Door.needs`` has admitted it."""
    found = request.state.visitor
    if not isinstance(found, Visitor):
        raise TypeError("this endpoint has no Door.needs")
    return found


def handle_errors(app: FastAPI) -> None:
    """Turn every kb error into a JSON body with the right status, in the form that OpenAI's clients read."""

    @app.exception_handler(KBError)
    def of_kb(_: Request, error: Exception) -> JSONResponse:
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        wait_s = error.retry_after_s if isinstance(error, BusyError) else _LOCKED_S
        headers = {"retry-after": str(wait_s)} if isinstance(error, (BusyError, LockedError)) else None
        return JSONResponse(error_body(str(error), type(error).__name__, status), status, headers)

    @app.exception_handler(Exception)
    def of_ours(_: Request, error: Exception) -> JSONResponse:
        if said := damage(error):
            return JSONResponse(error_body(said, "damaged", 500), 500)
        if is_full(error):
            return JSONResponse(error_body("the server's disk is full; make room on it first", "full", 507), 507)
        return JSONResponse(error_body(f"this should not have happened: {type(error).__name__}", "bug", 500), 500)

    @app.exception_handler(RequestValidationError)
    def of_fields(_: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, RequestValidationError):
            raise error
        said = [f"{'.'.join(map(str, one['loc'][1:])) or one['loc'][0]}: {one['msg']}" for one in error.errors()]
        return JSONResponse(error_body("; ".join(said[:_REASONS]), "invalid", 422), 422)

    @app.exception_handler(AnyHTTPException)  # the frameworks' own too, for a body that cannot be parsed
    def of_http(_: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, AnyHTTPException):
            raise error
        return JSONResponse(error_body(error.detail, "refused", error.status_code), error.status_code, error.headers)


REFUSALS: dict[int | str, dict[str, str]] = {
    400: {"description": "What was sent cannot be used; the message says why."},
    401: {"description": "A token is needed."},
    403: {"description": "The token may not do this, or another web site sent it."},
    404: {"description": "There is no base, job or answer of this name."},
    413: {"description": "It is too large, or too much of this token waits to be read."},
    422: {"description": "A field is missing, or not what it should be."},
    429: {"description": "Too many questions wait, or the token asks too often; Retry-After says when to come back."},
    502: {"description": "The language model failed."},
    503: {"description": "Another process is writing to the base; Retry-After says when to come back."},
    507: {"description": "The server's disk is full, or nearly."},
}
"""Possible error responses of every endpoint, for the OpenAPI document."""


def error_body(message: str, kind: str, code: int) -> dict[str, object]:
    """Return an error in the format of OpenAI's API."""
    return {"error": {"message": message, "type": kind, "code": code, "param": None}}


async def answers(
    request: Request, ticket: Ticket, stream: Callable[[], Iterator[Answer]]
) -> AsyncGenerator[Answer, None]:
    """Yield the snapshots of an answer once its turn has come; stop as soon as the client disconnects."""
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
            ):  # it is running in a thread that cannot be stopped, and will end with its next piece
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

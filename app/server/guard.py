"""The outermost layer of the server: decides which requests may enter, and adds response headers.

Never passes on a request that another web site makes the visitor's browser send, a foreign host name (DNS rebinding), or a
body over its limit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..hosting.room import CrowdedError, FullError, Room
from ..hosting.tokens import allows
from .requests import Door, error_body

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
SMALL_BODY = 2_000_000
"""Bytes, for questions and settings; only uploads may be larger."""

LARGEST_HEAD = 64_000
"""Bytes of all headers together."""

_TO_PAGE = "/gradio_api/upload"
_UPLOADS = (_TO_PAGE, "/api/v1/documents")
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; worker-src 'self' blob:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Gradio builds its page from inline scripts and compiled templates; nothing may be loaded from or sent to other sites."""

HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_CORS = b"access-control-"


@dataclass(frozen=True, slots=True)
class _Refusal(Exception):  # noqa: N818  it is an answer, not an error of ours
    status: int
    reason: str


class Guard:
    """An ASGI middleware."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        loopback_only: bool,
        max_upload_bytes: int,
        door: Door | None = None,
        room: Room | None = None,
    ) -> None:
        """Guard ``app``.

        Args:
            app: the application to guard.
            loopback_only: whether only the names of this computer are accepted as host.
            max_upload_bytes: the largest body accepted.
            door: decides who may send a body; without it, everybody.
            room: what uploads may take of the disk; without it, all of it.
        """
        self._app = app
        self._door = door
        self._room = room
        self._loopback_only = loopback_only
        self._max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no web sockets here: the server closes the connection
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        limit = self._max_upload_bytes if scope["path"].startswith(_UPLOADS) else SMALL_BODY
        body = _Body(receive, limit)
        answer = _Response(send, keep=scope["path"] == _TO_PAGE)
        with ExitStack() as until:
            try:
                self._check(headers, limit)
                who = self._sender(scope)
                if self._room and scope["method"] == "POST" and scope["path"].startswith(_UPLOADS):
                    body.arrive = until.enter_context(self._room.taking(who, int(headers.get("content-length", "0"))))
                await self._app(scope, body, lambda message: answer(message, mute=body.refusal is not None))
                if self._room and answer.kept:
                    self._room.leave(who, _paths(answer.kept))
            except (_Refusal, CrowdedError, FullError) as error:
                body.refusal = body.refusal or _refusal(error)
            except ClientDisconnect:
                return  # in the middle of its upload: no error of ours
            if body.refusal:
                await answer.refuse(body.refusal)

    def _sender(self, scope: Scope) -> str:
        """Return the token that a body comes with; refuse an unauthorised sender before reading any of it."""
        if scope["method"] in ("GET", "HEAD", "OPTIONS") or scope["path"] == "/login":
            return ""
        if self._door:
            visitor = self._door.visitor(Request(scope))
            if visitor is None:
                raise _Refusal(401, "a token is needed: Authorization: Bearer ...")
            if scope["path"].startswith(_UPLOADS) and not allows(visitor.role, "write"):
                raise _Refusal(403, f"this needs a token with the role write; yours is {visitor.role}")
            return visitor.token
        return ""

    def _check(self, headers: Mapping[str, str], limit: int) -> None:
        if sum(map(len, (*headers, *headers.values()))) > LARGEST_HEAD:
            raise _Refusal(431, f"the headers are larger than {LARGEST_HEAD:,} bytes")
        host = headers.get("host", "")
        if self._loopback_only and _split(f"//{host}").hostname not in LOOPBACK:
            raise _Refusal(400, "this server answers to localhost only; open it as http://127.0.0.1")
        origin = headers.get("origin")
        if origin is not None and _split(origin).netloc != host:
            raise _Refusal(403, "requests from other web sites are refused")
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
            raise _Refusal(403, "requests from other web sites are refused")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > limit:
            raise _too_large(limit)


class _Body:
    """Receives the body up to a limit; frameworks hide exceptions raised here, so the refusal is remembered."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit
        self._limit = limit
        self.arrive: Callable[[int], None] = lambda _: None
        """Called with the size of each piece; it may refuse more."""
        self.refusal: _Refusal | None = None

    async def __call__(self) -> Message:
        message = await self._receive()
        n_bytes = len(message.get("body", b""))
        self._left -= n_bytes
        try:
            if self._left < 0:
                raise _too_large(self._limit)
            self.arrive(n_bytes)
        except (_Refusal, CrowdedError, FullError) as error:
            self.refusal = _refusal(error)
            raise self.refusal from error
        return message


class _Response:
    """Sends the response with our headers, and without any that open it to other sites."""

    def __init__(self, send: Send, *, keep: bool = False) -> None:
        self._send = send
        self._started = False
        self._keep = keep
        self.kept = b""
        """The body, if it is to be kept and the response a success."""

    async def __call__(self, message: Message, *, mute: bool = False) -> None:
        if mute and not self._started:
            return
        self.kept += message.get("body", b"") if self._keep else b""
        if message["type"] == "http.response.start":
            self._started = True
            self._keep = self._keep and message["status"] == 200  # noqa: PLR2004
            kept = [item for item in message["headers"] if not item[0].lower().startswith(_CORS)]
            names = {name.lower() for name, _ in kept}
            kept += [(name.encode(), text.encode()) for name, text in HEADERS.items() if name.encode() not in names]
            message = {**message, "headers": kept}
        await self._send(message)

    async def refuse(self, refusal: _Refusal) -> None:
        if self._started:
            return
        body = json.dumps(error_body(refusal.reason, "refused", refusal.status)).encode()
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        if refusal.status == 401:  # noqa: PLR2004  the status that asks for this header
            headers.append((b"www-authenticate", b"Bearer"))
        await self({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self({"type": "http.response.body", "body": body})


def _refusal(error: _Refusal | CrowdedError | FullError) -> _Refusal:
    if isinstance(error, _Refusal):
        return error
    return _Refusal(413 if isinstance(error, CrowdedError) else 507, str(error))


def _paths(body: bytes) -> list[str]:
    """Return the places of uploads from the page's answer to whoever sent them."""
    found = json.loads(body)
    return [place for place in found if isinstance(place, str)] if isinstance(found, list) else []


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:
        raise _Refusal(400, "the header Host or Origin is no address") from error


def _too_large(limit: int) -> _Refusal:
    return _Refusal(413, f"the request is larger than {limit:,} bytes")

"""The outermost layer of the server: decides which requests may enter, and adds response headers.

Never passes on a request that another web site makes the visitor's browser send, a foreign host name (DNS rebinding), or a
body over its limit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..hosting.tokens import allows
from .requests import Door, error_body

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
SMALL_BODY = 2_000_000
"""Bytes, for questions and settings; only uploads may be larger."""

LARGEST_HEAD = 64_000
"""Bytes of all headers together."""

_WAITING = 4
"""Limit for pending uploads on disk, as a multiple of the largest upload."""

_UPLOADS = ("/gradio_api/upload", "/api/v1/documents")
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
        waiting: Callable[[], int] = int,
    ) -> None:
        """Guard ``app``.

        Args:
            app: the application to guard.
            loopback_only: whether only the names of this computer are accepted as host.
            max_upload_bytes: the largest body accepted.
            door: decides who may send a body; without it, everybody.
            waiting: returns the bytes of uploads on disk that are not ingested yet.
        """
        self._app = app
        self._door = door
        self._waiting = waiting
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
        answer = _Response(send)
        try:
            self._check(headers, limit)
            self._check_sender(scope, int(headers.get("content-length", "0")))
            await self._app(scope, body, lambda message: answer(message, mute=body.too_large))
        except _Refusal as refusal:
            if not body.too_large:
                await answer.refuse(refusal)
        if body.too_large:
            await answer.refuse(_too_large(limit))

    def _check_sender(self, scope: Scope, length: int) -> None:
        """Refuse a body from an unauthorised sender before reading any of it."""
        if scope["method"] in ("GET", "HEAD", "OPTIONS") or scope["path"] == "/login":
            return
        uploads = scope["path"].startswith(_UPLOADS)
        if self._door:
            visitor = self._door.visitor(Request(scope))
            if visitor is None:
                raise _Refusal(401, "a token is needed: Authorization: Bearer ...")
            if uploads and not allows(visitor.role, "write"):
                raise _Refusal(403, f"this needs a token with the role write; yours is {visitor.role}")
        if uploads and self._waiting() + length > _WAITING * self._max_upload_bytes:
            raise _Refusal(413, "too many uploads wait to be read; try again in a while")

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
    """Receives the body up to a limit; frameworks hide exceptions raised here, so the overflow is remembered."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit
        self._limit = limit
        self.too_large = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.too_large = True
            raise _too_large(self._limit)
        return message


class _Response:
    """Sends the response with our headers, and without any that open it to other sites."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._started = False

    async def __call__(self, message: Message, *, mute: bool = False) -> None:
        if mute and not self._started:
            return
        if message["type"] == "http.response.start":
            self._started = True
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


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:
        raise _Refusal(400, "the header Host or Origin is no address") from error


def _too_large(limit: int) -> _Refusal:
    return _Refusal(413, f"the request is larger than {limit:,} bytes")

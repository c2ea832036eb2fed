"""The web server: assembles the parts, listens, prints its address.

Comes in: settings. Goes out: a FastAPI application, or a running server. Never: a port open to others without a token.
Only this file and ``stalling`` import uvicorn.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import socket
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import uvicorn
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from ... import __version__
from ...ingest.errors import InputError, KBError
from ..hosting.bases import Bases
from ..hosting.gate import Gate, Rate
from ..hosting.jobs import Jobs
from ..hosting.process import give_memory_back
from ..hosting.room import WAITING, Room
from ..hosting.tokens import Tokens
from ..hosting.uploads import Spool
from ..hosting.worker import Worker
from .docs import docs
from .guard import Guard
from .login import SignIn, login
from .metrics import Metrics
from .native import health, native
from .openai_api import openai_like
from .requests import Door, handle_errors
from .stalling import Impatient

UI_PORT, SERVE_PORT = 7860, 8000
MAX_UPLOAD_BYTES = 500_000_000
KEEP_FREE_BYTES = 500_000_000

_PORTS_TRIED = 20


@dataclass(frozen=True, slots=True)
class Serving:
    """What is served, and to whom."""

    host: str = "127.0.0.1"
    port: int = SERVE_PORT
    api: bool = True
    """Whether to serve the API beside the page."""
    n_running: int = 2
    """Answers written at once."""
    n_waiting: int = 16
    """Questions that may wait; further ones are rejected."""
    max_upload_bytes: int = MAX_UPLOAD_BYTES
    keep_free_bytes: int = KEEP_FREE_BYTES
    """What uploads leave free on the disk."""
    rate_per_minute: int = 600
    """Requests per token; 0: no limit."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this computer can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def make_app(bases: Bases, serving: Serving) -> FastAPI:
    """Return the application.

    Raises:
        InputError: others could reach it, and no token protects it.
    """
    tokens = Tokens(bases.config.home)
    if not serving.is_loopback and not tokens.list():
        raise InputError(
            "--host {host} lets others reach this server, and there is no token yet; run: kb token add --role write",
            host=serving.host,
        )
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # gradio reads these on import
    spool = Spool()
    os.environ["GRADIO_TEMP_DIR"] = str(spool.folder)
    from ..ui.page import mount

    jobs = Jobs(bases.config.home)
    worker = Worker(jobs, bases.config.home, bases.get, bases.opened)
    app = FastAPI(
        title="kb", version=__version__, docs_url=None, redoc_url=None, lifespan=partial(_working, worker, spool)
    )
    gate = Gate(serving.n_running, serving.n_waiting)
    handle_errors(app)
    role_of, door = None, None
    if serving.api:
        door = Door(tokens, Rate(serving.rate_per_minute), open_without=serving.is_loopback)
        metrics = Metrics()
        role_of = door.role
        app.include_router(health(bases, gate, door, metrics, jobs))
        app.include_router(native(bases, gate, door, metrics, jobs, worker, paths_allowed=serving.is_loopback))
        app.include_router(openai_like(bases, gate, door, metrics))
        app.include_router(login(door))
        app.include_router(docs(app))
        app.add_middleware(SignIn, door=door)
    mount(app, bases, gate, role_of=role_of, max_upload_bytes=serving.max_upload_bytes)
    app.add_middleware(
        Guard,
        loopback_only=serving.is_loopback,
        max_upload_bytes=serving.max_upload_bytes,
        door=door,
        room=Room(spool, bases.config.home, WAITING * serving.max_upload_bytes, serving.keep_free_bytes),
    )
    return app


def run(
    bases: Bases, serving: Serving, *, say: Callable[[str], None], browser: bool = False, any_port: bool = False
) -> None:
    """Serve until interrupted.

    Args:
        bases: the bases to serve.
        serving: how, and to whom.
        say: called with the address.
        browser: open the address in a browser.
        any_port: take the next free port if necessary.
    Raises:
        InputError: others could reach it and no token protects it, or the port is taken.
    """
    give_memory_back()
    listening = _listen(serving.host, serving.port, _PORTS_TRIED if any_port else 1)
    app = make_app(bases, serving)
    host = f"[{serving.host}]" if ":" in serving.host else serving.host
    address = f"http://{host}:{listening.getsockname()[1]}"
    config = uvicorn.Config(
        app, http=Impatient, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=3
    )
    logging.getLogger("uvicorn.error").addFilter(is_news)
    server = _Server(config, lambda: _tell(address, say, browser=browser))
    threading.Thread(target=_warm_up, args=(bases,), daemon=True).start()
    server.run(sockets=[listening])
    bases.close()


@asynccontextmanager
async def _working(worker: Worker, spool: Spool, _: FastAPI) -> AsyncIterator[None]:
    worker.start()
    yield
    await run_in_threadpool(worker.stop)
    spool.remove()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()


def _tell(address: str, say: Callable[[str], None], *, browser: bool) -> None:
    say(f"kb is at {address}  (Ctrl+C stops it)")
    if browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def is_news(record: logging.LogRecord) -> bool:
    """Return whether a log record says more than that a connection was open when the server stopped.

    Gradio may fail with its own error while its stream is cancelled, so the cause of an error counts too.
    """
    error = record.exc_info[1] if record.exc_info else None
    while error:
        if isinstance(error, asyncio.CancelledError):
            return False
        error = error.__cause__ or error.__context__
    return not str(record.msg).startswith("Cancel %s running task")


def _warm_up(bases: Bases) -> None:
    """Load what the first question would otherwise wait for."""
    with contextlib.suppress(KBError):
        bases.get().search("kb", 1)


def _listen(host: str, port: int, tries: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in range(port, port + tries):
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, number))
        except OSError as error:
            listening.close()
            failure = error
            continue
        return listening
    raise InputError(
        "cannot listen on {host}:{port} ({why}); choose another --port", host=host, port=port, why=failure
    ) from failure

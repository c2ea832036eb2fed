"""The native endpoints: ``/api/v1/...``, health and metrics.

Comes in: JSON and uploads. Goes out: what the Python API returns, as JSON. Never: a path of the server's disk from anyone but
an admin, or a file outside a base's uploads.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from .. import __version__
from ..ingest.errors import KBError
from ..ingest.sync import Selection
from ..llm.generator import Sampling
from . import show
from .answer import PASSAGES, Answer
from .api import MAX_QUESTION
from .server_bases import Bases, file_name, forget, upload
from .server_gate import Gate
from .server_http import Door, answers, error_body, last
from .server_metrics import Metrics

MAX_FILES = 200
"""In one upload."""
_PIECE = 1 << 20


class BaseName(BaseModel):
    """Which base to make."""

    name: str = Field(max_length=64)


class Question(BaseModel):
    """What to look for."""

    question: str = Field(max_length=MAX_QUESTION)
    base: str | None = None
    k: int = Field(10, ge=1, le=100)
    lanes: list[str] | None = None


class Asked(BaseModel):
    """What to answer, and how."""

    question: str = Field(max_length=MAX_QUESTION)
    base: str | None = None
    k: int = Field(PASSAGES, ge=1, le=50)
    stream: bool = False
    """Server-sent events: a snapshot of the answer each, the last one finished."""
    temperature: float = Field(0.0, ge=0, le=5)
    seed: int = 0
    max_tokens: int = Field(512, ge=1, le=8192)


class Paths(BaseModel):
    """What to ingest from the server's own disk."""

    paths: list[str] = Field(min_length=1, max_length=1000)
    base: str | None = None
    keep: bool = False
    """Keep what vanished from disk."""


def native(bases: Bases, gate: Gate, door: Door, metrics: Metrics, *, paths_allowed: bool) -> APIRouter:
    """Return the native endpoints; ``paths_allowed``: an admin may name paths of this computer."""
    router = APIRouter(prefix="/api/v1")
    router.include_router(_about_bases(bases, door))
    router.include_router(_about_documents(bases, door))
    router.include_router(_about_paths(bases, door, allowed=paths_allowed))
    router.include_router(_about_questions(bases, gate, door, metrics))
    return router


def _about_bases(bases: Bases, door: Door) -> APIRouter:
    router = APIRouter()
    reader, admin = (Depends(door.needs(role)) for role in ("read", "admin"))

    @router.get("/bases", dependencies=[reader])
    def list_bases() -> JSONResponse:
        """List the knowledge bases."""
        return _json({"bases": bases.names(), "default": bases.config.name})

    @router.post("/bases", dependencies=[admin], status_code=201)
    def make_base(body: BaseName) -> JSONResponse:
        """Make an empty knowledge base."""
        bases.create(body.name)
        return _json({"name": body.name}, 201)

    @router.delete("/bases/{name}", dependencies=[admin])
    def delete_base(name: str) -> JSONResponse:
        """Delete a knowledge base and its uploads."""
        bases.delete(name)
        return _json({"deleted": name})

    @router.get("/status", dependencies=[reader])
    def status(base: str | None = None) -> JSONResponse:
        """Tell what a base holds and what serves it."""
        return _json(bases.get(base).status())

    return router


def _about_documents(bases: Bases, door: Door) -> APIRouter:
    router = APIRouter()
    reader, writer = (Depends(door.needs(role)) for role in ("read", "write"))

    @router.get("/documents", dependencies=[reader])
    def list_documents(base: str | None = None) -> JSONResponse:
        """List the files of a base with the ledger of their pages."""
        return _json({"documents": bases.get(base).ledger()})

    @router.post("/documents", dependencies=[writer])
    def add_documents(
        files: Annotated[list[UploadFile], File(max_length=MAX_FILES)], base: Annotated[str | None, Form()] = None
    ) -> JSONResponse:
        """Upload files and ingest them."""
        kb = bases.get(base)
        names = [file_name(file.filename or "") for file in files]
        with tempfile.TemporaryDirectory(prefix="kb-upload-", dir=kb.config.folder) as folder:
            places = [Path(folder) / str(at) for at in range(len(files))]
            for place, file in zip(places, files, strict=True):
                _save(file, place)
            report = upload(kb, zip(names, places, strict=True))
        return _json(report)

    @router.delete("/documents", dependencies=[writer])
    def delete_document(source: Annotated[str, Query(max_length=4096)], base: str | None = None) -> JSONResponse:
        """Forget a document; an uploaded file is deleted."""
        return _json({"removed": forget(bases.get(base), source)})

    return router


def _about_paths(bases: Bases, door: Door, *, allowed: bool) -> APIRouter:
    router = APIRouter()

    @router.post("/ingest", dependencies=[Depends(door.needs("admin"))])
    def ingest(body: Paths) -> JSONResponse:
        """Ingest files and folders of the server's own disk; for an admin on a server that only this computer reaches."""
        if not allowed:
            return JSONResponse(
                error_body("paths are taken on loopback only; upload the files instead", "refused", 403), 403
            )
        return _json(bases.get(body.base).ingest(body.paths, selection=Selection(delete=not body.keep)))

    return router


def _about_questions(bases: Bases, gate: Gate, door: Door, metrics: Metrics) -> APIRouter:
    router = APIRouter()
    reader = Depends(door.needs("read"))

    @router.post("/search", dependencies=[reader])
    def search(body: Question) -> JSONResponse:
        """Return the passages that fit a question best."""
        with metrics.timed("search"):
            return _json(bases.get(body.base).find(body.question, body.k, body.lanes))

    @router.post("/ask", dependencies=[reader])
    async def ask(body: Asked, request: Request) -> object:
        """Answer a question, with the place that each sentence came from."""
        kb = await run_in_threadpool(bases.get, body.base)
        sampling = Sampling(seed=body.seed, temperature=body.temperature, max_tokens=body.max_tokens)

        def stream() -> Iterator[Answer]:
            return kb.stream(body.question, body.k, sampling)

        if body.stream:
            ticket = gate.ticket()
            return StreamingResponse(_events(answers(request, ticket, stream)), media_type="text/event-stream")
        with metrics.timed("ask"):
            return _json(await last(request, gate, stream))

    return router


def health(bases: Bases, gate: Gate, door: Door, metrics: Metrics) -> APIRouter:
    """Return the endpoints for whoever watches over the server."""
    router = APIRouter()

    @router.get("/healthz")
    def healthz() -> JSONResponse:
        """Tell that the process answers."""
        return _json({"status": "ok", "version": __version__})

    @router.get("/readyz")
    def readyz() -> JSONResponse:
        """Tell whether the configured base can be searched."""
        try:
            bases.get().sources()
        except KBError as error:
            return JSONResponse(error_body(str(error), type(error).__name__, 503), 503)
        return _json({"status": "ready"})

    @router.get("/metrics", dependencies=[Depends(door.needs("read"))])
    def prometheus() -> PlainTextResponse:
        """Return counters in Prometheus's text format."""
        return PlainTextResponse(metrics.text(gate), media_type="text/plain; version=0.0.4")

    return router


async def _events(found: AsyncIterator[Answer]) -> AsyncIterator[str]:
    try:
        async for answer in found:
            yield f"data: {json.dumps(show.as_data(answer), ensure_ascii=False)}\n\n"
    except KBError as error:
        yield f"event: error\ndata: {json.dumps(error_body(str(error), type(error).__name__, 500))}\n\n"


def _save(file: UploadFile, place: Path) -> None:
    with place.open("wb") as out:
        while piece := file.file.read(_PIECE):
            out.write(piece)


def _json(value: object, status: int = 200) -> JSONResponse:
    data = {key: show.as_data(item) for key, item in value.items()} if isinstance(value, dict) else show.as_data(value)
    return JSONResponse(data, status)

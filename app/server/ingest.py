"""The endpoints that bring files in: uploads, ingest jobs and their progress. An ingest outlives its client."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from ...ingest.errors import InputError, KBError
from ..api import KnowledgeBase
from ..as_data import as_data
from ..hosting.bases import Bases, forget
from ..hosting.jobs import Job, Jobs
from ..hosting.patterns import refusal
from ..hosting.uploads import incoming, keep
from ..hosting.worker import Worker
from .requests import REFUSALS, Door, Whole, error_body, visitor

MAX_FILES = 200
"""In one upload."""

_DONE: dict[int | str, dict[str, str]] = {200: {"description": "The job is over."}}
_PIECE = 1 << 20
_LOOK_S, _LOOK_MOST_S = 0.05, 1.0
_ALIVE_S = 15.0


class Paths(BaseModel):
    """What to ingest from the server's own disk: absolute paths, and patterns below folders that the base follows."""

    paths: list[Annotated[Whole, Field(min_length=1, max_length=4096)]] = Field(min_length=1, max_length=1000)
    base: Whole | None = None
    keep: bool = False
    """Keep what vanished from disk."""
    wait: bool = False
    """Answer when it is done."""


def about_documents(bases: Bases, door: Door, jobs: Jobs, worker: Worker) -> APIRouter:
    """Return ``/documents``: list, upload, forget."""
    router = APIRouter(responses=REFUSALS, tags=["documents"])
    reader, writer = (Depends(door.needs(role)) for role in ("read", "write"))

    @router.get("/documents", dependencies=[reader])
    def list_documents(request: Request, base: str | None = None) -> JSONResponse:
        """List the files of a base with the ledger of their pages."""
        return JSONResponse({"documents": as_data(visitor(request).open(bases, base).ledger())})

    @router.post("/documents", dependencies=[writer], status_code=202, responses=_DONE)
    async def add_documents(
        request: Request,
        files: Annotated[list[UploadFile], File(max_length=MAX_FILES)],
        base: Annotated[str | None, Form()] = None,
        wait: Annotated[bool, Form()] = False,  # noqa: FBT002  a field of a form
    ) -> JSONResponse:
        """Upload files, a file of the same name being replaced, and ingest them: 202 with a job, or with ``wait`` its end."""
        kb = await run_in_threadpool(visitor(request).open, bases, base)
        paths = await run_in_threadpool(_keep, kb, files)
        job = await run_in_threadpool(jobs.add, kb.config.name, paths, keep=True)
        worker.wake()
        return await _answer(jobs, job, wait=wait)

    @router.delete("/documents", dependencies=[writer])
    def delete_document(
        request: Request, source: Annotated[str, Query(max_length=4096)], base: str | None = None
    ) -> JSONResponse:
        """Forget a document; an uploaded file is deleted."""
        return JSONResponse({"removed": list(forget(visitor(request).open(bases, base), source))})

    return router


def about_ingest(bases: Bases, door: Door, jobs: Jobs, worker: Worker, *, paths_allowed: bool) -> APIRouter:
    """Return ``/ingest``: jobs and their progress; ``paths_allowed``: an admin may name paths on this computer."""
    router = APIRouter(responses=REFUSALS, tags=["ingest"])
    reader, writer, admin = (Depends(door.needs(role)) for role in ("read", "write", "admin"))

    @router.post("/ingest", dependencies=[admin], status_code=202, responses=_DONE)
    async def ingest(body: Paths, request: Request) -> JSONResponse:
        """Ingest files and folders of the server's own disk; for an admin on a server that only this computer reaches."""
        if not paths_allowed:
            return JSONResponse(
                error_body("paths are taken on loopback only; upload the files instead", "refused", 403), 403
            )
        if relative := next((path for path in body.paths if not Path(path).is_absolute()), None):
            raise InputError(
                "{path!r} is not an absolute path; paths from the server's own folder are not taken",
                path=relative[:200],
            )
        kb = await run_in_threadpool(visitor(request).open, bases, body.base)
        if refused := await run_in_threadpool(refusal, kb, body.paths):
            return JSONResponse(error_body(refused, "refused", 403), 403)
        job = await run_in_threadpool(jobs.add, kb.config.name, body.paths, keep=body.keep)
        worker.wake()
        return await _answer(jobs, job, wait=body.wait)

    @router.get("/ingest", dependencies=[reader])
    def list_jobs(request: Request) -> JSONResponse:
        """List the last ingest jobs, newest first."""
        mine = [job for job in jobs.last() if visitor(request).may_use(job.base)]
        return JSONResponse({"jobs": as_data(mine)})

    @router.get("/ingest/{job_id}", dependencies=[reader])
    def show_job(job_id: str, request: Request) -> JSONResponse:
        """Tell how far an ingest job is, and what came of it."""
        return JSONResponse(as_data(_mine(jobs, job_id, request)))

    @router.get("/ingest/{job_id}/events", dependencies=[reader], response_class=StreamingResponse)
    async def follow_job(job_id: str, request: Request) -> StreamingResponse:
        """Send the job whenever it has changed, as server-sent events named after its state, until it is over."""
        job = await run_in_threadpool(_mine, jobs, job_id, request)
        return StreamingResponse(_events(jobs, job), media_type="text/event-stream")

    @router.delete("/ingest/{job_id}", dependencies=[writer])
    def cancel_job(job_id: str, request: Request) -> JSONResponse:
        """Stop an ingest job; the files that it has finished stay in the base."""
        return JSONResponse(as_data(jobs.cancel(_mine(jobs, job_id, request).id)))

    return router


def _mine(jobs: Jobs, job_id: str, request: Request) -> Job:
    job = jobs.get(job_id)
    visitor(request).named(job.base, job.base)
    return job


async def _answer(jobs: Jobs, job: Job, *, wait: bool) -> JSONResponse:
    last = job
    if wait:
        async for last in _changes(jobs, job):  # noqa: B007  the last one is the answer
            pass
    status = 200 if last.is_over else 202
    return JSONResponse(as_data(last), status, {"location": f"/api/v1/ingest/{job.id}"})


async def _changes(jobs: Jobs, job: Job) -> AsyncIterator[Job]:
    """Yield a job now and after every change until it is over, polling less often while nothing happens."""
    yield job
    pause_s = _LOOK_S
    while not job.is_over:
        await asyncio.sleep(pause_s)
        now = await run_in_threadpool(jobs.get, job.id)
        pause_s = _LOOK_S if now != job else min(pause_s * 1.5, _LOOK_MOST_S)
        if now != job:
            yield now
        job = now


async def _events(jobs: Jobs, job: Job) -> AsyncIterator[str]:
    try:
        async for now in _changes(jobs, job):
            yield f"event: {now.state}\ndata: {json.dumps(as_data(now), ensure_ascii=False)}\n\n"
    except KBError as error:  # so old that it was deleted meanwhile
        yield f"event: error\ndata: {json.dumps(error_body(str(error), type(error).__name__, 404))}\n\n"


def _keep(kb: KnowledgeBase, files: list[UploadFile]) -> list[Path]:
    """Write the uploaded data to disk, and move it into the base's uploads; see ``keep``."""
    with incoming(kb) as folder:
        arrived = [(file.filename or "", Path(folder) / str(at)) for at, file in enumerate(files)]
        for (_, place), file in zip(arrived, files, strict=True):
            with place.open("wb") as out:
                shutil.copyfileobj(file.file, out, _PIECE)
        return keep(kb, arrived)

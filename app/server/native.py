"""The native endpoints: ``/api/v1/...``, health and metrics."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from ... import __version__
from ...ingest.errors import InputError, KBError, UnknownNameError
from ...llm.generator import Sampling
from ...prompts.prompt import TaskName
from ...prompts.templates import Style
from ...retrieval.search.select import PER_DOCUMENT, Ordering
from ...retrieval.where import Where
from ..answers.answer import MAX_QUESTION, PASSAGES, Answer
from ..as_data import as_data
from ..hosting.bases import Bases
from ..hosting.gate import Gate
from ..hosting.harmless import harmless, whole_so_far
from ..hosting.jobs import Jobs
from ..hosting.worker import Worker
from .ingest import about_documents, about_ingest
from .metrics import Metrics
from .requests import REFUSALS, Door, Whole, answers, error_body, last, visitor

Text = Annotated[Whole, Field(max_length=1000)]
Texts = Annotated[list[Text], Field(max_length=100)]


class BaseName(BaseModel):
    """Which base to make."""

    name: Whole = Field(max_length=64)


class Filters(BaseModel):
    """Which documents to look at; as the options of ``kb search``."""

    source: Texts = []
    language: Texts = []
    type: Texts = []
    page: Annotated[list[int], Field(max_length=1000)] = []
    meta: Texts = []

    def where(self) -> Where:
        """Return the filter for a search."""
        return Where(tuple(self.source), tuple(self.language), tuple(self.type), tuple(self.page), tuple(self.meta))


class Search(BaseModel):
    """What to look for."""

    question: Whole = Field(max_length=MAX_QUESTION)
    base: Whole | None = None
    bases: Texts = []
    """Several, searched together, instead of one."""
    k: int = Field(10, ge=1, le=100)
    lanes: Texts | None = None
    where: Filters = Filters()
    mmr: float | None = Field(None, ge=0, le=1)
    per_document: int | None = Field(PER_DOCUMENT, ge=1, le=1000)

    def ordering(self) -> Ordering:
        """Return the ordering for a search."""
        return Ordering(self.per_document, self.mmr)


class Question(BaseModel):
    """What to answer, and how; as the options of ``kb ask``."""

    question: Whole = Field(max_length=MAX_QUESTION)
    base: Whole | None = None
    bases: Texts = []
    """Several, asked together, instead of one; the first keeps the record."""
    k: int = Field(PASSAGES, ge=1, le=50)
    stream: bool = False
    """Server-sent events: a snapshot of the answer each, the last one finished."""
    where: Filters = Filters()
    task: TaskName | None = None
    """What is to be done with the passages; what the question asks for, unless given."""
    style: Style = "plain"
    strict: bool = False
    temperature: float | None = Field(None, ge=0, le=5)
    top_k: int | None = Field(None, ge=1, le=100_000)
    top_p: float | None = Field(None, gt=0, le=1)
    min_p: float | None = Field(None, ge=0, le=1)
    repeat_penalty: float | None = Field(None, gt=0, le=10)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    seed: int = Field(0, ge=0, lt=2**31)
    min_tokens: int = Field(0, ge=0, le=8192)
    max_tokens: int = Field(512, ge=1, le=8192)
    n_samples: int = Field(1, ge=1, le=20)
    first_word_s: float = Field(3.0, gt=0, le=3600)
    stop: Texts = []
    banned: Texts = []

    def sampling(self) -> Sampling:
        """Return the sampling settings."""
        return Sampling(
            seed=self.seed, temperature=self.temperature, top_k=self.top_k, top_p=self.top_p, min_p=self.min_p,
            repeat_penalty=self.repeat_penalty, presence_penalty=self.presence_penalty,
            min_tokens=self.min_tokens, max_tokens=self.max_tokens, n_samples=self.n_samples, first_word_s=self.first_word_s,
            stop=tuple(self.stop), banned=tuple(self.banned),
        )  # fmt: skip


class Verdict(BaseModel):
    """What the reader thinks of a recorded answer, whose ``id`` stands in the answer."""

    id: int = Field(ge=1, lt=2**63)
    verdict: Literal["up", "down"]
    base: Whole | None = None
    """The one that was asked; the first of several."""
    correction: Whole = Field("", max_length=100_000)
    """What it should have been, with the prompt's marks."""
    comment: Whole = Field("", max_length=10_000)


class Measured(BaseModel):
    """What to measure."""

    base: Whole | None = None
    limit: int = Field(100, ge=2, le=1000)
    """Questions at most, made from the base."""


def native(
    bases: Bases, gate: Gate, door: Door, metrics: Metrics, jobs: Jobs, worker: Worker, *, paths_allowed: bool
) -> APIRouter:
    """Return the native endpoints; ``paths_allowed``: an admin may name paths on this computer."""
    router = APIRouter(prefix="/api/v1")
    router.include_router(_about_bases(bases, door))
    router.include_router(about_documents(bases, door, jobs, worker))
    router.include_router(about_ingest(bases, door, jobs, worker, paths_allowed=paths_allowed))
    router.include_router(_about_questions(bases, gate, door, metrics))
    router.include_router(_about_quality(bases, gate, door, metrics))
    return router


def _about_bases(bases: Bases, door: Door) -> APIRouter:
    router = APIRouter(responses=REFUSALS, tags=["bases"])
    reader, admin = (Depends(door.needs(role)) for role in ("read", "admin"))

    @router.get("/bases", dependencies=[reader])
    def list_bases(request: Request) -> JSONResponse:
        """List the knowledge bases."""
        who = visitor(request)
        mine = [name for name in bases.names() if who.may_use(name)]
        return _json({"bases": mine, "default": who.named(None, bases.config.name)})

    @router.post("/bases", dependencies=[admin], status_code=201)
    def make_base(body: BaseName, request: Request) -> JSONResponse:
        """Make an empty knowledge base."""
        bases.create(visitor(request).named(body.name, body.name))
        return _json({"name": body.name}, 201)

    @router.delete("/bases/{name}", dependencies=[admin])
    def delete_base(name: str, request: Request) -> JSONResponse:
        """Delete a knowledge base and its uploads."""
        bases.delete(visitor(request).named(name, name))
        return _json({"deleted": name})

    @router.get("/status", dependencies=[reader])
    def status(request: Request, base: str | None = None) -> JSONResponse:
        """Tell what a base holds and what serves it."""
        return _json(visitor(request).open(bases, base).status())

    return router


def _about_questions(bases: Bases, gate: Gate, door: Door, metrics: Metrics) -> APIRouter:
    router = APIRouter(responses=REFUSALS, tags=["questions"])
    reader = Depends(door.needs("read"))

    @router.post("/search", dependencies=[reader])
    def search(body: Search, request: Request) -> JSONResponse:
        """Return the passages that fit a question best."""
        kb = visitor(request).open_all(bases, body.base, body.bases)
        with metrics.timed("search"):
            return _json(kb.find(body.question, body.k, body.lanes or None, body.where.where(), body.ordering()))

    @router.post("/ask", dependencies=[reader])
    async def ask(body: Question, request: Request) -> object:
        """Answer a question, with the place that each sentence came from.

        ``text``, ``reasoning`` and the sentences' ``text`` are Markdown to show: without images, HTML, and links to
        anything but the web and mail. Quotes and the passages' texts are verbatim: show them as plain text.
        """
        kb = await run_in_threadpool(visitor(request).open_all, bases, body.base, body.bases)
        sampling, where = body.sampling(), body.where.where()

        def stream() -> Iterator[Answer]:
            return kb.stream(
                body.question, body.k, sampling, where, style=body.style, strict=body.strict, task=body.task
            )

        if body.stream:
            found = metrics.streamed("ask", answers(request, gate.ticket(), stream))
            return StreamingResponse(_events(found), media_type="text/event-stream")
        with metrics.timed("ask"):
            return _json(_to_show(await last(request, gate, stream)))

    return router


def _about_quality(bases: Bases, gate: Gate, door: Door, metrics: Metrics) -> APIRouter:
    router = APIRouter(responses=REFUSALS, tags=["quality"])
    reader, writer = (Depends(door.needs(role)) for role in ("read", "write"))

    @router.post("/feedback", dependencies=[reader])
    def feedback(body: Verdict, request: Request) -> JSONResponse:
        """Say whether a recorded answer is good, and what it should have been."""
        log = visitor(request).open(bases, body.base).log
        try:
            log.get(body.id)
        except InputError as error:
            raise UnknownNameError(str(error)) from error
        log.rate(body.id, body.verdict, body.correction, body.comment)
        return _json({"id": body.id, "verdict": body.verdict})

    @router.post("/eval", dependencies=[writer])
    def measure(body: Measured, request: Request) -> JSONResponse:
        """Measure how well search finds in a base, by every lane, with questions made from it; it takes an answer's place."""
        from ..measure.evaluate import evaluate
        from ..measure.judged import by_text, make_questions

        kb = visitor(request).open(bases, body.base)
        with gate.ticket() as ticket, metrics.timed("eval"):
            ticket.wait()
            questions = make_questions(kb.catalog, body.limit)
            return _json(evaluate(kb.config.name, kb.catalog, kb.searcher, questions, by_text))

    return router


def health(bases: Bases, gate: Gate, door: Door, metrics: Metrics, jobs: Jobs) -> APIRouter:
    """Return the endpoints for monitoring the server."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    def healthz() -> JSONResponse:
        """Tell that the process answers."""
        return _json({"status": "ok", "version": __version__})

    @router.get("/readyz", responses={503: REFUSALS[503]})
    def readyz() -> JSONResponse:
        """Tell whether the configured base can be searched."""
        try:
            bases.get().sources()
        except KBError as error:
            return JSONResponse(error_body(str(error), type(error).__name__, 503), 503)
        return _json({"status": "ready"})

    @router.get("/metrics", dependencies=[Depends(door.needs("read"))], responses=REFUSALS)
    def prometheus() -> PlainTextResponse:
        """Return counters in Prometheus's text format."""
        return PlainTextResponse(metrics.text(gate, jobs.counts()), media_type="text/plain; version=0.0.4")

    return router


async def _events(found: AsyncIterator[Answer]) -> AsyncIterator[str]:
    try:
        async for answer in found:
            yield f"data: {json.dumps(as_data(_to_show(answer)), ensure_ascii=False)}\n\n"
    except KBError as error:
        yield f"event: error\ndata: {json.dumps(error_body(str(error), type(error).__name__, 500))}\n\n"


def _to_show(answer: Answer) -> Answer:
    """Return an answer whose Markdown any viewer can show; quotes and passages stay verbatim."""
    text, span = harmless(answer.text if answer.finished else whole_so_far(answer.text)), None
    if answer.answer_span:
        start, stop = answer.answer_span
        before, exact = harmless(answer.text[:start]), harmless(answer.text[start:stop])
        if text.startswith(before + exact):
            span = (len(before), len(before) + len(exact))
    return replace(
        answer,
        text=text,
        answer_span=span,
        reasoning=harmless(answer.reasoning),
        sentences=tuple(replace(sentence, text=harmless(sentence.text)) for sentence in answer.sentences),
    )


def _json(value: object, status: int = 200) -> JSONResponse:
    return JSONResponse(as_data(value), status)

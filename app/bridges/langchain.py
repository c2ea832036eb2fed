"""kb as a LangChain retriever: a question in, LangChain documents out.

Import this module only when LangChain is needed, as ``KnowledgeBase.as_retriever`` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from langchain_core.callbacks import CallbackManagerForLLMRun, CallbackManagerForRetrieverRun, CallbackManagerForToolRun
from langchain_core.documents import Document
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool, ToolException
from pydantic import BaseModel, ConfigDict, Field

from ...ingest.errors import InputError, KBError
from ...ingest.media import page_name
from ...llm.generator import Generator, Sampling
from ...prompts.prompt import Citation, Message, Prompt
from ...retrieval.hit import Hit
from ..answers.answer import Answer

_ROLES: dict[str, Literal["system", "user", "assistant"]] = {"system": "system", "human": "user", "ai": "assistant"}


class KBChatModel(BaseChatModel):
    """Writes with a generator of kb. It reads text only, and calls no tools."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    generator: object = Field(exclude=True, repr=False)
    """A ``Generator`` that needs no passages: any but ``extractive``."""
    sampling: Sampling = Field(default_factory=Sampling)

    @property
    def _llm_type(self) -> str:
        return "kb"

    @property
    def _identifying_params(self) -> dict[str, object]:
        return {"generator": self._writer().name, "sampling": self.sampling}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: object) -> LangSmithParams:
        """See ``BaseChatModel``; passed to callbacks."""
        params = LangSmithParams(
            ls_provider="kb",
            ls_model_name=str(kwargs.get("model") or getattr(self.generator, "name", "")),
            ls_model_type="chat",
            ls_temperature=self.sampling.temperature or 0.0,
            ls_max_tokens=self.sampling.max_tokens,
        )
        return params | {"ls_stop": stop} if stop else params

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: object,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: object,
    ) -> Iterator[ChatGenerationChunk]:
        if unknown := sorted(kwargs.keys() - {field.name for field in fields(Sampling)}):
            raise InputError("{name!r} is not a setting; the settings are those of kb.Sampling", name=unknown[0])
        sampling = replace(self.sampling, **({"stop": tuple(stop)} if stop else {}), **kwargs)  # type: ignore[arg-type]
        generator, prompt = self._writer(), _prompt(messages)
        n_in, n_out = sum(generator.count_tokens(message.content) for message in prompt.messages), 0
        for piece in generator.generate(prompt, sampling):
            n_out += generator.count_tokens(piece)
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk
        usage = {"input_tokens": n_in, "output_tokens": n_out, "total_tokens": n_in + n_out}
        metadata = {"model_name": generator.name, "model_provider": "kb"}
        last = AIMessageChunk(content="", usage_metadata=usage, response_metadata=metadata, chunk_position="last")  # type: ignore[arg-type]
        yield ChatGenerationChunk(message=last)

    def _writer(self) -> Generator:
        generator: Generator = self.generator  # type: ignore[assignment]
        if generator.name == "extractive":
            raise InputError(
                "extractive quotes passages and writes nothing itself; open the base with a model: llm='gguf:PATH'"
            )
        return generator


def _prompt(messages: Sequence[BaseMessage]) -> Prompt:
    """Return messages in the form kb's generators take.

    Raises:
        InputError: a message is not a system, human or AI message.
    """
    turns = []
    for message in messages:
        if message.type not in _ROLES:
            raise InputError(
                "a message of type {type!r} cannot be read; send system, human and ai messages", type=message.type
            )
        turns.append(Message(_ROLES[message.type], str(message.text)))
    asked = next((turn.content for turn in reversed(turns) if turn.role == "user"), "")
    return Prompt(asked, tuple(turns), ())


@runtime_checkable
class Answers(Protocol):
    """What the tool needs from a knowledge base."""

    def ask(self, question: str) -> Answer:
        """Return the answer."""


class Question(BaseModel):
    """What the agent gives."""

    question: str = Field(description="One whole question, in Chinese or English.")


class KBTool(BaseTool):
    """Answers from a knowledge base; the message's artifact is the ``Answer``."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str = "ask_documents"
    description: str = (
        "Answers a question from the user's own documents, each sentence with the place that it came from, or says that they "
        "do not hold the answer."
    )
    args_schema: type[BaseModel] = Question
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    handle_tool_error: bool = True
    base: Answers = Field(exclude=True, repr=False)
    """A ``KnowledgeBase``, or several."""

    def _run(self, question: str, run_manager: CallbackManagerForToolRun | None = None) -> tuple[str, Answer]:
        del run_manager  # nothing here reports to callbacks
        try:
            answer = self.base.ask(question)
        except KBError as error:
            raise ToolException(str(error)) from error
        return _text(answer), answer


def _text(answer: Answer) -> str:
    """Return the answer followed by its sources, for a model to read."""
    first = {citation.mark: citation for citation in reversed(answer.citations)}
    lines = [f"[{mark}] {_place(one)}: {one.quote}" for mark, one in sorted(first.items())]
    return "\n".join([answer.text, *lines])


def _place(cited: Citation) -> str:
    base = f"{cited.base}: " if cited.base else ""
    page = f", {page_name(cited.source, cited.page)}" if cited.page else ""
    return f"{base}{Path(cited.source).name}{page}"


@runtime_checkable
class Searches(Protocol):
    """What the retriever needs from a knowledge base."""

    def search(self, question: str, k: int = 10) -> tuple[Hit, ...]:
        """Return the ``k`` best passages."""


class KBRetriever(BaseRetriever):
    """Returns the passages of a knowledge base, best first; ``k`` may be given to ``invoke`` too."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    base: Searches = Field(exclude=True, repr=False)
    """A ``KnowledgeBase``."""
    k: int = 4

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        del run_manager  # nothing here reports to callbacks
        return [_document(hit) for hit in self.base.search(query, k or self.k)]


def _document(hit: Hit) -> Document:
    chunk = hit.chunk
    metadata = {
        "source": chunk.source,
        "start": chunk.start,
        "stop": chunk.stop,
        "pages": list(chunk.pages),
        "headings": list(chunk.headings),
        "score": hit.score,
        "by": hit.by,
    } | ({"base": hit.base} if hit.base else {})
    return Document(page_content=chunk.text, metadata=metadata, id=chunk.id)

"""kb's language models as a LangChain chat model: quantized LLaMA and ChatGLM in process, in any chain.

Import this module only when LangChain is wanted: ``KnowledgeBase.as_chat_model`` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Literal

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field

from ..ingest.errors import InputError
from ..llm.generator import Generator, Sampling
from ..prompts.prompt import Message, Prompt

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
        """See ``BaseChatModel``; callbacks are told this."""
        params = LangSmithParams(
            ls_provider="kb",
            ls_model_name=str(kwargs.get("model") or getattr(self.generator, "name", "")),
            ls_model_type="chat",
            ls_temperature=self.sampling.temperature,
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
            raise InputError(f"{unknown[0]!r} is no setting; the settings are those of kb.Sampling")
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
    """Return messages as kb's generators take them.

    Raises:
        InputError: one is neither of the system, nor of a person or a model.
    """
    turns = []
    for message in messages:
        if message.type not in _ROLES:
            raise InputError(f"a message of type {message.type!r} cannot be read; send system, human and ai messages")
        turns.append(Message(_ROLES[message.type], str(message.text)))
    asked = next((turn.content for turn in reversed(turns) if turn.role == "user"), "")
    return Prompt(asked, tuple(turns), ())

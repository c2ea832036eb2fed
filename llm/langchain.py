"""Generate with any LangChain chat model.

No other file sees a LangChain type, and a setting that the model has no field for is refused.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, cast

from ..ingest.errors import CannotDoError, GeneratorError, InputError, MissingExtraError
from ..ingest.notice import Notice
from ..prompts.prompt import Prompt
from .chat import turns
from .generator import FinishReason, Pieces, Sampling
from .sampling import Ability, require
from .streaming import Ending, until

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk

DEFAULT_CONTEXT_TOKENS = 4096

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "seed": ("seed",),
    "temperature": ("temperature",),
    "max_tokens": ("max_tokens", "max_output_tokens", "num_predict", "max_completion_tokens"),
    "top_k": ("top_k",),
    "top_p": ("top_p",),
    "min_p": ("min_p",),
    "repeat_penalty": ("repeat_penalty", "repetition_penalty"),
}
"""What the integrations (ChatOpenAI, ChatOllama, ChatAnthropic, ...) call each setting."""
_FINISH = ("finish_reason", "done_reason", "stop_reason")
_CUT = frozenset({"length", "max_tokens", "MAX_TOKENS"})
"""What they call a truncated answer."""


class LangChainGenerator:
    """A LangChain chat model. Settings go into its matching fields, in a copy made for the one call."""

    def __init__(self, model: BaseChatModel, *, name: str = "", context_tokens: int | None = None) -> None:
        """Wrap the model, which stays the caller's.

        Args:
            model: called from several threads if the generator is.
            name: its name in an answer; empty: its class.
            context_tokens: the most tokens of prompt and answer; ``None``: what the model's profile says, else 4096.
        """
        self._model: BaseChatModel | None = model
        self._name = name or type(model).__name__
        profile = cast("Mapping[str, object]", getattr(model, "profile", None) or {})
        known = profile.get("max_input_tokens")
        self._context_tokens = context_tokens or (known if isinstance(known, int) else DEFAULT_CONTEXT_TOKENS)
        fields = type(model).model_fields
        self._fields = {
            setting: next((field for field in fields_of if field in fields), None)
            for setting, fields_of in _FIELDS.items()
        }
        able = {setting for setting, field in self._fields.items() if field} & {
            "top_k",
            "top_p",
            "min_p",
            "repeat_penalty",
        }
        self._abilities = cast("frozenset[Ability]", frozenset(able | {"stop"}))

    @property
    def name(self) -> str:
        """``langchain:`` and the provider and model."""
        return f"langchain:{self._name}"

    @property
    def context_tokens(self) -> int:
        """The most tokens that prompt and answer may take together."""
        return self._context_tokens

    def count_tokens(self, text: str) -> int:
        """Return an estimate: a third of the UTF-8 bytes, one token per Chinese character or three Latin letters.

        LangChain's own ``get_num_tokens`` would download a tokenizer.
        """
        return math.ceil(len(text.encode("utf-8", "replace")) / 3)

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """Yield the answer piece by piece; closing the iterator closes the model's stream.

        Raises:
            CannotDoError: the model has no field for a setting.
            GeneratorError: it failed.
        """
        chosen = require(self.name, sampling, self._abilities)
        if self._model is None:
            raise GeneratorError("{name} was closed; open it again", name=self.name)
        self._require_fields(sampling)
        wanted: dict[str, object] = {
            "seed": sampling.seed,
            "temperature": sampling.temperature if chosen == "sample" else 0.0,
            "max_tokens": sampling.max_tokens,
            "top_k": sampling.top_k,
            "top_p": sampling.top_p,
            "min_p": sampling.min_p,
            "repeat_penalty": sampling.repeat_penalty,
        }
        update = {
            field: wanted[setting] for setting, field in self._fields.items() if field and wanted[setting] is not None
        }
        model = self._model.model_copy(update=update)
        pieces = self._pieces(model, prompt, sampling.stop)
        return until(pieces if self._fields["max_tokens"] else self._capped(pieces, sampling.max_tokens), sampling.stop)

    def close(self) -> None:
        """Let go of the model; calling it twice is harmless."""
        self._model = None

    def _require_fields(self, sampling: Sampling) -> None:
        asked = {"seed": sampling.seed != 0, "temperature": bool(sampling.temperature)}
        for setting, wanted in asked.items():
            if wanted and not self._fields[setting]:
                raise CannotDoError(
                    "{name} has no {setting}; leave the setting out, or use another model",
                    name=self.name,
                    setting=setting,
                )

    def _pieces(self, model: BaseChatModel, prompt: Prompt, stop: tuple[str, ...]) -> Pieces:
        finish: FinishReason = "stop"
        messages = [(turn["role"], turn["content"]) for turn in turns(prompt)]
        try:
            stream = cast("Generator[AIMessageChunk]", model.stream(messages, stop=list(stop) or None))
            with closing(stream):
                for chunk in stream:
                    said = cast("Mapping[str, object]", chunk.response_metadata)
                    if {said.get(key) for key in _FINISH} & _CUT:
                        finish = "length"
                    if text := str(chunk.text):
                        yield text
        except Exception as exc:  # each provider has its own errors, without a common base
            raise GeneratorError(
                "{name} failed ({kind}: {why}); see its provider's page",
                name=self.name,
                kind=type(exc).__name__,
                why=exc,
            ) from exc
        return finish

    def _capped(self, pieces: Pieces, max_tokens: int) -> Pieces:
        """Stop a model that has no length limit of its own; a piece counts as at least one token."""
        left, ending = max_tokens, Ending()
        with closing(ending.of(pieces)) as read:
            for piece in read:
                left -= max(1, self.count_tokens(piece))
                if left < 0:
                    return "length"
                yield piece
        return ending.reason


def open_langchain(provider: str, model: str, *, context_tokens: int | None = None) -> LangChainGenerator:
    """Open a model by provider and model name, as in LangChain's ``init_chat_model``.

    Raises:
        InputError: LangChain knows no such provider.
        GeneratorError: the provider's package is missing, or refuses (no key, say).
        MissingExtraError: LangChain is not installed.
    """
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as exc:
        raise MissingExtraError(Notice("a LangChain chat model"), "langchain") from exc
    try:
        made = init_chat_model(model, model_provider=provider)
    except ImportError as exc:
        raise GeneratorError("LangChain needs a package for {provider} ({why})", provider=provider, why=exc) from exc
    except ValueError as exc:
        if "provider" in str(exc):
            raise InputError(
                "LangChain knows no provider {provider!r}; {why}",
                provider=provider,
                why=str(exc).partition("Supported")[2],
            ) from exc
        raise GeneratorError(
            "LangChain cannot open {provider}:{model} ({why})", provider=provider, model=model, why=exc
        ) from exc
    except Exception as exc:  # a missing key raises the provider's own error type
        raise GeneratorError(
            "LangChain cannot open {provider}:{model} ({why})", provider=provider, model=model, why=exc
        ) from exc
    return LangChainGenerator(made, name=f"{provider}:{model}", context_tokens=context_tokens)

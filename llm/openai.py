"""Generate with any server that speaks the OpenAI chat API: llama-server, Ollama, vLLM, or OpenAI itself.

Never: a key in an argument or message, an OpenAI key over an unencrypted network, or a setting that the server would ignore
silently.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import urlsplit

from ..ingest.errors import GeneratorError, InputError, MissingExtraError
from ..ingest.notice import Notice
from ..prompts.prompt import Prompt
from .chat import turns, whole
from .generator import FinishReason, Pieces, Sampling
from .rails.grammar import without
from .sampling import Ability, require

if TYPE_CHECKING:
    from openai import APIError, OpenAI
    from openai.types.chat import ChatCompletionMessageParam

DEFAULT_CONTEXT_TOKENS = 4096
ABILITIES: frozenset[Ability] = frozenset({"top_p", "presence_penalty", "stop"})
LLAMA_ABILITIES: frozenset[Ability] = ABILITIES | {"top_k", "min_p", "repeat_penalty", "banned"}
T = TypeVar("T")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class _Limits:
    """What the server says about itself."""

    is_llama: bool
    """Whether it is llama.cpp's own server, which counts tokens, bans strings and knows every setting of its sampler."""
    context_tokens: int


class OpenAIGenerator:
    """A chat model behind an OpenAI-compatible URL."""

    def __init__(
        self,
        url: str,
        model: str,
        *,
        context_tokens: int | None = None,
        timeout_s: float = 120.0,
        max_retries: int = 2,
    ) -> None:
        """Remember the server; it is first called when needed.

        The key is ``$KB_OPENAI_API_KEY``, else ``$OPENAI_API_KEY`` if the URL is https or loopback, else none.

        Args:
            url: ``http://localhost:8080/v1``; without a path, ``/v1`` is added.
            model: as the server names it.
            context_tokens: the most tokens of prompt and answer; ``None``: what the server says, else 4096.
            timeout_s: the longest silence of the server, in seconds.
            max_retries: how often a refused connection, a 429 or a 5xx is retried, with increasing delays.

        Raises:
            InputError: not an http(s) URL.
            MissingExtraError: the client library is not installed.
        """
        self._url = normalized(url)
        self._model = model
        self._asked_context_tokens = context_tokens
        self._timeout_s = timeout_s
        self._client: OpenAI | None = _client(self._url, timeout_s=timeout_s, max_retries=max_retries)

    @property
    def name(self) -> str:
        """``openai:`` and the model's name."""
        return f"openai:{self._model}"

    @property
    def context_tokens(self) -> int:
        """The most tokens that prompt and answer may take together: as requested, else as the server says, else 4096."""
        return self._asked_context_tokens or self._limits.context_tokens

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text takes: exact on llama.cpp's server, else a third of its UTF-8 bytes.

        A third is one token per Chinese character and per three Latin letters: more than most tokenizers need.
        """
        if not self._limits.is_llama:
            return math.ceil(len(text.encode("utf-8", "replace")) / 3)
        reply = self._call(
            lambda client: client.post(
                self._root + "/tokenize", body={"content": whole(text), "parse_special": False}, cast_to=object
            )
        )
        return len(cast("dict[str, list[int]]", reply)["tokens"])

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """Yield the answer piece by piece; closing the iterator disconnects, and the server stops.

        Raises:
            CannotDoError: the server has no such setting.
            GeneratorError: it cannot be reached, or refuses.
        """
        is_llama = self._limits.is_llama
        chosen = require(self.name, sampling, LLAMA_ABILITIES if is_llama else ABILITIES)
        temperature = (sampling.temperature or 0.0) if chosen == "sample" else 0.0
        return self._pieces(prompt, sampling, temperature, _llama_settings(sampling) if is_llama else {})

    def _pieces(self, prompt: Prompt, sampling: Sampling, temperature: float, extra: dict[str, object]) -> Pieces:
        import openai

        finish: FinishReason = "stop"

        modern = urlsplit(self._url).hostname == "api.openai.com"
        stream = self._call(
            lambda client: client.chat.completions.create(
                model=self._model,
                messages=cast("list[ChatCompletionMessageParam]", turns(prompt)),
                stream=True,
                seed=sampling.seed,
                temperature=temperature,
                top_p=openai.omit if sampling.top_p is None else sampling.top_p,
                presence_penalty=openai.omit if sampling.presence_penalty is None else sampling.presence_penalty,
                max_tokens=openai.omit if modern else sampling.max_tokens,
                max_completion_tokens=sampling.max_tokens if modern else openai.omit,
                stop=list(sampling.stop) or openai.omit,
                extra_body=extra,
            )
        )
        try:
            for chunk in stream:
                for choice in chunk.choices:
                    if choice.finish_reason == "length":
                        finish = "length"
                    if choice.delta.content:
                        yield choice.delta.content
        except openai.APIError as exc:
            raise self._failure(exc) from exc
        finally:
            stream.close()
        return finish

    def close(self) -> None:
        """Drop the connections; calling it twice is harmless."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @property
    def _root(self) -> str:
        return self._url.removesuffix("/v1")

    @cached_property
    def _limits(self) -> _Limits:
        import openai

        if self._client is None:
            raise GeneratorError("{name} was closed; open it again", name=self.name)
        try:
            props = cast("dict[str, dict[str, int]]", self._client.get(self._root + "/props", cast_to=object))
            return _Limits(is_llama=True, context_tokens=props["default_generation_settings"]["n_ctx"])
        except openai.APIStatusError as exc:
            if exc.status_code not in {400, 403, 404, 405, 501}:
                raise self._failure(exc) from exc
        except openai.APIError as exc:
            raise self._failure(exc) from exc
        except (KeyError, TypeError):
            pass  # a web page, or another server's /props
        return _Limits(is_llama=False, context_tokens=self._listed_context() or DEFAULT_CONTEXT_TOKENS)

    def _listed_context(self) -> int | None:
        """Return ``max_model_len`` of the model list, which vLLM and SGLang fill in."""
        import openai

        try:
            listed = self._call(lambda client: client.models.list()).data
        except GeneratorError as error:
            cause = error.__cause__
            if isinstance(cause, openai.APIStatusError) and cause.status_code in {404, 405, 501}:
                return None  # it lists none; what it can read has to be assumed
            raise
        for model in listed:
            if model.id == self._model and isinstance(size := (model.model_extra or {}).get("max_model_len"), int):
                return size
        return None

    def _call(self, request: Callable[[OpenAI], T]) -> T:
        import openai

        if self._client is None:
            raise GeneratorError("{name} was closed; open it again", name=self.name)
        try:
            return request(self._client)
        except openai.APIError as exc:
            raise self._failure(exc) from exc

    def _failure(self, error: APIError) -> GeneratorError:
        import openai

        if isinstance(error, openai.APITimeoutError):
            return GeneratorError(
                "{url} did not answer for {n_seconds:g} s; is it still loading, or is the timeout too short?",
                url=self._url,
                n_seconds=self._timeout_s,
            )
        if isinstance(error, openai.APIConnectionError):
            reason = error.__cause__ or error
            return GeneratorError(
                "{url} cannot be reached ({reason}); start the server, or correct the URL", url=self._url, reason=reason
            )
        status = error.status_code if isinstance(error, openai.APIStatusError) else 0
        if _is_overflow(error):
            return GeneratorError(
                "the prompt is longer than the context of {name} ({why}); ask with fewer or shorter sources, or "
                "start the server with a larger context",
                name=self.name,
                why=error.message,
            )
        advice = _ADVICE.get(status, Notice("see the server's log"))
        return GeneratorError(
            "{url} refused model {model!r} ({why}); {advice}",
            url=self._url,
            model=self._model,
            why=error.message,
            advice=advice,
        )


_ADVICE = {
    401: Notice("set KB_OPENAI_API_KEY to a key that it accepts"),
    403: Notice("set KB_OPENAI_API_KEY to a key that may use this model"),
    404: Notice("correct the URL or the model's name behind #"),
    429: Notice("wait, or check the quota of the key"),
}


def _is_overflow(error: APIError) -> bool:
    return error.code == "context_length_exceeded" or error.type == "exceed_context_size_error"


def _llama_settings(sampling: Sampling) -> dict[str, object]:
    """Return the settings that llama.cpp's server takes beyond the OpenAI API."""
    wanted: dict[str, object] = {
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repeat_penalty,
        "grammar": without(sampling.banned) if sampling.banned else None,
    }
    return {key: value for key, value in wanted.items() if value is not None}


def normalized(url: str) -> str:
    """Return the base URL of a server's API; raises InputError for anything but an http(s) URL."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError("{url!r} is not the URL of a server; write it like http://localhost:8080/v1", url=url)
    return url.rstrip("/") if parts.path.strip("/") else url.rstrip("/") + "/v1"


def _key(url: str) -> str:
    parts = urlsplit(url)
    guarded = parts.scheme == "https" or parts.hostname in LOOPBACK
    return os.environ.get("KB_OPENAI_API_KEY") or (guarded and os.environ.get("OPENAI_API_KEY")) or "none"


def _client(url: str, *, timeout_s: float, max_retries: int) -> OpenAI:
    try:
        import openai
    except ImportError as exc:
        raise MissingExtraError(Notice("calling an OpenAI-compatible server"), "openai") from exc
    local = urlsplit(url).hostname in LOOPBACK
    return openai.OpenAI(
        base_url=url,
        api_key=_key(url),
        timeout=timeout_s,
        max_retries=max_retries,
        http_client=openai.DefaultHttpxClient(trust_env=not local),  # no proxy between this machine and itself
    )

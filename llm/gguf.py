"""Run a quantized model in a GGUF file with llama.cpp inside this process.

Comes in: the path of a GGUF file; a prompt. Goes out: the model's text, piece by piece. Never: a download, output on stdout or
stderr, or a port that others can use (llama.cpp listens on loopback, guarded by a random key that stays here).
"""

from __future__ import annotations

import json
import secrets
import struct
import urllib.request
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Protocol, TypedDict, cast

from ..ingest.errors import GeneratorError, InputError, MissingExtraError
from ..ingest.notice import Notice
from ..prompts.prompt import Message, Prompt
from .chat import turns, whole
from .generator import FinishReason, Pieces, Sampling
from .models.cores import free_cores, has_gpu, operations_per_s
from .models.gguf_file import n_parameters
from .models.known import known_models
from .rails.grammar import only_figures, without
from .rails.words import one_phrase, only_words
from .sampling import Ability, require, suited
from .streaming import Streams

DEFAULT_CONTEXT_TOKENS = 8192
ABILITIES: frozenset[Ability] = frozenset(
    {"top_k", "top_p", "min_p", "repeat_penalty", "presence_penalty", "min_tokens", "stop", "banned"}
)
MAX_SEED = 2**32 - 1  # llama.cpp reads exactly this value as "any seed"


class _Server(Protocol):
    """The part of ``xllamacpp.Server`` in use; the callback returns true to stop."""

    @property
    def listening_address(self) -> str: ...

    def handle_chat_completions(self, prompt: str, callback: Callable[[str], bool]) -> None: ...


class _Delta(TypedDict, total=False):
    content: str | None


class _Choice(TypedDict):
    delta: _Delta
    finish_reason: str | None


class _Error(TypedDict, total=False):
    type: str
    message: str
    n_prompt_tokens: int


class _Chunk(TypedDict, total=False):
    choices: list[_Choice]
    error: _Error


class GGUFGenerator:
    """A chat model in a GGUF file: LLaMA, ChatGLM/GLM, Qwen and anything else llama.cpp supports.

    The chat template is the file's own. The same prompt, seed and settings give the same text.
    """

    def __init__(
        self,
        path: Path,
        *,
        lora: Path | None = None,
        context_tokens: int = DEFAULT_CONTEXT_TOKENS,
        n_parallel: int = 1,
        n_gpu_layers: int = -1,
        n_threads: int | None = None,
        thinking: bool = False,
    ) -> None:
        """Load the model.

        Args:
            path: the GGUF file; for a split model, its first part.
            lora: an adapter for it, converted by llama.cpp's convert_lora_to_gguf.py; ``None``: none.
            context_tokens: the most tokens of prompt and answer; the model's own limit if that is lower.
            n_parallel: generations that run at once; others wait. Each takes memory for its own context.
            n_gpu_layers: layers on the GPU, if there is one; -1: as many as fit.
            n_threads: processor threads; ``None``: one per physical core that other programs leave free.
            thinking: let a reasoning model think first; its thoughts cost tokens and are not part of the text.

        Raises:
            InputError: there is no such file, or it is not GGUF.
            GeneratorError: llama.cpp cannot load it.
            MissingExtraError: llama.cpp is not installed.
        """
        self._path = path
        self._architecture = architecture_of(path)
        self._key = secrets.token_hex(32)
        self._on_gpu = n_gpu_layers != 0 and has_gpu()
        server = _load(
            path,
            self._architecture,
            key=self._key,
            lora=lora,
            context_tokens=context_tokens,
            n_parallel=n_parallel,
            n_gpu_layers=n_gpu_layers,
            n_threads=n_threads or free_cores(),
            thinking=thinking,
        )
        self._address = server.listening_address
        self._server: _Server | None = server
        self._streams = Streams(self.name)
        self._finish = weakref.finalize(self, self._streams.close)
        settings = cast("dict[str, dict[str, int]]", self._get("/props"))["default_generation_settings"]
        self._context_tokens = settings["n_ctx"]
        self._get(
            "/slots"
        )  # wait for llama.cpp's loop to answer: stopped before it has started, it never ends, or crashes

    @property
    def name(self) -> str:
        """``gguf:`` and the file's name."""
        return f"gguf:{self._path.name}"

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it was made for; empty if not known."""
        return next((model.languages for model in known_models().values() if model.file == self._path.name), ())

    @property
    def context_tokens(self) -> int:
        """The most tokens that prompt and answer may take together."""
        return self._context_tokens

    @cached_property
    def n_parameters(self) -> int | None:
        """About how many weights every token passes through; ``None`` if the file does not say."""
        return n_parameters(self._path)

    @property
    def reading_tokens_per_s(self) -> float | None:
        """How fast it reads a prompt, from its size and the processor: constant, so the same question gets the same prompt.

        ``None`` if layers may be on a GPU, or the file does not say how large it is.
        """
        if self._on_gpu or not self.n_parameters:
            return None
        return operations_per_s() / (2 * self.n_parameters)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text takes in the model's tokenizer, without special tokens."""
        self._streams.check()
        return len(
            cast("dict[str, list[int]]", self._get("/tokenize", {"content": whole(text), "parse_special": False}))[
                "tokens"
            ]
        )

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """Yield the answer piece by piece; closing the iterator stops the model at the next token.

        Raises:
            GeneratorError: the prompt is longer than the context.
            CannotDoError: ``sampling`` asks for beams.
        """
        sampling = suited(sampling, self._architecture)
        request = _request(prompt, sampling, require(self.name, sampling, ABILITIES))
        if sampling.min_tokens:
            return self._at_least(sampling.min_tokens, prompt, request)
        return self._pieces(json.dumps(request))

    def _at_least(self, n_tokens: int, prompt: Prompt, request: Mapping[str, object]) -> Pieces:
        """Yield ``n_tokens`` tokens during which the model may not stop, and then its continuation."""
        begun = ""
        first = {**request, "max_tokens": n_tokens, "ignore_eos": True}
        for piece in self._pieces(json.dumps(first)):
            begun += piece
            yield piece
        left = cast("int", request["max_tokens"]) - n_tokens
        if not left:
            return "length"
        messages = (*prompt.messages, Message("assistant", begun))
        rest = {**request, "max_tokens": left, "messages": turns(replace(prompt, messages=messages))}
        return (yield from self._pieces(json.dumps(rest)))

    def _pieces(self, request: str) -> Pieces:
        self._streams.check()
        finish: FinishReason = "stop"
        server = cast("_Server", self._server)
        stream = self._streams.run(partial(server.handle_chat_completions, request))
        try:
            for text in stream:
                chunk = cast("_Chunk", json.loads(text))
                if "error" in chunk:
                    raise self._failure(chunk["error"])
                for choice in chunk.get("choices", ()):
                    if choice["finish_reason"] == "length":
                        finish = "length"
                    if piece := choice["delta"].get("content"):
                        yield piece
        except RuntimeError as exc:
            raise GeneratorError(
                "{name} failed ({why}); ask again, or open the model again", name=self.name, why=exc
            ) from exc
        finally:
            stream.close()
        return finish

    def close(self) -> None:
        """Stop all generation and free the model; calling it twice is harmless."""
        self._finish()
        self._server = None

    def _failure(self, error: _Error) -> GeneratorError:
        if error.get("type") == "exceed_context_size_error":
            return GeneratorError(
                "the prompt takes {n} tokens and {name} reads {limit}; ask with fewer or shorter sources, or open "
                "the model with a larger context",
                n=error["n_prompt_tokens"],
                name=self.name,
                limit=self._context_tokens,
            )
        return GeneratorError(
            "{name} failed: {why}", name=self.name, why=error.get("message", Notice("llama.cpp gave no reason"))
        )

    def _get(self, route: str, body: dict[str, object] | None = None) -> object:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310  # the address is llama.cpp's own, on loopback
            self._address + route, data, {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as response:
                return cast("object", json.load(response))
        except OSError as exc:
            raise GeneratorError("{name} does not answer ({why}); open it again", name=self.name, why=exc) from exc


def _request(prompt: Prompt, sampling: Sampling, strategy: str) -> dict[str, object]:
    """Return the body of a chat completion; settings that are ``None`` stay llama.cpp's own."""
    wanted: dict[str, object] = {
        "messages": turns(prompt),
        "stream": True,
        "return_progress": True,  # a callback per batch of the prompt, so that reading it can be stopped too
        "cache_prompt": True,
        "seed": sampling.seed % MAX_SEED,
        "temperature": sampling.temperature if strategy == "sample" else 0.0,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repeat_penalty,
        "presence_penalty": sampling.presence_penalty,
        "max_tokens": sampling.max_tokens,
        "stop": list(sampling.stop) or None,
        "grammar": _grammar(prompt, sampling),
    }
    return {key: value for key, value in wanted.items() if value is not None}


def _grammar(prompt: Prompt, sampling: Sampling) -> str | None:
    if sampling.banned:
        return without(sampling.banned)
    if prompt.phrase_of:
        return one_phrase(prompt.question, prompt.phrase_of)
    if prompt.only_words:
        return only_words(prompt.given, prompt.question)
    return only_figures([prompt.given]) if prompt.given else None


def _load(
    path: Path,
    architecture: str,
    *,
    key: str,
    lora: Path | None,
    context_tokens: int,
    n_parallel: int,
    n_gpu_layers: int,
    n_threads: int,
    thinking: bool,
) -> _Server:
    try:
        import xllamacpp
    except ImportError as exc:
        raise MissingExtraError(Notice("running a GGUF model"), "llama") from exc
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    if lora:
        adapter = xllamacpp.CommonAdapterLoraInfo()
        adapter.path, adapter.scale = str(lora), 1.0
        params.lora_adapters = [adapter]
    params.n_ctx = context_tokens * n_parallel
    params.n_parallel = n_parallel
    params.n_gpu_layers = n_gpu_layers
    params.n_batch = 256  # stopping takes as long as one batch
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = n_threads
    params.n_threads_http = 2
    params.cache_ram_mib = 0  # for past prompts; the last one is reused in place
    params.enable_reasoning = -1 if thinking else 0
    params.verbosity = -1
    params.warmup = False
    params.offline = True
    params.api_keys = [key]
    params.cors_origins = ""
    params.ui = False
    params.endpoint_slots = True  # only with the key
    try:
        return cast("_Server", xllamacpp.Server(params))
    except RuntimeError as exc:
        what = Notice("{path} with {lora}", path=path, lora=lora) if lora else str(path)
        raise GeneratorError(
            "llama.cpp cannot load {what} (architecture {architecture!r}): the architecture is not one it knows "
            "(try: pip install -U xllamacpp), the file is damaged or incomplete (compare its size with the "
            "original), or there is not enough memory (try a smaller context)",
            what=what,
            architecture=architecture,
        ) from exc


def architecture_of(path: Path) -> str:
    """Return ``general.architecture`` of the file's header, which writers put first; ``unknown`` if they do not.

    GGUF specification: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

    Raises:
        InputError: there is no such file, or it is not GGUF.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError as exc:
        raise InputError("there is no model at {path}; give the path of a GGUF file", path=path) from exc
    except OSError as exc:
        raise InputError(
            "{path} cannot be read ({why}); give the path of a GGUF file", path=path, why=exc.strerror
        ) from exc
    if head[:4] != b"GGUF":
        raise InputError(
            "{path} is not a GGUF file; download a GGUF, or convert the model with convert_hf_to_gguf.py", path=path
        )
    key = b"general.architecture"
    at = head.find(struct.pack("<Q", len(key)) + key)
    if at < 0:
        return "unknown"
    at += 8 + len(key) + 4  # length, key, type
    (length,) = struct.unpack_from("<Q", head, at) if at + 8 <= len(head) else (0,)
    return head[at + 8 : at + 8 + length].decode("utf-8", "replace") or "unknown"

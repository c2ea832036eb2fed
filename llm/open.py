"""A spec becomes a generator: ``gguf:/models/llama.gguf``, ``openai:http://localhost:8080#llama``.

Comes in: one string. Goes out: an open ``Generator``. Never: a library of a backend that was not asked for, or a look at
the environment for what to use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl

from ..ingest.errors import InputError
from .extractive import Extractive
from .generator import Generator

FORMS = (
    "extractive",
    "gguf:PATH",
    "hf:NAME-OR-FOLDER?quantize=none|8bit|4bit",
    "openai:URL#MODEL",
    "langchain:PROVIDER:MODEL",
)


@dataclass(frozen=True, slots=True)
class _Options:
    context_tokens: int | None
    n_parallel: int
    n_gpu_layers: int
    n_threads: int | None
    timeout_s: float


def open_generator(
    spec: str,
    *,
    context_tokens: int | None = None,
    n_parallel: int = 1,
    n_gpu_layers: int = -1,
    n_threads: int | None = None,
    timeout_s: float = 120.0,
) -> Generator:
    """Open the backend that the spec names; ``auto`` is ``extractive``.

    Args:
        spec: one of ``FORMS``.
        context_tokens: the most tokens of prompt and answer; ``None``: the backend's own choice.
        n_parallel: generations at once, for ``gguf:``.
        n_gpu_layers: layers on the GPU, for ``gguf:``; -1: as many as fit.
        n_threads: processor threads, for ``gguf:``; ``None``: one per physical core.
        timeout_s: the longest silence of a server, for ``openai:``.

    Raises:
        InputError: not one of the forms, or it names a file that is not there.
        GeneratorError: the model cannot be loaded.
        MissingExtraError: the backend's library is not installed.
    """
    kind, _, rest = spec.strip().partition(":")
    if kind not in _OPENERS:
        raise InputError(f"{spec!r} names no language model; write one of: {', '.join(FORMS)}")
    options = _Options(context_tokens, n_parallel, n_gpu_layers, n_threads, timeout_s)
    return _OPENERS[kind](rest.strip(), options)


def _extractive(rest: str, _options: _Options) -> Generator:
    if rest:
        raise InputError(f"'extractive' takes nothing behind it, and got {rest!r}; write just: extractive")
    return Extractive()


def _gguf(rest: str, options: _Options) -> Generator:
    from .gguf import DEFAULT_CONTEXT_TOKENS, GGUFGenerator

    if not rest:
        raise InputError("'gguf:' names no file; write it like gguf:/models/llama-q4.gguf")
    return GGUFGenerator(
        Path(rest).expanduser(),
        context_tokens=options.context_tokens or DEFAULT_CONTEXT_TOKENS,
        n_parallel=options.n_parallel,
        n_gpu_layers=options.n_gpu_layers,
        n_threads=options.n_threads,
    )


def _hf(rest: str, options: _Options) -> Generator:
    from .transformers import MAX_CONTEXT_TOKENS, TransformersGenerator
    from .transformers_model import QUANTIZATIONS, Quantization

    model, _, query = rest.partition("?")
    settings = dict(parse_qsl(query, keep_blank_values=True))
    quantize = settings.pop("quantize", "none")
    if not model or settings or quantize not in QUANTIZATIONS:
        raise InputError(f"'hf:{rest}' is not of the form {FORMS[2]}")
    return TransformersGenerator(
        model,
        quantize=cast("Quantization", quantize),
        context_tokens=options.context_tokens or MAX_CONTEXT_TOKENS,
    )


def _openai(rest: str, options: _Options) -> Generator:
    from .openai import OpenAIGenerator

    url, _, model = rest.partition("#")
    if not url or not model:
        raise InputError(f"'openai:{rest}' is not of the form {FORMS[3]}, like openai:http://localhost:8080/v1#llama")
    return OpenAIGenerator(url, model, context_tokens=options.context_tokens, timeout_s=options.timeout_s)


def _langchain(rest: str, options: _Options) -> Generator:
    from .langchain import open_langchain

    provider, _, model = rest.partition(":")
    if not provider or not model:
        raise InputError(f"'langchain:{rest}' is not of the form {FORMS[4]}, like langchain:ollama:qwen3")
    return open_langchain(provider, model, context_tokens=options.context_tokens)


_OPENERS: Mapping[str, Callable[[str, _Options], Generator]] = {
    "auto": _extractive,
    "extractive": _extractive,
    "gguf": _gguf,
    "hf": _hf,
    "openai": _openai,
    "langchain": _langchain,
}

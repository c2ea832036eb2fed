"""Open a generator from a spec: ``smollm2``, ``gguf:/models/llama.gguf``, ``openai:http://localhost:8080#llama``.

Comes in: one string. Goes out: an open ``Generator``. Never: the library of a backend that was not asked for, or a choice made
from the environment.
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
from .models.known import at_hand, known_models

FORMS = (
    "extractive",
    "NAME of a pulled model",
    "gguf:PATH?lora=FILE",
    "hf:NAME-OR-FOLDER?quantize=none|8bit|4bit&lora=FOLDER",
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


_Opening = Callable[[_Options], Generator]
"""Opens a model whose spec is known to be valid."""


def open_generator(
    spec: str,
    *,
    models: Path | None = None,
    context_tokens: int | None = None,
    n_parallel: int = 1,
    n_gpu_layers: int = -1,
    n_threads: int | None = None,
    timeout_s: float = 120.0,
) -> Generator:
    """Open the backend that the spec names; ``auto`` is ``extractive``.

    Args:
        spec: one of ``FORMS``.
        models: the folder for pulled models; ``None``: there isn't one.
        context_tokens: the most tokens of prompt and answer; ``None``: the backend's own choice.
        n_parallel: generations at once, for ``gguf:``.
        n_gpu_layers: layers on the GPU, for ``gguf:``; -1: as many as fit.
        n_threads: processor threads, for ``gguf:``; ``None``: one per physical core.
        timeout_s: the longest silence of a server, for ``openai:``.

    Raises:
        InputError: not one of the forms, or it names a file that does not exist.
        GeneratorError: the model cannot be loaded.
        MissingExtraError: the backend's library is not installed.
    """
    return _checked(spec, models)(_Options(context_tokens, n_parallel, n_gpu_layers, n_threads, timeout_s))


def check_spec(spec: str, models: Path | None = None) -> None:
    """Check whether a spec is valid, without loading a model or asking a server: in milliseconds.

    Args: as for ``open_generator``.
    Raises:
        InputError: not one of the forms, or it names a file that does not exist or is not a model.
        UnknownModelError: the model is not on this machine.
    """
    _checked(spec, models)


def _checked(spec: str, models: Path | None) -> _Opening:
    kind, _, rest = spec.strip().partition(":")
    name = spec.strip().partition("?")[0]
    if models and name in known_models():
        return _gguf(f"{at_hand(name, models)}{spec.strip().removeprefix(name)}")
    if name in ("auto", "extractive") and name != spec.strip():
        raise InputError("an adapter is for a model; name it too: --llm gguf:PATH --lora FILE")
    if kind not in _FORMS:
        raise InputError("{spec!r} names no language model; write one of: {forms:list}", spec=spec, forms=FORMS)
    return _FORMS[kind](rest.strip())


def _extractive(rest: str) -> _Opening:
    if rest:
        raise InputError("'extractive' takes nothing behind it, and got {rest!r}; write just: extractive", rest=rest)
    return lambda _: Extractive()


def _gguf(rest: str) -> _Opening:
    from .gguf import DEFAULT_CONTEXT_TOKENS, GGUFGenerator, architecture_of

    if not rest:
        raise InputError("'gguf:' names no file; write it like gguf:/models/llama-q4.gguf")
    place, _, adapter = rest.partition("?lora=")
    path, lora = Path(place).expanduser(), Path(adapter).expanduser() if adapter else None
    for file in filter(None, (path, lora)):
        architecture_of(file)
    return lambda options: GGUFGenerator(
        path,
        lora=lora,
        context_tokens=options.context_tokens or DEFAULT_CONTEXT_TOKENS,
        n_parallel=options.n_parallel,
        n_gpu_layers=options.n_gpu_layers,
        n_threads=options.n_threads,
    )


def _hf(rest: str) -> _Opening:
    from .transformers import MAX_CONTEXT_TOKENS, TransformersGenerator
    from .transformers_model import QUANTIZATIONS, Quantization, check_on_disk

    model, _, query = rest.partition("?")
    settings = dict(parse_qsl(query, keep_blank_values=True))
    quantize, adapter = settings.pop("quantize", "none"), settings.pop("lora", "")
    if not model or settings or quantize not in QUANTIZATIONS:
        raise InputError("'hf:{rest}' is not of the form {form}", rest=rest, form=FORMS[3])
    check_on_disk(model)
    lora = Path(adapter).expanduser() if adapter else None
    if lora and not (lora / "adapter_config.json").is_file():
        raise InputError("{lora} is not an adapter; give the folder that holds adapter_config.json", lora=lora)
    return lambda options: TransformersGenerator(
        model,
        quantize=cast("Quantization", quantize),
        lora=lora,
        context_tokens=options.context_tokens or MAX_CONTEXT_TOKENS,
    )


def _openai(rest: str) -> _Opening:
    from .openai import OpenAIGenerator, normalized

    url, _, model = rest.partition("#")
    if not url or not model:
        raise InputError(
            "'openai:{rest}' is not of the form {form}, like openai:http://localhost:8080/v1#llama",
            rest=rest,
            form=FORMS[4],
        )
    normalized(url)
    return lambda options: OpenAIGenerator(
        url, model, context_tokens=options.context_tokens, timeout_s=options.timeout_s
    )


def _langchain(rest: str) -> _Opening:
    from .langchain import open_langchain

    provider, _, model = rest.partition(":")
    if not provider or not model:
        raise InputError(
            "'langchain:{rest}' is not of the form {form}, like langchain:ollama:qwen3", rest=rest, form=FORMS[5]
        )
    return lambda options: open_langchain(provider, model, context_tokens=options.context_tokens)


_FORMS: Mapping[str, Callable[[str], _Opening]] = {
    "auto": _extractive,
    "extractive": _extractive,
    "gguf": _gguf,
    "hf": _hf,
    "openai": _openai,
    "langchain": _langchain,
}

"""Load a transformers model and its tokenizer into memory, quantized on the way if requested.

Never: a download, whether of weights or of the compiled kernels that bitsandbytes and transformers would fetch, or code that
came with a model.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

from ..ingest.errors import GeneratorError, InputError, MissingExtraError, UnknownModelError
from ..ingest.notice import Notice
from ..retrieval.models.hub import cached_snapshots, offline
from .chat import Turn

if TYPE_CHECKING:
    from torch import nn

Quantization = Literal["none", "8bit", "4bit"]
QUANTIZATIONS = frozenset({"none", "8bit", "4bit"})


class ChatTokenizer(Protocol):
    """The part of a transformers tokenizer in use."""

    all_special_ids: list[int]
    chat_template: str | None
    eos_token_id: int | None
    pad_token_id: int | None

    def __len__(self) -> int: ...

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Return the ids of a text."""

    def decode(self, ids: Sequence[int], *, skip_special_tokens: bool) -> str:
        """Return the text of ids."""

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str | None]:
        """Return ids as spelled in the vocabulary."""

    def apply_chat_template(
        self, messages: list[Turn], *, add_generation_prompt: bool, tokenize: bool, enable_thinking: bool
    ) -> str:
        """Return the messages as the model reads them."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that is ready to run."""

    model: nn.Module
    tokenizer: ChatTokenizer
    context_tokens: int


def check_on_disk(name: str) -> None:
    """Check that a model is on disk: as a folder, or in the cache by name.

    Raises:
        InputError: there is no such folder.
        UnknownModelError: the model is not on this machine.
    """
    if Path(name).expanduser().is_dir():
        return
    if name.startswith((".", "/", "~")):
        raise InputError(
            "there is no model folder {name}; give a folder that holds config.json, or a model's name", name=name
        )
    if name not in cached_snapshots():
        raise UnknownModelError(
            "The language model {name} is not on this machine; download it once: hf download {name}", name=name
        )


def load(name: str, quantize: Quantization, context_tokens: int, lora: Path | None = None) -> Loaded:
    """Load a chat model onto the GPU if there is one, else into main memory, with an adapter on top if given.

    Raises:
        InputError: there is no such folder.
        UnknownModelError: the model is not on this machine, or has no chat template.
        GeneratorError: it cannot be loaded.
        MissingExtraError: a library is not installed.
    """
    check_on_disk(name)
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as exc:
        raise MissingExtraError(Notice("running a transformers model"), "transformers") from exc
    source = str(Path(name).expanduser()) if name.startswith("~") else name
    with _quiet(), offline(), without_kernels():
        try:
            tokenizer = cast("ChatTokenizer", AutoTokenizer.from_pretrained(source, local_files_only=True))
            model = cast(
                "nn.Module",
                AutoModelForCausalLM.from_pretrained(
                    source,
                    local_files_only=True,
                    trust_remote_code=False,
                    dtype="auto" if torch.cuda.is_available() else torch.float32,
                    device_map="cuda" if torch.cuda.is_available() else "cpu",
                    quantization_config=_quantization(quantize),
                ),
            )
        except (OSError, ValueError, RuntimeError, KeyError) as exc:
            raise GeneratorError(
                "transformers cannot load {name} ({why}); give a model that is whole (to download it again: hf "
                "download {name}) and needs no code of its own, or its GGUF file",
                name=name,
                why=_first_line(exc),
            ) from exc
    if not tokenizer.chat_template:
        raise UnknownModelError(
            "{name} has no chat template: it continues text, it does not answer; use its chat version", name=name
        )
    if lora:
        model = _adapted(model, lora)
    limit = cast("int", getattr(model.config, "max_position_embeddings", context_tokens))
    return Loaded(model.eval(), tokenizer, min(limit, context_tokens))


def _adapted(model: nn.Module, lora: Path) -> nn.Module:
    """Return the model with an adapter.

    Raises:
        GeneratorError: it is for another model.
        MissingExtraError: peft is not installed.
    """
    try:
        from peft import PeftModel
    except ImportError as exc:
        raise MissingExtraError(Notice("using a LoRA adapter"), "transformers") from exc
    try:
        return cast("nn.Module", PeftModel.from_pretrained(model, str(lora)))
    except (OSError, ValueError, RuntimeError, KeyError) as exc:
        raise GeneratorError(
            "the adapter {lora} does not fit this model ({why})", lora=lora, why=_first_line(exc)
        ) from exc


def _quantization(quantize: Quantization) -> object | None:
    if quantize == "none":
        return None
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it logs a line per layer and token
    try:
        import bitsandbytes  # noqa: F401  # transformers would only say so after reading the weights
        import torch
        from transformers import BitsAndBytesConfig
    except ImportError as exc:
        raise MissingExtraError(Notice("{quantize} quantization", quantize=quantize), "transformers") from exc
    compute = torch.bfloat16 if torch.cuda.is_available() else torch.float32
    return cast(
        "object",
        BitsAndBytesConfig(
            load_in_8bit=quantize == "8bit",
            load_in_4bit=quantize == "4bit",
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=compute,
        ),
    )


@contextmanager
def without_kernels() -> Iterator[None]:
    """Hide the package ``kernels``, with which bitsandbytes, on import, and transformers fetch compiled code."""
    os.environ.setdefault("USE_HUB_KERNELS", "NO")
    names = [name for name in sys.modules if name == "kernels" or name.startswith("kernels.")]
    before = {name: sys.modules.pop(name) for name in names}
    sys.modules["kernels"] = None  # type: ignore[assignment]  # Python's own way to make an import fail
    try:
        yield
    finally:
        del sys.modules["kernels"]
        sys.modules.update(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' progress bars and warnings off stderr, and restore its settings."""
    from transformers.utils import logging as talk

    level, bars = talk.get_verbosity(), talk.is_progress_bar_enabled()
    talk.set_verbosity_error()
    talk.disable_progress_bar()
    try:
        yield
    finally:
        talk.set_verbosity(level)
        if bars:
            talk.enable_progress_bar()


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__

"""Run a Hugging Face model with transformers inside this process: LLaMA, ChatGLM/GLM and the rest.

Never: a download, code that came with a model, or a change to torch's global random state.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..ingest.errors import GeneratorError
from ..prompts.prompt import Prompt
from .chat import Turn, turns, whole
from .generator import FinishReason, Pieces, Sampling
from .rails.banned import BannedStrings, token_bytes
from .sampling import Ability, require
from .streaming import Emit, Streams, until
from .transformers_model import ChatTokenizer, Loaded, Quantization, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

MAX_CONTEXT_TOKENS = 8192
ABILITIES: frozenset[Ability] = frozenset(
    {"top_k", "top_p", "min_p", "repeat_penalty", "presence_penalty", "min_tokens", "stop", "banned", "beam"}
)

Processor = Callable[["Tensor", "Tensor"], "Tensor"]
"""Ids so far, (batch, length) int64, and scores of the next token, (batch, vocabulary) float32; returns new scores."""


class TransformersGenerator:
    """A causal language model with a chat template.

    The same prompt, seed and settings give the same text. Beams are searched to the end before anything is yielded.
    """

    def __init__(
        self,
        model: str,
        *,
        quantize: Quantization = "none",
        lora: Path | None = None,
        context_tokens: int = MAX_CONTEXT_TOKENS,
    ) -> None:
        """Load the model onto the GPU if there is one, else into main memory.

        Args:
            model: a folder, or a name on the Hugging Face hub whose files are in the local cache.
            quantize: the weights' precision in memory, by bitsandbytes; ``none``: as stored.
            lora: the folder of an adapter for it, as written by peft and LLaMA-Factory; ``None``: none.
            context_tokens: the most tokens of prompt and answer; the model's own limit if that is lower.

        Raises:
            InputError: there is no such folder.
            UnknownModelError: the model is not on this machine, or has no chat template.
            GeneratorError: it cannot be loaded.
            MissingExtraError: a library is not installed.
        """
        self._model = model
        self._loaded: Loaded | None = load(model, quantize, context_tokens, lora)
        self._context_tokens = self._loaded.context_tokens
        self._streams = Streams(self.name)
        self._finish = weakref.finalize(self, self._streams.close)

    @property
    def name(self) -> str:
        """``hf:`` and the model's name, or its folder's."""
        return f"hf:{Path(self._model).name if Path(self._model).is_dir() else self._model}"

    @property
    def context_tokens(self) -> int:
        """The most tokens that prompt and answer may take together."""
        return self._context_tokens

    @property
    def n_parameters(self) -> int:
        """The number of weights."""
        return sum(weights.numel() for weights in self._ready().model.parameters())

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text takes in the model's tokenizer, without special tokens."""
        return len(self._ready().tokenizer.encode(whole(text), add_special_tokens=False))

    def generate(self, prompt: Prompt, sampling: Sampling) -> Pieces:
        """Yield the answer piece by piece; closing the iterator stops the model at the next token.

        Raises:
            GeneratorError: the prompt is longer than the context.
            CannotDoError: the settings contradict each other.
        """
        chosen = require(self.name, sampling, ABILITIES)
        loaded = self._ready()
        ids = _encoded(loaded.tokenizer, prompt, self.name)
        room = self._context_tokens - len(ids)
        if room <= 0:
            raise GeneratorError(
                "the prompt takes {n} tokens and {name} reads {limit}; ask with fewer or shorter sources, or use a "
                "model with a larger context",
                n=len(ids),
                name=self.name,
                limit=self._context_tokens,
            )
        processors = [_Bans(BannedStrings(sampling.banned, self._vocabulary), self._vocabulary, len(ids))]
        produce = partial(
            _produce,
            loaded,
            ids,
            n_tokens=min(room, sampling.max_tokens),
            processors=[
                *(processors if sampling.banned else []),
                *([_Presence(sampling.presence_penalty, len(ids))] if sampling.presence_penalty else []),
                *(_sampler(loaded.model, sampling) if chosen == "sample" else []),
            ],
            repeat_penalty=sampling.repeat_penalty,
            min_tokens=sampling.min_tokens,
            n_beams=max(2, sampling.n_beams) if chosen == "beam" else 1,
        )
        return until(self._streams.run(produce), sampling.stop)

    def close(self) -> None:
        """Stop all generation and free the model; calling it twice is harmless."""
        self._finish()
        self._loaded = None

    def _ready(self) -> Loaded:
        self._streams.check()
        return cast("Loaded", self._loaded)

    @cached_property
    def _vocabulary(self) -> list[bytes]:
        tokenizer = self._ready().tokenizer
        tokens = [token or "" for token in tokenizer.convert_ids_to_tokens(range(len(tokenizer)))]
        return token_bytes(tokens, frozenset(tokenizer.all_special_ids))


def _produce(
    loaded: Loaded,
    ids: Sequence[int],
    emit: Emit,
    *,
    n_tokens: int,
    processors: Sequence[Processor],
    repeat_penalty: float | None,
    min_tokens: int,
    n_beams: int,
) -> FinishReason:
    """Run the model, passing text to ``emit`` as soon as it is decoded, and return why it ended."""
    import torch
    from transformers import GenerationConfig

    decoder = _Decoder(loaded.tokenizer, emit)
    end = _stored(loaded.model, "eos_token_id") or loaded.tokenizer.eos_token_id
    ends = set(cast("list[int]", end)) if isinstance(end, list) else {end}
    config = GenerationConfig(
        max_new_tokens=n_tokens,
        min_new_tokens=min(min_tokens, n_tokens) or None,
        do_sample=False,  # sampling is a processor here, with its own generator
        num_beams=n_beams,
        repetition_penalty=repeat_penalty,
        eos_token_id=end,
        pad_token_id=loaded.tokenizer.pad_token_id or loaded.tokenizer.eos_token_id,
    )
    prompt = torch.tensor([list(ids)], device=next(loaded.model.parameters()).device)
    with torch.inference_mode():
        written = cast("Callable[..., Tensor]", loaded.model.generate)(
            prompt,
            attention_mask=torch.ones_like(prompt),
            generation_config=config,
            logits_processor=list(processors),
            stopping_criteria=[decoder.stopped],
            streamer=decoder if n_beams == 1 else None,
        )
    if n_beams > 1:
        decoder.write(written[0, len(ids) :].tolist())
    decoder.end()
    return "length" if len(written[0]) - len(ids) >= n_tokens and int(written[0, -1]) not in ends else "stop"


class _Decoder:
    """Decodes tokens as they arrive, holding back a character until all its bytes are there."""

    def __init__(self, tokenizer: ChatTokenizer, emit: Emit) -> None:
        self._tokenizer = tokenizer
        self._emit = emit
        self._ids: list[int] = []
        self._start = self._done = 0
        self._saw_prompt = self._stop = False

    def put(self, value: Tensor) -> None:
        """Take what transformers passes to streamers: first the prompt, then token by token."""
        if self._saw_prompt:
            self.write(value.flatten().tolist())
        self._saw_prompt = True

    def write(self, ids: Sequence[int]) -> None:
        """Add tokens; text is decoded together with the tokens before it, as it may depend on them (a space, a ligature)."""
        self._ids.extend(ids)
        text = self._new_text()
        if text and not text.endswith("\N{REPLACEMENT CHARACTER}"):
            self._start, self._done = self._done, len(self._ids)
            self._stop = self._emit(text)

    def end(self) -> None:
        """Write the text held back, without a truncated character."""
        self._emit(self._new_text().rstrip("\N{REPLACEMENT CHARACTER}"))
        self._done = len(self._ids)

    def stopped(self, ids: Tensor, _scores: Tensor) -> Tensor:
        """Tell transformers whether to stop, for each row of the batch."""
        import torch

        self._stop = self._stop or self._emit("")
        return torch.full((ids.shape[0],), self._stop, device=ids.device, dtype=torch.bool)

    def _new_text(self) -> str:
        before = self._tokenizer.decode(self._ids[self._start : self._done], skip_special_tokens=True)
        return self._tokenizer.decode(self._ids[self._start :], skip_special_tokens=True)[len(before) :]


class _Bans:
    """Rules out tokens that would complete a banned string."""

    def __init__(self, banned: BannedStrings, vocabulary: Sequence[bytes], n_prompt: int) -> None:
        self._banned = banned
        self._vocabulary = vocabulary
        self._n_prompt = n_prompt

    def __call__(self, ids: Tensor, scores: Tensor) -> Tensor:
        for row, written in enumerate(ids[:, self._n_prompt :].tolist()):
            tail = b"".join(self._vocabulary[i] for i in written[-self._banned.longest :] if i < len(self._vocabulary))
            scores[row, list(self._banned.after(tail))] = -float("inf")
        return scores


class _Presence:
    """Subtracts a penalty from the scores of tokens already written, however often (OpenAI's ``presence_penalty``)."""

    def __init__(self, penalty: float, n_prompt: int) -> None:
        self._penalty = penalty
        self._n_prompt = n_prompt

    def __call__(self, ids: Tensor, scores: Tensor) -> Tensor:
        for row, written in enumerate(ids[:, self._n_prompt :]):
            scores[row, written.unique()] -= self._penalty
        return scores


class _Draw:
    """Samples by the Gumbel-max trick: the largest of scores plus Gumbel noise is a draw from their softmax.

    (Maddison, Tarlow, Minka: A* Sampling, NeurIPS 2014, section 2.) It needs no global random state, so generations in
    several threads neither wait for one another nor change each other's text.
    """

    def __init__(self, seed: int) -> None:
        import torch

        self._random = torch.Generator().manual_seed(seed)

    def __call__(self, _ids: Tensor, scores: Tensor) -> Tensor:
        import torch

        noise = torch.empty(scores.shape, dtype=torch.float32).exponential_(generator=self._random).log()
        return scores.float() - noise.to(scores.device)


def _sampler(model: nn.Module, sampling: Sampling) -> list[Processor]:
    """Return processors that narrow the scores and draw from them; settings that are ``None`` are the model authors'."""
    from transformers import MinPLogitsWarper, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    top_k = sampling.top_k or _stored(model, "top_k")
    top_p = sampling.top_p or _stored(model, "top_p")
    min_p = sampling.min_p if sampling.min_p is not None else _stored(model, "min_p")
    steps: list[Processor] = [TemperatureLogitsWarper(float(sampling.temperature or 1))]
    if top_k:
        steps.append(TopKLogitsWarper(int(top_k)))
    if top_p and top_p < 1:
        steps.append(TopPLogitsWarper(float(top_p)))
    if min_p:
        steps.append(MinPLogitsWarper(float(min_p)))
    return [*steps, _Draw(sampling.seed)]


def _stored(model: nn.Module, key: str) -> float | None:
    """Return a setting of the ``generation_config.json`` that came with the model."""
    return cast("float | None", getattr(getattr(model, "generation_config", None), key, None))


def _encoded(tokenizer: ChatTokenizer, prompt: Prompt, name: str) -> list[int]:
    from jinja2 import TemplateError

    messages = turns(prompt)
    try:
        text = _templated(tokenizer, messages)
    except TemplateError:
        try:
            text = _templated(tokenizer, _without_system(messages))
        except TemplateError as exc:
            raise GeneratorError(
                "the chat template of {name} refuses the prompt ({why}); use another model", name=name, why=exc
            ) from exc
    return tokenizer.encode(text, add_special_tokens=False)


def _templated(tokenizer: ChatTokenizer, messages: list[Turn]) -> str:
    return tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False, enable_thinking=False)


def _without_system(messages: list[Turn]) -> list[Turn]:
    """Prepend the system message to the first question, for models that know no system role, as llama.cpp does."""
    if len(messages) < 2 or messages[0]["role"] != "system":  # noqa: PLR2004
        return messages
    system, first, *rest = messages
    return [Turn(role=first["role"], content=f"{system['content']}\n{first['content']}"), *rest]

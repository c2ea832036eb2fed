"""Tiny real language models, built in seconds: LLaMA and ChatGLM, as GGUF files and as transformers folders.

Comes in: nothing but the licence's text. Goes out: files that llama.cpp and transformers load as they load any
model; one set of random weights per architecture, so that both must write the same text. Never: sense in that text.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from kb.prompts.prompt import Message, Prompt
from numpy.typing import NDArray
from places import ROOT
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

Architecture = Literal["llama", "chatglm"]
Quantization = Literal["F32", "Q8_0", "Q4_0"]
Weights = dict[str, NDArray[np.float32]]

EPSILON, ROPE_BASE = 1e-5, 10000.0
GLM_REGEX = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
COMMON = "的一是不了在人有我他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能"


@dataclass(frozen=True, slots=True)
class Family:
    """What tells one architecture's vocabulary from the other's."""

    special: tuple[str, ...]
    bos: str | None
    eos: str
    pad: str
    pre: str
    """llama.cpp's name of the pre-tokenizer."""
    template: str


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a model is."""

    dim: int = 64
    n_layers: int = 2
    n_heads: int = 4
    n_kv_heads: int = 2
    hidden: int = 128
    context: int = 2048

    @property
    def head(self) -> int:
        """Length of one attention head."""
        return self.dim // self.n_heads


TINY = Shape()

FAMILIES: dict[Architecture, Family] = {
    "llama": Family(
        special=("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        bos="<|begin_of_text|>",
        eos="<|eot_id|>",
        pad="<|end_of_text|>",
        pre="gpt-2",
        template=(
            "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
            "{{ message['content'] }}<|eot_id|>{% endfor %}"
            "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
        ),
    ),
    "chatglm": Family(
        special=("<|endoftext|>", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"),
        bos=None,
        eos="<|user|>",
        pad="<|endoftext|>",
        pre="chatglm-bpe",
        template=(
            "[gMASK]<sop>{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}{% endfor %}"
            "{% if add_generation_prompt %}<|assistant|>{% endif %}"
        ),
    ),
}


def texts() -> Iterator[str]:
    """Yield what the tokenizers are trained on: text that does not change, so that the models do not either."""
    yield (ROOT / "LICENSE").read_text(encoding="utf-8")
    yield " ".join(f"{a}{b}" for a, b in pairwise(COMMON))


@cache
def tokenizer(architecture: Architecture) -> Tokenizer:
    """Train a byte-level BPE of about 1500 tokens, with the special tokens at its end."""
    family = FAMILIES[architecture]
    made = Tokenizer(models.BPE())
    if family.pre == "gpt-2":
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    else:
        split = pre_tokenizers.Split(Regex(GLM_REGEX), behavior="isolated")
        made.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])  # noqa: FBT003
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=1500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    made.train_from_iterator(texts(), trainer)
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in family.special])
    return made


def weights(architecture: Architecture, vocabulary: Tokenizer, shape: Shape = TINY) -> Weights:
    """Return random weights under transformers' names, with special tokens unlikely so that text does not end early."""
    rng = np.random.default_rng(7)
    dim, hidden = shape.dim, shape.hidden

    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        return (rng.standard_normal((rows, columns)) * 1.5 / np.sqrt(columns)).astype(np.float32)

    n_vocabulary = vocabulary.get_vocab_size()
    made: Weights = {
        "model.embed_tokens.weight": rng.standard_normal((n_vocabulary, dim)).astype(np.float32),
        "model.norm.weight": np.ones(dim, np.float32),
        "lm_head.weight": matrix(n_vocabulary, dim) * 2,
    }
    for token in FAMILIES[architecture].special:
        made["lm_head.weight"][vocabulary.token_to_id(token)] = 0
    for layer in range(shape.n_layers):
        at = f"model.layers.{layer}."
        made[at + "input_layernorm.weight"] = np.ones(dim, np.float32)
        made[at + "post_attention_layernorm.weight"] = np.ones(dim, np.float32)
        for name, rows in (("q", dim), ("k", shape.n_kv_heads * shape.head), ("v", shape.n_kv_heads * shape.head)):
            made[f"{at}self_attn.{name}_proj.weight"] = matrix(rows, dim)
            if architecture == "chatglm":
                made[f"{at}self_attn.{name}_proj.bias"] = matrix(1, rows)[0]
        made[at + "self_attn.o_proj.weight"] = matrix(dim, dim)
        made[at + "mlp.down_proj.weight"] = matrix(dim, hidden)
        if architecture == "chatglm":
            made[at + "mlp.gate_up_proj.weight"] = matrix(2 * hidden, dim)
        else:
            made[at + "mlp.gate_proj.weight"] = matrix(hidden, dim)
            made[at + "mlp.up_proj.weight"] = matrix(hidden, dim)
    return made


def interleave(matrix: NDArray[np.float32], n_heads: int) -> NDArray[np.float32]:
    """Reorder the rows of q and k from transformers' half-split rotary layout to llama.cpp's interleaved one."""
    rows, columns = matrix.shape
    return matrix.reshape(n_heads, 2, rows // n_heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def gguf_tensors(architecture: Architecture, made: Weights, shape: Shape) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield the tensors under llama.cpp's names and in its layout."""
    yield "token_embd.weight", made["model.embed_tokens.weight"]
    yield "output_norm.weight", made["model.norm.weight"]
    yield "output.weight", made["lm_head.weight"]
    for layer in range(shape.n_layers):
        at, to = f"model.layers.{layer}.", f"blk.{layer}."
        yield to + "attn_norm.weight", made[at + "input_layernorm.weight"]
        yield to + "ffn_norm.weight", made[at + "post_attention_layernorm.weight"]
        yield to + "attn_output.weight", made[at + "self_attn.o_proj.weight"]
        yield to + "ffn_down.weight", made[at + "mlp.down_proj.weight"]
        if architecture == "chatglm":
            for kind in ("weight", "bias"):
                yield f"{to}attn_qkv.{kind}", np.concatenate([made[f"{at}self_attn.{n}_proj.{kind}"] for n in "qkv"])
            yield to + "ffn_up.weight", made[at + "mlp.gate_up_proj.weight"]
        else:
            yield to + "attn_q.weight", interleave(made[at + "self_attn.q_proj.weight"], shape.n_heads)
            yield to + "attn_k.weight", interleave(made[at + "self_attn.k_proj.weight"], shape.n_kv_heads)
            yield to + "attn_v.weight", made[at + "self_attn.v_proj.weight"]
            yield to + "ffn_gate.weight", made[at + "mlp.gate_proj.weight"]
            yield to + "ffn_up.weight", made[at + "mlp.up_proj.weight"]


def build_gguf(
    path: Path, architecture: Architecture, quantization: Quantization = "Q8_0", *, name: str = "", shape: Shape = TINY
) -> Path:
    """Write a GGUF model that llama.cpp loads; ``name`` replaces the architecture's, to make one nobody knows."""
    import gguf

    vocabulary = tokenizer(architecture)
    writer = gguf.GGUFWriter(path, name or architecture)
    writer.add_name(f"tiny {architecture}")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.dim)
    writer.add_block_count(shape.n_layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.n_heads)
    writer.add_head_count_kv(shape.n_kv_heads)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_rope_dimension_count(shape.head // 2 if architecture == "chatglm" else shape.head)
    writer.add_vocab_size(vocabulary.get_vocab_size())
    _add_vocabulary(writer, architecture, vocabulary)
    for key, tensor in gguf_tensors(architecture, weights(architecture, vocabulary, shape), shape):
        kind = gguf.GGMLQuantizationType["F32" if tensor.ndim == 1 else quantization]
        writer.add_tensor(key, gguf.quants.quantize(np.ascontiguousarray(tensor), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def build_lora(path: Path) -> Path:
    """Write an adapter of random weights for the LLaMA model, as llama.cpp's convert_lora_to_gguf.py lays it out."""
    import gguf

    writer, rng = gguf.GGUFWriter(path, "llama"), np.random.default_rng(3)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 8.0)
    for layer in range(TINY.n_layers):
        for half, shape in (("a", (4, TINY.dim)), ("b", (TINY.dim, 4))):
            writer.add_tensor(
                f"blk.{layer}.attn_output.weight.lora_{half}", rng.standard_normal(shape).astype(np.float32)
            )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_vocabulary(writer: object, architecture: Architecture, vocabulary: Tokenizer) -> None:
    import gguf

    assert isinstance(writer, gguf.GGUFWriter)
    family = FAMILIES[architecture]
    tokens = [vocabulary.id_to_token(i) for i in range(vocabulary.get_vocab_size())]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(family.pre)
    writer.add_token_list(tokens)
    kinds = gguf.TokenType
    writer.add_token_types([kinds.CONTROL if token in family.special else kinds.NORMAL for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in json.loads(vocabulary.to_str())["model"]["merges"]])
    if family.bos is not None:
        writer.add_bos_token_id(vocabulary.token_to_id(family.bos))
    writer.add_add_bos_token(family.bos is not None)
    writer.add_eos_token_id(vocabulary.token_to_id(family.eos))
    writer.add_pad_token_id(vocabulary.token_to_id(family.pad))
    writer.add_chat_template(family.template)


def build_transformers(folder: Path, architecture: Architecture) -> Path:
    """Save a transformers model and its tokenizer with a chat template, holding the same weights as the GGUF file."""
    import torch
    from transformers import GlmConfig, GlmForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    family, vocabulary = FAMILIES[architecture], tokenizer(architecture)
    kinds = {"llama": (LlamaConfig, LlamaForCausalLM), "chatglm": (GlmConfig, GlmForCausalLM)}
    config_type, model_type = kinds[architecture]
    config = config_type(
        vocab_size=vocabulary.get_vocab_size(),
        hidden_size=TINY.dim,
        intermediate_size=TINY.hidden,
        num_hidden_layers=TINY.n_layers,
        num_attention_heads=TINY.n_heads,
        num_key_value_heads=TINY.n_kv_heads,
        head_dim=TINY.head,
        max_position_embeddings=TINY.context,
        rms_norm_eps=EPSILON,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": ROPE_BASE,
            "partial_rotary_factor": 0.5 if architecture == "chatglm" else 1.0,
        },
        attention_bias=architecture == "chatglm",
        tie_word_embeddings=False,
        bos_token_id=vocabulary.token_to_id(family.bos) if family.bos else None,
        eos_token_id=vocabulary.token_to_id(family.eos),
        pad_token_id=vocabulary.token_to_id(family.pad),
    )
    model = model_type(config)
    state = {key: torch.from_numpy(value) for key, value in weights(architecture, vocabulary).items()}
    model.load_state_dict(state, strict=True)
    model.save_pretrained(folder)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=vocabulary,
        bos_token=family.bos,
        eos_token=family.eos,
        pad_token=family.pad,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = family.template
    fast.save_pretrained(folder)
    return folder


@cache
def session_folder() -> Path:
    """Return a folder that lasts as long as the test run."""
    folder = tempfile.mkdtemp(prefix="kb-models-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@cache
def gguf_file(architecture: Architecture, quantization: Quantization = "Q8_0") -> Path:
    """Return a GGUF file, built on first use."""
    return build_gguf(session_folder() / f"{architecture}-{quantization}.gguf", architecture, quantization)


@cache
def transformers_folder(architecture: Architecture) -> Path:
    """Return a transformers folder, built on first use."""
    return build_transformers(session_folder() / f"{architecture}-hf", architecture)


def prompt(text: str = "What is retrieval?") -> Prompt:
    """Return a prompt of two messages."""
    return Prompt(text, (Message("system", "You answer."), Message("user", text)), ())

"""The reader in torch: what ``retrieval/models/packed/reader_graph.py`` is in OpenVINO, made from the same packed file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from kb.retrieval.models.packed.blocks import numbers
from kb.retrieval.models.packed.file import PackedFile
from kb.retrieval.models.packed.tokenizer import tokenizer_json
from kb.retrieval.models.reader import row_of
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

FROZEN = 6
"""Layers that stay as they are."""
SENTENCE, PARTS = 3, 4
Encoded = tuple[list[int], list[int]]


class Layer(nn.Module):
    """A layer of BERT."""

    def __init__(self, packed: PackedFile, at: int) -> None:
        """Take its weights from the file."""
        super().__init__()
        shape = packed.shape
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.dim, 3 * shape.dim)
        self.ao, self.fi, self.fo = (
            nn.Linear(n_in, n_out)
            for n_in, n_out in ((shape.dim, shape.dim), (shape.dim, shape.inner), (shape.inner, shape.dim))
        )
        self.aln, self.oln = (nn.LayerNorm(shape.dim, eps=shape.epsilon) for _ in range(2))
        self.dropout = nn.Dropout(0.1)
        self.qkv.weight.data = torch.cat([matrix(packed, f"l{at}.{part}", shape.dim) for part in "qkv"])
        self.qkv.bias.data = torch.cat([vector(packed, f"l{at}.{part}.b") for part in "qkv"])
        for name, linear in (("ao", self.ao), ("fi", self.fi), ("fo", self.fo)):
            linear.weight.data = matrix(packed, f"l{at}.{name}", linear.out_features)
            linear.bias.data = vector(packed, f"l{at}.{name}.b")
        for name, norm in (("aln", self.aln), ("oln", self.oln)):
            norm.weight.data, norm.bias.data = vector(packed, f"l{at}.{name}.w"), vector(packed, f"l{at}.{name}.b")

    def forward(self, states: Tensor, hidden: Tensor) -> Tensor:
        """Return (n, length, dim)."""
        n, length, dim = states.shape
        query, key, value = self.qkv(states).view(n, length, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=hidden)
        states = self.aln(states + self.dropout(self.ao(seen.transpose(1, 2).reshape(n, length, dim))))
        inner: Tensor = self.oln(states + self.dropout(self.fo(functional.gelu(self.fi(states)))))
        return inner


class Network(nn.Module):
    """The reader; the lower layers are frozen."""

    def __init__(self, path: Path) -> None:
        """Begin with the packed encoder."""
        super().__init__()
        packed = PackedFile(path)
        dim = packed.shape.dim
        self._words = packed.blocks("emb.word", packed.shape.words)
        self._positions = vector(packed, "emb.pos").reshape(-1, dim) + vector(packed, "emb.type")[:dim]
        self.norm = nn.LayerNorm(dim, eps=packed.shape.epsilon)
        self.norm.weight.data, self.norm.bias.data = vector(packed, "emb.ln.w"), vector(packed, "emb.ln.b")
        self.layers = nn.ModuleList(Layer(packed, at) for at in range(packed.shape.layers))
        self.kinds = nn.Embedding(PARTS, dim)
        self.inner, self.outer = nn.Linear(2 * dim, dim), nn.Linear(dim, 1)
        nn.init.zeros_(self.kinds.weight)
        nn.init.zeros_(self.outer.bias)
        self.outer.weight.data *= 0.1
        self.norm.requires_grad_(False)  # noqa: FBT003 - torch's order
        self.layers[:FROZEN].requires_grad_(False)  # noqa: FBT003 - likewise

    def forward(self, rows: Sequence[Encoded]) -> Tensor:
        """Return (n,) log-odds."""
        ids, parts, mask = padded(rows)
        distinct, places = np.unique(ids, return_inverse=True)
        words = torch.from_numpy(numbers(self._words[distinct]))[torch.from_numpy(places.reshape(ids.shape))]
        seen, of = torch.from_numpy(mask), torch.from_numpy(parts)
        hidden = torch.zeros(len(rows), 1, 1, ids.shape[1]).masked_fill(~seen[:, None, None, :], -1e9)
        states: Tensor = self.norm(words + self._positions[: ids.shape[1]])
        with torch.no_grad():
            for layer in self.layers[:FROZEN]:
                states = layer(states, hidden)
        states = states + self.kinds(of)
        for layer in self.layers[FROZEN:]:
            states = layer(states, hidden)
        judged = ((of == SENTENCE) & seen).float().unsqueeze(-1)
        mean = (states * judged).sum(1) / judged.sum(1).clamp(min=1)
        log_odds: Tensor = self.outer(torch.tanh(self.inner(torch.cat([states[:, 0], mean], -1)))).squeeze(-1)
        return log_odds

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Return what was trained, by the names of the packed file."""
        found: dict[str, NDArray[np.float32]] = {}
        for at, layer in enumerate(self.layers):
            if at < FROZEN or not isinstance(layer, Layer):
                continue
            for name, weight, bias in zip("qkv", layer.qkv.weight.chunk(3), layer.qkv.bias.chunk(3), strict=True):
                found |= {f"l{at}.{name}.w": weight.detach().numpy(), f"l{at}.{name}.b": bias.detach().numpy()}
            for name in ("ao", "fi", "fo", "aln", "oln"):
                part = getattr(layer, name)
                found |= {
                    f"l{at}.{name}.w": part.weight.detach().numpy(),
                    f"l{at}.{name}.b": part.bias.detach().numpy(),
                }
        found["parts"] = self.kinds.weight.detach().numpy()
        for name, linear in (("in", self.inner), ("out", self.outer)):
            found |= {f"head.{name}.w": linear.weight.detach().numpy(), f"head.{name}.b": linear.bias.detach().numpy()}
        return found


class Encoder:
    """Makes rows of a question and a sentence, as kb does."""

    def __init__(self, path: Path) -> None:
        """Take the tokenizer of the packed file."""
        self._tokenizer = Tokenizer.from_str(tokenizer_json(PackedFile(path)))

    def row(self, question: str, place: str, before: str, text: str) -> Encoded:
        """Return the tokens, and what part each is of."""
        return row_of(
            [self._tokenizer.encode(part, add_special_tokens=False).ids for part in (question, place, before, text)]
        )


def padded(rows: Sequence[Encoded]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return tokens, parts and mask, each (n, length)."""
    width = max(len(ids) for ids, _ in rows)
    ids, parts = np.ones((len(rows), width), np.int64), np.zeros((len(rows), width), np.int64)
    mask = np.zeros((len(rows), width), np.bool_)
    for at, (own, of) in enumerate(rows):
        ids[at, : len(own)], parts[at, : len(own)], mask[at, : len(own)] = own, of, True
    return ids, parts, mask


def matrix(packed: PackedFile, name: str, n_out: int) -> Tensor:
    """Return a matrix of the file."""
    return torch.from_numpy(numbers(packed.blocks(f"{name}.w", n_out)))


def vector(packed: PackedFile, name: str) -> Tensor:
    """Return a vector of the file."""
    return torch.from_numpy(packed.numbers(name))

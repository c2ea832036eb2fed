"""Build the encoder of a packed model as an OpenVINO graph, from its blocks, without torch or a converter.

Comes in: a packed file. Goes out: a graph from token vectors and a mask to one vector per text, or its layers for a graph with
another head. Never: the table of token vectors, which would be four fifths of the graph, while a text needs a few rows
(``blocks.WordTable``).

The graph is BERT's (Devlin et al. 2019, arXiv:1810.04805), with the mean over tokens that E5 was trained with
(Wang et al. 2024, arXiv:2402.05672).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .blocks import numbers
from .file import PackedFile

if TYPE_CHECKING:
    from openvino import Model, Node

_HIDDEN = -1e9
"""Added to the attention paid to padding."""


def encoder(packed: PackedFile) -> Model:
    """Return the graph; the caller has imported OpenVINO (see ``compiled.load_openvino``)."""
    import openvino as ov
    from openvino import opset13 as op

    words = op.parameter([-1, -1, packed.shape.dim], ov.Type.f32, name="words")
    mask = op.parameter([-1, -1], ov.Type.i64, name="attention_mask")
    layers = Layers(packed)
    seen = op.convert(mask, "f32")
    states, hidden = layers.begun(words, mask), layers.hidden(seen)
    for at in range(packed.shape.layers):
        states = layers.layer(states, hidden, at)
    weights = op.unsqueeze(seen, layers.whole([2]))
    summed = op.reduce_sum(op.multiply(states, weights), layers.whole([1]))
    return ov.Model([op.divide(summed, op.reduce_sum(weights, layers.whole([1])))], [words, mask], packed.path.stem)


class Layers:
    """The parts of the graph that have weights."""

    def __init__(self, packed: PackedFile, trained: Mapping[str, NDArray[np.float32]] | None = None) -> None:
        """Take the file, and weights that replace those in it."""
        from openvino import opset13

        self._op = opset13
        self._packed = packed
        self._trained = trained or {}

    def begun(self, words: Node, mask: Node) -> Node:
        """Return the input of the first layer."""
        return self.norm(self._op.add(words, self.positions(mask)), "emb.ln")

    def hidden(self, seen: Node) -> Node:
        """Return the bias added to the attention: zero where the mask is 1."""
        return self._op.multiply(
            self._op.subtract(self.number(1.0), self._op.unsqueeze(seen, self.whole([1, 2]))), self.number(_HIDDEN)
        )

    def layer(self, states: Node, hidden: Node, at: int) -> Node:
        """Return a layer's output for the previous layer's."""
        shape = self._packed.shape
        attended = self.attention(states, hidden, f"l{at}")
        states = self.norm(self._op.add(states, self.linear(attended, f"l{at}.ao", shape.dim)), f"l{at}.aln")
        inner = self._op.gelu(self.linear(states, f"l{at}.fi", shape.inner), "erf")
        return self.norm(self._op.add(states, self.linear(inner, f"l{at}.fo", shape.dim)), f"l{at}.oln")

    def whole(self, values: list[int]) -> Node:
        """Return whole numbers as a constant."""
        return self._op.constant(np.array(values, np.int64))

    def number(self, value: float) -> Node:
        """Return a number as a constant."""
        return self._op.constant(np.float32(value))

    def positions(self, mask: Node) -> Node:
        """Return the position vectors of tokens."""
        shape = self._packed.shape
        table = self._packed.numbers("emb.pos").reshape(-1, shape.dim)
        table = table + self._packed.numbers("emb.type")[: shape.dim]  # every token is of the first kind
        width = self._op.gather(self._op.shape_of(mask), self.whole([1]), self.whole([0]))
        return self._op.slice(self._op.constant(table), self.whole([0]), width, self.whole([1]), self.whole([0]))

    def linear(self, states: Node, name: str, n_out: int) -> Node:
        """Return the linear map with the weights ``name``."""
        own = self._trained.get(f"{name}.w")
        weights = (numbers(self._packed.blocks(f"{name}.w", n_out)) if own is None else own).astype(np.float16)
        product = self._op.matmul(states, self._op.convert(self._op.constant(weights), "f32"), False, True)  # noqa: FBT003 - the library's order
        return self._op.add(product, self._vector(f"{name}.b"))

    def norm(self, states: Node, name: str) -> Node:
        """Return states normalised, scaled and shifted."""
        epsilon = self._packed.shape.epsilon
        level = self._op.mvn(states, self.whole([-1]), True, epsilon, "inside_sqrt")  # noqa: FBT003 - likewise
        return self._op.add(self._op.multiply(level, self._vector(f"{name}.w")), self._vector(f"{name}.b"))

    def attention(self, states: Node, hidden: Node, name: str) -> Node:
        """Return the self-attention output."""
        shape, order = self._packed.shape, self.whole([0, 2, 1, 3])
        parts = self.whole([0, 0, shape.heads, shape.dim // shape.heads])
        query, key, value = (
            self._op.transpose(self._op.reshape(self.linear(states, f"{name}.{part}", shape.dim), parts, True), order)  # noqa: FBT003
            for part in "qkv"
        )
        seen = self._op.scaled_dot_product_attention(query, key, value, hidden)
        return self._op.reshape(self._op.transpose(seen, order), self.whole([0, 0, shape.dim]), True)  # noqa: FBT003

    def _vector(self, name: str) -> Node:
        own = self._trained.get(name)
        return self._op.constant(self._packed.numbers(name) if own is None else own)

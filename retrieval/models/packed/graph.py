"""The encoder of a packed model as a graph of OpenVINO, made from its blocks: neither torch nor a converter has a part in it.

Comes in: a packed file. Goes out: a graph from the vectors of tokens and a mask to one vector a text. Never: the table of
token vectors, which would be four fifths of the graph, and of which a text needs some rows (``blocks.WordTable``).

The graph is BERT's (Devlin et al. 2019, arXiv:1810.04805), with the mean over tokens that E5 was trained with
(Wang et al. 2024, arXiv:2402.05672).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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

    shape = packed.shape
    words = op.parameter([-1, -1, shape.dim], ov.Type.f32, name="words")
    mask = op.parameter([-1, -1], ov.Type.i64, name="attention_mask")
    layers = _Layers(packed)
    seen = op.convert(mask, "f32")
    hidden = op.multiply(
        op.subtract(layers.number(1.0), op.unsqueeze(seen, layers.whole([1, 2]))), layers.number(_HIDDEN)
    )
    states = layers.norm(op.add(words, layers.positions(mask)), "emb.ln")
    for at in range(shape.layers):
        attended = layers.attention(states, hidden, f"l{at}")
        states = layers.norm(op.add(states, layers.linear(attended, f"l{at}.ao", shape.dim)), f"l{at}.aln")
        inner = op.gelu(layers.linear(states, f"l{at}.fi", shape.inner), "erf")
        states = layers.norm(op.add(states, layers.linear(inner, f"l{at}.fo", shape.dim)), f"l{at}.oln")
    weights = op.unsqueeze(seen, layers.whole([2]))
    summed = op.reduce_sum(op.multiply(states, weights), layers.whole([1]))
    return ov.Model([op.divide(summed, op.reduce_sum(weights, layers.whole([1])))], [words, mask], packed.path.stem)


class _Layers:
    """The parts of the graph that have weights."""

    def __init__(self, packed: PackedFile) -> None:
        from openvino import opset13

        self._op = opset13
        self._packed = packed

    def whole(self, values: list[int]) -> Node:
        return self._op.constant(np.array(values, np.int64))

    def number(self, value: float) -> Node:
        return self._op.constant(np.float32(value))

    def positions(self, mask: Node) -> Node:
        shape = self._packed.shape
        table = self._packed.numbers("emb.pos").reshape(-1, shape.dim)
        table = table + self._packed.numbers("emb.type")[: shape.dim]  # every token is of the first kind
        width = self._op.gather(self._op.shape_of(mask), self.whole([1]), self.whole([0]))
        return self._op.slice(self._op.constant(table), self.whole([0]), width, self.whole([1]), self.whole([0]))

    def linear(self, states: Node, name: str, n_out: int) -> Node:
        weights = numbers(self._packed.blocks(f"{name}.w", n_out)).astype(np.float16)
        product = self._op.matmul(states, self._op.convert(self._op.constant(weights), "f32"), False, True)  # noqa: FBT003 - the library's order
        return self._op.add(product, self._vector(f"{name}.b"))

    def norm(self, states: Node, name: str) -> Node:
        epsilon = self._packed.shape.epsilon
        level = self._op.mvn(states, self.whole([-1]), True, epsilon, "inside_sqrt")  # noqa: FBT003 - likewise
        return self._op.add(self._op.multiply(level, self._vector(f"{name}.w")), self._vector(f"{name}.b"))

    def attention(self, states: Node, hidden: Node, name: str) -> Node:
        shape, order = self._packed.shape, self.whole([0, 2, 1, 3])
        parts = self.whole([0, 0, shape.heads, shape.dim // shape.heads])
        query, key, value = (
            self._op.transpose(self._op.reshape(self.linear(states, f"{name}.{part}", shape.dim), parts, True), order)  # noqa: FBT003
            for part in "qkv"
        )
        seen = self._op.scaled_dot_product_attention(query, key, value, hidden)
        return self._op.reshape(self._op.transpose(seen, order), self.whole([0, 0, shape.dim]), True)  # noqa: FBT003

    def _vector(self, name: str) -> Node:
        return self._op.constant(self._packed.numbers(name))

"""Build the reader as an OpenVINO graph: the packed encoder, its upper layers retrained, with a head that gives log-odds.

Comes in: a packed file, and the trained weights. Goes out: a graph from token vectors, each token's part and a mask to one
number per row. Never: torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .file import PackedFile
from .graph import Layers

if TYPE_CHECKING:
    from openvino import Model

SENTENCE = 3
"""The part that is judged; before it come the question, the place and the text before the sentence."""


def reader(packed: PackedFile, trained: Mapping[str, NDArray[np.float32]]) -> Model:
    """Return the graph; the caller has imported OpenVINO (see ``compiled.load_openvino``)."""
    import openvino as ov
    from openvino import opset13 as op

    words = op.parameter([-1, -1, packed.shape.dim], ov.Type.f32, name="words")
    parts = op.parameter([-1, -1], ov.Type.i64, name="parts")
    mask = op.parameter([-1, -1], ov.Type.i64, name="attention_mask")
    layers = Layers(packed, trained)
    seen = op.convert(mask, "f32")
    states, hidden = layers.begun(words, mask), layers.hidden(seen)
    first = min(int(name[1 : name.index(".")]) for name in trained if name.startswith("l"))
    for at in range(packed.shape.layers):
        if at == first:
            kinds = op.gather(op.constant(trained["parts"]), parts, layers.whole([0]))
            states = op.add(states, kinds)
        states = layers.layer(states, hidden, at)
    judged = op.multiply(op.convert(op.equal(parts, op.constant(np.int64(SENTENCE))), "f32"), seen)
    weights = op.unsqueeze(judged, layers.whole([2]))
    summed = op.reduce_sum(op.multiply(states, weights), layers.whole([1]))
    mean = op.divide(summed, op.maximum(op.reduce_sum(weights, layers.whole([1])), layers.number(1.0)))
    begin = op.squeeze(
        op.slice(states, layers.whole([0]), layers.whole([1]), layers.whole([1]), layers.whole([1])), layers.whole([1])
    )
    inner = op.tanh(layers.linear(op.concat([begin, mean], 1), "head.in", packed.shape.dim))
    return ov.Model([layers.linear(inner, "head.out", 1)], [words, parts, mask], "reader")

"""Rewrites a model so that its linear layers keep their weights in 8 bits, a scale for each row of them.

Comes in: OpenVINO's graph of a model. Goes out: the same graph, changed. Never: calibration: what flows into a layer is
quantized while it runs, by its own size (``compiled.py`` asks for that), so that the outcome depends on the model alone.

nncf's static quantization, which was tried instead, was a little faster and less exact, most of all for questions, and needs
text to calibrate on and five more packages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from openvino import Model, Node

_MOST = 127


def keep_in_8_bits(model: Model) -> None:
    """Change the graph in place; the caller has imported OpenVINO (see ``compiled.load_openvino``)."""
    from openvino import opset13

    for layer in [node for node in model.get_ops() if node.get_type_name() == "MatMul"]:
        constant = _constant(layer.input_value(1).get_node())
        if constant is None:
            continue
        weights = constant.data.astype(np.float32)
        axis = 1 if layer.get_attributes()["transpose_b"] else 0  # over which products are summed
        scales = np.maximum(np.abs(weights).max(axis=axis, keepdims=True), np.finfo(np.float32).tiny) / _MOST
        rounded = np.rint(weights / scales).astype(np.int8)
        again = opset13.multiply(opset13.convert(opset13.constant(rounded), "f32"), opset13.constant(scales))
        layer.input(1).replace_source_output(again.output(0))


def _constant(node: Node) -> Node | None:
    """Return the matrix that a layer multiplies by; ``None`` where that is not known beforehand, as in attention."""
    while node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    return node if node.get_type_name() == "Constant" and len(node.shape) == 2 else None  # noqa: PLR2004 - a matrix

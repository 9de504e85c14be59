"""Graph of one convolution in 8 bits whose sums saturate on some processors."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from training.graphs.exact import INPUT, OUTPUT

_CHANNELS, _LARGEST, _WEIGHT, _LEVEL = 64, 255, 127, 200


def saturation_probe() -> bytes:
    """Return an ONNX file that gives 200 everywhere, or less if sums saturate.

    Its input ``x`` is (1, 64, h, w) float32, to be filled with 255. The engine ships it
    as ``pretrained/onnx_nets/probe.onnx``.
    """
    step = _CHANNELS * _LARGEST * _WEIGHT / _LEVEL
    constants = {
        "one": np.float32(1),
        "zero": np.uint8(0),
        "weights": np.full((_CHANNELS, _CHANNELS, 1, 1), _WEIGHT, np.int8),
        "signed zero": np.int8(0),
        "step": np.float32(step),
    }
    nodes = [
        ("QuantizeLinear", [INPUT, "one", "zero"], "x8"),
        ("DequantizeLinear", ["x8", "one", "zero"], "x32"),
        ("DequantizeLinear", ["weights", "one", "signed zero"], "w32"),
        ("Conv", ["x32", "w32"], "sums"),
        ("QuantizeLinear", ["sums", "step", "zero"], "y8"),
        ("DequantizeLinear", ["y8", "one", "zero"], OUTPUT),
    ]
    shape = [1, _CHANNELS, "height", "width"]
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, [output]) for kind, inputs, output in nodes],
        "probe",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    return model.SerializeToString(deterministic=True)

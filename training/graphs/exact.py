"""Graph of a net in ONNX, whose weights stay in the safetensors file beside it."""

from __future__ import annotations

import io
import json
import warnings
from typing import TYPE_CHECKING

import onnx
import torch
from onnx import TensorProto, helper

if TYPE_CHECKING:
    from colorize_engine.pretrained.torch_nets import UNet

INPUT, OUTPUT = "x", "logits"
_AXES = {0: "pictures", 2: "height", 3: "width"}
# Bilinear enlargement as torch does it is in ONNX from 11 on; 17 is old enough for all
# programs in use.
_OPSET = 17
# A safetensors file begins with the length of its header, of so many bytes.
_LENGTH = 8


def exact_graph(net: UNet, weights: bytes, name: str) -> bytes:
    """Return an ONNX graph that computes what a net does, in float32.

    Its initializers refer to the weights file by position. They are cast from float16
    when the graph is loaded, and batch norms are merged into convolutions then. So
    they need not be merged here, which would round them twice.

    Parameters
    ----------
    net
        The net; its own weights do not matter.
    weights
        Content of its safetensors file, all floats in float16.
    name
        Name of that file, which will lie in the folder of the graph.

    Returns
    -------
    bytes
        An ONNX file. Its input ``x`` is (n, C, h, w) float32 as `UNet` takes it, its
        output ``logits`` (n, Q, h / s, w / s) float32; s is the head stride.

    Raises
    ------
    ValueError
        If the file lacks a weight of the net, or holds it in another type or shape.
    """
    model = _traced(net)
    size = int.from_bytes(weights[:_LENGTH], "little")
    entries = json.loads(weights[_LENGTH : _LENGTH + size])
    stored, casts = [], []
    for tensor in model.graph.initializer:
        entry = entries.get(tensor.name, {})
        if (entry.get("dtype"), entry.get("shape")) != ("F16", [*tensor.dims]):
            raise ValueError(f"{name} does not hold {tensor.name} of the net")
        first, end = entry["data_offsets"]
        half = TensorProto(
            name=f"{tensor.name}:float16",
            data_type=TensorProto.FLOAT16,
            dims=tensor.dims,
            data_location=TensorProto.EXTERNAL,
        )
        place = {
            "location": name,
            "offset": _LENGTH + size + first,
            "length": end - first,
        }
        for key, value in place.items():
            half.external_data.add(key=key, value=str(value))
        stored.append(half)
        casts.append(
            helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT)
        )
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(stored)
    model.graph.node.extend(nodes)
    return model.SerializeToString(deterministic=True)


def _traced(net: UNet) -> onnx.ModelProto:
    """Return the graph of a net with its weights inside and its batch norms apart."""
    example = torch.zeros(
        1, len(net.design.inputs), net.design.stride * 2, net.design.stride * 2
    )
    file = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter by tracing is the older one. The newer one splits batch norms
        # into many operations, which nothing merges again: it takes 3 times as long.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net.float().cpu().eval(),
            (example,),
            file,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: _AXES, OUTPUT: _AXES},
            dynamo=False,
            opset_version=_OPSET,
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
    model = onnx.load_model_from_string(file.getvalue())
    for node in model.graph.node:
        node.ClearField("doc_string")
    return model

"""Check of an ONNX file before ONNX Runtime gets it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from colorize_engine.pretrained.onnx_nets.messages import message_class

if TYPE_CHECKING:
    from collections.abc import Iterator

# What our nets are made of, in float32 and in 8 bits.
_OPERATORS = frozenset(
    "Add BatchNormalization Cast Clip Concat Constant Conv DequantizeLinear Identity "
    "MaxPool QuantizeLinear ReduceMean Relu Resize".split()
)
# The parts of an ONNX file that matter here: of each message the fields with their
# numbers and types. From https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
_MESSAGES = {
    "Model": {"graph": (7, "Graph"), "functions": (25, "Any")},
    "Graph": {
        "node": (1, "Node"),
        "initializer": (5, "Tensor"),
        "sparse_initializer": (15, "Any"),
    },
    "Node": {
        "op_type": (4, "text"),
        "attribute": (5, "Attribute"),
        "domain": (7, "text"),
    },
    "Attribute": {
        "t": (5, "Tensor"),
        "g": (6, "Any"),
        "tensors": (10, "Tensor"),
        "graphs": (11, "Any"),
        "sparse_tensor": (22, "Any"),
        "sparse_tensors": (23, "Any"),
    },
    "Tensor": {"external_data": (13, "Entry"), "data_location": (14, "number")},
    "Entry": {"key": (1, "text"), "value": (2, "text")},
    "Any": {},
}


def check_graph(content: bytes, weights: str | None) -> None:
    """Refuse a file that is anything but a net of ours.

    Parameters
    ----------
    content
        An ONNX file.
    weights
        Name of the only other file that its weights may lie in, if there is one.

    Raises
    ------
    ValueError
        If the file is no ONNX file, holds an operator that our nets don't have, or
        refers to another file.
    """
    try:
        model = _model_type().FromString(content)
    except DecodeError as error:
        raise ValueError(f"it is not an ONNX file: {error}") from error
    if not model.graph or not any(graph.node for graph in model.graph):
        raise ValueError("it is not an ONNX file: it holds no graph")
    if model.functions or any(graph.sparse_initializer for graph in model.graph):
        raise ValueError("it holds functions or sparse weights, expected none")
    for graph in model.graph:
        for node in graph.node:
            _check_node(node)
        for tensor in _tensors(graph):
            _check_place(tensor, weights)


def _check_node(node: Any) -> None:
    name = "/".join(map(_text, [*node.domain, *node.op_type]))
    if name not in _OPERATORS:
        raise ValueError(
            f"it holds the operator {name!r}; expected {', '.join(sorted(_OPERATORS))}"
        )
    for part in node.attribute:
        if part.g or part.graphs or part.sparse_tensor or part.sparse_tensors:
            raise ValueError(f"its operator {name} holds a graph or sparse weights")


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for part in node.attribute:
            yield from part.t
            yield from part.tensors


def _check_place(tensor: Any, weights: str | None) -> None:
    places = {
        _text(value)
        for entry in tensor.external_data
        if b"location" in entry.key
        for value in entry.value
    }
    external = bool(tensor.external_data) or any(tensor.data_location)
    if external and (weights is None or places != {weights}):
        found = ", ".join(sorted(places)) or "an unknown file"
        raise ValueError(f"its weights lie in {found}, expected {weights or 'itself'}")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


@cache
def _model_type() -> Any:
    """Return the class of a model that knows only ``_MESSAGES``."""
    return message_class(_MESSAGES, "Model")

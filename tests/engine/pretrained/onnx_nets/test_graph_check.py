"""Refusal of ONNX files that are anything but nets of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from colorize_engine.pretrained import WEIGHTS, graph_file, small_file, weights_file
from colorize_engine.pretrained.onnx_nets import check_graph

if TYPE_CHECKING:
    import onnx


def model(
    *nodes: onnx.NodeProto, initializers: tuple[onnx.TensorProto, ...] = ()
) -> onnx.ModelProto:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph(list(nodes), "g", [value], [result], list(initializers))
    return helper.make_model(graph)


def outside(location: str) -> onnx.TensorProto:
    """Return a tensor whose data lie in another file."""
    tensor = TensorProto(
        name="w",
        data_type=TensorProto.FLOAT,
        dims=[1],
        data_location=TensorProto.EXTERNAL,
    )
    tensor.external_data.add(key="location", value=location)
    return tensor


RELU = helper.make_node("Relu", ["x"], ["y"])


@pytest.mark.parametrize("name", ["default", "reference-10"])
@pytest.mark.parametrize("channel", ["a", "b"])
def test_the_shipped_graphs_are_taken(name: str, channel: str) -> None:
    folder = WEIGHTS / name
    check_graph((folder / graph_file(channel)).read_bytes(), weights_file(channel))
    if (small := folder / small_file(channel)).exists():
        check_graph(small.read_bytes(), None)
    with pytest.raises(ValueError, match=r"weights lie in .*, expected itself"):
        check_graph((folder / graph_file(channel)).read_bytes(), None)


def test_a_small_graph_is_taken() -> None:
    check_graph(model(RELU).SerializeToString(), None)


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"pickled" * 20, b"\x08\x07"])
def test_no_onnx_file(content: bytes) -> None:
    with pytest.raises(ValueError, match="not an ONNX file"):
        check_graph(content, None)


@pytest.mark.parametrize(
    ("kind", "domain"),
    [("Loop", ""), ("Relu", "com.example"), ("PyOp", "ai.onnx.contrib"), ("relu", "")],
)
def test_other_operators_are_refused(kind: str, domain: str) -> None:
    node = helper.make_node(kind, ["x"], ["y"], domain=domain)
    with pytest.raises(ValueError, match=f"operator '.*{kind}'; expected Add, "):
        check_graph(model(RELU, node).SerializeToString(), None)


@pytest.mark.parametrize(
    "location", ["/etc/passwd", "../other", "b.safetensors", "sub/a.safetensors", ""]
)
@pytest.mark.parametrize("hidden", [False, True])
def test_weights_in_other_files_are_refused(location: str, hidden: bool) -> None:
    tensor = outside(location)
    if hidden:  # in an attribute
        node = helper.make_node("Constant", [], ["y"], value=tensor)
        content = model(node).SerializeToString()
    else:
        content = model(RELU, initializers=(tensor,)).SerializeToString()
    with pytest.raises(ValueError, match=r"weights lie in .*expected a\.safetensors"):
        check_graph(content, "a.safetensors")


def test_weights_in_the_file_that_belongs_to_it_are_taken() -> None:
    tensor = outside("a.safetensors")
    content = model(RELU, initializers=(tensor,)).SerializeToString()
    check_graph(content, "a.safetensors")
    tensor.external_data.add(key="location", value="/etc/passwd")
    content = model(RELU, initializers=(tensor,)).SerializeToString()
    with pytest.raises(ValueError, match="/etc/passwd"):
        check_graph(content, "a.safetensors")


def test_graphs_in_operators_and_functions_are_refused() -> None:
    inner = model(RELU).graph
    node = helper.make_node("Relu", ["x"], ["y"], body=inner)
    with pytest.raises(ValueError, match="Relu holds a graph"):
        check_graph(model(node).SerializeToString(), None)
    whole = model(RELU)
    whole.functions.append(
        helper.make_function("d", "Relu", [], [], [RELU], [helper.make_opsetid("", 17)])
    )
    with pytest.raises(ValueError, match="functions or sparse weights"):
        check_graph(whole.SerializeToString(), None)
    sparse = model(RELU)
    values = numpy_helper.from_array(np.ones(1, np.float32), "w")
    indices = numpy_helper.from_array(np.zeros(1, np.int64), "i")
    sparse.graph.sparse_initializer.append(
        helper.make_sparse_tensor(values, indices, [4])
    )
    with pytest.raises(ValueError, match="functions or sparse weights"):
        check_graph(sparse.SerializeToString(), None)


def test_a_second_graph_in_one_file_is_checked_too() -> None:
    """A field that comes twice is legal, and merged by whoever reads it."""
    bad = model(helper.make_node("Loop", ["x"], ["y"])).SerializeToString()
    with pytest.raises(ValueError, match="operator 'Loop'"):
        check_graph(model(RELU).SerializeToString() + bad, None)

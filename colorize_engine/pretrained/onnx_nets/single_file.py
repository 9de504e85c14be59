"""A net as one ONNX file of float32 that any program can run."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorize_engine.pretrained.onnx_nets.messages import message_class
from colorize_engine.pretrained.onnx_nets.nets import open_session, session_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colorize_engine.pretrained.onnx_nets.nets import Graph

# From https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
_MESSAGES = {
    "Model": {"graph": (7, "Graph"), "opset": (8, "Opset"), "metadata": (14, "Entry")},
    "Opset": {"domain": (1, "text"), "version": (2, "number")},
    "Entry": {"key": (1, "text"), "value": (2, "text")},
    "Graph": {"output": (12, "Value")},
    "Value": {"type": (2, "Type")},
    "Type": {"tensor": (1, "Tensor")},
    "Tensor": {"shape": (2, "Shape")},
    "Shape": {"dimension": (1, "Dimension")},
    "Dimension": {"name": (2, "text")},
}
_SIZES = (b"height", b"width")


def as_single_file(graph: Graph, metadata: Mapping[str, str]) -> tuple[bytes, int]:
    """Return a net as one ONNX file, weights inside, and its version of operators.

    ONNX Runtime computes what does not depend on the picture: weights become float32,
    and batch norms are merged into the convolutions before them. What stays is in plain
    operators of ONNX.

    Parameters
    ----------
    graph
        A graph that has been checked, see `check_graph`.
    metadata
        Names and texts that go into the file (``metadata_props``).

    Raises
    ------
    ValueError
        If ONNX Runtime refuses the graph.
    """
    from onnxruntime import GraphOptimizationLevel

    options = session_options(1)
    options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "net.onnx")
        options.optimized_model_filepath = str(file)
        open_session(graph, options)
        model = _model_type().FromString(file.read_bytes())
    # ONNX Runtime also names all sets of operators that it knows.
    (plain,) = [opset for opset in model.opset if not any(opset.domain)]
    del model.opset[:]
    model.opset.append(plain)
    _name_sizes_of_output(model)
    for key, value in metadata.items():
        model.metadata.add(key=[key.encode()], value=[value.encode()])
    content: bytes = model.SerializeToString()
    return content, plain.version[0]


def _name_sizes_of_output(model: Any) -> None:
    """Rename the sizes of the output, which are not those of the input."""
    for graph in model.graph:
        for kind in (kind for value in graph.output for kind in value.type):
            for shape in (shape for tensor in kind.tensor for shape in tensor.shape):
                for dimension in shape.dimension:
                    names = [
                        b"logits_" + name if name in _SIZES else name
                        for name in dimension.name
                    ]
                    dimension.name[:] = names


@cache
def _model_type() -> Any:
    """Return the class of a model that knows only ``_MESSAGES``."""
    return message_class(_MESSAGES, "Model")

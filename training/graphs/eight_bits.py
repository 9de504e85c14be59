"""Nets in 8 bits: ONNX files whose convolutions multiply small integers."""

from __future__ import annotations

import logging
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from training.graphs.exact import INPUT, OUTPUT

# Layers that stay in float32, by the first letters of their nodes. The first two blocks
# make two thirds of the error of all layers together and save no time.
_EXACT = ("/encoder/stem/", "/encoder/blocks.0/", "/encoder/blocks.1/")
_EXACT += ("/encoder/levels.0/", "/head/")
_HEAD_BIAS = "head.bias"

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def eight_bit_graph(graph: Path, pictures: Sequence[Floats]) -> bytes:
    """Return a net in 8 bits, weights inside.

    Convolutions get unsigned activations and signed weights of 8 bits, with a scale for
    each output channel. The range of each activation is that over the given pictures.
    The first layers and the head stay in float32, see ``_EXACT``. The mean of each
    logit over the pictures is that of the exact net: the bias of the head takes up the
    difference [2]_.

    Parameters
    ----------
    graph
        File of the exact graph, beside its weights.
    pictures
        Inputs of the net, (n, C, h, w) float32 each, as it will meet them.

    References
    ----------
    .. [1] Jacob et al.: Quantization and training of neural networks for efficient
       integer-arithmetic-only inference. CVPR 2018, https://arxiv.org/abs/1712.05877.
    .. [2] Nagel, van Baalen, Blankevoort, Welling: Data-free quantization through
       weight equalization and bias correction. ICCV 2019,
       https://arxiv.org/abs/1906.04721.
    """
    with tempfile.TemporaryDirectory() as folder, _quiet():
        folded, small = Path(folder, "folded.onnx"), Path(folder, "small.onnx")
        options = session_options()
        # No more than this: casts are computed and batch norms merged.
        options.graph_optimization_level = (
            onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        )
        options.optimized_model_filepath = str(folded)
        onnxruntime.InferenceSession(graph, options)
        names = [node.name for node in onnx.load(folded).graph.node]
        quantize_static(
            folded,
            small,
            _Pictures(pictures),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[name for name in names if name.startswith(_EXACT)],
        )
        model = onnx.load(small)
        exact, rounded = _mean_logits(folded, pictures), _mean_logits(small, pictures)
    for tensor in model.graph.initializer:
        if tensor.name == _HEAD_BIAS:
            bias = numpy_helper.to_array(tensor) + exact - rounded
            tensor.CopyFrom(numpy_helper.from_array(bias.astype("f4"), _HEAD_BIAS))
    return model.SerializeToString(deterministic=True)


def session_options() -> onnxruntime.SessionOptions:
    """Return options of a session that computes alike on all processors."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.x64quantprecision", "1")
    return options


def _mean_logits(graph: Path, pictures: Iterable[Floats]) -> NDArray[np.float64]:
    session = onnxruntime.InferenceSession(graph, session_options())
    means = [
        session.run([OUTPUT], {INPUT: planes})[0].mean((0, 2, 3)) for planes in pictures
    ]
    return np.mean(means, 0)


class _Pictures(CalibrationDataReader):
    """Inputs for the measurement of ranges."""

    def __init__(self, pictures: Iterable[Floats]) -> None:
        self._rest = iter(pictures)

    def get_next(self) -> dict[str, Floats] | None:
        """Return the next input, or None after the last."""
        planes = next(self._rest, None)
        return None if planes is None else {INPUT: planes}


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the advice that the quantizer logs for models of other kinds."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)

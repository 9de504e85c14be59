"""A test of the processor: whether sums of 8-bit products saturate."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession, SessionOptions

PROBE = Path(__file__).with_name("probe.onnx")
_CHANNELS, _LARGEST, _LEVEL = 64, 255, 200


@cache
def sums_saturate() -> bool:
    """Return whether this processor adds pairs of 8-bit products in 16 bits.

    x86 processors without dot products of 8 bits (VNNI) do. A convolution is run whose
    exact result is known (``training.graphs.saturation_probe``).
    """
    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = InferenceSession(PROBE.read_bytes(), options)
    full = np.full((1, _CHANNELS, 8, 8), _LARGEST, np.float32)
    (found,) = session.run(None, {session.get_inputs()[0].name: full})
    return bool((found != _LEVEL).any())

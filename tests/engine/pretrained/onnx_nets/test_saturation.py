"""The test of the processor, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from colorize_engine.pretrained import Backend, load
from colorize_engine.pretrained.onnx_nets import saturation
from training.graphs import saturation_probe

if TYPE_CHECKING:
    import pytest


def test_the_shipped_probe_is_what_the_training_makes() -> None:
    assert saturation.PROBE.read_bytes() == saturation_probe()


def test_the_exact_result_of_the_probe_is_known() -> None:
    """A session without optimizations multiplies in float32."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    )
    session = onnxruntime.InferenceSession(saturation_probe(), options)
    (found,) = session.run(None, {"x": np.full((1, 64, 8, 8), 255, np.float32)})
    assert set(np.unique(found)) == {200}
    assert found.shape == (1, 64, 8, 8)
    # Half of the sum, as where pairs saturate, is told from the whole.
    (found,) = session.run(None, {"x": np.full((1, 64, 8, 8), 128, np.float32)})
    assert found.max() < 110


def test_a_processor_whose_sums_saturate_gives_the_same_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It runs other code; on a processor with exact sums both give the same."""
    light = np.random.default_rng(1).uniform(0, 100, (64, 64)).astype(np.float32)
    expected = load("default", Backend("cpu", "onnx"))(light)
    set_to = []
    add = onnxruntime.SessionOptions.add_session_config_entry

    def noted(options: object, key: str, value: str) -> None:
        set_to.append((key, value))
        add(options, key, value)

    monkeypatch.setattr(onnxruntime.SessionOptions, "add_session_config_entry", noted)
    monkeypatch.setattr(saturation, "sums_saturate", lambda: True)
    found = load("default", Backend("cpu", "onnx"))(light)
    assert set_to.count(("session.x64quantprecision", "1")) == 2
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    set_to.clear()
    load("default", Backend("cpu", "onnx", "float32"))
    assert "session.x64quantprecision" not in dict(set_to)

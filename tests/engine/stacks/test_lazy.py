"""Lazy stacks: shapes and types beforehand, each frame's nets once, as one by one."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

da = pytest.importorskip("dask.array")
import dask  # noqa: E402
import stand_ins  # noqa: E402

from colorize_engine import Colorizer, ModelError, stacks  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BOTH = pytest.mark.parametrize("make", [stand_ins.make, stand_ins.make_coarse])


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder in which the stand-ins note what they do."""
    folder = tmp_path / "record"
    folder.mkdir()
    monkeypatch.setenv(stand_ins.RECORD, str(folder))
    return folder


def film(*shape: int, dtype: Any = np.uint8, seed: int = 0) -> np.ndarray:
    """Make frames that differ."""
    top = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    values = np.random.default_rng(seed).random(shape)
    return (values * top).astype(dtype)


@BOTH
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_each_frame_is_colored_as_by_itself(
    dtype: Any, make: Callable[[], Colorizer]
) -> None:
    frames = film(3, 2, 25, 40, dtype=dtype)
    lazy = stacks.predict(da.from_array(frames, chunks=(2, 1, 11, 40)), make)
    rgb = lazy.colorize(temperature=0.3, saturation=1.5)
    assert rgb.shape == (3, 2, 25, 40, 3)
    assert rgb.dtype == dtype
    assert rgb._meta.dtype == dtype
    assert rgb.chunks == ((1, 1, 1), (1, 1), (25,), (40,), (3,))
    found = rgb.compute(scheduler="sync")
    for index in np.ndindex(3, 2):
        one = make().predict(frames[index])
        expected = one.colorize(temperature=0.3, saturation=1.5)
        np.testing.assert_array_equal(found[index], expected)


@pytest.mark.parametrize(
    ("make", "cells"), [(stand_ins.make, (10, 16)), (stand_ins.make_coarse, (3, 4))]
)
def test_distributions_decoding_and_entropy(
    make: Callable[[], Colorizer], cells: tuple[int, int]
) -> None:
    frames = film(3, 20, 32)
    lazy = stacks.predict(frames, make, working_size=10)
    halves = lazy.probabilities(np.float16)
    wholes, chroma, entropy = lazy.probabilities(), lazy.decode(1, 0.5), lazy.entropy()
    arrays = (*halves, *wholes, chroma, entropy)
    shapes = [(3, n, *cells) for n in (5, 4, 5, 4, 2)] + [(3, *cells)]
    kinds = [np.float16] * 2 + [np.float32] * 4
    assert [array.shape for array in arrays] == shapes
    assert [array.dtype for array in arrays] == kinds
    assert all(array.chunks[0] == (1, 1, 1) for array in arrays)
    found = dask.compute(*arrays, scheduler="sync")
    assert [array.shape for array in found] == shapes
    assert [array.dtype for array in found] == kinds
    for number, frame in enumerate(frames):
        one = make().predict(frame, 10)
        for place, part in enumerate((one.a, one.b)):
            np.testing.assert_array_equal(found[2 + place][number], part.probabilities)
            np.testing.assert_allclose(
                found[place][number], part.probabilities, atol=1e-3
            )
        np.testing.assert_array_equal(found[4][number], one.decode(1, 0.5))
        np.testing.assert_array_equal(found[5][number], one.entropy())


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_nothing_runs_before_it_is_asked_for_and_no_net_twice(
    record: Path, smoothing: float
) -> None:
    reads: list[int] = []

    def read(block: np.ndarray, block_id: Any = None) -> np.ndarray:
        reads.append(block_id[0])
        return block

    frames = da.from_array(film(6, 16, 16), chunks=(1, 16, 16))
    frames = frames.map_blocks(read, dtype=np.uint8, meta=np.empty((0, 0, 0), np.uint8))
    lazy = stacks.predict(frames, stand_ins.make, smoothing=smoothing)
    rgb, (a, b) = lazy.colorize(), lazy.probabilities()
    vivid = lazy.colorize(saturation=2)
    assert not reads
    assert not stand_ins.recorded(record, "run")
    dask.compute(rgb, a, b, vivid, lazy.entropy(), lazy.decode())
    assert sorted(reads) == list(range(6))
    assert len(stand_ins.recorded(record, "run")) == 6


def test_one_frame_needs_one_run(record: Path) -> None:
    lazy = stacks.predict(film(50, 16, 16), stand_ins.make)
    lazy.colorize()[7].compute()
    assert len(stand_ins.recorded(record, "run")) == 1


def test_a_model_is_loaded_once_even_after_pickling(record: Path) -> None:
    for _ in range(2):
        rgb = stacks.predict(film(4, 16, 16, seed=1), stand_ins.make).colorize()
        pickle.loads(pickle.dumps(rgb)).compute()
    assert len(stand_ins.recorded(record, "load")) <= 1


def test_shipped_models_and_folders_are_described_without_their_nets(
    tiny_model: Path, one_thread: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = film(2, 20, 30)
    expected = Colorizer.from_folder(tiny_model, "cpu").predict(frames[1]).colorize()
    with monkeypatch.context() as patch:
        patch.setattr("colorize_engine.pretrained.load", None)
        lazy = stacks.predict(frames, tiny_model, device="cpu")
        shipped = stacks.predict(frames)
    assert lazy.planes.shape[-2:] == (16, 24)
    assert shipped.planes.shape[-2:] == (80, 120)
    assert shipped.model.model == "default"
    assert len(pickle.dumps(shipped.model)) < 100_000
    np.testing.assert_array_equal(lazy.colorize()[1].compute(), expected)


def test_color_and_alpha() -> None:
    frames = film(2, 16, 20, 4)
    lazy = stacks.predict(frames, stand_ins.make, rgb=True)
    rgba = lazy.colorize()
    assert rgba.shape == (2, 16, 20, 4)
    found = rgba.compute()
    np.testing.assert_array_equal(found[..., 3], frames[..., 3])
    expected = stand_ins.make().predict(frames[1]).colorize()
    np.testing.assert_array_equal(found[1], expected)
    gray = film(2, 16, 3)
    assert stacks.predict(gray, stand_ins.make).colorize().shape == (2, 16, 3, 3)


def test_keys_are_the_same_for_the_same_work_only() -> None:
    def names(**settings: Any) -> tuple[str, ...]:
        lazy = stacks.predict(da.ones((2, 8, 8)), stand_ins.make, **settings)
        return lazy.planes.name, lazy.colorize().name, lazy.colorize(1).name

    assert names() == names()
    assert len({*names(), *names(smoothing=0.5), *names(working_size=9)}) == 9


@pytest.mark.parametrize(
    ("stack", "settings", "message"),
    [
        (np.zeros((8, 8), np.uint8), {}, r"a stack \(\.\.\., H, W\), got .*\(8, 8\)"),
        (np.zeros((2, 8, 8), np.uint8), {"rgb": True}, r"H, W, 3 or 4\), got"),
        (np.zeros((2, 0, 8), np.uint8), {}, "known and > 0"),
        (np.zeros((2, 8, 8), np.int32), {}, "got int32"),
        (np.zeros((2, 8, 8), np.uint8), {"time_axis": 1}, r"time axis in -1\.\.0"),
        (np.zeros((2, 8, 8), np.uint8), {"smoothing": 1.0}, "0 and below 1"),
        (np.zeros((2, 8, 8), np.uint8), {"smoothing": np.nan}, "0 and below 1"),
        (np.zeros((2, 8, 8), np.uint8), {"working_size": 0}, "working size"),
    ],
)
def test_what_is_no_stack(stack: Any, settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stacks.predict(stack, stand_ins.make, **settings)


def test_settings_are_checked_before_any_run(record: Path) -> None:
    lazy = stacks.predict(film(2, 8, 8), stand_ins.make)
    with pytest.raises(ValueError, match="temperature"):
        lazy.colorize(2)
    with pytest.raises(ValueError, match="method"):
        lazy.colorize(method="magic")
    with pytest.raises(ValueError, match="saturation"):
        lazy.decode(saturation=-1)
    with pytest.raises(ValueError, match="float32 or float16"):
        lazy.probabilities(np.uint8)
    with pytest.raises(ModelError, match="no model"):
        stacks.predict(film(2, 8, 8), "nonesuch")
    assert not stand_ins.recorded(record, "run")


def test_values_that_are_no_picture_stop_the_computation() -> None:
    lazy = stacks.predict(np.full((2, 8, 8), 7.0), stand_ins.make)
    with pytest.raises(ValueError, match=r"floats in 7\.\.7"):
        lazy.colorize().compute()


@BOTH
@pytest.mark.parametrize("axis", [0, 1, -2])
def test_smoothing_goes_along_time_in_each_series_by_itself(
    axis: int, make: Callable[[], Colorizer]
) -> None:
    # Three scenes in noise, four frames of each.
    frames = film(3, 1, 16, 20) // 2 + film(3, 4, 16, 20, seed=1) // 20
    one_by_one = [
        stacks.predict(scene, make, smoothing=0.7).colorize().compute()
        for scene in frames
    ]
    along = frames if axis == 1 else frames.swapaxes(0, 1)
    lazy = stacks.predict(along, make, smoothing=0.7, time_axis=axis)
    assert lazy.planes.chunks[:2] == tuple((1,) * n for n in along.shape[:2])
    found = lazy.colorize().compute()
    expected = np.stack(one_by_one, axis=0 if axis == 1 else 1)
    np.testing.assert_array_equal(found, expected)


@BOTH
def test_a_frame_depends_on_the_past_only(make: Callable[[], Colorizer]) -> None:
    frames = film(16, 20) // 2 + film(5, 16, 20, seed=1) // 20
    other = frames.copy()
    other[3:] = film(2, 16, 20, seed=2)
    found, changed = (
        stacks.predict(stack, make, smoothing=0.7).colorize().compute()
        for stack in (frames, other)
    )
    plain = stacks.predict(frames, make).colorize().compute()
    np.testing.assert_array_equal(found[:3], changed[:3])
    np.testing.assert_array_equal(found[0], plain[0])
    assert (found[1:] != plain[1:]).any(axis=(1, 2, 3)).all()

"""Smoothing of a stack in the widget: what the engine makes of the same stack."""

from __future__ import annotations

import gc
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from skimage import data

from colorize_engine import Colorizer, Hint, stacks
from colorize_engine.decode import DecodeSettings
from colorize_engine.files import stored_parameters
from colorize_engine.stackfiles import StackSettings, color_stack_file
from colorize_engine.stacks.motion import warped
from napari_colorize.runs import KINDS, METADATA, Results, Source, Worker
from napari_colorize.widget.controls import CURRENT_SLICE, WHOLE_STACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

SMOOTHING, STEP = 0.6, 4


@pytest.fixture(scope="module")
def pan() -> np.ndarray:
    """Five frames of 80 x 120 pixels that pan to the right, by whole pixels."""
    gray = data.coffee()[..., 1]
    lefts = [40 + STEP * 2 * n for n in range(5)]
    frames = np.stack([gray[100:260:2, left : left + 240 : 2] for left in lefts])
    noise = np.random.default_rng(3).normal(0, 4, frames.shape)
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def shipped(widget: ColorizeWidget) -> ColorizeWidget:
    """Widget with the shipped model at a size at which it is fast."""
    widget.advanced.folder.value = None
    widget.advanced.working_size.value = 80
    return widget


def colors(widget: ColorizeWidget, name: str = "film") -> np.ndarray:
    return np.asarray(widget.viewer.layers[f"{name} colorized"].data).astype(int)


def settle(widget: ColorizeWidget, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not widget.run.live.busy, timeout=120_000)


def engine(frames: np.ndarray, widget: ColorizeWidget, **more: Any) -> np.ndarray:
    """Return the colors that the engine gives a stack with the widget's settings."""
    folder = widget.advanced.folder.value
    lazy = stacks.predict(
        frames,
        "default" if folder is None else Path(folder),
        working_size=widget.advanced.working_size.value,
        smoothing=SMOOTHING,
        **more,
    )
    colored = lazy.colorize(*widget.sliders.settings().arguments)
    return colored.compute(scheduler="sync").astype(int)


def flicker(chroma: np.ndarray) -> float:
    """Mean change of a from frame to frame along the pan, in cells of 4 pixels."""
    flow = np.zeros((2, *chroma.shape[1:]), np.float32)
    flow[1] = STEP / 4
    inner = np.s_[..., 2:-2, 2:-4]
    changes = [
        np.abs(now - warped(before[np.newaxis], flow)[0])[inner].mean()
        for before, now in pairwise(chroma)
    ]
    return float(np.mean(changes))


@pytest.mark.all_layers
def test_a_pan_has_the_colors_of_the_engine_and_flickers_less(
    shipped: ColorizeWidget, finish: Finish, pan: np.ndarray
) -> None:
    layer = shipped.viewer.add_image(pan, name="film")
    finish(shipped)
    plain = np.array(shipped.viewer.layers["film a"].data)
    assert np.abs(colors(shipped) - engine(pan, shipped)).max() > 10
    shipped.advanced.smoothing.value = SMOOTHING
    finish(shipped)
    assert np.abs(colors(shipped) - engine(pan, shipped)).max() <= 2
    smooth = np.array(shipped.viewer.layers["film a"].data)
    np.testing.assert_array_equal(smooth[0], plain[0])
    assert flicker(smooth) < flicker(plain) / 2
    assert shipped.status.value.endswith("CPU, smoothing 0.6).")
    # The distributions are smoothed, too; the inspector reads them.
    lazy = stacks.predict(pan, working_size=80, smoothing=SMOOTHING)
    shares = lazy.probabilities()[0].compute()
    found = np.moveaxis(
        np.asarray(shipped.viewer.layers["film a probability"].data), 0, 1
    )
    np.testing.assert_allclose(found, shares, atol=1e-3)
    np.testing.assert_allclose(
        shipped.viewer.layers["film uncertainty"].data,
        lazy.entropy().compute(),
        atol=1e-3,
    )
    assert layer.data is pan


def test_sliders_decode_what_is_smoothed_without_the_nets(
    shipped: ColorizeWidget,
    finish: Finish,
    qtbot: QtBot,
    pan: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shipped.viewer.add_image(pan, name="film")
    shipped.advanced.smoothing.value = SMOOTHING
    finish(shipped)
    monkeypatch.setattr(shipped.run.results.steering, "predict", None)
    shipped.sliders.temperature.value = 0.3
    shipped.sliders.rebalance.value = 0.4
    shipped.sliders.saturation.value = 1.3
    settle(shipped, qtbot)
    assert np.abs(colors(shipped) - engine(pan, shipped)).max() <= 3


@pytest.mark.parametrize(
    ("lead", "axis"), [((5,), 0), ((2, 5), 0), ((1, 5), 1), ((1, 3, 2), 1)]
)
def test_time_is_the_first_axis_of_several_frames(
    widget: ColorizeWidget,
    finish: Finish,
    pan: np.ndarray,
    lead: tuple[int, ...],
    axis: int,
) -> None:
    count = int(np.prod(lead))
    frames = np.concatenate([pan, pan[::-1, ::-1]])[:count].reshape(*lead, 80, 120)
    widget.viewer.add_image(frames, name="film")
    widget.advanced.smoothing.value = SMOOTHING
    finish(widget)
    expected = engine(frames, widget, time_axis=axis)
    assert np.abs(colors(widget) - expected).max() <= 2


# -- hints


@pytest.mark.all_layers
def test_hints_are_smoothed_as_in_the_engine(
    shipped: ColorizeWidget,
    finish: Finish,
    qtbot: QtBot,
    pan: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut = np.stack([*pan[:3], *(data.camera()[100:180, 100:220] for _ in range(2))])
    viewer = shipped.viewer
    viewer.add_image(cut, name="film")
    shipped.advanced.smoothing.value = SMOOTHING
    finish(shipped)
    before = colors(shipped)
    results, asked, decoded = shipped.run.results, [], []
    predict, decode = results.steering.predict, results.decode

    def recorded(index: tuple[int, ...], progress: Any = None) -> Any:
        asked.append(index)
        return predict(index, progress)

    def watched(index: tuple[int, ...], settings: DecodeSettings) -> Any:
        decoded.append(index)
        return decode(index, settings)

    monkeypatch.setattr(results.steering, "predict", recorded)
    monkeypatch.setattr(results, "decode", watched)
    viewer.dims.set_current_step(1, 2)
    hint = Hint(60, 30, 60, 20, frame=1)
    shipped.run.hint([hint])
    settle(shipped, qtbot)
    assert decoded == [(2,), (0,), (1,), (2,), (3,), (4,)], (
        "the shown frame comes first"
    )
    assert (4,) not in asked, "after the cut nothing changes"
    assert np.abs(colors(shipped) - engine(cut, shipped, hints=[hint])).max() <= 3
    changed = np.abs(colors(shipped) - before).max((1, 2, 3)) > 20
    assert changed.tolist() == [True] * 3 + [False] * 2
    # Without the hint all is as it was.
    shipped.run.hint([])
    settle(shipped, qtbot)
    assert np.abs(colors(shipped) - before).max() <= 1


def test_a_slider_while_hints_are_applied_leaves_nothing_unsmoothed(
    shipped: ColorizeWidget, finish: Finish, qtbot: QtBot, pan: np.ndarray
) -> None:
    shipped.viewer.add_image(pan, name="film")
    shipped.advanced.smoothing.value = SMOOTHING
    finish(shipped)
    shipped.viewer.dims.set_current_step(1, 4)
    hint = Hint(60, 30, 60, 20, frame=0)
    seen: list[object] = []
    show = shipped.run.live._show

    def slide(index: tuple[int, ...], arrays: object) -> None:
        show(index, arrays)
        seen.append(index)
        if len(seen) == 2:
            shipped.sliders.saturation.value = 1.4

    shipped.run.live._show = slide
    shipped.run.hint([hint])
    settle(shipped, qtbot)
    expected = engine(pan, shipped, hints=[hint])
    qtbot.waitUntil(lambda: np.abs(colors(shipped) - expected).max() <= 3)
    assert shipped.run.settings.saturation == pytest.approx(1.4)


# -- what has no effect, and what is said


@pytest.mark.all_layers
def test_it_is_offered_for_stacks_alone(
    widget: ColorizeWidget, finish: Finish, pan: np.ndarray
) -> None:
    control = widget.advanced.smoothing
    assert not control.enabled
    single = widget.viewer.add_image(pan[0], name="single")
    assert not control.enabled
    assert control.tooltip.startswith("For stacks only.")
    widget.viewer.add_image(pan, name="film")
    assert control.enabled
    control.value = SMOOTHING
    widget.image.value = single
    assert not control.enabled
    finish(widget)
    assert widget.run.results.smoothing == 0
    assert "smoothing" not in widget.viewer.layers["single a"].metadata[METADATA]
    assert "smoothing" not in widget.status.value


def test_the_current_slice_is_not_smoothed_and_that_is_said(
    widget: ColorizeWidget, finish: Finish, pan: np.ndarray, tiny_model: Path
) -> None:
    widget.viewer.add_image(pan, name="film")
    widget.viewer.dims.set_current_step(0, 3)
    control = widget.advanced.smoothing
    control.value = SMOOTHING
    widget.advanced.frames.value = CURRENT_SLICE
    assert not control.enabled
    assert control.native.toolTip().startswith("No effect on the current slice")
    finish(widget)
    assert "by itself, without smoothing" in widget.status.value
    alone = Colorizer.from_folder(tiny_model).predict(pan[3], 32)
    expected = alone.colorize(*widget.sliders.settings().arguments)
    np.testing.assert_array_equal(colors(widget)[0], expected)
    widget.advanced.frames.value = WHOLE_STACK
    assert control.enabled


def test_another_smoothing_waits_for_the_button(
    widget: ColorizeWidget, finish: Finish, pan: np.ndarray
) -> None:
    widget.viewer.add_image(pan, name="film")
    finish(widget)
    before = colors(widget)
    done = widget.status.value
    widget.advanced.smoothing.value = SMOOTHING
    assert widget.status.value == (
        "Colored with smoothing 0. Press Colorize to apply 0.6."
    )
    np.testing.assert_array_equal(colors(widget), before)
    widget.advanced.smoothing.value = 0
    assert widget.status.value == done
    widget.advanced.smoothing.value = SMOOTHING
    finish(widget)
    assert "smoothing 0.6" in widget.status.value
    assert (colors(widget) != before).any()


@pytest.mark.all_layers
def test_layers_and_files_say_it_as_the_command_does(
    widget: ColorizeWidget,
    finish: Finish,
    pan: np.ndarray,
    tiny_model: Path,
    tmp_path: Path,
) -> None:
    widget.viewer.add_image(pan, name="film")
    widget.advanced.smoothing.value = SMOOTHING
    finish(widget)
    for kind in KINDS:
        about = widget.viewer.layers[f"film {kind}"].metadata[METADATA]
        assert about["smoothing"] == SMOOTHING
    widget.saving.save(str(tmp_path / "saved.tif"))
    source = tmp_path / "film.tif"
    tifffile.imwrite(source, pan, metadata={"axes": "TYX"})
    settings = StackSettings(working_size=32, smoothing=SMOOTHING)
    color_stack_file(source, tmp_path / "command.ome.tif", tiny_model, settings)
    with tifffile.TiffFile(tmp_path / "command.ome.tif") as file:
        said = file.ome_metadata
    parameters = stored_parameters(tmp_path / "saved.tif")
    assert "; smoothing 0.6" in parameters
    assert parameters in said


# -- stopping, memory


def test_cancel_leaves_nothing(
    widget: ColorizeWidget, slow_nets, qtbot: QtBot, pan: np.ndarray, tmp_path: Path
) -> None:
    widget.viewer.add_image(pan, name="film")
    widget.advanced.smoothing.value = SMOOTHING
    predictor = type(slow_nets).__call__

    def third_waits(nets: object, lightness: np.ndarray) -> object:
        if slow_nets.calls == 2:
            slow_nets.go.clear()
        return predictor(nets, lightness)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(slow_nets), "__call__", third_waits)
        patch.setattr("tempfile.tempdir", str(tmp_path))
        widget.run_button.native.click()
        qtbot.waitUntil(lambda: slow_nets.calls == 3, timeout=20_000)
        (folder,) = tmp_path.iterdir()
        assert any("smoothed" in path.name for path in folder.iterdir())
        widget.state.cancel.native.click()
        slow_nets.go.set()
        qtbot.waitUntil(lambda: not widget.busy, timeout=20_000)
    assert [layer.name for layer in widget.viewer.layers] == ["film"]
    assert not folder.exists()


def test_memory_does_not_grow_with_the_stack(
    tiny_model: Path, one_thread: None, pan: np.ndarray
) -> None:
    colorizer = Colorizer.from_folder(tiny_model, "cpu")

    def peak(count: int) -> int:
        lazy = np.broadcast_to(pan[0], (count, 80, 120))
        source = Source(lazy, False, (0,), (count,), (0, 0), (80, 120))
        results = Results(source, colorizer, 32, KINDS, SMOOTHING)
        gc.collect()
        tracemalloc.start()
        results.compute(DecodeSettings(0.4, 0.0), Worker(lambda _: None))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        results.close()
        return most

    peak(3)
    few, many = peak(4), peak(40)
    planes = 4 * 16 * 24 * (4 + 1 + 11 + 9)
    assert many - few < 36 * planes / 2, "memory grows by the planes of the frames"

"""Stacks: on disk, decoded the shown frame first, never waiting for the nets."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
from skimage import data

from colorize_engine import Colorizer, Hint, stacks
from colorize_engine.decode import DecodeSettings
from napari_colorize.runs import KINDS, Cancelled, Results, Source, Worker
from napari_colorize.runs import results as made
from napari_colorize.runs.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

pytestmark = pytest.mark.all_layers
CAMERA = data.camera()
STACK = np.stack([CAMERA[i * 20 : i * 20 + 40, 100:160] for i in range(6)])


def test_each_frame_is_what_the_engine_says_of_it(
    widget: ColorizeWidget, finish: Finish, tiny_model: Path
) -> None:
    viewer = widget.viewer
    viewer.add_image(STACK.reshape(2, 3, 40, 60), name="stack")
    finish(widget)
    colorizer = Colorizer.from_folder(tiny_model, "cpu")
    settings = widget.sliders.settings()
    layers = {kind: viewer.layers[f"stack {kind}"] for kind in KINDS}
    assert layers["a probability"].data.shape[1:3] == (2, 3)
    assert widget.status.value.startswith("Colored 6 frames of 60 x 40 in")
    for number, index in enumerate(np.ndindex(2, 3)):
        expected = colorizer.predict(STACK[number], 32)
        rgb = expected.colorize(settings.temperature, settings.rebalance)
        difference = np.abs(layers["colorized"].data[index].astype(int) - rgb)
        assert difference.max() <= 2, "decoded from float16 probabilities"
        np.testing.assert_allclose(
            layers["a probability"].data[(slice(None), *index)],
            expected.a.probabilities,
            atol=1e-3,
        )
        np.testing.assert_allclose(
            layers["uncertainty"].data[index], expected.entropy(), atol=1e-4
        )


def test_a_lazy_stack_is_read_frame_by_frame(
    widget: ColorizeWidget, finish: Finish
) -> None:
    read = []

    def frame(block_info: dict) -> np.ndarray:
        start = block_info[None]["array-location"][0][0]
        read.append(start)
        return STACK[start : start + 1]

    lazy = da.map_blocks(
        frame, chunks=((1,) * 6, (40,), (60,)), dtype=np.uint8, meta=STACK[:0]
    )
    widget.viewer.add_image(lazy, name="stack", contrast_limits=(0, 255))
    shown = list(read)
    finish(widget)
    assert sorted(set(read)) == list(range(6))
    assert len(read) - len(shown) <= 8, "each frame is read once by the nets"


def test_a_stack_lies_on_disk_until_its_layers_go(
    widget: ColorizeWidget, finish: Finish
) -> None:
    viewer = widget.viewer
    viewer.add_image(STACK, name="stack")
    finish(widget)
    folder = Path(widget.run.results.store.folder)
    assert any(folder.iterdir())
    assert viewer.layers["stack a probability"].data.dtype == np.float16
    finish(widget)
    assert not folder.exists(), "running again replaces what was there"
    folder = Path(widget.run.results.store.folder)
    for kind in KINDS:
        assert folder.exists()
        viewer.layers.remove(f"stack {kind}")
    assert not folder.exists()


def test_a_kept_stack_stays_on_disk(widget: ColorizeWidget, finish: Finish) -> None:
    viewer = widget.viewer
    viewer.add_image(STACK, name="stack")
    finish(widget)
    folder = Path(widget.run.results.store.folder)
    widget.keep.value = True
    finish(widget)
    assert folder.exists()
    assert np.asarray(viewer.layers["stack a (tiny)"].data[2]).any()


def test_a_slider_decodes_the_shown_frame_first_then_all(
    widget: ColorizeWidget,
    finish: Finish,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer = widget.viewer
    viewer.add_image(STACK, name="stack")
    finish(widget)
    viewer.dims.set_current_step(1, 4)
    results = widget.run.results
    decoded, decode = [], results.decode

    def watched(index: tuple[int, ...], settings: DecodeSettings) -> object:
        decoded.append(index)
        return decode(index, settings)

    monkeypatch.setattr(results, "decode", watched)
    widget.sliders.saturation.value = 0
    qtbot.waitUntil(lambda: not widget.run.live.busy, timeout=30_000)
    assert decoded[0] == (4,)
    assert sorted(decoded) == [(i,) for i in range(6)]
    assert not np.asarray(viewer.layers["stack a"].data[:]).any()


def test_scrolling_runs_neither_nets_nor_decoding(
    widget: ColorizeWidget,
    finish: Finish,
    slow_nets,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer = widget.viewer
    viewer.add_image(STACK, name="stack")
    finish(widget)
    calls = slow_nets.calls
    monkeypatch.setattr(widget.run.results, "decode", None)
    seen = []
    for frame in range(6):
        viewer.dims.set_current_step(1, frame)
        seen.append(np.array(viewer.layers["stack colorized"]._slice.image.view))
    assert slow_nets.calls == calls
    assert not all(np.array_equal(seen[0], other) for other in seen[1:])


def test_a_layer_that_comes_back_while_a_frame_is_made_gets_the_frame(
    widget: ColorizeWidget, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget.viewer.add_image(STACK, name="stack")
    finish(widget)
    results, others = widget.run.results, tuple(k for k in KINDS if k != "uncertainty")
    decoded = made.decoded_arrays

    def slow(*args: Any) -> Any:
        # A person takes the layer away and back in the meantime.
        results.want(others)
        results.want(KINDS)
        return decoded(*args)

    monkeypatch.setattr(made, "decoded_arrays", slow)
    results.decode((1,), DecodeSettings(0.5, 0.0))
    monkeypatch.undo()
    assert "uncertainty" in results.decode((1,), DecodeSettings(0.5, 0.0))


def test_cancel_in_a_stack_leaves_nothing(
    widget: ColorizeWidget, slow_nets, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores: list[Path] = []

    def watched(*arguments: Any) -> Store:
        store = Store(*arguments)
        stores.append(Path(store.folder))
        return store

    monkeypatch.setattr("napari_colorize.runs.results.Store", watched)
    widget.viewer.add_image(STACK, name="stack")
    predictor = slow_nets.__call__

    def third_waits(lightness: np.ndarray) -> object:
        if slow_nets.calls == 2:
            slow_nets.go.clear()
        return predictor(lightness)

    monkeypatch.setattr(
        type(slow_nets), "__call__", lambda _, light: third_waits(light)
    )
    widget.run_button.native.click()
    qtbot.waitUntil(lambda: slow_nets.calls == 3, timeout=20_000)
    assert stores[0].exists()
    widget.state.cancel.native.click()
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not widget.busy, timeout=20_000)
    assert slow_nets.calls == 3, "no frame was begun after Cancel"
    assert [layer.name for layer in widget.viewer.layers] == ["stack"]
    assert not stores[0].exists()


def test_memory_does_not_grow_with_the_stack(
    tiny_model: Path, one_thread: None
) -> None:
    import tracemalloc

    colorizer = Colorizer.from_folder(tiny_model, "cpu")

    def peak(frames: int) -> int:
        lazy = np.broadcast_to(STACK[0], (frames, 40, 60))
        source = Source(lazy, False, (0,), (frames,), (0, 0), (40, 60))
        results = Results(source, colorizer, 32, KINDS)
        worker = Worker(lambda _: None)
        gc.collect()
        tracemalloc.start()
        results.compute(DecodeSettings(0.4, 0.0), worker)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        results.close()
        return most

    peak(2)
    few, many = peak(4), peak(40)
    frame = 40 * 60 * 3 + 32 * 48 * (2 * 4 + 4 + 2 * (11 + 9))
    assert many - few < 36 * frame / 2, "memory grows by the frames' own size"


def test_a_cancelled_worker_stops_at_its_next_report() -> None:
    worker = Worker(lambda _: None)
    worker.report(0, 3, "goes on")
    cancel = threading.Thread(target=worker.cancel)
    cancel.start()
    cancel.join()
    with pytest.raises(Cancelled):
        worker.report(1, 3, "must not")


# -- hints


@pytest.fixture
def film() -> np.ndarray:
    """Give a pan over a cup, then a cut to something else."""
    coffee = data.coffee()[..., 1]
    pan = [coffee[100:260:2, 100 + 8 * n : 340 + 8 * n : 2] for n in range(4)]
    return np.stack([*pan, data.camera()[100:180, 100:220]])


def hinted(widget: ColorizeWidget, qtbot: QtBot, *hints: Hint) -> None:
    run = widget.run
    run.hint(hints)
    qtbot.waitUntil(lambda: not run.live.busy, timeout=60_000)


def test_a_hint_of_one_frame_colors_the_others_as_in_the_engine(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot, film: np.ndarray
) -> None:
    viewer = widget.viewer
    widget.advanced.folder.value = None
    widget.advanced.working_size.value = 80
    viewer.add_image(film, name="film")
    finish(widget)
    before = np.array(viewer.layers["film a"].data)
    shares = np.array(viewer.layers["film a probability"].data)
    hint = Hint(60, 40, 60, 20, frame=1)
    hinted(widget, qtbot, hint)
    lazy = stacks.predict(film, working_size=80, hints=[hint])
    settings = widget.sliders.settings()
    expected = lazy.decode(*settings.arguments).compute()[:, 0]
    found = np.array(viewer.layers["film a"].data)
    np.testing.assert_allclose(found, expected, atol=0.5)
    assert (np.abs(found - before).max((1, 2)) > 10).tolist() == [True] * 4 + [False]
    # The distributions follow, the inspector reads them.
    after = np.array(viewer.layers["film a probability"].data)
    assert np.abs(after - shares).max((0, 2, 3))[:4].min() > 0.1
    np.testing.assert_array_equal(after[:, 4], shares[:, 4])
    pixel = widget.run.pixel(widget.run.place_at((1, 60, 40)))
    assert pixel.a.decode(settings.temperature, settings.rebalance) > 30
    # Without it all is as it was.
    hinted(widget, qtbot)
    np.testing.assert_array_equal(viewer.layers["film a"].data, before)


def test_the_nets_run_only_for_frames_whose_hints_change(
    widget: ColorizeWidget,
    finish: Finish,
    qtbot: QtBot,
    film: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    widget.advanced.folder.value = None
    widget.advanced.working_size.value = 40
    widget.viewer.add_image(film, name="film")
    finish(widget)
    steering = widget.run.results.steering
    asked, predict = [], steering.predict

    def recorded(index: tuple[int, ...], progress: Any = None) -> Any:
        asked.append(index)
        return predict(index, progress)

    monkeypatch.setattr(steering, "predict", recorded)
    widget.viewer.dims.set_current_step(0, 4)
    hinted(widget, qtbot, Hint(20, 20, 30, 30, frame=4))
    assert asked == [(4,)], "the cut ends it"
    widget.sliders.saturation.value = 1.5
    qtbot.waitUntil(lambda: not widget.run.live.busy, timeout=60_000)
    assert asked == [(4,)], "sliders need no nets"


def test_suggestions_and_variants_of_a_frame(
    widget: ColorizeWidget, finish: Finish, film: np.ndarray
) -> None:
    widget.advanced.folder.value = None
    widget.advanced.working_size.value = 40
    widget.viewer.add_image(film, name="film")
    finish(widget)
    steering = widget.run.results.steering
    colorizer = Colorizer.from_pretrained("default")
    found, light = steering.suggest((2,), 60, 40)
    single = colorizer.predict(film[2], 40)
    assert found == colorizer.suggest(single, 60, 40)
    assert light == single.lightness_at(60, 40)
    drawn = steering.variants(
        (2,), (), 2, 0, DecodeSettings(0.5, 0.0), Worker(lambda _: None)
    )
    expected = colorizer.variants(single, 2)
    assert [[(h.row, h.a) for h in each.hints] for each in drawn] == [
        [(h.row, h.a) for h in each.hints] for each in expected
    ]
    assert {hint.frame for each in drawn for hint in each.hints} == {2}


def test_the_ways_of_hints_are_the_same_for_threads_that_ask_together(
    widget: ColorizeWidget, finish: Finish, film: np.ndarray
) -> None:
    widget.viewer.add_image(np.repeat(film[:4], 4, axis=0), name="film")
    finish(widget)
    steering = widget.run.results.steering
    steering.hints = (Hint(60, 40, 60, 20, frame=8),)
    indices = [(n % 16,) for n in range(64)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(steering.shown, indices))
    steering._paths.clear()
    assert found == [steering.shown(index) for index in indices]

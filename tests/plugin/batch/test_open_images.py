"""All open images in a real viewer: their settings, refusals, Cancel, the view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from skimage import data

from colorize_engine import Colorizer, Hint
from colorize_engine.decode import DecodeSettings
from napari_colorize.hints import hints_for
from napari_colorize.runs import METADATA, registry, run_of
from napari_colorize.widget.controls import Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.layers import Image
    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

GRAY = data.camera()[100:200, 100:250]


@pytest.fixture
def color_all(qtbot: QtBot) -> Callable[[ColorizeWidget], None]:
    """Choose the entry of the menu, wait until all is done, decoding included."""

    def choose_and_wait(widget: ColorizeWidget) -> None:
        widget.many_button.open_images.trigger()
        qtbot.waitUntil(lambda: not widget.busy, timeout=60_000)
        for run in registry.of(widget.viewer):
            qtbot.waitUntil(lambda run=run: not run.live.busy, timeout=60_000)

    return choose_and_wait


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the warnings that a person gets."""
    warnings: list[str] = []
    monkeypatch.setattr(
        "napari_colorize.widget.all_images.show_warning", warnings.append
    )
    return warnings


def colors(widget: ColorizeWidget, image: Image) -> np.ndarray:
    return np.asarray(widget.viewer.layers[f"{image.name} colorized"].data)


def expected(
    folder: Path, pixels: np.ndarray, settings: DecodeSettings | None = None
) -> np.ndarray:
    found = Colorizer.from_folder(folder).predict(pixels, 32)
    return found.colorize(*(settings.arguments if settings else ()))


def test_each_image_gets_its_own_settings_and_the_view_stays(
    widget: ColorizeWidget,
    finish: Finish,
    color_all: Callable[[ColorizeWidget], None],
    said: list[str],
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer = widget.viewer
    first = viewer.add_image(GRAY, name="first")
    finish(widget)
    widget.sliders.saturation.value = 2.0
    widget.sliders.temperature.value = 0.9
    changed = widget.sliders.settings()
    kept = viewer.layers["first colorized"]
    second = viewer.add_image(GRAY[::-1], name="second")
    dark = viewer.add_image(GRAY.astype(float) - 300, name="dark")
    color = viewer.add_image(np.stack([GRAY, GRAY // 2, GRAY], -1), name="in color")
    chosen = viewer.add_image(GRAY.T.copy(), name="chosen")
    points = viewer.add_points([[3, 4]])
    widget.image.value = chosen
    widget.sliders.saturation.value = 0.5
    moved = widget.sliders.settings()
    viewer.layers.selection = {second, points}
    camera = viewer.scene.camera
    camera.zoom, camera.center = 4.0, (0.0, 20.0, 30.0)
    texts: list[str] = []
    show = Status.show_progress

    def recorded(state: Status, done: int, total: int, text: str) -> None:
        texts.append(text)
        show(state, done, total, text)

    monkeypatch.setattr(Status, "show_progress", recorded)
    color_all(widget)
    # What is seen is as it was.
    assert (camera.zoom, camera.center) == (4.0, (0.0, 20.0, 30.0))
    assert set(viewer.layers.selection) == {second, points}
    assert widget.image.value is chosen
    assert widget.sliders.settings() == moved
    assert "cpu" in widget.advanced.device.choices
    # Each has its own settings.
    for image, settings in (
        (first, changed),
        (second, None),
        (color, None),
        (chosen, moved),
    ):
        wanted = expected(tiny_model, image.data, settings)
        np.testing.assert_array_equal(colors(widget, image), wanted)
    assert viewer.layers["first colorized"] is kept
    assert run_of(viewer, first).settings == changed
    assert kept.metadata[METADATA]["saturation"] == 2.0
    assert run_of(viewer, dark) is None
    # It says how far it is, and what was not colored.
    names = ["first", "second", "dark", "in color", "chosen"]
    steps = [f"Coloring {n} of 5: {name}" for n, name in enumerate(names, 1)]
    assert list(dict.fromkeys(texts)) == steps
    assert widget.status.value == "Colored 4 of 5 images. Not colored: dark."
    (warning,) = said
    assert warning.startswith("dark was not colored. The picture's values go from -")
    # Choosing an image shows its settings.
    widget.image.value = first
    assert widget.sliders.settings() == changed
    widget.image.value = second
    card = Colorizer.from_folder(tiny_model).card
    assert widget.sliders.settings() == DecodeSettings(card.temperature, card.rebalance)


def test_an_image_that_is_refused_at_once_does_not_stop_the_rest(
    widget: ColorizeWidget,
    color_all: Callable[[ColorizeWidget], None],
    said: list[str],
) -> None:
    viewer = widget.viewer
    small = viewer.add_image(GRAY[:20, :20], name="small")
    large = viewer.add_image(GRAY, name="large")
    box = [[30, 40], [30, 90], [80, 90], [80, 40]]
    widget.advanced.region.value = viewer.add_shapes([box], shape_type="rectangle")
    color_all(widget)
    colored = colors(widget, large)
    assert colored.shape == (*GRAY.shape, 3)
    chroma = np.ptp(colored.astype(int), axis=2)
    assert chroma[35:75, 45:85].any()
    assert not chroma[:25].any()
    assert run_of(viewer, small) is None
    assert widget.status.value == "Colored 1 of 2 images. Not colored: small."
    assert "lie outside small" in said[0]
    # If all are refused, nothing runs.
    viewer.layers.remove(large)
    color_all(widget)
    assert widget.status.value == "Colored 0 of 1 images. Not colored: small."


@pytest.mark.parametrize("shape", [(100, 150), (4, 100, 150)])
def test_cancel_stops_all(
    widget: ColorizeWidget, slow_nets: Any, qtbot: QtBot, shape: tuple[int, ...]
) -> None:
    viewer = widget.viewer
    images = [
        viewer.add_image(np.broadcast_to(GRAY, shape).copy(), name=f"{number}")
        for number in range(4)
    ]
    frames = int(np.prod(shape[:-2]))
    predictor = type(slow_nets).__call__

    def second_waits(nets: object, lightness: np.ndarray) -> object:
        if slow_nets.calls == frames:
            slow_nets.go.clear()
        return predictor(nets, lightness)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(slow_nets), "__call__", second_waits)
        widget.many_button.open_images.trigger()
        assert not widget.many_button.open_images.isEnabled()
        qtbot.waitUntil(lambda: slow_nets.calls == frames + 1, timeout=20_000)
        qtbot.waitUntil(lambda: "0 colorized" in viewer.layers, timeout=20_000)
        text = "Coloring 2 of 4: 1"
        qtbot.waitUntil(lambda: widget.status.value.startswith(text))
        assert widget.state.progress.max == 400
        assert 100 <= widget.state.progress.value < 200
        widget.state.cancel.native.click()
        slow_nets.go.set()
        qtbot.waitUntil(lambda: not widget.busy, timeout=20_000)
    assert slow_nets.calls == frames + 1
    assert [run.layer for run in registry.of(viewer)] == images[:1]
    assert widget.status.value == (
        "Stopped. Colored 1 of 4 images. The others did not change."
    )
    assert widget.run_button.enabled
    # Each of them can be colored now.
    widget.image.value = images[2]
    widget.run_button.native.click()
    qtbot.waitUntil(lambda: not widget.busy, timeout=20_000)
    assert "2 colorized" in viewer.layers


def test_an_image_that_is_removed_meanwhile_is_left_out(
    widget: ColorizeWidget, slow_nets: Any, qtbot: QtBot, said: list[str]
) -> None:
    viewer = widget.viewer
    for name in ("first", "second"):
        viewer.add_image(GRAY, name=name)
    slow_nets.go.clear()
    widget.many_button.open_images.trigger()
    qtbot.waitUntil(slow_nets.running.is_set, timeout=20_000)
    viewer.layers.remove("first")
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not widget.busy, timeout=20_000)
    assert widget.status.value == "Colored 1 of 2 images. Not colored: first."
    assert said == ["first was not colored. It is no longer in the viewer."]
    assert "first colorized" not in viewer.layers
    assert "second colorized" in viewer.layers


@pytest.mark.all_layers
def test_sliders_that_are_moved_meanwhile_count(
    widget: ColorizeWidget, slow_nets: Any, qtbot: QtBot
) -> None:
    viewer = widget.viewer
    first, _ = (viewer.add_image(GRAY, name=name) for name in ("first", "second"))
    widget.image.value = first
    slow_nets.go.clear()
    widget.many_button.open_images.trigger()
    qtbot.waitUntil(slow_nets.running.is_set, timeout=20_000)
    widget.sliders.saturation.value = 0
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not widget.busy, timeout=20_000)
    run = run_of(viewer, first)
    assert run.settings.saturation == 0
    qtbot.waitUntil(lambda: not run.live.busy, timeout=20_000)
    qtbot.waitUntil(lambda: not viewer.layers["first a"].data.any())
    assert run_of(viewer, viewer.layers["second"]).settings.saturation == 1


def test_hints_are_applied_again(
    widget: ColorizeWidget,
    finish: Finish,
    color_all: Callable[[ColorizeWidget], None],
    qtbot: QtBot,
    hinted_model: Path,
) -> None:
    viewer = widget.viewer
    widget.advanced.folder.value = hinted_model
    first = viewer.add_image(GRAY, name="first")
    finish(widget)
    hints_for(widget.run).replace((), [Hint(50, 60, 60, 20)])
    qtbot.waitUntil(lambda: not widget.run.live.busy, timeout=20_000)
    before = np.array(colors(widget, first))
    viewer.add_image(GRAY[::-1], name="second")
    assert widget.image.value is not first
    color_all(widget)
    assert len(run_of(viewer, first).results.steering.hints) == 1
    qtbot.waitUntil(lambda: np.array_equal(colors(widget, first), before))
    plain = Colorizer.from_folder(hinted_model).predict(GRAY, 32).colorize()
    assert (before != plain).any()


def test_a_broken_model_is_told_once(
    widget: ColorizeWidget,
    color_all: Callable[[ColorizeWidget], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    said: list[str],
) -> None:
    errors: list[str] = []
    monkeypatch.setattr(
        "napari_colorize.widget.colorize_widget.show_error", errors.append
    )
    (tmp_path / "card.json").write_text("{}")
    widget.advanced.folder.value = tmp_path
    for name in ("first", "second"):
        widget.viewer.add_image(GRAY, name=name)
    color_all(widget)
    assert len(errors) == 1
    assert errors[0].startswith("The model cannot be used: ")
    assert widget.status.value == errors[0]
    assert (len(widget.viewer.layers), said) == (2, [])


def test_without_images_it_says_what_to_do(
    widget: ColorizeWidget, color_all: Callable[[ColorizeWidget], None]
) -> None:
    color_all(widget)
    assert widget.status.value.startswith("There is no image to color. Open one")
    widget.viewer.add_image(GRAY, name="scan")
    widget.layer_choice.tick(())
    color_all(widget)
    assert widget.status.value.startswith("No layer is chosen.")

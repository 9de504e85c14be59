"""The Colorize widget in a real viewer: layers, live decoding, running again."""

from __future__ import annotations

import json
import shutil
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from skimage import data

from colorize_engine import Colorizer, list_models
from colorize_engine.decode import DecodeSettings
from napari_colorize.runs import KINDS, METADATA, active_run, registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

pytestmark = pytest.mark.all_layers
GRAY = data.camera()[100:200, 100:250]


def names(widget: ColorizeWidget) -> list[str]:
    return [layer.name for layer in widget.viewer.layers]


def test_the_button_adds_all_layers_of_the_image(
    widget: ColorizeWidget, finish: Finish
) -> None:
    assert widget.run_button.text.replace("&", "").startswith("Colorize")
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    assert names(widget) == ["scan", *(f"scan {kind}" for kind in KINDS)]
    shown = [layer.name for layer in widget.viewer.layers if layer.visible]
    assert shown == ["scan", "scan colorized"]
    assert widget.viewer.layers.selection.active.name == "scan colorized"


def test_layers_show_what_the_engine_says(
    widget: ColorizeWidget, finish: Finish, tiny_model: Path
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    widget.sliders.temperature.value = 0.7
    widget.sliders.saturation.value = 1.5
    finish(widget)
    expected = Colorizer.from_folder(tiny_model, "cpu").predict(GRAY, 32)
    settings = (0.7, widget.sliders.rebalance.value, 1.5)
    layers = {kind: widget.viewer.layers[f"scan {kind}"] for kind in KINDS}
    np.testing.assert_array_equal(
        layers["colorized"].data, expected.colorize(*settings)
    )
    chroma = expected.decode(*settings)
    np.testing.assert_allclose(layers["a"].data, chroma[0], atol=1e-4)
    np.testing.assert_allclose(layers["b"].data, chroma[1], atol=1e-4)
    for channel in "ab":
        np.testing.assert_allclose(
            layers[f"{channel} probability"].data,
            getattr(expected, channel).probabilities,
            atol=1e-5,
        )
    np.testing.assert_allclose(
        layers["uncertainty"].data, expected.entropy(), atol=1e-4
    )


def test_shipped_weights_color_a_photo(widget: ColorizeWidget, finish: Finish) -> None:
    widget.advanced.folder.value = None
    widget.advanced.working_size.value = 64
    widget.viewer.add_image(data.camera(), name="camera")
    finish(widget)
    rgb = widget.viewer.layers["camera colorized"].data
    assert rgb.shape == (512, 512, 3)
    assert rgb.dtype == np.uint8
    assert np.ptp(rgb.astype(int), axis=-1).max() > 20, "the picture is still gray"
    assert widget.status.value.startswith("Colored 512 x 512 in ")
    assert widget.status.value.endswith(" s (default, CPU).")


def test_only_ticked_layers_are_added(widget: ColorizeWidget, finish: Finish) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    for kind, box in widget.layer_choice.boxes.items():
        box.value = kind in ("a", "uncertainty")
    finish(widget)
    assert names(widget) == ["scan", "scan a", "scan uncertainty"]


def test_metadata_tells_how_to_make_the_result_again(
    widget: ColorizeWidget, finish: Finish, tiny_model: Path
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    widget.sliders.temperature.value = 0.25
    entry = widget.viewer.layers["scan colorized"].metadata[METADATA]
    card = Colorizer.from_folder(tiny_model, "cpu").card
    assert entry["kind"] == "colorized"
    assert entry["source"] == "scan"
    assert (entry["model"], entry["version"]) == (card.name, card.version)
    assert entry["hash"] == card.model_hash
    assert entry["temperature"] == 0.25
    assert entry["rebalance"] == widget.sliders.rebalance.value
    assert (entry["saturation"], entry["working_size"]) == (1.0, 32)


def test_sliders_decode_again_without_the_nets(
    widget: ColorizeWidget, finish: Finish, slow_nets, qtbot: QtBot
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    calls = slow_nets.calls
    layers = {kind: widget.viewer.layers[f"scan {kind}"] for kind in KINDS}
    before = {kind: np.array(layer.data) for kind, layer in layers.items()}
    widget.sliders.saturation.value = 0
    qtbot.waitUntil(lambda: not widget.run.live.busy, timeout=20_000)
    qtbot.waitUntil(lambda: not layers["a"].data.any(), timeout=20_000)
    assert slow_nets.calls == calls
    assert np.ptp(layers["colorized"].data.astype(int), axis=-1).max() <= 1
    for kind in ("a probability", "b probability", "uncertainty"):
        np.testing.assert_array_equal(layers[kind].data, before[kind])
    assert {layer.name for layer in widget.viewer.layers} == set(names(widget))


def test_at_most_one_decoding_waits_and_the_last_value_wins(
    widget: ColorizeWidget,
    finish: Finish,
    slow_nets,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    results = widget.run.results
    go, decoded, decode = threading.Event(), [], results.decode

    def slow(index: tuple[int, ...], settings: DecodeSettings) -> object:
        decoded.append(settings.temperature)
        go.wait(20)
        return decode(index, settings)

    monkeypatch.setattr(results, "decode", slow)
    for step in range(1, 21):
        widget.sliders.temperature.value = step / 25
    qtbot.waitUntil(lambda: len(decoded) == 1, timeout=20_000)
    go.set()
    qtbot.waitUntil(lambda: not widget.run.live.busy, timeout=20_000)
    assert len(decoded) <= 2
    assert decoded[-1] == 0.8
    rest = widget.sliders.settings().arguments[1:]
    a, _ = results.prediction(()).decode(0.8, *rest)
    qtbot.waitUntil(lambda: np.array_equal(widget.viewer.layers["scan a"].data, a))


def test_reset_returns_to_the_settings_of_the_model(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    widget.sliders.temperature.value = 0.9
    widget.sliders.saturation.value = 1.6
    widget.sliders.reset.native.click()
    card = widget.run.results.card
    assert widget.sliders.settings() == DecodeSettings(card.temperature, card.rebalance)
    assert widget.run.settings == widget.sliders.settings()


def test_a_layer_that_was_removed_comes_back_visible(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    widget.viewer.layers.remove("scan colorized")
    widget.layer_choice.boxes["colorized"].value = True
    finish(widget)
    assert widget.viewer.layers["scan colorized"].visible
    assert len(names(widget)) == 7


def test_a_model_starts_with_its_own_settings(
    widget: ColorizeWidget, finish: Finish, tiny_model: Path, tmp_path: Path
) -> None:
    card = json.loads((tiny_model / "card.json").read_text())
    other = tmp_path / "other"
    shutil.copytree(tiny_model, other)
    (other / "card.json").write_text(json.dumps({**card, "temperature": 0.77}))
    widget.advanced.folder.value = other
    assert widget.sliders.temperature.value == pytest.approx(0.77)
    widget.advanced.folder.value = None
    default = list_models()[0]
    assert widget.sliders.rebalance.value == pytest.approx(default.rebalance)
    widget.advanced.folder.value = tiny_model
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    widget.sliders.temperature.value = 0.9
    finish(widget)
    assert widget.sliders.temperature.value == pytest.approx(0.9), "the same model"


def test_running_again_replaces_in_place_and_keeps_the_look(
    widget: ColorizeWidget, finish: Finish
) -> None:
    viewer = widget.viewer
    viewer.add_image(GRAY, name="scan")
    finish(widget)
    before = list(viewer.layers)
    a = viewer.layers["scan a"]
    a.opacity, a.visible, a.colormap = 0.4, True, "gray"
    a.contrast_limits = (-20, 20)
    widget.advanced.working_size.value = 48
    finish(widget)
    assert list(viewer.layers) == before
    assert a.data.shape == (24, 36), "one color for 2 x 2 pixels"
    assert (a.opacity, a.visible, a.colormap.name) == (0.4, True, "gray")
    assert a.contrast_limits == [-20, 20]
    assert a.metadata[METADATA]["working_size"] == 48
    assert len(registry.of(viewer)) == 1


def test_a_kind_no_longer_ticked_goes_when_running_again(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    widget.layer_choice.boxes["uncertainty"].value = False
    finish(widget)
    assert "scan uncertainty" not in names(widget)


def test_keep_leaves_the_earlier_results_beside_the_new(
    widget: ColorizeWidget, finish: Finish
) -> None:
    viewer = widget.viewer
    viewer.add_image(GRAY, name="scan")
    finish(widget)
    first = viewer.layers["scan a"]
    values = np.array(first.data)
    widget.keep.value = True
    widget.sliders.temperature.value = 1.0
    finish(widget)
    assert first.name == "scan a (tiny)"
    assert viewer.layers["scan a"] is not first
    widget.sliders.saturation.value = 1.8
    run = widget.run
    assert run is not None
    assert not run.kept
    assert run.settings.saturation == 1.8
    assert first in viewer.layers
    assert len(registry.of(viewer)) == 2
    assert not np.array_equal(values, viewer.layers["scan a"].data)


def test_the_image_list_follows_the_viewer(
    widget: ColorizeWidget, finish: Finish
) -> None:
    viewer = widget.viewer
    viewer.add_image(GRAY, name="scan")
    viewer.add_labels(np.zeros((5, 5), int))
    assert [choice.name for choice in widget.image.choices if choice] == ["scan"]
    finish(widget)
    viewer.layers["scan"].name = "renamed"
    assert [choice.name for choice in widget.image.choices if choice] == ["renamed"]
    other = viewer.add_image(GRAY, name="other")
    assert widget.image.value is other, "the image that was opened last is chosen"
    viewer.layers.selection.active = viewer.layers["renamed"]
    assert widget.image.value is viewer.layers["renamed"]


def test_two_images_have_their_own_results_and_settings(
    widget: ColorizeWidget, finish: Finish
) -> None:
    viewer = widget.viewer
    first = viewer.add_image(GRAY, name="first")
    finish(widget)
    widget.sliders.temperature.value = 0.9
    second = viewer.add_image(GRAY[::-1], name="second")
    widget.sliders.temperature.value = 0.1
    finish(widget)
    widget.image.value = first
    assert widget.sliders.temperature.value == pytest.approx(0.9)
    widget.image.value = second
    assert widget.sliders.temperature.value == pytest.approx(0.1)
    viewer.layers.selection.active = viewer.layers["first b"]
    assert active_run(viewer).layer is first


def test_the_shown_bin_is_named_on_the_canvas(
    widget: ColorizeWidget, finish: Finish
) -> None:
    viewer = widget.viewer
    viewer.add_image(GRAY, name="scan")
    finish(widget)
    layer = viewer.layers["scan a probability"]
    assert layer.axis_labels[0] == "bins"
    centers = layer.metadata[METADATA]["bins"]
    layer.visible = True
    label = viewer.canvas.overlays["colorize a probability"]
    for number, center in enumerate(centers):
        viewer.dims.set_current_step(0, number)
        assert f"a = {center:+.4g}" in label.text
        assert f"bin {number + 1} of {len(centers)}" in label.text
    assert label.box_color[0] > label.box_color[1], "the last bin of a is red"
    layer.visible = False
    assert not label.visible


def test_the_device_list_is_filled_by_the_first_run(
    widget: ColorizeWidget, finish: Finish
) -> None:
    assert list(widget.advanced.device.choices) == ["auto"]
    widget.viewer.add_image(GRAY)
    finish(widget)
    assert "cpu" in widget.advanced.device.choices
    assert widget.advanced.device.value == "auto"


def test_removed_result_layers_end_the_run(
    widget: ColorizeWidget, finish: Finish
) -> None:
    viewer = widget.viewer
    viewer.add_image(GRAY, name="scan")
    finish(widget)
    for kind in KINDS:
        viewer.layers.remove(f"scan {kind}")
    assert registry.of(viewer) == []
    widget.sliders.temperature.value = 0.6
    assert names(widget) == ["scan"]


def test_saving_writes_the_settings_into_the_file(
    widget: ColorizeWidget, finish: Finish, tmp_path: Path
) -> None:
    from PIL import Image

    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    assert widget.saving.save_button.enabled
    widget.saving.save(str(tmp_path / "color.png"))
    with Image.open(tmp_path / "color.png") as picture:
        text = " ".join(map(str, picture.info.values()))
        pixels = np.asarray(picture)
    np.testing.assert_array_equal(pixels, widget.viewer.layers["scan colorized"].data)
    assert "tiny" in text
    assert "temperature" in text

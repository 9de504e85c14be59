"""Large pictures in a real viewer: what is seen, rendered, read and saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from napari.layers import Image
from PIL import Image as Pillow
from qtpy.QtCore import QThreadPool
from qtpy.QtWidgets import QApplication
from skimage import data

from colorize_engine import Colorizer
from colorize_engine.color import lightness, lightness_to_gray
from colorize_engine.rendering import Pyramid
from napari_colorize.runs import METADATA
from napari_colorize.runs.large_picture import LargePicture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari import Viewer
    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

GRAY = lightness_to_gray(lightness(data.coffee()))


def photo(height: int, width: int) -> np.ndarray:
    return np.asarray(Pillow.fromarray(GRAY).resize((width, height)))


def settled(widget: ColorizeWidget, qtbot: QtBot) -> None:
    """Wait until the sliders' colors are there and the canvas has drawn them."""
    qtbot.waitUntil(lambda: not widget.run.live.busy, timeout=60_000)
    widget.viewer.window.show()
    for _ in range(3):
        QApplication.processEvents()


def truth(widget: ColorizeWidget, picture: np.ndarray) -> np.ndarray:
    """Return the whole picture in color as the engine colors it now."""
    model = widget.advanced.folder.value
    prediction = Colorizer.from_folder(model, "cpu").predict(picture, 32)
    return prediction.colorize(*widget.run.settings.arguments)


def on_canvas(viewer: Viewer) -> np.ndarray:
    """Return the middle of the canvas, RGB in 0..255."""
    shot = viewer.screenshot(canvas_only=True, flash=False)[..., :3]
    height, width = shot.shape[:2]
    return shot[height // 4 : -height // 4, width // 4 : -width // 4].astype(float)


def expected_on_canvas(viewer: Viewer, full: np.ndarray) -> np.ndarray:
    """Return what the middle of the canvas should show of a picture: means of areas."""
    height, width = viewer.window._qt_viewer.canvas.size
    zoom, center = viewer.scene.camera.zoom, viewer.scene.camera.center[-2:]
    rows = np.array([height // 4, height - -(-height // 4)]) - height / 2
    columns = np.array([width // 4, width - -(-width // 4)]) - width / 2
    top, bottom = rows / zoom + center[0] + 0.5
    left, right = columns / zoom + center[1] + 0.5
    size = int(columns[1] - columns[0]), int(rows[1] - rows[0])
    box = (left, top, right, bottom)
    found = Pillow.fromarray(full[..., :3]).resize(size, Pillow.Resampling.BOX, box)
    return np.asarray(found, float)


def check_canvas(widget: ColorizeWidget, full: np.ndarray, most: float) -> None:
    """Check that the canvas shows a picture, and not one shifted by two pixels."""
    seen = on_canvas(widget.viewer)
    expected = expected_on_canvas(widget.viewer, full)
    assert seen.shape == expected.shape
    error = np.abs(seen - expected).mean()
    assert error < most
    assert np.abs(seen[2:, 2:] - expected[:-2, :-2]).mean() > 1.5 * error


@pytest.fixture
def large(widget: ColorizeWidget, finish: Finish, qtbot: QtBot) -> ColorizeWidget:
    """Widget whose run has colored 12 megapixels, in a window that is shown."""
    widget.viewer.window.resize(1000, 700)
    layer = widget.viewer.add_image(photo(3000, 4000), name="scan")
    widget.viewer.window.show()
    widget.viewer.reset_view()
    finish(widget)
    layer.visible = False
    settled(widget, qtbot)
    return widget


def test_the_canvas_follows_the_slider_the_zoom_and_the_hand(
    large: ColorizeWidget, qtbot: QtBot
) -> None:
    picture = large.image.value.data
    layer = large.run.layers["colorized"]
    assert layer.multiscale
    first = truth(large, picture)
    check_canvas(large, first, 2)
    thumbnail = layer.thumbnail.copy()
    large.sliders.saturation.value = 1.9
    settled(large, qtbot)
    full = truth(large, picture)
    check_canvas(large, full, 2)
    was = expected_on_canvas(large.viewer, first)
    assert np.abs(on_canvas(large.viewer) - was).mean() > 4
    assert np.abs(layer.thumbnail.astype(int) - thumbnail).mean() > 2
    camera = large.viewer.scene.camera
    for zoom, center in (
        (0.4, (1500.0, 2000.0)),
        (1.0, (1500.0, 2000.0)),
        (1.0, (1550.0, 2100.0)),
        (1.0, (1000.0, 900.0)),
        (2.0, (2000.0, 3000.0)),
        (0.7, (1400.0, 1800.0)),
    ):
        camera.zoom, camera.center = zoom, (0.0, *center)
        settled(large, qtbot)
        check_canvas(large, full, 2)
    # A slider where only a part is seen.
    large.sliders.temperature.value = 0.0
    settled(large, qtbot)
    check_canvas(large, truth(large, picture), 2)


def test_it_is_rendered_where_it_is_seen(large: ColorizeWidget, qtbot: QtBot) -> None:
    run, camera = large.run, large.viewer.scene.camera
    height, width = large.viewer.window._qt_viewer.canvas.size
    prediction = run.results.prediction(())
    rendering = prediction.rendering(
        prediction.decode(), light=run.results.picture.light
    )
    for zoom in (camera.zoom, 0.3, 0.5, 1.0):
        camera.zoom = zoom
        settled(large, qtbot)
        found = run.results.picture.prepare(rendering).colors.rendered
        # At most 1.41 times as many pixels as the screen has, and the smallest level.
        assert found < 1.5 * height * width + 256 * 192
    # What is prepared is what the layer reads then.
    picture, layer = run.results.picture, run.layers["colorized"]
    prepared = picture.prepare(rendering)
    run.results.put((), {"colorized": prepared})
    with picture.moved.blocked():  # or else more is rendered ahead
        before = prepared.colors.rendered
        layer.refresh()
        assert prepared.colors.rendered == before


def test_what_lies_around_is_rendered_ahead(
    large: ColorizeWidget, qtbot: QtBot
) -> None:
    run, camera = large.run, large.viewer.scene.camera
    camera.zoom = 0.7
    settled(large, qtbot)
    picture, layer = run.results.picture, run.layers["colorized"]
    QThreadPool.globalInstance().waitForDone(60_000)
    before, corners, level = (
        picture.shown.rendered,
        layer.corner_pixels.copy(),
        layer.data_level,
    )
    with picture.moved.blocked():
        camera.center = (0.0, camera.center[1] + 40, camera.center[2] - 60)
        settled(large, qtbot)
        assert (layer.corner_pixels != corners).any()
        camera.zoom = 0.58
        settled(large, qtbot)
        assert layer.data_level == level + 1
        assert picture.shown.rendered == before
        camera.center = (0.0, 500.0, 500.0)
        settled(large, qtbot)
        assert picture.shown.rendered > before
    # It stops where it is asked to.
    with pytest.raises(InterruptedError):
        run.results.look_ahead(stop)


def stop() -> None:
    raise InterruptedError


def test_neither_slider_nor_hint_reads_the_source(
    widget: ColorizeWidget, finish: Finish, hinted_model: Path, qtbot: QtBot
) -> None:
    from colorize_engine import Hint

    class Counted:
        """A picture that counts the pixels which are read of it."""

        def __init__(self, pixels: np.ndarray) -> None:
            self.pixels, self.count = pixels, 0
            self.shape, self.dtype = pixels.shape, pixels.dtype
            self.ndim, self.size = pixels.ndim, pixels.size

        def __getitem__(self, key: Any) -> np.ndarray:
            found = self.pixels[key]
            self.count += found.size
            return found

    counted = Counted(photo(1200, 1600))
    widget.advanced.folder.value = hinted_model
    layer = Image(counted, contrast_limits=(0, 255), name="scan", visible=False)
    widget.viewer.add_layer(layer)
    finish(widget)
    before = counted.count
    seen = np.asarray(widget.run.layers["colorized"].data[-1]).copy()
    widget.sliders.saturation.value = 2.0
    settled(widget, qtbot)
    slid = np.asarray(widget.run.layers["colorized"].data[-1]).copy()
    widget.run.hint([Hint(600, 800, 40, 40, 200)])
    settled(widget, qtbot)
    hinted = np.asarray(widget.run.layers["colorized"].data[-1])
    assert (slid != seen).any() and (hinted != slid).any()
    assert counted.count == before


# -- what is saved, and what others read

KINDS = {
    "uint8": photo(1200, 1400),
    "uint16": photo(1200, 1400).astype(np.uint16) * 257,
    "float": photo(1200, 1400).astype(np.float32) / 255,
    "RGBA": np.dstack([photo(1200, 1400)] * 4),
    "one slice": photo(1200, 1400)[None],
}


@pytest.mark.parametrize("name", KINDS)
def test_the_whole_picture_is_saved_bit_by_bit(
    widget: ColorizeWidget,
    finish: Finish,
    qtbot: QtBot,
    tmp_path: Path,
    name: str,
) -> None:
    picture = KINDS[name]
    widget.viewer.add_image(picture, name="scan", scale=(2.0,) * picture[..., 0].ndim)
    finish(widget)
    widget.sliders.rebalance.value = 0.5
    settled(widget, qtbot)
    layer = widget.run.layers["colorized"]
    assert layer.multiscale
    expected = truth(widget, picture[0] if name == "one slice" else picture)
    white = 1 if name in ("uint16", "float") else 255
    assert layer.contrast_limits == layer.contrast_limits_range == [0, white]
    widget.saving.save(str(tmp_path / "scan.tif"))
    saved = tifffile.imread(tmp_path / "scan.tif")
    if name == "float":
        expected = np.rint(expected.astype(np.float64) * 65535).astype(np.uint16)
    np.testing.assert_array_equal(saved, expected)
    # napari's own Save does the same.
    widget.viewer.layers.selection.active = layer
    layer.save(str(tmp_path / "again.tif"), plugin="napari-colorize")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "again.tif"), expected)


def test_other_plugins_read_plain_arrays(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.viewer.add_image(KINDS["uint16"], name="scan")
    finish(widget)
    layer = widget.run.layers["colorized"]
    full = truth(widget, KINDS["uint16"]).astype(np.float32) / np.float32(65535)
    np.testing.assert_array_equal(np.asarray(layer.data[0]), full)
    np.testing.assert_array_equal(layer.data[0][5:9, -3:, 1], full[5:9, -3:, 1])
    assert layer.data.shape == layer.data[0].shape == full.shape
    assert np.asarray(layer.data).shape == layer.data[-1].shape
    copy = Image.create(*layer.as_layer_data_tuple())
    assert copy.multiscale
    # What napari calls "Duplicate" copies the data.
    widget.viewer.layers.selection = {layer}
    from napari.layers._layer_actions import _duplicate_layer

    _duplicate_layer(widget.viewer.layers)
    twin = widget.viewer.layers["scan colorized copy"]
    widget.sliders.saturation.value = 0.0
    np.testing.assert_array_equal(np.asarray(twin.data[0]), full)
    assert np.asarray(twin.data[-1]).std(-1).max() > 0.01


class Numbers:
    """Colors that tell level, row and column."""

    dtype, channels = np.dtype(np.uint16), 3

    def window(
        self, rows: slice, columns: slice, level: int = 0, check: Any = None
    ) -> np.ndarray:
        """Return the numbers of a window."""
        y, x = np.mgrid[rows, columns]
        return np.stack([np.full_like(y, level), y, x], -1).astype(np.uint16)


keys = st.one_of(
    st.integers(-8, 7),
    st.builds(
        slice,
        st.one_of(st.none(), st.integers(-12, 12)),
        st.one_of(st.none(), st.integers(-12, 12)),
        st.sampled_from([None, 1, 2, 5, -1, -3]),
    ),
    st.just(...),
    st.just([1, 5, 2]),
    st.just(None),
)


@given(st.integers(0, 2), st.lists(keys, max_size=4), st.booleans())
def test_a_level_is_indexed_as_an_array(lead: int, key: list[Any], bare: bool) -> None:
    picture = LargePicture(Pyramid(np.zeros((300, 8), np.uint8)), 3, lead)
    picture.show(picture.prepare(Numbers()))
    level = picture.levels[0]
    y, x = np.mgrid[:300, :8]
    whole = np.stack([np.zeros_like(y), y, x], -1).astype(np.float32)
    whole = (whole / np.float32(65535))[(None,) * lead]
    assert (level.shape, level.ndim, level.size) == (whole.shape, 3 + lead, whole.size)
    index = key[0] if bare and len(key) == 1 else tuple(key)
    try:
        expected = whole[index]
    except IndexError:
        with pytest.raises(IndexError):
            level[index]
        return
    np.testing.assert_array_equal(level[index], expected)


# -- with what else there is


def test_colored_again_where_the_canvas_is_zoomed(
    large: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    large.viewer.scene.camera.zoom = 3.0
    large.viewer.scene.camera.center = (0.0, 2500.0, 3500.0)
    settled(large, qtbot)
    layer = large.run.layers["colorized"]
    layer.opacity = 0.5
    large.advanced.working_size.value = 64
    finish(large)
    settled(large, qtbot)
    assert large.run.layers["colorized"] is layer
    layer.opacity = 1
    prediction = Colorizer.from_folder(large.advanced.folder.value, "cpu").predict(
        large.image.value.data, 64
    )
    settled(large, qtbot)
    check_canvas(large, prediction.colorize(*large.run.settings.arguments), 2)


@pytest.mark.all_layers
def test_a_box_takes_it_away_and_brings_it_back(
    large: ColorizeWidget, qtbot: QtBot
) -> None:
    boxes = large.layer_choice.boxes
    boxes["colorized"].value = False
    assert "scan colorized" not in large.viewer.layers
    large.sliders.saturation.value = 2.0
    settled(large, qtbot)
    boxes["colorized"].value = True
    settled(large, qtbot)
    for kind, layer in large.run.layers.items():
        layer.visible = kind == "colorized"
    settled(large, qtbot)
    check_canvas(large, truth(large, large.image.value.data), 2)
    assert large.run.layers["colorized"].metadata[METADATA]["saturation"] == 2.0


def test_earlier_results_are_kept(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    widget.viewer.add_image(KINDS["uint8"], name="scan")
    finish(widget)
    before = np.asarray(widget.run.layers["colorized"].data[0])
    first = widget.run.layers["colorized"]
    widget.keep.value = True
    widget.advanced.working_size.value = 48
    finish(widget)
    widget.sliders.saturation.value = 0.0
    settled(widget, qtbot)
    assert widget.run.layers["colorized"] is not first
    np.testing.assert_array_equal(np.asarray(first.data[0]), before)
    assert np.ptp(np.asarray(widget.run.layers["colorized"].data[-1]), -1).max() <= 1


def test_a_slice_after_the_stack_and_the_stack_after_the_slice(
    widget: ColorizeWidget, finish: Finish
) -> None:
    """As napari makes no layer multiscale later: another one takes its place."""
    stack = np.stack([KINDS["uint8"], KINDS["uint8"][::-1]])
    widget.layer_choice.tick(("colorized", "a"))
    widget.viewer.add_image(stack, name="film")
    finish(widget)
    widget.viewer.add_points([[1, 2, 3]], name="above")
    colored = widget.viewer.layers["film colorized"]
    colored.opacity, at = 0.7, widget.viewer.layers.index(colored)
    for frames, multiscale in (("current slice", True), ("whole stack", False)):
        widget.advanced.frames.value = frames
        finish(widget)
        layer = widget.viewer.layers["film colorized"]
        assert layer.multiscale is multiscale
        assert widget.viewer.layers.index(layer) == at
        assert layer.opacity == 0.7
        assert widget.run.layers["colorized"] is layer
        names = [each.name for each in widget.viewer.layers]
        assert sorted(names) == ["above", "film", "film a", "film colorized"]


def test_the_split_line_cuts_it(large: ColorizeWidget, qtbot: QtBot) -> None:
    large.image.value.visible = True
    large.comparing.split_button.click()
    settled(large, qtbot)
    seen = large.viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    height, width = seen.shape[:2]
    middle = seen[height // 3 : -height // 3]
    colorful = np.ptp(middle, axis=2)
    assert colorful[:, width // 6 : width // 2 - 15].max() <= 2
    assert colorful[:, width // 2 + 15 : -width // 6].mean() > 10
    large.sliders.saturation.value = 0.0
    settled(large, qtbot)
    seen = large.viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    assert (
        np.ptp(seen[height // 3 : -height // 3, : width // 2 - 15], axis=2).max() <= 2
    )
    assert (
        np.ptp(seen[height // 3 : -height // 3, width // 2 + 15 :], axis=2).max() <= 2
    )


def test_a_small_picture_stays_an_array(widget: ColorizeWidget, finish: Finish) -> None:
    widget.viewer.add_image(photo(1000, 1500), name="scan")
    finish(widget)
    assert isinstance(widget.run.layers["colorized"].data, np.ndarray)

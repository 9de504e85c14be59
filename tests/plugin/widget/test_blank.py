"""Images with NaN and infinity: blank pixels by default, an error if one prefers it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from napari.utils.notifications import notification_manager
from qtpy.QtWidgets import QApplication
from skimage import data

from colorize_engine import Colorizer, cli
from napari_colorize.runs import NotColorable, source_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from npe2 import PluginManifest

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

GRAY = (data.camera()[100:150, 180:240] / 255).astype(np.float32)
BLANK = np.zeros(GRAY.shape, bool)
BLANK[:9], BLANK[30:40, 20:50] = True, True
HOLED = GRAY.copy()
HOLED[:9], HOLED[30:40, 20:50] = np.nan, np.inf
BLACK = np.where(BLANK, np.float32(0), GRAY)
COUNT = f"{BLANK.sum():,} pixels are NaN or infinite and became black, without color."


def shown(widget: ColorizeWidget) -> np.ndarray:
    return np.asarray(widget.run.layers["colorized"].data)


@pytest.fixture
def errors(plugin: PluginManifest) -> None:
    """Let a person prefer an error."""
    from napari.settings import get_plugin_settings

    get_plugin_settings("napari-colorize").run.not_finite = "error"


def test_a_masked_image_is_colored_and_the_status_counts(
    widget: ColorizeWidget, finish: Finish, tiny_model: Path
) -> None:
    widget.viewer.add_image(HOLED, name="masked")
    finish(widget)
    assert widget.status.value.endswith(f" {COUNT}")
    found = shown(widget)
    np.testing.assert_allclose(found[BLANK], 0, atol=1e-6)
    expected = Colorizer.from_folder(tiny_model).predict(BLACK, 32).colorize()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.isnan(widget.viewer.layers["masked"].data[0, 0])
    widget.viewer.add_image(GRAY, name="whole")
    finish(widget)
    assert "NaN" not in widget.status.value
    nothing = np.full((9, 9), np.nan)
    widget.viewer.add_image(nothing, name="nothing", contrast_limits=(0, 1))
    finish(widget)
    assert " 81 pixels are NaN" in widget.status.value
    np.testing.assert_allclose(shown(widget), 0, atol=1e-6)


def test_with_the_display_range_it_is_that_of_the_others(
    widget: ColorizeWidget, finish: Finish
) -> None:
    layer = widget.viewer.add_image(HOLED * 900 - 70, name="masked")
    values = layer.data[~BLANK]
    np.testing.assert_allclose(
        layer.contrast_limits, (values.min(), values.max()), rtol=1e-6
    )
    widget.advanced.display_range.value = True
    finish(widget)
    assert COUNT in widget.status.value
    found = shown(widget)
    assert found[~BLANK].max() > 0.99
    np.testing.assert_allclose(found[BLANK], 0, atol=1e-6)


def test_alpha_is_0_there(widget: ColorizeWidget, finish: Finish) -> None:
    rgba = np.dstack([HOLED, GRAY, GRAY, np.ones_like(GRAY)])
    widget.viewer.add_image(rgba, name="masked", rgb=True)
    finish(widget)
    assert COUNT in widget.status.value
    np.testing.assert_allclose(shown(widget)[BLANK], 0, atol=1e-6)
    np.testing.assert_allclose(shown(widget)[~BLANK][:, 3], 1)


def test_the_frames_of_a_stack_are_counted_together(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.viewer.add_image(np.stack([HOLED, GRAY, HOLED]), name="film")
    finish(widget)
    assert f" {2 * BLANK.sum():,} pixels are NaN" in widget.status.value
    np.testing.assert_allclose(shown(widget)[0][BLANK], 0, atol=1e-6)
    assert shown(widget)[1][BLANK].max() > 0.1
    # Frames are read again, and are not counted again.
    source = widget.run.results.source
    source.read((0,))
    assert source.blank == 2 * BLANK.sum()


def test_a_person_may_prefer_an_error(
    errors: None, widget: ColorizeWidget, finish: Finish
) -> None:
    notification_manager.records.clear()
    widget.viewer.add_image(HOLED, name="masked")
    finish(widget)
    assert widget.run is None
    assert "NaN or infinity" in widget.status.value
    assert "Preferences" in widget.status.value
    assert [notice.message for notice in notification_manager.records] == [
        widget.status.value
    ]
    widget.advanced.display_range.value = True
    finish(widget)
    assert widget.run is None
    widget.viewer.layers.clear()
    widget.viewer.add_image(GRAY, name="whole")
    finish(widget)
    assert widget.run is not None


def test_the_command_of_a_run_makes_them_blank_too(
    widget: ColorizeWidget,
    finish: Finish,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite("PHOTO", HOLED)
    widget.viewer.add_image(HOLED, name="masked")
    finish(widget)
    widget.saving.copy()
    line = shlex.split(QApplication.clipboard().text())
    assert line[-2:] == ["--nan", "blank"]
    with pytest.raises(SystemExit) as left:
        cli.main([word.replace(".png", ".tif") for word in line[1:]])
    assert left.value.code == 0
    found = tifffile.imread("masked-color.tif")
    np.testing.assert_allclose(found, shown(widget), atol=1e-5)
    widget.viewer.add_image(GRAY, name="whole")
    finish(widget)
    widget.saving.copy()
    assert "--nan" not in QApplication.clipboard().text()


def test_a_region_beside_blank_pixels_is_colored(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.viewer.add_image(HOLED, name="masked")
    box = np.array([[20, 10], [20, 40], [45, 40], [45, 10]])
    shapes = widget.viewer.add_shapes([box], shape_type="rectangle")
    widget.image.value = widget.viewer.layers["masked"]
    widget.advanced.region.value = shapes
    finish(widget)
    found = shown(widget)
    assert found.shape == (*GRAY.shape, 3)
    np.testing.assert_allclose(found[BLANK], 0, atol=1e-6)
    assert np.ptp(found[22:28, 15:35], axis=-1).max() > 0.01


@pytest.mark.parametrize("preferred", ["blank", "error"])
def test_a_folder_is_colored_as_one_prefers(
    plugin: PluginManifest,
    widget: ColorizeWidget,
    qtbot: Any,
    tmp_path: Path,
    preferred: str,
) -> None:
    from napari.settings import get_plugin_settings

    get_plugin_settings("napari-colorize").run.not_finite = preferred
    (tmp_path / "scans").mkdir()
    tifffile.imwrite(tmp_path / "scans" / "holed.tif", HOLED)
    widget.many_button.folder.trigger()
    dialog = widget.many_button.dialog
    dialog.folder.choose(str(tmp_path / "scans"))
    dialog.start()
    qtbot.waitUntil(lambda: not dialog.busy, timeout=60_000)
    (record,) = dialog.run.tally.records
    if preferred == "error":
        assert record.status == "failed"
        assert "NaN or infinite" in record.error
    else:
        assert record.status == "done"
        assert f"{BLANK.sum():,} pixels are NaN" in record.notes[0]


def test_a_source_is_read_as_it_is_asked(widget: ColorizeWidget) -> None:
    layer = widget.viewer.add_image(HOLED, name="masked")
    np.testing.assert_array_equal(source_of(layer).read(()), BLACK)
    with pytest.raises(NotColorable, match="NaN or infinity"):
        source_of(layer, not_finite="error").read(())

"""A person's way with hints: a red saucer, undo, a variant, a file, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image as Pillow
from skimage import data

from colorize_engine.color import ciede2000, srgb_to_lab
from napari_colorize.hints import find_points
from napari_colorize.widget import ColorizeWidget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari import Viewer
    from pytestqt.qtbot import QtBot

TRUTH = srgb_to_lab(data.coffee())
POINT = (330, 180)
# Parts of the saucer: around the point, and on its other side of the shadow.
PARTS = (np.s_[300:360, 150:230], np.s_[250:330, 90:130])


def off(picture: np.ndarray, part: tuple[slice, slice]) -> float:
    """Give the CIEDE2000 between the mean colors of a part and of the truth."""
    means = [lab[part].reshape(-1, 3).mean(0) for lab in (srgb_to_lab(picture), TRUTH)]
    return float(ciede2000(*means))


class Person:
    """Someone who opens the sample in a window of their own, and colors it."""

    def __init__(self, viewer: Viewer, qtbot: QtBot) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        viewer.window.resize(1366, 768)
        viewer.open_sample("napari-colorize", "coffee")
        self.widget = ColorizeWidget(viewer)
        viewer.window.add_dock_widget(self.widget, name="Colorize")
        self.widget.run_button.native.click()
        qtbot.waitUntil(lambda: not self.widget.busy, timeout=120_000)
        self.see()

    def see(self) -> np.ndarray:
        """Wait until the picture is that of all points with a color; give it."""
        run = self.widget.run

        def is_shown() -> bool:
            if run.live.busy:
                return False
            expected = run.results.prediction(()).colorize(*run.settings.arguments)
            return np.array_equal(run.layers["colorized"].data, expected)

        self.qtbot.waitUntil(is_shown, timeout=60_000)
        points = find_points(self.viewer, run.layer)
        colored = 0 if points is None else int((points.face_color[:, 3] > 0).sum())
        assert len(run.results.steering.hints) == colored
        return np.array(run.layers["colorized"].data)


@pytest.fixture
def meet(
    make_napari_viewer: Callable[..., Viewer], plugin: object, qtbot: QtBot
) -> Callable[[], Person]:
    return lambda: Person(make_napari_viewer(show=True), qtbot)


def test_from_a_gray_saucer_to_a_red_one_and_back(
    meet: Callable[[], Person], qtbot: QtBot, tmp_path: Path
) -> None:
    person = meet()
    widget, palette = person.widget, person.widget.palette
    automatic = person.see()
    assert min(off(automatic, part) for part in PARTS) > 10

    # A hint on the saucer: of the likely colors, the one that is nearest to the truth.
    palette.add_button.click()
    points = person.viewer.layers["coffee gray hints"]
    assert person.viewer.layers.selection.active is points
    points.add([POINT])
    qtbot.waitUntil(lambda: palette.swatches[0].isEnabled(), timeout=60_000)
    offered = srgb_to_lab(np.array([palette.colors], np.uint8))[0]
    true = TRUTH[POINT]
    offered[:, 0] = true[0]
    palette.swatches[int(ciede2000(offered, true).argmin())].click()
    red = person.see()
    assert max(off(red, part) for part in PARTS) < 10

    widget.sliders.undo.native.click()
    np.testing.assert_array_equal(person.see(), automatic)
    assert len(points.data) == 0
    widget.sliders.redo.native.click()
    np.testing.assert_array_equal(person.see(), red)

    # Variants keep the hint.
    widget.strip.button.click()
    pictures = widget.strip.pictures
    qtbot.waitUntil(lambda: not pictures[0].isHidden(), timeout=120_000)
    (own,) = widget.run.results.steering.hints
    pictures[2].click()
    qtbot.waitUntil(lambda: len(widget.run.results.steering.hints) == 7, timeout=60_000)
    variant = person.see()
    assert not np.array_equal(variant, red)
    assert own in widget.run.results.steering.hints
    widget.sliders.undo.native.click()
    np.testing.assert_array_equal(person.see(), red)
    widget.sliders.redo.native.click()
    np.testing.assert_array_equal(person.see(), variant)

    # Someone else makes the same picture from the file.
    path = tmp_path / "coffee.png"
    widget.saving.save(str(path))
    with Pillow.open(path) as saved:
        np.testing.assert_array_equal(np.asarray(saved), variant)
    other = meet()
    np.testing.assert_array_equal(other.see(), automatic)
    other.widget.palette.loaded.emit(str(path))
    assert "Loaded 7 hints" in other.widget.status.value
    np.testing.assert_array_equal(other.see(), variant)
    assert other.widget.run.results.steering.hints == widget.run.results.steering.hints

"""Probability layers in a real window: seen at once, named, left as a person sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from colorize_engine import ChannelBins, Colorizer
from colorize_engine.decode import DecodeSettings
from colorize_engine.pretrained import read_card
from napari_colorize.runs import KINDS, Results, Run, Worker, registry, source_of
from napari_colorize.runs.bin_overlay import attach, most_informative_bin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari import Viewer
    from napari.layers import Image

    Color = Callable[[Image], Run]

BINS = ChannelBins.unweighted(np.arange(-60, 61, 20))
GRAY, RED = 3, 5  # numbers of the bins at 0 and 40


def nets(lightness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give about 10 % of a at 40 where it is bright, less where not; b the reverse."""
    logits = np.full((len(BINS), *lightness.shape), -9, np.float32)
    logits[GRAY] = 0
    logits[RED] = -4.6 + lightness / 100 * 2.6
    return logits, logits[::-1].copy()


@pytest.fixture
def viewer(make_napari_viewer: Callable[..., Viewer]) -> Iterator[Viewer]:
    """Give a window that is seen, whose runs are forgotten after the test."""
    viewer = make_napari_viewer(show=True)
    yield viewer
    for run in registry.of(viewer):
        registry.remove(run)


@pytest.fixture
def color(viewer: Viewer, tiny_model: Path) -> Callable[[Image], Run]:
    """Give a function that colors a layer with the nets above, as the widget does."""
    colorizer = Colorizer(nets, BINS, BINS, card=read_card(tiny_model))

    def make_run(layer: Image) -> Run:
        results = Results(source_of(layer), colorizer, 32, KINDS)
        settings = DecodeSettings(0.38, 0.0)
        results.compute(settings, Worker(lambda _: None))
        before = next((r for r in registry.of(viewer) if r.layer is layer), None)
        run = Run(viewer, layer, results, settings, before.layers if before else {})
        registry.add(viewer, run)
        attach(viewer)
        return run

    return make_run


def ramp(shape: tuple[int, ...] = (32, 48)) -> np.ndarray:
    """Give pictures that go from black to white."""
    picture = np.zeros(shape, np.uint8)
    picture[:] = np.linspace(0, 255, shape[-1])
    return picture


def labels(viewer: Viewer) -> list[str]:
    """Give the texts of the labels that are on the canvas."""
    overlays = viewer.canvas.overlays
    found = [overlays[f"colorize {channel} probability"] for channel in "ab"]
    return [label.text for label in found if label.visible]


def test_the_thumbnail_of_a_hidden_layer_shows_its_most_informative_bin(
    viewer: Viewer, color: Color
) -> None:
    run = color(viewer.add_image(ramp(), name="ramp"))
    step = viewer.dims.current_step
    for channel in "ab":
        layer = run.layers[f"{channel} probability"]
        assert not layer.visible
        # From dark to bright along the ramp, and not black all over.
        means = layer.thumbnail[..., :3].mean((0, 2))
        assert np.ptp(means) > 60
    assert viewer.dims.current_step == step
    assert labels(viewer) == []


def test_a_probability_layer_is_bright_where_its_bin_is_likely(
    viewer: Viewer, color: Color
) -> None:
    run = color(viewer.add_image(ramp()))
    layer = run.layers["a probability"]
    layer.visible = True
    assert viewer.dims.current_step[0] == RED
    assert layer.data[RED].max() < 0.2, "nearly black in limits of 0 to 1"
    seen = viewer.screenshot(flash=False)[..., :3].astype(int)
    assert seen[len(seen) // 2].sum(axis=1).max() > 2 * 255
    assert layer.contrast_limits_range == [0, 1]


def test_the_limits_follow_the_bin_until_a_person_sets_them(
    viewer: Viewer, color: Color
) -> None:
    source = viewer.add_image(ramp())
    run = color(source)
    layer = run.layers["a probability"]
    layer.visible = True
    limits = {}
    for number in (RED, GRAY, 0):
        viewer.dims.set_current_step(0, number)
        limits[number] = layer.contrast_limits[1]
    assert limits[GRAY] == pytest.approx(np.percentile(layer.data[GRAY], 99.5))
    assert limits[RED] == pytest.approx(np.percentile(layer.data[RED], 99.5))
    assert limits[0] == pytest.approx(0.05), "where nothing is likely it stays dark"
    layer.contrast_limits = (0.1, 0.4)
    viewer.dims.set_current_step(0, RED)
    assert color(source).layers["a probability"] is layer
    assert layer.contrast_limits == [0.1, 0.4]


def test_the_slider_stays_where_a_person_has_put_it(
    viewer: Viewer, color: Color
) -> None:
    run = color(viewer.add_image(ramp()))
    viewer.dims.set_current_step(0, 1)
    run.layers["a probability"].visible = True
    assert viewer.dims.current_step[0] == 1


def test_each_layer_opens_at_a_bin_of_its_own_once(
    viewer: Viewer, color: Color
) -> None:
    run = color(viewer.add_image(ramp((3, 32, 48))))
    a, b = run.layers["a probability"], run.layers["b probability"]
    a.visible = True
    assert viewer.dims.current_step[0] == RED
    a.visible, b.visible = False, True
    assert viewer.dims.current_step[0] == len(BINS) - 1 - RED
    b.visible, a.visible = False, True
    assert viewer.dims.current_step[0] == len(BINS) - 1 - RED


def test_the_most_informative_bin_moves_the_mean_most() -> None:
    shares = np.zeros((3, 1, 2), np.float32)
    shares[:, 0, 0] = (0.2, 0.8, 0.0)
    shares[:, 0, 1] = (0.1, 0.4, 0.5)
    assert most_informative_bin(shares, np.float32([-10, 0, 10])) == 2
    assert most_informative_bin(shares, np.float32([-90, 0, 10])) == 0


def test_the_label_says_value_share_and_color(viewer: Viewer, color: Color) -> None:
    viewer.canvas.overlays.text.text = "my own"
    run = color(viewer.add_image(ramp()))
    assert labels(viewer) == []
    layer = run.layers["a probability"]
    layer.visible = True
    share = layer.data[RED].mean()
    assert labels(viewer) == [
        f"a = +40   bin {RED + 1} of 7\nmean probability {share:.1%}"
    ]
    box = viewer.canvas.overlays["colorize a probability"].box_color
    seen = viewer.screenshot(flash=False)[..., :3]
    swatch = np.abs(seen - box[:3] * 255).max(axis=2) < 3
    assert box[0] > box[1] + 0.2, "a = +40 is red"
    assert swatch.sum() > 1000
    run.layers["b probability"].visible = True
    assert [text[:7] for text in labels(viewer)] == ["a = -40", "b = -40"]
    viewer.layers.remove(layer)
    assert [text[:7] for text in labels(viewer)] == ["b = -40"]
    run.layers["b probability"].visible = False
    assert labels(viewer) == []
    assert viewer.canvas.overlays.text.text == "my own"


def test_the_label_follows_the_prediction(viewer: Viewer, color: Color) -> None:
    run = color(viewer.add_image(ramp()))
    run.layers["a probability"].visible = True
    run.results.store.arrays["a probability"][RED] = 0.5
    run.changed.emit()
    assert "mean probability 50.0%" in labels(viewer)[0]
    assert run.layers["a probability"].contrast_limits == [0, 0.5]


def test_the_sliders_are_named(viewer: Viewer, color: Color) -> None:
    color(viewer.add_image(ramp((3, 32, 48))))
    assert viewer.dims.axis_labels[:2] == ("bins", "frame")


@pytest.mark.parametrize("by", ["person", "layer"])
def test_names_that_sliders_have_are_kept(
    viewer: Viewer, color: Color, by: str
) -> None:
    other = viewer.add_image(np.zeros((4, 5, 32, 48)))
    named = viewer.dims if by == "person" else other
    named.axis_labels = ("z", "time", "y", "x")
    run = color(viewer.add_image(ramp((3, 32, 48))))
    run.layers["a probability"].visible = True
    assert viewer.dims.axis_labels == ("z", "time", "y", "x")


def test_a_name_given_later_is_kept(viewer: Viewer, color: Color) -> None:
    color(viewer.add_image(ramp((3, 32, 48))))
    viewer.dims.set_axis_label(1, "minute")
    viewer.add_image(ramp())
    assert viewer.dims.axis_labels[1] == "minute"

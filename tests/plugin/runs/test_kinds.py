"""Kinds of image data: what is colored, and what is refused with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import stand_ins
import zarr
from napari.layers import Image, Shapes
from skimage import data

from colorize_engine.pretrained import read_card
from napari_colorize.runs import KINDS as RESULTS
from napari_colorize.runs import region_of, source_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

GRAY = data.camera()[100:164, 100:196]
KINDS: dict[str, np.ndarray] = {
    "uint8": GRAY,
    "uint16": GRAY.astype(np.uint16) * 257,
    "big-endian uint16": (GRAY.astype(np.uint16) * 257).astype(">u2"),
    "float": GRAY.astype(np.float64) / 255,
    "float32": GRAY.astype(np.float32) / 255,
    "bool": GRAY > 100,
    "RGB": np.dstack([GRAY] * 3),
    "RGBA": np.dstack([GRAY] * 3 + [255 - GRAY]),
}


@pytest.mark.parametrize("picture", KINDS.values(), ids=KINDS)
def test_the_frame_has_the_lightness_of_the_layer(picture: np.ndarray) -> None:
    from colorize_engine.color import lightness

    frame = source_of(Image(picture)).read(())
    expected = picture * np.uint8(255) if picture.dtype == bool else picture
    np.testing.assert_allclose(lightness(frame), lightness(expected), atol=1e-4)


@pytest.mark.parametrize("name", ["uint16", "big-endian uint16", "float", "RGBA"])
def test_kinds_are_colored(widget: ColorizeWidget, finish: Finish, name: str) -> None:
    widget.viewer.add_image(KINDS[name], name="scan")
    finish(widget)
    rgb = widget.viewer.layers["scan colorized"].data
    assert rgb.shape == (64, 96, 4 if name == "RGBA" else 3)
    assert rgb.dtype == (np.uint8 if name == "RGBA" else np.float32)
    assert rgb.max() <= (255 if rgb.dtype == np.uint8 else 1)
    if name == "RGBA":
        np.testing.assert_array_equal(rgb[..., 3], 255 - GRAY)


@pytest.mark.all_layers
@pytest.mark.parametrize("stack", [False, True])
def test_a_distribution_is_that_of_the_cell_that_a_pixel_lies_in(
    widget: ColorizeWidget,
    finish: Finish,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    stack: bool,
) -> None:
    """At a working size of 30 x 43, with cells of 4 x 4 pixels."""
    coarse = stand_ins.make_coarse()
    coarse.card = read_card(tiny_model)
    monkeypatch.setattr("colorize_engine.colorizer.loaded", lambda *_: coarse)
    picture = GRAY[:37, :53]
    source = widget.viewer.add_image(
        np.stack([picture.T.reshape(37, 53), picture]) if stack else picture,
        name="scan",
        scale=(1, 2, 0.5) if stack else (2, 0.5),
    )
    widget.advanced.working_size.value = 30
    finish(widget)
    index = (1,) if stack else ()
    expected = coarse.predict(picture, 30)
    shares = expected.a.probabilities
    assert shares.shape == (5, 8, 11)
    layers = {kind: widget.viewer.layers[f"scan {kind}"] for kind in RESULTS}
    a = layers["a"]
    settings = widget.sliders.settings()
    np.testing.assert_allclose(
        a.data[index], expected.decode(*settings.arguments)[0], atol=0.1
    )
    np.testing.assert_allclose(
        layers["uncertainty"].data[index], expected.entropy(), atol=1e-4
    )
    rgb = expected.colorize(*settings.arguments).astype(int)
    assert np.abs(layers["colorized"].data[index] - rgb).max() <= 2
    run = widget.run
    for row, column in ((0, 0), (36, 52), (4, 5), (5, 4), (18, 30), (31, 47)):
        world = source.data_to_world((*index, row, column))
        cell = np.rint(a.world_to_data(world)).astype(int)[-2:]
        pixel = run.pixel(run.place_at(world))
        np.testing.assert_allclose(pixel.a.probabilities, shares[:, *cell], atol=1e-3)


def lazy(kind: str, folder: Path) -> Any:
    if kind == "dask":
        return da.from_array(GRAY, chunks=(20, 30))
    array = zarr.create_array(folder / "scan", shape=GRAY.shape, dtype=GRAY.dtype)
    array[:] = GRAY
    return array


@pytest.mark.parametrize("kind", ["dask", "zarr"])
def test_lazy_arrays_give_what_the_plain_one_gives(kind: str, tmp_path: Path) -> None:
    layer = Image(lazy(kind, tmp_path), contrast_limits=(0, 255))
    np.testing.assert_array_equal(source_of(layer).read(()), GRAY)


def test_a_multiscale_image_is_colored_at_full_resolution(
    widget: ColorizeWidget, finish: Finish
) -> None:
    pyramid = [GRAY, GRAY[::2, ::2], GRAY[::4, ::4]]
    source = widget.viewer.add_image(pyramid, name="scan", scale=(3, 3))
    finish(widget)
    colored = widget.viewer.layers["scan colorized"]
    assert colored.data.shape == (64, 96, 3)
    np.testing.assert_allclose(
        colored.data_to_world((10, 20)), source.data_to_world((10, 20)), atol=1e-6
    )


def test_the_display_range_is_used_when_asked_for() -> None:
    counts = (GRAY.astype(np.int32) * 3 - 100).astype(np.int16)
    layer = Image(counts, contrast_limits=(-100, 665))
    with pytest.raises(ValueError, match=r"16-bit numbers from 0 up.*display range"):
        source_of(layer).read(())
    frame = source_of(layer, display_range=True).read(())
    np.testing.assert_allclose(frame, GRAY / 255, atol=1e-6)
    layer.contrast_limits = (0, 100)
    frame = source_of(layer, display_range=True).read(())
    assert frame.min() == 0
    assert frame.max() == 1


def test_floats_beyond_their_range_name_the_option() -> None:
    with pytest.raises(ValueError, match=r"-5 to 300.*display range"):
        source_of(Image(np.array([[-5.0, 300.0]]))).read(())


@pytest.mark.parametrize("display_range", [False, True])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused_if_one_wants_so(
    display_range: bool, bad: float
) -> None:
    picture = np.full((4, 4), 0.5)
    picture[1, 1] = bad
    layer = Image(picture, contrast_limits=(0, 1))
    with pytest.raises(ValueError, match="NaN or infinity"):
        source_of(layer, display_range=display_range, not_finite="error").read(())


def test_a_region_has_a_box_with_its_surroundings() -> None:
    layer, shapes = Image(GRAY, name="scan"), Shapes(ndim=2, name="roi")
    shapes.add_rectangles(np.array([[500, 500], [600, 600]]))
    with pytest.raises(ValueError, match="lie outside scan"):
        region_of(layer, shapes, (64, 96))
    shapes.add_rectangles(np.array([[-10, 50], [9.5, 500]]))
    shapes.selected_data = {1}
    source = source_of(layer, region=region_of(layer, shapes, (64, 96)))
    assert (source.corner, source.shape) == ((0, 38), (13, 58))
    assert source.whole == (64, 96)
    np.testing.assert_array_equal(source.read(()), GRAY[:13, 38:])
    np.testing.assert_array_equal(source.read_whole(()), GRAY)


def test_of_several_shapes_the_selected_ones_count_or_all() -> None:
    layer, shapes = Image(GRAY), Shapes(ndim=2)
    shapes.add_rectangles(np.array([[-0.5, -0.5], [9.5, 9.5]]))
    shapes.add_rectangles(np.array([[19.5, 19.5], [39.5, 29.5]]))
    for selected, rows in (({0}, (0, 10)), ({1}, (20, 40)), (set(), (0, 40))):
        shapes.selected_data = selected
        found = region_of(layer, shapes, (64, 96)).bounds((64, 96))[0]
        assert (found.start, found.stop) == rows

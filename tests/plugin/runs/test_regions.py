"""A region as an edit: what lies outside keeps its colors, the picture stays whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from napari.layers import Image, Shapes
from PIL import Image as Pillow
from skimage import data
from skimage.draw import polygon2mask

from colorize_engine import Colorizer
from colorize_engine.batch.marks import load_hints
from colorize_engine.color import lightness, lightness_to_gray
from colorize_engine.region import Region
from napari_colorize.hints import hints_for
from napari_colorize.runs import METADATA, region_of, registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_colorize.widget import ColorizeWidget

    Finish = Callable[[ColorizeWidget], None]

GRAY = lightness_to_gray(lightness(data.coffee()))[::4, ::4]  # 100 x 150
BOX = [(19.5, 29.5), (19.5, 69.5), (59.5, 69.5), (59.5, 29.5)]
OTHER = [(50, 100), (90, 140), (90, 80)]
SHAPES = {"rectangle": BOX, "ellipse": BOX, "polygon": OTHER}


def mask_of(kind: str, corners: Any = None, shape: tuple[int, int] = (100, 150)) -> Any:
    """Return the pixels of a shape, by scikit-image."""
    corners = np.array(SHAPES[kind] if corners is None else corners)
    if kind == "ellipse":
        middle, angle = corners.mean(0), np.linspace(0, 2 * np.pi, 400)[:, None]
        half = (corners.max(0) - corners.min(0)) / 2
        corners = middle + half * np.hstack([np.sin(angle), np.cos(angle)])
    return polygon2mask(shape, corners)


def draw(
    widget: ColorizeWidget, *kinds: str, name: str = "roi", select: Any = ()
) -> Shapes:
    """Draw shapes on the image and choose them as the region."""
    image = widget.image.value
    shapes = Shapes(name=name, ndim=2)
    for kind in kinds:
        corners = [
            image.data_to_world((*[0] * (image.ndim - 2), *c)) for c in SHAPES[kind]
        ]
        shapes.add(np.array(corners)[:, -2:], shape_type=kind)
    shapes.selected_data = set(select)
    widget.viewer.add_layer(shapes)
    widget.image.value = image
    widget.advanced.region.value = shapes
    return shapes


def colors(widget: ColorizeWidget) -> np.ndarray:
    """Return the picture in color as it is now."""
    layer = widget.run.layers["colorized"]
    return np.array(layer.data[0] if layer.multiscale else layer.data)


def slide(widget: ColorizeWidget, qtbot: QtBot, saturation: float) -> np.ndarray:
    """Move a slider; return the picture then."""
    widget.sliders.saturation.value = saturation
    qtbot.waitUntil(lambda: not widget.run.live.busy, timeout=60_000)
    return colors(widget)


@pytest.fixture
def colored(small: ColorizeWidget) -> ColorizeWidget:
    """Widget that has colored a picture of 100 x 150 pixels, with hints possible."""
    return small


# -- shapes


@pytest.mark.parametrize(
    ("kinds", "select", "count"),
    [
        (("rectangle",), (), 1),
        (("ellipse",), (), 1),
        (("polygon",), (), 1),
        (("ellipse", "polygon"), (), 2),
        (("ellipse", "polygon"), (1,), 1),
    ],
    ids=["rectangle", "ellipse", "polygon", "both", "the selected one"],
)
def test_outside_stays_bit_by_bit_and_inside_follows_the_slider(
    colored: ColorizeWidget,
    finish: Finish,
    qtbot: QtBot,
    tmp_path: Path,
    kinds: tuple[str, ...],
    select: tuple[int, ...],
    count: int,
) -> None:
    before = colors(colored)
    draw(colored, *kinds, select=select)
    finish(colored)
    chosen = [kinds[k] for k in select] or kinds
    inside = np.any([mask_of(kind) for kind in chosen], axis=0)
    gray = slide(colored, qtbot, 0.0)
    vivid = slide(colored, qtbot, 1.9)
    for picture in (gray, vivid):
        assert picture.shape == before.shape == (100, 150, 3)
        changed = (picture != before).any(-1)
        assert (changed & ~inside).sum() <= 6  # on the very edge of an ellipse
    core = np.any([mask_of(kind, _smaller(SHAPES[kind])) for kind in chosen], axis=0)
    assert np.ptp(gray[core].astype(int), axis=-1).max() <= 1
    assert np.ptp(vivid[core].astype(int), axis=-1).mean() > 15
    entry = colored.run.layers["colorized"].metadata[METADATA]
    region = Region.from_text(entry["shapes"])
    assert len(region.shapes) == count
    assert entry["base"]["saturation"] == 1.0
    assert entry["saturation"] == 1.9
    colored.saving.save(str(tmp_path / "saved.tif"))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "saved.tif"), vivid)


def _smaller(corners: list[tuple[float, float]]) -> np.ndarray:
    points = np.array(corners)
    return points.mean(0) + 0.6 * (points - points.mean(0))


@pytest.mark.all_layers
def test_it_lies_where_it_was_drawn_on_a_turned_image(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    widget.viewer.add_image(
        GRAY, name="scan", scale=(2, 0.5), rotate=30, translate=(5, -40), shear=(0.2,)
    )
    finish(widget)
    before = colors(widget)
    draw(widget, "ellipse", "polygon")
    finish(widget)
    changed = (slide(widget, qtbot, 0.0) != before).any(-1)
    inside = mask_of("ellipse") | mask_of("polygon")
    assert (changed & ~inside).sum() <= 6
    assert changed[inside].mean() > 0.8
    run, source = widget.run, widget.image.value
    # What the nets say of the box lies on the box.
    corner, shape = run.extent
    layer = run.layers["a"]
    extent = np.array(layer.data.shape) * run.results.colorizer.head_stride
    for place in (corner, np.add(corner, shape) - 1):
        own = (np.subtract(place, corner) + 0.5) * run.results.working_shape / shape
        at = own / run.results.colorizer.head_stride - 0.5
        np.testing.assert_allclose(
            layer.data_to_world(at), source.data_to_world(place), atol=1e-6
        )
    assert (extent >= run.results.working_shape).all()
    whole = run.layers["colorized"]
    np.testing.assert_allclose(
        whole.data_to_world((3, 7)), source.data_to_world((3, 7)), atol=1e-6
    )


def test_the_nets_see_its_surroundings(colored: ColorizeWidget, finish: Finish) -> None:
    draw(colored, "rectangle")
    finish(colored)
    source = colored.run.results.source
    # 40 x 40 pixels, a quarter of them around.
    assert (source.corner, source.shape) == ((10, 20), (60, 60))
    part = colored.image.value.data[10:70, 20:80]
    expected = Colorizer.from_folder(colored.advanced.folder.value, "cpu").predict(
        part, 32
    )
    found = colored.run.results.prediction(())
    np.testing.assert_array_equal(found.a.logits, expected.a.logits)
    inner = mask_of("rectangle", [(24, 34), (24, 65), (55, 65), (55, 34)])
    whole = np.zeros_like(colors(colored))
    whole[10:70, 20:80] = expected.colorize(*colored.run.settings.arguments)
    np.testing.assert_array_equal(colors(colored)[inner], whole[inner])
    # A small region is seen at the working size at least.
    colored.advanced.working_size.value = 64
    finish(colored)
    assert colored.run.results.source.shape == (64, 64)


def test_without_an_earlier_picture_it_is_gray_outside(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    draw(widget, "ellipse")
    finish(widget)
    picture = slide(widget, qtbot, 2.0)
    outside = ~mask_of("ellipse")
    assert (picture[outside] != GRAY[outside][:, None]).sum() <= 9
    assert np.ptp(picture[~outside].astype(int), axis=-1).mean() > 10
    assert "base" not in widget.run.layers["colorized"].metadata[METADATA]


def test_a_second_region_keeps_the_first_and_none_is_the_whole_anew(
    colored: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    plain = colors(colored)
    draw(colored, "ellipse")
    finish(colored)
    first = slide(colored, qtbot, 0.0)
    draw(colored, "polygon", name="second")
    finish(colored)
    colored.sliders.temperature.value = 1.0
    second = slide(colored, qtbot, 2.0)
    inside = mask_of("polygon")
    np.testing.assert_array_equal(second[~inside], first[~inside])
    assert (second[inside] != first[inside]).any(-1).mean() > 0.5
    entry = colored.run.layers["colorized"].metadata[METADATA]
    assert entry["base"]["base"]["kind"] == "colorized"
    assert Region.from_text(entry["base"]["shapes"]).shapes[0].kind == "ellipse"
    colored.advanced.region.value = None
    colored.sliders.reset.native.click()
    finish(colored)
    np.testing.assert_array_equal(colors(colored), plain)
    entry = colored.run.layers["colorized"].metadata[METADATA]
    assert not {"region", "shapes", "base"} & set(entry)


def test_the_same_region_is_colored_anew_and_not_over_itself(
    colored: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    draw(colored, "ellipse")
    finish(colored)
    once = slide(colored, qtbot, 2.0)
    colored.sliders.saturation.value = 0.0
    qtbot.waitUntil(lambda: not colored.run.live.busy, timeout=60_000)
    finish(colored)
    again = slide(colored, qtbot, 2.0)
    np.testing.assert_array_equal(again, once)


def test_kept_results_stay(
    colored: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    first, before = colored.run.layers["colorized"], colors(colored)
    colored.keep.value = True
    draw(colored, "rectangle")
    finish(colored)
    picture = slide(colored, qtbot, 0.0)
    np.testing.assert_array_equal(first.data, before)
    assert colored.run.layers["colorized"] is not first
    outside = ~mask_of("rectangle")
    np.testing.assert_array_equal(picture[outside], before[outside])


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_other_types(
    widget: ColorizeWidget,
    finish: Finish,
    qtbot: QtBot,
    tmp_path: Path,
    dtype: Any,
) -> None:
    top = 1 if dtype == np.float32 else 65535
    widget.viewer.add_image((GRAY / 255 * top).astype(dtype), name="scan")
    finish(widget)
    before = colors(widget)
    draw(widget, "ellipse")
    finish(widget)
    after = slide(widget, qtbot, 1.9)
    assert after.dtype == before.dtype == np.float32
    outside = ~mask_of("ellipse")
    assert (after[outside] != before[outside]).sum() <= 9
    assert (after[~outside] != before[~outside]).any(-1).mean() > 0.8
    widget.saving.save(str(tmp_path / "saved.tif"))
    saved = tifffile.imread(tmp_path / "saved.tif")
    np.testing.assert_array_equal(saved, np.rint(after * np.float64(65535)))


def test_with_the_display_range_the_rest_stays_in_the_new_type(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.viewer.add_image(GRAY // 2, name="scan", contrast_limits=(0, 128))
    finish(widget)
    before = colors(widget)
    draw(widget, "rectangle")
    widget.advanced.display_range.value = True
    finish(widget)
    after, inside = colors(widget), mask_of("rectangle")
    assert after.dtype == np.float32
    np.testing.assert_allclose(after[~inside], before[~inside] / 255, atol=1e-6)
    assert after[inside].mean() > 1.5 * before[inside].mean() / 255


def test_around_colors_that_nobody_sees_it_is_gray(
    colored: ColorizeWidget, finish: Finish
) -> None:
    colored.viewer.layers.remove("coffee colorized")
    draw(colored, "rectangle")
    colored.layer_choice.tick(("colorized",))
    finish(colored)
    outside = ~mask_of("rectangle")
    np.testing.assert_array_equal(
        colors(colored)[outside], np.stack([GRAY[outside]] * 3, -1)
    )


def test_alpha_stays(widget: ColorizeWidget, finish: Finish, qtbot: QtBot) -> None:
    widget.viewer.add_image(np.dstack([GRAY, GRAY, GRAY, 255 - GRAY]), name="scan")
    draw(widget, "ellipse")
    finish(widget)
    after = slide(widget, qtbot, 2.0)
    np.testing.assert_array_equal(after[..., 3], 255 - GRAY)
    assert np.ptp(after[mask_of("ellipse"), :3].astype(int), axis=-1).mean() > 10


# -- stacks


def film() -> np.ndarray:
    return np.stack([np.roll(GRAY, 3 * k, axis=1) for k in range(3)])


def test_a_stack_has_it_in_every_frame(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    widget.viewer.add_image(film(), name="film")
    finish(widget)
    before = np.asarray(widget.run.layers["colorized"].data[:])
    draw(widget, "rectangle")
    finish(widget)
    widget.sliders.saturation.value = 0.0
    qtbot.waitUntil(lambda: not widget.run.live.busy, timeout=60_000)
    after = np.asarray(widget.run.layers["colorized"].data[:])
    assert after.shape == before.shape == (3, 100, 150, 3)
    inside = mask_of("rectangle")
    core = mask_of("rectangle", _smaller(BOX))
    for frame in range(3):
        np.testing.assert_array_equal(after[frame][~inside], before[frame][~inside])
        assert np.ptp(after[frame][core].astype(int), axis=-1).max() <= 1
        assert (after[frame][core] != before[frame][core]).any()
    # The earlier colors are on disk as long as they are needed, and no longer.
    folders = [widget.run.results.store.folder]
    folders += [str(p) for p in Path(folders[0]).parent.glob("napari-colorize-*")]
    widget.viewer.layers.clear()
    assert not registry.of(widget.viewer)
    assert not Path(folders[0]).exists()


def test_the_colors_of_earlier_frames_are_removed_at_last(
    widget: ColorizeWidget, finish: Finish
) -> None:
    widget.viewer.add_image(film(), name="film")
    finish(widget)
    first = Path(widget.run.results.store.folder)
    draw(widget, "rectangle")
    finish(widget)
    assert first.exists()
    finish(widget)  # the same region again
    assert first.exists()
    draw(widget, "polygon", name="second")
    finish(widget)
    assert not first.exists(), "the second run has them in its own pictures"
    widget.advanced.region.value = None
    second = Path(widget.run.results.store.folder)
    finish(widget)
    assert not second.exists()


def test_a_slice_of_a_stack_and_back(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    widget.viewer.add_image(film(), name="film")
    finish(widget)
    widget.viewer.dims.set_current_step(widget.viewer.dims.ndim - 3, 1)
    before = np.asarray(widget.run.layers["colorized"].data[1])
    widget.advanced.frames.value = "current slice"
    draw(widget, "rectangle")
    finish(widget)
    after = slide(widget, qtbot, 0.0)
    outside = ~mask_of("rectangle")
    assert after.shape == (1, 100, 150, 3)
    np.testing.assert_array_equal(after[0][outside], before[outside])
    # The other frames have no colors any more.
    widget.advanced.frames.value = "whole stack"
    draw(widget, "polygon", name="second")
    finish(widget)
    stack = np.asarray(widget.run.layers["colorized"].data[:])
    outside = ~mask_of("polygon")
    np.testing.assert_array_equal(stack[1][outside], after[0][outside])
    for frame in (0, 2):
        gray = film()[frame][outside]
        np.testing.assert_array_equal(stack[frame][outside], np.stack([gray] * 3, -1))


# -- large pictures

LARGE = np.asarray(
    Pillow.fromarray(lightness_to_gray(lightness(data.coffee()))).resize((1800, 1200))
)
FACTOR = 12


def large(corners: Any) -> np.ndarray:
    return np.array(corners) * FACTOR


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_large_picture(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot, tmp_path: Path, dtype: Any
) -> None:
    picture = LARGE.astype(dtype) * dtype(1 if dtype == np.uint8 else 257)
    image = widget.viewer.add_image(picture, name="scan")
    finish(widget)
    layer = widget.run.layers["colorized"]
    before = np.asarray(layer.data[0])
    light = widget.run.results.picture.light
    shapes = Shapes([large(BOX)], shape_type="ellipse", name="roi")
    widget.viewer.add_layer(shapes)
    widget.image.value = image
    widget.advanced.region.value = shapes
    finish(widget)
    assert widget.run.layers["colorized"] is layer and layer.multiscale
    assert widget.run.results.picture.light is light, "it is the same picture"
    slide(widget, qtbot, 0.0)
    first = np.asarray(layer.data[0])
    inside = mask_of("ellipse", large(BOX), LARGE.shape)
    assert ((first != before).any(-1) & ~inside).sum() <= 50
    core = mask_of("ellipse", large(_smaller(BOX)), LARGE.shape)
    assert np.ptp(first[core].astype(float), axis=-1).max() <= first.max() / 200
    # A second one; the smaller levels show what the full size does.
    more = Shapes([large(OTHER)], shape_type="polygon", name="more")
    widget.viewer.add_layer(more)
    widget.image.value = image
    widget.advanced.region.value = more
    finish(widget)
    slide(widget, qtbot, 2.0)
    second = np.asarray(layer.data[0])
    inside = mask_of("polygon", large(OTHER), LARGE.shape)
    assert ((second != first).any(-1) & ~inside).sum() <= 50
    assert (second[inside] != first[inside]).any(-1).mean() > 0.8
    white = 255 if dtype == np.uint8 else 1
    small = np.asarray(layer.data[-1]) / white
    box = Pillow.fromarray(np.uint8(np.rint(second / white * 255)))
    reduced = box.resize(small.shape[1::-1], Pillow.Resampling.BOX)
    assert np.abs(small - np.asarray(reduced) / 255).mean() < 0.02
    widget.saving.save(str(tmp_path / "saved.tif"))
    saved = tifffile.imread(tmp_path / "saved.tif")
    np.testing.assert_array_equal(
        saved, second if dtype == np.uint8 else np.rint(second * np.float64(65535))
    )


def test_a_large_picture_without_an_earlier_one_is_gray_outside(
    widget: ColorizeWidget, finish: Finish
) -> None:
    image = widget.viewer.add_image(LARGE, name="scan")
    shapes = Shapes([large(OTHER)], shape_type="polygon", name="roi")
    widget.viewer.add_layer(shapes)
    widget.image.value = image
    widget.advanced.region.value = shapes
    finish(widget)
    found = np.asarray(widget.run.layers["colorized"].data[0])
    inside = mask_of("polygon", large(OTHER), LARGE.shape)
    assert ((found != LARGE[..., None]).any(-1) & ~inside).sum() <= 50
    assert np.ptp(found[inside].astype(int), axis=-1).mean() > 5


def test_a_large_slice_of_a_stack_that_was_colored_whole(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    """The stack is an array, so this slice is one, too."""
    image = widget.viewer.add_image(np.stack([LARGE, LARGE[::-1]]), name="film")
    widget.layer_choice.tick(("colorized",))
    finish(widget)
    before = np.asarray(widget.run.layers["colorized"].data[0])
    shapes = Shapes([large(OTHER)], shape_type="polygon", name="roi")
    widget.viewer.add_layer(shapes)
    widget.image.value = image
    widget.advanced.region.value = shapes
    widget.viewer.dims.set_current_step(0, 0)
    widget.advanced.frames.value = "current slice"
    finish(widget)
    after = slide(widget, qtbot, 0.0)[0]
    inside = mask_of("polygon", large(OTHER), LARGE.shape)
    assert ((after != before).any(-1) & ~inside).sum() <= 50
    assert (after[inside] != before[inside]).any(-1).mean() > 0.5


# -- hints, the file, and what goes on meanwhile


def test_hints_act_on_the_region_and_stand_in_the_file(
    colored: ColorizeWidget, finish: Finish, qtbot: QtBot, tmp_path: Path
) -> None:
    draw(colored, "rectangle")
    finish(colored)
    before = colors(colored)
    hints = hints_for(colored.run)
    points = hints.made()
    points.add([[40.25, 50.5]])
    points.selected_data = {0}
    hints.color(60.0, 40.0)
    qtbot.waitUntil(lambda: not colored.run.live.busy, timeout=60_000)
    after = colors(colored)
    outside = ~mask_of("rectangle")
    np.testing.assert_array_equal(after[outside], before[outside])
    assert (after != before).any()
    colored.saving.save(str(tmp_path / "saved.png"))
    (found,) = load_hints(tmp_path / "saved.png")
    assert (found.row, found.column, found.a, found.b) == (40.25, 50.5, 60, 40)
    hints.undo()
    qtbot.waitUntil(lambda: not colored.run.live.busy, timeout=60_000)
    np.testing.assert_array_equal(colors(colored), before)
    colored.hinting.load(str(tmp_path / "saved.png"))
    qtbot.waitUntil(lambda: not colored.run.live.busy, timeout=60_000)
    np.testing.assert_allclose(hints.points.data[-1], (40.25, 50.5))
    np.testing.assert_array_equal(colors(colored), after)


def test_the_file_says_what_it_was_painted_on(
    colored: ColorizeWidget, finish: Finish, qtbot: QtBot, tmp_path: Path
) -> None:
    from colorize_engine.files.mark_reader import stored_parameters

    slide(colored, qtbot, 0.5)
    draw(colored, "ellipse")
    finish(colored)
    slide(colored, qtbot, 2.0)
    colored.saving.save(str(tmp_path / "saved.png"))
    items = stored_parameters(tmp_path / "saved.png").split("; ")
    found = dict(item.split(" ", 1) for item in items)
    assert found["saturation"] == "2"
    assert found["region"] == "10,20,60,60"
    assert Region.from_text(found["shapes"]) == colored.run.results.source.region
    assert found["base"].startswith("(model hinted 0 ") or found["base"].startswith(
        "(model tiny 0 "
    )
    assert " / saturation 0.5 / " in found["base"]


def test_a_slider_that_moves_meanwhile_acts_on_the_region_alone(
    widget: ColorizeWidget, slow_nets: Any, finish: Finish, qtbot: QtBot
) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    finish(widget)
    before = colors(widget)
    draw(widget, "rectangle")
    slow_nets.go.clear()
    slow_nets.running.clear()
    widget.run_button.native.click()
    qtbot.waitUntil(slow_nets.running.is_set, timeout=20_000)
    widget.sliders.saturation.value = 0.0
    qtbot.wait(200)
    np.testing.assert_array_equal(colors(widget), before)
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not widget.busy, timeout=20_000)
    qtbot.waitUntil(lambda: not widget.run.live.busy, timeout=20_000)
    after, inside = colors(widget), mask_of("rectangle")
    np.testing.assert_array_equal(after[~inside], before[~inside])
    core = mask_of("rectangle", _smaller(BOX))
    assert np.ptp(after[core].astype(int), axis=-1).max() <= 1


def test_after_a_stop_the_whole_picture_follows_the_slider(
    widget: ColorizeWidget, slow_nets: Any, finish: Finish, qtbot: QtBot
) -> None:
    widget.viewer.add_image(film(), name="film")
    finish(widget)
    run = widget.run
    draw(widget, "rectangle")
    slow_nets.go.clear()
    slow_nets.running.clear()
    widget.run_button.native.click()
    qtbot.waitUntil(slow_nets.running.is_set, timeout=20_000)
    widget.sliders.saturation.value = 0.0
    widget.cancel()
    slow_nets.go.set()
    qtbot.waitUntil(lambda: not widget.busy, timeout=20_000)
    qtbot.waitUntil(lambda: not run.live.busy, timeout=20_000)
    assert widget.run is run
    after = np.asarray(run.layers["colorized"].data[:]).astype(int)
    assert np.ptp(after, axis=-1).max() <= 1


def test_colors_that_do_not_match_the_sliders_are_waited_for(
    widget: ColorizeWidget, finish: Finish, qtbot: QtBot
) -> None:
    widget.viewer.add_image(film(), name="film")
    finish(widget)
    draw(widget, "rectangle")
    run = widget.run
    widget.sliders.saturation.value = 2.0
    assert run.live.busy
    widget.run_button.native.click()
    assert "do not match the sliders yet" in widget.status.value
    assert not widget.busy
    qtbot.waitUntil(lambda: not run.live.busy, timeout=60_000)
    finish(widget)
    assert widget.run is not run


# -- what is no region


def test_lines_have_no_area() -> None:
    layer, shapes = Image(GRAY, name="scan"), Shapes(ndim=2, name="roi")
    with pytest.raises(ValueError, match=r"There is no shape in roi\. Draw"):
        region_of(layer, shapes, GRAY.shape)
    shapes.add_lines(np.array([[5.0, 5], [50, 50]]))
    shapes.add_paths(np.array([[5.0, 5], [50, 50], [50, 5]]))
    with pytest.raises(ValueError, match="only lines and paths, which have no area"):
        region_of(layer, shapes, GRAY.shape)
    shapes.add_polygons(np.array(OTHER, float))
    shapes.selected_data = {0}
    assert len(region_of(layer, shapes, GRAY.shape).shapes) == 1


def test_shapes_elsewhere_are_refused(widget: ColorizeWidget) -> None:
    widget.viewer.add_image(GRAY, name="scan")
    widget.image.value = widget.viewer.layers["scan"]
    shapes = widget.viewer.add_shapes(
        [np.array(BOX) + 500], shape_type="ellipse", name="roi"
    )
    widget.image.value = widget.viewer.layers["scan"]
    widget.advanced.region.value = shapes
    widget.run_button.native.click()
    assert not widget.busy
    assert widget.status.value == (
        "The shapes in roi lie outside scan. Move them onto the picture, or choose no "
        "region under Advanced."
    )


def test_a_region_of_a_stack_is_drawn_on_any_frame() -> None:
    layer = Image(film(), name="film", scale=(1, 2, 2))
    flat = Shapes([np.array(BOX) * 2], shape_type="rectangle", ndim=2)
    deep = Shapes(
        [np.hstack([np.full((4, 1), 2.0), np.array(BOX) * 2])], shape_type="rectangle"
    )
    assert region_of(layer, flat, (100, 150)) == region_of(layer, deep, (100, 150))

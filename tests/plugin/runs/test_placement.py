"""Results lie exactly on their source, whatever its transform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Image

from napari_colorize.runs import KINDS, METADATA
from napari_colorize.runs.placement import placement, working_ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_colorize.widget import ColorizeWidget

TRANSFORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "anisotropic": {"scale": (0.25, 3.0), "translate": (7, -4)},
    "rotated": {"scale": (0.5, 2.0), "rotate": 33.0, "translate": (10, 20)},
    "sheared": {"scale": (2.0, 0.3), "rotate": -20.0, "shear": (0.4,)},
    "affine": {
        "scale": (2.0, 0.7),
        "rotate": 12.0,
        "affine": np.array([[0.8, 0.3, 5], [-0.2, 1.1, -9], [0, 0, 1]]),
    },
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("bins", [False, True])
@pytest.mark.parametrize(("side", "cells"), [(1, (30, 43)), (4, (8, 11))])
def test_a_point_has_one_world_position(
    transform: dict[str, Any], bins: bool, side: int, cells: tuple[int, int]
) -> None:
    """At a working size of 30 x 43, which 4 does not divide."""
    source = Image(np.zeros((37, 53)), units=("um", "um"), **transform)
    offset, ratio = working_ratio((37, 53), (30, 43), side)
    shape = (5, *cells) if bins else cells
    result = Image(np.zeros(shape), **placement(source, offset, ratio, bins=bins))
    for row, column in ((0, 0), (cells[0] - 1, cells[1] - 1), (5.3, 7.7)):
        at = (3, row, column) if bins else (row, column)
        # Cells begin at the edge of the picture and are `side` working pixels wide.
        working = ((row + 0.5) * side, (column + 0.5) * side)
        full = (working[0] * 37 / 30 - 0.5, working[1] * 53 / 43 - 0.5)
        world = np.asarray(result.data_to_world(at))[-2:]
        np.testing.assert_allclose(world, source.data_to_world(full), atol=1e-6)
    assert [str(unit) for unit in result.units][-2:] == ["micrometer"] * 2


# napari shows such a stack only roughly, but the transform must be right.
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
def test_a_stack_that_is_rotated_through_its_frames_keeps_them() -> None:
    matrix = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    source = Image(
        np.zeros((4, 20, 30)),
        scale=(5, 2, 1),
        rotate=matrix,
        shear=np.array([[1, 0.2, 0], [0, 1, 0.1], [0, 0, 1]]),
        translate=(1, 2, 3),
    )
    where = placement(source, (2, 4.5, 0.5), (1, 10, 2), bins=True)
    result = Image(np.zeros((7, 1, 2, 15)), **where)
    world = np.asarray(result.data_to_world((6, 0, 1, 3)))
    expected = source.data_to_world((2, 4.5 + 10, 0.5 + 6))
    np.testing.assert_allclose(world[1:], expected, atol=1e-6)
    assert world[0] == 6


@pytest.mark.all_layers
def test_every_added_layer_lies_on_a_rotated_anisotropic_picture(
    widget: ColorizeWidget, finish: Callable[[ColorizeWidget], None]
) -> None:
    viewer = widget.viewer
    source = viewer.add_image(
        np.random.default_rng(0).integers(0, 255, (37, 53)).astype(np.uint8),
        name="scan",
        scale=(0.5, 2.0),
        rotate=30,
        shear=(0.2,),
        translate=(100, -50),
        affine=np.array([[1.2, 0.1, 3], [0, 0.9, 1], [0, 0, 1]]),
        units=("um", "um"),
        axis_labels=("y", "x"),
    )
    widget.advanced.working_size.value = 16
    finish(widget)
    for kind in KINDS:
        layer = viewer.layers[f"scan {kind}"]
        # A chosen pixel of the source, in the result's own pixels: of 16 x 23 pixels,
        # two by two.
        extent = (37, 53) if layer.rgb else (16 / 2, 23 / 2)
        own = (np.array([12, 40]) + 0.5) * extent / (37, 53) - 0.5
        at = own if layer.ndim == 2 else np.array([1, *own])
        world = np.asarray(layer.data_to_world(at))[-2:]
        np.testing.assert_allclose(world, source.data_to_world((12, 40)), atol=1e-6)
        assert layer.axis_labels[-2:] == ("y", "x")
        assert layer.units[-2:] == source.units
    assert viewer.layers["scan a"].data.shape == (8, 12)


@pytest.mark.all_layers
def test_a_region_is_colored_where_it_lies(
    widget: ColorizeWidget, finish: Callable[[ColorizeWidget], None]
) -> None:
    viewer = widget.viewer
    picture = np.random.default_rng(0).integers(0, 255, (60, 80)).astype(np.uint8)
    source = viewer.add_image(picture, name="scan", scale=(2, 3), rotate=20)
    # Rows 10..29 and columns 20..59, from edge to edge.
    corners = [(9.5, 19.5), (9.5, 59.5), (29.5, 59.5), (29.5, 19.5)]
    shapes = viewer.add_shapes(
        [np.array([source.data_to_world(c) for c in corners])], shape_type="rectangle"
    )
    widget.advanced.region.value = shapes
    widget.image.value = source
    finish(widget)
    # The nets see 32 x 60 pixels around it, in cells of two by two of 32 x 60.
    layer = viewer.layers["scan a"]
    assert layer.data.shape == (16, 30)
    np.testing.assert_allclose(
        layer.data_to_world((0.5, 1)), source.data_to_world((4 + 1.5, 10 + 2.5))
    )
    assert layer.metadata[METADATA]["region"] == [4, 10, 32, 60]
    assert layer.metadata[METADATA]["shapes"] == (
        "polygon 19.5,9.5 59.5,9.5 59.5,29.5 19.5,29.5"
    )
    whole = viewer.layers["scan colorized"]
    assert whole.data.shape == (60, 80, 3)
    np.testing.assert_allclose(
        whole.data_to_world((3, 5)), source.data_to_world((3, 5)), atol=1e-6
    )
    run = widget.run
    assert run.place_at(source.data_to_world((3, 30))) is None
    pixel = run.pixel(run.place_at(source.data_to_world((12, 30))))
    assert (pixel.row, pixel.column) == (12, 30)


def test_results_of_one_slice_lie_on_that_slice(
    widget: ColorizeWidget, finish: Callable[[ColorizeWidget], None]
) -> None:
    viewer = widget.viewer
    stack = np.random.default_rng(0).integers(0, 255, (5, 40, 40)).astype(np.uint8)
    source = viewer.add_image(
        stack, name="stack", scale=(4, 1, 1), translate=(10, 0, 0)
    )
    viewer.dims.set_current_step(0, 3)
    widget.advanced.frames.value = "current slice"
    finish(widget)
    layer = viewer.layers["stack colorized"]
    assert layer.data.shape == (1, 40, 40, 3)
    np.testing.assert_allclose(
        layer.data_to_world((0, 7, 9)), source.data_to_world((3, 7, 9)), atol=1e-6
    )
    assert layer.metadata[METADATA]["frame"] == [3]
    pixel = widget.run.pixel(widget.run.place_at(source.data_to_world((3, 7, 9))))
    assert (pixel.frame, pixel.row, pixel.column) == ((3,), 7, 9)
    assert widget.run.place_at(source.data_to_world((2, 7, 9))) is None

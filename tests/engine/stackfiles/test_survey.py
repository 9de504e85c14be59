"""Stack files with NaN and infinity: an error, or blank pixels; the range of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

pytest.importorskip("dask.array")
zarr = pytest.importorskip("zarr")

import stand_ins  # noqa: E402

from colorize_engine.files import NotFiniteError, RangeError  # noqa: E402
from colorize_engine.stackfiles import (  # noqa: E402
    StackSettings,
    color_stack_file,
    open_stack,
)
from colorize_engine.stackfiles.tiff_pages import close_files  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIGHT = (np.arange(1, 3 * 60 + 1, dtype=np.float32) / 200).reshape(3, 6, 10)
BLANK = np.zeros(LIGHT.shape, bool)
BLANK[0, :2], BLANK[2, 4, 3] = True, True
HOLED = LIGHT.copy()
HOLED[0, :2], HOLED[2, 4, 3] = np.nan, np.inf


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    close_files()


@pytest.fixture(params=["stack.ome.tif", "stack.zarr"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


def write(path: Path, frames: np.ndarray) -> None:
    if path.suffix == ".zarr":
        # Several frames in a chunk.
        zarr.save_array(str(path), frames)
    else:
        tifffile.imwrite(
            path, frames, photometric="minisblack", metadata={"axes": "TYX"}
        )


def test_blank_pixels_are_black_and_counted(path: Path) -> None:
    write(path, HOLED)
    opened = open_stack(path, axes="TYX", not_finite="blank")
    np.testing.assert_array_equal(opened.frames.compute(), LIGHT * ~BLANK)
    assert [note.split(" are ")[0] for note in opened.notes] == ["21 pixels"]


def test_the_range_is_that_of_the_others(path: Path) -> None:
    write(path, HOLED * 50 - 7)
    opened = open_stack(path, axes="TYX", value_range="auto", not_finite="blank")
    others = LIGHT[~BLANK]
    expected = (LIGHT - others.min()) / (others.max() - others.min())
    np.testing.assert_allclose(
        opened.frames.compute(), np.where(BLANK, 0, expected), atol=1e-6
    )
    assert [note.split(",")[0] for note in opened.notes] == [
        "of all frames together",
        "21 pixels are NaN or infinite and became black",
    ]
    with pytest.raises(RangeError):
        open_stack(path, axes="TYX", not_finite="blank").frames.compute()


def test_by_default_they_are_an_error(path: Path) -> None:
    write(path, HOLED)
    with pytest.raises(NotFiniteError, match="NaN or infinite"):
        open_stack(path, axes="TYX", value_range="auto")
    with pytest.raises(NotFiniteError, match="NaN or infinite"):
        open_stack(path, axes="TYX").frames.compute()
    with pytest.raises(ValueError, match="got 'zero'"):
        open_stack(path, axes="TYX", not_finite="zero")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_without_spread_nothing_is_stretched(path: Path, value: float) -> None:
    frames = np.full((3, 6, 10), 7, np.float32)
    frames[1, :2] = value
    write(path, frames)
    opened = open_stack(path, axes="TYX", value_range="auto", not_finite="blank")
    np.testing.assert_array_equal(opened.frames.compute(), frames == 7)
    with pytest.raises(NotFiniteError):
        open_stack(path, axes="TYX", value_range="auto")
    frames[:] = value
    path = path.with_name(f"all-{path.name}")
    write(path, frames)
    opened = open_stack(path, axes="TYX", value_range="auto", not_finite="blank")
    assert not opened.frames.compute().any()
    assert opened.notes[0].startswith("180 pixels")
    with pytest.raises(NotFiniteError):
        open_stack(path, axes="TYX", value_range="auto")


def test_alpha_is_0_there(tmp_path: Path) -> None:
    path = tmp_path / "rgba.tif"
    frames = np.stack([LIGHT, LIGHT / 2, LIGHT, np.full_like(LIGHT, 0.75)], -1)
    frames[1, 2, 3, 1], frames[2, 4, 5, 3], frames[2, 4, 6, 0] = np.nan, np.nan, np.inf
    tifffile.imwrite(
        path,
        frames,
        photometric="rgb",
        extrasamples=["unassalpha"],
        metadata={"axes": "TYXS"},
    )
    opened = open_stack(path, value_range="auto", not_finite="blank")
    blank = ~np.isfinite(frames).all(-1)
    found = opened.frames.compute()
    assert not found[blank].any()
    np.testing.assert_array_equal(found[..., 3], np.where(blank, 0, 0.75))
    assert found[..., :3].max() == 1
    assert opened.notes[1].startswith("3 pixels")


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_a_stack_is_colored_as_beside_black(
    tmp_path: Path, path: Path, smoothing: float
) -> None:
    write(path, HOLED)
    black = tmp_path / "black.ome.tif"
    write(black, LIGHT * ~BLANK)
    settings = StackSettings(axes="TYX", smoothing=smoothing, not_finite="blank")
    for source in (path, black):
        notes = color_stack_file(
            source, tmp_path / f"{source.name}-c.tif", stand_ins.make, settings
        )
        assert len(notes) == (source is path)
    found, expected = (
        tifffile.imread(tmp_path / f"{source.name}-c.tif") for source in (path, black)
    )
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(found[BLANK], 0, atol=1e-6)
    assert np.ptp(found, axis=-1).max() > 0.01
    target = tmp_path / "none.tif"
    with pytest.raises(NotFiniteError):
        color_stack_file(path, target, stand_ins.make, StackSettings(axes="TYX"))
    assert not target.exists()

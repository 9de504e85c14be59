"""Output of colored stacks as OME-TIFF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.files.tiff import needs_bigtiff
from colorize_engine.stackfiles.pyramid import TILE, further_levels, level_shapes
from colorize_engine.stackfiles.tiff_pages import ome_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import DTypeLike, NDArray

    from colorize_engine.files import Mark
    from colorize_engine.stackfiles.stack_file import Steps

    Frames = Iterator[NDArray[Any]]


def write_ome_tiff(
    stream: BinaryIO,
    frames: Frames,
    shape: tuple[int, ...],
    axes: str,
    dtype: DTypeLike,
    steps: Steps,
    mark: Mark,
    folder: Path,
) -> None:
    """Write colored frames as an OME-TIFF, one page each.

    Pages of large frames are tiled and have their further levels as sub-pages.

    Parameters
    ----------
    stream
        The file; it must be seekable.
    frames
        In the order of the axes, each (H, W, 3 or 4).
    shape
        Shape of the whole: (..., H, W, 3 or 4).
    axes
        Letters of the leading axes.
    dtype, steps, mark
        As for ``create_ome_zarr``.
    folder
        A folder to make, for the further levels until all frames are written.
    """
    import tifffile

    dtype = np.dtype(dtype)
    levels = _levels(folder, shape, dtype)
    about = {
        "axes": f"{axes}YXS",
        "Name": "colorized",
        "Description": mark.text,
        **ome_metadata(steps),
    }
    layout: dict[str, Any] = {
        "photometric": "rgb",
        "extrasamples": ["unassalpha"] if shape[-1] == 4 else None,
        "compression": "zlib",
        "predictor": 2 if dtype.kind == "u" else None,
        "tile": (TILE, TILE) if levels else None,
    }
    size = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
    big = needs_bigtiff(size + sum(level.nbytes for level in levels))
    # tifffile cannot infer "ome" from the name of a temporary file.
    with tifffile.TiffWriter(stream, bigtiff=big, ome=True) as writer:
        writer.write(
            _tiles(_kept(frames, levels)) if levels else frames,
            shape=shape,
            dtype=dtype,
            software=mark.software,
            metadata=about,
            subifds=len(levels),
            **layout,
        )
        for level in levels:
            writer.write(level, subfiletype=1, metadata=None, **layout)


def _levels(
    folder: Path, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> list[NDArray[Any]]:
    """Return empty arrays on disk for the levels after the first: (N, h, w, C)."""
    *lead, height, width, colors = shape
    count = int(np.prod(lead, dtype=int))
    smaller = level_shapes((height, width))[1:]
    if smaller:
        folder.mkdir()
    return [
        np.memmap(folder / str(number), dtype, "w+", shape=(count, *at, colors))
        for number, at in enumerate(smaller)
    ]


def _kept(frames: Frames, levels: Sequence[NDArray[Any]]) -> Frames:
    """Yield frames; put their further levels where they wait."""
    for number, frame in enumerate(frames):
        for level, picture in zip(levels, further_levels(frame), strict=True):
            level[number] = picture
        yield frame


def _tiles(frames: Frames) -> Frames:
    """Yield the tiles of frames row by row, as tifffile takes them."""
    for frame in frames:
        for top in range(0, frame.shape[0], TILE):
            for left in range(0, frame.shape[1], TILE):
                yield frame[top : top + TILE, left : left + TILE]

"""Stacks in Zarr folders: OME-Zarr (NGFF 0.4 and 0.5) and plain arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import full_scale
from colorize_engine.files import AxesError, FileError
from colorize_engine.files.errors import error_text
from colorize_engine.stackfiles.pyramid import TILE, further_levels, level_shapes
from colorize_engine.stackfiles.stack_file import RawStack, checked_axes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from colorize_engine.files import Mark
    from colorize_engine.stackfiles.stack_file import Steps

# Units of NGFF (UDUNITS-2 names) and their symbols in OME-XML.
_SYMBOLS = {
    "nanometer": "nm",
    "micrometer": "µm",
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
    "millisecond": "ms",
    "second": "s",
    "minute": "min",
    "hour": "h",
    "day": "d",
}
_NAMES = {symbol: name for name, symbol in _SYMBOLS.items()}
# Unit of OME-XML for lengths without a known unit.
_ARBITRARY = "reference frame"
_KINDS = {"T": "time", "C": "channel", "Z": "space", "Y": "space", "X": "space"}
_LETTERS = {
    **{"time": "T", "frame": "T", "channel": "C", "band": "C", "rgb": "C"},
    **{"depth": "Z", "lat": "Y", "row": "Y", "lon": "X", "column": "X", "col": "X"},
}
# Axes of arrays without axis names, by the number of axes.
_UNNAMED = {3: "TYX", 4: "TZYX", 5: "TCZYX"}
# So many samples may be a color, with alpha.
_COLORS_AT_MOST = 4
# A file of a few bytes can claim any number of frames, and dask lists each chunk.
_MAX_FRAMES = 1_000_000
_COLORS = {"red": "FF0000", "green": "00FF00", "blue": "0000FF", "alpha": "FFFFFF"}


def read_zarr(path: Path, series: int | None, axes: str | None = None) -> RawStack:
    """Open a Zarr folder (format 2 or 3): level 0 of a multiscale image, or an array.

    The folder may be in a ZIP file. Parameters are as in ``open_stack``.

    Raises
    ------
    FileError
        If it is not a Zarr folder, or holds no image.
    """
    import dask.array
    import zarr

    steps: Steps = {}
    try:
        found: Any = zarr.open(_store(path), mode="r")
        array, own = found, ""
        if isinstance(found, zarr.Group):
            array, own, steps = _read_group(found, series)
        elif axes is None:
            own = _axes_of(found)
        axes = own if axes is None else checked_axes(axes, array.shape)
    except (FileError, MemoryError):
        raise
    except Exception as error:
        raise FileError(
            f"it is not a readable Zarr folder ({error_text(error)})"
        ) from error
    if len(axes) != array.ndim:
        raise FileError(
            f"it is not a readable Zarr folder (it names {len(axes)} axes, its array "
            f"has {array.ndim})"
        )
    count = math.prod(
        n for n, axis in zip(array.shape, axes, strict=True) if axis not in "YX"
    )
    if count > _MAX_FRAMES:
        raise FileError(f"it claims {count:,} frames; expected at most {_MAX_FRAMES:,}")
    chunks = tuple(
        n if axis in "YX" else 1 for n, axis in zip(array.shape, axes, strict=True)
    )
    module: Any = dask.array
    frames = module.from_array(array, chunks=chunks)
    return RawStack(frames, axes, 8 * array.dtype.itemsize, steps=steps)


def _store(path: Path) -> Any:
    """Return what zarr opens: the path of a folder, or a ZIP file as a store."""
    if path.is_dir():
        return str(path)
    from zarr.storage import ZipStore

    return ZipStore(path, mode="r")


def _read_group(group: Any, series: int | None) -> tuple[Any, str, Steps]:
    """Return level 0 of a multiscale image, with its axes and steps."""
    attributes = dict(group.attrs)
    about = attributes.get("ome", attributes)
    if "multiscales" not in about and "bioformats2raw.layout" in about:
        # Images lie in groups 0, 1, ... (NGFF, "bioformats2raw.layout").
        return _read_group(group[str(series or 0)], None)
    if "multiscales" not in about:
        raise FileError("it is a Zarr group without an image (no multiscales)")
    images = about["multiscales"]
    if not 0 <= (series or 0) < len(images):
        raise FileError(
            f"there is no image {series or 0}; it holds {len(images)}, counted from 0"
        )
    image = images[series or 0]
    level = image["datasets"][0]
    array = group[level["path"]]
    declared = image.get("axes") or [*_UNNAMED[5].lower()]
    named = [a if isinstance(a, dict) else {"name": a} for a in declared]
    axes = "".join(_letter(axis["name"]) for axis in named)
    steps: Steps = {}
    for transformation in level.get("coordinateTransformations", []):
        if transformation.get("type") != "scale":
            continue
        for letter, axis, step in zip(
            axes, named, transformation["scale"], strict=True
        ):
            unit = str(axis.get("unit") or ("" if letter == "T" else _ARBITRARY))
            if unit and letter in "TZYX":
                steps[letter] = (float(step), _SYMBOLS.get(unit, unit))
    return array, axes, steps


def _axes_of(array: Any) -> str:
    """Return the axes of a plain array, by their names or else their number."""
    names = getattr(array.metadata, "dimension_names", None)
    names = names or array.attrs.get("_ARRAY_DIMENSIONS")
    if names and all(names):
        axes = "".join(_letter(str(name)) for name in names)
        if {"Y", "X"} <= set(axes) and len(set(axes)) == len(axes):
            return axes
    if array.ndim not in _UNNAMED or array.shape[-1] <= _COLORS_AT_MOST:
        raise AxesError(
            f"its shape is {array.shape} and its axes have no names; (t, y, x), "
            "(t, z, y, x) and (t, c, z, y, x) are known without names, if the last "
            "axis is no color"
        )
    return _UNNAMED[array.ndim]


def _letter(name: str) -> str:
    name = name.lower()
    return _LETTERS.get(name, name[:1].upper())


def create_ome_zarr(
    folder: Path,
    shape: tuple[int, ...],
    axes: str,
    dtype: Any,
    steps: Steps,
    mark: Mark,
) -> None:
    """Create an OME-Zarr (NGFF 0.5, Zarr format 3) for colored frames.

    Large frames have further levels, and tiles for chunks. Color is the axis c, of
    length 3 (or 4, with alpha). NGFF puts it between time and space. The ``omero``
    block says that the channels are red, green and blue. Each chunk of smaller frames
    is one frame.

    Parameters
    ----------
    folder : Path
        Empty or missing.
    shape : tuple of int
        Shape of the colored frames: (..., H, W, 3 or 4).
    axes : str
        Letters of the leading axes: "T", "Z", "TZ" or "ZT".
    dtype : dtype
    steps : dict
        Known steps of X, Y, Z and T, each with its unit ("µm", "s").
    mark : Mark
    """
    import zarr

    sizes = dict(zip((*axes, "Y", "X", "C"), shape, strict=True))
    order = [letter for letter in "TCZYX" if letter in sizes]
    group = zarr.open_group(str(folder), mode="w", zarr_format=3)
    levels = level_shapes((sizes["Y"], sizes["X"]))
    for number, (height, width) in enumerate(levels):
        at_level = {**sizes, "Y": height, "X": width}
        chunks = dict.fromkeys("TZ", 1) | {"C": sizes["C"], "Y": height, "X": width}
        if len(levels) > 1:
            chunks |= {"Y": min(height, TILE), "X": min(width, TILE)}
        group.create_array(
            str(number),
            shape=tuple(at_level[letter] for letter in order),
            chunks=tuple(chunks[letter] for letter in order),
            dtype=np.dtype(dtype),
            dimension_names=[letter.lower() for letter in order],
        )
    image: Any = {
        "name": "colorized",
        "axes": [_axis(letter, steps) for letter in order],
        "datasets": [_level(number, order, steps) for number in range(len(levels))],
    }
    top = full_scale(dtype)
    window: Any = {"min": 0, "max": top, "start": 0, "end": top}
    channels: Any = [
        {"label": label, "color": color, "window": window, "active": label != "alpha"}
        for label, color in [*_COLORS.items()][: sizes["C"]]
    ]
    group.attrs["ome"] = {
        "version": "0.5",
        "multiscales": [image],
        "omero": {"channels": channels, "rdefs": {"model": "color"}},
    }
    settings: Any = dict(mark.settings)
    group.attrs["napari-colorize"] = {
        "software": mark.software,
        "model": mark.model,
        "settings": settings,
    }


def _level(number: int, order: list[str], steps: Steps) -> dict[str, Any]:
    """Return what NGFF says of a level: the distance and place of its pixels."""
    times = dict.fromkeys("YX", 2**number)
    scale = [_step(a, steps) * times.get(a, 1) for a in order]
    # The center of a pixel is that of the pixels that it is the mean of.
    shift = [_step(a, steps) * (times.get(a, 1) - 1) / 2 for a in order]
    moves: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
    if number:
        moves.append({"type": "translation", "translation": shift})
    return {"path": str(number), "coordinateTransformations": moves}


def _axis(letter: str, steps: Steps) -> dict[str, str]:
    axis = {"name": letter.lower(), "type": _KINDS[letter]}
    unit = _NAMES.get(steps[letter][1]) if letter in steps else None
    return {**axis, "unit": unit} if unit else axis


def _step(letter: str, steps: Steps) -> float:
    return steps[letter][0] if letter in steps else 1.0


def write_frame(
    folder: str, axes: str, index: tuple[int, ...], color: NDArray[Any]
) -> None:
    """Write a colored frame into its chunks; writing it again changes nothing.

    Parameters
    ----------
    folder : str
        Folder that `create_ome_zarr` made.
    axes : str
        Letters of the leading axes.
    index : tuple of int
        Position on the leading axes.
    color : (H, W, 3 or 4) array
    """
    import zarr

    place = dict(zip(axes, index, strict=True))
    lead = [place[letter] for letter in "TZ" if letter in place]
    where: list[Any] = [*lead, slice(None), slice(None)]
    where.insert(1 if "T" in place else 0, slice(None))
    for number, level in enumerate((color, *further_levels(color))):
        array: Any = zarr.open_array(f"{folder}/{number}", mode="r+")
        array[tuple(where)] = np.moveaxis(level, -1, 0)

"""Stacks in TIFF files: pages read on demand, and the steps of the axes."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.files import FileError
from colorize_engine.files.errors import error_text
from colorize_engine.files.tiff import claimed_pictures, is_copy
from colorize_engine.files.tiff.guard import check_page
from colorize_engine.stackfiles.stack_file import RawStack, checked_axes

if TYPE_CHECKING:
    from pathlib import Path

    import tifffile
    from numpy.typing import NDArray

    from colorize_engine.stackfiles.stack_file import Steps

# Photometric interpretations of gray and RGB pages.
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_MICRONS = frozenset(("micron", "microns", "um", "µm", "μm", "\\u00b5m", "\\u00B5m"))
_OME = {
    "X": "PhysicalSizeX",
    "Y": "PhysicalSizeY",
    "Z": "PhysicalSizeZ",
    "T": "TimeIncrement",
}


@dataclass(frozen=True)
class _TiffPages:
    """Frames of a TIFF file as a picklable array; reading it opens the file.

    Attributes
    ----------
    path : str
    changed : int
        Time of the last change to the file, in nanoseconds.
    shaped : bool
        Whether to use the shapes in the descriptions of the pages; see `_is_split`.
    series : int
    shape, dtype
        Shape and dtype of the array.
    """

    path: str
    changed: int
    shaped: bool
    series: int
    shape: tuple[int, ...]
    dtype: Any

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Read the pages of an index."""
        try:
            opened = _open_series(self.path, self.changed, self.shaped, self.series)
            return np.asarray(opened[index])
        except (OSError, MemoryError):
            raise
        except Exception as error:
            # On damaged files tifffile and the codecs raise errors of any type.
            raise FileError(f"the file is damaged ({error_text(error)})") from error


def close_files() -> None:
    """Close the TIFF files that were kept open; reading opens them again."""
    _open_series.cache_clear()


@lru_cache(maxsize=4)
def _open_series(path: str, _changed: int, shaped: bool, series: int) -> Any:
    """Open a series as a Zarr array over the pages of the file."""
    import zarr

    file = _open(path, shaped)
    store = full_series(file)[series].aszarr(
        level=0, chunkmode="page", multiscales=False
    )
    weakref.finalize(store, file.close)
    return zarr.open(store, mode="r")


def _open(path: str | Path, shaped: bool) -> tifffile.TiffFile:
    import tifffile

    overridden: Any = {} if shaped else {"is_shaped": False}
    return tifffile.TiffFile(path, **overridden)


def full_series(file: tifffile.TiffFile) -> list[tifffile.TiffPageSeries]:
    """Return the series of a file without previews, smaller copies and masks.

    If there is nothing else, return all.
    """
    found = []
    for series in file.series:
        pages: list[Any] = list(series.pages)
        # A page for each is in memory where series are collected from all pages.
        each = pages if series.kind == "generic" else [series.keyframe]
        copies = [is_copy(page.aspage()) for page in each]
        if any(copies) and not all(copies):
            series = _without(series, copies)
        if not all(copies):
            found.append(series)
    return found or list(file.series)


def _without(
    series: tifffile.TiffPageSeries, copies: list[bool]
) -> tifffile.TiffPageSeries:
    """Return a series of pages of one kind without some of them."""
    import tifffile

    kept = [p for p, copy in zip(series.pages, copies, strict=True) if not copy]
    shape, axes = (len(kept), *series.shape[1:]), series.axes
    if len(kept) == 1:
        shape, axes = shape[1:], axes[1:]
    return tifffile.TiffPageSeries(kept, shape, series.dtype, axes)


def _is_split(file: tifffile.TiffFile) -> bool:
    """Return whether pages of one kind count as separate images.

    They do if a separate call of tifffile wrote each page. The description of each page
    then gives the shape of that page alone.
    """
    series = full_series(file)
    return (
        bool(file.is_shaped)
        and len(series) > 1
        and all(len(s.pages) == 1 for s in series)
        and len({(s.shape, s.dtype, s.axes) for s in series}) == 1
    )


def read_tiff(
    path: Path, series: int | None, max_pixels: int, axes: str | None = None
) -> RawStack:
    """Open a series of a TIFF file; its pages are read on demand.

    Parameters are as in ``open_stack``.

    Raises
    ------
    FileError
        If the file is damaged, its pages are neither gray nor RGB, or the first page
        has more than `max_pixels`.
    OSError
        If the file is missing or cannot be read.
    """
    import dask.array
    import tifffile

    array: Any
    changed = path.stat().st_mtime_ns
    try:
        with tifffile.TiffFile(path) as file:
            shaped = not _is_split(file)
        with _open(path, shaped) as file:
            found = full_series(file)
            if not found:
                raise FileError("the file is damaged: it has no page")
            number = _series(series, len(found))
            chosen = found[number]
            _check_whole(file, chosen, path.stat().st_size)
            page: Any = chosen.keyframe
            steps = steps_of(file, number)
            shape, dtype, own = chosen.shape, chosen.dtype, chosen.axes
            bits, photometric = int(page.bitspersample), int(page.photometric)
            with path.open("rb") as stream:
                check_page(stream, page.aspage(), max_pixels)
    except (FileError, OSError, MemoryError):
        raise
    except Exception as error:
        raise FileError(f"the file is damaged ({error_text(error)})") from error
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
        raise FileError("its pages are neither gray nor RGB; convert the file first")
    if "S" in own and (photometric != _RGB or shape[own.index("S")] not in (3, 4)):
        own = own.replace("S", "C") if "C" not in own else own
    axes = own if axes is None else checked_axes(axes, shape)
    pages = _TiffPages(str(path), changed, shaped, number, shape, dtype)
    chunks = tuple(
        n if axis in "YXS" else 1 for n, axis in zip(shape, axes, strict=True)
    )
    array = dask.array
    array = array.from_array(pages, chunks=chunks, name=None)
    return RawStack(array, axes, bits, photometric == _WHITE_IS_ZERO, steps)


def _check_whole(
    file: tifffile.TiffFile, series: tifffile.TiffPageSeries, size: int
) -> None:
    """Raise FileError if a series has fewer pictures than the file says.

    tifffile takes what is there of a file that was cut off, and only logs it.
    """
    keyframe: Any = series.keyframe
    held = series.size // max(1, keyframe.size)
    claimed = claimed_pictures(file) if len(file.series) == 1 else 0
    if held < claimed:
        raise FileError(
            f"the file is damaged: it says that it holds {claimed:,} pictures, and "
            f"holds {held:,}"
        )
    # tifffile has None for a picture that an OME-TIFF leaves out.
    last: Any = series.pages[-1]
    end = 0
    if series.dataoffset is not None:
        end = series.dataoffset + series.nbytes
    elif last is not None:
        parts = zip(last.dataoffsets, last.databytecounts, strict=False)
        end = max(map(sum, parts), default=0)
    if end > size:
        raise FileError(
            f"the file is damaged: it is too short for its {held:,} pictures"
        )


def _series(series: int | None, count: int) -> int:
    if series is None and count > 1:
        raise FileError(
            f"it holds {count} separate images; choose one of 0..{count - 1}"
        )
    if not 0 <= (series or 0) < count:
        raise FileError(f"there is no image {series}; it holds {count}, counted from 0")
    return series or 0


def steps_of(file: tifffile.TiffFile, series: int) -> Steps:
    """Return the steps along X, Y, Z and T of a series of a TIFF file.

    Returns
    -------
    dict of (float, str)
        Step and unit of each axis for which the OME or ImageJ metadata have a step. The
        units are those of OME-XML; the default is "s" for time and "µm" for lengths.
    """
    if file.is_ome and file.ome_metadata:
        return _ome_steps(file.ome_metadata, series)
    if file.is_imagej and file.imagej_metadata:
        return _imagej_steps(file, file.imagej_metadata)
    return {}


def ome_metadata(steps: Steps) -> dict[str, Any]:
    """Return steps as attributes of the element Pixels of OME-XML."""
    found: dict[str, Any] = {}
    for axis, (step, unit) in steps.items():
        found |= {_OME[axis]: step, f"{_OME[axis]}Unit": unit}
    return found


def _ome_steps(text: str, series: int) -> Steps:
    import tifffile

    images = tifffile.xml2dict(text).get("OME", {}).get("Image", [])
    images = images if isinstance(images, list) else [images]
    pixels = images[series].get("Pixels", {}) if series < len(images) else {}
    steps: Steps = {}
    for axis, name in _OME.items():
        unit = str(pixels.get(f"{name}Unit", "s" if axis == "T" else "µm"))
        _keep(steps, axis, pixels.get(name), unit)
    return steps


def _imagej_steps(file: tifffile.TiffFile, found: dict[str, Any]) -> Steps:
    steps: Steps = {}
    unit = str(found.get("unit", ""))
    unit = "µm" if unit in _MICRONS else unit
    if unit and unit != "pixel":
        page: Any = file.pages[0]
        for axis, name in (("X", "XResolution"), ("Y", "YResolution")):
            top, bottom = page.tags.valueof(name) or (0, 0)
            _keep(steps, axis, bottom / top if top else None, unit)
        _keep(steps, "Z", found.get("spacing"), unit)
    _keep(steps, "T", found.get("finterval"), "s")
    return steps


def _keep(steps: Steps, axis: str, step: Any, unit: str) -> None:
    """Add a step if it is a finite number > 0."""
    if isinstance(step, (int, float)) and math.isfinite(step) and step > 0:
        steps[axis] = (float(step), unit)

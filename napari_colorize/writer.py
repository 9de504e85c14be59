"""The writer of the plugin's layers; the files say with which settings they were made.

The colorized picture is written and marked as the command ``colorize`` does it. The
other layers hold values, not colors. They are written unchanged, as float32 TIFF.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_colorize.runs import KINDS, METADATA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from colorize_engine.files import Mark, Picture

_TIFF = (".tif", ".tiff")
# Suffixes that this writer takes but napari's own cannot write.
_NOT_NAPARIS = (".webp", ".jxl")


def write_image(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write one image layer; napari finds this function in ``napari.yaml``.

    A layer of the kind "colorized" is written as a picture: floats with 16 bits where
    the format can hold them, a stack as the pages of a TIFF file. All other kinds are
    written as float32 TIFF, one page for each position on the leading axes, with the
    settings as JSON in the description of the first page. Layers that the plugin did
    not make are passed to napari's own writer, since napari may choose this writer for
    them.

    Parameters
    ----------
    path : str
        The file to write. An existing file is replaced, as napari has asked about it.
        A name without a suffix gets .png for a single picture in color and .tif for
        all else. An existing file of that name is not replaced, as nobody was asked.
    data : array-like
        Of a multiscale layer the levels, of which the first one is written.
        (..., H, W, 3 or 4) for the kind "colorized", else (..., H, W); NumPy, zarr or
        dask. It is read page by page.
    attributes : dict
        The layer's attributes. The plugin's record is in
        ``["metadata"]["napari-colorize"]``.

    Returns
    -------
    list of str
        The path that was written.

    Raises
    ------
    OSError
        If the layer cannot be written; the message says why and what to do. It is not
        a ValueError, which napari takes as a sign that there is no writer.
    """
    about = attributes.get("metadata", {}).get(METADATA)
    if about is None or about["kind"] not in KINDS:
        return _left_to_napari(path, data, attributes)
    from colorize_engine.files import FileError

    if attributes.get("multiscale"):
        data = data[0]  # the full size
    is_color = about["kind"] == "colorized"
    frames = data.shape[:-3] if is_color else data.shape[:-2]
    target, asked = Path(path), bool(Path(path).suffix)
    if not asked:
        target = target.with_name(
            target.name + (".png" if is_color and not frames else ".tif")
        )
    try:
        if is_color:
            _write_color(target, data, frames, about, overwrite=asked)
        else:
            _write_values(target, data, frames, attributes, overwrite=asked)
    except FileError as error:
        raise OSError(str(error)) from error
    return [str(target)]


def mark_of(about: Mapping[str, Any]) -> Mark:
    """Return the mark that the engine writes into files for a layer's record."""
    from colorize_engine import files
    from colorize_engine.decode import DecodeSettings

    more = {"smoothing": f"{about['smoothing']:g}"} if "smoothing" in about else {}
    more |= {
        name.replace("_", " "): ",".join(f"{number:g}" for number in about[name])
        for name in ("region", "display_range")
        if name in about
    }
    more |= {name: about[name] for name in ("shapes", "hints") if name in about}
    if "base" in about:
        # What a region was painted on; on one line, in which ";" divides settings.
        more["base"] = f"({mark_of(about['base']).parameters.replace('; ', ' / ')})"
    decoding = DecodeSettings(
        about["temperature"],
        about["rebalance"],
        about["saturation"],
        about.get("caution", 0.0),
    )
    model = f"{about['model']} {about['version']} {about['hash']}"
    mark = files.mark_of(model, decoding, about["working_size"], **more)
    # An earlier version of the plugin may have made the layer.
    return replace(mark, software=about["software"])


def _left_to_napari(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    if Path(path).suffix.lower() in _NOT_NAPARIS:
        raise OSError(
            f"only layers that Colorize has made can be saved as {Path(path).suffix}; "
            "save this one as .tif or .png"
        )
    from napari_builtins.io import napari_write_image

    written = napari_write_image(path, data, attributes)
    return [written] if written else []


def _write_color(
    path: Path,
    data: Any,
    frames: tuple[int, ...],
    about: Mapping[str, Any],
    *,
    overwrite: bool,
) -> None:
    from napari.utils.notifications import show_info

    from colorize_engine.files import FileError, write

    count = int(np.prod(frames, dtype=int))
    if count > 1 and path.suffix.lower() not in _TIFF:
        raise FileError(
            f"this stack has {count} pictures, which {path.suffix} cannot hold; "
            "give the file a name that ends in .tif"
        )
    pictures = (_picture(data, index) for index in np.ndindex(frames))
    notes = write(path, pictures, mark_of(about), overwrite=overwrite, page_count=count)
    for note in notes:
        show_info(f"{path.name}: {note}")


def _picture(data: Any, index: tuple[int, ...]) -> Picture:
    """Return RGB or RGBA pixels, ``data[index]`` (H, W, 3 or 4), as a picture."""
    from colorize_engine.color import strips
    from colorize_engine.files import Picture, retyped

    shape = data.shape[len(index) :]
    if data.dtype.kind == "f":
        # A single picture in strips, as a large one is rendered where it is read.
        single = data.shape[: len(index)] == (1,) * len(index)
        parts = list(strips(shape)) if single else [slice(None)]
        # No format holds more than 16 bits of color that every program can read.
        values = np.empty(shape, np.uint16)
        for rows in parts:
            part = np.asarray(data[(*index, rows)]).clip(0, 1).astype(np.float32)
            values[rows] = retyped(part, np.uint16)
    else:
        values = np.asarray(data[index])
    alpha = values[..., 3] if values.shape[-1] == 4 else None
    return Picture(values[..., :3], alpha)


def _write_values(
    path: Path,
    data: Any,
    frames: tuple[int, ...],
    attributes: Mapping[str, Any],
    *,
    overwrite: bool,
) -> None:
    from colorize_engine.files import FileError, replacing
    from colorize_engine.files.tiff import PlaneWriter

    about = attributes["metadata"][METADATA]
    if path.suffix.lower() not in _TIFF:
        raise FileError(
            f"{about['kind']!r} holds values, not colors, which only TIFF can hold; "
            "give the file a name that ends in .tif"
        )
    size = 4 * int(np.prod(data.shape, dtype=np.int64))
    with (
        replacing(path, overwrite=overwrite) as stream,
        PlaneWriter(stream, about["software"], size) as writer,
    ):
        for page, text in zip(
            _pages(data, frames), _descriptions(data, frames, attributes), strict=True
        ):
            writer.write(page, text)


def _pages(data: Any, frames: tuple[int, ...]) -> Iterator[npt.NDArray[np.float32]]:
    """Yield the planes (H, W) of all positions; integers are scaled to 0..1."""
    integer = np.issubdtype(data.dtype, np.integer)
    top = np.float32(np.iinfo(data.dtype).max if integer else 1)
    for index in np.ndindex(frames):
        yield np.asarray(data[index]).astype(np.float32) / top


def _descriptions(
    data: Any, frames: tuple[int, ...], attributes: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield each page's description; the first one records how the file was made."""
    about = attributes["metadata"][METADATA]
    bins = about.get("bins")
    for number, index in enumerate(np.ndindex(frames)):
        page: dict[str, Any] = {"quantity": _quantity(about["kind"]), "index": index}
        if bins is not None:
            page["center"] = float(bins[index[0]])
        if number == 0:
            axes = [str(label) for label in attributes.get("axis_labels", ())]
            # tifffile reads the pages back in this shape.
            page |= {"shape": data.shape, "axis_labels": axes}
            page |= {"mark": mark_of(about).text, "settings": dict(about)}
        yield page


def _quantity(kind: str) -> str:
    channel = kind[0]
    if kind.endswith("probability"):
        return f"probability of {channel}* in CIE Lab"
    if kind == "uncertainty":
        return "entropy of a* and b* in bits"
    return f"{channel}* in CIE Lab"

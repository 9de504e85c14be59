"""Results as layers: their look, their place and their record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from napari.utils.colormaps import Colormap

from napari_colorize.runs.kinds import AT_FULL_SIZE, KINDS, METADATA
from napari_colorize.runs.placement import placement, working_ratio
from napari_colorize.runs.store import PROBABILITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.components import ViewerModel

    from colorize_engine.decode import DecodeSettings
    from napari_colorize.runs.results import Results

# Contrast limits of a and b; few colors of photos lie beyond.
_CHROMA_LIMITS = (-60.0, 60.0)
_CHROMA_RANGE = (-128.0, 128.0)
_LIGHTNESS = 65.0
_CAMERA = ("center", "zoom", "angles")
_DIGITS = 9  # of the place of a hint, so that 10.3 + 100 is 110.3
# What a person may have set on a layer in color.
_LOOK = ("name", "visible", "opacity", "blending", "gamma", "interpolation2d")


def chroma_colormap(channel: str) -> Colormap:
    """Return the colormap of a or b, -60 to 60 at L* = 65, the other channel 0."""
    from colorize_engine.color import lab_to_rgb

    values = np.linspace(*_CHROMA_LIMITS, 61, dtype=np.float32)
    chroma = np.zeros((2, 1, len(values)), np.float32)
    chroma["ab".index(channel)] = values
    light = np.full((1, len(values)), _LIGHTNESS, np.float32)
    rgb = lab_to_rgb(light, chroma, np.dtype(np.float32))[0]
    return Colormap(rgb, name=f"CIE {channel}")


def appearance(kind: str, results: Results) -> dict[str, Any]:
    """Return the arguments of ``Image`` for the look of a new layer of a kind."""
    if kind == "colorized":
        # Otherwise napari takes the values of the first frame for black and white.
        return {"rgb": True, "contrast_limits": color_limits(results)}
    if kind in ("a", "b"):
        return {
            "colormap": chroma_colormap(kind),
            "contrast_limits": _CHROMA_LIMITS,
        }
    if kind in PROBABILITIES:
        return {
            "colormap": "magma",
            "contrast_limits": (0.0, 1.0),
            "interpolation2d": "nearest",
        }
    return {"colormap": "viridis", "contrast_limits": (0.0, results.most_bits)}


def color_limits(results: Results) -> tuple[float, float]:
    """Return the values of black and white of colored pictures."""
    from colorize_engine.color import full_scale

    return 0.0, full_scale(_dtype(results.shown("colorized")))


def _dtype(data: Any) -> np.dtype[Any]:
    """Return the type of an array or of levels."""
    found: np.dtype[Any] = (data[0] if isinstance(data, list) else data).dtype
    return found


def place(kind: str, layer: Image, results: Results) -> dict[str, Any]:
    """Return the transform that lays a kind exactly on its source."""
    source = results.source
    offset, ratio = (0.0, 0.0), (1.0, 1.0)
    if kind not in AT_FULL_SIZE:
        stride = results.colorizer.head_stride
        offset, ratio = working_ratio(source.shape, results.working_shape, stride)
    corner = (0, 0) if kind in AT_FULL_SIZE else source.corner
    start = (*source.start, *np.add(corner, offset))
    ratios = (*[1.0] * len(source.start), *ratio)
    return placement(layer, start, ratios, bins=kind in PROBABILITIES)


def record(
    kind: str, layer: Image, results: Results, settings: DecodeSettings
) -> dict[str, Any]:
    """Return all that is needed to make a result again."""
    from colorize_engine import __version__

    card, source = results.card, results.source
    top, left = source.corner
    entry: dict[str, Any] = {
        "kind": kind,
        "source": layer.name,
        "model": card.name,
        "version": card.version,
        "hash": card.model_hash,
        "temperature": settings.temperature,
        "rebalance": settings.rebalance,
        "saturation": settings.saturation,
        **({"caution": settings.caution} if settings.caution else {}),
        "working_size": results.working_size,
        **({"smoothing": results.smoothing} if results.smoothing else {}),
        "software": f"napari-colorize {__version__}",
    }
    whole = layer.data[0].shape if layer.multiscale else layer.data.shape
    axes = whole[:-1] if layer.rgb else whole
    if source.region is not None:
        entry["region"] = [*source.corner, *source.shape]
        entry["shapes"] = source.region.to_text()
        base = results.coloring.backdrop.record
        if kind == "colorized" and base is not None:
            entry["base"] = dict(base)
    if source.frames != tuple(axes[:-2]):
        entry["frame"] = list(source.start)
    if source.limits is not None:
        entry["display_range"] = list(source.limits)
    if results.steering.hints:
        from colorize_engine.hints import to_text

        entry["hints"] = to_text(
            replace(
                hint,
                row=round(hint.row + top, _DIGITS),
                column=round(hint.column + left, _DIGITS),
            )
            for hint in results.steering.hints
        )
    if kind in PROBABILITIES:
        bins = results.colorizer.bins["ab".index(kind[0])]
        entry["bins"] = [float(center) for center in bins.centers]
    return entry


def show(
    viewer: ViewerModel,
    layer: Image,
    results: Results,
    settings: DecodeSettings,
    earlier: Mapping[str, Image],
) -> dict[str, Image]:
    """Add the results as layers, or put them into those of an earlier run.

    Parameters
    ----------
    viewer
        The viewer that shows them.
    layer
        The source.
    results
        The computed results of the source.
    settings
        The settings that the colors were decoded with.
    earlier
        Layers to take over, by kind; they keep what a person set on them.

    Returns
    -------
    dict
        The layers by kind.
    """
    shown: dict[str, Image] = {}
    active, camera = viewer.layers.selection.active, viewer.scene.camera
    view = {name: getattr(camera, name) for name in _CAMERA}
    for kind in (kind for kind in KINDS if kind in results.kinds):
        old = earlier.get(kind)
        if old is not None and old.multiscale == isinstance(results.shown(kind), list):
            entry = {METADATA: record(kind, layer, results, settings)}
            where = _place_in(viewer, kind, layer, results)
            _replace(old, kind, where, results)
            old.metadata = {**old.metadata, **entry}
            shown[kind] = old
            continue
        shown[kind] = new_layer(viewer, kind, layer, results, settings)
        if old is not None:
            _take_place(viewer, old, shown[kind])
            continue
        # Show the picture in color; if it is not wanted, the first kind.
        shown[kind].visible = kind == "colorized" or len(shown) == 1 > len(earlier)
        viewer.layers.append(shown[kind])
    for kind in set(earlier) - set(shown):
        viewer.layers.remove(earlier[kind])
    if active is None or isinstance(active, Image):
        # napari's controls then act on what came out; points stay selected.
        active = next(iter(shown.values()), active)
    viewer.layers.selection.active = active
    _name_frames(viewer, layer)
    # napari goes back to the whole picture when a layer brings a new axis.
    for name, value in view.items():
        setattr(camera, name, value)
    return shown


def new_layer(
    viewer: ViewerModel,
    kind: str,
    layer: Image,
    results: Results,
    settings: DecodeSettings,
) -> Image:
    """Return a layer of a kind, with the parameters of `show`."""
    data = results.shown(kind)
    new = Image(
        data,
        multiscale=isinstance(data, list),
        name=f"{layer.name} {kind}",
        metadata={METADATA: record(kind, layer, results, settings)},
        **appearance(kind, results),
        **_place_in(viewer, kind, layer, results),
    )
    if kind in ("a", "b"):
        new.contrast_limits_range = _CHROMA_RANGE
    elif kind == "colorized":
        new.contrast_limits_range = color_limits(results)
        _watch(new, results)
    return new


def _watch(layer: Image, results: Results) -> None:
    """Let a large picture in color know the layer that shows it."""
    if results.picture is not None:
        results.picture.watch(layer)


def _take_place(viewer: ViewerModel, old: Image, new: Image) -> None:
    """Put a layer into the place of another one, with the look of that.

    napari cannot make a multiscale layer of another one, nor the reverse.
    """
    at = viewer.layers.index(old)
    for name in _LOOK:
        setattr(new, name, getattr(old, name))
    viewer.layers.remove(old)
    viewer.layers.insert(at, new)


def _place_in(
    viewer: ViewerModel, kind: str, layer: Image, results: Results
) -> dict[str, Any]:
    """Return `place`, with the slider of the bins called as it is in the viewer."""
    where = place(kind, layer, results)
    if kind in PROBABILITIES:
        where["axis_labels"] = _keep_name(viewer, where["axis_labels"])
    return where


def _keep_name(viewer: ViewerModel, labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels of a layer, the first as the viewer's slider is called."""
    ndim, axis = viewer.dims.ndim, viewer.dims.ndim - len(labels)
    if axis < 0 or viewer.dims.axis_labels[axis] == str(axis - ndim):
        return labels
    return (viewer.dims.axis_labels[axis], *labels[1:])


def _name_frames(viewer: ViewerModel, layer: Image) -> None:
    """Name the sliders of a stack "frame", where they have no name yet.

    The names go to the viewer alone: those of a layer would overwrite what a person
    calls the sliders later.
    """
    ndim, count = viewer.dims.ndim, layer.ndim - 2
    for number in range(count):
        axis = ndim - layer.ndim + number
        if viewer.dims.axis_labels[axis] == str(axis - ndim):
            label = "frame" if count == 1 else f"frame {number + 1}"
            viewer.dims.set_axis_label(axis, label)


def _replace(old: Image, kind: str, where: dict[str, Any], results: Results) -> None:
    """Put the data of a kind into a layer and keep its look.

    Only the contrast limits of colors and of the uncertainty change: if nobody has
    changed them, or if the colors are of another type now.
    """
    data = results.shown(kind)
    was_default = old.contrast_limits == old.contrast_limits_range
    new_type = kind == "colorized" and old.data.dtype != _dtype(data)
    if old.multiscale:
        # napari begins with the last level and would look for its old corners there.
        shape = data[-1].shape[: old.ndim]
        old.corner_pixels = np.array([[0] * old.ndim, np.subtract(shape, 1)])
    old.data = data
    for name, value in where.items():
        setattr(old, name, value)
    if new_type or (was_default and kind in ("colorized", "uncertainty")):
        limits = appearance(kind, results)["contrast_limits"]
        old.contrast_limits_range = limits
        old.contrast_limits = limits
    if kind == "colorized":
        _watch(old, results)

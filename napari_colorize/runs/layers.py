"""Results as layers: their look, their place and their record."""

from __future__ import annotations

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
        return {"rgb": True}
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


def place(kind: str, layer: Image, results: Results) -> dict[str, Any]:
    """Return the transform that lays a kind exactly on its source."""
    source = results.source
    offset, ratio = (0.0, 0.0), (1.0, 1.0)
    if kind not in AT_FULL_SIZE:
        stride = results.colorizer.head_stride
        offset, ratio = working_ratio(source.shape, results.working_shape, stride)
    start = (*source.start, *np.add(source.corner, offset))
    ratios = (*[1.0] * len(source.start), *ratio)
    return placement(layer, start, ratios, bins=kind in PROBABILITIES)


def record(
    kind: str, layer: Image, results: Results, settings: DecodeSettings
) -> dict[str, Any]:
    """Return all that is needed to make a result again."""
    from colorize_engine import __version__

    card, source = results.card, results.source
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
        "software": f"napari-colorize {__version__}",
    }
    whole = layer.data[0].shape if layer.multiscale else layer.data.shape
    axes = whole[:-1] if layer.rgb else whole
    if source.shape != tuple(axes[-2:]):
        entry["region"] = [*source.corner, *source.shape]
    if source.frames != tuple(axes[:-2]):
        entry["frame"] = list(source.start)
    if source.limits is not None:
        entry["display_range"] = list(source.limits)
    if results.steering.hints:
        from colorize_engine.hints import to_text

        entry["hints"] = to_text(results.steering.hints)
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
    active = viewer.layers.selection.active
    for kind in (kind for kind in KINDS if kind in results.kinds):
        data = results.store.arrays[kind]
        where = place(kind, layer, results)
        if kind in PROBABILITIES:
            where["axis_labels"] = _keep_name(viewer, where["axis_labels"])
        entry = {METADATA: record(kind, layer, results, settings)}
        if kind in earlier:
            _replace(earlier[kind], kind, data, where, results)
            earlier[kind].metadata = {**earlier[kind].metadata, **entry}
            shown[kind] = earlier[kind]
            continue
        new = Image(
            data,
            name=f"{layer.name} {kind}",
            metadata=entry,
            # Show the picture in color; if it is not wanted, the first kind.
            visible=kind == "colorized" or not (shown or earlier),
            **appearance(kind, results),
            **where,
        )
        if kind in ("a", "b"):
            new.contrast_limits_range = _CHROMA_RANGE
        viewer.layers.append(new)
        shown[kind] = new
    for kind in set(earlier) - set(shown):
        viewer.layers.remove(earlier[kind])
    viewer.layers.selection.active = active
    _name_frames(viewer, layer)
    return shown


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


def _replace(
    old: Image, kind: str, data: Any, where: dict[str, Any], results: Results
) -> None:
    """Put new data into a layer and keep its look.

    Only the contrast limits of the uncertainty change, if nobody has changed them.
    """
    before = old.contrast_limits
    was_default = kind == "uncertainty" and before == old.contrast_limits_range
    old.data = data
    for name, value in where.items():
        setattr(old, name, value)
    if was_default:
        old.contrast_limits_range = (0.0, results.most_bits)
        old.contrast_limits = (0.0, results.most_bits)

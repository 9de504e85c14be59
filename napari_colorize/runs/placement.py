"""Placement of a result on its source, at any size and with further axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.transforms import CompositeAffine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Image

BINS_AXIS = "bins"


def placement(
    layer: Image, offset: Sequence[float], ratio: Sequence[float], *, bins: bool = False
) -> dict[str, Any]:
    """Return the transform of a layer that covers a part of another one.

    A point r of the new layer's data corresponds to ``offset + ratio * r`` in the
    source's data. Both points have the same world position.

    Parameters
    ----------
    layer
        The source.
    offset, ratio
        For each axis of the source, in the source's pixels: the center of the new
        layer's first pixel, and the distance between the new layer's pixels.
    bins
        Whether the new layer has a leading axis for the bins, which the source lacks.

    Returns
    -------
    dict
        ``scale``, ``translate``, ``rotate``, ``shear``, ``affine``, ``units`` and
        ``axis_labels`` for the new layer.
    """
    inner = CompositeAffine(
        scale=layer.scale,
        translate=layer.translate,
        rotate=layer.rotate,
        shear=layer.shear,
        ndim=layer.ndim,
    )
    more = 1 if bins else 0
    affine = np.asarray(layer.affine.affine_matrix)
    return {
        "scale": (*[1.0] * more, *(layer.scale * np.asarray(ratio))),
        "translate": (*[0.0] * more, *inner(np.asarray(offset, float))),
        "rotate": _padded(np.asarray(layer.rotate), more),
        "shear": _padded(_matrix(layer.shear, layer.ndim), more),
        "affine": _padded(affine, more),
        "units": (*["pixel"] * more, *layer.units),
        "axis_labels": (*[BINS_AXIS] * more, *layer.axis_labels),
    }


def working_ratio(
    full: tuple[int, int], working: tuple[int, int], head_stride: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the offset and ratio of the nets' cells, in full-size pixels.

    A cell is a square of ``head_stride`` pixels of the working size. Both sizes cover
    the same area, whose edge is at -0.5, so the first center lies half a cell from
    there. The last cell may reach beyond the area.
    """
    ratio = (head_stride * full[0] / working[0], head_stride * full[1] / working[1])
    return ((ratio[0] - 1) / 2, (ratio[1] - 1) / 2), ratio


def _matrix(shear: Any, ndim: int) -> Any:
    """Return a shear as a matrix; napari has an upper triangular one as a vector."""
    shear = np.asarray(shear)
    if shear.ndim == 2:
        return shear
    matrix = np.eye(ndim)
    matrix[np.triu_indices(ndim, 1)] = shear
    return matrix


def _padded(matrix: Any, more: int) -> Any:
    """Return a matrix with ``more`` neutral axes before its own."""
    size = len(matrix) + more
    padded = np.eye(size)
    padded[more:, more:] = matrix
    return padded

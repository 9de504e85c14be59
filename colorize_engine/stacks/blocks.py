"""Dask tasks of a stack; each works on one block, which is one frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.parallel import alone
from colorize_engine.stacks.paths import light_of
from colorize_engine.stacks.smoothing import smoothed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike, NDArray

    from colorize_engine.hints import Hint
    from colorize_engine.prediction import Prediction
    from colorize_engine.stacks.frame_model import FrameModel

    Floats = NDArray[np.float32]


def predict_block(
    source: FrameModel,
    lead: int,
    block: NDArray[Any],
    hints: Sequence[tuple[Hint, ...]] = ((),),
    frame: int = 0,
) -> Floats:
    """Run the nets on a block: one frame behind `lead` axes of length 1.

    ``hints`` are those of the frames of its series, ``frame`` its number there.
    """
    with alone():
        planes = source.predict(block.reshape(block.shape[lead:]), hints[frame])
    return planes.reshape(*(1,) * lead, *planes.shape)


def light_block(lead: int, block: NDArray[Any]) -> Floats:
    """Return the L* of a block, see `paths.light_of`."""
    return light_of(block.reshape(block.shape[lead:]))


def smooth_block(
    smoothing: float, head_stride: int, before: Floats, block: Floats
) -> Floats:
    """Smooth the planes of a frame with the smoothed planes of the frame before."""
    shape = block.shape[-3:]
    planes = smoothed(
        before.reshape(shape), block.reshape(shape), smoothing, head_stride
    )
    return planes.reshape(block.shape)


def color_block(
    source: FrameModel,
    settings: tuple[float | None, float | None, float, float],
    method: str,
    block: NDArray[Any],
    planes: Floats,
) -> NDArray[Any]:
    """Color a frame from its planes."""
    lead = planes.ndim - 3
    found = source.prediction(
        block.reshape(block.shape[lead:]), planes.reshape(planes.shape[lead:])
    )
    with alone():
        color = found.colorize(*settings, method=method)
    return color.reshape(*(1,) * lead, *color.shape)


def apply_block(
    source: FrameModel,
    frame_shape: tuple[int, int],
    function: Callable[[Prediction], Floats],
    dtype: DTypeLike,
    planes: Floats,
) -> NDArray[Any]:
    """Apply a function to the prediction of a frame."""
    lead, shape = planes.ndim - 3, planes.shape[-3:]
    # The functions use only the planes.
    no_picture = np.broadcast_to(np.uint8(0), frame_shape)
    values = function(source.prediction(no_picture, planes.reshape(shape)))
    return values.astype(dtype, copy=False).reshape(*(1,) * lead, *values.shape)

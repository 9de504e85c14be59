"""Smoothing of distributions over time, along the motion, against flicker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.stacks.cells import join, means
from colorize_engine.stacks.motion import followed, warped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Replaces the logit -inf, which has no mean.
_MIN_LOGIT = -1e4


def check_smoothing(smoothing: float) -> None:
    """Raise ValueError unless the smoothing is at least 0 and below 1."""
    # Written so that NaN fails, too.
    if not 0 <= smoothing < 1:
        raise ValueError(
            f"expected a smoothing of at least 0 and below 1, got {smoothing}"
        )


def smoothed(
    previous: Floats, current: Floats, smoothing: float, head_stride: int
) -> Floats:
    """Average the logits of a frame with those of the frames before it.

    This is a recursive mean. The result for the frame before is moved along the motion
    to the new frame, where it counts as n frames. n grows by 1 from frame to frame up
    to s / (1 - s). The first frames are thus plain means. In the long run a share s
    comes from the past, which fades with a time constant of 1 / (1 - s) frames.

    n shrinks by the trust in the motion, see `motion.followed`. Only the new frame
    counts in regions that come into view, and after a cut.

    The mean of logits is a geometric mean of distributions. It commutes with
    rebalancing and temperature, which also act on logits, so both can still be chosen
    later. It is taken before decoding, because the mean of two decoded colors would be
    grayer.

    Motion and reliability are found from the L* of the pixels. Their means over each
    cell then hold for its distribution.

    Parameters
    ----------
    previous : (k + 1 + Q, h, w) float32
        Result of this function for the frame before; if that is the first frame, its
        planes in the form of ``current``.
    current : (k + 1 + Q, h, w) float32
        L* in 0..100 of the k = ``head_stride``**2 pixels of each cell, as from
        `cells.split`; the number of frames in the planes, which is 1; logits.
    smoothing : float
        s, at least 0 and below 1.
    head_stride : int
        Side of a cell in pixels.

    Returns
    -------
    (k + 1 + Q, h, w) float32
        L* of the current frame; n + 1; averaged logits.
    """
    pixels = head_stride**2
    flow, trust = followed(join(previous[:pixels]), join(current[:pixels]))
    return averaged(previous, current, flow, trust, smoothing)


def averaged(
    previous: Floats, current: Floats, flow: Floats, trust: Floats, smoothing: float
) -> Floats:
    """Return what `smoothed` returns, along a motion that is known.

    Parameters
    ----------
    previous, current, smoothing
        As in ``smoothed``.
    flow : (2, h * side, w * side) float32
        As from `motion.followed`, in pixels.
    trust : (h * side, w * side) float32
        0..1.
    """
    side = trust.shape[0] // current.shape[1]
    pixels = side**2
    past = warped(
        np.maximum(previous[pixels:], _MIN_LOGIT),
        means(flow, side) / np.float32(side),
    )
    count = np.minimum(
        means(trust, side) * past[0], np.float32(smoothing / (1 - smoothing))
    )
    result = np.maximum(current, _MIN_LOGIT)
    mean = result[pixels:]
    mean[0] += count
    past[1:] -= mean[1:]
    past[1:] *= count / mean[0]
    mean[1:] += past[1:]
    return result

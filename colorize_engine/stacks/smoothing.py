"""Distributions smoothed over time, along the motion, so that colors do not flicker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Short side in pixels at which motion is estimated.
_FLOW_SIDE = 64
# Of the windows of Lucas-Kanade; a remaining way that is longer is no finding.
_RADIUS = 5
# A frame too small to see motion in.
_LEAST_SIDE = 16
# Residual of L* at which the past counts exp(-1/2), and the window that it is over.
_TOLERANCE, _WINDOW = 10.0, 2.0
# Change of the motion from pixel to pixel at which the past counts exp(-1/2).
_STRAIN = 0.5
# Share of a frame that must be in both for a shift to be believed.
_LEAST_SEEN = 0.25
# Stands for the logit -inf, which has no mean.
_LEAST = -1e4


def check_smoothing(smoothing: float) -> None:
    """Raise ValueError unless it is at least 0 and below 1."""
    # Written so that NaN fails, too.
    if not 0 <= smoothing < 1:
        raise ValueError(f"expected a smoothing in 0..1, below 1, got {smoothing}")


def smoothed(previous: Floats, current: Floats, smoothing: float) -> Floats:
    """Average the logits of a frame with those of the frames before it.

    A recursive mean: what was found for the frame before is moved to where the things
    are now, and counts as n frames, n growing by 1 from frame to frame up to
    s / (1 - s). So in the long run a share s comes from the past, which fades with a
    time constant of 1 / (1 - s) frames, and the first frames are plain means. Where
    the lightness that was moved along does not match the new one, n shrinks by
    exp(-r^2 / 2), r being the residual (RMS in a Gaussian window) in units of 10 L*,
    and so it does where the motion changes from pixel to pixel, r being that change
    in units of 1/2, as things hide one another there. At what was not in view before,
    and after a cut, the new frame counts alone.

    The mean is one of logits, a geometric mean of distributions: it commutes with the
    rebalancing and the temperature, which act on logits as well, and so leaves both
    open. It is taken before decoding, because the mean of two decoded colors would
    be a grayer one.

    Parameters
    ----------
    previous : (2 + Q, h, w) float32
        What this function gave for the frame before; of the first frame as ``current``.
    current : (2 + Q, h, w) float32
        L* in 0..100; how many frames it stands for, that is 1; logits.
    smoothing : float
        s in 0..1, below 1.

    Returns
    -------
    (2 + Q, h, w) float32
        L* of the current frame, n + 1, averaged logits.
    """
    flow = motion(previous[0], current[0])
    past = warped(np.maximum(previous, _LEAST), flow)
    confidence = _inside(flow) * _match(past[0], current[0]) * _rigidity(flow)
    count = np.minimum(confidence * past[1], np.float32(smoothing / (1 - smoothing)))
    result = np.maximum(current, _LEAST)
    result[1] += count
    # In place: logits of a frame are 10 MB.
    past[2:] -= result[2:]
    past[2:] *= count / result[1]
    result[2:] += past[2:]
    return result


def motion(previous: Floats, current: Floats) -> Floats:
    """Estimate where the things of a frame were in the frame before.

    First the shift of the whole frame, by correlation (of any length, to 1/10 pixel),
    then what remains by iterative Lucas-Kanade; both at a short side of about 64
    pixels, where things seldom move by many.

    Parameters
    ----------
    previous, current : (h, w) float32
        L* in 0..100.

    Returns
    -------
    (2, h, w) float32
        For each pixel of ``current`` the way in rows and in columns to its place in
        ``previous``; 0 in flat frames and those of a side below 16 pixels.
    """
    import skimage.registration
    from PIL import Image

    # Without annotations.
    registration: Any = skimage.registration
    height, width = current.shape
    if min(height, width) < _LEAST_SIDE:
        return np.zeros((2, height, width), np.float32)
    step = max(1, min(height, width) // _FLOW_SIDE)
    before, after = (
        np.asarray(Image.fromarray(plane).reduce(step), np.float32) / np.float32(100)
        for plane in (previous, current)
    )
    if not (before.std() and after.std()):
        return np.zeros((2, height, width), np.float32)
    flow, moved = _shifted(before, after)
    # What was not in view would pull at all around it.
    moved = np.where(_inside(flow), moved, after)
    rest = registration.optical_flow_ilk(after, moved, radius=_RADIUS, num_warp=3)
    flow += np.where(np.hypot(*rest) <= _RADIUS, rest, 0)
    full = (
        Image.fromarray(way).resize((width, height), Image.Resampling.BILINEAR)
        for way in flow
    )
    return np.stack([np.asarray(way) for way in full]) * np.float32(step)


def _shifted(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Find the shift of a whole frame: as a flow, and the frame before moved by it.

    The peaks of the cross-correlation and of the phase correlation, and no shift at
    all, are tried: something bright that appears draws the first to it, noise hides
    the second. The mean absolute residual says which is right.
    """
    import skimage.registration

    registration: Any = skimage.registration
    window = np.outer(*(np.hanning(side + 2)[1:-1] for side in after.shape))
    pair = [(plane - plane.mean()) * window for plane in (before, after)]
    shifts = [np.zeros(2)]
    for normalization in (None, "phase"):
        shift, _, _ = registration.phase_cross_correlation(
            *pair, upsample_factor=10, normalization=normalization
        )
        shifts.append(shift)
    tried: list[tuple[float, Floats, Floats]] = []
    for shift in shifts:
        flow = np.zeros((2, *after.shape), np.float32)
        flow += shift.reshape(2, 1, 1).astype(np.float32)
        moved, seen = warped(before[np.newaxis], flow)[0], _inside(flow)
        # Of a way so long that little is left to compare nothing is known.
        if seen.mean() >= _LEAST_SEEN:
            tried.append((float(np.abs(moved - after)[seen].mean()), flow, moved))
    _, flow, moved = min(tried, key=lambda found: found[0])
    return flow, moved


def warped(planes: Floats, flow: Floats) -> Floats:
    """Move planes along a flow, bilinearly; beyond the border its values go on.

    Parameters
    ----------
    planes : (n, h, w) float32
    flow : (2, h, w) float32
        From each pixel of the result the way to its place in the planes.

    Returns
    -------
    (n, h, w) float32
    """
    height, width = planes.shape[1:]
    rows, columns = _places(flow)
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    down, right = rows - top, columns - left
    below = np.minimum(top + 1, height - 1)
    beside = np.minimum(left + 1, width - 1)
    flat = planes.reshape(len(planes), -1)
    result = np.zeros_like(planes)
    for y, x, share in (
        (top, left, (1 - down) * (1 - right)),
        (top, beside, (1 - down) * right),
        (below, left, down * (1 - right)),
        (below, beside, down * right),
    ):
        part = np.take(flat, y * width + x, axis=1)
        part *= share
        result += part
    return result


def _places(flow: Floats) -> tuple[Floats, Floats]:
    """Rows and columns that a flow points to, the nearest in the frame."""
    height, width = flow.shape[1:]
    rows = np.arange(height, dtype=np.float32)[:, np.newaxis] + flow[0]
    columns = np.arange(width, dtype=np.float32) + flow[1]
    return np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)


def _inside(flow: Floats) -> NDArray[np.bool_]:
    """Whether a flow points into the frame, to half a pixel."""
    height, width = flow.shape[1:]
    rows, columns = _places(flow)
    rows -= np.arange(height, dtype=np.float32)[:, np.newaxis] + flow[0]
    columns -= np.arange(width, dtype=np.float32) + flow[1]
    return np.asarray((np.abs(rows) <= 0.5) & (np.abs(columns) <= 0.5))


def _rigidity(flow: Floats) -> Floats:
    """How little a flow tears: (h, w) in 0..1; low where things hide one another."""
    down, right = np.gradient(flow, axis=(1, 2))
    strain = (down**2 + right**2).sum(0)
    return np.asarray(np.exp(strain * np.float32(-0.5 / _STRAIN**2)))


def _match(past: Floats, current: Floats) -> Floats:
    """How well the lightness of the past fits: (h, w) in 0..1, 0 after a cut."""
    import skimage.filters

    filters: Any = skimage.filters
    residual = filters.gaussian((past - current) ** 2, _WINDOW)
    # Frames without relation differ by the sum of their variances, those whose
    # correlation is 1/2 by half of it; noise in flat frames is no cut.
    related = (past.var() + current.var()) / 2 + _TOLERANCE**2 / 2
    if residual.mean() > related:
        return np.zeros_like(current)
    return np.asarray(np.exp(residual * np.float32(-0.5 / _TOLERANCE**2)))

"""Motion from frame to frame, and how far it can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Short side in pixels at which motion is estimated.
_FLOW_SIDE = 64
# Window radius of Lucas-Kanade in pixels; longer residual motion is discarded.
_RADIUS = 5
# Shortest side in pixels of a frame whose motion is estimated.
_MIN_SIDE = 16
# Residual of L* that gives a trust of exp(-1/2), and sigma of its window.
_TOLERANCE, _WINDOW = 10.0, 2.0
# Change of the motion from pixel to pixel that gives the same trust.
_STRAIN = 0.5
# Share of a frame that must be visible in both frames to trust a shift.
_MIN_OVERLAP = 0.25


def followed(previous: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Return the motion of a frame, and the trust in it.

    The trust is exp(-r^2 / 2). Where the moved lightness does not match the new one, r
    is the residual (RMS in a Gaussian window) in units of 10 L*. Where the motion
    changes from pixel to pixel, because objects hide one another, r is that change in
    units of 1/2. The trust is 0 where the motion leaves the frame, and after a cut.

    Parameters
    ----------
    previous, current : (h, w) float32
        As in `motion`.

    Returns
    -------
    (2, h, w) float32
        As from `motion`.
    (h, w) float32
        The trust, 0..1.
    """
    flow = motion(previous, current)
    match = _match(warped(previous[np.newaxis], flow)[0], current)
    return flow, np.asarray(_inside(flow) * match * _rigidity(flow), np.float32)


def motion(previous: Floats, current: Floats) -> Floats:
    """Estimate where each pixel of a frame was in the frame before.

    Correlation finds the shift of the whole frame (of any length, to 1/10 pixel), then
    iterative Lucas-Kanade the residual motion. Both work at a short side of about 64
    pixels, at which objects seldom move by many pixels.

    Parameters
    ----------
    previous, current : (h, w) float32
        L* in 0..100.

    Returns
    -------
    (2, h, w) float32
        For each pixel of ``current`` the offset in rows and in columns to its place in
        ``previous``; 0 in flat frames and in frames with a side below 16 pixels.
    """
    import skimage.registration
    from PIL import Image

    # scikit-image has no annotations.
    registration: Any = skimage.registration
    height, width = current.shape
    if min(height, width) < _MIN_SIDE:
        return np.zeros((2, height, width), np.float32)
    step = max(1, min(height, width) // _FLOW_SIDE)
    before, after = (
        np.asarray(Image.fromarray(plane).reduce(step), np.float32) / np.float32(100)
        for plane in (previous, current)
    )
    if not (before.std() and after.std()):
        return np.zeros((2, height, width), np.float32)
    flow, moved = _find_shift(before, after)
    # Regions that come into view would distort the motion around them.
    moved = np.where(_inside(flow), moved, after)
    rest = registration.optical_flow_ilk(after, moved, radius=_RADIUS, num_warp=3)
    flow += np.where(np.hypot(*rest) <= _RADIUS, rest, 0)
    full = (
        Image.fromarray(offsets).resize((width, height), Image.Resampling.BILINEAR)
        for offsets in flow
    )
    return np.stack([np.asarray(offsets) for offsets in full]) * np.float32(step)


def _find_shift(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Return the shift of the whole frame as a flow, and the frame before moved by it.

    Three shifts are compared: the peak of the cross-correlation, the peak of the phase
    correlation, and no shift. A bright object that appears misleads the first, noise
    hides the second. The shift with the smallest mean absolute residual is chosen.
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
        # After a very long shift too little is left to compare.
        if seen.mean() >= _MIN_OVERLAP:
            tried.append((float(np.abs(moved - after)[seen].mean()), flow, moved))
    _, flow, moved = min(tried, key=lambda found: found[0])
    return flow, moved


def warped(planes: Floats, flow: Floats) -> Floats:
    """Move planes along a flow, with bilinear interpolation.

    Places beyond the border get the nearest value of the border.

    Parameters
    ----------
    planes : (n, h, w) float32
    flow : (2, h, w) float32
        Offset in rows and columns from each pixel of the result to its place in the
        planes.

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
    """Return the rows and columns that a flow points to, clipped to the frame."""
    height, width = flow.shape[1:]
    rows = np.arange(height, dtype=np.float32)[:, np.newaxis] + flow[0]
    columns = np.arange(width, dtype=np.float32) + flow[1]
    return np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)


def _inside(flow: Floats) -> NDArray[np.bool_]:
    """Return where a flow points into the frame, to half a pixel."""
    height, width = flow.shape[1:]
    rows, columns = _places(flow)
    rows -= np.arange(height, dtype=np.float32)[:, np.newaxis] + flow[0]
    columns -= np.arange(width, dtype=np.float32) + flow[1]
    return np.asarray((np.abs(rows) <= 0.5) & (np.abs(columns) <= 0.5))


def _rigidity(flow: Floats) -> Floats:
    """Return the rigidity of a flow: (h, w) in 0..1; low where objects overlap."""
    down, right = np.gradient(flow, axis=(1, 2))
    strain = (down**2 + right**2).sum(0)
    return np.asarray(np.exp(strain * np.float32(-0.5 / _STRAIN**2)))


def _match(past: Floats, current: Floats) -> Floats:
    """Return how well the past lightness fits: (h, w) in 0..1; 0 after a cut."""
    import skimage.filters

    filters: Any = skimage.filters
    residual = filters.gaussian((past - current) ** 2, _WINDOW)
    # The mean squared difference of unrelated frames is the sum of their variances; at
    # a correlation of 1/2 it is half of that. The last term allows for noise in flat
    # frames, which is not a cut.
    related = (past.var() + current.var()) / 2 + _TOLERANCE**2 / 2
    if residual.mean() > related:
        return np.zeros_like(current)
    return np.asarray(np.exp(residual * np.float32(-0.5 / _TOLERANCE**2)))

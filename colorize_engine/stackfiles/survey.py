"""Survey of all frames of a stack: its black and white, its blank pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.files import NotFiniteError, blank_note

if TYPE_CHECKING:
    from colorize_engine.files import NotFinite, ValueRange


def survey(
    array: Any, value_range: ValueRange, not_finite: NotFinite, *, color: bool
) -> tuple[ValueRange, tuple[str, ...]]:
    """Return the range of all frames and notes on it and on blank pixels.

    All frames are read once if that is needed: for the range "auto", and to count the
    blank pixels of floats.

    Parameters
    ----------
    array : (..., H, W) or (..., H, W, 3 or 4) dask array
    value_range, not_finite
        As in `open_stack`.
    color : bool
        Whether the last axis is color.

    Returns
    -------
    (value range, tuple of str)
        For "auto" the smallest and the largest value. It stays "auto" if they are
        equal, or if all pixels are blank.

    Raises
    ------
    NotFiniteError
        For "auto" with NaN or infinity, unless those become blank.
    """
    import dask.array
    import dask.base

    wanted: dict[str, Any] = {}
    values = lows = highs = array[..., :3] if color else array
    if not_finite == "blank" and array.dtype.kind == "f":
        blank = ~dask.array.isfinite(array)
        if color:
            blank = blank.any(-1, keepdims=True)
        wanted["blank"] = blank.sum()
        lows = dask.array.where(blank, np.inf, values)
        highs = dask.array.where(blank, -np.inf, values)
    if value_range == "auto":
        wanted["low"], wanted["high"] = lows.min(), highs.max()
    together: Any = dask.base.compute
    (found,) = together(wanted)
    notes = blank_note(int(found.get("blank", 0)))
    if value_range != "auto":
        return value_range, notes
    low, high = float(found["low"]), float(found["high"])
    if not_finite == "error" and not np.isfinite((low, high)).all():
        raise NotFiniteError("it holds NaN or infinite values; replace them first")
    if low >= high:
        return "auto", notes
    note = f"of all frames together, {low:g} became black and {high:g} white"
    return (low, high), (note, *notes)

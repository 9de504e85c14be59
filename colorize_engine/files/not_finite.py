"""NaN and infinity among the values of a picture: an error, or blank pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

NotFinite = Literal["error", "blank"]
"""What becomes of pixels with NaN or infinity: an error, or black without color."""


def check_not_finite(choice: str) -> None:
    """Raise ValueError if a choice is none of `NotFinite`."""
    if choice not in get_args(NotFinite):
        raise ValueError(f"expected not_finite 'error' or 'blank', got {choice!r}")


def blanked(
    values: NDArray[Any],
    scaled: Callable[[NDArray[Any]], NDArray[Any]],
    not_finite: NotFinite = "blank",
    *,
    channels: bool,
) -> tuple[NDArray[Any], int]:
    """Scale values; blank pixels become 0 in all channels, black and see-through.

    Parameters
    ----------
    values : (..., H, W) or (..., H, W, C) array
    scaled : callable
        Scales values to an array of the same shape, and raises an error at NaN and
        infinity. With "blank" it does not get any.
    not_finite : {"error", "blank"}
    channels : bool
        Whether the last axis is that of channels.

    Returns
    -------
    (array, int)
        The scaled values, and the number of blank pixels.

    Raises
    ------
    ValueError
        If `not_finite` is another choice.
    """
    check_not_finite(not_finite)
    blank = None if not_finite == "error" else blank_in(values, channels=channels)
    if blank is None:
        return scaled(values), 0
    result = np.array(scaled(filled(values, blank)))
    result[blank] = 0
    return result, int(blank.sum())


def blank_in(values: NDArray[Any], *, channels: bool) -> NDArray[np.bool_] | None:
    """Return which pixels have a value that is not finite; None if none has."""
    if values.dtype.kind != "f" or not values.size:
        return None
    # A NaN anywhere makes both of these NaN.
    if np.isfinite(values.min()) and np.isfinite(values.max()):
        return None
    blank: NDArray[np.bool_] = ~np.isfinite(values)
    return np.asarray(blank.any(-1)) if channels else blank


def filled(values: NDArray[Any], blank: NDArray[np.bool_]) -> NDArray[Any]:
    """Return values with the smallest of the other pixels in all that are blank.

    So the range of values is that of the other pixels; without any they are 0.
    """
    others = values[~blank]
    result = values.copy()
    result[blank] = others.min() if others.size else 0
    return result


def blank_note(count: int) -> tuple[str, ...]:
    """Return the note on a number of blank pixels; none if there are none."""
    if not count:
        return ()
    subject = "1 pixel is" if count == 1 else f"{count:,} pixels are"
    return (f"{subject} NaN or infinite and became black, without color",)

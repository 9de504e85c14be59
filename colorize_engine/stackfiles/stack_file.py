"""Stacks in files: the stored values, and the frames ready for the nets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.files import AxesError, reading

if TYPE_CHECKING:
    import dask.array as da
    from numpy.typing import NDArray

    # Step of an axis (X, Y, Z or T) and its unit as in OME-XML, "µm" or "s".
    Steps = dict[str, tuple[float, str]]


def checked_axes(axes: str, shape: tuple[int, ...]) -> str:
    """Return the letters that a person gave for the axes of an array.

    Raises
    ------
    AxesError
        If they do not fit the array.
    """
    known = set(axes) <= set("TZCYXS") and len(set(axes)) == len(axes)
    if not known or len(axes) != len(shape) or not {"Y", "X"} <= set(axes):
        raise AxesError(
            f"{axes!r} does not fit its shape {shape}; expected one letter for each "
            "axis, out of T, Z, C, Y, X and S, with Y and X"
        )
    return axes


@dataclass(frozen=True, eq=False)
class RawStack:
    """A stack as stored in its file, before a channel is chosen.

    Attributes
    ----------
    array : dask array
        Values as stored.
    axes : str
        One letter for each axis: T, C, Z, Y, X as in OME, S for samples of color, or
        other letters of tifffile.
    bits : int
        Number of bits that a sample uses.
    inverted : bool
        Whether 0 is white.
    steps : dict
        Known steps of X, Y, Z and T, each with its unit ("µm", "s").
    """

    array: da.Array
    axes: str
    bits: int
    inverted: bool = False
    steps: Steps = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class StackFile:
    """The frames of a file, ready for `stacks.predict`.

    Attributes
    ----------
    frames : (..., H, W) or (..., H, W, 3 or 4) dask array
        uint8, uint16, or float32 in 0..1; one chunk per frame, read when computed.
    axes : str
        Letters of the leading axes, T and Z.
    rgb : bool
        Whether the last axis is color.
    steps : dict
        Known steps of X, Y, Z and T, each with its unit ("µm", "s").
    notes : tuple of str
        Notes for the user on how the file is read, one line each.
    """

    frames: da.Array
    axes: str
    rgb: bool
    steps: Steps
    notes: tuple[str, ...] = ()

    def read(self, index: tuple[int, ...]) -> NDArray[Any]:
        """Read a frame in the calling thread.

        Raises
        ------
        FileError
            If the file is damaged.
        """
        frame: Any = self.frames[index]
        with reading():
            return np.asarray(frame.compute(scheduler="synchronous"))

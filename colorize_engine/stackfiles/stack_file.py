"""What the readers of stacks, one for each kind of file, give to ``stackreader``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dask.array as da

    # Of an axis (X, Y, Z or T) the step and its unit as in OME-XML, "µm" or "s".
    Steps = dict[str, tuple[float, str]]


@dataclass(frozen=True, eq=False)
class RawStack:
    """What a file holds, before a channel is chosen.

    Attributes
    ----------
    array : dask array
        Values as stored.
    axes : str
        A letter for each axis: T, C, Z, Y, X as in OME, S for samples of color, or
        others, as tifffile names them.
    bits : int
        Bits that a sample uses.
    inverted : bool
        Whether 0 is white.
    steps : dict
        For X, Y, Z and T, where known, the step and its unit ("µm", "s").
    """

    array: da.Array
    axes: str
    bits: int
    inverted: bool = False
    steps: Steps = field(default_factory=dict)

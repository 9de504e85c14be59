"""TIFF files of values instead of pictures: float32 planes, described in JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from colorize_engine.files.tiff.writer import needs_bigtiff

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt


class PlaneWriter:
    """Writer of planes of values as pages of a TIFF file.

    Parameters
    ----------
    stream : binary file
        Empty, for reading and writing.
    software : str
        Program and version.
    size : int
        Approximate size of all planes in bytes; beyond 4 GB the file becomes a
        BigTIFF.
    """

    def __init__(self, stream: BinaryIO, software: str, size: int) -> None:
        import tifffile

        self._writer = tifffile.TiffWriter(stream, bigtiff=needs_bigtiff(size))
        self._software = software.encode("ascii", "replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, plane: npt.NDArray[np.float32], about: Mapping[str, Any]) -> None:
        """Write a plane, (H, W) float32, as the next page, described by `about`."""
        self._writer.write(
            plane,
            photometric="minisblack",
            compression="zlib",
            description=json.dumps(about, default=_json_value),
            software=self._software,
            metadata=None,
            contiguous=False,
        )

    def close(self) -> None:
        """Finish the file; the stream stays open."""
        self._writer.close()


def _json_value(value: Any) -> Any:
    """Return a NumPy number or array as a type of JSON."""
    return value.tolist()

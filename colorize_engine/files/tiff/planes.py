"""TIFF files of values instead of pictures: planes of float32, each with its JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from colorize_engine.files.tiff.writer import needs_bigtiff

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt


class PlaneWriter:
    """Writes planes of values as the pages of a TIFF file.

    Parameters
    ----------
    stream : binary file
        Empty, for reading and writing.
    software : str
        Program and version.
    size : int
        About how many bytes the planes have in all; beyond 4 GB the file becomes a
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
        """Write the next page: (H, W) float32, and what its description says."""
        self._writer.write(
            plane,
            photometric="minisblack",
            compression="zlib",
            description=json.dumps(about, default=_plain),
            software=self._software,
            metadata=None,
            contiguous=False,
        )

    def close(self) -> None:
        """Finish the file; the stream stays open."""
        self._writer.close()


def _plain(value: Any) -> Any:
    """Return NumPy's numbers and arrays as JSON has them."""
    return value.tolist()

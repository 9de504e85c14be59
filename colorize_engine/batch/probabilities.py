"""Distributions as float TIFF files, a page for each bin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from colorize_engine.decode import Distribution
    from colorize_engine.files import Mark


class ProbabilityWriter:
    """Writes the distributions of one channel, picture after picture.

    Each page is the probability (float32, 0..1) of one bin at the working size. Its
    description is JSON and names the picture (from 1), the bin (from 0) and the bin's
    value in CIE Lab; that of a picture's first page names all bins and the model.

    Parameters
    ----------
    stream : binary file
        Empty, for reading and writing.
    channel : {"a", "b"}
    mark : Mark
    """

    def __init__(self, stream: BinaryIO, channel: str, mark: Mark) -> None:
        import tifffile

        self._writer = tifffile.TiffWriter(stream)
        self._channel, self._mark, self._count = channel, mark, 0

    def write(self, distribution: Distribution) -> None:
        """Write the distribution of the next picture: probabilities (Q, h, w)."""
        self._count += 1
        centers = [round(float(center), 4) for center in distribution.bins.centers]
        for index, plane in enumerate(distribution.probabilities):
            about: dict[str, Any] = {
                "quantity": f"probability of {self._channel}* in CIE Lab",
                "picture": self._count,
                "bin": index,
                "center": centers[index],
            }
            if index == 0:
                about |= {"bin_centers": centers, "mark": self._mark.text}
            self._writer.write(
                plane,
                photometric="minisblack",
                compression="zlib",
                description=json.dumps(about),
                software=self._mark.software.encode(),
                metadata=None,
                contiguous=False,
            )

    def close(self) -> None:
        """Finish the file; the stream stays open."""
        self._writer.close()

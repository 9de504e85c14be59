"""Distributions as TIFF files of float32, one page per bin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from colorize_engine.files.tiff import PlaneWriter

if TYPE_CHECKING:
    from colorize_engine.decode import Distribution
    from colorize_engine.files import Mark


class ProbabilityWriter:
    """Writer of the distributions of one channel, picture by picture.

    Each page holds the probability (float32, 0..1) of one bin at the resolution of the
    net's head. Its description in JSON names the picture (from 1), the bin (from 0) and
    the bin's value in CIE Lab. The first page of each picture also names all bins and
    the model.

    Parameters
    ----------
    stream : binary file
        Empty, open for reading and writing.
    channel : {"a", "b"}
    mark : Mark
    page_count : int
        Approximate number of pictures that will come.
    """

    def __init__(
        self, stream: BinaryIO, channel: str, mark: Mark, page_count: int
    ) -> None:
        self._stream, self._channel, self._mark = stream, channel, mark
        self._page_count, self._count = page_count, 0
        self._planes: PlaneWriter | None = None

    def write(self, distribution: Distribution) -> None:
        """Write the distribution of the next picture: probabilities (Q, h', w')."""
        if self._planes is None:
            size = distribution.logits.nbytes * self._page_count
            self._planes = PlaneWriter(self._stream, self._mark.software, size)
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
            self._planes.write(plane, about)

    def close(self) -> None:
        """Finish the file; the stream stays open."""
        if self._planes is not None:
            self._planes.close()

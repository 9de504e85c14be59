"""Result arrays of a run: in memory for one frame, chunked on disk for a stack."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import DTypeLike, NDArray

# Kinds whose arrays have the bins as their first axis, before those of the stack.
PROBABILITIES = ("a probability", "b probability")


class Store:
    """Arrays for each kind of result, one chunk a frame.

    A stack goes to a temporary folder on disk, which ``close`` removes, and so does the
    end of the program.

    Parameters
    ----------
    frames : tuple of int
        Lengths of the leading axes.
    tails : mapping of str to (tuple of int, dtype)
        For each kind the shape of one frame, and the type.
    """

    def __init__(
        self,
        frames: tuple[int, ...],
        tails: Mapping[str, tuple[tuple[int, ...], DTypeLike]],
    ) -> None:
        self.frames = frames
        self.on_disk = int(np.prod(frames, dtype=int)) > 1
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if self.on_disk:
            self._folder = tempfile.TemporaryDirectory(
                prefix="napari-colorize-", ignore_cleanup_errors=True
            )
        self.arrays = {k: self._array(k, *tail) for k, tail in tails.items()}

    @property
    def folder(self) -> str | None:
        """Where a stack lies, while it does."""
        return self._folder.name if self._folder else None

    def _array(self, kind: str, tail: tuple[int, ...], dtype: DTypeLike) -> Any:
        ones = (1,) * len(self.frames)
        if kind in PROBABILITIES:
            shape = (tail[0], *self.frames, *tail[1:])
            chunks = (tail[0], *ones, *tail[1:])
        else:
            shape, chunks = (*self.frames, *tail), (*ones, *tail)
        if self._folder is None:
            return np.zeros(shape, dtype)
        import zarr

        return zarr.create_array(
            f"{self._folder.name}/{kind.replace(' ', '-')}",
            shape=shape,
            chunks=chunks,
            dtype=np.dtype(dtype),
        )

    def write(self, kind: str, index: tuple[int, ...], values: NDArray[Any]) -> None:
        """Put a frame of a kind in its place."""
        self.arrays[kind][self._where(kind, index)] = values

    def read(self, kind: str, index: tuple[int, ...]) -> NDArray[Any]:
        """Get a frame of a kind: its tail's shape."""
        return np.asarray(self.arrays[kind][self._where(kind, index)])

    @staticmethod
    def _where(kind: str, index: tuple[int, ...]) -> tuple[int | slice, ...]:
        return (slice(None), *index) if kind in PROBABILITIES else index

    def close(self) -> None:
        """Remove what lies on disk."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

"""Result arrays of a run: in memory for one frame, chunked on disk for a stack."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import DTypeLike, NDArray

# Kinds whose arrays have the bins as their first axis, before those of the stack.
PROBABILITIES = ("a probability", "b probability")


class Store:
    """One array for each kind of result, with one chunk per frame.

    A stack is kept in a temporary folder on disk. The last ``close`` or the end of the
    program removes it.

    Parameters
    ----------
    frames : tuple of int
        Lengths of the leading axes.
    frame_types : mapping of str to (tuple of int, dtype)
        For each kind, the shape and type of one frame.
    """

    def __init__(
        self,
        frames: tuple[int, ...],
        frame_types: Mapping[str, tuple[tuple[int, ...], DTypeLike]],
    ) -> None:
        self.frames, self._users = frames, 1
        self.on_disk = int(np.prod(frames, dtype=int)) > 1
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if self.on_disk:
            self._folder = tempfile.TemporaryDirectory(
                prefix="napari-colorize-", ignore_cleanup_errors=True
            )
        self.arrays = {kind: self._array(kind, *f) for kind, f in frame_types.items()}

    def add(self, kind: str, frame: tuple[int, ...], dtype: DTypeLike) -> None:
        """Add an empty array of a kind, given the shape and type of a frame."""
        self.arrays[kind] = self._array(kind, frame, dtype)

    @property
    def folder(self) -> str | None:
        """Folder of a stack, or None: for a single frame, and after ``close``."""
        return self._folder.name if self._folder else None

    def _array(self, kind: str, frame: tuple[int, ...], dtype: DTypeLike) -> Any:
        ones = (1,) * len(self.frames)
        if kind in PROBABILITIES:
            shape = (frame[0], *self.frames, *frame[1:])
            chunks = (frame[0], *ones, *frame[1:])
        else:
            shape, chunks = (*self.frames, *frame), (*ones, *frame)
        if self._folder is None:
            return np.zeros(shape, dtype)
        import zarr

        # A kind that was forgotten may still be shown.
        name = f"{kind.replace(' ', '-')}-{len(os.listdir(self._folder.name))}"
        return zarr.create_array(
            f"{self._folder.name}/{name}",
            shape=shape,
            chunks=chunks,
            dtype=np.dtype(dtype),
        )

    def write(self, kind: str, index: tuple[int, ...], values: NDArray[Any]) -> None:
        """Write one frame of a kind, unless nobody wants the kind any more."""
        if kind in self.arrays:
            self.arrays[kind][self._where(kind, index)] = values

    def read(self, kind: str, index: tuple[int, ...]) -> NDArray[Any]:
        """Return one frame of a kind."""
        return np.asarray(self.arrays[kind][self._where(kind, index)])

    @staticmethod
    def _where(kind: str, index: tuple[int, ...]) -> tuple[int | slice, ...]:
        return (slice(None), *index) if kind in PROBABILITIES else index

    def share(self) -> Store:
        """Return the store for a further user, who closes it, too."""
        self._users += 1
        return self

    def close(self) -> None:
        """Remove the folder on disk if nobody else uses it any more."""
        self._users -= 1
        if self._folder is not None and self._users <= 0:
            self._folder.cleanup()
            self._folder = None

"""A built data set: L, a and b of photos, mapped from disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHANNELS = ("L", "a", "b")
INDEX = "index.json"


def read_index(folder: Path) -> dict[str, Any]:
    """Read the index of a data set.

    Raises
    ------
    FileNotFoundError
        If the folder has no data set, or its build was interrupted.
    """
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text())
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{folder} holds no finished data set; "
            f"run python -m training.dataset --photos DIR --out {folder} first"
        ) from None
    return index


@dataclass(frozen=True)
class DataSet:
    """Planes, names and splits of the photos of a built data set.

    Attributes
    ----------
    planes : dict of str to (count, size, size) uint8
        Memory-mapped ``L``, ``a`` and ``b`` in the 8-bit convention.
    names : list of str
        Name of each photo.
    train, validation : (n,) int64
        Rows of each split.
    settings : dict
        Settings of the build.
    found : int
        Number of photos in the source.
    skipped : dict of str to int
        Number of photos left out as unreadable, small or gray.
    """

    planes: dict[str, NDArray[np.uint8]]
    names: list[str]
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    settings: dict[str, Any]
    found: int
    skipped: dict[str, int]

    @classmethod
    def open(cls, folder: str | Path) -> DataSet:
        """Open the data set that ``build`` wrote into a folder.

        Raises
        ------
        FileNotFoundError
            If there is none, or its build was interrupted.
        ValueError
            If an array is missing, or does not have the length that the index says.
        """
        folder = Path(folder)
        index = read_index(folder)
        size = index["settings"]["size"]
        shape = (len(index["names"]), size, size)
        planes: dict[str, NDArray[np.uint8]] = {}
        for channel in CHANNELS:
            path = folder / f"{channel}.u8"
            if not path.is_file() or path.stat().st_size != np.prod(shape):
                raise ValueError(f"{path} is damaged; remove {folder} and build again")
            planes[channel] = np.memmap(path, np.uint8, "c", shape=shape)
        validation = np.array(index["validation"], np.int64)
        train = np.setdiff1d(np.arange(shape[0]), validation)
        return cls(
            planes,
            index["names"],
            train,
            validation,
            index["settings"],
            index["found"],
            index.get("skipped", {}),
        )

    def draw(self, count: int, sample: int, seed: int) -> NDArray[np.int64]:
        """Draw ``count`` rows to train on at random; 0 takes all.

        If the set has fewer than ``sample`` photos, the share ``count / sample`` of the
        rows to train on is drawn.
        """
        if count == 0:
            return self.train
        wanted = count
        if len(self.names) < sample:
            wanted = max(1, round(count / sample * len(self.train)))
        order = np.random.default_rng(seed).permutation(self.train)
        return np.sort(order[:wanted])

"""The kinds of arrays that are wanted, and what each frame of them was made with."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from colorize_engine.decode import DecodeSettings


class Made(NamedTuple):
    """What a frame in the store was made with."""

    settings: DecodeSettings
    basis: Hashable
    kinds: tuple[str, ...]


class FrameRecords:
    """Records of the frames in a store; other kinds may be wanted at any time.

    Parameters
    ----------
    kinds
        Kinds that are wanted at first.

    Attributes
    ----------
    kinds : tuple of str
        Kinds that are wanted.
    wants : int
        Counts how often other kinds were wanted; a frame that is being made may miss
        it.
    """

    def __init__(self, kinds: Iterable[str]) -> None:
        self.kinds, self.wants = tuple(kinds), 0
        self._made: dict[tuple[int, ...], Made] = {}
        self._lock = threading.Lock()

    def get(self, index: tuple[int, ...]) -> Made | None:
        """Return what a frame was made with, or None."""
        return self._made.get(index)

    def want(self, kinds: Iterable[str]) -> None:
        """Want these kinds; no frame has those of them that are new."""
        with self._lock:
            new, self.kinds = set(kinds) - set(self.kinds), tuple(kinds)
            self.wants += 1
            for index, made in list(self._made.items()):
                others = tuple(kind for kind in made.kinds if kind not in new)
                self._made[index] = made._replace(kinds=others)

    def put(self, index: tuple[int, ...], made: Made, wants: int) -> None:
        """Keep what a frame was made with, begun when ``wants`` was so."""
        with self._lock:
            # Other kinds are wanted meanwhile: what was made may be in none of them.
            same = wants == self.wants
            self._made[index] = made if same else made._replace(kinds=())

"""Films as arrays whose frames are decoded when they are asked for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import lightness, lightness_to_gray
from colorize_engine.files import MAX_PIXELS, FileError
from colorize_engine.film.kinds import check_extra
from colorize_engine.film.pictures import picture_of
from colorize_engine.film.reader import FilmReader, opened, pictures_in, time_of

if TYPE_CHECKING:
    import os

    from av import VideoFrame
    from numpy.typing import NDArray

# Bytes of frames that are kept, and their number at least and at most.
_KEPT_BYTES, _FEWEST, _MOST = 1 << 26, 2, 64
# Frames that are looked at to see whether a film is in color.
_SAMPLES = 5


class FilmStack:
    """The frames of a film, read-only; any frame can be asked for at any time.

    A frame is decoded from the key frame before it. Those on the way are kept for a
    while, so that a few steps back cost nothing.

    Parameters
    ----------
    path : path-like
    max_pixels : int
        Largest number of pixels of a frame.

    Attributes
    ----------
    shape : tuple of int
        (T, H, W), upright, or (T, H, W, 3) if the film is in color.
    dtype : dtype
        uint8, or uint16 if the film has more than 8 bits; in the full range.
    times : (T,) float64
        In seconds.
    pixel_aspect : float
        Width of an upright pixel, divided by its height.

    Raises
    ------
    FileError
        If it is not a film, it is damaged, a frame is too large, or the packages of the
        extra ``video`` are missing.
    OSError
        If the file is missing or cannot be read.
    """

    def __init__(
        self, path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS
    ) -> None:
        check_extra()
        self._path, self._max_pixels = Path(path), max_pixels
        self._lock = RLock()
        self._kept: OrderedDict[int, NDArray[Any]] = OrderedDict()
        # Number of the frame that is decoded next.
        self._next = 0
        with FilmReader(self._path, max_pixels) as film:
            self._coding, self._orientation = film.coding, film.orientation
            shape, self.pixel_aspect = film.shape, float(film.pixel_aspect)
        self._times, self._keys, base = _index(self._path)
        self.times = np.array(self._times) * float(base)
        self.dtype = np.dtype(np.uint8 if self._coding.bits == 8 else np.uint16)
        self._room = int(np.clip(_KEPT_BYTES // (shape[0] * shape[1]), _FEWEST, _MOST))
        self._start()
        self.shape: tuple[int, ...] = (len(self._times), *shape)
        chosen = self._keys[:: max(1, len(self._keys) // _SAMPLES)]
        if any(self._decoded(number).ndim == 3 for number in chosen):
            self.shape = (*self.shape, 3)

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        first, *rest = key if isinstance(key, tuple) else (key,)
        if not isinstance(first, slice):
            return np.asarray(self.frame(int(first))[tuple(rest)])
        numbers = range(*first.indices(len(self)))
        frames = [self.frame(number)[tuple(rest)] for number in numbers]
        empty = np.empty(self.shape[1:], self.dtype)[tuple(rest)]
        return np.stack(frames) if frames else np.empty((0, *empty.shape), self.dtype)

    def frame(self, number: int) -> NDArray[Any]:
        """Return a frame: (H, W) or (H, W, 3), upright.

        Raises
        ------
        IndexError
            If there is no such frame.
        FileError
            If it cannot be decoded.
        """
        count = len(self)
        if not -count <= number < count:
            raise IndexError(f"there is no frame {number}; the film has {count}")
        found = self._decoded(number % count)
        if found.ndim < self.ndim - 1:
            found = np.repeat(found[..., np.newaxis], 3, axis=2)
        elif found.ndim > self.ndim - 1:
            found = lightness_to_gray(lightness(found), self.dtype)
        return found

    def _decoded(self, number: int) -> NDArray[Any]:
        """Return a frame as it is, from those that are kept or from the file."""
        with self._lock:
            if number not in self._kept:
                self._walk_to(number)
            self._kept.move_to_end(number)
            return self._kept[number]

    def _walk_to(self, number: int) -> None:
        """Decode the frames up to a number, and keep the last of them."""
        key = self._keys[max(0, bisect_right(self._keys, number) - 1)]
        sought = not key <= self._next <= number
        if sought:
            self._seek(key)
        if self._reach(number, sought=sought):
            return
        # Some containers cannot seek exactly.
        self._start()
        if not self._reach(number, sought=False):
            raise FileError(f"frame {number} cannot be decoded")

    def _reach(self, number: int, *, sought: bool) -> bool:
        """Decode up to a frame; return whether it is kept, or one that stands for it.

        A damaged frame has the frame before it in its place.
        """
        last: VideoFrame | None = None
        while self._next <= number:
            frame = next(self._frames, None)
            if frame is None:
                break
            at = self._number_of(frame)
            if sought and last is None and at > number:
                return False
            self._next, last = at + 1, frame
            if number - at < self._room:
                self._keep(at, frame)
        if number not in self._kept and last is not None:
            self._keep(number, last)
        return number in self._kept

    def _keep(self, number: int, frame: VideoFrame) -> None:
        picture: NDArray[Any] = picture_of(frame, self._coding)
        if self.dtype == np.uint8:
            picture = ((picture + np.uint32(128)) // 257).astype(np.uint8)
        self._kept[number] = np.ascontiguousarray(self._orientation.upright(picture))
        while len(self._kept) > self._room:
            self._kept.popitem(last=False)

    def _start(self) -> None:
        """Begin to decode at the first frame."""
        self._container = opened(self._path)
        self._stream = pictures_in(self._container)
        self._stream.thread_type = "AUTO"
        self._frames = self._container.decode(self._stream)
        self._next = 0

    def _seek(self, key: int) -> None:
        """Begin to decode at a key frame."""
        self._container.seek(self._times[key], stream=self._stream)
        self._frames = self._container.decode(self._stream)
        self._next = key

    def _number_of(self, frame: VideoFrame) -> int:
        time = time_of(frame)
        place = len(self._times) if time is None else bisect_left(self._times, time)
        known = place < len(self._times) and self._times[place] == time
        # After a seek the times of some containers are guesses.
        return place if known else self._next


def _index(path: Path) -> tuple[list[int], list[int], Fraction]:
    """Return the times of all frames, the numbers of key frames, and the time base.

    Raises
    ------
    FileError
        If there are no frames.
    """
    with opened(path) as container:
        stream = pictures_in(container)
        found = [
            (time, packet.is_keyframe)
            for packet in container.demux(stream)
            if packet.size
            and not packet.is_discard
            and (time := time_of(packet)) is not None
        ]
        base = stream.time_base or Fraction(1)
    if not found:
        raise FileError("the file is damaged: it has no frame that can be read")
    found.sort()
    keys = [number for number, (_, is_key) in enumerate(found) if is_key]
    return [time for time, _ in found], keys or [0], base

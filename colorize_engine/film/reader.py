"""Films read frame by frame, and their other streams packet by packet."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.files import FileError, check_size
from colorize_engine.files.errors import error_text
from colorize_engine.film.coding import Coding
from colorize_engine.film.copying import is_cover
from colorize_engine.film.orientation import Orientation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from av import Packet, VideoFrame
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

# Containers whose clock starts anywhere, as they are cut out of broadcasts.
_NO_ZERO = ("mpeg", "mpegts")
_DAMAGED = "damaged pieces of it were left out"
_RATE, _BASE = Fraction(25), Fraction(1, 1000)
# Damaged pieces one after the other that end a film.
_MOST_FAULTS = 50


class FilmReader:
    """A film file.

    Parameters
    ----------
    path : Path
    max_pixels : int
        Largest number of pixels of a frame.

    Attributes
    ----------
    container : av.container.InputContainer
    stream : av.video.stream.VideoStream
        The pictures: the first video stream that is no cover picture.
    first : av.VideoFrame
        The first frame; ``items`` begins with it, too.
    base : Fraction
        Seconds that the times of frames count.
    coding : Coding
    orientation : Orientation
        Of all frames.
    offset : Fraction
        Seconds that are taken off all times, so that films without a zero of their own
        start at 0.

    Raises
    ------
    FileError
        If it is not a film, it is damaged, or a frame is too large.
    OSError
        If the file is missing or cannot be read.
    """

    def __init__(self, path: Path, max_pixels: int) -> None:
        self.container = opened(path)
        self._notes: Counter[str] = Counter()
        try:
            self.stream = pictures_in(self.container)
            self.base = self.stream.time_base or _BASE
            self._clock = _Clock(max(1, round(1 / (self.rate * self.base))))
            check_size(self.stream.width, self.stream.height, max_pixels)
            self.stream.thread_type = "AUTO"
            self._items = self._demuxed()
            self._before: list[Packet[Any]] = []
            self.first = self._first()
            self.coding = Coding.of(self.first)
            self.orientation = Orientation(matrix_of(self.first))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the upright picture."""
        size = self.first.height, self.first.width
        return size[::-1] if self.orientation.turned else size

    @property
    def pixel_aspect(self) -> Fraction:
        """Width of an upright pixel, divided by its height."""
        stored = self.stream.sample_aspect_ratio or Fraction(1)
        return 1 / stored if self.orientation.turned else stored

    @property
    def rate(self) -> Fraction:
        """Frames a second, on average."""
        return self.stream.average_rate or self.stream.guessed_rate or _RATE

    @property
    def count(self) -> int:
        """Number of frames, if the file tells it, or about that; 0 if unknown."""
        if self.stream.frames:
            return self.stream.frames
        seconds = (self.container.duration or 0) / 1_000_000
        return round(seconds * self.rate)

    @property
    def offset(self) -> Fraction:
        """Seconds that are taken off all times."""
        start = self.container.start_time
        if start is None or self.container.format.name not in _NO_ZERO:
            return Fraction(0)
        return Fraction(start, 1_000_000)

    @property
    def covers(self) -> dict[int, bytes]:
        """Cover pictures by the number of their stream; they come before all frames."""
        return {
            packet.stream.index: bytes(packet)
            for packet in self._before
            if is_cover(packet.stream)
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for people on what has been read so far."""
        found = [
            f"{count:,} {note}" if note == _DAMAGED else note
            for note, count in self._notes.items()
        ]
        if self.first.interlaced_frame:
            found.append("it is interlaced; its frames are colored as they are")
        if self.coding.is_hdr:
            found.append("its tones are HDR; they are colored as if they were not")
        return tuple(found)

    def items(self) -> Iterator[VideoFrame | Packet[Stream]]:
        """Yield the frames of the picture and the packets of all other streams, once.

        All come in the order of the file. The times of frames increase.

        Raises
        ------
        FileError
            If the frames change their size.
        """
        from av import VideoFrame

        yield from self._before
        yield self.first
        for item in self._items:
            if isinstance(item, VideoFrame):
                self._check(item)
            yield item

    def _check(self, frame: VideoFrame) -> None:
        size = self.first.width, self.first.height
        if (frame.width, frame.height) != size:
            raise FileError(
                f"its frames change from {size[0]} x {size[1]} to {frame.width} x "
                f"{frame.height} pixels; cut it there and color the parts"
            )

    def _first(self) -> VideoFrame:
        from av import VideoFrame

        for item in self._items:
            if isinstance(item, VideoFrame):
                return item
            self._before.append(item)
        raise FileError("the file is damaged: it has no frame that can be read")

    def _demuxed(self) -> Iterator[VideoFrame | Packet[Stream]]:
        import av

        for packet in self._packets():
            if packet.stream.index != self.stream.index:
                # The packets that end a stream are empty.
                if packet.size:
                    yield packet
                continue
            try:
                frames = self.stream.decode(packet if packet.size else None)
            except av.InvalidDataError:
                self._notes[_DAMAGED] += 1
                continue
            for frame in frames:
                self._clock.set(frame)
                yield frame

    def _packets(self) -> Iterator[Packet[Any]]:
        import av

        faults = 0
        while faults < _MOST_FAULTS:
            try:
                for packet in self.container.demux():
                    faults = 0
                    yield packet
            except av.EOFError:
                return
            except (av.InvalidDataError, av.MemoryError):
                # A damaged size may ask for more memory than there is.
                faults += 1
                self._notes[_DAMAGED] += 1
            else:
                return


class _Clock:
    """Times of frames; those that are missing or go back are mended."""

    def __init__(self, step: int) -> None:
        self._last: int | None = None
        self._step = step

    def set(self, frame: VideoFrame) -> None:
        """Set the time of a frame, after that of the frame before."""
        time, last = time_of(frame), self._last
        if last is not None:
            step = frame.duration or self._step
            time = last + step if time is None else max(time, last + 1)
        frame.pts = self._last = time or 0


def opened(path: Path) -> InputContainer:
    """Open a film.

    Raises
    ------
    FileError
        If it is not a film, or damaged.
    OSError
        If the file is missing or cannot be read.
    """
    import av

    path.stat()
    try:
        return av.open(str(path), "r", metadata_errors="surrogateescape")
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        reason = error.strerror or error_text(error)
        raise FileError(f"it cannot be read as a film ({reason})") from error


def pictures_in(container: InputContainer) -> VideoStream:
    """Return the first video stream that is no cover picture.

    Raises
    ------
    FileError
        If there is none that can be decoded.
    """
    for stream in container.streams.video:
        if not is_cover(stream) and stream.codec_context is not None:
            return stream
    raise FileError("it has no moving pictures that can be read")


def time_of(frame: VideoFrame | Packet[Any]) -> int | None:
    """Return the time of a frame or packet, in units of its time base."""
    return frame.dts if frame.pts is None else frame.pts


def matrix_of(frame: VideoFrame) -> tuple[int, ...] | None:
    """Return the display matrix of a frame, if it has one, see `Orientation`."""
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return None
    return tuple(int(n) for n in np.frombuffer(bytes(data), np.int32)[:9])

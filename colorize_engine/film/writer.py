"""Films written frame by frame, with the other streams of their source."""

from __future__ import annotations

import os
from math import lcm
from typing import TYPE_CHECKING, Any

from colorize_engine.files import FileError
from colorize_engine.files.errors import error_text
from colorize_engine.film.codecs import Codec, find_codec, pixel_format
from colorize_engine.film.copying import StreamCopier, kept
from colorize_engine.film.pictures import fill

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    import numpy as np
    from av import Packet, VideoFrame
    from av.container import OutputContainer
    from numpy.typing import NDArray

    from colorize_engine.files import Mark
    from colorize_engine.film.reader import FilmReader

_ISO = ("mp4", "mov")
# What the encoder of AV1 prints: errors alone.
os.environ.setdefault("SVT_LOG", "1")


class FilmWriter:
    """A film file that is being written.

    Parameters
    ----------
    path : str
        An existing file that is overwritten.
    container : str
        Name of the container in FFmpeg.
    source : FilmReader
        The film that is colored.
    codec : str or None
        One of `codecs.CODECS`; None for the one that plays nearly everywhere.
    quality : int or None
        1..100.
    mark : Mark
        Goes into the comment of the file.

    Attributes
    ----------
    notes : tuple of str
        Notes for people.

    Raises
    ------
    FileError
        If the codec is missing, or the container cannot hold it.
    """

    def __init__(
        self,
        path: str,
        container: str,
        source: FilmReader,
        codec: str | None,
        quality: int | None,
        mark: Mark,
    ) -> None:
        import av

        chosen = find_codec(codec, container)
        first = source.first
        name, self.coding, notes = pixel_format(
            chosen, first.width, first.height, source.coding
        )
        self._source = source
        options = _muxing(source) if container in _ISO else {}
        self._out: OutputContainer = av.open(
            path,
            "w",
            format=container,
            container_options=options,
            metadata_errors="surrogateescape",
        )
        try:
            self._copier = StreamCopier(
                source.container, self._out, source.covers, source.offset
            )
            streams = source.container.streams
            before = [s for s in streams if s.index < source.stream.index]
            self._copier.add(before)
            self._stream: Any = self._out.add_stream(
                chosen.encoder, source.rate, chosen.options_for(quality)
            )
            self._describe(name, chosen, container)
            self._copier.add(s for s in streams if s.index > source.stream.index)
            self._out.metadata.update(_marked(source.container.metadata, mark))
            self._out.set_chapters(source.container.chapters())
            self._start()
        except BaseException:
            self._out.close()
            raise
        self.notes = (*notes, *self._copier.notes)

    def _describe(self, pixel_format: str, codec: Codec, container: str) -> None:
        """Tell the encoder the size, the times, the colors and the orientation."""
        from av.codec.context import Flags

        source, stream, first = self._source, self._stream, self._source.first
        stream.width, stream.height = first.width, first.height
        stream.pix_fmt = pixel_format
        context: Any = stream.codec_context
        context.time_base = source.base
        if source.stream.sample_aspect_ratio:
            context.sample_aspect_ratio = source.stream.sample_aspect_ratio
        context.color_range = self.coding.color_range
        context.colorspace = self.coding.matrix
        context.color_primaries = self.coding.primaries
        context.color_trc = self.coding.transfer
        context.flags |= Flags.frame_duration
        if codec.tag and container in _ISO:
            context.codec_tag = codec.tag
        if codec.interlaced and first.interlaced_frame:
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
            known: Any = source.stream.codec_context
            context.field_order = known.field_order
        stream.time_base = source.base
        stream.set_display_matrix(source.orientation.matrix)
        stream.metadata.update(kept(source.stream.metadata))
        stream.disposition = source.stream.disposition

    def _start(self) -> None:
        import av

        try:
            self._out.start_encoding()
        except (ValueError, av.FFmpegError) as error:
            reason = getattr(error, "strerror", None) or error_text(error)
            raise FileError(
                f"such a film cannot be written ({reason}); choose another codec, or a "
                "name that ends in .mkv"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._out.mux(self._stream.encode(None))
            self._copier.finish()
        self._out.close()

    def write(
        self,
        colors: NDArray[np.uint16],
        picture: NDArray[np.uint16],
        frame: VideoFrame,
    ) -> None:
        """Encode a colored frame.

        Parameters
        ----------
        colors : (H, W, 3) uint16
            As stored, not turned upright.
        picture : (H, W) or (H, W, 3) uint16
            The frame's own, as from `pictures.picture_of`.
        frame : VideoFrame
            That of the source, with its time.
        """
        # All that the frame tells beside its picture is kept: its time and its fields.
        made = frame.reformat(format=self._stream.pix_fmt)
        made.make_writable()
        fill(made, colors, picture, self.coding)
        made.colorspace, made.color_range = self.coding.matrix, self.coding.color_range
        made.pict_type = 0
        made.pts = (frame.pts or 0) - round(self._source.offset / self._source.base)
        self._out.mux(self._stream.encode(made))

    def copy(self, packet: Packet[Any]) -> None:
        """Write a packet of another stream as it is."""
        self._copier.copy(packet)


def _marked(metadata: Mapping[str, str], mark: Mark) -> dict[str, str]:
    """Return metadata whose comment also says that the color is computed."""
    found = kept(metadata)
    # Some containers have names in capitals.
    comments = [found.pop(name) for name in [*found] if name.lower() == "comment"]
    return {**found, "comment": "\n".join([*comments, mark.text])}


def _muxing(source: FilmReader) -> dict[str, str]:
    """Return options for the clock of an MP4 file, so that sound is cut exactly.

    Its clock counts the start and the end of each stream. The usual 1000 ticks a second
    would cut or add samples.
    """
    rates = [stream.rate for stream in source.container.streams.audio if stream.rate]
    if not rates:
        return {}
    ticks = lcm(*rates, source.base.denominator)
    seconds = (source.container.duration or 0) / 1_000_000
    # Longer times need boxes of 64 bits, which some players do not read.
    fits = 0 < 2 * ticks * seconds < 1 << 32
    return {"movie_timescale": str(ticks if fits else rates[0])}

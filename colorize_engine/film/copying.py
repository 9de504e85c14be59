"""Streams beside the pictures, copied: sound, subtitles, data."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from colorize_engine.film.sound import SoundEncoder, can_encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from fractions import Fraction

    from av import Packet
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.stream import Stream

# Beginnings of the names of metadata that tell of the old file.
_OF_FILE = (
    *("bps", "duration", "number_of_", "_statistics_", "rotate"),
    *("encoder", "major_brand", "minor_version", "compatible_brands"),
)
_KINDS = {"audio": "sound", "subtitle": "subtitles", "video": "pictures"}


def kept(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return metadata without what tells of the file that they were in."""
    return {
        name: text
        for name, text in metadata.items()
        if not name.lower().startswith(_OF_FILE)
    }


class StreamCopier:
    """The streams of a film that are copied to another container.

    Parameters
    ----------
    source : InputContainer
    target : OutputContainer
        Its header is not written yet.
    covers : mapping of int to bytes
        Cover pictures by the number of their stream.
    offset : Fraction
        Seconds that are taken off all times.

    Attributes
    ----------
    notes : list of str
        Notes for people on what the container cannot hold.
    """

    def __init__(
        self,
        source: InputContainer,
        target: OutputContainer,
        covers: Mapping[int, bytes],
        offset: Fraction,
    ) -> None:
        self._source, self._target, self._offset = source, target, offset
        self._covers = covers
        # They have no times below 0, at which codecs of sound begin.
        self._no_negative = target.format.name in ("matroska", "webm")
        self._copies: dict[int, Stream] = {}
        self._encoders: dict[int, SoundEncoder] = {}
        self._last: dict[int, int] = {}
        self.notes: list[str] = []

    def add(self, streams: Iterable[Stream]) -> None:
        """Add streams to the target.

        Sound that it cannot hold is encoded anew, other streams are left out, each with
        a note.
        """
        container = self._target.format.name
        for stream in streams:
            if _is_chapters(stream, self._source):
                continue
            if is_cover(stream) and container == "matroska":
                self._attach(stream)
                continue
            if holds(container, stream):
                copy = self._target.add_stream_from_template(stream, opaque=True)
                self._copies[stream.index] = copy
            elif can_encode(container, stream):
                sound = cast("AudioStream", stream)
                encoder = SoundEncoder(sound, self._target, self._offset)
                self._encoders[stream.index] = encoder
                copy = encoder.copy
                self._note(stream, f"was encoded as {encoder.codec}")
            else:
                self._note(stream, "was left out")
                continue
            copy.metadata.update(kept(stream.metadata))
            copy.disposition = stream.disposition

    def _note(self, stream: Stream, done: str) -> None:
        kind, container = _KINDS.get(stream.type, stream.type), self._target.format.name
        more = "; a name that ends in .mkv keeps it" * holds("matroska", stream)
        self.notes.append(
            f"its stream {stream.index} ({kind}, {_codec(stream)}) {done}, as "
            f"{container} cannot hold it{more}"
        )

    def _attach(self, stream: Stream) -> None:
        """Add a cover picture as Matroska has it: as an attached file."""
        data = self._covers.get(stream.index)
        if data is not None:
            kind = "png" if _codec(stream) == "png" else "jpeg"
            name = stream.metadata.get(
                "filename", f"cover.{kind.replace('jpeg', 'jpg')}"
            )
            mime = stream.metadata.get("mimetype", f"image/{kind}")
            self._target.add_attachment(name, mime, data)

    def copy(self, packet: Packet[Any]) -> None:
        """Write a packet, if its stream was added."""
        index = packet.stream.index
        if index in self._encoders:
            self._encoders[index].write(packet)
        copy = self._copies.get(index)
        if copy is None:
            return
        shift = round(self._offset / packet.time_base)
        # The packet of a cover picture has no time.
        dts = shift if packet.dts is None else packet.dts
        dts -= shift
        pts = dts if packet.pts is None else packet.pts - shift
        if self._no_negative and pts + (packet.duration or 1) <= 0:
            return
        if packet.stream.type == "audio" and index in self._last:
            # Containers refuse sound whose times do not increase.
            dts = max(dts, self._last[index] + 1)
        self._last[index] = dts
        packet.dts, packet.pts = dts, max(dts, pts)
        packet.stream = copy
        self._target.mux(packet)

    def finish(self) -> None:
        """Write what the encoders of sound still hold."""
        for encoder in self._encoders.values():
            encoder.write(None)


def is_cover(stream: Stream) -> bool:
    """Return whether a stream is a picture beside the film."""
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def holds(container: str, stream: Stream) -> bool:
    """Return whether a container can hold a stream, by writing a header with it."""
    import av

    try:
        with av.open(BytesIO(), "w", format=container) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (ValueError, av.FFmpegError):
        return False
    return True


def _is_chapters(stream: Stream, source: InputContainer) -> bool:
    """Return whether a stream is the text of chapters, which are copied as such."""
    return bool(
        source.chapters() and stream.type == "data" and _codec(stream) == "bin_data"
    )


def _codec(stream: Stream) -> str:
    context = stream.codec_context
    return str(context.name if context else getattr(stream, "name", None) or "unknown")

"""Sound that a container cannot hold as it is, encoded anew."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av import AudioFrame, Packet
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.stream import Stream

ENCODERS = {"mp4": "aac", "mov": "aac", "matroska": "flac", "webm": "libopus"}
"""Encoders of sound by container; that of Matroska loses nothing."""
_OPUS_RATE = 48_000
# Of sound whose channels have no places.
_LAYOUTS = {1: "mono", 2: "stereo"}
# Seconds of silence that are more than a rounded time.
_GAP = 0.1


class SoundEncoder:
    """The sound of a film on its way to another codec.

    Parameters
    ----------
    source : AudioStream
    target : OutputContainer
        Its header is not written yet.
    offset : Fraction
        Seconds that are taken off all times.

    Raises
    ------
    ValueError, av.FFmpegError
        If the encoder cannot take such sound.
    """

    def __init__(
        self, source: AudioStream, target: OutputContainer, offset: Fraction
    ) -> None:
        self._source = source
        self._target, self._offset = target, offset
        # Time of the sample that comes next, in samples.
        self._next: int | None = None
        codec = ENCODERS[target.format.name]
        rate = _OPUS_RATE if codec == "libopus" else source.rate
        self.copy: Any = target.add_stream(codec, rate=rate)
        name, count = source.layout.name, source.layout.nb_channels
        context: Any = self.copy.codec_context
        context.layout = _LAYOUTS.get(count, name)

    @property
    def codec(self) -> str:
        """Name of the codec."""
        return str(self.copy.codec_context.codec.canonical_name)

    def write(self, packet: Packet[Any] | None) -> None:
        """Decode a packet and encode its sound; None ends the sound.

        Damaged packets are left out.
        """
        import av

        try:
            frames = self._source.decode(packet)
        except av.InvalidDataError:
            return
        for frame in frames:
            self._set_time(frame)
            self._target.mux(self.copy.encode(frame))
        if packet is None:
            self._target.mux(self.copy.encode(None))

    def _set_time(self, frame: AudioFrame) -> None:
        """Count the time of a frame in samples, which the source may round."""
        given = None
        if frame.pts is not None and frame.time_base is not None:
            seconds = frame.pts * frame.time_base - self._offset
            given = round(seconds * frame.sample_rate)
        time = given if self._next is None else self._next
        if time is None or (
            given is not None and abs(given - time) > _GAP * frame.sample_rate
        ):
            time = given or 0
        frame.pts, frame.time_base = time, Fraction(1, frame.sample_rate)
        self._next = time + frame.samples


def can_encode(container: str, stream: Stream) -> bool:
    """Return whether the sound of a stream can be encoded for a container."""
    import av
    from av.audio.stream import AudioStream

    if not isinstance(stream, AudioStream) or stream.codec_context is None:
        return False
    try:
        with av.open(BytesIO(), "w", format=container) as trial:
            SoundEncoder(stream, trial, Fraction(0))
            trial.start_encoding()
    except (ValueError, av.FFmpegError):
        return False
    return True

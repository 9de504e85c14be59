"""Codecs that films are written with: their encoders, quality and pixel formats."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from colorize_engine.files import FileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colorize_engine.film.coding import Coding

QUALITY = 65
"""Quality of a film by default: losses that are hard to see."""


@dataclass(frozen=True)
class Codec:
    """A codec, and how its encoder is asked for a quality.

    Attributes
    ----------
    encoder : str
        Name of the encoder in FFmpeg.
    crf : (float, float) or None
        Constant rate factors of the best and the worst quality; None if it is lossless.
    containers : tuple of str
        Containers that hold it with all that is told of its colors.
    options : mapping
        Further options of the encoder.
    odd : bool
        Whether it holds odd widths and heights with chroma of half the size.
    interlaced : bool
        Whether it can tell that frames are interlaced.
    tag : str
        Four letters of the codec in MP4 files; empty for the usual ones.
    """

    encoder: str
    crf: tuple[float, float] | None
    containers: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    odd: bool = True
    interlaced: bool = False
    tag: str = ""

    def options_for(self, quality: int | None) -> dict[str, str]:
        """Return the options of the encoder for a quality of 1..100."""
        if self.crf is None:
            return dict(self.options)
        best, worst = self.crf
        share = (100 - (QUALITY if quality is None else quality)) / 99
        return {**self.options, "crf": f"{best + (worst - best) * share:.0f}"}


_ISO = ("mp4", "mov", "matroska")
_OPEN = ("mp4", "matroska", "webm")
CODECS = {
    "h264": Codec(
        "libx264", (1, 51), _ISO, {"preset": "medium"}, odd=False, interlaced=True
    ),
    "hevc": Codec(
        "libx265",
        (1, 51),
        _ISO,
        {"x265-params": "log-level=error"},
        odd=False,
        tag="hvc1",
    ),
    "av1": Codec("libsvtav1", (1, 63), _OPEN, {"preset": "7"}),
    "vp9": Codec("libvpx-vp9", (1, 63), _OPEN, {"deadline": "good", "cpu-used": "4"}),
    "ffv1": Codec("ffv1", None, ("matroska",), {"level": "3", "slicecrc": "1"}),
}
"""Codecs by their name."""


def find_codec(name: str | None, container: str) -> Codec:
    """Return a codec; None for the one that plays nearly everywhere.

    Parameters
    ----------
    name
        One of ``CODECS``.
    container
        Name of the container in FFmpeg.

    Raises
    ------
    FileError
        If there is no such codec, this PyAV lacks its encoder, or the container cannot
        hold it.
    """
    import av

    if name is None:
        name = "vp9" if container == "webm" else "h264"
    if name not in CODECS:
        known = ", ".join(CODECS)
        raise FileError(f"there is no codec {name!r}; choose one of {known}")
    codec = CODECS[name]
    if codec.encoder not in av.codecs_available:
        raise FileError(
            f"PyAV {av.__version__} has no encoder {codec.encoder} for {name}; choose "
            "another codec"
        )
    if container not in codec.containers:
        raise FileError(
            f"{container} cannot hold {name}; choose another codec, or a name that "
            "ends in .mkv"
        )
    return codec


def pixel_format(
    codec: Codec, width: int, height: int, source: Coding
) -> tuple[str, Coding, tuple[str, ...]]:
    """Return the pixel format that a film is written in.

    Chroma has half the size (4:2:0), which plays everywhere, but full size where
    nothing may be lost, and where an odd size leaves no other way.

    Parameters
    ----------
    codec
        The codec.
    width, height
        Of the stored picture.
    source
        Coding of the source.

    Returns
    -------
    str
        Name of the format in FFmpeg.
    Coding
        That of the source, with the bits that are written.
    tuple of str
        Notes for people.
    """
    import av

    notes = []
    formats = {each.name for each in av.Codec(codec.encoder, "w").video_formats or ()}
    odd = width % 2 or height % 2
    chroma = "444" if codec.crf is None or (odd and not codec.odd) else "420"
    if chroma == "444" and codec.crf is not None:
        notes.append(
            f"its size is odd ({width} x {height}), so its chroma has full size "
            "(4:4:4), which some players cannot show; vp9 and av1 do not need that"
        )
    depths = [bits for bits in (8, 10, 16) if _name(chroma, bits) in formats]
    bits = next((each for each in depths if each >= source.bits), max(depths))
    if bits < source.bits:
        notes.append(f"{source.bits} bit became {bits} bit, as the codec holds no more")
    return _name(chroma, bits), replace(source, bits=bits), tuple(notes)


def _name(chroma: str, bits: int) -> str:
    return f"yuv{chroma}p" + (f"{bits}le" if bits > 8 else "")

"""All that a person has set for a picture: as the text of a mark, as a command."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from colorize_engine.decode import MAX_SATURATION, DecodeSettings
from colorize_engine.files import parse_range, stored_parameters
from colorize_engine.hints import from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from colorize_engine.files import ValueRange
    from colorize_engine.hints import Hint

# Names of settings in marks that the plugin or the command write; some have a space.
_NAMES = (
    "model",
    "temperature",
    "rebalance",
    "saturation",
    "caution",
    "working size",
    "smoothing",
    "display range",
    "range",
    "region",
    "shapes",
    "base",
    "hints",
    "source",
    "quality",
    "precision",
    "variant",
)
_ITEM = re.compile(f"(?:^|; )({'|'.join(_NAMES)}) ")


@dataclass(frozen=True)
class Edit:
    """All that a person has set for a picture.

    Attributes
    ----------
    label : str
        Name, version and hash of the model, see `pretrained.Card.label`.
    decoding : DecodeSettings
        Temperature, rebalance, saturation and caution.
    working_size : int
        Short side, in pixels, of the picture that the nets see.
    hints : tuple of Hint
    value_range : "full", "auto" or (float, float)
        The values of black and white.
    smoothing : float
        Of a stack, 0..0.99.
    region : str
        The part that was colored, as the mark of a picture has it; empty for the whole.
    """

    label: str
    decoding: DecodeSettings
    working_size: int
    hints: tuple[Hint, ...] = ()
    value_range: ValueRange = "full"
    smoothing: float = 0.0
    region: str = ""

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.label.rsplit(" ", 2)[0]

    @classmethod
    def from_parameters(cls, text: str) -> Edit:
        """Return the edit that a mark tells of, see `files.Mark.parameters`.

        Raises
        ------
        ValueError
            If the text lacks a setting or has one that is not valid.
        """
        items = _items(text)
        try:
            given = items.get("display range") or items.get("range", "full")
            decoding = DecodeSettings(
                float(items["temperature"]),
                float(items["rebalance"]),
                float(items["saturation"]),
                float(items.get("caution", 0)),
            )
            check_decoding(decoding)
            return cls(
                items["model"],
                decoding,
                int(items["working size"]),
                from_text(items.get("hints", "")),
                parse_range(given.replace("..", ",")),
                float(items.get("smoothing", 0)),
                items.get("region", ""),
            )
        except (KeyError, ValueError) as error:
            raise ValueError(f"{text!r} does not tell all settings: {error}") from error

    def command(
        self, photo: str, output: str, more: Mapping[str, str] | None = None
    ) -> str:
        """Return the line of the command ``colorize`` that does the same to a file.

        Parameters
        ----------
        photo, output
            Paths of the files.
        more
            Further options and their values, such as ``{"--device": "cuda"}``.

        Raises
        ------
        ValueError
            If only a region was colored, which the command cannot do.
        """
        if self.region:
            raise ValueError("the command colors whole pictures, not a region")
        decoding, values = self.decoding, self.value_range
        options = {
            "--model": self.model,
            "--temperature": f"{decoding.temperature:g}",
            "--rebalance": f"{decoding.rebalance:g}",
            "--saturation": f"{decoding.saturation:g}",
            "--caution": f"{decoding.caution:g}",
            "--working-size": f"{self.working_size}",
            "--range": values if isinstance(values, str) else _range_text(values),
            "--smoothing": f"{self.smoothing:g}",
            **(more or {}),
        }
        plain = {
            "--model": "default",
            "--saturation": "1",
            "--caution": "0",
            "--range": "full",
            "--smoothing": "0",
        }
        words = ["colorize", _no_option(photo), "-o", _no_option(output)]
        for name, value in options.items():
            if plain.get(name) != value:
                words += [name, value]
        for hint in self.hints:
            words += ["--hint", to_text([hint])]
        return _joined(words)


def check_decoding(decoding: DecodeSettings) -> None:
    """Raise ValueError if settings are not those of any decoding."""
    limits = {"temperature": 1.0, "saturation": MAX_SATURATION, "caution": 1.0}
    for name, high in limits.items():
        value = getattr(decoding, name)
        if not 0 <= value <= high:
            raise ValueError(f"expected a {name} in 0..{high:g}, got {value}")
    if not math.isfinite(decoding.rebalance):
        raise ValueError(f"expected a finite rebalance, got {decoding.rebalance}")


def saved_edit(path: Path) -> Edit | None:
    """Return the edit of a picture or stack that the command or the plugin has written.

    Parameters
    ----------
    path
        A picture, a stack as TIFF file, or one as OME-Zarr folder.

    Returns
    -------
    Edit or None
        None if the file is not one of those.

    Raises
    ------
    OSError, ValueError
        If the file is missing, is not a picture, or its settings cannot be read.
    """
    found = stored_parameters(path)
    return None if found is None else Edit.from_parameters(found)


def _items(parameters: str) -> dict[str, str]:
    """Return the settings of a mark by name."""
    _, *parts = _ITEM.split(parameters)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _no_option(path: str) -> str:
    """Return a path that does not begin with a dash."""
    return os.path.join(os.curdir, path) if path.startswith("-") else path


def _range_text(values: tuple[float, float]) -> str:
    # All digits of both, so that the same values are black and white.
    return ",".join(repr(float(value)).removesuffix(".0") for value in values)


def _joined(words: list[str]) -> str:
    """Return words as one line for the shell of this system."""
    if os.name == "nt":
        import subprocess

        return subprocess.list2cmdline(words)
    import shlex

    return shlex.join(words)

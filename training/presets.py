"""Presets: one small TOML file says all that makes a model."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorize_engine.unet import NetDesign

if TYPE_CHECKING:
    from colorize_engine.bins import ChannelBins

FOLDER = Path(__file__).parent / "presets"
# What a preset says, section by section; the keys of a scheme only with that scheme.
_KEYS = {
    "data": {"sample", "draw", "statistics", "seed"},
    "bins": {"scheme", "soft", "sigma", "uniform_share"},
    "net": {"encoder", "initial", "decoder_widths", "context", "b_given_a"},
    "training": {
        "batch",
        "learning_rate",
        "encoder_learning_rate",
        "weight_decay",
        "warm_up",
        "ema",
        "crop",
        "augment_lightness",
    },
    "decode": {"temperature", "rebalance", "working_size"},
}
_SCHEMES = {
    "uniform": {"count", "range"},
    "zero-centered": {"step"},
    "lloyd-max": {"count"},
}
_CHANNELS = {"both": ("both",), "separate": ("a", "b"), "a": ("a",), "b": ("b",)}


@dataclass(frozen=True)
class Run:
    """One training run of a preset.

    Attributes
    ----------
    channels : {"both", "a", "b"}
        Which head or heads the net has.
    learning_rate_factor : float
        Times the preset's learning rates.
    sizes : tuple of (side, photos)
        Photos seen at each size in pixels, in order.
    """

    channels: str
    learning_rate_factor: float
    sizes: tuple[tuple[int, int], ...]

    @property
    def photos(self) -> int:
        """Photos seen in this run, repeats counted."""
        return sum(count for _, count in self.sizes)

    def size_at(self, done: int) -> int:
        """Side of the photos after so many were seen."""
        for size, count in self.sizes:
            if done < count:
                return size
            done -= count
        return self.sizes[-1][0]


@dataclass(frozen=True)
class Preset:
    """The content of a preset file.

    Attributes
    ----------
    name : str
        Stem of the file.
    text : str
        The file as it stands; it goes into the model card.
    data, bins, net, training, decode : dict
        The sections of that name.
    runs : tuple of Run
        In order; "separate" stands in the file for one run of a and one of b.
    """

    name: str
    text: str
    data: dict[str, Any]
    bins: dict[str, Any]
    net: dict[str, Any]
    training: dict[str, Any]
    decode: dict[str, Any]
    runs: tuple[Run, ...]

    @property
    def photos_seen(self) -> int:
        """Photos that each of the two nets has seen in the end."""
        return sum(run.photos for run in self.runs if run.channels in ("both", "a"))

    def design(self, channels: str, bins: dict[str, ChannelBins]) -> NetDesign:
        """Design of the net with the head or heads of one run.

        Raises
        ------
        ValueError
            If the section ``net`` describes no net that can be built.
        """
        heads = ("a", "b") if channels == "both" else (channels,)
        sees_a = channels == "b" and self.net["b_given_a"]
        return NetDesign(
            encoder=self.net["encoder"],
            encoder_widths=tuple(self.net.get("encoder_widths", ())),
            decoder_widths=tuple(self.net["decoder_widths"]),
            context=self.net["context"],
            inputs=("L", "a") if sees_a else ("L",),
            outputs=sum(len(bins[head]) for head in heads),
        )


def load_preset(name: str | Path) -> Preset:
    """Load a preset by its name, or from a path that ends in ``.toml``.

    Raises
    ------
    FileNotFoundError
        If there is no such preset; the message lists those there are.
    ValueError
        If the file is no TOML, or its sections and keys are not those of a preset.
    """
    path = Path(name) if str(name).endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.toml")))
        raise FileNotFoundError(
            f"there is no preset {str(name)!r}; expected {known}, or a .toml file"
        )
    text = path.read_text(encoding="utf-8")
    try:
        content = tomllib.loads(text)
        _check(content)
        runs = tuple(run for entry in content.pop("runs") for run in _runs(entry))
        _check_channels(runs)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the preset {path} cannot be used: {error}") from error
    return Preset(name=path.stem, text=text, runs=runs, **content)


def _check(content: dict[str, Any]) -> None:
    """Raise an error unless all sections and keys are there, and no others."""
    _expect("sections", set(content), {*_KEYS, "runs"})
    for section, keys in _KEYS.items():
        wanted, found = set(keys), set(content[section])
        if section == "bins":
            scheme = content["bins"].get("scheme")
            if scheme not in _SCHEMES:
                raise ValueError(
                    f"expected the scheme {', '.join(_SCHEMES)}, got {scheme!r}"
                )
            wanted |= _SCHEMES[scheme]
        if content[section].get("encoder") == "plain":
            wanted.add("encoder_widths")
        _expect(f"keys in [{section}]", found, wanted)
    if content["net"]["initial"] not in ("pretrained", "scratch"):
        raise ValueError(
            f"expected initial pretrained or scratch, got {content['net']['initial']!r}"
        )


def _expect(what: str, found: set[str], wanted: set[str]) -> None:
    if found != wanted:
        raise ValueError(
            f"expected the {what} {', '.join(sorted(wanted))}; "
            f"missing: {', '.join(sorted(wanted - found)) or 'none'}, "
            f"unknown: {', '.join(sorted(found - wanted)) or 'none'}"
        )


def _runs(entry: dict[str, Any]) -> list[Run]:
    """Turn an entry of the file into one run, or two for "separate"."""
    wanted = {"channels", "learning_rate_factor", "sizes"}
    _expect("keys in [[runs]]", set(entry), wanted)
    if entry["channels"] not in _CHANNELS:
        raise ValueError(
            f"expected the channels {', '.join(_CHANNELS)}, got {entry['channels']!r}"
        )
    sizes = tuple((int(side), int(count)) for side, count in entry["sizes"])
    if not sizes or min(min(pair) for pair in sizes) < 1:
        raise ValueError("expected sizes of at least one pixel and one photo each")
    factor = float(entry["learning_rate_factor"])
    return [Run(channels, factor, sizes) for channels in _CHANNELS[entry["channels"]]]


def _check_channels(runs: tuple[Run, ...]) -> None:
    """Raise an error unless a and b get trained, each once, after both."""
    order = [run.channels for run in runs]
    if order not in (["a", "b"], ["both", "a", "b"]):
        raise ValueError(
            "expected the runs a and b (or separate), with or without one of both "
            f"before them, got {', '.join(order) or 'none'}"
        )

"""Presets: small TOML files, each with all settings of a model."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorize_engine.pretrained import INPUTS, NetDesign
from training.presets.run import expect, read_runs

if TYPE_CHECKING:
    from colorize_engine.bins import ChannelBins
    from training.presets.run import Run

FOLDER = Path(__file__).parent
# The keys of each section; a scheme of bins has further keys.
_KEYS = {
    "data": {"sample", "draw", "statistics", "seed"},
    "bins": {"scheme", "soft", "sigma", "uniform_share", "power"},
    "net": {"encoder", "initial", "decoder_widths", "context", "hints"},
    "training": {
        "learning_rate",
        "encoder_learning_rate",
        "weight_decay",
        "warm_up",
        "ema",
    },
    "decode": {"temperature", "rebalance", "working_size", "eight_bits"},
}
_HINTS = {"sparse", "dense_a", "dense_b"}
_SCHEMES = {
    "uniform": {"count", "range"},
    "zero-centered": {"step"},
    "lloyd-max": {"count"},
}


@dataclass(frozen=True)
class Preset:
    """The content of a preset file.

    Attributes
    ----------
    name : str
        Stem of the file.
    text : str
        Text of the file, which goes into the model card.
    data, bins, net, training, decode : dict
        The sections with these names.
    runs : tuple of Run
        The runs in order; "separate" in the file gives one run of a and one of b.
    purpose : str
        What the model is for, see `Card`; may be left out.
    """

    name: str
    text: str
    data: dict[str, Any]
    bins: dict[str, Any]
    net: dict[str, Any]
    training: dict[str, Any]
    decode: dict[str, Any]
    runs: tuple[Run, ...]
    purpose: str = ""

    @property
    def of_training(self) -> dict[str, Any]:
        """The settings that determine the weights: no decode point, no purpose."""
        content = tomllib.loads(self.text)
        del content["decode"]
        content.pop("purpose", None)
        return content

    @property
    def photos_seen(self) -> dict[str, int]:
        """Photos that the nets ``a`` and ``b`` see in all their runs."""
        return {
            c: sum(run.photos for run in self.runs if run.channels in ("both", c))
            for c in ("a", "b")
        }

    def design(self, channels: str, bins: dict[str, ChannelBins]) -> NetDesign:
        """Return the design of the net of one run, with its head or heads.

        Raises
        ------
        ValueError
            If the section ``net`` describes a net that cannot be built.
        """
        heads = ("a", "b") if channels == "both" else (channels,)
        return NetDesign(
            encoder=self.net["encoder"],
            encoder_widths=tuple(self.net.get("encoder_widths", ())),
            decoder_widths=tuple(self.net["decoder_widths"]),
            context=self.net["context"],
            inputs=INPUTS[self.net["hints"]],
            outputs=sum(len(bins[head]) for head in heads),
        )


def load_preset(name: str | Path) -> Preset:
    """Load a preset by its name, or from a path that ends in ``.toml``.

    Raises
    ------
    FileNotFoundError
        If there is no such preset; the message lists the known ones.
    ValueError
        If the file is not TOML, or its sections and keys are not those of a preset.
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
        runs = read_runs(content.pop("runs"))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the preset {path} cannot be used: {error}") from error
    return Preset(name=path.stem, text=text, runs=runs, **content)


def _check(content: dict[str, Any]) -> None:
    """Raise ValueError unless all sections and keys are there, and no others."""
    if not isinstance(purpose := content.get("purpose", ""), str):
        raise ValueError(f"expected purpose to be text, got {purpose!r}")
    expect("sections", set(content) - {"purpose"}, {*_KEYS, "runs"})
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
        if section == "training" and content["net"].get("hints"):
            wanted.add("hints")
        expect(f"keys in [{section}]", found, wanted)
    hints = content["training"].get("hints")
    if hints is not None:
        expect("keys in hints", set(hints), _HINTS)
        if min(hints.values()) < 0 or sum(hints.values()) > 1:
            raise ValueError(f"expected shares in hints of 1 in all, got {hints}")
    if content["net"]["initial"] not in ("pretrained", "scratch"):
        raise ValueError(
            f"expected initial pretrained or scratch, got {content['net']['initial']!r}"
        )

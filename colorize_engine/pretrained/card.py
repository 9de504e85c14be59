"""Model cards: the file ``card.json`` in a model folder."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorize_engine.bins import ChannelBins
from colorize_engine.pretrained.design import NetDesign

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# 1: nets that see lightness alone; 2: some net takes hints, which versions that write
# only format 1 cannot show it.
FORMATS = (1, 2)
CHANNELS = ("a", "b")


class ModelError(ValueError):
    """A model folder is missing, broken, or not what this version can load."""


@dataclass(frozen=True)
class Card:
    """Description, bins and default settings of a model.

    Attributes
    ----------
    name, version, description : str
    nets : dict
        Design of the nets ``a`` and ``b`` (fields of `design.NetDesign`).
    bins : dict of ChannelBins
        Bins of ``a`` and ``b``.
    purpose : str
        What the model is for: a few words, and after a colon more. May be empty.
    temperature : float
        Default temperature of the annealed mean, 0..1.
    rebalance : float
        Default gamma of the rebalancing.
    working_size : int
        Short side in pixels that the nets are made for.
    calibration : dict of float
        Divisor of the logits of ``a`` and of ``b``, applied before anything else. With
        it, and with the class weights undone, the probabilities are calibrated.
    training : dict
        How the weights were made: photos, preset, seed, time.
    figures : dict
        Measured quality; each figure beside that of the gray picture.
    sha256 : dict of str
        SHA-256 of each other file of the model.

    Raises
    ------
    ValueError
        If a value lies outside its range.
    """

    name: str
    version: str
    description: str
    nets: dict[str, dict[str, Any]]
    bins: dict[str, ChannelBins]
    purpose: str = ""
    temperature: float = 0.38
    rebalance: float = 0.0
    working_size: int = 256
    calibration: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(CHANNELS, 1.0)
    )
    training: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("name", "version", "description", "purpose"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"expected {name} to be text")
        if not isinstance(self.working_size, int):
            raise ValueError(
                f"expected working_size to be a whole number, got {self.working_size}"
            )
        _check_range("working_size", self.working_size, 1, 1 << 16)
        _check_range("temperature", self.temperature, 0, 1)
        _check_range("rebalance", self.rebalance, -100, 100)
        for channel in CHANNELS:
            _check_range("calibration", self.calibration[channel], 1e-3, 1e3)

    @property
    def model_hash(self) -> str:
        """First 12 digits of the SHA-256 over the hashes of all files with weights."""
        files = [*(weights_file(c) for c in CHANNELS)]
        files += [small for c in CHANNELS if (small := small_file(c)) in self.sha256]
        text = "".join(self.sha256[name] for name in files)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def label(self) -> str:
        """Name, version and hash of the model, as files record it."""
        return f"{self.name} {self.version} {self.model_hash}"

    @property
    def designs(self) -> dict[str, NetDesign]:
        """Designs of the nets ``a`` and ``b``.

        Raises
        ------
        TypeError, ValueError
            If a design is not valid.
        """
        designs = {}
        for channel in CHANNELS:
            try:
                designs[channel] = NetDesign(**self.nets[channel])
            except (TypeError, ValueError) as error:
                raise type(error)(f"net {channel}: {error}") from error
        return designs

    @property
    def head_stride(self) -> int:
        """Side, in pixels, of the square that each distribution of the nets stands for.

        Raises
        ------
        ValueError
            If it is not the same for both nets.
        """
        a, b = (design.head_stride for design in self.designs.values())
        if a != b:
            raise ValueError(
                f"the heads of the nets of a and b have the strides {a} and {b}, "
                "expected the same"
            )
        return a

    @property
    def calibrated_bins(self) -> dict[str, ChannelBins]:
        """Bins of a and b for the calibrated logits."""
        return {c: self.bins[c].tempered(self.calibration[c]) for c in CHANNELS}

    def to_json(self) -> str:
        """Return the card as JSON text for ``from_json``."""
        hints = any(len(net.get("inputs", ())) > 1 for net in self.nets.values())
        content = {"format": FORMATS[hints], **self.__dict__}
        content["bins"] = {
            channel: {
                name: _floats(getattr(bins, name))
                for name in ("centers", "prior", "weights")
            }
            for channel, bins in self.bins.items()
        }
        # Without a purpose a card is one that versions before this key can read.
        if not self.purpose:
            del content["purpose"]
        return json.dumps(content, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Read a card.

        Raises
        ------
        ModelError
            If the text is not a card of this format.
        """
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"its card.json is not JSON: {error}") from error
        if not isinstance(content, dict):
            raise ModelError(
                "its card.json is not a model card: expected a JSON object"
            )
        if content.get("format", FORMATS[0]) not in FORMATS:
            raise ModelError(
                f"its card.json is of format {content['format']!r}, expected "
                f"{' or '.join(map(str, FORMATS))}; "
                "install the version of napari-colorize that the model was made for"
            )
        try:
            return cls._from_content(content)
        except KeyError as error:
            lacking = ", ".join(map(str, error.args))
            raise ModelError(
                f"its card.json is not a model card: it lacks {lacking}"
            ) from error
        except (AttributeError, TypeError, ValueError) as error:
            raise ModelError(f"its card.json is not a model card: {error}") from error

    @classmethod
    def _from_content(cls, content: dict[str, Any]) -> Card:
        required = (
            "format",
            "name",
            "version",
            "description",
            "nets",
            "bins",
            "sha256",
        )
        if missing := [key for key in required if key not in content]:
            raise KeyError(*missing)
        bins = {
            channel: ChannelBins(**content["bins"][channel]) for channel in CHANNELS
        }
        del content["format"]
        card = cls(**{**content, "bins": bins})
        for channel in CHANNELS:
            if not isinstance(card.sha256[weights_file(channel)], str):
                raise TypeError(f"expected a SHA-256 of {weights_file(channel)}")
        for channel, design in card.designs.items():
            if design.outputs != (count := len(bins[channel])):
                raise ValueError(
                    f"the design of net {channel} has {design.outputs} outputs but "
                    f"there are {count} bins"
                )
        _ = card.head_stride  # raises if it differs
        return card


def weights_file(channel: str) -> str:
    """Return the name of the file with the weights of a net."""
    return f"{channel}.safetensors"


def graph_file(channel: str) -> str:
    """Return the name of the file with the graph of a net, whose weights lie apart."""
    return f"{channel}.onnx"


def small_file(channel: str) -> str:
    """Return the name of the file with a net in 8 bits, graph and weights."""
    return f"{channel}-int8.onnx"


def _check_range(name: str, value: object, low: float, high: float) -> None:
    if not (isinstance(value, (int, float)) and low <= value <= high):
        raise ValueError(f"expected {name} to be in {low:g}..{high:g}, got {value!r}")


def _floats(values: NDArray[np.float32]) -> list[float]:
    """Return the shortest decimals that convert back to the same float32."""
    return [float(str(value)) for value in values]


def read_card(folder: str | Path) -> Card:
    """Read the card of a model folder, without its weights.

    Raises
    ------
    ModelError
        If the folder or its card is missing or broken.
    """
    path = Path(folder) / "card.json"
    try:
        return Card.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{folder} is not a model folder: it lacks card.json"
        ) from None
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ModelError(
            f"cannot load the model {folder}: its card.json is not text"
        ) from error
    except ModelError as error:
        raise ModelError(f"cannot load the model {folder}: {error}") from error

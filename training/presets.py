"""Presets: one small TOML file says all that makes a model."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from colorize_engine.unet import LITE, NetDesign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from colorize_engine.bins import ChannelBins

FOLDER = Path(__file__).parent / "presets"
# What a preset says, section by section; the keys of a scheme only with that scheme.
_KEYS = {
    "data": {"sample", "draw", "statistics", "seed"},
    "bins": {"scheme", "soft", "sigma", "uniform_share", "power"},
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
# Keys of a run that may be left out: photos seen before something begins, shares, the
# photos of a step, an encoder of its own, whose colors are learned, class weights of
# its own or none, and the kind of targets.
_DEFERRED = ("unweighted", "frozen")
_AGED, _BATCH, _TEACHER = "aged", "batch", "teacher"
_DROP_PATH, _ENCODER, _TEACHERS = "drop_path", "encoder", "teachers"
_CLASS_WEIGHTS = "class_weights"
_SOFT = "soft"
_CHANNELS = {"both": ("both",), "separate": ("a", "b"), "a": ("a",), "b": ("b",)}


class ClassWeights(NamedTuple):
    """How the class weights follow from the prior, see `colorize_engine.bins`.

    Attributes
    ----------
    sigma : float
        Of the Gaussian that the prior is smoothed with, in Lab units.
    uniform_share : float
        Lambda, in 0..1.
    power : float
        1 for inverse frequencies.
    """

    sigma: float
    uniform_share: float
    power: float


class Stage(NamedTuple):
    """Part of a run in which photos have one size.

    Attributes
    ----------
    side : int
        Of the squares that the net sees, in pixels.
    photos : int
        Seen in this stage.
    crop : float, optional
        Least side of a random crop, as a share of the photo's; the preset's if None.
    """

    side: int
    photos: int
    crop: float | None = None


@dataclass(frozen=True)
class Run:
    """One training run of a preset.

    Attributes
    ----------
    channels : {"both", "a", "b"}
        Which head or heads the net has.
    learning_rate_factor : float
        Times the preset's learning rates.
    stages : tuple of Stage
        In order.
    unweighted : int
        Photos seen before the class weights enter the loss: deferred re-weighting.
    frozen : int
        Photos seen before the encoder learns.
    aged : float
        Share of the photos whose L is augmented, where the preset augments it.
    batch : int
        Photos of a step; 0 for the preset's.
    drop_path : float
        How often the last block of the encoder is left out, see `training.droppath`.
    encoder : str
        Of a net that none goes on from, a teacher; empty for the preset's.
    teacher : str
        Model whose distributions the nets learn in place of true colors; empty for
        none.
    teachers : tuple of str
        Names of runs of both heads, the mean of whose distributions is learned.
    class_weights : ClassWeights or bool
        Of the loss: those of the bins (True), none (False), or others.
    soft : bool, optional
        Whether a value is shared between the two bins beside it; else as in ``bins``.
    number : int
        1 for the first run of these channels, which the next ones go on from.
    """

    channels: str
    learning_rate_factor: float
    stages: tuple[Stage, ...]
    unweighted: int = 0
    frozen: int = 0
    aged: float = 1.0
    batch: int = 0
    drop_path: float = 0.0
    encoder: str = ""
    teacher: str = ""
    teachers: tuple[str, ...] = ()
    class_weights: ClassWeights | bool = True
    soft: bool | None = None
    number: int = 1

    @property
    def name(self) -> str:
        """Channels and number, such as ``both`` and ``both-2``; names its folder."""
        kind = "teacher" if self.encoder else self.channels
        return kind if self.number == 1 else f"{kind}-{self.number}"

    @property
    def photos(self) -> int:
        """Photos seen in this run, repeats counted."""
        return sum(stage.photos for stage in self.stages)

    def stage_at(self, done: int) -> Stage:
        """Give the stage after so many photos were seen."""
        for stage in self.stages:
            if done < stage.photos:
                return stage
            done -= stage.photos
        return self.stages[-1]


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
    def of_training(self) -> dict[str, Any]:
        """What the weights follow from: all but comments and the decode point."""
        content = tomllib.loads(self.text)
        del content["decode"]
        return content

    @property
    def photos_seen(self) -> int:
        """Photos that each of the two nets has seen in the end."""
        return sum(
            run.photos
            for run in self.runs
            if run.channels in ("both", "a") and not run.encoder
        )

    def class_weights(self, run: Run | None = None) -> ClassWeights | None:
        """Class weights of the bins, or those of a run; None if it has none."""
        if run is None or run.class_weights is True:
            return _rule(self.bins)
        return run.class_weights or None

    def before(self, run: Run) -> Run | None:
        """Give the run that one starts from: the last of both heads before it."""
        if run.encoder:
            return None
        both = [r for r in self.runs if r.channels == "both" and not r.encoder]
        if run.channels == "both":
            both = both[: run.number - 1]
        return both[-1] if both else None

    def run_named(self, name: str) -> Run:
        """Give the run of that name."""
        return next(run for run in self.runs if run.name == name)

    def design(
        self, channels: str, bins: dict[str, ChannelBins], encoder: str = ""
    ) -> NetDesign:
        """Design of the net with the head or heads of one run, and its encoder.

        Raises
        ------
        ValueError
            If the section ``net`` describes no net that can be built.
        """
        heads = ("a", "b") if channels == "both" else (channels,)
        sees_a = channels == "b" and self.net["b_given_a"]
        return NetDesign(
            encoder=encoder or self.net["encoder"],
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
        runs = _numbered(run for entry in content.pop("runs") for run in _runs(entry))
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
    known = {*_DEFERRED, _AGED, _BATCH, _DROP_PATH, _ENCODER, _TEACHER, _TEACHERS}
    known |= {_CLASS_WEIGHTS, _SOFT}
    _expect("keys in [[runs]]", set(entry) - known, wanted)
    if entry["channels"] not in _CHANNELS:
        raise ValueError(
            f"expected the channels {', '.join(_CHANNELS)}, got {entry['channels']!r}"
        )
    stages = tuple(
        Stage(int(side), int(count), *(float(share) for share in crop))
        for side, count, *crop in entry["sizes"]
    )
    if not stages or min(min(stage[:2]) for stage in stages) < 1:
        raise ValueError("expected sizes of at least one pixel and one photo each")
    if not all(stage.crop is None or 0 < stage.crop <= 1 for stage in stages):
        raise ValueError("expected crops in sizes that are above 0 and at most 1")
    deferred = {key: int(entry.get(key, 0)) for key in _DEFERRED}
    aged = float(entry.get(_AGED, 1.0))
    if not 0 <= aged <= 1:
        raise ValueError(f"expected {_AGED} in 0..1, got {aged}")
    rate = float(entry["learning_rate_factor"])
    encoder = str(entry.get(_ENCODER, ""))
    if encoder not in ("", *LITE) or (encoder and entry["channels"] != "both"):
        raise ValueError(
            f"expected an {_ENCODER} of a run of both heads, {' or '.join(LITE)}, "
            f"got {encoder!r}"
        )
    teacher = str(entry.get(_TEACHER, ""))
    teachers = tuple(str(name) for name in entry.get(_TEACHERS, ()))
    if teacher and teachers:
        raise ValueError(f"expected either {_TEACHER} or {_TEACHERS}, got both")
    run_of = {"encoder": encoder, "teacher": teacher, "teachers": teachers}
    batch = int(entry.get(_BATCH, 0))
    if batch < 0:
        raise ValueError(f"expected a {_BATCH} of one photo or more, got {batch}")
    drop = float(entry.get(_DROP_PATH, 0.0))
    if not 0 <= drop < 1:
        raise ValueError(f"expected {_DROP_PATH} in 0..1, below 1, got {drop}")
    run = Run("", rate, stages, **deferred, aged=aged, batch=batch, drop_path=drop)
    soft = bool(entry[_SOFT]) if _SOFT in entry else None
    run = replace(run, **run_of, class_weights=_of_loss(entry), soft=soft)
    for key, photos in deferred.items():
        if not 0 <= photos < run.photos:
            raise ValueError(
                f"expected {key} in 0..{run.photos - 1}, below the photos of the run, "
                f"got {photos}"
            )
    return [replace(run, channels=name) for name in _CHANNELS[entry["channels"]]]


def _of_loss(entry: dict[str, Any]) -> ClassWeights | bool:
    """Read what an entry of the file says of class weights."""
    found = entry.get(_CLASS_WEIGHTS, True)
    if found is True:
        return True
    if entry["channels"] != "both":
        raise ValueError(
            "expected the last runs to have the class weights of [bins], which the "
            f"model is shipped with, got {_CLASS_WEIGHTS} = {found}"
        )
    if found is False:
        return False
    _expect(f"keys in {_CLASS_WEIGHTS}", set(found), set(ClassWeights._fields))
    return _rule(found)


def _rule(found: Mapping[str, Any]) -> ClassWeights:
    return ClassWeights(*(float(found[key]) for key in ClassWeights._fields))


def _numbered(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Give the runs numbers; raise an error unless a and b come once, and last."""
    numbered: list[Run] = []
    for run in runs:
        alike = [(r.channels, bool(r.encoder)) for r in numbered]
        number = 1 + alike.count((run.channels, bool(run.encoder)))
        both = [r.name for r in numbered if r.channels == "both"]
        if unknown := set(run.teachers) - set(both):
            raise ValueError(
                f"expected {_TEACHERS} among the runs of both heads before, "
                f"{', '.join(both) or 'none'}, got {', '.join(sorted(unknown))}"
            )
        numbered.append(replace(run, number=number))
    order = [run.channels for run in numbered]
    if order[-2:] != ["a", "b"] or set(order[:-2]) - {"both"}:
        raise ValueError(
            "expected the runs a and b (or separate), with or without runs of both "
            f"before them, got {', '.join(order) or 'none'}"
        )
    return tuple(numbered)

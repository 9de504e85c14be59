"""The training runs of a preset, read from its file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from colorize_engine.pretrained import LITE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WANTED = {"channels", "learning_rate_factor", "sizes"}
_OPTIONAL = {
    "aged",
    "batch",
    "class_weights",
    "drop_path",
    "encoder",
    "frozen",
    "soft",
    "teacher",
    "teachers",
    "unweighted",
}
_CHANNELS = {"both": ("both",), "separate": ("a", "b"), "a": ("a",), "b": ("b",)}


class ClassWeights(NamedTuple):
    """Rule for class weights, see `colorize_engine.bins.class_weights`.

    Attributes
    ----------
    sigma : float
        Standard deviation of the Gaussian that smooths the prior, in Lab units.
    uniform_share : float
        Share of the uniform distribution, lambda, in 0..1.
    power : float
        Exponent of the inverse; 1 for inverse frequencies.
    """

    sigma: float
    uniform_share: float
    power: float


class Stage(NamedTuple):
    """Part of a run in which photos have one size.

    Attributes
    ----------
    side : int
        Side of the squares that the net sees, in pixels.
    photos : int
        Photos seen in this stage.
    crop : float, optional
        Smallest side of a random crop, as a share of the photo's; the preset's if None.
    """

    side: int
    photos: int
    crop: float | None = None


@dataclass(frozen=True)
class Run:
    """One training run of a preset.

    Three keys have shorter names in the file: ``frozen``, ``aged`` and ``soft``.

    Attributes
    ----------
    channels : {"both", "a", "b"}
        The head or heads of the net.
    learning_rate_factor : float
        Factor of the preset's learning rates.
    stages : tuple of Stage
        The stages in order.
    unweighted : int
        Photos seen before the class weights enter the loss: deferred re-weighting.
    frozen_photos : int
        Photos seen before the encoder learns.
    aged_share : float
        Share of the photos whose L is augmented, if the preset augments it.
    batch : int
        Photos of a step; 0 for the preset's.
    drop_path : float
        How often the last block of the encoder is left out, see `learning.droppath`.
    encoder : str
        Encoder of a teacher, from which no other run starts; empty for the preset's.
    teacher : str
        Model whose distributions the nets learn in place of true colors; empty for
        none.
    teachers : tuple of str
        Names of runs of both heads, whose mean distribution is learned.
    class_weights : ClassWeights or bool
        Class weights of the loss: those of the bins (True), none (False), or others.
    soft_targets : bool, optional
        Whether a value is shared between its two nearest bins; None for the setting of
        the section ``bins``.
    number : int
        1 for the first run of these channels; the next ones start from it.
    """

    channels: str
    learning_rate_factor: float
    stages: tuple[Stage, ...]
    unweighted: int = 0
    frozen_photos: int = 0
    aged_share: float = 1.0
    batch: int = 0
    drop_path: float = 0.0
    encoder: str = ""
    teacher: str = ""
    teachers: tuple[str, ...] = ()
    class_weights: ClassWeights | bool = True
    soft_targets: bool | None = None
    number: int = 1

    @property
    def name(self) -> str:
        """Channels and number, such as ``both-2``; also the name of its folder."""
        kind = "teacher" if self.encoder else self.channels
        return kind if self.number == 1 else f"{kind}-{self.number}"

    @property
    def photos(self) -> int:
        """Photos seen in this run, repeats counted."""
        return sum(stage.photos for stage in self.stages)

    def stage_at(self, done: int) -> Stage:
        """Return the stage after ``done`` photos."""
        for stage in self.stages:
            if done < stage.photos:
                return stage
            done -= stage.photos
        return self.stages[-1]


def expect(what: str, found: set[str], wanted: set[str]) -> None:
    """Raise ValueError that names missing and unknown names, if there are any."""
    if found != wanted:
        raise ValueError(
            f"expected the {what} {', '.join(sorted(wanted))}; "
            f"missing: {', '.join(sorted(wanted - found)) or 'none'}, "
            f"unknown: {', '.join(sorted(found - wanted)) or 'none'}"
        )


def runs_of(entry: dict[str, Any]) -> list[Run]:
    """Turn an entry of a preset file into one run, or two for "separate".

    Raises
    ------
    ValueError
        If a key is missing or unknown, or a value is not valid.
    """
    expect("keys in [[runs]]", set(entry) - _OPTIONAL, _WANTED)
    if entry["channels"] not in _CHANNELS:
        raise ValueError(
            f"expected the channels {', '.join(_CHANNELS)}, got {entry['channels']!r}"
        )
    run = Run(
        channels="",
        learning_rate_factor=float(entry["learning_rate_factor"]),
        stages=_stages(entry["sizes"]),
        unweighted=int(entry.get("unweighted", 0)),
        frozen_photos=int(entry.get("frozen", 0)),
        aged_share=float(entry.get("aged", 1.0)),
        batch=int(entry.get("batch", 0)),
        drop_path=float(entry.get("drop_path", 0.0)),
        encoder=str(entry.get("encoder", "")),
        teacher=str(entry.get("teacher", "")),
        teachers=tuple(str(name) for name in entry.get("teachers", ())),
        class_weights=_read_class_weights(entry),
        soft_targets=bool(entry["soft"]) if "soft" in entry else None,
    )
    _check(run, entry["channels"])
    return [replace(run, channels=name) for name in _CHANNELS[entry["channels"]]]


def _stages(sizes: Iterable[Sequence[float]]) -> tuple[Stage, ...]:
    stages = tuple(
        Stage(int(side), int(count), *(float(share) for share in crop))
        for side, count, *crop in sizes
    )
    if not stages or min(min(stage[:2]) for stage in stages) < 1:
        raise ValueError("expected sizes of at least one pixel and one photo each")
    if not all(stage.crop is None or 0 < stage.crop <= 1 for stage in stages):
        raise ValueError("expected crops in sizes that are above 0 and at most 1")
    return stages


def _check(run: Run, channels: str) -> None:
    """Raise ValueError if a value of the run is not valid."""
    for key, count in (("unweighted", run.unweighted), ("frozen", run.frozen_photos)):
        if not 0 <= count < run.photos:
            raise ValueError(
                f"expected {key} in 0..{run.photos - 1}, below the photos of the run, "
                f"got {count}"
            )
    if not 0 <= run.aged_share <= 1:
        raise ValueError(f"expected aged in 0..1, got {run.aged_share}")
    if run.batch < 0:
        raise ValueError(f"expected a batch of one photo or more, got {run.batch}")
    if not 0 <= run.drop_path < 1:
        raise ValueError(f"expected drop_path in 0..1, below 1, got {run.drop_path}")
    if run.encoder not in ("", *LITE) or (run.encoder and channels != "both"):
        raise ValueError(
            f"expected an encoder of a run of both heads, {' or '.join(LITE)}, "
            f"got {run.encoder!r}"
        )
    if run.teacher and run.teachers:
        raise ValueError("expected either teacher or teachers, got both")


def _read_class_weights(entry: dict[str, Any]) -> ClassWeights | bool:
    """Read the class weights of the loss from an entry of the file."""
    found = entry.get("class_weights", True)
    if found is True:
        return True
    if entry["channels"] != "both":
        raise ValueError(
            "expected class_weights only in runs of both; the last runs need the class "
            f"weights of [bins], as the model has them, got class_weights = {found}"
        )
    if found is False:
        return False
    expect("keys in class_weights", set(found), set(ClassWeights._fields))
    return class_weights_of(found)


def class_weights_of(found: Mapping[str, Any]) -> ClassWeights:
    """Read the rule for class weights from a table, which may have other keys."""
    return ClassWeights(*(float(found[key]) for key in ClassWeights._fields))


def numbered(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Set the runs' numbers; raise ValueError unless a and b come once, and last."""
    numbered: list[Run] = []
    for run in runs:
        alike = [(r.channels, bool(r.encoder)) for r in numbered]
        number = 1 + alike.count((run.channels, bool(run.encoder)))
        both = [r.name for r in numbered if r.channels == "both"]
        if unknown := set(run.teachers) - set(both):
            raise ValueError(
                "expected teachers among the runs of both heads before, "
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

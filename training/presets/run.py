"""The training runs of a preset, read from its file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WANTED = {"channels", "learning_rate_factor", "soft_share", "sizes"}
_CHANNELS = {"both": ("both",), "separate": ("a", "b"), "a": ("a",), "b": ("b",)}


class Stage(NamedTuple):
    """Part of a run in which photos have one size.

    Attributes
    ----------
    side : int
        Side of the squares that the net sees, in pixels.
    photos : int
        Photos seen in this stage.
    batch : int
        Photos of a step.
    crop : float
        Smallest side of a random crop, as a share of the photo's, above 0 and up to 1.
    """

    side: int
    photos: int
    batch: int
    crop: float


@dataclass(frozen=True)
class Run:
    """One training run of a preset.

    Attributes
    ----------
    channels : {"both", "a", "b"}
        The head or heads of the net; also the name of the run and of its folder.
    learning_rate_factor : float
        Factor of the preset's learning rates.
    stages : tuple of Stage
        The stages in order.
    soft_share : float
        Share of the run, from its start, in which a value is shared between its two
        nearest bins; after it the nearest bin has all of it.
    """

    channels: str
    learning_rate_factor: float
    stages: tuple[Stage, ...]
    soft_share: float = 0.0

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

    def soft_at(self, done: int) -> bool:
        """Return whether targets are soft after ``done`` photos."""
        return done < self.soft_share * self.photos


def expect(what: str, found: set[str], wanted: set[str]) -> None:
    """Raise ValueError that names missing and unknown names, if there are any."""
    if found != wanted:
        raise ValueError(
            f"expected the {what} {', '.join(sorted(wanted))}; "
            f"missing: {', '.join(sorted(wanted - found)) or 'none'}, "
            f"unknown: {', '.join(sorted(found - wanted)) or 'none'}"
        )


def read_runs(entries: Iterable[dict[str, Any]]) -> tuple[Run, ...]:
    """Turn the entries of a preset file into runs; "separate" gives one of a, one of b.

    Raises
    ------
    ValueError
        If a key is missing or unknown, a value is not valid, or the runs are not one
        of both heads or none, then one of a and one of b.
    """
    runs = [run for entry in entries for run in _runs_of(entry)]
    order = [run.channels for run in runs]
    if order[-2:] != ["a", "b"] or order[:-2] not in ([], ["both"]):
        raise ValueError(
            "expected the runs a and b (or separate), with or without a run of both "
            f"before them, got {', '.join(order) or 'none'}"
        )
    return tuple(runs)


def _runs_of(entry: dict[str, Any]) -> list[Run]:
    expect("keys in [[runs]]", set(entry), _WANTED)
    if entry["channels"] not in _CHANNELS:
        raise ValueError(
            f"expected the channels {', '.join(_CHANNELS)}, got {entry['channels']!r}"
        )
    run = Run(
        channels="",
        learning_rate_factor=float(entry["learning_rate_factor"]),
        stages=_stages(entry["sizes"]),
        soft_share=float(entry["soft_share"]),
    )
    if not 0 <= run.soft_share <= 1:
        raise ValueError(f"expected soft_share in 0..1, got {run.soft_share}")
    return [replace(run, channels=name) for name in _CHANNELS[entry["channels"]]]


def _stages(sizes: Iterable[Sequence[float]]) -> tuple[Stage, ...]:
    stages = tuple(
        Stage(int(side), int(photos), int(batch), float(crop))
        for side, photos, batch, crop in sizes
    )
    if not stages or min(min(stage[:3]) for stage in stages) < 1:
        raise ValueError(
            "expected sizes of at least one pixel, one photo and a batch of one each"
        )
    if not all(0 < stage.crop <= 1 for stage in stages):
        raise ValueError("expected crops in sizes that are above 0 and at most 1")
    return stages

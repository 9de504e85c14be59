"""Files of a training run.

An unfinished run is continued from its checkpoint. A finished run has a file of its
weights, which also says what they came from. The next run, an export or another machine
needs nothing else.
"""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from training.presets import Preset

WEIGHTS = "net.safetensors"
CHECKPOINT = "checkpoint.pt"


class Finished(NamedTuple):
    """Origin of the weights of a finished run.

    Attributes
    ----------
    seconds : float
        Time of the training.
    init_from : str
        Name, version and hash of the model that was started from; empty for none.
    precision : str
        ``float32`` or ``bfloat16``.
    """

    seconds: float
    init_from: str
    precision: str


def read_finished(folder: Path, preset: Preset) -> Finished | None:
    """Read the origin of the weights of a run; None if the run is not finished.

    Parameters
    ----------
    folder
        Folder of the run.
    preset
        Preset that the run must belong to.

    Raises
    ------
    ValueError
        If the weights are damaged, or belong to a preset that trains in another way.
        Another decode point is allowed: it may be chosen after the training.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata()
        before = replace(preset, text=about["preset"]).of_training
        seconds = float(about["seconds"])
        finished = Finished(seconds, about["init_from"], about["precision"])
    except (KeyError, SafetensorError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} does not hold the weights of a finished run; remove it"
        ) from error
    _expect_same(before, preset, path)
    return finished


def write_finished(
    folder: Path, weights: Mapping[str, Tensor], preset: Preset, origin: Finished
) -> Path:
    """Write the weights of a finished run, renamed when complete; return their path."""
    path = folder / WEIGHTS
    unfinished = path.with_suffix(".part")
    about = {"preset": preset.text, **{k: str(v) for k, v in origin._asdict().items()}}
    save_file({k: v.contiguous() for k, v in weights.items()}, unfinished, about)
    unfinished.replace(path)
    return path


def read_checkpoint(
    path: Path, preset: Preset, device: torch.device | str = "cpu"
) -> dict[str, Any]:
    """Read a checkpoint of a preset.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If it is damaged, or belongs to a preset that trains in another way. Another
        decode point is allowed: it may be chosen after the training.
    """
    try:
        content: dict[str, Any] = torch.load(
            path, map_location=device, weights_only=True
        )
        before = replace(preset, text=content["preset"]).of_training
    except (
        EOFError,
        KeyError,
        RuntimeError,
        TypeError,
        ValueError,
        pickle.PickleError,
    ) as error:
        raise ValueError(f"{path} is damaged or not a checkpoint; remove it") from error
    _expect_same(before, preset, path)
    return content


def _expect_same(before: dict[str, Any], preset: Preset, path: Path) -> None:
    if before != preset.of_training:
        raise ValueError(
            f"{path} belongs to another version of the preset {preset.name}; "
            "use another folder, or remove it"
        )


def expect_same_start(path: Path, found: str, wanted: str) -> None:
    """Raise ValueError if a run started from another model, or from none."""
    if found != wanted:
        raise ValueError(
            f"{path} started from {found or 'no model'}, expected "
            f"{wanted or 'no model'}: use another folder, or remove it"
        )


def write_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint under another name; rename it when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    torch.save(content, unfinished)
    unfinished.replace(path)

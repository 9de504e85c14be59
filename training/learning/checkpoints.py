"""Files of a training run.

An unfinished run is its checkpoint. A finished one is its weights, whose file says what
they came from: it is all that the next run, an export or another machine needs.
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
    """What the weights of a finished run came from.

    Attributes
    ----------
    seconds : float
        Of training.
    teacher : str
        Hash of the model whose distributions were learned; empty for none.
    """

    seconds: float
    teacher: str


def read_finished(folder: Path, preset: Preset) -> Finished | None:
    """Read what the weights of a run came from; None if it is not finished.

    Parameters
    ----------
    folder
        Of the run.
    preset
        What it must have been a run of.

    Raises
    ------
    ValueError
        If the weights are damaged, or belong to a preset that trains in another way.
        Its decode point may be chosen after the training.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata()
        before = replace(preset, text=about["preset"]).of_training
        finished = Finished(float(about["seconds"]), about["teacher"])
    except (KeyError, SafetensorError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is no file of weights of a finished run; remove it"
        ) from error
    _expect_same(before, preset, path)
    return finished


def write_finished(
    folder: Path, weights: Mapping[str, Tensor], preset: Preset, of: Finished
) -> Path:
    """Write the weights of a finished run, to another name first; gives their path."""
    path = folder / WEIGHTS
    unfinished = path.with_suffix(".part")
    seconds = str(of.seconds)
    about = {"preset": preset.text, "seconds": seconds, "teacher": of.teacher}
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
        If it is damaged, or was written by a preset that trains in another way. Its
        decode point may be chosen after the training.
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
        raise ValueError(f"{path} is no checkpoint, or damaged; remove it") from error
    _expect_same(before, preset, path)
    return content


def _expect_same(before: dict[str, Any], preset: Preset, path: Path) -> None:
    if before != preset.of_training:
        raise ValueError(
            f"{path} belongs to another version of the preset {preset.name}; "
            "give another folder, or remove it"
        )


def write_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint, to another name first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    torch.save(content, unfinished)
    unfinished.replace(path)

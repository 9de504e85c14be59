"""Files of a training run."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from pathlib import Path

    from training.presets import Preset

WEIGHTS = "net.safetensors"
CHECKPOINT = "checkpoint.pt"


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
    if before != preset.of_training:
        raise ValueError(
            f"{path} belongs to another version of the preset {preset.name}; "
            "give another folder, or remove it"
        )
    return content


def write_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint, to another name first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    torch.save(content, unfinished)
    unfinished.replace(path)

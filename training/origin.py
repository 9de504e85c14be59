"""Origin of weights, as a model's card tells it: photos, recipe, code, encoder."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.learning import PACKAGES, published_sha256, read_finished
from training.learning.checkpoints import WEIGHTS

if TYPE_CHECKING:
    from training.photos.data_set import DataSet
    from training.presets import Preset


def commit() -> str:
    """Return the code's commit, with ``+`` if changed since; empty outside of git."""
    folder = Path(__file__).parent

    def git(*words: str) -> str:
        done = subprocess.run(  # noqa: S603
            ["git", *words],  # noqa: S607
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        head = git("rev-parse", "HEAD")
        return head + ("+" if head and git("status", "--porcelain", "-uno") else "")
    except FileNotFoundError:
        return ""


def describe_photos(preset: Preset, photos: DataSet) -> dict[str, Any]:
    """Return what the card says about the photos that were trained on."""
    data = preset.data
    drawn = photos.draw(data["draw"], data["sample"], data["seed"])
    description: dict[str, Any] = {
        "source_sha256": photos.settings["source_sha256"],
        "photos_found": photos.found,
        "photos_left_out": photos.skipped,
        "photos_after_filter": len(photos.names),
        "photos_drawn_to_train": len(drawn),
    }
    if data["draw"] and len(photos.names) < data["sample"]:
        description["remark"] = (
            f"The preset samples {data['sample']} photos and draws {data['draw']} of "
            f"them to train; with {len(photos.names)} at hand the same share of those "
            "not set aside for validation was drawn."
        )
    return description


def describe_training(preset: Preset, runs: Path) -> dict[str, Any]:
    """Return what the card says about how the weights were trained.

    Raises
    ------
    FileNotFoundError
        If a run is not finished.
    ValueError
        If a run belongs to another version of the preset.
    """
    seconds: dict[str, int] = {}
    started: dict[str, str] = {}
    for run in preset.runs:
        finished = read_finished(runs / run.channels, preset)
        if finished is None:
            raise FileNotFoundError(
                f"{runs / run.channels / WEIGHTS} is missing: the run has not finished"
            )
        seconds[run.channels] = round(finished.seconds)
        if finished.init_from:
            started[run.channels] = finished.init_from
    return {
        **describe_recipe(preset),
        "seed": preset.data["seed"],
        "photos_seen_by_each_net": preset.photos_seen,
        "seconds_of_training": seconds,
        "commit": commit(),
        **({"started_from": started} if started else {}),
    }


def describe_recipe(preset: Preset) -> dict[str, Any]:
    """Return the preset's text, and the published encoder that it starts from."""
    description: dict[str, Any] = {"preset": preset.text}
    if preset.net["initial"] == "pretrained":
        description["encoder"] = _describe_encoder(preset.net["encoder"])
    return description


def _describe_encoder(encoder: str) -> dict[str, str]:
    return {
        "package": PACKAGES[encoder],
        "sha256": published_sha256(encoder),
        "license": "Apache-2.0",
        "origin": f"EfficientNet-{encoder.title()} (TensorFlow TPU models), trained on "
        "ImageNet",
    }

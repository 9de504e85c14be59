"""Export of trained runs as a model folder with a complete card.

``python -m training.export --data data/photos --preset default --runs runs/default
--out colorize_engine/weights/default``
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load_file

from colorize_engine.pretrained import LITE, Card, ConvNorm, UNet, save
from training.command import add_data, add_preset, add_version
from training.command import run as run_command
from training.learning import PACKAGES, published_sha256, read_finished
from training.learning.checkpoints import WEIGHTS
from training.photos.data_set import DataSet
from training.presets import BINS, load_bins, load_preset

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.presets import Preset

# A quarter of the largest number in fp16.
_LARGEST_VARIANCE = 2.0**14
DESCRIPTIONS = {
    "plain": "Two plain U-Nets",
    **{
        encoder: f"Two U-Nets with the encoder of EfficientNet-{encoder.title()}"
        for encoder in LITE
    },
}


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
    teachers: dict[str, str] = {}
    for run in preset.runs:
        finished = read_finished(runs / run.name, preset)
        if finished is None:
            raise FileNotFoundError(
                f"{runs / run.name / WEIGHTS} is missing: the run has not finished"
            )
        seconds[run.name] = round(finished.seconds)
        if run.teacher:
            teachers[run.teacher] = finished.teacher
    description: dict[str, Any] = {
        "preset": preset.text,
        "seed": preset.data["seed"],
        "photos_seen_by_each_net": preset.photos_seen,
        "seconds_of_training": seconds,
        "commit": commit(),
    }
    if teachers:
        description["teachers"] = teachers
    if preset.net["initial"] == "pretrained":
        description["encoder"] = _describe_encoder(preset.net["encoder"])
        others = {run.encoder for run in preset.runs if run.encoder}
        if others:
            description["encoders_of_teachers"] = [
                _describe_encoder(encoder) for encoder in sorted(others)
            ]
    return description


def _describe_encoder(encoder: str) -> dict[str, str]:
    return {
        "package": PACKAGES[encoder],
        "sha256": published_sha256(encoder),
        "license": "Apache-2.0",
        "origin": f"EfficientNet-{encoder.title()} (TensorFlow TPU models), trained on "
        "ImageNet",
    }


def fit_fp16(net: UNet) -> None:
    """Scale convolutions whose batch norm has a variance that fp16 cannot hold.

    A batch norm undoes any factor of the convolution before it, so the weights, the
    running mean and the variance may be scaled together. The factors are powers of two,
    which cost no precision.
    """
    for module in net.modules():
        if isinstance(module, ConvNorm):
            variance = module.norm.running_var
            assert variance is not None  # noqa: S101
            excess = float(variance.max()) / _LARGEST_VARIANCE
            if excess > 1:
                factor = 0.5 ** math.ceil(math.log2(excess) / 2)
                module.conv.weight.data *= factor
                module.norm.running_mean *= factor  # type: ignore[operator]
                variance *= factor**2


def export(
    data: str | Path,
    preset: Preset,
    runs: str | Path,
    out: str | Path,
    *,
    version: str = "1",
    calibration: Mapping[str, float] | None = None,
    figures: Mapping[str, Any] | None = None,
) -> Card:
    """Write the model folder of a preset's finished runs.

    Parameters
    ----------
    data
        Folder of the training data set.
    preset
        Preset of the runs.
    runs
        Folder with the trained runs.
    out
        Model folder to write.
    version
        Version of the model, for its card.
    calibration
        Divisors of the logits of ``a`` and ``b``; 1 by default.
    figures
        Measured quality for the card.

    Raises
    ------
    FileNotFoundError
        If a file of the training is missing, or a run is not finished.
    ValueError
        If a run belongs to another version of the preset.
    """
    runs, photos = Path(runs), DataSet.open(data)
    bins = load_bins(runs / BINS, preset)
    training = {**describe_photos(preset, photos), **describe_training(preset, runs)}
    nets: dict[str, UNet] = {}
    for channel in ("a", "b"):
        nets[channel] = UNet(preset.design(channel, bins))
        nets[channel].load_state_dict(load_file(runs / channel / WEIGHTS))
        fit_fp16(nets[channel])
    title = DESCRIPTIONS[preset.net["encoder"]]
    card = Card(
        name=preset.name,
        version=version,
        description=f"{title}; {len(bins['a'])} and {len(bins['b'])} bins of a and b, "
        f"{preset.bins['scheme']}.",
        nets={},
        bins=bins,
        training=training,
        figures=dict(figures or {}),
        **preset.decode,
    )
    if calibration:
        card = replace(card, calibration=dict(calibration))
    return save(out, card, nets)


def read_figures(table: Path, name: str) -> dict[str, Any]:
    """Read a model's figures, and those of the gray picture, from an evaluation.

    Parameters
    ----------
    table
        The ``table.json`` that ``training.evaluate`` writes.
    name
        Name of the model or of its folder.

    Raises
    ------
    ValueError
        If the table has no row of the model.
    """
    content = json.loads(table.read_text())
    figures: dict[str, Any] = {"set": content["heading"]}
    for row in content["rows"]:
        title = Path(row.pop("name")).name
        if title in ("gray", name):
            known = {key: value for key, value in row.items() if value is not None}
            figures[title] = {key: round(value, 4) for key, value in known.items()}
    if name not in figures:
        raise ValueError(f"{table} has no row of the model {name}")
    return figures


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.export",
        description="Write the model folder of a preset's finished runs.",
    )
    add = parser.add_argument
    add_data(parser)
    add_preset(parser)
    add_version(parser)
    add("--runs", required=True, help="folder of the trained runs")
    add("--out", required=True, help="model folder to write")
    add(
        "--figures",
        type=Path,
        metavar="TABLE",
        help="table.json of training.evaluate, for the card",
    )
    add(
        "--calibration",
        type=float,
        nargs=2,
        metavar=("A", "B"),
        help="divisors of the logits of a and b; 1 1 if not given",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = _parser()
    args = parser.parse_args(arguments)

    def work() -> None:
        preset = load_preset(args.preset)
        divisors = args.calibration
        card = export(
            args.data,
            preset,
            args.runs,
            args.out,
            version=args.version,
            calibration=dict(zip("ab", divisors, strict=True)) if divisors else None,
            figures=read_figures(args.figures, preset.name) if args.figures else None,
        )
        print(f"{card.name} {card.version} ({card.model_hash}) in {args.out}")

    run_command(parser, work)


if __name__ == "__main__":
    main()

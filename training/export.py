"""Export of trained nets as a model folder with a complete card.

``python -m training.export --data data/photos --preset default --runs runs/default
--out colorize_engine/weights/default``

Nets that a preset's recipe trained elsewhere are given as files instead:
``python -m training.export --nets a.safetensors b.safetensors --bins bins.json
--about about.json --preset default --out MODEL``. ``about.json`` says how they were
trained; all that it holds goes into the card beside the text of the preset.

``--onnx DIR`` also writes the nets for other programs, as ``colorize --export-onnx``
does.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file

from colorize_engine.exchange import export_onnx
from colorize_engine.pretrained import CHANNELS, LITE, Card, save
from colorize_engine.pretrained.torch_nets import ConvNorm, UNet
from training.command import add_preset, add_version
from training.command import run as run_command
from training.graphs import RANGE_PHOTOS, add_graphs
from training.learning.checkpoints import WEIGHTS
from training.origin import describe_photos, describe_recipe, describe_training
from training.photos import find_photos, read_photos, select
from training.photos.data_set import DataSet
from training.presets import BINS, load_bins, load_preset
from training.scoring import FLOAT32

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from colorize_engine.bins import ChannelBins
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


class Trained(NamedTuple):
    """The outcome of a training.

    Attributes
    ----------
    nets : dict of str to Path
        Files with the weights of the nets ``a`` and ``b``.
    bins : dict of str to ChannelBins
        Bins of ``a`` and ``b``.
    about : dict
        What the card says about the training.
    """

    nets: dict[str, Path]
    bins: dict[str, ChannelBins]
    about: dict[str, Any]


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


def finished_runs(data: str | Path, preset: Preset, runs: str | Path) -> Trained:
    """Return the outcome of a preset's finished runs.

    Parameters
    ----------
    data
        Folder of the training data set.
    preset
        Preset of the runs.
    runs
        Folder with the trained runs.

    Raises
    ------
    FileNotFoundError
        If a file of the training is missing, or a run is not finished.
    ValueError
        If a run belongs to another version of the preset.
    """
    runs, photos = Path(runs), DataSet.open(data)
    bins = load_bins(runs / BINS, preset)
    about = {**describe_photos(preset, photos), **describe_training(preset, runs)}
    return Trained({c: runs / c / WEIGHTS for c in CHANNELS}, bins, about)


def given_nets(
    preset: Preset, nets: Sequence[Path], bins: Path, about: Path
) -> Trained:
    """Return nets that were trained elsewhere, by the recipe of a preset.

    Parameters
    ----------
    preset
        Describes the nets.
    nets
        Files with the weights of ``a`` and of ``b``, under the names of `UNet`.
    bins
        JSON file: of ``a`` and ``b`` each the ``centers``, ``prior`` and ``weights``.
    about
        JSON file: what the card says about the training.
    """
    content = json.loads(about.read_text(encoding="utf-8"))
    described = {**describe_recipe(preset), **content}
    files = dict(zip(CHANNELS, nets, strict=True))
    return Trained(files, load_bins(bins, preset), described)


def export(
    preset: Preset,
    trained: Trained,
    out: str | Path,
    *,
    photos: Iterable[tuple[str, NDArray[np.uint8]]] | None = None,
    version: str = "1",
    remark: str = "",
    calibration: Mapping[str, float] | None = None,
    figures: Mapping[str, Any] | None = None,
) -> Card:
    """Write the model folder of trained nets.

    Parameters
    ----------
    preset
        Preset of the nets.
    trained
        From `finished_runs` or `given_nets`.
    out
        Model folder to write.
    photos : iterable of (name, (H, W, 3) uint8 sRGB), optional
        Color photos for the ranges of nets in 8 bits, if the preset wants these.
    version
        Version of the model, for its card.
    remark
        Sentence about the training, for the card.
    calibration
        Divisors of the logits of ``a`` and ``b``; 1 by default.
    figures
        Measured quality for the card.

    Raises
    ------
    ValueError
        If the weights are not those of the preset's nets, or photos are missing.
    """
    decode = dict(preset.decode)
    if not decode.pop("eight_bits"):
        photos = None
    elif photos is None:
        raise ValueError(f"the preset {preset.name} needs photos for nets in 8 bits")
    bins, about = trained.bins, trained.about
    if remark:
        about = {**about, "remark": f"{about.get('remark', '')} {remark}".strip()}
    nets: dict[str, UNet] = {}
    for channel, path in trained.nets.items():
        nets[channel] = UNet(preset.design(channel, bins))
        try:
            nets[channel].load_state_dict(load_file(path))
        except (RuntimeError, SafetensorError) as error:
            raise ValueError(
                f"{path} does not hold the weights of the net {channel} of the preset "
                f"{preset.name}: {shorten(str(error), 160)}"
            ) from error
        fit_fp16(nets[channel])
    title = DESCRIPTIONS[preset.net["encoder"]]
    card = Card(
        name=preset.name,
        version=version,
        description=f"{title}; {len(bins['a'])} and {len(bins['b'])} bins of a and b, "
        f"{preset.bins['scheme']}.",
        nets={},
        bins=bins,
        purpose=preset.purpose,
        training=about,
        figures=dict(figures or {}),
        **decode,
    )
    if calibration:
        card = replace(card, calibration=dict(calibration))
    save(out, card, nets)
    return add_graphs(out, photos)


def read_figures(table: Path, name: str) -> dict[str, Any]:
    """Read a model's figures, and those of the gray picture, from an evaluation.

    If the model was scored in 8 bits and in float32, the figures of both are read.

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
        if title in ("gray", name, f"{name}{FLOAT32}"):
            known = {key: value for key, value in row.items() if value is not None}
            figures[title] = {key: round(value, 4) for key, value in known.items()}
    if name not in figures:
        raise ValueError(f"{table} has no row of the model {name}")
    return figures


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.export",
        description="Write the model folder of trained nets: of a preset's finished "
        "runs (--data, --runs), or of given files (--nets, --bins, --about).",
    )
    add = parser.add_argument
    add_preset(parser)
    add_version(parser)
    add("--data", help="folder of the data set")
    add("--runs", help="folder of the trained runs")
    add("--nets", type=Path, nargs=2, metavar=("A", "B"), help="safetensors of a and b")
    add("--bins", type=Path, help="bins.json of the given nets")
    add("--about", type=Path, help="JSON file for the card: how they were trained")
    add("--out", required=True, help="model folder to write")
    add("--onnx", metavar="DIR", help="folder to write the nets for other programs to")
    add("--photos", help="color photos for the ranges of nets in 8 bits; even ones")
    add("--remark", default="", help="sentence about the training, for the card")
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
    of_runs, given = (args.data, args.runs), (args.nets, args.bins, args.about)
    # All of one and none of the other.
    if all(of_runs) == all(given) or any(of_runs) == any(given):
        parser.error("expected --data and --runs, or --nets, --bins and --about")

    def work() -> None:
        preset = load_preset(args.preset)
        if args.runs:
            trained = finished_runs(args.data, preset, args.runs)
        else:
            trained = given_nets(preset, *given)
        photos = None
        if args.photos:
            chosen = select(find_photos(args.photos), "even", RANGE_PHOTOS)
            photos = read_photos(chosen, "ranges")
        divisors = args.calibration
        card = export(
            preset,
            trained,
            args.out,
            photos=photos,
            version=args.version,
            remark=args.remark,
            calibration=dict(zip("ab", divisors, strict=True)) if divisors else None,
            figures=read_figures(args.figures, preset.name) if args.figures else None,
        )
        print(f"{card.name} {card.version} ({card.model_hash}) in {args.out}")
        if args.onnx:
            export_onnx(Path(args.out), args.onnx, overwrite=True)
            print(f"its nets for other programs in {args.onnx}")

    run_command(parser, work)


if __name__ == "__main__":
    main()

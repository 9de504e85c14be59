"""A table of metrics of models on color photos, with the gray picture as baseline.

``python -m training.evaluate --photos val.tar --models default --out runs/evaluation``

Every photo is cut to its central square and scaled to 256x256, the size for which the
metrics are defined. A model gets the gray 8-bit picture and works at its own working
size. Figures of chroma (areas under the curve, casts, signs) use the chroma as decoded,
interpolated to the photo's size. Calibration compares each distribution with all pixels
that it stands for. Figures of pictures (PSNR, SSIM, CF, CIEDE2000, L error) use the
8-bit RGB that a user gets.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.colorizer import Colorizer
from training.command import add_choice, add_device, add_models, add_photos
from training.command import run as run_command
from training.photos import find_photos, read_photos, select, square
from training.photos.source import SIDE
from training.scoring import FLOAT32, GRAY, Row, Sheets, Sweep, Truth, markdown, save

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray


def evaluate(
    photos: Iterable[tuple[str, NDArray[np.uint8]]],
    models: Mapping[str, Colorizer],
    *,
    temperature: float | None = None,
    rebalance: float | None = None,
    sheets: Sheets | None = None,
    sweep: Sweep | None = None,
) -> list[Row]:
    """Score models, and the gray picture, on color photos.

    Parameters
    ----------
    photos : iterable of (name, (H, W, 3) uint8 sRGB)
        Cut to a square of ``SIDE`` pixels first.
    models : mapping of name to Colorizer
        The rows of the table below ``GRAY``.
    temperature, rebalance : float, optional
        Decode settings; each model's own by default.
    sheets : Sheets, optional
        Contact sheets to offer every photo to.
    sweep : Sweep, optional
        Sums over decode points to add every photo to.

    Returns
    -------
    list of Row
        ``GRAY``, then one for each model.

    Raises
    ------
    ValueError
        If there is no photo.
    """
    rows = [Row(name) for name in (GRAY, *models)]
    for name, rgb in photos:
        truth = Truth.of(name, square(rgb, SIDE))
        outputs = [np.repeat(truth.gray[..., None], 3, axis=2)]
        rows[0].add(truth, outputs[0], np.zeros_like(truth.chroma))
        predictions = {}
        for row, model in zip(rows[1:], models.values(), strict=True):
            prediction = model.predict(truth.gray)
            predictions[row.name] = prediction
            outputs.append(prediction.colorize(temperature, rebalance))
            decoded = prediction.decode(temperature, rebalance)
            chroma = prediction.at_full_size(decoded)
            row.add(truth, outputs[-1], chroma, prediction)
        if sweep is not None:
            sweep.add(predictions, truth)
        if sheets is not None:
            sheets.offer(truth, outputs, rows)
    if not rows[0].photos:
        raise ValueError("no photo to evaluate")
    return rows


def precisions(model: str | Path, device: str = "auto") -> dict[str, Colorizer]:
    """Load a model as it runs by default and, if that is in 8 bits, in float32, too.

    Returns
    -------
    dict of str to Colorizer
        By the names of their rows.
    """
    name = str(model)
    found = {name: Colorizer.from_pretrained(name, device)}
    if getattr(found[name].predictor, "precision", None) == "int8":
        exact = Colorizer.from_pretrained(name, device, precision="float32")
        found[f"{name}{FLOAT32}"] = exact
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description="Print the table of metrics of models on color photos.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add_photos(parser)
    add_models(parser, ["default"])
    add("--out", required=True, type=Path, help="folder to write")
    add_choice(parser, "odd", 0)
    add("--temperature", type=float, help="decode setting; by default each card's")
    add("--rebalance", type=float, help="decode setting; by default each card's")
    add("--sweep", action="store_true", help="also score a grid of decode points")
    add("--sheet", type=int, default=64, help="photos on the contact sheet; 0 = none")
    add("--seed", type=int, default=0, help="chooses the photos on the sheet")
    add_device(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = _parser()
    args = parser.parse_args(arguments)
    if args.temperature is not None and not 0 <= args.temperature <= 1:
        parser.error(f"expected a --temperature in 0..1, got {args.temperature}")
    run_command(parser, lambda: _evaluate(args))


def _evaluate(args: argparse.Namespace) -> None:
    photos = select(find_photos(args.photos), args.parity, args.limit)
    models = {}
    for model in args.models:
        models |= precisions(model, args.device)
    args.out.mkdir(parents=True, exist_ok=True)
    sheets = Sheets((GRAY, *models), args.sheet, args.seed)
    sweep = Sweep() if args.sweep and models else None
    settings = {"temperature": args.temperature, "rebalance": args.rebalance}
    pictures = read_photos(photos, "evaluation")
    rows = evaluate(pictures, models, sheets=sheets, sweep=sweep, **settings)
    heading = f"{len(photos)} photos ({args.parity}) of {Path(args.photos).name}"
    save(args.out, rows, heading)
    sheets.save(args.out)
    if sweep is not None:
        sweep.save(args.out)
    print(markdown(rows, heading))


if __name__ == "__main__":
    main()

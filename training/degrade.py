"""Metrics of color on gray photos that are made to look old.

``python -m training.degrade --photos val.tar --models default --out runs/old``

Real black-and-white photos have tone curves, fading, grain, blur and JPEG artifacts
that desaturated new ones lack. Each of these is applied to the gray validation photos,
and the model's chroma is scored against that of the original photo. The model does not
change the degraded lightness, so the metrics of whole pictures are left out.
"""

from __future__ import annotations

import argparse
import io
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from colorize_engine.colorizer import Colorizer
from training.command import add_choice, add_device, add_models, add_photos
from training.command import run as run_command
from training.photos import find_photos, read_photos, select, square
from training.photos.source import SIDE
from training.scoring import ChromaScores, Truth, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Gray = NDArray[np.uint8]

COLUMNS = {
    "auc": ("AuC", ".2f"),
    "auc_rebalanced": ("rebalanced", ".2f"),
    "cast_a": ("cast a", "+.2f"),
    "cast_b": ("cast b", "+.2f"),
    "chroma": ("chroma", ".2f"),
    "blue_sky": ("blue sky %", ".1f"),
    "green": ("green %", ".1f"),
}


def _seeded(gray: Gray) -> np.random.Generator:
    """Return a random generator that depends on the picture alone."""
    return np.random.default_rng(zlib.crc32(gray.tobytes()))


def _levels(gray: Gray, curve: Callable[[NDArray[np.float64]], object]) -> Gray:
    table_ = np.asarray(curve(np.linspace(0, 1, 256)))
    levels: Gray = np.rint(255 * np.clip(table_, 0, 1)).astype(np.uint8)
    return levels[gray]


def dark(gray: Gray) -> Gray:
    """Darken by a tone curve of gamma 1.6, like underexposure."""
    return _levels(gray, lambda v: v**1.6)


def bright(gray: Gray) -> Gray:
    """Brighten by a tone curve of gamma 0.6, like overexposure."""
    return _levels(gray, lambda v: v**0.6)


def faded(gray: Gray) -> Gray:
    """Reduce the range to 0.2..0.85, as in an old print."""
    return _levels(gray, lambda v: 0.2 + 0.65 * v)


def grain(gray: Gray) -> Gray:
    """Add Gaussian grain of 8 % of the range."""
    noise = _seeded(gray).normal(0, 20, gray.shape)
    return np.rint(np.clip(gray + noise, 0, 255)).astype(np.uint8)


def blur(gray: Gray) -> Gray:
    """Blur by a Gaussian of 1.5 pixels."""
    return np.asarray(Image.fromarray(gray).filter(ImageFilter.GaussianBlur(1.5)))


def jpeg(gray: Gray) -> Gray:
    """Compress as JPEG of quality 40."""
    stream = io.BytesIO()
    Image.fromarray(gray).save(stream, "JPEG", quality=40)
    return np.asarray(Image.open(stream))


def old(gray: Gray) -> Gray:
    """Combine milder versions of a tone curve, fading, blur and grain."""
    printed = _levels(gray, lambda v: 0.1 + 0.8 * v**1.3)
    soft = np.asarray(Image.fromarray(printed).filter(ImageFilter.GaussianBlur(0.8)))
    noise = _seeded(gray).normal(0, 8, gray.shape)
    return np.rint(np.clip(soft + noise, 0, 255)).astype(np.uint8)


DEGRADATIONS: dict[str, Callable[[Gray], Gray]] = {
    "as it is": lambda gray: gray,
    "dark": dark,
    "bright": bright,
    "faded": faded,
    "grain": grain,
    "blur": blur,
    "JPEG 40": jpeg,
    "old": old,
}


def measure(
    photos: Iterable[tuple[str, NDArray[np.uint8]]], models: Mapping[str, Colorizer]
) -> dict[str, dict[str, dict[str, float]]]:
    """Score models on degraded photos.

    Parameters
    ----------
    photos : iterable of (name, (H, W, 3) uint8 sRGB)
        Cut to squares as in the evaluation, then degraded.
    models : mapping of name to Colorizer

    Returns
    -------
    dict
        Figures by model and degradation, see `ChromaScores.summary`.
    """
    scores = {name: {kind: ChromaScores() for kind in DEGRADATIONS} for name in models}
    for name, rgb in photos:
        truth = Truth.of(name, square(rgb, SIDE))
        for kind, degrade in DEGRADATIONS.items():
            picture = degrade(truth.gray)
            for model, colorizer in models.items():
                prediction = colorizer.predict(picture)
                chroma = prediction.at_full_size(prediction.decode())
                scores[model][kind].add(chroma, truth.chroma)
    return {
        model: {kind: score.summary() for kind, score in kinds.items()}
        for model, kinds in scores.items()
    }


def report(figures: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Return the figures as one table for each model."""
    tables = []
    for model, kinds in figures.items():
        lines = [[model, *(title for title, _ in COLUMNS.values())]]
        for kind, values in kinds.items():
            cells = [format(values[key], form) for key, (_, form) in COLUMNS.items()]
            lines.append([kind, *cells])
        tables.append(table(lines))
    return "\n\n".join(tables)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.degrade",
        description="Score models on gray photos that look old.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add_photos(parser)
    add_models(parser, ["default"])
    add("--out", required=True, type=Path, help="folder to write")
    add_choice(parser, "odd", 100)
    add_device(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = _parser()
    args = parser.parse_args(arguments)

    def work() -> None:
        photos = select(find_photos(args.photos), args.parity, args.limit)
        models = {m: Colorizer.from_pretrained(m, args.device) for m in args.models}
        figures = measure(read_photos(photos, "degraded"), models)
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "degraded.json").write_text(json.dumps(figures, indent=1))
        text = report(figures)
        (args.out / "degraded.md").write_text(text + "\n")
        print(text)

    run_command(parser, work)


if __name__ == "__main__":
    main()

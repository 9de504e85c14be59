"""One resumable command from photos to a model folder.

``python -m training.regenerate --photos DIR --out DIR --preset reference-10|default``

The output folder is the model. Its subfolder ``work`` keeps data set, statistics, runs
and evaluation. Run the same command again to continue after an interruption.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from colorize_engine.colorizer import Colorizer
from colorize_engine.pretrained import ModelError, find_folder, read_card, write_files
from training.calibrate import PHOTOS, fit
from training.command import add_device, add_photos, add_preset, add_version
from training.command import run as run_command
from training.dataset import build
from training.evaluate import evaluate, precisions
from training.export import export, finished_runs, read_figures
from training.graphs import RANGE_PHOTOS
from training.photos import find_photos, read_photos, select
from training.photos.data_set import DataSet
from training.presets import BINS, load_preset
from training.scoring import Sheets, markdown, save
from training.statistics import measure
from training.train import PRECISIONS, train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colorize_engine.pretrained import Card
    from training.photos import Photo
    from training.presets import Preset

_SHEET_PHOTOS = 32


def validation_photos(
    source: str | Path, data: str | Path, parity: str, limit: int
) -> list[Photo]:
    """Return photos of the source that the model does not see in training.

    If the source itself sets numbered photos aside, these are the ones whose number has
    the parity: even ones are for choices and fits, odd ones for reported figures.
    Otherwise they are all photos of the data set's own validation draw.
    """
    photos = DataSet.open(data)
    wanted = {photos.names[row] for row in photos.validation}
    found = [photo for photo in find_photos(source) if photo.name in wanted]
    if all(photo.held_out for photo in found):
        try:
            return select(found, parity, limit)
        except ValueError:
            # A name has no number, or no number has the parity.
            pass
    return select(found, "all", limit)


def measure_model(
    folder: Path, name: str, photos: Sequence[Photo], out: Path, device: str
) -> None:
    """Evaluate a model folder; write the table and the contact sheets."""
    out.mkdir(parents=True, exist_ok=True)
    models = {
        label.replace(str(folder.resolve()), name): colorizer
        for label, colorizer in precisions(folder.resolve(), device).items()
    }
    sheets = Sheets(("gray", *models), _SHEET_PHOTOS, 0)
    pictures = read_photos(photos, "evaluation")
    rows = evaluate(pictures, models, sheets=sheets)
    heading = f"{len(photos)} validation photos"
    save(out, rows, heading)
    sheets.save(out)
    print(markdown(rows, heading))


def _finished(out: Path, marker: Path, wanted: dict[str, object]) -> Card | None:
    """Return the card if an earlier call finished with ``wanted``, else None."""
    try:
        found = json.loads(marker.read_text())
        card = read_card(out)
    except (FileNotFoundError, ModelError):
        return None
    return card if found == {**wanted, "model": card.model_hash} else None


def regenerate(
    photos: str | Path,
    out: str | Path,
    preset: Preset,
    *,
    work: str | Path | None = None,
    data: str | Path | None = None,
    device: str = "auto",
    precision: str = "auto",
    init_from: str | Path | None = None,
    limit: int = 0,
    version: str = "1",
) -> Card:
    """Run all steps: data set, statistics, training, calibration, export, evaluation.

    Parameters
    ----------
    photos
        Folder tree of color photos, tar archive, or folder of tar archives.
    out
        Model folder to write.
    preset
        Preset of the model.
    work
        Folder for everything else; by default ``out / "work"``.
    data
        Folder of the data set, to share it between presets; by default in ``work``.
    device, precision, init_from
        As in `training.train.train`.
    limit
        Maximum number of photos to evaluate; 0 takes all.
    version
        Version of the model, for its card.

    Returns
    -------
    Card
        Card of the finished model.

    Raises
    ------
    FileNotFoundError, ValueError
        As raised by the steps.
    """
    out = Path(out)
    work = Path(work) if work else out / "work"
    data = Path(data) if data else work / "data"
    runs, evaluation = work / "runs", work / "evaluation"
    marker = work / "finished.json"
    build(photos, data, sample=preset.data["sample"], seed=preset.data["seed"])
    wanted = {
        "preset": preset.text,
        "init_from": read_card(find_folder(init_from)).label if init_from else "",
        "precision": precision,
        "limit": limit,
        "version": version,
    }
    if card := _finished(out, marker, wanted):
        return card
    if not (runs / BINS).is_file():
        measure(data, preset, runs)
    train(data, preset, runs, device=device, precision=precision, init_from=init_from)
    trained = finished_runs(data, preset, runs)
    even = validation_photos(photos, data, "even", min(limit or PHOTOS, PHOTOS))
    ranges = read_photos(even[:RANGE_PHOTOS], "ranges")
    card = export(preset, trained, out, photos=ranges, version=version)
    pictures = read_photos(even, "calibration")
    divisors = fit(pictures, Colorizer.from_folder(out, device))
    card = write_files(out, replace(card, calibration=divisors), {})
    chosen = validation_photos(photos, data, "odd", limit)
    measure_model(out, preset.name, chosen, evaluation, device)
    figures = read_figures(evaluation / "table.json", preset.name)
    card = write_files(out, replace(card, figures=figures), {})
    marker.write_text(json.dumps({**wanted, "model": card.model_hash}))
    return card


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.regenerate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add_photos(parser)
    add("--out", required=True, help="model folder to write")
    add_preset(parser)
    add_version(parser)
    add("--work", help="folder for everything else; OUT/work if not given")
    add("--data", help="folder of the data set; WORK/data if not given")
    add_device(parser)
    add("--precision", default="auto", choices=["auto", *PRECISIONS])
    add("--init-from", help="name or folder of a model to start from")
    add("--limit", type=int, default=0, help="maximum photos to evaluate; 0 = all")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = _parser()
    args = parser.parse_args(arguments)

    def work() -> None:
        card = regenerate(
            args.photos,
            args.out,
            load_preset(args.preset),
            work=args.work,
            data=args.data,
            device=args.device,
            precision=args.precision,
            init_from=args.init_from,
            limit=args.limit,
            version=args.version,
        )
        print(f"{card.name} {card.version} ({card.model_hash}) in {args.out}")

    run_command(parser, work)


if __name__ == "__main__":
    main()

"""Small runs of equal budget, each with one change to a preset.

``python -m training.ablations --data data/photos --photos val.tar --out OUT``

The plan (``training/ablations.toml``) names the preset to change, the photos that each
run sees, and for each run what it changes and what was expected of it before it ran.
Every run becomes a preset file, a model folder and a line in ``table.md``. Give the
same command again to go on after an interruption; several may work on one folder at a
time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorize_engine.colorizer import Colorizer
from training.command import run as run_command
from training.evaluate import evaluate
from training.export import export
from training.photos import find_photos, read_photos, select
from training.presets import FOLDER, load_preset
from training.scoring import Sweep, table
from training.statistics import measure
from training.train import PRECISIONS, train

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from training.photos import Photo

PLAN = Path(__file__).with_name("ablations.toml")
# Gains over gray in rebalanced area under the curve at which raw ones are compared.
GAINS = (2.0, 3.0)
TEMPERATURES = (0.38, 0.8)
_FIGURES = "figures.json"


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a preset's content with some keys of its sections replaced.

    Parameters
    ----------
    base
        Content of a preset file.
    changes
        Sections with the keys to replace. One of ``bins`` that names a scheme brings
        the scheme's own keys, and those of the old one go; ``runs`` replaces all runs.
    """
    content = {**base, "runs": changes.get("runs", base["runs"])}
    for section, keys in changes.items():
        if section == "runs":
            continue
        kept = dict(base[section])
        if "scheme" in keys:
            for key in ("count", "range", "step"):
                kept.pop(key, None)
        content[section] = {**kept, **keys}
    return content


def as_toml(content: Mapping[str, Any]) -> str:
    """Write a preset's content as TOML: sections of plain keys, and the runs."""
    lines: list[str] = []
    for section, value in content.items():
        for keys in value if section == "runs" else [value]:
            lines.append("[[runs]]" if section == "runs" else f"[{section}]")
            lines += [f"{key} = {_value(item)}" for key, item in keys.items()]
            lines.append("")
    return "\n".join(lines)


def _value(item: Any) -> str:
    """Write a value; all but tables look in TOML as in JSON."""
    if not isinstance(item, dict):
        return json.dumps(item)
    inside = ", ".join(f"{key} = {_value(one)}" for key, one in item.items())
    return f"{{ {inside} }}"


def best_raw(points: Sequence[Mapping[str, Any]], least: float) -> float | None:
    """Return the largest raw AuC where the rebalanced AuC is at least ``least``.

    Along the line of each temperature it is interpolated between neighboring values of
    rebalance. None if no point reaches it.

    Parameters
    ----------
    points
        Rows of `training.scoring.sweep.Sweep.table` of one model.
    least
        Rebalanced area under the curve to reach.
    """
    found: list[float] = []
    for temperature in {point["temperature"] for point in points}:
        line = sorted(
            (p for p in points if p["temperature"] == temperature),
            key=lambda p: float(p["rebalance"]),
        )
        found += [p["auc"] for p in line if p["auc_rebalanced"] >= least]
        for one, other in pairwise(line):
            low, high = one["auc_rebalanced"], other["auc_rebalanced"]
            if min(low, high) < least < max(low, high):
                share = (least - low) / (high - low)
                found.append(one["auc"] + share * (other["auc"] - one["auc"]))
    return max(found, default=None)


def run_one(
    name: str,
    preset_path: Path,
    data: Path,
    photos: Sequence[Photo],
    device: str,
    precision: str,
) -> dict[str, Any]:
    """Train, export and score one preset in the folder of its file.

    Returns
    -------
    dict
        ``name``, ``photos`` and ``seconds`` of training; ``nll_a``, ``nll_b`` and
        their ``prior_nll_``; ``gray`` and ``points`` of the sweep.
    """
    preset, folder = load_preset(preset_path), preset_path.parent
    runs, model = folder / "runs", folder / "model"
    if not (runs / "bins.json").is_file():
        measure(data, preset, runs)
    train(data, preset, runs, device=device, precision=precision)
    card = export(data, preset, runs, model)
    sweep = Sweep(temperatures=TEMPERATURES)
    pictures = read_photos(photos, f"{name} evaluation")
    rows = evaluate(pictures, {name: Colorizer.from_folder(model, device)}, sweep=sweep)
    summary = rows[1].summary()
    return {
        "name": name,
        "photos": preset.photos_seen,
        "seconds": sum(card.training["seconds_of_training"].values()),
        **{k: summary[k] for k in summary if "nll" in k},
        "gray": sweep.gray.summary(),
        "points": sweep.table(),
    }


def row_of(figures: Mapping[str, Any]) -> list[str]:
    """Return one line of the table, see `HEADINGS`."""
    gray, points = figures["gray"], figures["points"]
    cells = [figures["name"], str(figures["seconds"])]
    for gain in GAINS:
        raw = best_raw(points, gray["auc_rebalanced"] + gain)
        cells.append("-" if raw is None else f"{raw - gray['auc']:+.2f}")
    cells.append(
        f"{max(p['auc_rebalanced'] for p in points) - gray['auc_rebalanced']:+.2f}"
    )
    for channel in "ab":
        gain = figures[f"prior_nll_{channel}"] - figures[f"nll_{channel}"]
        cells.append(f"{gain:.3f}")
    return cells


HEADINGS = [
    "run",
    "seconds",
    *(f"raw at rebalanced +{gain:g}" for gain in GAINS),
    "largest rebalanced",
    "NLL gain a",
    "NLL gain b",
]


@contextmanager
def _claimed(folder: Path) -> Iterator[bool]:
    """Claim a run's folder against other processes on the same output.

    The system takes the claim back whatever ends the process. Where files cannot be
    locked (Windows), every process gets it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "running").open("w") as file:
        mine = True
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                mine = False
        yield mine


def ablate(
    plan: Path,
    data: Path,
    photos: Sequence[Photo],
    out: Path,
    only: Sequence[str] = (),
    device: str = "auto",
    precision: str = "auto",
) -> str:
    """Do the remaining runs of a plan; return the table of all finished ones.

    Parameters
    ----------
    plan
        The TOML file.
    data
        Folder of the data set.
    photos
        To score on.
    out
        Folder to write, with a subfolder for each run.
    only
        Names of runs; all by default.
    device, precision
        As in ``training.train.train``.

    Raises
    ------
    ValueError
        If the plan has no such run, or a run's preset cannot be used.
    """
    content = tomllib.loads(plan.read_text("utf-8"))
    base = tomllib.loads((FOLDER / f"{content['preset']}.toml").read_text("utf-8"))
    base = changed(base, {**content["common"], "runs": content["budget"]})
    entries = {entry["name"]: entry for entry in content["ablations"]}
    if unknown := set(only) - set(entries):
        raise ValueError(
            f"the plan has no run {', '.join(sorted(unknown))}; expected some of "
            f"{', '.join(entries)}"
        )
    for name in only or entries:
        folder = out / name
        if (folder / _FIGURES).is_file():
            continue
        with _claimed(folder) as mine:
            if not mine:
                continue
            path = folder / "preset.toml"
            text = as_toml(changed(base, entries[name].get("change", {})))
            if not path.is_file() or path.read_text("utf-8") != text:
                path.write_text(text, "utf-8")
            figures = run_one(name, path, data, photos, device, precision)
            unfinished = folder / f"{_FIGURES}.{os.getpid()}"
            unfinished.write_text(json.dumps(figures))
            unfinished.replace(folder / _FIGURES)
    done = [out / name / _FIGURES for name in entries]
    rows = [row_of(json.loads(path.read_text())) for path in done if path.is_file()]
    return table([HEADINGS, *rows])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = argparse.ArgumentParser(
        prog="python -m training.ablations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", required=True, type=Path, help="folder of the data set")
    add("--photos", required=True, help="validation photos; the even ones are used")
    add("--out", required=True, type=Path, help="folder to write")
    add("--plan", type=Path, default=PLAN, help="a .toml file")
    add("--only", nargs="*", default=[], metavar="NAME", help="runs; all by default")
    add("--limit", type=int, default=100, help="photos to score on; 0 = all")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    add("--precision", default="auto", choices=["auto", *PRECISIONS])
    args = parser.parse_args(arguments)

    def work() -> None:
        photos = select(find_photos(args.photos), "even", args.limit)
        rows = ablate(
            args.plan,
            args.data,
            photos,
            args.out,
            args.only,
            args.device,
            args.precision,
        )
        (args.out / "table.md").write_text(rows + "\n", "utf-8")
        print(rows)

    run_command(parser, work)


if __name__ == "__main__":
    main()

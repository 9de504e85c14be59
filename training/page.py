"""A page for each model, generated from its card.

``python -m training.page --models default reference-10 --out docs/models``
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import safe_open

from colorize_engine.pretrained import find_folder, read_card
from training.command import run as run_command
from training.scoring import FLOAT32, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colorize_engine.pretrained import Card

CHANNELS = ("a", "b")
ROWS = {
    "auc": ("AuC", ".2f"),
    "auc_rebalanced": ("rebalanced AuC", ".2f"),
    "psnr": ("PSNR, dB", ".2f"),
    "ssim": ("SSIM", ".4f"),
    "de00": ("dE00", ".2f"),
    "cf": ("colorfulness", ".1f"),
    "true_cf": ("the truth's colorfulness", ".1f"),
    "hue_tv": ("total variation of the hues from the truth's", ".3f"),
    "magenta": ("share of magenta in the color, %", ".1f"),
    "true_magenta": ("the truth's share of magenta, %", ".1f"),
    "cast_a": ("mean signed error of a*", "+.2f"),
    "cast_b": ("mean signed error of b*", "+.2f"),
    "blue_sky": ("blue skies with the right sign, %", ".1f"),
    "green": ("greens with the right sign, %", ".1f"),
    "l_error": ("mean error of L*", ".3f"),
    "ece_a": ("expected calibration error of a", ".4f"),
    "ece_b": ("expected calibration error of b", ".4f"),
    "nll_a": ("NLL of a, nats", ".3f"),
    "prior_nll_a": ("NLL of the constant prior, a", ".3f"),
    "nll_b": ("NLL of b, nats", ".3f"),
    "prior_nll_b": ("NLL of the constant prior, b", ".3f"),
}
USES = """\
## What it is for, and what it is not for

The model gives gray photos plausible colors, and shows what a network thinks of them.
The colors are guesses: the color of manufactured things (clothes, cars, paint) cannot
be known from their lightness. Do not use the model as evidence or in forensics, and do
not present its colors as the real ones. Files that the plugin and the command write say
that their color is computed.
"""


_KINDS = {
    "ard.json": "the description: bins, settings, figures, SHA-256 of the other files",
    ".safetensors": "weights of the net of {}, float16",
    ".onnx": "its graph in ONNX, which reads the weights from the file beside it",
    "-int8.onnx": "the whole net of {} in 8 bits, in ONNX",
}
_OTHER_PROGRAMS = """
Other programs can run these files. The input `x` of a net is (n, C, h, w) float32:
0.02 L\\* - 1, then, for nets that take hints, four planes of zeros. Heights and widths
are multiples of 32. The output `logits` has one channel for each bin of the card.
`examples/other_program.py` colors a photo with ONNX Runtime and NumPy alone.

`colorize --export-onnx DIR` writes each net as one file in float32 that needs no card:
its metadata hold the bins, the divisor of the logits and the settings to decode with.
`rdf.yaml` in the same folder describes it for the tools of
[bioimage.io](https://bioimage.io).
`examples/exported_nets.py` colors a photo with these files.
"""


def parameters(folder: Path) -> dict[str, int]:
    """Count the weights of each net of a model folder."""
    counts = {}
    for channel in CHANNELS:
        with safe_open(folder / f"{channel}.safetensors", "numpy") as file:
            counts[channel] = sum(
                file.get_tensor(name).size
                for name in file.keys()
                if not name.endswith("num_batches_tracked")
            )
    return counts


def _design(card: Card, folder: Path) -> str:
    lines = [["", "a", "b"]]
    counts = parameters(folder)
    entries = {
        "encoder": lambda c: card.nets[c]["encoder"],
        "input": lambda c: ", ".join(card.nets[c]["inputs"]),
        "weights": lambda c: f"{counts[c] / 1e6:.2f} M",
        "bins": lambda c: str(len(card.bins[c])),
        "centers": lambda c: _centers(card, c),
        "divisor of the logits": lambda c: f"{card.calibration[c]:g}",
    }
    lines += [[name, *map(give, CHANNELS)] for name, give in entries.items()]
    return table(lines)


def _centers(card: Card, channel: str) -> str:
    centers = card.bins[channel].centers
    return f"{centers[0]:g} to {centers[-1]:g}"


def _figures(card: Card) -> str:
    own, gray = card.figures.get(card.name), card.figures.get("gray", {})
    if own is None:
        return "It has not been measured."
    columns = {card.name: own, "gray picture": gray}
    if exact := card.figures.get(f"{card.name}{FLOAT32}"):
        columns = {"in 8 bits": own, "in float32": exact, "gray picture": gray}
    if "delta_cf" in own:
        true_cf = own["cf"] - own["delta_cf"]
        columns = {name: c | {"true_cf": true_cf} for name, c in columns.items()}
    lines = [["", *columns]]
    for key, (title, form) in ROWS.items():
        if any(key in column for column in columns.values()):
            cells = [
                format(c[key], form) if key in c else "-" for c in columns.values()
            ]
            lines.append([title, *cells])
    return f"Of {card.figures.get('set', 'photos')}:\n\n{table(lines)}"


def _files(card: Card, folder: Path) -> str:
    lines = [["file", "size", "what it is"]]
    for name in ["card.json", *sorted(card.sha256)]:
        size = (folder / name).stat().st_size
        cell = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
        lines.append([f"`{name}`", cell, _KINDS[name[1:]].format(name[0])])
    return f"{table(lines)}\n\n{_OTHER_PROGRAMS.strip()}"


def _origin(training: dict[str, Any]) -> str:
    seconds = training.get("seconds_of_training", {})
    times = ", ".join(
        f"{name} {s / 60:.0f} min" if s >= 60 else f"{name} {s} s"
        for name, s in seconds.items()
    )
    commit = training.get("commit")
    code = f"code at commit `{commit}`, " if commit else ""
    seen = training.get("photos_seen_by_each_net", "unknown")
    if isinstance(seen, dict):
        seen = ", ".join(f"{channel} {count}" for channel, count in seen.items())
    lines = [
        f"- Photos to train on: {training.get('photos_drawn_to_train', 'unknown')} of "
        f"{training.get('photos_found', 'unknown')}; seen by each net: {seen}.",
        f"- Time of training: {times or 'unknown'}.",
        f"- Seed {training.get('seed', 'unknown')}, {code}SHA-256 of the photos' "
        f"manifest `{training.get('source_sha256', 'unknown')}`.",
        "- The photos come from public repositories, most of which state no terms; "
        "[training/SOURCES.md](../../training/SOURCES.md) names them. None is "
        "distributed with the model.",
    ]
    if encoder := training.get("encoder"):
        lines.append(
            f"- The encoder started from {encoder['origin']} ({encoder['license']}), "
            f"SHA-256 `{encoder['sha256']}`. ImageNet's own terms allow research."
        )
    lines.extend(
        f"- The run {run} started from the weights of the model {label}."
        for run, label in training.get("started_from", {}).items()
    )
    if remark := training.get("remark"):
        lines.append(f"- {remark}")
    return "\n".join(lines)


def page(folder: Path, notes: str = "") -> str:
    """Write the page of a model folder as Markdown.

    Parameters
    ----------
    folder
        The model.
    notes
        Markdown on known faults, put in before the section on uses.
    """
    card = read_card(folder)
    parts = [
        f"# {card.name} {card.version}",
        f"{card.purpose} {card.description} Hash `{card.model_hash}`.".lstrip(),
        "## Design",
        _design(card, folder),
        f"Decoded at temperature {card.temperature:g} and rebalance "
        f"{card.rebalance:g}; made for a working size of {card.working_size} pixels.",
        "## Files",
        _files(card, folder),
        "## Training",
        _origin(card.training),
        "## Figures",
        _figures(card),
        *([notes.strip()] if notes.strip() else []),
        USES.strip(),
        "## The preset",
        f"```toml\n{card.training.get('preset', '').strip()}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.page",
        description="Write a page for each model from its card.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--models", nargs="+", default=["default", "reference-10"], help="names")
    add(
        "--out",
        type=Path,
        default=Path("docs/models"),
        help="folder to write; NAME.md includes its NAME-notes.md, if there is one",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = _parser()
    args = parser.parse_args(arguments)

    def work() -> None:
        args.out.mkdir(parents=True, exist_ok=True)
        for model in args.models:
            folder = find_folder(model)
            name = read_card(folder).name
            notes = args.out / f"{name}-notes.md"
            text = page(folder, notes.read_text() if notes.is_file() else "")
            (args.out / f"{name}.md").write_text(text)
            print(args.out / f"{name}.md")

    run_command(parser, work)


if __name__ == "__main__":
    main()

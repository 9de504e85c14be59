"""Graphs for a model folder that has none, or none in 8 bits.

``python -m training.graphs MODEL`` writes ``a.onnx`` and ``b.onnx`` into a model
folder. With ``--photos val.tar`` it also writes ``a-int8.onnx`` and ``b-int8.onnx``,
with ranges from 120 of the even-numbered photos. The weights stay as they are. Divisors
and decode point should be fitted to the nets in 8 bits afterwards.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from training.command import add_choice
from training.command import run as run_command
from training.graphs import RANGE_PHOTOS, add_graphs
from training.photos import find_photos, read_photos, select

if TYPE_CHECKING:
    from collections.abc import Sequence


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.graphs",
        description="Write the ONNX graphs of a model folder.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("model", metavar="MODEL", help="model folder")
    parser.add_argument(
        "--photos", help="color photos for nets in 8 bits: folder tree or tar archive"
    )
    add_choice(parser, "even", RANGE_PHOTOS)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = _parser()
    args = parser.parse_args(arguments)

    def work() -> None:
        photos = None
        if args.photos:
            chosen = select(find_photos(args.photos), args.parity, args.limit)
            photos = read_photos(chosen, "ranges")
        card = add_graphs(args.model, photos)
        print(f"{card.label} in {args.model}: {', '.join(sorted(card.sha256))}")

    run_command(parser, work)


if __name__ == "__main__":
    main()

"""Training of the nets of a preset: one run after the other, resumable.

``python -m training.train --data data/photos --preset default --out runs/default``
Run the same command again to continue after an interruption. On several GPUs use
``torchrun --nproc-per-node N -m training.train ...``. The processes then share each
batch and average their gradients. Batch norms see only the part of their own process,
and those of the first process are saved.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist

from colorize_engine.pretrained import find_folder, read_card
from colorize_engine.pretrained.torch_nets import choose_device, fast_dtype
from training.command import add_data, add_device, add_preset
from training.command import run as run_command
from training.learning import Trainer, read_finished
from training.learning.checkpoints import expect_same_start
from training.learning.machine import Machine
from training.photos.data_set import DataSet
from training.presets import BINS, load_bins, load_preset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.learning.checkpoints import Finished
    from training.presets import Preset

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
# Option numbers of glibc's mallopt, from its malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def keep_freed_memory() -> None:
    """Let glibc keep the memory of large tensors and reuse it.

    By default each tensor of many megabytes gets fresh memory from the kernel, which
    clears it page by page. Without that, training on a CPU is up to twice as fast.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_MMAP_MAX, 0)
            mallopt(_M_TRIM_THRESHOLD, -1)


def _choose_machine(device: str, precision: str, checkpoint_every: int) -> Machine:
    """Choose device and precision; under torchrun, one GPU for each process."""
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    chosen = choose_device(device)
    if chosen.type == "cuda" and world > 1:
        chosen = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(chosen)
    if chosen.type == "cpu":
        keep_freed_memory()
    dtype = fast_dtype(chosen) if precision == "auto" else PRECISIONS[precision]
    return Machine(chosen, dtype, rank, world, checkpoint_every)


def train(
    data: str | Path,
    preset: Preset,
    out: str | Path,
    *,
    channels: str = "all",
    device: str = "auto",
    precision: str = "auto",
    init_from: str | Path | None = None,
    checkpoint_every: int = 20000,
) -> None:
    """Train the runs of a preset; continue an interrupted one from its checkpoint.

    Parameters
    ----------
    data
        Folder of the built data set.
    preset
        Preset to train.
    out
        Folder with the preset's ``bins.json``; each run gets a subfolder.
    channels : {"all", "both", "a", "b"}
        Which of the preset's runs to train.
    device, precision
        ``auto``, or a device's name and ``float32`` or ``bfloat16``.
    init_from
        Name or folder of a model to start from. If the call begins with a run of both
        channels, only this run starts from the model, and later ones start from it.
    checkpoint_every
        Photos between two checkpoints.

    Raises
    ------
    ValueError
        If a checkpoint or the bins belong to another preset, a run started from another
        model or has another precision, the preset has no such run, or the model to
        start from does not fit.
    FileNotFoundError
        If the data set, the bins or the published encoder are missing.
    """
    runs = [run for run in preset.runs if channels in ("all", run.channels)]
    if not runs:
        raise ValueError(f"the preset {preset.name} has no run of {channels}")
    out, photos = Path(out), DataSet.open(data)
    bins = load_bins(out / BINS, preset)
    machine = _choose_machine(device, precision, checkpoint_every)
    if machine.world > 1:
        dist.init_process_group("nccl" if machine.device.type == "cuda" else "gloo")
    try:
        for run in runs:
            first = init_from if run is runs[0] or runs[0].channels != "both" else None
            if finished := read_finished(out / run.channels, preset):
                _expect_same(out / run.channels, finished, first, precision)
                continue
            trainer = Trainer(preset, run, photos, bins, out, machine, first)
            trainer.resume()
            trainer.fit()
    finally:
        if machine.world > 1:
            dist.destroy_process_group()


def _expect_same(
    folder: Path, finished: Finished, init_from: str | Path | None, precision: str
) -> None:
    """Raise ValueError if a finished run is not what is asked for."""
    label = read_card(find_folder(init_from)).label if init_from else ""
    expect_same_start(folder, finished.init_from, label)
    if precision not in ("auto", finished.precision):
        raise ValueError(
            f"{folder} was trained in {finished.precision}, expected {precision}: use "
            "another folder, or remove it"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.train",
        description="Train the nets of a preset; continues an interrupted training.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add_data(parser)
    add_preset(parser)
    add("--out", required=True, help="folder with bins.json, for the runs")
    add(
        "--channels",
        default="all",
        choices=["all", "both", "a", "b"],
        help="which runs of the preset",
    )
    add_device(parser)
    add(
        "--precision",
        default="auto",
        choices=["auto", *PRECISIONS],
        help="auto takes bfloat16 if the device has instructions for it",
    )
    add("--init-from", help="name or folder of a model to start from")
    add(
        "--checkpoint-every",
        type=int,
        default=20000,
        metavar="PHOTOS",
        help="photos between two checkpoints",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = _parser()
    args = parser.parse_args(arguments)

    def work() -> None:
        train(
            args.data,
            load_preset(args.preset),
            args.out,
            channels=args.channels,
            device=args.device,
            precision=args.precision,
            init_from=args.init_from,
            checkpoint_every=args.checkpoint_every,
        )

    run_command(parser, work)


if __name__ == "__main__":
    main()

"""Stacks on the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from colorize_engine.batch import explained, one_line
from colorize_engine.cli.console import DONE, SOME_FAILED, complain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from colorize_engine.pretrained import Backend

_ZARR_FILES = ("zarr.json", ".zgroup", ".zarray", ".zattrs")
# Options for photos only.
_OF_PHOTOS = (
    "probabilities",
    "report",
    "skip_color",
    "quality",
    "variants",
)
_ZIPPED = (".zarr.zip", ".ozx")
_OME = (".ome.tif", ".ome.tiff", ".zarr")


def is_stack(photos: Sequence[str], output: str, asked: bool) -> bool:
    """Return whether the arguments of the command mean a stack.

    Parameters
    ----------
    photos, output
        As typed. A Zarr folder, or one in a ZIP file, among the photos means a stack,
        and so does an output that ends in ``.zarr``, ``.ome.tif`` or ``.ome.tiff``.
    asked
        Whether an option for stacks was given.
    """
    if any(photo.lower().endswith(_ZIPPED) for photo in photos):
        return True
    if asked or output.rstrip("/").lower().endswith(_OME):
        return True
    return any(os.path.isfile(os.path.join(p, f)) for p in photos for f in _ZARR_FILES)


def run_stack(
    photos: Sequence[str],
    output: str,
    model: str | Path,
    backend: Backend,
    scheduler: str | None,
    settings: Mapping[str, Any],
) -> int:
    """Color one stack and return the exit code.

    Parameters
    ----------
    photos, output
        As typed.
    backend
        What runs the nets.
    model
        A folder, or text that may be the name of a model.
    scheduler
        Address of a scheduler of ``dask.distributed``; None for this process.
    settings
        Values of all other options, by name.

    Raises
    ------
    click.UsageError
        If there are several inputs or an option for photos only, or if there is no such
        model, device or cluster.
    """
    from dataclasses import asdict, fields

    from tqdm import tqdm

    from colorize_engine.cluster import ClusterError
    from colorize_engine.pretrained import ModelError
    from colorize_engine.stackfiles import StackSettings, color_stack_file

    if len(photos) != 1:
        raise click.UsageError(f"expected a single stack, got {len(photos)} inputs")
    for name in _OF_PHOTOS:
        if settings.get(name):
            option = name.replace("_", "-")
            raise click.UsageError(f"--{option} does not work with a stack")
    names = {field.name for field in fields(StackSettings)}
    chosen = StackSettings(
        **{name: value for name, value in settings.items() if name in names}
    )
    source, target = Path(photos[0]), Path(output)
    with tqdm(unit="frame", disable=None, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        try:
            notes = color_stack_file(
                source,
                target,
                model,
                chosen,
                **asdict(backend),
                overwrite=settings["overwrite"],
                scheduler=scheduler,
                progress=progress,
            )
        except (ClusterError, ModelError) as error:
            raise click.UsageError(str(error)) from error
        except Exception as error:
            complain(f"{source}: {explained(error, source)}")
            return SOME_FAILED
    for note in notes:
        complain(f"{source}: note: {note}")
    click.echo(one_line(target))
    return DONE

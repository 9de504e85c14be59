"""The line of the command that colors a file as the window shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_colorize.reader import recalled

if TYPE_CHECKING:
    from napari_colorize.batch import ImageJob
    from napari_colorize.runs import Run

_NO_FILE = "PHOTO"
_TIFF = (".tif", ".tiff")


def command_line(run: Run, job: ImageJob) -> str:
    """Return the line of the command that repeats a run.

    An image that was not opened from a file is called PHOTO.

    Parameters
    ----------
    run
        The run, with its settings and hints.
    job
        What it was started with.

    Raises
    ------
    ValueError
        If the command cannot do the same; the message says why.
    """
    from colorize_engine.edit import Edit
    from colorize_engine.files import format_of
    from colorize_engine.film import FORMATS, is_film

    results, source = run.results, run.results.source
    whole = run.layer.data[0] if run.layer.multiscale else run.layer.data
    axes = whole.shape[:-1] if source.rgb else whole.shape
    if source.frames != tuple(axes[:-2]):
        raise ValueError("the command colors all frames of a file, not one of them")
    saved = recalled(run.layer)
    # The gray of a saved picture is stretched already, its photo is not.
    stretched = saved.edit.value_range if saved and saved.photo else "full"
    edit = Edit(
        results.card.label,
        run.settings,
        results.working_size,
        results.steering.hints,
        smoothing=results.smoothing,
        value_range=source.limits or stretched,
        region="" if source.region is None else "a part",
    )
    options = {
        "--model": str(job.model),
        "--device": job.backend.device,
        "--runtime": job.backend.runtime,
        "--precision": job.backend.precision,
        "--nan": "blank" if source.blank else "auto",
    }
    more = {name: value for name, value in options.items() if value != "auto"}
    photo = saved.photo or saved.path if saved else run.layer.source.path
    if photo is None:
        suffix = ".ome.tif" if source.is_stack else ".png"
        return edit.command(_NO_FILE, f"{run.layer.name}-color{suffix}", more)
    path = Path(photo)
    if is_film(path):
        if source.limits:
            raise ValueError("the command takes no display range for a film")
        # The command smooths films by itself.
        more["--smoothing"] = str(float(results.smoothing))
        suffix = path.suffix if path.suffix.lower() in FORMATS else ".mkv"
        return edit.command(
            str(path),
            str(path.with_stem(path.stem + "-color").with_suffix(suffix)),
            more,
        )
    suffix = path.suffix if format_of(path) else ".png"
    if source.is_stack and path.suffix.lower() not in _TIFF:
        suffix = ".ome.tif"
    return edit.command(
        str(path), str(path.with_name(path.stem + "-color" + suffix)), more
    )

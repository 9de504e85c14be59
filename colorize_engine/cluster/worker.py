"""Tasks of a worker of a cluster.

Several tasks may run in one process. They read and write side by side, and take turns
with the nets, which use as many threads as the worker has.
"""

from __future__ import annotations

import copy
import os
import threading
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from colorize_engine.batch import explained, one_line
from colorize_engine.batch.color_photo import color_photo, failed_record
from colorize_engine.batch.pipeline import Budget
from colorize_engine.parallel import alone
from colorize_engine.pretrained import ModelError, find_folder, read_card

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from colorize_engine.batch import Job, Record, Settings
    from colorize_engine.colorizer import Colorizer
    from colorize_engine.pretrained import Card
    from colorize_engine.stacks import FrameModel

    Floats = NDArray[np.float32]

_TURN = threading.Lock()
# Shared by all photos in this process.
_ROOM = Budget()
# Runs that may start no more photos in this process.
_STOPPED: set[str] = set()
# States of a begun task, as distributed names them.
_BEGUN = ("executing", "memory", "error")


def color_on_worker(
    run: str, proof: Path | None, job: Job, settings: Settings, model: FrameModel
) -> Record | None:
    """Color a photo as `color_photo` does; a second run changes nothing.

    Parameters
    ----------
    run : str
        Id of the run; the keys of its tasks contain it, see `stop_starting`.
    proof : Path or None
        A file in the folder of the outputs, which this process must see.
    job : Job
        With absolute paths.
    settings : Settings
    model : FrameModel
        Loaded once in each process.

    Returns
    -------
    Record or None
        None if the run was stopped.
    """
    if run in _STOPPED:
        return None
    worker: Any = import_module("distributed").get_worker()
    try:
        _check_folders(job, proof)
        colorizer = _colorizer(model, worker.state.nthreads)
    except Exception as error:  # also one of loading the model
        reason = one_line(f"worker {worker.address}: {explained(error, job.source)}")
        return replace(failed_record(job, settings, model), error=reason)
    with alone():
        return color_photo(job, settings, colorizer, _ROOM)


def stop_starting(run: str, dask_worker: Any) -> list[str]:
    """Start no more tasks of a run in this process; return the keys of those begun.

    They include finished tasks, which the client may not know of yet. The caller can
    safely cancel all others, as none of them can start meanwhile.
    """
    _STOPPED.add(run)
    tasks = dask_worker.state.tasks.items()
    return [key for key, task in tasks if task.state in _BEGUN and run in str(key)]


def why_not(model: FrameModel) -> str | None:
    """Return why this process cannot use a model, or None if it can.

    The weights are not loaded for this.
    """
    if callable(model.model):
        return None
    try:
        _check_weights(model.card, read_card(find_folder(model.model)))
    except ModelError as error:
        return str(error)
    return None


def _check_folders(job: Job, proof: Path | None) -> None:
    """Raise RuntimeError unless this process sees the photo and the output's folder."""
    unseen = None
    if not os.path.lexists(job.source):
        unseen = job.source
    elif proof is not None and not proof.exists():
        unseen = job.target.parent
    if unseen is not None:
        raise RuntimeError(
            f"cannot see {unseen}; all machines need the same folders under the same "
            "paths"
        )


def _check_weights(expected: Card | None, found: Card | None) -> None:
    """Raise ModelError if two cards name different weights."""
    if expected is None or found is None or expected.model_hash == found.model_hash:
        return
    raise ModelError(
        f"its weights of {found.name!r} are {found.model_hash}, not "
        f"{expected.model_hash}; all machines need the same model"
    )


def _colorizer(model: FrameModel, threads: int) -> Colorizer:
    """Return the colorizer of this process, with nets that tasks use in turn."""
    colorizer = model.loaded(threads)
    _check_weights(model.card, colorizer.card)
    served = copy.copy(colorizer)
    served.predictor = _InTurn(colorizer.predictor)
    return served


class _InTurn:
    """A predictor that serves one task at a time."""

    def __init__(self, predictor: Any) -> None:
        self._predictor = predictor
        self.takes_hints = bool(getattr(predictor, "takes_hints", False))
        self.by_channel = bool(getattr(predictor, "by_channel", False))

    def __call__(self, lightness: Floats, /, *more: Any) -> tuple[Floats, Floats]:
        with _TURN:
            found: tuple[Floats, Floats] = self._predictor(lightness, *more)
            return found

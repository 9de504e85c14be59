"""What a worker of a cluster does with a photo.

Several tasks may run in one process: they read and write side by side and take turns
with the nets, which use as many threads as the worker has.
"""

from __future__ import annotations

import copy
import os
import sys
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
    from colorize_engine.colorizer import Colorizer, Predictor
    from colorize_engine.pretrained import Card
    from colorize_engine.stacks import FrameModel

    Floats = NDArray[np.float32]

_TURN = threading.Lock()
# Of all photos in this process together.
_ROOM = Budget()
# Runs of which no more photos are to be begun here.
_ENDED: set[str] = set()
# As distributed names the states of a task.
_BEGUN = ("executing", "memory", "error")


def color_on_worker(
    run: str, proof: Path | None, job: Job, settings: Settings, model: FrameModel
) -> Record | None:
    """Color a photo as `color_photo`, in a task; done a second time it changes nothing.

    Parameters
    ----------
    run : str
        In the key of each task of it; see `begin_no_more`.
    proof : Path or None
        A file that is there where the outputs are to be.
    job : Job
        Of absolute paths.
    settings : Settings
    model : FrameModel
        Loaded once in each process.

    Returns
    -------
    Record or None
        None if its run was ended.
    """
    if run in _ENDED:
        return None
    worker: Any = import_module("distributed").get_worker()
    try:
        _check_folders(job, proof)
        colorizer = _colorizer(model, worker.state.nthreads)
    except Exception as error:  # of loading the model, too
        reason = one_line(f"worker {worker.address}: {explained(error, job.source)}")
        return replace(failed_record(job, settings, model), error=reason)
    with alone():
        return color_photo(job, settings, colorizer, _ROOM)


def begin_no_more(run: str, dask_worker: Any) -> list[str]:
    """Have this process begin no more tasks of a run; return the keys of those begun.

    Also of those that are done, of which the client may not know yet. All others can
    be cancelled then, without one of them being begun meanwhile.
    """
    _ENDED.add(run)
    tasks = dask_worker.state.tasks.items()
    return [key for key, task in tasks if task.state in _BEGUN and run in str(key)]


def reason_against(model: FrameModel) -> str:
    """Return why this process cannot use a model; nothing where it can.

    The weights are not loaded for that.
    """
    if callable(model.model):
        return ""
    try:
        _check_weights(model.card, read_card(find_folder(model.model)))
    except ModelError as error:
        return str(error)
    return ""


def _check_folders(job: Job, proof: Path | None) -> None:
    """Raise RuntimeError unless this process sees the photo and the output's folder."""
    unseen = None
    if not os.path.lexists(job.source):
        unseen = job.source
    elif proof is not None and not proof.exists():
        unseen = job.target.parent
    if unseen is not None:
        raise RuntimeError(
            f"{unseen} is not seen there; all machines need the same folders under the "
            "same paths"
        )


def _check_weights(expected: Card | None, found: Card | None) -> None:
    """Raise ModelError unless two cards are of the same weights."""
    if expected is None or found is None or expected.model_hash == found.model_hash:
        return
    raise ModelError(
        f"its weights of {found.name!r} are {found.model_hash}, and not "
        f"{expected.model_hash}; all machines need the same model"
    )


def _colorizer(model: FrameModel, threads: int) -> Colorizer:
    """Return the colorizer of this process, for one of its tasks."""
    colorizer = model.loaded()
    _check_weights(model.card, colorizer.card)
    served = copy.copy(colorizer)
    served.predictor = _InTurn(colorizer.predictor, threads)
    return served


class _InTurn:
    """A predictor that one task at a time calls, with all threads of the worker."""

    def __init__(self, predictor: Predictor, threads: int) -> None:
        self._predictor, self._threads = predictor, threads

    def __call__(self, lightness: Floats, /) -> tuple[Floats, Floats]:
        with _TURN:
            torch = sys.modules.get("torch")
            # Dask starts workers with OMP_NUM_THREADS=1.
            if torch is not None and torch.get_num_threads() != self._threads:
                torch.set_num_threads(self._threads)
            return self._predictor(lightness)

"""Work on a cluster of dask.distributed, given back block by block."""

from __future__ import annotations

from contextlib import ExitStack
from importlib import import_module
from typing import TYPE_CHECKING, Any

from colorize_engine.formats.picture import FileError

if TYPE_CHECKING:
    from collections.abc import Callable

    import dask.array as da

    Progress = Callable[[int, int], None]

__all__ = ["compute_blocks"]


def compute_blocks(blocks: da.Array, scheduler: Any, progress: Progress) -> None:
    """Compute the blocks of an array on a cluster, for what they do besides.

    Each is let go as soon as it is done, so that the death of a worker makes only what
    was unfinished start again. Such a task may run twice: what it does must be the
    same then.

    Parameters
    ----------
    blocks : dask array
        Of small blocks.
    scheduler : str or distributed.Client
        Address of the scheduler, or a client, which stays open.
    progress : callable
        Called with (done, total); if it raises, the rest is cancelled.

    Raises
    ------
    FileError
        If dask.distributed is not installed.
    OSError
        If no scheduler answers.
    """
    try:
        # As a module of any type, because it is hardly annotated.
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise FileError(
            "a cluster needs distributed; run: pip install 'napari-colorize[cluster]'"
        ) from error
    with ExitStack() as stack:
        client: Any = scheduler
        if isinstance(scheduler, str):
            client = stack.enter_context(distributed.Client(scheduler))
        waiting = set(distributed.futures_of(client.persist(blocks)))
        total = len(waiting)
        progress(0, total)
        try:
            for future in distributed.as_completed(list(waiting)):
                future.result()
                # The last one to hold on to it.
                waiting.discard(future)
                progress(total - len(waiting), total)
        except BaseException:
            client.cancel(list(waiting))
            raise

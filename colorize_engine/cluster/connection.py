"""A cluster of dask.distributed: how it is reached, and arrays block by block."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import dask.array as da

    Progress = Callable[[int, int], None]

# Seconds in which a scheduler must answer, also one that was lost.
_PATIENCE = 5


class ClusterError(RuntimeError):
    """A cluster cannot be used; the message says why."""


class ClusterLost(ClusterError):
    """A cluster that was in use dropped its work."""


def quieten() -> None:
    """Have dask.distributed log nothing in this process: what ends the work is raised.

    Programs do that, whose users shall see a line and no traceback.
    """
    with suppress(ImportError):
        # Which sets the levels of its loggers when it is imported.
        import_module("distributed")
    for name in ("distributed", "distributed.client", "distributed.gc"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@contextmanager
def connected(scheduler: Any) -> Iterator[Any]:
    """Connect to a cluster while the block runs.

    Parameters
    ----------
    scheduler : str or distributed.Client
        Address of the scheduler, or a client, which stays open.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ClusterError
        If no scheduler answers within seconds, or dask.distributed is not installed.
    """
    try:
        # As a module of any type, because it is hardly annotated.
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise ClusterError(
            "a cluster needs distributed; run: pip install 'napari-colorize[cluster]'"
        ) from error
    if not isinstance(scheduler, str):
        yield scheduler
        return
    try:
        client = _client(distributed, scheduler)
    except Exception as error:  # of many types, one for each way to mistype it
        raise ClusterError(f"no scheduler answers at {scheduler}: {error}") from error
    with client:
        yield client


def _client(distributed: Any, scheduler: str) -> Any:
    """Make a client that is closed again if it cannot start.

    Otherwise the garbage collector would close it, at any moment: also while another
    one starts in this thread, which then waits for itself.
    """

    class Client(distributed.Client):  # type: ignore[misc]
        def start(self, **options: Any) -> None:
            try:
                super().start(**options)
            except BaseException:
                self.close()
                raise

    return Client(scheduler, timeout=_PATIENCE, set_as_default=False)


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
        As in `connected`.
    progress : callable
        Called with (done, total); if it raises, the rest is cancelled.

    Raises
    ------
    ClusterError
        As in `connected`.
    """
    with connected(scheduler) as client:
        distributed: Any = import_module("distributed")
        waiting = set(distributed.futures_of(client.persist(blocks)))
        total = len(waiting)
        progress(0, total)
        try:
            for future in distributed.as_completed(list(waiting), loop=client.loop):
                future.result()
                # The last one to hold on to it.
                waiting.discard(future)
                progress(total - len(waiting), total)
        except BaseException:
            client.cancel(list(waiting))
            raise

"""Connection to a cluster of dask.distributed, and computation of arrays on it."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import dask.array as da

    Progress = Callable[[int, int], None]

# Seconds to wait for a scheduler, also for one that was lost.
_TIMEOUT = 5


class ClusterError(RuntimeError):
    """A cluster cannot be used; the message says why."""


class ClusterLost(ClusterError):
    """A cluster in use went away or dropped its work."""


def quieten() -> None:
    """Silence the log of dask.distributed in this process.

    Errors that end the work are raised all the same. Programs call this if their users
    should see one line instead of a traceback.
    """
    with suppress(ImportError):
        # The import sets the levels of its loggers, so it comes first.
        import_module("distributed")
    for name in ("distributed", "distributed.client", "distributed.gc"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@contextmanager
def connected(scheduler: Any) -> Iterator[Any]:
    """Hold a connection to a cluster while the block runs.

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
        If no scheduler answers within 5 seconds, or dask.distributed is not installed.
    """
    try:
        # Typed as Any, because distributed has few annotations.
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
    except Exception as error:  # its type depends on what is wrong
        raise ClusterError(f"no scheduler answers at {scheduler}: {error}") from error
    with client:
        yield client


def _client(distributed: Any, scheduler: str) -> Any:
    """Return a client that closes itself if it cannot start.

    Otherwise the garbage collector would close it at any moment. If another client were
    just starting in this thread, the thread would wait for itself.
    """

    class Client(distributed.Client):  # type: ignore[misc]
        def start(self, **options: Any) -> None:
            try:
                super().start(**options)
            except BaseException:
                self.close()
                raise

    return Client(scheduler, timeout=_TIMEOUT, set_as_default=False)


def compute_blocks(blocks: da.Array, scheduler: Any, progress: Progress) -> None:
    """Compute the blocks of an array on a cluster, for their side effects.

    Each block is released as soon as it is done. So if a worker dies, only unfinished
    blocks start again. A block may be computed twice, which must have the same effect.

    Parameters
    ----------
    blocks : dask array
        Its blocks should be small.
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
                # This was the last reference, so the cluster releases the block.
                waiting.discard(future)
                progress(total - len(waiting), total)
        except BaseException:
            client.cancel(list(waiting))
            raise

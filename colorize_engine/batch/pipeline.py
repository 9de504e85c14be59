"""Coloring of many photos in threads.

Each worker thread reads, colors and writes one photo at a time. It hands the lightness
to a thread of the nets and waits for the answer. So the nets stay busy as long as one
worker is ahead, and there are never more photos in memory than workers. On a CPU the
nets have two threads, each with half of the processors: two photos side by side take
less time than one after the other on all processors.
"""

from __future__ import annotations

import copy
import queue
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from colorize_engine.batch.color_photo import color_photo
from colorize_engine.parallel import alone, processors

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from colorize_engine.batch.job import Job
    from colorize_engine.batch.report import Record
    from colorize_engine.batch.settings import Settings
    from colorize_engine.colorizer import Colorizer, Predictor

    Floats = NDArray[np.float32]
    Logits = tuple[Floats, Floats]
    Request = tuple[tuple[Any, ...], Future[Logits]]

T = TypeVar("T")

THREADS = 4
# Of all photos in flight together; a larger photo goes alone.
PIXELS = 1 << 25
# A photo that its worker colors without further threads.
SMALL = 1 << 20
_BATCH = 8
# Seconds after which the main thread looks for signals.
_LOOK = 0.5


class Nets:
    """A predictor that runs another one in its own threads, for many callers.

    Waiting requests of one shape run as a batch, if batches save time.

    Parameters
    ----------
    predictor : Predictor
        Called by one thread only, unless it has an attribute ``concurrent = True``.
    max_calls : int
        Largest number of its calls at a time.
    """

    batched = False

    def __init__(self, predictor: Any, max_calls: int = 1) -> None:
        self._predictor = predictor
        self._limit = _BATCH if _gains_by_batches(predictor) else 1
        self._requests: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._cancelled = False
        self.takes_hints = bool(getattr(predictor, "takes_hints", False))
        self.by_channel = bool(getattr(predictor, "by_channel", False))
        side_by_side = 1
        # Only a single thread collects batches.
        if self._limit == 1 and getattr(predictor, "concurrent", False):
            side_by_side = max(1, min(max_calls, processors()))
        self._threads = [
            threading.Thread(target=self._serve, daemon=True)
            for _ in range(side_by_side)
        ]
        for thread in self._threads:
            thread.start()

    def __call__(self, lightness: Floats, /, *more: Any) -> Logits:
        """Predict as `Predictor` does; wait for a thread of the nets.

        Raises
        ------
        concurrent.futures.CancelledError
            After `cancel`.
        """
        answer: Future[Logits] = Future()
        self._requests.put(((lightness, *more), answer))
        return answer.result()

    def cancel(self) -> None:
        """Make all waiting and future calls raise CancelledError."""
        self._cancelled = True

    def close(self) -> None:
        """End the threads; no call may follow."""
        for _ in self._threads:
            self._requests.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        waiting: list[Request] = []
        open_ = True
        while open_ or waiting:
            if not waiting:
                open_ = self._take(waiting, wait=True)
            # Without batches, leave further requests to the other threads.
            while open_ and self._limit > 1 and not self._requests.empty():
                open_ = self._take(waiting, wait=False)
            if waiting:
                waiting = self._answer_some(waiting)

    def _take(self, waiting: list[Request], *, wait: bool) -> bool:
        """Add a request to `waiting`; return False if no more will come."""
        request = self._requests.get(block=wait)
        if request is not None:
            waiting.append(request)
        return request is not None

    def _answer_some(self, waiting: list[Request]) -> list[Request]:
        """Answer the first request and those of its shape; return the others."""
        first = waiting[0][0]
        # With hints they go alone.
        alike = waiting[:1]
        if len(first) == 1:
            alike = [
                one
                for one in waiting
                if len(one[0]) == 1 and one[0][0].shape == first[0].shape
            ][: self._limit]
        answers = [answer for _, answer in alike]
        try:
            if self._cancelled:
                raise CancelledError
            for answer, logits in zip(answers, self._run(alike), strict=True):
                answer.set_result(logits)
        except BaseException as error:  # the callers get it
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)
        return [one for one in waiting if one[1] not in answers]

    def _run(self, requests: list[Request]) -> list[Logits]:
        if len(requests) == 1:
            return [self._predictor(*requests[0][0])]
        a, b = self._predictor(np.stack([lightness for (lightness,), _ in requests]))
        return list(zip(a, b, strict=True))


def _gains_by_batches(predictor: Predictor) -> bool:
    """Return whether a batch saves time; on a CPU it does not."""
    device = getattr(predictor, "device", None)
    on_cpu = device in (None, "cpu")
    return bool(getattr(predictor, "batched", False)) and not on_cpu


def _as_done(futures: Sequence[Future[T]]) -> Iterator[Future[T]]:
    """Yield futures as they are done.

    A signal that comes just before the main thread waits is noticed when the wait ends.
    So no wait is long, unlike those of `concurrent.futures.as_completed`.
    """
    done: queue.SimpleQueue[Future[T]] = queue.SimpleQueue()
    for future in futures:
        future.add_done_callback(done.put)
    left = len(futures)
    while left:
        with suppress(queue.Empty):
            future = done.get(timeout=_LOOK)
            left -= 1
            yield future


class Budget:
    """Limit on the pixels in memory; a picture above the limit goes alone.

    Parameters
    ----------
    pixels : int
        Largest number at a time.
    """

    def __init__(self, pixels: int = PIXELS) -> None:
        self._room = self._all = pixels
        self._changed = threading.Condition()

    @contextmanager
    def __call__(self, pixels: int) -> Iterator[None]:
        """Wait for room for pixels, then hold it while the block runs."""
        pixels = min(pixels, self._all)
        with self._changed:
            self._changed.wait_for(lambda: pixels <= self._room)
            self._room -= pixels
        try:
            # Threads of a small photo's own would only get in the way of the others.
            with alone() if pixels <= SMALL else nullcontext():
                yield
        finally:
            with self._changed:
                self._room += pixels
                self._changed.notify_all()


class Pipeline:
    """Executor that colors photos in threads of this process.

    Parameters
    ----------
    colorizer : Colorizer
    settings : Settings
    threads : int
        Number of photos in flight.
    work
        Function that processes one photo, by default `color_photo.color_photo`.

    Attributes
    ----------
    stopped : bool
        Whether `stop` was called.

    Examples
    --------
    ::

        pipeline = Pipeline(colorizer, settings)
        for record in pipeline.run(jobs):
            print(record.output, record.status)
    """

    def __init__(
        self,
        colorizer: Colorizer,
        settings: Settings,
        threads: int = THREADS,
        work: Callable[..., Record] = color_photo,
    ) -> None:
        self._colorizer, self._settings, self._work = colorizer, settings, work
        self._threads, self._budget = threads, Budget()
        self.stopped = False
        self._nets: Nets | None = None

    def stop(self) -> None:
        """Start no more photos; finish those being written, drop the others.

        Safe in a signal handler, as it takes no lock.
        """
        self.stopped = True
        if self._nets is not None:
            self._nets.cancel()

    def run(self, jobs: Iterable[Job]) -> Generator[Record]:
        """Color photos; yield the record of each as it is done, in any order.

        The iterator ends early after `stop`. When it ends, is closed or raises, all
        threads have ended.

        Raises
        ------
        BaseException
            Any error in a thread except failures of photos, which are in the records.
        """
        jobs = list(jobs)
        self._nets = Nets(self._colorizer.predictor, min(len(jobs), self._threads // 2))
        served = copy.copy(self._colorizer)
        served.predictor = self._nets
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="photos")
        try:
            futures = [pool.submit(self._color, job, served) for job in jobs]
            for future in _as_done(futures):
                with suppress(CancelledError):
                    if (record := future.result()) is not None:
                        yield record
        finally:
            # After a complete run no request is left to cancel.
            self._nets.cancel()
            pool.shutdown(cancel_futures=True)
            self._nets.close()

    def _color(self, job: Job, colorizer: Colorizer) -> Record | None:
        """Color a photo in a thread of the pool; return None after `stop`."""
        if self.stopped:
            return None
        return self._work(job, self._settings, colorizer, self._budget)

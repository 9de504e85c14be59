"""Photos on a cluster of dask.distributed: a task for each, few of them at a time.

Photos and outputs stay files, which this machine and all workers must see under the
same paths; what travels are jobs and records.
"""

from __future__ import annotations

import os
import queue
import secrets
from collections import deque
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorize_engine.batch import explained, one_line
from colorize_engine.batch.color_photo import failed_record
from colorize_engine.batch.report import ALREADY_DONE
from colorize_engine.cluster.connection import ClusterError, ClusterLost, connected
from colorize_engine.cluster.worker import (
    begin_no_more,
    color_on_worker,
    reason_against,
)
from colorize_engine.files import temporary_name, writing_in
from colorize_engine.stacks import FrameModel

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from colorize_engine.batch import Job, Record, Settings
    from colorize_engine.stacks import ModelLike

# Tasks that a worker holds besides those it runs, so that it has not to wait.
_AHEAD = 2
_DIED = (
    "the workers that began it died, one after the other, also when it was alone; it "
    "may need more memory than they have"
)


class ClusterJobs:
    """Colors photos on a cluster, as `Pipeline` does in this process.

    The photos of a worker that dies are begun again elsewhere. Those whose workers
    die again and again get a last turn, one by one, when all others are done: so none
    pays for another, and each has all the memory.

    Parameters
    ----------
    scheduler : str or distributed.Client
        As in `cluster.connected`.
    model : str, Path or function
        As in ``stacks.predict``. Each worker loads it once; one that has other weights
        of that name refuses.
    device : str
        As in ``Colorizer.from_pretrained``, of the workers.
    settings : Settings

    Attributes
    ----------
    model : FrameModel
    stopped : bool
        Whether `stop` was called.

    Raises
    ------
    ClusterError
        If no scheduler answers, or a worker cannot use the model.
    ModelError
        If there is no such model here.
    """

    def __init__(
        self, scheduler: Any, model: ModelLike, device: str, settings: Settings
    ) -> None:
        self.stopped = False
        self._settings, self._id = settings, secrets.token_hex(8)
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._numbers = count()
        self._was_there: dict[Job, bool] = {}
        with ExitStack() as stack:
            self._client = stack.enter_context(connected(scheduler))
            self.model = FrameModel.of(model, device)
            self._check_workers()
            self._connection = stack.pop_all()

    @property
    def worker_count(self) -> int:
        """How many workers the cluster has."""
        return len(self._client.nthreads())

    def stop(self) -> None:
        """Begin no more photos; finish those that workers have begun.

        May be called from a signal handler: it takes no lock.
        """
        self.stopped = True
        self._events.put(None)

    def run(self, jobs: Iterable[Job]) -> Generator[Record]:
        """Color photos; yield a record of each when it is ready, in any order.

        May be called once: the connection is closed at its end. After `stop` it ends
        early. When the iterator is closed, or an error is raised in it, no worker is at
        it any more.

        Raises
        ------
        ClusterLost
            If the scheduler goes away, or the work is cancelled there.
        """
        jobs, last = list(jobs), []
        killed: Any = import_module("distributed").KilledWorker
        with self._connection, _proof_in(jobs) as proof:
            for job, future in self._finished(jobs, proof, self._room):
                if isinstance(future.exception(), killed):
                    last.append(job)
                elif (record := self._record(job, future)) is not None:
                    yield record
            for job, future in self._finished(last, proof, lambda: 1):
                if isinstance(future.exception(), killed):
                    yield replace(self._blank(job), error=_DIED)
                elif (record := self._record(job, future)) is not None:
                    yield record

    def _check_workers(self) -> None:
        answers = self._client.run(reason_against, self.model, on_error="return")
        for worker, answer in answers.items():
            # A worker that goes away now is none whose fault it is.
            if answer and not isinstance(answer, OSError):
                raise ClusterError(one_line(f"worker {worker}: {answer}"))

    def _room(self) -> int:
        """Count the photos that may be on their way at a time."""
        try:
            threads = self._client.nthreads().values()
        except OSError as error:
            raise ClusterLost(f"the scheduler went away: {error}") from error
        # Without workers so many wait for the first.
        return sum(number + _AHEAD for number in threads) or _AHEAD

    def _finished(
        self, jobs: Iterable[Job], proof: Path | None, room: Callable[[], int]
    ) -> Iterator[tuple[Job, Any]]:
        """Send jobs as there is room; yield each with its future when it is done."""
        waiting = deque(jobs)
        sent: dict[str, tuple[Job, Any]] = {}
        try:
            while True:
                while waiting and not self.stopped and len(sent) < room():
                    job = waiting.popleft()
                    future = self._send(job, proof)
                    sent[future.key] = job, future
                if not sent:
                    return
                done = self._events.get()
                if done is None:
                    self._drop_waiting(sent)
                elif done.key in sent:
                    if done.status in ("lost", "pending"):
                        # Its worker died with the result: another does it again.
                        done.add_done_callback(self._events.put)
                        continue
                    if done.status not in ("finished", "error"):
                        raise ClusterLost("the scheduler went away or dropped the work")
                    yield sent.pop(done.key)
        finally:
            self._drop_waiting(sent)
            for _, future in sent.values():
                # Some may have been among the events before.
                future.add_done_callback(self._events.put)
            while sent and self._client.status == "running":
                done = self._events.get()
                sent.pop(done.key if done else "", None)

    def _send(self, job: Job, proof: Path | None) -> Any:
        """Submit a job; its future is put among the events when it is done."""
        there = all(os.path.lexists(path) for path in job.outputs)
        self._was_there.setdefault(job, there)
        elsewhere = replace(
            job,
            source=job.source.absolute(),
            target=job.target.absolute(),
            probabilities=tuple(path.absolute() for path in job.probabilities),
            # A worker may die after its last byte, and another finds the output.
            resumes=job.resumes or not self._settings.overwrite,
        )
        future = self._client.submit(
            color_on_worker,
            self._id,
            proof,
            elsewhere,
            self._settings,
            self.model,
            key=f"colorize-{self._id}-{next(self._numbers)}",
        )
        future.add_done_callback(self._events.put)
        return future

    def _drop_waiting(self, sent: dict[str, tuple[Job, Any]]) -> None:
        """Cancel what no worker has begun; what remains in `sent` will end soon."""
        if not sent:
            return
        begun: set[str] = set()
        if self._client.status == "running":
            with suppress(OSError):
                answers = self._client.run(begin_no_more, self._id, on_error="ignore")
                begun.update(*answers.values())
        dropped = [sent.pop(key)[1] for key in [*sent] if key not in begun]
        with suppress(OSError):
            self._client.cancel(dropped)

    def _blank(self, job: Job) -> Record:
        return failed_record(job, self._settings, self.model)

    def _record(self, job: Job, future: Any) -> Record | None:
        """Return the record of a job that is finished, with its paths as here.

        None if a worker took it up just when the run was stopped, and left it alone.
        """
        error = future.exception()
        if error is not None:
            return replace(
                self._blank(job), error=one_line(explained(error, job.source))
            )
        record: Record | None = future.result()
        if record is None:
            return None
        if record.notes == (ALREADY_DONE,) and not self._was_there[job]:
            # By this run, on a worker that died before it could tell.
            record = replace(record, status="done", notes=())
        return replace(record, source=str(job.source), output=str(job.target))


@contextmanager
def _proof_in(jobs: list[Job]) -> Iterator[Path | None]:
    """Keep a file among the outputs by which workers know that they see the same.

    Else one would write to a disk of its own, and nobody would find it. There is none
    where it cannot be written: then outputs cannot be either, and each job says so.
    """
    with ExitStack() as stack:
        proof = None
        with suppress(OSError, ValueError):
            parents = [job.target.parent.absolute() for job in jobs]
            folder = Path(os.path.commonpath(parents))
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(writing_in(folder))
            proof = folder / temporary_name()
            proof.touch(exist_ok=False)
            stack.callback(proof.unlink, missing_ok=True)
        yield proof

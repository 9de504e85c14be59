"""Coloring of photos on a cluster of dask.distributed.

Each photo is a task, and few tasks are sent at a time. Only jobs and records travel.
Photos and outputs are files, which this machine and all workers must see under the same
paths.
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
from colorize_engine.cluster.worker import color_on_worker, stop_starting, why_not
from colorize_engine.files import temporary_name, writing_in
from colorize_engine.stacks import FrameModel

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from colorize_engine.batch import Job, Record, Settings
    from colorize_engine.pretrained import Backend
    from colorize_engine.stacks import ModelLike

# Tasks queued at a worker besides those it runs, so that it need not wait.
_AHEAD = 2
_DIED = (
    "the workers that began it died, one after the other, even when it ran alone; it "
    "may need more memory than they have"
)


class ClusterJobs:
    """Executor that colors photos on a cluster, as `Pipeline` does in this process.

    If a worker dies, its photos start again on other workers. Photos whose workers die
    again and again get a last try when all others are done. They then run one by one,
    so that none fails because of another, and each has all the memory.

    Parameters
    ----------
    scheduler : str or distributed.Client
        As in `cluster.connected`.
    model : str, Path or function
        As in ``stacks.predict``. Each worker loads it once, and refuses if its weights
        of that name differ.
    backend : Backend
        What runs the nets of the workers.
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
        If this machine has no such model.
    """

    def __init__(
        self, scheduler: Any, model: ModelLike, backend: Backend, settings: Settings
    ) -> None:
        self.stopped = False
        self._settings, self._id = settings, secrets.token_hex(8)
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._numbers = count()
        self._existed: dict[Job, bool] = {}
        with ExitStack() as stack:
            self._client = stack.enter_context(connected(scheduler))
            self.model = FrameModel.of(model, backend)
            self._check_workers()
            self._connection = stack.pop_all()

    @property
    def worker_count(self) -> int:
        """Number of workers in the cluster."""
        return len(self._client.nthreads())

    def stop(self) -> None:
        """Start no more photos; finish those that workers have begun.

        Safe in a signal handler, as it takes no lock.
        """
        self.stopped = True
        self._events.put(None)

    def run(self, jobs: Iterable[Job]) -> Generator[Record]:
        """Color photos; yield the record of each as it is done, in any order.

        May be called once, as it closes the connection at its end. The iterator ends
        early after `stop`. When it ends, is closed or raises, no worker is coloring any
        more.

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
                    yield replace(self._failed(job), error=_DIED)
                elif (record := self._record(job, future)) is not None:
                    yield record

    def _check_workers(self) -> None:
        answers = self._client.run(why_not, self.model, on_error="return")
        for worker, answer in answers.items():
            # An OSError is no objection: the worker just went away.
            if answer and not isinstance(answer, OSError):
                raise ClusterError(one_line(f"worker {worker}: {answer}"))

    def _room(self) -> int:
        """Return how many photos may be on their way at a time."""
        try:
            threads = self._client.nthreads().values()
        except OSError as error:
            raise ClusterLost(f"the scheduler went away: {error}") from error
        # Without workers, this many wait for the first one.
        return sum(number + _AHEAD for number in threads) or _AHEAD

    def _finished(
        self, jobs: Iterable[Job], proof: Path | None, room: Callable[[], int]
    ) -> Iterator[tuple[Job, Any]]:
        """Send jobs as there is room; yield each with its future as it is done."""
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
                        # The worker died with the result; another one repeats it.
                        done.add_done_callback(self._events.put)
                        continue
                    if done.status not in ("finished", "error"):
                        raise ClusterLost("the scheduler went away or dropped the work")
                    yield sent.pop(done.key)
        finally:
            self._drop_waiting(sent)
            for _, future in sent.values():
                # The event of some may have been read already, so ask for another.
                future.add_done_callback(self._events.put)
            while sent and self._client.status == "running":
                done = self._events.get()
                sent.pop(done.key if done else "", None)

    def _send(self, job: Job, proof: Path | None) -> Any:
        """Submit a job; its future becomes an event when it is done."""
        existing = all(os.path.lexists(path) for path in job.outputs)
        self._existed.setdefault(job, existing)
        elsewhere = replace(
            job,
            source=job.source.absolute(),
            target=job.target.absolute(),
            probabilities=tuple(path.absolute() for path in job.probabilities),
            # A worker may die after it wrote the output; the next one then finds it.
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
        """Cancel the jobs that no worker has begun; keep the others in `sent`."""
        if not sent:
            return
        begun: set[str] = set()
        if self._client.status == "running":
            with suppress(OSError):
                answers = self._client.run(stop_starting, self._id, on_error="ignore")
                begun.update(*answers.values())
        dropped = [sent.pop(key)[1] for key in [*sent] if key not in begun]
        with suppress(OSError):
            self._client.cancel(dropped)

    def _failed(self, job: Job) -> Record:
        return failed_record(job, self._settings, self.model)

    def _record(self, job: Job, future: Any) -> Record | None:
        """Return the record of a finished job, with the paths as they were given.

        Return None if the run was stopped just before a worker colored the photo.
        """
        error = future.exception()
        if error is not None:
            return replace(
                self._failed(job), error=one_line(explained(error, job.source))
            )
        record: Record | None = future.result()
        if record is None:
            return None
        if record.notes == (ALREADY_DONE,) and not self._existed[job]:
            # This run made it, on a worker that died before it could report.
            record = replace(record, status="done", notes=())
        return replace(record, source=str(job.source), output=str(job.target))


@contextmanager
def _proof_in(jobs: list[Job]) -> Iterator[Path | None]:
    """Hold a file in the folder of the outputs; workers must see it.

    A worker that does not see it would write to a disk of its own, where nobody finds
    the outputs. Yield None if the file cannot be written: then the outputs cannot be
    written either, and the error of each job says so.
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

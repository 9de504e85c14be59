"""A run over the photos of a plan: the checks before it, its records, their counts."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from colorize_engine.batch.color_photo import check, failed_record
from colorize_engine.batch.messages import explained
from colorize_engine.batch.report import Record
from colorize_engine.files import removing_leftovers

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from colorize_engine.batch.job import Job
    from colorize_engine.batch.plan import Plan
    from colorize_engine.batch.settings import Settings


class Executor(Protocol):
    """A `batch.Pipeline` in this process, or `cluster.ClusterJobs` on a cluster."""

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""

    def stop(self) -> None:
        """Start no more photos; safe in a signal handler."""

    def run(self, jobs: Iterable[Job]) -> Generator[Record]:
        """Color photos; yield the record of each; end early after `stop`."""


class Tally:
    """The records of a run, and their counts.

    Attributes
    ----------
    records : list of Record
    statuses : Counter of str
        Number of records of each status.
    reasons : Counter of str
        Why photos were skipped.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.statuses: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    def add(self, record: Record) -> None:
        """Keep a record."""
        self.records.append(record)
        self.statuses[record.status] += 1
        if record.status == "skipped":
            self.reasons.update(record.notes)


def ready_jobs(plan: Plan, settings: Settings, tally: Tally) -> list[Job]:
    """Return the jobs of a plan that can start.

    The tally gets failed records of the others, and of folders that cannot be read.
    """
    for error in plan.errors:
        reason = error.strerror or str(error)
        tally.add(Record(str(error.filename), "", "failed", error=reason))
    ready = []
    for job in plan.jobs:
        try:
            check(job, settings)
        except OSError as error:
            reason = explained(error, job.source)
            tally.add(replace(failed_record(job, settings), error=reason))
        else:
            ready.append(job)
    return ready


def color_jobs(executor: Executor, jobs: Sequence[Job]) -> Generator[Record]:
    """Color photos; yield the record of each as it is done.

    What killed runs left in the output folders is removed before and after. Close the
    generator to end the run early.
    """
    with (
        removing_leftovers(job.target.parent for job in jobs),
        closing(executor.run(jobs)) as done,
    ):
        yield from done

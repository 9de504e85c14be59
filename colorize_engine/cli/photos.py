"""A run over many photos: its messages, its report and its end by signals."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from colorize_engine.batch import (
    Tally,
    color_jobs,
    explained,
    one_line,
    ready_jobs,
    write_report,
)
from colorize_engine.cli.console import DONE, SOME_FAILED, STOPPED, complain
from colorize_engine.cluster import ClusterError, ClusterLost
from colorize_engine.pretrained import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from colorize_engine.batch import Executor, Plan, Record, Settings


def color_photos(
    plan: Plan,
    make: Callable[[], Executor],
    settings: Settings,
    report: Path | None = None,
    names: Mapping[str, str] | None = None,
) -> int:
    """Color photos; print the results.

    Parameters
    ----------
    plan : Plan
    make
        Returns the executor; called once, and only if there is something to do.
    settings : Settings
    report : Path or None
        File for the records, also those of a run that was stopped.
    names : mapping of str to str, optional
        What to call files in lines and in the report, ``-`` for standard input and
        output. The name ``-`` of an output is not printed.

    Returns
    -------
    int
        The exit code: 0 if all is done, 1 if some photo failed or the cluster was
        lost, 130 if stopped.
    """
    tally = PrintedTally(names or {})
    began = time.monotonic()
    stopped, whole = False, True
    try:
        stopped = _color(plan, make, settings, tally)
    except ClusterLost as error:
        complain(str(error))
        whole = False
    except (click.UsageError, ClusterError, ModelError):
        # Nothing was begun. A report would stand in the way of the next try.
        report = None
        raise
    finally:
        if report is not None:
            whole &= _reported(report, tally, settings)
    if stopped:
        complain("stopped")
        return STOPPED
    tally.tell_skipped()
    if len(tally.records) > 1:
        complain(summary(tally, time.monotonic() - began))
    return DONE if whole and not tally.statuses["failed"] else SOME_FAILED


def prepare_report(path: Path, *, overwrite: bool) -> None:
    """Create the folder of a report, and check that the report can be written.

    Raises
    ------
    click.UsageError
        If the report exists and may not be replaced, or its folder cannot be created.
    """
    if os.path.lexists(path) and not overwrite:
        raise click.UsageError(f"{path} exists; give --overwrite to replace it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"cannot write {path}: {error.strerror}") from error


class PrintedTally(Tally):
    """The records of a run; a line is printed for each photo that needs one."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self._names = names

    def add(self, record: Record) -> None:
        """Keep a record; print its output, or the error."""
        from tqdm import tqdm

        source, output = (
            self._names.get(path, path) for path in (record.source, record.output)
        )
        record = replace(record, source=source, output=output)
        super().add(record)
        if record.status == "failed":
            complain(f"{record.source}: {record.error}")
        elif record.status == "done":
            for note in record.notes:
                complain(f"{record.source}: note: {note}")
            if record.output == "-":
                return
            tqdm.write(one_line(record.output), file=sys.stdout)
            # A pipe gets the line at once, and raises if its reader is gone.
            sys.stdout.flush()

    def tell_skipped(self) -> None:
        """Print how many photos were skipped, one line per reason."""
        for reason, count in sorted(self.reasons.items()):
            complain(f"skipped: {count:,} {reason}")


def summary(tally: Tally, seconds: float) -> str:
    """Return one line on a run, such as ``37 colored, 2 skipped, 1 failed, 12 s``."""
    words = {"done": "colored", "skipped": "skipped", "failed": "failed"}
    counts = [
        f"{tally.statuses[status]:,} {word}"
        for status, word in words.items()
        if tally.statuses[status]
    ]
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    shown = [f"{value} {unit}" for value, unit in parts if value] or ["under 1 s"]
    return f"{', '.join(counts)}, {' '.join(shown)}"


def _color(
    plan: Plan, make: Callable[[], Executor], settings: Settings, tally: Tally
) -> bool:
    """Color the photos of a plan; return whether the run was stopped."""
    from tqdm import tqdm

    ready = ready_jobs(plan, settings, tally)
    if not ready:
        return False
    executor = make()
    # None shows the bar only if stderr is a terminal; one photo needs none.
    hidden = None if len(plan.jobs) > 1 else True
    bar: Any = tqdm(total=len(ready), unit="photo", disable=hidden, file=sys.stderr)
    with (
        bar,
        stopped_by_signals(executor.stop),
        closing(color_jobs(executor, ready)) as done,
    ):
        for record in done:
            tally.add(record)
            bar.update()
    return executor.stopped


def _reported(path: Path, tally: Tally, settings: Settings) -> bool:
    """Write the report; print an error and return False if that fails."""
    try:
        write_report(path, tally.records, overwrite=settings.overwrite)
    except OSError as error:
        complain(explained(error, path))
        return False
    return True


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at the first Ctrl+C or SIGTERM, and exit at once at the second.

    Only the main thread gets signals; in other threads this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen = 0

    def handle(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen > 1:
            os._exit(STOPPED)
        stop()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""A run over a plan: what cannot start, what is counted, what is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colorize_engine.batch import (
    Record,
    Settings,
    Tally,
    color_jobs,
    plan_jobs,
    ready_jobs,
)
from colorize_engine.files import temporary_name

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from colorize_engine.batch import Job


class Touching:
    """An executor that makes empty outputs."""

    stopped = False

    def __init__(self) -> None:
        self.closed = False

    def stop(self) -> None:
        """Stop before the first job."""
        self.stopped = True

    def run(self, jobs: Iterable[Job]) -> Generator[Record]:
        """Make the outputs one after the other."""
        try:
            for job in jobs:
                job.target.touch()
                yield Record(str(job.source), str(job.target), "done")
        finally:
            self.closed = True


def photos(folder: Path, *names: str) -> list[Path]:
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]


def test_what_cannot_start_is_counted_as_failed(tmp_path: Path) -> None:
    first, second = photos(tmp_path / "in", "a.png", "b.png")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in" / "loop")
    plan = plan_jobs([tmp_path / "in"], str(tmp_path / "out"))
    first.unlink()
    tally = Tally()
    ready = ready_jobs(plan, Settings(saturation=1.5), tally)
    assert [job.source for job in ready] == [second]
    assert tally.statuses == {"failed": 2}
    loop, missing = tally.records
    assert loop.source.endswith("loop")
    assert loop.error
    assert (missing.source, missing.saturation) == (str(first), 1.5)
    assert missing.error == "no such file or directory"


def test_records_are_counted_by_status_and_reason() -> None:
    tally = Tally()
    for number, status in enumerate(("done", "skipped", "skipped", "failed")):
        notes = ("already done",) if status == "skipped" else ("a note",)
        tally.add(Record(f"{number}.png", "", status, notes=notes))
    assert tally.statuses == {"done": 1, "skipped": 2, "failed": 1}
    assert tally.reasons == {"already done": 2}
    assert [record.source[0] for record in tally.records] == ["0", "1", "2", "3"]


def test_leftovers_go_and_a_closed_run_ends(tmp_path: Path) -> None:
    photos(tmp_path / "in", "a.png", "b.png", "c.png")
    (left,) = photos(tmp_path / "out", temporary_name())
    plan = plan_jobs([tmp_path / "in"], str(tmp_path / "out"))
    executor = Touching()
    done = color_jobs(executor, plan.jobs)
    assert next(done).source.endswith("a.png")
    assert not left.exists()
    left.touch()
    done.close()
    assert executor.closed
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]

"""Photos on a cluster of two processes: deaths, refusals, resuming, stopping."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

distributed = pytest.importorskip("distributed")

import carded_stand_ins  # noqa: E402
import stand_ins  # noqa: E402

from colorize_engine import cli  # noqa: E402
from colorize_engine.batch import Job, Settings, plan_jobs  # noqa: E402
from colorize_engine.batch import run as batch_run  # noqa: E402
from colorize_engine.batch.color_photo import color_photo, failed_record  # noqa: E402
from colorize_engine.cli import photos as cli_photos  # noqa: E402
from colorize_engine.cluster import (  # noqa: E402
    ClusterJobs,
    photos,
    worker,
)
from colorize_engine.pretrained import read_card  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from colorize_engine.batch import Record

# Sockets and processes of those that were killed are not closed in order.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:distributed"),
]
PHOTO = data.camera()[100:148, 180:240]
COUNT = 12


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder in which the stand-ins note what they do, slowly, in all tests."""
    folder = tmp_path_factory.mktemp("record")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(stand_ins.RECORD, str(folder))
        patch.setenv(stand_ins.SLOW, "0.2")
        yield folder


@pytest.fixture(scope="module")
def cluster(record: Path) -> Iterator[distributed.LocalCluster]:
    """Two processes of one thread each, for all tests, as they start slowly."""
    import dask

    environment = {
        name: os.environ[name] for name in (stand_ins.RECORD, stand_ins.SLOW)
    }
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            memory_limit=0,
            env=environment,
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def address(cluster: distributed.LocalCluster) -> str:
    return cluster.scheduler_address


@pytest.fixture
def events(record: Path) -> Iterator[Events]:
    """Watch what this test makes the stand-ins note."""
    yield Events(record)
    (record / "die").unlink(missing_ok=True)


class Events:
    """What the stand-ins note from now on."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.before = folder, set(folder.iterdir())

    def __call__(self, kind: str) -> list[int]:
        """Give the process of each event of a kind since the test began."""
        return [
            int(path.name.split("-")[1])
            for path in self.folder.glob(f"{kind}-*")
            if path not in self.before
        ]

    def order_a_death(self, runs: int) -> None:
        """Have the process die that does the run after so many."""
        before = [path for path in self.before if path.name.startswith("run-")]
        (self.folder / "die").write_text(str(len(before) + runs))


def make_photos(folder: Path, count: int = COUNT) -> None:
    folder.mkdir()
    for number in range(count):
        photo = np.roll(PHOTO, number, 1)
        Image.fromarray(photo).save(folder / f"{number:02}.png")


def planned(tmp_path: Path, out: str = "out") -> list[Job]:
    return plan_jobs([tmp_path / "in"], str(tmp_path / out)).jobs


def on_cluster(
    address: str, model: object = carded_stand_ins.make, **settings: object
) -> ClusterJobs:
    return ClusterJobs(address, model, "cpu", Settings(**settings))


def records_of(executor: ClusterJobs, jobs: list[Job]) -> list[Record]:
    return sorted(executor.run(jobs), key=lambda record: record.source)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_killed_worker_costs_nothing_but_time(
    address: str,
    events: Events,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_photos(tmp_path / "in")
    out, report, left = tmp_path / "out", tmp_path / "report.json", []
    cleaned = batch_run.removing_leftovers

    @contextmanager
    def watched(folders: Iterable[Path]) -> Iterator[None]:
        with cleaned(folders):
            yield
            left.extend(out.glob(".*"))

    monkeypatch.setattr(batch_run, "removing_leftovers", watched)
    events.order_a_death(3)
    work, settings = plan_jobs([tmp_path / "in"], str(out)), Settings()
    code = cli_photos.color_photos(work, lambda: on_cluster(address), settings, report)
    said = capsys.readouterr()
    assert code == 0
    assert re.fullmatch(r"colorize: \d+ colored, .* s\n", said.err)
    assert not (events.folder / "die").exists()
    # The one that died was writing.
    assert len(left) == 1
    records = json.loads(report.read_text())
    assert [one["source"] for one in records] == [str(job.source) for job in work.jobs]
    assert {(one["status"], one["error"]) for one in records} == {("done", "")}
    outputs = [str(job.target) for job in work.jobs]
    assert sorted(said.out.splitlines()) == outputs
    # Its photos, and no others, are begun again.
    runs, loads = Counter(events("run")), Counter(events("load"))
    assert COUNT + 1 <= runs.total() <= COUNT + 4
    assert os.getpid() not in runs
    assert len(runs) >= 2
    assert all(loads[process] == 1 for process in runs)
    alone = carded_stand_ins.make()
    for job in planned(tmp_path, "alone"):
        assert color_photo(job, Settings(), alone).status == "done"
    assert content(out) == content(tmp_path / "alone")
    assert sorted(os.listdir(out)) == sorted(path.name for path in map(Path, outputs))


class Lost:
    """Future of a task whose worker died with the result before it was fetched."""

    key, status = "one", "lost"

    def __init__(self, record: Record) -> None:
        self.record = record

    def add_done_callback(self, call: Callable[[Lost], None]) -> None:
        """Another worker is done with it at once."""
        self.status = "finished"
        call(self)

    def exception(self) -> None:
        """Give none."""

    def result(self) -> Record:
        """Give the record."""
        return self.record


def test_a_result_that_died_with_its_worker_is_waited_for_again(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_photos(tmp_path / "in", 1)
    [job], executor = planned(tmp_path), on_cluster(address)
    record = replace(failed_record(job, Settings(), executor.model), status="done")

    def send(job: Job, proof: Path | None) -> Lost:
        future = Lost(record)
        executor._events.put(future)
        return future

    monkeypatch.setattr(executor, "_send", send)
    assert [one.status for one in executor.run([job])] == ["done"]


def test_a_photo_that_kills_every_worker_is_that_photos_error(
    cluster: distributed.LocalCluster,
    address: str,
    events: Events,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The first death makes all suspicious that its worker had at hand.
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    make_photos(tmp_path / "in", 5)
    Image.new("L", (40, 30), 255).save(tmp_path / "in" / "02.png")
    found = records_of(on_cluster(address), planned(tmp_path))
    assert [one.status for one in found] == ["done"] * 2 + ["failed"] + ["done"] * 2
    assert "the workers that began it died" in found[2].error
    assert found[2].model_hash == found[0].model_hash
    # Once with the others about, and once alone.
    assert len(events("run")) >= 4 + 2
    outputs = [job.target.name for job in planned(tmp_path) if job.target.exists()]
    assert outputs == ["00.png", "01.png", "03.png", "04.png"]


def test_the_command_reports_resumes_and_skips_as_it_does_alone(
    address: str,
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    odd = os.fsdecode(b"two\nlines \xff")
    make_photos(tmp_path / "in", 3)
    make_photos(tmp_path / "in" / odd, 1)
    (tmp_path / "in" / "bad.png").write_text("no picture")
    Image.fromarray(data.coffee()).save(tmp_path / "in" / "coffee.png")
    monkeypatch.chdir(tmp_path)

    def call(out: str, *words: str) -> tuple[int, list[str], list[str], list[dict]]:
        report = ["--report", "r.json", "--overwrite"]
        with pytest.raises(SystemExit) as left:
            cli.main(["in", "-o", out, "-m", f"{tiny_model}/", *report, *words])
        said = capsys.readouterr()
        records = json.loads(Path("r.json").read_text())
        # The last line has the seconds.
        err = re.sub(r", [^,]* s$", "", said.err, flags=re.M)
        lines = sorted(said.out.splitlines()), sorted(err.splitlines())
        return left.value.code, *lines, records

    def unlike(records: list[dict]) -> list[dict]:
        """Give all but what differs between two folders and moments."""
        shifted = {"output": "", "seconds": 0}
        return [one | shifted for one in records]

    words = ("--skip-color", "--scheduler", address)
    first, again = call("out", *words), call("out", *words)
    here = call("here", "--skip-color")
    assert first[0] == 1
    assert len(first[1]) == 4
    assert first[1] == [line.replace("here", "out", 1) for line in here[1]]
    assert first[2] == here[2]
    assert unlike(first[3]) == unlike(here[3])
    assert content(tmp_path / "out") == content(tmp_path / "here")
    assert again[:2] == (1, [])
    assert "colorize: skipped: 4 already done" in again[2]
    assert "colorize: skipped: 1 in color" in again[2]
    statuses = Counter(one["status"] for one in again[3])
    assert statuses == {"skipped": 5, "failed": 1}
    code, lines, errors, _ = call("out", "--scheduler", address, "--saturation", "2")
    # The summary comes first in the order of the alphabet, then the bad file.
    assert (code, len(lines), errors[1]) == (1, 5, first[2][1])
    assert errors[0] == "colorize: 5 colored, 1 failed"


def test_a_photo_taken_up_as_the_run_stops_has_no_record() -> None:
    class LeftAlone:
        def exception(self) -> None:
            return None

        def result(self) -> None:
            return None

    jobs_ = object.__new__(ClusterJobs)
    assert jobs_._record(Job(Path("a.png"), Path("b.png")), LeftAlone()) is None


def test_ctrl_c_ends_with_whole_files_a_report_and_an_idle_cluster(
    address: str,
    events: Events,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_photos(tmp_path / "in", 30)
    out, report = tmp_path / "out", tmp_path / "report.json"

    def interrupt() -> None:
        while len(events("run")) < 3:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    work = plan_jobs([tmp_path / "in"], str(out))
    code = cli_photos.color_photos(
        work, lambda: on_cluster(address), Settings(), report
    )
    said = capsys.readouterr()
    assert (code, said.err) == (130, "colorize: stopped\n")
    # What had begun was finished and is told; nothing else was begun.
    runs = len(events("run"))
    records = json.loads(report.read_text())
    assert [one["status"] for one in records] == ["done"] * runs
    assert 3 <= runs < 30
    assert sorted(one["output"] for one in records) == sorted(map(str, out.iterdir()))
    for path in out.iterdir():
        with Image.open(path) as image:
            assert np.asarray(image).shape == (*PHOTO.shape, 3)
    with distributed.Client(address, set_as_default=False) as client:
        assert not any(client.processing().values())
    assert len(events("run")) == runs


def test_few_photos_are_on_their_way_at_a_time(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_photos(tmp_path / "in")
    sent, submit = [], distributed.Client.submit

    def counted(client: object, *arguments: object, **more: object) -> object:
        sent.append(arguments)
        return submit(client, *arguments, **more)

    monkeypatch.setattr(distributed.Client, "submit", counted)
    # Two workers of one thread each, with two photos ahead.
    room = 2 * (1 + 2)
    for done, _ in enumerate(on_cluster(address).run(planned(tmp_path)), 1):
        assert len(sent) - done < room
    assert done == len(sent) == COUNT


def test_who_leaves_early_leaves_no_task(
    address: str, events: Events, tmp_path: Path
) -> None:
    make_photos(tmp_path / "in")
    found = on_cluster(address).run(planned(tmp_path))
    next(found)
    found.close()
    runs = len(events("run"))
    assert runs < COUNT
    assert len(os.listdir(tmp_path / "out")) == runs
    assert not list((tmp_path / "out").glob(".*"))
    with distributed.Client(address, set_as_default=False) as client:
        assert not any(client.processing().values())


def test_what_a_worker_made_before_it_died_is_this_runs(
    address: str, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_photos(tmp_path / "in", 1)
    submit, settings = distributed.Client.submit, Settings()
    jobs = plan_jobs([tmp_path / "in" / "00.png"], str(tmp_path / "one.png")).jobs
    assert not jobs[0].resumes

    def late(
        client: object, work: object, *arguments: object, **more: object
    ) -> object:
        made = color_photo(arguments[2], settings, carded_stand_ins.make())
        assert made.status == "done"
        return submit(client, work, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(distributed.Client, "submit", late)
        (found,) = on_cluster(address).run(jobs)
    assert (found.status, found.notes, found.error) == ("done", (), "")
    (found,) = on_cluster(address).run(jobs)
    assert found.status == "skipped"


def test_a_worker_that_sees_other_folders_says_so_and_writes_nothing(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_photos(tmp_path / "in", 2)
    jobs = planned(tmp_path)
    jobs[0].source.unlink()

    @contextmanager
    def elsewhere(_: object) -> Iterator[Path]:
        yield tmp_path / "not" / "shared"

    with monkeypatch.context() as patch:
        patch.setattr(photos, "_proof_in", elsewhere)
        found = records_of(on_cluster(address), jobs)
    for one, unseen in zip(found, (jobs[0].source, tmp_path / "out"), strict=True):
        assert one.status == "failed"
        assert one.error.startswith("worker tcp://")
        assert f"cannot see {unseen}; all machines need" in one.error
    assert not (tmp_path / "out").exists()


def test_a_worker_with_other_weights_refuses(
    address: str, events: Events, tmp_path: Path
) -> None:
    make_photos(tmp_path / "in", 3)
    executor = on_cluster(address, carded_stand_ins.make_other)
    (events.folder / "other-changed").touch()
    for one in records_of(executor, planned(tmp_path)):
        assert one.status == "failed"
        assert "its weights of 'changed' are" in one.error
        assert one.model_hash in one.error
    assert not events("run")
    assert os.listdir(tmp_path / "out") == []


def call(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[str]]:
    with pytest.raises(SystemExit) as left:
        cli.main([str(word) for word in words])
    said = capsys.readouterr()
    assert said.out == ""
    return left.value.code, said.err.splitlines()


def test_other_weights_are_found_before_any_work(
    address: str,
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_photos(tmp_path / "in", 2)
    card = read_card(tiny_model)
    mine = replace(card, sha256=dict.fromkeys(card.sha256, "0" * 64))
    monkeypatch.setattr("colorize_engine.pretrained.read_card", lambda _: mine)
    words = (tmp_path / "in", "-o", tmp_path / "out", "-m", f"{tiny_model}/")
    code, errors = call(capsys, *words, "--scheduler", address)
    assert (code, len(errors)) == (2, 1)
    assert f"its weights of 'tiny' are {card.model_hash}, not" in errors[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out", ["out", "out.zarr"])
@pytest.mark.parametrize("scheduler", ["tcp://127.0.0.1:9", "nonsense://x", "x"])
def test_a_scheduler_that_is_not_there_is_wrong_usage(
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    out: str,
    scheduler: str,
) -> None:
    monkeypatch.setattr("colorize_engine.cluster.connection._TIMEOUT", 0.5)
    make_photos(tmp_path / "in", 1)
    source = tmp_path / "in"
    if out == "out.zarr":
        zarr, source = pytest.importorskip("zarr"), tmp_path / "film.zarr"
        zarr.save_array(str(source), np.stack([PHOTO, PHOTO]))
    words = (source, "-o", tmp_path / out, "-m", f"{tiny_model}/")
    code, errors = call(capsys, *words, "--scheduler", scheduler)
    assert (code, len(errors)) == (2, 1)
    assert f"no scheduler answers at {scheduler}: " in errors[0]
    assert not (tmp_path / out).exists()


def test_without_distributed_it_says_what_to_install(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_photos(tmp_path / "in", 1)
    monkeypatch.setitem(sys.modules, "distributed", None)
    words = (tmp_path / "in", "-o", tmp_path / "out", "--scheduler", "tcp://x:1")
    code, errors = call(capsys, *words)
    assert (code, len(errors)) == (2, 1)
    assert "pip install 'napari-colorize[cluster]'" in errors[0]


@pytest.mark.usefixtures("one_thread")
def test_a_scheduler_that_goes_away_ends_the_run_with_one_line_and_the_report(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_photos(tmp_path / "in", 30)
    report, add = tmp_path / "report.json", cli_photos.PrintedTally.add
    words = [tmp_path / "in", "-o", tmp_path / "out", "--report", report]
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        pytest.MonkeyPatch.context() as patch,
    ):
        address = cluster.scheduler_address

        def closing(tally: cli_photos.PrintedTally, one: Record) -> None:
            add(tally, one)
            cluster.close()

        patch.setattr(cli_photos.PrintedTally, "add", closing)
        words += ["-m", f"{tiny_model}/", "--scheduler", address]
        with pytest.raises(SystemExit) as left:
            cli.main([str(word) for word in words])
    # The cluster lives in this process here, and may say a word of its own as it ends.
    lines = capsys.readouterr().err.splitlines()
    errors = [line for line in lines if line.startswith("colorize:")]
    assert left.value.code == 1
    assert len(errors) == 1
    assert errors[0].startswith("colorize: the scheduler went away")
    assert 1 <= len(json.loads(report.read_text())) < 30


@pytest.mark.usefixtures("one_thread")
def test_the_nets_get_the_threads_of_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []

    class Model:
        card = None

        def loaded(self, threads: int) -> Any:
            found.append(threads)
            return carded_stand_ins.make()

    monkeypatch.setattr(worker, "_check_weights", lambda *_: None)
    served = worker._colorizer(Model(), 3)
    assert found == [3]
    picture = np.full((8, 8), 90, np.uint8)
    expected = carded_stand_ins.make().predict(picture).colorize()
    np.testing.assert_array_equal(served.predict(picture).colorize(), expected)

"""Many photos in threads: order, errors, bounds, stopping; and runs that are killed."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage import data

import colorize_engine
from colorize_engine import ChannelBins, Colorizer, files
from colorize_engine.batch import Job, Pipeline, Settings, plan_jobs
from colorize_engine.batch.color_photo import color_photo
from colorize_engine.batch.pipeline import Budget, Nets
from colorize_engine.cli import photos as cli_photos
from colorize_engine.pretrained import Card

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(colorize_engine.__file__).parents[1]

PHOTO = data.camera()[100:164, 180:260]
BINS = ChannelBins([-20, 0, 20], [0.2, 0.6, 0.2], [1, 1, 1])


def logits(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    one = np.stack([light / 20, light * 0, -light / 20], axis=-3)
    return one, one


def stand_in(
    predictor: Callable[..., object] = logits, digit: str = "0", **options: object
) -> Colorizer:
    """Return a colorizer without nets that has a card, so that it is known again."""
    bins = {"a": BINS, "b": BINS}
    hashes = {f"{channel}.safetensors": digit * 64 for channel in "ab"}
    card = Card("stand-in", "0", "", {}, bins, sha256=hashes)
    return Colorizer(predictor, BINS, BINS, working_size=32, card=card, **options)


def make_photos(folder: Path, count: int) -> None:
    folder.mkdir()
    for number in range(count):
        Image.fromarray(np.roll(PHOTO, number, 1)).save(folder / f"{number:03}.png")


def planned(tmp_path: Path, **options: object) -> list[Job]:
    return plan_jobs([tmp_path / "in"], str(tmp_path / "out"), **options).jobs


def statuses(jobs_: list[Job], colorizer: Colorizer, **settings: object) -> list[str]:
    found = Pipeline(colorizer, Settings(**settings)).run(jobs_)
    records = sorted(found, key=lambda record: record.source)
    return [record.status for record in records]


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_makes_what_the_photos_make_one_by_one(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 7)
    colorizer = stand_in()
    assert statuses(planned(tmp_path), colorizer) == ["done"] * 7
    alone = plan_jobs([tmp_path / "in"], str(tmp_path / "alone")).jobs
    for job in alone:
        assert color_photo(job, Settings(), colorizer).status == "done"
    assert content(tmp_path / "out") == content(tmp_path / "alone")


def test_a_record_tells_size_model_settings_and_error(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 1)
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    colorizer = stand_in()
    done, bad = sorted(
        Pipeline(colorizer, Settings(saturation=1.5)).run(planned(tmp_path)),
        key=lambda record: record.status != "done",
    )
    assert (done.width, done.height, done.pages) == (80, 64, 1)
    assert (done.model, done.model_hash) == ("stand-in 0", colorizer.card.model_hash)
    assert (done.temperature, done.rebalance) == (0.38, 0.0)
    assert (done.saturation, done.working_size) == (1.5, 32)
    assert done.seconds > 0
    assert (bad.status, bad.width) == ("failed", None)
    assert "no picture format" in bad.error


def test_a_unit_of_work_can_be_sent_elsewhere(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 1)
    sent = pickle.loads(
        pickle.dumps((color_photo, planned(tmp_path)[0], Settings(), stand_in()))
    )
    record = sent[0](*sent[1:])
    assert pickle.loads(pickle.dumps(record)) == record
    assert record.status == "done"


def test_what_is_done_is_known_by_content_and_settings(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 3)
    todo, colorizer = planned(tmp_path), stand_in()
    assert statuses(todo, colorizer) == ["done"] * 3
    before = content(tmp_path / "out")
    assert statuses(todo, colorizer) == ["skipped"] * 3
    # A touched file has the same content, a changed one the same name.
    os.utime(todo[0].source)
    Image.fromarray(PHOTO // 2).save(todo[1].source)
    todo[2].target.unlink()
    assert statuses(todo, colorizer) == ["skipped", "failed", "done"]
    assert content(tmp_path / "out") == before
    expected = ["skipped", "done", "skipped"]
    assert statuses(todo, colorizer, overwrite=True) == expected
    assert statuses(todo, colorizer, saturation=2) == ["failed"] * 3
    assert statuses(todo, stand_in(digit="1")) == ["failed"] * 3
    assert statuses(todo, colorizer, saturation=2, overwrite=True) == ["done"] * 3


def test_a_file_that_is_not_ours_stays_and_is_an_error(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 1)
    (job,) = planned(tmp_path)
    job.target.parent.mkdir()
    job.target.write_bytes(b"precious")
    record = color_photo(job, Settings(), stand_in())
    assert record.status == "failed"
    assert "000.png exists; give --overwrite" in record.error
    assert job.target.read_bytes() == b"precious"


def test_a_predictor_without_a_name_is_never_known_again(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 1)
    nameless = Colorizer(logits, BINS, BINS, working_size=32)
    assert statuses(planned(tmp_path), nameless) == ["done"]
    assert statuses(planned(tmp_path), nameless) == ["failed"]


def test_all_outputs_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "p.tif", np.stack([PHOTO, PHOTO[::-1]]))
    colorizer = stand_in()
    (job,) = planned(tmp_path, probabilities=True)
    record = color_photo(job, Settings(), colorizer)
    assert (record.status, record.pages) == ("done", 2)
    before = content(tmp_path / "out")
    assert len(before) == 3
    assert color_photo(job, Settings(), colorizer).status == "skipped"
    for path in job.outputs:
        path.unlink()
        assert color_photo(job, Settings(), colorizer).status == "done"
        assert content(tmp_path / "out").keys() == before.keys()
    job.probabilities[0].write_bytes(b"precious")
    assert color_photo(job, Settings(), colorizer).status == "failed"


def test_color_is_left_alone_if_so_told(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 1)
    Image.fromarray(data.coffee()).save(tmp_path / "in" / "coffee.png")
    todo = planned(tmp_path)
    found = list(Pipeline(stand_in(), Settings(skip_color=True)).run(todo))
    notes = {Path(record.source).name: record.notes for record in found}
    assert notes == {"000.png": (), "coffee.png": ("in color",)}
    assert os.listdir(tmp_path / "out") == ["000.png"]
    assert statuses(todo, stand_in()) == ["skipped", "done"]


def test_one_thread_calls_the_predictor_and_no_more_photos_than_threads_wait(
    tmp_path: Path,
) -> None:
    make_photos(tmp_path / "in", 12)
    callers, inside, most = set(), [], []
    read = files.read

    def counted(*arguments: object) -> object:
        inside.append(1)
        most.append(len(inside))
        return read(*arguments)

    def watched(light: np.ndarray) -> object:
        callers.add(threading.current_thread().name)
        inside.pop()
        return logits(light)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "read", counted)
        todo = Pipeline(stand_in(watched), Settings(), threads=3).run(planned(tmp_path))
        assert [record.status for record in todo] == ["done"] * 12
    assert len(callers) == 1
    assert max(most) <= 3


def test_requests_of_one_shape_run_as_a_batch_where_that_gains() -> None:
    begun, go, seen = threading.Event(), threading.Event(), []

    class OnDevice:
        batched, device = True, type("Device", (), {"type": "cuda"})

        def __call__(self, light: np.ndarray) -> object:
            begun.set()
            go.wait(60)
            seen.append(light.shape)
            return logits(light)

    nets, found = Nets(OnDevice()), {}
    shapes = [(4, 5)] * 2 + [(6, 5)] + [(4, 5)] * 2

    def ask(row: int) -> None:
        found[row] = nets(np.full(shapes[row], row, np.float32))

    threads = [threading.Thread(target=ask, args=(row,)) for row in range(5)]
    threads[0].start()
    begun.wait(60)
    for thread in threads[1:]:
        thread.start()
    while nets._requests.qsize() < 4:
        time.sleep(0.01)
    go.set()
    for thread in threads:
        thread.join()
    nets.close()
    assert sorted(map(len, seen)) == [2, 2, 3]
    for row, shape in enumerate(shapes):
        expected = logits(np.full(shape, row, np.float32))
        np.testing.assert_array_equal(found[row], expected)


def test_nets_that_gain_by_it_run_photos_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("colorize_engine.batch.pipeline.processors", lambda: 8)
    make_photos(tmp_path / "in", 6)
    meeting = threading.Barrier(2)

    class OnCpu:
        concurrent = True

        def __call__(self, light: np.ndarray) -> object:
            meeting.wait(60)  # for the other one
            return logits(light)

    assert statuses(planned(tmp_path), stand_in(OnCpu())) == ["done"] * 6


@pytest.mark.parametrize("able", [False, True])
def test_nets_claim_no_more_than_their_predictor_can_do(able: bool) -> None:
    def predict(*_: object) -> None:
        """Stand in for nets."""

    predict.takes_hints = predict.by_channel = able  # type: ignore[attr-defined]
    served = Nets(predict)
    try:
        assert (served.takes_hints, served.by_channel) == (able, able)
    finally:
        served.close()


def test_a_pipeline_may_run_again(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 2)
    pipeline = Pipeline(stand_in(), Settings(overwrite=True))
    for status in ("done", "skipped"):
        found = [record.status for record in pipeline.run(planned(tmp_path))]
        assert found == [status] * 2


def test_pixels_wait_for_room_and_a_large_picture_goes_alone() -> None:
    budget, order = Budget(100), []

    def enter(pixels: int) -> None:
        with budget(pixels):
            order.append(pixels)

    with budget(60):
        late = threading.Thread(target=enter, args=(1000,))
        late.start()
        enter(40)
        assert order == [40]
    late.join(60)
    assert order == [40, 1000]


def test_an_error_in_the_nets_is_that_of_its_photo(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 6)
    calls = []

    def fails(light: np.ndarray) -> object:
        calls.append(1)
        if len(calls) % 2:
            raise RuntimeError("the device is gone")
        return logits(light)

    found = list(Pipeline(stand_in(fails), Settings()).run(planned(tmp_path)))
    assert sorted(record.status for record in found) == ["done"] * 3 + ["failed"] * 3
    assert {record.error for record in found} == {"", "the device is gone"}


@pytest.mark.parametrize("error", [SystemExit(), KeyboardInterrupt()])
def test_an_error_in_a_thread_ends_the_run(tmp_path: Path, error: object) -> None:
    make_photos(tmp_path / "in", 9)

    def work(job: Job, *_: object) -> object:
        if job.source.name == "004.png":
            raise error
        return color_photo(job, *_)

    before = threading.active_count()
    with pytest.raises(type(error)):
        list(Pipeline(stand_in(), Settings(), work=work).run(planned(tmp_path)))
    assert threading.active_count() == before
    assert not list((tmp_path / "out").glob(".*"))


def test_who_leaves_early_leaves_no_thread_and_no_half_file(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 20)
    before = threading.active_count()
    found = Pipeline(stand_in(), Settings()).run(planned(tmp_path))
    next(found)
    found.close()
    assert threading.active_count() == before
    written = os.listdir(tmp_path / "out")
    assert 1 <= len(written) < 20
    assert not [name for name in written if name.startswith(".")]


def test_who_waits_for_the_nets_is_freed_by_a_stop() -> None:
    nets = Nets(logits)
    nets.cancel()
    with pytest.raises(CancelledError):
        nets(np.zeros((4, 4), np.float32))
    nets.close()


def test_a_file_another_run_makes_meanwhile_is_taken_for_done(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 1)
    (job,) = planned(tmp_path)

    def overtaken(light: np.ndarray) -> object:
        color_photo(job, Settings(), stand_in())
        return logits(light)

    record = color_photo(job, Settings(), stand_in(overtaken))
    assert (record.status, record.notes) == ("skipped", ("already done",))
    assert len(os.listdir(tmp_path / "out")) == 1


# A run of its own, with the predictor slowed down so that it can be caught at work.
PROGRAM = """
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("helper", sys.argv.pop(1))
helper = importlib.util.module_from_spec(spec)
spec.loader.exec_module(helper)
pause = float(sys.argv.pop(1))
from colorize_engine.cli import command
def slow(light):
    if pause > 60:
        print("waiting", flush=True)
    time.sleep(pause)
    return helper.logits(light)
command.load = lambda *_: helper.stand_in(slow)
if pause > 60:
    from colorize_engine.batch import Pipeline
    stop = Pipeline.stop
    def tells(pipeline):
        stop(pipeline)
        print("stopping", flush=True)
    Pipeline.stop = tells
command.main()
"""


def program(pause: float, *args: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, __file__, str(pause), *map(str, args)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, list[str], list[str]]:
    out, errors = process.communicate(timeout=300)
    return process.returncode, out.splitlines(), errors.splitlines()


def check_outputs(folder: Path, count: int) -> None:
    """Check that there are so many outputs, all whole, and nothing else."""
    paths = sorted(folder.iterdir())
    assert len(paths) == count
    for path in paths:
        with Image.open(path) as image:
            assert np.asarray(image).shape == (*PHOTO.shape, 3)


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 24)
    out = tmp_path / "out"
    with program(0.05, tmp_path / "in", "-o", out) as process:
        process.stdout.readline()
        process.kill()
        process.wait()
    before = {name: data for name, data in content(out).items() if name[0] != "."}
    assert 1 <= len(before) < 24
    # What a run that is killed while it writes leaves behind.
    (out / ".colorize-0123456789ab.part").write_bytes(b"half")
    code, lines, errors = finished(program(0, tmp_path / "in", "-o", out))
    assert (code, len(lines)) == (0, 24 - len(before))
    assert errors[0] == f"colorize: skipped: {len(before)} already done"
    assert f"{24 - len(before)} colored, {len(before)} skipped, " in errors[1]
    check_outputs(out, 24)
    after = content(out)
    assert all(after[name] == data for name, data in before.items())


def test_two_runs_at_once_end_well(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 16)
    report = [tmp_path / f"{number}.json" for number in range(2)]
    runs = [
        program(0.02, tmp_path / "in", "-o", tmp_path / "out", "--report", path)
        for path in report
    ]
    results = [finished(process) for process in runs]
    assert [result[0] for result in results] == [0, 0]
    check_outputs(tmp_path / "out", 16)
    records = [json.loads(path.read_text()) for path in report]
    for both in zip(*records, strict=True):
        assert sorted(record["status"] for record in both)[0] == "done"
        assert "failed" not in {record["status"] for record in both}
    assert sum(len(result[1]) for result in results) == 16


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_with_one_line_a_report_and_no_trace(
    tmp_path: Path, number: int
) -> None:
    make_photos(tmp_path / "in", 200)
    out, report = tmp_path / "out", tmp_path / "r.json"
    with program(0.05, tmp_path / "in", "-o", out, "--report", report) as process:
        process.stdout.readline()
        process.send_signal(number)
        code, _, errors = finished(process)
    assert (code, errors) == (130, ["colorize: stopped"])
    records = json.loads(report.read_text())
    assert 1 <= len(records) < 200
    assert {record["status"] for record in records} == {"done"}
    check_outputs(out, len(records))


def test_a_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 9)
    with program(3600, tmp_path / "in", "-o", tmp_path / "out") as process:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        while (said := process.stdout.readline()) == "waiting\n":
            pass
        assert said == "stopping\n"
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=300) == 130


def test_signals_have_their_handlers_back_after_a_run() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    stopped = []
    with cli_photos.stopped_by_signals(lambda: stopped.append(1)):
        os.kill(os.getpid(), signal.SIGTERM)
    assert stopped == [1]
    after = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert before == after


def test_the_budget_counts_photos_by_their_pixels(tmp_path: Path) -> None:
    make_photos(tmp_path / "in", 4)
    asked, run_ = [], Pipeline(stand_in(), Settings())
    room = run_._budget

    def asking(pixels: int) -> object:
        asked.append(pixels)
        return room(pixels)

    run_._budget = asking
    assert [record.status for record in run_.run(planned(tmp_path))] == ["done"] * 4
    assert asked == [PHOTO.size] * 4

"""Stacks on a cluster of two processes, one of which is killed in the middle."""

from __future__ import annotations

import gc
import os
import signal
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

distributed = pytest.importorskip("distributed")
zarr = pytest.importorskip("zarr")

import stand_ins  # noqa: E402

from colorize_engine import stacks  # noqa: E402
from colorize_engine.cluster import ClusterError, connected  # noqa: E402
from colorize_engine.stackfiles import (  # noqa: E402
    StackSettings,
    color_stack_file,
    open_stack,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Sockets and processes of the one that was killed are not closed in order.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:distributed"),
]
COUNT = 10


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder in which the stand-ins note what they do, slowly."""
    folder = tmp_path / "record"
    folder.mkdir()
    monkeypatch.setenv(stand_ins.RECORD, str(folder))
    monkeypatch.setenv(stand_ins.SLOW, "0.2")
    return folder


@pytest.fixture
def client(record: Path) -> Iterator[distributed.Client]:
    """Two processes of one thread each."""
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            memory_limit=0,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Zarr folder of a resting scene in noise."""
    rng, path = np.random.default_rng(8), tmp_path / "in.zarr"
    scene = rng.integers(0, 200, (16, 20))
    noise = rng.integers(0, 20, (COUNT, 16, 20))
    zarr.create_array(str(path), data=(scene + noise).astype(np.uint8))
    return path


def test_a_client_that_cannot_start_is_closed_and_not_left_to_the_collector() -> None:
    gc.disable()
    try:
        with pytest.raises(ClusterError, match="no scheduler"), connected("odd://x"):
            pass
        left = [o for o in gc.get_objects() if issubclass(type(o), distributed.Client)]
    finally:
        gc.enable()
    assert left
    assert {client.status for client in left} == {"closed"}


@pytest.mark.parametrize(
    ("smoothing", "suffix"), [(0.0, ".zarr"), (0.0, ".tif"), (0.6, ".zarr")]
)
def test_a_killed_worker_costs_nothing_but_time(
    client: distributed.Client,
    source: Path,
    record: Path,
    tmp_path: Path,
    smoothing: float,
    suffix: str,
) -> None:
    target, settings = tmp_path / f"out{suffix}", StackSettings(smoothing=smoothing)
    killed: list[int] = []
    steps: list[int] = []

    def kill(done: int, total: int) -> None:
        assert total == COUNT
        steps.append(done)
        if done == 3 and not killed:
            busiest = Counter(stand_ins.recorded(record, "run")).most_common(1)
            killed.append(busiest[0][0])
            os.kill(killed[0], signal.SIGKILL)

    address = client.scheduler_info()["address"]
    color_stack_file(
        source, target, stand_ins.make, settings, scheduler=address, progress=kill
    )
    loads, runs = (stand_ins.recorded(record, kind) for kind in ("load", "run"))
    assert killed
    assert steps == list(range(COUNT + 1))
    assert set(runs) - {killed[0]}
    # One load in each process that had work, and none of it in this one.
    assert all(number == 1 for number in Counter(loads).values())
    assert set(runs) <= set(loads)
    assert os.getpid() not in runs
    if not smoothing:
        # What was done before is not done again; what was on its way is.
        assert COUNT <= len(runs) <= COUNT + 4
    found = open_stack(target, rgb=True).frames.compute(scheduler="sync")
    frames = zarr.open_array(str(source), mode="r")[:]
    alone = stacks.predict(frames, stand_ins.make, smoothing=smoothing)
    np.testing.assert_array_equal(found, alone.colorize().compute(scheduler="sync"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.zarr",
        f"out{suffix}",
        "record",
    ]


def test_lazy_arrays_run_under_a_client(
    client: distributed.Client, record: Path
) -> None:
    frames = np.random.default_rng(1).integers(0, 255, (4, 12, 12)).astype(np.uint8)
    lazy = stacks.predict(frames, stand_ins.make)
    here = len(stand_ins.recorded(record, "load"))
    rgb, a = client.compute([lazy.colorize(), lazy.probabilities()[0]], sync=True)
    assert len(stand_ins.recorded(record, "run")) == 4
    assert len(stand_ins.recorded(record, "load")) - here <= 2
    for frame, color, shares in zip(frames, rgb, a, strict=True):
        one = stand_ins.make().predict(frame)
        np.testing.assert_array_equal(color, one.colorize())
        np.testing.assert_array_equal(shares, one.a.probabilities)


def test_cancelling_stops_the_cluster_and_leaves_nothing(
    client: distributed.Client, source: Path, record: Path, tmp_path: Path
) -> None:
    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        color_stack_file(
            source,
            tmp_path / "out.zarr",
            stand_ins.make,
            scheduler=client,
            progress=stop,
        )
    assert len(stand_ins.recorded(record, "run")) < COUNT
    assert not (tmp_path / "out.zarr").exists()
    assert client.status == "running"

"""Devices and the precision on each."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import torch

from colorize_engine.pretrained import device

if TYPE_CHECKING:
    from collections.abc import Iterator


def pretend(
    monkeypatch: pytest.MonkeyPatch, *, cuda: int = 0, mps: bool = False
) -> None:
    """Let torch claim to have these devices."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


def test_the_cpu_is_always_there() -> None:
    assert device.available_devices()[-1] == "cpu"
    assert device.choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize(
    ("cuda", "mps", "names"),
    [
        (0, False, ["cpu"]),
        (2, False, ["cuda:0", "cuda:1", "cpu"]),
        (0, True, ["mps", "cpu"]),
    ],
)
def test_the_best_device_comes_first(
    monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool, names: list[str]
) -> None:
    pretend(monkeypatch, cuda=cuda, mps=mps)
    assert device.available_devices() == names
    assert device.choose_device("auto") == torch.device(names[0])
    assert device.choose_device() == torch.device(names[0])


def test_cuda_alone_and_with_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, cuda=2)
    assert device.choose_device("cuda").type == "cuda"
    assert device.choose_device("cuda:1") == torch.device("cuda", 1)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps", "gpu", "", "cpu:9"])
def test_a_missing_device_names_those_that_are_there(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pretend(monkeypatch)
    with pytest.raises(ValueError, match=f"no device '{name}' here; .* auto .* cpu$"):
        device.choose_device(name)


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [
        ("flags : fpu avx2 avx512f", torch.float32),
        ("flags : avx512_bf16", torch.bfloat16),
        ("flags : fpu amx_bf16 amx_tile", torch.bfloat16),
    ],
)
def test_a_cpu_runs_bfloat16_only_with_instructions_for_it(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    flags: str,
    dtype: torch.dtype,
) -> None:
    listing = tmp_path_factory.mktemp("proc") / "cpuinfo"
    listing.write_text(f"processor : 0\n{flags}\n")
    monkeypatch.setattr(device, "Path", lambda _: listing)
    assert device.fast_dtype(torch.device("cpu")) == dtype


def test_a_system_without_a_list_of_flags(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    missing = tmp_path_factory.mktemp("proc") / "cpuinfo"
    monkeypatch.setattr(device, "Path", lambda _: missing)
    assert device.fast_dtype(torch.device("cpu")) == torch.float32


@pytest.mark.parametrize(
    ("capability", "dtype"), [((7, 5), torch.float32), ((8, 0), torch.bfloat16)]
)
def test_precision_on_cuda(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], dtype: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert device.fast_dtype(torch.device("cuda")) == dtype


def test_precision_on_mps() -> None:
    assert device.fast_dtype(torch.device("mps")) == torch.float32


@pytest.fixture
def four_threads() -> Iterator[None]:
    """Let torch have four threads, whatever this machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("four_threads")
def test_two_calls_run_at_once_with_half_of_the_threads_each() -> None:
    meeting = threading.Barrier(2)

    def call() -> tuple[int, int]:
        meeting.wait(timeout=60)  # fails unless the other is here too
        return torch.get_num_threads(), threading.get_ident()

    (first, one), (second, other) = device.run_side_by_side(call, call)
    assert (first, second) == (2, 2)
    assert one != other
    assert torch.get_num_threads() == 4


@pytest.mark.usefixtures("four_threads")
def test_threads_that_begin_later_keep_all_of_torchs_threads() -> None:
    device.run_side_by_side(lambda: 0, lambda: 0)
    with ThreadPoolExecutor(1) as later:
        assert later.submit(torch.get_num_threads).result() == 4


@pytest.mark.usefixtures("four_threads")
def test_an_odd_thread_goes_to_the_first() -> None:
    torch.set_num_threads(3)
    found = device.run_side_by_side(torch.get_num_threads, torch.get_num_threads)
    assert found == (2, 1)


@pytest.mark.usefixtures("four_threads")
def test_with_one_thread_they_run_one_after_the_other_where_they_are() -> None:
    torch.set_num_threads(1)
    here = threading.get_ident()
    found = device.run_side_by_side(threading.get_ident, threading.get_ident)
    assert found == (here, here)


@pytest.mark.usefixtures("four_threads")
def test_a_second_caller_does_not_wait() -> None:
    def call() -> bool:
        here = threading.get_ident()
        inside = device.run_side_by_side(threading.get_ident, threading.get_ident)
        return inside == (here, here)

    assert device.run_side_by_side(call, call) == (True, True)


@pytest.mark.usefixtures("four_threads")
def test_after_an_error_all_goes_on() -> None:
    def fail() -> int:
        raise ZeroDivisionError("here")

    with pytest.raises(ZeroDivisionError, match="here"):
        device.run_side_by_side(lambda: 1, fail)
    assert device.run_side_by_side(lambda: 1, lambda: 2) == (1, 2)
    # Not one after the other because something was left locked:
    here = threading.get_ident()
    assert here not in device.run_side_by_side(threading.get_ident, threading.get_ident)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
@pytest.mark.usefixtures("four_threads")
def test_a_forked_process_has_threads_of_its_own() -> None:
    device.run_side_by_side(lambda: 1, lambda: 2)
    child = os.fork()
    if child == 0:
        same = device.run_side_by_side(lambda: 3, lambda: 4) == (3, 4)
        os._exit(0 if same else 1)
    ended = 0
    for _ in range(600):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        time.sleep(0.1)
    else:
        os.kill(child, signal.SIGKILL)
    assert ended, "the child waits for threads that it has not got"
    assert os.waitstatus_to_exitcode(status) == 0

"""Two nets side by side, each with half of torch's threads."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import torch

from colorize_engine.pretrained import run_side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator


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

    (first, one), (second, other) = run_side_by_side(call, call)
    assert (first, second) == (2, 2)
    assert one != other
    assert torch.get_num_threads() == 4


@pytest.mark.usefixtures("four_threads")
def test_threads_that_begin_later_keep_all_of_torchs_threads() -> None:
    run_side_by_side(lambda: 0, lambda: 0)
    with ThreadPoolExecutor(1) as later:
        assert later.submit(torch.get_num_threads).result() == 4


@pytest.mark.usefixtures("four_threads")
def test_an_odd_thread_goes_to_the_first() -> None:
    torch.set_num_threads(3)
    found = run_side_by_side(torch.get_num_threads, torch.get_num_threads)
    assert found == (2, 1)


@pytest.mark.usefixtures("four_threads")
def test_with_one_thread_they_run_one_after_the_other_where_they_are() -> None:
    torch.set_num_threads(1)
    here = threading.get_ident()
    found = run_side_by_side(threading.get_ident, threading.get_ident)
    assert found == (here, here)


@pytest.mark.usefixtures("four_threads")
def test_a_second_caller_does_not_wait() -> None:
    def call() -> bool:
        here = threading.get_ident()
        inside = run_side_by_side(threading.get_ident, threading.get_ident)
        return inside == (here, here)

    assert run_side_by_side(call, call) == (True, True)


@pytest.mark.usefixtures("four_threads")
def test_after_an_error_all_goes_on() -> None:
    def fail() -> int:
        raise ZeroDivisionError("here")

    with pytest.raises(ZeroDivisionError, match="here"):
        run_side_by_side(lambda: 1, fail)
    assert run_side_by_side(lambda: 1, lambda: 2) == (1, 2)
    # Not one after the other because something was left locked:
    here = threading.get_ident()
    assert here not in run_side_by_side(threading.get_ident, threading.get_ident)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
@pytest.mark.usefixtures("four_threads")
def test_a_forked_process_has_threads_of_its_own() -> None:
    run_side_by_side(lambda: 1, lambda: 2)
    child = os.fork()
    if child == 0:
        same = run_side_by_side(lambda: 3, lambda: 4) == (3, 4)
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

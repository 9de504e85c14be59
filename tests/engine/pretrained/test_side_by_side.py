"""Two calls at once, in threads that are kept."""

from __future__ import annotations

import os
import threading

import pytest
from forked import expect_in_a_fork

from colorize_engine.pretrained.side_by_side import run_side_by_side


def test_two_calls_run_at_once_in_other_threads() -> None:
    meeting = threading.Barrier(2)

    def call() -> int:
        meeting.wait(timeout=60)  # fails unless the other is here too
        return threading.get_ident()

    one, other = run_side_by_side(call, call)
    assert len({one, other, threading.get_ident()}) == 3
    assert {*run_side_by_side(call, call)} == {one, other}


def test_a_second_caller_does_not_wait() -> None:
    def call() -> bool:
        here = threading.get_ident()
        inside = run_side_by_side(threading.get_ident, threading.get_ident)
        return inside == (here, here)

    assert run_side_by_side(call, call) == (True, True)


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
def test_a_forked_process_has_threads_of_its_own() -> None:
    run_side_by_side(lambda: 1, lambda: 2)
    expect_in_a_fork(lambda: run_side_by_side(lambda: 3, lambda: 4) == (3, 4))

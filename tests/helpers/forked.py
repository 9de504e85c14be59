"""A check in a forked process, which must end by itself."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def expect_in_a_fork(check: Callable[[], bool]) -> None:
    """Fail unless a check is true in a fork of this process, within a minute."""
    child = os.fork()
    if child == 0:
        os._exit(0 if check() else 1)
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

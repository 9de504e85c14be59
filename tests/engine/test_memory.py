"""Too little memory: what fits, and one line that says so."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorize_engine import Colorizer
from colorize_engine.bins import ChannelBins
from colorize_engine.memory import fitting_size, free_bytes, is_shortage
from colorize_engine.resize import LARGEST, working_shape

GIGABYTE = 1 << 30
BINS = ChannelBins.unweighted([-20, 0, 20])


@given(
    st.tuples(st.integers(99, 9999), st.integers(99, 9999)),
    st.integers(0, 64 * GIGABYTE),
)
def test_what_fits_needs_no_more_than_is_free(
    shape: tuple[int, int], free: int
) -> None:
    size = fitting_size(shape, free)
    assert size % 32 == 0
    height, width = working_shape(shape, min(size, LARGEST))
    # Sides are rounded; the nets see no more than three short sides at once.
    seen = min(height, 3 * width) - 0.5, min(width, 3 * height) - 0.5
    assert size == 32 or seen[0] * seen[1] * 450 <= 0.7 * free


def test_by_hand() -> None:
    assert fitting_size((1000, 1000), GIGABYTE) == 1280
    assert fitting_size((1000, 3000), GIGABYTE) == 736
    assert fitting_size((1000, 9000), GIGABYTE) == 736
    assert fitting_size((1000, 1000), 0) == 32


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("[ONNXRuntimeError] : Failed to allocate memory for"), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("shapes do not match"), False),
    ],
)
def test_what_is_a_shortage(error: Exception, expected: bool) -> None:
    assert is_shortage(error) is expected

    def nets(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        raise error

    colorizer = Colorizer(nets, BINS, BINS, working_size=99)
    kind = MemoryError if expected else RuntimeError
    match = "for a working size of 99; about [0-9]+ would fit" if expected else "shapes"
    with pytest.raises(kind, match=match):
        colorizer.predict(np.zeros((200, 200), np.uint8))


@pytest.mark.skipif(free_bytes() is None, reason="the system does not tell")
def test_the_shipped_nets_in_little_memory_say_it_in_one_line() -> None:
    script = """
import resource, numpy as np
from colorize_engine import Colorizer
colorizer = Colorizer.from_pretrained("default", "cpu")
colorizer.predict(np.zeros((64, 64), np.uint8))
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 29), -1))
try:
    colorizer.predict(np.zeros((4096, 4096), np.uint8), 4096)
except MemoryError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(
        "there is not enough memory for a working size of 4096; about "
    )

"""Stand-ins for the nets that any process can import by name."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import numpy as np

from colorize_engine import ChannelBins, Colorizer

A_BINS = ChannelBins.unweighted([-50, -25, 0, 25, 50])
B_BINS = ChannelBins([-40, 0, 30, 80], [0.1, 0.5, 0.3, 0.1], [2, 0.5, 1, 1.5])
# A folder in which each load and each run of a net leaves a file.
RECORD, SLOW = "COLORIZE_TEST_RECORD", "COLORIZE_TEST_SECONDS"


def record(kind: str) -> None:
    """Note in the folder that something happened in this process."""
    folder = os.environ.get(RECORD)
    if folder:
        Path(folder, f"{kind}-{os.getpid()}-{secrets.token_hex(4)}").touch()


def recorded(folder: Path, kind: str) -> list[int]:
    """Give the process of each time that something happened."""
    return [int(path.name.split("-")[1]) for path in folder.glob(f"{kind}-*")]


def noisy(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits around a* = L* / 2 - 25 and b* = 50 - L*, noisy by the frame's content."""
    record("run")
    time.sleep(float(os.environ.get(SLOW, "0")))
    rng = np.random.default_rng(np.frombuffer(light.tobytes()[:4096], np.uint32))
    logits = []
    for bins, means in ((A_BINS, light / 2 - 25), (B_BINS, 50 - light)):
        distance = (means - bins.centers[:, None, None]) / 20
        noise = rng.normal(0, 1, (len(bins), *light.shape))
        logits.append((noise - distance**2).astype(np.float32))
    return logits[0], logits[1]


def make() -> Colorizer:
    """Make a colorizer around the noisy stand-in."""
    record("load")
    return Colorizer(
        noisy, A_BINS, B_BINS, temperature=0.5, rebalance=-0.2, working_size=16
    )


def coarse(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the noisy logits of the mean L* of each 4 x 4 pixels."""
    height, width = light.shape[0] // 4, light.shape[1] // 4
    return noisy(light.reshape(height, 4, width, 4).mean((1, 3)))


def make_coarse() -> Colorizer:
    """Make a colorizer around the stand-in with a head stride of 4."""
    return Colorizer(
        coarse,
        A_BINS,
        B_BINS,
        temperature=0.5,
        rebalance=-0.2,
        working_size=18,
        stride=8,
        head_stride=4,
    )

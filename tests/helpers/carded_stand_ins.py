"""A stand-in for a model with a card that any process can import by name."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import stand_ins

from colorize_engine.pretrained import Card

if TYPE_CHECKING:
    import numpy as np

    from colorize_engine import Colorizer


def make(name: str = "stand-in") -> Colorizer:
    """Make a colorizer by whose card its outputs are known again."""
    colorizer = stand_ins.make()
    digit = "1" if (_record() / f"other-{name}").exists() else "0"
    hashes = {f"{channel}.safetensors": digit * 64 for channel in "ab"}
    bins = {"a": stand_ins.A_BINS, "b": stand_ins.B_BINS}
    colorizer.card = Card(name, "0", "", {}, bins, sha256=hashes)
    colorizer.predictor = mortal
    return colorizer


def make_other() -> Colorizer:
    """Make one that is told apart, by processes too, once a file tells them to."""
    return make("changed")


def mortal(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Predict as `noisy`; white kills its process, as does a file, which goes by it.

    The file, named ``die``, tells the number of runs before.
    """
    logits = stand_ins.noisy(light)
    if light.min() > 99:
        os.kill(os.getpid(), signal.SIGKILL)
    order = _record() / "die"
    try:
        if len(stand_ins.recorded(order.parent, "run")) > int(order.read_text()):
            order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
    except FileNotFoundError:
        pass
    return logits


def _record() -> Path:
    return Path(os.environ[stand_ins.RECORD])

"""Hints shown again, stronger where the nets did not follow them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from colorize_engine.bins import GAMUT_RANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from colorize_engine.hints.hint import Hint

# Part of what is missing that is added. On even photos it takes a third off the error
# at true colors and gains 0.3 dB with ten; 1 gains 0.2.
_SHARE = 0.5


def insisting(hints: Sequence[Hint], chroma: NDArray[np.float32]) -> tuple[Hint, ...]:
    """Return hints with colors beyond those that are wanted.

    Parameters
    ----------
    hints
        What a person wants.
    chroma : (2, n) float32
        a* and b* that the nets gave at the n hints when they were shown them.

    Returns
    -------
    tuple of Hint
        Each with half of what is missing on top, within ``bins.GAMUT_RANGE``. An open
        channel stays open; a weak hint insists less.
    """
    return tuple(
        replace(
            hint,
            a=_beyond(hint.a, a, hint.strength, "a"),
            b=_beyond(hint.b, b, hint.strength, "b"),
        )
        for hint, a, b in zip(hints, *chroma.tolist(), strict=True)
    )


def missing(hints: Sequence[Hint], chroma: NDArray[np.float32]) -> float:
    """Return how far the nets are from hints, as the sum of their distances in a* b*.

    Parameters are as for `insisting`.
    """
    return sum(
        math.hypot(
            0 if hint.a is None else hint.a - a, 0 if hint.b is None else hint.b - b
        )
        for hint, a, b in zip(hints, *chroma.tolist(), strict=True)
    )


def _beyond(
    wanted: float | None, found: float, strength: float, channel: str
) -> float | None:
    if wanted is None:
        return None
    low, high = GAMUT_RANGE[channel]
    return min(max(wanted + _SHARE * strength * (wanted - found), low), high)

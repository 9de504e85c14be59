"""What a run shows, against what the nets say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_colorize.runs import Run


def shows(run: Run, expected: np.ndarray) -> bool:
    """Return whether a single picture shows the colors of its nets, in its region."""
    source = run.results.source
    picture = np.asarray(run.layers["colorized"].data)[source.box]
    if source.region is None:
        return np.array_equal(picture, expected)
    inside = source.region.weights(*source.box, source.whole) == 1
    return np.array_equal(picture[inside], expected[inside])

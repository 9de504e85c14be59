"""CIEDE2000 against scikit-image and the paper's own pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis.extra import numpy as hnp
from skimage.color import deltaE_ciede2000

from colorize_engine.color import ciede2000

LABS = hnp.arrays(np.float64, (5, 3), elements={"min_value": -100, "max_value": 100})


@given(LABS, LABS)
def test_it_is_that_of_scikit_image(one: np.ndarray, other: np.ndarray) -> None:
    one[:, 0], other[:, 0] = np.abs(one[:, 0]), np.abs(other[:, 0])
    # Between opposite hues the mean hue jumps, so that the last digit decides.
    across = one[:, 1] * other[:, 2] - one[:, 2] * other[:, 1]
    along = one[:, 1] * other[:, 1] + one[:, 2] * other[:, 2]
    assume(((along >= 0) | (np.abs(across) > 1e-6 * np.abs(along))).all())
    np.testing.assert_allclose(
        ciede2000(one, other), deltaE_ciede2000(one, other), atol=1e-6, rtol=1e-6
    )


# Sharma, Wu, Dalal 2005, table 1: pairs that other implementations got wrong.
PAIRS = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1, 2), (50, 0, 0), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "expected"), PAIRS)
def test_pairs_of_the_paper(one: object, other: object, expected: float) -> None:
    assert ciede2000(one, other) == pytest.approx(expected, abs=1e-4)
    assert ciede2000(other, one) == pytest.approx(expected, abs=1e-4)


def test_equal_colors_and_broadcasting() -> None:
    one = np.array([[50.0, 10, 10], [60, 0, 0]])
    assert ciede2000(one, one).tolist() == [0, 0]
    assert ciede2000(one, [50, 10, 10]).shape == (2,)

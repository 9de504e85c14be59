"""Each metric against a computation of its own, by hand or pixel by pixel."""

import numpy as np
import pytest
from skimage import data

from training.scoring import ChromaScores, metrics


def flat(a, b, side=6):
    return np.stack([np.full((side, side), a), np.full((side, side), b)]).astype("f4")


@pytest.fixture
def pictures():
    """Two different 8-bit photos of one size."""
    return data.astronaut()[:48, 200:248], data.coffee()[100:148, 200:248]


def area(predicted, true):
    """Area under the curve of one photo."""
    scores = ChromaScores()
    scores.add(predicted, true)
    return scores.auc()


@pytest.mark.parametrize(
    ("error", "thresholds_met"),
    [(0, 151), (0.5, 150), (10, 141), (10.01, 140), (150, 1), (151, 0), (400, 0)],
)
def test_auc_of_a_constant_error_is_the_share_of_thresholds_it_meets(
    error, thresholds_met
):
    true = flat(20, -30)
    predicted = true + np.float32([[[0]], [[error]]])
    assert area(predicted, true) == pytest.approx(100 * thresholds_met / 151)


def test_auc_equals_the_mean_of_the_cumulative_curve():
    rng = np.random.default_rng(0)
    true, predicted = rng.uniform(-100, 100, (2, 2, 20, 30))
    error = np.sqrt(((true - predicted) ** 2).sum(0))
    curve = [np.mean(error <= threshold) for threshold in range(151)]
    assert area(predicted, true) == pytest.approx(100 * np.mean(curve))


def test_error_is_the_distance_in_both_channels():
    scores = metrics.error_scores(flat(3, 4, side=1), flat(0, 0, side=1))
    assert scores.tolist() == [[151 - 5]]


def test_color_cells_are_ten_wide_and_start_at_minus_110():
    a = np.array([-110.0, -100.1, -100.0, 0.0, 109.9, 130.0])
    b = np.array([-110.0, -110.0, -110.0, 0.0, 109.9, -130.0])
    cells = metrics.color_cells(np.stack([a, b]))
    assert cells.tolist() == [0, 0, 22, 11 * 22 + 11, 483, 21 * 22]


def test_cell_weights_are_one_over_the_smoothed_share():
    counts = np.zeros((22, 22))
    counts[11, 11], counts[11, 12] = 30, 10
    weights = metrics.cell_weights(counts.ravel()).reshape(22, 22)
    kernel = np.exp(-0.5 * (np.arange(-2, 3) / 0.5) ** 2)
    kernel /= kernel.sum()
    at_center = kernel[2] * (kernel[2] * 0.75 + kernel[1] * 0.25)
    beside = kernel[2] * (kernel[1] * 0.75 + kernel[2] * 0.25)
    assert weights[11, 11] == pytest.approx(1 / at_center)
    assert weights[11, 12] == pytest.approx(1 / beside)
    assert np.count_nonzero(weights) == 2


def test_psnr_of_one_level_in_one_channel(pictures):
    true = np.clip(pictures[0], 0, 254)
    off = true.copy()
    off[..., 1] += 1
    assert metrics.psnr(off, true) == pytest.approx(10 * np.log10(255**2 * 3))
    assert metrics.psnr(true, true) == np.inf


def test_ssim_follows_its_definition_window_by_window(pictures):
    radius, side = 5, 48
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / 1.5) ** 2)
    window = np.outer(kernel, kernel) / kernel.sum() ** 2
    values = []
    for channel in range(3):
        x, y = (picture[..., channel].astype(float) for picture in pictures)
        for i in range(side - 2 * radius):
            for j in range(side - 2 * radius):
                u, v = (p[i : i + 11, j : j + 11] for p in (x, y))
                mu, mv = (window * u).sum(), (window * v).sum()
                vu, vv = (window * (u - mu) ** 2).sum(), (window * (v - mv) ** 2).sum()
                cov = (window * (u - mu) * (v - mv)).sum()
                c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
                luminance = (2 * mu * mv + c1) / (mu**2 + mv**2 + c1)
                values.append(luminance * (2 * cov + c2) / (vu + vv + c2))
    assert metrics.ssim(*pictures) == pytest.approx(np.mean(values), abs=1e-5)
    assert metrics.ssim(pictures[0], pictures[0]) == pytest.approx(1)


def test_colorfulness_of_two_colors_by_hand():
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0] = (200, 100, 50)  # rg 100, yb 100
    picture[1] = (100, 100, 100)  # rg 0, yb 0
    expected = np.sqrt(50**2 + 50**2) + 0.3 * np.sqrt(50**2 + 50**2)
    assert metrics.colorfulness(picture) == pytest.approx(expected, rel=1e-6)
    assert metrics.colorfulness(picture[1:]) == 0


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ],
)
def test_ciede2000_gives_the_published_test_values(first, second, expected):
    pair = [np.full((3, 4, 3), color, np.float32) for color in (first, second)]
    assert metrics.ciede2000(*pair) == pytest.approx(expected, abs=2e-4)


def test_ciede2000_averages_over_pixels():
    true = np.full((1, 2, 3), (50, 0, 0), np.float32)
    lab = true.copy()
    lab[0, 1] = (50, -1, 2)
    assert metrics.ciede2000(lab, true) == pytest.approx(2.3669 / 2, abs=2e-4)


def test_sign_hits_of_sky_count_in_the_top_third_only():
    true = flat(0, -20)
    predicted = flat(0, 5)
    predicted[1, 0] = -1
    predicted[1, 4] = -1
    assert metrics.sign_hits(predicted, true)[0].tolist() == [12, 6]


def test_sign_hits_of_green_count_everywhere_and_zero_is_no_hit():
    true = flat(-10, 10)
    true[0, 0] = -8
    predicted = flat(0, 0)
    predicted[0, 0] = -1
    predicted[0, 5, :2] = -1
    assert metrics.sign_hits(predicted, true).tolist() == [[0, 0], [30, 2]]


def plane(*colors: tuple[float, float]) -> np.ndarray:
    """Chroma (2, 1, n) of these a* and b*."""
    return np.array(colors, np.float32).T[:, None]


def test_hues_are_weighted_by_chroma_and_near_gray_has_none():
    found = metrics.hue_histogram(plane((10, 0), (0, 20), (-30, -0.1), (3, 3)))
    assert found[0] == 10
    assert found[6] == 20
    assert found[12] == pytest.approx(30, abs=0.01)
    assert found.sum() == pytest.approx(60, abs=0.01)
    assert len(found) == 24


@pytest.mark.parametrize(
    ("hue", "magenta"), [(319, 0), (321, 1), (0, 1), (19, 1), (21, 0)]
)
def test_magenta_is_between_320_and_20_degrees(hue, magenta):
    at = np.radians(hue)
    color = (8 * np.cos(at), 8 * np.sin(at))
    np.testing.assert_allclose(
        metrics.magenta_share(plane(color)), [8 * magenta, 8], 1e-6
    )

"""Running sums against the same figures from all pixels at once."""

import numpy as np
import pytest
from skimage import data
from skimage.color import rgb2lab

from colorize_engine import ChannelBins, Distribution, Prediction
from training.scoring import Calibration, ChromaScores, Row, Truth


@pytest.fixture
def chroma():
    """Predicted and true chroma of three photos, unevenly spread over the plane."""
    rng = np.random.default_rng(0)
    true = rng.normal(5, 25, (3, 2, 15, 20))
    return true + rng.normal(0, 20, true.shape), true


def brute_force_rebalanced(predicted, true):
    """Weight every pixel by one over the smoothed histogram, and walk the curve."""
    a, b = true.swapaxes(0, 1).reshape(2, -1)
    edges = np.arange(-110, 111, 10)
    histogram = np.histogram2d(a, b, [edges, edges])[0] / a.size
    offsets = np.arange(-2, 3)
    kernel = np.exp(-0.5 * (offsets / 0.5) ** 2)
    kernel /= kernel.sum()
    smooth = np.zeros((22, 22))
    for i, j in np.argwhere(histogram):
        for u, ku in zip(i + offsets, kernel, strict=True):
            for v, kv in zip(j + offsets, kernel, strict=True):
                if 0 <= u < 22 and 0 <= v < 22:
                    smooth[u, v] += histogram[i, j] * ku * kv
    index = [np.digitize(values, edges) - 1 for values in (a, b)]
    weights = 1 / smooth[index[0], index[1]]
    error = np.sqrt(((predicted - true) ** 2).sum(1)).ravel()
    curve = [weights[error <= t].sum() / weights.sum() for t in range(151)]
    return 100 * np.mean(curve)


def summed(predicted, true):
    scores = ChromaScores()
    for one, other in zip(predicted, true, strict=True):
        scores.add(one, other)
    return scores.summary()


def test_rebalanced_auc_equals_brute_force(chroma):
    assert summed(*chroma)["auc_rebalanced"] == pytest.approx(
        brute_force_rebalanced(*chroma)
    )


def test_raw_auc_pools_the_pixels_of_all_photos(chroma):
    predicted, true = chroma
    error = np.sqrt(((predicted - true) ** 2).sum(1))
    curve = [np.mean(error <= threshold) for threshold in range(151)]
    assert summed(predicted, true)["auc"] == pytest.approx(100 * np.mean(curve))


def test_the_truth_scores_a_hundred_and_has_no_cast(chroma):
    _, true = chroma
    figures = summed(true, true)
    assert figures["auc"] == 100
    assert figures["auc_rebalanced"] == pytest.approx(100)
    assert figures["cast_a"] == figures["cast_b"] == 0
    assert figures["blue_sky"] == figures["green"] == 100


def test_rebalancing_makes_rare_colors_count():
    true = np.zeros((2, 10, 10))
    true[0, 0] = 75
    gray = np.zeros_like(true)
    figures = summed([gray], [true])
    assert figures["auc"] == pytest.approx(100 * (0.9 + 0.1 * 76 / 151))
    assert figures["auc_rebalanced"] == pytest.approx(100 * (0.5 + 0.5 * 76 / 151))


def test_casts_are_signed_means_and_chroma_is_of_the_prediction():
    true = np.zeros((2, 4, 4))
    predicted = np.zeros((2, 4, 4))
    predicted[0], predicted[1, :2] = 3, -4
    figures = summed([predicted], [true])
    assert figures["cast_a"] == 3
    assert figures["cast_b"] == -2
    assert figures["chroma"] == 4
    assert np.isnan(figures["blue_sky"])


def test_calibration_by_hand():
    prior = np.array([0.5, 0.25, 0.25])
    probabilities = np.empty((3, 1, 4))
    probabilities[:] = np.array([0.8, 0.1, 0.1])[:, None, None]
    probabilities[:, 0, 3] = 0.3, 0.6, 0.1
    target = np.array([[0, 0, 2, 1]])
    calibration = Calibration()
    calibration.add(probabilities, target, prior)
    figures = calibration.summary()
    # Three pixels say 0.8 and two of them are right; one says 0.6 and is right.
    assert figures["ece"] == pytest.approx(3 / 4 * (0.8 - 2 / 3) + 1 / 4 * (1 - 0.6))
    log_loss = -np.log([0.8, 0.8, 0.1, 0.6]).mean()
    assert figures["nll"] == pytest.approx(log_loss)
    prior_log_loss = -np.log([0.5, 0.5, 0.25, 0.25]).mean()
    assert figures["prior_nll"] == pytest.approx(prior_log_loss)


def test_confidence_is_pooled_over_photos_before_the_difference_is_taken():
    calibration = Calibration()
    prior = np.array([0.5, 0.5])
    for target in (0, 1):
        # Right everywhere, then wrong everywhere: together as often as it says.
        probabilities = np.full((2, 2, 2), 0.5)
        probabilities[0] += 1e-9
        calibration.add(probabilities, np.full((2, 2), target), prior)
    assert calibration.summary()["ece"] == pytest.approx(0, abs=1e-6)


def test_impossible_colors_cost_much_but_not_infinitely():
    calibration = Calibration()
    calibration.add(np.array([[[1.0]], [[0.0]]]), np.array([[1]]), np.array([1.0, 0]))
    figures = calibration.summary()
    assert figures["nll"] == figures["prior_nll"] == pytest.approx(-np.log(1e-12))


def test_the_gray_version_keeps_lightness_and_nothing_else():
    truth = Truth.of("cat", data.cat()[:64, :64])
    expected = rgb2lab(truth.rgb)[..., 0]
    assert np.abs(truth.lightness - expected).max() < 0.5
    assert truth.gray.dtype == np.uint8
    assert truth.gray.shape == (64, 64)


def test_a_row_of_the_photos_themselves_is_perfect():
    row = Row("truth")
    for name, rgb in (("cat", data.cat()), ("coffee", data.coffee())):
        truth = Truth.of(name, np.ascontiguousarray(rgb[:64, :64]))
        row.add(truth, truth.rgb, truth.chroma)
    figures = row.summary()
    assert figures["auc"] == 100
    assert figures["auc_rebalanced"] == pytest.approx(100)
    assert figures["psnr"] == np.inf
    assert figures["ssim"] == pytest.approx(1)
    assert figures["de00"] == pytest.approx(0, abs=1e-3)
    assert figures["delta_cf"] == 0
    assert figures["l_error"] < 0.2
    assert "ece_a" not in figures


def test_a_distribution_is_compared_with_all_pixels_of_its_cell():
    """Cells of 4 x 4 pixels; the last ones are cut off by the picture."""
    bins = ChannelBins.unweighted([-40.0, 40.0])
    first = np.random.default_rng(0).uniform(0.1, 0.9, (5, 6)).astype(np.float32)
    shares = np.stack([first, 1 - first])
    cells = Distribution(np.log(shares), bins)
    truth = Truth.of("cat", np.ascontiguousarray(data.cat()[:18, :21]))
    prediction = Prediction(truth.gray, truth.lightness, cells, cells, head_stride=4)
    row = Row("coarse")
    row.add(truth, truth.rgb, truth.chroma, prediction)
    figures = row.summary()
    for channel, true in zip("ab", truth.chroma, strict=True):
        right = np.where(true < 0, 0, 1)
        said = np.kron(shares, np.ones((1, 4, 4)))[:, :18, :21]
        expected = -np.log(np.take_along_axis(said, right[None], 0)).mean()
        assert figures[f"nll_{channel}"] == pytest.approx(float(expected), rel=1e-4)


def test_a_gray_row_has_no_color_and_the_cast_of_its_absence():
    truth = Truth.of("cat", data.cat()[:64, :64])
    row = Row("gray")
    rgb = np.repeat(truth.gray[..., None], 3, axis=2)
    row.add(truth, rgb, np.zeros_like(truth.chroma))
    figures = row.summary()
    assert figures["cf"] == figures["chroma"] == 0
    assert figures["l_error"] == pytest.approx(0, abs=1e-4)
    assert figures["cast_b"] == pytest.approx(-truth.chroma[1].mean(), abs=1e-4)
    assert figures["delta_cf"] < 0 < figures["de00"]


def test_hues_of_outputs_and_truths_are_compared_over_the_whole_set():
    scores = ChromaScores()
    red, blue = np.zeros((2, 2, 1, 4))
    red[0], blue[1] = 20, -20
    # As much of either, in other photos: no difference of the set.
    scores.add(red, blue)
    scores.add(blue, red)
    assert scores.summary()["hue_tv"] == 0
    assert scores.summary()["magenta"] == scores.summary()["true_magenta"] == 50
    scores.add(red, blue)
    assert scores.summary()["hue_tv"] == pytest.approx(1 / 3)
    assert scores.summary()["magenta"] == pytest.approx(100 * 2 / 3)
    assert scores.summary()["true_magenta"] == pytest.approx(100 / 3)


def test_without_any_color_there_are_no_hues():
    scores = ChromaScores()
    scores.add(np.zeros((2, 4, 4)), np.full((2, 4, 4), 20.0))
    assert np.isnan(scores.summary()["hue_tv"])
    assert np.isnan(scores.summary()["magenta"])
    assert scores.summary()["true_magenta"] == 0

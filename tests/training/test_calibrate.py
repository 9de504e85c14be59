"""Temperature scaling finds what logits without class weights were multiplied by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from skimage import data

from colorize_engine import ChannelBins, Colorizer
from colorize_engine.decode import rebalanced, softmax
from colorize_engine.pretrained import read_card
from training.calibrate import best_divisor, calibration_figures, fit, main

if TYPE_CHECKING:
    from pathlib import Path

    from colorize_engine import Card

CENTERS = np.arange(-60, 61, 20, dtype=np.float32)
WEIGHTS = np.array([9, 3, 1, 0.5, 1, 3, 0], np.float32)
BINS = ChannelBins(CENTERS, np.full(7, 1 / 7, np.float32), WEIGHTS)


def drawn(factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits and targets: those without class weights are a factor too strong."""
    random = np.random.default_rng(1)
    logits = random.normal(0, 2, (20_000, 7)).astype(np.float32)
    shares = softmax(rebalanced(logits.T, WEIGHTS, -1)).T
    steps = shares.cumsum(axis=1)
    target = (random.random((len(logits), 1)) > steps).sum(axis=1)
    logs = np.log(np.where(WEIGHTS > 0, WEIGHTS, 1))
    scaled = (logits - logs) * np.float32(factor) + logs
    return scaled, np.minimum(target, 5)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_the_factor_of_the_logits_is_found(factor: float) -> None:
    assert best_divisor(*drawn(factor), BINS) == pytest.approx(factor, rel=0.05)


def test_the_error_is_that_of_the_engine_s_probabilities() -> None:
    logits, target = drawn(1.0)
    shares = softmax(rebalanced(logits.T, WEIGHTS, -1) / 1.7)
    sure, hit = shares.max(axis=0), shares.argmax(axis=0) == target
    group = np.floor(sure * 15)
    expected = sum(
        abs((sure - hit)[group == one].sum()) for one in np.unique(group)
    ) / len(target)
    found = calibration_figures(logits, target, BINS, 1.7)
    assert found["ece"] == pytest.approx(expected, rel=1e-4)
    likelihood = -np.log(shares[target, np.arange(len(target))]).mean()
    assert found["nll"] == pytest.approx(float(likelihood), rel=1e-4)
    assert found["ece"] > 2 * calibration_figures(logits, target, BINS, 1.0)["ece"]


def likelihoods(logits: np.ndarray, target: np.ndarray) -> dict[float, float]:
    divisors = np.geomspace(0.34, 2.9, 200).tolist()
    return {d: calibration_figures(logits, target, BINS, d)["nll"] for d in divisors}


def test_a_small_error_is_no_excuse_for_telling_little() -> None:
    # The same answer everywhere, right nine times of ten, else as wrong as can be: to
    # be 90 % sure of it makes what is left as good as impossible.
    shares = np.array([0, 0, 1, 2, 1, 0, 0]) + np.log(np.where(WEIGHTS > 0, WEIGHTS, 1))
    logits = np.tile(shares.astype(np.float32), (5000, 1))
    target = np.where(np.arange(5000) % 10 == 0, 0, 3)
    tried = likelihoods(logits, target)
    least_error = min(
        tried, key=lambda d: calibration_figures(logits, target, BINS, d)["ece"]
    )
    assert tried[least_error] > 1.03 * min(tried.values())
    found = best_divisor(logits, target, BINS)
    assert calibration_figures(logits, target, BINS, found)["nll"] < 1.011 * min(
        tried.values()
    )


def test_a_few_that_are_very_wrong_do_not_decide() -> None:
    logits, target = drawn(1.0)
    # Sure of the first bin, and wrong: one in two hundred.
    logits[::200] = np.where(np.arange(7) == 0, 14, 0)
    target[::200] = 3
    tried = likelihoods(logits, target)
    assert min(tried, key=tried.__getitem__) > 1.05
    assert best_divisor(logits, target, BINS) == pytest.approx(1, abs=0.04)


def overconfident(card: Card | None = None) -> Colorizer:
    """Nets that are sure of the same bins whatever they see, scaled by the card."""
    divisors = (1.0, 1.0) if card is None else card.calibration.values()

    def nets(lightness: np.ndarray) -> tuple[np.ndarray, ...]:
        sure = np.array([0, 0, 1, 2, 1, 0, 0], np.float32)[:, None, None]
        logs = np.log(WEIGHTS + 1e-9)[:, None, None]
        blank = np.zeros(lightness.shape, np.float32)
        return tuple((sure + logs + blank) / divisor for divisor in divisors)

    bins = [BINS.tempered(divisor) for divisor in divisors]
    return Colorizer(nets, *bins, card=card)


def photos() -> list[tuple[str, np.ndarray]]:
    return [("astronaut", data.astronaut()), ("coffee", data.coffee())]


def test_a_net_that_is_too_sure_is_made_less_so() -> None:
    found = fit(photos(), overconfident())
    assert found["a"] > 1.1
    assert found["b"] > 1.1


def test_a_card_s_own_divisors_are_taken_into_account(tiny_model: Path) -> None:
    card = read_card(tiny_model)
    plain = fit(photos(), overconfident(card))
    twice = replace(card, calibration={"a": 2.0, "b": 0.8})
    again = fit(photos(), overconfident(twice))
    # The nets' own logits are the same: so is what they must be divided by, up to where
    # the steps fall.
    assert again["a"] == pytest.approx(plain["a"], rel=0.04)
    assert again["b"] == pytest.approx(plain["b"], rel=0.04)


def test_without_photos_it_says_so() -> None:
    with pytest.raises(ValueError, match="no photo"):
        fit([], overconfident())


def test_the_command_prints_what_export_takes(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    for number in (1, 2, 4):
        Image.fromarray(data.coffee()).save(tmp_path / f"{number}.png")
    main(["--photos", str(tmp_path), "--model", str(tiny_model)])
    words = capsys.readouterr().out.split()
    assert words[0] == "--calibration"
    assert all(0.3 <= float(word) <= 3 for word in words[1:])
    assert len(words) == 3

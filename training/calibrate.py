"""Fit what a model's logits are divided by, so that its probabilities tell the truth.

``python -m training.calibrate --photos val.tar --model MODEL`` prints the divisors of a
and of b for ``training.export --calibration``; ``training.regenerate`` does it itself.
Even-numbered photos are used: figures are reported of the odd ones.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from colorize_engine.colorizer import Colorizer
from colorize_engine.decode import softmax
from training.command import add_choice, add_device, add_model, add_photos
from training.command import run as run_command
from training.photos import find_photos, read_photos, select, square
from training.photos.source import SIDE
from training.scoring import Calibration, Truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from colorize_engine.bins import ChannelBins

    Floats = NDArray[np.float32]

CHANNELS = ("a", "b")
RANGE = (1 / 3, 3.0)
"""Where the divisors are looked for."""
ROUGH, FINE, REACH = 0.1, 0.01, 0.3
"""Steps of their logarithms: over the whole range, then so far around the likeliest."""
TOLERANCE = 1.01
"""Negative log-likelihood allowed, times the least."""
PHOTOS = 500
PIXELS = 1000
"""Pixels drawn from each photo: neighbors tell little more than one of them."""


def told(
    logits: Floats, target: NDArray[np.integer], bins: ChannelBins, divisor: float
) -> dict[str, float]:
    """Measure what logits tell, divided and with the class weights undone.

    Parameters
    ----------
    logits : (N, Q) float32
        As the net gives them.
    target : (N,) int
        The bin whose center is nearest to the true value.
    bins
        Bins and class weights of the channel, for the logits as they are given.
    divisor
        What the logits are divided by, and the logarithms of the class weights too.

    Returns
    -------
    dict
        ``ece`` and ``nll``, see `training.scoring.scores.Calibration.summary`.
    """
    filled = bins.weights > 0
    z = np.full(logits.shape, -np.inf, np.float32)
    z[:, filled] = (logits[:, filled] - np.log(bins.weights[filled])) / divisor
    calibration = Calibration()
    calibration.add(softmax(z.T[:, None]), target[None], bins.prior)
    return calibration.summary()


def best_divisor(
    logits: Floats, target: NDArray[np.integer], bins: ChannelBins
) -> float:
    """Find the divisor of least expected calibration error: temperature scaling.

    It is usually fitted to the likelihood [1]_. That follows the few pixels that a net
    was very wrong about, here until its probabilities were too low for all others. But
    an error by itself can be small where nothing is told any more, so the likelihood
    must be within `TOLERANCE` of the best one. Parameters are those of `told`.

    References
    ----------
    .. [1] Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks.
       ICML 2017.
    """

    def measured(logs: Floats) -> dict[float, dict[str, float]]:
        return {d: told(logits, target, bins, d) for d in np.exp(logs).tolist()}

    rough = measured(np.arange(*np.log(RANGE), ROUGH))
    likeliest = np.log(min(rough, key=lambda divisor: rough[divisor]["nll"]))
    near = measured(np.arange(likeliest - REACH, likeliest + REACH, FINE))
    least = min(found["nll"] for found in near.values())
    good = {d: f["ece"] for d, f in near.items() if f["nll"] <= TOLERANCE * least}
    return float(min(good, key=good.__getitem__))


def fit(
    photos: Iterable[tuple[str, NDArray[np.uint8]]], colorizer: Colorizer, seed: int = 0
) -> dict[str, float]:
    """Fit the divisors of a model on color photos.

    Parameters
    ----------
    photos : iterable of (name, (H, W, 3) uint8 sRGB)
        They are cut to squares as in the evaluation.
    colorizer
        The model, calibrated or not.
    seed
        Of the draw of pixels.

    Returns
    -------
    dict
        For ``a`` and ``b`` the divisor of the net's own logits.

    Raises
    ------
    ValueError
        If there is no photo.
    """
    random = np.random.default_rng(seed)
    logits: dict[str, list[Floats]] = {c: [] for c in CHANNELS}
    targets: dict[str, list[NDArray[np.integer]]] = {c: [] for c in CHANNELS}
    for name, rgb in photos:
        truth = Truth.of(name, square(rgb, SIDE))
        prediction = colorizer.predict(truth.gray, working_size=SIDE)
        pixels = random.integers(0, truth.gray.size, PIXELS)
        for channel, true in zip(CHANNELS, truth.chroma, strict=True):
            distribution = getattr(prediction, channel)
            flat = distribution.logits.reshape(len(distribution.bins), -1)
            logits[channel].append(flat[:, pixels].T)
            nearest = distribution.bins.encode_hard(true.ravel()[pixels])
            targets[channel].append(nearest)
    if not logits["a"]:
        raise ValueError("no photo to calibrate with")
    before = dict.fromkeys(CHANNELS, 1.0)
    if colorizer.card is not None:
        before = colorizer.card.calibration
    divisors = {}
    for channel, bins in zip(CHANNELS, colorizer.bins, strict=True):
        found = best_divisor(
            np.concatenate(logits[channel]), np.concatenate(targets[channel]), bins
        )
        divisors[channel] = round(before[channel] * found, 4)
    return divisors


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.calibrate",
        description="Fit what the logits of a model are divided by.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_photos(parser)
    add_model(parser)
    add_choice(parser, "even", PHOTOS)
    add_device(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = _parser()
    args = parser.parse_args(arguments)

    def work() -> None:
        photos = select(find_photos(args.photos), args.parity, args.limit)
        pictures = read_photos(photos, "calibration")
        found = fit(pictures, Colorizer.from_pretrained(args.model, args.device))
        print(f"--calibration {found['a']} {found['b']}")

    run_command(parser, work)


if __name__ == "__main__":
    main()

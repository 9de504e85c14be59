"""Divisors of a model's logits that calibrate its probabilities.

``python -m training.calibrate --photos val.tar --model MODEL`` prints the divisors of a
and b for ``training.export --calibration``. ``training.regenerate`` fits them itself.
Only even-numbered photos are used, because figures are reported on the odd ones.
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
"""Range in which the divisors are searched."""
ROUGH, FINE, REACH = 0.1, 0.01, 0.3
"""Steps of log(divisor): ROUGH over the range, FINE within REACH of the likeliest."""
TOLERANCE = 1.01
"""Largest allowed negative log-likelihood, relative to the smallest."""
PHOTOS = 500
PIXELS = 1000
"""Pixels drawn from each photo; their neighbors would add little information."""


def calibration_figures(
    logits: Floats, target: NDArray[np.integer], bins: ChannelBins, divisor: float
) -> dict[str, float]:
    """Return ECE and NLL of logits / divisor, with the class weights removed.

    Parameters
    ----------
    logits : (N, Q) float32
        Output of the net, not yet divided.
    target : (N,) int
        Bin whose center is nearest to the true value.
    bins
        Bins of the channel, with the class weights of the undivided logits.
    divisor
        Divides the logits and the logarithms of the class weights.

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
    """Return the divisor with the least expected calibration error.

    This is temperature scaling, which is usually fitted to the likelihood [1]_. The
    likelihood follows the few pixels that a net was very wrong about; here it made the
    probabilities of all others too low. The calibration error alone can be small even
    if the probabilities carry no information, so the negative log-likelihood must be
    within `TOLERANCE` of the smallest. Parameters are those of `calibration_figures`.

    References
    ----------
    .. [1] Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks.
       ICML 2017.
    """

    def measured(logs: Floats) -> dict[float, dict[str, float]]:
        divisors = np.exp(logs).tolist()
        return {d: calibration_figures(logits, target, bins, d) for d in divisors}

    rough = measured(np.arange(*np.log(RANGE), ROUGH))
    likeliest = np.log(min(rough, key=lambda divisor: rough[divisor]["nll"]))
    near = measured(np.arange(likeliest - REACH, likeliest + REACH, FINE))
    least = min(found["nll"] for found in near.values())
    good = {d: f["ece"] for d, f in near.items() if f["nll"] <= TOLERANCE * least}
    return float(min(good, key=good.__getitem__))


def fit(
    photos: Iterable[tuple[str, NDArray[np.uint8]]], colorizer: Colorizer, seed: int = 0
) -> dict[str, float]:
    """Fit the divisors of a model's logits on color photos.

    Parameters
    ----------
    photos : iterable of (name, (H, W, 3) uint8 sRGB)
        Cut to squares as in the evaluation.
    colorizer
        The model, calibrated or not.
    seed
        Seed of the draw of pixels.

    Returns
    -------
    dict
        Divisors of the net's own logits, for ``a`` and ``b``.

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
        prediction = colorizer.predict(truth.gray)
        pixels = random.integers(0, truth.gray.size, PIXELS)
        # Each pixel has the distribution of its cell.
        cells = np.s_[:, *prediction.cells_of(*np.divmod(pixels, SIDE))]
        for channel, true in zip(CHANNELS, truth.chroma, strict=True):
            distribution = getattr(prediction, channel)
            logits[channel].append(distribution.logits[cells].T)
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
        description="Fit the divisors of a model's logits.",
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

"""Running sums of the metrics over photos.

Metrics that are defined over a whole set of photos (area under the curve, casts,
calibration) are summed up photo by photo, so memory does not grow with the set.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import lightness, lightness_to_gray, srgb_to_lab
from training.scoring.metrics import (
    CELLS,
    HUES,
    THRESHOLDS,
    cell_weights,
    ciede2000,
    color_cells,
    colorfulness,
    error_scores,
    hue_histogram,
    magenta_share,
    psnr,
    sign_hits,
    ssim,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from colorize_engine.prediction import Prediction

    Floats = NDArray[np.floating[Any]]


CONFIDENCE_BINS = 15
LEAST_PROBABILITY = 1e-12
"""Lower limit in a logarithm, for colors that the training photos never had."""
GRAY = "gray"
FLOAT32 = ", float32"
"""What the name of a row ends with if its model has nets in 8 bits and ran without."""


class ChromaScores:
    """Running sums over photos that compare predicted chroma with the true one.

    The rebalanced area under the curve needs the density of true colors of the whole
    set. The weights depend only on the cell of the true color, so the scores are summed
    per cell, and one pass over the photos gives the exact figure.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(CELLS * CELLS, np.int64)
        self.scores = np.zeros(CELLS * CELLS, np.int64)
        self.signed_error = np.zeros(2)
        self.chroma = 0.0
        self.signs = np.zeros((2, 2), np.int64)
        # Of the predicted and of the true chroma.
        self.hues = np.zeros((2, HUES))
        self.magenta = np.zeros((2, 2))

    def add(self, chroma: Floats, true: Floats) -> None:
        """Add a photo's predicted and true chroma, both (2, H, W)."""
        cells = color_cells(true).ravel()
        scores = error_scores(chroma, true).ravel()
        # Sums of integers below 2**53 are exact in bincount's float64.
        size = CELLS * CELLS
        self.counts += np.bincount(cells, minlength=size)
        self.scores += np.bincount(cells, scores, minlength=size).astype(np.int64)
        self.signed_error += np.sum(chroma - true, axis=(1, 2), dtype=np.float64)
        self.chroma += float(np.hypot(*chroma).sum(dtype=np.float64))
        self.signs += sign_hits(chroma, true)
        for row, values in enumerate((chroma, true)):
            self.hues[row] += hue_histogram(values)
            self.magenta[row] += magenta_share(values)

    def auc(self) -> float:
        """Return the area under the curve of cumulative color error, in percent.

        This is the share of all pixels whose error ``||ab - ab_true||`` is at most t,
        averaged over the thresholds t = 0, 1, ... 150 (Zhang, Isola, Efros 2016,
        section 3.1). 100 means that no pixel is wrong.
        """
        return 100.0 * float(self.scores.sum() / (self.counts.sum() * THRESHOLDS))

    def auc_rebalanced(self) -> float:
        """Return the area with each pixel weighted by the rarity of its true color.

        In percent. It depends on the set of photos, so compare only figures of one set.
        """
        weights = cell_weights(self.counts)
        total = (weights * self.counts).sum() * THRESHOLDS
        return 100.0 * float((weights * self.scores).sum() / total)

    def hue_tv(self) -> float:
        """Return the total variation between the hues of predictions and of truths.

        Half the sum of the absolute differences of the two histograms, each scaled to a
        sum of 1: 0 for the same hues, 1 for none in common, NaN without any color.
        """
        total = self.hues.sum(1, keepdims=True)
        if not total.all():
            return float("nan")
        predicted, true = self.hues / total
        return float(np.abs(predicted - true).sum() / 2)

    def summary(self) -> dict[str, float]:
        """Return the figures over all pixels so far.

        Returns
        -------
        dict
            ``auc`` and ``auc_rebalanced`` in percent; ``cast_a`` and ``cast_b``, the
            mean signed errors; ``chroma``, the mean predicted chroma; ``hue_tv``, see
            `hue_tv`; ``magenta`` and ``true_magenta``, the percentage of the predicted
            and of the true chroma at magenta hues, see `magenta_share`; ``blue_sky``
            and ``green``, the percentage of pixels with the right sign, see
            `sign_hits`. NaN where there is no such pixel.
        """
        pixels = self.counts.sum()
        wanted, hits = self.signs.T
        shares = np.full(2, np.nan)
        np.divide(100.0 * hits, wanted, out=shares, where=wanted > 0)
        part, whole = self.magenta.T
        magenta = np.full(2, np.nan)
        np.divide(100.0 * part, whole, out=magenta, where=whole > 0)
        return {
            "auc": self.auc(),
            "auc_rebalanced": self.auc_rebalanced(),
            "cast_a": float(self.signed_error[0] / pixels),
            "cast_b": float(self.signed_error[1] / pixels),
            "chroma": float(self.chroma / pixels),
            "hue_tv": self.hue_tv(),
            "magenta": float(magenta[0]),
            "true_magenta": float(magenta[1]),
            "blue_sky": float(shares[0]),
            "green": float(shares[1]),
        }


class Calibration:
    """Running sums for the calibration of a channel's probabilities.

    All pixels are pooled. The probabilities must be at temperature 1 with the class
    weights removed, because weighted ones are meant to be off.

    References
    ----------
    .. [1] Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks.
       ICML 2017. The expected calibration error of the top label, in
       ``CONFIDENCE_BINS`` equal-width bins.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(CONFIDENCE_BINS)
        self.confidence = np.zeros(CONFIDENCE_BINS)
        self.hits = np.zeros(CONFIDENCE_BINS)
        self.log_loss = 0.0
        self.prior_log_loss = 0.0

    def add(
        self, probabilities: Floats, target: NDArray[np.integer[Any]], prior: Floats
    ) -> None:
        """Add the pixels of a photo.

        Parameters
        ----------
        probabilities : (Q, H, W) float
            The channel's distribution at each pixel.
        target : (H, W) int
            Bin whose center is nearest to the true value.
        prior : (Q,) float
            The channel's distribution in the training photos: the constant prediction
            that a useful network beats.
        """
        confidence = probabilities.max(axis=0)
        at_target = np.take_along_axis(probabilities, target[None], axis=0)[0]
        # Same as comparing argmax with the target, which takes 50 times as long.
        hits = at_target == confidence
        group = (confidence.ravel() * CONFIDENCE_BINS).astype(np.int64)
        group = np.minimum(group, CONFIDENCE_BINS - 1)
        size = CONFIDENCE_BINS
        self.counts += np.bincount(group, minlength=size)
        self.confidence += np.bincount(group, confidence.ravel(), minlength=size)
        self.hits += np.bincount(group, hits.ravel(), minlength=size)
        self.log_loss -= _sum_of_logs(at_target)
        self.prior_log_loss -= _sum_of_logs(np.asarray(prior)[target])

    def summary(self) -> dict[str, float]:
        """Return the figures over all pixels so far.

        Returns
        -------
        dict
            ``ece``, the expected calibration error in 0..1; ``nll``, the mean negative
            log-likelihood in nats; ``prior_nll``, that of the constant prior.
        """
        pixels = self.counts.sum()
        return {
            "ece": float(np.abs(self.confidence - self.hits).sum() / pixels),
            "nll": self.log_loss / float(pixels),
            "prior_nll": self.prior_log_loss / float(pixels),
        }


def _sum_of_logs(probabilities: Floats) -> float:
    floored = np.maximum(probabilities, LEAST_PROBABILITY)
    return float(np.log(floored).sum(dtype=np.float64))


@dataclass(frozen=True)
class Truth:
    """A color photo and its gray version.

    Attributes
    ----------
    name : str
        Name of the photo.
    rgb : (H, W, 3) uint8
        The photo.
    lab : (H, W, 3) float32
        The photo in CIE Lab.
    gray : (H, W) uint8
        The photo without color, which the models get.
    lightness : (H, W) float32
        L* of ``gray``, which differs from the photo's by rounding to 8 bits.
    """

    name: str
    rgb: NDArray[np.uint8]
    lab: NDArray[np.float32]
    gray: NDArray[np.uint8]
    lightness: NDArray[np.float32]

    @classmethod
    def of(cls, name: str, rgb: NDArray[np.uint8]) -> Truth:
        """Return the truth of a photo, (H, W, 3) uint8."""
        lab = srgb_to_lab(rgb)
        gray = lightness_to_gray(lab[..., 0])
        return cls(name, rgb, lab, gray, lightness(gray))

    @property
    def chroma(self) -> NDArray[np.float32]:
        """The photo's own a* and b*, (2, H, W) float32."""
        return np.moveaxis(self.lab[..., 1:], -1, 0)


@dataclass
class Row:
    """Running figures of one row of the table.

    Attributes
    ----------
    name : str
        The model, or ``GRAY``.
    photos : list of dict
        Figures of each photo so far.
    """

    name: str
    photos: list[dict[str, float]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    scores: ChromaScores = field(default_factory=ChromaScores)
    calibration: dict[str, Calibration] = field(default_factory=dict)

    def add(
        self,
        truth: Truth,
        rgb: NDArray[np.uint8],
        chroma: NDArray[np.float32],
        prediction: Prediction | None = None,
    ) -> None:
        """Score one photo.

        Parameters
        ----------
        truth : Truth
            The photo.
        rgb : (H, W, 3) uint8
            Its colorized version.
        chroma : (2, H, W) float32
            Its decoded a* and b*, at the photo's size.
        prediction : Prediction, optional
            Its distributions, for the calibration: each is compared with all pixels
            of its cell.
        """
        lab = srgb_to_lab(rgb)
        true_chroma = truth.chroma
        cf = colorfulness(rgb)
        self.scores.add(chroma, true_chroma)
        self.names.append(truth.name)
        self.photos.append(
            {
                "psnr": psnr(rgb, truth.rgb),
                "ssim": ssim(rgb, truth.rgb),
                "cf": cf,
                "delta_cf": cf - colorfulness(truth.rgb),
                "de00": ciede2000(lab, truth.lab),
                "l_error": float(np.abs(lab[..., 0] - truth.lightness).mean()),
            }
        )
        if prediction is None:
            return
        # Each pixel has the distribution of its cell.
        cells = np.s_[
            :, *prediction.cells_of(*np.ogrid[: rgb.shape[0], : rgb.shape[1]])
        ]
        for channel, true in zip("ab", true_chroma, strict=True):
            distribution = getattr(prediction, channel)
            bins = distribution.bins
            self.calibration.setdefault(channel, Calibration()).add(
                distribution.probabilities[cells], bins.encode_hard(true), bins.prior
            )

    def summary(self) -> dict[str, float]:
        """Return the row's figures over all photos so far.

        Returns
        -------
        dict
            Means over photos of ``psnr`` (dB), ``ssim``, ``cf``, ``delta_cf``,
            ``de00`` and ``l_error``; the figures of `ChromaScores.summary`; for each
            channel those of `Calibration.summary`, as ``ece_a`` and so on.
        """
        figures = {
            key: float(np.mean([photo[key] for photo in self.photos]))
            for key in self.photos[0]
        }
        figures |= self.scores.summary()
        for channel, calibration in self.calibration.items():
            for key, value in calibration.summary().items():
                figures[f"{key}_{channel}"] = value
        return figures

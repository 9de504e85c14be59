"""The facade: a picture in, a Prediction out, and from that chroma or color."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from colorize_engine.decode import Distribution
from colorize_engine.prediction import Prediction
from colorize_engine.resize import crop, fit_lightness, pad, working_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from colorize_engine.bins import ChannelBins
    from colorize_engine.pretrained import Card, Model

    Floats = NDArray[np.float32]
    Progress = Callable[[int, int], None]

__all__ = ["Colorizer", "Prediction", "Predictor", "checked_image", "colorize"]

EXPECTED = (
    "expected a gray (H, W) or an RGB(A) (H, W, 3 or 4) array of uint8, uint16, or "
    "float in 0..1"
)
_BATCH = 8
# Floats a rounding error outside 0..1 are taken as the bound.
_TOLERANCE = 1e-4


class Predictor(Protocol):
    """Whatever turns lightness into logits; the nets of a model folder, or your own."""

    def __call__(self, lightness: Floats, /) -> tuple[Floats, Floats]:
        """Turn L* (h, w) in 0..100 into logits (Qa, h, w) and (Qb, h, w)."""


def checked_image(image: object) -> NDArray[Any]:
    """Give the picture as a plain array in native byte order, if it is one.

    Raises
    ------
    ValueError
        If shape, kind or values are not those of a picture; the message says what was
        expected and what came.
    """
    if not isinstance(image, np.ndarray):
        raise ValueError(f"{EXPECTED}; got {type(image).__name__}")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (3, 4)):
        raise ValueError(f"{EXPECTED}; got the shape {image.shape}")
    if image.size == 0:
        raise ValueError(f"{EXPECTED}; got an empty one of shape {image.shape}")
    native = image.dtype.newbyteorder("=")
    if native.kind != "f" and native not in (np.uint8, np.uint16):
        raise ValueError(f"{EXPECTED}; got the type {image.dtype}")
    # No subclass: a masked array would hide values, a matrix keep two axes.
    plain = np.asarray(image).astype(native, copy=False)
    if native.kind == "f":
        # A NaN anywhere makes both of these NaN.
        low, high = float(plain.min()), float(plain.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError(f"{EXPECTED}; got NaN or infinity in it")
        if low < -_TOLERANCE or high > 1 + _TOLERANCE:
            raise ValueError(f"{EXPECTED}; got floats in {low:g}..{high:g}")
    return plain


class Colorizer:
    """Turns pictures into predictions.

    Parameters
    ----------
    predictor
        Any callable from lightness to logits, see ``Predictor``; one with an attribute
        ``batched = True`` takes and gives a leading batch axis too, one with
        ``concurrent = True`` may be called by several threads at once.
    a_bins, b_bins : ChannelBins
        Bins that the logits are over.
    temperature, rebalance
        Where the user gives none.
    working_size : int
        Short side in pixels where the user gives none.
    stride : int
        Heights and widths given to the predictor are multiples of it.
    card : Card or None
        Of the model, for the record.

    Examples
    --------
    >>> from colorize_engine import Colorizer
    >>> colorizer = Colorizer.from_pretrained("default")     # doctest: +SKIP
    >>> rgb = colorizer.predict(gray).colorize()             # doctest: +SKIP
    """

    def __init__(
        self,
        predictor: Predictor,
        a_bins: ChannelBins,
        b_bins: ChannelBins,
        *,
        temperature: float = 0.38,
        rebalance: float = 0.0,
        working_size: int = 256,
        stride: int = 1,
        card: Card | None = None,
    ) -> None:
        self.predictor, self.bins = predictor, (a_bins, b_bins)
        self.temperature, self.rebalance = temperature, rebalance
        self.working_size, self.stride, self.card = working_size, stride, card

    @classmethod
    def from_pretrained(cls, name: str = "default", device: str = "auto") -> Colorizer:
        """Load a model that is shipped with the engine.

        Parameters
        ----------
        name
            See ``colorize_engine.list_models``; what is no such name is taken for a
            model folder.
        device
            ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

        Raises
        ------
        ModelError
            If there is no such model, or if it is broken.
        ValueError
            If there is no such device.
        """
        from colorize_engine.pretrained import load

        return cls._of(load(name, device))

    @classmethod
    def from_folder(cls, path: str | Path, device: str = "auto") -> Colorizer:
        """Load a model folder: ``card.json``, ``a.safetensors``, ``b.safetensors``.

        Parameters
        ----------
        path
            The folder; never the name of a shipped model.
        device
            As in ``from_pretrained``.

        Raises
        ------
        ModelError
            If the folder is missing, broken, truncated or foreign.
        ValueError
            If there is no such device.
        """
        from colorize_engine.pretrained import load

        return cls._of(load(Path(path), device))

    @classmethod
    def _of(cls, model: Model) -> Colorizer:
        card = model.card
        return cls(
            model,
            card.calibrated_bins["a"],
            card.calibrated_bins["b"],
            temperature=card.temperature,
            rebalance=card.rebalance,
            working_size=card.working_size,
            stride=model.stride,
            card=card,
        )

    def predict(
        self,
        image: NDArray[Any],
        working_size: int | None = None,
        progress: Progress | None = None,
    ) -> Prediction:
        """Predict the distributions of a and b of one picture.

        Parameters
        ----------
        image : (H, W) or (H, W, 3 or 4) uint8, uint16, or float in 0..1
            Gray, or sRGB whose lightness is used; alpha is kept for the result. The
            prediction refers to this array: do not change it afterwards.
        working_size
            Short side in pixels at which the nets see the picture, by default the
            model's own, 256 (see ``geometry.working_shape``).
        progress
            Called with (done, total) before and after the nets run; it may raise to
            cancel.

        Raises
        ------
        ValueError
            If the image is none, or the working size is less than 1.
        """
        return self.predict_batch([image], working_size, progress)[0]

    def predict_batch(
        self,
        images: Sequence[NDArray[Any]],
        working_size: int | None = None,
        progress: Progress | None = None,
    ) -> list[Prediction]:
        """Predict several pictures; those of one working shape run together.

        Parameters and errors are those of ``predict``; ``progress`` counts pictures.
        """
        size = self.working_size if working_size is None else working_size
        sources = [checked_image(image) for image in images]
        planes = [
            fit_lightness(image, working_shape((image.shape[0], image.shape[1]), size))
            for image in sources
        ]
        report = progress or (lambda done, total: None)
        report(0, len(planes))
        found: dict[int, Prediction] = {}
        for rows in self._batches(planes):
            logits = self._run([planes[row] for row in rows])
            for row, a, b in zip(rows, *logits, strict=True):
                found[row] = Prediction(
                    sources[row],
                    planes[row],
                    Distribution(a, self.bins[0]),
                    Distribution(b, self.bins[1]),
                    self.temperature,
                    self.rebalance,
                    self.card,
                )
            report(len(found), len(planes))
        return [found[row] for row in range(len(planes))]

    def _batches(self, planes: list[Floats]) -> Iterator[list[int]]:
        """Split the rows into batches of one shape each."""
        limit = _BATCH if getattr(self.predictor, "batched", False) else 1
        by_shape: dict[tuple[int, ...], list[int]] = {}
        for row, plane in enumerate(planes):
            by_shape.setdefault(plane.shape, []).append(row)
        for rows in by_shape.values():
            for first in range(0, len(rows), limit):
                yield rows[first : first + limit]

    def _run(self, planes: list[Floats]) -> list[list[Floats]]:
        """Pad, predict and crop pictures of one shape: logits of a, and of b."""
        padded = np.stack([pad(plane, self.stride) for plane in planes])
        single = len(planes) == 1
        results = self.predictor(padded[0] if single else padded)
        if not isinstance(results, (tuple, list)) or len(results) != 2:
            raise ValueError(
                "expected the logits of a and of b from the predictor, got "
                f"{type(results).__name__}"
            )
        shape = (planes[0].shape[0], planes[0].shape[1])
        lead = () if single else (len(planes),)
        checked = []
        for name, bins, result in zip("ab", self.bins, results, strict=True):
            logits = np.asarray(result, np.float32)
            expected = (*lead, len(bins), *padded.shape[1:])
            if logits.shape != expected:
                raise ValueError(
                    f"expected logits of {name} of shape {expected} from the "
                    f"predictor, got {logits.shape}"
                )
            # -inf is a probability of 0, but somewhere a pixel must have its color.
            if not np.isfinite(logits.max(-3)).all():
                raise ValueError(
                    f"expected finite logits of {name} from the predictor, got NaN or "
                    "infinity"
                )
            # Copies, so that no prediction keeps the others of its batch in memory.
            rows = logits[None] if single else logits
            checked.append([crop(row, shape, self.stride).copy() for row in rows])
        return checked


@lru_cache(maxsize=2)
def _cached(model: str | Path, device: str) -> Colorizer:
    from colorize_engine.pretrained import load

    return Colorizer._of(load(model, device))


def colorize(
    image: NDArray[Any],
    *,
    model: str | Path = "default",
    device: str = "auto",
    working_size: int | None = None,
    temperature: float | None = None,
    rebalance: float | None = None,
    saturation: float = 1.0,
    method: str = "guided",
) -> NDArray[Any]:
    """Color a gray picture in one call.

    The model is kept in memory for the next call.

    Parameters
    ----------
    image, working_size
        As in ``Colorizer.predict``.
    model, device
        Name of a shipped model or a model folder, and where to run it, as in
        ``Colorizer.from_pretrained``.
    temperature, rebalance, saturation, method
        As in ``Prediction.colorize``.

    Returns
    -------
    (H, W, 3 or 4) array of the image's dtype
        sRGB, with the image's alpha if it has one.

    Raises
    ------
    ValueError
        If the image or a setting is not what these take; ``ModelError`` for the model.
    """
    picture = checked_image(image)
    prediction = _cached(model, device).predict(picture, working_size)
    return prediction.colorize(temperature, rebalance, saturation, method=method)

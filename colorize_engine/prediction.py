"""What the nets say about one picture, and the colors that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.color import lab_to_rgb, lightness
from colorize_engine.parallel import spread
from colorize_engine.resize import STRIP_PIXELS
from colorize_engine.upsample import align, check_method, upsample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from colorize_engine.decode import Distribution
    from colorize_engine.pretrained import Card

MAX_SATURATION = 100.0


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the nets say about one picture; colors follow from it without them.

    Attributes
    ----------
    image : (H, W) or (H, W, 3 or 4) array
        The picture itself; a copy only where bytes had to be swapped.
    lightness : (h, w) float32
        L* at the working size, 0..100. It covers the whole picture: a pixel here
        stands for H / h by W / w pixels there.
    a, b : Distribution
        Distributions over the bins of a and of b at the working size.
    temperature, rebalance : float
        Used where the methods are given none.
    card : Card or None
        Of the model, if it was one.
    """

    image: NDArray[Any]
    lightness: NDArray[np.float32]
    a: Distribution
    b: Distribution
    temperature: float = 0.38
    rebalance: float = 0.0
    card: Card | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Full height and width."""
        return self.image.shape[0], self.image.shape[1]

    def decode(
        self,
        temperature: float | None = None,
        rebalance: float | None = None,
        saturation: float = 1.0,
    ) -> NDArray[np.float32]:
        """Turn the distributions into chroma at the working size.

        Parameters
        ----------
        temperature
            T of the annealed mean in 0..1: 1 is the mean, 0 the mode; by default the
            model's own.
        rebalance
            Gamma, the exponent of the class weights: 0 as trained, -1 undoes them,
            above 0 favors rare colors; by default the model's own.
        saturation
            Factor of the chroma in 0..100.

        Returns
        -------
        (2, h, w) float32
            a* and b*.

        Raises
        ------
        ValueError
            If the temperature or the saturation lies outside its range, or the
            rebalance is not finite.
        """
        t = self.temperature if temperature is None else temperature
        gamma = self.rebalance if rebalance is None else rebalance
        if not 0 <= saturation <= MAX_SATURATION:
            raise ValueError(
                f"expected a saturation in 0..{MAX_SATURATION:g}, got {saturation}"
            )
        decoded: dict[str, NDArray[np.float32]] = {}

        def decode(channel: str) -> None:
            decoded[channel] = getattr(self, channel).decode(t, gamma)

        spread(lambda: decode, ("a", "b"))
        chroma = np.stack([decoded["a"], decoded["b"]])
        return np.asarray(chroma * np.float32(saturation))

    def entropy(self) -> NDArray[np.float32]:
        """Uncertainty H(a) + H(b) in bits at the working size: (h, w) float32."""
        return np.asarray(self.a.entropy() + self.b.entropy())

    def colorize(
        self,
        temperature: float | None = None,
        rebalance: float | None = None,
        saturation: float = 1.0,
        *,
        method: str = "guided",
    ) -> NDArray[Any]:
        """Color the picture at its full size, its lightness untouched.

        Parameters
        ----------
        temperature, rebalance, saturation
            As in ``decode``.
        method : {"guided", "bilinear"}
            How the chroma is enlarged: along the edges of L, or plainly. A picture
            that is no larger than the working size has it as predicted.

        Returns
        -------
        (H, W, 3) array of the image's dtype
            sRGB; (H, W, 4) with the image's own alpha if it has one.

        Raises
        ------
        ValueError
            As in ``decode``, or if there is no such method.
        """
        chroma = self.decode(temperature, rebalance, saturation)
        return self.render(chroma, method=method)

    def render(
        self, chroma: NDArray[np.float32], *, method: str = "guided"
    ) -> NDArray[Any]:
        """Color the picture at its full size by chroma that was decoded before.

        Parameters
        ----------
        chroma : (2, h, w) float32
            a* and b* at the working size, as ``decode`` gives them.
        method : {"guided", "bilinear"}
            As in ``colorize``.

        Returns
        -------
        (H, W, 3 or 4) array of the image's dtype
            As from ``colorize``.

        Raises
        ------
        ValueError
            If there is no such method.
        """
        check_method(method)
        height, width = self.shape
        small_height, small_width = self.lightness.shape
        larger = height * width > small_height * small_width
        if method == "guided" and larger:
            chroma = align(chroma, self.lightness)
        has_alpha = self.image.ndim == 3 and self.image.shape[2] == 4
        kind = self.image.dtype
        inner = kind if kind.kind == "u" else np.dtype(np.float32)
        result = np.empty((height, width, 4 if has_alpha else 3), kind)
        # In strips, so that a large picture is never held in float.
        rows = max(1, STRIP_PIXELS // width)

        def color(top: int) -> None:
            strip = self.image[top : top + rows]
            light = lightness(strip)
            at_full = upsample(
                chroma, self.lightness, light, self.shape, top, method=method
            )
            part = result[top : top + rows]
            part[..., :3] = lab_to_rgb(light, at_full, inner)
            if has_alpha:
                part[..., 3] = strip[..., 3]

        spread(lambda: color, range(0, height, rows))
        return result

"""Predictions of the nets, and coloring from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from colorize_engine.decode import MAX_SATURATION, cautious
from colorize_engine.hints import insisting, missing, paint
from colorize_engine.parallel import spread
from colorize_engine.rendering import Pyramid, Rendering
from colorize_engine.upsample import align, check_method, enlarge, upsample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from colorize_engine.decode import Distribution
    from colorize_engine.hints import Hint
    from colorize_engine.pretrained import Card

    Floats = NDArray[np.float32]
    Progress = Callable[[int, int], None]


class Nets(Protocol):
    """Nets that take hints, as a prediction keeps them to ask again."""

    def __call__(
        self, lightness: Floats, planes: Floats, channels: str, /
    ) -> list[Floats]:
        """Return the logits of channels, (n, Q, h', w') each, for n sets of hints.

        Parameters
        ----------
        lightness : (h, w) float32
            Of the prediction.
        planes : (n, 4, h, w) float32
            Hints, as painted.
        channels
            ``"ab"``, ``"a"`` or ``"b"``.
        """


@dataclass(frozen=True, eq=False)
class Prediction:
    """The distributions of a and b predicted for one picture.

    Decoding and coloring do not run the nets again.

    Attributes
    ----------
    image : (H, W) or (H, W, 3 or 4) array
        The picture itself; a copy only if its bytes had to be swapped, or if some of
        its pixels became blank.
    lightness : (h, w) float32
        L* at the working size, 0..100. It covers the whole picture: a pixel here
        stands for H / h by W / w pixels there.
    a, b : Distribution
        Distributions over the bins of a and of b, with logits (Qa, h', w') and
        (Qb, h', w') at the resolution of the nets' heads: one for each cell, a square
        of ``head_stride`` pixels of the working size. h' = ceil(h / head_stride); the
        last cell may reach beyond the picture.
    temperature, rebalance : float
        Defaults of the methods.
    card : Card or None
        The model's card, if the predictor has one.
    head_stride : int
        Side of a cell in pixels of the working size.
    hints : tuple of Hint
        Colors that the nets were shown.
    nets : Nets or None
        What `with_hints` and `ask` run; None for predictions that were kept elsewhere
        or pickled, and for nets that take no hints.
    blank : int
        Number of pixels that were NaN or infinite and are black in ``image``.
    """

    image: NDArray[Any]
    lightness: NDArray[np.float32]
    a: Distribution
    b: Distribution
    temperature: float = 0.38
    rebalance: float = 0.0
    card: Card | None = None
    head_stride: int = 1
    hints: tuple[Hint, ...] = ()
    nets: Nets | None = None
    blank: int = 0

    def __getstate__(self) -> dict[str, Any]:
        # Nets stay in their process.
        return {**self.__dict__, "nets": None}

    @property
    def shape(self) -> tuple[int, int]:
        """Full height and width."""
        return self.image.shape[0], self.image.shape[1]

    def with_hints(self, hints: Iterable[Hint]) -> Prediction:
        """Ask the nets again about the same picture, with other hints.

        They are asked twice: the second time a hint that they did not follow is shown
        stronger, see `hints.insisting`. Of both answers the one that is nearer to the
        hints counts.

        Raises
        ------
        ValueError
            If the nets take no hints, or a hint lies outside the picture.
        """
        return self.with_all([hints])[0]

    def with_all(self, hints: Sequence[Iterable[Hint]]) -> list[Prediction]:
        """Do as `with_hints` for several sets of hints; the nets run them together."""
        given = [tuple(each) for each in hints]
        first = self._of(given, given)
        return self._insisting(first) if any(given) else first

    def insisting(self) -> Prediction:
        """Ask the nets the second time, see `with_hints`."""
        return self._insisting([self])[0]

    def _insisting(self, first: list[Prediction]) -> list[Prediction]:
        stronger = [insisting(each.hints, each._at_hints()) for each in first]
        second = self._of(stronger, [each.hints for each in first])
        return [
            min(pair, key=lambda found: missing(found.hints, found._at_hints()))
            for pair in zip(first, second, strict=True)
        ]

    def _at_hints(self) -> NDArray[np.float32]:
        """Return a* and b* of the cells of the n hints: (2, n) float32."""
        places = np.array([(hint.row, hint.column) for hint in self.hints])
        return self.decode()[:, *self.cells_of(*places.reshape(-1, 2).T)]

    def ask(self, channel: str, hints: Sequence[Iterable[Hint]]) -> NDArray[np.float32]:
        """Ask the net of one channel once about each of several sets of hints.

        Returns
        -------
        (n, Q, h', w') float32
            Logits, as those of ``a`` and ``b``.

        Raises
        ------
        ValueError
            As in ``with_hints``.
        """
        (logits,) = self._logits(channel, [tuple(each) for each in hints])
        return logits

    def _of(
        self, shown: list[tuple[Hint, ...]], given: list[tuple[Hint, ...]]
    ) -> list[Prediction]:
        """Predict with some hints, in place of those that a person gave."""
        a, b = self._logits("ab", shown)
        return [
            replace(
                self,
                a=replace(self.a, logits=of_a),
                b=replace(self.b, logits=of_b),
                hints=hints,
            )
            for of_a, of_b, hints in zip(a, b, given, strict=True)
        ]

    def _logits(
        self, channels: str, hints: list[tuple[Hint, ...]]
    ) -> list[NDArray[np.float32]]:
        if self.nets is None:
            raise ValueError(self._why_no_hints())
        working = (self.lightness.shape[0], self.lightness.shape[1])
        planes = np.stack([paint(shown, self.shape, working) for shown in hints])
        return self.nets(self.lightness, planes, channels)

    def _why_no_hints(self) -> str:
        if self.card is None:
            return "this predictor takes no hints"
        if not all(design.takes_hints for design in self.card.designs.values()):
            return f"the model {self.card.name!r} takes no hints"
        return (
            "this prediction has no nets at hand, as it was made in another process; "
            "predict the picture again to show hints"
        )

    def lightness_at(self, row: float, column: float) -> float:
        """Return the L* of a pixel of the picture, at the working size."""
        (height, width), (full_height, full_width) = self.lightness.shape, self.shape
        y = min(height - 1, int((row + 0.5) * height / full_height))
        x = min(width - 1, int((column + 0.5) * width / full_width))
        return float(self.lightness[y, x])

    def decode(
        self,
        temperature: float | None = None,
        rebalance: float | None = None,
        saturation: float = 1.0,
        caution: float = 0.0,
    ) -> NDArray[np.float32]:
        """Turn the distributions into chroma, one color for each cell.

        Parameters
        ----------
        temperature
            T of the annealed mean in 0..1: 1 is the mean, 0 the mode. By default, the
            model's own.
        rebalance
            Gamma, the exponent of the class weights: 0 as trained, -1 undoes them,
            above 0 favors rare colors. By default, the model's own.
        saturation
            Factor on the chroma, 0..100.
        caution
            How much chroma is taken from where the nets are unsure, 0..1, see
            `decode.cautious`.

        Returns
        -------
        (2, h', w') float32
            a* and b*.

        Raises
        ------
        ValueError
            If the temperature, the saturation or the caution lies outside its range,
            or the rebalance is not finite.
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
        chroma = np.stack([decoded["a"], decoded["b"]]) * np.float32(saturation)
        if caution:
            most = float(np.log2(len(self.a.bins)) + np.log2(len(self.b.bins)))
            return cautious(chroma, self.entropy(), most, caution)
        return np.asarray(chroma)

    def enlarge(self, chroma: NDArray[np.float32]) -> NDArray[np.float32]:
        """Enlarge chroma (2, h', w') as from ``decode`` to the working size (2, h, w).

        Raises
        ------
        ValueError
            If the chroma has another shape.
        """
        height, width = self.lightness.shape
        return enlarge(chroma, (height, width), self.head_stride)

    def at_full_size(self, chroma: NDArray[np.float32]) -> NDArray[np.float32]:
        """Interpolate chroma (2, h', w') as from ``decode`` to the picture: (2, H, W).

        Raises
        ------
        ValueError
            If the chroma has another shape.
        """
        light = np.broadcast_to(np.float32(0), self.shape)
        small = self.enlarge(chroma)
        return upsample(small, self.lightness, light, self.shape, method="bilinear")

    def cells_of(
        self, rows: NDArray[Any], columns: NDArray[Any]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return rows and columns of the cells that pixels of the picture lie in."""
        found = [
            np.clip((at + 0.5) * (small / full), 0, small - 1).astype(np.intp)
            for at, small, full in zip(
                (rows, columns), self.lightness.shape, self.shape, strict=True
            )
        ]
        return found[0] // self.head_stride, found[1] // self.head_stride

    def entropy(self) -> NDArray[np.float32]:
        """Return the uncertainty H(a) + H(b) of each cell in bits: (h', w') float32."""
        return np.asarray(self.a.entropy() + self.b.entropy())

    def colorize(
        self,
        temperature: float | None = None,
        rebalance: float | None = None,
        saturation: float = 1.0,
        caution: float = 0.0,
        *,
        method: str = "guided",
    ) -> NDArray[Any]:
        """Color the picture at its full size; its lightness is kept.

        Parameters
        ----------
        temperature, rebalance, saturation, caution
            As in ``decode``.
        method : {"guided", "bilinear"}
            How the chroma is enlarged: along the edges of L, or by interpolation alone.
            A picture no larger than the working size gets the chroma as predicted.

        Returns
        -------
        (H, W, 3) array of the image's dtype
            sRGB; (H, W, 4) with the image's own alpha if it has one.

        Raises
        ------
        ValueError
            As in ``decode``, or if there is no such method.
        """
        chroma = self.decode(temperature, rebalance, saturation, caution)
        return self.render(chroma, method=method)

    def render(
        self, chroma: NDArray[np.float32], *, method: str = "guided"
    ) -> NDArray[Any]:
        """Color the picture at its full size with chroma already decoded.

        Parameters
        ----------
        chroma : (2, h', w') float32
            a* and b* of each cell, as from ``decode``.
        method : {"guided", "bilinear"}
            As in ``colorize``.

        Returns
        -------
        (H, W, 3 or 4) array of the image's dtype
            As from ``colorize``.

        Raises
        ------
        ValueError
            If there is no such method, or the chroma has another shape.
        """
        return self.rendering(chroma, method=method).whole()

    def rendering(
        self,
        chroma: NDArray[np.float32],
        *,
        method: str = "guided",
        light: Pyramid | None = None,
        corner: tuple[int, int] = (0, 0),
    ) -> Rendering:
        """Return the colors of the picture, to be had for windows and smaller sizes.

        Parameters
        ----------
        chroma, method
            As in ``render``.
        light
            The picture, if it is at hand as a pyramid; or a larger one that it is a
            part of.
        corner
            First row and column of this picture in the larger one.

        Raises
        ------
        ValueError
            As in ``render``.
        """
        check_method(method)
        chroma = self.enlarge(chroma)
        height, width = self.shape
        small_height, small_width = self.lightness.shape
        larger = height * width > small_height * small_width
        if method == "guided" and larger:
            chroma = align(chroma, self.lightness)
        return Rendering(
            light or Pyramid(self.image),
            self.lightness,
            chroma,
            method,
            corner,
            self.shape,
        )

"""The prediction of a photo, and its colors, while they are in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colorize_engine.edit import State
from colorize_engine.rendering import Rendering, WindowCache

if TYPE_CHECKING:
    from colorize_engine.colorizer import Colorizer
    from colorize_engine.decode import DecodeSettings
    from colorize_engine.hints import Hint
    from colorize_engine.prediction import Prediction
    from colorize_engine.rendering import Pyramid


class HeldColors:
    """The prediction of one photo with its hints, and what is rendered from it.

    The nets run when it is made, and when hints change. One thread uses it at a time.

    Parameters
    ----------
    light
        The gray photo.
    colorizer
        The model.

    Attributes
    ----------
    predicted : Prediction
        With the hints of ``use_hints``.
    """

    def __init__(self, light: Pyramid, colorizer: Colorizer) -> None:
        self._light, self._colorizer = light, colorizer
        self.predicted = self._plain = colorizer.predict(light.image)
        self._colors, self._state = WindowCache(Rendering.gray(light)), State()
        self._variants: dict[int, list[Prediction]] = {}

    def use_hints(self, hints: tuple[Hint, ...]) -> None:
        """Predict with these hints, if they are others than before."""
        if self.predicted.hints != hints:
            self._variants.clear()
            self.predicted = self._plain.with_hints(hints) if hints else self._plain

    def colors(self, settings: DecodeSettings, *, draft: bool) -> WindowCache:
        """Return the colors with these settings; a draft is not kept."""
        # Of this state: a slider may have gone on meanwhile.
        state = State(self.predicted.hints, settings)
        if self._state == state:
            return self._colors
        colors = WindowCache(self.render(self.predicted, settings, draft=draft))
        if not draft:
            self._colors, self._state = colors, state
        return colors

    def render(
        self, prediction: Prediction, settings: DecodeSettings, *, draft: bool = False
    ) -> Rendering:
        """Return the rendering of a prediction, such as that of a variant."""
        chroma = prediction.decode(*settings.arguments)
        method = "bilinear" if draft else "guided"
        return prediction.rendering(chroma, method=method, light=self._light)

    def variants(self, seed: int, count: int) -> list[Prediction]:
        """Return plausible pictures; those of the last seed are kept."""
        if seed not in self._variants:
            self._variants = {
                seed: self._colorizer.variants(self.predicted, count, seed)
            }
        return self._variants[seed]

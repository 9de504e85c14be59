"""Predictions for the pages of one photo: with hints, or several plausible ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from colorize_engine.batch.settings import Settings
    from colorize_engine.colorizer import Colorizer
    from colorize_engine.hints import Hint
    from colorize_engine.prediction import Prediction


class Painter:
    """A model with the settings and hints of one photo.

    Parameters
    ----------
    colorizer : Colorizer
    settings : Settings
    hints : tuple of Hint
        Those with a frame are for the page of that number, from 0.
    variants : int
        Number of plausible pictures; 0 for the most likely one.
    """

    def __init__(
        self,
        colorizer: Colorizer,
        settings: Settings,
        hints: tuple[Hint, ...],
        variants: int,
    ) -> None:
        self.colorizer, self.variants = colorizer, variants
        self._settings, self._hints = settings, hints
        # Of each page: the hints of each variant. Predictions would take more memory.
        self._drawn: dict[int, list[tuple[Hint, ...]]] = {}

    def predict(self, image: NDArray[Any], page: int, variant: int = 0) -> Prediction:
        """Predict a page.

        Parameters
        ----------
        image
            The picture of the page.
        page
            Its number, from 0.
        variant
            Number of the plausible picture, from 0, if there are several.

        Raises
        ------
        ValueError
            As in ``Colorizer.predict``.
        """
        hints = [hint for hint in self._hints if hint.frame in (None, page)]
        size = self._settings.working_size
        first = self.colorizer.predict(image, size, hints=hints)
        if not self.variants:
            return first
        if page not in self._drawn:
            from colorize_engine.steering import anchors

            self._drawn[page] = anchors(first, self.variants)
        return first.with_hints((*first.hints, *self._drawn[page][variant]))

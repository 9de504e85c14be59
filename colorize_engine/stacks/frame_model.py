"""A model as tasks carry it: small to pickle, loaded once in each process."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.colorizer import ModelLike as ModelLike
from colorize_engine.colorizer import loaded
from colorize_engine.decode import Distribution
from colorize_engine.prediction import Prediction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from colorize_engine.bins import ChannelBins
    from colorize_engine.colorizer import Colorizer
    from colorize_engine.pretrained import Card

    Floats = NDArray[np.float32]


# One net at a time in a process: its own threads use all cores, and frames that wait
# need no memory.
_RUNNING = Lock()


@dataclass(frozen=True)
class FrameModel:
    """A model as tasks carry it: small to pickle, loaded where it runs.

    Attributes
    ----------
    model, device
        As given to `predict`; a folder as its absolute path.
    key : str
        Stands for model, device and weights: a folder that changed is loaded anew.
    working_size : int
        Short side in pixels at which the nets see a frame.
    bins : (ChannelBins, ChannelBins)
        Of a and of b.
    temperature, rebalance : float
        The model's own.
    card : Card or None
    """

    model: ModelLike
    device: str
    key: str
    working_size: int
    bins: tuple[ChannelBins, ChannelBins]
    temperature: float
    rebalance: float
    card: Card | None

    @classmethod
    def of(
        cls, model: ModelLike, device: str = "auto", working_size: int | None = None
    ) -> FrameModel:
        """Describe a model; of one with a card no nets are loaded for that.

        Raises
        ------
        ModelError
            If there is no such model, or if its card is broken.
        """
        from dask.base import tokenize

        about: Any
        if callable(model):
            key = str(tokenize(model, device))
            about = loaded(model, device, key)
            bins, card = about.bins, about.card
        else:
            from colorize_engine.pretrained import WEIGHTS, find_folder, read_card

            folder = find_folder(model)
            # Workers may have the shipped models elsewhere, but by the same names.
            model = folder.name if folder.parent == WEIGHTS else folder.resolve()
            about = card = read_card(folder)
            bins = card.calibrated_bins["a"], card.calibrated_bins["b"]
            key = str(tokenize(model, device, card.model_hash))
        size = about.working_size if working_size is None else working_size
        settings = about.temperature, about.rebalance
        return cls(model, device, key, size, bins, *settings, card)

    @property
    def plane_count(self) -> int:
        """Planes that `predict` gives for a frame."""
        return 2 + len(self.bins[0]) + len(self.bins[1])

    def loaded(self) -> Colorizer:
        """Return the model, loaded once in a process."""
        return loaded(self.model, self.device, self.key)

    def predict(self, frame: NDArray[Any]) -> Floats:
        """Run the nets on a frame.

        Parameters
        ----------
        frame : (H, W) or (H, W, 3 or 4) uint8, uint16, or float in 0..1

        Returns
        -------
        (2 + Qa + Qb, h, w) float32
            L* in 0..100; 1, for the one frame that it stands for (see
            `smoothing.smoothed`); the logits of a and of b.

        Raises
        ------
        ValueError
            If the frame is no picture; ``ModelError`` for the model.
        """
        with _RUNNING:
            found = self.loaded().predict(frame, self.working_size)
        light = found.lightness[np.newaxis]
        return np.concatenate(
            [light, np.ones_like(light), found.a.logits, found.b.logits]
        )

    def prediction(self, frame: NDArray[Any], planes: Floats) -> Prediction:
        """Give the planes of a frame as a `Prediction`, without the nets."""
        split = 2 + len(self.bins[0])
        return Prediction(
            frame,
            planes[0],
            Distribution(planes[2:split], self.bins[0]),
            Distribution(planes[split:], self.bins[1]),
            self.temperature,
            self.rebalance,
            self.card,
        )

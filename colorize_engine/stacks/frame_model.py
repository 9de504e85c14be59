"""Models for the dask tasks of a stack."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.colorizer import ModelLike as ModelLike
from colorize_engine.colorizer import loaded
from colorize_engine.decode import Distribution
from colorize_engine.prediction import Prediction
from colorize_engine.resize import working_shape
from colorize_engine.stacks.cells import join
from colorize_engine.stacks.planes import planes_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from colorize_engine.bins import ChannelBins
    from colorize_engine.colorizer import Colorizer
    from colorize_engine.hints import Hint
    from colorize_engine.pretrained import Backend, Card

    Floats = NDArray[np.float32]


# A process runs the nets on one frame at a time: they use all cores, and waiting frames
# need no memory.
_RUNNING = Lock()


@dataclass(frozen=True)
class FrameModel:
    """A model that is small to pickle; each process loads its nets once.

    Attributes
    ----------
    model
        As given to `stacks.predict`; a folder as its absolute path.
    backend : Backend
        What runs the nets.
    key : str
        Identifies model, backend and weights; a folder that changed is loaded again.
    working_size : int
        Short side in pixels at which the nets see a frame.
    bins : (ChannelBins, ChannelBins)
        Bins of a and of b.
    temperature, rebalance : float
        Defaults of the model.
    head_stride : int
        Side, in pixels of the working size, of the square that each distribution stands
        for.
    card : Card or None
    takes_hints : bool
        Whether the nets can be shown colors.
    """

    model: ModelLike
    backend: Backend
    key: str
    working_size: int
    bins: tuple[ChannelBins, ChannelBins]
    temperature: float
    rebalance: float
    head_stride: int
    card: Card | None
    takes_hints: bool

    @classmethod
    def of(
        cls,
        model: ModelLike,
        backend: Backend | None = None,
        working_size: int | None = None,
    ) -> FrameModel:
        """Describe a model.

        Of a shipped model or a model folder only the card is read. A function is
        called, so that its nets are loaded.

        Raises
        ------
        ModelError
            If there is no such model, or if its card is broken.
        """
        from dask.base import tokenize

        from colorize_engine.pretrained import WEIGHTS, Backend, find_folder, read_card

        backend = backend or Backend()
        about: Any
        if callable(model):
            key = str(tokenize(model, backend))
            about = loaded(model, backend, key)
            bins, card = about.bins, about.card
            takes_hints = about.caller.takes_hints
        else:
            folder = find_folder(model)
            # Workers may have the shipped models elsewhere, but under the same names.
            model = folder.name if folder.parent == WEIGHTS else folder.resolve()
            about = card = read_card(folder)
            bins = card.calibrated_bins["a"], card.calibrated_bins["b"]
            takes_hints = all(each.takes_hints for each in card.designs.values())
            key = str(tokenize(model, backend, card.model_hash))
        size = about.working_size if working_size is None else working_size
        settings = about.temperature, about.rebalance, about.head_stride
        return cls(model, backend, key, size, bins, *settings, card, takes_hints)

    @property
    def plane_count(self) -> int:
        """Number of planes that `predict` returns for a frame."""
        return self.head_stride**2 + 1 + len(self.bins[0]) + len(self.bins[1])

    def check_hints(self) -> None:
        """Raise ValueError unless the nets can be shown colors."""
        if not self.takes_hints:
            name = f"the model {self.card.name!r}" if self.card else "this predictor"
            raise ValueError(f"{name} takes no hints")

    def sample(self, tail: tuple[int, ...] = (), dtype: Any = np.uint8) -> Prediction:
        """Return a prediction of one pixel, to check settings before the nets run.

        Parameters
        ----------
        tail
            Number of channels of a frame in color.
        dtype
            Type of the frames.
        """
        model = replace(self, working_size=1)
        planes = np.zeros((self.plane_count, 1, 1), np.float32)
        return model.prediction(np.zeros((1, 1, *tail), dtype), planes)

    def loaded(self, threads: int | None = None) -> Colorizer:
        """Return the model; each process loads it once.

        Parameters
        ----------
        threads
            Processors that its nets use; all by default.
        """
        return loaded(self.model, self.backend, self.key, threads)

    def predict(self, frame: NDArray[Any], hints: Iterable[Hint] = ()) -> Floats:
        """Run the nets on a frame.

        Parameters
        ----------
        frame : (H, W) or (H, W, 3 or 4) uint8, uint16, or float in 0..1
        hints
            Colors at points of this frame.

        Returns
        -------
        (s * s + 1 + Qa + Qb, h', w') float32
            See `planes.planes_of`.

        Raises
        ------
        ValueError
            If the frame is not a picture, or a hint lies outside.
        ModelError
            If the model cannot be loaded.
        """
        with _RUNNING:
            found = self.loaded().predict(frame, self.working_size, hints=hints)
        return planes_of(found)

    def prediction(self, frame: NDArray[Any], planes: Floats) -> Prediction:
        """Return the planes of a frame as a `Prediction`, without running the nets."""
        pixels = self.head_stride**2
        first_b = pixels + 1 + len(self.bins[0])
        shape = frame.shape[0], frame.shape[1]
        height, width = working_shape(shape, self.working_size)
        return Prediction(
            frame,
            join(planes[:pixels])[:height, :width],
            Distribution(planes[pixels + 1 : first_b], self.bins[0]),
            Distribution(planes[first_b:], self.bins[1]),
            self.temperature,
            self.rebalance,
            self.card,
            self.head_stride,
        )

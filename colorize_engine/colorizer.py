"""The engine's facade: ``Colorizer``, ``colorize`` and the cache of loaded models."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

from colorize_engine.decode import Distribution
from colorize_engine.hints import paint
from colorize_engine.image import checked_image, image_and_blank
from colorize_engine.memory import shortage_told
from colorize_engine.prediction import Prediction
from colorize_engine.predictor import Caller, Predictor
from colorize_engine.resize import fit_lightness, working_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from colorize_engine.bins import ChannelBins
    from colorize_engine.files import NotFinite
    from colorize_engine.hints import Hint
    from colorize_engine.pretrained import Backend, Card, Model
    from colorize_engine.steering import Suggestion

    Floats = NDArray[np.float32]
    Progress = Callable[[int, int], None]


__all__ = ["Colorizer", "ModelLike", "Prediction", "Predictor", "colorize", "loaded"]

# Name or folder of a model, or a function that makes a colorizer in any process.
ModelLike: TypeAlias = "str | Path | Callable[[], Colorizer]"
# Models kept for the next call, the most recently used last. Not in an lru_cache, which
# compares functions: a function that was pickled is not equal to the original.
_KEPT: dict[Hashable, Colorizer] = {}
_MOST_KEPT = 2
_LOADING = Lock()


class Colorizer:
    """A predictor with its bins and defaults; turns pictures into predictions.

    Parameters
    ----------
    predictor
        Any callable from lightness to logits, see ``Predictor``. With an attribute
        ``concurrent = True`` several threads may call it at once.
    a_bins, b_bins : ChannelBins
        Bins that the logits are over.
    temperature, rebalance
        Defaults of decoding.
    working_size : int
        Default short side in pixels.
    stride : int
        Heights and widths given to the predictor are multiples of it.
    head_stride : int
        Side, in pixels of the working size, of the square that each distribution stands
        for. ``stride`` must be a multiple of it.
    card : Card or None
        The model's card, for the record.

    Raises
    ------
    ValueError
        If the stride is not a multiple of the head stride.

    Examples
    --------
    >>> from colorize_engine import Colorizer
    >>> colorizer = Colorizer.from_pretrained("default")     # doctest: +SKIP
    >>> rgb = colorizer.predict(gray).colorize()             # doctest: +SKIP
    """

    def __init__(
        self,
        predictor: Predictor | Model,
        a_bins: ChannelBins,
        b_bins: ChannelBins,
        *,
        temperature: float = 0.38,
        rebalance: float = 0.0,
        working_size: int = 256,
        stride: int = 1,
        head_stride: int = 1,
        card: Card | None = None,
    ) -> None:
        if head_stride < 1 or stride % head_stride:
            raise ValueError(
                "expected a stride that is a multiple of the head stride, got "
                f"{stride} and {head_stride}"
            )
        self.predictor, self.bins = predictor, (a_bins, b_bins)
        self.temperature, self.rebalance = temperature, rebalance
        self.working_size, self.stride, self.card = working_size, stride, card
        self.head_stride = head_stride

    @classmethod
    def from_pretrained(
        cls,
        name: str = "default",
        device: str = "auto",
        *,
        runtime: str = "auto",
        precision: str = "auto",
        threads: int | None = None,
    ) -> Colorizer:
        """Load a model that is shipped with the engine.

        Parameters
        ----------
        name
            Name of a shipped model, see ``colorize_engine.list_models``. Any other
            name is taken for the path of a model folder.
        device
            ``auto`` is a GPU that torch knows, or else the CPU. Others are ``cpu``; of
            torch ``cuda``, ``cuda:N`` and ``mps``; of ONNX Runtime its execution
            providers, such as ``CUDAExecutionProvider``.
        runtime
            ``onnx`` or ``torch``. ``auto`` is ONNX Runtime but for the devices of
            torch, which is an extra of the package.
        precision
            ``float32`` is exact. ``auto`` is the fastest: 8 bits in ONNX Runtime on the
            CPU if the model has them, bfloat16 in torch where it is fast.
        threads
            Processors that the nets use on a CPU; all by default.

        Raises
        ------
        ModelError
            If there is no such model, or if it is broken.
        ValueError
            If there is no such device, runtime or precision.
        """
        from colorize_engine.pretrained import Backend, load

        return cls._of(load(name, Backend(device, runtime, precision), threads))

    @classmethod
    def from_folder(
        cls,
        path: str | Path,
        device: str = "auto",
        *,
        runtime: str = "auto",
        precision: str = "auto",
        threads: int | None = None,
    ) -> Colorizer:
        """Load a model folder: its card, weights and graphs, see `pretrained.folder`.

        Parameters
        ----------
        path
            The folder; the name of a shipped model is not looked up.
        device, runtime, precision, threads
            As in ``from_pretrained``.

        Raises
        ------
        ModelError
            If the folder is missing, broken, truncated or not a model folder.
        ValueError
            If there is no such device, runtime or precision.
        """
        from colorize_engine.pretrained import Backend, load

        return cls._of(load(Path(path), Backend(device, runtime, precision), threads))

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
            head_stride=model.head_stride,
            card=card,
        )

    def predict(
        self,
        image: NDArray[Any],
        working_size: int | None = None,
        progress: Progress | None = None,
        *,
        hints: Iterable[Hint] = (),
        not_finite: NotFinite = "error",
    ) -> Prediction:
        """Predict the distributions of a and b of one picture.

        Parameters
        ----------
        image : (H, W) or (H, W, 1 to 4) array, or PIL.Image.Image
            uint8, uint16, or float in 0..1; gray, or sRGB whose lightness is used.
            Alpha is kept for the result. bool, int8 and int16 become unsigned. The
            prediction refers to this array: do not change it afterwards.
        working_size
            Short side in pixels at which the nets see the picture, by default the
            model's own, 256 (see ``resize.working_shape``).
        progress
            Called with (done, total) before and after the nets run; it may raise to
            cancel.
        hints
            Colors at points of the picture; none by default.
        not_finite : {"error", "blank"}
            What becomes of pixels with NaN or infinity: an error, or black without
            color, with alpha 0 where there is alpha. ``Prediction.blank`` says how many
            they are.

        Raises
        ------
        ValueError
            If the image is not a picture, the working size is not a whole number of at
            least 1, a hint lies outside the picture, or the nets take no hints.
        MemoryError
            If the nets find too little memory; it says which working size would fit.
        """
        found = self.predict_batch(
            [image], working_size, progress, hints=[hints], not_finite=not_finite
        )
        return found[0]

    def predict_batch(
        self,
        images: Sequence[NDArray[Any]],
        working_size: int | None = None,
        progress: Progress | None = None,
        *,
        hints: Sequence[Iterable[Hint]] | None = None,
        not_finite: NotFinite = "error",
    ) -> list[Prediction]:
        """Predict several pictures; the nets run those of one working shape together.

        Parameters and errors are as in ``predict``; ``progress`` counts pictures, and
        ``hints`` has those of each picture.
        """
        size = self.working_size if working_size is None else working_size
        pairs = [image_and_blank(image, not_finite) for image in images]
        sources, blank = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        planes = [
            fit_lightness(image, working_shape((image.shape[0], image.shape[1]), size))
            for image in sources
        ]
        shown = [tuple(each) for each in hints or [()] * len(sources)]
        painted = [
            self._painted(each, source, plane)
            for each, source, plane in zip(shown, sources, planes, strict=True)
        ]
        caller = self.caller
        report = progress or (lambda done, total: None)
        report(0, len(planes))
        found: dict[int, Prediction] = {}
        for rows in _batches(planes, caller.batch):
            height, width = sources[rows[0]].shape[:2]
            with shortage_told((height, width), size):
                logits = caller.run(
                    [planes[row] for row in rows], [painted[row] for row in rows]
                )
            for row, a, b in zip(rows, *logits, strict=True):
                found[row] = Prediction(
                    sources[row],
                    planes[row],
                    Distribution(a, self.bins[0]),
                    Distribution(b, self.bins[1]),
                    self.temperature,
                    self.rebalance,
                    self.card,
                    self.head_stride,
                    shown[row],
                    caller.again if caller.takes_hints else None,
                    blank[row],
                )
                if shown[row]:
                    found[row] = found[row].insisting()
            report(len(found), len(planes))
        return [found[row] for row in range(len(planes))]

    @property
    def caller(self) -> Caller:
        """The predictor, and what is known of its logits."""
        return Caller(self.predictor, self.bins, self.stride, self.head_stride)

    def suggest(
        self,
        picture: NDArray[Any] | Prediction,
        row: float,
        column: float,
        count: int = 5,
    ) -> list[Suggestion]:
        """Return likely colors of a pixel, best first and distinct to the eye.

        Parameters
        ----------
        picture
            An image, or a prediction of it, whose hints count.
        row, column
            The pixel, as in `Hint`.
        count
            Largest number of suggestions.

        Raises
        ------
        ValueError
            If the pixel lies outside the picture, or the nets take no hints.
        """
        from colorize_engine.steering import suggest

        if not isinstance(picture, Prediction):
            picture = self.predict(picture)
        return suggest(picture, row, column, count)

    def variants(
        self,
        picture: NDArray[Any] | Prediction,
        count: int = 6,
        seed: int = 0,
        *,
        hints: Iterable[Hint] = (),
        progress: Progress | None = None,
    ) -> list[Prediction]:
        """Return several plausible pictures.

        Colors are drawn at a few points, see `steering.anchors`. The hints of each
        prediction are those given and those drawn.

        Parameters
        ----------
        picture
            An image, or a prediction of it.
        count
            Number of variants.
        seed
            The same seed gives the same variants; another gives others.
        hints
            Colors that all variants keep, beside those of a given prediction.
        progress
            Called with (done, total) steps; it may raise to cancel.

        Raises
        ------
        ValueError
            As in ``predict``.
        """
        from colorize_engine.steering import anchors

        given = tuple(hints)
        if not isinstance(picture, Prediction):
            picture = self.predict(picture, hints=given)
        elif given:
            picture = picture.with_hints((*picture.hints, *given))
        own = picture.hints
        drawn = anchors(picture, count, seed, progress)
        return picture.with_all([(*own, *each) for each in drawn])

    def _painted(
        self, hints: tuple[Hint, ...], image: NDArray[Any], plane: Floats
    ) -> Floats | None:
        """Return the planes of hints for a picture; None if there are none."""
        if not hints:
            return None
        if not self.caller.takes_hints:
            name = f"the model {self.card.name!r}" if self.card else "this predictor"
            raise ValueError(f"{name} takes no hints")
        shape, working = image.shape[:2], plane.shape
        return paint(hints, (shape[0], shape[1]), (working[0], working[1]))


def _batches(planes: list[Floats], limit: int) -> Iterator[list[int]]:
    """Yield batches of indices; the planes of a batch have the same shape."""
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for row, plane in enumerate(planes):
        by_shape.setdefault(plane.shape, []).append(row)
    for rows in by_shape.values():
        for first in range(0, len(rows), limit):
            yield rows[first : first + limit]


def colorize(
    image: NDArray[Any],
    *,
    model: str | Path = "default",
    device: str = "auto",
    runtime: str = "auto",
    precision: str = "auto",
    working_size: int | None = None,
    temperature: float | None = None,
    rebalance: float | None = None,
    saturation: float = 1.0,
    method: str = "guided",
    not_finite: NotFinite = "error",
) -> NDArray[Any]:
    """Color a gray picture in one call.

    The model is kept in memory for the next call.

    Parameters
    ----------
    image, working_size, not_finite
        As in ``Colorizer.predict``.
    model, device, runtime, precision
        Name of a shipped model or a model folder, and what runs it, as in
        ``Colorizer.from_pretrained``.
    temperature, rebalance, saturation, method
        As in ``Prediction.colorize``.

    Returns
    -------
    (H, W, 3 or 4) array of the image's dtype, unsigned
        sRGB, with the image's alpha if it has one.

    Raises
    ------
    ValueError
        If the image is not a picture, or a setting is not a valid one.
    ModelError
        If there is no such model, or if it is broken.
    """
    from colorize_engine.pretrained import Backend

    picture = checked_image(image, not_finite)
    colorizer = loaded(model, Backend(device, runtime, precision))
    prediction = colorizer.predict(picture, working_size)
    return prediction.colorize(temperature, rebalance, saturation, method=method)


def loaded(
    model: ModelLike,
    backend: Backend | None = None,
    key: Hashable | None = None,
    threads: int | None = None,
) -> Colorizer:
    """Return a loaded model; a process keeps the two that it used last.

    Parameters
    ----------
    model : str, Path or function
        Name of a shipped model, or a model folder (a ``Path`` always is one), or a
        function that makes a colorizer.
    backend : Backend, optional
        What runs the nets; by default the fastest here.
    key : hashable, optional
        Identifies model, backend and weights. By default, a model folder is identified
        by its path and its card, so a changed folder is loaded anew; a function is
        identified by itself.
    threads : int, optional
        As in ``Colorizer.from_pretrained``; a function is not told.

    Raises
    ------
    ModelError, ValueError
        As in ``Colorizer.from_pretrained``.
    """
    from colorize_engine.pretrained import find_folder, load, read_card

    if key is None:
        key = model, backend
        if not callable(model):
            folder = find_folder(model).resolve()
            key = folder, backend, read_card(folder).to_json()
    with _LOADING:
        kept = _KEPT.pop((key, threads), None)
        if kept is None:
            kept = (
                model()
                if callable(model)
                else Colorizer._of(load(model, backend, threads))
            )
        _KEPT[key, threads] = kept
        for old in [*_KEPT][:-_MOST_KEPT]:
            del _KEPT[old]
        return kept

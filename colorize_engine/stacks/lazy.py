"""Lazy predictions for stacks of frames.

`predict` returns a `StackPrediction`, the lazy counterpart of `Prediction`. Its colors,
chroma and distributions are dask arrays with one chunk for each frame. Nothing is
computed until you ask for it. Any dask scheduler can compute them, including a cluster
of ``dask.distributed``; each process loads the model once.

Examples
--------
Color a film to a Zarr array, without flicker::

    frames = da.from_zarr("film.zarr")                      # (T, H, W)
    lazy = stacks.predict(frames, "default", smoothing=0.6)
    lazy.colorize().to_zarr("color.zarr")                   # (T, H, W, 3)

Results that are computed together share the runs of the nets::

    rgb, (a, b) = dask.compute(lazy.colorize(), lazy.probabilities())
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import attrgetter, methodcaller
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.files import blanked, check_not_finite
from colorize_engine.resize import head_shape, working_shape
from colorize_engine.stacks import series
from colorize_engine.stacks.blocks import (
    apply_block,
    color_block,
    predict_block,
    smooth_block,
)
from colorize_engine.stacks.frame_model import FrameModel
from colorize_engine.stacks.paths import check_frames
from colorize_engine.stacks.smoothing import check_smoothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import dask.array as da
    from numpy.typing import DTypeLike, NDArray

    from colorize_engine.colorizer import ModelLike
    from colorize_engine.files import NotFinite
    from colorize_engine.hints import Hint
    from colorize_engine.prediction import Prediction

    Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class StackPrediction:
    """Prediction for each frame of a stack, computed lazily.

    The methods take the same arguments as those of `Prediction` and return dask arrays
    with one chunk for each frame. Computing two results in one ``dask.compute`` runs
    the nets once per frame; computing them one after the other runs the nets twice.

    Attributes
    ----------
    stack : (..., H, W) or (..., H, W, 3 or 4) dask array
        The frames, one chunk each.
    planes : (..., s * s + 1 + Qa + Qb, h', w') dask array, float32
        L* of the pixels of each cell, number of frames in the mean, logits of a and of
        b; see `FrameModel.predict`.
    model : FrameModel
    """

    stack: da.Array
    planes: da.Array
    model: FrameModel

    @property
    def frames(self) -> tuple[int, ...]:
        """Lengths of the leading axes."""
        return tuple(int(n) for n in self.planes.shape[:-3])

    def colorize(
        self,
        temperature: float | None = None,
        rebalance: float | None = None,
        saturation: float = 1.0,
        caution: float = 0.0,
        *,
        method: str = "guided",
    ) -> da.Array:
        """Return the frames in color: (..., H, W, 3 or 4) of the stack's dtype.

        Parameters and errors are those of `Prediction.colorize`.
        """
        from dask.base import tokenize

        settings = (temperature, rebalance, saturation, caution)
        color = partial(color_block, self.model, settings, method)
        lead = tuple(range(len(self.frames)))
        own = tuple(range(10, 10 + self.stack.ndim - len(lead)))
        sample = self._sample()
        channels = sample.colorize(*settings, method=method).shape[-1]
        colored: da.Array = _dask().blockwise(
            color,
            (*lead, *own[:2], 20),
            self.stack,
            (*lead, *own),
            self.planes,
            (*lead, 30, 31, 32),
            new_axes={20: channels},
            concatenate=True,
            align_arrays=False,
            name=f"colorize-{tokenize(self.stack, self.planes, color)}",
            dtype=self.stack.dtype,
            meta=np.empty((0,) * (len(lead) + 3), self.stack.dtype),
        )
        return colored

    def decode(
        self,
        temperature: float | None = None,
        rebalance: float | None = None,
        saturation: float = 1.0,
        caution: float = 0.0,
    ) -> da.Array:
        """Return a* and b* of each cell: (..., 2, h', w') float32.

        Parameters and errors are those of `Prediction.decode`.
        """
        settings = (temperature, rebalance, saturation, caution)
        self._sample().decode(*settings)
        return self._apply("decode", methodcaller("decode", *settings), (2,))

    def probabilities(self, dtype: DTypeLike = np.float32) -> tuple[da.Array, da.Array]:
        """Return the distributions of a and of b, one for each cell.

        They are calibrated and the class weights of the training are undone, as in
        ``Distribution.probabilities``.

        Parameters
        ----------
        dtype
            float32 or float16.

        Returns
        -------
        (..., Qa, h', w') and (..., Qb, h', w') dask arrays

        Raises
        ------
        ValueError
            If `dtype` is another type.
        """
        kind = np.dtype(dtype)
        if kind not in (np.float16, np.float32):
            raise ValueError(f"expected float32 or float16, got {kind}")
        a_count, b_count = (len(bins) for bins in self.model.bins)
        return (
            self._apply("a", attrgetter("a.probabilities"), (a_count,), kind),
            self._apply("b", attrgetter("b.probabilities"), (b_count,), kind),
        )

    def entropy(self) -> da.Array:
        """Return H(a) + H(b) of each cell in bits: (..., h', w') float32."""
        return self._apply("entropy", methodcaller("entropy"), ())

    def _sample(self) -> Prediction:
        """Return a prediction of one pixel, to check settings before the nets run."""
        tail = self.stack.shape[len(self.frames) + 2 :]
        return self.model.sample(tail, self.stack.dtype)

    def _apply(
        self,
        name: str,
        function: Callable[[Prediction], Floats],
        tail: tuple[int, ...],
        dtype: DTypeLike = np.float32,
    ) -> da.Array:
        from dask.base import tokenize

        lead, (height, width) = self.planes.chunks[:-3], self.planes.shape[-2:]
        chunks = (*lead, *((n,) for n in (*tail, height, width)))
        arguments = (self.planes, function, self.model, dtype)
        first = len(self.frames)
        rows, columns = self.stack.shape[first : first + 2]
        frame_shape = int(rows), int(columns)
        applied: da.Array = _dask().map_blocks(
            partial(apply_block, self.model, frame_shape, function, dtype),
            self.planes,
            name=f"colorize-{name}-{tokenize(*arguments)}",
            drop_axis=() if tail else self.planes.ndim - 3,
            chunks=chunks,
            dtype=dtype,
            meta=np.empty((0,) * len(chunks), dtype),
        )
        return applied


def predict(
    stack: Any,
    model: ModelLike = "default",
    *,
    device: str = "auto",
    runtime: str = "auto",
    precision: str = "auto",
    rgb: bool = False,
    working_size: int | None = None,
    smoothing: float = 0.0,
    time_axis: int = 0,
    hints: Iterable[Hint] = (),
    not_finite: NotFinite = "error",
) -> StackPrediction:
    """Predict the distributions of a and b of each frame of a stack, lazily.

    Parameters
    ----------
    stack : (..., H, W) or (..., H, W, 3 or 4) array
        Frames on at least one leading axis, uint8, uint16, or float in 0..1. It is a
        dask array, or an array that dask can wrap (NumPy, Zarr). Of color frames the
        lightness is used, and alpha is kept.
    model
        Name of a shipped model, a model folder, or a function without arguments that
        returns a `Colorizer`. For a cluster the function must be picklable. Each
        process loads the model once.
    device, runtime, precision : str
        As in ``Colorizer.from_pretrained``.
    rgb : bool
        Whether the last axis is color.
    working_size : int, optional
        As in ``Colorizer.predict``.
    smoothing : float
        Share of each frame's distributions that comes from the frames before it, moved
        along the motion: at least 0 (no smoothing) and below 1. See
        `smoothing.smoothed`. Each frame then depends on those before it in time. Frames
        at different positions on the other axes stay independent of each other.
    time_axis : int
        Leading axis that is time, for the smoothing and the hints.
    hints
        Colors at points of the frames. One with a ``frame``, a position on the time
        axis, is carried to the other frames along the motion, see `paths.Paths`; one
        without holds in all. They count at all positions on the other axes.
    not_finite : {"error", "blank"}
        What becomes of pixels with NaN or infinity, as in ``Colorizer.predict``. As
        frames are lazy, the error is raised when one is computed.

    Raises
    ------
    ValueError
        If the stack or a setting is wrong, a hint lies outside the stack, or the nets
        take no hints.
    ModelError
        If there is no such model, or if it is broken.
    """
    from dask.base import tokenize

    from colorize_engine.pretrained import Backend

    check_smoothing(smoothing)
    check_not_finite(not_finite)
    frames = _one_chunk_per_frame(stack, rgb)
    if not_finite == "blank":
        frames = _dask().map_blocks(
            partial(_blank_block, rgb), frames, dtype=frames.dtype, meta=frames._meta
        )
    lead = frames.ndim - (3 if rgb else 2)
    if not -lead <= time_axis < lead:
        raise ValueError(
            f"expected a time axis in {-lead}..{lead - 1}, got {time_axis}"
        )
    backend = Backend(device, runtime, precision)
    source = FrameModel.of(model, backend, working_size)
    axis = time_axis % lead
    height, width = (int(n) for n in frames.shape[lead : lead + 2])
    shown = _checked(hints, source, (height, width), int(frames.shape[axis]))
    shape = working_shape((height, width), source.working_size)
    shape = head_shape(shape, source.head_stride)
    chunks = (*frames.chunks[:lead], *((n,) for n in (source.plane_count, *shape)))
    planes: da.Array = _dask().map_blocks(
        partial(predict_block, source, lead),
        frames,
        name=f"colorize-predict-{tokenize(frames, source)}",
        drop_axis=list(range(lead, frames.ndim)),
        new_axis=[lead, lead + 1, lead + 2],
        chunks=chunks,
        dtype=np.float32,
        meta=np.empty((0,) * len(chunks), np.float32),
    )
    if shown:
        planes = series.hinted(planes, frames, source, shown, axis)
    if smoothing:
        step = partial(smooth_block, smoothing, source.head_stride)
        planes = series.smoothed(planes, step, axis)
    return StackPrediction(frames, planes, source)


def _checked(
    hints: Iterable[Hint], source: FrameModel, shape: tuple[int, int], count: int
) -> tuple[Hint, ...]:
    """Return hints for a stack; raise ValueError if it cannot have them."""
    shown = tuple(hints)
    if shown:
        source.check_hints()
    check_frames(shown, shape, count)
    return shown


def _one_chunk_per_frame(stack: Any, rgb: bool) -> da.Array:
    """Return a stack as a dask array with one chunk for each frame."""
    dask = _dask()
    frames = stack if isinstance(stack, dask.Array) else dask.from_array(stack)
    tail = 3 if rgb else 2
    shape = frames.shape
    expected = "a stack (..., H, W, 3 or 4)" if rgb else "a stack (..., H, W)"
    if len(shape) <= tail or (rgb and shape[-1] not in (3, 4)):
        raise ValueError(f"expected {expected}, got the shape {shape}")
    if not all(side > 0 for side in shape):
        raise ValueError(
            f"expected {expected} with sides that are known and > 0, "
            f"got the shape {shape}"
        )
    kind = frames.dtype
    if kind.kind != "f" and kind not in (np.uint8, np.uint16):
        raise ValueError(f"expected uint8, uint16, or float in 0..1, got {kind}")
    lead = len(shape) - tail
    rechunked: da.Array = frames.rechunk((*((1,) * lead), *shape[lead:]))
    return rechunked


def _blank_block(rgb: bool, block: NDArray[Any]) -> NDArray[Any]:
    """Return a frame whose pixels with NaN or infinity are 0."""
    return blanked(block, lambda values: values, channels=rgb)[0]


def _dask() -> Any:
    """Return dask.array, untyped because its annotations are wrong."""
    import dask.array

    return dask.array

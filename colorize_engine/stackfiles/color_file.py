"""Coloring of stack files: TIFF file or Zarr folder to OME-TIFF or OME-Zarr."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from colorize_engine import stacks
from colorize_engine.batch.marks import with_hints
from colorize_engine.decode import DecodeOptions
from colorize_engine.files import (
    MAX_PIXELS,
    FileError,
    color_note,
    mark_of,
    remove_leftovers,
    replacing,
    replacing_folder,
    temporary_folder,
)
from colorize_engine.pretrained import Backend
from colorize_engine.stackfiles.ome_tiff import write_ome_tiff
from colorize_engine.stackfiles.ome_zarr import create_ome_zarr, write_frame
from colorize_engine.stackfiles.reader import open_stack
from colorize_engine.stackfiles.tiff_pages import close_files
from colorize_engine.stacks.paths import Paths, light_of
from colorize_engine.stacks.smoothing import smoothed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from colorize_engine.files import NotFinite, ValueRange
    from colorize_engine.hints import Hint
    from colorize_engine.stackfiles.stack_file import StackFile

    Progress = Callable[[int, int], None]
    Index = tuple[int, ...]

_TIFF_SUFFIXES = (".tif", ".tiff")


@dataclass(frozen=True)
class StackSettings(DecodeOptions):
    """Settings for reading and coloring a stack; None means the default.

    Attributes
    ----------
    temperature, rebalance, saturation, caution
        As in ``Prediction.colorize``.
    axes, channel, rgb, series, value_range, not_finite, max_pixels
        As in ``stackfiles.open_stack``.
    working_size, smoothing, hints
        As in ``stacks.predict``.
    """

    axes: str | None = None
    channel: int | None = None
    rgb: bool = False
    series: int | None = None
    value_range: ValueRange = "full"
    not_finite: NotFinite = "error"
    working_size: int | None = None
    smoothing: float = 0.0
    hints: tuple[Hint, ...] = ()
    max_pixels: int = MAX_PIXELS


def is_stack_target(path: str | os.PathLike[str]) -> bool:
    """Return whether stacks are written to such a name: .tif, .tiff or .zarr."""
    return Path(path).suffix.lower() in (*_TIFF_SUFFIXES, ".zarr")


def color_stack_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    model: stacks.ModelLike = "default",
    settings: StackSettings | None = None,
    *,
    device: str = "auto",
    runtime: str = "auto",
    precision: str = "auto",
    overwrite: bool = False,
    scheduler: Any = None,
    progress: Progress | None = None,
) -> tuple[str, ...]:
    """Color the frames of a stack file one by one, and write each when it is finished.

    The output appears when it is complete, or not at all. One frame is in memory at a
    time; with smoothing also the distributions of the frame before, with hints also the
    motion of some frames.

    Parameters
    ----------
    source : path-like
        See ``stackfiles.open_stack``.
    target : path-like
        ``.tif`` or ``.tiff``: OME-TIFF with the color as samples (TYXS); pixel sizes
        and time increment are kept. ``.zarr``: OME-Zarr 0.5, see
        ``ome_zarr.create_ome_zarr``.
    model : str, Path or function
        As in ``stacks.predict``.
    settings : StackSettings, optional
    device, runtime, precision : str
        As in ``Colorizer.from_pretrained``.
    overwrite : bool
        Whether to replace a target that exists.
    scheduler : str or distributed.Client, optional
        Address of a scheduler of ``dask.distributed``, or a client. Its workers must
        see source and target under the same paths. Without it this process does all
        the work.
    progress : callable, optional
        Called with (done, total) frames; it may raise to cancel.

    Returns
    -------
    tuple of str
        Notes on the result for the user, one line each.

    Raises
    ------
    FileError, ValueError
        If the source is not a stack, or a setting is wrong.
    ModelError
        If there is no such model, or if it is broken.
    ClusterError
        If no scheduler answers.
    FileExistsError
        If the target exists and `overwrite` is false.
    OSError
        If a file or folder is missing, or cannot be read or written.
    """
    source, target = Path(source).absolute(), Path(target).absolute()
    settings = settings or StackSettings()
    _check(source, target, overwrite=overwrite)
    try:
        opened = open_stack(
            source,
            axes=settings.axes,
            channel=settings.channel,
            rgb=settings.rgb,
            series=settings.series,
            value_range=settings.value_range,
            not_finite=settings.not_finite,
            max_pixels=settings.max_pixels,
        )
        backend = Backend(device, runtime, precision)
        job = _Job(opened, model, backend, settings, progress)
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target.parent)
        if target.suffix.lower() == ".zarr":
            with replacing_folder(target, overwrite=overwrite) as folder:
                job.fill_zarr(folder, scheduler)
        else:
            with replacing(target, overwrite=overwrite) as stream:
                job.fill_tiff(stream, target, scheduler)
    finally:
        close_files()
    return tuple(filter(None, (*opened.notes, job.color_note)))


class _Job:
    """The coloring of one stack, from source to target."""

    def __init__(
        self,
        source: StackFile,
        model: stacks.ModelLike,
        backend: Backend,
        settings: StackSettings,
        progress: Progress | None,
    ) -> None:
        self.source, self.settings = source, settings
        self.time_axis = max(0, source.axes.find("T"))
        # This checks the settings, too.
        self.lazy = stacks.predict(
            source.frames,
            model,
            **asdict(backend),
            rgb=source.rgb,
            working_size=settings.working_size,
            smoothing=settings.smoothing,
            time_axis=self.time_axis,
            hints=settings.hints,
        )
        self.colors = self.lazy.colorize(*settings.arguments)
        self.count = int(np.prod(self.lazy.frames))
        used = self.lazy.model
        more = {} if backend.precision == "auto" else {"precision": backend.precision}
        mark = mark_of(
            used.card.label if used.card else "custom",
            settings.resolved(used),
            used.working_size,
            smoothing=settings.smoothing,
            **more,
        )
        self.mark = with_hints(mark, settings.hints)
        self.progress = progress or (lambda done, total: None)

    @property
    def color_note(self) -> str:
        """Note on the colors of the source, by its first frame."""
        first = (0,) * len(self.lazy.frames)
        return color_note(self.source.read(first)) if self.source.rgb else ""

    @property
    def by_series(self) -> bool:
        """Whether the colors of a frame depend on others of its series."""
        return bool(self.settings.smoothing or self.settings.hints)

    @property
    def in_file_order(self) -> bool:
        """Whether the frames are colored in the order of the axes."""
        others = self.count // self.lazy.frames[self.time_axis]
        return not self.by_series or others == 1

    def paths(self, index: Index) -> Paths:
        """Return the ways of hints through the series of a frame."""
        axis, shape = self.time_axis, self.lazy.stack.shape[len(index) :][:2]
        before, after = index[:axis], index[axis + 1 :]
        return Paths(
            shape, lambda time: light_of(self.source.read((*before, time, *after)))
        )

    def colored(self) -> Iterator[tuple[Index, NDArray[Any]]]:
        """Yield the index and color of each frame.

        With smoothing or hints, one time series follows another.
        """
        frames, axis, model = self.lazy.frames, self.time_axis, self.lazy.model
        order = list(np.ndindex(*frames))
        if self.by_series:
            order.sort(key=lambda index: (index[:axis], index[axis + 1 :], index[axis]))
        previous: NDArray[np.float32] | None = None
        self.progress(0, self.count)
        for done, index in enumerate(order, 1):
            frame = self.source.read(index)
            if not index[axis]:
                paths = self.paths(index)
            planes = model.predict(frame, paths.shown(self.settings.hints, index[axis]))
            if self.settings.smoothing and index[axis]:
                assert previous is not None  # noqa: S101 - each series begins at 0
                planes = smoothed(
                    previous, planes, self.settings.smoothing, model.head_stride
                )
            previous = planes if self.settings.smoothing else None
            color = model.prediction(frame, planes).colorize(*self.settings.arguments)
            self.progress(done, self.count)
            yield index, color

    def fill_tiff(self, stream: BinaryIO, target: Path, scheduler: Any) -> None:
        """Write all frames to an OME-TIFF, if necessary by way of a Zarr folder."""
        with ExitStack() as stack:
            frames: Iterator[NDArray[Any]] = (color for _, color in self.colored())
            if scheduler is not None or not self.in_file_order:
                # The frames are not colored in the order of the file.
                folder = stack.enter_context(temporary_folder(target))
                self.fill_zarr(folder, scheduler)
                frames = self.from_zarr(folder)
            write_ome_tiff(
                stream,
                frames,
                self.colors.shape,
                self.source.axes,
                self.colors.dtype,
                self.source.steps,
                self.mark,
                stack.enter_context(temporary_folder(target)),
            )

    def fill_zarr(self, folder: Path, scheduler: Any) -> None:
        """Create an OME-Zarr and write all frames to it, here or on a cluster."""
        axes = self.source.axes
        shape, dtype = self.colors.shape, self.colors.dtype
        create_ome_zarr(folder, shape, axes, dtype, self.source.steps, self.mark)
        if scheduler is None:
            for index, color in self.colored():
                write_frame(str(folder), axes, index, color)
            return
        from colorize_engine.cluster import compute_blocks

        colors: Any = self.colors
        written = colors.map_blocks(
            partial(_write_block, str(folder), axes),
            drop_axis=[colors.ndim - n for n in (3, 2, 1)],
            chunks=colors.chunks[:-3],
            dtype=bool,
            meta=np.empty((0,) * len(axes), bool),
        )
        compute_blocks(written, scheduler, self.progress)

    def from_zarr(self, folder: Path) -> Iterator[NDArray[Any]]:
        """Yield the colored frames of a Zarr folder in the source's order of axes."""
        opened = open_stack(folder, rgb=True)
        order = [opened.axes.index(letter) for letter in self.source.axes]
        for index in np.ndindex(*self.lazy.frames):
            where = [0] * len(index)
            for place, position in zip(order, index, strict=True):
                where[place] = position
            yield opened.read(tuple(where))


def _write_block(
    folder: str, axes: str, block: NDArray[Any], block_id: Index
) -> NDArray[np.bool_]:
    """Write a frame as a dask task; writing it again changes nothing."""
    lead = len(axes)
    write_frame(folder, axes, block_id[:lead], block.reshape(block.shape[lead:]))
    return np.ones((1,) * lead, np.bool_)


def _check(source: Path, target: Path, *, overwrite: bool) -> None:
    if not is_stack_target(target):
        raise FileError(
            f"stacks cannot be written to {target.name}; choose a name that ends in "
            ".tif or .zarr"
        )
    try:
        import_module("dask")
    except ImportError as error:
        raise FileError(
            "stacks need dask; run: pip install 'napari-colorize[stacks]'"
        ) from error
    source.stat()
    real, beside = (Path(os.path.realpath(path)) for path in (source, target))
    if real == beside or real in beside.parents or beside in real.parents:
        raise FileError("the output would overwrite or change its own input")
    if os.path.lexists(target) and not overwrite:
        raise FileExistsError(errno.EEXIST, "the file exists", str(target))

"""Graphs of dask tasks for frames that depend on others of their series."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from colorize_engine.stacks.blocks import light_block, predict_block
from colorize_engine.stacks.paths import along_series

if TYPE_CHECKING:
    from collections.abc import Callable

    import dask.array as da
    from numpy.typing import NDArray

    from colorize_engine.hints import Hint
    from colorize_engine.stacks.frame_model import FrameModel

    Floats = NDArray[np.float32]


def hinted(
    planes: da.Array,
    frames: da.Array,
    source: FrameModel,
    hints: tuple[Hint, ...],
    axis: int,
) -> da.Array:
    """Predict frames with hints that are carried along an axis.

    One task finds the hints of all frames of a series from their L*, at a size at which
    a frame has about 100 kB.

    Parameters
    ----------
    planes : (..., k, h', w') dask array
        What the nets say without hints; not computed, but of the same form.
    frames : (..., H, W) or (..., H, W, 3 or 4) dask array
        One chunk for each frame.
    source
        The model.
    hints
        Those of every series.
    axis
        The leading axis that is time.
    """
    from dask.base import tokenize

    token = tokenize(frames, source, hints, axis)
    names = {kind: f"colorize-{kind}-{token}" for kind in ("light", "along", "hinted")}
    lead = planes.ndim - 3
    shape = int(frames.shape[lead]), int(frames.shape[lead + 1])
    tasks: dict[Any, Any] = {}
    for index in np.ndindex(*planes.numblocks[:lead]):
        key = (frames.name, *index, *(0,) * (frames.ndim - lead))
        tasks[names["light"], *index] = (partial(light_block, lead), key)
        others = index[:axis] + index[axis + 1 :]
        if not index[axis]:
            all_lights = [
                (names["light"], *index[:axis], number, *index[axis + 1 :])
                for number in range(planes.numblocks[axis])
            ]
            along = partial(along_series, hints, shape)
            tasks[names["along"], *others] = (along, all_lights)
        step = partial(predict_block, source, lead, frame=index[axis])
        tasks[names["hinted"], *index, 0, 0, 0] = (step, key, (names["along"], *others))
    return _array(names["hinted"], tasks, planes, frames)


def smoothed(
    planes: da.Array, step: Callable[[Floats, Floats], Floats], axis: int
) -> da.Array:
    """Smooth along an axis; each frame's task uses the result of the one before."""
    from dask.base import tokenize

    name = f"colorize-smooth-{tokenize(planes, step, axis)}"
    tasks: dict[Any, Any] = {}
    for index in np.ndindex(*planes.numblocks):
        own = (planes.name, *index)
        if not index[axis]:
            tasks[(name, *index)] = own
            continue
        before = (name, *(n - (i == axis) for i, n in enumerate(index)))
        tasks[(name, *index)] = (step, before, own)
    return _array(name, tasks, planes, planes)


def _array(
    name: str, tasks: dict[Any, Any], like: da.Array, source: da.Array
) -> da.Array:
    """Return the array that tasks compute from a source, of the form of another."""
    import dask.array
    from dask.highlevelgraph import HighLevelGraph

    sources: Any = [source]
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=sources)
    # Its annotations are wrong.
    make: Any = dask.array.Array
    result: da.Array = make(graph, name, like.chunks, meta=like._meta)
    return result

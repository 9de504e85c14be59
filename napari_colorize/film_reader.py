"""The reader of films: stacks whose frames are decoded when they are shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    LayerTuple = tuple[Any, dict[str, Any], str]


def get_reader(path: str | Sequence[str]) -> Callable[..., list[LayerTuple]] | None:
    """Return the reader of a film; napari finds this function in ``napari.yaml``.

    Return None for several files, and where the packages of the extra ``video`` are
    missing.
    """
    from colorize_engine.files import FileError
    from colorize_engine.film import check_extra

    if not isinstance(path, str):
        return None
    try:
        check_extra()
    except FileError:
        return None
    return read_film


def read_film(path: str) -> list[LayerTuple]:
    """Return a film as a layer whose first axis is time.

    Parameters
    ----------
    path
        A file that PyAV reads.

    Returns
    -------
    list of (dask array, dict, str)
        (T, H, W), upright, or (T, H, W, 3) of a film in color; one chunk a frame.
        The scale is that of the pixels where they are not square.

    Raises
    ------
    OSError
        If the file is missing, or is not a film.
    """
    import dask.array

    from colorize_engine.color import full_scale
    from colorize_engine.files import FileError
    from colorize_engine.film import FilmStack

    try:
        film = FilmStack(path)
    except FileError as error:
        # napari takes a ValueError as a sign that there is no reader.
        raise OSError(f"{path}: {error}") from error
    frames: Any = dask.array
    data = frames.from_array(
        film,
        chunks=(1, *film.shape[1:]),
        name=False,
        asarray=False,
        meta=np.empty((0,) * film.ndim, film.dtype),
    )
    about = {
        "name": Path(path).stem,
        "rgb": film.ndim == 4,
        "contrast_limits": (0, full_scale(film.dtype)),
        "scale": (1, 1, film.pixel_aspect),
    }
    return [(data, about, "image")]

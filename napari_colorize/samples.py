"""Gray photos to try the plugin on: File > Open Sample > Colorize.

All come with scikit-image and need no network. They are in the public domain or under
CC0: astronaut (NASA), chelsea (Stefan van der Walt), coffee (Rachel Michetti), rocket
(SpaceX), camera (Lav Varshney).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_colorize.runs import METADATA

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Photo = npt.NDArray[np.uint8]
    LayerTuple = tuple[Photo, dict[str, Any], str]

# Gap in pixels between a gray photo and its color original.
_GAP = 20
_FRAMES, _FRAME_SIDE, _SECONDS = 10, 200, 0.2


def coffee() -> list[LayerTuple]:
    """Return a gray photo of a cup of coffee, and to its right the color original."""
    photo = _photo("coffee")
    beside = (0, photo.shape[1] + _GAP)
    truth = {
        "name": "coffee in its own color",
        "rgb": True,
        "translate": beside,
        # A layer with this key is not offered for coloring.
        "metadata": {METADATA: {"kind": "truth"}},
    }
    return [*_gray_layer("coffee", photo), (photo, truth, "image")]


def astronaut() -> list[LayerTuple]:
    """Return a gray portrait of the astronaut Eileen Collins."""
    return _gray_layer("astronaut", _photo("astronaut"))


def cat() -> list[LayerTuple]:
    """Return a gray photo of Chelsea the cat."""
    return _gray_layer("cat", _photo("chelsea"))


def rocket() -> list[LayerTuple]:
    """Return a gray photo of a rocket launch."""
    return _gray_layer("rocket", _photo("rocket"))


def cameraman() -> list[LayerTuple]:
    """Return a photo of a man with a camera, which was taken in gray."""
    return _gray_layer("cameraman", _photo("camera"))


def pan() -> list[LayerTuple]:
    """Return a gray stack (T, Y, X): 10 frames of 200 x 200 that pan across a photo."""
    import numpy as np

    gray = _to_gray(_photo("rocket"))
    top = gray.shape[0] - _FRAME_SIDE
    lefts = np.linspace(0, gray.shape[1] - _FRAME_SIDE, _FRAMES).astype(int)
    frames = [gray[top:, left : left + _FRAME_SIDE] for left in lefts]
    about = {
        "name": "pan gray",
        "scale": (_SECONDS, 1, 1),
        "axis_labels": ("t", "y", "x"),
        "units": ("second", "pixel", "pixel"),
    }
    return [(np.stack(frames), about, "image")]


def _photo(name: str) -> Photo:
    from skimage import data

    photo: Photo = getattr(data, name)()
    return photo


def _gray_layer(name: str, photo: Photo) -> list[LayerTuple]:
    return [(_to_gray(photo), {"name": f"{name} gray"}, "image")]


def _to_gray(photo: Photo) -> Photo:
    """Return the gray uint8 photo (H, W) with the same lightness L*."""
    if photo.ndim == 2:
        return photo
    import numpy as np

    from colorize_engine.color import lightness

    # L* of each gray level. Each pixel gets the level whose L* is nearest to its own.
    levels = lightness(np.arange(256, dtype=np.uint8)[np.newaxis])[0]
    middles = (levels[:-1] + levels[1:]) / 2
    return np.searchsorted(middles, lightness(photo)).astype(np.uint8)

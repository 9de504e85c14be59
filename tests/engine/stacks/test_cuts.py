"""Cuts: found between scenes, and not where one scene moves or changes its light."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from skimage import data

from colorize_engine.color import lightness
from colorize_engine.stacks.cuts import is_cut
from colorize_engine.stacks.motion import motion
from colorize_engine.stacks.paths import Paths

NAMES = ("astronaut", "brick", "camera", "chelsea", "coffee", "coins", "moon")
PHOTOS = {
    name: np.asarray(Image.fromarray(getattr(data, name)()).convert("L"), float)
    for name in NAMES
}


def part(
    name: str, row: float, column: float, side: float = 200, turn: float = 0
) -> np.ndarray:
    """Cut a square out of a photo, scaled to 128 x 128 gray levels."""
    photo = Image.fromarray(PHOTOS[name].astype(np.uint8))
    if turn:
        middle = (column + side / 2, row + side / 2)
        photo = photo.rotate(turn, Image.Resampling.BILINEAR, center=middle)
    box = (column, row, column + side, row + side)
    return np.asarray(photo.resize((128, 128), Image.Resampling.BILINEAR, box), float)


def seen(gray: np.ndarray, noise: float = 0, seed: int = 0) -> np.ndarray:
    """L* of gray levels, with noise."""
    rng = np.random.default_rng(seed)
    noisy = np.clip(gray + rng.normal(0, noise, gray.shape), 0, 255)
    return lightness(noisy.astype(np.uint8))


def cut(one: np.ndarray, other: np.ndarray) -> bool:
    return is_cut(one, other, motion(one, other))


@pytest.mark.parametrize("gain", [1, 0.4], ids=["bright", "dark"])
def test_all_cuts_between_scenes_are_found(gain: float) -> None:
    scenes = {name: seen(gain * part(name, 40, 60), 2) for name in NAMES}
    missed = [
        pair for pair in permutations(NAMES, 2) if not cut(*map(scenes.get, pair))
    ]
    assert missed == []


SHOTS = {
    "at rest": lambda name: (part(name, 40, 60), part(name, 40, 60)),
    "slow pan": lambda name: (part(name, 40, 60), part(name, 43, 66)),
    # A fifth of the frame from one frame to the next.
    "fast pan": lambda name: (part(name, 40, 30), part(name, 40, 70)),
    "zoom": lambda name: (part(name, 40, 60), part(name, 46, 66, 188)),
    "turn": lambda name: (part(name, 40, 60), part(name, 40, 60, turn=3)),
    "brighter": lambda name: (part(name, 40, 60), 1.5 * part(name, 40, 60)),
    "darker": lambda name: (part(name, 40, 60), 0.6 * part(name, 40, 60)),
    "flash": lambda name: (part(name, 40, 60), 1.6 * part(name, 40, 60) + 50),
    "fade": lambda name: (0.3 * part(name, 40, 60), 0.2 * part(name, 40, 60)),
}


@pytest.mark.parametrize("kind", SHOTS)
@pytest.mark.parametrize("noise", [0, 4])
def test_one_shot_has_no_cut(kind: str, noise: float) -> None:
    found = {}
    for name in NAMES:
        one, other = SHOTS[kind](name)
        found[name] = cut(seen(one, noise), seen(other, noise, seed=1))
    assert not any(found.values()), found


def test_a_whip_pan_with_motion_blur_has_no_cut() -> None:
    blurred = [
        ndimage.uniform_filter1d(part("coffee", 40, at), 20, axis=1) for at in (20, 60)
    ]
    assert not cut(*map(seen, blurred))


def test_a_thing_that_moves_through_the_frame_is_no_cut() -> None:
    frames = [part("brick", 40, 60), part("brick", 40, 60)]
    for frame, left in zip(frames, (10, 50), strict=True):
        frame[30:110, left : left + 50] = part("coins", 40, 60)[:80, :50]
    assert not cut(*map(seen, frames))


def test_black_and_white_frames_belong_to_no_scene() -> None:
    scene, black = seen(part("coffee", 40, 60)), seen(np.zeros((128, 128)), 2)
    white = seen(np.full((128, 128), 255.0))
    assert cut(scene, black)
    assert cut(black, scene)
    assert cut(scene, white)
    assert cut(black, white)
    assert not cut(black, seen(np.zeros((128, 128)), 2, seed=1))


def test_hints_end_at_a_cut_that_the_motion_alone_would_follow() -> None:
    """Dark scenes differ by little lightness."""
    from colorize_engine import Hint

    lights = [seen(0.25 * part(name, 40, 60), 2) for name in ("coffee", "brick")]
    hint = Hint(64, 64, 20, frame=0)
    found = [
        Paths((128, 128), lights.__getitem__, cuts=cuts).shown([hint], 1)
        for cuts in (False, True)
    ]
    assert [len(hints) for hints in found] == [1, 0]

"""Flicker of a stack's colors, with and without smoothing over time.

``python benchmarks/flicker.py`` colors with `default` (i) pans over color photos of
scikit-image, there and back, by known steps, and (ii) scenes at rest, with fresh noise
in each frame. It prints, without and with smoothing, the flicker (the mean absolute
change of a* and b* along the true displacement), dE00 against the photo's own color,
the chroma, and the processor times of the smoothing and of the nets.

``--compare`` adds other ways: smoothing of probabilities instead of logits, without
motion, and with only the shift of the whole frame; and nets that are shown the colors
of the frame before as hints, carried along the motion, every 32, 64 or 128 pixels.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
from skimage import data
from skimage.color import deltaE_ciede2000

from colorize_engine.color import lightness, lightness_to_gray, srgb_to_lab
from colorize_engine.hints import Hint
from colorize_engine.pretrained import Backend
from colorize_engine.stacks import FrameModel, motion
from colorize_engine.stacks import smoothing as temporal
from colorize_engine.stacks.cells import join
from training.scoring import table

if TYPE_CHECKING:
    from collections.abc import Callable

    Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    Smooth = Callable[[Floats, Floats, float, int], Floats]

SIDE, BORDER, NOISE = 256, 16, 0.04
# For each photo: first corner of the visible part, and step from frame to frame.
PANS = {
    "coffee": ((1.0, 9.4), (0.7, 2.6)),
    "chelsea": ((2.0, 5.0), (0.25, 4.0)),
    "astronaut": ((10.0, 10.0), (3.3, 1.5)),
}


@dataclass
class Scene:
    """Frames with their true colors and displacements.

    Attributes
    ----------
    planes : list of (s * s + 1 + Q, h', w') arrays
        Output of the nets for each frame, see `stacks.FrameModel.predict`.
    truths : list of (h, w, 3) arrays
        CIE Lab.
    steps : list of (float, float)
        Displacement of the camera since the frame before.
    seconds : float
        Processor time of the nets for a frame.
    """

    planes: list[Floats] = field(default_factory=list)
    truths: list[Floats] = field(default_factory=list)
    steps: list[tuple[float, float]] = field(default_factory=list)
    seconds: float = 0.0

    def add(
        self, model: FrameModel, gray: Floats, lab: Floats, step: tuple[float, float]
    ) -> None:
        """Run the nets on a frame, (h, w) float32 in 0..1, and store the result."""
        began = time.process_time()
        self.planes.append(model.predict(gray))
        self.seconds = time.process_time() - began
        self.truths.append(lab)
        self.steps.append(step)


def part(photo: Floats, corner: tuple[float, float]) -> Floats:
    """Cut a part out of a photo at any position, bilinearly: (SIDE, SIDE, 3)."""
    top, left = (int(n) for n in corner)
    down, right = corner[0] - top, corner[1] - left
    found = photo[top : top + SIDE + 1, left : left + SIDE + 1].astype(np.float32) / 255
    found = (1 - down) * found[:-1] + down * found[1:]
    return ((1 - right) * found[:, :-1] + right * found[:, 1:]).astype(np.float32)


def pan(model: FrameModel, name: str, count: int) -> Scene:
    """Return a scene of a camera that moves over a photo and back."""
    photo, scene = getattr(data, name)(), Scene()
    corner, step = PANS[name]
    for number in range(count):
        away = min(number, count - 1 - number)
        turned = number > count - 1 - number
        at = (corner[0] + away * step[0], corner[1] + away * step[1])
        lab = srgb_to_lab(part(photo, at))
        way = (-step[0], -step[1]) if turned else step
        if number and 2 * number == count:
            # With an even number of frames, the two in the middle are the same.
            way = (0.0, 0.0)
        scene.add(model, lightness_to_gray(lab[..., 0], np.float32), lab, way)
    return scene


def rest(model: FrameModel, name: str, count: int) -> Scene:
    """Return a scene at rest, with noise of 4 % of white."""
    rng, scene = np.random.default_rng(0), Scene()
    lab = srgb_to_lab(part(getattr(data, name)(), PANS[name][0]))
    for _ in range(count):
        noisy = lightness_to_gray(lab[..., 0], np.float32) + rng.normal(
            0, NOISE, lab.shape[:2]
        )
        scene.add(model, np.clip(noisy, 0, 1).astype(np.float32), lab, (0.0, 0.0))
    return scene


def decoded(model: FrameModel, planes: Floats) -> Floats:
    """Decode a* and b* as the model does by itself, at the working size: (2, h, w)."""
    prediction = model.prediction(np.zeros((SIDE, SIDE), np.uint8), planes)
    return prediction.enlarge(prediction.decode())


def figures(
    model: FrameModel, scene: Scene, smooth: Smooth, smoothing: float
) -> np.ndarray:
    """Return flicker, dE00, chroma, and processor seconds of smoothing a frame."""
    state, before = scene.planes[0], decoded(model, scene.planes[0])
    flicker, seconds = [], 0.0
    errors, chroma = [error(before, scene.truths[0])], [before]
    for planes, truth, step in zip(
        scene.planes[1:], scene.truths[1:], scene.steps[1:], strict=True
    ):
        began = time.process_time()
        state = smooth(state, planes, smoothing, model.head_stride)
        seconds += time.process_time() - began
        now = decoded(model, state)
        flow = np.zeros_like(now) + np.reshape(step, (2, 1, 1))
        change = now - motion.warped(before, flow.astype(np.float32))
        inner = change[:, BORDER:-BORDER, BORDER:-BORDER]
        flicker.append(np.abs(inner).mean())
        errors.append(error(now, truth))
        chroma.append(now)
        before = now
    strength = np.hypot(*np.stack(chroma, axis=1)).mean()
    count = len(scene.planes) - 1
    return np.array([np.mean(flicker), np.mean(errors), strength, seconds / count])


def error(chroma: Floats, truth: Floats) -> float:
    """Return the mean dE00 against the truth, using the lightness of the truth."""
    found = np.dstack([truth[..., 0], *chroma])
    return float(deltaE_ciede2000(truth, found).mean())


def none(_: Floats, current: Floats, *__: float) -> Floats:
    """Return the frame as it is."""
    return current


def of_probabilities(model: FrameModel) -> Smooth:
    """Return a function that mixes probabilities instead of logits."""
    first_a = model.head_stride**2 + 1
    first_b = first_a + len(model.bins[0])

    def mix(previous: Floats, current: Floats, smoothing: float, side: int) -> Floats:
        def swapped(planes: Floats, function: Callable[[Floats], Floats]) -> Floats:
            rest, a, b = np.split(planes, [first_a, first_b])
            return np.concatenate([rest, function(a), function(b)])

        def shares(logits: Floats) -> Floats:
            powers = np.exp(logits - logits.max(0))
            return powers / powers.sum(0)

        mixed = temporal.smoothed(
            swapped(previous, shares), swapped(current, shares), smoothing, side
        )
        return swapped(mixed, lambda p: np.log(np.maximum(p, 1e-20)))

    return mix


def of_hints(model: FrameModel, spacing: int) -> Smooth:
    """Return a function that shows the nets the colors of the frame before as hints."""
    pixels = model.head_stride**2
    first = spacing // 2

    def hinted(previous: Floats, current: Floats, _: float, side: int) -> Floats:
        before, light = join(previous[:pixels]), join(current[:pixels])
        flow, trust = motion.followed(before, light)
        chroma = motion.warped(decoded(model, previous), flow)
        hints = [
            Hint(row, column, *map(float, chroma[:, row, column]))
            for row in range(first, SIDE, spacing)
            for column in range(first, SIDE, spacing)
            if trust[row, column] > 0.5
        ]
        return model.predict(lightness_to_gray(light, np.float32), hints)

    return hinted


def without_flow(
    previous: Floats, current: Floats, smoothing: float, side: int
) -> Floats:
    """Smooth as if nothing moved."""

    def still(_: Floats, light: Floats) -> Floats:
        return np.zeros((2, *light.shape), np.float32)

    with mock.patch.object(motion, "motion", still):
        return temporal.smoothed(previous, current, smoothing, side)


def shift_alone(
    previous: Floats, current: Floats, smoothing: float, side: int
) -> Floats:
    """Smooth along the shift of the whole frame, without Lucas-Kanade."""

    def nothing(after: Floats, *_: object, **__: object) -> Floats:
        return np.zeros((2, *after.shape), np.float32)

    with mock.patch("skimage.registration.optical_flow_ilk", nothing):
        return temporal.smoothed(previous, current, smoothing, side)


def report(
    model: FrameModel, scenes: dict[str, Scene], ways: dict[str, Smooth]
) -> None:
    """Print a table of each scene, and of the means of pans and of scenes at rest."""
    for kind in ("pan", "rest"):
        chosen = {name: s for name, s in scenes.items() if name.startswith(kind)}
        all_found: dict[str, dict[str, np.ndarray]] = {}
        for name, scene in chosen.items():
            all_found[name] = {
                way: figures(model, scene, smooth, smoothing)
                for way, (smooth, smoothing) in ways.items()
            }
            show(name, all_found[name])
        found = all_found.values()
        means = {way: np.mean([each[way] for each in found], axis=0) for way in ways}
        show(f"{kind}, mean of {len(chosen)}", means)
    nets = np.mean([scene.seconds for scene in scenes.values()])
    print(f"Times are those of the processor; the nets take {1000 * nets:.0f} ms.")


def show(title: str, found: dict[str, np.ndarray]) -> None:
    """Print the table of a scene, with the ways as rows."""
    lines = [[title, "flicker", "of none", "dE00", "less none", "chroma", "ms"]]
    plain = found["none"]
    for way, (flicker, de00, chroma, seconds) in found.items():
        cells = [f"{flicker:.3f}", f"{flicker / plain[0]:.2f}"]
        cells += [f"{de00:.3f}", f"{de00 - plain[1]:+.3f}"]
        lines.append([way, *cells, f"{chroma:.2f}", f"{1000 * seconds:.0f}"])
    print(f"{table(lines)}\n", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Flicker with and without smoothing.")
    parser.add_argument("--frames", type=int, default=10)
    parser.add_argument("--smoothing", type=float, nargs="+", default=[0.6, 0.8])
    parser.add_argument("--compare", action="store_true")
    args = parser.parse_args()
    model = FrameModel.of("default", Backend("cpu"), SIDE)
    # The first run loads the nets.
    model.predict(lightness(data.camera())[:SIDE, :SIDE] / 100)
    scenes = {f"pan over {name}": pan(model, name, args.frames) for name in PANS}
    for name in ("coffee", "chelsea"):
        scenes[f"rest of {name}"] = rest(model, name, args.frames)
    ways = {"none": (none, 0.0)}
    for smoothing in args.smoothing:
        ways[f"smoothing {smoothing:g}"] = (temporal.smoothed, smoothing)
    if args.compare:
        first = args.smoothing[0]
        ways["probabilities"] = (of_probabilities(model), first)
        ways["no motion"] = (without_flow, first)
        ways["shift alone"] = (shift_alone, first)
        for spacing in (32, 64, 128):
            ways[f"hints every {spacing} px"] = (of_hints(model, spacing), 0.0)
    report(model, scenes, ways)


if __name__ == "__main__":
    main()

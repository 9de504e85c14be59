"""Time and error of the color conversions, compared with other packages.

    python benchmarks/color.py [--megapixels 6] [--repeats 7]

All candidates take turns on the same picture, so other load on the machine slows them
alike: compare the ratios, not the milliseconds. The processor time counts all threads,
and is steadier on a busy machine. OpenCV and kornia have rows if they are installed.
The errors are the largest differences in L*, a* or b* from scikit-image in float64; for
Lab -> RGB those of the resulting colors.
"""

from __future__ import annotations

import argparse
import time
from importlib.util import find_spec
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from skimage.color import lab2rgb, rgb2lab
from skimage.data import astronaut

from colorize_engine.color import lab_to_rgb, lab_to_srgb, lightness, srgb_to_lab
from training.scoring import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Candidates = dict[str, Callable[[], NDArray[Any]]]


def picture(megapixels: float) -> NDArray[np.uint8]:
    """Return an 8-bit RGB picture: a tiled photo with noise, so no color repeats."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(1.5 * height)
    times = (-(-height // 512), -(-width // 512), 1)
    photo = np.tile(astronaut(), times)[:height, :width].astype(np.int16)
    noise = np.random.default_rng(0).integers(-6, 7, photo.shape, np.int16)
    return np.clip(photo + noise, 0, 255).astype(np.uint8)


def to_lab(rgb: NDArray[np.uint8]) -> Candidates:
    """Return conversions of the picture to Lab; the first is the reference."""
    single = (rgb / np.float32(255)).astype(np.float32)
    double = rgb / 255
    candidates: Candidates = {
        "scikit-image float64": lambda: rgb2lab(double),
        "scikit-image float32": lambda: rgb2lab(single),
        "scikit-image uint8": lambda: rgb2lab(rgb),
        "ours float32": lambda: srgb_to_lab(single),
        "ours uint8": lambda: srgb_to_lab(rgb),
        "ours uint8, L* only": lambda: lightness(rgb),
        "ours gray uint8, L* only": lambda: lightness(rgb[..., 1]),
    }
    if find_spec("cv2"):
        import cv2

        candidates["OpenCV float32"] = lambda: cv2.cvtColor(single, cv2.COLOR_RGB2Lab)
    if find_spec("kornia"):
        import torch
        from kornia.color import rgb_to_lab

        batch = torch.from_numpy(single).movedim(-1, 0)[None]
        candidates["kornia float32"] = lambda: rgb_to_lab(batch)[0].movedim(0, -1)
    return candidates


def to_rgb(lab: NDArray[np.float32]) -> Candidates:
    """Return conversions of in-gamut Lab to RGB; the first is the reference."""
    double = lab.astype(np.float64)
    light, chroma = lab[..., 0].copy(), np.moveaxis(lab[..., 1:], -1, 0).copy()
    candidates: Candidates = {
        "scikit-image float64": lambda: lab2rgb(double),
        "scikit-image float32": lambda: lab2rgb(lab),
        "ours float32": lambda: lab_to_srgb(lab),
        "ours, gamut, float32": lambda: lab_to_rgb(light, chroma, np.float32),
        "ours, gamut, uint16": lambda: lab_to_rgb(light, chroma, np.uint16),
        "ours, gamut, uint8": lambda: lab_to_rgb(light, chroma, np.uint8),
        "ours, chroma x 1.5, uint8": lambda: lab_to_rgb(light, 1.5 * chroma),
    }
    if find_spec("cv2"):
        import cv2

        candidates["OpenCV float32"] = lambda: cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
    if find_spec("kornia"):
        import torch
        from kornia.color import lab_to_rgb as kornia_lab_to_rgb

        batch = torch.from_numpy(lab).movedim(-1, 0)[None]
        candidates["kornia float32"] = lambda: kornia_lab_to_rgb(batch)[0].movedim(
            0, -1
        )
    return candidates


def error(lab: NDArray[Any], expected: NDArray[Any]) -> float:
    """Return the largest difference in any coordinate, or in L* if it is alone."""
    if lab.ndim == 2:
        expected = expected[..., 0]
    return float(np.abs(lab - expected).max())


def time_all(
    candidates: Candidates, repeats: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Return median wall and processor seconds of the candidates, run in turn."""
    walls: dict[str, list[float]] = {name: [] for name in candidates}
    processors: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(repeats + 1):
        for name, convert in candidates.items():
            wall, processor = time.perf_counter(), time.process_time()
            convert()
            processors[name].append(time.process_time() - processor)
            walls[name].append(time.perf_counter() - wall)
    # The first turn fills tables and caches.
    return (
        {name: median(times[1:]) for name, times in walls.items()},
        {name: median(times[1:]) for name, times in processors.items()},
    )


def report(
    title: str, candidates: Candidates, repeats: int, errors: dict[str, str]
) -> None:
    """Print the table of one direction."""
    walls, processors = time_all(candidates, repeats)
    first = next(iter(candidates))
    beside = "OpenCV float32" if "OpenCV float32" in candidates else first
    share = f"of {beside.split()[0]}"
    lines = [[title, "ms", "speed-up", "processor ms", share, "largest error"]]
    for name in candidates:
        cells = [f"{1e3 * walls[name]:.0f}", f"{walls[first] / walls[name]:.1f}"]
        ratio = processors[name] / processors[beside]
        cells += [f"{1e3 * processors[name]:.0f}", f"{ratio:.2f}"]
        lines.append([name, *cells, errors[name]])
    print(f"{table(lines)}\n")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megapixels", type=float, default=6)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    rgb = picture(options.megapixels)
    size = f"{rgb.shape[1]} x {rgb.shape[0]}"
    print(f"{size} pixels, medians of {options.repeats}.\n")

    sample = rgb[:512, :768]
    expected = rgb2lab(sample / 255)
    errors = {
        name: f"{error(np.asarray(convert()), expected):.4f}"
        for name, convert in to_lab(sample).items()
        if "gray" not in name
    }
    errors["ours gray uint8, L* only"] = f"{gray_error():.4f}"
    report("RGB -> Lab", to_lab(rgb), options.repeats, errors)

    errors = {}
    for name, convert in to_rgb(expected.astype(np.float32)).items():
        out = np.asarray(convert())
        scale = np.iinfo(out.dtype).max if out.dtype.kind == "u" else 1
        rounded = " (rounding)" if out.dtype == np.uint8 else ""
        errors[name] = f"{error(rgb2lab(out / scale), expected):.4f}{rounded}"
    errors["ours, chroma x 1.5, uint8"] = "out of gamut"
    report("Lab -> RGB", to_rgb(srgb_to_lab(rgb)), options.repeats, errors)


def gray_error() -> float:
    """Return the largest error of L* over all 8-bit gray levels."""
    gray = np.arange(256, dtype=np.uint8)[np.newaxis]
    return error(lightness(gray), rgb2lab(np.stack([gray] * 3, axis=-1) / 255))


if __name__ == "__main__":
    main()

"""Error of ways to enlarge predicted chroma, over the whole photo and along edges.

    python benchmarks/upsampling.py PHOTO... [--megapixels 1 4 12] [--model default]

Each color photo is scaled to each size (never up). Its chroma is predicted at the
working size and enlarged by each method. The table gives the mean CIEDE2000 and the
mean distance in a*b* from the truth within ``REACH`` pixels of strong edges of L*, both
as differences from bilinear (below zero is better), and the processor time as a
multiple of bilinear's. With ``--truth`` the photo's own chroma, scaled to the working
size and blurred as a net's is, replaces the prediction.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.ndimage import gaussian_gradient_magnitude as gradient
from skimage.color import deltaE_ciede2000
from upsamplers import UPSAMPLERS

from colorize_engine.color import srgb_to_lab
from colorize_engine.colorizer import Colorizer
from colorize_engine.resize import fit_lightness, working_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

REACH = 3
# Gradient of a strong edge, in L* per pixel, by a Gaussian of one pixel.
STRONG = 5.0
_SAMPLES = 200_000
_BLUR = 1.0


def scaled(path: Path, megapixels: float) -> NDArray[np.uint8] | None:
    """Read a photo at a size; None if it is smaller."""
    with Image.open(path) as image:
        factor = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
        if factor > 1:
            return None
        size = round(image.width * factor), round(image.height * factor)
        return np.asarray(image.convert("RGB").resize(size, Image.Resampling.BOX))


def working_chroma(
    rgb: NDArray[np.uint8], lab: Floats, colorizer: Colorizer, truth: bool
) -> tuple[Floats, Floats]:
    """Return chroma (2, h, w) and lightness (h, w) at the working size."""
    if not truth:
        gray = np.asarray(Image.fromarray(rgb).convert("L"))
        prediction = colorizer.predict(gray)
        chroma = prediction.enlarge(prediction.decode())
        return chroma, fit_lightness(rgb, prediction.lightness.shape)
    shape = working_shape(rgb.shape[:2], colorizer.working_size)
    size = shape[1], shape[0]
    planes = [
        np.asarray(Image.fromarray(lab[..., c]).resize(size, Image.Resampling.BOX))
        for c in (1, 2)
    ]
    chroma = np.stack([gaussian_filter(plane, _BLUR) for plane in planes])
    return chroma, fit_lightness(rgb, shape)


def score(
    rgb: NDArray[np.uint8], colorizer: Colorizer, truth: bool
) -> dict[str, tuple[float, float, float]]:
    """Score all methods on one photo: dE00, error along edges, processor seconds."""
    lab = srgb_to_lab(rgb)
    light = np.ascontiguousarray(lab[..., 0])
    chroma, guide = working_chroma(rgb, lab, colorizer, truth)
    edges = distance_transform_edt(gradient(light, 1.0) < STRONG) <= REACH
    random = np.random.default_rng(0)
    anywhere = random.integers(0, light.size, _SAMPLES)
    along = np.flatnonzero(edges)
    along = random.choice(along, min(_SAMPLES, len(along)), replace=False)
    true = lab.reshape(-1, 3)
    found = {}
    for name, method in UPSAMPLERS.items():
        began = time.process_time()
        enlarged = method(chroma, guide, light)
        seconds = time.process_time() - began
        flat = enlarged.reshape(2, -1).T
        guess = np.column_stack([true[anywhere, 0], flat[anywhere]])
        error = float(deltaE_ciede2000(guess, true[anywhere]).mean())
        distance = np.linalg.norm(flat[along] - true[along, 1:], axis=1)
        found[name] = (error, float(distance.mean()), seconds)
    return found


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--megapixels", nargs="+", type=float, default=[1, 4, 12])
    parser.add_argument("--model", default="default")
    parser.add_argument(
        "--most", type=int, default=99, help="maximum photos of each size"
    )
    parser.add_argument("--truth", action="store_true", help="enlarge true chroma")
    args = parser.parse_args()
    colorizer = Colorizer.from_pretrained(args.model)
    for megapixels in args.megapixels:
        scores = []
        for path in args.photos:
            rgb = scaled(path, megapixels) if len(scores) < args.most else None
            if rgb is not None:
                scores.append(score(rgb, colorizer, args.truth))
        if not scores:
            print(f"\nno photo has {megapixels:g} MP")
            continue
        base = np.mean([s["bilinear"] for s in scores], axis=0)
        print(
            f"\n{megapixels:g} MP, {len(scores)} photos; bilinear: dE00 {base[0]:.3f},"
        )
        print(f"{base[1]:.3f} along edges\n")
        print("| method | dE00 | along edges | worst photo | time |")
        print("|---|---|---|---|---|")
        for name in UPSAMPLERS:
            mean = np.mean([s[name] for s in scores], axis=0)
            worst = max(s[name][1] - s["bilinear"][1] for s in scores)
            print(
                f"| {name} | {mean[0] - base[0]:+.3f} | {mean[1] - base[1]:+.3f} | "
                f"{worst:+.3f} | {mean[2] / base[2]:.1f} |"
            )


if __name__ == "__main__":
    main()

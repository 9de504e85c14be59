"""Time from file to file, stage by stage, compared with that of demo scripts.

    python benchmarks/speed.py [--repeats 5] [--chart stages.png]

Both run the same network on this machine, in turn. The demo way is that of scripts that
come with colorization papers: Pillow reads RGB, scikit-image's ``rgb2lab`` converts the
whole and a small copy, then follow network, annealed mean, bilinear enlargement by
torch and ``lab2rgb``, and Pillow writes. scikit-image gets uint8, which it turns into
float64; a second row gives it float32. Times are medians of processor-bound wall
seconds; ratios compare the time outside the network and the codecs. The chart stacks
the stages of the engine from 0.07 to 50 MP.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from skimage import data
from skimage.color import lab2rgb, rgb2lab

from colorize_engine import Colorizer, files
from colorize_engine.resize import working_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Way = Callable[[Path, Path], None]

CODECS, NETWORK = ("read", "write"), "network"
SIZES = (0.0656, 1, 12, 50)
COMPARED = (0.0656, 1, 12)
Image.MAX_IMAGE_PIXELS = None


class Clock:
    """Seconds of the stages of one run."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the seconds of a block to a stage."""
        began = time.perf_counter()
        yield
        spent = time.perf_counter() - began
        self.stages[name] = self.stages.get(name, 0) + spent

    @property
    def outside(self) -> float:
        """Seconds outside the network and the codecs."""
        return sum(
            s for name, s in self.stages.items() if name not in (*CODECS, NETWORK)
        )


def engine(colorizer: Colorizer, source: Path, target: Path) -> Clock:
    """Color a file as the command line does."""
    clock, run = Clock(), colorizer.predictor

    def timed(lightness: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        with clock.stage(NETWORK):
            return run(lightness)

    timed.batched = True  # type: ignore[attr-defined]
    colorizer.predictor = timed
    try:
        with clock.stage("read"):
            [picture] = files.read(source)
        with clock.stage("to working size"):
            prediction = colorizer.predict(picture.image)
        clock.stages["to working size"] -= clock.stages[NETWORK]
        with clock.stage("decode"):
            chroma = prediction.decode()
        with clock.stage("to full size and RGB"):
            rgb = prediction.render(chroma)
        with clock.stage("write"):
            files.write(target, [replace(picture, image=rgb)], overwrite=True)
    finally:
        colorizer.predictor = run
    return clock


def demo(
    colorizer: Colorizer, source: Path, target: Path, *, single: bool = False
) -> Clock:
    """Color a file as demo scripts do."""
    clock = Clock()
    with clock.stage("read"):
        rgb = np.asarray(Image.open(source).convert("RGB"))
    with clock.stage("to Lab and working size"):
        shape = working_shape(rgb.shape[:2], 256)
        size = shape[1], shape[0]
        small = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BICUBIC))
        whole, little = (
            rgb2lab(x.astype(np.float32) / 255 if single else x) for x in (rgb, small)
        )
        light = np.ascontiguousarray(little[..., 0], np.float32)
    with clock.stage(NETWORK):
        logits = colorizer.predictor(light)
    with clock.stage("decode"):
        ab = [
            torch.einsum(
                "q,qhw->hw",
                torch.from_numpy(bins.centers),
                torch.softmax(torch.from_numpy(z) / 0.38, 0),
            )
            for z, bins in zip(logits, colorizer.bins, strict=True)
        ]
    with clock.stage("to full size and RGB"):
        enlarged = torch.nn.functional.interpolate(
            torch.stack(ab)[None], rgb.shape[:2], mode="bilinear"
        )[0]
        lab = np.dstack([whole[..., 0], *enlarged.numpy()])
        out = (lab2rgb(lab) * 255).astype(np.uint8)
    with clock.stage("write"):
        Image.fromarray(out).save(target, quality=95, subsampling=0)
    return clock


def write_photo(path: Path, megapixels: float, *, color: bool) -> None:
    """Write a JPEG photo of a size, gray or RGB."""
    photo = Image.fromarray(data.astronaut() if color else data.camera())
    side = round((megapixels * 1e6) ** 0.5)
    photo.resize((side, side), Image.Resampling.BICUBIC).save(path, quality=92)


def compare(colorizer: Colorizer, folder: Path, repeats: int) -> None:
    """Print the times of both ways, measured in turn."""
    print("| photo | way | outside network and codecs, ms | times ours | total, ms |")
    print("|---|---|---|---|---|")
    for megapixels in COMPARED:
        for color in (False, True):
            source, target = folder / "in.jpg", folder / "out.jpg"
            write_photo(source, megapixels, color=color)
            clocks: dict[str, list[Clock]] = {}
            for _ in range(repeats + 1):
                for name, clock in (
                    ("engine", engine(colorizer, source, target)),
                    ("demo, uint8", demo(colorizer, source, target)),
                    ("demo, float32", demo(colorizer, source, target, single=True)),
                ):
                    clocks.setdefault(name, []).append(clock)
            ours = median(clock.outside for clock in clocks["engine"][1:])
            for name, found in clocks.items():
                outside = median(clock.outside for clock in found[1:])
                total = median(sum(clock.stages.values()) for clock in found[1:])
                kind = "RGB" if color else "gray"
                print(
                    f"| {megapixels:.3g} MP, {kind} | {name} | {1e3 * outside:.1f} | "
                    f"{outside / ours:.1f} | {1e3 * total:.0f} |"
                )


def stages(colorizer: Colorizer, folder: Path, chart: Path | None) -> None:
    """Print and draw the engine's stages."""
    print("\n| MP | stages: ms (share) |\n|---|---|")
    rows: dict[float, dict[str, float]] = {}
    for megapixels in SIZES:
        source, target = folder / "in.jpg", folder / "out.jpg"
        write_photo(source, megapixels, color=False)
        clocks = [engine(colorizer, source, target) for _ in range(4)][1:]
        rows[megapixels] = {
            name: median(c.stages[name] for c in clocks) for name in clocks[0].stages
        }
        total = sum(rows[megapixels].values())
        cells = ", ".join(
            f"{name} {1e3 * s:.0f} ({s / total:.0%})"
            for name, s in rows[megapixels].items()
        )
        print(f"| {megapixels:.3g} | {cells} |")
    if chart is not None:
        draw(rows, chart)


def draw(rows: dict[float, dict[str, float]], chart: Path) -> None:
    """Draw a stacked bar for each size, as shares of its time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    panel = figure.subplots()
    labels = [f"{size:.2g} MP, {sum(row.values()):.2g} s" for size, row in rows.items()]
    left = np.zeros(len(rows))
    order = ("read", "to working size", NETWORK, "decode", "to full size and RGB")
    for name in (*order, "write"):
        share = np.array([row[name] / sum(row.values()) for row in rows.values()])
        panel.barh(labels, share, left=left, label=name)
        left += share
    panel.invert_yaxis()
    panel.set(xlim=(0, 1), xlabel="share of the time, file to file")
    figure.legend(loc="outside upper center", ncols=3, fontsize=8)
    figure.savefig(chart, dpi=110)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--chart", type=Path, help="PNG file for the stacked bars")
    args = parser.parse_args()
    colorizer = Colorizer.from_pretrained()
    with tempfile.TemporaryDirectory() as folder:
        compare(colorizer, Path(folder), args.repeats)
        stages(colorizer, Path(folder), args.chart)


if __name__ == "__main__":
    main()

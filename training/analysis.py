"""Pictures and tables of a model's results on well-known photos, for the docs.

``python -m training.analysis --model default --out docs`` colors the photos that
scikit-image ships. It writes ``images/analysis-NAME.jpg``: gray, colorized and true
photo, then a and b, each as predicted beside the true one. It also writes a table into
``analysis.md`` that tests whether the net uses what an object is: first the
surroundings of a region are replaced, then its own texture, and the table shows how far
the region's distributions move.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from skimage import data

from colorize_engine.color import lab_to_rgb
from colorize_engine.colorizer import Colorizer
from training.command import add_device, add_model
from training.command import run as run_command
from training.photos import square
from training.photos.source import SIDE
from training.scoring import Truth, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from colorize_engine.prediction import Prediction

    Gray = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

PHOTOS = ("astronaut", "coffee", "chelsea", "rocket")
_LIMIT = 60.0
_LIGHTNESS = 65.0
_GAP = 4


@dataclass(frozen=True)
class Region:
    """An object in one of the photos: a box in the central square of 256 pixels.

    Attributes
    ----------
    photo, thing : str
    box : (top, bottom, left, right)
    """

    photo: str
    thing: str
    box: tuple[int, int, int, int]

    def mask(self) -> Mask:
        """Return the region as (SIDE, SIDE) bool, true inside the box."""
        top, bottom, left, right = self.box
        inside = np.zeros((SIDE, SIDE), bool)
        inside[top:bottom, left:right] = True
        return inside


REGIONS = (
    Region("astronaut", "face", (35, 95, 85, 140)),
    Region("astronaut", "suit", (130, 240, 60, 190)),
    Region("coffee", "coffee", (95, 140, 85, 165)),
    Region("coffee", "table", (10, 60, 5, 60)),
    Region("chelsea", "face", (50, 190, 70, 210)),
    Region("rocket", "sky", (10, 90, 10, 90)),
)


def flat_around(gray: Gray, inside: Mask) -> Gray:
    """Replace the surroundings by the region's mean gray."""
    return np.where(inside, gray, np.uint8(gray[inside].mean()))


def foreign_around(gray: Gray, inside: Mask) -> Gray:
    """Replace the surroundings by a photo of bricks."""
    return np.where(inside, gray, _bricks())


def flat_inside(gray: Gray, inside: Mask) -> Gray:
    """Replace the region's texture by its mean gray."""
    return np.where(inside, np.uint8(gray[inside].mean()), gray)


def foreign_inside(gray: Gray, inside: Mask) -> Gray:
    """Replace the region's texture by bricks of the same mean and spread."""
    other = _bricks().astype(np.float64)[inside]
    own = gray[inside].astype(np.float64)
    fitted = (other - other.mean()) / other.std() * own.std() + own.mean()
    changed = gray.copy()
    changed[inside] = np.rint(np.clip(fitted, 0, 255)).astype(np.uint8)
    return changed


def _bricks() -> Gray:
    return np.asarray(Image.fromarray(data.brick()).resize((SIDE, SIDE)))


CHANGES: dict[str, Callable[[Gray, Mask], Gray]] = {
    "surroundings flat": flat_around,
    "surroundings bricks": foreign_around,
    "texture flat": flat_inside,
    "texture bricks": foreign_inside,
}


def divergence(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the mean Jensen-Shannon divergence of N pairs of distributions.

    Both arrays are (Q, N). The result is in 0..1 bit.
    """

    def entropy(p: NDArray[np.float32]) -> NDArray[np.float32]:
        return -(p * np.log2(np.maximum(p, 1e-12))).sum(0)

    middle = (one + other) / 2
    return float((entropy(middle) - (entropy(one) + entropy(other)) / 2).mean())


def moved(before: Prediction, after: Prediction, inside: Mask) -> tuple[float, float]:
    """Return how far a region's distributions and colors moved.

    Returns
    -------
    (float, float)
        Jensen-Shannon divergence in bits, the mean of a and b; distance in a*b* between
        the region's mean decoded colors.
    """
    # Each pixel has the distribution of its cell.
    cells = np.s_[:, *before.cells_of(*np.nonzero(inside))]
    bits = [
        divergence(
            getattr(before, channel).probabilities[cells],
            getattr(after, channel).probabilities[cells],
        )
        for channel in "ab"
    ]
    step = before.at_full_size(before.decode() - after.decode())[:, inside].mean(1)
    return float(np.mean(bits)), float(np.hypot(*step))


def truth_of(photo: str) -> Truth:
    """Return one of scikit-image's photos, cut and scaled as for the evaluation."""
    return Truth.of(photo, square(getattr(data, photo)(), SIDE))


def occlusion_table(colorizer: Colorizer) -> str:
    """Return a table of how far each region moves under each change."""
    lines = [["region", *CHANGES]]
    total = np.zeros((len(CHANGES), 2))
    for region in REGIONS:
        gray, inside = truth_of(region.photo).gray, region.mask()
        before = colorizer.predict(gray)
        found = [
            moved(before, colorizer.predict(change(gray, inside)), inside)
            for change in CHANGES.values()
        ]
        total += found
        cells = [f"{bits:.3f}, {step:.1f}" for bits, step in found]
        lines.append([f"{region.photo}: {region.thing}", *cells])
    mean = total / len(REGIONS)
    lines.append(["mean", *(f"{bits:.3f}, {step:.1f}" for bits, step in mean)])
    return table(lines)


def channel_picture(values: NDArray[np.float32], channel: str) -> NDArray[np.uint8]:
    """Paint a or b, (H, W), at constant lightness, with the other channel 0."""
    chroma = np.zeros((2, *values.shape), np.float32)
    chroma["ab".index(channel)] = np.clip(values, -_LIMIT, _LIMIT)
    light = np.full(values.shape, _LIGHTNESS, np.float32)
    painted: NDArray[np.uint8] = lab_to_rgb(light, chroma)
    return painted


def sheet(colorizer: Colorizer) -> NDArray[np.uint8]:
    """Return a sheet with one row for each photo.

    A row shows gray, colorized and true photo, predicted and true a, predicted and
    true b.
    """
    rows = []
    for photo in PHOTOS:
        truth = truth_of(photo)
        prediction = colorizer.predict(truth.gray)
        chroma = prediction.at_full_size(prediction.decode())
        pictures = [
            np.repeat(truth.gray[..., None], 3, axis=2),
            prediction.colorize(),
            truth.rgb,
        ]
        for channel, own, true in zip("ab", chroma, truth.chroma, strict=True):
            pictures += [channel_picture(own, channel), channel_picture(true, channel)]
        padded = [
            np.pad(p, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=255)
            for p in pictures
        ]
        rows.append(np.hstack(padded))
    return np.vstack(rows)


def put_into_page(page: Path, name: str, text: str) -> None:
    """Replace the table of a model in a page, where it stands between two comments.

    A page without these comments gets them at its end, with the table. A missing page
    is created.
    """
    begin, end = f"<!-- table of {name} -->", "<!-- end of the table -->"
    whole = page.read_text("utf-8") if page.is_file() else ""
    if begin not in whole:
        whole = f"{whole}\n`{name}`:\n\n{begin}\n{end}\n".lstrip()
    before, _, rest = whole.partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.analysis",
        description="Show a model's results on scikit-image's photos.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add_model(parser)
    add("--out", type=Path, default=Path("docs"), help="folder of analysis.md")
    add_device(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = _parser()
    args = parser.parse_args(arguments)

    def work() -> None:
        colorizer = Colorizer.from_pretrained(args.model, args.device)
        name = Path(args.model).name
        (args.out / "images").mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(sheet(colorizer))
        picture.save(args.out / "images" / f"analysis-{name}.jpg", quality=88)
        text = occlusion_table(colorizer)
        put_into_page(args.out / "analysis.md", name, text)
        print(text)

    run_command(parser, work)


if __name__ == "__main__":
    main()

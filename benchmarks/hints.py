"""Worth of hints and of variants, and the time of a change.

``python benchmarks/hints.py --photos val.tar`` shows the nets of `default`
0, 1, 2, 5, 10, 20, 50 and 100 true colors at random points of each odd photo: means
over the squares that a hint covers. It prints PSNR and the two areas under the curve,
and the median time to ask the nets again about a photo of a megapixel, to suggest
colors and to draw six variants. Then come, on even photos, the mean CIEDE2000 of the
automatic picture and of the nearest of six variants. ``--curve`` draws PSNR.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median

import numpy as np
from skimage import data
from skimage.transform import resize

from colorize_engine import Colorizer, Hint
from colorize_engine.bins import GAMUT_RANGE
from colorize_engine.color import ciede2000, srgb_to_lab
from colorize_engine.hints import DEFAULT_RADIUS
from training.photos import find_photos, read_photos, select, square
from training.photos.source import SIDE
from training.scoring import ChromaScores, Truth
from training.scoring.metrics import psnr

COUNTS = (0, 1, 2, 5, 10, 20, 50, 100)
CALLS = 9


def true_hints(
    truth: Truth, count: int, reach: float, random: np.random.Generator
) -> list[Hint]:
    """Return hints with a photo's own colors at random points."""
    hints = []
    whole = round(reach)
    for row, column in random.integers(0, SIDE, (count, 2)):
        part = np.s_[
            max(0, row - whole) : row + whole + 1,
            max(0, column - whole) : column + whole + 1,
        ]
        a, b = (
            float(np.clip(truth.chroma[k][part].mean(), *GAMUT_RANGE["ab"[k]]))
            for k in (0, 1)
        )
        hints.append(Hint(int(row), int(column), a, b))
    return hints


def worth(colorizer: Colorizer, photos: list[Truth]) -> dict[int, float]:
    """Print the table of the numbers of hints; return the PSNR of each."""
    reach = DEFAULT_RADIUS * SIDE / colorizer.working_size
    scores = {count: ChromaScores() for count in COUNTS}
    noise: dict[int, list[float]] = {count: [] for count in COUNTS}
    for number, truth in enumerate(photos):
        random = np.random.default_rng(number)
        hints = true_hints(truth, max(COUNTS), reach, random)
        first = colorizer.predict(truth.gray)
        for count in COUNTS:
            shown = first.with_hints(hints[:count])
            scores[count].add(shown.at_full_size(shown.decode()), truth.chroma)
            noise[count].append(psnr(shown.colorize(), truth.rgb))
    print("| true colors shown | PSNR, dB | AuC | rebalanced AuC |\n|---|---|---|---|")
    means = {count: float(np.mean(found)) for count, found in noise.items()}
    for count in COUNTS:
        found = scores[count]
        print(
            f"| {count} | {means[count]:.2f} | {found.auc():.2f} | "
            f"{found.auc_rebalanced():.2f} |"
        )
    return means


def times(colorizer: Colorizer) -> None:
    """Print the times of changes to a picture of a megapixel."""
    gray = resize(data.camera(), (1000, 1000), order=1).astype(np.float32)
    prediction = colorizer.predict(gray)
    hint = Hint(300, 400, 40, 30)
    calls = {
        "ask the nets again": lambda: prediction.with_hints([hint]),
        "and color the picture": lambda: prediction.with_hints([hint]).colorize(),
        "suggest colors": lambda: colorizer.suggest(prediction, 300, 400),
        "draw six variants": lambda: colorizer.variants(prediction),
    }
    print("\n| at 1 MP | ms |\n|---|---|")
    for name, call in calls.items():
        found = []
        for _ in range(CALLS):
            began = time.perf_counter()
            call()
            found.append(1000 * (time.perf_counter() - began))
        print(f"| {name} | {median(found):.0f} |")


def nearest(colorizer: Colorizer, photos: list[Truth]) -> None:
    """Print how near the nearest of six variants comes to the truth."""
    automatic, best = [], []
    for truth in photos:
        first = colorizer.predict(truth.gray)
        variants = colorizer.variants(first)
        found = [
            float(ciede2000(srgb_to_lab(each.colorize()), truth.lab).mean())
            for each in (first, *variants)
        ]
        automatic.append(found[0])
        best.append(min(found[1:]))
    print(f"\n| {len(photos)} even photos | mean dE00 |\n|---|---|")
    print(f"| automatic | {np.mean(automatic):.2f} |")
    print(f"| nearest of six variants | {np.mean(best):.2f} |")
    nearer = np.mean(np.less(best, automatic))
    print(f"\nThe nearest variant is nearer than the automatic one in {nearer:.0%}.")


def draw(means: dict[int, float], path: Path) -> None:
    """Draw PSNR over the number of hints."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    places = range(len(means))
    axes.plot(places, list(means.values()), "o-")
    axes.set_xticks(places, [str(count) for count in means])
    axes.set(xlabel="true colors shown", ylabel="PSNR, dB")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


def truths(source: str, parity: str, limit: int) -> list[Truth]:
    """Return photos with even or odd numbers, spread over all of them."""
    photos = select(find_photos(source), parity, 0)
    step = max(1, len(photos) // limit)
    chosen = read_photos(photos[::step][:limit], parity)
    return [Truth.of(name, square(rgb, SIDE)) for name, rgb in chosen]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", required=True, help="validation photos in color")
    parser.add_argument("--limit", type=int, default=100, help="photos of each table")
    parser.add_argument("--curve", type=Path, help="file of the curve of PSNR")
    args = parser.parse_args()
    colorizer = Colorizer.from_pretrained()
    means = worth(colorizer, truths(args.photos, "odd", args.limit))
    times(colorizer)
    nearest(colorizer, truths(args.photos, "even", args.limit))
    if args.curve:
        draw(means, args.curve)


if __name__ == "__main__":
    main()

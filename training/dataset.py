"""Photos as separated L, a and b arrays on disk.

``python -m training.dataset --photos DIR --out data/photos`` writes ``L.u8``, ``a.u8``
and ``b.u8``, each ``(count, size, size)`` bytes in the 8-bit convention of Lab
(L* * 255 / 100, a* + 128, b* + 128), and ``index.json``, which describes them. If the
source has a folder or archive named ``val`` or ``validation``, its photos are the
validation set; otherwise 2 % of all photos are drawn.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter, deque
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from colorize_engine.color import srgb_to_lab
from training.command import add_photos, run
from training.photos import (
    CHANNELS,
    INDEX,
    find_photos,
    fingerprint,
    read_index,
    square,
)
from training.photos.data_set import DataSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from training.photos import Photo

    # The planes of a photo, or the reason why it is left out.
    Result = NDArray[np.uint8] | str

VALIDATION_SHARE = 0.02
_CHUNK = 64
# A process with fewer photos is not worth its start-up time.
_WORTH_A_PROCESS = 256


@dataclass(frozen=True)
class Filter:
    """Requirements on photos to learn color from.

    Attributes
    ----------
    min_side : int
        Smallest short side in pixels; smaller photos are left out.
    min_chroma : float
        Smallest mean chroma sqrt(a*^2 + b*^2); below it a photo counts as gray.
    """

    min_side: int = 128
    min_chroma: float = 3.0


def to_bytes(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn (H, W, 3) uint8 sRGB into (3, H, W) uint8 L, a, b in 8-bit convention."""
    lab = np.moveaxis(srgb_to_lab(rgb), -1, 0)
    scaled = np.stack([lab[0] * 2.55, lab[1] + 128, lab[2] + 128])
    rounded: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return rounded


def _convert(photos: Sequence[Photo], size: int, keep: Filter) -> list[Result]:
    """Return for each photo its planes, or ``unreadable``, ``small`` or ``gray``."""
    results: list[Result] = []
    for photo in photos:
        try:
            rgb = photo.read()
        except OSError:
            results.append("unreadable")
            continue
        if min(rgb.shape[:2]) < keep.min_side:
            results.append("small")
            continue
        planes = to_bytes(square(rgb, size))
        chroma = np.hypot(planes[1] - 128.0, planes[2] - 128.0).mean()
        results.append(planes if chroma >= keep.min_chroma else "gray")
    return results


def _converted(
    photos: Sequence[Photo], size: int, keep: Filter, workers: int
) -> Iterator[tuple[Photo, Result]]:
    """Yield each photo with its result, in order, from ``workers`` processes."""
    chunks = [photos[i : i + _CHUNK] for i in range(0, len(photos), _CHUNK)]
    if workers == 1:
        for chunk in chunks:
            yield from zip(chunk, _convert(chunk, size, keep), strict=True)
        return
    waiting = iter(chunks)
    running: deque[tuple[Sequence[Photo], Future[list[Result]]]] = deque()
    # A forked child may hang on locks of the parent's threads.
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:

        def start(count: int) -> None:
            for chunk in islice(waiting, count):
                running.append((chunk, pool.submit(_convert, chunk, size, keep)))

        # Only a few at a time, because waiting results stay in memory.
        start(2 * workers)
        while running:
            chunk, future = running.popleft()
            yield from zip(chunk, future.result(), strict=True)
            start(1)


def _has_own_split(photos: Sequence[Photo]) -> bool:
    """Return whether the source sets some photos aside, but not all."""
    return len({photo.held_out for photo in photos}) == 2


def _validation_rows(photos: Sequence[Photo], seed: int) -> list[int]:
    """Return rows of the source's validation set; if it has none, draw some."""
    if _has_own_split(photos):
        return [row for row, photo in enumerate(photos) if photo.held_out]
    count = max(1, round(VALIDATION_SHARE * len(photos)))
    chosen = np.random.default_rng(seed).permutation(len(photos))[:count]
    return [int(row) for row in sorted(chosen)]


def build(
    source: str | Path,
    out: str | Path,
    *,
    sample: int = 0,
    size: int = 256,
    keep: Filter | None = None,
    seed: int = 0,
    workers: int | None = None,
) -> Path:
    """Convert the photos of a source into separated L, a and b arrays.

    A finished data set of the same source and settings is left as it is. An
    interrupted build starts again.

    Parameters
    ----------
    source
        Folder tree, tar archive, or folder of tar archives.
    out
        Folder to write.
    sample
        Number of good photos to take at random. 0 takes all, and so does any number
        that is not below the number of photos in the source.
    size
        Side of the squares in pixels.
    keep
        The filter for gray and tiny photos.
    seed
        Seed of the sample and of the validation draw.
    workers
        Number of processes; by default one for each core, fewer for few photos.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    FileNotFoundError
        If there are no photos.
    ValueError
        If fewer than two photos pass the filter, or ``out`` holds a data set of another
        source or of other settings.
    """
    out, keep, photos = Path(out), keep or Filter(), find_photos(source)
    sampled = 0 < sample < len(photos)
    settings = {
        # Settings without effect are 0, so that presets can share a data set.
        "sample": sample if sampled else 0,
        "size": size,
        "seed": seed if sampled or not _has_own_split(photos) else 0,
        "filter": asdict(keep),
        "source_sha256": fingerprint(source, photos),
    }
    if (out / INDEX).is_file():
        _expect(settings, out)
        return out
    order: list[Photo] = photos
    if sampled:
        shuffled = np.random.default_rng(seed).permutation(len(photos))
        order = [photos[i] for i in shuffled]
    if workers is None:
        workers = max(1, min(os.cpu_count() or 1, len(photos) // _WORTH_A_PROCESS))
    results = _converted(order, size, keep, workers)
    kept, skipped = _write_arrays(results, out, sample if sampled else len(photos))
    if len(kept) < 2:
        raise ValueError(
            f"expected at least two color photos of {keep.min_side} pixels or more in "
            f"{source}; found {len(photos)} photos, {_listed(skipped)}"
        )
    index = {
        "settings": settings,
        "found": len(photos),
        "skipped": skipped,
        "names": [photo.name for photo in kept],
        "validation": _validation_rows(kept, seed),
    }
    # The index is written last: a folder without it is an interrupted build.
    unfinished = out / f"{INDEX}.part"
    unfinished.write_text(json.dumps(index))
    unfinished.replace(out / INDEX)
    return out


def _write_arrays(
    results: Iterator[tuple[Photo, Result]], out: Path, wanted: int
) -> tuple[list[Photo], dict[str, int]]:
    """Append the planes of good photos to the three files until there are enough.

    Return the good photos, and the number of skipped ones for each reason.
    """
    out.mkdir(parents=True, exist_ok=True)
    kept: list[Photo] = []
    skipped: Counter[str] = Counter()
    with ExitStack() as stack:
        files = [
            stack.enter_context((out / f"{channel}.u8").open("wb"))
            for channel in CHANNELS
        ]
        bar = stack.enter_context(tqdm(total=wanted, desc="photos", unit="photo"))
        for photo, result in results:
            if isinstance(result, str):
                skipped[result] += 1
                continue
            kept.append(photo)
            for file, plane in zip(files, result, strict=True):
                file.write(plane.tobytes())
            bar.update()
            if len(kept) == wanted:
                break
    return kept, dict(skipped)


def _listed(skipped: dict[str, int]) -> str:
    counts = [f"{count} {reason}" for reason, count in skipped.items()]
    return f"left out: {', '.join(counts) or 'none'}"


def _expect(settings: dict[str, Any], folder: Path) -> None:
    """Raise ValueError unless a finished data set was built with the settings."""
    found = read_index(folder)["settings"]
    different = [key for key, value in settings.items() if found.get(key) != value]
    if different:
        raise ValueError(
            f"{folder} holds a data set of another source or of other settings "
            f"({', '.join(different)}); use another folder, or remove it"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.dataset",
        description="Write photos as separated L, a and b arrays.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add_photos(parser)
    add("--out", required=True, help="folder to write")
    add("--sample", type=int, default=0, help="photos to take at random; 0 = all")
    add("--size", type=int, default=256, help="side in pixels")
    add(
        "--min-side",
        type=int,
        default=Filter.min_side,
        help="photos with a shorter side are left out",
    )
    add(
        "--min-chroma",
        type=float,
        default=Filter.min_chroma,
        help="photos with a lower mean chroma are left out",
    )
    add("--seed", type=int, default=0, help="seed of sample and validation draw")
    add("--workers", type=int, help="number of processes; by default one a core")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this module."""
    parser = _parser()
    args = parser.parse_args(arguments)

    def work() -> None:
        build(
            args.photos,
            args.out,
            sample=args.sample,
            size=args.size,
            keep=Filter(args.min_side, args.min_chroma),
            seed=args.seed,
            workers=args.workers,
        )
        photos = DataSet.open(args.out)
        print(
            f"{len(photos.train)} photos to train on, {len(photos.validation)} to "
            f"validate, of {photos.found} in the source; {_listed(photos.skipped)}"
        )

    run(parser, work)


if __name__ == "__main__":
    main()

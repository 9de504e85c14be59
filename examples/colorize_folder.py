"""Colorize the photos of a folder from Python, and find the least certain one.

``python examples/colorize_folder.py PHOTOS OUT [--model NAME|FOLDER]``

The model is loaded once. Each file keeps its name, format, bit depth and EXIF data, and
says in its metadata that its color is computed. The last line names the photo whose
colors are the least certain. The command ``colorize`` does more: it searches
subfolders, uses threads and skips photos that are done.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from colorize_engine import Colorizer, files


def colorize_file(colorizer: Colorizer, source: Path, target: Path) -> float:
    """Write one photo in color; return its mean uncertainty in bits a pixel."""
    uncertainty = []

    def colored(pages: files.Photo):
        # A TIFF file may have many pages; each is read, colored and written in turn.
        for page in pages:
            prediction = colorizer.predict(page.image)
            uncertainty.append(float(prediction.entropy().mean()))
            yield replace(page, image=prediction.colorize())

    photo = files.read(source)
    mark = files.Mark("examples/colorize_folder.py", colorizer.card.name)
    files.write(target, colored(photo), mark, page_count=len(photo))
    return sum(uncertainty) / len(uncertainty)


def main(arguments: list[str] | None = None) -> None:
    """Color each picture of the folder that the engine can write again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="default")
    args = parser.parse_args(arguments)
    colorizer = Colorizer.from_pretrained(args.model)
    args.out.mkdir(parents=True, exist_ok=True)
    bits = {}
    for source in sorted(p for p in args.photos.iterdir() if files.format_of(p)):
        bits[source.name] = colorize_file(colorizer, source, args.out / source.name)
        print(f"{source.name}: {bits[source.name]:.2f} bits")
    if bits:
        print(f"least certain: {max(bits, key=bits.__getitem__)}")


if __name__ == "__main__":
    main()

"""Peak memory of coloring large pictures.

    python benchmarks/memory.py [--megapixels 0.07 1 12 50 100] [--skip-file]

For each size a separate process predicts one picture of 256 pixels, measures its
resident memory, then colors a gray 16-bit array. "beyond" is the peak above that level,
minus the input and the output array; "bound" is max(64 MB, 16 bytes a pixel), at most
512 MB. In the end the command ``colorize`` colors a 16-bit TIFF file of 10,000 x 10,000
pixels; this peak is that of the whole process. Linux only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tifffile

if TYPE_CHECKING:
    from numpy.typing import NDArray

MB = 1 << 20
LARGE = 10_000


def gray(height: int, width: int) -> NDArray[np.uint16]:
    """Return a 16-bit picture, a gradient with texture."""
    texture = np.random.default_rng(0).integers(0, 9000, (64, 64), np.uint16)
    out = np.empty((height, width), np.uint16)
    ramp = np.linspace(0, 50_000, width).astype(np.uint16)
    columns = np.arange(width) % 64
    for row in range(height):
        out[row] = ramp + texture[row % 64][columns]
    return out


def status(key: str) -> int:
    """Return the bytes in a line of this process's status, such as VmRSS or VmHWM."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return 1024 * int(line.split()[1])
    raise KeyError(key)


def measure(megapixels: float) -> None:
    """Print the pixels and the bytes "beyond" of one size; run in its own process."""
    from colorize_engine import Colorizer

    colorizer = Colorizer.from_pretrained()
    colorizer.predict(gray(256, 256)).colorize()
    level = status("VmRSS")
    side = round((megapixels * 1e6) ** 0.5)
    image = gray(side, side)
    # Reset the peak.
    Path("/proc/self/clear_refs").write_text("5")
    out = colorizer.predict(image).colorize()
    print(image.size, status("VmHWM") - level - image.nbytes - out.nbytes)


def measure_file() -> int:
    """Return the peak bytes of the command on a TIFF file of 100 MP."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "large.tif"), Path(folder, "color.tif")
        tifffile.imwrite(source, gray(LARGE, LARGE), rowsperstrip=64)
        program = Path(sys.executable).with_name("colorize")
        command = [program, source, "-o", target]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, code, usage = os.wait4(process.pid, 0)
        if code:
            raise RuntimeError(f"the command ended with {code}")
        with tifffile.TiffFile(target) as file:
            print(f"wrote {file.pages[0].shape} {file.pages[0].dtype}", file=sys.stderr)
    return 1024 * usage.ru_maxrss


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = [0.07, 1, 12, 50, 100]
    parser.add_argument("--megapixels", nargs="+", type=float, default=sizes)
    parser.add_argument("--skip-file", action="store_true", help="no 100 MP file")
    parser.add_argument("--measure", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure is not None:
        measure(args.measure)
        return
    print("| MP | beyond, MB | bound, MB | bytes a pixel |")
    print("|---|---|---|---|")
    for megapixels in args.megapixels:
        command = [sys.executable, __file__, "--measure", str(megapixels)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        pixels, beyond = map(int, done.stdout.split())
        bound = min(max(64 * MB, 16 * pixels), 512 * MB)
        print(
            f"| {pixels / 1e6:.2f} | {beyond / MB:.0f} | {bound / MB:.0f} | "
            f"{beyond / pixels:.1f} |"
        )
    if not args.skip_file:
        print("\n| the command on a 16-bit TIFF file | MB in all |\n|---|---|")
        print(f"| {LARGE:,} x {LARGE:,} pixels | {measure_file() / MB:.0f} |")


if __name__ == "__main__":
    main()

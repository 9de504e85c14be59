"""Damaged files of every format: one clear error or a picture, and nothing is lost.

Each case is known by its number, which chooses a file and what is done to its bytes.
The cases run in processes of their own, with a limit of memory and of time for each,
so that crashes, bombs and hangs name their case. One case again, with its traceback
and its file kept: ``python tests/engine/files/test_fuzz.py NUMBER``.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import io
import logging
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import colorize_engine
from colorize_engine import ChannelBins, Colorizer, files

resource = pytest.importorskip("resource", reason="the limits are those of Unix")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    # What a source is made of: one file, or those of a Zarr folder.
    Seed = dict[str, bytes]
    Mutation = Callable[[np.random.Generator, bytearray], None]

# Beyond what the process has when all is imported, in bytes; and for a case, seconds.
MEMORY, PATIENCE = 1 << 30, 60
ROOT = Path(colorize_engine.__file__).parents[1]

MAX_PIXELS = 1 << 20
PRECIOUS = b"what was there before"
MARK = files.Mark("napari-colorize 0", "stand-in 0", {"temperature": 0.5})
BINS = ChannelBins([-20, 0, 20], [0.2, 0.6, 0.2], [1, 1, 1])
SUFFIXES = (".png", ".tif", ".jpg", ".webp", ".jxl")

# LibRaw writes this on stderr, and rawpy cannot be told not to.
BY_LIBRAW = re.compile(
    rb"unknown file: (?:Unexpected end of file|data corrupted at -?\d+)\n"
)

RNG = np.random.default_rng(8)
RGB = np.add.outer(np.arange(16) * 9, np.arange(24) * 4)[..., None] + [0, 5, 15]
RGB = (RGB + RNG.integers(0, 9, RGB.shape)).astype(np.uint8)
RGBA = np.dstack((RGB, 255 - RGB[..., 0]))
GRAY, GRAY16, RGB16 = RGB[..., 0], RGB[..., 0] * np.uint16(257), RGB * np.uint16(257)
FLOAT = (RGB[..., 1] / 255).astype(np.float32)
PAGES = np.stack([GRAY, GRAY[::-1], GRAY[:, ::-1]])


def pillow(array: object, kind: str, mode: str = "", **options: object) -> bytes:
    from PIL import Image

    image = Image.fromarray(array)
    buffer = io.BytesIO()
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(array: np.ndarray, **options: object) -> bytes:
    import tifffile

    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def described() -> dict[str, object]:
    """Return options of Pillow with which everything stands beside the pixels."""
    from PIL import Image

    from colorize_engine.files.icc import srgb_profile

    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x011A], exif[0x011B] = 6, "Maker", 300.0, 300.0
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0comment"
    exif.get_ifd(0x8825)[1] = "N"
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    return {"exif": exif, "icc_profile": srgb_profile(), "xmp": packet}


def captioned() -> bytes:
    """Return the resources of Photoshop with a caption and a name."""
    caption = b"\x1c\x01\x5a\0\3\x1b%G\x1c\x02\x78\0\5M\xc3\xb6we\x1c\x02\x19\0\1x"
    size = struct.pack(">I", len(caption))
    other = b"8BIM\4\6\3abc\0\0\0\3xyz\0"
    return other + b"8BIM\4\4\0\0" + size + caption + bytes(len(caption) % 2)


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def png_files() -> dict[str, bytes]:
    import imagecodecs
    from PIL import Image, PngImagePlugin

    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "harbor", zip=True)
    text.add_itxt("Author", "none", zip=True)
    more = [Image.fromarray(array) for array in PAGES]
    return {
        "gray.png": pillow(GRAY, "PNG"),
        "one.png": pillow(GRAY > 99, "PNG"),
        "palette.png": pillow(RGB, "PNG", "P", transparency=3),
        "key.png": pillow(RGB, "PNG", transparency=(1, 2, 3)),
        "full.png": pillow(RGB, "PNG", pnginfo=text, dpi=(300, 300), **described()),
        "film.png": pillow(GRAY, "PNG", save_all=True, append_images=more),
        "gray16.png": pillow(GRAY16, "PNG", **described()),
        "rgb16.png": imagecodecs.png_encode(RGB16),
        "rgba16.png": imagecodecs.png_encode(RGBA * np.uint16(257)),
    }


def other_files() -> dict[str, bytes]:
    import imagecodecs
    from PIL import Image

    more = [Image.fromarray(array) for array in PAGES]
    film = {"save_all": True, "append_images": more}
    pgm = b"P5 24 16 4095\n" + (GRAY16 >> 4).astype(">u2").tobytes()
    gray_profile = imagecodecs.cms_profile("gray", gamma=1.8)
    return {
        "gray.jpg": pillow(GRAY, "JPEG", icc_profile=gray_profile),
        "full.jpg": pillow(RGB, "JPEG", dpi=(300, 300), comment="x", **described()),
        "captioned.jpg": pillow(
            RGB, "JPEG", extra=segment(0xED, b"Photoshop 3.0\0" + captioned())
        ),
        "two.mpo": pillow(RGB, "MPO", **film),
        "film.avif": pillow(RGB, "AVIF", **film),
        "rgb10.avif": bytes(imagecodecs.avif_encode(RGB16 >> 6, bitspersample=10)),
        "layers.psd": psd(),
        "progressive.jpg": pillow(RGB, "JPEG", progressive=True, optimize=True),
        "cmyk.jpg": pillow(RGB, "JPEG", "CMYK"),
        "lossless.webp": pillow(RGBA, "WEBP", lossless=True),
        "full.webp": pillow(RGB, "WEBP", **described()),
        "film.webp": pillow(GRAY, "WEBP", **film),
        "film.gif": pillow(GRAY, "GIF", transparency=3, **film),
        "full.avif": pillow(RGB, "AVIF", **described()),
        "rgb8.jp2": pillow(RGB, "JPEG2000"),
        "rgb16.jp2": imagecodecs.jpeg2k_encode(RGB16, level=0, reversible=True),
        "gray16.j2k": imagecodecs.jpeg2k_encode(GRAY16, level=0, codecformat="j2k"),
        "rgb.bmp": pillow(RGB, "BMP"),
        "palette.bmp": pillow(RGB, "BMP", "P"),
        "gray.ppm": pillow(GRAY, "PPM"),
        "gray12.pgm": pgm,
        "rgb16.ppm": b"P6 24 16\n65535\n" + RGB16.astype(">u2").tobytes(),
        "run.tga": pillow(RGBA, "TGA", compression="tga_rle"),
        "rgb.ico": pillow(RGBA, "ICO", sizes=[(16, 16)]),
        "rgb.icns": pillow(np.zeros((16, 16, 4), np.uint8), "ICNS"),
        "dxt.dds": pillow(RGBA, "DDS", pixel_format="DXT5"),
        "rgb.qoi": pillow(RGB, "QOI"),
        "rgb.pcx": pillow(RGB, "PCX"),
        "rgb16.sgi": pillow(RGB, "SGI", bpc=2),
        "rgb.im": pillow(RGB, "IM"),
        "float.spider": pillow(FLOAT, "SPIDER"),
        "palette.blp": pillow(RGB, "BLP", "P"),
    }


def psd() -> bytes:
    """Return a Photoshop file of one gray channel with a caption."""
    height, width = GRAY.shape
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 1, height, width, 8, 1)
    resources = captioned()
    parts = [bytes(4), struct.pack(">I", len(resources)), resources, bytes(4), b"\0\0"]
    return head + b"".join(parts) + GRAY.tobytes()


def files_of_today() -> dict[str, bytes]:
    """Return JPEG XL, rare JPEG and HEIC, as far as the extras are there."""
    import imagecodecs
    from PIL import Image

    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    with tempfile.TemporaryDirectory() as name:
        files.write(Path(name, "x.jxl"), [files.Picture(RGB16)], MARK)
        boxed = Path(name, "x.jxl").read_bytes()
    packed = b"Exif" + bytes(imagecodecs.brotli_encode(bytes(4) + exif.tobytes()[6:]))
    found = {
        "bare.jxl": bytes(imagecodecs.jpegxl_encode(RGBA, lossless=True)),
        "lossy.jxl": bytes(imagecodecs.jpegxl_encode(RGB, 80)),
        "float.jxl": bytes(imagecodecs.jpegxl_encode(FLOAT, lossless=True)),
        "film.jxl": bytes(imagecodecs.jpegxl_encode(np.stack([RGB, RGB[::-1]]))),
        "boxed.jxl": boxed + struct.pack(">I4s", 8 + len(packed), b"brob") + packed,
        "jpeg.jxl": bytes(imagecodecs.jpegxl_encode_jpeg(pillow(RGB, "JPEG"))),
        "gray12.jpg": bytes(imagecodecs.jpeg8_encode(GRAY16 >> 4, bitspersample=12)),
        "lossless.jpg": bytes(
            imagecodecs.jpeg8_encode(RGB16, lossless=True, bitspersample=16)
        ),
        "rgb8.jls": bytes(imagecodecs.jpegls_encode(RGB)),
        "gray16.jls": bytes(imagecodecs.jpegls_encode(GRAY16)),
    }
    if importlib.util.find_spec("pillow_heif"):
        import pillow_heif

        pillow_heif.from_pillow(Image.fromarray(RGBA)).save(buffer, exif=exif.tobytes())
        found["rgba.heic"] = buffer.getvalue()
        deep = pillow_heif.from_bytes("RGB;16", RGB.shape[1::-1], RGB16.tobytes())
        deep.save(buffer := io.BytesIO())
        found["rgb10.heic"] = buffer.getvalue()
    return found


def sensor_files() -> dict[str, bytes]:
    """Return files with previews, and raw files if their extra is there."""
    import sensors
    import tifffile

    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        caption = [(0x8649, 7, len(captioned()), captioned(), True)]
        about = {"metadata": None, "extratags": caption}
        file.write(RGB[::4, ::4], subfiletype=1, subifds=1, **about)
        file.write(GRAY16, subfiletype=0, metadata=None, compression="zlib")
    found = {"scan.nef": buffer.getvalue()}
    if importlib.util.find_spec("rawpy"):
        with tempfile.TemporaryDirectory() as name:
            for kind in ("mosaic", "gray", "rgb"):
                sensors.write_dng(Path(name, "x.dng"), kind, shape=(32, 48))
                found[f"{kind}.dng"] = Path(name, "x.dng").read_bytes()
    return found


def tiff_files() -> dict[str, bytes]:
    imagej = np.stack([PAGES, PAGES], axis=1) * np.uint16(257)
    stripped = {"rowsperstrip": 4}
    tiled = {"tile": (16, 16)}
    return {
        "gray.tif": tiff(GRAY),
        "white.tif": tiff(GRAY, photometric="miniswhite", **stripped),
        "big.tif": tiff(GRAY16, bigtiff=True, byteorder=">", compression="lzw"),
        "full.tif": pillow(RGB, "TIFF", dpi=(300, 300), **described()),
        "deflate.tif": tiff(RGB16, compression="zlib", predictor=2, **stripped),
        "tiled.tif": tiff(RGB, compression="zlib", **tiled),
        "plain-tiles.tif": tiff(GRAY16, **tiled),
        "planar.tif": tiff(
            np.moveaxis(RGB, -1, 0), photometric="rgb", planarconfig="separate"
        ),
        "alpha.tif": tiff(RGBA, photometric="rgb", extrasamples=["assocalpha"]),
        "float.tif": tiff(FLOAT, compression="zlib", predictor=3),
        "half.tif": tiff(FLOAT.astype(np.float16)),
        "packed.tif": tiff(GRAY16 >> 4, bitspersample=12),
        "packbits.tif": tiff(GRAY, compression="packbits", **stripped),
        "zstd.tif": tiff(GRAY, compression="zstd", **stripped),
        "jpeg.tif": tiff(RGB, compression="jpeg", **tiled),
        "jpeg2000.tif": tiff(GRAY16, compression="jpeg2000"),
        "webp.tif": tiff(RGB, compression="webp"),
        "group4.tif": pillow(GRAY > 99, "TIFF", compression="group4"),
        "palette.tif": pillow(RGB, "TIFF", "P", compression="tiff_lzw"),
        "cmyk.tif": pillow(RGB, "TIFF", "CMYK"),
        "lab.tif": pillow(RGB, "TIFF", "LAB"),
        "ycbcr.tif": pillow(RGB, "TIFF", "YCbCr"),
        "pages.tif": tiff(PAGES, photometric="minisblack", compression="zlib"),
        "imagej.tif": tiff(imagej, imagej=True, metadata={"axes": "TCYX"}),
        "behind.tif": tiff(PAGES, photometric="minisblack", truncate=True),
        "film.ome.tif": tiff(PAGES, ome=True, metadata={"axes": "TYX"}),
    }


def zarr_files() -> dict[str, Seed]:
    import zarr

    from colorize_engine.stackfiles.ome_zarr import create_ome_zarr, write_frame

    found = {}
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for version in (2, 3):
            zarr.create_array(
                place / f"{version}.zarr",
                data=PAGES,
                chunks=(1, 16, 24),
                zarr_format=version,
                compressors="auto",
            )
        create_ome_zarr(place / "o.zarr", (2, *RGB.shape), "T", RGB.dtype, {}, MARK)
        write_frame(str(place / "o.zarr"), "T", (0,), RGB)
        for folder in sorted(place.iterdir()):
            found[folder.name] = {
                str(path.relative_to(folder)): path.read_bytes()
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            }
    return found


@cache
def seeds() -> dict[str, Seed]:
    """Return the files that are damaged, by their names."""
    single = {**png_files(), **other_files(), **tiff_files()}
    single |= {**files_of_today(), **sensor_files()}
    stacks = ("imagej.tif", "behind.tif", "film.ome.tif", "pages.tif")
    return {
        **{name: {name: content} for name, content in single.items()},
        **{f"stack of {name}": {name: single[name]} for name in stacks},
        **{f"stack of {name}": parts for name, parts in zarr_files().items()},
    }


def flipped(rng: np.random.Generator, data: bytearray) -> None:
    for at in rng.integers(0, 8 * len(data), rng.integers(1, 65)):
        data[at // 8] ^= 1 << at % 8


def flipped_in_header(rng: np.random.Generator, data: bytearray) -> None:
    for at in rng.integers(0, 8 * min(len(data), 64), rng.integers(1, 5)):
        data[at // 8] ^= 1 << at % 8


def truncated(rng: np.random.Generator, data: bytearray) -> None:
    del data[rng.integers(len(data)) :]


def extreme(rng: np.random.Generator, data: bytearray) -> None:
    """Put extreme numbers over one to four places, mostly near the beginning or end."""
    for _ in range(rng.integers(1, 5)):
        size = int(rng.choice([1, 2, 4, 8]))
        value = int(rng.choice([0, 1, 127, 128, 254, 255]))
        number = bytes([value]) * size if rng.random() < 0.5 else b"\xff" * (size - 1)
        number = (number + bytes([value]))[:size]
        near = min(len(data), int(rng.choice([32, 256, 1 << 20])))
        at = int(rng.integers(near))
        at = at if rng.random() < 0.7 else len(data) - near + at
        data[at : at + size] = number[:: int(rng.choice([1, -1]))][: len(data) - at]


def block(rng: np.random.Generator, data: bytearray) -> slice:
    first, last = sorted(rng.integers(0, len(data) + 1, 2))
    return slice(first, min(last, first + int(rng.choice([4, 12, 64, 4096]))))


def zeroed(rng: np.random.Generator, data: bytearray) -> None:
    where = block(rng, data)
    data[where] = bytes(len(data[where]))


def doubled(rng: np.random.Generator, data: bytearray) -> None:
    where = block(rng, data)
    at = int(rng.choice([where.stop, rng.integers(len(data) + 1)]))
    data[at:at] = data[where] * int(rng.choice([1, 1, 100]))


def shuffled(rng: np.random.Generator, data: bytearray) -> None:
    where = block(rng, data)
    data[where] = rng.permutation(np.frombuffer(data[where], np.uint8)).tobytes()


def cut_out(rng: np.random.Generator, data: bytearray) -> None:
    del data[block(rng, data)]


MUTATIONS: tuple[Mutation, ...] = (
    *(flipped, flipped_in_header, truncated, extreme, extreme),
    *(zeroed, doubled, shuffled, cut_out),
)


@dataclass(frozen=True)
class Case:
    """What a number stands for: a name, the mutation's name, and the files."""

    number: int
    name: str
    how: str
    files: Seed = field(repr=False)


def case(number: int) -> Case:
    names = list(seeds())
    name = names[number % len(names)]
    rng = np.random.default_rng(number)
    parts = dict(seeds()[name])
    part = str(rng.choice(list(parts)))
    mutate = MUTATIONS[rng.integers(len(MUTATIONS))]
    data = bytearray(parts[part])
    if data:
        mutate(rng, data)
    parts[part] = bytes(data)
    return Case(number, name, mutate.__name__, parts)


def put(one: Case, folder: Path) -> Path:
    """Write the files of a case and return the path to open."""
    name = one.name.removeprefix("stack of ")
    for part, content in one.files.items():
        path = folder / part if part == name else folder / name / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / name


def predictor(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    logits = np.stack([light / 20, light * 0, -light / 20])
    return logits, logits


def color(source: Path, target: Path) -> None:
    """Color a file as the command does; check the result if there is one."""
    colorizer = Colorizer(predictor, BINS, BINS, working_size=16)
    photo = files.read(source, max_pixels=MAX_PIXELS)
    files.check_target(target, photo)
    shapes = []

    def colored() -> Iterable[files.Picture]:
        for picture in photo:
            shapes.append(picture.image.shape[:2])
            yield replace(picture, image=colorizer.predict(picture.image).colorize())

    files.write(target, colored(), MARK, overwrite=True, page_count=len(photo))
    written = [page.image.shape for page in files.read(target)]
    assert [shape[:2] for shape in written] == shapes, (written, shapes)


def read_stack(source: Path) -> None:
    from colorize_engine.stackfiles import open_stack
    from colorize_engine.stackfiles.tiff_pages import close_files

    try:
        # Which of several channels is meant, a person says.
        options = {"o.zarr": {"rgb": True}, "imagej.tif": {"channel": 0}}
        stack = open_stack(
            source, **options.get(source.name, {}), max_pixels=MAX_PIXELS
        )
        lead = stack.frames.shape[: len(stack.axes)]
        for index in ((0,) * len(lead), tuple(n - 1 for n in lead)):
            frame = stack.read(index)
            assert frame.shape == stack.frames.shape[len(lead) :]
    finally:
        close_files()


def run_case(one: Case, folder: Path, *, whole: bool = False) -> str:
    """Return what is wrong with how a case ends; empty if nothing is."""
    source = put(one, folder)
    target = folder / f"target{SUFFIXES[one.number // 7 % len(SUFFIXES)]}"
    target.write_bytes(PRECIOUS)
    before = sorted(folder.iterdir())
    failed = False
    try:
        if one.name.startswith("stack of "):
            read_stack(source)
            failed = True
        else:
            color(source, target)
    except files.FileError as error:
        failed = True
        if whole:
            return f"it is not damaged: {error}"
        if not str(error) or len(str(error)) > 400:
            return f"a message of {len(str(error))} characters: {error}"[:500]
    if failed and target.read_bytes() != PRECIOUS:
        return "the file that was there is damaged"
    left = set(folder.iterdir()) - set(before)
    return f"left over: {left}" if left else ""


def work(first: int, stop: int, step: int) -> None:
    """Run cases in this process, and print a line at the begin and end of each."""
    for library in ("tifffile", "PIL"):  # as the command does
        logging.getLogger(library).addHandler(logging.NullHandler())
    warnings.simplefilter("ignore")
    faulthandler.enable()
    warm_up()
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    printed = Path(os.readlink("/proc/self/fd/2"))
    for number in range(first, stop, step):
        print(f"begin {number}", flush=True)
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        size = printed.stat().st_size
        with tempfile.TemporaryDirectory() as name:
            try:
                fault = run_case(case(number), Path(name))
            except BaseException:
                fault = traceback.format_exc(limit=-4)
        said = BY_LIBRAW.sub(b"", printed.read_bytes()[size:])
        if said:
            fault += f"printed: {said[:300]!r}"
        faulthandler.cancel_dump_traceback_later()
        print(f"end {number} {fault!r}", flush=True)


def warm_up() -> None:
    """Import what is imported late, so that it does not count as memory of a case."""
    with tempfile.TemporaryDirectory() as name:
        for number, (seed, parts) in enumerate(seeds().items()):
            folder = Path(name, str(number))
            folder.mkdir()
            # The second of the suffixes is TIFF, which holds pages.
            one = Case(7 + 35 * number, seed, "unchanged", parts)
            fault = run_case(one, folder, whole=True)
            if fault:
                raise RuntimeError(f"{seed}: {fault}")


def faults_of(first: int, stop: int, step: int, log: Path, faults: list[str]) -> None:
    """Run cases in another process, and in the next one from where it died."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    while first < stop:
        command = [sys.executable, __file__, *map(str, (first, stop, step))]
        begun = ended = None
        with (
            log.open("wb") as stderr,
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            ) as process,
        ):
            for line in process.stdout:
                word, number, *rest = line.split(" ", 2)
                if word == "begin":
                    begun = int(number)
                elif word == "end":
                    ended = int(number)
                    if rest[0].strip() != "''":
                        faults.append(f"{number}: {rest[0].strip()}")
        if begun == ended:
            if process.returncode or begun is None:
                faults.append(f"no case was run: {log.read_text()[-2000:]}")
            return
        faults.append(f"{begun}: died, {process.returncode}: {log.read_text()[-1500:]}")
        first = begun + step


def test_a_damaged_file_is_a_picture_or_one_clear_error(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    count = pytestconfig.getoption("--fuzz-cases")
    first = pytestconfig.getoption("--fuzz-first")
    workers = min(os.cpu_count() or 1, 8, count)
    faults: list[str] = []
    threads = [
        threading.Thread(
            target=faults_of,
            args=(
                first + number,
                first + count,
                workers,
                tmp_path / f"{number}.log",
                faults,
            ),
        )
        for number in range(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = "\n".join(faults)
    assert not faults, f"{len(faults)} faults; {__file__} NUMBER runs one:\n{told}"


if __name__ == "__main__":
    sys.path.append(str(ROOT / "tests" / "helpers"))
    numbers = [int(text) for text in sys.argv[1:]]
    if len(numbers) == 3:
        work(*numbers)
    else:
        folder = Path(tempfile.mkdtemp())
        chosen = case(numbers[0])
        print(chosen, "in", folder, "->", run_case(chosen, folder) or "well")

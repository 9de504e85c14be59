"""Files that claim the impossible, odd sizes, and places that fight back."""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

import colorize_engine
from colorize_engine import ChannelBins, Colorizer, files
from colorize_engine.files.stills.png import SIGNATURE, chunk, split

resource = pytest.importorskip("resource", reason="the limits are those of Unix")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(colorize_engine.__file__).parents[1]

GRAY = np.add.outer(np.arange(16) * 9, np.arange(24) * 4).astype(np.uint8)
DEEP = GRAY * np.uint16(257)
BINS = ChannelBins([-20, 0, 20], [0.2, 0.6, 0.2], [1, 1, 1])
PRECIOUS = b"what was there before"
MEMORY, SECONDS = 1 << 30, 200
# Width and height within the limit of pixels, for files that hold next to nothing.
CLAIM = 8_000


def logits(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    one = np.stack([light / 20, light * 0, -light / 20])
    return one, one


def colored(photo: files.Photo) -> Iterator[files.Picture]:
    colorizer = Colorizer(logits, BINS, BINS, working_size=32)
    for picture in photo:
        yield replace(picture, image=colorizer.predict(picture.image).colorize())


def pillow(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(GRAY).save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(array: np.ndarray = GRAY, **options: object) -> bytearray:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **{"metadata": None, **options})
    return bytearray(buffer.getvalue())


def edited(data: bytearray, **values: int) -> bytes:
    """Put numbers into the tags of a TIFF file's first page, as LONG."""
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        tags = {tag.name: tag for tag in file.pages[0].tags}
    for name, value in values.items():
        data[tags[name].offset + 2 : tags[name].offset + 4] = b"\4\0"
        struct.pack_into("<I", data, tags[name].offset + 8, value)
    return bytes(data)


def holding(content: bytes, kind: str) -> bytes:
    """Return a TIFF file of 24 x 16 pixels with other compressed bytes in it."""
    data = tiff(compression=kind)
    return edited(data + content, StripOffsets=len(data), StripByteCounts=len(content))


def png(*extra: bytes, header: bytes = b"") -> bytes:
    first, *rest = split(imagecodecs.png_encode(GRAY))
    parts = [header or first.whole, *extra, *(part.whole for part in rest)]
    return SIGNATURE + b"".join(parts)


def png_header(wide: int, high: int, depth: int = 8) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, depth, 0, 0, 0, 0))


def flat_jpeg(wide: int, high: int) -> bytes:
    """Return a gray JPEG of any size, as most encoders stop at 65,500 pixels."""
    small = jpeg_claim(wide, high)
    scan = small.index(b"\xff\xda")
    start = scan + 2 + struct.unpack_from(">H", small, scan + 2)[0]
    # In the usual Huffman tables: no change of the mean, and no more of this block.
    blocks = "001010" * (-(-wide // 8) * -(-high // 8))
    bits = blocks + "1" * (-len(blocks) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return small[:start] + coded + b"\xff\xd9"


def jpeg_claim(wide: int, high: int) -> bytes:
    data = bytearray(pillow("JPEG"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, high, wide)
    return bytes(data)


def jp2_claim() -> bytes:
    """Return a JPEG 2000 file whose two headers tell different sizes."""
    deep = np.dstack([DEEP] * 3)
    data = bytearray(imagecodecs.jpeg2k_encode(deep, level=0, reversible=True))
    struct.pack_into(">II", data, data.index(b"\xff\x4f\xff\x51") + 8, 60_000, 60_000)
    return bytes(data)


def replaced(data: bytes, place: bytes, skip: int, layout: str, *values: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(layout, changed, changed.index(place) + skip, *values)
    return bytes(changed)


def directory(*tags: tuple[int, int, int, int], following: int = 0) -> bytes:
    table = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return struct.pack("<H", len(tags)) + table + struct.pack("<I", following)


def shared_directories() -> bytes:
    """Return 5,000 directories of 4,000 tags in 50 kB, each 8 bytes after the last."""
    count = struct.pack("<H", 4000)
    body = bytearray(12 * 4000 + 8 * 5000 + 64)
    for number in range(5000):
        at = 8 * number
        body[at : at + 2] = count
        end = at + 2 + 12 * 4000
        if end + 4 <= len(body) and number < 4999:
            struct.pack_into("<I", body, end, 8 + at + 8)
    return b"II*\0" + struct.pack("<I", 8) + bytes(body)


def shared_tags() -> bytes:
    """Return a picture with 1,500 tags of a megabyte, all the same bytes."""
    pixels, share = GRAY.tobytes(), bytes(1 << 20)
    layout = [(256, 4, 1, 24), (257, 4, 1, 16), (258, 4, 1, 8), (262, 4, 1, 1)]
    layout += [(273, 4, 1, 8), (278, 4, 1, 16), (279, 4, 1, len(pixels))]
    place = 8 + len(pixels)
    more = [(tag, 7, len(share), place) for tag in (33723, *range(40_000, 41_500))]
    start = place + len(share)
    main = [*layout, *more[:1], (34665, 4, 1, start + 6 + 12 * 9)]
    data = b"II*\0" + struct.pack("<I", start) + pixels + share
    return data + directory(*main) + directory(*more[1:])


def big_count() -> bytes:
    data = tiff(bigtiff=True, extratags=[(40_000, 7, 20, bytes(20), True)])
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as file:
        struct.pack_into("<Q", data, file.pages[0].tags[40_000].offset + 4, 2**60)
    return bytes(data)


def fits() -> bytes:
    cards = ["SIMPLE  =                    T", "BITPIX  =                    8"]
    cards += ["NAXIS   =                    0", "END"]
    more = ["XTENSION= 'BINTABLE'", "BITPIX  =                    8"]
    more += ["NAXIS   =                    2", "NAXIS1  =                    8"]
    more += ["NAXIS2  =                    1", "ZIMAGE  =                    T"]
    more += ["ZBITPIX =                   16", "ZNAXIS  =                    2"]
    more += [f"ZNAXIS1 = {CLAIM:20}", f"ZNAXIS2 = {CLAIM:20}"]
    more += ["ZCMPTYPE= 'GZIP_1  '", "END"]
    head = b""
    for part in (cards, more):
        head += "".join(f"{card:80}" for card in part).encode().ljust(2880)
    packer = zlib.compressobj(9, wbits=31)
    return head + bytes(8) + packer.compress(bytes(1 << 26)) + packer.flush()


def described(text: str) -> bytes:
    return bytes(tiff(description=text))


# What is read, and words of the error; with "read" for a file that is none the less.
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "gigapixels.tif": (
        lambda: edited(tiff(DEEP), ImageWidth=60_000, ImageLength=60_000),
        "3,600 million pixels",
    ),
    "bytes missing.tif": (
        lambda: edited(tiff(), ImageWidth=CLAIM, ImageLength=CLAIM),
        "384 of the 64,000,000 bytes",
    ),
    "strips.tif": (
        lambda: edited(tiff(compression="zlib"), ImageLength=10**7, RowsPerStrip=1),
        "1 of the 10,000,000 strips",
    ),
    "channels.tif": (
        lambda: edited(tiff(compression="zlib"), SamplesPerPixel=65_535),
        "65535 channels",
    ),
    "tiles.tif": (
        lambda: edited(
            tiff(tile=(16, 16), compression="zlib"),
            TileWidth=1 << 20,
            TileLength=1 << 20,
        ),
        "its tiles of 1048576 x 1048576",
    ),
    "directories.tif": (shared_directories, "directories of its pages overlap"),
    "tags.tif": (shared_tags, "read"),
    "count.tif": (big_count, "read"),
    "imagej.tif": (lambda: described("ImageJ=1.53\nimages=1000000000\n"), "read"),
    "shape.tif": (
        lambda: described('{"shape": [1000000000, 16, 24]}'),
        "too short for its 1,000,000,000",
    ),
    "jpeg.tif": (
        lambda: holding(jpeg_claim(40_000, 60_000), "jpeg"),
        "a picture of 40000 x 60000 pixels instead of 24 x 16",
    ),
    "jpeg2000.tif": (
        lambda: holding(
            imagecodecs.jpeg2k_encode(np.zeros((3000, 3000), np.uint8)), "jpeg2000"
        ),
        "a picture of 3000 x 3000 pixels instead of",
    ),
    "jpegxl.tif": (
        lambda: holding(
            imagecodecs.jpegxl_encode(np.zeros((99, 99), np.uint8)), "jpegxl"
        ),
        "compressed as JPEGXL",
    ),
    "text.png": (
        lambda: png(chunk(b"zTXt", b"Title\0\0" + zlib.compress(bytes(1 << 28)))),
        "too large",
    ),
    "profile.png": (
        lambda: png(chunk(b"iCCP", b"ICC\0\0" + zlib.compress(bytes(1 << 28)))),
        "too large",
    ),
    "chunk.png": (
        lambda: replaced(png(), b"IDAT", -4, ">I", 2**31 - 1),
        "read",
    ),
    "box.jp2": (
        lambda: replaced(pillow("JPEG2000"), b"jp2h", -4, ">I", 2**31 - 1),
        "damaged",
    ),
    "claim.png": (lambda: png(header=png_header(CLAIM, CLAIM)), "damaged"),
    "deep claim.png": (lambda: png(header=png_header(CLAIM, CLAIM, 16)), "damaged"),
    "two headers.png": (
        lambda: png(png_header(24, 16), header=png_header(60_000, 60_000, 16)),
        "damaged",
    ),
    "largest.jpg": (lambda: jpeg_claim(65_535, 65_535), "4,295 million pixels"),
    "claim.jpg": (lambda: jpeg_claim(CLAIM, CLAIM)[:-9], "damaged"),
    "claim.webp": (
        lambda: replaced(
            pillow("WEBP", quality=50),
            b"\x9d\x01\x2a",
            3,
            "<HH",
            CLAIM,
            CLAIM,
        ),
        "damaged",
    ),
    "claim.avif": (
        lambda: replaced(pillow("AVIF"), b"ispe", 8, ">II", 20_000, 20_000),
        "damaged",
    ),
    "claim.gif": (
        lambda: replaced(pillow("GIF"), b"GIF8", 6, "<HH", 65_535, 65_535),
        "4,295 million pixels",
    ),
    "claim.bmp": (
        lambda: replaced(pillow("BMP"), b"BM", 18, "<II", CLAIM, CLAIM),
        "damaged",
    ),
    "claim.tga": (
        lambda: replaced(pillow("TGA"), b"\0\0\3", 12, "<HH", CLAIM, CLAIM),
        "damaged",
    ),
    "claim.ppm": (lambda: b"P6 8000 8000 65535\n" + bytes(99), "damaged"),
    "plain.ppm": (lambda: b"P2 8000 8000 255\n" + b"9 " * 99, "damaged"),
    "two sizes.jp2": (jp2_claim, "60000 x 60000 pixels and 24 x 16"),
    "slow.fits": (fits, "more than the 17 million"),
}


def attempt(path: Path) -> str:
    """Read a file and color it; return "read" or the error."""
    try:
        files.write(path.with_suffix(".out.tif"), colored(files.read(path)))
    except files.FileError as error:
        return str(error)
    return "read"


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Read all bombs in a process with little memory and time; what became of each."""
    folder = tmp_path_factory.mktemp("bombs")
    for name, (make, _) in BOMBS.items():
        (folder / name).write_bytes(make())
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    result = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, str(folder)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    # Where the process died, its next file has no outcome.
    end = f"died: {result.returncode}, {result.stderr[-1500:]}"
    return {**dict.fromkeys(BOMBS, end), **dict(lines)}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_one_clear_error_in_little_memory(
    outcomes: dict[str, str], name: str
) -> None:
    assert BOMBS[name][1] in outcomes[name]
    assert len(outcomes[name]) < 300


def read_all(folder: Path) -> None:
    """Read the files of a folder, as the fixture does."""
    first = folder / "warm.tif"
    first.write_bytes(tiff())
    attempt(first)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for name in BOMBS:
        try:
            outcome = attempt(folder / name)
        except BaseException as error:
            outcome = f"unexpected {error!r}"
        print(json.dumps([name, outcome]), flush=True)


def test_a_list_of_pages_that_goes_round_ends(tmp_path: Path) -> None:
    """Tifffile looks for circles among the first 100 pages only."""
    path = tmp_path / "x.tif"
    with tifffile.TiffWriter(path) as file:
        for _ in range(120):
            file.write(GRAY, metadata=None, contiguous=False)
    with tifffile.TiffFile(path) as file:
        first, last = file.pages[0].offset, file.pages[119]
        end = last.offset + 2 + 12 * len(last.tags)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<I", raw, end, first)
    path.write_bytes(raw)
    assert len(files.read(path)) == 120
    pytest.importorskip("dask.array")
    from colorize_engine.stackfiles import open_stack

    with pytest.raises(files.FileError, match="leads back to page 0"):
        open_stack(path)


def test_the_limit_of_pixels_holds_for_frames_and_can_be_lifted(tmp_path: Path) -> None:
    pytest.importorskip("dask.array")
    from colorize_engine.stackfiles import open_stack

    path = tmp_path / "x.tif"
    tifffile.imwrite(path, np.stack([GRAY] * 3), photometric="minisblack")
    with pytest.raises(files.TooLarge, match="million allowed"):
        open_stack(path, max_pixels=GRAY.size - 1)
    assert open_stack(path, max_pixels=GRAY.size).frames.shape == (3, *GRAY.shape)


def test_what_lies_in_one_page_beyond_its_bytes_is_found_where_the_limit_is_lifted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.tif"
    data = tiff(DEEP)
    path.write_bytes(edited(data, ImageWidth=60_000, ImageLength=60_000))
    with pytest.raises(files.FileError, match=r"768 of the 7,200,000,000 bytes"):
        list(files.read(path, max_pixels=10**10))


def test_tags_that_share_their_bytes_do_not_grow_the_output(tmp_path: Path) -> None:
    source, target = tmp_path / "x.tif", tmp_path / "y.tif"
    source.write_bytes(shared_tags())
    files.write(target, colored(files.read(source)))
    assert target.stat().st_size < 2 * source.stat().st_size


def test_100_megapixels_of_16_bit_are_read(tmp_path: Path) -> None:
    large = np.zeros((10_000, 10_000), np.uint16)
    large[1234, 5678] = 65_535
    tifffile.imwrite(
        tmp_path / "x.tif", large, compression="zlib", rowsperstrip=512, maxworkers=1
    )
    (picture,) = files.read(tmp_path / "x.tif")
    assert picture.image.dtype == np.uint16
    np.testing.assert_array_equal(picture.image, large)


@pytest.mark.parametrize(
    ("shape", "suffix"),
    [((1, 70_000), ".tif"), ((70_000, 1), ".png"), ((3, 70_000), ".png")],
)
def test_strips_keep_their_size(
    tmp_path: Path, shape: tuple[int, int], suffix: str
) -> None:
    ramp = np.linspace(0, 65_535, shape[0] * shape[1]).astype(np.uint16)
    tifffile.imwrite(tmp_path / "x.tif", ramp.reshape(shape))
    target = tmp_path / f"y{suffix}"
    files.write(target, colored(files.read(tmp_path / "x.tif")))
    (picture,) = files.read(target)
    assert picture.image.shape == (*shape, 3)
    assert picture.has_color
    assert np.ptp(picture.image[..., 1].astype(int)) > 50_000


@pytest.mark.parametrize("wide, high", [(65_535, 1), (65_535, 8), (8, 65_535)])
def test_the_longest_jpeg(tmp_path: Path, wide: int, high: int) -> None:
    """Pillow's libjpeg stops at 65,500 pixels a side."""
    (tmp_path / "x.jpg").write_bytes(flat_jpeg(wide, high))
    photo = files.read(tmp_path / "x.jpg")
    with pytest.raises(files.FileError, match=r"65535 .* 65500"):
        files.check_target(tmp_path / "y.jpg", photo)
    files.write(tmp_path / "y.tif", colored(photo))
    (picture,) = files.read(tmp_path / "y.tif")
    assert picture.image.shape == (high, wide, 3)
    (source,) = photo
    np.testing.assert_array_equal(source.image, 128)


@pytest.mark.parametrize("share", [0.2, 0.9, 0.999])
def test_the_longest_jpeg_does_not_end_early_unnoticed(
    tmp_path: Path, share: float
) -> None:
    whole = flat_jpeg(65_535, 8)
    (tmp_path / "x.jpg").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(files.FileError, match="damaged"):
        files.read(tmp_path / "x.jpg")


def test_xmp_of_any_depth_is_no_trouble(tmp_path: Path) -> None:
    space = "xmlns:x='adobe:ns:meta/'"
    packet = f"<x:xmpmeta {space}>{'<x:a>' * 9000}{'</x:a>' * 9000}</x:xmpmeta>"
    Image.fromarray(GRAY).save(tmp_path / "x.webp", xmp=packet.encode())
    mark = files.Mark("ours", "model")
    notes = files.write(tmp_path / "y.webp", files.read(tmp_path / "x.webp"), mark)
    assert notes == ("its XMP data are broken and were left out",)


@pytest.mark.parametrize("unit", [2, 3])
@pytest.mark.parametrize("suffix", [".tif", ".jpg", ".png", ".webp"])
def test_any_resolution_can_be_written(tmp_path: Path, unit: int, suffix: str) -> None:
    resolution = ((2**32 - 1, 1), (2**32 - 1, 7))
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, GRAY, resolution=resolution, resolutionunit=unit)
    files.write(tmp_path / f"y{suffix}", files.read(path))
    (picture,) = files.read(tmp_path / f"y{suffix}")
    assert picture.image.shape[:2] == GRAY.shape


def deep_png(path: Path, passes: list[np.ndarray], laced: int, spoil: bytes) -> None:
    """Write 16-bit gray of 24 x 16 pixels with other bytes at its end."""
    rows = [b"\0" + row.astype(">u2").tobytes() for part in passes for row in part]
    packed = zlib.compress(b"".join(rows))
    packed = packed[: len(packed) - len(spoil)] + spoil
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 24, 16, 16, 0, 0, 0, laced))
    body = [header, chunk(b"IDAT", packed), chunk(b"IEND", b"")]
    path.write_bytes(SIGNATURE + b"".join(body))


def test_deep_png_in_one_and_in_seven_passes(tmp_path: Path) -> None:
    starts = [(0, 0), (0, 4), (4, 0), (0, 2), (2, 0), (0, 1), (1, 0)]
    steps = [(8, 8), (8, 8), (8, 4), (4, 4), (4, 2), (2, 2), (2, 1)]
    laced = [
        DEEP[y::down, x::right]
        for (y, x), (down, right) in zip(starts, steps, strict=True)
    ]
    for number, passes in enumerate(([DEEP], laced)):
        deep_png(tmp_path / "x.png", passes, number, b"")
        (picture,) = files.read(tmp_path / "x.png")
        np.testing.assert_array_equal(picture.image, DEEP)


@pytest.mark.parametrize("passes", [[DEEP], [DEEP, DEEP[:1]], [DEEP[:-1]]])
def test_a_deep_png_of_which_libpng_only_complains_is_damaged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], passes: list[np.ndarray]
) -> None:
    """A wrong checksum of all pixels, and too many and too few of them."""
    spoil = b"\0\0\0\0" if len(passes) == 1 and len(passes[0]) == 16 else b""
    deep_png(tmp_path / "x.png", passes, 0, spoil)
    with pytest.raises(files.FileError, match="damaged"):
        files.read(tmp_path / "x.png")
    assert capfd.readouterr() == ("", "")


def test_formats_that_decode_from_where_their_header_ends(tmp_path: Path) -> None:
    for kind, array in (("DDS", GRAY), ("SGI", GRAY), ("QOI", np.dstack([GRAY] * 3))):
        Image.fromarray(array).save(tmp_path / f"x.{kind}", kind)
        (picture,) = files.read(tmp_path / f"x.{kind}")
        np.testing.assert_array_equal(picture.image, GRAY)


@pytest.mark.parametrize("kind", ["same", "symlink", "hard link"])
def test_a_source_written_onto_is_read_to_its_end(tmp_path: Path, kind: str) -> None:
    """The engine does it when told to; the command refuses before it reads."""
    from colorize_engine.batch import TargetError, plan_jobs

    source, target = tmp_path / "x.tif", tmp_path / "y.tif"
    pages = np.stack([GRAY, GRAY[::-1], GRAY[:, ::-1]])
    tifffile.imwrite(source, pages, photometric="minisblack")
    if kind == "same":
        target = source
    elif kind == "symlink":
        target.symlink_to(source)
    else:
        target.hardlink_to(source)
    with pytest.raises(TargetError, match="input"):
        plan_jobs([source], str(target))
    files.write(target, colored(files.read(source)), overwrite=True, page_count=3)
    assert target.is_symlink() == (kind == "symlink")
    written = list(files.read(target))
    for page, picture in zip(pages, written, strict=True):
        light = picture.image[..., 1].astype(int)
        assert np.corrcoef(light.ravel(), page.ravel())[0, 1] > 0.95
    if kind == "hard link":
        np.testing.assert_array_equal(tifffile.imread(source), pages)


def test_of_many_writers_to_one_name_one_wins(tmp_path: Path) -> None:
    target, barrier = tmp_path / "y.png", threading.Barrier(8)
    ended: list[object] = []

    def write(number: int) -> None:
        picture = files.Picture(np.full((9, 9, 3), number, np.uint8))
        barrier.wait()
        try:
            files.write(target, [picture])
        except FileExistsError as error:
            ended.append(error.errno)
        else:
            ended.append(f"number {number}")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [text for text in ended if isinstance(text, str)]
    assert len(winners) == 1
    assert len(ended) == 8
    (picture,) = files.read(target)
    assert winners == [f"number {picture.image.flat[0]}"]
    assert os.listdir(tmp_path) == ["y.png"]


WRITE = """
import os, sys
import numpy as np
from colorize_engine import files
picture = files.Picture(np.zeros((9, 9, 3), np.uint8))
# What is imported late, root may read and others perhaps not.
files.write(sys.argv[1] + ".warm.png", [picture])
os.unlink(sys.argv[1] + ".warm.png")
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
try:
    files.write(sys.argv[1], [picture], overwrite=True)
except OSError as error:
    print(type(error).__name__, error.filename == sys.argv[1])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="another user can be taken on by root")
@pytest.mark.parametrize("mode", [0o555, 0o1777])
def test_another_users_process_leaves_what_it_may_not_write(
    mode: int,
) -> None:
    """In a read-only folder, and in one where only the owner may replace a file."""
    # Not in pytest's own folder, which other users may not enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "out")
        Path(name).chmod(0o755)
        folder.mkdir()
        target = folder / "y.png"
        target.write_bytes(PRECIOUS)
        folder.chmod(mode)
        result = subprocess.run(
            [sys.executable, "-c", WRITE, str(target)],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert result.stdout == "PermissionError True\n", result.stderr
        assert target.read_bytes() == PRECIOUS
        assert os.listdir(folder) == ["y.png"]


@pytest.mark.skipif(not shutil.which("mount"), reason="there is no mount command")
@pytest.mark.parametrize("pages", [1, 6])
def test_a_disk_that_fills_up_in_the_middle(tmp_path: Path, pages: int) -> None:
    """After some pages, each of which would fit alone; and for `replacing` itself."""
    out = tmp_path / "out"
    out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "colorize-test", str(out)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may not mount a small disk")
    rows = 180 if pages > 1 else 720
    noise = np.random.default_rng(5).integers(0, 256, (pages, rows, 180, 3), np.uint8)
    taken = []
    try:
        (out / "y.tif").write_bytes(PRECIOUS)

        def pictures() -> Iterator[files.Picture]:
            for array in noise:
                taken.append(len(taken))
                yield files.Picture(array)

        with pytest.raises(OSError, match="No space left") as error:
            files.write(out / "y.tif", pictures(), overwrite=True, page_count=pages)
        assert error.value.filename == str(out / "y.tif")
        assert (out / "y.tif").read_bytes() == PRECIOUS
        assert os.listdir(out) == ["y.tif"]
        files.write(out / "z.tif", [files.Picture(noise[0, :90, :90])])
        assert len(files.read(out / "z.tif")) == 1
    finally:
        subprocess.run(["umount", str(out)], check=True)
    assert len(taken) < 6


if __name__ == "__main__":
    read_all(Path(sys.argv[1]))

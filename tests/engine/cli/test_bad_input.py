"""Bad input of every kind ends in one clear line, and nothing is lost."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import struct
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from colorize_engine.cli import command as cli
from colorize_engine.files.stills.png import SIGNATURE, chunk, split
from colorize_engine.pretrained import WEIGHTS

resource = pytest.importorskip("resource", reason="the limits are those of Unix")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Make = Callable[[Path], None]
    Run = Callable[..., tuple[int, list[str]]]

pytestmark = pytest.mark.usefixtures("one_thread")

NOISE = np.random.default_rng(3).integers(0, 256, (40, 50), np.uint8)
COLOR = np.stack([NOISE, NOISE[::-1], NOISE[:, ::-1]], axis=-1)
PRECIOUS = b"what was there before"
NOBODY = 65534


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return the contents of all regular files below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def run(tiny_model: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command: exit code and the lines on stderr, those of libraries too."""

    def call(*args: object, model: object = tiny_model) -> tuple[int, list[str]]:
        with pytest.raises(SystemExit) as exit_info:
            cli.main([*map(str, args), "--model", str(model)])
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return exit_info.value.code, err.splitlines()

    return call


def image(path: Path, array: np.ndarray = NOISE, **options: object) -> None:
    Image.fromarray(array).save(path, **options)


def cut(path: Path, share: float = 0.6) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])


def truncated(array: np.ndarray = NOISE, **options: object) -> Make:
    def make(path: Path) -> None:
        if path.suffix == ".tif":
            tifffile.imwrite(path, array, **options)
        elif array.dtype == np.uint16:
            path.write_bytes(imagecodecs.png_encode(array))
        else:
            image(path, array, **options)
        cut(path)

    return make


def tiff(array: np.ndarray, **options: object) -> Make:
    return lambda path: tifffile.imwrite(path, array, **options)


def text(content: bytes) -> Make:
    return lambda path: path.write_bytes(content)


def page_list_cut(path: Path) -> None:
    tifffile.imwrite(
        path, np.stack([NOISE] * 4), metadata=None, photometric="minisblack"
    )
    with tifffile.TiffFile(path) as file:
        last = file.pages[3].offset
    path.write_bytes(path.read_bytes()[:last])


def page_list_loop(path: Path) -> None:
    """Make the list of pages lead back to its first page, and that page too large."""
    tifffile.imwrite(path, NOISE, metadata=None)
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        first, end = page.offset, page.offset + 2 + 12 * len(page.tags)
    raw = bytearray(path.read_bytes())
    raw[end : end + 4] = struct.pack("<I", first)
    path.write_bytes(raw)
    width(100_000)(path)


def width(value: int) -> Make:
    """Make the header of a TIFF file claim another width."""

    def make(path: Path) -> None:
        if not path.exists():
            tifffile.imwrite(path, NOISE, metadata=None)
        with tifffile.TiffFile(path) as file:
            at = file.pages[0].tags[256].valueoffset
        raw = bytearray(path.read_bytes())
        raw[at : at + 4] = struct.pack("<I", value)
        if value > 1000:
            with tifffile.TiffFile(path) as file:
                at = file.pages[0].tags[257].valueoffset
            raw[at : at + 4] = struct.pack("<I", value)
        path.write_bytes(raw)

    return make


def png_of(wide: int, high: int, depth: int = 8) -> Make:
    """Make a PNG whose header claims a size."""

    def make(path: Path) -> None:
        array = NOISE if depth == 8 else NOISE.astype(np.uint16)
        parts = split(imagecodecs.png_encode(array))
        header = struct.pack(">II", wide, high) + parts[0].data[8:]
        rest = b"".join(part.whole for part in parts[1:])
        path.write_bytes(SIGNATURE + chunk(b"IHDR", header) + rest)

    return make


def wrong_sum(path: Path) -> None:
    raw = bytearray(imagecodecs.png_encode(COLOR.astype(np.uint16) * 257))
    raw[len(raw) // 2] ^= 0x55
    path.write_bytes(raw)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def dangling(path: Path) -> None:
    path.symlink_to(path.parent / "gone")


def link_loop(path: Path) -> None:
    path.symlink_to(path)


def with_value(value: float) -> np.ndarray:
    array = (NOISE / 255).astype(np.float32)
    array[5, 6] = value
    return array


BAD_FILES: dict[str, tuple[str, Make, str]] = {
    "truncated JPEG": ("x.jpg", truncated(), "damaged"),
    "truncated PNG": ("x.png", truncated(), "damaged"),
    "truncated deep PNG": ("x.png", truncated(COLOR.astype(np.uint16)), "damaged"),
    "truncated WebP": ("x.webp", truncated(lossless=True), "damaged"),
    "truncated TIFF": ("x.tif", truncated(), "damaged"),
    "truncated deflate": ("x.tif", truncated(compression="zlib"), "damaged"),
    "flipped bits": ("x.png", wrong_sum, "damaged"),
    "page list cut": ("x.tif", page_list_cut, "damaged"),
    "page list in a loop": ("x.tif", page_list_loop, "--max-pixels"),
    "text": ("x.png", text(b"Dear diary,\n" * 20), "no picture format"),
    "text as TIFF": ("x.tif", text(b"II*\0Dear diary"), "damaged"),
    "only a signature": ("x.jpg", text(b"\xff\xd8\xff\xe0"), "damaged"),
    "only zeros": ("x.tif", text(bytes(5000)), "no picture format"),
    "one byte": ("x.png", text(b"P"), "no picture format"),
    "empty": ("x.png", text(b""), "empty"),
    "missing": ("x.png", lambda path: None, "no such file"),
    "pipe": ("x.png", fifo, "not a regular file"),
    "dangling link": ("x.png", dangling, "no such file"),
    "link to itself": ("x.png", link_loop, "too many levels"),
    "NaN": ("x.tif", tiff(with_value(np.nan)), "NaN"),
    "infinity": ("x.tif", tiff(with_value(np.inf)), "infinite"),
    "floats beyond 1": ("x.tif", tiff(with_value(4095)), "--range"),
    "complex": ("x.tif", tiff(NOISE.astype(np.complex64)), "complex64"),
    "five channels": (
        "x.tif",
        tiff(np.zeros((9, 8, 5), np.uint8), photometric="rgb"),
        "5 channels are said to be RGB",
    ),
    "three gray channels": (
        "x.tif",
        tiff(
            np.zeros((9, 8, 3), np.uint8),
            photometric="minisblack",
            planarconfig="contig",
        ),
        "3 channels are said to be MINISBLACK",
    ),
    "volume": (
        "x.tif",
        tiff(np.zeros((16, 32, 32), np.uint8), tile=(16, 16, 16), volumetric=True),
        "volume",
    ),
    "raw of a camera": (
        "x.cr2",
        text(b"II*\0\x10\0\0\0CR\2\0" + bytes(600)),
        "raw data",
    ),
    "no pixels in a TIFF": ("x.tif", width(0), "no pixels"),
    "no pixels in a PNG": ("x.png", png_of(0, 5), "damaged"),
    "claims 10 gigapixels": ("x.tif", width(100_000), "10,000 million pixels"),
    "claims a gigapixel": ("x.png", png_of(40_000, 25_000), "1,000 million pixels"),
    "claims it in 16 bit": ("x.png", png_of(2**31 - 1, 9, 16), "--max-pixels"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_one_line_and_costs_nothing(
    tmp_path: Path, run: Run, case: str
) -> None:
    name, make, words = BAD_FILES[case]
    source = tmp_path / name
    make(source)
    target = tmp_path / "target.tif"
    target.write_bytes(PRECIOUS)
    before = snapshot(tmp_path)
    code, errors = run(source, "-o", target, "--overwrite", "--probabilities")
    assert code == 1
    assert len(errors) == 1
    assert errors[0].startswith(f"colorize: {source}: ")
    assert words in errors[0]
    assert len(errors[0]) < 350 + len(str(source))
    assert snapshot(tmp_path) == before


NOT_WRITABLE: dict[str, tuple[Make, str, str]] = {
    "pages to PNG": (
        tiff(np.stack([NOISE] * 2), photometric="minisblack"),
        "o.png",
        "2 pages",
    ),
    "too wide for JPEG": (tiff(np.zeros((1, 70_000), np.uint8)), "o.jpg", "70000"),
    "too wide for WebP": (tiff(np.zeros((1, 20_000), np.uint8)), "o.webp", "20000"),
    "target is a link to a folder": (tiff(NOISE), "link.png", "folder"),
    "target below a file": (tiff(NOISE), "file/o.png", "file"),
}


@pytest.mark.parametrize("case", NOT_WRITABLE)
def test_an_output_that_cannot_be_is_one_line(
    tmp_path: Path, run: Run, case: str
) -> None:
    make, name, words = NOT_WRITABLE[case]
    make(tmp_path / "x.tif")
    (tmp_path / "file").write_bytes(PRECIOUS)
    (tmp_path / "folder").mkdir()
    target = tmp_path / name
    if name == "link.png":
        # Seen as a folder, in which a folder has the name of the output.
        (tmp_path / "folder" / "x.tif").mkdir()
        target.symlink_to(tmp_path / "folder")
    before = snapshot(tmp_path)
    code, errors = run(tmp_path / "x.tif", "-o", target, "--overwrite")
    assert code == 1
    assert len(errors) == 1
    assert words in errors[0]
    assert snapshot(tmp_path) == before


WRONG_USAGE: dict[str, tuple[tuple[str, ...], str]] = {
    "no photo": (("-o", "o.png"), "PHOTO"),
    "no output": (("x.png",), "--output"),
    "unknown option": (("x.png", "-o", "o.png", "--color"), "--color"),
    "output onto input": (("x.png", "-o", "x.png", "--overwrite"), "input"),
    "output onto a hard link": (("x.png", "-o", "hard.png", "--overwrite"), "input"),
    "output folder of the input": (("x.png", "-o", ".", "--overwrite"), "input"),
    "folder into a file": (("d", "-o", "o.png"), "a folder needs a folder as output"),
    "two photos into a file": (("x.png", "d/x.png", "-o", "o.png"), "folder"),
    "output folder is a file": (("x.png", "-o", "precious"), "a file has that name"),
    "suffix that is not written": (("x.png", "-o", "o.gif"), ".gif"),
    "suffix of a phone": (("x.png", "-o", "o.heic"), ".heic"),
    "range upside down": (("x.png", "-o", "o.png", "--range", "9,1"), "MIN,MAX"),
    "range of letters": (("x.png", "-o", "o.png", "--range", "dark"), "MIN,MAX"),
    "temperature": (("x.png", "-o", "o.png", "--temperature", "1.5"), "--temperature"),
    "temperature nan": (("x.png", "-o", "o.png", "-t", "nan"), "--temperature"),
    "rebalance": (("x.png", "-o", "o.png", "--rebalance", "inf"), "--rebalance"),
    "saturation": (("x.png", "-o", "o.png", "--saturation", "-1"), "--saturation"),
    "working size": (("x.png", "-o", "o.png", "--working-size", "0"), "--working-size"),
    "max pixels": (("x.png", "-o", "o.png", "--max-pixels", "0"), "--max-pixels"),
    "max pixels in words": (("x.png", "-o", "o.png", "--max-pixels", "big"), "400M"),
    "quality": (("x.png", "-o", "o.jpg", "--quality", "101"), "--quality"),
    "device": (("x.png", "-o", "o.png", "--device", "cuda:99"), "cuda:99"),
    "device of no kind": (("x.png", "-o", "o.png", "--device", "abacus"), "abacus"),
    "model": (("x.png", "-o", "o.png", "--model", "Rembrandt"), "Rembrandt"),
    "model folder": (("x.png", "-o", "o.png", "--model", "./Rembrandt"), "Rembrandt"),
    "model without card": (("x.png", "-o", "o.png", "--model", "./d"), "card.json"),
}


@pytest.mark.parametrize("case", WRONG_USAGE)
def test_wrong_usage_is_one_line_before_any_work(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    args, words = WRONG_USAGE[case]
    monkeypatch.chdir(tmp_path)
    Path("d").mkdir()
    for name in ("x.png", "d/x.png", "d/X.png", "x.gif", "x.jpg"):
        image(Path(name))
    Path("hard.png").hardlink_to("x.png")
    Path("precious").write_bytes(PRECIOUS)
    before = snapshot(tmp_path)
    # The model of the arguments comes last and wins; see the fixture.
    model = args[args.index("--model") + 1] if "--model" in args else None
    code, errors = run(*args, **({"model": model} if model else {}))
    assert code == 2
    assert len(errors) == 1
    assert errors[0].startswith("colorize: ")
    assert words in errors[0]
    assert snapshot(tmp_path) == before
    assert not Path("out").exists()


def spoil_weights(folder: Path) -> None:
    raw = bytearray((folder / "a.safetensors").read_bytes())
    raw[-9] ^= 0xFF
    (folder / "a.safetensors").write_bytes(raw)


def foreign_weights(folder: Path) -> None:
    """Put other bytes in place, and their hash in the card."""
    (folder / "b.safetensors").write_bytes(b"not safe at all" * 9)
    digest = hashlib.sha256(b"not safe at all" * 9).hexdigest()
    edit_card(folder, lambda card: card["sha256"].update({"b.safetensors": digest}))


def edit_card(folder: Path, change: Callable[[dict], object]) -> None:
    card = json.loads((folder / "card.json").read_text())
    change(card)
    (folder / "card.json").write_text(json.dumps(card))


BAD_MODELS: dict[str, tuple[Make, str]] = {
    "no card": (lambda f: (f / "card.json").unlink(), "card.json"),
    "empty card": (lambda f: (f / "card.json").write_text(""), "card.json"),
    "card that is no JSON": (
        lambda f: (f / "card.json").write_text("{name: tiny}"),
        "card.json",
    ),
    "card of other JSON": (lambda f: (f / "card.json").write_text("[1]"), "card.json"),
    "card that is no text": (
        lambda f: (f / "card.json").write_bytes(b"\xff\xfe\xfa"),
        "load the model",
    ),
    "card without bins": (lambda f: edit_card(f, lambda c: c.pop("bins")), "card.json"),
    "card of another format": (
        lambda f: edit_card(f, lambda c: c.update(format=99)),
        "format",
    ),
    "wrong hash": (
        lambda f: edit_card(f, lambda c: c["sha256"].update({"b.safetensors": "0"})),
        "SHA-256",
    ),
    "wrong design": (
        lambda f: edit_card(f, lambda c: c["nets"]["a"].update(kind="wide")),
        "model",
    ),
    "no weights": (lambda f: (f / "b.safetensors").unlink(), "b.safetensors"),
    "truncated weights": (lambda f: cut(f / "a.safetensors"), "truncated"),
    "spoilt weights": (spoil_weights, "SHA-256"),
    "foreign weights": (foreign_weights, "the model"),
}


@pytest.mark.parametrize("case", BAD_MODELS)
def test_a_bad_model_is_one_line(
    tmp_path: Path, run: Run, tiny_model: Path, case: str
) -> None:
    spoil, words = BAD_MODELS[case]
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    spoil(model)
    image(tmp_path / "x.png")
    (tmp_path / "o.png").write_bytes(PRECIOUS)
    before = snapshot(tmp_path)
    code, errors = run(
        tmp_path / "x.png", "-o", tmp_path / "o.png", "--overwrite", model=model
    )
    assert code == 2
    assert len(errors) == 1
    assert words in errors[0]
    assert snapshot(tmp_path) == before


ODD_BUT_READABLE: dict[str, tuple[str, Make, str]] = {
    "broken profile": (
        "x.png",
        lambda p: image(p, np.dstack([NOISE] * 3), icc_profile=b"junk" * 50),
        "profile",
    ),
    "broken EXIF": (
        "x.jpg",
        lambda p: image(p, exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(9)),
        "EXIF",
    ),
    "broken EXIF in TIFF": (
        "x.tif",
        lambda p: (
            tifffile.imwrite(p, NOISE, extratags=[(34666, 4, 1, 10**7, True)]),
            p.write_bytes(p.read_bytes().replace(b"\x6a\x87\4\0", b"\x69\x87\4\0")),
        ),
        "EXIF",
    ),
    "broken XMP": ("x.jpg", lambda p: image(p, xmp=b"<x:xmpmeta"), "XMP"),
    "an animation": (
        "x.gif",
        lambda p: image(p, save_all=True, append_images=[Image.fromarray(NOISE[::-1])]),
        "first frame",
    ),
}


def test_a_broken_profile_of_a_gray_picture_is_no_news(
    tmp_path: Path, run: Run
) -> None:
    image(tmp_path / "x.png", icc_profile=b"junk" * 50)
    assert run(tmp_path / "x.png", "-o", tmp_path / "y.png") == (0, [])


@pytest.mark.parametrize("case", ODD_BUT_READABLE)
def test_odd_files_are_colored_with_a_note(tmp_path: Path, run: Run, case: str) -> None:
    name, make, words = ODD_BUT_READABLE[case]
    make(tmp_path / name)
    code, errors = run(tmp_path / name, "-o", tmp_path / "o.png")
    assert code == 0
    assert len(errors) == 1
    assert f"{tmp_path / name}: note: " in errors[0]
    assert words in errors[0]
    with Image.open(tmp_path / "o.png") as result:
        assert result.size == (50, 40)


@pytest.fixture
def other_user(tiny_model: Path, run: Run) -> Iterator[Path]:
    """Make a folder in which another user can run the command.

    It lies outside of pytest's own, which other users may not enter.
    """
    with as_other_user():
        if not os.access(WEIGHTS, os.R_OK, effective_ids=True):
            pytest.skip("other users may not enter the folder of the checkout")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree(tiny_model, folder / "model")
        image(folder / "x.png")
        # Whatever is imported late, root may read and others perhaps not.
        assert run(folder / "x.png", "-o", folder / "warm.png")[0] == 0
        (folder / "warm.png").unlink()
        yield folder


@contextmanager
def as_other_user() -> Iterator[None]:
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_file_that_may_not_be_read(other_user: Path, run: Run) -> None:
    folder = other_user
    (folder / "x.png").chmod(0)
    (folder / "out").mkdir()
    (folder / "out").chmod(0o777)
    with as_other_user():
        result = run(
            folder / "x.png", "-o", folder / "out" / "o.png", model=folder / "model"
        )
    assert result == (1, [f"colorize: {folder / 'x.png'}: permission denied"])
    assert list((folder / "out").iterdir()) == []


def test_weights_that_may_not_be_read(other_user: Path, run: Run) -> None:
    folder = other_user
    (folder / "model" / "b.safetensors").chmod(0)
    with as_other_user():
        code, errors = run(
            folder / "x.png", "-o", folder / "o.png", model=folder / "model"
        )
    assert (code, len(errors)) == (2, 1)
    assert "b.safetensors: Permission denied" in errors[0]


@pytest.mark.parametrize("below", ["o.png", "new/o.png"])
def test_a_folder_that_may_not_be_written(
    other_user: Path, run: Run, below: str
) -> None:
    folder = other_user
    (folder / "out").mkdir()
    (folder / "out" / "o.png").write_bytes(PRECIOUS)
    (folder / "out").chmod(0o555)
    before = snapshot(folder)
    target = folder / "out" / below
    with as_other_user():
        code, errors = run(
            folder / "x.png", "-o", target, "--overwrite", model=folder / "model"
        )
    (folder / "out").chmod(0o755)
    assert (code, len(errors)) == (1, 1)
    assert "cannot write" in errors[0]
    assert str(folder / "out") in errors[0]
    assert errors[0].endswith("permission denied")
    assert snapshot(folder) == before


@contextmanager
def small_disk(folder: Path) -> Iterator[str]:
    """Give a folder 64 KiB; give all files that limit where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "colorize-test", str(folder)]
    if (
        shutil.which("mount")
        and subprocess.run(mount, capture_output=True).returncode == 0
    ):
        try:
            yield os.strerror(errno.ENOSPC)
        finally:
            subprocess.run(["umount", str(folder)], check=True)
    else:
        with file_limit(1 << 16):
            yield os.strerror(errno.EFBIG)


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("disk", ["small", "limited"])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
@pytest.mark.parametrize("extra", [(), ("--probabilities",)])
def test_a_full_disk(
    tmp_path: Path, run: Run, disk: str, suffix: str, extra: tuple[str, ...]
) -> None:
    large = np.random.default_rng(4).integers(0, 256, (300, 300), np.uint8)
    image(tmp_path / "x.png", large)
    out = tmp_path / "out"
    if disk == "small":
        context = small_disk(out)
    else:
        out.mkdir()
        context = file_limit(1 << 16)
    with context as reason:
        target = out / f"o{suffix}"
        target.write_bytes(PRECIOUS)
        code, errors = run(tmp_path / "x.png", "-o", target, "--overwrite", *extra)
        assert snapshot(out) == {target.name: PRECIOUS}
    reason = reason or os.strerror(errno.EFBIG)
    assert (code, len(errors)) == (1, 1)
    assert "cannot write" in errors[0]
    assert errors[0].lower().endswith(reason.lower())


def test_what_nobody_thought_of_is_one_line_too(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from colorize_engine import Colorizer

    def fail(error: BaseException) -> Callable[..., None]:
        def raising(*_: object, **__: object) -> None:
            raise error

        return raising

    image(tmp_path / "x.png")
    for error, words in (
        (MemoryError(), "not enough memory"),
        (RuntimeError("CUDA out of memory.\nTried to allocate"), "CUDA out of memory."),
        (ZeroDivisionError("division by zero"), "unexpected ZeroDivisionError"),
    ):
        monkeypatch.setattr(Colorizer, "predict", fail(error))
        code, errors = run(tmp_path / "x.png", "-o", tmp_path / "o.png")
        assert (code, len(errors)) == (1, 1)
        assert words in errors[0]
    monkeypatch.setattr(cli, "run", fail(ZeroDivisionError("division by zero")))
    code, errors = run(tmp_path / "x.png", "-o", tmp_path / "o.png")
    assert (code, errors) == (
        1,
        ["colorize: unexpected ZeroDivisionError: division by zero"],
    )
    assert list(tmp_path.iterdir()) == [tmp_path / "x.png"]

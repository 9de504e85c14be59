"""Standard input and output, and the command as a module."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from skimage import data

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[bytes]]

PHOTO = data.camera()[100:196, 180:308]


@pytest.fixture
def run(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``python -m colorize_engine`` where a photo is, with bytes as its input."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PHOTO).save("photo.png")

    def call(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "colorize_engine", *words]
        command += ["--model", str(tiny_model)]
        return subprocess.run(command, input=given, capture_output=True, check=False)

    return call


def pixels(given: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(given)))


def test_from_standard_input_to_standard_output(run: Run) -> None:
    plain = run("photo.png", "-o", "out.png")
    assert (plain.returncode, plain.stdout, plain.stderr) == (0, b"out.png\n", b"")
    photo, expected = Path("photo.png").read_bytes(), Path("out.png").read_bytes()
    piped = run("-", "-o", "-", given=photo)
    assert (piped.returncode, piped.stdout, piped.stderr) == (0, expected, b"")
    from_file = run("photo.png", "-o", "-")
    assert from_file.stdout == expected
    into_file = run("-", "-o", "in.png", given=photo)
    assert into_file.stdout == b"in.png\n"
    assert Path("in.png").read_bytes() == expected
    # Nothing else was written.
    assert {path.name for path in Path().iterdir()} == {
        "photo.png",
        "out.png",
        "in.png",
    }


@pytest.mark.parametrize("name", ["jpeg", "tiff", "webp"])
def test_the_format_of_standard_output(run: Run, name: str) -> None:
    found = run("photo.png", "-o", "-", "--format", name)
    assert Image.open(io.BytesIO(found.stdout)).format == name.upper()
    assert pixels(found.stdout).shape == (*PHOTO.shape, 3)


@pytest.mark.parametrize(
    ("words", "given", "code", "message"),
    [
        (["-", "-o", "-"], b"no photo", 1, "-: the file is in no picture format"),
        (["-", "-o", "-"], b"", 1, "-: the file is empty"),
        (["-", "-o", "folder"], b"x", 2, "OUT must be the name of a picture"),
        (["-", "photo.png", "-o", "-"], b"x", 2, "expected one photo with -, got 2"),
        (["photo.png", "-o", "o.png", "--format", "png"], b"", 2, "an OUT of -"),
    ],
)
def test_what_goes_wrong_is_one_line_and_no_output(
    run: Run, words: list[str], given: bytes, code: int, message: str
) -> None:
    found = run(*words, given=given)
    (line,) = found.stderr.decode().splitlines()
    assert (found.returncode, found.stdout) == (code, b"")
    assert message in line

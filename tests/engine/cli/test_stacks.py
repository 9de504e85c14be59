"""Stacks from the command line: when a file is one, and what its options do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

zarr = pytest.importorskip("zarr")
pytest.importorskip("dask.array")

from colorize_engine import cli  # noqa: E402
from colorize_engine.cli.stacks import is_stack  # noqa: E402
from colorize_engine.pretrained import read_card  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("one_thread")


def call(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        cli.main([str(word) for word in words])
    said = capsys.readouterr()
    return int(left.value.code or 0), said.out, said.err


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Write three noisy frames of one scene, in two channels, as OME-TIFF."""
    path = tmp_path / "film.ome.tif"
    scene = 128 + 90 * np.sin(np.add.outer(np.arange(32) / 5, np.arange(48) / 7))
    noise = np.random.default_rng(2).normal(0, 4, (3, 2, 32, 48))
    frames = np.clip(scene + noise, 0, 255).astype(np.uint8)
    tifffile.imwrite(path, frames, metadata={"axes": "TCYX", "TimeIncrement": 2.0})
    return path


def test_a_film_becomes_ome_tiff(
    film: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "color.ome.tif"
    words = (film, "-o", out, "-m", f"{tiny_model}/", "--channel", 1)
    code, said, errors = call(capsys, *words)
    assert (code, said.strip(), errors) == (0, str(out), "")
    with tifffile.TiffFile(out) as file:
        assert file.series[0].axes == "TYXS"
        assert file.series[0].shape == (3, 32, 48, 3)
        assert 'TimeIncrement="2.0"' in file.ome_metadata
        assert read_card(tiny_model).model_hash in file.ome_metadata
        plain = file.asarray()
    assert np.ptp(plain.astype(int), axis=-1).max() > 0
    code, _, errors = call(capsys, *words)
    assert code == 1
    assert "exists; give --overwrite" in errors
    code, _, errors = call(capsys, *words, "--overwrite", "--smoothing", 0.6)
    assert (code, errors) == (0, "")
    smooth = tifffile.imread(out)
    np.testing.assert_array_equal(smooth[0], plain[0])
    assert (smooth[1:] != plain[1:]).any()


def test_frames_of_too_many_pixels_are_refused(
    film: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("-o", tmp_path / "color.ome.tif", "-m", f"{tiny_model}/", "--channel", 1)
    code, _, errors = call(capsys, film, *words, "--max-pixels", 32 * 48 - 1)
    assert code == 1
    assert "--max-pixels" in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "color.ome.tif").exists()
    assert call(capsys, film, *words, "--max-pixels", 32 * 48)[0] == 0


def test_a_zarr_of_countless_frames_is_refused(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a few bytes, as chunks that are not there are zero."""
    path = tmp_path / "film.zarr"
    zarr.create_array(str(path), shape=(10_000_000, 8, 8), chunks=(1, 8, 8), dtype="u1")
    out = tmp_path / "color.zarr"
    code, _, errors = call(capsys, path, "-o", out, "-m", f"{tiny_model}/")
    assert code == 1
    assert "10,000,000 frames" in errors
    assert not out.exists()


def test_zarr_in_and_out(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = np.random.default_rng(3).integers(0, 256, (2, 32, 32), np.uint8)
    zarr.save_array(str(tmp_path / "film.zarr"), frames)
    out = tmp_path / "color.zarr"
    code, _, errors = call(
        capsys, tmp_path / "film.zarr", "-o", out, "-m", f"{tiny_model}/"
    )
    assert (code, errors) == (0, "")
    group = zarr.open_group(str(out), mode="r")
    [array] = [array for _, array in group.arrays()]
    assert array.shape == (2, 3, 32, 32)
    assert array.dtype == np.uint8


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 1, "channel"),
        (("--channel", 7), 1, "channel"),
        (("--channel", 0, "--probabilities"), 2, "--probabilities does not work with"),
        (("--channel", 0, "--skip-color"), 2, "--skip-color does not work with"),
        (("--channel", 0, "--smoothing", 1), 2, "0.99"),
        (("other.tif",), 2, "expected a single stack, got 2 inputs"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    words: tuple[object, ...],
    code: int,
    message: str,
    film: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out" / "color.ome.tif"
    found, said, errors = call(capsys, film, *words, "-o", out, "-m", f"{tiny_model}/")
    assert (found, said) == (code, "")
    assert message in errors
    assert len(errors.strip().splitlines()) == 1
    assert not list(tmp_path.rglob("color.ome.tif"))
    assert not list(tmp_path.rglob(".colorize*"))


def test_when_a_call_is_about_a_stack(tmp_path: Path) -> None:
    (tmp_path / "scans.v2").mkdir()
    (tmp_path / "scans.v2" / ".zattrs").touch()
    (tmp_path / "scans").mkdir()
    assert is_stack([str(tmp_path / "scans.v2")], "out", asked=False)
    assert not is_stack([str(tmp_path / "scans")], "out", asked=False)
    assert is_stack(["film.tif"], "out.zarr", asked=False)
    assert is_stack(["film.tif"], "out.OME.tif", asked=False)
    assert not is_stack(["film.tif"], "out.tif", asked=False)
    assert is_stack(["film.tif"], "out.tif", asked=True)

"""Photos become separated L, a and b on disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from training.dataset import Filter, build, main, to_bytes
from training.photos.data_set import DataSet

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 16
KEEP = Filter(min_side=16)


def write_photo(path: Path, seed: int, side: int = 20, *, gray: bool = False) -> None:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (side, side, 3), np.uint8)
    if gray:
        pixels[:] = pixels[..., :1]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for number in range(12):
        write_photo(tmp_path / "photos" / f"c{number % 3}" / f"{number}.png", number)
    return tmp_path / "photos"


def open_built(source: Path, out: Path, **settings: object) -> DataSet:
    build(source, out, size=SIDE, keep=KEEP, workers=1, **settings)
    return DataSet.open(out)


def test_the_planes_are_those_of_scikit_image(source: Path, tmp_path: Path) -> None:
    from skimage.color import rgb2lab

    photos = open_built(source, tmp_path / "out")
    assert len(photos.names) == photos.found == 12
    for row, name in enumerate(photos.names):
        with Image.open(source / name) as image:
            small = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
        lab = rgb2lab(small)
        for channel, expected in zip(
            "Lab",
            (lab[..., 0] * 2.55, lab[..., 1] + 128, lab[..., 2] + 128),
            strict=True,
        ):
            np.testing.assert_allclose(
                photos.planes[channel][row], expected, atol=0.52, err_msg=channel
            )


def test_to_bytes_of_black_white_and_gray() -> None:
    rgb = np.array([[[0, 0, 0], [255, 255, 255], [119, 119, 119]]], np.uint8)
    planes = to_bytes(rgb)
    assert planes.dtype == np.uint8
    assert planes[:, 0].tolist() == [[0, 255, 128], [128] * 3, [128] * 3]


def test_bad_photos_are_left_out_and_counted(source: Path, tmp_path: Path) -> None:
    write_photo(source / "tiny.png", 50, side=15)
    write_photo(source / "gray.png", 51, gray=True)
    write_photo(source / "gray2.png", 52, gray=True)
    (source / "broken.jpg").write_bytes(b"no photo")
    photos = open_built(source, tmp_path / "out")
    assert photos.found == 16
    assert photos.skipped == {"unreadable": 1, "gray": 2, "small": 1}
    assert len(photos.names) == 12
    assert not {"tiny.png", "gray.png", "gray2.png", "broken.jpg"} & set(photos.names)


def test_a_random_part_is_set_aside_by_the_seed(source: Path, tmp_path: Path) -> None:
    for number in range(12, 100):
        write_photo(source / f"{number}.png", number)
    drawn = [
        open_built(source, tmp_path / str(i), seed=seed).validation.tolist()
        for i, seed in enumerate((0, 0, 1))
    ]
    assert [len(rows) for rows in drawn] == [2, 2, 2]
    assert drawn[0] == drawn[1] != drawn[2]
    photos = DataSet.open(tmp_path / "0")
    assert sorted([*photos.train, *photos.validation]) == list(range(100))


def test_the_sources_own_split_is_kept(source: Path, tmp_path: Path) -> None:
    import tarfile

    for number in range(3):
        write_photo(tmp_path / f"{number}.png", 100 + number)
    with tarfile.open(source / "val.tar", "w") as archive:
        for number in range(3):
            archive.add(tmp_path / f"{number}.png", f"val/{number}.png")
    photos = open_built(source, tmp_path / "out")
    held_out = [photos.names[row] for row in photos.validation]
    assert held_out == ["val/0.png", "val/1.png", "val/2.png"]
    assert len(photos.train) == 12
    # Alone, the archive is a source as any other.
    alone = open_built(source / "val.tar", tmp_path / "alone")
    assert (len(alone.train), len(alone.validation)) == (2, 1)


def test_the_sample_is_of_good_photos_and_seeded(source: Path, tmp_path: Path) -> None:
    for number in range(12):
        write_photo(source / f"gray{number}.png", number, gray=True)
    names = [
        open_built(source, tmp_path / str(i), sample=7, seed=seed).names
        for i, seed in enumerate((0, 0, 1))
    ]
    assert [len(set(chosen)) for chosen in names] == [7, 7, 7]
    assert not any("gray" in name for chosen in names for name in chosen)
    assert names[0] == names[1]
    assert set(names[0]) != set(names[2])
    assert len({name.split("/")[0] for name in names[0]}) == 3


def test_a_sample_larger_than_the_source_takes_all(
    source: Path, tmp_path: Path
) -> None:
    everything = open_built(source, tmp_path / "all")
    sampled = open_built(source, tmp_path / "sampled", sample=50)
    assert sampled.names == everything.names
    # So presets with other samples share a data set.
    build(source, tmp_path / "all", size=SIDE, keep=KEEP, sample=99, workers=1)


def test_training_photos_are_drawn_as_the_preset_says(tmp_path: Path) -> None:
    def of(count: int) -> DataSet:
        rows = np.arange(count)
        names = [str(row) for row in rows]
        held_out = rows[::50]
        return DataSet({}, names, np.setdiff1d(rows, held_out), held_out, {}, count, {})

    enough, few = of(50_000), of(1000)
    assert len(enough.draw(25_000, 50_000, 0)) == 25_000
    assert len(few.draw(25_000, 50_000, 0)) == 490
    drawn = few.draw(25_000, 50_000, 0)
    assert len(set(drawn)) == 490
    assert set(drawn) <= set(few.train)
    assert drawn.tolist() == few.draw(25_000, 50_000, 0).tolist()
    assert drawn.tolist() != few.draw(25_000, 50_000, 1).tolist()
    assert few.draw(0, 0, 0).tolist() == few.train.tolist()


def test_a_finished_set_is_left_and_an_interrupted_one_redone(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = open_built(source, out)
    expected = {c: np.array(first.planes[c]) for c in "Lab"}
    written = (out / "L.u8").stat().st_mtime_ns
    open_built(source, out)
    assert (out / "L.u8").stat().st_mtime_ns == written
    (out / "index.json").unlink()
    (out / "L.u8").write_bytes(b"half")
    with pytest.raises(FileNotFoundError, match="no finished data set"):
        DataSet.open(out)
    again = open_built(source, out)
    for channel, planes in expected.items():
        np.testing.assert_array_equal(again.planes[channel], planes)


def test_a_set_of_another_source_is_not_overwritten(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    before = open_built(source, out).names
    write_photo(source / "another.png", 77)
    with pytest.raises(ValueError, match=r"another source.*source_sha256"):
        open_built(source, out)
    assert DataSet.open(out).names == before


def test_a_damaged_set_is_an_error(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    open_built(source, out)
    content = (out / "a.u8").read_bytes()
    (out / "a.u8").write_bytes(content[:-1])
    with pytest.raises(ValueError, match=r"a\.u8 is damaged"):
        DataSet.open(out)


def test_several_processes_give_what_one_gives(tmp_path: Path) -> None:
    # More photos than a process takes at once, so that their order matters.
    for number in range(150):
        write_photo(tmp_path / "photos" / f"{number:03}.png", number, gray=number == 7)
    one, two = tmp_path / "one", tmp_path / "two"
    for out, workers in ((one, 1), (two, 2)):
        build(
            tmp_path / "photos", out, size=SIDE, keep=KEEP, workers=workers, sample=140
        )
    for name in ("index.json", "L.u8", "a.u8", "b.u8"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    assert len(json.loads((one / "index.json").read_text())["names"]) == 140


def test_the_command_line_says_what_it_did(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "broken.jpg").write_bytes(b"no photo")
    out = str(tmp_path / "out")
    main(["--photos", str(source), "--out", out, "--size", "16", "--min-side", "16"])
    said = capsys.readouterr().out
    assert "11 photos to train on, 1 to validate, of 13 in the source" in said
    assert "1 unreadable" in said


@pytest.mark.parametrize("kind", ["missing", "empty", "gray", "archive"])
def test_the_command_line_ends_with_one_line(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "photos"
    if kind != "missing":
        folder.mkdir()
    if kind == "gray":
        write_photo(folder / "0.png", 0, side=200, gray=True)
    if kind == "archive":
        (folder / "0.tar").write_bytes(b"no archive" * 99)
    with pytest.raises(SystemExit) as stop:
        main(["--photos", str(folder), "--out", str(tmp_path / "out")])
    assert stop.value.code == 2
    lines = [
        line
        for line in capsys.readouterr().err.splitlines()
        if not line.lstrip().startswith("photos:")
    ]
    assert len([line for line in lines if line]) == 1
    assert lines[-1].startswith("python -m training.dataset: ")
    assert not (tmp_path / "out" / "index.json").exists()

"""Folders: which files are photos, where their outputs go, what is cleaned up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import colorize_engine
from colorize_engine.batch import TargetError, plan_jobs
from colorize_engine.batch.find_photos import find_photos, photo_suffixes

ROOT = Path(colorize_engine.__file__).parents[1]


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def below(root: Path, paths: list[Path]) -> list[str]:
    return [str(path.relative_to(root)) for path in paths]


def test_photos_are_found_in_all_folders_in_order(tmp_path: Path) -> None:
    touch(tmp_path, "b.jpg", "a/z.TIF", "a/b/c.webp", "a.png", "d.dng")
    touch(tmp_path, "a/notes.txt", "Makefile", "movie.mpg", ".hidden.jpg", ".t/x.jpg")
    found = find_photos(tmp_path)
    names = ["a/b/c.webp", "a/z.TIF", "a.png", "b.jpg", "d.dng"]
    assert below(tmp_path, found.photos) == names
    assert (found.others, found.hidden, found.errors) == (2, 2, [])
    assert below(tmp_path, found.films) == ["movie.mpg"]


def test_formats_that_are_written_are_photos_and_documents_are_not() -> None:
    written = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".jxl"}
    assert written <= photo_suffixes()
    assert not {".pdf", ".eps", ".ico", ".h5", ".txt", ".svg"} & photo_suffixes()


def test_links_are_followed_once_and_loops_are_left(tmp_path: Path) -> None:
    touch(tmp_path, "tree/z/x.jpg", "elsewhere/y.jpg")
    tree = tmp_path / "tree"
    (tree / "a").symlink_to(tree / "z")
    (tree / "z" / "up").symlink_to(tree)
    (tree / "out").symlink_to(tmp_path / "elsewhere")
    (tree / "out2").symlink_to(tmp_path / "elsewhere")
    (tree / "photo.jpg").symlink_to(tmp_path / "elsewhere" / "y.jpg")
    found = below(tree, find_photos(tree).photos)
    assert found == ["out/y.jpg", "photo.jpg", "z/x.jpg"]


def test_a_link_to_itself_is_an_error_and_hides_no_other(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{name}.jpg" for name in "abcdef"))
    (tmp_path / "circle.jpg").symlink_to("circle.jpg")
    found = find_photos(tmp_path)
    assert below(tmp_path, found.photos) == [f"{name}.jpg" for name in "abcdef"]
    [error] = found.errors
    assert Path(str(error.filename)).name == "circle.jpg"


def test_the_output_folder_is_left_out_under_any_name(tmp_path: Path) -> None:
    touch(tmp_path, "x.jpg", "out/x.jpg", "out/deep/x.jpg", "deep/x.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    for name in ("out", "link", "deep/../out"):
        found = find_photos(tmp_path, leave_out=tmp_path / name)
        assert below(tmp_path, found.photos) == ["deep/x.jpg", "x.jpg"]
    made = plan_jobs([tmp_path], str(tmp_path / "out"))
    assert below(tmp_path, [job.target for job in made.jobs]) == [
        "out/deep/x.jpg",
        "out/x.jpg",
    ]


def test_the_tree_is_kept_under_the_output(tmp_path: Path) -> None:
    odd = os.fsdecode(b"two\nlines 'q' \xff")
    touch(tmp_path, "in/a.jpg", f"in/{odd}/b.gif", "in/m/c.lsm", "one.png")
    made = plan_jobs([tmp_path / "in", tmp_path / "one.png"], str(tmp_path / "out"))
    assert [job.target.relative_to(tmp_path / "out") for job in made.jobs] == [
        Path("a.jpg"),
        Path("m/c.tif"),
        Path(odd, "b.png"),
        Path("one.png"),
    ]
    assert all(job.resumes for job in made.jobs)
    assert made.errors == []


def test_one_photo_into_a_file_does_not_resume(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    (job,) = plan_jobs([tmp_path / "a.jpg"], str(tmp_path / "b.jpg")).jobs
    assert not job.resumes


@pytest.mark.parametrize(
    ("sources", "output", "words"),
    [
        (["in"], "out.jpg", "a folder needs a folder as output"),
        (["in"], "in", "output folder itself"),
        (["empty"], "out", "no photos in .*1 of other kinds, 2 hidden"),
    ],
)
def test_what_does_not_go_together(
    tmp_path: Path, sources: list[str], output: str, words: str
) -> None:
    touch(tmp_path, "in/a.jpg", "twin/a.jpg", "empty/x.txt", "empty/.a", "empty/.b")
    with pytest.raises(TargetError, match=words):
        plan_jobs([tmp_path / name for name in sources], str(tmp_path / output))


def test_one_empty_folder_beside_others_is_no_error(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg", "empty/x.txt")
    made = plan_jobs([tmp_path / "in", tmp_path / "empty"], str(tmp_path / "out"))
    assert len(made.jobs) == 1


def test_a_folder_that_cannot_be_read_is_told_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "in/a.jpg", "in/locked/b.jpg")
    scan = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    made = plan_jobs([tmp_path / "in"], str(tmp_path / "out"))
    assert below(tmp_path, [job.source for job in made.jobs]) == ["in/a.jpg"]
    assert [error.filename for error in made.errors] == [str(tmp_path / "in/locked")]

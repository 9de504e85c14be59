"""Many photos: opened one at a time, few of them in memory."""

from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
import stand_ins
from PIL import Image
from skimage import data

from colorize_engine import files
from colorize_engine.editor import Editor
from colorize_engine.editor import editor as module

if TYPE_CHECKING:
    from colorize_engine import Colorizer

PHOTO = data.camera()[100:196, 180:308]


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return stand_ins.make()


@pytest.fixture
def editor(colorizer: Colorizer) -> Editor:
    return Editor(lambda: colorizer)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_photos_come_and_go(editor: Editor, photo: Path) -> None:
    first = editor.add(photo)
    second = editor.add(photo, "grandma.png")
    assert editor.photos == [first, second]
    assert second.name == "grandma.png"
    assert first.key != second.key
    assert editor.get(first.key) is first
    version = editor.version
    assert editor.remove(first.key) is first
    assert editor.version == version + 1
    assert not first.is_held
    assert editor.get(first.key) is None
    assert editor.remove(first.key) is None
    assert editor.version == version + 1
    assert editor.photos == [second]


def test_one_photo_is_opened_at_a_time(
    editor: Editor, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, most, was = 0, 0, files.read
    changing = threading.Lock()

    def read(*args: Any, **more: Any) -> Any:
        nonlocal inside, most
        with changing:
            inside += 1
            most = max(most, inside)
        # Time for another thread to come in.
        time.sleep(0.01)
        try:
            return was(*args, **more)
        finally:
            with changing:
                inside -= 1

    monkeypatch.setattr(files, "read", read)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(editor.add, [photo] * 16))
    assert len(editor.photos) == 16
    assert most == 1


def test_only_few_stay_in_memory(
    editor: Editor, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_PIXELS", 3 * PHOTO.size)
    photos = [editor.add(photo) for _ in range(9)]
    assert [each.is_held for each in photos] == [False] * 6 + [True] * 3
    editor.use(photos[6])
    photos[0].view(64)
    editor.use(photos[0])
    assert [n for n, each in enumerate(photos) if each.is_held] == [0, 6, 8]
    # One that is larger than all that may stay is held alone.
    monkeypatch.setattr(module, "_MOST_PIXELS", PHOTO.size // 2)
    editor.use(photos[8])
    assert [n for n, each in enumerate(photos) if each.is_held] == [8]


def test_those_that_came_back_by_another_way_count(
    editor: Editor, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_PIXELS", 2 * PHOTO.size)
    photos = [editor.add(photo) for _ in range(8)]
    for each in photos:
        # What is likely, numbers and variants need the pixels, too.
        each.numbers(3, 4)
    assert all(each.is_held for each in photos)
    editor.use(photos[0])
    assert sum(each.is_held for each in photos) == 2


def test_a_name_whose_bytes_are_no_text(editor: Editor, tmp_path: Path) -> None:
    path = Path(str(tmp_path), "caf\udce9.png")
    try:
        Image.fromarray(PHOTO).save(path)
    except OSError:
        pytest.skip("the disk takes no such name")
    found = editor.add(path)
    assert found.name == "caf\N{REPLACEMENT CHARACTER}.png"
    assert found.view(64).pixels.size


def test_thirty_photos_do_not_stay_in_memory(
    editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.tile(PHOTO, (6, 8))
    monkeypatch.setattr(module, "_MOST_PIXELS", 2 * pixels.size)
    path = tmp_path / "scan.png"
    Image.fromarray(pixels).save(path, compress_level=1)
    process = psutil.Process()

    def work(count: int) -> int:
        for _ in range(count):
            found = editor.add(path)
            found.color()
            found.view(10**6)
        gc.collect()
        return int(process.memory_info().rss)

    few = work(4)
    many = work(30)
    assert len(editor.photos) == 34
    # Lightness and colors of one take more than 7 bytes a pixel.
    assert many - few < 30 * 7 * pixels.size / 4

"""The page, used as a person does, without a browser."""

from __future__ import annotations

import asyncio
import io
import json
import shlex
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import stand_ins
from PIL import Image
from skimage import data
from visits import Visit, until, visited

from colorize_engine import Hint
from colorize_engine.app.desk import Desk
from colorize_engine.colorizer import loaded
from colorize_engine.decode import DecodeSettings
from colorize_engine.edit import from_json
from colorize_engine.editor import save
from colorize_engine.hints import read_hints, write_hints

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    Way = Callable[[Any], Awaitable[None]]

PHOTO = data.camera()[100:196, 180:308]


def as_png(pixels: np.ndarray = PHOTO) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


@pytest.fixture
def desk(hinted_model: Path, tmp_path: Path) -> Desk:
    folder = tmp_path / "desk"
    folder.mkdir()
    return Desk(lambda: loaded(hinted_model), folder)


def go(desk: Desk, way: Way) -> None:
    """Go a way through the page of a desk; it is given a function that opens tabs."""

    async def going() -> None:
        async with visited(desk) as tab:
            await way(tab)

    asyncio.run(going())


async def opened(tab: Any, name: str = "photo.png") -> tuple[Visit, Any]:
    """Open the page and upload a photo; return the tab and the photo."""
    visit = await tab()
    told = await visit.upload(name, as_png())
    await until(lambda: visit.stage["photo"] == told["photo"])
    return visit, told["photo"]


async def seen(visit: Visit, photo: str, query: str = "") -> bytes:
    """Fetch the picture, and tell the page that it was drawn."""
    answer = await visit.user.http_client.get(f"/photos/{photo}/view?width=128{query}")
    assert answer.status_code == 200
    await visit.on_stage("drawn", visit.stage.get("edits"))
    return answer.content


def value(visit: Visit, name: str) -> float:
    (slider,) = visit.find(name).elements
    return float(slider._props["value"])


def test_a_photo_is_opened(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit = await tab()
        assert visit.sees("Drop photos here")
        told = await visit.upload("grandma.png", as_png())
        assert (told["kind"], told["name"]) == ("photo", "grandma.png")
        await until(lambda: visit.stage["photo"] == told["photo"])
        assert visit.stage["shape"] == [96, 128]
        assert visit.stage["hints"] == []
        assert not visit.sees("Drop photos here")
        picture = Image.open(io.BytesIO(await seen(visit, told["photo"])))
        assert picture.size == (128, 96)
        gray = Image.open(io.BytesIO(await seen(visit, told["photo"], "&gray=1")))
        assert np.ptp(np.asarray(gray).astype(int), axis=2).max() <= 4
        assert np.ptp(np.asarray(picture).astype(int), axis=2).max() > 20
        # A tab that is opened later shows it, too.
        later = await tab(f"/?photo={told['photo']}")
        assert later.stage["photo"] == told["photo"]

    go(desk, way)


def test_sliders_undo_and_redo(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit, key = await opened(tab)
        photo = desk.editor.get(key)
        before = await seen(visit, key)
        first = photo.settings
        assert value(visit, "temperature") == first.temperature
        for saturation in (1.2, 1.5, 1.9):
            await visit.change("saturation", "input", saturation)
        await visit.change("saturation", "change")
        assert photo.settings.saturation == 1.9
        await visit.change("saturation", "input", 7)
        assert photo.settings.saturation == 2
        for no_number in ("x", None, {}, [1]):
            await visit.change("saturation", "input", no_number)
        assert photo.settings.saturation == 2
        after = await seen(visit, key)
        assert after != before
        # The drag was one step, the next one another.
        await visit.press(marker="Undo")
        assert photo.settings.saturation == 1.9
        assert value(visit, "saturation") == 1.9
        await visit.on_stage("undo")
        assert photo.settings == first
        assert await seen(visit, key) == before
        await visit.on_stage("redo")
        await visit.press(marker="Redo")
        assert await seen(visit, key) == after
        await visit.press("Reset")
        await until(lambda: photo.settings == first)
        assert value(visit, "saturation") == 1

    go(desk, way)


def test_the_card_of_a_place(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit, key = await opened(tab)
        photo = desk.editor.get(key)
        await seen(visit, key)
        found, _ = photo.suggestions(30, 40)
        place = {"row": 30, "column": 40}
        # A likely color
        await visit.on_stage("point", place)
        assert visit.stage["card"] == [30, 40]
        await until(lambda: visit.sees("gray"))
        await visit.press(label=f"Color 1, {found[0].probability:.0%}: ")
        assert photo.state.hints == (Hint(30, 40, found[0].a, found[0].b),)
        assert visit.stage["card"] is None
        (dot,) = visit.stage["hints"]
        assert (dot["row"], dot["column"]) == (30, 40)
        assert dot["color"] == photo.state.hints[0].color()
        # Gray
        await visit.on_stage("point", {"row": 60, "column": 70})
        await until(lambda: visit.sees("gray"))
        await visit.press(label="Gray: no color")
        assert photo.state.hints[1] == Hint(60, 70, 0, 0)
        # Another color
        await visit.on_stage("point", {"row": 10, "column": 10})
        await visit.change("own color", "change", "no color")
        assert len(photo.state.hints) == 2
        await visit.change("own color", "change", "#c05030")
        assert photo.state.hints[2] == Hint.from_color(10, 10, "#c05030")
        # The color of another hint
        await visit.on_stage("point", {"row": 80, "column": 20})
        await visit.press(marker=f"Used before: {photo.state.hints[2].color()}")
        assert photo.state.hints[3].a == photo.state.hints[2].a
        # A click beside closes the card.
        await visit.on_stage("point", place)
        await visit.on_stage("beside")
        assert visit.stage["card"] is None
        assert len(photo.state.hints) == 4
        for _ in range(4):
            await visit.press(marker="Undo")
        assert visit.stage["hints"] == []

    go(desk, way)


def test_a_dot_is_recolored_removed_and_moved(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit, key = await opened(tab)
        photo = desk.editor.get(key)
        await seen(visit, key)
        hints = (Hint(10, 20, 30, 40, 5), Hint(50, 60, -30, 20))
        photo.set_hints(hints)
        await visit.on_stage("dot", {"number": 0})
        await until(lambda: visit.sees("gray"))
        assert visit.stage["card"] == [10, 20]
        await visit.press(label="Gray: no color")
        recolored = (Hint(10, 20, 0, 0, 5), hints[1])
        assert photo.state.hints == recolored
        for column in range(61, 70):
            move = {"number": 1, "row": 50, "column": column, "done": column == 69}
            await visit.on_stage("move", move)
        moved = (recolored[0], Hint(50, 69, -30, 20))
        assert photo.state.hints == moved
        await visit.on_stage("dot", {"number": 0})
        await until(lambda: visit.sees("Remove"))
        await visit.press("Remove")
        assert photo.state.hints == moved[1:]
        await visit.on_stage("remove", {"number": 0})
        assert photo.state.hints == ()
        expected = (moved[1:], moved, recolored, hints)
        for state in expected:
            await visit.press(marker="Undo")
            assert photo.state.hints == state
        # What a page may tell that is older than the photo
        for number in (-1, 2, 99):
            told = {"number": number, "row": 1, "column": 1, "done": True}
            for event in ("dot", "move", "remove"):
                await visit.on_stage(event, told)
        assert photo.state.hints == hints

    go(desk, way)


def test_a_dot_stays_in_the_photo(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit, key = await opened(tab)
        photo = desk.editor.get(key)
        photo.set_hints((Hint(10, 20, 30, 40),))
        far = {"number": 0, "row": 9999, "column": -50, "done": True}
        await visit.on_stage("move", far)
        assert photo.state.hints == (Hint(95, 0, 30, 40),)
        await seen(visit, key)

    go(desk, way)


def test_a_hint_that_another_tab_has_removed_is_not_recolored(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit, key = await opened(tab)
        photo = desk.editor.get(key)
        await seen(visit, key)
        hints = (Hint(10, 20, 30, 40), Hint(50, 60, -30, 20))
        photo.set_hints(hints)
        other = await tab(f"/?photo={key}")
        await visit.on_stage("dot", {"number": 0})
        await until(lambda: visit.sees("gray"))
        await other.on_stage("remove", {"number": 0})
        await visit.press(label="Gray: no color")
        assert photo.state.hints == hints[1:]

    go(desk, way)


def test_variants(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit, key = await opened(tab)
        photo = desk.editor.get(key)
        photo.set_hints((Hint(10, 20, 30, 40),))
        await visit.press("Variants")
        await until(lambda: visit.sees("More variants"))
        pictures = []
        for number in range(6):
            (button,) = visit.user.find(marker=f"variant {number + 1}").elements
            (image,) = button.default_slot.children
            answer = await visit.user.http_client.get(image._props["src"])
            assert answer.headers["content-type"] == "image/jpeg"
            pictures.append(answer.content)
        assert len(set(pictures)) > 1
        expected = photo.variants(0, 6)
        await visit.press(marker="variant 3")
        assert photo.state.hints == expected[2]
        assert photo.state.hints[0] == Hint(10, 20, 30, 40)
        await visit.press(marker="Undo")
        assert len(photo.state.hints) == 1

    go(desk, way)


def test_two_tabs_with_different_photos(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        one, first = await opened(tab, "one.png")
        two, second = await opened(tab, "two.png")
        one = await tab(f"/?photo={first}")
        assert (one.stage["photo"], two.stage["photo"]) == (first, second)
        for visit, key in ((one, first), (two, second)):
            await seen(visit, key)
        await one.change("saturation", "input", 0.5)
        await two.change("temperature", "input", 0.9)
        await one.on_stage("point", {"row": 5, "column": 6})
        await two.on_stage("point", {"row": 70, "column": 80})
        await one.change("own color", "change", "#c05030")
        await two.change("own color", "change", "#3050c0")
        photos = desk.editor.get(first), desk.editor.get(second)
        assert [p.settings.saturation for p in photos] == [0.5, 1]
        assert photos[0].settings.temperature != 0.9
        assert [p.state.hints[0].row for p in photos] == [5, 70]
        assert [len(p.state.hints) for p in photos] == [1, 1]
        assert one.stage["hints"] != two.stage["hints"]
        await two.press(marker="Undo")
        assert [len(p.state.hints) for p in photos] == [1, 0]
        # One tab follows what the other does with its photo.
        three = await tab(f"/?photo={first}")
        await three.press(marker="Undo")
        await until(lambda: one.stage["hints"] == [])
        assert two.stage["photo"] == second

    go(desk, way)


def test_a_photo_that_another_tab_closes(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        one, first = await opened(tab, "one.png")
        two, second = await opened(tab, "two.png")
        path = desk.editor.get(first).path
        one = await tab(f"/?photo={first}")
        await two.press(label="Close one.png")
        await until(lambda: one.stage["photo"] == second)
        assert two.stage["photo"] == second
        await until(lambda: not path.exists())
        answer = await one.user.http_client.get(f"/photos/{first}/view")
        assert answer.status_code == 404

    go(desk, way)


def test_color_all_and_cancel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(stand_ins.SLOW, "0.2")
    colorizer = stand_ins.make()
    desk = Desk(lambda: colorizer, tmp_path)

    def is_colored(photo: Any) -> bool:
        small = photo.thumbnail().astype(int)
        return bool(np.ptp(small, axis=2).max() > 4)

    async def way(tab: Any) -> None:
        visit, _ = await opened(tab)
        for number in range(9):
            await visit.upload(f"{number}.png", as_png())
        await until(lambda: visit.sees("Color all"))
        await visit.press("Color all")
        await until(lambda: visit.sees("Coloring: 1 of 10"))
        await visit.press("Cancel")
        await until(lambda: not visit.sees("Cancel"))
        done = sum(map(is_colored, desk.editor.photos))
        assert 1 <= done < 10
        monkeypatch.setenv(stand_ins.SLOW, "0")
        await visit.press("Color all")
        await until(lambda: all(map(is_colored, desk.editor.photos)))
        await until(lambda: not visit.sees("Cancel"))

    go(desk, way)


def test_a_file_that_cannot_be_read(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit = await tab()
        told = await visit.upload("notes.txt", b"Dear diary")
        assert set(told) == {"error"}
        await until(lambda: visit.sees(f"notes.txt: {told['error']}"))
        assert "\n" not in told["error"]
        assert desk.editor.photos == []
        assert list(desk.folder.iterdir()) == []
        for name in ("hints.csv", "settings.json"):
            told = await visit.upload(name, b"{}")
            assert told["error"].startswith("first open the photo")
        # The page goes on.
        await visit.upload("photo.png", as_png())
        await until(lambda: visit.stage["photo"])

    go(desk, way)


def test_what_the_networks_think(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit, key = await opened(tab)
        await seen(visit, key)
        assert visit.stage["watching"] is False
        await visit.press("What the networks think")
        assert visit.stage["watching"] is True
        await visit.on_stage("watch", {"row": 40.3, "column": 49.8})
        await until(lambda: visit.sees("column 50, row 40: #"))
        for channel in "ab":
            (chart,) = visit.user.find(content=f'aria-label="{channel}*: ').elements
            numbers = getattr(desk.editor.get(key).numbers(40, 50), channel)
            assert chart.content.count("<rect") == len(numbers.centers)
        # Of places that come too fast the last one is shown.
        for row in range(10):
            await visit.on_stage("watch", {"row": row, "column": 7})
        await until(lambda: visit.sees("column 7, row 9: #"))
        await visit.on_stage("watch", {"row": 5000, "column": 7})
        await until(lambda: visit.sees("expected a pixel of 96 rows"))
        await visit.press("What the networks think")
        assert visit.stage["watching"] is False

    go(desk, way)


def test_a_sample_and_gray_beside_color(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit = await tab()
        await visit.press("coffee")
        await until(lambda: visit.stage["photo"])
        (photo,) = desk.editor.photos
        assert photo.shape == (400, 600)
        assert desk.folder in photo.path.parents
        for split in (True, False):
            await visit.press(marker="Gray beside color")
            assert visit.stage["split"] is split

    go(desk, way)


def test_a_file_that_is_gone(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit, key = await opened(tab)
        photo = desk.editor.get(key)
        await seen(visit, key)
        photo.release()
        photo.path.unlink()
        for path in ("view", "view?gray=1", "variants/0/0"):
            answer = await visit.user.http_client.get(f"/photos/{key}/{path}")
            assert answer.status_code == 422
            assert answer.text == "no such file or directory"
        answer = await visit.user.http_client.get(f"/photos/{key}/thumbnail")
        assert answer.status_code == 200
        await visit.on_stage("problem", "no such file or directory")
        assert visit.sees("no such file or directory")
        await visit.on_stage("point", {"row": 1, "column": 2})
        await visit.press("Variants")

    go(desk, way)


def test_photos_of_the_command_line_that_cannot_be_read(
    desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(as_png())
    (tmp_path / "b.png").write_bytes(b"")
    paths = [tmp_path / name for name in ("missing.png", "a.png", "b.png")]
    desk.open(paths)

    async def way(tab: Any) -> None:
        visit = await tab()
        await until(lambda: visit.sees(f"{paths[0]}: no such file or directory"))
        assert visit.sees(f"{paths[2]}: ")
        assert visit.stage["label"].startswith("a.png")

    go(desk, way)
    # A photo of a person is never removed.
    desk.close(desk.editor.photos[0])
    assert paths[1].exists()


async def download(visit: Visit, text: str) -> Any:
    """Press a button of the dialog; return the file that the browser gets."""
    await visit.press("Save")
    await asyncio.sleep(0)
    count = len(visit.user.download.http_responses)
    await visit.press(text)
    await until(lambda: len(visit.user.download.http_responses) > count)
    return visit.user.download.http_responses[-1]


def test_saving(desk: Desk, tmp_path: Path) -> None:
    async def way(tab: Any) -> None:
        visit, key = await opened(tab, "photo.png")
        photo = desk.editor.get(key)
        await seen(visit, key)
        photo.set_hints((Hint(10, 20, 30, 40),))
        answer = await download(visit, "This photo")
        assert 'filename="photo-color.png"' in answer.headers["content-disposition"]
        save(photo, tmp_path / "expected.png", desk.editor.colorizer())
        assert answer.content == (tmp_path / "expected.png").read_bytes()
        # A file is fetched once, and is gone then.
        again = await visit.user.http_client.get(answer.request.url)
        assert again.status_code == 404
        await until(lambda: len(list(desk.folder.iterdir())) == 1)
        await visit.upload("photo.png", as_png())
        answer = await download(visit, "All photos, as one ZIP file")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as found:
            names = ["photo-color.png", "photo-color-2.png"]
            assert sorted(found.namelist()) == sorted(names)
            expected = (tmp_path / "expected.png").read_bytes()
            assert found.read(names[0]) == expected
            assert found.read(names[1]) != expected

    go(desk, way)


def test_what_cannot_be_saved_is_told(desk: Desk) -> None:
    async def way(tab: Any) -> None:
        visit, key = await opened(tab)
        await seen(visit, key)
        desk.editor.get(key).path.unlink()
        for button in ("This photo", "All photos, as one ZIP file"):
            await visit.press("Save")
            await visit.press(button)
            told = "photo.png: no such file or directory"
            await until(lambda told=told: visit.sees(told))
            await visit.press(label="Close message")
            assert not visit.sees(told)
        assert visit.user.download.http_responses == []

    go(desk, way)


def test_a_model_that_does_not_load_is_told(tmp_path: Path) -> None:
    def broken() -> Any:
        raise ValueError("the weights are damaged")

    desk = Desk(broken, tmp_path)

    async def way(tab: Any) -> None:
        visit, key = await opened(tab)
        answer = await visit.user.http_client.get(f"/photos/{key}/view")
        assert (answer.status_code, answer.text) == (422, "the weights are damaged")
        buttons = ("This photo", "All photos", "Settings (JSON)", "Copy as command")
        for number, button in enumerate(buttons, 1):
            await visit.press("Save")
            await visit.press(button)
            await until(
                lambda n=number: (
                    (
                        len(visit.user.find(content="the weights are damaged").elements)
                        == n
                    )
                    if visit.sees("the weights are damaged")
                    else False
                )
            )
        await visit.on_stage("point", {"row": 1, "column": 2})
        await asyncio.sleep(0.1)
        await visit.press("Variants")
        await asyncio.sleep(0.1)

    go(desk, way)


def test_hints_and_settings_out_and_in_again(desk: Desk, tmp_path: Path) -> None:
    async def way(tab: Any) -> None:
        visit, key = await opened(tab)
        photo = desk.editor.get(key)
        await seen(visit, key)
        hints = (Hint(10, 20, 30, 40), Hint(50, 60, -30, None))
        settings = DecodeSettings(0.3, -0.4, 1.5, 0.25)
        photo.set_hints(hints)
        photo.set_settings(settings)
        csv = await download(visit, "Hints (CSV)")
        told = await download(visit, "Settings (JSON)")
        (tmp_path / "hints.csv").write_bytes(csv.content)
        assert tuple(read_hints(tmp_path / "hints.csv")) == hints
        edit = from_json(told.text)
        assert (edit.hints, edit.decoding) == (hints, settings)
        other, second = await opened(tab, "other.png")
        again = desk.editor.get(second)
        await other.upload("hints.csv", csv.content, second)
        assert again.state.hints == hints
        assert again.settings != settings
        again.set_hints(())
        await other.upload("settings.json", told.content, second)
        assert again.state == (hints, settings)
        await other.press(marker="Undo")
        assert again.state.hints == ()
        assert photo.state == (hints, settings)
        # Those that cannot be are refused, and change nothing.
        write_hints(tmp_path / "far.csv", [Hint(5000, 1, 2, 3)])
        bad = json.loads(told.text) | {"temperature": 5}
        for name, content in (
            ("far.csv", (tmp_path / "far.csv").read_bytes()),
            ("bad.json", json.dumps(bad).encode()),
            ("latin.json", b"\xff\xfe{}"),
            ("latin.csv", b"\xff\xfe\x00,1"),
            ("big.json", b" " * (1 << 24) + b"{}"),
        ):
            edits = again.edits
            answer = await other.upload(name, content, second)
            assert "unexpected" not in answer["error"]
            assert again.edits == edits
        # Neither the files nor their folders stay; two photos do.
        assert len(list(desk.folder.iterdir())) == 2

    go(desk, way)


def test_the_command_does_the_same(desk: Desk, tmp_path: Path) -> None:
    from colorize_engine.cli import command as cli

    async def way(tab: Any) -> None:
        visit, key = await opened(tab, "-my photo.png")
        photo = desk.editor.get(key)
        await seen(visit, key)
        photo.set_hints((Hint(10, 20, 30, 40),))
        await visit.press("Save")
        await visit.press("Copy as command")
        await until(lambda: visit.sees("colorize "))
        (line,) = visit.user.find(content="colorize '").elements
        words = shlex.split(line.text)
        assert words[0] == "colorize"
        target = tmp_path / "expected.png"
        save(photo, target, desk.editor.colorizer())
        lines.append((words, target.read_bytes()))

    lines: list[Any] = []
    go(desk, way)
    ((words, expected),) = lines
    model = str(tmp_path / "model")
    assert words[words.index("--model") + 1] == "tiny"
    words[words.index("--model") + 1] = model
    (tmp_path / "model").symlink_to(_folder(desk))
    (tmp_path / "-my photo.png").write_bytes(as_png())
    here = pytest.MonkeyPatch()
    here.chdir(tmp_path)
    try:
        with pytest.raises(SystemExit, match="0"):
            cli.main(words[1:])
    finally:
        here.undo()
    assert (tmp_path / "-my photo-color.png").read_bytes() == expected


def _folder(desk: Desk) -> Any:
    """Return the folder of the tiny model."""
    return desk.editor.colorizer.__closure__[0].cell_contents

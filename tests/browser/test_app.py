"""A person's way through the page of `colorize app`, in a real browser.

A picture of the window is taken at each step, into the folder that the environment
variable SCREENSHOTS names, or a temporary one.
"""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import pytest
import tifffile
from PIL import Image
from selenium.webdriver.common.keys import Keys
from skimage import data

from colorize_engine.color import ciede2000, lightness, lightness_to_gray, srgb_to_lab
from colorize_engine.hints import Hint, read_hints

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import App, Person

SAUCER = (330, 180)


def coffee_16(folder: Path) -> Path:
    """Write a cup of coffee as a gray TIFF file of 16 bits."""
    gray = lightness_to_gray(lightness(data.coffee()), np.dtype(np.uint16))
    path = folder / "coffee.tif"
    tifffile.imwrite(path, gray, photometric="minisblack")
    return path


def cat_8(folder: Path) -> Path:
    """Write a cat as a gray PNG file of 8 bits."""
    path = folder / "cat.png"
    Image.fromarray(data.chelsea()).convert("L").save(path)
    return path


def truth_at(place: tuple[int, int]) -> np.ndarray:
    """L*, a* and b* around a place of the cup of coffee."""
    row, column = place
    part = data.coffee()[row - 4 : row + 5, column - 4 : column + 5]
    return np.asarray(srgb_to_lab(part).reshape(-1, 3).mean(0))


def nearest(person: Person, lab: np.ndarray) -> int:
    """Return the number of the swatch that is nearest to a color."""
    found = []
    for swatch in person.all(".likely .swatch"):
        label = swatch.get_attribute("aria-label") or ""
        color = re.search("#[0-9a-f]{6}", label)
        if color is None:
            found.append(np.inf)
            continue
        hint = Hint.from_color(0, 0, color[0])
        found.append(np.hypot(hint.a - lab[1], hint.b - lab[2]))
    return int(np.argmin(found))


def take_likely(person: Person, place: tuple[int, int], lab: np.ndarray) -> None:
    """Click a place, and take the likely color that is nearest to another one."""
    person.point(*place)
    person.wait(lambda: len(person.all(".likely .swatch")) > 2)
    person.look("likely-colors")
    number = nearest(person, lab)
    person.seen(person.all(".likely .swatch")[number].click)


def test_a_photo_on_its_way_to_the_right_colors(
    app: App, person: Person, tmp_path: Path
) -> None:
    person.look("welcome")
    assert not person.violations()
    person.drop(coffee_16(tmp_path))
    person.wait(person.shown)
    person.look("in-color")
    assert not person.violations()

    truth = truth_at(SAUCER)
    take_likely(person, SAUCER, truth)
    person.look("red-saucer")
    (dot,) = person.all(".dot")
    assert dot.is_displayed()

    def save() -> Path:
        person.click("Save")
        person.look("save")
        path = person.saved(lambda: person.click("This photo"), ".tif")
        person.wait(lambda: not person.all(".q-dialog__backdrop"))
        return path

    saved = save()
    assert saved.name == "coffee-color.tif"
    rgb = tifffile.imread(saved)
    assert rgb.dtype == np.uint16
    row, column = SAUCER
    part = srgb_to_lab(rgb[row - 4 : row + 5, column - 4 : column + 5])
    mean = part.reshape(-1, 3).mean(0)
    assert float(ciede2000(mean[None], truth[None])[0]) < 10

    # Moved, and back; a slider, and back.
    x, _ = person.place(*SAUCER)
    person.seen(lambda: person.drag(dot, (60, -20)))
    person.look("moved")
    moved = person.one(".dot").rect
    assert abs(moved["x"] + moved["width"] / 2 - x - 60) < 8
    person.chord(Keys.CONTROL, "z")
    person.wait(
        lambda: abs((box := person.one(".dot").rect)["x"] + box["width"] / 2 - x) < 3
    )
    person.chord(Keys.CONTROL, Keys.SHIFT, "z")
    person.wait(lambda: abs(person.one(".dot").rect["x"] - moved["x"]) < 3)
    person.chord(Keys.CONTROL, "z")
    person.wait(
        lambda: abs((box := person.one(".dot").rect)["x"] + box["width"] / 2 - x) < 3
    )
    person.seen(lambda: person.slide("saturation", 1.6))
    assert "1.60" in person.one(".side").text
    person.seen(lambda: person.click("Undo"))
    person.wait(lambda: "1.00" in person.one(".side").text)
    person.seen(lambda: person.click("Redo"))
    person.wait(lambda: "1.60" in person.one(".side").text)
    person.seen(lambda: person.click("Undo"))

    person.click("Gray beside color")
    line = person.one(".line")
    before = line.rect["x"]
    person.drag(line, (150, 0))
    assert person.one(".line").rect["x"] - before > 100
    person.look("gray-beside-color")
    person.click("Gray beside color")

    person.one(".q-toggle").click()
    person.point(200, 300)
    person.wait(lambda: len(person.all(".chart rect")) > 20)
    person.look("what-the-networks-think")
    assert not person.violations()
    person.keys(Keys.ESCAPE)

    person.click("Variants")
    person.wait(lambda: len(person.all(".variant img")) == 6)
    person.look("variants")
    assert not person.violations()
    person.seen(person.all(".variant")[2].click)
    assert len(person.all(".dot")) > 1
    person.seen(lambda: person.click("Undo"))
    person.wait(lambda: len(person.all(".dot")) == 1)

    # A second photo with settings of its own.
    person.drop(cat_8(tmp_path), "paste")
    person.wait(lambda: "cat.png" in person.one(".photos").text)
    person.wait(lambda: not person.all(".dot"))
    person.wait(person.shown)
    person.seen(lambda: person.slide("saturation", 0.4))
    person.look("second-photo")
    person.one(".photo .choose").click()
    person.wait(lambda: len(person.all(".dot")) == 1)
    person.wait(lambda: "1.00" in person.one(".side").text)

    person.click("Color all")
    person.wait(lambda: not person.one(".progress").is_displayed())
    person.click("Save")
    archive = person.saved(lambda: person.click("All photos"), ".zip")
    with zipfile.ZipFile(archive) as file:
        assert set(file.namelist()) == {"coffee-color.tif", "cat-color.png"}
        assert file.read("coffee-color.tif") == saved.read_bytes()
        with file.open("cat-color.png") as stream:
            cat = srgb_to_lab(np.asarray(Image.open(stream)))
    assert 0 < np.hypot(*cat[..., 1:].reshape(-1, 2).T).mean() < 12

    person.click("Save")
    table = person.saved(lambda: person.click("Hints (CSV)"), ".csv")
    (hint,) = read_hints(table)
    assert np.hypot(hint.row - SAUCER[0], hint.column - SAUCER[1]) < 2
    person.keys(Keys.ESCAPE)

    # A tab that is loaded again, and a file that is opened again.
    person.driver.refresh()
    person.wait(lambda: len(person.all(".dot")) == 1)
    person.wait(person.shown)
    assert len(person.all(".photo")) == 2
    person.drop(saved)
    person.wait(lambda: len(person.all(".photo")) == 3)
    person.wait(lambda: "coffee-color.tif" in person.one(".photo:last-child").text)
    person.wait(lambda: len(person.all(".dot")) == 1)
    person.wait(lambda: "settings and hints" in person.one(".side").text)
    person.wait(person.shown)
    person.look("saved-and-opened-again")

    person.drop(table)
    person.wait(lambda: len(person.all(".dot")) == 1)
    bad = tmp_path / "letter.jpg"
    bad.write_text("Dear reader")
    person.drop(bad)
    person.wait(lambda: "letter.jpg" in person.one(".messages").text)
    person.look("no-picture")
    assert "Traceback" not in person.one(".messages").text
    # The browser itself tells of each answer that is an error.
    assert [line for line in person.complaints() if "422" not in line] == []
    assert person.hosts() == {urlsplit(app.url).netloc}
    assert app.stop() == 0


def test_keys_alone(person: Person, tmp_path: Path) -> None:
    person.one("input[type=file]").send_keys(str(coffee_16(tmp_path)))
    person.wait(person.shown)

    def tab_to(selector: str, most: int = 60) -> None:
        for _ in range(most):
            found = person.driver.execute_script(
                "return document.activeElement.matches(arguments[0])", selector
            )
            if found:
                return
            person.keys(Keys.TAB)
        raise AssertionError(f"no Tab leads to {selector}")

    tab_to(".view")
    person.keys(*[Keys.ARROW_LEFT] * 3)
    person.keys(*[Keys.ARROW_DOWN] * 3)
    person.look("cross")
    person.keys(Keys.ENTER)
    # The first likely color has the focus.
    person.wait(lambda: len(person.all(".likely .swatch")) > 2)
    person.wait(
        lambda: person.driver.execute_script(
            "return document.activeElement.matches('.swatch')"
        )
    )
    person.keys(Keys.TAB)
    person.seen(lambda: person.keys(Keys.ENTER))
    (dot,) = person.all(".dot")
    tab_to(".dot")
    before = dot.rect["x"]
    person.seen(lambda: person.keys(Keys.ARROW_RIGHT))
    person.wait(lambda: person.one(".dot").rect["x"] > before)
    person.keys(Keys.ENTER)
    person.wait(lambda: person.all(".likely .swatch"))
    person.keys(Keys.ESCAPE)
    person.wait(lambda: not person.one(".card").is_displayed())
    tab_to(".dot")
    person.seen(lambda: person.keys(Keys.DELETE))
    person.wait(lambda: not person.all(".dot"))

    tab_to("[data-name=saturation]")
    person.seen(lambda: person.keys(Keys.ARROW_RIGHT))
    tab_to("button[aria-label^=Undo]")
    person.seen(lambda: person.keys(Keys.ENTER))

    tab_to(".view")
    person.keys("+")
    wide = person.one(".sheet").rect["width"]
    person.keys("+")
    person.wait(lambda: person.one(".sheet").rect["width"] > wide)
    person.keys("0")
    assert not person.complaints()


def test_zoom_shows_the_pixels_of_the_photo(person: Person, tmp_path: Path) -> None:
    # A large photo, so that the first picture has fewer pixels than the photo.
    large = Image.fromarray(data.coffee()).resize((3600, 2400))
    large.save(tmp_path / "large.jpg")
    person.drop(tmp_path / "large.jpg")
    person.shape = (2400, 3600)
    person.wait(person.shown)
    for _ in range(3):
        person.click("Zoom in")
    person.wait(lambda: person.one(".part").value_of_css_property("display") != "none")
    person.wait(
        lambda: person.driver.execute_script(
            "const part = document.querySelector('.part');"
            "return part.width >= part.getBoundingClientRect().width * 0.9"
        )
    )
    person.look("zoomed")
    person.keys("g")
    assert not person.complaints()


@pytest.mark.parametrize(
    ("width", "height", "phone", "dark"),
    [
        (390, 780, True, False),
        (1366, 768, False, True),
        (2560, 1300, False, False),
    ],
)
def test_the_page_fits_windows_of_all_sizes(
    person: Person, width: int, height: int, phone: bool, dark: bool
) -> None:
    person.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {
            "features": [
                {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            ]
        },
    )
    person.size(width, height, phone=phone)
    person.look(f"welcome-{width}-{'dark' if dark else 'light'}")
    person.click("coffee")
    person.wait(person.shown)
    person.point(*SAUCER)
    person.wait(lambda: len(person.all(".likely .swatch")) > 2)
    person.look(f"photo-{width}-{'dark' if dark else 'light'}")
    wide = person.driver.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width
    card = person.one(".card").rect
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= width
    light = person.driver.execute_script(
        "return getComputedStyle(document.body).backgroundColor"
    )
    level = int(re.search(r"\d+", light)[0])
    assert (level < 128) == dark
    assert not person.violations()
    assert not person.complaints()

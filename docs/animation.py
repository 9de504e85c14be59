"""Pictures of the page of `colorize app`, used in a real browser: GIF and stills.

    python docs/animation.py [--out docs/images/app.gif]

It needs Chromium and its driver (Debian: chromium, chromium-driver) and selenium.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

SIZE, SHOWN = (1000, 600), (760, 456)
# x and y of two places of the saucer in the sample.
LEFT, RIGHT = (180, 330), (425, 250)
SAMPLE = (600, 400)
LIMIT = 3 << 20  # bytes


class Film:
    """Pictures of the page, each with the milliseconds that it is seen."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.frames: list[Image.Image] = []
        self.times: list[int] = []

    def still(self, path: Path) -> None:
        """Write a picture of the page as it is, at its full size."""
        data = self.driver.get_screenshot_as_png()
        Image.open(io.BytesIO(data)).convert("RGB").save(path, quality=85)

    def take(
        self, milliseconds: int, pointer: tuple[float, float] | None = None
    ) -> None:
        """Take a picture, with a ring where the pointer is."""
        data = self.driver.get_screenshot_as_png()
        frame = Image.open(io.BytesIO(data)).convert("RGB")
        if pointer is not None:
            from PIL import ImageDraw

            x, y = pointer
            ring = (x - 14, y - 14, x + 14, y + 14)
            ImageDraw.Draw(frame).ellipse(ring, outline="white", width=4)
        self.frames.append(frame.resize(SHOWN, Image.Resampling.LANCZOS))
        self.times.append(milliseconds)

    def save(self, path: Path) -> None:
        """Write a GIF file."""
        frames = [frame.quantize(256) for frame in self.frames]
        frames[0].save(
            path, save_all=True, append_images=frames[1:], duration=self.times, loop=0
        )


class Page:
    """The page, and what a person does on it."""

    def __init__(self, driver: Any) -> None:
        self.driver, self.film = driver, Film(driver)

    def wait(self, script: str) -> None:
        """Wait until a script is true."""
        until = time.monotonic() + 60
        while not self.driver.execute_script(f"return Boolean({script})"):
            if time.monotonic() > until:
                raise TimeoutError(script)
            time.sleep(0.02)
        time.sleep(0.3)

    def shown(self) -> str:
        """Return what the photo shows now."""
        script = "return document.querySelector('.stage').dataset.shown"
        return str(self.driver.execute_script(script))

    def change(self, act: Any) -> None:
        """Do something, and wait for other colors."""
        before = self.shown()
        act()
        while self.shown() == before:
            time.sleep(0.02)
        time.sleep(0.3)

    def click(self, name: str) -> None:
        """Click the button whose text or label begins so."""
        for button in self.driver.find_elements("css selector", "button"):
            label = button.get_attribute("aria-label") or button.text.split("\n")[-1]
            if label.strip().startswith(name):
                button.click()
                return
        raise ValueError(f"there is no button {name!r}")

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a pixel of the sample is in the window."""
        found = self.driver.execute_script(
            "const box = document.querySelector('.sheet').getBoundingClientRect();"
            "return [box.x, box.y, box.width, box.height]"
        )
        left, top, width, height = found
        return left + x / SAMPLE[0] * width, top + y / SAMPLE[1] * height

    def point(self, x: float, y: float) -> None:
        """Click a pixel of the sample."""
        chain = webdriver.ActionChains(self.driver)
        at = self.place(x, y)
        chain.w3c_actions.pointer_action.move_to_location(int(at[0]), int(at[1]))
        chain.w3c_actions.pointer_action.click()
        chain.perform()

    def slide(self, value: float) -> None:
        """Move the slider of the saturation."""
        self.driver.execute_script(
            "const slider = document.querySelector('[data-name=saturation]');"
            "slider.value = arguments[0];"
            "slider.dispatchEvent(new Event('input', { bubbles: true }));",
            value,
        )

    def line(self, share: float) -> None:
        """Put the line between gray and color at a share of the photo's width."""
        line = self.driver.find_element("css selector", ".line")
        x, _ = self.place(share * SAMPLE[0], 0)
        now = line.rect["x"] + line.rect["width"] / 2
        chain = webdriver.ActionChains(self.driver, duration=0)
        chain.click_and_hold(line).move_by_offset(int(x - now), 0).release().perform()


def play(page: Page, stills: Path) -> None:
    """Show the page from a gray photo to the right colors; write stills of it, too."""
    film = page.film
    page.wait("document.querySelector('.welcome')")
    film.take(1200)
    page.click("coffee")
    page.wait("document.querySelector('.stage').dataset.shown")
    page.wait("document.querySelector('.photo img')")
    page.click("Gray beside")
    for share in (1.0, 0.8, 0.6, 0.4, 0.2, 0.0):
        page.line(share)
        time.sleep(0.2)
        film.take(1000 if share == 1 else 160)
    page.click("Gray beside")
    time.sleep(0.3)
    film.take(1200)
    film.still(stills / "app-color.jpg")
    for place in (LEFT, RIGHT):
        film.take(500, page.place(*place))
        page.point(*place)
        page.wait("document.querySelectorAll('.likely .swatch').length > 3")
        film.take(1500)
        if place == LEFT:
            film.still(stills / "app.jpg")
        # The red one of the saucer, and then the same again.
        swatches = ".likely .swatch" if place == LEFT else ".card .swatch"
        found = page.driver.find_elements("css selector", swatches)
        page.change(found[-2 if place == LEFT else -1].click)
        film.take(1800)
    for value in (1.2, 1.4, 1.6, 1.3, 1.0):
        page.change(lambda value=value: page.slide(value))
        film.take(1500 if value == 1 else 250)
    page.click("Gray beside")
    page.line(0.5)
    page.driver.find_element("css selector", ".q-toggle").click()
    time.sleep(0.3)
    stage = page.driver.find_element("css selector", ".stage")
    # Beside the line, which would take the pointer.
    move = webdriver.ActionChains(page.driver)
    move.move_to_element_with_offset(stage, -60, 120).perform()
    page.wait("document.querySelectorAll('.chart rect').length > 20")
    page.driver.execute_script("document.querySelector('.side').scrollTop = 9999")
    film.still(stills / "app-gray.jpg")


def main() -> None:
    """Write the animation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parent / "images" / "app.gif"
    parser.add_argument("--out", type=Path, default=default)
    path = parser.parse_args().out
    command = [sys.executable, "-m", "colorize_engine", "app", "--no-browser"]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox"):
        options.add_argument(word)
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        width, height = SIZE
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": width,
                "height": height,
                "deviceScaleFactor": 1,
                "mobile": False,
            },
        )
        lines: Any = program.stdout
        driver.get(lines.readline().split()[-1])
        page = Page(driver)
        play(page, path.parent)
        page.film.save(path)
    finally:
        driver.quit()
        program.terminate()
    size = path.stat().st_size
    print(f"{path}: {len(page.film.frames)} frames, {size / 1e6:.1f} MB")
    if size > LIMIT:
        sys.exit("it is too large")


if __name__ == "__main__":
    main()

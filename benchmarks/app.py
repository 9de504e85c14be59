"""The page of `colorize app`: how long a person waits, as the browser sees it.

``python benchmarks/app.py`` starts the program and a Chromium without a window (Debian:
chromium, chromium-driver; pip: selenium). A time begins with what a person does, and
ends when the new colors are drawn. ``--photos 200`` opens so many photos of 12
megapixels for the memory of the program.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from skimage import data

SIZES = {1: (1224, 816), 12: (4240, 2828)}
# Does something in the page; tells after how many milliseconds other colors are drawn.
SEEN = """
const done = arguments[arguments.length - 1];
const stage = document.querySelector(".stage");
const before = stage.dataset.shown;
const began = performance.now();
const look = () =>
  stage.dataset.shown !== before && stage.dataset.shown
    ? done(performance.now() - began)
    : requestAnimationFrame(look);
%s;
look();
"""
SLIDE = """
const slider = document.querySelector("[data-name=saturation]");
slider.value = arguments[0];
slider.dispatchEvent(new Event("input", { bubbles: true }));
"""
TAKE = """
document.querySelectorAll(".likely .swatch")[arguments[0]].click();
"""


class Program:
    """The command ``colorize app``, running."""

    def __init__(self, *photos: Path) -> None:
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "colorize_engine", "app", "--no-browser"),
                *map(str, photos),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        lines: Any = self.process.stdout
        self.url = lines.readline().split()[-1]
        self.seconds = time.perf_counter() - began

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()


def browser() -> Any:
    """Return a browser without a window, as large as a laptop's."""
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--window-size=1366,768"):
        options.add_argument(word)
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    driver.set_script_timeout(120)
    return driver


def wait(driver: Any, script: str) -> None:
    """Wait until a script returns something true."""
    while not driver.execute_script(f"return {script}"):
        time.sleep(0.01)


def waits(folder: Path, megapixels: int, rounds: int) -> dict[str, float]:
    """Return the milliseconds of each kind of wait for a photo of a size."""
    path = folder / f"{megapixels}.jpg"
    Image.fromarray(data.coffee()).convert("L").resize(SIZES[megapixels]).save(path)
    program, driver = Program(), browser()
    try:
        began = time.perf_counter()
        driver.get(program.url)
        wait(driver, "document.querySelector('.welcome button') !== null")
        page = time.perf_counter() - began
        time.sleep(1)
        chooser = driver.find_element("css selector", "input[type=file]")
        began = time.perf_counter()
        chooser.send_keys(str(path))
        wait(driver, "document.querySelector('.stage').dataset.shown")
        color = time.perf_counter() - began
        time.sleep(0.5)
        slides, hints = [], []
        for step in range(rounds):
            slides.append(
                driver.execute_async_script(SEEN % SLIDE, 0.5 + step / rounds)
            )
            time.sleep(0.2)
        stage = driver.find_element("css selector", ".view")
        for step in range(rounds):
            chain = webdriver.ActionChains(driver)
            chain.move_to_element_with_offset(stage, -150 + 10 * step, 90)
            chain.click().perform()
            wait(driver, "document.querySelectorAll('.likely .swatch').length > 2")
            hints.append(driver.execute_async_script(SEEN % TAKE, step % 3))
            time.sleep(0.3)
        return {
            "start": program.seconds * 1000,
            "page": page * 1000,
            "color": color * 1000,
            "slider": median(slides),
            "hint": median(hints),
        }
    finally:
        driver.quit()
        program.stop()


def memory(folder: Path, count: int) -> tuple[float, float]:
    """Return the most memory of the program in MB with one photo, and with many."""
    path = folder / "12.jpg"
    Image.fromarray(data.coffee()).resize(SIZES[12]).save(path)
    found = []
    for number in (1, count):
        program = Program(*[path] * number)
        driver, most = browser(), 0
        about = psutil.Process(program.process.pid)
        try:
            driver.get(program.url)
            opened = 0
            while opened < number:
                most = max(most, about.memory_info().rss)
                opened = driver.execute_script(
                    "return document.querySelectorAll('.photo').length"
                )
                time.sleep(0.05)
            wait(driver, "document.querySelector('.stage').dataset.shown")
            found.append(max(most, about.memory_info().rss) / 2**20)
        finally:
            driver.quit()
            program.stop()
    return found[0], found[1]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--photos", type=int, default=200, help="for the memory")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        print("| megapixels | start | page | drop to color | slider | hint |")
        print("|---|---|---|---|---|---|")
        for size in SIZES:
            found = waits(folder, size, args.rounds)
            cells = [f"{value:.0f} ms" for value in found.values()]
            print(f"| {size} | {' | '.join(cells)} |", flush=True)
        one, many = memory(folder, args.photos)
        print("\n| photos of 12 megapixels open | most memory, MB |\n|---|---|")
        print(f"| 1 | {one:.0f} |\n| {args.photos} | {many:.0f} |")


if __name__ == "__main__":
    main()

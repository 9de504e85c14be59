"""A browser, and the page of `colorize app` in it."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

USABLE = bool(
    shutil.which("chromedriver")
    and importlib.util.find_spec("selenium")
    and importlib.util.find_spec("nicegui")
    and importlib.util.find_spec("axe_playwright_python")
)
# Without browser and axe-core there is nothing to test here. `make check-app` installs
# both, and fails if nothing is tested.
collect_ignore_glob = [] if USABLE else ["test_*.py"]
if USABLE:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver.remote.webelement import WebElement

ROOT = Path(__file__).parents[2]
_PATIENCE = 60  # seconds, for what a slow machine may take
_DROP = """
const [name, kind, text] = arguments;
const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const moved = new DataTransfer();
moved.items.add(new File([bytes], name, { type: kind }));
const event = kind === "paste"
  ? new ClipboardEvent("paste", { clipboardData: moved, bubbles: true })
  : new DragEvent("drop", { dataTransfer: moved, bubbles: true, cancelable: true });
document.body.dispatchEvent(event);
"""


class Person:
    """Someone at the page who looks, clicks and types."""

    def __init__(self, driver: Any, album: Path, downloads: Path) -> None:
        self.driver, self.album, self.downloads = driver, album, downloads
        self.steps = 0

    def all(self, selector: str) -> list[WebElement]:
        """Elements of a CSS selector."""
        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def one(self, selector: str) -> WebElement:
        """Wait for the first element of a CSS selector."""
        return self.wait(lambda: self.all(selector)[0])

    def wait(self, answer: Callable[[], Any]) -> Any:
        """Wait until a question has a true answer; return it."""
        until = time.monotonic() + _PATIENCE
        error: Exception | None = None
        while time.monotonic() < until:
            try:
                if found := answer():
                    return found
            except Exception as trouble:
                error = trouble
            time.sleep(0.02)
        self.look("late")
        raise AssertionError("it did not come") from error

    def button(self, name: str) -> WebElement:
        """Wait for the visible button of a label or text."""

        def named() -> WebElement | None:
            for button in self.all("button"):
                label = button.get_attribute("aria-label") or ""
                # The ligature of an icon comes before the text.
                text = button.text.strip().splitlines()[-1:] or [""]
                if button.is_displayed() and (
                    label.startswith(name) or text[0].strip().startswith(name)
                ):
                    return button
            return None

        return self.wait(named)

    def click(self, name: str) -> None:
        """Click the button of a label or text."""
        button = self.button(name)
        self.wait(button.is_enabled)
        button.click()

    def shown(self) -> str:
        """Key of the photo in color, and the number of its edits that are seen."""
        return self.one(".stage").get_attribute("data-shown") or ""

    def seen(self, act: Callable[[], object]) -> None:
        """Do something, and wait until other colors are seen."""
        before = self.shown()
        act()
        self.wait(lambda: self.shown() != before)

    def place(self, row: float, column: float) -> tuple[float, float]:
        """Where a pixel of the photo is in the window."""
        return tuple(
            self.driver.execute_script(
                "const box = document.querySelector('.sheet').getBoundingClientRect();"
                "const shape = arguments[2];"
                "return [box.x + (arguments[1] + 0.5) / shape[1] * box.width,"
                "        box.y + (arguments[0] + 0.5) / shape[0] * box.height]",
                row,
                column,
                self.shape,
            )
        )

    shape = (400, 600)

    def point(self, row: float, column: float) -> None:
        """Click a pixel of the photo."""
        x, y = self.place(row, column)
        chain = ActionChains(self.driver)
        chain.w3c_actions.pointer_action.move_to_location(int(x), int(y))
        chain.w3c_actions.pointer_action.click()
        chain.perform()

    def drag(self, element: WebElement, by: tuple[int, int]) -> None:
        """Drag an element by pixels of the screen."""
        chain = ActionChains(self.driver, duration=60).click_and_hold(element)
        for _ in range(5):
            chain.move_by_offset(by[0] // 5, by[1] // 5)
        chain.release().perform()

    def slide(self, name: str, value: float) -> None:
        """Move a slider to a value, as a drag does at its end."""
        self.driver.execute_script(
            "const slider = document.querySelector(`[data-name=${arguments[0]}]`);"
            "slider.value = arguments[1];"
            "slider.dispatchEvent(new Event('input', { bubbles: true }));"
            "slider.dispatchEvent(new Event('change', { bubbles: true }));",
            name,
            value,
        )

    def keys(self, *keys: str) -> None:
        """Type where the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def chord(self, *keys: str) -> None:
        """Press keys together."""
        chain = ActionChains(self.driver)
        for key in keys:
            chain.key_down(key)
        for key in reversed(keys):
            chain.key_up(key)
        chain.perform()

    def drop(self, path: Path, kind: str = "image") -> None:
        """Drop a file on the page; of kind ``paste`` paste it."""
        text = base64.b64encode(path.read_bytes()).decode()
        self.driver.execute_script(_DROP, path.name, kind, text)

    def saved(self, act: Callable[[], object], suffix: str) -> Path:
        """Do something, and wait for the file that is downloaded."""
        before = set(self.downloads.glob(f"*{suffix}"))
        act()

        def new() -> list[Path]:
            return sorted(set(self.downloads.glob(f"*{suffix}")) - before)

        return self.wait(new)[0]

    def look(self, name: str) -> None:
        """Take a picture of the window."""
        time.sleep(0.3)
        self.steps += 1
        path = self.album / f"{self.steps:02}-{name}.png"
        self.driver.save_screenshot(str(path))

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        """Give the page another size."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": width,
                "height": height,
                "deviceScaleFactor": 2 if phone else 1,
                "mobile": phone,
            },
        )

    def violations(self) -> list[str]:
        """Return what axe-core finds against WCAG 2.2 AA."""
        # Only the script is used; to import the package asks for more.
        spec: Any = importlib.util.find_spec("axe_playwright_python")
        script = Path(spec.origin).with_name("axe.min.js").read_text("utf-8")
        # What fades in or out has no contrast yet.
        time.sleep(0.6)
        self.driver.execute_script(script)
        found = self.driver.execute_async_script(
            "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', "
            "'wcag22aa', 'best-practice'] }).then(arguments[0])"
        )
        return [
            f"{each['id']}: {node['html'][:200]}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def complaints(self) -> list[str]:
        """Lines of the browser's console since it was last asked."""
        return [line["message"] for line in self.driver.get_log("browser")]

    def hosts(self) -> set[str]:
        """Hosts that the browser has asked for something."""
        found = set()
        for line in self.driver.get_log("performance"):
            message = json.loads(line["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                parts = urlsplit(message["params"]["request"]["url"])
                if parts.scheme in ("http", "https", "ws", "wss"):
                    found.add(parts.netloc)
        return found


class App:
    """The command ``colorize app``, running."""

    def __init__(self, folder: Path, *photos: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "colorize_engine", "app", "--no-browser"),
                *map(str, photos),
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split()[-1]

    def stop(self) -> int:
        """Press Ctrl+C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder for pictures of each step."""
    given = os.environ.get("SCREENSHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("album")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Start the program without photos."""
    folder = tmp_path / "here"
    folder.mkdir()
    app = App(folder)
    yield app
    if app.process.poll() is None:
        app.stop()
    assert not list(folder.iterdir())


@pytest.fixture
def person(app: App, album: Path, tmp_path: Path) -> Iterator[Person]:
    """Someone who has opened the page at laptop size."""
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    options.add_argument("--window-size=1366,768")
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(downloads)}
    )
    options.set_capability(
        "goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"}
    )
    service = Service(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(_PATIENCE)
    try:
        person = Person(driver, album, downloads)
        person.size(1366, 768)
        driver.get(app.url)
        person.one(".shell")
        yield person
    finally:
        driver.quit()

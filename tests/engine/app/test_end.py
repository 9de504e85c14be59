"""The end of a run: soon, whatever it is doing, and with nothing left behind."""

from __future__ import annotations

import io
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest
import stand_ins
from nicegui_socket import press
from PIL import Image
from served import PATIENCE, Served
from skimage import data

from colorize_engine.cli import command as cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve = Callable[..., Served]

PHOTO = data.camera()[100:196, 180:308]
# No test waits as long as the nets of a slow model.
SLOW = {stand_ins.SLOW: str(100 * PATIENCE)}


def as_png() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(PHOTO).save(stream, "png")
    return stream.getvalue()


def until(happened: Callable[[], bool]) -> None:
    for _ in range(10 * PATIENCE):
        if happened():
            return
        time.sleep(0.1)
    pytest.fail("it did not happen")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a server in the folder of the test."""
    runs: list[Served] = []

    def start(*words: str, **more: dict[str, str]) -> Served:
        runs.append(Served(tmp_path, *words, **more))
        return runs[-1]

    yield start
    for run in runs:
        run.close()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name
)
def test_it_ends_with_nothing_left(serve: Serve, number: int) -> None:
    served = serve()
    with served.client() as client:
        key = served.upload("photo.png", as_png(), client).json()["photo"]
        assert client.get(f"/photos/{key}/view").status_code == 200
        assert client.get("/").status_code == 200
        assert any(path.name == "photo.png" for path in served.left())
        assert served.end(number) == 0
    assert served.left() == []
    assert served.log == "colorize: Ctrl+C ends it\n"
    assert served.token not in served.log


def test_it_waits_for_no_work(serve: Serve, tmp_path: Path) -> None:
    served = serve(environment=SLOW | {stand_ins.RECORD: str(tmp_path)})
    with (
        served.client() as client,
        served.connect() as stuck,
        ThreadPoolExecutor(2) as pool,
    ):
        one, two = (
            served.upload("photo.png", as_png(), client).json()["photo"]
            for _ in range(2)
        )
        stuck.sendall(
            f"POST /photos?name=slow.png HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
            f"Cookie: {served.cookie}\r\nContent-Length: 5000\r\n\r\nbegins".encode()
        )
        asked = [
            pool.submit(client.get, f"/photos/{key}/{path}")
            for key, path in ((one, "view"), (two, "variants/0/0"))
        ]
        until(lambda: len(stand_ins.recorded(tmp_path, "run")) == 2)
        press(served, "All photos, as one ZIP file")
        until(lambda: {"colorized.zip", "slow.png"} <= {p.name for p in served.left()})
        until(lambda: len(stand_ins.recorded(tmp_path, "run")) > 2)
        assert served.end() == 0
        for each in asked:
            # The browser is told, or cut off.
            with suppress(httpx.TransportError):
                assert each.result().status_code >= 500
    assert served.left() == []
    assert "Traceback" not in served.log


def test_two_runs_at_once_and_one_that_was_killed(serve: Serve) -> None:
    one = serve()
    with one.client() as client:
        key = one.upload("grandma.png", as_png(), client).json()["photo"]
        two = serve()
        # The cookie of one is none for the other.
        port = f"Host: 127.0.0.1:{two.port}"
        assert two.ask("/", port, f"Cookie: {one.cookie}").status == 403
        assert two.end() == 0
        assert client.get(f"/photos/{key}/view").status_code == 200
    one.end(signal.SIGKILL)
    assert any(path.name == "grandma.png" for path in one.left())
    again = serve()
    assert not any(path.name == "grandma.png" for path in again.left())
    assert again.end() == 0
    assert again.left() == []


def test_an_open_address_is_warned_of(serve: Serve) -> None:
    served = serve("--host", "0.0.0.0")
    assert served.url.startswith(f"http://{socket.gethostname()}:")
    warning, last = served.log.splitlines()
    assert warning.startswith("colorize: other machines of the network can reach")
    assert last == "colorize: Ctrl+C ends it"
    assert served.token not in served.log
    assert served.get("/", "X-A: b").status == 200


def test_the_browser_gets_an_address_for_once(serve: Serve, tmp_path: Path) -> None:
    # All users of a machine see the words that its programs are started with.
    told, browser = tmp_path / "told.txt", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {told}.part\nmv {told}.part {told}\n')
    browser.chmod(0o700)
    served = serve("--browser", environment={"BROWSER": f"{browser} %s"})
    until(told.exists)
    url = told.read_text().strip()
    assert served.token not in url
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        answer = client.get(url)
        assert answer.status_code == 303
        assert answer.headers["set-cookie"].startswith(f"{served.cookie}; ")
        again = httpx.get(url, trust_env=False, timeout=PATIENCE)
        assert again.status_code == 403
        # The address in the terminal serves any browser.
        for _ in range(2):
            answer = httpx.get(served.url, trust_env=False, timeout=PATIENCE)
            assert answer.status_code == 303


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run the command, which must refuse in one line; return the line."""
    with pytest.raises(SystemExit) as exit_info:
        cli.main(["app", "--no-browser", *words])
    assert exit_info.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(capsys, "--port", str(port))
    told = f"cannot serve at 127.0.0.1:{port}: address already in use"
    assert told in line.lower()


@pytest.mark.parametrize(
    "words",
    [
        ("--model", "no-such-model"),
        ("--model", "no/such/folder"),
        ("--host", "no such host"),
        ("--port", "99999"),
        ("--max-pixels", "many"),
        ("--no-such-option",),
    ],
)
def test_wrong_usage_is_one_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    line = refused(capsys, *words)
    assert line.startswith("colorize: ")
    assert words[-1].split("/")[0].lstrip("-") in line


@pytest.mark.parametrize("missing", ["nicegui", "fastapi", "uvicorn"])
def test_without_the_extra(missing: str, tmp_path: Path) -> None:
    script = f"""
import sys
sys.modules[{missing!r}] = None
from colorize_engine.cli import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, "app", "--no-browser"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "pip install 'napari-colorize[app]'" in line
    assert list(tmp_path.iterdir()) == []

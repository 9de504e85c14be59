"""The page of `colorize app`, served by a program of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

HELPERS = Path(__file__).parent
# With a stand-in for the model that may be slow.
SCRIPT = f"""
import sys
sys.path.insert(0, {str(HELPERS)!r})
import stand_ins
from colorize_engine.cli import loading, main
loading.load = lambda *_: stand_ins.make()
main()
"""
# Seconds; long, for a machine that is busy.
PATIENCE = 60


@dataclass
class Answer:
    """An answer as it came: the status, names and values of headers, the body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header; empty if it is not there."""
        return dict(self.headers).get(name, "")


class Served:
    """A program that serves the page.

    Parameters
    ----------
    folder
        For temporary files, and the one where the program is started.
    words
        More words of the command.
    environment
        More variables.
    """

    def __init__(
        self, folder: Path, *words: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.temporary, self.here = folder / "tmp", folder / "here"
        for each in (self.temporary, self.here):
            each.mkdir(parents=True, exist_ok=True)
        self._log = folder / "log.txt"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, "app", "--no-browser", *words],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.here,
                env=os.environ
                | {"TMPDIR": str(self.temporary)}
                | dict(environment or {}),
            )
        line = self.process.stdout.readline()
        found = re.fullmatch(r"Open (http://.*:(\d+)/\?token=(.*))\n", line)
        assert found, (line, self.log)
        self.url, self.port, self.token = found[1], int(found[2]), found[3]
        self.cookie = f"colorize-{self.port}={self.token}"
        for _ in range(100 * PATIENCE):
            if "Ctrl+C" in self.log:
                break
            time.sleep(0.01)

    @property
    def log(self) -> str:
        """What the program has written to stderr."""
        return self._log.read_text("utf-8")

    def left(self) -> list[Path]:
        """Return what is in its folders, without the one of all its runs."""
        found = []
        # Files may go meanwhile.
        for top in (self.temporary, self.here):
            for folder, folders, names in os.walk(top):
                found += [Path(folder, name) for name in folders + names]
        return [path for path in found if path.parent != self.temporary]

    def client(self) -> httpx.Client:
        """Return a browser that has been let in."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"cookie": self.cookie},
            timeout=PATIENCE,
            trust_env=False,
        )

    def connect(self) -> socket.socket:
        """Return a plain connection."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def ask(self, path: str, *headers: str, method: str = "GET") -> Answer:
        """Send a request of just these headers, as no browser would."""
        after = "Upgrade" if "Upgrade: websocket" in headers else "close"
        lines = [f"{method} {path} HTTP/1.1", *headers, f"Connection: {after}", "", ""]
        with self.connect() as connection:
            connection.sendall("\r\n".join(lines).encode("latin-1"))
            return read_answer(connection)

    def get(self, path: str, *headers: str) -> Answer:
        """Send a request as the page does."""
        host = f"Host: 127.0.0.1:{self.port}"
        return self.ask(path, host, f"Cookie: {self.cookie}", *headers)

    def upload(self, name: str, content: bytes, client: httpx.Client) -> httpx.Response:
        """Send a file as the page does."""
        return client.post(f"/photos?name={quote(name, safe='')}", content=content)

    def end(self, number: int = signal.SIGINT) -> int:
        """End the program; return its exit code. It must end by itself in time."""
        self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.close()

    def close(self) -> None:
        """Kill the program if it is still there."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def read_answer(connection: socket.socket) -> Answer:
    """Read until the server closes, or has said that it goes on with a socket."""
    got = b""
    while part := connection.recv(1 << 16):
        got += part
        if got.startswith(b"HTTP/1.1 101 ") and b"\r\n\r\n" in got:
            break
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(": ") for line in lines]
    status = int(first.split()[1]) if first else 0
    headers = [(name.lower(), value) for name, _, value in pairs]
    return Answer(status, headers, body)

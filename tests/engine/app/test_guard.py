"""Attacks on the page, against a server as it is started by the command."""

from __future__ import annotations

import io
import re
import socket
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from PIL import Image
from served import Answer, Served, read_answer
from skimage import data

from colorize_engine.app import Address

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    import numpy as np

PHOTO = data.camera()[100:196, 180:308]
SECRET = "what nobody may read"
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
UPGRADE = (
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)


def as_png(pixels: np.ndarray = PHOTO) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    photo = folder / "own photo.png"
    photo.write_bytes(as_png())
    (folder / "here").mkdir()
    (folder / "here" / "secret.txt").write_text(SECRET)
    served = Served(folder, "--max-pixels", "1M", str(photo))
    yield served
    served.close()
    # Nothing of all that was worth a line, least of all the token.
    assert served.log == "colorize: Ctrl+C ends it\n"


@pytest.fixture(scope="module")
def client(server: Served) -> Iterator[httpx.Client]:
    with server.client() as found:
        yield found


@pytest.fixture(scope="module")
def key(server: Served, client: httpx.Client) -> str:
    """Key of an open photo."""
    return server.upload("photo.png", as_png(), client).json()["photo"]


def check_headers(answer: Answer) -> None:
    policy = answer.header("content-security-policy")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"https?:|\*", policy)
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") == "no-referrer"
    assert answer.header("cross-origin-resource-policy") == "same-origin"
    assert answer.header("cross-origin-opener-policy") == "same-origin"


def tell_apart(server: Served, kind: str) -> tuple[tuple[str, ...], bool]:
    """Return the headers of a request, and whether it may come in."""
    port, own = server.port, f"Host: 127.0.0.1:{server.port}"
    cookie = f"Cookie: {server.cookie}"
    origin = f"Origin: http://127.0.0.1:{port}"
    wrong = "x" * len(server.token)
    good: dict[str, tuple[str, ...]] = {
        "as the page": (own, cookie, origin),
        "no origin": (own, cookie),
        "localhost": (f"Host: localhost:{port}", cookie),
        "capitals": (f"HOST: LOCALHOST:{port}", cookie),
        "odd cookies of others": (
            own,
            f'Cookie: a={{"b": 1, "c"}}; [x]; =; y z; {server.cookie}; d="',
        ),
    }
    bad: dict[str, tuple[str, ...]] = {
        "no token": (own,),
        "empty token": (own, f"Cookie: colorize-{port}="),
        "wrong token": (own, f"Cookie: colorize-{port}={wrong}"),
        "token and more": (own, f"{cookie}x"),
        "half a token": (own, cookie[:-3]),
        "cookie of another port": (own, f"Cookie: colorize-{port + 1}={server.token}"),
        "token as a header": (own, f"Authorization: Bearer {server.token}"),
        "no host": (cookie,),
        "empty host": ("Host:", cookie),
        "other host": (f"Host: evil.example:{port}", cookie),
        "name that looks like it": (f"Host: 127.0.0.1.evil.example:{port}", cookie),
        "name in front": (f"Host: 127.0.0.1:{port}@evil.example:{port}", cookie),
        "user in front": (f"Host: evil@127.0.0.1:{port}", cookie),
        "path behind": (f"Host: 127.0.0.1:{port}/evil", cookie),
        "other address": (f"Host: 192.168.0.1:{port}", cookie),
        "other port": (f"Host: 127.0.0.1:{port + 1}", cookie),
        "no port": ("Host: 127.0.0.1", cookie),
        "no number": ("Host: 127.0.0.1:http", cookie),
        "far number": ("Host: 127.0.0.1:99999999", cookie),
        "no address": ("Host: [::1", cookie),
        "two hosts": (own, f"Host: evil.example:{port}", cookie),
        "two hosts, other order": (f"Host: evil.example:{port}", own, cookie),
        "null": (own, cookie, "Origin: null"),
        "other origin": (own, cookie, "Origin: https://evil.example"),
        "origin of another port": (own, cookie, f"Origin: http://127.0.0.1:{port + 1}"),
        "origin of https": (own, cookie, f"Origin: https://127.0.0.1:{port}"),
        "origin of another name": (own, cookie, f"Origin: http://localhost:{port}"),
        "two origins": (own, cookie, origin, "Origin: https://evil.example"),
        "two origins, other order": (
            own,
            cookie,
            "Origin: https://evil.example",
            origin,
        ),
    }
    return (good[kind], True) if kind in good else (bad[kind], False)


KINDS = [
    "as the page",
    "no origin",
    "localhost",
    "capitals",
    "odd cookies of others",
    "no token",
    "empty token",
    "wrong token",
    "token and more",
    "half a token",
    "cookie of another port",
    "token as a header",
    "no host",
    "empty host",
    "other host",
    "name that looks like it",
    "name in front",
    "user in front",
    "path behind",
    "other address",
    "other port",
    "no port",
    "no number",
    "far number",
    "no address",
    "two hosts",
    "two hosts, other order",
    "null",
    "other origin",
    "origin of another port",
    "origin of https",
    "origin of another name",
    "two origins",
    "two origins, other order",
]


@pytest.mark.parametrize("kind", KINDS)
def test_who_comes_in(server: Served, key: str, kind: str) -> None:
    headers, expected = tell_apart(server, kind)
    for path in ("/", f"/photos/{key}/view?width=64", "/_nicegui_ws/socket.io/?EIO=4"):
        answer = server.ask(path, *headers)
        # A server may refuse a request that is none by itself.
        assert (answer.status not in (400, 403)) is (
            expected or (answer.status == 400 and "socket.io" in path)
        ), path
        assert server.token.encode() not in answer.body
        if answer.status != 400:
            check_headers(answer)
    answer = server.ask(SOCKET, *headers, *UPGRADE)
    assert (answer.status == 101) is expected
    answer = server.ask("/photos?name=x.png", *headers, method="POST")
    assert (answer.status == 422) is expected


def test_the_token_lets_in_once_and_becomes_a_cookie(server: Served) -> None:
    own = f"Host: 127.0.0.1:{server.port}"
    answer = server.ask(f"/?token={server.token}&photo=a%26b%3Dc", own)
    assert answer.status == 303
    check_headers(answer)
    assert answer.header("location") == "/?photo=a%26b%3Dc"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("set-cookie") == (
        f"{server.cookie}; Path=/; HttpOnly; SameSite=Strict"
    )
    for wrong in ("", "x", server.token[:-1], server.token + "x", "%00", "%ff"):
        assert server.ask(f"/?token={wrong}", own).status == 403
    # Not for a page of another site, nor for a socket.
    evil = "Origin: https://evil.example"
    assert server.ask(f"/?token={server.token}", own, evil).status == 403
    assert server.ask(f"{SOCKET}&token={server.token}", own, *UPGRADE).status != 101


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/%2e%2e",
        "/%2fevil.example",
        "/%5cevil.example",
        "/%5c%2fevil.example",
        "/%09/evil.example",
        "/%0a/evil.example",
        "/%0d%0aLocation:%20https://evil.example/",
        "/%0d%0aSet-Cookie:%20a=b",
        "/%e2%82%ac",
        "/%ff",
    ],
)
def test_the_redirect_stays_here(server: Served, path: str) -> None:
    own = f"Host: 127.0.0.1:{server.port}"
    answer = server.ask(f"{path}?token={server.token}", own)
    assert answer.status == 303
    assert [name for name, _ in answer.headers].count("location") == 1
    cookies = [value for name, value in answer.headers if name == "set-cookie"]
    assert len(cookies) == 1
    location = answer.header("location")
    assert re.fullmatch(r"/(?![/\\])[!-~]*", location)
    assert urlsplit(location).netloc == ""


@pytest.mark.parametrize(
    "path",
    [
        "/photos/../{secret}",
        "/photos/..%2f..%2f{secret}/view",
        "/photos/%2e%2e/view",
        "/photos/{encoded}/view",
        "/photos/x/variants/0/..%2f{encoded}",
        "/downloads/../../{secret}",
        "/downloads/{encoded}",
        "/downloads/..%2f..%2f..%2f{encoded}",
        "/downloads/%252e%252e%252f{encoded}",
        "/downloads//{secret}",
        "/_nicegui/{version}/static/../../../{secret}",
        "/_nicegui/{version}/static/%2e%2e/%2e%2e/nicegui.py",
        "/_nicegui/{version}/static/..%5c..%5cnicegui.py",
        "/_nicegui/{version}/static//{secret}",
        "/_nicegui/{version}/static/{encoded}",
        "/_nicegui/{version}/components/..%2f..%2f{encoded}",
        "/_nicegui/{version}/components/{encoded}",
        "/_nicegui/{version}/libraries/..%2f{encoded}",
        "/_nicegui/{version}/resources/x/..%2f..%2f{encoded}",
        "/_nicegui/{version}/dynamic_resources/..%2f{encoded}",
        "/_nicegui/{version}/esm/x/..%2f..%2f{encoded}",
        "/_nicegui/auto/static/..%2f{encoded}",
        "/secret.txt",
        "/./here/secret.txt",
    ],
)
def test_no_path_leads_to_a_file(server: Served, path: str) -> None:
    import nicegui

    secret = str(server.here / "secret.txt")
    path = path.format(
        secret=secret.lstrip("/"),
        encoded=quote(secret, safe=""),
        version=nicegui.__version__,
    )
    answer = server.get(path)
    assert SECRET.encode() not in answer.body
    assert b"import " not in answer.body or b"<!doctype html>" in answer.body
    assert b"Traceback" not in answer.body
    check_headers(answer)


@pytest.mark.parametrize("name", ["/docs", "/redoc", "/openapi.json", "/metrics"])
def test_the_server_does_not_describe_itself(server: Served, name: str) -> None:
    answer = server.get(name)
    assert b"swagger" not in answer.body.lower()
    assert b'"openapi"' not in answer.body
    assert answer.header("server") == ""


@pytest.mark.parametrize(
    "name",
    [
        "../../../../evil.png",
        "..\\..\\evil.png",
        "/etc/evil.png",
        "C:\\evil.png",
        "a\0b.png",
        "x" * 10_000 + ".png",
        "\N{CJK UNIFIED IDEOGRAPH-65E5}" * 200 + ".png",
        "x." + "y" * 10_000,
        "CON.png",
        "nul",
        ".",
        "..",
        "",
        ".htaccess",
        "<b>bold</b>.png",
        'a";b.png',
        "a\r\nSet-Cookie: b=c.png",
        "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe.png",
        "-o.png",
        "~",
        "$(touch evil).png",
    ],
)
def test_names_of_uploads(server: Served, client: httpx.Client, name: str) -> None:
    before = set(server.left())
    answer = server.upload(name, as_png(), client)
    assert answer.status_code == 200
    told = answer.json()
    assert re.fullmatch(r"[^/\\<>:\"|?*\x00-\x1f\u202e]{1,140}", told["name"])
    new = [path for path in set(server.left()) - before if path.is_file()]
    assert [path.name for path in new] == [told["name"]]
    assert new[0].name.split(".")[0].lower() not in ("con", "nul")
    assert server.temporary in new[0].resolve().parents
    assert client.get(f"/photos/{told['photo']}/view").status_code == 200


def chunked(size: int) -> Iterator[bytes]:
    for _ in range(size // 4096):
        yield bytes(4096)


def test_uploads_over_the_limit(server: Served, client: httpx.Client) -> None:
    before = set(server.left())
    # It refuses what is announced without waiting for it.
    answer = server.ask(
        "/photos?name=big.tif",
        f"Host: 127.0.0.1:{server.port}",
        f"Cookie: {server.cookie}",
        "Content-Length: 99999999999",
        method="POST",
    )
    assert answer.status == 413
    assert b"8,000,000 bytes" in answer.body
    answer = client.post("/photos?name=big.tif", content=chunked(9_000_000))
    assert answer.status_code == 413
    assert "8,000,000 bytes" in answer.json()["error"]
    assert set(server.left()) == before


def bomb_of_tiff(side: int) -> bytes:
    """Return a TIFF file of one strip that claims a side of so many pixels."""
    strip = zlib.compress(bytes(1 << 20), 9)
    tags = [
        (256, 4, 1, side),
        (257, 4, 1, side),
        (258, 3, 1, 8),
        (259, 3, 1, 8),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, side),
        (279, 4, 1, len(strip)),
    ]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    folder = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + folder


def bomb_of_png(side: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(10_000_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("claims.tif", bomb_of_tiff(100_000)),
        ("expands.tif", bomb_of_tiff(900)),
        ("claims.png", bomb_of_png(60_000)),
        ("expands.png", bomb_of_png(2_000)),
        ("empty.png", b""),
        ("half.png", as_png()[:700]),
        ("page.png", b"<html><script>alert(1)</script>"),
    ],
)
def test_files_that_are_traps(
    server: Served, client: httpx.Client, name: str, content: bytes
) -> None:
    before = set(server.left())
    answer = server.upload(name, content, client)
    if answer.status_code == 200:
        # A strip that is longer than it should be is read as far as it should be.
        assert name == "expands.tif"
        return
    assert answer.status_code == 422
    (reason,) = answer.json().values()
    assert "Traceback" not in reason
    assert "\n" not in reason
    assert not reason.startswith("unexpected")
    assert set(server.left()) == before


def test_a_stuck_upload_blocks_nothing(
    server: Served, client: httpx.Client, key: str
) -> None:
    before = set(server.left())
    stuck = []
    head = (
        f"POST /photos?name=slow.png HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Cookie: {server.cookie}\r\nContent-Length: 5000\r\n\r\nbegins"
    )
    for _ in range(60):
        connection = server.connect()
        connection.sendall(head.encode())
        stuck.append(connection)
    try:
        assert client.get(f"/photos/{key}/view?width=64").status_code == 200
        assert server.upload("other.png", as_png(), client).status_code == 200
        assert server.get("/").status == 200
    finally:
        for connection in stuck:
            connection.close()
    # Half of a file does not stay.
    for _ in range(600):
        slow = [p for p in set(server.left()) - before if p.name == "slow.png"]
        if not slow:
            break
        client.get(f"/photos/{key}/thumbnail")
    assert slow == []


def test_fifty_uploads_at_once(server: Served, client: httpx.Client, key: str) -> None:
    def upload(number: int) -> int:
        with server.client() as own:
            return server.upload(f"{number}.png", as_png(), own).status_code

    with ThreadPoolExecutor(50) as pool:
        uploads = [pool.submit(upload, number) for number in range(50)]
        assert client.get(f"/photos/{key}/view?width=64").status_code == 200
        assert [each.result() for each in uploads] == [200] * 50


@pytest.mark.parametrize(
    "query",
    [
        "width=-5",
        "width=0",
        "width=99999999999999999999",
        "width=x",
        "box=x",
        "box=1,2",
        "box=nan,nan,nan,nan",
        "box=0,0,inf,inf",
        "box=-inf,-inf,inf,inf",
        "box=5,5,6,6",
        "box=1,1,0,0",
        "box=0,0,1e-300,1e-300",
        "box=" + "9" * 3000,
        "gray=x",
        "gray=99",
    ],
)
def test_views_that_nobody_asks_for(
    server: Served, client: httpx.Client, key: str, query: str
) -> None:
    answer = client.get(f"/photos/{key}/view?{query}")
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert Image.open(io.BytesIO(answer.content)).size[0] <= 128
    else:
        assert "Traceback" not in answer.text
        assert len(answer.content) < 5000


@pytest.mark.parametrize("path", ["0/9", "0/-9", "-1/0", f"{10**30}/0", "x/y", "0/x"])
def test_variants_that_there_are_not(client: httpx.Client, key: str, path: str) -> None:
    answer = client.get(f"/photos/{key}/variants/{path}")
    assert answer.status_code in (200, 422)
    assert "Traceback" not in answer.text


def test_messages_on_the_socket_that_are_none(server: Served, key: str) -> None:
    headers, _ = tell_apart(server, "as the page")
    for junk in (b"\x81\x85\0\0\0\0hello", b"\x82\x7f" + bytes(12), b"\xff" * 64):
        with server.connect() as connection:
            lines = [
                f"GET {SOCKET} HTTP/1.1",
                *headers,
                *UPGRADE,
                "Connection: Upgrade",
            ]
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            assert read_answer(connection).status == 101
            connection.sendall(junk)
            connection.shutdown(socket.SHUT_WR)
    assert server.get(f"/photos/{key}/view?width=64").status == 200


@pytest.mark.parametrize(
    ("host", "port", "named", "expected"),
    [
        ("127.0.0.1", 80, "127.0.0.1", True),
        ("127.0.0.1", 80, "localhost:80", True),
        ("127.0.0.1", 8080, "localhost", False),
        ("::1", 8080, "[::1]:8080", True),
        ("0.0.0.0", 8080, "192.168.0.7:8080", True),
        ("0.0.0.0", 8080, f"{socket.gethostname()}:8080", True),
        ("0.0.0.0", 8080, "evil.example:8080", False),
        ("0.0.0.0", 8080, "192.168.0.7.evil.example:8080", False),
        ("192.168.0.7", 8080, "192.168.0.7:8080", True),
    ],
)
def test_the_names_of_a_page(host: str, port: int, named: str, expected: bool) -> None:
    assert Address(host, port, "x").accepts(named) is expected


@pytest.mark.parametrize(
    ("host", "is_open"),
    [
        ("127.0.0.1", False),
        ("localhost", False),
        ("Localhost", False),
        ("::1", False),
        ("127.0.0.2", False),
        ("0.0.0.0", True),
        ("::", True),
        ("192.168.0.7", True),
        ("", True),
        ("grandma.local", True),
    ],
)
def test_who_can_reach_a_page(host: str, is_open: bool) -> None:
    assert Address(host, 8080, "x").is_open is is_open

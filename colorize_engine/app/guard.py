"""Protection of the page: only who started it gets in, and only from the page."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# Scripts of the page are its own; Vue makes functions of its templates. No other host
# is asked for anything.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
# The port of addresses that name none.
_WEB = 80


@dataclass(frozen=True)
class Address:
    """Where the page is.

    Attributes
    ----------
    host : str
        The address that the server listens at; ``0.0.0.0`` or ``::`` is any.
    port : int
    token : str
        What a browser must know to get in.
    """

    host: str
    port: int
    token: str

    @property
    def is_open(self) -> bool:
        """Whether other machines can reach it."""
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() != "localhost"

    @property
    def url(self) -> str:
        """What to open in a browser, with the token."""
        return self.url_with(self.token)

    def url_with(self, token: str) -> str:
        """Return what to open in a browser, with another token."""
        name = socket.gethostname() if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        shown = f"[{name}]" if ":" in name else name
        return f"http://{shown}:{self.port}/?token={token}"

    @property
    def cookie(self) -> str:
        """Name of the cookie; cookies of one machine are the same for all its ports."""
        return f"colorize-{self.port}"

    def accepts(self, host: str) -> bool:
        """Return whether a request may name this host, such as ``127.0.0.1:8080``.

        A page elsewhere can give a name of its own the address of this machine. So the
        names are those of this machine, or numbers.
        """
        try:
            found = urlsplit(f"//{host}")
            # Browsers leave out the port of all web servers.
            name, port = found.hostname or "", found.port or _WEB
        except ValueError:
            return False
        if port != self.port or "@" in host or found.netloc != host:
            return False
        if not self.is_open:
            return name in {"localhost", "127.0.0.1", "::1", self.host.lower()}
        if name in {"localhost", self.host.lower(), socket.gethostname().lower()}:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


class Guard:
    """An ASGI app in front of another one that lets in only who knows the token.

    The token comes with the first address, as ``?token=``, and is a cookie from then
    on. Host and Origin must be those of the page, also on the socket.

    Parameters
    ----------
    app
        The app to protect.
    address : Address
    """

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self._app, self._address = app, address
        self._once: set[str] = set()

    def url_for_once(self) -> str:
        """Return an address that lets in the first who opens it, and nobody after.

        A browser is started with it, and all users of the machine can see with what.
        """
        token = secrets.token_urlsafe(24)
        self._once.add(token)
        return self._address.url_with(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if not self._is_own(scope):
            await _refuse(scope, send, "Other sites cannot use this page.")
            return
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"))
        given = dict(query).get("token", "")
        if scope["type"] == "http" and (given in self._once or self._is_right(given)):
            self._once.discard(given)
            rest = urlencode([pair for pair in query if pair[0] != "token"])
            # A path of two slashes would be another host.
            path = quote("/" + scope["path"].lstrip("/\\"))
            await self._enter(path + (f"?{rest}" if rest else ""), send)
            return
        if not any(map(self._is_right, self._in_cookies(scope))):
            await _refuse(
                scope,
                send,
                "Open the address that `colorize app` printed, with its token.",
            )
            return
        await self._app(scope, receive, _with_headers(send))

    def _is_right(self, token: str) -> bool:
        return secrets.compare_digest(token.encode(), self._address.token.encode())

    def _is_own(self, scope: Scope) -> bool:
        """Return whether a request names this page, and no other page has made it."""
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        # Of two that differ, other programs on the way may believe the other one.
        if len(hosts) != 1 or len(origins) > 1:
            return False
        # "null" is the origin of a page in a sandbox.
        own = f"http://{hosts[0]}".lower()
        return self._address.accepts(hosts[0]) and (
            not origins or origins[0].lower() == own
        )

    def _in_cookies(self, scope: Scope) -> list[str]:
        """Return the values of this page's cookie; others may have any form."""
        pairs = ";".join(_values(scope, b"cookie")).split(";")
        found = (pair.strip().partition("=") for pair in pairs)
        return [value for name, _, value in found if name == self._address.cookie]

    async def _enter(self, location: str, send: Send) -> None:
        """Give the cookie, and take the token out of the browser's address."""
        cookie = (
            f"{self._address.cookie}={self._address.token}; Path=/; HttpOnly; "
            "SameSite=Strict"
        )
        headers = [
            (b"location", location.encode()),
            (b"set-cookie", cookie.encode()),
            (b"cache-control", b"no-store"),
            *_HEADERS,
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body"})


def _values(scope: Scope, header: bytes) -> list[str]:
    return [
        value.decode("latin-1")
        for name, value in scope["headers"]
        if name.lower() == header
    ]


async def _refuse(scope: Scope, send: Send, text: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message.get("headers", ())}
            more = [pair for pair in _HEADERS if pair[0] not in given]
            message["headers"] = [*message.get("headers", ()), *more]
        await send(message)

    return sending

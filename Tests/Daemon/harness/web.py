"""A browser without JavaScript, and one that is not well-behaved."""

import http.client
import itertools
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

Outcome = TypeVar("Outcome")

AUTHORITY = "invite.example"
BASE = f"https://{AUTHORITY}/"

_addresses = itertools.count(1)


def unique_address() -> str:
    """An address that no other test uses, so that no limit is shared."""
    number = next(_addresses)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__(AUTHORITY, timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # While it blocks, it waits for its turn where many connect at once.
        self.sock.connect(str(self._path))
        self.sock.settimeout(self.timeout)


class _Forms(HTMLParser):
    """The fields of the forms of a page, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.forms = 0
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag == "form":
            self.forms += 1
        if tag == "input" and values.get("name"):
            self.fields[str(values["name"])] = values.get("value") or ""

    def handle_data(self, data: str) -> None:
        self.text += data


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return self._parsed().fields

    @property
    def has_form(self) -> bool:
        return self._parsed().forms > 0

    @property
    def text(self) -> str:
        return self._parsed().text

    def _parsed(self) -> _Forms:
        parser = _Forms()
        parser.feed(self.body.decode())
        return parser


class Browser:
    """One visitor behind a proxy on the same machine. Each request has a connection of its own."""

    def __init__(self, path: Path, *, authority: str = AUTHORITY, address: str | None = None) -> None:
        self._path = path
        self.authority = authority
        self.address = address or unique_address()

    def request(self, method: str, target: str, body: bytes | None = None, timeout: float = 60,
                **headers: str) -> Reply:
        connection = UnixConnection(self._path, timeout)
        try:
            fields = {"Host": self.authority, "X-Forwarded-For": self.address, "Connection": "close"}
            fields |= {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, target, body, fields)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, target: str, **headers: str) -> Reply:
        return self.request("GET", target, **headers)

    def post(self, target: str, fields: dict[str, str], timeout: float = 60, **headers: str) -> Reply:
        own = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin",
               "Origin": f"https://{self.authority}"}
        return self.request("POST", target, urlencode(fields).encode(), timeout, **(own | headers))

    # What people do

    def register(self, host: str, token: str, username: str, password: str) -> Reply:
        """Opens the form and sends it."""
        target = f"/{host}/{token}/register"
        form = self.get(target).form
        return self.post(target, form | {"username": username, "password": password})

    def ask(self, host: str, token: str, username: str, seal: str, **headers: str) -> Reply:
        """What a form asks about a name while it is typed."""
        return self.post(f"/{host}/{token}/register/username", {"username": username, "seal": seal}, **headers)

    def reset(self, host: str, token: str, password: str) -> Reply:
        target = f"/{host}/{token}/reset"
        return self.post(target, self.get(target).form | {"password": password})


def exchange(path: Path, data: bytes, timeout: float = 30) -> bytes:
    """Sends bytes, and returns what is received until the other end closes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        connection.sendall(data)
        received = b""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                break
            received += piece
        return received


def within_one_window(attempt: Callable[[], Outcome], seconds: int = 60) -> Outcome:
    """What happens to an attempt that no new window of the daemon's limits interrupts: with one, a little more may pass (RateLimiter).
    Each attempt is somebody else's."""
    for _ in range(5):
        # The daemon's clock, too.
        window = time.monotonic() // seconds
        outcome = attempt()
        if time.monotonic() // seconds == window:
            return outcome
    raise AssertionError("it took longer than what is left of a window, each time")


def path_of(url: str) -> str:
    return urlsplit(url).path

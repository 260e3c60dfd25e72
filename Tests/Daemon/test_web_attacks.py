"""Malicious input on connections, and the metrics. No XMPP server is needed for that."""

import re
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from harness.control import Control
from harness.daemon import Daemon
from harness.installation import Installation
from harness.ports import LOOPBACK, free_port
from harness.web import AUTHORITY, BASE, Browser, exchange


@pytest.fixture
def daemon(installation: Installation) -> Iterator[Daemon]:
    installation.configure(
        web={"listen": str(installation.web_socket), "base_url": BASE, "trusted_proxies": ["127.0.0.1"]},
        metrics={"listen": f"unix:{installation.directory / 'metrics.sock'}"})
    with Daemon(installation) as running:
        running.await_log("pages are served")
        running.await_log("metrics are served")
        yield running


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode()


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


HOST_FIELD = f"Host: {AUTHORITY}"


@pytest.mark.parametrize("request_bytes,status", [
    (head("GET / HTTP/1.1"), 400),
    (head("GET / HTTP/1.1", HOST_FIELD, HOST_FIELD), 400),
    (head("GET / HTTP/1.1", "Host: other.example", "Connection: close"), 421),
    (head("GET http://other.example/ HTTP/1.1", HOST_FIELD, "Connection: close"), 421),
    (head("BREW / HTTP/1.1", HOST_FIELD), 501),
    (head("TRACE /a.example/AAAAAAAAAAAA HTTP/1.1", HOST_FIELD, "Connection: close"), 405),
    (head("CONNECT example.com:443 HTTP/1.1", HOST_FIELD, "Connection: close"), 400),
    (head("PUT /a.example/AAAAAAAAAAAA HTTP/1.1", HOST_FIELD, "Connection: close"), 405),
    (head("GET / HTTP/2.0", HOST_FIELD), 505),
    (head("GET /" + "a" * 9000 + " HTTP/1.1", HOST_FIELD), 414),
    (head("GET / HTTP/1.1", HOST_FIELD, "A: " + "a" * 17000), 431),
    (head("GET / HTTP/1.1", HOST_FIELD, *(f"A{n}: b" for n in range(64))), 431),
    (head("POST / HTTP/1.1", HOST_FIELD, "Content-Length: 16385"), 413),
    (head("POST / HTTP/1.1", HOST_FIELD, "Transfer-Encoding: gzip"), 501),
    (head("POST / HTTP/1.1", HOST_FIELD, "Transfer-Encoding: chunked"), 411),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 501),
])
def test_each_has_its_status(daemon: Daemon, request_bytes: bytes, status: int) -> None:
    received = exchange(daemon.installation.web_socket, request_bytes)
    assert statuses(received) == [status]
    assert b"\r\nConnection: close\r\n" in received
    if status == 405:
        assert b"\r\nAllow: GET, HEAD\r\n" in received


SMUGGLED = head("GET /smuggled HTTP/1.1", HOST_FIELD)


@pytest.mark.parametrize("fields", [
    ["Content-Length: 0", "Transfer-Encoding: chunked"], ["Content-Length: 5", "Content-Length: 0"],
    ["Content-Length: 5, 5"], ["Content-Length : 5"], ["Transfer-Encoding : chunked"], ["Transfer-Encoding: xchunked"],
    ["Transfer-Encoding:\x0bchunked"], ["Transfer-Encoding: chunked", "Transfer-Encoding: x"], [" Transfer-Encoding: chunked"],
    ["X: y\r\n Content-Length: 5"], ["X: y\nContent-Length: 5"], ["X: y\rContent-Length: 5"], ["Content-Length: +5"],
    ["Content-Length: 0x5"], ["Content-Length: 5\x00"],
])
def test_no_request_hides_in_another(daemon: Daemon, fields: list[str]) -> None:
    """One refusal, and the connection ends: the bytes after it are not read."""
    data = head("POST /a.example/AAAAAAAAAAAA/register HTTP/1.1", HOST_FIELD, *fields) + b"0\r\n\r\n" + SMUGGLED
    received = statuses(exchange(daemon.installation.web_socket, data))
    assert len(received) == 1
    assert received[0] in (400, 411, 501)


def test_requests_may_follow_one_another(daemon: Daemon) -> None:
    one = head("GET /a.example/AAAAAAAAAAAA HTTP/1.1", HOST_FIELD)
    last = head("HEAD /a.example/AAAAAAAAAAAA HTTP/1.1", HOST_FIELD, "Connection: close")
    received = exchange(daemon.installation.web_socket, one * 5 + last)
    assert statuses(received) == [404] * 6
    assert received.count(b"Connection: close") == 1
    # HEAD has no body.
    assert received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("first,status", [
    (head("GET /a.example/AAAAAAAAAAAA HTTP/1.1", HOST_FIELD, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
          "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"), 404),
    (head("GET /a.example/AAAAAAAAAAAA HTTP/1.1", HOST_FIELD, "Connection: keep-alive, Upgrade", "Upgrade: websocket"), 404),
    (head("POST /a.example/AAAAAAAAAAAA/register HTTP/1.1", HOST_FIELD, "Connection: Upgrade", "Upgrade: h2c",
          "Content-Length: 3") + b"a=b", 415),
    (head("CONNECT example.com:443 HTTP/1.1", HOST_FIELD), 400),
])
def test_no_other_protocol_leaves_a_request_unread(daemon: Daemon, first: bytes, status: int) -> None:
    """It is answered in HTTP/1.1, and the connection ends at once: what follows is to be sent on another."""
    begun = time.monotonic()
    received = exchange(daemon.installation.web_socket, first + head("GET /a.example/AAAAAAAAAAAA HTTP/1.1", HOST_FIELD))
    assert statuses(received) == [status]
    assert b"\r\nConnection: close\r\n" in received
    # A request that is waited for has ten seconds.
    assert time.monotonic() - begun < 8


def test_slow_heads_end(daemon: Daemon) -> None:
    """A byte a second, as slowloris sends them, gains no time."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as slow:
        slow.connect(str(daemon.installation.web_socket))
        slow.settimeout(1)
        begun = time.monotonic()
        received = b""
        slow.sendall(b"GET / HTTP/1.1\r\n")
        while time.monotonic() - begun < 30:
            # The end may have come before this byte; the answer is there all the same.
            with suppress(BrokenPipeError, ConnectionResetError):
                slow.sendall(b"A")
            try:
                piece = slow.recv(4096)
            except TimeoutError:
                continue
            except ConnectionResetError:
                break
            if not piece:
                break
            received += piece
        assert 8 < time.monotonic() - begun < 25
        assert statuses(received) == [408]


def test_slow_bodies_end(daemon: Daemon) -> None:
    data = head("POST /a.example/AAAAAAAAAAAA/register HTTP/1.1", HOST_FIELD, "Content-Length: 5") + b"ab"
    begun = time.monotonic()
    assert statuses(exchange(daemon.installation.web_socket, data)) == [408]
    assert 12 < time.monotonic() - begun < 30


def test_idle_connections_are_bounded(daemon: Daemon) -> None:
    """Ten thousand say nothing; a browser is served all the same, and the daemon has files left."""
    wanted = 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted + 1_000), hard))
    try:
        with ExitStack() as open_ones:
            for number in range(min(wanted, min(hard, wanted + 1_000) - 500)):
                each = open_ones.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                each.connect(str(daemon.installation.web_socket))
                if number % 1_000 == 0:
                    assert Browser(daemon.installation.web_socket).get("/").status == 404
            assert Browser(daemon.installation.web_socket).get("/").status == 404
            assert metric(daemon, "invited_http_connections") <= 2_048
            with Control(daemon.installation.control_socket) as control:
                assert control.run(["status"]).code == "ok"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_address_has_so_many_connections(installation: Installation) -> None:
    """Unless it is a proxy's."""
    port = free_port()
    installation.configure(web={"listen": f"127.0.0.1:{port}", "base_url": BASE})
    with Daemon(installation) as daemon, ExitStack() as open_ones:
        daemon.await_log("pages are served")
        for _ in range(64):
            each = open_ones.enter_context(socket.create_connection((LOOPBACK, port), timeout=60))
            # One that was answered may stay for longer than one that has asked for nothing.
            each.sendall(head("GET / HTTP/1.1", HOST_FIELD))
            assert statuses(each.recv(65536)) == [404]
        with socket.create_connection((LOOPBACK, port), timeout=60) as one_more:
            one_more.sendall(head("GET / HTTP/1.1", HOST_FIELD))
            try:
                assert one_more.recv(65536) == b""
            except ConnectionResetError:
                pass


# Metrics


def fetch(daemon: Daemon, path: str) -> tuple[int, str]:
    received = exchange(
        daemon.installation.directory / "metrics.sock", head(f"GET {path} HTTP/1.1", "Host: x", "Connection: close"))
    top, _, body = received.decode().partition("\r\n\r\n")
    return statuses(top.encode())[0], body


def metric(daemon: Daemon, name: str) -> float:
    status, text = fetch(daemon, "/metrics")
    assert status == 200
    found = re.search(rf"(?m)^{re.escape(name)} (\S+)$", text)
    assert found, text
    return float(found[1])


def test_metrics_tell_numbers_and_no_secrets(daemon: Daemon) -> None:
    browser = Browser(daemon.installation.web_socket)
    assert browser.get("/a.example/SECRETTOKEN1").status == 404
    status, text = fetch(daemon, "/metrics")
    assert status == 200
    assert 'invited_hosts{state="running"} 2\n' in text
    assert re.search(r'(?m)^invited_http_requests_total\{page="landing",status="404"\} 1$', text)
    assert re.search(r'(?m)^invited_invites_total\{host="a.example"\} 0$', text)
    assert "SECRETTOKEN1" not in text and browser.address not in text
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? (\S+)', line), line
    assert fetch(daemon, "/other")[0] == 404


def test_health_is_that_of_the_connection(daemon: Daemon) -> None:
    """The scripted server has not answered the handshake."""
    status, text = fetch(daemon, "/health")
    assert status == 503
    assert text == "not connected to the server; 2 hosts, 0 refused\n"

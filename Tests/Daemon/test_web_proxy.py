"""The lines for reverse proxies that the README has, tried with them."""

import http.client
import itertools
import json
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.daemon import REPOSITORY, Daemon
from harness.installation import Installation
from harness.ports import LOOPBACK, await_listener, free_port
from harness.web import within_one_window

NAME = "invite.provider.example"


def readme_block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)
    assert found
    return found[1]


def replaced(block: str, *changes: tuple[str, str]) -> str:
    for before, after in changes:
        assert before in block
        block = block.replace(before, after)
    return block


def nginx(directory: Path, port: int, upstream: int) -> list[str]:
    """The README's server block, at another port and with another certificate, within what a process of one's own needs."""
    block = replaced(
        readme_block("nginx"),
        ("listen 443 ssl;", f"listen {LOOPBACK}:{port} ssl;"), ("127.0.0.1:8480", f"127.0.0.1:{upstream}"),
        (f"/etc/letsencrypt/live/{NAME}/fullchain.pem", f"{directory}/cert.pem"),
        (f"/etc/letsencrypt/live/{NAME}/privkey.pem", f"{directory}/key.pem"),
        ("/var/log/nginx/error.log", f"{directory}/server.log"))
    paths = "".join(f"{kind}_temp_path {directory}/{kind};\n" for kind in
                    ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    (directory / "nginx.conf").write_text(
        f"daemon off; pid {directory}/nginx.pid; error_log {directory}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{paths}{block}}}\n")
    return ["/usr/sbin/nginx", "-p", str(directory), "-c", str(directory / "nginx.conf")]


def caddy(directory: Path, port: int, upstream: int) -> list[str]:
    """The README's site, at another port, with another certificate and without what listens for Caddy's own."""
    block = replaced(
        readme_block("Caddyfile"),
        ("{\n    log {", "{\n    admin off\n    auto_https off\n    log {"),
        (f"{NAME} {{", f"https://{NAME}:{port} {{\n    bind {LOOPBACK}\n    tls {directory}/cert.pem {directory}/key.pem"),
        ("127.0.0.1:8480", f"127.0.0.1:{upstream}"))
    (directory / "Caddyfile").write_text(block)
    return ["/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", str(directory / "Caddyfile")]


@dataclass
class Proxy:
    port: int
    daemon: Daemon
    directory: Path
    process: subprocess.Popen[bytes]

    def get(self, path: str, source: str = LOOPBACK, **headers: str) -> http.client.HTTPResponse:
        context = ssl.create_default_context(cafile=self.directory / "cert.pem")
        connection = http.client.HTTPSConnection(NAME, self.port, timeout=60, context=context)
        # The name does not resolve here, but TLS has to send it.
        plain = socket.create_connection((LOOPBACK, self.port), 60, (source, 0))
        connection.sock = context.wrap_socket(plain, server_hostname=NAME)
        try:
            connection.request("GET", path, headers={"Host": NAME, **headers})
            response = connection.getresponse()
            response.read()
            return response
        finally:
            connection.close()

    def end(self) -> str:
        """Ends the proxy.

        Returns what it has logged."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        return (self.directory / "proxy.log").read_text() + "".join(
            path.read_text() for path in [self.directory / "error.log", self.directory / "server.log"] if path.exists())


@pytest.fixture(params=[nginx, caddy], ids=lambda kind: kind.__name__)
def proxy(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Proxy]:
    """A proxy that passes on to a daemon which believes it."""
    upstream, port = free_port(), free_port()
    directory = installation.directory
    installation.configure(web={"listen": f"127.0.0.1:{upstream}", "base_url": f"https://{NAME}/",
                                "trusted_proxies": ["127.0.0.1"]})
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-days", "2",
                    "-keyout", directory / "key.pem", "-out", directory / "cert.pem"], check=True, capture_output=True)
    kind: Callable[[Path, int, int], list[str]] = request.param
    command = kind(directory, port, upstream)
    with Daemon(installation) as daemon, (directory / "proxy.log").open("wb") as log:
        daemon.await_log("pages are served")
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={"PATH": os.environ["PATH"], "HOME": str(directory), "XDG_CONFIG_HOME": str(directory),
                 "XDG_DATA_HOME": str(directory)})
        proxy = Proxy(port, daemon, directory, process)
        try:
            await_listener(port, process)
            yield proxy
        finally:
            print(proxy.end())


def test_pages_are_there_behind_a_proxy(proxy: Proxy) -> None:
    response = proxy.get("/a.example/AAAAAAAAAAAA")
    assert response.status == 404
    assert response.headers["Content-Security-Policy"]
    assert response.headers["Strict-Transport-Security"]
    assert proxy.get("/a.example/%2e%2e/x").status == 400


def test_nobody_is_somebody_else_behind_a_proxy(proxy: Proxy) -> None:
    """Whatever address clients claim."""
    sources = (f"127.0.0.{number}" for number in itertools.count(2))

    def statuses(count: int) -> list[int]:
        source = next(sources)
        return [proxy.get(f"/a.example/AAAAAAAAAAAA{number:02}", source, **{
            "X-Forwarded-For": f"9.9.9.{number}", "Forwarded": f"for=8.8.8.{number}"}).status for number in range(count)]

    assert within_one_window(lambda: statuses(31)) == [404] * 30 + [429]
    assert statuses(1) == [404]


def test_a_proxy_that_is_not_trusted_is_named(proxy: Proxy, installation: Installation) -> None:
    """Once: all visitors count as one then."""
    message = "a proxy is not in trusted_proxies: all of its visitors count as one"
    assert proxy.get("/a.example/AAAAAAAAAAAA").status == 404
    assert proxy.daemon.logged(message) == 0
    web = json.loads(installation.configuration.read_text())["web"]
    installation.configure(web=web | {"trusted_proxies": []})
    proxy.daemon.reload()
    proxy.daemon.await_log("pages have other settings")
    for _ in range(3):
        assert proxy.get("/a.example/AAAAAAAAAAAA").status == 404
    assert proxy.daemon.await_log(message, address="127.0.0.1")
    assert proxy.daemon.logged(message) == 1


def test_no_token_is_in_what_a_proxy_logs(proxy: Proxy) -> None:
    """Neither from answered requests, nor from those made while the daemon was away."""
    token = "AAAAAAAAAAAAAAAAAAAA"
    assert proxy.get(f"/a.example/{token}").status == 404
    proxy.daemon.terminate()
    proxy.daemon.await_exit()
    assert proxy.get(f"/a.example/{token}").status == 502
    assert token not in proxy.end()

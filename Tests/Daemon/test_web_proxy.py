"""The lines for nginx that the README has, tried with it."""

import http.client
import re
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.daemon import REPOSITORY, Daemon
from harness.installation import Installation
from harness.ports import LOOPBACK, await_listener, free_port

NAME = "invite.provider.example"


def configuration(directory: Path, port: int, upstream: int) -> str:
    """The README's server block, at another port and with another certificate, within what a process of one's own needs."""
    found = re.search(r"```nginx\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)
    assert found
    block = found[1]
    for before, after in [
        ("listen 443 ssl;", f"listen {LOOPBACK}:{port} ssl;"), ("127.0.0.1:8480", f"127.0.0.1:{upstream}"),
        (f"/etc/letsencrypt/live/{NAME}/fullchain.pem", f"{directory}/cert.pem"),
        (f"/etc/letsencrypt/live/{NAME}/privkey.pem", f"{directory}/key.pem"),
    ]:
        assert before in block
        block = block.replace(before, after)
    paths = "".join(f"{kind}_temp_path {directory}/{kind};\n" for kind in
                    ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    return (f"daemon off; pid {directory}/nginx.pid; error_log {directory}/error.log;\nevents {{}}\n"
            f"http {{\n{paths}{block}}}\n")


@pytest.fixture
def proxy(installation: Installation) -> Iterator[int]:
    """The port at which nginx passes on to a daemon that says so is its proxy."""
    upstream, port = free_port(), free_port()
    directory = installation.directory
    installation.configure(web={"listen": f"127.0.0.1:{upstream}", "base_url": f"https://{NAME}/",
                                "trusted_proxies": ["127.0.0.1"]})
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", f"/CN={NAME}", "-days", "2", "-keyout", directory / "key.pem", "-out", directory / "cert.pem"],
                   check=True, capture_output=True)
    path = directory / "nginx.conf"
    path.write_text(configuration(directory, port, upstream))
    with Daemon(installation) as daemon:
        daemon.await_log("pages are served")
        process = subprocess.Popen(["/usr/sbin/nginx", "-p", str(directory), "-c", str(path)],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            await_listener(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(20)
            print(process.stderr.read().decode())


def get(port: int, path: str, **headers: str) -> http.client.HTTPResponse:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(LOOPBACK, port, timeout=20, context=context)
    try:
        connection.request("GET", path, headers={"Host": NAME, **headers})
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()


def test_pages_are_there_behind_nginx(proxy: int) -> None:
    response = get(proxy, "/a.example/AAAAAAAAAAAA")
    assert response.status == 404
    assert response.headers["Strict-Transport-Security"]
    assert response.headers["Content-Security-Policy"]
    assert get(proxy, "/a.example/%2e%2e/x").status == 400


def test_nobody_is_somebody_else_behind_nginx(proxy: int) -> None:
    """Whatever clients say of where they are."""
    statuses = [get(proxy, f"/a.example/AAAAAAAAAAAA{number:02}", **{
        "X-Forwarded-For": f"9.9.9.{number}", "Forwarded": f"for=8.8.8.{number}"}).status for number in range(31)]
    assert statuses == [404] * 30 + [429]

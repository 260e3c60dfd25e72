"""Pages and metrics at sockets that the service manager has bound (sd_listen_fds(3)), as with systemd/invited-web.socket."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from harness.control import Control
from harness.daemon import Daemon
from harness.installation import Installation
from harness.ports import LOOPBACK
from harness.wire import ScriptedServer

NAME = "invite.provider.example"
PAGE = "/a.example/AAAAAAAAAAAA"


@pytest.fixture
def sockets() -> Iterator[dict[str, socket.socket]]:
    with socket.socket(socket.AF_UNIX) as control, socket.create_server((LOOPBACK, 0)) as web, \
            socket.create_server((LOOPBACK, 0)) as metrics:
        yield {"web": web, "metrics": metrics, "control": control}


@pytest.fixture
def handed_over(installation: Installation, sockets: dict[str, socket.socket]) -> Installation:
    sockets["control"].bind(str(installation.directory / "handed.sock"))
    sockets["control"].listen()
    installation.configure(web={"base_url": f"https://{NAME}/"}, metrics={})
    return installation


def request(listener: socket.socket, path: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(LOOPBACK, listener.getsockname()[1], timeout=60)
    connection.request("GET", path, headers={"Host": NAME})
    return connection


def status(connection: http.client.HTTPConnection) -> int:
    with closing(connection):
        return connection.getresponse().status


def test_pages_and_metrics_are_served_at_what_is_handed_over(
    handed_over: Installation, server: ScriptedServer, sockets: dict[str, socket.socket]
) -> None:
    with Daemon(handed_over, listen_on=sockets) as daemon:
        server.connect()
        daemon.await_log("pages are served")
        assert status(request(sockets["web"], PAGE)) == 404
        daemon.await_log("metrics are served")
        assert status(request(sockets["metrics"], "/metrics")) == 200
        with Control(handed_over.directory / "handed.sock") as session:
            assert session.run("version").code == "ok"
            # Turned off and on again, while the service manager keeps the socket.
            handed_over.configure(web=None)
            assert session.run("config apply --yes").code == "ok"
            daemon.await_log("pages are off")
            handed_over.configure(web={"base_url": f"https://{NAME}/"})
            assert session.run("config apply --yes").code == "ok"
            assert status(request(sockets["web"], PAGE)) == 404


def test_who_comes_while_the_daemon_restarts_is_answered_by_the_next_one(
    handed_over: Installation, server: ScriptedServer, sockets: dict[str, socket.socket]
) -> None:
    with Daemon(handed_over, listen_on=sockets) as daemon:
        server.connect()
        daemon.await_log("pages are served")
        daemon.kill()
        waiting = request(sockets["web"], PAGE)
        with Daemon(handed_over, listen_on=sockets) as next_one:
            server.connect()
            next_one.await_log("pages are served")
            assert status(waiting) == 404


def test_no_pages_without_a_socket_or_an_address(
    handed_over: Installation, server: ScriptedServer, sockets: dict[str, socket.socket]
) -> None:
    del sockets["web"]
    with Daemon(handed_over, listen_on=sockets) as daemon:
        server.connect()
        daemon.await_ready()
        daemon.await_log(
            "pages are not served as configured", reason="`web` has no `listen`, and systemd hands over no socket named web")
        assert status(request(sockets["metrics"], "/metrics")) == 200

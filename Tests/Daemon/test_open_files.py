"""A daemon that may not open more files: its own trouble, and no host's."""

import os
import resource
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from harness.control import Control
from harness.daemon import Daemon, binary
from harness.installation import Installation
from harness.stanzas import INVITE, command, condition
from harness.ways import Delegated, ask
from harness.wire import ScriptedServer, Stream

HOSTS = [f"h{number}.example" for number in range(40)]
SHORTAGE = "too many files are open"
# What the daemon has open with a full socket and one database, and for a moment; each core has an event loop.
FEWEST = 36 + 3 * (os.cpu_count() or 1)


def knock(installation: Installation, most: int, stack: ExitStack) -> int:
    """Connect as often as the kernel takes it, and say nothing."""
    for number in range(most):
        connection = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        connection.setblocking(False)
        try:
            connection.connect(str(installation.control_socket))
        except BlockingIOError:
            return number
    return most


@contextmanager
def being(user: int | None) -> Iterator[None]:
    """Connections that are made meanwhile are that user's."""
    before = os.geteuid()
    if user is not None:
        os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(before)


def give(installation: Installation, user: int) -> None:
    """Lets the daemon run as that user."""
    reach = ["setpriv", "--reuid", str(user), "--clear-groups", "test", "-x", binary()]
    if os.geteuid() != 0 or subprocess.run(reach).returncode != 0:
        pytest.skip("takes root, and a daemon that others can run")
    for path in [installation.directory, *installation.directory.rglob("*")]:
        os.chown(path, user, -1)


# Root is admitted at once; the name of any other user is looked up first, which takes time and files.
@pytest.mark.parametrize("user", [None, 12345])
@pytest.mark.parametrize("more", [0, 6, 22, 86])
def test_connections_that_fill_the_socket_leave_files_for_disks(
        installation: Installation, server: ScriptedServer, more: int, user: int | None) -> None:
    files = FEWEST + more
    for host in HOSTS:
        installation.host(host)
    if user is not None:
        give(installation, user)
    with Daemon(installation, files=files, user=user and str(user)) as daemon, ExitStack() as stack:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as root:
            with being(user):
                assert knock(installation, 200, stack) > 128
            # It takes as many as it is going to, and serves all hosts meanwhile.
            for _ in range(2):
                assert {root.run(f"invite create account {host}").code for host in HOSTS} == {"ok"}
            assert daemon.open_files < files
            [status] = root.run("status").rows
            assert (status["running"], status["quarantined"]) == (len(HOSTS) + 2, 0)
        stack.close()
        # It has to notice that they have closed; then there is room.
        while True:
            session = Control(installation.control_socket, greeted=False)
            with session:
                if "hello" in session.message():
                    break
        assert daemon.logged(SHORTAGE) == 0
        daemon.await_log("few files may be open")
        assert daemon.logged("few files may be open") == 1


def await_first_snapshot(daemon: Daemon, installation: Installation) -> None:
    """What a start writes takes a file now and then, until all of it is written."""
    directory = installation.state_directory / "configuration"

    def is_writing() -> bool:
        links = Path(f"/proc/{daemon.process.pid}/fd")
        for link in links.iterdir():
            try:
                if os.readlink(link).startswith(str(directory)):
                    return True
            except FileNotFoundError:
                return True
        return False

    while not (directory / "record.json").exists() or is_writing():
        pass


def limit(daemon: Daemon, free: int) -> int:
    """One that leaves the daemon so many files: it is on their numbers."""
    number = 0
    while free:
        free -= not Path(f"/proc/{daemon.process.pid}/fd/{number}").is_symlink()
        number += 1
    return number


@contextmanager
def without_files(daemon: Daemon) -> Iterator[None]:
    """It may keep what it has open; two more are the runtime's, which it must leave alone."""
    pid = daemon.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit(daemon, free=2), before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def test_a_lack_of_files_is_no_hosts_trouble(
        installation: Installation, daemon: Daemon, stream: Stream, control: Control) -> None:
    await_first_snapshot(daemon, installation)
    with ExitStack() as stack:
        with without_files(daemon):
            for _ in range(3):
                for host in ("a.example", "b.example"):
                    answer = control.run(f"invite create account {host}")
                    assert answer.code == "host.overloaded", answer.end
                    assert "files" in str(answer.end["message"]), answer.end
            # One that arrives over XMPP is to be tried again.
            reply = ask(stream, Delegated("a.example"), "admin@a.example/desk", command(INVITE))
            assert condition(reply) == "resource-constraint"
            error = next(element for element in reply.iter() if element.tag.endswith("}error"))
            assert error.get("type") == "wait"
            [status] = control.run("status").rows
            assert (status["running"], status["quarantined"]) == (2, 0)
            assert "LimitNOFILE" in str(status["shortage"])

            # Connections that cannot be taken cost next to nothing.
            assert knock(installation, 20, stack) == 20
            before = daemon.processor_seconds
            control.run("top --interval 1 --looks 3")
            assert daemon.processor_seconds - before < 0.5
        # Taken as soon as there are files again.
        with Control(installation.control_socket) as late:
            assert late.run("invite create account a.example").code == "ok"
        assert control.run("invite create account b.example").code == "ok"
        daemon.await_log(SHORTAGE)
        assert daemon.logged(SHORTAGE) == 1
        assert daemon.logged("host quarantined") == 0


def test_an_idle_database_gives_its_files_to_one_that_is_needed(
        installation: Installation, daemon: Daemon, stream: Stream, control: Control) -> None:
    await_first_snapshot(daemon, installation)
    assert control.run("invite create account a.example").code == "ok"
    pid = daemon.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # More would do for a file, and not for a database.
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit(daemon, free=3), hard))
    for _ in range(3):
        assert control.run("invite create account b.example").code == "ok"
        assert control.run("invite create account a.example").code == "ok"
    assert daemon.logged(SHORTAGE) == 0

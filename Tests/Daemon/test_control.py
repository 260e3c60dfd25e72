"""The control socket: who is admitted, what is answered, and that no peer can harm the daemon."""

import json
import os
import socket
import stat
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from harness.control import OWN_NAME, Control
from harness.daemon import Daemon
from harness.installation import Installation
from harness.stanzas import INVITE, Invitation, command
from harness.waiting import TIMEOUT
from harness.ways import Delegated, ask
from harness.wire import ScriptedServer, Stream


def test_hello_comes_first(control: Control) -> None:
    assert control.hello["product"] == "invited"
    assert control.hello["role"] == "admin"
    assert control.hello["user"] == OWN_NAME
    assert control.hello["hosts"] is None
    assert len(str(control.hello["registry"])) == 16


def test_version(control: Control) -> None:
    rows, texts, events, end = control.run("version")
    assert rows == [{"version": control.hello["version"], "protocol": control.hello["protocol"],
                     "registry": control.hello["registry"]}]
    assert (texts, events) == ([], [])
    assert end["status"] == "ok"


def test_help(control: Control) -> None:
    overview = "\n".join(control.run("help").texts)
    assert "invite create account" in overview
    detail = "\n".join(control.run("help invite create account", width=80).texts)
    assert "usage: invite create account" in detail
    assert all(len(line) <= 80 for line in detail.splitlines())
    assert control.run("help nonsense").code == "usage.unknown-command"


def test_complete(control: Control) -> None:
    assert control.complete(["host", "sh"]) == ["show"]
    assert control.complete(["host", "show", ""]) == ["a.example", "b.example"]
    assert control.complete(["invite", "create", "contact", "alice@b"]) == ["alice@b.example"]


def test_several_requests_at_once_have_one_end_each(control: Control) -> None:
    ids = [control.begin(["version"]) for _ in range(5)]
    for identifier in reversed(ids):
        assert control.finish(identifier).code == "ok"


def test_plain_text(installation: Installation, stream: Stream) -> None:
    with Control(installation.control_socket) as session:
        session.send(b"version\n")
        assert f"you are {OWN_NAME}".encode() in session.until(b"\n")
        assert b"version" in session.until(b"invited> ")
        session.send(b"host show nowhere.example\r\n")
        answer = session.until(b"invited> ").decode()
        assert answer.startswith("error host.unknown: ")
        assert "\nhint: " in answer
        session.send(b"quit\n")
        assert session.is_closed()


def test_socat(installation: Installation, stream: Stream) -> None:
    """What a person has who has nothing else: lines in, lines out, and the end of the input ends it."""
    run = subprocess.run(
        ["socat", "-t", "60", "-", f"UNIX-CONNECT:{installation.control_socket}"],
        input=b"help version\nversion\nnonsense\n", capture_output=True, timeout=90, check=True)
    text = run.stdout.decode()
    assert text.index("usage: version") < text.index("error usage.unknown-command: ")
    assert text.count("invited> ") == 3


@pytest.mark.parametrize("said", [b"version", b"a", b"{", b'{"id":1,"argv":["version"]}', b"version\r"])
def test_the_last_line_needs_no_end(installation: Installation, stream: Stream, said: bytes) -> None:
    """As with `printf version | socat - UNIX-CONNECT:...`: the end of the input ends the line, too."""
    with Control(installation.control_socket) as session:
        session.send(said)
        session.socket.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: session.socket.recv(65536), b"")).decode()
    if b"version" in said:
        assert "registry" in answer
    else:
        assert ("usage.bad-request" if said == b"{" else "usage.unknown-command") in answer
    with Control(installation.control_socket) as session:
        assert session.run("version").code == "ok"


def test_typed_byte_by_byte(installation: Installation, stream: Stream) -> None:
    with Control(installation.control_socket) as session:
        for byte in b'{"id":1,"argv":["version"]}\n':
            session.send(bytes([byte]))
        assert session.finish(1).code == "ok"


# Who may


OTHERS = 12345


def as_user(uid: int, groups: list[int], body: Callable[[], object]) -> object:
    """What the body returns in a process of that user."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(groups)
            os.setgid(uid)
            os.setuid(uid)
            result = json.dumps({"result": body()})
        except BaseException as error:
            result = json.dumps({"error": repr(error)})
        os.write(writer, result.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = json.loads(pipe.read())
    os.waitpid(child, 0)
    assert "error" not in answer, answer["error"]
    return answer["result"]


@pytest.fixture
def open_directory(directory: Path) -> Path:
    """Others may go through, as through /run/invited."""
    directory.chmod(0o755)
    return directory


def set_roles(installation: Installation, *roles: dict[str, object]) -> None:
    settings = json.loads(installation.configuration.read_text())
    settings["shell"] = {"roles": list(roles)}
    installation.configuration.write_text(json.dumps(settings))


def first_words(installation: Installation) -> tuple[str, object]:
    with Control(installation.control_socket, greeted=False) as session:
        message = session.message()
        kind = next(key for key in ("hello", "end") if key in message)
        if kind == "end":
            assert session.is_closed()
        return kind, message[kind]


def test_who_has_no_role_is_turned_away(
        open_directory: Path, installation: Installation, stream: Stream) -> None:
    for _ in range(100):
        kind, end = as_user(OTHERS, [], lambda: first_words(installation))
        assert (kind, end["code"]) == ("end", "access.denied")
        assert "invited.yaml" in end["hint"]  # where to get a role
    with Control(installation.control_socket) as session:
        assert session.run("version").code == "ok"


def test_a_group_sees_its_hosts_and_nothing_else(
        open_directory: Path, installation: Installation, server: ScriptedServer) -> None:
    set_roles(installation, {"groups": ["54321"], "role": "operator", "hosts": ["a.example"]})
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()

        def look() -> object:
            with Control(installation.control_socket) as session:
                return [
                    session.hello["role"], session.hello["hosts"], session.complete(["host", "show", ""]),
                    [row["host"] for row in session.run("host list").rows], session.run("host show b.example").end,
                    session.run("host show c.example").end, session.run("log level debug").code,
                ]

        role, hosts, completed, listed, hidden, missing, level = as_user(OTHERS, [54321], look)
        assert (role, hosts, completed, listed) == ("operator", ["a.example"], ["a.example"], ["a.example"])
        assert json.dumps(hidden).replace("b.example", "c.example") == json.dumps(missing)
        assert level == "access.denied"
        assert as_user(OTHERS, [], lambda: first_words(installation))[0] == "end"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_role_ends_the_session(
        open_directory: Path, installation: Installation, server: ScriptedServer) -> None:
    set_roles(installation, {"users": [str(OTHERS)], "role": "viewer"})
    with Daemon(installation) as daemon, ThreadPoolExecutor(1) as pool:
        server.connect()
        daemon.await_ready()
        there_reader, there = os.pipe()

        def stay() -> object:
            with Control(installation.control_socket) as session, Control(installation.control_socket) as idle:
                request = session.begin(["log", "follow"])
                assert session.run("version").code == "ok"
                os.write(there, b"!")
                ends = [session.finish(request).code, session.message()["end"]["code"], idle.message()["end"]["code"]]
                assert session.is_closed() and idle.is_closed()
            return [ends, first_words(installation)[1]["role"]]

        with Control(installation.control_socket) as root:
            stayed = pool.submit(as_user, OTHERS, [], stay)
            assert os.read(there_reader, 1) == b"!"
            set_roles(installation, {"users": [str(OTHERS)], "role": "operator", "hosts": ["b.example"]})
            daemon.reload()
            ends, role = stayed.result(120)
            assert root.run("version").code == "ok"
        os.close(there_reader)
        os.close(there)
        assert ends == ["access.denied"] * 3
        assert role == "operator"


def test_a_session_costs_no_more_than_a_few_requests(
        daemon: Daemon, stream: Stream, installation: Installation) -> None:
    """What is sent to every session is computed once, not for each: the hash of all commands took as long as thirty commands."""
    def used(count: int, do: Callable[[], object]) -> float:
        before = daemon.processor_seconds
        for _ in range(count):
            do()
        return daemon.processor_seconds - before

    def session() -> None:
        with Control(installation.control_socket):
            pass

    with Control(installation.control_socket) as control:
        control.run("version")
        requests = used(500, lambda: control.run("version"))
    session()
    # The clock's tick is 10 ms.
    assert used(500, session) < 10 * requests + 0.05


def test_a_user_has_a_share_of_the_sessions(
        open_directory: Path, installation: Installation, server: ScriptedServer) -> None:
    set_roles(installation, {"users": [str(OTHERS)], "role": "admin", "hosts": ["a.example"]})
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()

        def crowd() -> object:
            sessions = [Control(installation.control_socket, greeted=False) for _ in range(200)]
            return ["hello" if "hello" in session.message() else "refused" for session in sessions]

        words = as_user(OTHERS, [], crowd)
        assert words.count("hello") == 16
        with Control(installation.control_socket) as session:
            assert session.run("version").code == "ok"


# Hostile clients


def test_the_daemon_serves_invitations_all_the_while(
        installation: Installation, daemon: Daemon, stream: Stream) -> None:
    path = installation.control_socket
    with ExitStack() as sessions:
        def attack(data: bytes = b"", *, waits: bool = False) -> Control:
            session = sessions.enter_context(Control(path))
            session.socket.settimeout(TIMEOUT if waits else 0)
            try:
                while data:
                    data = data[session.socket.send(data):]
            except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                # It takes no more, which is its right.
                pass
            session.socket.settimeout(TIMEOUT)
            return session

        flood = b"".join(b'{"id":%d,"argv":["help"]}\n' % number for number in range(1, 200_000))
        attackers = [
            attack(b"a" * (1 << 20), waits=True),
            attack(b'{"id":1,"argv":["' + b"a" * (1 << 20), waits=True),
            attack(b'{"id":1,"argv":["ver'),
            attack(b"\xff\xfe\x00\x01\n" * 100_000),
            attack(b"{\xff\xfe\n" * 100_000),
            attack(b"[" * 250_000 + b"\n"),
            attack(b'{"a":' * 50_000 + b"\n"),
            attack(b'{"id":' + b"9" * 100_000 + b',"argv":["version"]}\n'),
            attack(b"\x00" * 1_000_000),
            attack(b"\n" * 1_000_000),
            attack(flood), attack(flood), attack(),
        ]
        before = daemon.resident_bytes
        crowd = [sessions.enter_context(Control(path, greeted=False)) for _ in range(200)]
        words = [json.loads(session.line() or b"null") for session in crowd]
        assert all("hello" in word or word["end"]["code"] == "access.too-many-sessions" for word in words)
        assert sum("hello" in word for word in words) <= 64 - 5

        for number in range(50):
            Invitation.of(ask(stream, Delegated("a.example"), f"user{number}@a.example/phone", command(INVITE)))
        assert daemon.resident_bytes - before < 64 << 20

        # Who sent half a request can still send the other half.
        attackers[2].send(b'sion"]}\n')
        assert attackers[2].finish(1).code == "ok"
        assert attackers[1].message()["end"]["code"] == "usage.too-long"
        assert attackers[1].is_closed()


def test_very_many_requests_have_an_end_each(installation: Installation, stream: Stream) -> None:
    count = 1_000_000
    with Control(installation.control_socket) as session:
        def send() -> None:
            for start in range(1, count, 1000):
                session.send(b"".join(b'{"id":%d,"argv":["x"]}\n' % number for number in range(start, start + 1000)))

        sender = threading.Thread(target=send)
        sender.start()
        ends = set()
        while len(ends) < count:
            message = session.message()
            assert message["end"]["code"] in ("usage.unknown-command", "access.too-many-commands")
            assert message["id"] not in ends
            ends.add(message["id"])
        sender.join()
        assert session.run("version").code == "ok"


def test_answers_that_are_not_read_are_not_held(directory: Path, server: ScriptedServer) -> None:
    """Rows are made as they are taken: sixteen sessions ask eight times each for a list that they do not read."""
    installation = Installation(directory, server.port)
    for number in range(5000):
        installation.host(f"h{number}.example")
    with Daemon(installation) as daemon, ExitStack() as stack:
        server.connect()
        daemon.await_ready()
        before = daemon.resident_bytes
        for _ in range(16):
            session = stack.enter_context(Control(installation.control_socket))
            begun = {session.begin(["host", "list"]) for _ in range(8)}
            # A row of each shows that it has begun.
            while begun:
                begun.discard(session.message()["id"])
        assert daemon.resident_bytes - before < 20 << 20


def test_a_reader_that_never_reads_keeps_nothing_from_ending(
        installation: Installation, server: ScriptedServer) -> None:
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as deaf, Control(installation.control_socket) as idle:
            deaf.socket.setblocking(False)
            with suppress(BlockingIOError):
                while True:
                    deaf.send(b'{"id":1,"argv":["help"]}\n' * 100)
            daemon.terminate()
            assert idle.message()["end"]["code"] == "daemon.shutting-down"
            assert idle.is_closed()
            assert daemon.await_exit() == 0
    assert not installation.control_socket.exists()


def test_a_running_command_is_told_that_the_daemon_ends(
        installation: Installation, server: ScriptedServer) -> None:
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as session:
            request = session.begin(["log", "follow"])
            # It runs when the next has its end: requests are begun in order.
            assert session.run("version").code == "ok"
            daemon.terminate()
            assert session.finish(request).code == "daemon.shutting-down"
            assert session.message() == {"id": 0, "end": {
                "status": "failed", "code": "daemon.shutting-down", "message": "the daemon is ending"}}
            assert session.is_closed()
        assert daemon.await_exit() == 0


# The socket itself


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_socket_left_by_a_killed_daemon_is_replaced(installation: Installation, server: ScriptedServer) -> None:
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        assert mode(installation.control_socket) == 0o666
        daemon.kill()
    assert installation.control_socket.is_socket()
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as session:
            assert session.run("version").code == "ok"
    assert not installation.control_socket.exists()


def test_without_its_socket_the_daemon_serves_all_the_same(installation: Installation, server: ScriptedServer) -> None:
    installation.control_socket.write_text("precious")
    with Daemon(installation) as daemon:
        stream = server.connect()
        daemon.await_ready()
        assert "is not a socket" in str(daemon.await_log("no control socket").fields["reason"])
        Invitation.of(ask(stream, Delegated("a.example"), "alice@a.example/phone", command(INVITE)))
    assert installation.control_socket.read_text() == "precious"


def test_the_service_manager_hands_the_socket_over(installation: Installation, server: ScriptedServer) -> None:
    handed = installation.directory / "handed.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(handed))
        listener.listen()
        inode = handed.stat().st_ino
        with Daemon(installation, listen_on=listener) as daemon:
            server.connect()
            daemon.await_ready()
            with Control(handed) as session:
                assert session.run("version").code == "ok"
            assert not installation.control_socket.exists()
    assert handed.stat().st_ino == inode, "the service manager's socket is not the daemon's to remove"


def test_what_is_handed_over_must_be_a_listening_socket(installation: Installation, server: ScriptedServer) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        with Daemon(installation, listen_on=listener) as daemon:
            server.connect()
            daemon.await_ready()
            assert "listens" in str(daemon.await_log("no control socket").fields["reason"])

"""Commands that go with a file: `host backup` and `host restore`."""

import base64
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pexpect
import pytest
from conftest import Run, Spawn, binary, type_line
from fake_daemon import TIMEOUT, Call, FakeDaemon, failed

# More than a pipe holds, and every byte.
FILE = bytes(range(256)) * 2000


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def sending(daemon: FakeDaemon) -> FakeDaemon:
    def answer(call: Call) -> None:
        for start in range(0, len(FILE), 50_000):
            call.say(data=encoded(FILE[start:start + 50_000]))
        call.row(host="a.example", invites=3, bytes=len(FILE), made="2026-11-22T19:06:10Z")
        call.end()

    daemon.on("host backup a.example", answer)
    return daemon


def client(environment: dict[str, str], *words: str, **arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([binary(), *words], env=environment, timeout=TIMEOUT, **arguments)


def test_to_standard_output(sending: FakeDaemon, environment: dict[str, str]) -> None:
    for options in ([], ["--json"]):
        result = client(environment, *options, "host", "backup", "a.example", capture_output=True)
        assert (result.returncode, result.stdout) == (0, FILE)
        assert b"a.example" in result.stderr


def test_to_a_file(sending: FakeDaemon, run: Run, directory: Path) -> None:
    path = directory / "copy"
    path.write_bytes(b"old")
    link = directory / "link"
    link.symlink_to("copy")
    for name in (path, link):
        result = run("host", "backup", "a.example", "--output", str(name))
        assert result.returncode == 0, result.stderr
        assert "500 KiB" in result.stdout and result.stderr == ""
        assert path.read_bytes() == FILE and path.stat().st_mode & 0o777 == 0o600
        path.unlink()
        path.write_bytes(b"old")
    assert link.is_symlink()
    assert sorted(entry.name for entry in directory.iterdir() if entry.name.startswith("copy")) == ["copy"]


def test_what_is_no_regular_file_is_not_replaced(sending: FakeDaemon, run: Run, directory: Path) -> None:
    os.mkfifo(directory / "fifo")
    for name in ("/dev/null", str(directory), str(directory / "fifo"), "/dev/fd/1"):
        result = run("host", "backup", "a.example", "--output", name)
        assert (result.returncode, "is not a regular file" in result.stderr) == (2, True), result.stderr
    assert not Path("/dev/null").is_file()
    assert run("host", "backup", "a.example", "--output", str(directory / "no" / "copy")).returncode == 1


@pytest.mark.parametrize("how", ["short", "failed", "closed", "not base64"])
def test_what_is_not_whole_does_not_come_to_its_place(
        daemon: FakeDaemon, run: Run, environment: dict[str, str], directory: Path, how: str) -> None:
    def answer(call: Call) -> None:
        call.say(data="!" if how == "not base64" else encoded(FILE[:1000]))
        if how == "closed":
            return call.session.connection.shutdown(socket.SHUT_RDWR)
        if how == "failed":
            return call.end(failed("backup.io", "the disk is full"))
        call.row(host="a.example", invites=3, bytes=len(FILE), made="2026-11-22T19:06:10Z")
        call.end()

    daemon.on("host backup a.example", answer)
    path = directory / "copy"
    path.write_bytes(b"old")
    result = run("host", "backup", "a.example", "--output", str(path))
    assert result.returncode == (3 if how == "closed" else 1), result.stderr
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in directory.iterdir() if entry.name.startswith("copy")] == ["copy"]
    result = client(environment, "host", "backup", "a.example", capture_output=True)
    assert result.returncode == (3 if how == "closed" else 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_part_of_the_file(
        daemon: FakeDaemon, environment: dict[str, str], directory: Path, number: signal.Signals) -> None:
    begun = threading.Event()

    def answer(call: Call) -> None:
        call.say(data=encoded(FILE[:1000]))
        begun.set()
        call.next("cancel")
        call.end(failed("cancelled", "ended before it was done"))

    daemon.on("host backup a.example", answer)
    path = directory / "copy"
    process = subprocess.Popen([binary(), "host", "backup", "a.example", "--output", str(path)], env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert begun.wait(TIMEOUT)
    while not any(entry.stat().st_size for entry in directory.glob("copy*")):
        assert process.poll() is None
    process.send_signal(number)
    assert process.wait(TIMEOUT) == 128 + number
    process.communicate()
    assert list(directory.glob("copy*")) == []


def test_a_full_disk_and_a_reader_that_goes(sending: FakeDaemon, environment: dict[str, str]) -> None:
    with open("/dev/full", "wb") as full:
        result = client(environment, "host", "backup", "a.example", stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 1 and b"No space left on device" in result.stderr
    line = '"$@" | head -c 10 > /dev/null; echo "status ${PIPESTATUS[0]}"'
    result = subprocess.run(["/bin/bash", "-c", line, "bash", binary(), "host", "backup", "a.example"],
                            env=environment, capture_output=True, timeout=TIMEOUT)
    assert result.stdout == b"status 1\n"


def test_a_terminal_is_not_written_to(sending: FakeDaemon, spawn: Spawn, repl: pexpect.spawn, directory: Path) -> None:
    terminal = spawn("host", "backup", "a.example")
    terminal.expect_exact("a terminal cannot show this file (usage.bad-argument)")
    terminal.expect_exact("hint: `--output FILE`")
    terminal.expect(pexpect.EOF)
    assert "a terminal cannot show this file" in type_line(repl, "host backup a.example")
    type_line(repl, f"host backup a.example --output {directory}/copy")
    assert (directory / "copy").read_bytes() == FILE


def test_options_are_for_their_commands(run: Run) -> None:
    for words in (["host", "list", "--output", "x"], ["host", "backup", "a.example", "--input", "x"],
                  ["--output", "x"], ["host", "restore", "a.example", "--output", "x"]):
        result = run(*words)
        assert result.returncode == 2 and "is for `host" in result.stderr, result.stderr


# Sending


@pytest.fixture
def taking(daemon: FakeDaemon) -> FakeDaemon:
    def answer(call: Call) -> None:
        taken = b""
        while True:
            text = call.ask(kind="data", most=30_000)
            if text is None:
                return call.end(failed("backup.invalid", "it did not come to its end"))
            piece = base64.b64decode(text, validate=True)
            assert len(piece) <= 30_000
            if not piece:
                break
            taken += piece
        call.row(host="a.example", invites=len(taken), expired=0)
        call.end() if taken == FILE else call.end(failed("backup.invalid", f"{len(taken)} bytes"))

    daemon.on("host restore a.example --yes", answer)
    return daemon


def test_from_a_file_and_from_standard_input(
        taking: FakeDaemon, run: Run, environment: dict[str, str], directory: Path) -> None:
    (directory / "copy").write_bytes(FILE)
    result = run("host", "restore", "a.example", "--yes", "--input", str(directory / "copy"))
    assert result.returncode == 0, result.stderr
    assert client(environment, "host", "restore", "a.example", "--yes", input=FILE, capture_output=True).returncode == 0
    assert client(environment, "host", "restore", "a.example", "--yes", input=b"", capture_output=True).returncode == 1


def test_files_that_cannot_be_read(taking: FakeDaemon, run: Run, spawn: Spawn, directory: Path) -> None:
    result = run("host", "restore", "a.example", "--yes", "--input", str(directory / "nothing"))
    assert result.returncode == 2 and "No such file" in result.stderr
    assert run("host", "restore", "a.example", "--yes", "--input", str(directory)).returncode == 1
    terminal = spawn("host", "restore", "a.example", "--yes")
    terminal.expect_exact("hint: `--input FILE` names one")
    terminal.expect(pexpect.EOF)


def test_in_a_script(taking: FakeDaemon, run: Run, directory: Path) -> None:
    """Standard input has the commands, and no file."""
    assert run("-", input="host restore a.example --yes\n").returncode == 2
    (directory / "copy").write_bytes(FILE)
    result = run("-", input=f"host restore a.example --yes --input {directory}/copy\n")
    assert result.returncode == 0, result.stderr


def test_interrupted_while_it_waits_for_the_file(daemon: FakeDaemon, environment: dict[str, str]) -> None:
    asked = threading.Event()

    def answer(call: Call) -> None:
        call.say(ask={"kind": "data", "most": 1000})
        asked.set()
        call.next("cancel")
        call.end(failed("cancelled", "ended before it was done"))

    daemon.on("host restore a.example --yes", answer)
    process = subprocess.Popen([binary(), "host", "restore", "a.example", "--yes"], env=environment,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert asked.wait(TIMEOUT)
    process.send_signal(signal.SIGINT)
    # Its input stays open.
    assert process.wait(TIMEOUT) == 130
    process.communicate()


def test_what_is_asked_after_an_interrupt_is_not_waited_for(daemon: FakeDaemon, environment: dict[str, str]) -> None:
    """The question was already sent when Ctrl-C was pressed."""
    begun = threading.Event()

    def answer(call: Call) -> None:
        begun.set()
        call.next("cancel")
        call.say(ask={"kind": "data", "most": 1000})
        call.end(failed("cancelled", "ended before it was done"))

    daemon.on("host restore a.example --yes", answer)
    process = subprocess.Popen([binary(), "host", "restore", "a.example", "--yes"], env=environment,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert begun.wait(TIMEOUT)
        process.send_signal(signal.SIGINT)
        # Its input stays open.
        assert process.wait(TIMEOUT) == 130
    finally:
        process.kill()
        process.communicate()

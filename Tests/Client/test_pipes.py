"""What is at the other ends of a command: pipes, full disks, and nothing at all."""

import fcntl
import re
import select
import signal
import struct
import subprocess
import termios
from pathlib import Path

import pytest
from conftest import binary
from fake_daemon import TIMEOUT, Call, FakeDaemon, failed

HOST = {"host": "example.com", "state": "running", "requests": 1234, "invites": 411, "waiting": 0, "overrides": 0}


def head(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """The first line of what a command shows, and `PIPESTATUS`."""
    line = '"$@" | head -n 1; echo "status ${PIPESTATUS[0]}"'
    return subprocess.run(
        ["/bin/bash", "-c", line, "bash", binary(), *words], env=environment, text=True, capture_output=True,
        timeout=TIMEOUT)


def test_a_reader_that_has_had_enough(daemon: FakeDaemon, environment: dict[str, str]) -> None:
    daemon.on_rows("host list", *[HOST | {"host": f"h{n}.example"} for n in range(5000)])
    result = head(environment, "host", "list")
    assert result.stdout.splitlines()[1:] == ["status 0"]
    assert result.stderr == ""


def test_a_stream_ends_when_its_reader_has(daemon: FakeDaemon, environment: dict[str, str]) -> None:
    def answer(call: Call) -> None:
        while call.inbox.empty():
            call.event(message="x" * 10_000)
        call.next("cancel")
        call.end(failed("cancelled"))

    daemon.on("log follow", answer)
    result = head(environment, "log", "follow")
    assert result.stdout.splitlines()[1:] == ["status 0"]
    assert result.stderr == ""


def test_a_full_disk_is_a_failure(daemon: FakeDaemon, environment: dict[str, str]) -> None:
    daemon.on_rows("host list", HOST)
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [binary(), "host", "list"], env=environment, stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1
    assert "No space left on device" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGWINCH, signal.SIGCONT, signal.SIGINT])
def test_what_waits_for_its_reader(
    daemon: FakeDaemon, environment: dict[str, str], number: signal.Signals
) -> None:
    """As in `invitectl stats | less`, when the terminal gets another size or Ctrl-Z and `fg` come."""
    daemon.on_rows("stats", *[{"host": f"h{number:05}.example", "requests": number} for number in range(3_000)])
    with subprocess.Popen([binary(), "stats"], env=environment, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        while waiting(client.stdout.fileno()) < 60_000:
            assert client.poll() is None
            select.select([], [], [], 0.01)
        client.send_signal(number)
        while client.poll() is None and (number == signal.SIGINT or is_pending(number, client.pid)):
            select.select([], [], [], 0.01)
        lines = client.stdout.read().splitlines()
    if number == signal.SIGINT:
        assert client.returncode == 130 and len(lines) < 3_001
    else:
        assert client.returncode == 0 and len(lines) == 3_001


def waiting(descriptor: int) -> int:
    """How many bytes wait to be read."""
    return struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))[0]


def is_pending(number: signal.Signals, pid: int) -> bool:
    """Whether a process has not taken a signal yet."""
    status = Path(f"/proc/{pid}/status").read_text()
    pending = re.search(r"^ShdPnd:\s*(\w+)", status, re.M)
    return pending is not None and bool(int(pending[1], 16) & 1 << number - 1)


def test_a_closed_output_is_an_error(daemon: FakeDaemon, environment: dict[str, str]) -> None:
    daemon.on_rows("host list", HOST)
    result = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" host list >&-', binary()], env=environment, text=True, capture_output=True,
        timeout=TIMEOUT)
    assert result.returncode == 1
    assert result.stderr == "invitectl: standard output: Bad file descriptor\n"


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_other_closed_ends_do_no_harm(daemon: FakeDaemon, environment: dict[str, str], closed: str) -> None:
    daemon.on_rows("host list", HOST)
    result = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" host list {closed}', binary()], env=environment, text=True,
        capture_output=True, timeout=TIMEOUT)
    assert result.returncode == 0
    assert result.stdout.startswith("HOST ")

"""Fixtures that every file shares. The interpreter is the system's: /usr/bin/python3 -m pytest Tests/Client"""

import os
import queue
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from fake_daemon import TIMEOUT, FakeDaemon

REPOSITORY = Path(__file__).resolve().parents[2]
PROMPT = "invited> "


def binary() -> str:
    return os.environ.get("INVITECTL", str(REPOSITORY / ".build" / "debug" / "invitectl"))


def pytest_sessionstart(session: pytest.Session) -> None:
    if not os.access(binary(), os.X_OK):
        pytest.exit(f"there is no client at {binary()}: build it, or name it in $INVITECTL", returncode=2)


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory of the test's own, with a path short enough for Unix sockets."""
    path = Path(tempfile.mkdtemp(prefix="invitectl-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def daemon(directory: Path) -> Iterator[FakeDaemon]:
    running = FakeDaemon(directory / "socket")
    yield running
    running.stop()


@pytest.fixture
def environment(directory: Path) -> dict[str, str]:
    """Nothing of the user who runs the tests, above all not their history."""
    return {
        "PATH": os.environ["PATH"], "HOME": str(directory), "XDG_STATE_HOME": str(directory / "state"),
        "TMPDIR": str(directory), "LC_ALL": "C.UTF-8", "TERM": "xterm", "NO_COLOR": "1",
        "INVITED_SOCKET": str(directory / "socket"),
    }


Run = Callable[..., subprocess.CompletedProcess[str]]
Spawn = Callable[..., pexpect.spawn]


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs the client without a terminal."""

    def run(*words: str, input: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary(), *words], env=environment | changes, input=input, text=True, capture_output=True, timeout=TIMEOUT)

    return run


@pytest.fixture
def spawn(environment: dict[str, str]) -> Iterator[Spawn]:
    """Starts the client in a terminal of its own, of 24 rows and 80 columns by default."""
    children: list[pexpect.spawn] = []

    def spawn(*words: str, columns: int = 80, rows: int = 24, **changes: str) -> pexpect.spawn:
        child = pexpect.spawn(
            binary(), list(words), env=environment | changes, encoding="utf-8", timeout=TIMEOUT,
            dimensions=(rows, columns))
        child.delaybeforesend = None
        children.append(child)
        return child

    yield spawn
    for child in children:
        child.close(force=True)


@pytest.fixture
def complete(daemon: FakeDaemon, run: Run) -> Run:
    """Asks what the last word may become. The daemon has a second for that, which on a busy machine is not always enough: what took
    longer is asked again."""

    def complete(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        for _ in range(10):
            daemon.received = queue.Queue()
            begun = time.monotonic()
            result = run("--complete", "--", *words, **changes)
            if time.monotonic() - begun < 1:
                break
        return result

    return complete


def prompt(spawn: Spawn) -> pexpect.spawn:
    """The client at its prompt."""
    child = spawn()
    child.expect_exact(PROMPT)
    return child


@pytest.fixture
def repl(spawn: Spawn, daemon: FakeDaemon) -> pexpect.spawn:
    return prompt(spawn)


def in_time(test: Callable[[pexpect.spawn, FakeDaemon], None]) -> Callable[[Spawn, FakeDaemon], None]:
    """For a test of what Tab shows, which the client waits a second for. On a busy machine that is not always enough: the client then
    tells the daemon so, and what failed is tried once more, at another prompt."""

    def tried(spawn: Spawn, daemon: FakeDaemon) -> None:
        for _ in range(4):
            try:
                return test(prompt(spawn), daemon)
            except (AssertionError, pexpect.TIMEOUT, queue.Empty):
                if not daemon.late.wait(1):
                    raise
            daemon.late.clear()
            daemon.received = queue.Queue()
        test(prompt(spawn), daemon)

    tried.__name__, tried.__doc__ = test.__name__, test.__doc__
    return tried


def type_line(child: pexpect.spawn, line: str) -> str:
    """Types a line, and returns what is shown until the next prompt."""
    child.send(line + "\r")
    child.expect_exact(PROMPT)
    return child.before

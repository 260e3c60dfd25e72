"""Ports and waiting on loopback."""

import fcntl
import functools
import os
import random
import select
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port that no process listens on. For servers that cannot choose a free port and report it. It is below the range from which the
    system takes ports for connections: one of those would have it before the server does. It is never given twice, also not to another
    run of tests on this machine, so that a server finds it free when it is started again."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, random.randrange(10_000, lowest) if lowest > 12_000 else 0))
            except OSError:
                continue
            port = probe.getsockname()[1]
            if port not in _given and _is_ours(port):
                _given.add(port)
                return port


_given: set[int] = set()


@functools.cache
def _locks() -> BinaryIO:
    """A file of which each byte stands for a port."""
    path = Path(tempfile.gettempdir(), f"invited-ports-{os.getuid()}")
    return path.open("ab")


def _is_ours(port: int) -> bool:
    """Whether no other run of tests has it. The system takes the lock back when this process ends."""
    try:
        fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


def await_listener(port: int, process: subprocess.Popen[bytes], timeout: float = 120) -> None:
    """Return when something accepts on `port`; fail when `process` ends before that."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
            return
        except OSError:
            # There is no event to wait for before a listener exists: the end of its process or the deadline ends the wait.
            try:
                process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"nothing listens on port {port} after {timeout} s") from None
            else:
                raise RuntimeError(f"{process.args[0]} ended with code {process.returncode} before it listened")


def unprivileged(user: str) -> dict[str, object]:
    """`subprocess.Popen` arguments that drop root's rights; empty for other users, who have none to drop."""
    return {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}


class Announcement:
    """A port to which a server that is being started connects once when it is ready."""

    def __init__(self) -> None:
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]

    def wait(self, process: subprocess.Popen[bytes] | None = None, timeout: float = 120) -> None:
        """Fails when `process` ends before that."""
        deadline = time.monotonic() + timeout
        with self._listener:
            while not select.select([self._listener], [], [], 0.2)[0]:
                if process is not None and process.poll() is not None:
                    raise RuntimeError(f"{process.args[0]} ended with code {process.returncode} before it was ready")
                if time.monotonic() > deadline:
                    raise TimeoutError(f"not ready after {timeout} s")
            self._listener.accept()[0].close()

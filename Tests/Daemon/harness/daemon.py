"""The daemon as a process: started, listened to, signalled and always ended by its own pid."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .installation import Installation
from .waiting import TIMEOUT
from .wire import server_at

REPOSITORY = Path(__file__).resolve().parents[3]
# Each step of its end takes ten seconds at most, by its own clock.
SHUTDOWN_BOUND = 60.0


def binary() -> str:
    return os.environ.get("INVITED", str(REPOSITORY / ".build" / "debug" / "invited"))


def as_oneself() -> list[str]:
    """Keeps `check` from becoming the user `invited`, who may exist on the machine and cannot read the test's files."""
    return ["--user", "root"] if os.geteuid() == 0 else []


@dataclass(frozen=True)
class LogLine:
    """One line of the daemon's log. `index` counts from 0 over the life of the process."""

    index: int
    message: str
    level: str
    fields: dict[str, object] = field(hash=False)


class Feed:
    """Lines that arrive on another thread and are waited for on this one."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False

    def append(self, line: str) -> None:
        with self._changed:
            self._lines.append(line)
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def lines(self) -> list[str]:
        with self._changed:
            return list(self._lines)

    def await_line(self, matches: Callable[[str], bool], after: int, timeout: float) -> tuple[int, str] | None:
        """The first line past index `after` that matches; None when the time is over or no more lines can be written."""
        deadline = time.monotonic() + timeout
        index = after + 1
        with self._changed:
            while True:
                while index < len(self._lines):
                    if matches(self._lines[index]):
                        return index, self._lines[index]
                    index += 1
                remaining = deadline - time.monotonic()
                if self._ended or remaining <= 0:
                    return None
                self._changed.wait(remaining)


class Daemon:
    """`invited run`, with its log and its notifications to the service manager.

    As a context manager it is ended on the way out, must then leave with code 0, and must not have written its secret
    into the log."""

    def __init__(self, installation: Installation, *, environment: dict[str, str] | None = None,
                 listen_on: socket.socket | dict[str, socket.socket] | None = None, files: int | None = None,
                 user: str | None = None) -> None:
        """`listen_on` is handed over as the service manager does it (sd_listen_fds(3)): sockets by their names, or the one
        named `control`; `files` is how many files it may have open; `user` whose process it is, which takes root."""
        self.installation = installation
        self._listen_on = {"control": listen_on} if isinstance(listen_on, socket.socket) else listen_on or {}
        self._files = files
        self._user = user
        self._environment = environment or {}
        self._log = Feed()
        self._notifications = Feed()
        self._process: subprocess.Popen[bytes] | None = None
        self._threads: list[threading.Thread] = []
        self._end_was_expected = False
        self._notify_path = installation.directory / "notify.sock"
        self._notify_socket: socket.socket | None = None

    # Life

    def start(self) -> "Daemon":
        self._notify_path.unlink(missing_ok=True)
        self._notify_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify_socket.bind(str(self._notify_path))
        command = [binary(), "run", "--config", str(self.installation.configuration), "--log-format", "json"]
        if self._files is not None:
            command = ["/usr/bin/prlimit", f"--nofile={self._files}:{self._files}", *command]
        if self._user is not None:
            os.chmod(self._notify_path, 0o777)
            command = ["/usr/bin/setpriv", "--reuid", self._user, "--clear-groups", *command]
        # Above all that are handed over, so that none is overwritten before it is duplicated.
        handed_over = [fcntl.fcntl(listener, fcntl.F_DUPFD, 3 + len(self._listen_on)) for listener in self._listen_on.values()]
        if handed_over:
            # The shell becomes the daemon, and so knows its pid beforehand.
            places = " ".join(f"{3 + index}<&{number} {number}<&-" for index, number in enumerate(handed_over))
            command = ["/bin/bash", "-c", f"export LISTEN_PID=$$ LISTEN_FDS={len(handed_over)} "
                       f"LISTEN_FDNAMES={':'.join(self._listen_on)}; exec \"$@\" {places}", "bash", *command]
        self._process = subprocess.Popen(
            command,
            pass_fds=handed_over,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": str(self._notify_path), **self._environment},
        )
        for number in handed_over:
            os.close(number)
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._read_log, self._read_notify)]
        for thread in self._threads:
            thread.start()
        return self

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the daemon was not started"
        return self._process

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self._reap(SHUTDOWN_BOUND)

    def await_exit(self, timeout: float = SHUTDOWN_BOUND) -> int:
        try:
            return self._reap(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the daemon still runs {timeout} s later") from None

    def _reap(self, timeout: float) -> int:
        code = self.process.wait(timeout)
        self._end_was_expected = True
        for thread in self._threads:
            thread.join(timeout)
        return code

    def __enter__(self) -> "Daemon":
        return self if self._process else self.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if self.process.poll() is None:
                self.terminate()
                # As real servers do at the daemon's last word, which it waits for.
                if server := server_at(self.installation.server_port):
                    server.close_streams()
                code = self.await_exit()
                assert kind or code == 0, f"left with code {code} on SIGTERM"
            assert kind or self._end_was_expected, f"died on its own with code {self.process.returncode}"
            assert kind or self.installation.secret not in self.transcript, "the component's secret is in the log"
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            # pytest shows it when the test fails.
            print(self.transcript)

    # Log

    def await_log(self, message: str, *, after: LogLine | None = None, timeout: float = TIMEOUT, **fields: str) -> LogLine:
        """The first line with this message and, among others, these fields; only past `after` when that is given."""
        found = self._log.await_line(
            lambda text: _matches(_parse(text), message, fields), after.index if after else -1, timeout)
        if found is None:
            raise AssertionError(f"no log line “{message}” {fields or ''} within {timeout} s")
        index, text = found
        entry = _parse(text)
        return LogLine(index, message, str(entry.get("level")), entry)

    def logged(self, message: str, **fields: str) -> int:
        """How many such lines there are so far."""
        return sum(_matches(_parse(text), message, fields) for text in self._log.lines())

    @property
    def transcript(self) -> str:
        return "\n".join(["--- the daemon's log", *self._log.lines(), "---"])

    @property
    def log_lines(self) -> list[str]:
        return self._log.lines()

    # Service manager

    def await_notification(self, assignment: str, *, after: int = -1, timeout: float = TIMEOUT) -> int:
        """Wait for a datagram that has a line starting with `assignment`, such as `READY=1`; returns its index."""
        found = self._notifications.await_line(
            lambda text: any(line.startswith(assignment) for line in text.splitlines()), after, timeout)
        if found is None:
            raise AssertionError(f"no {assignment} within {timeout} s, only {self._notifications.lines()}")
        return found[0]

    def await_ready(self) -> "Daemon":
        self.await_notification("READY=1")
        return self

    @property
    def notifications(self) -> list[str]:
        return self._notifications.lines()

    # Resources

    @property
    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    @property
    def resident_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(kilobytes) * 1024

    @property
    def processor_seconds(self) -> float:
        """What the process has used so far, in user and kernel mode (proc(5))."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # Threads

    def _read_log(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        with stream:
            for line in stream:
                self._log.append(line.decode(errors="replace").rstrip("\n"))
        self._log.end()
        assert self._notify_socket is not None
        self._notify_socket.shutdown(socket.SHUT_RDWR)

    def _read_notify(self) -> None:
        assert self._notify_socket is not None
        with self._notify_socket as datagrams:
            while data := datagrams.recv(8192):
                self._notifications.append(data.decode(errors="replace"))
        self._notifications.end()


def _parse(text: str) -> dict[str, object]:
    try:
        entry = json.loads(text)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _matches(entry: dict[str, object], message: str, fields: dict[str, str]) -> bool:
    if entry.get("message") != message:
        return False
    # A reason goes on with particulars, as in “wrong secret: the server does not accept it”.
    return all(str(entry.get(key)).split(": ")[0] == value if key == "reason" else entry.get(key) == value
               for key, value in fields.items())

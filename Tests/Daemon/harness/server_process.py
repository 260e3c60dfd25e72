"""What the servers under test have in common: one process each, which is stopped by its own id."""

import subprocess
from pathlib import Path
from typing import Any

from .waiting import TIMEOUT


class ServerProcess:
    """A server that a subclass starts with `_launch`."""

    directory: Path
    _process: "subprocess.Popen[Any] | None" = None
    # Whether a test has failed while it ran: what that has left behind, others would fail of.
    has_seen_a_failure = False

    def start(self) -> None:
        raise NotImplementedError

    def _launch(self, command: list[object], **how: object) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=self.directory, **how)
        started.append(self)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        started[:] = [each for each in started if each is not self]

    def restart(self) -> None:
        self.stop()
        self.start()

    def last_words(self, most: int = 6_000) -> str:
        """Whether it runs, and the end of what it has logged."""
        code = self._process.poll() if self._process else None
        state = "It runs." if self._process and code is None else f"It has ended with code {code}."
        logs = [path for name in ("prosody.log", "erl.out") if (path := self.directory / name).exists()]
        ends = [f"{path.name}:\n{_end(path, most)}" for path in logs]
        crash = self.directory / "crash.dump"
        if crash.exists():
            ends.append(f"{crash.name}:\n{crash.read_text(errors='replace')[:400]}")
        return "\n".join([state, *ends])


# Those that have not been stopped.
started: list[ServerProcess] = []


def _end(path: Path, most: int) -> str:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - most, 0))
        return file.read().decode(errors="replace")

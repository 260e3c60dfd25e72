"""What makes accounts for the daemon, asked as its pages will ask: the program `accounts-driver`, beside the daemon."""

import json
import queue
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from .daemon import binary
from .installation import Installation

# Longer than the daemon waits for a server that is silent at each step of a command, twice.
TIMEOUT = 90


@dataclass(frozen=True)
class Outcome:
    """`outcome` is a case of AccountOutcome or AccountExistence, or the provider; `text` the text with it."""

    outcome: str
    text: str = ""


class Provider:
    """`with Provider(installation) as provider:` is connected. Nothing else may run with the installation meanwhile."""

    def __init__(self, installation: Installation, host: str = "a.example") -> None:
        self.host = host
        self._lines: "queue.Queue[str]" = queue.Queue()
        # Connections that were seen while an outcome was waited for.
        self._connections = 0
        self._process = subprocess.Popen(
            [Path(binary()).with_name("accounts-driver"), installation.configuration],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Provider":
        self._thread.start()
        self.await_connection()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            assert self._process.wait(timeout=30) == 0, f"ended with code {self._process.returncode}"
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._thread.join(timeout=30)

    def await_connection(self) -> None:
        """The next one that was not waited for."""
        if self._connections > 0:
            self._connections -= 1
        else:
            assert self._next() == Outcome("connected")

    def ask(self, what: str, username: str = "", *, host: str = "", **values: str) -> Outcome:
        self.begin(what, username, host=host, **values)
        return self.outcome()

    def begin(self, what: str, username: str = "", *, host: str = "", **values: str) -> None:
        assert self._process.stdin is not None
        request = {"host": host or self.host, "ask": what, "username": username, **values}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def outcome(self) -> Outcome:
        # A connection that is made again is no answer, and may be there before the one that was lost has its outcome.
        while (outcome := self._next()) == Outcome("connected"):
            self._connections += 1
        return outcome

    def _next(self) -> Outcome:
        answer = json.loads(self._lines.get(timeout=TIMEOUT))
        return Outcome(answer["outcome"], answer.get("text", ""))

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line)

"""What operators type and see, as recorded in Tests/Transcripts, with the client at a terminal and the daemon itself.
Tests/ControlTests/Transcripts reads the same files without them."""

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from harness import transcript
from harness.daemon import Daemon, binary
from harness.installation import Installation

NAMES = sorted(path.name for path in transcript.DIRECTORY.glob("*.txt"))
FIRST_UID = 20001
TIMEOUT = 90


def client() -> str:
    return os.environ.get("INVITECTL", str(Path(binary()).parent / "invitectl"))


@pytest.fixture
def directory() -> Iterator[Path]:
    """Its path is as long as those of Swift's TemporaryDirectory: where lines of tables break depends on it."""
    path = Path(tempfile.mkdtemp(prefix="invited-tes", dir="/tmp"))
    assert len(str(path)) == len("/tmp/invited-test-XXXXXX")
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


class Terminal:
    """Runs `invitectl` in a terminal."""

    def __init__(self, directory: Path, control_socket: Path) -> None:
        self.directory = directory
        self.columns = 100
        self.uid = 0
        self.edited = directory / "edited"
        editor = directory / "editor"
        editor.write_text(
            f"#!/bin/sh\necho \"? edit $(basename \"$1\")\"; sed 's/^/| /' {self.edited}; cat {self.edited} > \"$1\"\n")
        editor.chmod(0o755)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(directory), "TMPDIR": "/tmp", "LC_ALL": "C.UTF-8", "TERM": "xterm",
            "NO_COLOR": "1", "INVITED_SOCKET": str(control_socket), "VISUAL": str(editor), "EDITOR": str(editor),
        }

    def run(self, line: str, answers: list[tuple[str, str]]) -> tuple[list[str], int]:
        """What is seen, in the words of transcripts, and the exit status."""

        def become() -> None:
            if self.uid:
                os.setgroups([])
                os.setgid(self.uid)
                os.setuid(self.uid)

        remaining = list(answers)

        def prepare_edit() -> None:
            """Before anything that may start the editor."""
            if remaining and remaining[0][0] == "edit":
                self.edited.write_text(remaining.pop(0)[1])

        prepare_edit()
        child = pexpect.spawn(
            client(), shlex.split(line), env=self.environment, encoding="utf-8", timeout=TIMEOUT,
            dimensions=(1000, self.columns), preexec_fn=become)
        try:
            child.delaybeforesend = None
            seen = ""
            while remaining:
                _, answer = remaining.pop(0)
                child.expect_exact(" (yes/no) ")
                seen += child.before + child.after
                prepare_edit()
                child.sendline(answer)
            child.expect(pexpect.EOF)
            seen += child.before
            child.wait()
        finally:
            child.close(force=True)
        return self._lines(seen), child.exitstatus

    @staticmethod
    def _lines(seen: str) -> list[str]:
        # The line of progress is erased as soon as there is something to show.
        seen = re.sub(r"\r\x1b\[K[^\r\n]*(?=\r\x1b\[K)", "", seen).replace("\r\x1b[K", "").replace("\r\n", "\n")
        # A message wider than the terminal continues in the next line.
        seen = re.sub(r"^invitectl: ((?:.|\n)*?)[ \n]\(([a-z.-]+)\)$", r"error \2: \1", seen, flags=re.MULTILINE)
        lines = seen.removesuffix("\n").split("\n") if seen else []
        lines = [re.sub(r"^(.*) \(yes/no\) (\w+)$", r"? \1 => \2", line) for line in lines]
        return [line for line in lines if line != "(none)"]


@pytest.mark.parametrize("name", NAMES)
def test_transcript(name: str, directory: Path) -> None:
    steps = transcript.read(transcript.DIRECTORY / name)
    callers = list(dict.fromkeys(step.name for step in steps if step.kind == "as"))
    if callers and os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with socket.socket() as silent:
        # A server that accepts the connection and sends nothing: the daemon stays in its connection attempt.
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(TIMEOUT)
        installation = Installation(directory, silent.getsockname()[1])
        settings = json.loads(installation.configuration.read_text())
        settings["shell"] = {"roles": [
            {"users": [str(FIRST_UID + index)], **grant}
            for index, caller in enumerate(callers) for grant in transcript.roles(caller)]}
        installation.configuration.write_text(json.dumps(settings))
        first = next(index for index, step in enumerate(steps) if step.kind == "run")
        for step in steps[:first]:
            if step.kind == "file":
                (directory / step.name).write_text(transcript.text_of(step))
        with Daemon(installation), contextlib.closing(silent.accept()[0]):
            # It connects once the control socket exists.
            play(steps, first, directory, Terminal(directory, installation.control_socket), callers)


def play(steps: list[transcript.Step], first: int, directory: Path, terminal: Terminal, callers: list[str]) -> None:
    shown = ""
    for index, step in enumerate(steps):
        if step.kind == "file" and index > first:
            (directory / step.name).write_text(transcript.text_of(step))
        elif step.kind == "remove":
            (directory / step.name).unlink()
        elif step.kind == "as":
            terminal.uid = FIRST_UID + callers.index(step.name)
        elif step.kind == "columns":
            terminal.columns = int(step.name)
        elif step.kind == "run":
            seen, status = terminal.run(step.name.replace("<hash>", shown), transcript.answers(step))
            difference = transcript.difference(seen, step.lines, directory)
            assert difference is None, f"> {step.name}\n{difference}"
            assert status == exit_status(step.lines), f"> {step.name}"
            shown = ([shown] + re.findall(r"\b[0-9a-f]{12}\b", "\n".join(seen)))[-1]


def exit_status(lines: list[str]) -> int:
    """As the manual page has it."""
    codes = [match[1] for line in lines if (match := re.match(r"error ([a-z.-]+): ", line))]
    if not codes:
        return 0
    conflicts = ("invite.username-taken", "config.stale", "config.pending")
    families = {"usage": 2, "access.denied": 4, "confirm": 6}
    return 5 if codes[0] in conflicts else families.get(codes[0], families.get(codes[0].split(".")[0], 1))

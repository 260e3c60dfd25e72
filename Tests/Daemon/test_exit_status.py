"""Every way a command can end, provoked for real: its code and what `invitectl` exits with."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from harness.control import Control
from harness.daemon import REPOSITORY, Daemon, binary
from harness.installation import Installation
from harness.waiting import await_that
from harness.wire import ScriptedServer

DONE, FAILED, USAGE, UNREACHABLE, DENIED, CONFLICT, UNCONFIRMED = range(7)
VIEWER = 20001

# Which codes the client's own one-shot commands cannot be made to see in a few steps, and what sees them instead.
ELSEWHERE = {
    "usage.bad-request": "the client makes no bad requests: test_schema.py",
    "usage.too-long": "the kernel's limit for one argument is lower: ControlTests/SessionTests",
    "usage.needs-terminal": "Tests/Client/test_one_shot.py, where the client says it itself",
    "access.too-many-sessions": "test_control.py: test_the_daemon_serves_invitations_all_the_while",
    "access.too-many-commands": "a client runs one command at a time: ControlTests/SessionTests",
    "host.overloaded": "a host has to have too much to do: ControlTests/InviteHandlersTests",
    "confirm.refused": "somebody has to be at a terminal: test_transcripts.py with invites.txt",
    "cancelled": "ControlTests/SessionTests; the client says a signal's status then: Tests/Client/test_one_shot.py",
    "daemon.shutting-down": "ControlTests/ControlServerTests: the session ends with the daemon",
    "backup.io": "a disk has to be full: test_backup.py",
    "user.unknown": "a server has to say so: test_accounts.py",
    "internal": "ControlTests/DispatcherTests: a command without a handler",
}


class Client:
    def __init__(self, installation: Installation, server: ScriptedServer) -> None:
        self.installation = installation
        self.server = server
        self.uid = 0

    def start(self) -> None:
        self.daemon = Daemon(self.installation).start()
        # It connects once the control socket exists. An earlier one may have left connections that nobody took.
        self.server.accept()
        await_that(self._is_reachable)

    def _is_reachable(self) -> bool:
        with suppress(FileNotFoundError, ConnectionRefusedError), Control(self.installation.control_socket, greeted=False):
            return True
        return False

    def stop(self) -> None:
        self.daemon.__exit__(None)

    def run(self, *words: str, input: str = "", socket_path: Path | None = None) -> tuple[str, int]:
        """The code of the command's end, and the exit status."""
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                       "INVITED_SOCKET": str(socket_path or self.installation.control_socket)}
        become = {"user": self.uid, "group": self.uid, "extra_groups": []} if self.uid else {}
        run = subprocess.run(
            [str(Path(binary()).parent / "invitectl"), "--json", *words], env=environment, input=input, text=True,
            capture_output=True, timeout=60, **become)
        # A command that succeeded prints no code.
        code = json.loads(run.stderr.splitlines()[-1])["code"] if run.stderr else "ok"
        return code, run.returncode


@pytest.fixture
def client(directory: Path) -> Iterator[Client]:
    directory.chmod(0o755)
    with ScriptedServer() as server:
        installation = Installation(directory, server.port)
        settings = json.loads(installation.configuration.read_text())
        settings["shell"] = {"roles": [{"users": [str(VIEWER)], "role": "viewer"}]}
        installation.configuration.write_text(json.dumps(settings))
        installation.host("a.example")
        installation.host("b.example")
        installation.host("bad.example", nonsense=1)
        client = Client(installation, server)
        client.start()
        yield client
        client.stop()


def mend(client: Client) -> None:
    (client.installation.hosts_directory / "bad.example.yaml").unlink()
    assert client.run("config", "apply", "--yes") == ("ok", DONE)


def as_viewer(client: Client) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    client.uid = VIEWER


def taken(client: Client) -> None:
    assert client.run("invite", "create", "account", "a.example", "--username", "juliet") == ("ok", DONE)


def suspended(client: Client) -> None:
    assert client.run("host", "suspend", "a.example") == ("ok", DONE)


def broken(client: Client) -> None:
    path = client.installation.database("a.example")
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(b"*" * 8192)


def pending(client: Client) -> None:
    mend(client)
    client.installation.host("a.example", admins=["ann@a.example"])
    assert client.run("config", "apply", "--yes", "--confirm-within", "1h") == ("ok", DONE)


def without_journal(client: Client) -> None:
    client.stop()
    journal = client.installation.state_directory / "journal"
    shutil.rmtree(journal, ignore_errors=True)
    journal.write_text("in the way")
    client.start()


def written_strangely(client: Client) -> None:
    """A list that is valid YAML, but in a style that the editor leaves to people."""
    mend(client)
    client.installation.host_text("a.example", "? admins\n: - ann@a.example\n  - bob@a.example\n")
    assert client.run("config", "apply", "--yes") == ("ok", DONE)
    assert client.run("host", "set", "a.example", "admins", "bob@a.example") == ("ok", DONE)


def gone(client: Client) -> None:
    client.daemon.terminate()
    assert client.daemon.await_exit() == 0


def nothing(client: Client) -> None:
    pass


CASES: list[tuple[str, int, str, Callable[[Client], None]]] = [
    ("ok", DONE, "version", nothing),
    ("usage.unknown-command", USAGE, "hots list", nothing),
    ("usage.bad-argument", USAGE, "host show", nothing),
    ("usage.unknown-option", USAGE, "host list --nonsense", nothing),
    ("access.denied", DENIED, "host suspend a.example", as_viewer),
    ("host.unknown", FAILED, "host show d.example", nothing),
    ("host.refused", FAILED, "invite create account bad.example", nothing),
    ("host.unavailable", FAILED, "invite create account a.example", broken),
    ("invite.unknown", FAILED, "invite show a.example 99", nothing),
    ("invite.denied", FAILED, "invite create account a.example", suspended),
    ("invite.username-taken", CONFLICT, "invite create account a.example --username juliet", taken),
    ("config.invalid", FAILED, "config check", nothing),
    ("config.stale", CONFLICT, "config apply 0123456789ab", mend),
    ("config.pending", CONFLICT, "config apply --yes", pending),
    ("config.nothing", FAILED, "config confirm", nothing),
    ("config.io", FAILED, "config save a.example", written_strangely),
    ("config.bad-value", FAILED, "host set a.example invite_expiry never", nothing),
    ("component.disconnected", FAILED, "grants --probe", nothing),
    ("journal.io", FAILED, "host suspend a.example", without_journal),
    ("confirm.required", UNCONFIRMED, "invite purge a.example --all", taken),
    ("backup.invalid", FAILED, "host restore a.example --yes", taken),
    ("daemon.unreachable", UNREACHABLE, "version", gone),
]


def all_codes() -> set[str]:
    """Every code there is, as the schema has it."""
    schema = json.loads((REPOSITORY / "docs/shell.schema.json").read_text())
    found: list[set[str]] = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            if "config.stale" in value.get("enum", []):
                found.append(set(value["enum"]))
            for member in value.values():
                look(member)
        elif isinstance(value, list):
            for member in value:
                look(member)

    look(schema)
    assert found, "the schema lists no codes"
    return set.union(*found)


def test_every_code_is_provoked_here_or_elsewhere() -> None:
    here = {code for code, _, _, _ in CASES}
    assert not here & set(ELSEWHERE)
    assert here | set(ELSEWHERE) == all_codes()


@pytest.mark.parametrize(("code", "status", "line", "prepare"), CASES, ids=[case[0] for case in CASES])
def test_exit_status(client: Client, code: str, status: int, line: str, prepare: Callable[[Client], None]) -> None:
    prepare(client)
    assert client.run(*line.split()) == (code, status)


@pytest.mark.parametrize(("code", "status", "line"), [case[:3] for case in CASES if case[3] is nothing])
def test_exit_status_of_a_script(client: Client, code: str, status: int, line: str) -> None:
    """That of the first command that failed, whatever comes after it."""
    assert client.run("-", "--keep-going", input=f"version\n{line}\nversion\n")[1] == status

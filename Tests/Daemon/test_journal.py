"""The journal: changes are in it whatever happens to the daemon, and a change that cannot be recorded does not happen."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.control import OWN_NAME, Control
from harness.daemon import Daemon
from harness.installation import Installation
from harness.schema import check_row
from harness.wire import ScriptedServer


def journal(control: Control, *options: str) -> list[dict[str, object]]:
    rows, _, _, end = control.run(["journal", *options])
    assert end["code"] == "ok", end
    for row in rows:
        check_row("journal", row)
    return rows


def file_of(installation: Installation) -> Path:
    return installation.state_directory / "journal" / "journal.ndjson"


def test_who_changed_what_is_written_down(control: Control, installation: Installation) -> None:
    assert control.run("host set a.example allow_user_invites true").code == "ok"
    assert control.run("host set a.example allow_user_invites perhaps").code == "config.bad-value"
    refused, done = journal(control)
    assert (done["command"], done["hosts"], done["code"]) == (
        "host set a.example allow_user_invites true", ["a.example"], "ok")
    assert (done["user"], done["uid"], done["pid"], done["from"]) == (
        OWN_NAME, os.geteuid(), os.getpid(), "socket")
    assert (refused["number"], refused["code"]) == (2, "config.bad-value")
    assert [row["number"] for row in journal(control, "--failed")] == [2]
    assert [row["number"] for row in journal(control, "--host", "b.example")] == []
    assert file_of(installation).stat().st_mode & 0o777 == 0o600
    assert file_of(installation).parent.stat().st_mode & 0o777 == 0o700


def test_a_link_is_shown_and_not_written_down(control: Control, installation: Installation) -> None:
    rows, _, _, end = control.run("invite create account a.example --username juliet")
    assert end["code"] == "ok"
    for row in rows:
        check_row("invite create account", row)
    token = str(rows[0]["uri"]).split("preauth=")[1].split(";")[0]
    assert len(token) > 10
    number = str(rows[0]["invite"])
    assert control.run(["invite", "show", "a.example", number, "--reveal"]).code == "ok"
    shown, made = journal(control)
    # A command that only reads is not in it, unless it shows a secret.
    assert str(shown["command"]).startswith("invite show") and "--reveal" in str(shown["command"])
    assert str(made["command"]).startswith("invite create account")
    assert token not in file_of(installation).read_text()


def test_it_goes_on_after_a_kill(server: ScriptedServer, installation: Installation) -> None:
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as control:
            assert control.run("invite create account a.example").code == "ok"
            # It asks, and is not answered.
            asking = control.begin(["invite", "purge", "a.example", "--all"], interactive=True)
            control.next(asking, "ask")
            assert [row["code"] for row in journal(control)] == ["running", "ok"]
            daemon.kill()
    # The power fails while a line is written.
    with file_of(installation).open("a") as file:
        file.write('{"begin":3,"command":"host resu')
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as control:
            assert control.run("host suspend a.example").code == "ok"
            rows = journal(control)
            assert [(row["number"], row["code"]) for row in rows] == [(3, "ok"), (2, "interrupted"), (1, "ok")]
            assert control.run("journal").end["message"] == "skipped 1 damaged line"


@pytest.fixture
def small_disk(installation: Installation) -> Iterator[Path]:
    """A file system with a little room, for the state."""
    path = installation.state_directory
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(path)], capture_output=True)
    if made.returncode != 0:
        pytest.skip("mounting a file system takes root")
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def test_on_a_full_disk_some_changes_are_written_down_and_others_not_done(
        small_disk: Path, server: ScriptedServer, installation: Installation) -> None:
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as control:
            assert control.run("host set a.example site_name before").code == "ok"
            ballast = small_disk / "ballast"
            with ballast.open("wb", buffering=0) as file:
                try:
                    while file.write(bytes(4096)):
                        pass
                except OSError:
                    pass
            # Commands that free space are recorded nevertheless: the journal has a reserve.
            for command in ("host suspend a.example", "host resume a.example", "host restart b.example",
                            "invite purge a.example --inviter alice@a.example --yes"):
                assert control.run(command).code != "journal.io", command
            assert [row["code"] for row in journal(control)[2:4]] == ["ok", "ok"]
            # Until that is used up, too. The daemon's other files grow and shrink, so only the first refusal is certain.
            for number in range(2000):
                name = f"{number:04}" + "x" * 150
                answer = control.run(f"host set a.example site_name {name}")
                if answer.code != "ok":
                    break
            assert answer.code == "journal.io", answer.end
            assert "No space left" in str(answer.end["message"])
            assert site_name(control) != name
            ballast.unlink()
            assert control.run("host set a.example site_name after").code == "ok"
            assert site_name(control) == "after"
            commands = [row["command"] for row in control.run("journal --limit 10000").rows]
            assert commands[0] == "host set a.example site_name after"
            assert commands[-1] == "host set a.example site_name before"
            assert control.run("journal").end["message"] == ""


def site_name(control: Control) -> object:
    (row,) = control.run("host show a.example").rows
    (value,) = [setting["value"] for setting in row["settings"] if setting["key"] == "site_name"]
    return value


def test_every_line_is_one_of_the_format(control: Control, installation: Installation) -> None:
    for _ in range(3):
        control.run("host suspend b.example")
        control.run("host resume b.example")
    lines = [json.loads(line) for line in file_of(installation).read_text().splitlines()]
    begins = [line["begin"] for line in lines if "begin" in line]
    assert begins == list(range(1, 7))
    assert sorted(line["end"] for line in lines if "end" in line) == begins

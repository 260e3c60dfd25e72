"""What one user may take, and what a disk and its operators do to the databases of a running daemon."""

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from harness import messages
from harness.control import Control
from harness.daemon import Daemon, binary
from harness.installation import Installation
from harness.stanzas import INVITE, Invitation, command, condition
from harness.waiting import await_that
from harness.ways import Delegated, ask
from harness.wire import ScriptedServer, Stream

A = Delegated("a.example")
B = Delegated("b.example")
# A few steps of the backoff of its tries.
RECOVERY = 90.0
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"


def invite(stream: Stream, user: str, way: Delegated = A) -> Element:
    return ask(stream, way, user, command(INVITE))


def made(stream: Stream, user: str, way: Delegated = A) -> str:
    return Invitation.of(invite(stream, user, way)).token


def test_one_user_cannot_flood_a_host(stream: Stream, control: Control) -> None:
    answers = [invite(stream, "eve@a.example/x") for _ in range(30)]
    assert [answer.get("type") for answer in answers] == ["result"] * 20 + ["error"] * 10
    for answer in answers[20:]:
        error = next(element for element in answer if element.tag.endswith("}error"))
        assert (condition(answer), error.get("type")) == ("resource-constraint", "wait")
        text = error.findtext(f"{STANZAS}text") or ""
        assert re.search(r"20 .* The next one is possible at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text), text
    # Others, and admins, go on.
    made(stream, "alice@a.example/x")
    for _ in range(30):
        made(stream, "admin@a.example/x")

    why = {row["subject"]: row for row in control.run("host why a.example eve@a.example").rows}
    assert why["invite contacts"]["verdict"] == "no"
    assert "The next one is possible at" in why["invite contacts"]["because"]
    assert (why["invites within 24 hours"]["verdict"], why["open invites"]["verdict"]) == ("20 of 20", "20 of 50")

    # Operators are not bound, and what they make does not count.
    assert control.run("invite create contact eve@a.example").code == "ok"
    assert control.run("invite purge a.example --inviter eve@a.example --yes").code == "ok"
    made(stream, "eve@a.example/x")


def test_a_damaged_database_is_moved_away(
        installation: Installation, stream: Stream, control: Control) -> None:
    """While it is open; then the host begins with a new one."""
    # More than is cached in memory.
    for _ in range(300):
        made(stream, "admin@a.example/x")
    path = installation.database("a.example")
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.write(b"*" * path.stat().st_size)
    path.rename(f"{path}-damaged")
    # The open file is damaged, too, so nothing can be restored from it.
    answer = control.run("host restart a.example")
    assert answer.code == "ok", answer.end
    assert made(stream, "alice@a.example/x") in installation.tokens("a.example")


def test_note(control: Control) -> None:
    note = "für den Chor: 5 % \N{MUSICAL NOTE}"
    assert control.run(["invite", "create", "account", "a.example", "--note", note]).code == "ok"
    assert [row["note"] for row in control.run("invite show a.example 1").rows] == [note]
    assert [row["note"] for row in control.run("invite list a.example").rows] == [note]
    assert control.run(["invite", "create", "account", "a.example", "--note", "x" * 1001]).code == "usage.bad-argument"


def test_removed_database_loses_nothing(server: ScriptedServer, installation: Installation) -> None:
    database = installation.database("a.example")
    answered = set()
    with Daemon(installation) as daemon:
        stream = server.connect()
        answered.add(made(stream, "alice@a.example/x"))
        for path in database.parent.glob("a.example.sqlite3*"):
            path.unlink()
        answered |= {made(stream, f"user{number}@a.example/x") for number in range(3)}
        daemon.kill()
    assert installation.tokens("a.example") == answered
    with Daemon(installation) as daemon:
        stream = server.connect()
        made(stream, "alice@a.example/x")


def test_database_that_is_removed_last(server: ScriptedServer, installation: Installation) -> None:
    with Daemon(installation):
        stream = server.connect()
        answered = {made(stream, "alice@a.example/x")}
        for path in installation.database("a.example").parent.glob("a.example.sqlite3*"):
            path.unlink()
    assert installation.tokens("a.example") == answered


def test_backup_copied_over_an_open_database(server: ScriptedServer, installation: Installation) -> None:
    database, backup = installation.database("a.example"), installation.directory / "backup"
    with Daemon(installation):
        stream = server.connect()
        old = {made(stream, "alice@a.example/x")}
    shutil.copyfile(database, backup)
    with Daemon(installation) as daemon:
        stream = server.connect()
        newer = made(stream, "alice@a.example/x")
        shutil.copyfile(backup, database)
        assert condition(invite(stream, "alice@a.example/x")) == "internal-server-error"
        line = daemon.await_log(messages.HOST_QUARANTINED, host="a.example")
        assert "was replaced while it was open; what it held before is in" in str(line.fields["reason"])
        daemon.await_log(messages.HOST_RECOVERED, host="a.example", timeout=RECOVERY)
        latest = made(stream, "alice@a.example/x")
    assert installation.tokens("a.example") == old | {latest}
    with sqlite3.connect(f"{database}-replaced") as aside:
        assert {token for (token,) in aside.execute("SELECT token FROM invite")} == old | {newer}


# What a disk does


@pytest.fixture
def small_disk(installation: Installation) -> Iterator[Path]:
    """The databases on a file system of their own. The journal is on another."""
    hosts = installation.database("a.example").parent
    hosts.mkdir(mode=0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", hosts]).returncode != 0:
        pytest.skip("may not mount a file system here")
    yield hosts
    subprocess.run(["umount", "--lazy", hosts], check=True)


def fill(disk: Path) -> None:
    with open(disk / "filler", "wb", buffering=0) as filler:
        for size in (65536, 4096):
            try:
                while filler.write(b"\0" * size):
                    pass
            except OSError:
                pass


def test_full_disk_is_read_and_tidied(
        server: ScriptedServer, installation: Installation, small_disk: Path) -> None:
    with Daemon(installation) as daemon:
        stream = server.connect()
        daemon.await_ready()
        control = Control(installation.control_socket)
        answered = [made(stream, f"user{number}@a.example/x") for number in range(100)]
        fill(small_disk)
        number = 100
        while (reply := invite(stream, f"user{number}@a.example/x")).get("type") == "result":
            answered.append(Invitation.of(reply).token)
            number += 1
        daemon.await_log(messages.HOST_QUARANTINED, host="a.example")
        # Also once it was closed and tried again.
        daemon.await_log("host still quarantined", host="a.example", timeout=RECOVERY)

        listed = control.run("invite list a.example")
        assert (listed.code, len(listed.rows)) == ("ok", len(answered))
        assert control.run("invite show a.example 7").code == "ok"
        assert control.run("invite create account a.example").code == "host.unavailable"
        assert control.run("invite delete a.example 7 --yes").code == "ok"
        purged = control.run("invite purge a.example --all --yes")
        assert (purged.code, purged.end.get("message")) == ("ok", f"deleted {len(answered) - 1} invites")

        # What was removed is room enough, though the disk is still full of other things.
        daemon.await_log(messages.HOST_RECOVERED, host="a.example", timeout=RECOVERY)
        token = made(stream, "alice@a.example/x")
        assert installation.tokens("a.example") == {token}
        assert (small_disk / ".reserve").stat().st_size == 512 << 10
        control.close()


def test_room_of_purged_invites_is_given_back(
        control: Control, stream: Stream, installation: Installation) -> None:
    for start in range(0, 20_000, 2_000):
        stanzas = [A.stanza(f"user{number}@a.example/x", "set", command(INVITE)) for number in range(start, start + 2_000)]
        for batch in range(0, 2_000, 500):
            part = stanzas[batch:batch + 500]
            stream.send("".join(stanza for stanza, _ in part).encode())
            stream.receive_replies({identifier for _, identifier in part})
    database = installation.database("a.example")
    assert control.run("invite purge a.example --all --yes").end.get("message") == "deleted 20000 invites"
    stream.barrier()
    # Bit by bit, between other calls.
    await_that(lambda: database.stat().st_size < 128 << 10, lambda: f"still {database.stat().st_size} bytes")


def test_trouble_with_a_file_says_whose_it_is(
        server: ScriptedServer, installation: Installation, small_disk: Path) -> None:
    with Daemon(installation) as daemon:
        stream = server.connect()
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
        assert condition(invite(stream, "alice@a.example/x")) == "internal-server-error"
        reason = daemon.await_log(messages.HOST_QUARANTINED, host="a.example").fields["reason"]
        assert str(small_disk) in str(reason) and "Read-only file system" in str(reason)
        subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
        daemon.await_log(messages.HOST_RECOVERED, host="a.example", timeout=RECOVERY)
        made(stream, "alice@a.example/x")


def test_database_of_another_user(server: ScriptedServer, installation: Installation) -> None:
    reach = ["setpriv", "--reuid", "nobody", "--clear-groups", "test", "-x", binary()]
    if os.geteuid() != 0 or subprocess.run(reach).returncode != 0:
        pytest.skip("takes root, and a daemon that `nobody` can run")
    database = installation.database("a.example")
    with Daemon(installation):
        stream = server.connect()
        made(stream, "alice@a.example/x")
    for path in [installation.directory, *installation.directory.rglob("*")]:
        shutil.chown(path, "nobody")
    shutil.chown(database, "root", "root")
    database.chmod(0o600)
    with Daemon(installation, user="nobody") as daemon:
        stream = server.connect()
        assert condition(invite(stream, "alice@a.example/x")) == "internal-server-error"
        reason = daemon.await_log(messages.HOST_QUARANTINED, host="a.example").fields["reason"]
        assert reason == (f"cannot read and write {database}: Permission denied; its owner is root, its group root, its mode "
                          "0600, and the daemon runs as nobody")


def test_a_log_that_is_removed_under_a_reader_loses_nothing(
        installation: Installation, stream: Stream, control: Control) -> None:
    path = installation.database("a.example")
    tokens = {made(stream, "admin@a.example/x") for _ in range(50)}
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM invite").fetchone()
    tokens |= {made(stream, "admin@a.example/x") for _ in range(50)}
    Path(f"{path}-wal").unlink()
    tokens |= {made(stream, "admin@a.example/x") for _ in range(50)}
    reader.close()
    assert tokens == installation.tokens("a.example")
    with sqlite3.connect(path) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_log_that_is_cut_off_is_noticed_before_anything_is_answered(
        installation: Installation, stream: Stream, control: Control) -> None:
    path = installation.database("a.example")
    for _ in range(50):
        made(stream, "admin@a.example/x")
    os.truncate(f"{path}-wal", 0)
    assert condition(invite(stream, "admin@a.example/x")) == "internal-server-error"
    assert control.run("host restart a.example").code == "ok"
    token = made(stream, "admin@a.example/x")
    assert token in installation.tokens("a.example")


@pytest.mark.parametrize("column", ["created_at", "expires_at"])
def test_no_row_ends_the_daemon(
        installation: Installation, stream: Stream, control: Control, column: str) -> None:
    for _ in range(20):
        made(stream, "eve@a.example/x")
    with sqlite3.connect(installation.database("a.example")) as other:
        other.execute(f"UPDATE invite SET {column} = ?", [2**63 - 1])
    if column == "created_at":  # the daily limit counts what is of this day
        made(stream, "eve@a.example/x")
    else:
        assert condition(invite(stream, "eve@a.example/x")) == "resource-constraint"
    assert control.run("host why a.example eve@a.example").code == "ok"
    made(stream, "bob@b.example/x", B)

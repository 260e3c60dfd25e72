"""A host's trouble stays its own: a corrupt database, a full disk, a flood."""

import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from harness import messages
from harness.daemon import Daemon
from harness.installation import Installation
from harness.stanzas import INVITE, Invitation, command, condition
from harness.ways import Delegated, ask
from harness.wire import ScriptedServer, Stream

A = Delegated("a.example")
B = Delegated("b.example")
ALICE = "alice@a.example/phone"
BOB = "bob@b.example/phone"
UNAVAILABLE = ("internal-server-error", "resource-constraint", "service-unavailable", "recipient-unavailable")
RECOVERY = 90.0


def invite(stream: Stream, way: Delegated, user: str) -> Invitation:
    return Invitation.of(ask(stream, way, user, command(INVITE)))


def refusal(stream: Stream, way: Delegated, user: str) -> str:
    return condition(ask(stream, way, user, command(INVITE)))


@pytest.mark.parametrize("content", [b"this is no database " * 1000, b"SQLite format 3\x00" + b"\xff" * 8176],
                         ids=["something else", "a broken header"])
def test_corrupt_database_quarantines_its_host_only(
        server: ScriptedServer, installation: Installation, content: bytes) -> None:
    database = installation.database("b.example")
    database.parent.mkdir(mode=0o700)
    database.write_bytes(content)
    with Daemon(installation) as daemon:
        stream = server.connect()
        invite(stream, A, ALICE)
        assert refusal(stream, B, BOB) in UNAVAILABLE
        line = daemon.await_log(messages.HOST_QUARANTINED, host="b.example")
        assert line.fields.get("reason")
        assert refusal(stream, B, BOB) in UNAVAILABLE
        invite(stream, A, ALICE)
        assert database.read_bytes() == content, "what is there may be all that is left of the host's invites"

        database.unlink()
        daemon.await_log(messages.HOST_RECOVERED, host="b.example", timeout=RECOVERY)
        assert invite(stream, B, BOB).token in installation.tokens("b.example")


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own with room for next to nothing."""
    path = Path(tempfile.mkdtemp(prefix="invited-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path], capture_output=True)
    if mounted.returncode != 0:
        path.rmdir()
        pytest.skip("may not mount a file system here")
    yield path
    subprocess.run(["umount", "--lazy", path], check=True)
    path.rmdir()


def test_full_disk_of_one_host(server: ScriptedServer, installation: Installation, small_disk: Path) -> None:
    """b.example's database lies on a disk that fills up. No token is lost that was answered, and none is answered
    that is not there."""
    database = installation.database("b.example")
    database.parent.mkdir(mode=0o700)
    database.symlink_to(small_disk / "b.example.sqlite3")
    with Daemon(installation) as daemon:
        stream = server.connect()
        answered = {invite(stream, B, BOB).token}
        with open(small_disk / "filler", "wb", buffering=0) as filler:
            try:
                while filler.write(b"\0" * 4096):
                    pass
            except OSError:
                pass
        while (reply := ask(stream, B, BOB, command(INVITE))).get("type") == "result":
            answered.add(Invitation.of(reply).token)
        assert condition(reply) in UNAVAILABLE
        invite(stream, A, ALICE)

        os.unlink(small_disk / "filler")
        # The log is written by a thread of its own, possibly after the answer.
        daemon.await_log(messages.HOST_QUARANTINED, host="b.example")
        daemon.await_log(messages.HOST_RECOVERED, host="b.example", timeout=RECOVERY)
        answered.add(invite(stream, B, BOB).token)
        assert answered <= installation.tokens("b.example")


def test_flood_on_a_stuck_host_leaves_another_answering(stream: Stream, installation: Installation) -> None:
    """Another process holds the lock of b.example's database while thousands of requests need to write to it."""
    answered = {invite(stream, B, BOB).token}
    flood = dict(reversed(B.stanza(f"user{n % 50}@b.example/x", "set", command(INVITE))) for n in range(3000))
    quiet = dict(reversed(A.stanza(ALICE, "set", command(INVITE))) for _ in range(20))
    thief = sqlite3.connect(installation.database("b.example"), isolation_level=None)
    thief.execute("BEGIN IMMEDIATE")
    stream.send_all([*flood.values(), *quiet.values()])
    replies: dict[str, Element] = {}
    while not quiet.keys() <= replies.keys():
        reply = stream.receive(60)
        assert replies.setdefault(reply.get("id") or "", reply) is reply, "answered twice"
    for identifier in quiet:
        Invitation.of(A.answer(replies[identifier], ALICE))
    thief.execute("ROLLBACK")
    thief.close()

    waiting = flood.keys() - replies.keys()
    replies |= stream.receive_replies(set(waiting))
    for number, identifier in enumerate(flood):
        inner = B.answer(replies[identifier], f"user{number % 50}@b.example/x")
        if inner.get("type") == "result":
            answered.add(Invitation.of(inner).token)
        else:
            assert condition(inner) in UNAVAILABLE
    while (reply := ask(stream, B, BOB, command(INVITE))).get("type") == "error":
        assert condition(reply) in UNAVAILABLE
    assert answered < installation.tokens("b.example")


def test_state_directory_is_private(stream: Stream, installation: Installation) -> None:
    """Tokens are secrets."""
    invite(stream, A, ALICE)
    for path in [installation.state_directory / "hosts", installation.database("a.example")]:
        assert path.stat().st_mode & 0o007 == 0, path

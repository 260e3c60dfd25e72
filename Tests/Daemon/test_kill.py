"""Durable before answered: kill -9 at random moments loses no token that was answered."""

import itertools
import os
import random
import sqlite3

from harness import messages
from harness.control import Control
from harness.daemon import Daemon
from harness.installation import Installation
from harness.stanzas import CREATE_ACCOUNT, INVITE, Invitation, command, submission
from harness.waiting import await_that
from harness.ways import Delegated, ask
from harness.wire import ScriptedServer, Stream

ROUNDS = 20
HOSTS = ("a.example", "b.example")


# No user makes many.
USERS = itertools.count()


def requests(count: int) -> dict[str, tuple[str, str, str]]:
    """Many invitations on both hosts and by both commands: id → (stanza, host, sender)."""
    made: dict[str, tuple[str, str, str]] = {}
    for number in range(count):
        host = HOSTS[number % 2]
        if number % 5:
            sender, payload = f"user{next(USERS)}@{host}/x", command(INVITE)
        else:
            sender = f"admin@{host}/x"
            payload = command(CREATE_ACCOUNT, form=submission(username="", roster_subscription="0"))
        stanza, identifier = Delegated(host).stanza(sender, "set", payload)
        made[identifier] = (stanza, host, sender)
    return made


def test_every_answered_token_survives(server: ScriptedServer, installation: Installation) -> None:
    seed = int(os.environ.get("INVITED_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"INVITED_SEED={seed} repeats the moments")
    chance = random.Random(seed)
    answered: dict[str, set[str]] = {host: set() for host in HOSTS}
    cut_short = 0

    for round_number in range(ROUNDS):
        with Daemon(installation) as daemon:
            stream = server.connect()
            daemon.await_log(messages.CONNECTED)
            assert_kept(installation, answered, f"round {round_number}")
            pending = requests(600)
            stream.send_all(stanza for stanza, _, _ in pending.values())
            replies = [stream.receive() for _ in range(chance.randrange(550))]
            daemon.kill()
            replies += stream.await_end()
            stream.close()
        for reply in replies:
            _, host, sender = pending.pop(reply.get("id") or "")
            answered[host].add(Invitation.of(Delegated(host).answer(reply, sender)).token)
        cut_short += bool(pending)

    assert cut_short, "every round was over before the kill: the test shows nothing"
    with Daemon(installation) as daemon:
        stream = server.connect()
        daemon.await_log(messages.CONNECTED)
        assert_serves_both(stream)
        assert_kept(installation, answered, "the end")
        assert daemon.logged(messages.HOST_QUARANTINED) == 0


def assert_kept(installation: Installation, answered: dict[str, set[str]], moment: str) -> None:
    for host, tokens in answered.items():
        lost = tokens - installation.tokens(host)
        assert not lost, f"{moment}: {len(lost)} of {len(tokens)} answered tokens of {host} are gone"


def assert_serves_both(stream: Stream) -> None:
    for host in HOSTS:
        Invitation.of(ask(stream, Delegated(host), f"user@{host}/x", command(INVITE)))


def test_database_is_whole_after_a_kill(server: ScriptedServer, installation: Installation) -> None:
    with Daemon(installation) as daemon:
        stream = server.connect()
        stream.send_all(stanza for stanza, _, _ in requests(1000).values())
        stream.receive()
        daemon.kill()
    for host in HOSTS:
        if installation.database(host).exists():
            connection = sqlite3.connect(installation.database(host))
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            connection.close()


def test_a_suspension_survives_and_the_rest_is_said(server: ScriptedServer, installation: Installation) -> None:
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_log(messages.CONNECTED)
        with Control(installation.control_socket) as control:
            assert control.run("host set b.example site_name B").code == "ok"
            answer = control.run("host suspend a.example")
            assert answer.code == "ok" and "hint" not in answer.end
        daemon.kill()
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_log(messages.CONNECTED)
        daemon.await_log("still suspended")
        daemon.await_log("dropped what was set at run time before the restart")
        with Control(installation.control_socket) as control:
            states = {row["host"]: row["state"] for row in control.run("host list").rows}
            assert states == {"a.example": "suspended", "b.example": "running"}
            await_entry(control, "kept suspended what was suspended at run time: a.example")
            await_entry(control, "dropped what was set at run time: site_name of b.example")
            assert control.run("host resume a.example").code == "ok"
            assert control.run("host list --state suspended").rows == []


def await_entry(control: Control, text: str) -> None:
    """What happens at the start is written into the journal meanwhile."""
    await_that(lambda: any(text in str(row) for row in control.run("journal").rows),
               lambda: f"the journal never had: {text}")

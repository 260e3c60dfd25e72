"""Operators' invites on the control socket, while users make theirs and daemons are killed."""

import os
import random
import sqlite3

from harness import messages
from harness.control import Answer, Control
from harness.daemon import Daemon
from harness.installation import Installation
from harness.stanzas import INVITE, Invitation, command
from harness.ways import Delegated, ask
from harness.wire import ScriptedServer, Stream

ROUNDS = 8
AT_ONCE = 8


def token(answer: Answer) -> str:
    assert answer.code == "ok", answer.end
    return str(answer.rows[0]["uri"]).rpartition("preauth=")[2]


def numbers(control: Control, filters: str = "") -> list[object]:
    answer = control.run(f"invite list a.example {filters}")
    assert answer.code == "ok", answer.end
    return [row["invite"] for row in answer.rows]


def test_every_answered_change_survives_a_kill(server: ScriptedServer, installation: Installation) -> None:
    seed = int(os.environ.get("INVITED_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"INVITED_SEED={seed} repeats the moments")
    chance = random.Random(seed)
    kept: dict[object, str] = {}
    gone: set[object] = set()

    for round_number in range(ROUNDS):
        with Daemon(installation) as daemon:
            server.connect()
            daemon.await_log(messages.CONNECTED)
            with Control(installation.control_socket) as control:
                assert set(numbers(control)) >= set(kept), f"round {round_number}"
                assert not gone & set(numbers(control)), f"round {round_number}"
                # The rest is being processed at the kill.
                making = [control.begin(["invite", "create", "account", "a.example"]) for _ in range(AT_ONCE)]
                for identifier in making[: chance.randrange(1, AT_ONCE)]:
                    answer = control.finish(identifier)
                    kept[answer.rows[0]["invite"]] = token(answer)
                deleted = chance.choice(sorted(kept, key=str))
                assert control.run(f"invite delete a.example {deleted} --yes").code == "ok"
                del kept[deleted]
                gone.add(deleted)
                daemon.kill()

    assert len(kept) >= ROUNDS // 2
    assert installation.tokens("a.example") >= set(kept.values())
    connection = sqlite3.connect(installation.database("a.example"))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert not gone & {number for (number,) in connection.execute("SELECT id FROM invite")}
    connection.close()


def test_a_users_invite_is_steered(control: Control, stream: Stream) -> None:
    Invitation.of(ask(stream, Delegated("a.example"), "alice@a.example/x", command(INVITE)))
    rows, _, _, end = control.run("invite list --inviter alice@a.example")
    assert [(row["host"], row["invite"], row["kind"], row["state"]) for row in rows] == [
        ("a.example", 1, "contact", "open")]
    assert end["message"] == "1 invite"
    assert control.complete(["invite", "show", "a.example", ""]) == ["1"]
    extended = control.run("invite extend a.example 1 10d").rows[0]
    assert extended["expires"] > rows[0]["expires"]
    assert control.run("invite delete a.example 1", answers=["no"]).code == "confirm.refused"
    assert control.run("invite delete a.example 1", answers=["yes"]).code == "ok"
    assert control.run("invite show a.example 1").code == "invite.unknown"


def test_users_invite_while_all_there_was_is_purged(control: Control, stream: Stream) -> None:
    for number in range(40):
        Invitation.of(ask(stream, Delegated("a.example"), f"user{number}@a.example/x", command(INVITE)))
    purge = control.begin(["invite", "purge", "a.example", "--all"], interactive=True)
    question = control.next(purge, "ask")
    assert "40 invites" in str(question)
    later = Invitation.of(ask(stream, Delegated("a.example"), "alice@a.example/x", command(INVITE)))
    control.answer(purge, "yes")
    assert control.finish(purge).end["message"] == "deleted 40 invites"
    rows = control.run("invite list a.example").rows
    assert [row["invite"] for row in rows] == [41]
    assert later.token in str(control.run("invite show a.example 41 --reveal").rows[0]["uri"])

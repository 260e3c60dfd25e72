"""A host whose file is removed and restored: the domain may have another owner by then, so its links from before stop working."""

from pathlib import Path

import pytest

from harness.control import Control
from harness.daemon import Daemon
from harness.installation import Installation
from harness.waiting import await_that
from harness.wire import ScriptedServer

HOST = "a.example"


def make(control: Control) -> None:
    for _ in range(2):
        assert control.run(f"invite create account {HOST}").code == "ok"


def states(control: Control) -> list[tuple[object, object]]:
    """Of the host's invites, how they are and why."""
    rows = [control.run(["invite", "show", HOST, str(row["invite"])]).rows[0]
            for row in control.run(f"invite list {HOST}").rows]
    return [(row["state"], row.get("revoked_why")) for row in rows]


def leave(control: Control, installation: Installation) -> None:
    installation.remove_host(HOST)
    assert control.run("config apply --yes").code == "ok"


def come_back(installation: Installation) -> None:
    installation.host(HOST, admins=["admin@a.example", "staff@host.example"])


def test_it_is_said_asked_and_done(control: Control, installation: Installation) -> None:
    make(control)
    leave(control, installation)
    come_back(installation)
    plan = control.run("config plan")
    (step,) = [row for row in plan.rows if row["host"] == HOST]
    assert (step["action"], step["lost"]) == ("add", ["2 open invites from before are revoked"])
    assert "--keep-open" in str(plan.end["hint"])
    asking = control.begin(["config", "apply"], interactive=True)
    question = control.next(asking, "ask")
    assert "2 open invites from before are revoked" in question["prompt"] and "--keep-open" in question["prompt"]
    control.answer(asking, "yes")
    assert control.finish(asking).code == "ok"
    assert {state for state, _ in states(control)} == {"revoked"}
    entry = control.run("journal --limit 1").rows[-1]
    assert entry["command"].startswith("config apply") and "2 open invites from before are revoked" in str(entry["after"])
    # Invites made since are valid, and the earlier ones are again once an operator reopens them.
    assert control.run(f"invite create account {HOST}").code == "ok"
    reopened = control.run(f"host reopen {HOST} --yes")
    assert reopened.code == "ok" and reopened.end["message"] == "2 invites reopened"
    assert {state for state, _ in states(control)} == {"open"}


def test_an_operator_keeps_them(control: Control, installation: Installation) -> None:
    make(control)
    leave(control, installation)
    come_back(installation)
    plan = control.run("config plan").rows[0]["plan"]
    assert control.run(f"config apply {plan} --keep-open").code == "ok"
    assert {state for state, _ in states(control)} == {"open"}


@pytest.mark.parametrize("is_killed", [False, True])
def test_it_is_known_over_restarts(directory: Path, server: ScriptedServer, is_killed: bool) -> None:
    """Also where the daemon did not run when the file was removed, or died at once."""
    installation = Installation(directory, server.port)
    come_back(installation)
    installation.host("b.example")
    with Daemon(installation) as daemon:
        server.connect()
        with Control(installation.control_socket) as control:
            make(control)
        if is_killed:
            daemon.kill()
    # The same files: nothing is revoked, however often.
    for _ in range(2):
        with Daemon(installation):
            server.connect()
            with Control(installation.control_socket) as control:
                assert {state for state, _ in states(control)} == {"open"}
    installation.remove_host(HOST)
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        if is_killed:
            with Control(installation.control_socket) as control:
                assert control.run(f"host show {HOST}").code == "host.unknown"
    come_back(installation)
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_log("the domain came back, and its invites from before are revoked", host=HOST, invites="2")
        with Control(installation.control_socket) as control:
            assert {state for state, _ in states(control)} == {"revoked"}

            def entries() -> list[dict[str, object]]:
                return [row for row in control.run("journal").rows if "came back" in str(row.get("after"))]

            # What happens at the start is written into the journal meanwhile.
            await_that(entries)
            (entry,) = entries()
            assert HOST in str(entry["after"])


@pytest.mark.parametrize("way", ["apply", "confirm", "SIGHUP"])
def test_what_was_answered_is_known_after_a_kill(directory: Path, server: ScriptedServer, way: str) -> None:
    """Once the removal of a domain is acknowledged, the domain may be given to another owner at once, while the daemon is down."""
    installation = Installation(directory, server.port)
    installation.host("b.example")
    for _ in range(5):
        come_back(installation)
        with Daemon(installation) as daemon:
            server.connect()
            with Control(installation.control_socket) as control:
                assert {state for state, _ in states(control)} <= {"revoked"}
                make(control)
                match way:
                    case "apply": leave(control, installation)
                    case "confirm":
                        installation.remove_host(HOST)
                        assert control.run("config apply --confirm-within 5m --yes").code == "ok"
                        assert control.run("config confirm").code == "ok"
                    case _:
                        installation.remove_host(HOST)
                        daemon.reload()
                        daemon.await_log("configuration reloaded", removed="1")
            daemon.kill()

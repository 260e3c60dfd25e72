"""Live reconfiguration: plan, apply, confirm and undo, and what is left of them when the daemon dies in between."""

from contextlib import contextmanager
from collections.abc import Iterator

from harness import messages
from harness.control import Control
from harness.daemon import Daemon
from harness.installation import Installation
from harness.stanzas import INVITE, command, condition
from harness.ways import Delegated, ask
from harness.wire import ScriptedServer, Stream

ALICE = "alice@a.example/phone"
A = Delegated("a.example")


def may_invite(stream: Stream) -> bool:
    return ask(stream, A, ALICE, command(INVITE)).get("type") != "error"


def forbid(installation: Installation) -> None:
    installation.host("a.example", admins=["admin@a.example"], allow_contact_invites=False)


@contextmanager
def running(installation: Installation, server: ScriptedServer) -> Iterator[tuple[Daemon, Stream, Control]]:
    with Daemon(installation) as daemon:
        stream = server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as control:
            yield daemon, stream, control


def test_plan_is_applied_and_undone(stream: Stream, control: Control, installation: Installation) -> None:
    forbid(installation)
    plan = control.run("config plan").rows
    assert [(row["host"], row["action"]) for row in plan] == [("a.example", "update"), ("", "untouched")]
    assert may_invite(stream)
    assert control.run(f"config apply {plan[0]['plan']}").code == "ok"
    assert not may_invite(stream)
    assert control.run(f"config apply {plan[0]['plan']}").code == "config.stale"
    assert control.run("config undo", answers=["yes"]).code == "ok"
    assert may_invite(stream)
    assert [row["state"] for row in control.run("config history").rows] == ["running", "kept"]


def test_what_is_set_is_in_force_with_the_next_request(stream: Stream, control: Control) -> None:
    for value in ["false", "true"] * 9:
        assert control.run(f"host set a.example allow_contact_invites {value}").code == "ok"
        assert may_invite(stream) == (value == "true")
    assert control.run("host suspend a.example").code == "ok"
    assert condition(ask(stream, A, ALICE, command(INVITE))) == "service-unavailable"
    assert control.run("host resume a.example").code == "ok"
    assert may_invite(stream)


def test_unconfirmed_undoes_itself_without_its_session(
        stream: Stream, daemon: Daemon, control: Control, installation: Installation) -> None:
    forbid(installation)
    with Control(installation.control_socket) as other:
        assert other.run("config apply --yes --confirm-within 1s").code == "ok"
    daemon.await_log("configuration undone", cause="deadline")
    assert may_invite(stream)
    # Recorded right after it was logged.
    while not any(row["from"] == "deadline" for row in control.run("journal").rows):
        pass


def test_reload_is_refused_while_a_change_waits(
        stream: Stream, daemon: Daemon, control: Control, installation: Installation) -> None:
    forbid(installation)
    assert control.run("config apply --yes --confirm-within 5m").code == "ok"
    installation.host("a.example", allow_contact_invites=True)
    daemon.reload()
    refused = daemon.await_log(messages.RELOAD_REFUSED)
    assert not may_invite(stream)
    assert control.run("config confirm").code == "ok"
    daemon.reload()
    daemon.await_log(messages.RELOADED, after=refused)


def test_killed_before_it_is_confirmed(server: ScriptedServer, installation: Installation) -> None:
    with running(installation, server) as (daemon, stream, control):
        forbid(installation)
        assert control.run("config apply --yes --confirm-within 5m").code == "ok"
        assert not may_invite(stream)
        daemon.kill()
    for _ in range(2):
        # The files are still the unconfirmed ones, also for the start after the next.
        with running(installation, server) as (daemon, stream, control):
            assert may_invite(stream)
            assert any(row["origin"] == "snapshot 1" for row in control.run("config status").rows)
            daemon.kill()
    with running(installation, server) as (daemon, stream, control):
        assert control.run("config apply --yes").code == "ok"
        assert not may_invite(stream)
        daemon.kill()
    with running(installation, server) as (daemon, stream, control):
        assert not may_invite(stream)


def test_confirmed_survives_a_kill(server: ScriptedServer, installation: Installation) -> None:
    with running(installation, server) as (daemon, _, control):
        forbid(installation)
        assert control.run("config apply --yes --confirm-within 5m").code == "ok"
        assert control.run("config confirm").code == "ok"
        daemon.kill()
    with running(installation, server) as (_, stream, _):
        assert not may_invite(stream)


def test_undone_stays_undone_until_the_files_change(server: ScriptedServer, installation: Installation) -> None:
    with running(installation, server) as (daemon, _, control):
        forbid(installation)
        assert control.run("config apply --yes").code == "ok"
        assert control.run("config undo --yes").code == "ok"
        daemon.kill()
    with running(installation, server) as (daemon, stream, _):
        assert may_invite(stream)
        daemon.kill()
    installation.host("a.example", allow_contact_invites=False, site_name="Mended")
    with running(installation, server) as (_, stream, _):
        assert not may_invite(stream)

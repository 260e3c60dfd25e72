"""Reloading (SIGHUP): all files are checked first, then only what changed changes, and the stream stays up."""

from harness import messages
from harness.daemon import Daemon
from harness.installation import COMPONENT, Installation
from harness.stanzas import CREATE_ACCOUNT, INVITE, Invitation, command, command_of, condition, submission
from harness.ways import Delegated, Direct, ask
from harness.wire import ScriptedServer, Stream

ALICE = "alice@a.example/phone"
BOB = "bob@b.example/phone"
A = Delegated("a.example")
B = Delegated("b.example")


def invite(stream: Stream, way: Delegated | Direct, user: str) -> Invitation:
    return Invitation.of(ask(stream, way, user, command(INVITE)))


def refusal(stream: Stream, way: Delegated | Direct, user: str) -> str:
    return condition(ask(stream, way, user, command(INVITE)))


def test_policy_flips_while_connected(stream: Stream, daemon: Daemon, installation: Installation) -> None:
    invite(stream, A, ALICE)
    installation.host("a.example", admins=["admin@a.example"], allow_contact_invites=False)
    daemon.reload()
    closed = daemon.await_log(messages.RELOADED)
    assert {"added", "removed", "changed", "unchanged"} <= set(closed.fields)
    assert refusal(stream, A, ALICE) == "forbidden"
    invite(stream, B, BOB)
    installation.host("a.example", admins=["admin@a.example"], allow_contact_invites=True)
    daemon.reload()
    daemon.await_log(messages.RELOADED, after=closed)
    invite(stream, A, ALICE)
    assert daemon.logged(messages.CONNECTED) == 1, "a reload is no reason to reconnect"


def test_host_is_added_and_removed_at_run_time(stream: Stream, daemon: Daemon, installation: Installation) -> None:
    new = Delegated("c.example")
    stanza, identifier = new.stanza("carol@c.example/x", "set", command(INVITE))
    assert stream.request(stanza, identifier)
    installation.host("c.example", service_address="invites.c.example")
    daemon.reload()
    added = daemon.await_log(messages.RELOADED)
    kept = invite(stream, new, "carol@c.example/x").token
    invite(stream, Direct("invites.c.example"), "carol@c.example/x")
    invite(stream, Direct(COMPONENT), "carol@c.example/x")

    installation.remove_host("c.example")
    daemon.reload()
    daemon.await_log(messages.RELOADED, after=added)
    assert refusal(stream, Direct(COMPONENT), "carol@c.example/x")
    assert kept in installation.tokens("c.example"), "to remove a host's file does not throw its invites away"
    invite(stream, A, ALICE)


def test_bad_file_changes_nothing_at_all(stream: Stream, daemon: Daemon, installation: Installation) -> None:
    invite(stream, A, ALICE)
    installation.host("a.example", allow_contact_invites=False)
    installation.host_text("b.example", "host: b.example\nadmins: [not a JID @]\nallow_user_invites: mabye\n")
    daemon.reload()
    refused = daemon.await_log(messages.RELOAD_REFUSED)
    assert "b.example.yaml:2:" in daemon.transcript and "b.example.yaml:3:" in daemon.transcript
    assert daemon.logged(messages.RELOADED) == 0
    invite(stream, A, ALICE)
    invite(stream, B, BOB)

    installation.host("b.example")
    daemon.reload()
    daemon.await_log(messages.RELOADED, after=refused)
    assert refusal(stream, A, ALICE) == "forbidden"


def test_many_reloads_in_a_row_end_in_the_last_state(
        stream: Stream, daemon: Daemon, installation: Installation) -> None:
    """Signals merge; what counts is that the last file is in force after the last line."""
    for allowed in [False, True] * 20:
        installation.host("a.example", allow_contact_invites=allowed)
        daemon.reload()
    # Files of before, which say the same of invites, may still be taken up: only the last has a third host beside it.
    installation.host("a.example", allow_contact_invites=False)
    installation.host("last.example")
    daemon.reload()
    daemon.await_log(messages.RELOADED, added="1")
    assert refusal(stream, A, ALICE) == "forbidden"


def test_unchanged_host_keeps_its_sessions(stream: Stream, daemon: Daemon, installation: Installation) -> None:
    """What did not change is not touched."""
    asked = ask(stream, A, "admin@a.example/x", command(CREATE_ACCOUNT))
    session = command_of(asked, "executing").get("sessionid")
    installation.host("b.example", site_name="Another name")
    daemon.reload()
    daemon.await_log(messages.RELOADED)
    Invitation.of(ask(stream, A, "admin@a.example/x", command(
        CREATE_ACCOUNT, action="complete", session=session, form=submission(username="", roster_subscription="0"))))


def test_bad_host_at_the_start_is_refused_and_the_others_run(
        server: ScriptedServer, installation: Installation) -> None:
    installation.host_text("bad.example", "host: bad.example\nallow_contact_invites: 7 \n")
    installation.host_text("other.example", "host: another.example\n")
    installation.host_text("binary.example", b"host: \xff\xfe\n")
    with Daemon(installation) as daemon:
        for host in ("bad.example", "other.example", "binary.example"):
            daemon.await_log(messages.HOST_REFUSED, host=host)
        stream = server.connect()
        invite(stream, A, ALICE)
        assert refusal(stream, Direct(COMPONENT), "user@bad.example/x")
        installation.host("bad.example")
        installation.remove_host("other.example")
        installation.remove_host("binary.example")
        daemon.reload()
        daemon.await_log(messages.RELOADED)
        invite(stream, Direct(COMPONENT), "user@bad.example/x")

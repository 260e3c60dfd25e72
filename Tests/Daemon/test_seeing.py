"""What operators see of the running daemon: hosts, numbers, grants, stanzas, the log and the connection."""

import re
import threading
from xml.etree.ElementTree import fromstring

import pytest

from harness.control import Control
from harness.daemon import Daemon
from harness.installation import COMPONENT, SECRET, Installation
from harness.stanzas import (CLIENT_NS, COMMANDS_NS, CREATE_ACCOUNT, DISCO_ITEMS_NS, FORMS_NS, INVITE, STANZA_ERRORS_NS, TOKEN,
                             Invitation, command, command_of, condition, delegation_ns, find, iq, submission)
from harness.ways import Delegated, Direct, Way, ask
from harness.wire import ScriptedServer, Stream

ALICE = "alice@a.example/phone"
BOB = "bob@b.example/phone"
ADMIN = "admin@b.example/desk"
ADD_USER = "http://jabber.org/protocol/admin#add-user"

WAYS = [Delegated("b.example", 2), Delegated("b.example", 1), Direct("invites.b.example"), Direct(COMPONENT)]
WAY_NAMES = ["delegated", "delegated in version 1", "service address", "shared address"]


def trace(control: Control, *argv: str) -> int:
    """Start a trace, and wait until it watches."""
    identifier = control.begin(["trace", *argv])
    control.next(identifier, "progress")
    return identifier


def stop(control: Control, identifier: int) -> list[dict[str, str]]:
    """End a stream of events; returns those that were received."""
    control.cancel(identifier)
    answer = control.finish(identifier)
    assert answer.code == "cancelled", answer.end
    return answer.events


# Stanzas

@pytest.mark.parametrize("way", WAYS, ids=WAY_NAMES)
def test_trace_shows_both_directions_and_no_token(control: Control, stream: Stream, way: Way) -> None:
    watching = trace(control, "b.example")
    made = [Invitation.of(ask(stream, way, BOB, command(INVITE))).token]
    named = submission(username="juliet", roster_subscription="1")
    made.append(Invitation.of(ask(stream, way, ADMIN, command(CREATE_ACCOUNT, form=named))).token)
    asked = command_of(ask(stream, way, ADMIN, command(CREATE_ACCOUNT)), "executing")
    ask(stream, way, ADMIN, command(CREATE_ACCOUNT, action="cancel", session=asked.get("sessionid")))
    ask(stream, way, BOB, command(CREATE_ACCOUNT))
    ask(stream, way, BOB, f"<preauth xmlns='urn:xmpp:pars:0' token='{made[0]}'/>")
    ask(stream, way, BOB, f"<q xmlns='urn:example:q'>see xmpp:bob@b.example?roster;preauth={made[1]};ibr=y</q>")
    events = [control.next(watching, "event") for _ in range(14)]
    assert [event["direction"] for event in events] == ["in", "out"] * 7
    shown = [event["stanza"] for event in events]
    for text in shown:
        fromstring(f"<stream xmlns='jabber:component:accept'>{text}</stream>")
        assert not re.search(TOKEN, text), text
        assert not any(token in text for token in made)
    # Everything but the token is there.
    assert "xmpp:bob@b.example?roster;preauth=[token]" in shown[1]
    assert "xmpp:juliet@b.example?register;preauth=[token]" in shown[3]
    assert asked.get("sessionid") in shown[5]
    if isinstance(way, Delegated):
        assert all(delegation_ns(way.version) in text for text in shown)
        assert "jabber:client" in shown[0]
    assert stop(control, watching) == []


@pytest.mark.parametrize("way", WAYS, ids=WAY_NAMES)
def test_trace_reveals_when_told(control: Control, stream: Stream, daemon: Daemon, way: Way) -> None:
    watching = trace(control, "b.example", "--reveal")
    token = Invitation.of(ask(stream, way, BOB, command(INVITE))).token
    control.next(watching, "event")
    assert token in control.next(watching, "event")["stanza"]
    stop(control, watching)
    assert token not in daemon.transcript and SECRET not in daemon.transcript
    # It is a read, and recorded nevertheless.
    (entry,) = [row for row in control.run("journal").rows if str(row["command"]).startswith("trace")]
    assert (entry["command"], entry["hosts"]) == ("trace --reveal b.example", ["b.example"])
    assert token not in str(control.run("journal").rows)


def test_trace_is_of_one_host(control: Control, stream: Stream) -> None:
    watching = trace(control, "b.example")
    for way in (Delegated("a.example"), Direct(COMPONENT)):
        ask(stream, way, ALICE, command(INVITE))
    stream.send(f"<message from='a.example' to='{COMPONENT}'><x xmlns='urn:example:a'/></message>"
                f"<message from='b.example' to='{COMPONENT}'><x xmlns='urn:example:b'/></message>")
    assert "urn:example:b" in control.next(watching, "event")["stanza"]
    assert stop(control, watching) == []


def test_trace_leaves_out_what_is_too_much(control: Control, stream: Stream) -> None:
    watching = trace(control, "b.example")
    stanzas = [iq("get", BOB, COMPONENT, "<q xmlns='urn:example:q'/>") for _ in range(2000)]
    stream.send_all(text for text, _ in stanzas)
    stream.receive_replies({identifier for _, identifier in stanzas})
    events: list[dict[str, object]] = []

    def read() -> None:
        while not any("urn:example:end" in str(event.get("stanza")) for event in events):
            events.append(control.next(watching, "event"))

    reader = threading.Thread(target=read)
    reader.start()
    # How many were left out is reported with the next one that is not, which is in another second.
    while reader.is_alive():
        ask(stream, Direct(COMPONENT), BOB, "<q xmlns='urn:example:end'/>", "get")
        reader.join(0.01)
    dropped = sum(event.get("dropped", 0) for event in events)
    seen = sum("stanza" in event for event in events)
    assert dropped > 0 and seen >= 500 and seen + dropped >= 4001
    control.cancel(watching)
    assert control.finish(watching).code == "cancelled"


# Hosts and numbers

def test_status_and_hosts(control: Control, stream: Stream) -> None:
    (status,) = control.run("status").rows
    assert (status["hosts"], status["running"], status["quarantined"], status["refused"]) == (2, 2, 0, 0)
    assert status["connection"].startswith("connected to 127.0.0.1:")
    Invitation.of(ask(stream, Direct(COMPONENT), BOB, command(INVITE)))
    ask(stream, Delegated("b.example"), BOB, command(CREATE_ACCOUNT))
    rows = {row["host"]: row for row in control.run("host list").rows}
    assert list(rows) == ["a.example", "b.example"]
    assert (rows["b.example"]["requests"], rows["b.example"]["invites"], rows["b.example"]["waiting"]) == (2, 1, 0)
    assert rows["a.example"]["requests"] == 0
    assert [row["host"] for row in control.run("host list --match b.").rows] == ["b.example"]
    assert control.run("host list --state refused").rows == []
    (shown,) = control.run("host show b.example").rows
    assert (shown["requests"], shown["refused"], shown["invites"]) == (2, 1, 1)
    assert {row["host"]: (row["requests"], row["refused"], row["invites"]) for row in control.run("stats").rows} == {
        "b.example": (2, 1, 1), "(no host)": (0, 0, 0), "(sum)": (2, 1, 1)}


def test_refused_file_is_seen(installation: Installation, server: ScriptedServer) -> None:
    path = installation.host_text("c.example", "admins: []\nallow_user_invite: true\n")
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as control:
            assert control.run("status").rows[0]["refused"] == 1
            (row,) = control.run("host list --state refused").rows
            assert row["host"] == "c.example" and "did you mean" in row["trouble"]
            (why,) = control.run("host why c.example").rows
            assert (why["verdict"], why["origin"]) == ("refused", f"{path}:2:1")
            assert control.run("host show c.example").rows[0]["file"] == str(path)
            assert control.complete(["host", "show", "c"]) == ["c.example"]


def test_why_names_the_deciding_line(installation: Installation, server: ScriptedServer) -> None:
    path = installation.host_text("b.example", "admins: [admin@b.example]\nallow_contact_invites: false\n")
    with Daemon(installation) as daemon:
        stream = server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as control:
            def verdicts(jid: str) -> dict[str, tuple[str, str | None]]:
                rows = control.run(f"host why b.example {jid}").rows
                return {row["subject"]: (row["verdict"], row.get("origin")) for row in rows}

            assert verdicts("bob@b.example") == {
                "invite contacts": ("no", f"{path}:2:24"), "invited contacts register": ("no", f"{path}:2:24"),
                "create accounts": ("no", f"{path}:1:9")}
            assert verdicts("admin@b.example")["create accounts"] == ("yes", f"{path}:1:9")
            assert condition(ask(stream, Direct(COMPONENT), BOB, command(INVITE))) == "forbidden"


def test_top(control: Control, stream: Stream) -> None:
    watching = control.begin(["top", "--interval", "1"])
    events: list[dict[str, object]] = []

    def read() -> None:
        # An event between two requests counts none.
        while sum(event["host"] == "b.example" for event in events) < 2:
            events.append(control.next(watching, "event"))

    reader = threading.Thread(target=read)
    reader.start()
    while reader.is_alive():
        ask(stream, Direct(COMPONENT), BOB, command(INVITE))
        reader.join(0.05)
    stop(control, watching)
    assert {event["host"] for event in events} == {"(sum)", "b.example"}
    # One can also fall between a request and its result.
    seen = ("requests_per_second", "waiting", "invites_per_second")
    assert all(any(event[name] > 0 for name in seen) for event in events if event["host"] == "b.example")


# The server

def grant(stream: Stream, host: str, *namespaces: str) -> None:
    delegated = "".join(f"<delegated namespace='{namespace}'/>" for namespace in namespaces)
    stream.send(f"<message from='{host}' to='{COMPONENT}'><delegation xmlns='urn:xmpp:delegation:2'>{delegated}"
                f"</delegation></message><message from='{host}' to='{COMPONENT}'>"
                "<privilege xmlns='urn:xmpp:privilege:2'><perm access='roster' type='both'/></privilege></message>")
    stream.barrier()


FORM = f"<x xmlns='{FORMS_NS}' type='form'><field var='accountjid' type='jid-single'/></x>"


@pytest.mark.parametrize("kind, payload, expected", [
    ("result", f"<command xmlns='{COMMANDS_NS}' node='{ADD_USER}' sessionid='s1' status='executing'>{FORM}</command>",
     "yes"),
    ("result", f"<command xmlns='{COMMANDS_NS}' node='{ADD_USER}' sessionid='s1' status='completed'>"
               "<note type='error'>not you</note></command>", "no: not you"),
    ("error", f"<error type='auth'><forbidden xmlns='{STANZA_ERRORS_NS}'/></error>", "no: forbidden"),
])
def test_probe(control: Control, stream: Stream, kind: str, payload: str, expected: str) -> None:
    grant(stream, "b.example", COMMANDS_NS, DISCO_ITEMS_NS)
    asking = control.begin(["grants", "b.example", "--probe"])
    asked = stream.receive()
    assert asked.get("to") == "b.example"
    assert find(asked, COMMANDS_NS, "command").get("node") == ADD_USER
    stream.send(f"<iq type='{kind}' id='{asked.get('id')}' from='b.example' to='{COMPONENT}'>{payload}</iq>")
    if expected == "yes":
        # No form is left open, and no account is made.
        cancel = stream.receive()
        assert find(cancel, COMMANDS_NS, "command").get("action") == "cancel"
        assert find(cancel, COMMANDS_NS, "command").get("sessionid") == "s1"
        stream.send(f"<iq type='result' id='{cancel.get('id')}' from='b.example' to='{COMPONENT}'/>")
    answer_probe(stream)
    (row,) = control.finish(asking).rows
    assert (row["add_user"], row["commands"], row["roster"]) == (expected, "yes", "both")


def answer_probe(stream: Stream) -> None:
    """Answer the command that is sent as a client would send it, as a server that does not delegate it."""
    probe = stream.receive()
    assert (probe.get("to"), probe.get("from")) == ("b.example", f"probe@{COMPONENT}")
    assert find(probe, COMMANDS_NS, "command").get("node") == INVITE
    stream.send(f"<iq type='error' id='{probe.get('id')}' from='b.example' to='{probe.get('from')}'>"
                f"<error type='cancel'><item-not-found xmlns='{STANZA_ERRORS_NS}'/></error></iq>")


def test_probe_sees_what_was_never_said(control: Control, stream: Stream) -> None:
    """The server delegates the command that is sent to the host, although it has not announced that."""
    asking = control.begin(["grants", "b.example", "--probe"])
    asked = stream.receive()
    stream.send(f"<iq type='error' id='{asked.get('id')}' from='b.example' to='{COMPONENT}'>"
                f"<error type='auth'><forbidden xmlns='{STANZA_ERRORS_NS}'/></error></iq>")
    probe = stream.receive()
    outcome = ask(stream, Delegated("b.example", 2), probe.get("from"), command(INVITE))
    assert condition(outcome) == "forbidden"
    stream.send(f"<iq type='error' id='{probe.get('id')}' from='b.example' to='{probe.get('from')}'>"
                f"<error type='auth'><forbidden xmlns='{STANZA_ERRORS_NS}'/></error></iq>")
    (row,) = control.finish(asking).rows
    assert row["commands"] == "yes"


def test_a_host_whose_file_comes_later_has_its_grants(
        control: Control, stream: Stream, installation: Installation) -> None:
    grant(stream, "later.example", COMMANDS_NS, DISCO_ITEMS_NS)
    installation.host("later.example")
    assert control.run("config apply --yes").code == "ok"
    (row,) = control.run("grants later.example").rows
    assert (row["commands"], row["roster"]) == ("yes", "both")


PRIVILEGE_NS = "urn:xmpp:privilege:2"


def test_probe_in_the_name_of_an_admin(control: Control, stream: Stream) -> None:
    """Where the server grants it; when the admin is refused, we ask ourselves."""
    stream.send(f"<message from='b.example' to='{COMPONENT}'><privilege xmlns='{PRIVILEGE_NS}'><perm access='iq'>"
                f"<namespace ns='{COMMANDS_NS}' type='both'/></perm></privilege></message>")
    stream.barrier()
    asking = control.begin(["grants", "b.example", "--probe"])
    asked = stream.receive()
    assert asked.get("to") == "admin@b.example"
    inner = find(find(asked, PRIVILEGE_NS, "privileged_iq"), CLIENT_NS, "iq")
    assert (inner.get("to"), inner.get("type"), inner.get("from")) == ("b.example", "set", None)
    assert find(inner, COMMANDS_NS, "command").get("node") == ADD_USER
    stream.send(f"<iq type='result' id='{asked.get('id')}' from='admin@b.example' to='{COMPONENT}'>"
                f"<privilege xmlns='{PRIVILEGE_NS}'><forwarded xmlns='urn:xmpp:forward:0'>"
                f"<iq xmlns='{CLIENT_NS}' type='error' id='{inner.get('id')}' from='b.example' to='admin@b.example'>"
                f"<error type='auth'><forbidden xmlns='{STANZA_ERRORS_NS}'/></error></iq></forwarded></privilege></iq>")
    direct = stream.receive()
    assert direct.get("to") == "b.example"
    stream.send(f"<iq type='result' id='{direct.get('id')}' from='b.example' to='{COMPONENT}'>"
                f"<command xmlns='{COMMANDS_NS}' node='{ADD_USER}' status='executing'>{FORM}</command></iq>")
    answer_probe(stream)
    (row,) = control.finish(asking).rows
    assert row["add_user"] == "yes"
    assert row["privileges"] == [f"iq {COMMANDS_NS}: both"]


def test_grants_without_a_connection(control: Control, stream: Stream, daemon: Daemon, server: ScriptedServer) -> None:
    grant(stream, "b.example", COMMANDS_NS)
    assert control.run("grants b.example").rows[0]["commands"] == "yes"
    stream.fail("system-shutdown")
    daemon.await_log("disconnected from the server")
    again = server.accept()
    answer = control.run("grants b.example --probe")
    assert answer.code == "component.disconnected"
    assert control.run("grants b.example").rows[0]["delegated"] == []
    (row,) = control.run("component status").rows
    assert (row["state"], row["attempt"], row["trouble"]) == (
        "connecting", 1, "stream error of the server: system-shutdown")
    # A trouble of the past has a field of its own.
    assert "last_trouble" not in row
    before = daemon.await_log("connected to the server")
    again.open()
    again.check_handshake()
    again.send("<handshake/>")
    daemon.await_log("connected to the server", after=before)
    (row,) = control.run("component status").rows
    assert "trouble" not in row and row["last_trouble"] == "stream error of the server: system-shutdown"
    assert row["last_trouble_at"] <= row["since"]
    again.close()


def test_reconnect(control: Control, stream: Stream, server: ScriptedServer) -> None:
    stanza, identifier = iq("set", BOB, COMPONENT, command(INVITE))
    stream.send(stanza)
    Invitation.of(stream.receive())
    asking = control.begin(["component", "reconnect"])
    control.next(asking, "progress")
    assert stream.await_end() == [] and stream.closed_properly
    stream.close()
    again = server.connect()
    assert control.finish(asking).code == "ok"
    Invitation.of(ask(again, Direct(COMPONENT), BOB, command(INVITE)))
    (row,) = control.run("component status").rows
    assert row["state"] == "connected" and row["dropped"] == 0 and "trouble" not in row


def test_reconnect_that_fails_says_so(control: Control, stream: Stream, server: ScriptedServer) -> None:
    asking = control.begin(["component", "reconnect"])
    stream.await_end()
    stream.close()
    server.accept().refuse("conflict")
    answer = control.finish(asking)
    assert answer.code == "component.disconnected" and "conflict" in answer.end["message"]
    # The daemon waits before it connects again; the command ends the wait.
    asking = control.begin(["component", "reconnect"])
    server.connect()
    assert control.finish(asking).code == "ok"


# The log

def test_log_follow_sees_what_the_log_leaves_out(control: Control, stream: Stream, daemon: Daemon) -> None:
    following = control.begin(["log", "follow", "--level", "debug", "--host", "b.example"])
    control.next(following, "progress")
    assert control.run("log level").rows[0]["level"] == "info"
    grant(stream, "a.example", COMMANDS_NS)
    grant(stream, "b.example", COMMANDS_NS)
    event = control.next(following, "event")
    assert (event["level"], event["message"], event["metadata"]["host"]) == ("debug", "host grants", "b.example")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"])
    stop(control, following)
    assert daemon.logged("host grants") == 0


def test_log_level_goes_back(control: Control, stream: Stream, daemon: Daemon) -> None:
    (row,) = control.run("log level debug --for 1h").rows
    assert row["level"] == "debug" and row["until"]
    grant(stream, "a.example", COMMANDS_NS)
    daemon.await_log("host grants", host="a.example")
    control.run("log level debug --for 1s")
    while (row := control.run("log level").rows[0]).get("until"):
        pass
    assert row == {"level": "info"}
    control.run("log level debug")
    control.run("log level warning")
    assert control.run("log level").rows == [{"level": "warning"}]
    assert control.run("log level loud").code == "usage.bad-argument"
    assert control.run("log level --for 1m").code == "usage.bad-argument"

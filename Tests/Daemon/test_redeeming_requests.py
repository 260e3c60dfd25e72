"""Subscription requests with a token (XEP-0379), from all origins: the server's own users, another server's, and components."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from federation import Neighbour
from harness.inviting import invite
from harness.ports import free_port
from harness.redeeming import Invited
from harness.relay import TO_DAEMON
from other_server import HOST as FAR
from other_server import OtherServer
from prosody_server import OTHER, SECRET
from server_files import ServerFiles, prosodies
from wire import PARS_NS, ROSTER_NS, Client, Component, child, name, unique

A = "a.example"
# How long the server's module waits for the daemon. After that it is an ordinary request.
ANSWER_TIMEOUT = 5


class Federation:
    """Our server and another operator's, which federate."""

    def __init__(self, invited: Invited, other: OtherServer) -> None:
        self.invited = invited
        self.other = other


def other_files(files: ServerFiles) -> ServerFiles:
    """The other server is a Prosody, of our version where ours is one."""
    return files if files.name == "prosody" else prosodies()[-1]


@pytest.fixture(scope="module")
def federated(module_server: ServerFiles) -> Iterator[Federation]:
    ours, theirs = free_port(), free_port()
    directory = Path(tempfile.mkdtemp(prefix="invited-other-", dir="/tmp"))
    other = OtherServer(other_files(module_server), directory, Neighbour(theirs, A, ours))
    try:
        other.start()
        with Invited.running(module_server, neighbour=Neighbour(ours, FAR, theirs)) as running:
            yield Federation(running, other)
    finally:
        other.stop()
        shutil.rmtree(directory, ignore_errors=True)


def online(invited: Invited, username: str, host: str = A) -> Client:
    invited.register(username, host)
    session = invited.client(host).login(username)
    session.roster()
    session.send("<presence/>")
    session.barrier()
    return session


class Asker:
    """An entity that requests a subscription: a session, and its address."""

    def __init__(self, session: Client | Component, jid: str) -> None:
        self.session = session
        self.jid = jid

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def send(self, kind: str, to: str, payload: str = "") -> None:
        origin = f" from='{self.jid}'" if isinstance(self.session, Component) else ""
        self.session.send(f"<presence type='{kind}' to='{to}'{origin}>{payload}</presence>")

    def ask(self, to: str, token: str) -> None:
        self.send("subscribe", to, f"<preauth xmlns='{PARS_NS}' token='{token}'/>")

    def hears(self, kind: str, of: str) -> None:
        self.session.until(lambda stanza: name(stanza) == "presence" and stanza.get("type") == kind
                           and str(stanza.get("from")).startswith(of))


def local(federated: Federation) -> Asker:
    session = online(federated.invited, unique("asker"))
    return Asker(session, session.jid.partition("/")[0])


def other_host(federated: Federation) -> Asker:
    session = online(federated.invited, unique("asker"), "b.example")
    return Asker(session, session.jid.partition("/")[0])


def other_server(federated: Federation) -> Asker:
    session = federated.other.user(unique("asker"))
    return Asker(session, session.jid.partition("/")[0])


def component(federated: Federation) -> Asker:
    return Asker(Component(federated.invited.server.component_port, OTHER, SECRET), f"{unique('bot')}@{OTHER}")


def component_of(asker: Asker) -> Asker:
    """Another address of the same component, of which there is one connection."""
    return Asker(asker.session, f"{unique('bot')}@{OTHER}")


ASKERS = [local, other_host, other_server, component]
Make = Callable[[Federation], Asker]


@pytest.mark.parametrize("make", ASKERS)
def test_approved(federated: Federation, username: str, make: Make) -> None:
    """At once, without the user being asked, who then asks in return. The token is spent."""
    invited, user = federated.invited, f"{username}@{A}"
    with online(invited, username) as inviter, make(federated) as asker:
        token = invite(inviter).token
        asker.ask(user, token)
        if make is local:
            invited.await_that(lambda: inviter.roster().get(asker.jid) == "both")
        else:
            asker.hears("subscribed", user)
            asker.hears("subscribe", user)
            asker.send("subscribed", user)
            invited.await_that(lambda: inviter.roster().get(asker.jid) == "both")
        assert not [stanza for stanza in inviter.barrier() if stanza.get("type") == "subscribe"]
        invited.await_state(A, token, "used")
        assert invited.redemptions(A, token) == [(asker.jid, "confirmed")]


@pytest.mark.parametrize("make", ASKERS)
def test_told_and_pushed(federated: Federation, username: str, make: Make) -> None:
    """The user receives the roster push for the contact, and a notice that names it."""
    invited, user = federated.invited, f"{username}@{A}"
    with online(invited, username) as inviter, make(federated) as asker:
        asker.ask(user, invite(inviter).token)
        awaited = {"push", "notice"}
        while awaited:
            stanza = inviter.receive()
            if (item := stanza.find(f".//{{{ROSTER_NS}}}item")) is not None:
                assert item.get("jid") == asker.jid
                awaited.discard("push")
            elif name(stanza) == "message":
                body = child(stanza, "body")
                assert body is not None and body.text == f"{asker.jid} has accepted your invite."
                awaited.discard("notice")


@pytest.mark.parametrize("make", ASKERS)
@pytest.mark.parametrize("what", ["made up", "of another user", "revoked", "used"])
def test_ordinary(federated: Federation, username: str, what: str, make: Make) -> None:
    """An invalid token makes it the request that it would be without one."""
    invited, user = federated.invited, f"{username}@{A}"
    with online(invited, username) as inviter, online(invited, f"{username}-2") as other, make(federated) as asker:
        token = "x" * 29 if what == "made up" else invite(other if what == "of another user" else inviter).token
        if what == "revoked":
            assert invited.run(["invite", "revoke", A, invited.number(A, token), "--yes"]).code == "ok"
        elif what == "used":
            with local(federated) as first:
                first.ask(user, token)
                invited.await_state(A, token, "used")
        asker.ask(user, token)
        request = inviter.until(lambda stanza: stanza.get("type") == "subscribe")
        assert str(request.get("from")) == asker.jid
        assert inviter.roster().get(asker.jid, "none") == "none"
        if what == "of another user":
            assert invited.state(A, token) == "open"


@pytest.mark.parametrize("make", ASKERS)
def test_blocked(federated: Federation, username: str, make: Make) -> None:
    """The user's blocking list (XEP-0191) is applied first: the token stays open, and the user receives nothing."""
    invited, user = federated.invited, f"{username}@{A}"
    with online(invited, username) as inviter, make(federated) as asker:
        token = invite(inviter).token
        blocked = inviter.ask("set", f"<block xmlns='urn:xmpp:blocking'><item jid='{asker.jid}'/></block>", None)
        assert inviter.answer(blocked).get("type") == "result"
        asker.ask(user, token)
        # A later request on the same path has arrived, so the first one has, too.
        with component_of(asker) if make is component else make(federated) as next_one:
            next_one.ask(user, "x" * 29)
            assert inviter.until(lambda stanza: stanza.get("type") == "subscribe").get("from") == next_one.jid
        assert invited.state(A, token) == "open"
        assert asker.jid not in inviter.roster()


def test_nobody_waits_for_the_daemon(federated: Federation, username: str) -> None:
    """Stanzas that another server sends after a request are delivered while the daemon has not answered."""
    invited, user = federated.invited, f"{username}@{A}"
    with online(invited, username) as inviter, other_server(federated) as asker:
        token = invite(inviter).token
        invited.relay.stop_at(TO_DAEMON, b"<subscribe ")
        began = time.monotonic()
        asker.ask(user, token)
        invited.relay.await_stop()
        asker.session.send(f"<message to='{user}' type='chat'><body>behind it</body></message>")
        message = inviter.until(lambda stanza: name(stanza) == "message")
        assert message.findtext("{jabber:client}body") == "behind it"
        is_waited_for = time.monotonic() - began < ANSWER_TIMEOUT / 2
        invited.relay.go_on()
        if is_waited_for:
            asker.hears("subscribed", user)

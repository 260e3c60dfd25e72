"""Accounts by the commands of XEP-0133, contacts and messages by XEP-0356: what each real server does with them.

The daemon asks as admin of the host. What pages will ask for is asked through `Provider`; the commands of XEP-0401 are asked of the
daemon itself. `DIFFERENCES` lists how servers differ, and why."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import messages
from harness.client import PASSWORD, Client, IqError
from harness.control import Control
from harness.daemon import Daemon
from harness.ejabberd import Ejabberd
from harness.installation import COMPONENT, SECRET, Installation
from harness.prosody import Prosody
from harness.provider import Outcome, Provider
from harness.relay import TO_SERVER, Relay
from harness.waiting import await_that
from server_files import ServerFiles, ejabberds, prosodies
from wire import ROSTER_NS, Ended, child, name, unique
from wire import Client as RawClient

HOST = "a.example"
# U+0221, which Unicode 3.2 does not have, and with it stringprep.
NEW = "\u0221"


@dataclass(frozen=True)
class Differences:
    """Of one server."""

    # ejabberd prepares names and passwords with the tables of Unicode 3.2 alone, and has no words for what it refuses: its handler
    # of the command fails, which it answers with item-not-found. Prosody's libidn leaves newer characters as they are.
    takes_new_characters: bool
    # Prosody ends them itself when a password is changed; ejabberd on request, as for any user whose sessions are ended.
    sessions_end_with: str
    # XEP-0356 lets a component set a contact to `both` on Prosody. ejabberd 23.01 fails on it (`mod_roster` looks up the roster of
    # the component), 24.12 leaves the subscription as it is.
    makes_contacts: bool
    # ejabberd's mod_privilege grants messages as well, but the README leaves it at what needs no more rights: the component's own.
    notices_come_from: str
    # ejabberd reports the last login only, whose time mod_last stores.
    needs_mod_last: bool


DIFFERENCES = {
    "prosody": Differences(
        takes_new_characters=True, sessions_end_with="reset", makes_contacts=True, notices_come_from=HOST,
        needs_mod_last=False),
    "ejabberd": Differences(
        takes_new_characters=False, sessions_end_with="policy-violation", makes_contacts=False,
        notices_come_from=COMPONENT, needs_mod_last=True),
}

Server = Prosody | Ejabberd


def make(files: ServerFiles, path: Path) -> Server:
    hosts = [HOST, "b.example"]
    if files.name == "prosody":
        return Prosody(files, path, COMPONENT, SECRET, hosts)
    return Ejabberd(files, path, [COMPONENT], SECRET, hosts)


@pytest.fixture(scope="module", params=[*prosodies(), *ejabberds()], ids=str)
def files(request: pytest.FixtureRequest) -> ServerFiles:
    return request.param


@pytest.fixture(scope="module")
def server(files: ServerFiles) -> Iterator[Server]:
    path = Path(tempfile.mkdtemp(prefix="invited-accounts-"))
    running = make(files, path)
    try:
        for user in ("admin", "alice", "bob"):
            running.register(f"{user}@{HOST}", PASSWORD)
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def here(files: ServerFiles) -> Differences:
    return DIFFERENCES[files.name]


def configured(directory: Path, port: int) -> Installation:
    """Accounts are made with XEP-0133, so nothing waits for the hello of a module."""
    installation = Installation(directory, port)
    installation.host(HOST, admins=[f"admin@{HOST}"], accounts="xep-0133")
    return installation


@pytest.fixture
def provider(directory: Path, server: Server) -> Iterator[Provider]:
    with Provider(configured(directory, server.component_port), HOST) as provider:
        await_grants(provider)
        yield provider


def await_grants(provider: Provider) -> None:
    """Each server announces after the handshake that it grants rosters. Before that, ejabberd drops requests."""
    await_that(lambda: "contacts" in provider.ask("abilities").text)


@pytest.fixture
def relay(server: Server) -> Iterator[Relay]:
    with Relay(server.component_port) as relay:
        yield relay


@pytest.fixture
def behind_relay(directory: Path, relay: Relay) -> Iterator[Provider]:
    with Provider(configured(directory, relay.port), HOST) as provider:
        await_grants(provider)
        yield provider


@pytest.fixture
def username() -> str:
    """A username that no other test uses."""
    return unique("friend")


def logs_in(server: Server, username: str, password: str) -> bool:
    with RawClient(server.client_port, HOST) as client:
        return client.authenticate(username, password)


# Making accounts


@pytest.mark.parametrize("password", ["a good password", "<p>&amp;\"'</p>]]>", " of é and ß ", "x" * 1000],
                         ids=["plain", "XML", "accents", "long"])
def test_create(provider: Provider, server: Server, username: str, password: str) -> None:
    assert provider.ask("create", username, password=password) == Outcome("done")
    assert logs_in(server, username, password)
    assert not logs_in(server, username, "another password")


def test_create_a_name_that_is_taken(provider: Provider, server: Server) -> None:
    assert provider.ask("create", "alice", password="a good password") == Outcome("taken")
    # Names are compared as servers prepare them.
    assert provider.ask("create", "Alice", password="a good password") == Outcome("taken")
    assert logs_in(server, "alice", PASSWORD)


def test_create_a_name_that_can_be_none(provider: Provider) -> None:
    for username in ("", "two words", "a@b", "a/b", "<x/>", "x" * 1024):
        assert provider.ask("create", username, password="a good password").outcome == "refused", username


def test_create_a_name_that_the_server_refuses(provider: Provider, here: Differences, username: str) -> None:
    expected = "done" if here.takes_new_characters else "refused"
    assert provider.ask("create", username + NEW, password="a good password").outcome == expected


@pytest.mark.parametrize("password", ["", "a\x07b", "two\nlines", "x" * 1024, "x" * 65536],
                         ids=["empty", "bell", "line", "1024", "64 KiB"])
def test_create_with_a_password_that_can_be_none(provider: Provider, username: str, password: str) -> None:
    refused = provider.ask("create", username, password=password)
    assert refused.outcome == "refused" and refused.text.startswith("the password ")
    assert provider.ask("exists", username) == Outcome("absent")
    # So for an account that there is, whose password stays.
    assert provider.ask("password", "bob", password=password).outcome == "refused"


def test_create_with_a_password_that_the_server_refuses(
        provider: Provider, server: Server, here: Differences, username: str) -> None:
    expected = "done" if here.takes_new_characters else "refused"
    assert provider.ask("create", username, password=NEW).outcome == expected
    assert provider.ask("exists", username).outcome == ("present" if here.takes_new_characters else "absent")


# What there is


def test_existence(provider: Provider, username: str) -> None:
    assert provider.ask("exists", "alice") == Outcome("present")
    assert provider.ask("exists", username) == Outcome("absent")
    assert provider.ask("create", username, password="a good password") == Outcome("done")
    assert provider.ask("exists", username) == Outcome("present")


def test_existence_while_the_user_is_online(provider: Provider, server: Server) -> None:
    with RawClient(server.client_port, HOST).login("alice", PASSWORD) as alice:
        alice.send("<presence/>")
        alice.until(lambda element: name(element) == "presence")
        assert provider.ask("exists", "alice") == Outcome("present")


def test_existence_without_mod_last(files: ServerFiles, here: Differences, directory: Path, username: str) -> None:
    """Where the server cannot answer, the outcome is unknown."""
    if not here.needs_mod_last:
        pytest.skip("the server has a command that tells it")
    path = Path(tempfile.mkdtemp(prefix="invited-accounts-"))
    server = make(files, path)
    configuration = path / "ejabberd.yml"
    settings = json.loads(configuration.read_text())
    del settings["modules"]["mod_last"]
    configuration.write_text(json.dumps(settings))
    try:
        server.register(f"admin@{HOST}", PASSWORD)
        server.start()
        with Provider(configured(directory, server.component_port), HOST) as provider:
            await_grants(provider)
            for each in (username, "admin"):
                unknown = provider.ask("exists", each)
                assert unknown.outcome == "unknown" and "`mod_last`" in unknown.text
    finally:
        server.stop()
        shutil.rmtree(path, ignore_errors=True)


# Passwords and sessions


def test_password(provider: Provider, server: Server, here: Differences, username: str) -> None:
    assert provider.ask("password", username, password="a good password") == Outcome("absent")
    assert provider.ask("exists", username) == Outcome("absent")
    assert provider.ask("create", username, password="a good password") == Outcome("done")
    with RawClient(server.client_port, HOST).login(username) as session:
        assert provider.ask("password", username, password="<another> & \"better\"") == Outcome("done", "sessions ended")
        ended = session.until(lambda element: name(element) == "error")
        assert child(ended, here.sessions_end_with) is not None
        with pytest.raises(Ended):
            session.receive()
    assert not logs_in(server, username, "a good password")
    assert logs_in(server, username, "<another> & \"better\"")


def test_password_that_the_server_refuses(
        provider: Provider, server: Server, here: Differences, username: str) -> None:
    """ejabberd answers that it is set, and leaves the old one."""
    assert provider.ask("create", username, password="a good password") == Outcome("done")
    outcome = provider.ask("password", username, password=NEW).outcome
    assert outcome == ("done" if here.takes_new_characters else "refused")
    assert logs_in(server, username, NEW if here.takes_new_characters else "a good password")


# Contacts and messages


def roster(client: RawClient) -> dict[str, str]:
    """Subscription by contact."""
    reply = client.answer(client.ask("get", f"<query xmlns='{ROSTER_NS}'/>", None))
    return {str(item.get("jid")): str(item.get("subscription")) for item in reply.iter(f"{{{ROSTER_NS}}}item")}


def test_contacts(provider: Provider, server: Server, here: Differences, username: str) -> None:
    provider.ask("create", username, password="a good password")
    friend = f"{username}@{HOST}"
    with (RawClient(server.client_port, HOST).login("alice", PASSWORD) as alice,
          RawClient(server.client_port, HOST).login(username) as other):
        assert friend not in roster(alice) and roster(other) == {}
        outcome = provider.ask("contact", "alice", contact=friend)
        if here.makes_contacts:
            assert outcome == Outcome("done")
            pushed = alice.until(lambda element: element.find(f"{{{ROSTER_NS}}}query") is not None)
            item = pushed.find(f".//{{{ROSTER_NS}}}item")
            assert item is not None and (item.get("jid"), item.get("subscription")) == (friend, "both")
            assert roster(alice)[friend] == "both" and roster(other) == {f"alice@{HOST}": "both"}
            assert provider.ask("contact", "alice", contact=friend) == Outcome("done")
        else:
            # And nothing half done is left behind.
            assert outcome == Outcome("unsupported")
            assert friend not in roster(alice) and roster(other) == {}


def test_contacts_that_there_are_not(provider: Provider, here: Differences, username: str) -> None:
    if here.makes_contacts:
        refused = provider.ask("contact", "alice", contact=f"{username}@{HOST}")
        assert refused.outcome == "refused"
        assert provider.ask("contact", username, contact=f"alice@{HOST}") == Outcome("absent")
    # What the server of another host grants is another matter.
    assert provider.ask("contact", "alice", contact="bob@elsewhere.example") == Outcome("unsupported")


def test_message(provider: Provider, server: Server, here: Differences) -> None:
    assert "notices" in provider.ask("abilities").text
    with RawClient(server.client_port, HOST).login("alice", PASSWORD) as alice:
        alice.send("<presence/>")
        alice.until(lambda element: name(element) == "presence")
        # For ten seconds after the handshake the grant may not have arrived yet.
        deadline = time.monotonic() + 30
        while (outcome := provider.ask("notify", "alice", text="<juliet> & friends")).outcome == "unreachable":
            assert "has not said yet" in outcome.text and time.monotonic() < deadline
            time.sleep(0.05)
        assert outcome == Outcome("done")
        message = alice.until(lambda element: child(element, "body") is not None)
        assert message.get("from") == here.notices_come_from
        body = child(message, "body")
        assert body is not None and body.text == "<juliet> & friends"


# Servers that fail in the middle


@pytest.mark.parametrize("is_made", [False, True], ids=["request-lost", "answer-lost"])
def test_connection_lost_in_the_middle(behind_relay: Provider, relay: Relay, username: str, is_made: bool) -> None:
    """Whether it was done is unknown until the server is asked."""
    (relay.stop_at_answer if is_made else relay.stop_at)(TO_SERVER, b"password-verify")
    behind_relay.begin("create", username, password="a good password")
    relay.await_stop()
    relay.cut()
    assert behind_relay.outcome() == Outcome("unknown", "the connection was lost")
    behind_relay.await_connection()
    await_grants(behind_relay)
    assert behind_relay.ask("exists", username) == Outcome("present" if is_made else "absent")
    again = behind_relay.ask("create", username, password="a good password")
    assert again == Outcome("taken" if is_made else "done")


def test_server_silent_in_the_middle(
        files: ServerFiles, behind_relay: Provider, relay: Relay, username: str) -> None:
    if not files.is_installed:
        pytest.skip("what is not heard does not differ between versions, and takes its time")
    relay.stop_at_answer(TO_SERVER, b"password-verify")
    assert behind_relay.ask("create", username, password="a good password") == Outcome(
        "unknown", "the server does not answer")
    # It does not answer whether the account exists, either.
    assert behind_relay.ask("exists", username).outcome == "unknown"
    # Before the form is filled in, nothing can have been done.
    assert behind_relay.ask("create", username, password="a good password") == Outcome(
        "unreachable", "the server does not answer")


def test_server_down(directory: Path, server: Server, username: str) -> None:
    with Relay(server.component_port) as relay:
        with Provider(configured(directory, relay.port), HOST) as provider:
            await_grants(provider)
            relay.close()
            # The daemon may not have noticed yet.
            while provider.ask("abilities") != Outcome("none"):
                assert provider.ask("create", username, password="a good password").outcome in ("unknown", "unreachable")
            down = provider.ask("create", username, password="a good password")
            assert down == Outcome("unreachable", "there is no connection to the server")
            assert provider.ask("exists", username) == Outcome("unknown", down.text)


# The daemon


def await_daemons_grants(daemon: Daemon) -> None:
    """As `await_grants`: what the daemon asks before the server has announced them may never be answered."""
    daemon.await_log(messages.CONNECTED, timeout=60)
    with Control(daemon.installation.control_socket) as session:
        await_that(lambda: session.run(["grants", HOST]).rows[0]["roster"] == "both")


async def test_create_account_command_for_an_account_that_exists(
        directory: Path, server: Server, username: str) -> None:
    installation = configured(directory, server.component_port)
    with Daemon(installation) as daemon:
        await_daemons_grants(daemon)
        async with Client(f"admin@{HOST}", server.client_port) as admin:
            for taken in ("alice", "Alice"):
                with pytest.raises(IqError, match="conflict"):
                    await admin.create_account(COMPONENT, username=taken)
            assert installation.tokens(HOST) == set()
            free = await admin.create_account(COMPONENT, username=username)
            assert {free.token} == installation.tokens(HOST)


def test_operators_make_no_invites_against_what_the_server_says(directory: Path, server: Server, username: str) -> None:
    """None for an account that exists, and none to or of a user who does not."""
    installation = configured(directory, server.component_port)
    with Daemon(installation) as daemon:
        await_daemons_grants(daemon)
        with Control(installation.control_socket) as session:
            for line, code in [
                (f"account {HOST} --username Alice", "invite.username-taken"), (f"reset {username}@{HOST}", "user.unknown"),
                (f"contact {username}@{HOST}", "user.unknown"), (f"account {HOST} --contact {username}@{HOST}", "user.unknown"),
            ]:
                assert session.run(f"invite create {line}").code == code, line
            assert installation.tokens(HOST) == set()
            for line in [f"account {HOST} --username {username}", f"reset alice@{HOST}", f"contact alice@{HOST}",
                         f"account {HOST} --contact alice@{HOST}"]:
                assert session.run(f"invite create {line}").code == "ok", line

"""The daemon, its server, or only the connection ends at each step of a registration: every account that was made has exactly one
confirmed redemption and its contact, and no use of an invite is lost or made twice."""

from collections.abc import Iterator

import pytest

from harness.redeeming import Invited, friend
from harness.relay import TO_DAEMON, TO_SERVER
from server_files import ServerFiles
from wire import Client, Ended, error, unique

HOST = "b.example"


@pytest.fixture(scope="module")
def invited(module_files: ServerFiles) -> Iterator[Invited]:
    """What ends is there again after each test."""
    with Invited.running(module_files) as running:
        running.register("bob", HOST)
        yield running


def stop_at(invited: Invited, moment: str) -> None:
    match moment:
        case "reserved":
            invited.relay.stop_at_answer(TO_DAEMON, b"<reserve ")
        case "account made":
            invited.relay.stop_at(TO_DAEMON, b"<confirm ")
        case "confirmed":
            invited.relay.stop_at_answer(TO_DAEMON, b"<confirm ")
        case "contact asked for":
            invited.relay.stop_at(TO_SERVER, b"<contacts ")
        case "contact made":
            invited.relay.stop_at_answer(TO_SERVER, b"<contacts ")


def end(invited: Invited, what: str) -> None:
    """Both are there again, and have greeted each other, when this returns."""
    with invited.greeted():
        match what:
            case "daemon":
                invited.daemon.kill()
                invited.relay.cut()
                invited.restart_daemon()
            case "server":
                invited.prosody.kill()
                invited.relay.cut()
                invited.prosody.start()
            case "connection":
                invited.relay.cut()


class Registration:
    """One friend with a link of one use."""

    def __init__(self, invited: Invited, username: str) -> None:
        self.invited = invited
        self.username = username
        self.token = invited.create("account", HOST, "--contact", f"bob@{HOST}")
        self.client: Client = invited.client(HOST)
        reply = self.client.answer(self.client.preauth(self.token))
        assert reply.get("type") == "result", (error(reply), invited.prosody.log[-3000:])

    def is_there(self) -> bool:
        return self.invited.prosody.has_account(self.username, host=HOST)

    def assert_made(self) -> None:
        """However it came about."""
        self.client.close()
        self.invited.await_that(lambda: self.invited.redemptions(HOST, self.token) == [(self.username, "confirmed")])
        assert self.is_there()
        assert self.invited.state(HOST, self.token) == "used"
        self.invited.await_that(self.has_contact)
        assert friend(self.invited, HOST, self.token, unique("second")) == ("cancel", "item-not-found")

    def has_contact(self) -> bool:
        with self.invited.client(HOST) as client:
            if client.login(self.username).roster() != {f"bob@{HOST}": "both"}:
                return False
        with self.invited.client(HOST) as bob:
            return bob.login("bob").roster().get(f"{self.username}@{HOST}") == "both"


@pytest.mark.parametrize("what", ["daemon", "server", "connection"])
def test_after_the_token_was_found_good(invited: Invited, what: str) -> None:
    registration = Registration(invited, unique("friend"))
    end(invited, what)
    if what == "server":
        assert friend(invited, HOST, registration.token, registration.username) is None
    else:  # the friend's stream is still there
        assert registration.client.answer(registration.client.register(registration.username)).get("type") == "result"
    registration.assert_made()


@pytest.mark.parametrize("what", ["daemon", "connection"])
def test_before_the_server_hears_of_the_reservation(invited: Invited, what: str) -> None:
    """The friend is told to wait, and goes on with the same stream."""
    registration = Registration(invited, unique("friend"))
    stop_at(invited, "reserved")
    asked = registration.client.register(registration.username)
    invited.relay.await_stop()
    end(invited, what)
    assert error(registration.client.answer(asked)) == ("wait", "resource-constraint")
    assert not registration.is_there()
    assert registration.client.answer(registration.client.register(registration.username)).get("type") == "result"
    registration.assert_made()


def test_server_dies_before_it_makes_the_account(invited: Invited) -> None:
    """It owes what it has written down before, and gives the use back when it is there again."""
    registration = Registration(invited, unique("dies"))
    registration.client.register(registration.username)
    with pytest.raises(Ended):
        registration.client.receive()
    invited.prosody.await_end()
    with invited.greeted():
        invited.prosody.start()
    invited.await_state(HOST, registration.token, "open")
    assert not registration.is_there()
    assert friend(invited, HOST, registration.token, name := unique("friend")) is None
    registration.username = name
    registration.assert_made()


@pytest.mark.parametrize("moment", ["account made", "confirmed", "contact asked for", "contact made"])
@pytest.mark.parametrize("what", ["daemon", "server", "connection"])
def test_after_the_account_was_made(invited: Invited, moment: str, what: str) -> None:
    registration = Registration(invited, unique("friend"))
    stop_at(invited, moment)
    asked = registration.client.register(registration.username)
    invited.relay.await_stop()
    end(invited, what)
    if what != "server":  # whatever became of the daemon, there is an account
        assert registration.client.answer(asked).get("type") == "result"
    registration.assert_made()


def test_server_forgets_a_reservation(invited: Invited) -> None:
    """Slow, since it takes the deadline: the daemon asks for the account, hears that there is none, and the use is free again."""
    registration = Registration(invited, unique("friend"))
    stop_at(invited, "reserved")
    registration.client.register(registration.username)
    invited.relay.await_stop()
    end(invited, "server")
    other = unique("friend")
    assert friend(invited, HOST, registration.token, other) == ("wait", "resource-constraint")
    invited.await_that(lambda: invited.state(HOST, registration.token) == "open", timeout=100)
    assert not registration.is_there()
    assert friend(invited, HOST, registration.token, other) is None
    registration.username = other
    registration.assert_made()

"""The daemon, its server, or only the connection ends between every two steps of what a token is good for: every account that was made
has exactly one confirmed redemption and its contact, and no use of an invite is lost or made twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from harness.module_servers import PAUSED
from harness.redeeming import Invited, friend
from harness.relay import TO_DAEMON, TO_SERVER
from server_files import ServerFiles
from wire import PARS_NS, Client, Ended, error, unique

HOST = "b.example"
VICTIMS = ["daemon", "server", "connection"]
WAIT, USED = ("wait", "resource-constraint"), ("cancel", "item-not-found")
PASSWORD, OTHER_PASSWORD = "a good password", "another password"


@pytest.fixture(scope="module")
def invited(module_server: ServerFiles) -> Iterator[Invited]:
    """What a test ends is started again after it."""
    with Invited.running(module_server) as running:
        running.register("bob", HOST)
        yield running


def end(invited: Invited, victim: str) -> None:
    """Both are there again, and have greeted each other, when this returns."""
    with invited.greeted():
        match victim:
            case "daemon":
                invited.daemon.kill()
                invited.relay.cut()
                invited.restart_daemon()
            case "server":
                invited.server.kill()
                invited.relay.cut()
                invited.server.start()
            case "connection":
                invited.relay.cut()


def asked(direction: str, word: bytes) -> Callable[[Invited], None]:
    return lambda invited: invited.relay.stop_at(direction, word)


def answered(direction: str, word: bytes) -> Callable[[Invited], None]:
    return lambda invited: invited.relay.stop_at_answer(direction, word)


# Accounts


@dataclass(frozen=True)
class Step:
    """One side is ended when this has been sent, and has not arrived."""

    sent: str
    stop: Callable[[Invited], None]
    is_check: bool = False
    # There will be an account, whichever side ends.
    is_made: bool = False
    # The daemon has a reservation that the server has not been notified of, until the deadline.
    is_forgotten_by_the_server: bool = False


REGISTRATION = [
    Step("check", asked(TO_DAEMON, b"<check "), is_check=True),
    Step("check's answer", answered(TO_DAEMON, b"<check "), is_check=True),
    Step("reserve", asked(TO_DAEMON, b"<reserve ")),
    Step("reserve's answer", answered(TO_DAEMON, b"<reserve "), is_forgotten_by_the_server=True),
    Step("confirm", asked(TO_DAEMON, b"<confirm "), is_made=True),
    Step("confirm's answer", answered(TO_DAEMON, b"<confirm "), is_made=True),
    Step("contacts", asked(TO_SERVER, b"<contacts "), is_made=True),
    Step("contacts' answer", answered(TO_SERVER, b"<contacts "), is_made=True),
    Step("notify", asked(TO_SERVER, b"<notify "), is_made=True),
    Step("notify's answer", answered(TO_SERVER, b"<notify "), is_made=True),
]


class Registration:
    """One friend with a link of one use."""

    def __init__(self, invited: Invited, username: str) -> None:
        self.invited = invited
        self.username = username
        self.token = invited.create("account", HOST, "--contact", f"bob@{HOST}")
        self.client: Client = invited.client(HOST)

    def preauth(self) -> None:
        assert self.client.answer(self.client.preauth(self.token)).get("type") == "result"

    def assert_made(self) -> None:
        """Asserts the account, its confirmed redemption and the contact, whichever way they came about."""
        self.client.close()
        self.invited.await_that(lambda: self.invited.redemptions(HOST, self.token) == [(self.username, "confirmed")])
        assert self.invited.server.has_account(self.username, host=HOST)
        assert self.invited.state(HOST, self.token) == "used"
        self.invited.await_that(self.has_contact)
        assert friend(self.invited, HOST, self.token, unique("second")) == USED
        # The next test stops at its own requests.
        self.invited.await_tasks(HOST)

    def has_contact(self) -> bool:
        with self.invited.client(HOST) as client:
            if client.login(self.username).roster() != {f"bob@{HOST}": "both"}:
                return False
        with self.invited.client(HOST) as bob:
            return bob.login("bob").roster().get(f"{self.username}@{HOST}") == "both"


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("step", REGISTRATION, ids=lambda step: step.sent)
def test_registration(invited: Invited, step: Step, victim: str) -> None:
    registration = Registration(invited, unique("friend"))
    client = registration.client
    if not step.is_check:
        registration.preauth()
    step.stop(invited)
    sent = client.preauth(registration.token) if step.is_check else client.register(registration.username)
    invited.relay.await_stop()
    end(invited, victim)
    if victim != "server":  # the friend's stream is still there
        reply = client.answer(sent)
        assert (reply.get("type") if step.is_made else error(reply)) == ("result" if step.is_made else WAIT)
    assert invited.has_account(registration.username, HOST) == step.is_made
    if not step.is_made:
        again(registration, victim, step)
    registration.assert_made()


def again(registration: Registration, victim: str, step: Step) -> None:
    """The friend continues with the stream or, where it ended, with another; the use may be free only after the deadline."""
    if victim != "server":
        if step.is_check:
            registration.preauth()
        client = registration.client
        assert client.answer(client.register(registration.username)).get("type") == "result"
        return
    outcomes: list[tuple[str, str] | None] = []

    def is_settled() -> bool:
        outcomes.append(friend(registration.invited, HOST, registration.token, registration.username))
        return outcomes[-1] != WAIT

    registration.invited.await_that(is_settled, timeout=100)
    assert outcomes[-1] is None
    assert (len(outcomes) > 1) == step.is_forgotten_by_the_server


@pytest.mark.parametrize("victim", VICTIMS)
def test_between_the_check_and_the_form(invited: Invited, victim: str) -> None:
    registration = Registration(invited, unique("friend"))
    registration.preauth()
    end(invited, victim)
    if victim == "server":
        assert friend(invited, HOST, registration.token, registration.username) is None
    else:
        client = registration.client
        assert client.answer(client.register(registration.username)).get("type") == "result"
    registration.assert_made()


@pytest.mark.parametrize("victim", ["daemon", "connection"])
def test_between_the_reservation_and_the_account(invited: Invited, victim: str) -> None:
    """The server has what it needs, and continues."""
    registration = Registration(invited, unique("pauses"))
    registration.preauth()
    with invited.logs(PAUSED):
        sent = registration.client.register(registration.username)
    end(invited, victim)
    with invited.client(HOST).login("bob") as bob:
        bob.answer(bob.ask("set", "<do xmlns='urn:tests' action='resume'/>"))
    assert registration.client.answer(sent).get("type") == "result"
    registration.assert_made()


def test_server_dies_before_it_makes_the_account(invited: Invited) -> None:
    """It has stored the debt before, and releases the use when it runs again."""
    registration = Registration(invited, unique("dies"))
    registration.preauth()
    registration.client.register(registration.username)
    with pytest.raises(Ended):
        registration.client.receive()
    invited.server.await_end()
    with invited.greeted():
        invited.server.start()
    invited.await_state(HOST, registration.token, "open")
    assert not invited.server.has_account(registration.username, host=HOST)
    assert friend(invited, HOST, registration.token, name := unique("friend")) is None
    registration.username = name
    registration.assert_made()


# New passwords


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("is_spent", [False, True], ids=["spend", "spend's answer"])
def test_reset(invited: Invited, is_spent: bool, victim: str) -> None:
    """It is spent before the password is set: if it is unknown whether the password was set, it is spent."""
    username = unique("user")
    invited.register(username, HOST)
    token = invited.create("reset", f"{username}@{HOST}")
    (answered if is_spent else asked)(TO_DAEMON, b"<spend ")(invited)
    with invited.client(HOST) as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        sent = client.register(username, OTHER_PASSWORD)
        invited.relay.await_stop()
        end(invited, victim)
        if victim != "server":
            assert error(client.answer(sent)) == WAIT
    assert invited.state(HOST, token) == ("used" if is_spent else "open")
    assert invited.server.has_account(username, PASSWORD, HOST)
    with invited.client(HOST) as client:
        reply = client.answer(client.preauth(token))
        if is_spent:
            assert error(reply) == USED
        else:
            assert client.answer(client.register(username, OTHER_PASSWORD)).get("type") == "result"
    assert invited.server.has_account(username, PASSWORD if is_spent else OTHER_PASSWORD, HOST)


# Contacts


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("stop, is_spent", [
    (asked(TO_DAEMON, b"<subscribe "), False), (answered(TO_DAEMON, b"<subscribe "), True),
    (asked(TO_SERVER, b"<contacts "), True), (answered(TO_SERVER, b"<contacts "), True),
], ids=["subscribe", "subscribe's answer", "contacts", "contacts' answer"])
def test_contact_request(invited: Invited, stop: Callable[[Invited], None], is_spent: bool, victim: str) -> None:
    """Either the token is used and there is a contact, or it was an ordinary request, if it arrived at all."""
    username = unique("user")
    invited.register(username, HOST)
    token = invited.create("contact", f"bob@{HOST}")
    request = f"<presence type='subscribe' to='bob@{HOST}'><preauth xmlns='{PARS_NS}' token='{token}'/></presence>"
    stop(invited)
    with invited.client(HOST) as client, invited.client(HOST) as bob:
        client.login(username).send("<presence/>")
        bob.login("bob").send("<presence/>")
        bob.barrier()
        client.send(request)
        invited.relay.await_stop()
        end(invited, victim)
        if victim != "server" and not is_spent:
            assert bob.until(lambda stanza: stanza.get("type") == "subscribe").get("from") == f"{username}@{HOST}"
    assert invited.state(HOST, token) == ("used" if is_spent else "open")
    with invited.client(HOST) as client:
        client.login(username)
        if not is_spent:
            client.send(request)
        invited.await_that(lambda: client.roster() == {f"bob@{HOST}": "both"})
    invited.await_that(lambda: invited.redemptions(HOST, token) == [(f"{username}@{HOST}", "confirmed")])
    invited.await_tasks(HOST)

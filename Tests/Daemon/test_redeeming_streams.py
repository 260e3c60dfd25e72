"""Streams before login: encrypted in between, pipelined, cut off after each step; and a client that we did
not write."""

from collections.abc import Iterator

import pytest

from harness.client import Client as Slixmpp
from harness.redeeming import Invited, assert_one_account
from harness.registering import Registering
from harness.relay import TO_DAEMON
from server_files import ServerFiles
from wire import Client, Ended, error

HOST = "a.example"
PASSWORD = "a good password"


# A client that we did not write


@pytest.mark.parametrize("fixed", [False, True])
async def test_slixmpp_registers(invited: Invited, username: str, fixed: bool) -> None:
    """From the inviter's command to the contact, without a stanza of our own but what no library has."""
    port = invited.server.client_port
    async with Slixmpp("bob@b.example", port, PASSWORD) as bob, Slixmpp("admin@b.example", port, PASSWORD) as admin:
        if fixed:
            link = await admin.create_account("b.example", username=username, roster_subscription="1")
        else:
            link = await bob.invite("b.example")
        names = [f"{username}-2", username] if fixed else ["bob", "a name", username]
        async with Registering(f"{username}@b.example", port, PASSWORD, link.token, names) as friend:
            assert friend.answers == [None, *(["not-acceptable"] if fixed else ["conflict", invited.habits.unprepared_name[1]]), None]
            assert friend.prefilled == (username if fixed else "")
            await friend.await_contact("admin@b.example" if fixed else "bob@b.example")
    assert invited.redemptions("b.example", link.token) == [(username, "confirmed")]


async def test_slixmpp_with_a_link_that_was_used(invited: Invited, username: str) -> None:
    token = invited.create("account", HOST)
    async with Registering(f"{username}@{HOST}", invited.server.client_port, PASSWORD, token):
        pass
    late = Registering(f"{username}-2@{HOST}", invited.server.client_port, PASSWORD, token)
    with pytest.raises(ConnectionError):
        async with late:
            pass
    assert late.answers == ["item-not-found"]
    assert not invited.has_account(f"{username}-2", HOST)


# In a hurry


def test_pipelined(invited: Invited, username: str) -> None:
    """Token and form in one packet, before either is answered; the second form is one too many."""
    token = invited.create("account", HOST, "--username", username)
    with invited.client(HOST) as client:
        asked = [client.preauth(token), client.register(username), client.register(f"{username}-2")]
        answers = [client.answer(identifier) for identifier in asked]
    assert [answer.get("type") for answer in answers] == ["result", "result", "error"]
    assert error(answers[2]) == ("cancel", "not-allowed")
    assert invited.redemptions(HOST, token) == [(username, "confirmed")] and not invited.has_account(f"{username}-2", HOST)


def test_pipelined_with_a_bad_token(invited: Invited, username: str) -> None:
    """The form is the one without a token, and a name that an invite holds cannot be registered."""
    invited.create("account", HOST, "--username", username)
    with invited.client(HOST) as client:
        asked = [client.preauth("made up"), client.register(username)]
        assert [error(client.answer(identifier))[1] for identifier in asked] == ["item-not-found", "conflict"]


# Cut off


def cut_off(client: Client, how: str) -> None:
    {"close": client.close, "reset": client.reset}[how]()


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("step", ["token sent", "token found good", "form shown", "form sent"])
def test_client_goes_after(invited: Invited, username: str, step: str, how: str) -> None:
    token = invited.create("account", HOST)
    client = invited.client(HOST)
    asked = client.preauth(token)
    if step != "token sent":
        assert client.answer(asked).get("type") == "result"
    if step == "form shown":
        client.form()
    elif step == "form sent":
        client.register(username)
    cut_off(client, how)
    assert not (assert_one_account(invited, HOST, token, username) and step != "form sent")


MOMENTS = {
    "reservation asked for": (False, lambda invited: invited.relay.stop_at(TO_DAEMON, b"<reserve ")),
    "reserved": (False, lambda invited: invited.relay.stop_at_answer(TO_DAEMON, b"<reserve ")),
    "account made": (True, lambda invited: invited.relay.stop_at(TO_DAEMON, b"<confirm ")),
    "confirmed": (True, lambda invited: invited.relay.stop_at_answer(TO_DAEMON, b"<confirm ")),
}


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_client_goes_when(invited: Invited, username: str, moment: str, how: str) -> None:
    """Before there is an account, there will be none, and the use is free again at once; afterwards it stays."""
    has_account, stop = MOMENTS[moment]
    token = invited.create("account", HOST)
    client = invited.client(HOST)
    assert client.answer(client.preauth(token)).get("type") == "result"
    stop(invited)
    client.register(username)
    invited.relay.await_stop()
    with invited.server.sees_end_of(client):
        cut_off(client, how)
    invited.relay.go_on()
    invited.await_state(HOST, token, "used" if has_account else "open")
    assert assert_one_account(invited, HOST, token, username) == has_account


# Encrypted in between


@pytest.fixture(scope="module")
def encrypted(module_server: ServerFiles) -> Iterator[Invited]:
    """The server demands encryption, with a certificate that it was given for the test."""
    with Invited.running(module_server, encrypted=True) as running:
        yield running


def test_token_before_encryption(encrypted: Invited, username: str) -> None:
    """Not offered, and not accepted: an eavesdropper does not learn whether the token is valid."""
    token = encrypted.create("account", HOST)
    client = encrypted.client(HOST)
    assert not client.offers("urn:xmpp:invite") and not client.offers("urn:xmpp:ibr-token:0")
    if expected := encrypted.habits.token_before_tls:
        assert error(client.answer(client.preauth(token))) == expected
        assert client.answer(client.register(username)).get("type") == "error"
    else:
        with client, pytest.raises(Ended):
            client.answer(client.preauth(token))
        client = encrypted.client(HOST)
    with client:
        client.starttls()
        assert client.offers("urn:xmpp:invite") and client.offers("urn:xmpp:ibr-token:0")
        assert client.answer(client.preauth(token)).get("type") == "result"
        assert client.answer(client.register(username)).get("type") == "result"
        assert client.authenticate(username)
    assert encrypted.redemptions(HOST, token) == [(username, "confirmed")]


@pytest.fixture(scope="module")
def half_encrypted(module_server: ServerFiles) -> Iterator[Invited]:
    """The server offers encryption and does not require it."""
    with Invited.running(module_server, encrypted=True, common="c2s_require_encryption = false") as running:
        yield running


def test_token_is_forgotten_with_encryption(half_encrypted: Invited, username: str) -> None:
    """The sender of the token may not be the one who continues the stream after STARTTLS (RFC 6120 §5.4.3.3)."""
    token = half_encrypted.create("account", HOST, "--username", username)
    with half_encrypted.client(HOST) as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        client.starttls()
        assert error(client.answer(client.register(username))) == ("cancel", "conflict")
        assert half_encrypted.state(HOST, token) == "open"
        assert client.answer(client.preauth(token)).get("type") == "result"
        assert client.answer(client.register(username)).get("type") == "result"

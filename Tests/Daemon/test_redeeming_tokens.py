"""Every kind of invalid token, and what may happen to a valid one between two steps: the client's error, the daemon's log, and that
nothing was made with it."""

import pytest

from harness.inviting import invite
from harness.redeeming import Invited, friend
from wire import PARS_NS, REGISTER_NS, Ended, error, name, unique

A, B = "a.example", "b.example"
NOT_FOUND, NOT_ALLOWED = ("cancel", "item-not-found"), ("cancel", "not-allowed")
WAIT, BAD = ("wait", "resource-constraint"), ("modify", "bad-request")
OTHER_PASSWORD = "another password"


def expire(invited: Invited, token: str) -> None:
    assert invited.run(["invite", "extend", A, invited.number(A, token), "1s"]).code == "ok"
    invited.await_state(A, token, "expired")


def expired(invited: Invited) -> str:
    token = invited.create("account", A)
    expire(invited, token)
    return token


def used(invited: Invited) -> str:
    token = invited.create("account", A)
    assert friend(invited, A, token, unique("earlier")) is None
    return token


def revoke(invited: Invited, token: str, command: str = "revoke") -> None:
    assert invited.run(["invite", command, A, invited.number(A, token), "--yes"]).code == "ok"


def revoked(invited: Invited) -> str:
    token = invited.create("account", A)
    revoke(invited, token)
    return token


def deleted(invited: Invited) -> str:
    token = invited.create("account", A)
    revoke(invited, token, "delete")
    return token


def for_a_contact(invited: Invited) -> str:
    with invited.client(A).login("alice") as alice:
        return invite(alice).token


CHECK = "refused a module's <check/>: item-not-found"
# Invalid tokens: how to make one, its error, and what the daemon logs; nothing where the server's module answers.
TOKENS = {
    "made up": (lambda _: "x" * 29, NOT_FOUND, CHECK),
    "the scheme of a link": (lambda _: "xmpp:a.example?register", NOT_FOUND, CHECK),
    "XML": (lambda _: "<token attempt='x'/>&\"]]>", NOT_FOUND, CHECK),
    "no ASCII": (lambda _: "\u202e\u00e4\U0001f600", NOT_FOUND, CHECK),
    "expired": (expired, NOT_FOUND, CHECK),
    "used": (used, NOT_FOUND, CHECK),
    "revoked": (revoked, NOT_FOUND, CHECK),
    "deleted": (deleted, NOT_FOUND, CHECK),
    "of another host": (lambda invited: invited.create("account", B), NOT_FOUND, CHECK),
    "for a contact": (for_a_contact, NOT_FOUND, CHECK),
    "empty": (lambda _: "", BAD, None),
    "too long": (lambda _: "x" * 65, BAD, None),
    "long": (lambda _: "x" * 64 * 1024, BAD, None),
}


@pytest.mark.parametrize("kind", TOKENS)
def test_token_that_is_no_good(invited: Invited, username: str, kind: str) -> None:
    """Another one is good on the same stream afterwards."""
    make, condition, line = TOKENS[kind]
    token = make(invited)
    with invited.client(A) as client:
        with invited.logs(invited.habits.refused_token), invited.refuses(line, times=1 if line else 0):
            assert error(client.answer(client.preauth(token))) == condition
        assert client.answer(client.preauth(invited.create("account", A))).get("type") == "result"
        assert client.answer(client.register(username)).get("type") == "result"


def test_token_of_a_megabyte(invited: Invited) -> None:
    """The server ends the stream that sends it. Other streams are not affected."""
    with invited.client(A) as client, invited.client(A) as other:
        try:
            client.preauth("x" * 1024 * 1024)
        except OSError:
            pass  # it did not read to the end
        with pytest.raises(Ended):
            assert "policy-violation" in {name(each) for each in client.until(lambda each: name(each) == "error")}
            client.receive()
        assert other.answer(other.preauth(invited.create("account", A))).get("type") == "result"


# Between the check and the form


def test_expires_in_between(invited: Invited, username: str) -> None:
    """XEP-0445: what was good when it was checked is good for that stream."""
    token = invited.create("account", A)
    with invited.client(A) as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        expire(invited, token)
        assert friend(invited, A, token, f"{username}-2") == NOT_FOUND
        assert client.answer(client.register(username)).get("type") == "result"
    assert invited.redemptions(A, token) == [(username, "confirmed")] and invited.state(A, token) == "used"


@pytest.mark.parametrize("command", ["revoke", "delete"])
def test_taken_back_in_between(invited: Invited, username: str, command: str) -> None:
    token = invited.create("account", A)
    with invited.client(A) as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        revoke(invited, token, command)
        with invited.refuses("refused a module's <reserve/>: item-not-found"):
            assert error(client.answer(client.register(username))) == NOT_FOUND
    assert not invited.has_account(username, A)


def test_suspended_in_between(invited: Invited, username: str) -> None:
    """The host is resumed later, and the stream continues."""
    token = invited.create("account", A)
    with invited.client(A) as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        assert invited.run(["host", "suspend", A]).code == "ok"
        try:
            with invited.refuses("refused a module's <reserve/>: service-unavailable"):
                assert error(client.answer(client.register(username))) == WAIT
            assert not invited.has_account(username, A)
            with invited.client(A) as other:
                assert error(other.answer(other.preauth(token))) == WAIT
                # It must not make an account that is not counted as a use of the invite.
                assert error(other.answer(other.register(f"{username}-2"))) == WAIT
        finally:
            assert invited.run(["host", "resume", A]).code == "ok"
        assert client.answer(client.register(username)).get("type") == "result"
    assert invited.redemptions(A, token) == [(username, "confirmed")]


def test_host_is_removed_in_between(invited: Invited, username: str) -> None:
    """No invite of the host is redeemed until its file is back."""
    token = invited.create("account", B)
    with invited.client(B) as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        invited.installation.remove_host(B)
        try:
            assert invited.run(["config", "apply", "--yes"]).code == "ok"
            assert error(client.answer(client.register(username))) == WAIT
            assert friend(invited, B, token, username) == WAIT
        finally:
            invited.installation.host(B, admins=[f"admin@{B}"], allow_user_invites=True)
            assert invited.run(["config", "apply", "--yes"]).code == "ok"
    assert not invited.has_account(username, B)
    assert friend(invited, B, invited.create("account", B), f"{username}-2") is None


def test_deleted_account_does_not_give_the_use_back(invited: Invited, username: str) -> None:
    token = invited.create("account", A)
    assert friend(invited, A, token, username) is None
    with invited.client(A).login(username) as client:
        client.ask("set", "<query xmlns='jabber:iq:register'><remove/></query>")
    invited.await_that(lambda: not invited.has_account(username, A))
    assert friend(invited, A, token, f"{username}-2") == NOT_FOUND


# Tokens for a new password


def test_reset_is_for_its_account_only(invited: Invited, username: str) -> None:
    """It makes no account, under any name, and is not for a contact."""
    invited.register(username, A)
    token = invited.create("reset", f"{username}@{A}")
    with invited.client(A) as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        for other in ("alice", f"{username}-2", "admin", "a name", ""):
            assert error(client.answer(client.register(other, OTHER_PASSWORD)))[1] == "not-acceptable"
    assert friend(invited, B, token, username) == NOT_FOUND
    invited.register(asker := f"{username}-asker", A)
    with invited.client(A).login(username) as user, invited.client(A).login(asker) as client:
        user.send("<presence/>")
        user.barrier()
        client.send(f"<presence type='subscribe' to='{username}@{A}'><preauth xmlns='{PARS_NS}' token='{token}'/></presence>")
        assert user.until(lambda stanza: stanza.get("type") == "subscribe").get("from") == f"{asker}@{A}"
    assert invited.state(A, token) == "open"
    assert not invited.has_account(f"{username}-2", A)
    assert invited.server.has_account("alice") and invited.server.has_account(username)


def test_reset_of_nobody(invited: Invited, username: str) -> None:
    """Prosody's own module of 0.12 makes an account of it. Here the link is revoked when the account is deleted."""
    invited.register(username, A)
    token = invited.create("reset", f"{username}@{A}")
    with invited.client(A).login(username) as client:
        client.ask("set", f"<query xmlns='{REGISTER_NS}'><remove/></query>")
    invited.await_that(lambda: not invited.has_account(username, A))
    assert friend(invited, A, token, username) == NOT_FOUND
    assert not invited.has_account(username, A)
    # The account is gone before the server has said so.
    invited.await_state(A, token, "revoked")


def test_two_streams_with_one_reset(invited: Invited, username: str) -> None:
    """The first one spends it and sets the password, and the sessions end."""
    invited.register(username, A)
    token = invited.create("reset", f"{username}@{A}")
    with invited.client(A) as one, invited.client(A) as two, invited.client(A).login(username) as session:
        for client in (one, two):
            assert client.answer(client.preauth(token)).get("type") == "result"
        assert one.answer(one.register(username, OTHER_PASSWORD)).get("type") == "result"
        assert error(two.answer(two.register(username, "a third password"))) == NOT_ALLOWED
        with pytest.raises(Ended):
            session.until(lambda _: False)
        # On the stream that was good.
        assert error(one.answer(one.register(username, "a third password"))) == NOT_ALLOWED
    assert invited.server.has_account(username, OTHER_PASSWORD)
    assert not invited.server.has_account(username) and not invited.server.has_account(username, "a third password")


@pytest.mark.parametrize("what", ["revoke", "suspend", "expire"])
def test_reset_in_between(invited: Invited, username: str, what: str) -> None:
    invited.register(username, A)
    token = invited.create("reset", f"{username}@{A}")
    with invited.client(A) as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        match what:
            case "revoke": revoke(invited, token)
            case "suspend": assert invited.run(["host", "suspend", A]).code == "ok"
            case "expire": expire(invited, token)
        try:
            reply = client.answer(client.register(username, OTHER_PASSWORD))
        finally:
            if what == "suspend":
                assert invited.run(["host", "resume", A]).code == "ok"
    if what == "expire":
        assert reply.get("type") == "result"
    else:
        assert error(reply) == (NOT_FOUND if what == "revoke" else WAIT)
    assert invited.server.has_account(username, OTHER_PASSWORD) == (what == "expire")


def test_reset_with_a_password_that_cannot_be(invited: Invited, username: str) -> None:
    """It does not use up the link."""
    invited.register(username, A)
    token = invited.create("reset", f"{username}@{A}")
    with invited.client(A) as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        for password in ("", "a control \x7f character", "x" * 64 * 1024):
            assert error(client.answer(client.register(username, password))) == ("modify", "not-acceptable")
        assert invited.state(A, token) == "open"
        assert client.answer(client.register(username, OTHER_PASSWORD)).get("type") == "result"
    assert invited.server.has_account(username, OTHER_PASSWORD)

"""The cases of ejabberd's own suite for its invites (test/invites_tests.erl), each by its name there, with what it holds here. `http` and
`create_invite_page` are about web pages, which the daemon has none of."""

import pytest

from harness.inviting import assert_friends, create_account, invite, listed
from harness.redeeming import Invited, friend, token_of
from harness.stanzas import CREATE_ACCOUNT, INVITE, command, condition, conditions, disco_info, submission
from wire import PARS_NS, REGISTER_NS, Client, error, name, unique

A, B = "a.example", "b.example"
REVOKED = ("cancel", "item-not-found")


def online(invited: Invited, username: str, host: str) -> Client:
    """Logged in, and shown what changes in the roster."""
    session = invited.client(host).login(username)
    session.roster()
    session.send("<presence/>")
    session.barrier()
    return session


def request(client: Client, to: str, token: str) -> None:
    client.send(f"<presence type='subscribe' to='{to}'><preauth xmlns='{PARS_NS}' token='{token}'/></presence>")


def checked(invited: Invited, host: str, token: str) -> tuple[str, str] | None:
    """The error for a token before login, if any."""
    with invited.client(host) as client:
        reply = client.answer(client.preauth(token))
        return None if reply.get("type") == "result" else error(reply)


def found(invited: Invited, token: str) -> list[tuple[object, object]]:
    return [(row["host"], row["state"]) for row in invited.run(["invite", "find", token]).rows]


def test_gen_invite(invited: Invited, username: str) -> None:
    """The link shows its purpose; impossible combinations are refused; invites are listed, expire, and are purged."""
    made = {
        f"xmpp:{A}?register;preauth=": invited.run(["invite", "create", "account", A]),
        f"xmpp:{username}@{A}?register;preauth=": invited.run(["invite", "create", "account", A, "--username", username]),
        f"xmpp:alice@{A}?roster;preauth=": invited.run(["invite", "create", "contact", f"alice@{A}"]),
    }
    kinds = [answer.rows[0]["kind"] for answer in made.values()]
    assert kinds == ["account", "account", "contact"]
    for start, answer in made.items():
        uri = str(answer.rows[0]["uri"])
        assert uri == start + token_of(uri)
    listed = {row["invite"] for row in invited.run(["invite", "list", A]).rows}
    assert {answer.rows[0]["invite"] for answer in made.values()} <= listed
    for options, code in ((["--username", username], "invite.username-taken"), (["--username", "a name"], "usage.bad-argument"),
                          (["--username", ""], "usage.bad-argument")):
        assert invited.run(["invite", "create", "account", A, *options]).code == code, options
    assert invited.run(["invite", "create", "account", "unknown.example"]).code == "host.unknown"
    short = invited.create("account", A, "--expires", "1s")
    invited.await_state(A, short, "expired")
    assert checked(invited, A, short) == REVOKED
    assert invited.run(["invite", "purge", A, "--state", "expired", "--yes"]).code == "ok"
    assert found(invited, short) == []


def test_expire_and_delete(invited: Invited) -> None:
    token = invited.create("account", A)
    ((host, state),) = found(invited, token)
    assert (host, state) == (A, "open")
    number = invited.number(A, token)
    assert invited.run(["invite", "revoke", A, number, "--yes"]).code == "ok"
    assert found(invited, token) == [(A, "revoked")] and checked(invited, A, token) == REVOKED
    assert invited.run(["invite", "delete", A, number, "--yes"]).code == "ok"
    assert invited.run(["invite", "delete", A, number, "--yes"]).code == "invite.unknown"
    assert checked(invited, A, token) == REVOKED


def test_cleanup_expired(invited: Invited) -> None:
    """Only expired invites are removed."""
    expired, good = invited.create("account", A, "--expires", "1s"), invited.create("account", A)
    invited.await_state(A, expired, "expired")
    assert invited.run(["invite", "purge", A, "--state", "expired", "--yes"]).code == "ok"
    assert found(invited, expired) == [] and found(invited, good) == [(A, "open")]


def test_adhoc_items(invited: Invited) -> None:
    with invited.client(A).login("alice") as alice, invited.client(A).login("admin") as admin:
        assert listed(alice) & {INVITE, CREATE_ACCOUNT} == {INVITE}
        assert listed(admin) >= {INVITE, CREATE_ACCOUNT}
        assert alice.answer(alice.ask("get", disco_info(INVITE))).get("type") == "result"
        assert condition(alice.answer(alice.ask("get", disco_info(CREATE_ACCOUNT)))) == "item-not-found"
        assert admin.answer(admin.ask("get", disco_info(CREATE_ACCOUNT))).get("type") == "result"


def test_adhoc_command_invite(invited: Invited) -> None:
    """The form is the one of XEP-0401, and the token in it is good, until it expires."""
    with invited.client(B).login("bob") as bob:
        invitation = invite(bob)
        assert checked(invited, B, invitation.token) is None
        number = invited.number(B, invitation.token)
        assert invited.run(["invite", "extend", B, number, "1s"]).code == "ok"
        invited.await_state(B, invitation.token, "expired")
        assert checked(invited, B, invitation.token) == REVOKED
        # Only on his own host, and only of himself.
        assert condition(bob.answer(bob.ask("set", command(INVITE), A))) == "forbidden"


@pytest.mark.parametrize("subscription, kind", [("0", "account"), ("1", "account-and-contact")])
@pytest.mark.parametrize("named", [False, True])
def test_adhoc_command_create_account(invited: Invited, username: str, named: bool, subscription: str, kind: str) -> None:
    with invited.client(A).login("alice") as alice, invited.client(A).login("admin") as admin:
        form = submission(username="", roster_subscription="0")
        for payload in (command(CREATE_ACCOUNT), command(CREATE_ACCOUNT, form=form)):
            assert condition(alice.answer(alice.ask("set", payload))) == "forbidden"
        link = create_account(admin, username=username if named else "", roster_subscription=subscription)
        assert link.uri == f"xmpp:{f'{username}@' if named else ''}{A}?register;preauth={link.token}"
        (shown,) = invited.run(["invite", "show", A, invited.number(A, link.token)]).rows
        assert (shown["kind"], shown.get("username")) == (kind, username if named else None)
        # The name of an account that there is, and one that there cannot be.
        form = submission(username="alice", roster_subscription="0")
        assert condition(admin.answer(admin.ask("set", command(CREATE_ACCOUNT, form=form)))) == "conflict"
        form = submission(username="a name", roster_subscription="0")
        assert condition(admin.answer(admin.ask("set", command(CREATE_ACCOUNT, form=form)))) == "bad-request"


def test_token_valid(invited: Invited, username: str) -> None:
    """A token is its inviter's, on its host. What was made up or has expired is an ordinary request."""
    invited.register(username, A)
    invited.register(other := f"{username}-2", A)
    with (online(invited, "alice", A) as alice, online(invited, "admin", A) as admin, online(invited, username, A) as friend,
          online(invited, other, A) as stranger):
        token, expired = invite(alice).token, invite(alice).token
        assert invited.run(["invite", "extend", A, invited.number(A, expired), "1s"]).code == "ok"
        invited.await_state(A, expired, "expired")
        # A server passes an ordinary request on once.
        for asker, asked, bad in ((friend, admin, token), (friend, alice, "x" * len(token)), (stranger, alice, expired)):
            request(asker, asked.jid.partition("/")[0], bad)
            came = asked.until(lambda stanza: stanza.get("type") == "subscribe")
            assert came.get("from") == asker.jid.partition("/")[0]
        assert invited.state(A, token) == "open"
        assert checked(invited, B, token) == REVOKED
        request(friend, f"alice@{A}", token)
        invited.await_that(lambda: alice.roster().get(f"{username}@{A}") == "both")
        invited.await_that(lambda: friend.roster() == {f"alice@{A}": "both", f"admin@{A}": "none"})


def test_remove_user(invited: Invited, username: str) -> None:
    """The user's invites are revoked with it, and none of others."""
    invited.register(username, B)
    with invited.client(B).login(username) as client, invited.client(B).login("bob") as bob:
        own, other = invite(client).token, invite(bob).token
        client.ask("set", f"<query xmlns='{REGISTER_NS}'><remove/></query>")
        invited.await_state(B, own, "revoked")
        assert invited.state(B, other) == "open"
        assert checked(invited, B, own) == REVOKED


def test_expire_tokens(invited: Invited) -> None:
    """The links for accounts are revoked, and those for contacts stay valid."""
    account = invited.create("account", A)
    with invited.client(A).login("alice") as alice:
        contact = invite(alice).token
    assert invited.run(["invite", "revoke", A, "--kind", "account", "--state", "open", "--yes"]).code == "ok"
    assert (invited.state(A, account), invited.state(A, contact)) == ("revoked", "open")


def test_max_invites(invited: Invited, username: str) -> None:
    """A user has so many, an admin any number."""
    invited.register(username, B)
    invited.installation.host(B, admins=[f"admin@{B}"], allow_user_invites=True, user_open_invites=3)
    try:
        assert invited.run(["config", "apply", "--yes"]).code == "ok"
        with invited.client(B).login(username) as client, invited.client(B).login("admin") as admin:
            tokens = [invite(client).token for _ in range(3)]
            assert conditions(client.answer(client.ask("set", command(INVITE))))[0] == "resource-constraint"
            for _ in range(4):
                create_account(admin)
            # What is used up makes room again.
            assert friend(invited, B, tokens[0], f"{username}-2") is None
            invite(client)
    finally:
        invited.installation.host(B, admins=[f"admin@{B}"], allow_user_invites=True)
        assert invited.run(["config", "apply", "--yes"]).code == "ok"


def test_overuse(invited: Invited, username: str) -> None:
    """Who invited whom, also where an account in between is deleted, and where a name is registered again."""
    names = [f"{username}-{number}" for number in range(4)]
    invited.register(names[0], B)
    for inviter, invitee in zip(names, names[1:]):
        with invited.client(B).login(inviter) as client:
            assert friend(invited, B, invite(client).token, invitee) is None
    tree = [(row["account"], row["depth"]) for row in invited.run(["invite", "tree", B, names[0]]).rows]
    assert tree == [(f"{each}@{B}", depth) for depth, each in enumerate(names)]
    with invited.client(B).login(names[1]) as client:
        client.ask("set", f"<query xmlns='{REGISTER_NS}'><remove/></query>")
    invited.await_that(lambda: len(invited.run(["invite", "tree", B, names[1]]).rows) < 3)
    invited.register(names[1], B)  # another user of the same name
    with invited.client(B).login(names[3]) as client:
        assert friend(invited, B, invite(client).token, f"{username}-5") is None
    rows = invited.run(["invite", "tree", B]).rows
    assert [row["depth"] for row in rows if row.get("account") == f"{username}-5@{B}"]
    assert invited.run(["invite", "tree", B, names[3]]).code == "ok"


def test_presence_with_preauth_token(invited: Invited, username: str) -> None:
    invited.register(username, A)
    with online(invited, "alice", A) as alice, online(invited, username, A) as friend:
        token = invite(alice).token
        request(friend, f"alice@{A}", token)
        assert_friends(invited, alice, username)
    assert invited.state(A, token) == "used"


def test_is_reserved(invited: Invited, username: str) -> None:
    """ejabberd's own invites let the holder of a link take another name, which frees the name that it was for. Here the name stays
    reserved for the link (XEP-0445), until the link is revoked."""
    token = invited.create("account", A, "--username", username)
    assert friend(invited, A, token, f"{username}-2") == ("modify", "not-acceptable")
    assert friend(invited, A, invited.create("account", A), username) == ("cancel", "conflict")
    assert invited.state(A, token) == "open"
    assert invited.run(["invite", "revoke", A, invited.number(A, token), "--yes"]).code == "ok"
    assert friend(invited, A, invited.create("account", A), username) is None


def test_stream_feature(invited: Invited) -> None:
    """Where a link lets people register, and before login only."""
    for host, offered in ((A, True), (B, True), ("c.example", False)):
        with invited.client(host) as client:
            for namespace in ("urn:xmpp:invite", "urn:xmpp:ibr-token:0"):
                assert client.offers(namespace) == offered, host
    with invited.client(A).login("alice") as alice:
        assert not alice.offers("urn:xmpp:invite") and not alice.offers("urn:xmpp:ibr-token:0")


def test_ibr(invited: Invited, username: str) -> None:
    taken_name, second = "alice", f"{username}-2"
    with invited.client(A) as client:  # a bad token, and then a good one
        assert error(client.answer(client.preauth("made up"))) == ("cancel", "item-not-found")
        with invited.client(A).login("admin") as admin:
            token = create_account(admin, username=username).token
        assert client.answer(client.preauth(token)).get("type") == "result"
        assert client.form().findtext(f"{{{REGISTER_NS}}}username") == username
        assert client.answer(client.register(username)).get("type") == "result"
        # A second registration on the stream, with another token or with none.
        assert error(client.answer(client.register(second))) == ("cancel", "not-allowed")
        assert error(client.answer(client.preauth(invited.create("account", A)))) == ("cancel", "not-allowed")
    assert checked(invited, A, token) == ("cancel", "item-not-found")
    with invited.client(A) as client:  # a taken and an invalid name, and then a better one
        assert client.answer(client.preauth(invited.create("account", A))).get("type") == "result"
        assert error(client.answer(client.register(taken_name))) == ("cancel", "conflict")
        assert error(client.answer(client.register("a name"))) == invited.habits.unprepared_name
        assert client.answer(client.register(second)).get("type") == "result"
    assert invited.has_account(username, A) and invited.has_account(second, A)


def test_ibr_roster_token(invited: Invited, username: str) -> None:
    """A link for a contact lets its reader register, too, and then still makes the contact of the one who did."""
    invited.register(other := f"{username}-2", B)
    with online(invited, "bob", B) as bob:
        token = invite(bob).token
        assert friend(invited, B, token, username) is None
        assert_friends(invited, bob, username)
        # As clients do after they have registered. There is nothing to ask any more.
        with online(invited, username, B) as client:
            request(client, f"bob@{B}", token)
            assert client.roster() == {f"bob@{B}": "both"}
        with online(invited, other, B) as client:
            request(client, f"bob@{B}", token)
            assert bob.until(lambda stanza: stanza.get("type") == "subscribe").get("from") == f"{other}@{B}"


def test_ibr_no_token(invited: Invited, username: str) -> None:
    """Where people need an invite."""
    invited.installation.host(B, admins=[f"admin@{B}"], allow_user_invites=True, registration="invite")
    try:
        assert invited.run(["config", "apply", "--yes"]).code == "ok"
        invited.await_that(lambda: registers(invited, unique("stranger")) == ("cancel", "not-allowed"))
        assert friend(invited, B, invited.create("account", B), username) is None
    finally:
        invited.installation.host(B, admins=[f"admin@{B}"], allow_user_invites=True)
        assert invited.run(["config", "apply", "--yes"]).code == "ok"
    invited.await_that(lambda: registers(invited, unique("stranger")) is None)


def registers(invited: Invited, username: str) -> tuple[str, str] | None:
    """Without any token."""
    with invited.client(B) as client:
        reply = client.answer(client.register(username))
        return None if reply.get("type") == "result" else error(reply)


def test_ibr_reserved(invited: Invited, username: str) -> None:
    token = invited.create("account", B, "--username", username)
    assert registers(invited, username) == ("cancel", "conflict")
    assert registers(invited, username.upper()) == ("cancel", "conflict")
    assert friend(invited, B, invited.create("account", B), username) == ("cancel", "conflict")
    assert friend(invited, B, token, username) is None


def test_ibr_subscription(invited: Invited, username: str) -> None:
    """Both have the other as a contact, are notified of it, and see each other's presence."""
    with online(invited, "bob", B) as bob:
        token = invite(bob).token
        with invited.client(B) as client:
            assert client.answer(client.preauth(token)).get("type") == "result"
            assert client.answer(client.register(username)).get("type") == "result"
            client.login(username)
            assert set(client.roster()) <= {f"bob@{B}"}
            client.send("<presence/>")
            seen = client.until(lambda stanza: name(stanza) == "presence" and str(stanza.get("from")).startswith("bob@"))
            assert seen.get("type") is None
            bob.send("<presence><status>here</status></presence>")
            client.until(lambda stanza: stanza.findtext("{jabber:client}status") == "here")
            assert_friends(invited, bob, username)


def test_ibr_conflict(invited: Invited, username: str) -> None:
    """Two streams with one token: the second gets no account, but can still become a contact."""
    invited.register(other := f"{username}-2", B)
    with online(invited, "bob", B) as bob, invited.client(B) as one, invited.client(B) as two:
        token = invite(bob).token
        for client in (one, two):
            assert client.answer(client.preauth(token)).get("type") == "result"
        assert one.answer(one.register(username)).get("type") == "result"
        assert error(two.answer(two.register(f"{username}-3"))) == ("cancel", "not-allowed")
        assert not invited.has_account(f"{username}-3", B)
        assert invited.redemptions(B, token) == [(username, "confirmed")]
        assert_friends(invited, bob, username)
        # It is used: another user's request with it is an ordinary one.
        with online(invited, other, B) as client:
            request(client, f"bob@{B}", token)
            assert bob.until(lambda stanza: stanza.get("type") == "subscribe").get("from") == f"{other}@{B}"


def test_reset_token(invited: Invited, username: str) -> None:
    invited.register(username, A)
    token = invited.create("reset", f"{username}@{A}")
    with invited.client(A) as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        for wrong in ("alice", f"{username}-2", ""):
            assert error(client.answer(client.register(wrong, "another password")))[1] == "not-acceptable"
        assert client.answer(client.register(username, "another password")).get("type") == "result"
        assert error(client.answer(client.register(username, "a third password"))) == ("cancel", "not-allowed")
    assert checked(invited, A, token) == ("cancel", "item-not-found")
    assert invited.server.has_account(username, "another password")
    assert not invited.has_account(f"{username}-2", A)



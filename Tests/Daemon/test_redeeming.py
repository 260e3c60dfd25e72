"""From the link to the friend in the roster: the daemon, and each server with its module and without any delegation."""

from harness.inviting import answer_to_create_account, assert_friends, create_account, invite, listed
from harness.module_servers import NOT_SERVED, REGISTRATION
from harness.redeeming import Invited, friend, token_of
from harness.stanzas import CREATE_ACCOUNT, INVITE
from wire import PARS_NS, REGISTER_NS, error, name, unique


# Links


def test_commands_are_listed_beside_the_servers_own(invited: Invited) -> None:
    with invited.client("a.example").login("alice") as alice, invited.client("a.example").login("admin") as admin:
        assert listed(alice) == {INVITE, "uptime"}
        assert listed(admin) == {INVITE, CREATE_ACCOUNT, "uptime"}


def test_links_say_that_the_server_registers(invited: Invited) -> None:
    """XEP-0401: where the inviter's server lets the friend register."""
    with invited.client("b.example").login("bob") as bob, invited.client("a.example").login("alice") as alice:
        may_register, may_not = invite(bob).uri, invite(alice).uri
    assert may_register == f"xmpp:bob@b.example?roster;preauth={token_of(may_register)};ibr=y"
    assert may_not == f"xmpp:alice@a.example?roster;preauth={token_of(may_not)}"


def test_no_link_for_a_name_that_is_taken(invited: Invited) -> None:
    """The server is asked before there is a link (XEP-0401 §5.2)."""
    with invited.client("a.example").login("admin") as admin:
        assert error(answer_to_create_account(admin, username="Alice")) == ("cancel", "conflict")


# Accounts


def test_friend_registers_with_a_users_link(invited: Invited, username: str) -> None:
    with invited.client("b.example").login("bob") as bob:
        bob.roster()
        bob.send("<presence/>")
        token = token_of(invite(bob).uri)
        assert friend(invited, "b.example", token, username) is None
        assert_friends(invited, bob, username)
        assert invited.state("b.example", token) == "used"
        # It is used, which the next client learns at once.
        with invited.client("b.example") as other:
            assert error(other.answer(other.preauth(token))) == ("cancel", "item-not-found")


def test_friend_sees_the_inviter_appear(invited: Invited, username: str) -> None:
    """The friend is already online when the contact is added."""
    with invited.client("b.example").login("bob") as bob:
        token = token_of(invite(bob).uri)
        with invited.client("b.example") as client:
            assert client.answer(client.preauth(token)).get("type") == "result"
            assert client.answer(client.register(username)).get("type") == "result"
            client.login(username)
            client.roster()
            client.send("<presence/>")
            bob.send("<presence/>")
            bob.until(lambda stanza: name(stanza) == "presence" and str(stanza.get("from")).startswith(username))
            client.until(lambda stanza: name(stanza) == "presence" and str(stanza.get("from")).startswith("bob@"))


def test_admins_link_with_a_fixed_name(invited: Invited, username: str) -> None:
    with invited.client("a.example").login("admin") as admin:
        link = create_account(admin, username=username, roster_subscription="0").uri
    assert link.startswith(f"xmpp:{username}@a.example?register;preauth=")
    with invited.client("a.example") as client:
        assert client.answer(client.preauth(token_of(link))).get("type") == "result"
        assert client.form().findtext(f"{{{REGISTER_NS}}}username") == username
        assert error(client.answer(client.register(f"not-{username}")))[1] == "not-acceptable"
        # The invite reserves the name against registrations without it.
        with invited.client("a.example") as other:
            assert error(other.answer(other.register(username))) == ("cancel", "conflict")
        assert client.answer(client.register(username)).get("type") == "result"
    assert invited.state("a.example", token_of(link)) == "used"


def test_admins_link_with_a_contact(invited: Invited, username: str) -> None:
    with invited.client("a.example").login("admin") as admin:
        admin.roster()
        admin.send("<presence/>")
        token = token_of(create_account(admin, username="", roster_subscription="1").uri)
        assert friend(invited, "a.example", token, username) is None
        assert_friends(invited, admin, username)


def test_operators_link(invited: Invited, username: str) -> None:
    token = invited.create("account", "a.example")
    assert friend(invited, "a.example", token, username) is None
    assert invited.state("a.example", token) == "used"


def test_revoked_while_the_form_is_filled_in(invited: Invited, username: str) -> None:
    token = invited.create("account", "a.example")
    with invited.client("a.example") as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        assert invited.run(["invite", "delete", "a.example", invited.number("a.example", token), "--yes"]).code == "ok"
        assert error(client.answer(client.register(username))) == ("cancel", "item-not-found")
    assert not invited.server.has_account(username)


def test_refused_by_the_servers_rules(invited: Invited, username: str) -> None:
    """The daemon was not asked, and the same stream can continue with another name."""
    token = invited.create("account", "a.example")
    with invited.client("a.example") as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        assert error(client.answer(client.register(unique("limited")))) == invited.server.LIMITED
        assert error(client.answer(client.register("alice"))) == ("cancel", "conflict")
        assert invited.state("a.example", token) == "open"
        assert client.answer(client.register(username)).get("type") == "result"


def test_stream_ends_before_the_form_is_sent(invited: Invited, username: str) -> None:
    token = invited.create("account", "a.example")
    with invited.client("a.example") as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
    assert friend(invited, "a.example", token, username) is None


STREAMS = 200


def test_one_account_for_many_streams_at_once(invited: Invited) -> None:
    """The other streams are answered that they have to wait or that it is used up, and none of them gets an account."""
    token = invited.create("account", "a.example")
    clients = [invited.client("a.example") for _ in range(STREAMS)]
    names = [unique("racer") for _ in clients]
    try:
        asked = [client.preauth(token) for client in clients]
        checked = [client.answer(identifier) for client, identifier in zip(clients, asked, strict=True)]
        assert {answer.get("type") for answer in checked} == {"result"}
        asked = [client.register(username) for client, username in zip(clients, names, strict=True)]
        answers = [client.answer(identifier) for client, identifier in zip(clients, asked, strict=True)]
    finally:
        for client in clients:
            client.close()
    made = [username for username, answer in zip(names, answers, strict=True) if answer.get("type") == "result"]
    assert len(made) == 1
    assert {error(answer)[1] for answer in answers if answer.get("type") == "error"} <= {"resource-constraint", "not-allowed"}
    assert invited.redemptions("a.example", token) == [(made[0], "confirmed")]
    assert [username for username in names if invited.has_account(username, "a.example")] == made


# Contacts


def test_contact_request_with_a_token_is_approved(invited: Invited, username: str) -> None:
    invited.register(username, "a.example")
    with invited.client("a.example").login("alice") as alice, invited.client("a.example").login(username) as client:
        for each in (alice, client):
            each.roster()
            each.send("<presence/>")
        link = invite(alice)
        client.send(f"<presence type='subscribe' to='alice@a.example'><preauth xmlns='{PARS_NS}' token='{link.token}'/></presence>")
        assert_friends(invited, alice, username)
        assert not [stanza for stanza in alice.barrier() if stanza.get("type") == "subscribe"]
    assert invited.state("a.example", link.token) == "used"


def test_contact_request_from_another_host(invited: Invited, username: str) -> None:
    """As from another server: approved at once, and asked for in return."""
    invited.register(username, "b.example")
    with invited.client("a.example").login("alice") as alice, invited.client("b.example").login(username) as client:
        for each in (alice, client):
            each.roster()
            each.send("<presence/>")
        token = invite(alice).token
        client.send(f"<presence type='subscribe' to='alice@a.example'><preauth xmlns='{PARS_NS}' token='{token}'/></presence>")
        client.until(lambda stanza: stanza.get("type") == "subscribed")
        client.until(lambda stanza: stanza.get("type") == "subscribe")
        client.send("<presence type='subscribed' to='alice@a.example'/>")
        invited.await_that(lambda: alice.roster().get(f"{username}@b.example") == "both")
        invited.await_that(lambda: client.roster().get("alice@a.example") == "both")
    assert invited.state("a.example", token) == "used"


def test_contact_request_with_the_token_of_another_user_is_an_ordinary_one(invited: Invited, username: str) -> None:
    invited.register(username, "a.example")
    with (invited.client("a.example").login("alice") as alice, invited.client("a.example").login("admin") as admin,
          invited.client("a.example").login(username) as client):
        admin.send("<presence/>")
        token = invite(alice).token
        client.send(f"<presence type='subscribe' to='admin@a.example'><preauth xmlns='{PARS_NS}' token='{token}'/></presence>")
        assert admin.until(lambda stanza: stanza.get("type") == "subscribe").get("from") == f"{username}@a.example"
    assert invited.state("a.example", token) == "open"


def test_contact_request_with_a_bad_token_is_an_ordinary_one(invited: Invited, username: str) -> None:
    invited.register(username, "a.example")
    with invited.client("a.example").login("alice") as alice, invited.client("a.example").login(username) as client:
        alice.send("<presence/>")
        client.send(f"<presence type='subscribe' to='alice@a.example'><preauth xmlns='{PARS_NS}' token='wrong'/></presence>")
        request = alice.until(lambda stanza: stanza.get("type") == "subscribe")
        assert request.get("from") == f"{username}@a.example"
        assert client.roster().get("alice@a.example") == "none"


def test_contact_link_makes_no_account(invited: Invited, username: str) -> None:
    with invited.client("a.example").login("alice") as alice:
        token = invite(alice).token
    assert friend(invited, "a.example", token, username) == ("cancel", "item-not-found")
    assert invited.state("a.example", token) == "open"


# Passwords


def test_reset(invited: Invited, username: str) -> None:
    invited.register(username, "a.example")
    token = invited.create("reset", f"{username}@a.example")
    with invited.client("a.example").login(username) as session:
        with invited.client("a.example") as client:
            assert client.answer(client.preauth(token)).get("type") == "result"
            assert error(client.answer(client.register("alice", "another password")))[1] == "not-acceptable"
            assert client.answer(client.register(username, "another password")).get("type") == "result"
        # Sessions with the old password are ended.
        assert name(session.until(lambda stanza: name(stanza) == "error"))
    assert invited.server.has_account(username, "another password")
    assert not invited.server.has_account(username)
    assert invited.server.has_account("alice")
    assert invited.state("a.example", token) == "used"


# Operators


def test_grants_and_status_show_the_module(invited: Invited) -> None:
    for options in ([], ["--probe"]):
        rows = {row["host"]: row for row in invited.run(["grants", *options]).rows}
        assert {"a.example", "b.example"} <= set(rows)
        for host in ("a.example", "b.example"):
            assert "mod_invited" in str(rows[host]), rows[host]
    (status,) = invited.run("status").rows
    assert status["modules"] == 2
    why = {row["subject"]: row for row in invited.run("host why a.example").rows}
    assert "mod_invited" in str(why), why


def test_registration_is_closed_and_opened_while_all_runs(invited: Invited) -> None:
    def plainly() -> tuple[str, str] | None:
        with invited.client("a.example") as client:
            reply = client.answer(client.register(unique("stranger")))
            return None if reply.get("type") == "result" else error(reply)

    assert plainly() is None
    with invited.logs(REGISTRATION + "invite"):
        assert invited.run("host set a.example registration invite").code == "ok"
    assert plainly() == ("cancel", "not-allowed")
    assert friend(invited, "a.example", invited.create("account", "a.example"), unique("friend")) is None
    with invited.logs(REGISTRATION + "open"):
        assert invited.run("host reset a.example registration").code == "ok"
    assert plainly() is None


def test_what_is_known_while_the_daemon_is_away(invited: Invited, username: str) -> None:
    """A name that an invite holds cannot be taken, a host for invited people stays one, and a token is answered with a wait error."""
    installation = invited.installation
    token = invited.create("account", "b.example", "--username", username)
    with invited.logs(REGISTRATION + "invite"):
        installation.host("a.example", admins=["admin@a.example"], registration="invite")
        invited.daemon.reload()
    invited.await_that(lambda: username in invited.server.kept_settings("b.example"))
    invited.daemon.kill()
    try:
        assert friend(invited, "b.example", token, username) == ("wait", "resource-constraint")
        with invited.client("b.example") as client:
            assert error(client.answer(client.register(username))) == ("cancel", "conflict")
            assert client.answer(client.register(unique("stranger"))).get("type") == "result"
        with invited.client("a.example") as client:
            assert error(client.answer(client.register(unique("stranger")))) == ("cancel", "not-allowed")
    finally:
        installation.host("a.example", admins=["admin@a.example"])
        invited.start_daemon()
    assert friend(invited, "b.example", token, username) is None


def test_host_that_is_configured_after_its_server_said_hello(invited: Invited, username: str) -> None:
    """A provider's first setup: the server is ready, then the host's file is added."""
    installation = invited.installation
    installation.remove_host("b.example")
    invited.daemon.kill()
    with invited.logs(NOT_SERVED), invited.greeted("a.example"):
        invited.restart_daemon()
    installation.host("b.example", admins=["admin@b.example"], allow_user_invites=True)
    with invited.greeted("b.example"):
        invited.daemon.reload()
    assert friend(invited, "b.example", invited.create("account", "b.example"), username) is None


def test_module_is_loaded_anew(invited: Invited, username: str) -> None:
    """The stream with a good token continues."""
    token = invited.create("account", "a.example")
    with invited.client("a.example") as client, invited.client("a.example").login("alice") as alice:
        assert client.answer(client.preauth(token)).get("type") == "result"
        with invited.greeted("a.example"):
            alice.answer(alice.ask("set", "<do xmlns='urn:tests' action='reload'/>"))
        assert client.answer(client.register(username)).get("type") == "result"
    assert invited.state("a.example", token) == "used"


def test_module_that_is_unloaded_is_known_no_more(invited: Invited, username: str) -> None:
    """Once it has been asked for something. It is known again when it is loaded."""
    def module() -> str:
        (row,) = invited.run("grants a.example").rows
        return str(row.get("module"))

    assert "mod_invited" in module()
    with invited.client("a.example").login("alice") as alice:
        alice.answer(alice.ask("set", "<do xmlns='urn:tests' action='unload'/>"))
        try:
            assert invited.run(["invite", "create", "account", "a.example", "--username", username]).code == "ok"
            invited.daemon.await_log("the module in the server serves us no more", host="a.example")
            assert "mod_invited" not in module()
        finally:
            with invited.greeted("a.example"):
                alice.answer(alice.ask("set", "<do xmlns='urn:tests' action='load'/>"))
    assert "mod_invited" in module()
    assert friend(invited, "a.example", invited.create("account", "a.example"), f"{username}-2") is None


def test_suspended_host_redeems_nothing(invited: Invited, username: str) -> None:
    token = invited.create("account", "a.example")
    assert invited.run("host suspend a.example").code == "ok"
    try:
        assert friend(invited, "a.example", token, username) == ("wait", "resource-constraint")
    finally:
        assert invited.run("host resume a.example").code == "ok"
    assert friend(invited, "a.example", token, username) is None


def test_deleted_account_takes_its_links_along(invited: Invited, username: str) -> None:
    invited.register(username, "b.example")
    with invited.client("b.example").login(username) as client:
        token = invite(client).token
        client.ask("set", f"<query xmlns='{REGISTER_NS}'><remove/></query>")
    invited.await_state("b.example", token, "revoked")

"""Streams before login, inside real Prosodies, with a component in the place of the daemon."""

import re

import pytest

from servers import Server
from steps import CHECKED, account, confirm, preauth, register, reserve
from wire import FORMS_NS, PARS_NS, REGISTER_NS, Component, Ended, child, error, error_text, name, unique


# Hello


def test_hello(server: Server) -> None:
    with server.component() as component:
        hellos = component.greet(a_example="server", b_example="server")
    for host, registration in (("a.example", "invite"), ("b.example", "open")):
        hello = hellos[host]
        assert hello.get("version") == "1"
        assert re.fullmatch("mod_invited [0-9.]+", hello.get("module"))
        assert hello.get("server") == f"Prosody {server.files.version}"
        assert {each.get("name") for each in hello if name(each) == "feature"} == {
            "register", "commands", "subscribe", "accounts", "contacts", "notices", "guard"}
        rules = child(hello, "rules")
        assert (rules.get("registration"), rules.get("encryption"), rules.get("password-length")) == (registration, "optional", None)


def test_hello_again_with_each_connection(server: Server) -> None:
    for _ in range(2):
        with server.component() as component:
            component.greet(a_example="server", b_example="server")


# Tokens that make accounts


def test_features(server: Server, component: Component, username: str) -> None:
    account(server, component, username)
    with server.client() as client:
        assert client.offers("urn:xmpp:invite") and client.offers("urn:xmpp:ibr-token:0")
        client.login(username)
        assert not client.offers("urn:xmpp:invite") and not client.offers("urn:xmpp:ibr-token:0")


@pytest.mark.parametrize("form", [False, True], ids=["plain", "form"])
@pytest.mark.parametrize("kind", ["account", "account-and-contact"])
def test_account(server: Server, component: Component, username: str, kind: str, form: bool) -> None:
    with server.client() as client:
        check = preauth(component, client, kind=kind)
        assert re.fullmatch("[A-Za-z0-9]{16,64}", check.get("attempt"))
        asked, reservation = reserve(component, client, username, form=form)
        assert reservation[0].get("attempt") == check.get("attempt") and reservation[0].get("token") == "token"
        assert not server.has_account(username)
        component.accept(reservation)
        confirmation = component.expect("confirm", "a.example", token="token", username=username, attempt=check.get("attempt"))
        assert client.has_nothing()
        component.result(confirmation)
        assert client.answer(asked).get("type") == "result"
        assert client.authenticate(username)


def test_without_to(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        asked = client.preauth("token", to=None)
        component.accept(component.expect("check", "a.example"), kind="account", checked=CHECKED)
        assert client.answer(asked).get("type") == "result"
        asked = client.register(username, to=None)
        component.accept(component.expect("reserve", "a.example", username=username))
        confirm(component, client, asked, username)


def test_pipelined(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        checked, registered = client.preauth("token"), client.register(username)
        component.accept(component.expect("check"), kind="account", checked=CHECKED)
        assert client.answer(checked).get("type") == "result"
        component.accept(component.expect("reserve", username=username))
        confirm(component, client, registered, username)


def test_names_are_prepared(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        preauth(component, client, username=username)
        asked = client.register(username.upper())
        component.accept(component.expect("reserve", username=username))
        confirm(component, client, asked, username)


@pytest.mark.parametrize("told, condition", [
    ("item-not-found", ("cancel", "item-not-found")),
    ("resource-constraint", ("wait", "resource-constraint")),
    ("service-unavailable", ("wait", "resource-constraint")),
    ("internal-server-error", ("wait", "resource-constraint")),
])
def test_refused_token(server: Server, component: Component, username: str, told: str, condition: tuple[str, str]) -> None:
    with server.client("b.example") as client:
        asked = client.preauth("wrong")
        component.refuse(component.expect("check"), told)
        assert error(client.answer(asked)) == condition
        asked = client.register(username)
        if told == "item-not-found":  # an ordinary registration on an open host
            component.accept(component.expect("name", "b.example", username=username))
            assert client.answer(asked).get("type") == "result"
        else:  # it would be an account that is not counted as a use of the invite
            assert error(client.answer(asked)) == ("wait", "resource-constraint")
            # The same stream may try the token again.
            preauth(component, client)
            register(component, client, username)


@pytest.mark.parametrize("token", ["", "x" * 65])
def test_what_cannot_be_a_token(server: Server, component: Component, token: str) -> None:
    with server.client() as client:
        assert error(client.answer(client.preauth(token))) == ("modify", "bad-request")
        asked = client.ask("set", f"<preauth xmlns='{PARS_NS}'/>")
        assert error(client.answer(asked)) == ("modify", "bad-request")
    assert component.idle("a.example") == []


def test_bad_token_takes_a_good_one_away(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        preauth(component, client)
        asked = client.preauth("wrong")
        component.refuse(component.expect("check"), "item-not-found")
        assert error(client.answer(asked))[1] == "item-not-found"
        assert error(client.answer(client.register(username))) == ("cancel", "not-allowed")


def test_fixed_name(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        preauth(component, client, username=username)
        query = client.form()
        assert query.findtext(f"{{{REGISTER_NS}}}username") == username
        values = {field.get("var"): [value.text for value in field.iter(f"{{{FORMS_NS}}}value")]
                  for field in query.iter(f"{{{FORMS_NS}}}field")}
        assert values["username"] == [username]
        asked, reservation = reserve(component, client, f"not-{username}")
        component.refuse(reservation, "not-acceptable", "modify", "This invite is for somebody else.")
        reply = client.answer(asked)
        assert error(reply) == ("modify", "not-acceptable") and error_text(reply) == "This invite is for somebody else."
        register(component, client, username)
    with server.client() as client:  # the form without a token
        query = client.form()
        assert not query.findtext(f"{{{REGISTER_NS}}}username") and username not in "".join(query.itertext())


def test_refused_and_tried_again_on_the_stream(server: Server, component: Component, username: str) -> None:
    account(server, component, username)
    with server.client() as client:
        attempt = preauth(component, client).get("attempt")
        # Names and passwords that the server refuses do not reach the daemon.
        assert error(client.answer(client.register(username))) == ("cancel", "conflict")
        assert error(client.answer(client.register("a name"))) == ("modify", "not-acceptable")
        assert error(client.answer(client.register(""))) == ("modify", "not-acceptable")
        assert error(client.answer(client.register("x" * 1024)))[0] == "modify"
        weak = client.answer(client.register(f"{username}-2", "a control \x7f character"))
        assert error(weak) == ("modify", "not-acceptable") and error_text(weak) == "The password is too weak"
        limited = client.answer(client.register(f"limited-{username}"))
        assert error(limited) == server.LIMITED
        # What the daemon refuses.
        for condition, kind in (("conflict", "cancel"), ("resource-constraint", "wait"), ("not-allowed", "cancel"),
                                ("item-not-found", "cancel"), ("not-acceptable", "modify")):
            asked, reservation = reserve(component, client, f"{username}-2")
            assert reservation[0].get("attempt") == attempt
            component.refuse(reservation, condition, kind)
            assert error(client.answer(asked)) == (kind, condition)
        register(component, client, f"{username}-3")
    assert not server.has_account(f"{username}-2") and server.has_account(f"{username}-3")


def test_second_registration(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        preauth(component, client)
        register(component, client, username)
        assert error(client.answer(client.register(f"{username}-2"))) == ("cancel", "not-allowed")
        assert error(client.answer(client.preauth("another"))) == ("cancel", "not-allowed")
    assert component.idle("a.example") == []


def test_account_is_not_removed_without_login(server: Server, component: Component) -> None:
    with server.client() as client:
        preauth(component, client)
        assert error(client.answer(client.ask("set", f"<query xmlns='{REGISTER_NS}'><remove/></query>")))[0] == "auth"


# Registering without a token


def test_invite_only(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        assert error(client.answer(client.register(username))) == ("cancel", "not-allowed")
    assert component.idle("a.example") == []


def test_open(server: Server, component: Component, username: str) -> None:
    with server.client("b.example") as client:
        asked = client.register(username)
        component.refuse(component.expect("name", "b.example", username=username), "conflict")
        assert error(client.answer(asked)) == ("cancel", "conflict")
        asked = client.register(username.upper())
        component.accept(component.expect("name", "b.example", username=username))
        assert client.answer(asked).get("type") == "result"


def test_settings(server: Server, component: Component, username: str) -> None:
    assert component.request("set", "settings", "a.example", registration="open").get("type") == "result"
    assert component.request("set", "settings", "b.example", registration="invite").get("type") == "result"
    assert error(component.request("set", "settings", "b.example", registration="closed")) == ("modify", "bad-request")
    with server.client("b.example") as client:
        assert error(client.answer(client.register(username))) == ("cancel", "not-allowed")
    with server.client("a.example") as client:
        asked = client.register(username)
        component.accept(component.expect("name", "a.example", username=username))
        assert client.answer(asked).get("type") == "result"


# Resets


def test_reset(server: Server, component: Component, username: str) -> None:
    account(server, component, username)
    with server.client() as session, server.client() as client:
        session.login(username)
        preauth(component, client, kind="reset", username=username)
        assert client.form().findtext(f"{{{REGISTER_NS}}}username") == username
        for other in (f"{username}-2", "admin", ""):
            assert error(client.answer(client.register(other, "another password"))) == ("modify", "not-acceptable")
        assert error(client.answer(client.register(username, "a \x7f"))) == ("modify", "not-acceptable")
        asked = client.register(username, "another password")
        spend = component.expect("spend", "a.example", token="token", username=username, checked=CHECKED)
        assert server.has_account(username)
        component.accept(spend)
        assert client.answer(asked).get("type") == "result"
        with pytest.raises(Ended):
            session.until(lambda _: False)
        assert error(client.answer(client.register(username, "a third password"))) == ("cancel", "not-allowed")
    assert server.has_account(username, "another password") and not server.has_account(username)
    assert component.idle("a.example") == []


def test_reset_makes_no_account(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        preauth(component, client, kind="reset", username=username)
        assert error(client.answer(client.register(username))) == ("cancel", "item-not-found")
        preauth(component, client, kind="reset")
        assert error(client.answer(client.register(username))) == ("modify", "not-acceptable")
    assert component.idle("a.example") == []
    assert not server.has_account(username)


def test_reset_that_is_spent(server: Server, component: Component, username: str) -> None:
    account(server, component, username)
    with server.client() as client:
        preauth(component, client, kind="reset", username=username)
        asked = client.register(username, "another password")
        component.refuse(component.expect("spend"), "not-allowed")
        assert error(client.answer(asked)) == ("cancel", "not-allowed")
    assert server.has_account(username)


# Streams of others


@pytest.mark.parametrize("target", ["b.example", "c.example"])
def test_token_is_good_on_its_own_host_only(server: Server, component: Component, username: str, target: str) -> None:
    """A stream of a.example that names another host in `to` cannot use its token there, and gets no account there because of it."""
    with server.client("a.example") as client:
        preauth(component, client)
        refusal = client.answer(client.preauth("token", to=target))
        assert error(refusal)[1] == ("not-allowed" if target == "b.example" else "service-unavailable")
        reply = client.answer(client.register(username, to=target))
        if target == "b.example":
            assert error(reply) == ("cancel", "not-allowed")
            assert not server.has_account(username, host="b.example")
        assert component.idle("a.example") == []
        register(component, client, f"{username}-2")


def test_stream_before_tls(new_server) -> None:
    server = new_server(encrypted=True)
    with server.component() as component:
        hellos = component.greet(a_example="invite", b_example="invite")
        assert child(hellos["a.example"], "rules").get("encryption") == "required"
        with server.client() as client:
            assert not client.offers("urn:xmpp:invite") and not client.offers("urn:xmpp:ibr-token:0")
            assert error(client.answer(client.preauth("token"))) == ("modify", "policy-violation")
            assert component.idle("a.example") == []
            client.starttls()
            assert client.offers("urn:xmpp:invite") and client.offers("urn:xmpp:ibr-token:0")
            preauth(component, client)
            register(component, client, "juliet")


def test_token_is_forgotten_with_the_restart_of_the_stream(new_server) -> None:
    server = new_server(encrypted=True, common="c2s_require_encryption = false")
    with server.component() as component:
        component.greet(a_example="invite", b_example="invite")
        with server.client() as client:
            preauth(component, client)
            client.starttls()
            assert error(client.answer(client.register("juliet"))) == ("cancel", "not-allowed")


# Streams that end


def test_stream_ends_after_the_check(server: Server, component: Component) -> None:
    with server.client() as client:
        client.preauth("token")
        check = component.expect("check")
    component.accept(check, kind="account", checked=CHECKED)
    assert component.idle("a.example") == []


@pytest.mark.parametrize("how", ["close", "reset"])
def test_stream_ends_while_it_is_reserved(server: Server, component: Component, username: str, how: str) -> None:
    with server.client() as client:
        attempt = preauth(component, client).get("attempt")
        _, reservation = reserve(component, client, username)
        with server.sees_end_of(client):
            getattr(client, how)()
    component.accept(reservation)
    component.result(component.expect("release", "a.example", attempt=attempt))
    assert not server.has_account(username)


def test_stream_ends_before_the_client_learns_of_its_success(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        preauth(component, client)
        _, reservation = reserve(component, client, username)
        component.accept(reservation)
        confirmation = component.expect("confirm")
        with server.sees_end_of(client):
            client.close()
    component.result(confirmation)
    assert component.idle("a.example") == []
    assert server.has_account(username)


def test_nothing_secret_is_in_the_log(server: Server, component: Component, username: str) -> None:
    token, password = unique("a-secret-token"), unique("a-secret-password")
    with server.client() as client:
        preauth(component, client, token)
        asked, reservation = reserve(component, client, username, password=password)
        component.refuse(reservation, "conflict")
        assert error(client.answer(asked))[1] == "conflict"
        register(component, client, username, password=password)
    server.await_log(f"Refused the registration of {username}: conflict")
    assert token not in server.log and password not in server.log

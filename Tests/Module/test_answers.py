"""A daemon that answers twice, unasked or nonsense, and requests that no server grants: the module is not deceived, and logs
what it refuses in the server's log."""

import pytest

from servers import Server
from steps import CHECKED, WAIT, account, preauth, register, reserve
from wire import MODULE_NS, STANZAS_NS, Component, error, unique

HOST = "a.example"


def test_answered_twice(server: Server, component: Component, username: str) -> None:
    """The first counts, for each question that there is."""
    with server.client() as client:
        asked = client.preauth("token")
        check = component.expect("check")
        component.accept(check, kind="account", checked=CHECKED)
        component.refuse(check, "item-not-found")
        assert client.answer(asked).get("type") == "result"
        asked, reservation = reserve(component, client, username)
        component.accept(reservation)
        component.refuse(reservation, "conflict")
        confirmation = component.expect("confirm", username=username)
        component.result(confirmation)
        component.refuse(confirmation, "item-not-found")
        assert client.answer(asked).get("type") == "result"
        # Refused first, and then accepted.
        with server.client() as other:
            asked = other.preauth("token")
            check = component.expect("check")
            component.refuse(check, "item-not-found")
            component.accept(check, kind="account", checked=CHECKED)
            assert error(other.answer(asked)) == ("cancel", "item-not-found")
            assert error(other.answer(other.register(f"{username}-2"))) == ("cancel", "not-allowed")
    assert component.idle(HOST) == []


def test_answers_to_questions_never_asked(server: Server, component: Component, username: str) -> None:
    """They are ignored, and pending requests stay pending."""
    with server.client() as client:
        asked = client.preauth("token")
        check = component.expect("check")
        for kind in ("result", "error"):
            for local in ("check", "hello", "reserve", "confirm"):
                component.send(f"<iq type='{kind}' id='{unique('never')}' from='{component.domain}' to='{component.address(HOST)}'>"
                               f"<{local} xmlns='{MODULE_NS}' kind='account' version='1' registration='open'/></iq>")
        assert component.idle(HOST) == [] and client.has_nothing()
        component.accept(check, kind="account", checked=CHECKED)
        assert client.answer(asked).get("type") == "result"
    with server.client() as client:  # an answer to a hello that was not sent changes no rule
        assert error(client.answer(client.register(username))) == ("cancel", "not-allowed")


@pytest.mark.parametrize("payload", [
    "", f"<check xmlns='{MODULE_NS}'/>", f"<reserve xmlns='{MODULE_NS}' deadline='{CHECKED}'/>", "<check xmlns='urn:other'/>",
], ids=["nothing", "no kind", "another answer", "another namespace"])
def test_nonsense_about_a_token(server: Server, component: Component, username: str, payload: str) -> None:
    """As when it cannot be checked."""
    with server.client() as client:
        asked = client.preauth("token")
        component.result(component.expect("check"), payload)
        assert error(client.answer(asked)) == WAIT
        assert error(client.answer(client.register(username))) == WAIT
        preauth(component, client)
        register(component, client, username)


@pytest.mark.parametrize("answer", [
    "<error type='wait'/>", "<error/>", "", "<error type='auth'><gone xmlns='{ns}'>xmpp:elsewhere.example</gone></error>",
    "<error type='cancel'><nonsense xmlns='{ns}'/></error>",
], ids=["no condition", "no type", "no error", "gone", "no condition that there is"])
def test_error_that_is_none(server: Server, component: Component, username: str, answer: str) -> None:
    """Any such answer is a temporary error; a reservation is no account."""
    with server.client() as client:
        preauth(component, client)
        asked, reservation = reserve(component, client, username)
        component.send(f"<iq type='error' id='{reservation.get('id')}' from='{component.domain}' to='{component.address(HOST)}'>"
                       f"{answer.format(ns=STANZAS_NS)}</iq>")
        assert error(client.answer(asked)) == WAIT
    assert component.idle(HOST) == [] and not server.has_account(username)


# What it asks for

LONG = "x" * 64 * 1024
PASSWORD = "a good password"


@pytest.mark.parametrize("local", ["create", "password"])
@pytest.mark.parametrize("name, password, condition", [
    ("<b/>", PASSWORD, "bad-request"), ("\"'&", PASSWORD, "bad-request"), ("\u05d0b", PASSWORD, "bad-request"),
    ("juliet\u0221", PASSWORD, "bad-request"), ("juliet@a.example", PASSWORD, "bad-request"), (LONG, PASSWORD, "bad-request"),
    ("NAME", LONG, "not-acceptable"), ("NAME", "a\u202eb", "not-acceptable"), ("NAME", "\u05d0b", "not-acceptable"),
], ids=["XML", "quotes", "directions", "unassigned", "an address", "a long name", "a long password", "an override", "directions of a password"])
def test_what_no_server_does(server: Server, component: Component, username: str, local: str, name: str, password: str,
                             condition: str) -> None:
    if local == "password":
        account(server, component, username)
    with server.logs(f"Refused to {local}"):
        reply = component.request("set", local, HOST, username=name.replace("NAME", username), password=password)
        assert error(reply)[1] == condition
    assert component.idle(HOST) == []
    assert server.has_account(username) == (local == "password")
    assert password == PASSWORD or password not in server.log


@pytest.mark.parametrize("password", ["<b/>&amp;\"']]>", "%s\\n`id`"])
def test_password_with_anything_in_it(server: Server, component: Component, username: str, password: str) -> None:
    assert component.request("set", "create", HOST, username=username, password=password).get("type") == "result"
    assert server.has_account(username, password)
    assert component.request("set", "password", HOST, username=username, password=f"2{password}").get("type") == "result"
    assert server.has_account(username, f"2{password}") and not server.has_account(username, password)
    assert password not in server.log


def test_text_with_anything_in_it(server: Server, component: Component, username: str) -> None:
    """It reaches the user as it is, and is no XML of its own."""
    account(server, component, username)
    text = "</body><body>2</body> ]]> &amp; \U0001f511"
    with server.client() as session:
        session.login(username).send("<presence/>")
        session.barrier()
        assert component.request("set", "notify", HOST, text, username=username).get("type") == "result"
        message = session.until(lambda element: element.tag.endswith("message"))
        assert [each.text for each in message if each.tag.endswith("body")] == [text]

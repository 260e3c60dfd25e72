"""Loading, reloading and unloading the module, and what it does not load beside."""

import pytest

from prosody_server import COMPONENT
from servers import Server
from steps import WAIT, account, preauth, register, reserve
from wire import Component, child, error, name


def do(component: Component, action: str, host: str = "a.example") -> str:
    return component.ask("set", f"<do xmlns='urn:tests' action='{action}'/>", host)


def test_reload_while_a_question_waits(server: Server, component: Component, username: str) -> None:
    with server.client() as client, server.client() as kept:
        preauth(component, kept)
        asked = client.preauth("token")
        component.expect("check")
        reloaded = do(component, "reload")
        hello = component.expect_beside(reloaded, "hello", "a.example")
        assert error(client.answer(asked)) == WAIT
        component.accept(hello, version="1", registration="invite")
        # A good token stays with its stream.
        register(component, kept, username)
        preauth(component, client)
        register(component, client, f"{username}-2")


def test_reload_while_an_account_is_made(server: Server, component: Component, username: str) -> None:
    with server.client() as one, server.client() as two:
        preauth(component, one, "first")
        asked_one, _ = reserve(component, one, username)
        attempt = preauth(component, two, "second").get("attempt")
        asked_two, reservation = reserve(component, two, f"{username}-2")
        component.accept(reservation)
        component.expect("confirm", attempt=attempt)
        reloaded = do(component, "reload")
        component.accept(component.expect_beside(reloaded, "hello", "a.example"), version="1", registration="invite")
        confirmation = component.expect("confirm", "a.example", attempt=attempt, username=f"{username}-2")
        assert error(one.answer(asked_one)) == WAIT
        assert two.answer(asked_two).get("type") == "result"
        component.result(confirmation)
    assert component.idle("a.example") == []
    with server.sees_end_of(component):
        component.close()
    with server.component() as again:
        again.greet(a_example="invite", b_example="server")
        for late in again.idle("a.example"):  # on a machine that was too busy for five seconds
            assert (name(late[0]), late[0].get("attempt")) == ("confirm", attempt)
            again.result(late)
        assert again.idle("a.example") == []


def test_unloaded(new_server) -> None:
    server = new_server(a="allow_registration = true")
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        with server.client() as client:
            asked = client.preauth("token")
            component.expect("check")
            unloading = do(component, "unload")
            assert error(client.answer(asked)) == WAIT
            component.answer(unloading)
        with server.client() as client:
            assert not client.offers("urn:xmpp:ibr-token:0")
        loading = do(component, "load")
        component.accept(component.expect_beside(loading, "hello", "a.example"), version="1", registration="invite")
        account(server, component, "juliet")


def test_names_all_of_prosodys_own(new_server) -> None:
    server = new_server(modules='"invites_register"; "invites_adhoc"')
    server.await_log("beside mod_invites_register and mod_invites_adhoc: take both out of modules_enabled, or put them into "
                      "modules_disabled of a.example")


@pytest.mark.parametrize("conflicting", ["invites_register", "invites_adhoc"])
def test_refuses_to_be_beside_prosodys_own(new_server, conflicting: str) -> None:
    server = new_server(modules=f'"{conflicting}"', b=f'modules_disabled = {{ "{conflicting}" }}')
    server.await_log(f"mod_invited cannot be used on a host beside mod_{conflicting}")
    assert "unloading mod_invited" not in server.log
    with server.component() as component:
        component.accept(component.expect("hello", "b.example"), version="1", registration="server")
        assert component.idle("b.example") == []


def test_refuses_to_stay_beside_prosodys_own(new_server) -> None:
    server = new_server()
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        with server.logs("unloading mod_invited"):
            component.answer(do(component, "load_register"))
        with server.client() as client:
            asked = client.preauth("token")
            assert error(client.answer(asked)) == ("cancel", "forbidden")  # as mod_invites_register answers it
        assert component.idle("a.example") == []


def test_on_all_hosts(new_server) -> None:
    server = new_server(modules='"invited"', common=f'invited_component = "{COMPONENT}"')
    with server.component() as component:
        assert set(component.greet(a_example="invite", b_example="invite", c_example="invite")) == {"a.example", "b.example", "c.example"}
        assert component.idle("a.example") == []


def test_host_on_which_nobody_registers(new_server) -> None:
    server = new_server(a='modules_disabled = { "register_ibr"; "register" }')
    with server.component() as component:
        hello = component.greet(a_example="invite", b_example="invite")["a.example"]
        assert "register" not in {each.get("name") for each in hello}
        assert child(hello, "rules").get("registration") == "closed"
        with server.client() as client:
            assert not client.offers("urn:xmpp:ibr-token:0")
        assert component.request("set", "create", "a.example", username="juliet", password="a good password").get("type") == "result"


def test_refuses_to_load_without_a_component(new_server) -> None:
    server = new_server(a='invited_component = ""', b='invited_component = "no.such.example"')
    server.await_log("invited_component is not set")
    server.await_log('There is no Component "no.such.example"')

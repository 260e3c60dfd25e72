"""The server's own rules for new accounts hold for invited people, too."""

import pytest

from steps import account, preauth, register
from wire import child, error, error_text, name


def test_the_servers_own_rules_for_names(new_server) -> None:
    """They are applied first: nothing is reserved for what they refuse. But a taken name is answered with a conflict."""
    server = new_server(modules='"mimicking"; "tombstones"')
    with server.component() as component:
        component.greet(a_example="invite", b_example="invite")
        account(server, component, "juliet")
        component.ask("set", "<do xmlns='urn:tests' action='delete' user='juliet'/>", "a.example")
        component.result(component.expect("deleted"))
        component.idle("a.example")
    server.restart()  # mod_tombstones remembers that there was none
    with server.component() as component, server.client() as client:
        component.greet(a_example="invite", b_example="invite")
        preauth(component, client)
        assert error(client.answer(client.register("juliet"))) != ("wait", "resource-constraint")
        account(server, component, "romeo")
        assert error(client.answer(client.register("romeo"))) == ("cancel", "conflict")
        assert error(client.answer(client.register("r\u043emeo"))) == ("modify", "not-acceptable")
        assert component.idle("a.example") == []


def test_the_servers_own_limits(new_server) -> None:
    server = new_server(modules='"register_limits"', common='''
        registration_throttle_max = 1
        registration_throttle_period = 3600
        registration_allowlist = { "192.0.2.9" }
    ''')
    with server.component() as component, server.client() as client:
        component.greet(a_example="invite", b_example="invite")
        account(server, component, "juliet")
        preauth(component, client)
        assert error(client.answer(client.register("romeo"))) == ("wait", "policy-violation")
        assert component.idle("a.example") == []


def test_password_policy(new_server) -> None:
    server = new_server(modules='"password_policy"', common="password_policy = { length = 10 }")
    if not list(server.files.root.glob("usr/lib/prosody/modules/mod_password_policy*")):
        pytest.skip("this Debian has no mod_password_policy")
    with server.component() as component:
        hellos = component.greet(a_example="invite", b_example="invite")
        assert child(hellos["a.example"], "rules").get("password-length") == "10"
        with server.client() as client:
            preauth(component, client)
            for password, text in (("short", "Please use a longer password."), ("with juliet in it", "The password is too weak")):
                reply = client.answer(client.register("juliet", password))
                assert error(reply) == ("modify", "not-acceptable") and error_text(reply) == text
            register(component, client, "juliet")
        refused = component.request("set", "create", "a.example", username="romeo", password="short")
        assert error(refused) == ("modify", "not-acceptable") and "10" in error_text(refused)


def test_redirect_is_for_those_without_a_token(new_server) -> None:
    server = new_server(modules='"register_redirect"', a='''
        no_registration_whitelist = true
        registration_url = "https://a.example/"
        registration_text = "Go there"
    ''')
    with server.component() as component:
        component.greet(a_example="invite", b_example="invite")
        with server.client() as client:
            assert child(client.form(), "x").tag == "{jabber:x:oob}x"
            preauth(component, client)
            assert {name(each) for each in client.form()} >= {"username", "password"}
            register(component, client, "juliet")

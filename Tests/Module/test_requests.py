"""What the daemon asks of the module, and what others ask in its place."""

import pytest

from prosody_server import COMPONENT, OTHER
from servers import Server
from steps import account, preauth
from wire import (
    COMMANDS_NS, DISCO_INFO_NS, DISCO_ITEMS_NS, MODULE_NS, PARS_NS, STANZAS_NS, Client, Component, child, error, name,
    unique)

INVITE = "urn:xmpp:invite#invite"
CREATE_ACCOUNT = "urn:xmpp:invite#create-account"
UPTIME = "uptime"


# Accounts


def test_exists(server: Server, component: Component, username: str) -> None:
    reply = component.request("get", "exists", "a.example", username=username)
    assert (reply[0].get("account"), reply[0].get("created")) == ("absent", None)
    account(server, component, username)
    reply = component.request("get", "exists", "a.example", username=username.upper())
    assert reply[0].get("account") == "present"
    assert reply[0].get("created").endswith("Z")
    assert component.request("get", "exists", "b.example", username=username)[0].get("account") == "absent"


def test_exists_after_deletion(server: Server, component: Component, username: str) -> None:
    account(server, component, username)
    with server.client() as session:
        session.login(username)
        deleted = component.ask("set", f"<do xmlns='urn:tests' action='delete' user='{username}'/>", "a.example")
        told = component.expect_beside(deleted, "deleted", "a.example", username=username)
        assert component.request("get", "exists", "a.example", username=username)[0].get("account") == "absent"
        component.result(told)


def test_create(server: Server, component: Component, username: str) -> None:
    request = {"username": username, "password": "a good password", "address": "192.0.2.1"}
    assert component.request("set", "create", "a.example", **request).get("type") == "result"
    assert server.has_account(username)
    # The same again has the same answer, another password does not.
    assert component.request("set", "create", "a.example", **request).get("type") == "result"
    assert error(component.request("set", "create", "a.example", **request | {"password": "another"})) == ("cancel", "conflict")
    assert component.request("get", "exists", "a.example", username=username)[0].get("created")


@pytest.mark.parametrize("username, password, condition", [
    ("", "a good password", ("modify", "bad-request")),
    ("a name", "a good password", ("modify", "bad-request")),
    ("x" * 1024, "a good password", ("modify", "bad-request")),
    ("somebody", "", ("modify", "not-acceptable")),
    ("somebody", "a \x7f", ("modify", "not-acceptable")),
    ("limited-somebody", "a good password", ("wait", "resource-constraint")),
])
def test_create_refused(server: Server, component: Component, username: str, password: str, condition: tuple[str, str]) -> None:
    reply = component.request("set", "create", "a.example", username=username, password=password)
    assert error(reply) == condition
    assert component.request("set", "create", "a.example", username="").get("type") == "error"


def test_limits_count_the_address(new_server) -> None:
    server = new_server(common="registration_throttle_max = 1; registration_throttle_period = 3600")
    with server.component() as component:
        component.greet(a_example="invite", b_example="invite")
        for username, address, kind in (("one", "192.0.2.1", "result"), ("two", "192.0.2.1", "error"), ("three", "192.0.2.2", "result")):
            reply = component.request("set", "create", "a.example", username=username, password="a good password", address=address)
            assert reply.get("type") == kind, username


def test_password(server: Server, component: Component, username: str) -> None:
    refused = component.request("set", "password", "a.example", username=username, password="another password")
    assert error(refused) == ("cancel", "item-not-found") and not server.has_account(username, "another password")
    account(server, component, username)
    with server.client() as session:
        session.login(username)
        reply = component.request("set", "password", "a.example", username=username, password="another password")
        assert reply.get("type") == "result"
        assert name(session.until(lambda element: name(element) == "error")) == "error"
    assert server.has_account(username, "another password")
    assert error(component.request("set", "password", "a.example", username=username, password="")) == ("modify", "not-acceptable")


def test_notify(server: Server, component: Component, username: str) -> None:
    assert error(component.request("set", "notify", "a.example", "hello", username=username)) == ("cancel", "item-not-found")
    account(server, component, username)
    with server.client() as session:
        session.login(username)
        session.send("<presence/>")
        session.barrier()
        reply = component.request("set", "notify", "a.example", "juliet & romeo", username=username, xml_lang="de")
        assert reply.get("type") == "result"
        message = session.until(lambda element: name(element) == "message")
        assert (message.get("from"), message.get("type", "normal")) == ("a.example", "normal")
        assert message.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
        assert child(message, "body").text == "juliet & romeo"


def test_unknown_request(server: Server, component: Component) -> None:
    for kind, local in (("get", "unknown"), ("get", "create"), ("set", "exists"), ("set", "hello")):
        assert error(component.request(kind, local, "a.example", username="somebody"))[1] == "feature-not-implemented"


# Others


REQUESTS = [
    ("get", f"<exists xmlns='{MODULE_NS}' username='NAME'/>"),
    ("set", f"<create xmlns='{MODULE_NS}' username='NAME-2' password='taken over'/>"),
    ("set", f"<password xmlns='{MODULE_NS}' username='NAME' password='taken over'/>"),
    ("set", f"<contacts xmlns='{MODULE_NS}' user='NAME' contact='mallory@c.example'/>"),
    ("set", f"<notify xmlns='{MODULE_NS}' username='NAME'>hello</notify>"),
    ("set", f"<settings xmlns='{MODULE_NS}' registration='open'/>"),
]


def test_users_are_refused(server: Server, component: Component, username: str) -> None:
    account(server, component, username)
    with server.client() as client:
        client.login(username)
        for kind, payload in REQUESTS:
            assert error(client.answer(client.ask(kind, payload.replace("NAME", username)))) == ("auth", "forbidden")
    _nothing_has_changed(server, username)


def test_streams_before_login_are_refused(server: Server, component: Component, username: str) -> None:
    account(server, component, username)
    with server.client() as client:
        for kind, payload in REQUESTS:
            client.send(f"<iq type='{kind}' id='x' from='{COMPONENT}' to='a.example'>{payload.replace('NAME', username)}</iq>")
            assert client.answer("x").get("type") == "error"
    _nothing_has_changed(server, username)


@pytest.mark.parametrize("sender", [OTHER, COMPONENT])
def test_other_components_are_refused(new_server, sender: str) -> None:
    """Also where Prosody's check of the sender's address is off."""
    server = new_server(common="validate_from_addresses = false")
    with server.component() as component, server.component(OTHER) as other:
        component.greet(a_example="invite", b_example="invite")
        account(server, component, "juliet")
        for kind, payload in REQUESTS:
            other.send(f"<iq type='{kind}' id='x' from='{sender}' to='a.example'>{payload.replace('NAME', 'juliet')}</iq>")
            assert error(other.receive()) == ("auth", "forbidden")
        _nothing_has_changed(server, "juliet")


def test_answers_of_others_are_ignored(new_server) -> None:
    server = new_server(common="validate_from_addresses = false")
    with server.component() as component, server.component(OTHER) as other, server.client() as client:
        component.greet(a_example="invite", b_example="invite")
        asked = client.preauth("token")
        check = component.expect("check")
        other.send(f"<iq type='result' id='{check.get('id')}' from='{COMPONENT}' to='a.example'>"
                   f"<check xmlns='{MODULE_NS}' kind='account' checked='2026-11-28T18:00:00.000Z'/></iq>")
        other.idle("a.example")
        component.refuse(check, "item-not-found")
        assert error(client.answer(asked)) == ("cancel", "item-not-found")


def _nothing_has_changed(server: Server, username: str) -> None:
    assert server.has_account(username)
    assert not server.has_account(f"{username}-2", "taken over")
    with server.client() as client:
        assert error(client.answer(client.register(f"{username}-3"))) == ("cancel", "not-allowed")
        client.login(username)
        assert client.roster() == {}


# Contacts


def _pair(server: Server, component: Component) -> tuple[Client, Client]:
    """Two users of a.example who are online and know nothing of each other."""
    sessions = []
    for _ in range(2):
        username = unique("user")
        account(server, component, username)
        session = server.client().login(username)
        session.roster()
        session.send("<presence/>")
        session.barrier()
        sessions.append(session)
    return sessions[0], sessions[1]


def _bare(session: Client) -> str:
    return session.jid.partition("/")[0]


def test_contacts_on_the_host(server: Server, component: Component) -> None:
    alice, bob = _pair(server, component)
    user, contact = _bare(alice).partition("@")[0], _bare(bob)
    with alice, bob:
        for first in (True, False):
            assert component.request("set", "contacts", "a.example", user=user, contact=contact).get("type") == "result"
            for session, other in ((alice, bob), (bob, alice)):
                came = session.barrier()
                items = [item.attrib for each in came for item in each.iter("{jabber:iq:roster}item")]
                expected = [{"jid": _bare(other), "subscription": "both"}] if first else []
                assert items == expected
                assert other.jid in [each.get("from") for each in came if name(each) == "presence"]
                assert not [each for each in came if each.get("type") == "subscribe"]
                assert session.roster() == {_bare(other): "both"}


def test_contacts_keep_names_and_groups(server: Server, component: Component) -> None:
    alice, bob = _pair(server, component)
    with alice, bob:
        alice.answer(alice.ask("set", "<query xmlns='jabber:iq:roster'>"
                               f"<item jid='{_bare(bob)}' name='Robert'><group>Friends</group></item></query>", None))
        bob.send(f"<presence type='subscribe' to='{_bare(alice)}'/>")  # an ordinary request that is not answered
        alice.until(lambda element: element.get("type") == "subscribe")
        component.request("set", "contacts", "a.example", user=_bare(alice).partition("@")[0], contact=_bare(bob))
        reply = alice.answer(alice.ask("get", "<query xmlns='jabber:iq:roster'/>", None))
        (item,) = reply.iter("{jabber:iq:roster}item")
        assert (item.get("name"), item.get("subscription"), item[0].text) == ("Robert", "both", "Friends")
        assert bob.roster() == {_bare(alice): "both"}


def test_contacts_elsewhere(server: Server, component: Component) -> None:
    alice, _ = _pair(server, component)
    romeo = unique("romeo")
    with server.client("c.example") as client:
        assert client.answer(client.register(romeo)).get("type") == "result"
    with alice, server.client("c.example") as remote:
        remote.login(romeo)
        remote.roster()
        remote.send("<presence/>")
        remote.barrier()
        remote.send(f"<presence type='subscribe' to='{_bare(alice)}'><preauth xmlns='{PARS_NS}' token='token'/></presence>")
        asked = component.expect("subscribe", "a.example", token="token", user=_bare(alice).partition("@")[0],
                                 contact=f"{romeo}@c.example")
        component.result(asked)
        reply = component.request("set", "contacts", "a.example", user=asked[0].get("user"), contact=asked[0].get("contact"))
        assert reply.get("type") == "result"
        request = remote.until(lambda element: element.get("type") == "subscribe")
        assert request.get("from") == _bare(alice)
        assert remote.roster() == {_bare(alice): "to"}
        remote.send(f"<presence type='subscribed' to='{_bare(alice)}'/>")
        alice.until(lambda element: element.get("type") == "subscribed")
        assert alice.roster() == {f"{romeo}@c.example": "both"}
        # The same again changes nothing.
        component.request("set", "contacts", "a.example", user=asked[0].get("user"), contact=asked[0].get("contact"))
        assert alice.roster() == {f"{romeo}@c.example": "both"} and remote.roster() == {_bare(alice): "both"}


def test_contacts_of_nobody(server: Server, component: Component, username: str) -> None:
    for user, contact, condition in ((username, "juliet@c.example", "item-not-found"), (username, "", "bad-request"),
                                     (username, "c.example", "bad-request"), (username, f"{username}@a.example", "bad-request")):
        assert error(component.request("set", "contacts", "a.example", user=user, contact=contact))[1] == condition
    account(server, component, username)
    reply = component.request("set", "contacts", "a.example", user=username, contact=f"{username}-2@a.example")
    assert error(reply) == ("cancel", "item-not-found")


# Subscription requests


def _request(session: Client, to: str, token: str = "token") -> None:
    session.send(f"<presence type='subscribe' to='{to}'><preauth xmlns='{PARS_NS}' token='{token}'/></presence>")


def test_request_that_is_approved(server: Server, component: Component) -> None:
    alice, bob = _pair(server, component)
    with alice, bob:
        _request(bob, _bare(alice))
        asked = component.expect("subscribe", "a.example", user=_bare(alice).partition("@")[0], contact=_bare(bob))
        component.result(asked)
        component.request("set", "contacts", "a.example", user=asked[0].get("user"), contact=asked[0].get("contact"))
        assert not [each for each in alice.barrier() if each.get("type") == "subscribe"]
        assert alice.roster() == {_bare(bob): "both"} and bob.roster() == {_bare(alice): "both"}


def test_request_with_a_bad_token_is_an_ordinary_one(server: Server, component: Component) -> None:
    alice, bob = _pair(server, component)
    with alice, bob:
        _request(bob, _bare(alice))
        component.refuse(component.expect("subscribe"), "item-not-found")
        request = alice.until(lambda element: element.get("type") == "subscribe")
        assert request.get("from") == _bare(bob)
        _request(bob, _bare(alice), "x" * 65)
        bob.barrier()
        assert component.idle("a.example") == []
        assert alice.roster() == {} and bob.roster() == {_bare(alice): "none"}


def test_request_of_a_component(server: Server, component: Component) -> None:
    alice, _ = _pair(server, component)
    with alice, server.component(OTHER) as other:
        other.send(f"<presence type='subscribe' from='bot@{OTHER}' to='{_bare(alice)}'>"
                   f"<preauth xmlns='{PARS_NS}' token='token'/></presence>")
        component.refuse(component.expect("subscribe", contact=f"bot@{OTHER}"), "item-not-found")
        assert alice.until(lambda element: element.get("type") == "subscribe").get("from") == f"bot@{OTHER}"


def test_request_of_somebody_who_is_blocked(server: Server, component: Component) -> None:
    alice, bob = _pair(server, component)
    with alice, bob:
        alice.answer(alice.ask("set", f"<block xmlns='urn:xmpp:blocking'><item jid='{_bare(bob)}'/></block>", None))
        _request(bob, _bare(alice))
        bob.barrier()
        assert component.idle("a.example") == []
        assert not [each for each in alice.barrier() if each.get("type") == "subscribe"]


# Commands


def _forwarded(asked) -> object:
    return asked[0].find("{urn:xmpp:forward:0}forwarded/{jabber:client}iq")


def _answer(component: Component, asked, inner: str, kind: str = "result") -> None:
    """The envelope of XEP-0355."""
    request = _forwarded(asked)
    component.result(asked, "<delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>"
                     f"<iq xmlns='jabber:client' type='{kind}' id='{request.get('id')}' from='a.example' to='{request.get('from')}'>"
                     f"{inner}</iq></forwarded></delegation>")


def test_commands_are_listed_beside_others(server: Server, component: Component) -> None:
    alice, _ = _pair(server, component)
    with alice:
        assert COMMANDS_NS in {each.get("var") for each in alice.answer(alice.ask("get", f"<query xmlns='{DISCO_INFO_NS}'/>"))[0]}
        asked = alice.ask("get", f"<query xmlns='{DISCO_ITEMS_NS}' node='{COMMANDS_NS}'/>")
        question = component.expect("delegation", "a.example")
        assert _forwarded(question).get("from") == alice.jid
        _answer(component, question, f"<query xmlns='{DISCO_ITEMS_NS}' node='{COMMANDS_NS}'>"
                f"<item jid='a.example' node='{INVITE}' name='Invite'/><item jid='a.example' node='other' name='Not ours'/></query>")
        items = {each.get("node"): each.attrib for each in alice.answer(asked)[0]}
        assert items[INVITE] == {"jid": "a.example", "node": INVITE, "name": "Invite"}
        assert UPTIME in items and "other" not in items


def test_commands_when_the_daemon_lists_none(server: Server, component: Component) -> None:
    alice, _ = _pair(server, component)
    with alice:
        asked = alice.ask("get", f"<query xmlns='{DISCO_ITEMS_NS}' node='{COMMANDS_NS}'/>")
        _answer(component, component.expect("delegation"), "", "error")
        assert UPTIME in {each.get("node") for each in alice.answer(asked)[0]}


@pytest.mark.parametrize("node", [INVITE, CREATE_ACCOUNT])
def test_command(server: Server, component: Component, node: str) -> None:
    alice, _ = _pair(server, component)
    with alice:
        asked = alice.ask("get", f"<query xmlns='{DISCO_INFO_NS}' node='{node}'/>")
        _answer(component, component.expect("delegation", "a.example"),
                f"<query xmlns='{DISCO_INFO_NS}' node='{node}'><feature var='{COMMANDS_NS}'/></query>")
        assert alice.answer(asked)[0].get("node") == node
        asked = alice.ask("set", f"<command xmlns='{COMMANDS_NS}' node='{node}' action='execute'/>")
        question = component.expect("delegation", "a.example")
        assert _forwarded(question)[0].get("node") == node
        _answer(component, question, f"<command xmlns='{COMMANDS_NS}' node='{node}' status='completed'/>")
        reply = alice.answer(asked)
        assert (reply.get("from"), reply[0].get("status")) == ("a.example", "completed")
        asked = alice.ask("set", f"<command xmlns='{COMMANDS_NS}' node='{node}' action='execute'/>")
        _answer(component, component.expect("delegation"),
                f"<error type='auth'><forbidden xmlns='{STANZAS_NS}'/></error>", "error")
        assert error(alice.answer(asked)) == ("auth", "forbidden")


def test_other_commands_are_the_servers(server: Server, component: Component) -> None:
    alice, _ = _pair(server, component)
    with alice:
        reply = alice.answer(alice.ask("set", f"<command xmlns='{COMMANDS_NS}' node='{UPTIME}' action='execute'/>"))
        assert reply[0].get("status") == "completed"
        reply = alice.answer(alice.ask("get", f"<query xmlns='{DISCO_INFO_NS}' node='{UPTIME}'/>"))
        assert reply[0].get("node") == UPTIME
        reply = alice.answer(alice.ask("set", f"<command xmlns='{COMMANDS_NS}' node='unknown' action='execute'/>"))
        assert reply.get("type") == "error"
    assert component.idle("a.example") == []

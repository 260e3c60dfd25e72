"""The daemon away, silent, late or dying; the server killed; the module reloaded; what is owed afterwards."""

import os
import shutil
import time

import pytest

from prosody_server import OTHER
from server_files import ServerFiles
from servers import Server
from steps import CHECKED, WAIT, account, preauth, register, reserve
from wire import (
    COMMANDS_NS, DISCO_ITEMS_NS, MODULE_NS, PARS_NS, REGISTER_NS, Component, Ended, error, name, unique)


def held(*names: str) -> str:
    return "".join(f"<held username='{each}'/>" for each in names)


# How often what takes less than five seconds may take longer, because the machine is busy.
TRIES = 4


def settle(component: Component, host: str, registration: str, *names: str) -> None:
    asked = component.ask("set", f"<settings xmlns='{MODULE_NS}' registration='{registration}'>{held(*names)}</settings>", host)
    assert component.answer(asked).get("type") == "result"


def disconnect(server: Server, component: Component) -> None:
    with server.sees_end_of(component):
        component.close()


def delete(server: Server, username: str) -> None:
    """While the daemon is away."""
    with server.component(OTHER) as other:
        other.answer(other.ask("set", f"<do xmlns='urn:tests' action='delete' user='{username}'/>", "a.example"))
        other.idle("a.example")


# Away


def test_away(server: Server, component: Component, username: str) -> None:
    account(server, component, username)
    with server.client() as alice:
        alice.login(username)
        disconnect(server, component)
        with server.client() as client:
            assert client.offers("urn:xmpp:ibr-token:0")
            assert error(client.answer(client.preauth("token"))) == WAIT
            assert error(client.answer(client.register(f"{username}-2"))) == WAIT
            assert name(client.form()) == "query"
        asked = alice.ask("get", f"<query xmlns='{DISCO_ITEMS_NS}' node='{COMMANDS_NS}'/>")
        assert {each.get("node") for each in alice.answer(asked)[0]} == {"uptime"}
        asked = alice.ask("set", f"<command xmlns='{COMMANDS_NS}' node='urn:xmpp:invite#invite'/>")
        assert error(alice.answer(asked)) == ("cancel", "service-unavailable")


def test_away_after_a_good_check(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        preauth(component, client)
        disconnect(server, component)
        assert error(client.answer(client.register(username))) == WAIT
        with server.component() as again:
            again.greet(a_example="invite", b_example="server")
            register(again, client, username)


def test_away_and_registering_without_a_token(server: Server, component: Component, username: str) -> None:
    """By the daemon's latest settings, also when the server has been restarted since."""
    settle(component, "a.example", "server")
    settle(component, "b.example", "server", username)
    disconnect(server, component)
    for _ in range(2):
        with server.client("a.example") as client:
            assert error(client.answer(client.register(username))) == ("cancel", "not-allowed")
        with server.client("b.example") as client:
            assert error(client.answer(client.register(username))) == ("cancel", "conflict")
            assert client.answer(client.register(unique("free"))).get("type") == "result"
        server.restart()
    with server.component() as again:
        again.greet(a_example="invite", b_example="invite")
        disconnect(server, again)
    with server.client("b.example") as client:
        assert error(client.answer(client.register(unique("free")))) == ("cancel", "not-allowed")


@pytest.mark.parametrize("option, condition", [("invite", ("cancel", "not-allowed")), ("nonsense", ("cancel", "not-allowed")), ("open", None)])
def test_option(new_server, option: str, condition: tuple[str, str] | None) -> None:
    server = new_server(common=f'invited_registration = "{option}"')
    for host in ("a.example", "b.example"):
        with server.client(host) as client:
            reply = client.answer(client.register("juliet"))
            assert (error(reply) if condition else reply.get("type")) == (condition or "result")


def test_request_while_away_is_an_ordinary_one(server: Server, component: Component, username: str) -> None:
    for each in (username, f"{username}-2"):
        account(server, component, each)
    with server.client() as alice, server.client() as bob:
        alice.login(username).send("<presence/>")
        alice.barrier()
        bob.login(f"{username}-2")
        request = f"<presence type='subscribe' to='{username}@a.example'><preauth xmlns='{PARS_NS}' token='token'/></presence>"
        bob.send(request)
        component.expect("subscribe")
        disconnect(server, component)
        assert alice.until(lambda element: element.get("type") == "subscribe").get("from") == f"{username}-2@a.example"


# Silent, late, dying


def test_silent_and_late(server: Server, component: Component, username: str) -> None:
    """Five seconds, in which other streams are served. A late answer is ignored."""
    for number in range(TRIES):
        with server.client() as client:
            began = time.monotonic()
            asked = client.preauth("token")
            check = component.expect("check")
            with server.client() as other:
                preauth(component, other)
                register(component, other, f"{username}-{number}")
            served = time.monotonic() - began
            assert error(client.answer(asked)) == WAIT
            answered = time.monotonic() - began
            component.accept(check, kind="account", checked=CHECKED)
            component.idle("a.example")
            assert error(client.answer(client.register(f"{username}-late"))) == WAIT
        assert component.idle("a.example") == []
        assert 4 < answered
        if served < 4 and answered < 15:
            return
    pytest.fail(f"others were served after {served:.1f} s, and an error came after {answered:.1f} s")


def test_no_answer_to_a_reservation(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        attempt = preauth(component, client).get("attempt")
        asked, reservation = reserve(component, client, username)
        component.result(component.expect("release", attempt=attempt))
        assert error(client.answer(asked)) == WAIT
        component.accept(reservation)
        component.idle("a.example")
        assert not server.has_account(username)
        register(component, client, username)


def test_no_answer_to_a_confirmation(server: Server, component: Component, username: str) -> None:
    with server.client() as client:
        attempt = preauth(component, client).get("attempt")
        asked, reservation = reserve(component, client, username)
        component.accept(reservation)
        component.expect("confirm")
        assert client.answer(asked).get("type") == "result"
    disconnect(server, component)
    with server.component() as again:
        again.greet(a_example="invite", b_example="server")
        again.result(again.expect("confirm", token="token", username=username, attempt=attempt))
        assert again.idle("a.example") == []


def test_questions_of_a_connection_end_with_it(server: Server, component: Component, username: str) -> None:
    disconnect(server, component)
    for _ in range(TRIES):
        with server.component() as component, server.client() as one, server.client() as two:
            component.greet(a_example="invite", b_example="server")
            asked_one = one.preauth("token")
            component.expect("check")
            preauth(component, two)
            asked_two, _ = reserve(component, two, username)
            began = time.monotonic()
            disconnect(server, component)
            assert error(one.answer(asked_one)) == WAIT and error(two.answer(asked_two)) == WAIT
            took = time.monotonic() - began
        if took < 4:
            return
    pytest.fail(f"they were answered after {took:.1f} s")


def test_refused_second_connection_ends_nothing(server: Server, component: Component) -> None:
    with server.client() as client:
        asked = client.preauth("token")
        check = component.expect("check")
        with server.logs("component disconnected"), pytest.raises((AssertionError, Ended)):
            server.component()
        component.accept(check, kind="account", checked=CHECKED)
        assert client.answer(asked).get("type") == "result"


def test_many_at_once(server: Server, component: Component, username: str) -> None:
    """More than Prosody's own table of questions has room for. Few get an account: a password takes the server long."""
    clients = {f"{username}-{number}": server.client() for number in range(300)}
    winners = set(list(clients)[::60])
    asked = {name: client.preauth("token") for name, client in clients.items()}
    for check in reversed([component.expect("check") for _ in clients]):
        component.accept(check, kind="account", checked=CHECKED)
    for name, client in clients.items():
        assert client.answer(asked[name]).get("type") == "result"
    asked = {name: client.register(name) for name, client in clients.items()}
    reservations = {str(each[0].get("username")): each for each in [component.expect("reserve") for _ in clients]}
    assert set(reservations) == set(clients)
    for name, reservation in reversed(reservations.items()):
        if name in winners:
            component.accept(reservation)
        else:
            component.refuse(reservation, "conflict")
    for _ in winners:
        confirmation = component.expect("confirm")
        reservation = reservations[str(confirmation[0].get("username"))]
        assert confirmation[0].get("attempt") == reservation[0].get("attempt")
        component.result(confirmation)
    for name, client in clients.items():
        assert client.answer(asked[name]).get("type") == ("result" if name in winners else "error")
        client.close()
    assert component.idle("a.example") == []


# Versions


def test_versions_that_do_not_fit(server: Server) -> None:
    with server.component() as component, server.client() as client:
        component.meet(2, lambda hello: component.refuse(hello, "feature-not-implemented", text="It speaks 9, we speak 1."))
        assert error(client.answer(client.preauth("token"))) == WAIT
        assert component.idle("a.example") == []
        server.await_log("It speaks 9, we speak 1.")


@pytest.mark.parametrize("version, fits", [("2", True), ("3", False), ("", False)])
def test_version_of_the_daemon(server: Server, version: str, fits: bool) -> None:
    with server.component() as component, server.client() as client:
        component.meet(2, lambda hello: component.accept(hello, version=version, registration="invite"))
        asked = client.preauth("token")
        if fits:
            component.accept(component.expect("check"), kind="account", checked=CHECKED)
        assert (client.answer(asked).get("type") == "result") == fits


# What is owed


REFUSALS = {"cancel": "item-not-found", "modify": "bad-request", "wait": "resource-constraint"}


@pytest.mark.parametrize("answer, owed", [("cancel", False), ("modify", False), ("wait", True)])
def test_refused_confirmation(server: Server, component: Component, username: str, answer: str, owed: bool) -> None:
    with server.client() as client:
        preauth(component, client)
        asked, reservation = reserve(component, client, username)
        component.accept(reservation)
        component.refuse(component.expect("confirm"), REFUSALS[answer], answer)
        assert client.answer(asked).get("type") == "result"
    disconnect(server, component)
    with server.component() as again:
        again.greet(a_example="invite", b_example="server")
        if owed:
            again.result(again.expect("confirm", username=username))
        assert again.idle("a.example") == []


SQL = 'storage = "sql"; sql = { driver = "SQLite3", database = "prosody.sqlite" }'


def kill_before_the_confirmation(server: Server) -> str:
    """The account juliet is made, and the server dies. The attempt."""
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        with server.client() as client:
            attempt = str(preauth(component, client).get("attempt"))
            _, reservation = reserve(component, client, "juliet")
            component.accept(reservation)
            component.expect("confirm")
            server.kill()
    return attempt


def test_accounts_that_cannot_be_read_are_not_absent(new_server, module_server: ServerFiles) -> None:
    """As in a database that is away for a while: an account that cannot be seen was made all the same."""
    server = new_server(common=SQL if module_server.name == "ejabberd" else "")
    attempt = kill_before_the_confirmation(server)
    with server.unreadable_account("juliet"):
        server.start()
        with server.component() as component:
            component.greet(a_example="invite", b_example="server")
            assert error(component.request("get", "exists", "a.example", username="juliet")) == ("wait", "internal-server-error")
            assert component.idle("a.example") == []
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        component.result(component.expect("confirm", "a.example", attempt=attempt, username="juliet"))
        assert component.idle("a.example") == []


@pytest.mark.parametrize("storage", ["", SQL], ids=["internal", "sql"])
def test_server_killed_before_the_confirmation(new_server, storage: str) -> None:
    server = new_server(common=storage)
    attempt = kill_before_the_confirmation(server)
    server.start()
    assert server.has_account("juliet")
    for answered in (False, True):
        with server.component() as component:
            component.greet(a_example="invite", b_example="server")
            confirmation = component.expect("confirm", "a.example", token="token", username="juliet", attempt=attempt)
            if answered:
                component.result(confirmation)
            assert component.idle("a.example") == []
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        assert component.idle("a.example") == []


@pytest.mark.parametrize("storage", ["", SQL], ids=["internal", "sql"])
def test_what_many_owe_is_written_together(new_server, storage: str) -> None:
    """All debts, and no others: answered ones are removed from the disk not at once, but soon."""
    server = new_server(common=storage)
    names = [f"owed{number}" for number in range(12)]
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        clients = {name: server.client() for name in names}
        for client in clients.values():
            preauth(component, client)
        asked = {name: client.register(name) for name, client in clients.items()}
        reservations = [component.expect("reserve") for _ in names]
        module = component.address("a.example")
        component.send("".join(
            f"<iq type='result' id='{each.get('id')}' from='{component.domain}' to='{module}'>"
            f"<reserve xmlns='{MODULE_NS}'/></iq>" for each in reservations))
        answered, owed = names[:6], names[6:]
        confirmed = []
        for _ in names:
            confirmation = component.expect("confirm")
            confirmed.append(str(confirmation[0].get("username")))
            if confirmed[-1] in answered:  # at once: the module waits for five seconds
                component.result(confirmation)
        assert set(confirmed) == set(names)
        for name in answered:
            assert clients[name].answer(asked[name]).get("type") == "result"
        # The last of its kind, so that what was answered before is on the disk as well.
        with server.client() as client:
            preauth(component, client)
            _, reservation = reserve(component, client, "last")
            component.accept(reservation)
            component.expect("confirm", username="last")
            server.kill()
    server.start()
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        again = [component.expect("confirm", "a.example") for _ in range(len(owed) + 1)]
        assert {each[0].get("username") for each in again} == {*owed, "last"}
        assert component.idle("a.example") == []
    assert all(server.has_account(name) for name in [*names, "last"])


def test_server_that_cannot_write_makes_no_account(new_server) -> None:
    server = new_server()
    in_the_way = server.directory / "data/a%2eexample/invited.dat"
    (in_the_way / "something").mkdir(parents=True)
    for path in [in_the_way.parent, in_the_way, in_the_way / "something"]:
        if os.geteuid() == 0:
            shutil.chown(path, server.USER, server.USER)
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        with server.client() as client:
            attempt = preauth(component, client).get("attempt")
            asked, reservation = reserve(component, client, "juliet")
            component.accept(reservation)
            component.expect("release", "a.example", attempt=attempt)
            assert error(client.answer(asked)) == ("wait", "internal-server-error")
            assert not server.has_account("juliet")
            shutil.rmtree(in_the_way)
            register(component, client, "juliet")
    assert server.has_account("juliet")


def test_server_killed_before_the_account(new_server) -> None:
    server = new_server()
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        with server.client() as client:
            attempt = preauth(component, client).get("attempt")
            _, reservation = reserve(component, client, "dies")
            component.accept(reservation)
            server.await_end()
    server.start()
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        component.result(component.expect("release", "a.example", attempt=attempt))
        assert component.idle("a.example") == []
        assert component.request("get", "exists", "a.example", username="dies")[0].get("account") == "absent"
        # Nothing is left of it that would prevent another attempt.
        assert error(component.request("set", "create", "a.example", username="dies", password=""))[1] == "not-acceptable"


def test_account_deleted_before_it_was_confirmed(server: Server, component: Component, username: str) -> None:
    """Its token does not make another one."""
    with server.client() as client:
        preauth(component, client)
        _, reservation = reserve(component, client, username)
        component.accept(reservation)
        component.expect("confirm")
        disconnect(server, component)
    delete(server, username)
    with server.component() as again:
        again.greet(a_example="invite", b_example="server")
        again.result(again.expect("confirm", username=username))
        again.result(again.expect("deleted", username=username))
        assert again.idle("a.example") == []


def test_deleted_account_is_told_until_it_is_acknowledged(server: Server, component: Component, username: str) -> None:
    account(server, component, username)
    disconnect(server, component)
    delete(server, username)
    server.restart()
    for answered in (False, True):
        with server.component() as again:
            again.greet(a_example="invite", b_example="server")
            told = again.expect("deleted", "a.example", username=username)
            if answered:
                again.result(told)
            assert again.idle("a.example") == []


def test_account_that_leaves_later(new_server) -> None:
    """Prosody 13 disables it first."""
    server = new_server(common='registration_delete_grace_period = "1 day"')
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        account(server, component, "juliet")
        with server.client() as client:
            client.login("juliet")
            client.ask("set", f"<query xmlns='{REGISTER_NS}'><remove/></query>", None)
            component.result(component.expect("deleted", "a.example", username="juliet"))
        assert not server.has_account("juliet")

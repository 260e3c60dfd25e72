"""What holds on ejabberd alone: where it differs from Prosody (servers.py has why), and its own pitfalls."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

import pytest

from conftest import servers_of_tests
from ejabberd_server import COMPONENT, MODULE, OTHER, RESOURCE, Ejabberd
from server_files import ServerFiles, ejabberds
from servers import Shared
from steps import CHECKED, account, preauth, register, reserve
from test_requests import REQUESTS
from wire import (
    COMMANDS_NS, DISCO_INFO_NS, FORMS_NS, MODULE_NS, PARS_NS, REGISTER_NS, Client, Component, Ended, child, error, error_text, name, unique)

ADDRESS = f"a.example/{RESOURCE}"
SQL = 'storage = "sql"; sql = { driver = "SQLite3", database = "prosody.sqlite" }'
PAUSED = "Paused before there is an account"


@pytest.fixture(scope="session", params=ejabberds(), ids=str)
def ejabberd_files(request: pytest.FixtureRequest) -> ServerFiles:
    return request.param


@pytest.fixture
def new_ejabberd(ejabberd_files: ServerFiles) -> Iterator[Callable[..., Ejabberd]]:
    """Makes servers of the test's own, which it may change before it starts them."""
    with servers_of_tests() as make:
        yield lambda **options: make(ejabberd_files, **options)


@pytest.fixture(scope="module")
def shared_ejabberd(ejabberd_files: ServerFiles) -> Iterator[Shared]:
    with Shared(ejabberd_files) as shared:
        yield shared


@pytest.fixture
def ejabberd(shared_ejabberd: Shared) -> Ejabberd:
    return shared_ejabberd.server()


@pytest.fixture
def component(ejabberd: Ejabberd) -> Iterator[Component]:
    with ejabberd.component() as daemon:
        daemon.greet(a_example="invite", b_example="server")
        yield daemon


@pytest.fixture
def username() -> str:
    return unique("user")


def guards_all(server: Ejabberd) -> bool:
    """Since 24.10."""
    return not server.files.version.startswith("23.")


def do(component: Component, action: str, user: str = "", host: str = "a.example") -> None:
    """Runs an action in the server; the module's stanzas meanwhile are kept."""
    identifier = component.ask("set", f"<do xmlns='urn:tests' action='{action}' user='{user}'/>", host)
    component.until(lambda element: element.get("id") == identifier)


def ping(component: Component) -> None:
    """The server has read what was sent, and has sent nothing but the answer to this ping."""
    component.answer(component.ask("get", "<ping xmlns='urn:xmpp:ping'/>", "a.example"))


def limits(hello: Element) -> list[str]:
    return [str(each.text) for each in hello if name(each) == "limit"]


# Hello


def test_hello(ejabberd: Ejabberd) -> None:
    with ejabberd.component() as component:
        hellos = component.greet(a_example="server", b_example="server")
    for host, registration in (("a.example", "invite"), ("b.example", "open")):
        hello = hellos[host]
        assert (hello.get("version"), hello.get("module")) == ("1", "mod_invited 1.0")
        assert hello.get("server") == f"ejabberd {ejabberd.files.version}"
        assert {each.get("name") for each in hello if name(each) == "feature"} == {
            "register", "commands", "subscribe", "accounts", "contacts", "notices", "guard"}
        rules = child(hello, "rules")
        assert (rules.get("registration"), rules.get("encryption")) == (registration, "optional")
        assert any("before 24.10" in limit for limit in limits(hello)) != guards_all(ejabberd)
        assert any("mod_register_web" in limit for limit in limits(hello)) == (registration == "open")


def test_host_on_which_nobody_registers(new_ejabberd: Callable[..., Ejabberd]) -> None:
    server = new_ejabberd()
    del server.modules("a.example")["mod_register"]
    server.modules("b.example")["mod_register"] = {"allow_modules": ["mod_register"]}
    server.write_configuration()
    server.start()
    with server.component() as component:
        hellos = component.greet(a_example="invite", b_example="invite")
        for host, said in (("a.example", "mod_register makes no accounts here"), ("b.example", "allow_modules")):
            assert not {"register", "accounts"} & {each.get("name") for each in hellos[host]}
            assert child(hellos[host], "rules").get("registration") == "closed"
            assert any(said in limit for limit in limits(hellos[host]))
            with server.client(host) as client:
                assert not client.offers("urn:xmpp:ibr-token:0") and not client.offers("urn:xmpp:invite")
            refused = component.request("set", "create", host, username="juliet", password="a good password")
            assert error(refused) == ("cancel", "not-allowed")


# Whom it obeys


@pytest.fixture
def untouched(ejabberd: Ejabberd, component: Component, username: str) -> Iterator[str]:
    """An account that only the daemon may change."""
    account(ejabberd, component, username)
    yield username
    assert ejabberd.has_account(username)
    assert not ejabberd.has_account(f"{username}-2", "taken over")
    with ejabberd.client() as client:
        assert error(client.answer(client.register(f"{username}-3"))) == ("cancel", "not-allowed")
        assert client.login(username).roster() == {}


@pytest.mark.parametrize("address", [ADDRESS, "a.example"])
def test_users_are_refused(ejabberd: Ejabberd, untouched: str, address: str) -> None:
    with ejabberd.client() as client:
        client.login(untouched)
        for kind, payload in REQUESTS:
            reply = client.answer(client.ask(kind, payload.replace("NAME", untouched), address))
            assert reply.get("type") == "error"
            if address == ADDRESS:
                assert error(reply) == ("auth", "forbidden")
        reply = client.answer(client.ask("get", f"<query xmlns='{DISCO_INFO_NS}'/>"))
        assert not [each for each in reply[0] if "invited" in str(each.get("var"))]


def test_streams_before_login_are_refused(ejabberd: Ejabberd, untouched: str) -> None:
    for kind, payload in REQUESTS:
        with ejabberd.client() as client:
            client.send(f"<iq type='{kind}' id='x' from='{COMPONENT}' to='{ADDRESS}'>{payload.replace('NAME', untouched)}</iq>")
            with pytest.raises(Ended):
                client.answer("x")


@pytest.mark.parametrize("sender", [OTHER, COMPONENT, f"{COMPONENT}/x", f"admin@{COMPONENT}"])
@pytest.mark.parametrize("checked", [True, False])
def test_other_components_are_refused(new_ejabberd: Callable[..., Ejabberd], sender: str, checked: bool) -> None:
    """Also where ejabberd's check of the sender's address is off."""
    if checked and sender != OTHER:
        pytest.skip("ejabberd ends its stream")
    server = new_ejabberd(common="" if checked else "validate_from_addresses = false")
    server.start()
    with server.component() as component, server.component(OTHER) as other:
        component.greet(a_example="invite", b_example="invite")
        account(server, component, "juliet")
        for kind, payload in REQUESTS:
            other.send(f"<iq type='{kind}' id='x' from='{sender}' to='{ADDRESS}'>{payload.replace('NAME', 'juliet')}</iq>")
            assert error(other.receive()) == ("auth", "forbidden")
        assert server.has_account("juliet") and not server.has_account("juliet-2", "taken over")
        assert component.idle("a.example") == []


def test_answers_go_to_the_newest_connection(new_ejabberd: Callable[..., Ejabberd]) -> None:
    """The other one may be dead without anybody knowing it yet, and ejabberd would choose either."""
    server = new_ejabberd()
    server.start()
    with server.component() as older:
        older.greet(a_example="invite", b_example="invite")
        with server.component() as newest:
            for _ in range(2):
                newest.accept(newest.expect("hello"), version="1", registration="invite")
            for number in range(10):
                asked = newest.ask("get", f"<exists xmlns='{MODULE_NS}' username='nobody-{number}'/>", "a.example")
                newest.until(lambda element, asked=asked: element.get("id") == asked)
                told = newest.ask("set", f"<settings xmlns='{MODULE_NS}' registration='invite'/>", "a.example")
                newest.until(lambda element, told=told: element.get("id") == told)


def test_address_of_the_daemon_has_no_localpart(ejabberd: Ejabberd, component: Component, untouched: str) -> None:
    for sender in (f"admin@{COMPONENT}", f"{COMPONENT}/resource"):
        for kind, payload in REQUESTS:
            component.send(f"<iq type='{kind}' id='x' from='{sender}' to='{ADDRESS}'>{payload.replace('NAME', untouched)}</iq>")
            assert error(component.receive()) == ("auth", "forbidden")


def test_beside_mod_privilege(new_ejabberd: Callable[..., Ejabberd]) -> None:
    """24.12 drops what a component that has no grant sends to a bare host."""
    server = new_ejabberd(more={"mod_privilege": {}})
    server.start()
    with server.component() as component, server.client() as client:
        component.greet_without_flush(a_example="invite", b_example="invite")
        preauth(component, client)
        asked, reservation = reserve(component, client, "juliet")
        component.accept(reservation)
        component.result(component.expect("confirm"))
        assert client.answer(asked).get("type") == "result"
        assert component.request("get", "exists", "a.example", username="juliet")[0].get("account") == "present"


# Floods


def counted(server: Ejabberd, component: Component) -> list[int]:
    """Atoms in the server; entries of the module's table on a.example, and messages that wait for its process."""
    with server.logs("mod_control: {counted"):
        do(component, "count")
    return [int(number) for number in server.log.rpartition("{counted,")[2].partition("}")[0].split(",")]


def test_nothing_of_what_people_send_stays(ejabberd: Ejabberd, component: Component, username: str) -> None:
    """No atom is made from it, which would never be freed."""
    account(ejabberd, component, username)

    def send(number: int) -> None:
        word = f"made-up-{username}-{number}"
        with ejabberd.client() as client:
            asked = client.preauth(word)
            component.refuse(component.expect("check"), "item-not-found")
            assert error(client.answer(asked)) == ("cancel", "item-not-found")
            for payload in (f"<query xmlns='{REGISTER_NS}'><username>{word}</username><password>{word}</password><{word}/></query>",
                            f"<preauth xmlns='{PARS_NS}' {word}='{word}'/>"):
                assert client.answer(client.ask("set", payload)).get("type") == "error"
            assert client.answer(client.ask("set", f"<query xmlns='{REGISTER_NS}'/>", to=f"{word}.example")).get("type") == "error"
            client.login(username)
            for address in (ADDRESS, f"a.example/{word}"):
                assert client.answer(client.ask("set", f"<{word} xmlns='{word}' {word}='{word}'/>", address)).get("type") == "error"
            for node in (word, "urn:xmpp:invite#invite"):
                asked = client.ask("get", f"<query xmlns='{DISCO_INFO_NS}' node='{node}' {word}='{word}'/>")
                if node != word:
                    component.refuse(component.expect("delegation"), "item-not-found")
                assert client.answer(asked).get("type") == "error"
            client.send(f"<presence type='subscribe' to='{word}@a.example'><preauth xmlns='{PARS_NS}' token='{word}'/></presence>")
            client.barrier()

    send(0)
    counts = [counted(ejabberd, component)]
    for rounds in range(4):
        for number in range(7):
            send(1 + 7 * rounds + number)
        counts.append(counted(ejabberd, component))
        # Code that the server loads when it first needs it has atoms, but not in each round.
        if counts[-1] == counts[-2]:
            return
    raise AssertionError(counts)


def test_more_than_may_be_asked_at_once(new_ejabberd: Callable[..., Ejabberd]) -> None:
    """While so many questions are open, the daemon counts as away: for tokens, and for requests with one, which are ordinary ones."""
    server = new_ejabberd()
    server.start()
    with server.component() as component, server.client() as asker, server.client() as user, server.client() as stranger:
        component.greet(a_example="invite", b_example="server")
        for username in ("romeo", "juliet"):
            account(server, component, username)
        asker.login("romeo")
        user.login("juliet").send("<presence/>")
        user.barrier()
        do(component, "wait", str(4096))
        asker.send(f"<presence type='subscribe' to='juliet@a.example'><preauth xmlns='{PARS_NS}' token='token'/></presence>")
        assert user.until(lambda element: element.get("type") == "subscribe").get("from") == "romeo@a.example"
        assert error(stranger.answer(stranger.preauth("token"))) == ("wait", "resource-constraint")
        assert component.idle("a.example") == []


def test_accounts_made_for_forms_are_no_open_questions(ejabberd: Ejabberd, component: Component, username: str) -> None:
    """However many are made in a minute, a client with a token is not answered that the daemon is away."""
    _, before, _ = counted(ejabberd, component)
    for number in range(5):
        request = f"<create xmlns='{MODULE_NS}' username='{username}-{number}' password='a good password'/>"
        for _ in range(2):  # the second is answered as the first
            assert component.answer(component.ask("set", request, "a.example")).get("type") == "result"
    _, after, _ = counted(ejabberd, component)
    assert after == before


def test_beside_mod_delegation(new_ejabberd: Callable[..., Ejabberd]) -> None:
    """It takes the commands' namespace, too, for the same component: whichever of the two asks, the daemon answers. Tokens go on working,
    and a stranger's delegation of everything gets none of what is the module's."""
    server = new_ejabberd(more={
        "mod_privilege": {"roster": {"both": "all"}},
        "mod_delegation": {"namespaces": {COMMANDS_NS: {"access": "daemon"}, MODULE_NS: {"access": "other"}, REGISTER_NS: {"access": "other"}}}})
    server.configuration["acl"] |= {"daemon": {"server": COMPONENT}, "other": {"server": OTHER}}
    server.configuration["access_rules"] |= {each: {"allow": each} for each in ("daemon", "other")}
    server.write_configuration()
    server.start()
    with server.component(OTHER) as other, server.component() as component:
        hosts = set()
        while len(hosts) < 2:  # it announces delegations, too
            stanza = component.receive()
            if stanza.get("type") == "set" and name(stanza[0]) == "hello":
                hosts.add(stanza.get("from"))
                component.accept(stanza, version="1", registration="invite")
        with server.client() as client:
            asked = client.preauth("token")
            check = component.until(lambda element: len(element) and name(element[0]) == "check")
            component.accept(check, kind="account", checked=CHECKED)
            assert client.answer(asked).get("type") == "result"
            asked = client.register("juliet")
            component.accept(component.until(lambda element: len(element) and name(element[0]) == "reserve"))
            component.result(component.until(lambda element: len(element) and name(element[0]) == "confirm"))
            assert client.answer(asked).get("type") == "result"
            client.login("juliet")
            asked = client.ask("set", f"<command xmlns='{COMMANDS_NS}' node='urn:xmpp:invite#invite'/>")
            forwarded = component.until(lambda element: len(element) and name(element[0]) == "delegation" and element.get("type") == "set")
            assert "urn:xmpp:invite#invite" in tostring(forwarded).decode()
            component.refuse(forwarded, "service-unavailable")
            assert client.answer(asked).get("type") == "error"
            for kind, payload in REQUESTS:
                assert client.answer(client.ask(kind, payload.replace("NAME", "juliet"), ADDRESS)).get("type") == "error"
            client.ask("get", "<ping xmlns='urn:xmpp:ping'/>", OTHER)
            while name((stanza := other.receive())[0]) != "ping":
                assert "juliet" not in tostring(stanza).decode()
        assert server.has_account("juliet")


def test_whoever_has_a_token_needs_no_captcha(new_ejabberd: Callable[..., Ejabberd]) -> None:
    server = new_ejabberd()
    server.modules("a.example")["mod_register"] |= {"captcha_protected": True}
    server.write_configuration()
    server.start()
    with server.component() as component, server.client() as client:
        component.greet(a_example="invite", b_example="server")
        preauth(component, client)
        assert not {"captcha", "ocr"} & {str(each.get("var")) for each in client.form().iter(f"{{{FORMS_NS}}}field")}
        register(component, client, "juliet", form=True)
    assert server.has_account("juliet")


# Streams


def test_more_than_may_wait(ejabberd: Ejabberd, component: Component, username: str) -> None:
    with ejabberd.client() as client:
        first = client.preauth("token")
        check = component.expect("check")
        waiting = [client.register(f"{username} {number}") for number in range(5)]
        assert error(client.answer(client.register(username))) == ("wait", "resource-constraint")
        component.accept(check, kind="account", checked=CHECKED)
        assert client.answer(first).get("type") == "result"
        for asked in waiting:
            assert error(client.answer(asked)) == ("modify", "not-acceptable")
        register(component, client, username)


def test_login_while_a_question_is_out(ejabberd: Ejabberd, component: Component, username: str) -> None:
    account(ejabberd, component, username)
    with ejabberd.client() as client:
        attempt = preauth(component, client).get("attempt")
        client.register(f"{username}-2")
        reservation = component.expect("reserve")
        client.login(username)
        component.result(component.expect("release", attempt=attempt))
        component.accept(reservation)
        assert component.idle("a.example") == []
    assert not ejabberd.has_account(f"{username}-2")


def test_stream_is_killed_while_it_is_reserved(ejabberd: Ejabberd, component: Component, username: str) -> None:
    """No hook runs then."""
    with ejabberd.client() as client:
        attempt = preauth(component, client).get("attempt")
        _, reservation = reserve(component, client, username)
        do(component, "kill-streams")
        component.result(component.expect("release", "a.example", attempt=attempt))
        component.accept(reservation)
        assert component.idle("a.example") == []
    assert not ejabberd.has_account(username)


def pause(ejabberd: Ejabberd, component: Component, client: Client) -> tuple[str, str, str]:
    """A stream stands still between its reservation and its account. Its name and attempt, and what the client waits for."""
    username = unique("pauses")
    attempt = str(preauth(component, client).get("attempt"))
    asked, reservation = reserve(component, client, username)
    with ejabberd.logs(PAUSED):
        component.accept(reservation)
    return username, attempt, asked


def go_on(component: Component, client: Client, username: str, attempt: str, asked: str) -> None:
    ping(component)
    do(component, "resume")
    component.result(component.expect("confirm", "a.example", attempt=attempt, username=username))
    assert client.answer(asked).get("type") == "result"


def reload(component: Component) -> None:
    reloading = component.ask("set", "<do xmlns='urn:tests' action='reload'/>", "a.example")
    component.accept(component.expect_beside(reloading, "hello", "a.example"), version="1", registration="invite")


def test_reservation_that_the_hosts_process_has_not_heard_of(ejabberd: Ejabberd, component: Component) -> None:
    """It reads the answer to its hello, reads what is owed, and only then the message of the stream that owes it."""
    with ejabberd.client() as client:
        greeting = component.ask("set", "<do xmlns='urn:tests' action='greet'/>", "a.example")
        hello = component.expect("hello", "a.example")
        component.answer(greeting)
        do(component, "hold")
        component.accept(hello, version="1", registration="invite")
        ping(component)
        paused = pause(ejabberd, component, client)
        do(component, "go-on")
        go_on(component, client, *paused)
    assert component.idle("a.example") == []


def test_reload_between_the_reservation_and_the_account(ejabberd: Ejabberd, component: Component) -> None:
    """The new process meets what is owed for an account that a stream is making."""
    with ejabberd.client() as client:
        paused = pause(ejabberd, component, client)
        reload(component)
        go_on(component, client, *paused)
    assert component.idle("a.example") == []


def test_reload_and_the_end_of_the_stream_between_the_reservation_and_the_account(ejabberd: Ejabberd, component: Component) -> None:
    with ejabberd.client() as client:
        username, attempt, _ = pause(ejabberd, component, client)
        reload(component)
        do(component, "kill-streams")
        component.result(component.expect("release", "a.example", attempt=attempt))
        do(component, "resume")
    assert component.idle("a.example") == []
    assert not ejabberd.has_account(username)


def test_process_of_an_earlier_start_makes_nothing_more(ejabberd: Ejabberd, component: Component, username: str) -> None:
    do(component, "owe-of-earlier-start", username)
    greeting = component.ask("set", "<do xmlns='urn:tests' action='greet'/>", "a.example")
    component.accept(component.expect("hello", "a.example"), version="1", registration="invite")
    component.until(lambda element: element.get("id") == greeting)
    component.result(component.expect("release", "a.example", attempt="earlier"))
    assert component.idle("a.example") == []


def test_database_that_fails_may_have_made_the_account(new_ejabberd: Callable[..., Ejabberd]) -> None:
    """It is known when the stream has ended."""
    server = new_ejabberd(common=SQL)
    server.start()
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        with server.client() as client:
            attempt = preauth(component, client).get("attempt")
            asked, reservation = reserve(component, client, "lost")
            component.accept(reservation)
            assert error(client.answer(asked)) == ("wait", "internal-server-error")
            assert error(client.answer(client.register("another"))) == ("cancel", "not-allowed")
            assert component.idle("a.example") == []
        component.result(component.expect("confirm", "a.example", attempt=attempt, username="lost"))
        assert component.idle("a.example") == []


def test_deletion_is_told_behind_the_confirmation_that_was_not_answered(ejabberd: Ejabberd, component: Component, username: str) -> None:
    with ejabberd.client() as client:
        attempt = preauth(component, client).get("attempt")
        asked, reservation = reserve(component, client, username)
        component.accept(reservation)
        component.refuse(component.expect("confirm"), "resource-constraint", "wait")
        assert client.answer(asked).get("type") == "result"
    deleting = component.ask("set", f"<do xmlns='urn:tests' action='delete' user='{username}'/>", "a.example")
    asked = [component.until(lambda element: len(element)) for _ in range(2)]  # the deletion itself may be answered before, or between
    assert [(name(each[0]), each[0].get("username"), each[0].get("attempt")) for each in asked] == [
        ("confirm", username, attempt), ("deleted", username, None)]
    for each in asked:
        component.result(each)
    component.until(lambda element: element.get("id") == deleting)
    assert component.idle("a.example") == []


def test_stream_before_tls(new_ejabberd: Callable[..., Ejabberd]) -> None:
    server = new_ejabberd(encrypted=True)
    server.start()
    with server.component() as component:
        hellos = component.greet(a_example="invite", b_example="invite")
        assert child(hellos["a.example"], "rules").get("encryption") == "required"
        with server.client() as client:
            assert not client.offers("urn:xmpp:invite") and not client.offers("urn:xmpp:ibr-token:0")
            with pytest.raises(Ended):
                client.answer(client.preauth("token"))
        with server.client() as client:
            client.starttls()
            assert client.offers("urn:xmpp:invite") and client.offers("urn:xmpp:ibr-token:0")
            preauth(component, client)
            register(component, client, "juliet")


@pytest.mark.parametrize("target", ["c.example", "elsewhere.example"])
def test_token_is_good_on_its_own_host_only(ejabberd: Ejabberd, component: Component, username: str, target: str) -> None:
    """Mod_register ignores the address: it would make the account on the host of the stream."""
    with ejabberd.client() as client:
        preauth(component, client)
        for asked in (client.preauth("token", to=target), client.register(username, to=target)):
            assert error(client.answer(asked)) == ("cancel", "not-allowed")
    assert component.idle("a.example") == []
    assert not ejabberd.has_account(username) and not ejabberd.has_account(username, host="c.example")


def test_attempts_at_forms(ejabberd: Ejabberd, component: Component, username: str) -> None:
    with ejabberd.client() as client:
        preauth(component, client)
        for inside in ("", "<username>x</username>", "<password>x</password>", f"<x xmlns='{FORMS_NS}' type='submit'/>",
                       f"<username>x</username><password>{'p' * 1024}</password>", "<username/><password>x</password>"):
            asked = client.ask("set", f"<query xmlns='{REGISTER_NS}'>{inside}</query>")
            assert error(client.answer(asked))[0] == "modify"
        register(component, client, username, form=True)
    assert ejabberd.has_account(username)


# Registration by others


@pytest.mark.parametrize("held", [True, False])
def test_names_are_kept_from_the_api(ejabberd: Ejabberd, component: Component, username: str, held: bool) -> None:
    names = f"<held username='{username}'/>" if held else ""
    asked = component.ask("set", f"<settings xmlns='urn:invited:server-module:1' registration='invite'>{names}</settings>", "a.example")
    assert component.answer(asked).get("type") == "result"
    do(component, "register", username)
    assert ejabberd.has_account(username) == (not held or not guards_all(ejabberd))


def test_held_name_is_made_with_its_token(ejabberd: Ejabberd, component: Component, username: str) -> None:
    asked = component.ask("set", "<settings xmlns='urn:invited:server-module:1' registration='invite'>"
                          f"<held username='{username}'/></settings>", "a.example")
    assert component.answer(asked).get("type") == "result"
    account(ejabberd, component, username)
    assert component.request("set", "settings", "a.example", registration="invite").get("type") == "result"


def test_what_mod_register_closes_stays_closed(ejabberd: Ejabberd, component: Component, username: str) -> None:
    assert component.request("set", "settings", "a.example", registration="open").get("type") == "result"
    with ejabberd.client() as client:
        asked = client.register(username)
        component.accept(component.expect("name", "a.example", username=username))
        assert client.answer(asked).get("type") == "error"
    assert not ejabberd.has_account(username)
    assert component.request("set", "settings", "a.example", registration="invite").get("type") == "result"


# Its own rules


def test_own_limits(new_ejabberd: Callable[..., Ejabberd]) -> None:
    """Nothing is reserved for what they refuse."""
    server = new_ejabberd(common="registration_throttle_max = 1; registration_throttle_period = 3600")
    server.start()
    with server.component() as component, server.client() as client:
        component.greet(a_example="invite", b_example="invite")
        account(server, component, "juliet")
        preauth(component, client)
        refused = client.answer(client.register("romeo"))
        assert error(refused) == ("wait", "resource-constraint") and "so quickly" in error_text(refused)
        assert component.idle("a.example") == []
        # Accounts that the daemon makes without a client's address share no limit.
        for username in ("mercutio", "tybalt"):
            assert component.request("set", "create", "a.example", username=username, password="a good password").get("type") == "result"


def test_own_rules_for_passwords_and_what_people_are_told(new_ejabberd: Callable[..., Ejabberd]) -> None:
    server = new_ejabberd()
    server.modules("a.example")["mod_register"] |= {
        "password_strength": 40, "welcome_message": {"subject": "Welcome", "body": "to Verona"},
        "registration_watchers": ["watcher@a.example"], "redirect_url": "https://a.example/register"}
    server.write_configuration()
    server.start()
    with server.component() as component:
        component.greet(a_example="invite", b_example="invite")
        with server.client() as client:
            assert "https://a.example/register" in "".join(client.form().itertext())
            preauth(component, client, username="watcher")
            assert {name(each) for each in client.form()} >= {"username", "password", "x"}
            assert "https://a.example/register" not in "".join(client.form().itertext())
            weak = client.answer(client.register("watcher", "weak"))
            assert error(weak) == ("modify", "not-acceptable") and error_text(weak) == "The password is too weak"
            register(component, client, "watcher")
        refused = component.request("set", "create", "a.example", username="romeo", password="weak")
        assert error(refused) == ("modify", "not-acceptable")
        account(server, component, "juliet")
        for username, expected in (("juliet", "to Verona"), ("watcher", "juliet@a.example was registered")):
            with server.client() as client:
                client.login(username).send("<presence/>")
                client.until(lambda element: name(element) == "message" and expected in "".join(element.itertext()))


# Loading


def test_refuses_to_start_beside_ejabberds_own(new_ejabberd: Callable[..., Ejabberd]) -> None:
    server = new_ejabberd(more={"mod_invites": {}})
    with pytest.raises(RuntimeError):
        server.start()
    server.await_log("mod_invited cannot be used on a host beside mod_invites")


def test_refuses_to_stay_beside_ejabberds_own(new_ejabberd: Callable[..., Ejabberd]) -> None:
    server = new_ejabberd()
    server.start()
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        server.modules("a.example")["mod_invites"] = {}
        server.write_configuration()
        do(component, "reload-config")
        server.await_log("which was loaded at a.example: stopping mod_invited there")
        with server.client() as client:
            assert not client.offers("urn:xmpp:invite")
        component.accept(component.expect("hello", "b.example"), version="1", registration="server")
        assert component.idle("b.example") == []


def test_loaded_and_unloaded_by_the_configuration(new_ejabberd: Callable[..., Ejabberd]) -> None:
    """Per host, while all runs; the commands of others stay."""
    server = new_ejabberd()
    server.start()
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        account(server, component, "juliet")
        before = server.modules("a.example").pop("mod_invited")
        server.write_configuration()
        do(component, "reload-config")
        component.accept(component.expect("hello", "b.example"), version="1", registration="server")
        with server.client() as client, server.client() as juliet:
            assert not client.offers("urn:xmpp:invite")
            juliet.login("juliet")
            reply = juliet.answer(juliet.ask("set", f"<command xmlns='{COMMANDS_NS}' node='uptime'/>"))
            assert reply[0].get("status") == "completed"
            reply = juliet.answer(juliet.ask("set", f"<command xmlns='{COMMANDS_NS}' node='urn:xmpp:invite#invite'/>"))
            assert reply.get("type") == "error"
        server.modules("a.example")["mod_invited"] = before | {"registration": "open"}
        server.write_configuration()
        do(component, "reload-config")
        hosts = [component.receive().get("from") for _ in range(3)]  # one hello after the change, and one of each host after the reload
        assert set(hosts) == {"a.example", "b.example"}
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        account(server, component, "romeo")


def test_component_of_another_name(new_ejabberd: Callable[..., Ejabberd]) -> None:
    server = new_ejabberd()
    server.start()
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        server.modules("a.example")["mod_invited"]["component"] = OTHER
        server.write_configuration()
        do(component, "reload-config")
    with server.component(OTHER) as other:
        other.accept(other.expect("hello", "a.example"), version="1", registration="invite")
        assert [tostring(each) for each in other.idle("a.example")] == []
        with server.client() as client:
            preauth(other, client)


@pytest.mark.parametrize("options", [{}, {"component": ""}, {"component": COMPONENT, "registration": "nonsense"}])
def test_options_that_are_none(new_ejabberd: Callable[..., Ejabberd], options: dict[str, object]) -> None:
    server = new_ejabberd()
    server.modules("a.example")["mod_invited"] = options
    server.write_configuration()
    with pytest.raises(RuntimeError):
        server.start()
    server.await_log("mod_invited")


def test_installed_as_the_readme_says(new_ejabberd: Callable[..., Ejabberd]) -> None:
    """What `ejabberdctl module_install` runs. Ejabberd compiles the module itself."""
    server = new_ejabberd()
    beams = server.code_paths.pop()
    only_control = server.directory / "control"
    only_control.mkdir()
    only_control.chmod(0o755)
    shutil.copy(Path(beams) / "mod_control.beam", only_control)
    server.code_paths.append(only_control)
    sources = server.directory / "modules/sources"
    shutil.copytree(MODULE, sources / "mod_invited")
    for path in [server.directory / "modules", *(server.directory / "modules").rglob("*")]:
        shutil.chown(path, server.USER, server.USER)
    configured = {host: server.modules(host).pop("mod_invited") for host in ("a.example", "b.example")}
    server.write_configuration()
    server.start()
    with server.component(OTHER) as other:
        do(other, "install", "mod_invited")
        server.await_log("mod_control: ok")
        for host, options in configured.items():
            server.modules(host)["mod_invited"] = options
        server.write_configuration()
        do(other, "reload-config")
    with server.component() as component:
        component.greet_without_flush(a_example="invite", b_example="server")
        account(server, component, "juliet")
    server.restart()
    with server.component() as component:
        component.greet_without_flush(a_example="invite", b_example="server")
        account(server, component, "romeo")

"""Two nodes of one cluster. The daemon is connected to one of them, and people to both."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from ejabberd_server import Component, Ejabberd
from harness.ports import await_listener, free_port, unprivileged
from server_files import ServerFiles, ejabberds
from steps import WAIT, preauth, register, reserve
from wire import COMMANDS_NS, error, name, unique

INVITE = "urn:xmpp:invite#invite"
ENVELOPE = "{urn:xmpp:forward:0}forwarded/{jabber:client}iq"


class Node(Ejabberd):
    """With Erlang's distribution, on loopback. `other`: the node whose cluster it joins when it is made."""

    def __init__(self, name: str, epmd: int, files: ServerFiles, directory: Path, other: "Node | None" = None) -> None:
        super().__init__(files, directory)
        self.name = f"{name}@127.0.0.1"
        self.arguments = ["-name", self.name, "-setcookie", "tests", "-start_epmd", "false",
                          "-kernel", "inet_dist_use_interface", "{127,0,0,1}"]
        self.environment = {"ERL_EPMD_PORT": str(epmd)}
        self.other = other

    def start(self) -> None:
        always = list(self.arguments)
        if self.other:
            self.arguments += ["-eval", f"ok = ejabberd_cluster:join('{self.other.name}')."]
        super().start()
        self.arguments, self.other = always, None


@pytest.fixture(scope="module")
def epmd() -> Iterator[int]:
    """Erlang's own register of nodes."""
    port = free_port()
    process = subprocess.Popen(["epmd", "-port", str(port), "-address", "127.0.0.1"], **unprivileged(Ejabberd.USER))
    try:
        await_listener(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module", params=ejabberds(), ids=str)
def nodes(request: pytest.FixtureRequest, epmd: int) -> Iterator[tuple[Node, Node]]:
    directories = [Path(tempfile.mkdtemp(prefix="invited-module-", dir="/tmp")) for _ in range(2)]
    one = Node("one", epmd, request.param, directories[0])
    two = Node("two", epmd, request.param, directories[1], one)
    try:
        one.start()
        two.start()
        yield one, two
    finally:
        for node in (two, one):
            node.stop()
            shutil.rmtree(node.directory, ignore_errors=True)


def greet(component: Component, nodes: int = 2) -> None:
    """Each node sends a hello for each of its hosts. Later stanzas are kept."""
    hellos: list[Element] = []
    # Each that a node's module sends begins with what is that one's own. A node greets twice where it was about to when the component
    # connected, and hears the second answer alone.
    while len({(hello.get("from"), str(hello.get("id"))[:24]) for hello in hellos}) < 2 * nodes:
        hellos.append(component.expect("hello"))
    others: list[Element] = []
    while hellos:
        for hello in hellos:
            component.accept(hello, version="1", registration="invite")
        came = component.idle("a.example")
        hellos = [each for each in came if len(each) == 1 and name(each[0]) == "hello"]
        others += [each for each in came if each not in hellos]
    component.put_back(others)


def eventually(check: Callable[[], object], expected: object) -> None:
    """What one node writes, the others have a little later."""
    deadline = time.monotonic() + 60
    while (found := check()) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_tokens_and_commands_at_both(nodes: tuple[Node, Node]) -> None:
    names = [unique("user"), unique("user")]
    with nodes[0].component() as component:
        greet(component)
        for node, username in zip(nodes, names):
            with node.client() as client:
                preauth(component, client)
                register(component, client, username)
        eventually(lambda: [node.accounts(names) for node in nodes], [names, names])
        for node, username in zip(nodes, names):
            with node.client() as client:
                asked = client.login(username).ask("set", f"<command xmlns='{COMMANDS_NS}' node='{INVITE}'/>")
                question = component.expect("delegation", "a.example")
                request = question[0].find(ENVELOPE)
                component.result(question, "<delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>"
                                 f"<iq xmlns='jabber:client' type='result' id='{request.get('id')}' from='a.example' to='{client.jid}'>"
                                 f"<command xmlns='{COMMANDS_NS}' node='{INVITE}' status='completed'/></iq></forwarded></delegation>")
                assert client.answer(asked)[0].get("status") == "completed"
        assert component.request("set", "contacts", "a.example", user=names[0], contact=f"{names[1]}@a.example").get("type") == "result"
        for node, username, other in zip(nodes, names, reversed(names)):
            with node.client() as client:
                eventually(client.login(username).roster, {f"{other}@a.example": "both"})


def test_what_the_other_node_owes_is_told_after_the_hello(nodes: tuple[Node, Node]) -> None:
    username = unique("user")
    with nodes[0].component() as component:
        greet(component)
        with nodes[1].client() as client:
            preauth(component, client)
            asked, reservation = reserve(component, client, username)
            component.accept(reservation)
            component.expect("confirm", username=username)
    # The question is lost with the connection, at once on both nodes.
    with nodes[0].component() as component:
        greet(component)
        component.result(component.until(lambda element: len(element) == 1 and element[0].get("username") == username))
        assert component.idle("a.example") == []


def test_account_is_deleted_on_another_node_before_it_is_confirmed(nodes: tuple[Node, Node]) -> None:
    username = unique("user")
    with nodes[0].component() as component:
        greet(component)
        with nodes[1].client() as client:
            preauth(component, client)
            asked, reservation = reserve(component, client, username)
            component.accept(reservation)
            component.refuse(component.expect("confirm", username=username), "resource-constraint", "wait")
            assert client.answer(asked).get("type") == "result"
        deleting = component.ask("set", f"<do xmlns='urn:tests' action='delete' user='{username}'/>", "a.example")
        component.result(component.expect_beside(deleting, "deleted", "a.example", username=username))
    with nodes[0].component() as component:
        greet(component)
        component.result(component.expect("confirm", "a.example", username=username))
        assert component.idle("a.example") == []


def test_node_of_the_connection_dies(nodes: tuple[Node, Node]) -> None:
    """The daemon connects to the other one, and debts of the dead one are sent when it runs again."""
    one, two = nodes
    owed = unique("user")
    with two.client() as client:
        with one.component() as component:
            greet(component)
            with one.client() as lost:
                preauth(component, lost)
                _, reservation = reserve(component, lost, owed)
                component.accept(reservation)
                component.expect("confirm", username=owed)
                asked = client.preauth("token")
                component.expect("check")
                one.kill()
        assert error(client.answer(asked)) == WAIT
        with two.component() as component:
            greet(component, 1)
            preauth(component, client)
            register(component, client, unique("user"))
            one.start()
            greet(component, 1)
            component.result(component.until(lambda element: len(element) == 1 and element[0].get("username") == owed))
            with one.client() as other:
                preauth(component, other)
                register(component, other, unique("user"))
            assert component.idle("a.example") == []

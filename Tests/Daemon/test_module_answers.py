"""A module that answers late, twice, never or nonsense, and answers to questions that were never asked: the daemon waits up to its
timeout, logs it, and is not deceived."""

import time
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import pytest

from harness.control import Control
from harness.daemon import Daemon
from harness.installation import COMPONENT
from harness.stanzas import CREATE_ACCOUNT, Invitation, command, condition, iq, new_id, submission
from harness.waiting import TIMEOUT, await_that
from harness.wire import Stream
from wire import MODULE_NS, name, unique

HOST = "a.example"
ADMIN = "admin@a.example/desk"
NOBODY_WAITS = "dropped an answer that nobody waits for"
UNANSWERED = "a request of ours was not answered"
# How long the daemon waits for an answer while a user waits for a form, and otherwise.
FORM, ORDINARY = 3, 10


class Module:
    """The module of a.example, scripted by a test."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        # The id of the confirmation, once it is sent.
        self.confirmed = ""

    def receive(self, timeout: float = TIMEOUT) -> Element:
        """The next element of the stream but settings, which are taken: they come at any time."""
        while True:
            stanza = self.stream.receive(timeout)
            if not (len(stanza) and name(stanza[0]) == "settings"):
                return stanza
            self.answers(stanza)

    def greet(self) -> None:
        features = "".join(f"<feature name='{each}'/>" for each in
                           ("register", "commands", "subscribe", "accounts", "contacts", "notices", "guard"))
        answer = self.asks("set", f"<hello xmlns='{MODULE_NS}' version='1' module='m' server='s'>{features}</hello>")
        assert answer.get("type") == "result"

    def asks(self, kind: str, payload: str) -> Element:
        """A request of the module's, and the answer."""
        stanza, identifier = iq(kind, HOST, COMPONENT, payload)
        self.stream.send(stanza)
        return self.answered(identifier)

    def expects(self, local: str) -> Element:
        """The next request of the daemon, which has to be this one."""
        asked = self.receive()
        assert asked.get("type") in ("get", "set") and name(asked[0]) == local, asked[0].tag
        assert (asked.get("from"), asked.get("to")) == (COMPONENT, HOST)
        return asked

    def answers(self, asked: Element, payload: str = "", sender: str | None = HOST, kind: str = "result") -> None:
        self.stream.send(iq(kind, sender, COMPONENT, payload, identifier=str(asked.get("id")))[0])

    def exists(self, asked: Element, account: str, **how: str) -> None:
        self.answers(asked, f"<exists xmlns='{MODULE_NS}' account='{account}'/>", **how)

    def admin_wants(self, username: str) -> str:
        """An admin of the host asks for an account of that name, at the component's own address; the id of the answer."""
        stanza, identifier = iq("set", ADMIN, COMPONENT, command(
            CREATE_ACCOUNT, form=submission(username=username, roster_subscription="0")))
        self.stream.send(stanza)
        return identifier

    def answered(self, identifier: str) -> Element:
        reply = self.receive()
        assert reply.get("id") == identifier
        return reply


@pytest.fixture
def module(stream: Stream) -> Iterator[Module]:
    module = Module(stream)
    module.greet()
    yield module


def in_time(module: Module, payload: str) -> Element:
    """The admin's answer where the module has answered in time. Where this machine was too busy for that, another is asked for."""
    for _ in range(20):
        began = time.monotonic()
        asked_by_admin = module.admin_wants(unique("juliet"))
        module.answers(module.expects("exists"), payload)
        took = time.monotonic() - began
        reply = module.answered(asked_by_admin)
        if took < FORM / 2:
            return reply
    raise AssertionError("never in time")


def test_answers_in_time(module: Module) -> None:
    assert condition(in_time(module, f"<exists xmlns='{MODULE_NS}' account='present'/>")) == "conflict"


def test_never(module: Module, daemon: Daemon) -> None:
    """The admin has an answer all the same, and another who asks meanwhile has it at once."""
    asked_by_admin = module.admin_wants("juliet")
    stanza, asked_meanwhile = iq("get", HOST, COMPONENT, f"<name xmlns='{MODULE_NS}' username='romeo'/>")
    module.stream.send(stanza)
    # However late the test reads on, the order of what the daemon sends shows who waited.
    before = [module.receive(), module.receive()]
    assert {name(each[0]) for each in before if each.get("type") == "get"} == {"exists"}
    assert [each.get("type") for each in before if each.get("id") == asked_meanwhile] == ["result"]
    assert Invitation.of(module.answered(asked_by_admin)).uri.startswith("xmpp:juliet@a.example?register;")
    daemon.await_log(UNANSWERED, to=HOST, request="exists")


def test_name_of_an_invite_is_held(module: Module) -> None:
    """Also when it was made at the component's own address: the module has to keep it while the daemon is away."""
    asked_by_admin = module.admin_wants("juliet")
    module.exists(module.expects("exists"), "absent")
    Invitation.of(module.answered(asked_by_admin))
    settings = module.stream.receive()
    assert name(settings[0]) == "settings"
    assert [each.attrib for each in settings[0] if name(each) == "held"] == [{"username": "juliet"}]


def test_late(module: Module, daemon: Daemon) -> None:
    """A late answer is ignored."""
    asked_by_admin = module.admin_wants("juliet")
    asked = module.expects("exists")
    invitation = Invitation.of(module.answered(asked_by_admin))
    line = daemon.await_log(UNANSWERED, to=HOST, request="exists")
    module.exists(asked, "present")
    daemon.await_log(NOBODY_WAITS, after=line)
    answer = module.asks("get", f"<check xmlns='{MODULE_NS}' token='{invitation.token}' attempt='3kXn0pV1sYw9QbZ2'/>")
    assert answer.get("type") == "result"


def test_twice(module: Module, daemon: Daemon) -> None:
    """The first counts."""
    asked_by_admin = module.admin_wants("juliet")
    asked = module.expects("exists")
    module.exists(asked, "absent")
    module.exists(asked, "present")
    assert Invitation.of(module.answered(asked_by_admin)).uri.startswith("xmpp:juliet@a.example?register;")
    daemon.await_log(NOBODY_WAITS)


@pytest.mark.parametrize("sender", ["b.example", "alice@a.example/phone", "a.example/other", "mallory@evil.example", COMPONENT])
def test_answered_by_somebody_else(module: Module, daemon: Daemon, sender: str) -> None:
    """With the right id, from another address: it is none."""
    asked_by_admin = module.admin_wants("juliet")
    asked = module.expects("exists")
    module.exists(asked, "present", sender=sender)
    daemon.await_log(NOBODY_WAITS)
    module.exists(asked, "absent")
    Invitation.of(module.answered(asked_by_admin))


@pytest.mark.parametrize("payload", [
    "", f"<exists xmlns='{MODULE_NS}'/>", f"<exists xmlns='{MODULE_NS}' account='perhaps'/>", "<exists xmlns='urn:other' account='present'/>",
    f"<reserve xmlns='{MODULE_NS}' deadline='2026-11-28T18:01:10.000Z'/>", f"<exists xmlns='{MODULE_NS}' account='present' created='soon'/>",
], ids=["nothing", "no word", "another word", "another namespace", "another answer", "no time"])
def test_nonsense(module: Module, payload: str) -> None:
    """The outcome is unknown, or at most that there is an account."""
    reply = in_time(module, payload)
    if "created" in payload:
        assert condition(reply) == "conflict"
    else:
        Invitation.of(reply)


@pytest.mark.parametrize("error", [
    "", "<error/>", "<error type='nonsense'><nonsense xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
    "<error type='wait'><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
], ids=["no error", "an empty one", "no condition that there is", "internal"])
def test_error(module: Module, error: str) -> None:
    asked_by_admin = module.admin_wants("juliet")
    module.answers(module.expects("exists"), error, kind="error")
    Invitation.of(module.answered(asked_by_admin))


@pytest.mark.parametrize("error", [
    "<error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
    "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
], ids=["another component's", "unloaded"])
def test_gone(module: Module, control: Control, daemon: Daemon, error: str) -> None:
    """Nothing else tells that the module was unloaded, or is another component's now. It is known again after its next hello."""
    def shown() -> str:
        (row,) = control.run(["grants", HOST]).rows
        return str(row.get("module"))

    assert shown().startswith("m in s")
    asked_by_admin = module.admin_wants("juliet")
    module.answers(module.expects("exists"), error, kind="error")
    Invitation.of(module.answered(asked_by_admin))
    daemon.await_log("the module in the server serves us no more", host=HOST)
    assert not shown().startswith("m in s")
    module.greet()
    assert shown().startswith("m in s")


def test_answers_to_questions_never_asked(module: Module, daemon: Daemon) -> None:
    """None is answered, none has an effect, and the stream stays open."""
    for kind in ("result", "error"):
        for payload in (f"<exists xmlns='{MODULE_NS}' account='present'/>",
                        f"<hello xmlns='{MODULE_NS}' version='1' registration='open'/>",
                        f"<check xmlns='{MODULE_NS}' kind='account' checked='2026-11-28T18:00:00.000Z'/>"):
            module.stream.send(iq(kind, HOST, COMPONENT, payload, identifier=new_id())[0])
    assert module.stream.barrier() == []
    line = None
    for _ in range(6):
        line = daemon.await_log(NOBODY_WAITS, after=line)
    assert daemon.logged(NOBODY_WAITS) == 6


# What is asked until it is done


def row_of(control: Control) -> dict[str, object]:
    (row,) = control.run(["invite", "show", HOST, "1"]).rows
    return row


def redeemed(module: Module, control: Control) -> str:
    """The token of a link of alice's, with which a user has just registered."""
    command = control.begin(["invite", "create", "account", HOST, "--contact", f"alice@{HOST}"])
    module.exists(module.expects("exists"), "present")
    rows = control.finish(command).rows
    token = str(rows[0]["uri"]).partition("preauth=")[2]
    attempt = f"token='{token}' attempt='3kXn0pV1sYw9QbZ2'"
    for kind, payload in (("get", f"<check xmlns='{MODULE_NS}' {attempt}/>"),
                          ("set", f"<reserve xmlns='{MODULE_NS}' {attempt} username='juliet'/>")):
        assert module.asks(kind, payload).get("type") == "result"
    stanza, identifier = iq("set", HOST, COMPONENT, f"<confirm xmlns='{MODULE_NS}' {attempt} username='juliet'/>")
    module.stream.send(stanza)
    module.confirmed = identifier
    return token


def tasks(module: Module) -> dict[str, Element]:
    """What follows is asked for, in any order, and the confirmation answered."""
    asked: dict[str, Element] = {}
    while set(asked) != {"contacts", "notify", "confirmed"}:
        stanza = module.receive()
        asked["confirmed" if stanza.get("id") == module.confirmed else name(stanza[0])] = stanza
    assert asked["confirmed"].get("type") == "result"
    return asked


def test_task_is_asked_for_until_it_is_answered(module: Module, control: Control, daemon: Daemon) -> None:
    """Contacts are asked for again, after a time-out and after an error that may pass; what is done is not."""
    redeemed(module, control)
    asked = tasks(module)
    module.answers(asked["notify"])
    # Ten seconds later, and five more.
    daemon.await_log(UNANSWERED, to=HOST, request="contacts", timeout=ORDINARY + 30)
    again = module.receive(ORDINARY + 30)
    assert name(again[0]) == "contacts" and again[0].attrib == asked["contacts"][0].attrib
    module.answers(asked["contacts"])  # late, to the first
    daemon.await_log(NOBODY_WAITS)
    module.answers(again)
    # It is written down by and by.
    await_that(lambda: not row_of(control).get("tasks"))
    assert row_of(control)["state"] == "used"
    assert module.stream.barrier() == []


def test_confirmed_twice(module: Module, control: Control) -> None:
    """The module repeats what it is owed an answer to: it counts once, and nothing is asked for twice."""
    token = redeemed(module, control)
    for task, asked in tasks(module).items():
        if task != "confirmed":
            module.answers(asked)
    for _ in range(3):
        answer = module.asks("set", f"<confirm xmlns='{MODULE_NS}' token='{token}' attempt='3kXn0pV1sYw9QbZ2' username='juliet'/>")
        assert answer.get("type") == "result"
    assert module.stream.barrier() == []
    (row,) = control.run(["invite", "show", HOST, "1"]).rows
    assert [each["state"] for each in row["redemptions"]] == ["confirmed"]
    released = module.asks("set", f"<release xmlns='{MODULE_NS}' attempt='3kXn0pV1sYw9QbZ2' reason='late'/>")
    assert released.get("type") in ("result", "error")
    (row,) = control.run(["invite", "show", HOST, "1"]).rows
    assert (row["state"], [each["state"] for each in row["redemptions"]]) == ("used", ["confirmed"])

"""Every inbound IQ get or set gets exactly one answer, and nothing else gets any (RFC 6120 §8.2.3)."""

import pytest

from harness.installation import COMPONENT
from harness.stanzas import (CLIENT_NS, COMMANDS_NS, DISCO_INFO_NS, INVITE, STANZA_ERRORS_NS, Invitation, command,
                             condition, delegation_ns, disco_info, disco_items, features, find, iq, items, new_id,
                             text_of)
from harness.ways import Delegated, Direct, Way, ask, delegated, unwrapped
from harness.wire import Stream

ALICE = "alice@a.example/phone"
BOB = "bob@b.example/phone"
ERROR = f"<error type='cancel'><item-not-found xmlns='{STANZA_ERRORS_NS}'/></error>"

WAYS = [Delegated("b.example", 2), Delegated("b.example", 1), Direct("invites.b.example"), Direct(COMPONENT)]


@pytest.fixture(params=WAYS, ids=["delegated", "delegated in version 1", "service address", "shared address"])
def way(request: pytest.FixtureRequest) -> Way:
    """Every way to b.example."""
    return request.param


def refused(reply) -> str:
    """The condition of a refusal, whether it is of the forwarded IQ or of the forwarding one."""
    return condition(reply if reply.get("type") == "error" else unwrapped(reply))


# What is answered

def test_invitation_by_every_way(stream: Stream, way: Way) -> None:
    assert Invitation.of(ask(stream, way, BOB, command(INVITE))).uri.startswith("xmpp:bob@b.example?roster;preauth=")


@pytest.mark.parametrize("length", [8_000, 9_000, 16_500, 24_000, 30_000])
def test_a_long_id_is_answered_at_once(stream: Stream, way: Way, length: int) -> None:
    """With no further input: the scripted server defers parsing the answer's long tag as real ones do."""
    identifier = "i" * length
    if isinstance(way, Delegated):
        inner, _ = iq("set", BOB, way.to, command(INVITE), identifier=identifier, namespace=CLIENT_NS)
        answer = unwrapped(stream.request(*delegated(inner, way.to, way.version)), way.version)
    else:
        stanza, _ = iq("set", BOB, way.to, command(INVITE), identifier=identifier)
        answer = stream.request(stanza, identifier)
    assert answer.get("id") == identifier


@pytest.mark.parametrize("length", [33_000, 70_000, 120_000])
def test_an_id_beyond_the_limits_is_refused_at_once(stream: Stream, length: int) -> None:
    stanza, identifier = iq("set", BOB, COMPONENT, command(INVITE), identifier="i" * length)
    assert stream.request(stanza, identifier).get("type") == "error"


def test_command_without_an_action_executes(stream: Stream, way: Way) -> None:
    """XEP-0050 §3.3: execute is the default."""
    Invitation.of(ask(stream, way, BOB, command(INVITE, action=None)))


def test_unknown_node(stream: Stream, way: Way) -> None:
    assert condition(ask(stream, way, BOB, command("urn:example:unknown"))) == "item-not-found"


@pytest.mark.parametrize("kind", ["get", "set"])
def test_unknown_namespace(stream: Stream, way: Way, kind: str) -> None:
    assert condition(ask(stream, way, BOB, "<q xmlns='urn:example:unknown'/>", kind)) == "service-unavailable"


@pytest.mark.parametrize("payload", ["", "<q xmlns='urn:example:q'/><q xmlns='urn:example:q'/>", "text"])
def test_iq_without_exactly_one_child(stream: Stream, payload: str) -> None:
    """RFC 6120 §8.2.3."""
    reply = stream.request(*iq("set", BOB, COMPONENT, payload))
    assert condition(reply) in ("bad-request", "service-unavailable")
    assert stream.barrier() == []


def test_unknown_iq_type(stream: Stream) -> None:
    """RFC 6120 §8.2.3: bad-request, or nothing; never twice."""
    stanza, identifier = iq("subscribe", BOB, COMPONENT, "<q xmlns='urn:example:q'/>")
    stream.send(stanza)
    answers = stream.barrier()
    assert len(answers) <= 1
    for answer in answers:
        assert answer.get("id") == identifier
        assert condition(answer) == "bad-request"


def test_user_of_no_host_at_the_shared_address(stream: Stream) -> None:
    reply = ask(stream, Direct(COMPONENT), "eve@elsewhere.example/x", command(INVITE))
    assert condition(reply) in ("forbidden", "item-not-found", "service-unavailable")


@pytest.mark.parametrize("way", WAYS[:3], ids=["delegated", "delegated in version 1", "service address"])
def test_user_of_another_host_is_refused(stream: Stream, way: Way) -> None:
    """Contact invites belong to the users of the host itself, and alice's host is another tenant."""
    assert condition(ask(stream, way, ALICE, command(INVITE))) == "forbidden"
    assert items(ask(stream, way, ALICE, disco_items(COMMANDS_NS), "get")) == []


@pytest.mark.parametrize("to", ["nobody@invites.host.example", "invites.host.example/resource"])
def test_address_under_the_component_that_nobody_has(stream: Stream, to: str) -> None:
    reply = stream.request(*iq("set", ALICE, to, "<q xmlns='urn:example:q'/>"))
    assert reply.get("from") == to
    assert condition(reply) in ("service-unavailable", "item-not-found")


@pytest.mark.parametrize("to", ["@", "a@@b", "stranger.example", "", "invites..example", "x" * 1100 + ".example"])
def test_bad_or_foreign_to(stream: Stream, to: str) -> None:
    """One answer at most, and the stream lives: what no server should deliver must not hurt."""
    stanza, identifier = iq("set", ALICE, to, command(INVITE))
    stream.send(stanza)
    answers = stream.barrier()
    assert [answer.get("id") for answer in answers] in ([], [identifier])
    assert all(answer.get("type") == "error" for answer in answers)


# Delegation

def test_delegation_of_a_host_that_is_not_served(stream: Stream) -> None:
    inner, _ = iq("set", "eve@c.example/x", "c.example", command(INVITE), namespace=CLIENT_NS)
    assert refused(stream.request(*delegated(inner, "c.example"))) in (
        "item-not-found", "service-unavailable", "forbidden")


def test_delegation_whose_inner_to_is_another_host(stream: Stream) -> None:
    """a.example must not be able to act for b.example."""
    inner, _ = iq("set", BOB, "b.example", command(INVITE), namespace=CLIENT_NS)
    assert refused(stream.request(*delegated(inner, "a.example")))


def test_delegation_without_an_inner_from(stream: Stream) -> None:
    inner, _ = iq("set", None, "a.example", command(INVITE), namespace=CLIENT_NS)
    assert refused(stream.request(*delegated(inner, "a.example")))


@pytest.mark.parametrize("to", [None, "alice@a.example"])
def test_delegation_of_what_a_user_asks_his_own_account(stream: Stream, to: str | None) -> None:
    """Prosody removes the address; the account has no commands and no items of ours."""
    for kind, payload in (("set", command(INVITE)), ("get", disco_items(COMMANDS_NS)), ("get", disco_items())):
        identifier = "inner-" + new_id()
        inner, _ = iq(kind, ALICE, to, payload, identifier, CLIENT_NS)
        answer = unwrapped(stream.request(*delegated(inner, "a.example")))
        assert (answer.get("id"), answer.get("to"), answer.get("from")) == (identifier, ALICE, to)
        if kind == "set":
            assert condition(answer) in ("item-not-found", "service-unavailable", "feature-not-implemented")
        elif answer.get("type") != "error":
            assert items(answer) == []


def test_shared_address_delegated(stream: Stream) -> None:
    """Prosody wraps requests to the component itself, too, when delegations are configured globally."""
    way = Delegated(COMPONENT)
    assert Invitation.of(ask(stream, way, ALICE, command(INVITE))).uri.startswith("xmpp:alice@a.example?")
    assert Invitation.of(ask(stream, way, BOB, command(INVITE))).uri.startswith("xmpp:bob@b.example?")


@pytest.mark.parametrize("content", [
    "",
    "<forwarded xmlns='urn:xmpp:forward:0'/>",
    f"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='{CLIENT_NS}'/></forwarded>",
    f"<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='{CLIENT_NS}' type='result' id='r' from='x@a.example/y'"
    " to='a.example'/></forwarded>",
    f"<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='{CLIENT_NS}' type='set' from='x@a.example/y'"
    " to='a.example'><q xmlns='urn:example:q'/></iq></forwarded>",
], ids=["empty", "nothing forwarded", "a message", "a result", "no inner id"])
def test_delegation_that_holds_no_request(stream: Stream, content: str) -> None:
    stanza, identifier = iq("set", "a.example", COMPONENT,
                            f"<delegation xmlns='{delegation_ns(2)}'>{content}</delegation>")
    stream.send(stanza)
    answers = stream.barrier()
    assert [answer.get("id") for answer in answers] == [identifier]


def test_delegation_by_a_user_is_refused(stream: Stream) -> None:
    """Only a host delegates. A client that could would act for any user."""
    inner, _ = iq("set", "admin@a.example/x", "a.example", command(INVITE), namespace=CLIENT_NS)
    for sender in ("eve@a.example/x", "eve@a.example", "eve@elsewhere.example/x"):
        assert refused(stream.request(*delegated(inner, sender)))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("namespace", [COMMANDS_NS, "http://jabber.org/protocol/disco#items"])
def test_disco_nesting(stream: Stream, version: int, namespace: str) -> None:
    """XEP-0355 §7: the host's features that the component provides; none for its users. ejabberd, which implements version 1,
    takes any answer but an error as a request to delegate the commands of users, too."""
    node = f"{delegation_ns(version)}::{namespace}"
    reply = stream.request(*iq("get", "a.example", COMPONENT, disco_info(node)))
    assert features(reply) == [namespace]
    assert find(reply, DISCO_INFO_NS, "query").get("node") == node
    bare = stream.request(*iq("get", "a.example", COMPONENT, disco_info(f"{delegation_ns(version)}:bare:{namespace}")))
    assert bare.get("type") == "error" or (version == 2 and features(bare) == []), text_of(bare)


# What is not answered

@pytest.mark.parametrize("stanza", [
    iq("result", "a.example", COMPONENT, "", "nobody-asked")[0],
    iq("error", "a.example", COMPONENT, ERROR, "nobody-asked")[0],
    iq("result", "a.example", COMPONENT, f"<delegation xmlns='{delegation_ns(2)}'/>", "nobody-asked")[0],
    iq("error", ALICE, "invites.b.example", ERROR, "nobody-asked")[0],
    iq("set", ALICE, COMPONENT, command(INVITE), None)[0],
    iq("set", None, COMPONENT, command(INVITE))[0],
    f"<message from='{ALICE}' to='{COMPONENT}' type='chat' id='m'><body>hello?</body></message>",
    f"<message from='{ALICE}' to='{COMPONENT}' type='error' id='m'>{ERROR}</message>",
    f"<message from='a.example' to='{COMPONENT}'><privilege xmlns='urn:xmpp:privilege:2'>"
    "<perm access='roster' type='both'/></privilege></message>",
    f"<message from='a.example' to='{COMPONENT}'><delegation xmlns='urn:xmpp:delegation:1'>"
    f"<delegated namespace='{COMMANDS_NS}'/></delegation></message>",
    f"<message from='a.example' to='{COMPONENT}'><delegation xmlns='urn:xmpp:delegation:2'><delegated/></delegation>"
    "</message>",
    f"<presence from='{ALICE}' to='{COMPONENT}'/>",
    f"<presence from='{ALICE}' to='{COMPONENT}' type='error'>{ERROR}</presence>",
    "<unknown xmlns='urn:example:unknown'/>",
], ids=["result", "error", "result with a delegation", "error at a service address", "get without id",
        "get without from", "chat", "bounced message", "privilege", "delegation", "delegation of nothing", "presence",
        "bounced presence", "no stanza"])
def test_no_answer(stream: Stream, stanza: str) -> None:
    stream.send(stanza)
    assert [text_of(element) for element in stream.barrier()] == []


def test_service_discovery_of_the_component(stream: Stream) -> None:
    reply = stream.request(*iq("get", ALICE, COMPONENT, disco_info()))
    assert {DISCO_INFO_NS, COMMANDS_NS} <= set(features(reply))


def test_ping(stream: Stream) -> None:
    """XEP-0199: a result or service-unavailable, both say that we are there."""
    reply = stream.request(*iq("get", "a.example", COMPONENT, "<ping xmlns='urn:xmpp:ping'/>"))
    assert reply.get("type") == "result" or condition(reply) == "service-unavailable"

"""The two commands (XEP-0401 on XEP-0050) and who may use them, over every way in."""

import re
from datetime import datetime, timedelta, timezone
from xml.etree.ElementTree import Element

import pytest

from harness.installation import COMPONENT, Installation
from harness.stanzas import (COMMANDS_NS, CREATE_ACCOUNT, FORMS_NS, INVITE, TOKEN, Invitation, command, command_of,
                             condition, conditions, disco_info, disco_items, features, find, items, submission,
                             tag, text_of)
from harness.ways import Delegated, Direct, Way, ask, unwrapped
from harness.wire import Stream

ADMIN = "admin@b.example/desk"
STAFF = "staff@host.example/desk"
BOB = "bob@b.example/phone"
EVE = "eve@b.example/phone"


@pytest.fixture(params=[Delegated("b.example", 2), Delegated("b.example", 1), Direct("invites.b.example"),
                        Direct(COMPONENT)],
                ids=["delegated", "delegated in version 1", "service address", "shared address"])
def way(request: pytest.FixtureRequest) -> Way:
    """Every way to b.example."""
    return request.param


def opened(reply: Element) -> str:
    """The session of a command that answered with a form."""
    session = command_of(reply, "executing").get("sessionid")
    assert session, text_of(reply)
    return session


# Invite

def test_invitation_is_what_xep_0401_says(stream: Stream, installation: Installation) -> None:
    reply = ask(stream, Delegated("b.example"), BOB, command(INVITE))
    assert command_of(reply, "completed").get("node") == INVITE
    invitation = Invitation.of(reply)
    assert re.fullmatch(rf"xmpp:bob@b\.example\?roster;preauth={TOKEN}", invitation.uri)
    week = invitation.expires - datetime.now(timezone.utc)
    assert timedelta(days=6, hours=23) < week <= timedelta(days=7), "the default of invite_expiry is 7d"
    assert invitation.token in installation.tokens("b.example"), "answered before it was durable"


def test_every_invitation_is_another(stream: Stream, way: Way) -> None:
    tokens = {Invitation.of(ask(stream, way, BOB, command(INVITE))).token for _ in range(3)}
    assert len(tokens) == 3


def test_localpart_is_percent_encoded(stream: Stream) -> None:
    """RFC 5122; the token stays as it is."""
    invitation = Invitation.of(ask(stream, Delegated("b.example"), "dé;x?#%@b.example/r", command(INVITE)))
    assert re.fullmatch(rf"xmpp:d%C3%A9%3Bx%3F%23%25@b\.example\?roster;preauth={TOKEN}", invitation.uri)


# Create account

def test_create_account_asks_and_completes(stream: Stream, way: Way, installation: Installation) -> None:
    asked = ask(stream, way, ADMIN, command(CREATE_ACCOUNT))
    session = opened(asked)
    step = command_of(asked, "executing")
    actions = find(step, COMMANDS_NS, "actions")
    assert actions.get("execute") == "complete"
    assert [action.tag for action in actions] == [tag(COMMANDS_NS, "complete")]
    form = find(step, FORMS_NS, "x")
    assert form.get("type") == "form"
    types = {field.get("var"): field.get("type") for field in form.findall(tag(FORMS_NS, "field"))}
    assert types["username"] == "text-single"
    assert types["roster-subscription"] == "boolean"

    filled = submission(username="juliet", roster_subscription="1")
    done = ask(stream, way, ADMIN, command(CREATE_ACCOUNT, action="complete", session=session, form=filled))
    assert command_of(done, "completed").get("sessionid") == session
    invitation = Invitation.of(done)
    assert re.fullmatch(rf"xmpp:juliet@b\.example\?register;preauth={TOKEN}", invitation.uri)
    assert invitation.token in installation.tokens("b.example")


def test_create_account_without_a_name(stream: Stream, way: Way) -> None:
    session = opened(ask(stream, way, ADMIN, command(CREATE_ACCOUNT)))
    done = ask(stream, way, ADMIN, command(CREATE_ACCOUNT, action="complete", session=session,
                                           form=submission(username="", roster_subscription="false")))
    assert re.fullmatch(rf"xmpp:b\.example\?register;preauth={TOKEN}", Invitation.of(done).uri)


@pytest.mark.parametrize("action", ["execute", "next", None])
def test_submission_may_also_say_execute_or_next(stream: Stream, action: str | None) -> None:
    """XEP-0050 §3.4: `execute` is the default action, which is `complete` here."""
    way = Delegated("b.example")
    session = opened(ask(stream, way, ADMIN, command(CREATE_ACCOUNT)))
    filled = submission(username="", roster_subscription="0")
    reply = ask(stream, way, ADMIN, command(CREATE_ACCOUNT, action=action, session=session, form=filled))
    if action == "next" and reply.get("type") == "error":
        assert conditions(reply)[0] == "bad-request"
    else:
        Invitation.of(reply)


def test_form_in_the_first_request_completes(stream: Stream, way: Way) -> None:
    filled = submission(username="romeo", roster_subscription="0")
    done = ask(stream, way, ADMIN, command(CREATE_ACCOUNT, form=filled))
    assert Invitation.of(done).uri.startswith("xmpp:romeo@b.example?register;preauth=")


@pytest.mark.parametrize("name", ["a b", "a@b.example", "<x/>", "\"", "x" * 2000, "a/b", " "])
def test_name_that_no_account_can_have(stream: Stream, installation: Installation, name: str) -> None:
    """An error, or the form again with a note; never an invitation that cannot be used."""
    reply = ask(stream, Delegated("b.example"), ADMIN,
                command(CREATE_ACCOUNT, form=submission(username=name, roster_subscription="0")))
    if reply.get("type") == "error":
        assert condition(reply) in ("bad-request", "not-acceptable", "jid-malformed")
    elif name.strip():
        note = find(command_of(reply, "executing"), COMMANDS_NS, "note")
        assert note.get("type") == "error"


@pytest.mark.parametrize("form", [
    f"<x xmlns='{FORMS_NS}' type='submit'><field var='username'><value>a</value><value>b</value></field></x>",
    f"<x xmlns='{FORMS_NS}' type='submit'><field var='roster-subscription'><value>perhaps</value></field></x>",
    f"<x xmlns='{FORMS_NS}' type='submit'><field><value>a</value></field></x>",
    f"<x xmlns='{FORMS_NS}' type='nonsense'/>",
    f"<x xmlns='{FORMS_NS}'/>",
    "<y xmlns='urn:example:y'/>",
], ids=["two names", "no boolean", "a field without var", "unknown type", "no type", "no form"])
def test_strange_forms_get_one_answer(stream: Stream, form: str) -> None:
    session = opened(ask(stream, Delegated("b.example"), ADMIN, command(CREATE_ACCOUNT)))
    ask(stream, Delegated("b.example"), ADMIN, command(CREATE_ACCOUNT, action="complete", session=session, form=form))
    assert stream.barrier() == []


# Sessions

def test_cancel_ends_the_session(stream: Stream, way: Way, installation: Installation) -> None:
    session = opened(ask(stream, way, ADMIN, command(CREATE_ACCOUNT)))
    command_of(ask(stream, way, ADMIN, command(CREATE_ACCOUNT, action="cancel", session=session)), "canceled")
    late = ask(stream, way, ADMIN, command(CREATE_ACCOUNT, action="complete", session=session,
                                           form=submission(username="", roster_subscription="0")))
    assert_no_session(late)
    assert installation.tokens("b.example") == set()


def assert_no_session(reply: Element) -> None:
    """XEP-0050 §4.4."""
    assert conditions(reply) in (["bad-request", "bad-sessionid"], ["not-allowed", "session-expired"])


@pytest.mark.parametrize("action", ["complete", "cancel"])
def test_unknown_session(stream: Stream, way: Way, action: str) -> None:
    form = submission(username="", roster_subscription="0") if action == "complete" else ""
    never_opened = command(CREATE_ACCOUNT, action=action, session="never-opened", form=form)
    assert_no_session(ask(stream, way, ADMIN, never_opened))


@pytest.mark.parametrize("thief", ["admin@b.example/other", STAFF])
def test_session_belongs_to_the_full_jid(stream: Stream, thief: str) -> None:
    way = Delegated("b.example")
    session = opened(ask(stream, way, ADMIN, command(CREATE_ACCOUNT)))
    filled = submission(username="", roster_subscription="0")
    for action in ("complete", "cancel"):
        assert_no_session(ask(stream, way, thief, command(CREATE_ACCOUNT, action=action, session=session, form=filled)))
    Invitation.of(ask(stream, way, ADMIN, command(CREATE_ACCOUNT, action="complete", session=session, form=filled)))


def test_sessions_of_one_user_are_bounded(stream: Stream) -> None:
    """A user who opens many loses old ones or gets an error of type wait; other users are not affected."""
    way = Delegated("b.example")
    others = opened(ask(stream, way, STAFF, command(CREATE_ACCOUNT)))
    replies = [ask(stream, way, ADMIN, command(CREATE_ACCOUNT)) for _ in range(100)]
    sessions = [opened(reply) for reply in replies if reply.get("type") == "result"]
    filled = submission(username="", roster_subscription="0")
    completed = [
        reply for session in sessions
        if (reply := ask(stream, way, ADMIN, command(CREATE_ACCOUNT, action="complete", session=session, form=filled)))
        .get("type") == "result"]
    assert 1 <= len(completed) <= 32
    Invitation.of(ask(stream, way, STAFF, command(CREATE_ACCOUNT, action="complete", session=others, form=filled)))


# Who may

def test_create_account_is_for_admins(stream: Stream, way: Way) -> None:
    assert condition(ask(stream, way, BOB, command(CREATE_ACCOUNT))) == "forbidden"
    filled = submission(username="", roster_subscription="0")
    assert condition(ask(stream, way, BOB, command(CREATE_ACCOUNT, form=filled))) == "forbidden"


def test_command_list_shows_what_the_asker_may_use(stream: Stream, way: Way) -> None:
    listed = items(ask(stream, way, BOB, disco_items(COMMANDS_NS), "get"))
    assert [item["node"] for item in listed] == [INVITE]
    assert set(listed[0]) == {"jid", "node", "name"} and listed[0]["jid"] == way.to and listed[0]["name"]
    assert {item["node"] for item in items(ask(stream, way, ADMIN, disco_items(COMMANDS_NS), "get"))} == {
        INVITE, CREATE_ACCOUNT}


def test_command_info(stream: Stream, way: Way) -> None:
    reply = ask(stream, way, BOB, disco_info(INVITE), "get")
    assert COMMANDS_NS in features(reply)
    identity = find(find(reply, "http://jabber.org/protocol/disco#info", "query"),
                    "http://jabber.org/protocol/disco#info", "identity")
    assert (identity.get("category"), identity.get("type")) == ("automation", "command-node")
    assert condition(ask(stream, way, BOB, disco_info(CREATE_ACCOUNT), "get")) == "item-not-found"
    assert COMMANDS_NS in features(ask(stream, way, ADMIN, disco_info(CREATE_ACCOUNT), "get"))
    assert condition(ask(stream, way, BOB, disco_info("urn:example:unknown"), "get")) == "item-not-found"


def test_admin_of_another_domain_makes_accounts_but_no_contacts(stream: Stream) -> None:
    """A provider's staff is no user of the host, so there is no roster that a contact could enter."""
    for way in (Delegated("b.example"), Direct("invites.b.example")):
        filled = submission(username="", roster_subscription="0")
        Invitation.of(ask(stream, way, STAFF, command(CREATE_ACCOUNT, form=filled)))
        assert condition(ask(stream, way, STAFF, command(INVITE))) == "forbidden"


def test_admin_of_one_host_is_nobody_on_another(stream: Stream) -> None:
    for node in (INVITE, CREATE_ACCOUNT):
        assert condition(ask(stream, Delegated("a.example"), ADMIN, command(node))) == "forbidden"


def test_a_jid_that_only_looks_like_the_admin(stream: Stream) -> None:
    for impostor in ("admin@b.example.evil.example/x", "b.example/admin@b.example", "xadmin@b.example/x", "b.example"):
        reply = ask(stream, Delegated("b.example"), impostor, command(CREATE_ACCOUNT))
        assert condition(reply) == "forbidden", impostor


def test_admin_is_compared_as_prepared(stream: Stream) -> None:
    """RFC 6122: case of localpart and domain does not matter."""
    stanza, identifier = Delegated("b.example").stanza("ADMIN@B.example/desk", "set", command(CREATE_ACCOUNT))
    assert opened(unwrapped(stream.request(stanza, identifier)))


# The shared address

def test_admin_of_several_hosts_is_asked_which(stream: Stream, installation: Installation) -> None:
    way = Direct(COMPONENT)
    asked = ask(stream, way, STAFF, command(CREATE_ACCOUNT))
    session = opened(asked)
    form = find(command_of(asked, "executing"), FORMS_NS, "x")
    choice = next(field for field in form.findall(tag(FORMS_NS, "field")) if field.get("type") == "list-single")
    options = [value.text for value in choice.iter(tag(FORMS_NS, "value"))]
    assert set(options) == {"a.example", "b.example"}
    reply = ask(stream, way, STAFF, chosen(session, choice.get("var") or "", "a.example"))
    for _ in range(2):
        if command_of_status(reply) == "completed":
            break
        reply = ask(stream, way, STAFF, command(CREATE_ACCOUNT, action="complete", session=opened(reply),
                                                form=submission(username="", roster_subscription="0")))
    invitation = Invitation.of(reply)
    assert invitation.uri.startswith("xmpp:a.example?register;")
    assert invitation.token in installation.tokens("a.example")


def test_admin_of_several_hosts_may_not_choose_a_third(stream: Stream, installation: Installation) -> None:
    asked = ask(stream, Direct(COMPONENT), STAFF, command(CREATE_ACCOUNT))
    form = find(command_of(asked, "executing"), FORMS_NS, "x")
    choice = next(field for field in form.findall(tag(FORMS_NS, "field")) if field.get("type") == "list-single")
    reply = ask(stream, Direct(COMPONENT), STAFF, chosen(opened(asked), choice.get("var") or "", "c.example"))
    assert reply.get("type") == "error" or command_of_status(reply) == "executing"


def chosen(session: str, field: str, host: str) -> str:
    form = (f"<x xmlns='{FORMS_NS}' type='submit'><field var='{field}'><value>{host}</value></field>"
            "<field var='username'><value/></field><field var='roster-subscription'><value>0</value></field></x>")
    return command(CREATE_ACCOUNT, action="execute", session=session, form=form)


def command_of_status(reply: Element) -> str | None:
    assert reply.get("type") == "result", text_of(reply)
    return find(reply, COMMANDS_NS, "command").get("status")


def test_users_of_both_hosts_at_the_shared_address(stream: Stream, installation: Installation) -> None:
    for user, host in (("alice@a.example/x", "a.example"), (BOB, "b.example")):
        invitation = Invitation.of(ask(stream, Direct(COMPONENT), user, command(INVITE)))
        assert f"@{host}?" in invitation.uri
        assert installation.tokens(host) == {invitation.token}


# Policy

@pytest.mark.parametrize("way", [Delegated("c.example"), Direct(COMPONENT)], ids=["delegated", "shared address"])
def test_where_contact_invites_are_off_they_are_the_admins(stream_of_three: Stream, way: Way) -> None:
    stream = stream_of_three
    assert condition(ask(stream, way, "carol@c.example/x", command(INVITE))) == "forbidden"
    assert items(ask(stream, way, "carol@c.example/x", disco_items(COMMANDS_NS), "get")) == []
    assert condition(ask(stream, way, "carol@c.example/x", disco_info(INVITE), "get")) == "item-not-found"
    Invitation.of(ask(stream, way, "boss@c.example/x", command(INVITE)))


def test_expiry_is_the_hosts(stream_of_three: Stream) -> None:
    invitation = Invitation.of(ask(stream_of_three, Delegated("c.example"), "boss@c.example/x", command(INVITE)))
    assert timedelta(minutes=55) < invitation.expires - datetime.now(timezone.utc) <= timedelta(hours=1)


def test_a_link_has_the_hosts_page_beside_it(stream_of_three: Stream) -> None:
    for way in (Delegated("c.example"), Direct(COMPONENT)):
        invitation = Invitation.of(ask(stream_of_three, way, "boss@c.example/x", command(INVITE)))
        assert invitation.landing_url == f"https://invite.c.example/#{invitation.uri.removeprefix('xmpp:')}"
    assert Invitation.of(ask(stream_of_three, Direct(COMPONENT), BOB, command(INVITE))).landing_url is None


@pytest.fixture
def stream_of_three(installation: Installation, request: pytest.FixtureRequest) -> Stream:
    """A third host, where contact invites are off and invites live for an hour."""
    installation.host("c.example", admins=["boss@c.example"], allow_contact_invites=False, invite_expiry="1h",
                      landing_page="https://invite.{host}/#{uri_without_scheme}")
    return request.getfixturevalue("stream")

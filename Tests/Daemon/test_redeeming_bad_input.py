"""Invalid names, passwords and stanzas, through a real server to the daemon: each is answered with its condition and logged, and has no
other effect."""

from collections.abc import Iterator

import pytest

from harness.redeeming import Invited, friend
from prosody_server import COMPONENT, OTHER, SECRET
from server_files import ServerFiles
from wire import MODULE_NS, REGISTER_NS, Client, Component, Ended, error, name

A, B = "a.example", "b.example"
NOT_ACCEPTABLE = ("modify", "not-acceptable")
LONG = "x" * 64 * 1024

# What Nodeprep (RFC 6122 appendix A) refuses, or makes too long.
NAMES = {
    "a space": "a name",
    "only spaces": "   ",
    "an address": "juliet@a.example",
    "a resource": "juliet/balcony",
    "XML": "<username>juliet</username>",
    "an entity": "&amp;",
    "quotes": "\"'",
    "right to left, and left to right": "\u05d0b",
    "an override": "\u202ejuliet",
    "unassigned in Unicode 3.2": "juliet\u0221",
    "private use": "juliet\ue000",
    "no character": "juliet\ufdd0",
    "control": "juliet\x7f",
    "a line's end": "juliet\n",
    "a replacement": "juliet\ufffd",
    "too long": "x" * 1024,
    "too long once it is prepared": "\U0001d160" * 255,  # one character becomes three
    "64 KiB": LONG,
}


def registering(invited: Invited, token: str, host: str = A) -> Client:
    client = invited.client(host)
    assert client.answer(client.preauth(token)).get("type") == "result"
    return client


@pytest.mark.parametrize("form", [False, True], ids=["plain", "form"])
@pytest.mark.parametrize("kind", NAMES)
def test_name_that_no_account_can_have(invited: Invited, username: str, kind: str, form: bool) -> None:
    """With a link and without one; the link is unchanged, and the stream stays usable."""
    bad = NAMES[kind]
    expected = invited.habits.long_name if len(bad.encode()) > 1023 else invited.habits.unprepared_name
    token = invited.create("account", A)
    with registering(invited, token) as client, invited.client(A) as plain:
        assert error(client.answer(client.register(bad, form=form))) == expected
        assert plain.answer(plain.register(bad, form=form)).get("type") == "error"
        assert invited.state(A, token) == "open"
        assert client.answer(client.register(username, form=form)).get("type") == "result"
    assert invited.redemptions(A, token) == [(username, "confirmed")]


@pytest.mark.parametrize("payload, expected", [
    ("<username>juliet</username>", NOT_ACCEPTABLE),
    ("<password>a good password</password>", NOT_ACCEPTABLE),
    ("<username/><password/>", NOT_ACCEPTABLE),
    ("", NOT_ACCEPTABLE),
    ("<username><b>juliet</b></username><password>a good password</password>", NOT_ACCEPTABLE),
    ("<x xmlns='jabber:x:data' type='submit'/>", NOT_ACCEPTABLE),
    ("<x xmlns='jabber:x:data' type='cancel'/>", NOT_ACCEPTABLE),
    ("<x xmlns='jabber:x:data' type='submit'><field/><field var='username'/></x>", NOT_ACCEPTABLE),
], ids=["no password", "no name", "both empty", "nothing", "a name in a name", "no fields", "cancelled", "no values"])
def test_form_that_is_none(invited: Invited, username: str, payload: str, expected: tuple[str, str]) -> None:
    token = invited.create("account", A)
    with registering(invited, token) as client:
        reply = client.answer(client.ask("set", f"<query xmlns='{REGISTER_NS}'>{payload}</query>"))
        assert error(reply) in (expected, ("modify", "bad-request"))
        assert invited.state(A, token) == "open"
        assert client.answer(client.register(username)).get("type") == "result"


def test_two_names(invited: Invited, username: str) -> None:
    """What is checked is what gets the account: the first."""
    token = invited.create("account", A, "--username", username)
    with registering(invited, token) as client:
        inside = "".join(f"<username>{each}</username>" for each in (username, "alice"))
        reply = client.answer(client.ask("set", f"<query xmlns='{REGISTER_NS}'>{inside}<password>a good password</password></query>"))
        assert reply.get("type") == "result"
        assert client.authenticate(username)
    assert invited.redemptions(A, token) == [(username, "confirmed")]


def test_names_are_compared_prepared(invited: Invited, username: str) -> None:
    """`Juliet` is `juliet`: for the account, for what an invite holds, and for the rows of the operators."""
    title, wide = username.title(), "".join(chr(ord(each) + 0xFEE0) for each in username)  # full width
    assert title != username
    token = invited.create("account", A, "--username", title)
    assert friend(invited, A, invited.create("account", A), username.upper()) == ("cancel", "conflict")
    with invited.client(A) as plain:
        for each in (username, title, wide):
            assert error(plain.answer(plain.register(each))) == ("cancel", "conflict"), each
    with registering(invited, token) as client:
        assert client.form().findtext(f"{{{REGISTER_NS}}}username") == username
        assert client.answer(client.register(wide)).get("type") == "result"
    assert invited.redemptions(A, token) == [(username, "confirmed")]
    assert invited.has_account(username, A) and invited.server.has_account(username)
    assert friend(invited, A, invited.create("account", A), username.upper()) == ("cancel", "conflict")


@pytest.mark.parametrize("password", [
    "<b/>", "</password><username>alice</username>", "&amp;&lt;]]>\"'", "%s%n{}$()`id`", "p\u00e4ssw\u00f6rd \u0111\u00b5", "a key \U0001f511",
], ids=["XML", "another name", "entities", "formats", "other scripts", "newer than Unicode 3.2"])
def test_password_with_anything_in_it(invited: Invited, username: str, password: str) -> None:
    """It is the user's own, to the last character, and in no log."""
    token = invited.create("account", A)
    with registering(invited, token) as client:
        assert client.answer(client.register(username, password)).get("type") == "result"
    assert invited.server.has_account(username, password)
    assert password not in invited.server.log and password not in invited.transcript


@pytest.mark.parametrize("password", ["", "\x7f", "a\u202eb", "\u05d0b", LONG],
                         ids=["empty", "control", "an override", "right to left, and left to right", "64 KiB"])
def test_password_that_cannot_be(invited: Invited, username: str, password: str) -> None:
    token = invited.create("account", A)
    with registering(invited, token) as client:
        if password:
            with invited.logs(invited.habits.refused_form):
                assert error(client.answer(client.register(username, password))) == NOT_ACCEPTABLE
        else:
            assert error(client.answer(client.register(username, password))) == NOT_ACCEPTABLE
        assert invited.state(A, token) == "open" and not invited.has_account(username, A)
        assert client.answer(client.register(username)).get("type") == "result"
    assert LONG not in invited.server.log


def test_password_longer_than_the_server_reads(invited: Invited, username: str) -> None:
    token = invited.create("account", A)
    with registering(invited, token) as client:
        try:
            client.register(username, "x" * 1024 * 1024)
        except OSError:
            pass  # it did not read to the end
        with pytest.raises(Ended):
            client.until(lambda _: False)
    invited.await_state(A, token, "open")
    assert not invited.has_account(username, A)


# Requests of modules, sent by others

FORGED = [
    ("set", f"<hello xmlns='{MODULE_NS}' version='1' module='forged' server='forged'><feature name='accounts'/></hello>"),
    ("get", f"<check xmlns='{MODULE_NS}' token='TOKEN' attempt='3kXn0pV1sYw9QbZ2'/>"),
    ("set", f"<reserve xmlns='{MODULE_NS}' token='TOKEN' attempt='3kXn0pV1sYw9QbZ2' username='mallory'/>"),
    ("set", f"<confirm xmlns='{MODULE_NS}' token='TOKEN' attempt='3kXn0pV1sYw9QbZ2' username='mallory'/>"),
    ("set", f"<spend xmlns='{MODULE_NS}' token='TOKEN' attempt='3kXn0pV1sYw9QbZ2' username='alice'/>"),
    ("set", f"<subscribe xmlns='{MODULE_NS}' token='TOKEN' user='alice' contact='mallory@c.example'/>"),
    ("set", f"<deleted xmlns='{MODULE_NS}' username='alice'/>"),
    ("get", f"<name xmlns='{MODULE_NS}' username='alice'/>"),
    ("set", f"<release xmlns='{MODULE_NS}' attempt='3kXn0pV1sYw9QbZ2'/>"),
    ("set", "<delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='set' id='i' "
            f"from='a.example' to='a.example'><hello xmlns='{MODULE_NS}' version='1' module='forged' server='forged'/></iq></forwarded>"
            "</delegation>"),
]
FORBIDDEN = ["refused what modules ask, of somebody else", "refused a delegation that no server sent",
             "refused the module of a host that is not served", "refused a delegation of a host that is not served"]


@pytest.mark.parametrize("who", ["a user", "a user of a host without the module", "another component", "a user of another component"])
def test_forged(invited: Invited, who: str) -> None:
    """Only requests of the host's own module are accepted, and what it has announced of itself stays."""
    token = invited.create("account", A)
    with invited.client(A).login("alice") as alice, invited.client("c.example") as stranger, \
            Component(invited.server.component_port, OTHER, SECRET) as other:
        if who == "a user of a host without the module":
            assert stranger.answer(stranger.register(who := f"user{token[:8].lower()}")).get("type") == "result"
            stranger.login(who)
            sender, origin = stranger, ""
        elif who == "a user":
            sender, origin = alice, ""
        else:
            sender, origin = other, f" from='{'' if who == 'another component' else 'mallory@'}{OTHER}'"
        with invited.refuses(*FORBIDDEN, times=len(FORGED)):
            for number, (kind, payload) in enumerate(FORGED):
                sender.send(f"<iq type='{kind}' id='f{number}'{origin} to='{COMPONENT}'>{payload.replace('TOKEN', token)}</iq>")
                reply = sender.until(lambda stanza: stanza.get("id") == f"f{number}")
                assert error_of(reply) == ("auth", "forbidden"), payload
    assert invited.state(A, token) == "open" and invited.redemptions(A, token) == []
    (grants,) = invited.run(["grants", A]).rows
    assert "forged" not in str(grants) and "mod_invited" in str(grants)


def error_of(stanza) -> tuple[str, str]:
    """As `error`, where the request may be in the answer."""
    inside = next(each for each in stanza if name(each) == "error")
    return str(inside.get("type")), next(name(each) for each in inside if name(each) != "text")


@pytest.fixture(scope="module")
def everywhere(module_server: ServerFiles) -> Iterator[Invited]:
    """The server has the module on c.example, too, which the daemon does not serve."""
    with Invited.running(module_server, everywhere=True) as running:
        yield running


def test_module_of_a_host_that_is_not_served(everywhere: Invited, username: str) -> None:
    """The other hosts' modules are served as before, and clients of this host get an error of type wait."""
    everywhere.daemon.await_log("refused the module of a host that is not served")
    token = everywhere.create("account", A)
    assert friend(everywhere, "c.example", token, username) == ("wait", "resource-constraint")
    assert everywhere.state(A, token) == "open"
    assert friend(everywhere, A, token, username) is None


def test_module_of_another_host(invited: Invited, username: str) -> None:
    """It acts for its own host only: in all its requests, a token of the other host counts as unknown."""
    invited.register(username, B)
    tokens = [invited.create("account", A), invited.create("reset", f"alice@{A}"), invited.create("contact", f"alice@{A}")]
    for token in tokens:
        assert friend(invited, B, token, f"{username}-2") == ("cancel", "item-not-found")
    with invited.client(B).login("bob") as bob, invited.client(B).login(username) as client:
        bob.send("<presence/>")
        bob.barrier()
        client.send(f"<presence type='subscribe' to='bob@{B}'><preauth xmlns='urn:xmpp:pars:0' token='{tokens[2]}'/></presence>")
        assert bob.until(lambda stanza: stanza.get("type") == "subscribe").get("from") == f"{username}@{B}"
    assert [invited.state(A, token) for token in tokens] == ["open"] * 3

"""Commands are answered in the language of the request, and inviters are notified in theirs, behind each server with the module."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

import pytest

from harness.redeeming import Invited, friend, token_of
from harness.stanzas import (
    COMMANDS_NS, CREATE_ACCOUNT, DISCO_ITEMS_NS, FORMS_NS, INVITE, STANZA_ERRORS_NS, Invitation, command, command_of, disco_items,
    find, submission, tag,
)
from server_files import ServerFiles
from wire import Client, error, name, unique

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
HOST = "b.example"


@pytest.fixture(scope="module")
def invited(module_server: ServerFiles) -> Iterator[Invited]:
    with Invited.running(module_server) as running:
        for user in ["admin", "bob"]:
            running.register(user, HOST)
        yield running


def ask(client: Client, language: str | None, payload: str, kind: str = "set") -> Element:
    identifier = unique("l")
    attribute = f" xml:lang='{language}'" if language is not None else ""
    client.send(f"<iq type='{kind}' id='{identifier}' to='{client.to}'{attribute}>{payload}</iq>")
    return client.answer(identifier)


def form_of(reply: Element, status: str) -> tuple[str | None, str | None]:
    """The language of a form, and its title."""
    found = command_of(reply, status)
    return found.get(XML_LANG), find(found, FORMS_NS, "x").findtext(tag(FORMS_NS, "title"))


@pytest.mark.parametrize("language, said, title", [
    (None, "en", "Create account"), ("de", "de", "Konto anlegen"), ("de-AT", "de", "Konto anlegen"), ("pt", "pt-BR", "Criar conta"),
    ("zh-CN", "zh-Hans", "创建账号"), ("ar", "ar", "إنشاء حساب"), ("tlh", "en", "Create account"), ("!!", "en", "Create account"),
])
def test_forms_are_in_the_language_of_the_request(invited: Invited, language: str | None, said: str, title: str) -> None:
    with invited.client(HOST).login("admin") as admin:
        assert form_of(ask(admin, language, command(CREATE_ACCOUNT)), "executing") == (said, title)


def test_errors_and_lists_too(invited: Invited) -> None:
    with invited.client(HOST).login("admin") as admin:
        session = command_of(ask(admin, "de", command(CREATE_ACCOUNT)), "executing").get("sessionid")
        values = submission(username="a b", roster_subscription="0")
        reply = ask(admin, "de", command(CREATE_ACCOUNT, action="complete", session=session, form=values))
        assert error(reply) == ("modify", "bad-request")
        text = next(reply.iter(tag(STANZA_ERRORS_NS, "text")))
        assert (text.get(XML_LANG), text.text) == ("de", "Das kann kein Benutzername sein.")
        listed = ask(admin, "fr", disco_items(COMMANDS_NS), kind="get")
        names = {item.get("node"): item.get("name") for item in listed.iter(tag(DISCO_ITEMS_NS, "item"))}
        assert names[INVITE] == "Inviter un contact"


def notice(client: Client) -> tuple[str | None, str | None]:
    """The language and the text of the next message."""
    message = client.until(lambda stanza: name(stanza) == "message")
    return message.get(XML_LANG), message.findtext("{jabber:client}body")


@pytest.mark.parametrize("language, text", [
    ("de", "{} hat deine Einladung angenommen."), ("ru", "Ваше приглашение принято пользователем {}."),
    (None, "{} has accepted your invite."),
])
def test_the_inviter_is_told_in_the_language_of_the_invite(invited: Invited, language: str | None, text: str) -> None:
    username = unique("friend")
    with invited.client(HOST).login("bob") as bob:
        bob.send("<presence/>")
        token = token_of(Invitation.of(ask(bob, language, command(INVITE))).uri)
        assert friend(invited, HOST, token, username) is None
        assert notice(bob) == (language or "en", text.format(f"{username}@{HOST}"))


def test_an_operator_says_the_language(invited: Invited) -> None:
    username = unique("friend")
    with invited.client(HOST).login("bob") as bob:
        bob.send("<presence/>")
        token = invited.create("contact", f"bob@{HOST}", "--language", "fr-CA")
        assert friend(invited, HOST, token, username) is None
        assert notice(bob) == ("fr", f"{username}@{HOST} a accepté votre invitation.")
    for wrong in ["", "nonsense!", "tlh"]:
        answer = invited.run(["invite", "create", "account", HOST, "--language", wrong])
        assert answer.code == "usage.bad-argument", answer.end


def test_the_host_has_a_language(invited: Invited) -> None:
    """For languages without texts. A client that sends no language is no such case: Prosody adds `en` to its requests."""
    username = unique("friend")
    with invited.client(HOST).login("bob") as bob:
        bob.send("<presence/>")
        token = invited.create("contact", f"bob@{HOST}")
        assert invited.run(f"host set {HOST} language it").code == "ok"
        try:
            assert form_of(ask(bob, "tlh", command(INVITE)), "completed") == ("it", "Invita un contatto")
            assert form_of(ask(bob, "es", command(INVITE)), "completed") == ("es", "Invitar a un contacto")
            assert form_of(ask(bob, None, command(INVITE)), "completed") == ("en", "Invite user")
            # Also the notice for an invite that was made before.
            assert friend(invited, HOST, token, username) is None
            assert notice(bob) == ("it", f"{username}@{HOST} ha accettato il tuo invito.")
        finally:
            assert invited.run(f"host reset {HOST} language").code == "ok"

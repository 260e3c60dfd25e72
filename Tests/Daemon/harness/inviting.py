"""What users and admins of a host do with its commands, and the effects on rosters."""

from xml.etree.ElementTree import Element

from wire import DISCO_ITEMS_NS, ROSTER_NS, Client, name

from .redeeming import Invited
from .stanzas import COMMANDS_NS, CREATE_ACCOUNT, INVITE, Invitation, command, submission


def listed(client: Client) -> set[str]:
    reply = client.answer(client.ask("get", f"<query xmlns='{DISCO_ITEMS_NS}' node='{COMMANDS_NS}'/>"))
    return {str(item.get("node")) for item in reply.iter(f"{{{DISCO_ITEMS_NS}}}item")}


def invite(client: Client) -> Invitation:
    return Invitation.of(client.answer(client.ask("set", command(INVITE))))


def create_account(client: Client, **fields: str) -> Invitation:
    return Invitation.of(answer_to_create_account(client, **fields))


def answer_to_create_account(client: Client, **fields: str) -> Element:
    form = client.answer(client.ask("set", command(CREATE_ACCOUNT)))
    session = form[0].get("sessionid")
    values = {"username": "", "roster_subscription": "0", **fields}
    return client.answer(
        client.ask("set", command(CREATE_ACCOUNT, action="complete", session=session, form=submission(**values))))


def assert_friends(invited: Invited, inviter: Client, username: str) -> None:
    """Both have the other as a contact, and the inviter, who is online, receives the roster push and the notice, in any order."""
    contact, owner = f"{username}@{inviter.to}", inviter.jid.partition("/")[0]
    awaited = {"push", "notice"}
    while awaited:
        stanza = inviter.receive()
        if (item := stanza.find(f".//{{{ROSTER_NS}}}item")) is not None:
            assert item.get("jid") == contact
            if item.get("subscription") == "both":
                awaited.discard("push")
        elif name(stanza) == "message":
            assert (stanza.get("from"), stanza.get("type", "normal")) == (inviter.to, "normal")
            assert stanza.findtext("{jabber:client}body") == f"{contact} has accepted your invite."
            awaited.discard("notice")
    assert inviter.roster()[contact] == "both"
    # The inviter's roster is changed, and told of, before the other's.
    with invited.client(inviter.to).login(username) as client:
        invited.await_that(lambda: client.roster() == {owner: "both"})

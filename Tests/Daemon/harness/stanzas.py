"""Stanzas as text on the way out, and what to read from the answers."""

import itertools
import re
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, tostring
from xml.sax.saxutils import escape, quoteattr

COMPONENT_NS = "jabber:component:accept"
CLIENT_NS = "jabber:client"
STREAMS_NS = "http://etherx.jabber.org/streams"
STREAM_ERRORS_NS = "urn:ietf:params:xml:ns:xmpp-streams"
STANZA_ERRORS_NS = "urn:ietf:params:xml:ns:xmpp-stanzas"
COMMANDS_NS = "http://jabber.org/protocol/commands"
DISCO_INFO_NS = "http://jabber.org/protocol/disco#info"
DISCO_ITEMS_NS = "http://jabber.org/protocol/disco#items"
FORWARD_NS = "urn:xmpp:forward:0"
FORMS_NS = "jabber:x:data"
PING_NS = "urn:xmpp:ping"

INVITE = "urn:xmpp:invite#invite"
CREATE_ACCOUNT = "urn:xmpp:invite#create-account"

TOKEN = r"[A-Za-z0-9]{29}"

_numbers = itertools.count(1)


def delegation_ns(version: int) -> str:
    return f"urn:xmpp:delegation:{version}"


def tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"


def new_id() -> str:
    return f"t{next(_numbers)}"


def iq(kind: str, sender: str | None, to: str | None, payload: str, identifier: str | None = "",
       namespace: str | None = None) -> tuple[str, str]:
    """An IQ and its id. None leaves an attribute out; an empty identifier asks for a fresh one."""
    identifier = new_id() if identifier == "" else identifier
    attributes = {"xmlns": namespace, "type": kind, "id": identifier, "from": sender, "to": to}
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items() if value is not None)
    return f"<iq{written}>{payload}</iq>", identifier or ""


def command(node: str, *, action: str | None = "execute", session: str | None = None, form: str = "") -> str:
    attributes = {"xmlns": COMMANDS_NS, "node": node, "action": action, "sessionid": session}
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items() if value is not None)
    return f"<command{written}>{form}</command>"


def submission(**fields: str) -> str:
    """A submitted data form (XEP-0004); underscores in names stand for hyphens."""
    written = "".join(
        f"<field var={quoteattr(name.replace('_', '-'))}><value>{escape(value)}</value></field>"
        for name, value in fields.items())
    return f"<x xmlns='{FORMS_NS}' type='submit'>{written}</x>"


def disco_info(node: str | None = None) -> str:
    return f"<query xmlns='{DISCO_INFO_NS}'" + (f" node={quoteattr(node)}" if node else "") + "/>"


def disco_items(node: str | None = None) -> str:
    return f"<query xmlns='{DISCO_ITEMS_NS}'" + (f" node={quoteattr(node)}" if node else "") + "/>"


# Reading

def text_of(element: Element) -> str:
    return tostring(element, encoding="unicode")


def find(reply: Element, namespace: str, name: str) -> Element:
    found = reply.find(tag(namespace, name))
    assert found is not None, f"no <{name}> in {text_of(reply)}"
    return found


def conditions(reply: Element) -> list[str]:
    """The stanza error condition first, then application-specific ones (XEP-0050 §4.4)."""
    assert reply.get("type") == "error", f"no error: {text_of(reply)}"
    error = next((child for child in reply if child.tag.endswith("}error")), None)
    assert error is not None, f"an error without <error>: {text_of(reply)}"
    assert error.get("type") in ("auth", "cancel", "continue", "modify", "wait"), text_of(reply)
    standard = [c.tag for c in error if c.tag.startswith(tag(STANZA_ERRORS_NS, "")) and not c.tag.endswith("}text")]
    assert len(standard) == 1, f"not exactly one condition: {text_of(reply)}"
    others = [c.tag for c in error if not c.tag.startswith(tag(STANZA_ERRORS_NS, ""))]
    return [name.split("}")[1] for name in standard + others]


def condition(reply: Element) -> str:
    return conditions(reply)[0]


def command_of(reply: Element, status: str) -> Element:
    assert reply.get("type") == "result", f"no result: {text_of(reply)}"
    found = find(reply, COMMANDS_NS, "command")
    assert found.get("status") == status, f"not {status}: {text_of(reply)}"
    return found


def fields(form: Element) -> dict[str, list[str]]:
    return {
        field.get("var", ""): [value.text or "" for value in field.findall(tag(FORMS_NS, "value"))]
        for field in form.findall(tag(FORMS_NS, "field"))
    }


def items(reply: Element) -> list[dict[str, str]]:
    assert reply.get("type") == "result", f"no result: {text_of(reply)}"
    return [dict(item.attrib) for item in find(reply, DISCO_ITEMS_NS, "query").findall(tag(DISCO_ITEMS_NS, "item"))]


def features(reply: Element) -> list[str]:
    assert reply.get("type") == "result", f"no result: {text_of(reply)}"
    query = find(reply, DISCO_INFO_NS, "query")
    return [feature.get("var", "") for feature in query.findall(tag(DISCO_INFO_NS, "feature"))]


@dataclass(frozen=True)
class Invitation:
    """What a completed command hands to the inviter."""

    uri: str
    expires: datetime
    landing_url: str | None

    @property
    def token(self) -> str:
        found = re.search(rf"preauth=({TOKEN})(;|$)", self.uri)
        assert found, f"no token in {self.uri}"
        return found[1]

    @classmethod
    def of(cls, reply: Element) -> "Invitation":
        """Reads it off a completed command (XEP-0401 §3), which must be in the prescribed form."""
        form = find(command_of(reply, "completed"), FORMS_NS, "x")
        assert form.get("type") == "result", text_of(reply)
        values = fields(form)
        assert values.get("FORM_TYPE") == ["urn:xmpp:invite#invitation"], text_of(reply)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", values["expire"][0]), text_of(reply)
        assert "landing-url" in values, "yaxim fails without the field"
        return cls(
            uri=values["uri"][0], expires=datetime.fromisoformat(values["expire"][0]),
            landing_url=next(iter(values["landing-url"]), None))

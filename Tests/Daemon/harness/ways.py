"""The ways in which a client's request reaches the daemon. A test written against a way runs over all of them."""

from dataclasses import dataclass
from typing import Protocol
from xml.etree.ElementTree import Element

from .installation import COMPONENT
from .stanzas import CLIENT_NS, FORWARD_NS, delegation_ns, find, iq, new_id, tag, text_of
from .wire import Stream


class Way(Protocol):
    """`to` is the address that the client sees and that answers it."""

    to: str

    def stanza(self, sender: str, kind: str, payload: str) -> tuple[str, str]:
        """What the server sends to the daemon for this request, and the id of its answer."""

    def answer(self, reply: Element, sender: str) -> Element:
        """What the client gets to see of a reply of the daemon."""


@dataclass(frozen=True)
class Direct:
    """The client writes to an address of the component itself: the shared one or a host's service address."""

    to: str

    def stanza(self, sender: str, kind: str, payload: str) -> tuple[str, str]:
        return iq(kind, sender, self.to, payload)

    def answer(self, reply: Element, sender: str) -> Element:
        assert (reply.get("from"), reply.get("to")) == (self.to, sender), text_of(reply)
        return reply


@dataclass(frozen=True)
class Delegated:
    """The client writes to the host, which delegates the namespace to the component (XEP-0355)."""

    to: str
    version: int = 2

    def stanza(self, sender: str, kind: str, payload: str) -> tuple[str, str]:
        inner, _ = iq(kind, sender, self.to, payload, identifier="inner-" + new_id(), namespace=CLIENT_NS)
        return delegated(inner, self.to, version=self.version)

    def answer(self, reply: Element, sender: str) -> Element:
        assert (reply.get("from"), reply.get("to")) == (COMPONENT, self.to), text_of(reply)
        inner = unwrapped(reply, self.version)
        assert (inner.get("from"), inner.get("to")) == (self.to, sender), text_of(reply)
        assert (inner.get("id") or "").startswith("inner-"), text_of(reply)
        return inner


def delegated(inner: str, host: str, version: int = 2) -> tuple[str, str]:
    """An inner IQ wrapped as the server forwards it."""
    return iq("set", host, COMPONENT,
              f"<delegation xmlns='{delegation_ns(version)}'><forwarded xmlns='{FORWARD_NS}'>{inner}</forwarded>"
              "</delegation>")


def unwrapped(reply: Element, version: int = 2) -> Element:
    """The IQ inside. Prosody forwards nothing unless every level has exactly one child."""
    assert reply.get("type") == "result", f"no result: {text_of(reply)}"
    delegation = find(reply, delegation_ns(version), "delegation")
    forwarded = find(delegation, FORWARD_NS, "forwarded")
    assert len(reply) == len(delegation) == len(forwarded) == 1, text_of(reply)
    assert forwarded[0].tag == tag(CLIENT_NS, "iq"), text_of(reply)
    return forwarded[0]


def ask(stream: Stream, way: Way, sender: str, payload: str, kind: str = "set") -> Element:
    """One request, one answer, as the client sees it."""
    stanza, identifier = way.stanza(sender, kind, payload)
    return way.answer(stream.request(stanza, identifier), sender)

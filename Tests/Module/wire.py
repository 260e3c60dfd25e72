"""Both sides of the module as they are on the wire: clients of the server, and a component in the place of the daemon, which answers
what and when a test has it answer."""

import hashlib
import itertools
import select
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from xml.etree.ElementTree import Element, tostring
from xml.sax.saxutils import escape, quoteattr

from harness.tags import TagParser

MODULE_NS = "urn:invited:server-module:1"
STREAMS_NS = "http://etherx.jabber.org/streams"
STANZAS_NS = "urn:ietf:params:xml:ns:xmpp-stanzas"
REGISTER_NS = "jabber:iq:register"
FORMS_NS = "jabber:x:data"
PARS_NS = "urn:xmpp:pars:0"
ROSTER_NS = "jabber:iq:roster"
TLS_NS = "urn:ietf:params:xml:ns:xmpp-tls"
SASL_NS = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND_NS = "urn:ietf:params:xml:ns:xmpp-bind"
DISCO_INFO_NS = "http://jabber.org/protocol/disco#info"
DISCO_ITEMS_NS = "http://jabber.org/protocol/disco#items"
COMMANDS_NS = "http://jabber.org/protocol/commands"
# What is done at once may take long on a machine that is busy with other things.
TIMEOUT = 60.0

_numbers = itertools.count(1)


def unique(prefix: str = "") -> str:
    return f"{prefix}{next(_numbers)}"


def name(element: Element) -> str:
    """Without the namespace."""
    return element.tag.rpartition("}")[2]


def child(element: Element, local: str) -> Element | None:
    """The first child with this name, of whichever namespace."""
    return next((each for each in element if name(each) == local), None)


def error(stanza: Element) -> tuple[str, str]:
    """Type and condition of an error."""
    assert stanza.get("type") == "error", tostring(stanza)
    inside = child(stanza, "error")
    assert inside is not None
    assert [name(each) for each in stanza] == ["error"], f"the request is in the error: {tostring(stanza)!r}"
    return str(inside.get("type")), next(name(each) for each in inside if name(each) != "text")


def error_text(stanza: Element) -> str | None:
    inside = child(stanza, "error")
    assert inside is not None
    return inside.findtext(f"{{{STANZAS_NS}}}text")


def with_what_expat_waits_for(stanza: str) -> str:
    """Expat 2.6 and newer parse an incomplete tag again only when twice as much input has arrived."""
    return stanza + " " * (2 * len(stanza) if len(stanza) > 8_192 else 0)


class Ended(Exception):
    """The other end has closed the connection."""


class Stream:
    """The initiating end of a stream, of a client or a component."""

    def __init__(self, port: int, to: str, namespace: str) -> None:
        self.to = to
        self._namespace = namespace
        self._socket: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self.local_port: int = self._socket.getsockname()[1]
        self.header: Element
        self.open()

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    @property
    def is_closed(self) -> bool:
        return self._socket.fileno() == -1

    def reset(self) -> None:
        """Closes so that the other end sees a broken connection."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self._socket.close()

    def open(self) -> None:
        self._parser = TagParser(defers=False)
        self._elements: list[Element] = []
        self._depth = 0
        self._root: Element | None = None
        self._ended = False
        self.send(f"<?xml version='1.0'?><stream:stream xmlns='{self._namespace}' xmlns:stream='{STREAMS_NS}' "
                  f"to='{self.to}' version='1.0'>")
        while self._root is None:
            self._read(TIMEOUT)
        self.header = self._root

    def send(self, xml: str) -> None:
        self._socket.sendall(xml.encode())

    def receive(self, timeout: float = TIMEOUT) -> Element:
        deadline = time.monotonic() + timeout
        while not self._elements:
            if self._ended:
                raise Ended
            self._read(max(deadline - time.monotonic(), 0.001))
        return self._elements.pop(0)

    def until(self, wanted) -> Element:
        """The next element of which `wanted` is true. Others before it are passed over."""
        ends = time.monotonic() + TIMEOUT
        while not wanted(element := self.receive(ends - time.monotonic())):
            pass
        return element

    def _read(self, timeout: float) -> None:
        if not (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()) \
                and not select.select([self._socket], [], [], timeout)[0]:
            raise TimeoutError("nothing came")
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self._ended = True
            raise Ended
        self._parser.feed(data)
        for event, element in self._parser.read_events():
            if event == "start":
                self._depth += 1
                if self._depth == 1:
                    self._root = element
            else:
                self._depth -= 1
                if self._depth == 1:
                    self._elements.append(element)
                elif self._depth == 0:
                    self._ended = True


class Client(Stream):
    """A stream to a host, before login until `login` is called."""

    def __init__(self, port: int, host: str) -> None:
        super().__init__(port, host, "jabber:client")
        self.features = self.receive()

    def starttls(self) -> None:
        self.send(f"<starttls xmlns='{TLS_NS}'/>")
        assert name(self.receive()) == "proceed"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._socket = context.wrap_socket(self._socket)
        self.open()
        self.features = self.receive()

    def offers(self, namespace: str) -> bool:
        return self.features.find(f"{{{namespace}}}register") is not None

    def ask(self, kind: str, payload: str, to: str | None = "") -> str:
        """Sends a request, to the host of the stream unless another or none is given; returns its id."""
        identifier = unique("q")
        address = "" if to is None else f" to='{to or self.to}'"
        self.send(with_what_expat_waits_for(f"<iq type='{kind}' id='{identifier}'{address}>{payload}</iq>"))
        return identifier

    def answer(self, identifier: str) -> Element:
        return self.until(lambda element: element.get("id") == identifier)

    def preauth(self, token: str, to: str | None = "") -> str:
        return self.ask("set", f"<preauth xmlns='{PARS_NS}' token={quoteattr(token)}/>", to)

    def register(self, username: str, password: str = "a good password", to: str | None = "", form: bool = False) -> str:
        if form:
            fields = "".join(f"<field var='{var}'><value>{escape(value)}</value></field>" for var, value in
                             [("FORM_TYPE", REGISTER_NS), ("username", username), ("password", password)])
            inside = f"<x xmlns='{FORMS_NS}' type='submit'>{fields}</x>"
        else:
            inside = f"<username>{escape(username)}</username><password>{escape(password)}</password>"
        return self.ask("set", f"<query xmlns='{REGISTER_NS}'>{inside}</query>", to)

    def form(self) -> Element:
        reply = self.answer(self.ask("get", f"<query xmlns='{REGISTER_NS}'/>"))
        query = child(reply, "query")
        assert query is not None, tostring(reply)
        return query

    def authenticate(self, username: str, password: str = "a good password") -> bool:
        secret = b64encode(f"\0{username}\0{password}".encode()).decode()
        self.send(f"<auth xmlns='{SASL_NS}' mechanism='PLAIN'>{secret}</auth>")
        return name(self.receive()) == "success"

    def login(self, username: str, password: str = "a good password", resource: str = "tests") -> "Client":
        assert self.authenticate(username, password)
        self.open()
        self.features = self.receive()
        bound = self.answer(self.ask("set", f"<bind xmlns='{BIND_NS}'><resource>{resource}</resource></bind>", None))
        assert bound.get("type") == "result"
        self.jid = f"{username}@{self.to}/{resource}"
        return self

    def roster(self) -> dict[str, str]:
        """Contacts and what there is of a subscription."""
        reply = self.answer(self.ask("get", f"<query xmlns='{ROSTER_NS}'/>", None))
        return {str(item.get("jid")): str(item.get("subscription")) for item in reply.iter(f"{{{ROSTER_NS}}}item")}

    def pushed(self) -> tuple[str, str, str | None]:
        """The next roster push: contact, subscription, ask."""
        push = self.until(lambda element: element.find(f"{{{ROSTER_NS}}}query") is not None)
        self.send(f"<iq type='result' id='{push.get('id')}'/>")
        item = push.find(f".//{{{ROSTER_NS}}}item")
        assert item is not None
        return str(item.get("jid")), str(item.get("subscription")), item.get("ask")

    def has_nothing(self) -> bool:
        """No stanza has arrived that was not taken."""
        return not self._elements and not select.select([self._socket], [], [], 0)[0]

    def barrier(self) -> list[Element]:
        """The stanzas that have arrived up to now."""
        identifier = self.ask("get", "<ping xmlns='urn:xmpp:ping'/>")
        before: list[Element] = []
        self.until(lambda element: element.get("id") == identifier or before.append(element))
        return before


class Component(Stream):
    """In the place of the daemon."""

    def __init__(self, port: int, domain: str, secret: str) -> None:
        super().__init__(port, domain, "jabber:component:accept")
        self.domain = domain
        self._settled: list[tuple[str, dict[str, str]]] = []
        digest = hashlib.sha1((str(self.header.get("id")) + secret).encode()).hexdigest()
        self.send(f"<handshake>{digest}</handshake>")
        assert name(self.receive()) == "handshake"

    def address(self, host: str) -> str:
        """Where the module of a host takes answers and requests."""
        return host

    def expect(self, local: str, host: str | None = None, **attributes: str | None) -> Element:
        """The next request, which has to be this one."""
        iq = self.receive()
        assert len(iq) == 1, tostring(iq)
        assert name(iq[0]) == local, f"not <{local}/>: {tostring(iq)!r}"
        assert iq.get("to") == self.domain
        assert host is None or iq.get("from") == host, tostring(iq)
        for key, value in attributes.items():
            assert iq[0].get(key) == value, tostring(iq)
        return iq

    def result(self, iq: Element, payload: str = "") -> None:
        if len(iq) == 1 and name(iq[0]) in ("confirm", "deleted"):
            self._settled.append((name(iq[0]), iq[0].attrib))
        self.send(f"<iq type='result' id='{iq.get('id')}' from='{self.domain}' to='{iq.get('from')}'>{payload}</iq>")

    def accept(self, iq: Element, **attributes: str) -> None:
        """A result with an element of the same name."""
        values = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
        self.result(iq, f"<{name(iq[0])} xmlns='{MODULE_NS}'{values}/>")

    def refuse(self, iq: Element, condition: str, kind: str = "cancel", text: str = "") -> None:
        note = f"<text xmlns='{STANZAS_NS}'>{text}</text>" if text else ""
        self.send(f"<iq type='error' id='{iq.get('id')}' from='{self.domain}' to='{iq.get('from')}'>"
                  f"<error type='{kind}'><{condition} xmlns='{STANZAS_NS}'/>{note}</error></iq>")

    def greet(self, **registrations: str) -> dict[str, Element]:
        """Answers the hello of each of these hosts, whose dots are underscores."""
        return self.meet(len(registrations), lambda iq: self.accept(
            iq, version="1", registration=registrations[str(iq.get("from")).replace(".", "_")]))

    def meet(self, hosts: int, answer: Callable[[Element], None],
             flush: "Callable[[str], list[Element]] | None" = None) -> dict[str, Element]:
        """The same with other answers. `flush` returns what has come until the server has read them."""
        # All of them first: a host that has its answer goes on with what it owes.
        greetings: list[Element] = []
        while len({iq.get("from") for iq in greetings}) < hosts:
            greetings.append(self.expect("hello"))
        hellos = {str(iq.get("from")): iq[0] for iq in greetings}
        others: list[Element] = []
        while greetings:
            for iq in greetings:
                answer(iq)
            # Until the server has read the answers, it uses its earlier settings.
            came = [each for host in hellos for each in (flush or self.idle)(host)]
            # A host greets twice where it was about to when the component connected, and hears the second answer alone.
            greetings = [each for each in came if len(each) == 1 and each[0].tag == f"{{{MODULE_NS}}}hello"]
            others += [each for each in came if each not in greetings]
        self.put_back(others)
        return hellos

    def ask(self, kind: str, payload: str, host: str) -> str:
        identifier = unique("d")
        stanza = f"<iq type='{kind}' id='{identifier}' from='{self.domain}' to='{host}'>{payload}</iq>"
        self.send(with_what_expat_waits_for(stanza))
        return identifier

    def answer(self, identifier: str) -> Element:
        """The next stanza, which has to be this answer."""
        iq = self.receive()
        assert iq.get("id") == identifier, f"not the answer: {tostring(iq)!r}"
        return iq

    def request(self, kind: str, local: str, host: str, text: str = "", **attributes: str) -> Element:
        values = "".join(f" {key.replace('_', ':')}={quoteattr(value)}" for key, value in attributes.items())
        return self.answer(self.ask(kind, f"<{local} xmlns='{MODULE_NS}'{values}>{escape(text)}</{local}>", host))

    def idle(self, host: str) -> list[Element]:
        """The stanzas up to now, once the server has handled all earlier requests."""
        return self.before(self.ask("get", "<ping xmlns='urn:xmpp:ping'/>", host))

    def put_back(self, elements: list[Element]) -> None:
        self._elements[:0] = elements

    def before(self, identifier: str) -> list[Element]:
        """The stanzas that come before an answer. Prosody's module, which tells every 30 seconds what it owes, may do so twice while the
        answer is on its way."""
        before: list[Element] = []
        ends = time.monotonic() + TIMEOUT  # although something else may come again and again
        while (element := self.receive(ends - time.monotonic())).get("id") != identifier:
            if len(element) != 1 or (name(element[0]), element[0].attrib) not in self._settled:
                before.append(element)
        return before

    def expect_beside(self, identifier: str, local: str, host: str | None = None, **attributes: str | None) -> Element:
        """The next request, which comes before or after an answer: different processes of the server send them."""
        came = self.receive()
        if came.get("id") == identifier:
            return self.expect(local, host, **attributes)
        self.put_back([came])
        request = self.expect(local, host, **attributes)
        self.answer(identifier)
        return request

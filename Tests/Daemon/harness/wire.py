"""A scripted server: the other end of an XEP-0114 stream, which does exactly what a test requests and nothing else."""

import hashlib
import select
import socket
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from weakref import WeakValueDictionary
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

from .installation import COMPONENT, SECRET
from .stanzas import COMPONENT_NS, PING_NS, STREAMS_NS, iq, tag
from .tags import TagParser
from .waiting import TIMEOUT

# Prosody's.
READ_SIZE = 8192


class StreamEnded(Exception):
    """The daemon closed the connection."""


class ScriptedServer:
    """Listens on a port of its own. `receive_buffer` bounds what the kernel takes when the test does not read."""

    def __init__(self, receive_buffer: int | None = None) -> None:
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer is not None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port: int = self._listener.getsockname()[1]
        self._streams: list[Stream] = []
        _servers[self.port] = self

    def accept(self, timeout: float = 60) -> "Stream":
        """The next connection, before any byte. The bound covers a few steps of the daemon's backoff."""
        self._listener.settimeout(timeout)
        connection, _ = self._listener.accept()
        stream = Stream(connection)
        self._streams.append(stream)
        return stream

    def connect(self, timeout: float = 60) -> "Stream":
        """The next connection, with the handshake done."""
        stream = self.accept(timeout)
        stream.open()
        stream.check_handshake()
        stream.send("<handshake/>")
        return stream

    def close_streams(self) -> None:
        for stream in self._streams:
            stream.close()

    def close(self) -> None:
        self.close_streams()
        self._listener.close()

    def __enter__(self) -> "ScriptedServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_servers: WeakValueDictionary[int, ScriptedServer] = WeakValueDictionary()


def server_at(port: int) -> ScriptedServer | None:
    return _servers.get(port)


class Stream:
    """One connection of the daemon."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(TIMEOUT)
        self._connection = connection
        self._parser = TagParser(defers=True)
        self._depth = 0
        self._elements: list[Element] = []
        self._ended = False
        self._reflected: set[str] = set()
        self.header: Element | None = None
        self.stream_id = ""
        self.closed_properly = False

    # Opening

    def open(self, stream_id: str = "scripted-1", header: str | None = None) -> Element:
        """Read the daemon's header and answer it; `header` replaces the ordinary answer."""
        while self.header is None:
            if self._ended:
                raise StreamEnded
            self._read(TIMEOUT)
        assert self.header.tag == tag(STREAMS_NS, "stream")
        assert self.header.get("to") == COMPONENT
        self.stream_id = stream_id
        self.send(header or (
            f"<?xml version='1.0'?><stream:stream xmlns='{COMPONENT_NS}' xmlns:stream='{STREAMS_NS}'"
            f" from='{COMPONENT}' id='{stream_id}'>"))
        return self.header

    def check_handshake(self, secret: str = SECRET) -> None:
        handshake = self.receive()
        assert handshake.tag == tag(COMPONENT_NS, "handshake")
        assert handshake.text == hashlib.sha1((self.stream_id + secret).encode()).hexdigest()

    def refuse(self, condition: str, text: str = "") -> None:
        """Answer the handshake as a server does that will not have us."""
        self.open()
        self.receive()
        self.fail(condition, text)

    # Sending

    def send(self, data: str | bytes) -> None:
        rest = memoryview(data.encode() if isinstance(data, str) else data)
        # In pieces: the timeout of a call is for all that it sends, and a busy daemon reads slowly.
        while rest:
            self._connection.sendall(rest[:65536])
            rest = rest[65536:]

    def send_all(self, stanzas: Iterable[str]) -> None:
        """Everything in as few packets as the kernel likes."""
        self.send("".join(stanzas))

    def send_byte_by_byte(self, data: str) -> None:
        for byte in data.encode():
            self.send(bytes([byte]))

    def send_until_closed(self, data: bytes) -> None:
        """Send what the daemon is expected not to read to the end."""
        try:
            self.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_until_full(self, data: bytes, patience: float = 3) -> int:
        """Send while the daemon takes it; returns how many bytes it took. Never reads."""
        sent = 0
        self._connection.setblocking(False)
        try:
            while sent < len(data):
                _, writable, _ = select.select([], [self._connection], [], patience)
                if not writable:
                    break
                sent += self._connection.send(data[sent:sent + 65536])
        finally:
            self._connection.settimeout(TIMEOUT)
        return sent

    def fail(self, condition: str, text: str = "") -> None:
        """Send a stream error and hang up."""
        note = f"<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{text}</text>" if text else ""
        self.send(f"<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>{note}</stream:error>"
                  "</stream:stream>")
        self.close()

    def close(self) -> None:
        self._connection.close()

    # Receiving

    def receive(self, timeout: float = TIMEOUT) -> Element:
        """The next element of the stream. A ping of the daemon to itself is sent back to it, as real servers do."""
        deadline = time.monotonic() + timeout
        while True:
            while not self._elements:
                if self._ended:
                    raise StreamEnded
                self._read(max(deadline - time.monotonic(), 0.001))
            element = self._elements.pop(0)
            if not self._reflect(element):
                return element

    def await_end(self, timeout: float = TIMEOUT) -> list[Element]:
        """Everything until the daemon closes the connection."""
        rest: list[Element] = []
        try:
            while True:
                rest.append(self.receive(timeout))
        except (StreamEnded, ConnectionResetError, BrokenPipeError):
            return rest

    def await_end_of_input(self) -> None:
        """Until the daemon has closed its side of the connection, after the end of the stream."""
        while self._connection.recv(READ_SIZE):
            pass

    def request(self, stanza: str, identifier: str) -> Element:
        """Send an IQ and return its one answer; answers to others on the way are an error of the test."""
        self.send(stanza)
        reply = self.receive()
        assert reply.get("id") == identifier, f"an answer to something else: {ElementTree.tostring(reply)!r}"
        return reply

    def receive_replies(self, identifiers: set[str], timeout: float = 60) -> dict[str, Element]:
        """Exactly one answer for each, in any order."""
        replies: dict[str, Element] = {}
        while len(replies) < len(identifiers):
            reply = self.receive(timeout)
            identifier = reply.get("id") or ""
            assert identifier in identifiers, f"nobody asked for {ElementTree.tostring(reply)!r}"
            assert identifier not in replies, f"answered twice: {ElementTree.tostring(reply)!r}"
            replies[identifier] = reply
        return replies

    def barrier(self) -> list[Element]:
        """Send a request that is always answered; returns what was received before that answer."""
        stanza, identifier = iq("get", "barrier@a.example/x", COMPONENT, "<barrier xmlns='urn:example:barrier'/>")
        self.send(stanza)
        before: list[Element] = []
        while True:
            element = self.receive()
            if element.get("id") == identifier:
                return before
            before.append(element)

    # Inside

    def _read(self, timeout: float) -> None:
        self._connection.settimeout(timeout)
        try:
            data = self._connection.recv(READ_SIZE)
        except ConnectionResetError:
            data = b""
        finally:
            self._connection.settimeout(TIMEOUT)
        if not data:
            self._ended = True
            return
        self._parser.feed(data)
        for event, element in self._parser.read_events():
            if event == "start":
                self._depth += 1
                if self._depth == 1:
                    self.header = element
            else:
                self._depth -= 1
                if self._depth == 1:
                    self._elements.append(element)
                    # The pull parser keeps every child of the root: a long test would grow without this.
                    assert self.header is not None
                    self.header.remove(element)
                elif self._depth == 0:
                    self._ended = self.closed_properly = True

    def _reflect(self, element: Element) -> bool:
        if not element.get("from") == element.get("to") == COMPONENT:
            return False
        identifier = element.get("id") or ""
        if element.find(tag(PING_NS, "ping")) is not None and element.get("type") == "get":
            self._reflected.add(identifier)
            self.send(f"<iq type='get' id={quoteattr(identifier)} from='{COMPONENT}' to='{COMPONENT}'>"
                      f"<ping xmlns='{PING_NS}'/></iq>")
            return True
        return identifier in self._reflected

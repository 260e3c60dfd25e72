"""Registering over HTTP: BOSH (XEP-0124) and WebSocket (RFC 7395)."""

import http.client
import os
import re
import socket
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from prosody_server import Prosody
from steps import CHECKED
from wire import PARS_NS, REGISTER_NS, Component

PREAUTH = f"<iq xmlns='jabber:client' type='set' id='p' to='a.example'><preauth xmlns='{PARS_NS}' token='token'/></iq>"
REGISTER = (f"<iq xmlns='jabber:client' type='set' id='r' to='a.example'><query xmlns='{REGISTER_NS}'>"
            "<username>juliet</username><password>a good password</password></query></iq>")


@pytest.fixture
def background() -> Iterator[Callable[..., Future]]:
    with ThreadPoolExecutor(1) as executor:
        yield executor.submit


@pytest.fixture
def server(new_prosody) -> Iterator[tuple[Prosody, Component]]:
    prosody = new_prosody(modules='"bosh"; "websocket"', common='''
        http_host = "a.example"
        consider_bosh_secure = true
        consider_websocket_secure = true
    ''')
    with prosody.component() as component:
        component.greet(a_example="invite", b_example="server")
        yield prosody, component


def post(prosody: Prosody, body: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", prosody.http_port, timeout=20)
    connection.request("POST", "/http-bind", body, {"Host": "a.example", "Content-Type": "text/xml"})
    return connection.getresponse().read().decode().replace('"', "'")


def open_bosh(prosody: Prosody) -> str:
    """A body with holes for its number and its content."""
    opened = post(prosody, "<body xmlns='http://jabber.org/protocol/httpbind' to='a.example' rid='1' wait='20' hold='1' ver='1.6' "
                           "xml:lang='en' xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'/>")
    assert "urn:xmpp:ibr-token:0" in opened
    sid = re.search("sid='([^']+)'", opened)
    assert sid
    return f"<body xmlns='http://jabber.org/protocol/httpbind' sid='{sid[1]}' rid='%d' %s>%s</body>"


def test_bosh(server: tuple[Prosody, Component], background: Callable[..., Future]) -> None:
    prosody, component = server
    body = open_bosh(prosody)
    answer = background(post, prosody, body % (2, "", PREAUTH))
    component.accept(component.expect("check"), kind="account", checked=CHECKED)
    assert "type='result'" in answer.result()
    answer = background(post, prosody, body % (3, "", REGISTER))
    component.accept(component.expect("reserve", username="juliet"))
    component.result(component.expect("confirm"))
    assert "type='result'" in answer.result()
    assert prosody.has_account("juliet")


def test_bosh_ends_while_it_is_reserved(server: tuple[Prosody, Component], background: Callable[..., Future]) -> None:
    prosody, component = server
    body = open_bosh(prosody)
    answer = background(post, prosody, body % (2, "", PREAUTH))
    component.accept(component.expect("check"), kind="account", checked=CHECKED)
    answer.result()
    background(post, prosody, body % (3, "", REGISTER))
    reservation = component.expect("reserve")
    post(prosody, body % (4, "type='terminate'", ""))
    component.accept(reservation)
    # Released, or confirmed: either, but not neither.
    ending = component.receive()
    component.result(ending)
    assert (ending[0].tag.endswith("}confirm")) == prosody.has_account("juliet")


class WebSocket:
    """As much of RFC 6455 as two short texts need."""

    def __init__(self, prosody: Prosody) -> None:
        self._socket = socket.create_connection(("127.0.0.1", prosody.http_port), timeout=20)
        self._socket.sendall(b"GET /xmpp-websocket HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                             b"Sec-WebSocket-Protocol: xmpp\r\n\r\n")
        self._file = self._socket.makefile("rb")
        assert b"101" in self._file.readline()
        while self._file.readline().strip():
            pass

    def send(self, text: str) -> None:
        data, mask = text.encode(), os.urandom(4)
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        self._socket.sendall(b"\x81" + length + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def receive(self) -> str:
        length = self._file.read(2)[1]
        if length == 126:
            (length,) = struct.unpack(">H", self._file.read(2))
        return self._file.read(length).decode().replace('"', "'")

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def test_websocket(server: tuple[Prosody, Component]) -> None:
    prosody, component = server
    stream = WebSocket(prosody)
    stream.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a.example' version='1.0'/>")
    while "urn:xmpp:ibr-token:0" not in stream.receive():
        pass
    stream.send(PREAUTH)
    component.accept(component.expect("check"), kind="account", checked=CHECKED)
    assert "type='result'" in stream.receive()
    stream.send(REGISTER)
    component.accept(component.expect("reserve", username="juliet"))
    component.result(component.expect("confirm"))
    assert "type='result'" in stream.receive()
    stream.close()
    assert prosody.has_account("juliet")


def test_websocket_ends_while_it_is_reserved(server: tuple[Prosody, Component]) -> None:
    prosody, component = server
    stream = WebSocket(prosody)
    stream.send("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='a.example' version='1.0'/>")
    stream.send(PREAUTH)
    component.accept(component.expect("check"), kind="account", checked=CHECKED)
    stream.send(REGISTER)
    reservation = component.expect("reserve")
    with prosody.logs("Client disconnected"):
        stream.close()
    component.accept(reservation)
    component.result(component.expect("release"))
    assert not prosody.has_account("juliet")

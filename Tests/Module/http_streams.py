"""Streams over HTTP: BOSH (XEP-0124) and WebSocket (RFC 7395), as much of them as a registration takes."""

import http.client
import os
import re
import socket
import struct

from wire import PARS_NS, REGISTER_NS

# What a Prosody needs for both.
MODULES = '"bosh"; "websocket"'
COMMON = '''
    http_host = "a.example"
    consider_bosh_secure = true
    consider_websocket_secure = true
'''
TIMEOUT = 60


def preauth(token: str = "token", to: str = "a.example") -> str:
    return f"<iq xmlns='jabber:client' type='set' id='p' to='{to}'><preauth xmlns='{PARS_NS}' token='{token}'/></iq>"


def register(username: str = "juliet", to: str = "a.example") -> str:
    return (f"<iq xmlns='jabber:client' type='set' id='r' to='{to}'><query xmlns='{REGISTER_NS}'>"
            f"<username>{username}</username><password>a good password</password></query></iq>")


class Bosh:
    """A session, open and with the features of the stream seen."""

    def __init__(self, port: int, to: str = "a.example") -> None:
        self._port = port
        self._to = to
        opened = self._post(f"<body xmlns='http://jabber.org/protocol/httpbind' to='{to}' rid='1' wait='20' hold='1' ver='1.6' "
                            "xml:lang='en' xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'/>")
        assert "urn:xmpp:ibr-token:0" in opened
        found = re.search("sid='([^']+)'", opened)
        assert found
        self._sid = found[1]
        self._rid = 1

    def request(self, stanza: str, attributes: str = "") -> str:
        """Sends a stanza, and returns the content of the response to the request."""
        self._rid += 1
        return self._post(f"<body xmlns='http://jabber.org/protocol/httpbind' sid='{self._sid}' rid='{self._rid}' {attributes}>"
                          f"{stanza}</body>")

    def terminate(self) -> str:
        return self.request("", "type='terminate'")

    def _post(self, body: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
        try:
            connection.request("POST", "/http-bind", body, {"Host": self._to, "Content-Type": "text/xml"})
            return connection.getresponse().read().decode().replace('"', "'")
        finally:
            connection.close()


class WebSocket:
    """As much of RFC 6455 as short texts need."""

    def __init__(self, port: int, to: str = "a.example") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self._socket.sendall(f"GET /xmpp-websocket HTTP/1.1\r\nHost: {to}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Protocol: xmpp\r\n\r\n".encode())
        self.local_port: int = self._socket.getsockname()[1]
        self._file = self._socket.makefile("rb")
        assert b"101" in self._file.readline()
        while self._file.readline().strip():
            pass
        self.send(f"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{to}' version='1.0'/>")
        while "urn:xmpp:ibr-token:0" not in self.receive():
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

    def request(self, stanza: str) -> str:
        self.send(stanza)
        return self.receive()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

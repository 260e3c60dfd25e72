"""Two servers that know each other, without DNS and without encryption, by dialback (XEP-0220)."""

import socket
import struct
import threading
from dataclasses import dataclass

# Where other servers are: tests have no DNS.
LOOPBACK = """
module:set_global();
local basic = require "net.resolvers.basic";
local remotes = module:get_option("loopback_remotes");
for _, name in ipairs({ "net.resolvers.service", "prosody.net.resolvers.service" }) do
	local found, service = pcall(require, name);
	if found and not service.on_loopback then
		local new = service.new;
		service.on_loopback = true;
		function service.new(hostname, kind, conn_type, extra)
			if not remotes[hostname] then return new(hostname, kind, conn_type, extra); end
			return basic.new("127.0.0.1", remotes[hostname], conn_type, extra);
		end
	end
end
"""


@dataclass(frozen=True)
class Neighbour:
    """The other server, as one sees it that listens for it on a port of its own."""

    own_port: int
    host: str
    port: int


def federation(neighbour: Neighbour) -> str:
    """The configuration that a Prosody needs for it, with the modules `MODULES`."""
    return f"""
s2s_ports = {{ {neighbour.own_port} }}
s2s_require_encryption = false
s2s_secure_auth = false
modules_disabled = {{}}
loopback_remotes = {{ ["{neighbour.host}"] = {neighbour.port} }}
"""


MODULES = '"loopback"; "s2s"; "dialback"'


class NameServer:
    """A DNS server on loopback that has the address of one XMPP server (RFC 6120 §3.2.1), and no other records."""

    def __init__(self, neighbour: Neighbour) -> None:
        self._service = b"".join(_label(label) for label in ("_xmpp-server", "_tcp", *neighbour.host.split(".")))
        # An address in the place of the target: resolvers take it for one.
        target = b"".join(_label(label) for label in ("127", "0", "0", "1")) + b"\0"
        self._record = struct.pack(">HHH", 0, 0, neighbour.port) + target
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        # Closing alone would not wake who reads.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))

    def _serve(self) -> None:
        with self._socket:
            while True:
                query, client = self._socket.recvfrom(512)
                if len(query) < 17:
                    return
                end = query.index(b"\0", 12) + 5  # the name's end, type and class
                found = query[12:end].lower() == self._service + b"\0" + struct.pack(">HH", 33, 1)
                header = query[:2] + struct.pack(">HHHHH", 0x8580 if found else 0x8583, 1, found, 0, 0)
                answer = b"\xc0\x0c" + struct.pack(">HHIH", 33, 1, 60, len(self._record)) + self._record if found else b""
                self._socket.sendto(header + query[12:end] + answer, client)


def _label(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()

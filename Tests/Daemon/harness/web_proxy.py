"""A provider's reverse proxy in front of the daemon, on loopback: it terminates TLS, adds the client's address, and selects the daemon
by the name in the URL. It records what passes, so that tests see each byte of an answer."""

import http.client
import http.server
import ssl
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from .ports import LOOPBACK
from .web import UnixConnection, unique_address

# Fields of one connection alone (RFC 9110 §7.6.1), and those that the proxy sets itself.
_OWN_FIELDS = {"connection", "keep-alive", "transfer-encoding", "content-length", "x-forwarded-for"}


@dataclass(frozen=True)
class Passed:
    """One request and its answer. `size` is what the answer takes on the wire within TLS, with its head."""

    method: str
    url: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    size: int

    @property
    def path(self) -> str:
        return "/" + self.url.split("/", 3)[3].partition("?")[0]

    @property
    def type(self) -> str:
        return str(self.headers.get_content_type())


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def _pass_on(self) -> None:
        proxy = self.server.proxy
        name = str(self.headers["Host"])
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)) or None
        fields = {key: value for key, value in self.headers.items() if key.lower() not in _OWN_FIELDS}
        connection = UnixConnection(proxy.daemons[name], timeout=60)
        try:
            connection.request(self.command, self.path, body,
                               fields | {"X-Forwarded-For": proxy.client, "Connection": "close"})
            response = connection.getresponse()
            content = response.read()
        except OSError:
            self.send_error(502)
            return
        finally:
            connection.close()
        head = f"HTTP/1.1 {response.status} {response.reason}\r\n" + "".join(
            f"{key}: {value}\r\n" for key, value in response.headers.items() if key.lower() not in _OWN_FIELDS)
        head += f"Content-Length: {len(content)}\r\n\r\n"
        answer = head.encode() + content
        url = f"https://{name}{self.path}"
        with proxy.lock:
            proxy.passed.append(
                Passed(self.command, url, response.status, response.headers, content, len(answer)))
        self.wfile.write(answer)

    do_GET = do_HEAD = do_POST = _pass_on

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    proxy: "WebProxy"


class WebProxy:
    """`with WebProxy(directory) as proxy:` listens at `proxy.port`. `daemons` are their sockets, by the name in URLs; `client` is
    the client's address in all requests, a fresh one after `renew`."""

    def __init__(self, directory: Path) -> None:
        self.daemons: dict[str, Path] = {}
        self.passed: list[Passed] = []
        self.lock = threading.Lock()
        self.client = unique_address()
        certificate, key = directory / "proxy.pem", directory / "proxy.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", "/CN=invite.example", "-days", "2", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True, timeout=60)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = _Server((LOOPBACK, 0), _Handler)
        self._server.proxy = self
        self._server.daemon_threads = True
        # The handshake is the matter of the connection's own thread.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever)

    def renew(self) -> None:
        """Another client, and nothing has passed."""
        with self.lock:
            self.passed = []
            self.client = unique_address()

    def __enter__(self) -> "WebProxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

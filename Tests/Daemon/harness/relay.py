"""Between the daemon and its server's component port: it passes on what both say, and stops at a word that a test names."""

import re
import socket
import threading
from collections.abc import Callable

from .ports import LOOPBACK

TO_DAEMON, TO_SERVER = "to the daemon", "to the server"


class _Held:
    """What one connection does not pass on at present, in one direction."""

    def __init__(self, target: socket.socket) -> None:
        self.target = target
        self.data = bytearray()


class Relay:
    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._held: list[_Held] = []
        self._stop: tuple[str, Callable[[bytes], bool]] | None = None
        self._stopped = threading.Event()

    def __enter__(self) -> "Relay":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What tests do

    def stop_at(self, direction: str, word: bytes) -> None:
        """From the next piece on that has the word, nothing passes in this direction, until `go_on` or the connection's end."""
        self._stopped.clear()
        with self._lock:
            self._stop = (direction, lambda data: word in data)

    def stop_at_answer(self, direction: str, word: bytes) -> None:
        """The same for the answer to the request with the word, which passes in this direction."""
        self._stopped.clear()

        def is_request(data: bytes) -> bool:
            before, found, _ = data.partition(word)
            identifiers = re.findall(rb" id=['\"]([^'\"]+)['\"]", before)
            if found and identifiers:
                other = TO_SERVER if direction == TO_DAEMON else TO_DAEMON
                self._stop = (other, lambda answer: identifiers[-1] in answer)
            return False

        with self._lock:
            self._stop = (direction, is_request)

    def await_stop(self) -> None:
        assert self._stopped.wait(60), "what it was to stop at did not come"

    def go_on(self) -> None:
        """Passes on what was stopped, and all that follows it."""
        with self._lock:
            for held in self._held:
                held.target.sendall(held.data)
            self._held = []

    def close(self) -> None:
        """As a server that is down: no connection, and none can be made."""
        if self._listener.fileno() >= 0:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Ends the connections there are. What was stopped is lost."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
            self._held = []
            self._stop = None
        for pair in pairs:
            for each in pair:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    # Threads

    def _accept(self) -> None:
        while True:
            try:
                daemon, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection((LOOPBACK, self._server_port))
            except OSError:
                daemon.close()
                continue
            with self._lock:
                self._pairs.append((daemon, server))
            for direction, source, target in ((TO_DAEMON, server, daemon), (TO_SERVER, daemon, server)):
                threading.Thread(target=self._pass_on, args=(direction, source, target), daemon=True).start()

    def _pass_on(self, direction: str, source: socket.socket, target: socket.socket) -> None:
        held = _Held(target)
        try:
            while data := source.recv(65536):
                with self._lock:
                    if held not in self._held and self._stop and self._stop[0] == direction and self._stop[1](data):
                        self._held.append(held)
                        self._stop = None
                        self._stopped.set()
                    if held in self._held:
                        held.data += data
                        continue
                target.sendall(data)
        except OSError:
            pass
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

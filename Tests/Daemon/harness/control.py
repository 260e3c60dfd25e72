"""A client of the control socket: one JSON object a line, or bytes as a hostile client would send them."""

import json
import os
import pwd
import socket
from dataclasses import dataclass, field
from pathlib import Path

from .waiting import TIMEOUT

Json = dict[str, object]


def _own_name() -> str:
    """As the daemon calls who runs the tests: by the number where there is no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


OWN_NAME = _own_name()


@dataclass
class Answer:
    """What a request was answered with. It unpacks as `rows, texts, events, end`."""

    rows: list[Json] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    end: Json = field(default_factory=dict)

    def __iter__(self):
        return iter((self.rows, self.texts, self.events, self.end))

    @property
    def code(self) -> str:
        return str(self.end.get("code"))


class Control:
    """One session. As a context manager it is closed on the way out."""

    def __init__(self, path: Path | str, *, timeout: float = TIMEOUT, greeted: bool = True) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # While it blocks, it waits for its turn where many connect at once.
        self.socket.connect(str(path))
        self.socket.settimeout(timeout)
        self._received = bytearray()
        self._last_id = 0
        self._messages: list[Json] = []
        self.hello: Json = {}
        if greeted:
            self.hello = self.message()["hello"]

    def __enter__(self) -> "Control":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    # Lines

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def line(self) -> bytes | None:
        """The next line without its end; None when the daemon has closed the session."""
        while (end := self._received.find(b"\n")) < 0:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                assert not self._received, f"the last line has no end: {bytes(self._received)!r}"
                return None
            self._received += data
        line = bytes(self._received[:end])
        del self._received[:end + 1]
        return line

    def until(self, marker: bytes) -> bytes:
        """In plain text: what is received up to and including the marker."""
        while (start := self._received.find(marker)) < 0:
            data = self.socket.recv(65536)
            assert data, f"closed without {marker!r} after {bytes(self._received)!r}"
            self._received += data
        text = bytes(self._received[:start + len(marker)])
        del self._received[:start + len(marker)]
        return text

    def message(self) -> Json:
        """The next message from the daemon."""
        line = self.line()
        assert line is not None, "the daemon closed the session"
        message = json.loads(line)
        assert isinstance(message, dict)
        return message

    def is_closed(self) -> bool:
        """Wait until the daemon ends the session; False when it sends something more."""
        return self.line() is None

    # Requests

    def begin(self, argv: list[str], **members: object) -> int:
        """Ask for a command, and return the id of the request."""
        return self.request(argv=argv, **members)

    def request(self, **members: object) -> int:
        self._last_id += 1
        self.send(json.dumps({"id": self._last_id, **members}).encode() + b"\n")
        return self._last_id

    def cancel(self, identifier: int) -> None:
        self.send(json.dumps({"id": identifier, "cancel": True}).encode() + b"\n")

    def answer(self, identifier: int, text: str | None) -> None:
        self.send(json.dumps({"id": identifier, "answer": text}).encode() + b"\n")

    def next(self, identifier: int, kind: str) -> object:
        """The next part of this kind, such as `event` or `ask`, of the answer to a request; other parts of it before
        are passed over, and what answers other requests is kept."""
        while True:
            message = self._part(identifier)
            if kind in message:
                return message[kind]
            assert "end" not in message, f"the request ended: {message}"

    def finish(self, identifier: int, *, answers: list[str | None] | None = None) -> Answer:
        """Read the answer to a request up to its end. Questions are answered from the list. A file is passed over, and one
        that is asked for is empty."""
        answers = list(answers or [])
        answer = Answer()
        while True:
            message = self._part(identifier)
            if "row" in message:
                answer.rows.append(message["row"])
            elif "text" in message:
                answer.texts.append(message["text"])
            elif "event" in message:
                answer.events.append(message["event"])
            elif "data" in message:
                continue
            elif "ask" in message and message["ask"]["kind"] == "data":
                self.answer(identifier, "")
            elif "ask" in message:
                assert answers, f"asked without an answer: {message}"
                self.answer(identifier, answers.pop(0))
            elif "end" in message:
                answer.end = message["end"]
                return answer
            else:
                assert "progress" in message, message

    def run(self, argv: list[str] | str, *, answers: list[str | None] | None = None, width: int = 0) -> Answer:
        """Run a command to its end. With answers, it is interactive: its questions are answered."""
        words = argv.split() if isinstance(argv, str) else argv
        return self.finish(self.begin(words, width=width, interactive=answers is not None), answers=answers)

    def complete(self, words: list[str]) -> list[str]:
        """What the last of the words could become."""
        answer = self.finish(self.request(complete=words))
        assert answer.code == "ok", answer.end
        return [str(row["value"]) for row in answer.rows]

    def _part(self, identifier: int) -> Json:
        for index, message in enumerate(self._messages):
            if message.get("id") == identifier:
                return self._messages.pop(index)
        while True:
            message = self.message()
            if message.get("id") == identifier:
                return message
            self._messages.append(message)

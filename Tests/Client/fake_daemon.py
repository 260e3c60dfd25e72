"""A daemon on a Unix socket that sends what a test has it send, and records what it receives."""

import json
import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

TIMEOUT = 60  # seconds; only a failing test waits so long

HELLO = {"product": "invited", "version": "9.9", "protocol": 1, "user": "ann", "role": "admin", "hosts": None,
         "registry": "0123456789abcdef"}


def ok(message: str = "") -> dict:
    return {"status": "ok", "code": "ok", "message": message}


def failed(code: str, message: str = "it failed", hint: str | None = None) -> dict:
    end = {"status": "failed", "code": code, "message": message}
    return end | ({"hint": hint} if hint else {})


def encoded(message: dict) -> bytes:
    """As the daemon does it: one line, keys sorted, nothing escaped that need not be."""
    return json.dumps(message, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class Call:
    """One request, seen by what answers it."""

    def __init__(self, session: "Session", request: dict) -> None:
        self.session, self.request = session, request
        self.inbox: queue.Queue[dict] = queue.Queue()

    @property
    def argv(self) -> list[str]:
        return self.request["argv"]

    def say(self, **message: Any) -> None:
        self.session.send({"id": self.request["id"]} | message)

    def row(self, **row: Any) -> None:
        self.say(row=row)

    def rows(self, rows: list[dict]) -> None:
        """Many at once, as who asked for them does not wait long."""
        self.session.raw(b"".join(encoded({"id": self.request["id"], "row": row}) for row in rows))

    def event(self, **event: Any) -> None:
        self.say(event=event)

    def end(self, end: dict | None = None) -> None:
        self.say(end=end or ok())

    def ask(self, **question: Any) -> str | None:
        """Asks, and returns the answer."""
        self.say(ask=question)
        return self.next("answer")["answer"]

    def next(self, key: str) -> dict:
        """The client's next message about this request: an `answer` or a `cancel`."""
        message = self.inbox.get(timeout=TIMEOUT)
        assert key in message, message
        return message


class Session:
    def __init__(self, daemon: "FakeDaemon", connection: socket.socket) -> None:
        self.daemon, self.connection = daemon, connection
        self.calls: dict[int, Call] = {}
        self.sending = threading.Lock()

    def send(self, message: dict) -> None:
        self.raw(encoded(message))

    def raw(self, line: bytes) -> None:
        with self.sending:
            try:
                self.connection.sendall(line)
            except OSError:
                pass

    def run(self) -> None:
        if self.daemon.greeting is not None:
            self.raw(self.daemon.greeting)
        try:
            for line in self.connection.makefile("rb"):
                self.handle(json.loads(line))
        except OSError:
            pass
        finally:
            self.connection.close()

    def handle(self, message: dict) -> None:
        self.daemon.received.put(message)
        if "argv" in message or "complete" in message:
            call = self.calls[message["id"]] = Call(self, message)
            answer = self.daemon.answer if "argv" in message else self.daemon.complete
            threading.Thread(target=answer, args=[call], daemon=True).start()
        elif message["id"] in self.calls:
            call = self.calls[message["id"]]
            if "cancel" in message and "complete" in call.request:
                self.daemon.late.set()
            call.inbox.put(message)


class FakeDaemon:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.greeting: bytes | None = json.dumps({"hello": HELLO}).encode() + b"\n"
        self.received: queue.Queue[dict] = queue.Queue()
        self.answers: dict[str, Callable[[Call], None]] = {}
        self.candidates: list[tuple[str, str]] = []
        # Set once a client has not waited any longer for what could complete a word.
        self.late = threading.Event()
        self.sessions: list[Session] = []
        self.listener: socket.socket | None = None
        self.start()

    def greet(self, **changes: Any) -> None:
        self.greeting = json.dumps({"hello": HELLO | changes}).encode() + b"\n"

    def on(self, line: str, answer: Callable[[Call], None]) -> None:
        """What answers the command whose words are those of the line."""
        self.answers[line] = answer

    def on_rows(self, line: str, *rows: dict, end: dict | None = None) -> None:
        def answer(call: Call) -> None:
            for row in rows:
                call.row(**row)
            call.end(end)

        self.on(line, answer)

    def answer(self, call: Call) -> None:
        answer = self.answers.get(" ".join(call.argv))
        if answer is None:
            call.end(failed("usage.unknown-command", f"there is no command `{call.argv[0]}`", "try `help`"))
        else:
            answer(call)

    def complete(self, call: Call) -> None:
        last = call.request["complete"][-1]
        call.rows([{"value": value, "summary": summary} for value, summary in self.candidates if value.startswith(last)])
        call.end()

    def next(self, key: str) -> dict:
        """The next message that any client has sent, which has this key."""
        message = self.received.get(timeout=TIMEOUT)
        assert key in message, message
        return message

    def start(self) -> None:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self.path))
        listener.listen(64)
        self.listener = listener
        threading.Thread(target=self.accept, args=[listener], daemon=True).start()

    def accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            session = Session(self, connection)
            self.sessions.append(session)
            threading.Thread(target=session.run, daemon=True).start()

    def stop(self) -> None:
        """Acts as a daemon that has ended: its connections are closed, and no process listens."""
        if self.listener is not None:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
            self.path.unlink(missing_ok=True)
        # Whose connection is closed may be back at once, with a session that is not to be ended here.
        sessions, self.sessions = self.sessions, []
        for session in sessions:
            try:
                session.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

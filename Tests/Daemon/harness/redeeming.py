"""A daemon behind a real server with the server module, and those who redeem tokens there."""

import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from prosody_server import SECRET
from server_files import ServerFiles
from servers import Server
from wire import Client, error

from .control import Answer, Control
from .daemon import Daemon
from .installation import Installation
from .module_servers import GREETED, Habits, kind_of
from .relay import Relay
from .waiting import TIMEOUT, await_that



class Invited:
    """The server, the daemon's installation, and the daemon while it runs. The stream between the two runs through `relay`."""

    def __init__(self, server: Server, habits: Habits, installation: Installation, relay: Relay) -> None:
        self.server = server
        self.habits = habits
        self.installation = installation
        self.relay = relay
        self.daemon = Daemon(installation)
        self._transcript = ""

    @classmethod
    @contextmanager
    def running(cls, files: ServerFiles, *, web: str | None = None, **options: object) -> Iterator["Invited"]:
        """Two hosts with open registration; on b.example a user's contact may register. `web` is the URL below which pages are;
        `options` are the server's."""
        path = Path(tempfile.mkdtemp(prefix="invited-redeeming-", dir="/tmp"))
        directory = Path(tempfile.mkdtemp(prefix="invited-", dir="/tmp"))
        kind = kind_of(files)
        server = kind.server(files, path, **{"a": "  allow_registration = true", **options})
        try:
            server.start()
            with Relay(server.component_port) as relay:
                installation = Installation(directory, relay.port, secret=SECRET)
                installation.host("a.example", admins=["admin@a.example"])
                installation.host("b.example", admins=["admin@b.example"], allow_user_invites=True)
                if web:
                    installation.configure(web={"listen": str(installation.web_socket), "base_url": web})
                running = cls(server, kind.habits, installation, relay)
                try:
                    running.start_daemon()
                    yield running
                    running.assert_that_logs_keep_secrets()
                finally:
                    running.daemon.__exit__(None)
        finally:
            server.stop()
            for each in (path, directory):
                shutil.rmtree(each, ignore_errors=True)

    @classmethod
    @contextmanager
    def with_users(cls, files: ServerFiles) -> Iterator["Invited"]:
        """The same, with an admin on each host, alice on the first and bob on the second."""
        with cls.running(files) as running:
            for host, users in {"a.example": ["admin", "alice"], "b.example": ["admin", "bob"]}.items():
                for user in users:
                    running.register(user, host)
            yield running

    @property
    def prosody(self) -> Server:
        """The server, for what only a Prosody has."""
        return self.server

    # Both sides

    def start_daemon(self) -> None:
        with self.greeted():
            self.restart_daemon()

    def restart_daemon(self) -> None:
        self._transcript = self.transcript
        self.daemon = Daemon(self.installation).start()

    @contextmanager
    def greeted(self, *hosts: str) -> Iterator[None]:
        """What is done inside makes these hosts' modules, or those of both, and the daemon know of each other. Each is counted by
        itself: one may greet twice before another does once."""
        def greetings() -> list[int]:
            around = pairwise(self.server.log.split(GREETED))
            lines = [before.rpartition("\n")[2] + after.partition("\n")[0] for before, after in around]
            return [sum(host in line for line in lines) for host in hosts or ("a.example", "b.example")]

        before = greetings()
        yield
        self.await_that(lambda: all(now > then for now, then in zip(greetings(), before, strict=True)), timeout=120)

    @contextmanager
    def logs(self, text: str) -> Iterator[None]:
        """What is done inside has the server log this once more."""
        before = self.server.log.count(text)
        yield
        self.server.await_log(text, before + 1)

    @property
    def transcript(self) -> str:
        """All that the daemon has logged, also before it was started last."""
        return self._transcript + self.daemon.transcript

    def assert_that_logs_keep_secrets(self) -> None:
        """No link and no password that was in use is in what either side has logged, at whatever level."""
        secrets = {token for host in ("a.example", "b.example") for token in self.installation.tokens(host)} | self.passwords
        for log in (self.server.log, self.transcript):
            told = [
                line for line in log.splitlines()
                if any(secret in line for secret in secrets) and not any(own in line for own in self.habits.whole_requests)]
            assert not told, told

    @contextmanager
    def refuses(self, *messages: str, times: int = 1) -> Iterator[None]:
        """The body makes the daemon log so many more lines with one of these messages. Beyond twenty lines in ten seconds the log
        leaves lines out, and the next line says how many."""
        def refusals() -> list[dict[str, object]]:
            lines = [json.loads(line) for line in self.daemon.log_lines if '"refused ' in line]
            return [line for line in lines if str(line["message"]).startswith("refused ")]

        def matching() -> int:
            return sum((line["message"] in messages) + int(str(line.get("held_back", 0))) for line in refusals())

        def is_flood() -> bool:
            times = [datetime.fromisoformat(str(line["time"])) for line in refusals()[-20:]]
            return len(times) == 20 and times[-1] - times[0] <= timedelta(seconds=10)

        before = matching()
        yield
        self.await_that(lambda: matching() >= before + times or is_flood())

    # Users

    # What tests register with, and set with links for a new one.
    passwords = {"a good password", "another password", "a third password"}

    def client(self, host: str) -> Client:
        return self.server.client(host)

    def register(self, username: str, host: str) -> None:
        """An account, without any invite, that is still there when the server dies."""
        with self.client(host) as client:
            assert client.answer(client.register(username)).get("type") == "result"
            if self.habits.writes_accounts_later:
                client.login(username)
                client.answer(client.ask("set", "<do xmlns='urn:tests' action='sync'/>"))

    # Operators

    def run(self, argv: list[str] | str) -> Answer:
        with Control(self.installation.control_socket) as control:
            return control.run(argv)

    def create(self, kind: str, target: str, *options: str) -> str:
        """The token of an invite that an operator makes."""
        answer = self.run(["invite", "create", kind, target, *options])
        assert answer.code == "ok", answer.end
        return token_of(str(answer.rows[0]["uri"]))

    # The disk

    def _rows(self, host: str, sql: str, *values: object) -> list[tuple]:
        with closing(sqlite3.connect(self.installation.database(host))) as connection:
            return connection.execute(sql, values).fetchall()

    def has_account(self, username: str, host: str) -> bool:
        """As the server's files have it, or else a login: a password takes the server long."""
        if self.habits.accounts is None:
            return self.server.has_account(username, host=host)
        encoded = {"host": host, "username": username}
        for key, text in encoded.items():  # as Prosody names files
            encoded[key] = re.sub("[^A-Za-z0-9]", lambda found: "".join(f"%{byte:02x}" for byte in found[0].encode()), text)
        return (self.server.directory / self.habits.accounts.format(**encoded)).exists()

    def number(self, host: str, token: str) -> str:
        """How operators name the invite."""
        ((number,),) = self._rows(host, "SELECT id FROM invite WHERE token = ?", token)
        return str(number)

    def state(self, host: str, token: str) -> str:
        """As operators are shown it."""
        answer = self.run(["invite", "show", host, self.number(host, token)])
        assert answer.code == "ok", answer.end
        return str(answer.rows[0]["state"])

    def await_state(self, host: str, token: str, state: str) -> None:
        self.await_that(lambda: self.state(host, token) == state)

    def await_tasks(self, host: str) -> None:
        """What follows from redemptions is done: the daemon asks the host's server for nothing more."""
        self.await_that(lambda: self._rows(host, "SELECT 1 FROM task WHERE done_at IS NULL") == [], timeout=100)

    def await_that(self, holds: Callable[[], object], timeout: float = TIMEOUT) -> None:
        await_that(holds, timeout=timeout)

    def redemptions(self, host: str, token: str) -> list[tuple[str, str]]:
        """Account and state of each, without those that were given back."""
        return self._rows(host, "SELECT account, state FROM redemption JOIN invite ON invite.id = redemption.invite "
                          "WHERE token = ? AND state <> 'released' ORDER BY redemption.id", token)


def assert_one_account(invited: Invited, host: str, token: str, username: str) -> bool:
    """Whatever the outcome of the attempt to register `username`, the invite of one use makes one account: that one, or the one
    of the next attempt. Returns whether it is that one."""
    other = f"{username}-other"
    outcomes: list[tuple[str, str] | None] = []

    def is_settled() -> bool:
        outcomes.append(friend(invited, host, token, other))
        # The first attempt may hold the use, or may have used it up since this one's token was found good.
        return outcomes[-1] not in (("wait", "resource-constraint"), ("cancel", "not-allowed"))

    invited.await_that(is_settled)
    made = [each for each in (username, other) if invited.has_account(each, host)]
    assert len(made) == 1, made
    assert outcomes[-1] == (None if made == [other] else ("cancel", "item-not-found"))
    invited.await_that(lambda: invited.redemptions(host, token) == [(made[0], "confirmed")])
    assert invited.state(host, token) == "used"
    return made == [username]


def token_of(link: str) -> str:
    found = re.search("preauth=([A-Za-z0-9]+)", link)
    assert found, link
    return found[1]


def friend(invited: Invited, host: str, token: str, username: str) -> tuple[str, str] | None:
    """Registers with a token, as clients do; returns the error, if any."""
    with invited.client(host) as client:
        reply = client.answer(client.preauth(token))
        if reply.get("type") == "result":
            reply = client.answer(client.register(username))
        if reply.get("type") == "error":
            return error(reply)
        assert client.authenticate(username)
    return None

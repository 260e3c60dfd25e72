"""A daemon behind a real Prosody with the server module, and those who redeem tokens there."""

import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from prosody_server import SECRET, Prosody
from server_files import ServerFiles
from wire import Client, error

from .control import Answer, Control
from .daemon import Daemon
from .installation import Installation
from .relay import Relay

PATIENCE = 30


class Invited:
    """The server, the daemon's installation, and the daemon while it runs. What the two say to each other goes through `relay`."""

    def __init__(self, prosody: Prosody, installation: Installation, relay: Relay) -> None:
        self.prosody = prosody
        self.installation = installation
        self.relay = relay
        self.daemon = Daemon(installation)

    @classmethod
    @contextmanager
    def running(cls, files: ServerFiles, *, web: str | None = None) -> Iterator["Invited"]:
        """Two hosts that let everybody register; on b.example a user's contact may register.

        `web` is the URL below which pages are."""
        path = Path(tempfile.mkdtemp(prefix="invited-redeeming-", dir="/tmp"))
        directory = Path(tempfile.mkdtemp(prefix="invited-", dir="/tmp"))
        prosody = Prosody(files, path, a="  allow_registration = true")
        try:
            prosody.start()
            with Relay(prosody.component_port) as relay:
                installation = Installation(directory, relay.port, secret=SECRET)
                installation.host("a.example", admins=["admin@a.example"])
                installation.host("b.example", admins=["admin@b.example"], allow_user_invites=True)
                if web:
                    installation.configure(web={"listen": str(installation.web_socket), "base_url": web})
                running = cls(prosody, installation, relay)
                try:
                    running.start_daemon()
                    yield running
                finally:
                    running.daemon.__exit__(None)
        finally:
            prosody.stop()
            for each in (path, directory):
                shutil.rmtree(each, ignore_errors=True)

    # Both sides

    def start_daemon(self) -> None:
        with self.greeted():
            self.restart_daemon()

    def restart_daemon(self) -> None:
        self.daemon = Daemon(self.installation).start()

    @contextmanager
    def greeted(self) -> Iterator[None]:
        """What is done inside makes both hosts' modules and the daemon know of each other."""
        before = self.prosody.log.count("speaks for invites of this host")
        yield
        self.prosody.await_log("speaks for invites of this host", before + 2)

    # Users

    def client(self, host: str) -> Client:
        return self.prosody.client(host)

    def register(self, username: str, host: str) -> None:
        """An account, without any invite."""
        with self.client(host) as client:
            assert client.answer(client.register(username)).get("type") == "result"

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

    def prosody_store(self, host: str) -> str:
        """What the module keeps for the time when the daemon is away."""
        paths = (self.prosody.directory / "data" / host.replace(".", "%2e")).glob("invited_settings.*")
        return "".join(path.read_text() for path in paths)

    def await_that(self, holds, timeout: float = PATIENCE) -> None:
        deadline = time.monotonic() + timeout
        while not holds():
            assert time.monotonic() < deadline, "it did not come to that"
            time.sleep(0.05)

    def redemptions(self, host: str, token: str) -> list[tuple[str, str]]:
        """Account and state of each, without those that were given back."""
        return self._rows(host, "SELECT account, state FROM redemption JOIN invite ON invite.id = redemption.invite "
                          "WHERE token = ? AND state <> 'released' ORDER BY redemption.id", token)


def token_of(link: str) -> str:
    found = re.search("preauth=([A-Za-z0-9]+)", link)
    assert found, link
    return found[1]


def friend(invited: Invited, host: str, token: str, username: str) -> tuple[str, str] | None:
    """Somebody with a link registers, as clients do; the error, where there is one."""
    with invited.client(host) as client:
        reply = client.answer(client.preauth(token))
        if reply.get("type") == "result":
            reply = client.answer(client.register(username))
        if reply.get("type") == "error":
            return error(reply)
        assert client.authenticate(username)
    return None

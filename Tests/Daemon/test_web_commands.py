"""Pages where the server does not have our module: accounts by the commands of XEP-0133. Pages show what cannot be done."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.client import PASSWORD as ALICES
from harness.control import Answer, Control
from harness.daemon import Daemon
from harness.ejabberd import Ejabberd
from harness.installation import COMPONENT, SECRET, Installation
from harness.prosody import Prosody
from harness.redeeming import token_of
from harness.waiting import await_that
from harness.web import BASE, Browser, Reply
from server_files import ServerFiles, ejabberds, prosodies
from wire import Client, Ended, unique

HOST = "a.example"
PASSWORD = "correct horse battery"
# Prosody lets a component that is granted rosters set them to `both`; ejabberd leaves subscriptions alone, whatever it grants.
SETS_CONTACTS = {"prosody": True, "ejabberd": False}


@dataclass(frozen=True)
class Setting:
    """A daemon and its server without the module."""

    files: ServerFiles
    server: Prosody | Ejabberd
    daemon: Daemon

    @property
    def sets_contacts(self) -> bool:
        return SETS_CONTACTS[self.files.name]

    @property
    def browser(self) -> Browser:
        """A new visitor."""
        return Browser(self.daemon.installation.web_socket)

    def client(self) -> Client:
        return Client(self.server.client_port, HOST)

    def authenticates(self, username: str, password: str) -> bool:
        with self.client() as client:
            return client.authenticate(username, password)

    def roster(self, username: str, password: str) -> dict[str, str]:
        with self.client() as client:
            return client.login(username, password).roster()

    def run(self, argv: list[str]) -> Answer:
        with Control(self.daemon.installation.control_socket) as control:
            answer = control.run(argv)
        assert answer.code == "ok", answer.end
        return answer

    def create(self, kind: str, target: str, *options: str) -> str:
        return token_of(str(self.run(["invite", "create", kind, target, *options]).rows[0]["uri"]))


@pytest.fixture(scope="module", params=[*prosodies(), *ejabberds()], ids=str)
def setting(request: pytest.FixtureRequest) -> Iterator[Setting]:
    files: ServerFiles = request.param
    path, directory = (Path(tempfile.mkdtemp(prefix="invited-", dir="/tmp")) for _ in range(2))
    server = (Prosody(files, path, COMPONENT, SECRET, [HOST, "b.example"]) if files.name == "prosody"
              else Ejabberd(files, path, [COMPONENT], SECRET, [HOST, "b.example"]))
    try:
        for user in ("admin", "alice"):
            server.register(f"{user}@{HOST}", ALICES)
        server.start()
        installation = Installation(directory, server.component_port)
        installation.host(HOST, admins=[f"admin@{HOST}"], accounts="xep-0133", allow_user_invites=True)
        installation.configure(web={"listen": str(installation.web_socket), "base_url": BASE})
        with Daemon(installation) as daemon:
            daemon.await_log("pages are served")
            daemon.await_log("connected to the server")
            yield Setting(files, server, daemon)
    finally:
        server.stop()
        for each in (path, directory):
            shutil.rmtree(each, ignore_errors=True)


@pytest.fixture
def username() -> str:
    return unique("guest")


def registered(setting: Setting, token: str, username: str) -> Reply:
    """The page after a registration."""
    reply = setting.browser.register(HOST, token, username, PASSWORD)
    assert reply.status == 200, reply.text
    return reply


def test_a_guest_registers(setting: Setting, username: str) -> None:
    token = setting.create("account", HOST)
    done = registered(setting, token, username)
    assert f"{username}@{HOST}" in done.text and PASSWORD.encode() not in done.body
    assert setting.authenticates(username, PASSWORD)
    assert setting.browser.get(f"/{HOST}/{token}").status == 410


def test_the_contact_is_made_or_the_page_says_how(setting: Setting, username: str) -> None:
    token = setting.create("account", HOST, "--contact", f"alice@{HOST}")
    page = setting.browser.get(f"/{HOST}/{token}")
    assert f"alice@{HOST}" in page.text
    done = registered(setting, token, username)
    is_said = f"alice@{HOST} is in your contact list already." in done.text
    is_shown_how = f"To add alice@{HOST} to your contacts, open this link once you have logged in:" in done.text
    uri = f'href="xmpp:alice@{HOST}?roster'
    assert (is_said, is_shown_how, uri in done.body.decode()) == (
        (True, False, False) if setting.sets_contacts else (False, True, True))
    if setting.sets_contacts:
        await_that(lambda: setting.roster(username, PASSWORD) == {f"alice@{HOST}": "both"})
        await_that(lambda: setting.roster("alice", ALICES).get(f"{username}@{HOST}") == "both")
    else:
        assert setting.roster(username, PASSWORD) == {}


def test_a_taken_name_is_said_and_costs_no_use(setting: Setting, username: str) -> None:
    token = setting.create("account", HOST)
    browser = setting.browser
    taken = browser.register(HOST, token, "alice", PASSWORD)
    assert taken.status == 422 and "This username is taken." in taken.text
    assert setting.authenticates("alice", ALICES) and not setting.authenticates("alice", PASSWORD)
    again = browser.post(f"/{HOST}/{token}/register", taken.form | {"username": username, "password": PASSWORD})
    assert again.status == 200
    assert setting.authenticates(username, PASSWORD)


def test_a_password_is_reset_once(setting: Setting, username: str) -> None:
    registered(setting, setting.create("account", HOST), username)
    token = setting.create("reset", f"{username}@{HOST}")
    browser = setting.browser
    with setting.client().login(username, PASSWORD) as session:
        done = browser.reset(HOST, token, "another good password")
        assert done.status == 200 and f"{username}@{HOST}" in done.text
        # The open session was authenticated with the old password.
        with pytest.raises(Ended):
            session.until(lambda _: False)
    assert setting.authenticates(username, "another good password")
    assert not setting.authenticates(username, PASSWORD)
    assert browser.get(f"/{HOST}/{token}/reset").status == 410


def test_without_any_way_to_make_accounts_there_is_no_form(setting: Setting, username: str) -> None:
    token = setting.create("account", HOST)
    installation = setting.daemon.installation
    keys = {"admins": [f"admin@{HOST}"], "allow_user_invites": True}
    form = setting.browser.get(f"/{HOST}/{token}/register").form
    installation.host(HOST, accounts="none", **keys)
    setting.run(["config", "apply", "--yes"])
    try:
        landing = setting.browser.get(f"/{HOST}/{token}")
        assert landing.status == 200 and "/register" not in landing.body.decode()
        assert setting.browser.get(f"/{HOST}/{token}/register").status == 503
        sent = setting.browser.post(f"/{HOST}/{token}/register", form | {"username": username, "password": PASSWORD})
        assert sent.status == 503
        assert not setting.authenticates(username, PASSWORD)
    finally:
        installation.host(HOST, accounts="xep-0133", **keys)
        setting.run(["config", "apply", "--yes"])
    sent = setting.browser.post(f"/{HOST}/{token}/register", form | {"username": username, "password": PASSWORD})
    assert sent.status == 200
    assert setting.authenticates(username, PASSWORD)


def test_a_name_is_answered_while_it_is_typed(setting: Setting, username: str) -> None:
    """XEP-0133's commands suffice for that, too."""
    token = setting.create("account", HOST)
    browser = setting.browser
    seal = browser.get(f"/{HOST}/{token}/register").form["seal"]
    states = [json.loads(browser.ask(HOST, token, name, seal).body)["state"] for name in (username, "alice", "two words")]
    assert states == ["free", "taken", "invalid"]

"""The daemon, its server or the connection ends at each step of a form: who presses the button once more has one account, and no use
is lost or made twice."""

import http.client
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from harness.redeeming import Invited
from harness.relay import TO_SERVER
from harness.web import BASE, Browser
from server_files import ejabberds, prosodies
from test_isolation import small_disk
from wire import unique

HOST = "b.example"
PASSWORD = "correct horse battery"
# Both ejabberds have the same module, and what else may differ is in test_web.py.
WITH_MODULE = [*prosodies(), *ejabberds()[-1:]]


@pytest.fixture(scope="module", params=WITH_MODULE, ids=str)
def invited(request: pytest.FixtureRequest) -> Iterator[Invited]:
    """What a test ends is started again after it."""
    with Invited.running(request.param, web=BASE) as running:
        running.register("bob", HOST)
        running.daemon.await_log("pages are served")
        yield running


def stop_at(invited: Invited, moment: str) -> None:
    match moment:
        case "before the name is asked for":
            invited.relay.stop_at(TO_SERVER, b"<exists ")
        case "reserved":
            invited.relay.stop_at(TO_SERVER, b"<create ")
        case "account made":
            invited.relay.stop_at_answer(TO_SERVER, b"<create ")
        case "contact asked for":
            invited.relay.stop_at(TO_SERVER, b"<contacts ")


def end(invited: Invited, what: str) -> None:
    """Both are there again, and have greeted each other, when this returns."""
    with invited.greeted():
        match what:
            case "daemon":
                invited.daemon.kill()
                invited.relay.cut()
                invited.restart_daemon()
            case "server":
                invited.server.kill()
                invited.relay.cut()
                invited.server.start()
            case "connection":
                invited.relay.cut()
    invited.await_that(lambda: invited.daemon.logged("pages are served") > 0)


class Form:
    """One guest with a link of one use, and the form open."""

    def __init__(self, invited: Invited) -> None:
        self.invited = invited
        self.username = unique("guest")
        self.browser = Browser(invited.installation.web_socket)
        self.token = invited.create("account", HOST, "--contact", f"bob@{HOST}")
        self.target = f"/{HOST}/{self.token}/register"
        self.fields = self.browser.get(self.target).form | {"username": self.username, "password": PASSWORD}

    def press(self) -> int:
        """The status; 0 where the answer was lost."""
        try:
            return self.browser.post(self.target, self.fields).status
        except (OSError, http.client.HTTPException):
            return 0

    def assert_made(self) -> None:
        self.invited.await_that(
            lambda: self.invited.redemptions(HOST, self.token) == [(self.username, "confirmed")], timeout=150)
        assert self.invited.server.has_account(self.username, PASSWORD, HOST)
        assert self.invited.state(HOST, self.token) == "used"
        self.invited.await_that(self.has_contact)
        # Once more changes nothing.
        assert self.press() == 200
        assert self.invited.redemptions(HOST, self.token) == [(self.username, "confirmed")]
        # The next test stops at its own requests.
        self.invited.await_tasks(HOST)

    def has_contact(self) -> bool:
        with self.invited.client(HOST) as client:
            if client.login(self.username, PASSWORD).roster() != {f"bob@{HOST}": "both"}:
                return False
        with self.invited.client(HOST) as bob:
            return bob.login("bob").roster().get(f"{self.username}@{HOST}") == "both"


MOMENTS = ["before the name is asked for", "reserved", "account made", "contact asked for"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("what", ["daemon", "server", "connection"])
def test_the_button_is_pressed_again(invited: Invited, what: str, moment: str) -> None:
    form = Form(invited)
    stop_at(invited, moment)
    statuses: list[int] = []
    pressed = threading.Thread(target=lambda: statuses.append(form.press()))
    pressed.start()
    invited.relay.await_stop()
    if moment == "contact asked for":
        # The account exists, and the visitor is told so without waiting for the contact.
        pressed.join(60)
    end(invited, what)
    pressed.join(60)
    # Before that the answer was lost, or the form is shown again; or the account, of which the daemon did not hear, was found over the
    # next connection.
    if moment == "contact asked for":
        assert statuses[0] == 200
    else:
        assert statuses[0] in ([0, 503, 200] if moment == "account made" and what != "daemon" else [0, 503])
    assert form.press() == 200
    form.assert_made()


@pytest.mark.parametrize("invited", prosodies()[:1], ids=str, indirect=True)
def test_nobody_presses_again(invited: Invited) -> None:
    """Slow, since it waits for the deadline: the daemon asks for the account, which exists. The deadline is the daemon's own, so one
    server is enough."""
    form = Form(invited)
    stop_at(invited, "account made")
    pressed = threading.Thread(target=form.press)
    pressed.start()
    invited.relay.await_stop()
    end(invited, "daemon")
    pressed.join(60)
    form.assert_made()


def test_the_server_is_away(invited: Invited) -> None:
    """The form stays usable, and works as soon as the server is back."""
    form = Form(invited)
    invited.server.kill()
    page = form.browser.post(form.target, form.fields)
    assert page.status == 503
    assert page.headers["Retry-After"]
    assert page.form["username"] == form.username
    assert form.browser.get(f"/{HOST}/{form.token}").status == 200
    with invited.greeted():
        invited.server.start()
    assert form.browser.post(form.target, page.form | {"password": PASSWORD}).status == 200
    form.assert_made()


def test_a_reset_is_spent_before_the_password_is_set(invited: Invited) -> None:
    """The next daemon does not know the outcome: the link is spent, also for the page that is still open."""
    username = unique("resets")
    invited.register(username, HOST)
    browser = Browser(invited.installation.web_socket)
    token = invited.create("reset", f"{username}@{HOST}")
    target = f"/{HOST}/{token}/reset"
    fields = browser.get(target).form | {"password": PASSWORD}
    invited.relay.stop_at_answer(TO_SERVER, b"<password ")
    statuses: list[int] = []

    def press() -> None:
        try:
            statuses.append(browser.post(target, fields).status)
        except (OSError, http.client.HTTPException):
            statuses.append(0)

    pressed = threading.Thread(target=press)
    pressed.start()
    invited.relay.await_stop()
    assert invited.state(HOST, token) == "used"
    end(invited, "daemon")
    pressed.join(60)
    assert browser.get(target).status == 410
    assert browser.post(target, fields | {"password": f"{PASSWORD} again"}).status == 410
    with invited.client(HOST) as client:
        assert not client.authenticate(username, f"{PASSWORD} again")
    again = f"/{HOST}/{invited.create('reset', f'{username}@{HOST}')}/reset"
    assert browser.post(again, browser.get(again).form | {"password": PASSWORD}).status == 200
    with invited.client(HOST) as client:
        assert client.authenticate(username, PASSWORD)


@pytest.mark.parametrize("invited", prosodies()[:1], ids=str, indirect=True)
def test_full_disk(invited: Invited, small_disk: Path) -> None:
    """Pages are shown, no account is made without a stored reservation, and the form works when there is room again."""
    database = invited.installation.database(HOST)
    moved = small_disk / database.name

    def restart(action: Callable[[], None]) -> None:
        with invited.greeted():
            invited.daemon.kill()
            invited.relay.cut()
            action()
            invited.restart_daemon()
        invited.await_that(lambda: invited.daemon.logged("pages are served") > 0)

    def move_to_small_disk() -> None:
        with closing(sqlite3.connect(database)) as connection:
            # The log of what earlier tests have written would not fit.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.move(database, moved)
        database.symlink_to(moved)

    def move_back() -> None:
        database.unlink()
        for part in small_disk.glob(f"{moved.name}*"):
            shutil.move(part, database.parent / part.name)

    restart(move_to_small_disk)
    form = Form(invited)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"\0" * 4096):
            pass
    assert form.press() == 503
    assert form.browser.get(f"/{HOST}/{form.token}").status == 200
    assert not invited.server.has_account(form.username, PASSWORD, HOST)
    filler.unlink()
    invited.daemon.await_log("host recovered", host=HOST, timeout=100)
    assert form.press() == 200
    form.assert_made()
    restart(move_back)

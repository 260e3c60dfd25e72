"""The answers about a name while it is typed into the form for an account, behind each real server that has the module."""

import json
import threading
from collections.abc import Iterator

import pytest

from harness.redeeming import Invited
from harness.relay import TO_SERVER
from harness.web import BASE, Browser, Reply, within_one_window
from server_files import ejabberds, prosodies
from wire import unique

HOST = "b.example"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module", params=[*prosodies(), *ejabberds()], ids=str)
def invited(request: pytest.FixtureRequest) -> Iterator[Invited]:
    with Invited.running(request.param, web=BASE) as running:
        running.register("bob", HOST)
        running.daemon.await_log("pages are served")
        yield running


@pytest.fixture
def username() -> str:
    return unique("guest")


class Form:
    """One that was opened, of a link with one use."""

    def __init__(self, invited: Invited, *options: str) -> None:
        self.browser = Browser(invited.installation.web_socket)
        self.token = invited.create("account", HOST, *options)
        self.fields = self.browser.get(f"/{HOST}/{self.token}/register").form

    def ask(self, username: str, browser: Browser | None = None, **headers: str) -> Reply:
        return (browser or self.browser).ask(HOST, self.token, username, self.fields["seal"], **headers)

    def state(self, username: str, browser: Browser | None = None) -> str:
        reply = self.ask(username, browser)
        assert reply.status == 200, reply.text
        return json.loads(reply.body)["state"]


def test_names_that_are_free_taken_held_or_none(invited: Invited, username: str) -> None:
    form = Form(invited)
    invited.create("account", HOST, "--username", f"{username}-fixed")
    for name, state in [(username, "free"), (username.upper(), "free"), (f" {username}@{HOST} ", "free"), ("bob", "taken"),
                        ("BOB", "taken"), (f"{username}-fixed", "taken"), ("two words", "invalid"), ("", "invalid"),
                        ("x" * 1024, "invalid"), (f"{username}@elsewhere.example", "invalid")]:
        assert form.state(name) == state, name
    # No use is held, and no name.
    assert invited.redemptions(HOST, form.token) == []
    assert invited.state(HOST, form.token) == "open"
    done = form.browser.post(f"/{HOST}/{form.token}/register",
                             form.fields | {"username": username, "password": PASSWORD})
    assert done.status == 200
    # The form that has made an account learns nothing about other names.
    assert [form.state(name) for name in (username, "bob", f"{username}-2")] == ["possible"] * 3
    assert Form(invited).state(username) == "taken"


def test_the_answer_is_in_the_visitors_language(invited: Invited, username: str) -> None:
    form = Form(invited)
    reply = form.ask(username, Accept_Language="de")
    assert json.loads(reply.body) == {"state": "free", "text": f"\u2068{username}@{HOST}\u2069 ist noch frei."}
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Content-Language"] == "de"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in reply.headers and "Link" not in reply.headers


def test_a_name_that_another_form_holds_is_taken(invited: Invited, username: str) -> None:
    """Until the outcome of the attempt is known. For the form of that attempt, the name may be its own."""
    form, other = Form(invited), Form(invited)
    invited.relay.stop_at(TO_SERVER, b"<create ")
    fields = form.fields | {"username": username, "password": PASSWORD}
    pressed = threading.Thread(target=form.browser.post, args=(f"/{HOST}/{form.token}/register", fields))
    pressed.start()
    invited.relay.await_stop()
    assert other.state(username) == "taken"
    assert form.state(username) == "possible"
    invited.relay.go_on()
    pressed.join(60)
    assert invited.redemptions(HOST, form.token) == [(username, "confirmed")]


def test_only_who_has_the_form_is_answered(invited: Invited, username: str) -> None:
    form, other = Form(invited), Form(invited)
    assert form.browser.get(f"/{HOST}/{form.token}/register/username").status == 405
    assert form.browser.ask(HOST, form.token, username, "").status == 403
    assert form.browser.ask(HOST, form.token, username, other.fields["seal"]).status == 403
    for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "", "Origin": "https://evil.example"}):
        assert form.ask(username, **headers).status == 403
    assert form.browser.ask(HOST, "AAAAAAAAAAAA", username, form.fields["seal"]).status == 403
    assert invited.run(["invite", "revoke", HOST, invited.number(HOST, form.token), "--yes"]).code == "ok"
    assert form.ask("bob").status == 410


def test_who_has_no_name_to_choose_is_not_answered(invited: Invited, username: str) -> None:
    """With an invite for one name, with a contact's, with a reset, whose seals are as good as any."""
    fixed = Form(invited, "--username", username)
    assert fixed.ask("bob").status == 404
    browser = Browser(invited.installation.web_socket)
    invited.register(username + "-resets", HOST)
    reset = invited.create("reset", f"{username}-resets@{HOST}")
    seal = browser.get(f"/{HOST}/{reset}/reset").form["seal"]
    assert browser.ask(HOST, reset, "bob", seal).status == 404


def test_nobody_lists_who_has_an_account(invited: Invited, username: str) -> None:
    """A token and an address get so many answers an hour, and then only the address that a name makes. The form stays usable."""
    def from_everywhere() -> tuple[Form, list[str]]:
        form = Form(invited)
        return form, [form.state("bob", Browser(invited.installation.web_socket)) for _ in range(61)]

    def with_many_tokens() -> tuple[Form, list[str]]:
        browser = Browser(invited.installation.web_socket)
        forms = [Form(invited) for _ in range(4)]
        return forms[0], [forms[number % 4].state("bob", browser) for number in range(61)]

    form, states = within_one_window(from_everywhere, 3600)
    assert states == ["taken"] * 60 + ["possible"]
    # With another token, they may; an address that asks with many, not.
    other, states = within_one_window(with_many_tokens, 3600)
    assert states == ["taken"] * 60 + ["possible"]
    assert other.state("bob") == "taken"
    done = form.browser.post(f"/{HOST}/{form.token}/register",
                             form.fields | {"username": username, "password": PASSWORD})
    assert done.status == 200


def test_the_server_is_away(invited: Invited, username: str) -> None:
    form = Form(invited)
    invited.server.kill()
    try:
        assert form.state(username) == "possible"
        assert form.state("two words") == "invalid"
    finally:
        with invited.greeted():
            invited.server.start()
    assert form.state(username) == "free"


def test_what_is_typed_is_in_no_log(invited: Invited, username: str) -> None:
    form = Form(invited)
    assert form.state(username) == "free"
    log = invited.daemon.transcript
    assert form.token not in log and username not in log

"""Pages, as a browser without JavaScript sees them, with a daemon behind real servers that have the server module."""

import threading
from collections.abc import Iterator

import pytest

from harness.redeeming import Invited, token_of
from harness.stanzas import INVITE, Invitation, command
from harness.web import AUTHORITY, BASE, Browser, Reply, path_of, within_one_window
from server_files import ServerFiles, ejabberds, prosodies
from wire import unique

HOST = "b.example"
PASSWORD = "correct horse battery"
# Each server that there is a module for.
WITH_MODULE = [*prosodies(), *ejabberds()]


@pytest.fixture(scope="module", params=WITH_MODULE, ids=str)
def invited(request: pytest.FixtureRequest) -> Iterator[Invited]:
    with Invited.running(request.param, web=BASE) as running:
        running.register("bob", HOST)
        running.daemon.await_log("pages are served")
        yield running


@pytest.fixture
def browser(invited: Invited) -> Browser:
    return Browser(invited.installation.web_socket)


@pytest.fixture
def username() -> str:
    return unique("guest")


def users_link(invited: Invited) -> Invitation:
    with invited.client(HOST).login("bob") as bob:
        return Invitation.of(bob.answer(bob.ask("set", command(INVITE))))


def assert_contacts(invited: Invited, username: str, password: str = PASSWORD) -> None:
    """The new user can log in, and is in the inviter's roster as the inviter is in theirs."""
    def are_contacts() -> bool:
        with invited.client(HOST) as client:
            if client.login(username, password).roster() != {f"bob@{HOST}": "both"}:
                return False
        with invited.client(HOST) as bob:
            return bob.login("bob").roster().get(f"{username}@{HOST}") == "both"
    invited.await_that(are_contacts)


def test_a_guest_registers_and_has_the_contact(invited: Invited, browser: Browser, username: str) -> None:
    link = users_link(invited)
    token = token_of(link.uri)
    assert link.landing_url == f"{BASE}{HOST}/{token}"
    page = browser.get(path_of(link.landing_url))
    assert page.status == 200
    assert page.headers["Link"] == f'<{link.uri}>; rel="alternate"'
    assert f"bob@{HOST}" in page.text
    done = browser.register(HOST, token, username, PASSWORD)
    assert done.status == 200, done.text
    assert f"{username}@{HOST}" in done.text
    assert PASSWORD.encode() not in done.body
    assert invited.state(HOST, token) == "used"
    assert_contacts(invited, username)
    # The page shows that it is used.
    assert browser.get(f"/{HOST}/{token}").status == 410
    assert "Link" not in browser.get(f"/{HOST}/{token}").headers


def test_looking_consumes_nothing(invited: Invited, browser: Browser, username: str) -> None:
    """Scanners of mail open every link, and what is behind it."""
    token = invited.create("account", HOST)
    for _ in range(3):
        for path in ["", "/register"]:
            assert browser.get(f"/{HOST}/{token}{path}").status == 200
            assert browser.request("HEAD", f"/{HOST}/{token}{path}").status == 200
    assert invited.state(HOST, token) == "open"
    assert invited.redemptions(HOST, token) == []
    assert browser.register(HOST, token, username, PASSWORD).status == 200


def test_the_same_form_twice_makes_one_account(invited: Invited, browser: Browser, username: str) -> None:
    token = invited.create("account", HOST)
    target = f"/{HOST}/{token}/register"
    form = browser.get(target).form | {"username": username, "password": PASSWORD}
    replies: list[int] = []
    threads = [threading.Thread(target=lambda: replies.append(browser.post(target, form).status)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == [200, 200, 200]
    assert invited.redemptions(HOST, token) == [(username, "confirmed")]


def test_a_taken_name_costs_no_use(invited: Invited, browser: Browser, username: str) -> None:
    token = invited.create("account", HOST)
    taken = browser.register(HOST, token, "bob", PASSWORD)
    assert taken.status == 422
    assert taken.has_form
    assert invited.redemptions(HOST, token) == []
    again = browser.post(f"/{HOST}/{token}/register", taken.form | {"username": username, "password": PASSWORD})
    assert again.status == 200
    assert invited.redemptions(HOST, token) == [(username, "confirmed")]


@pytest.mark.parametrize("password", ["", "short", "password1", "x" * 1024, "has a \x07 bell"])
def test_bad_passwords_show_the_form_again(invited: Invited, browser: Browser, username: str, password: str) -> None:
    token = invited.create("account", HOST)
    page = browser.register(HOST, token, username, password)
    assert page.status == 422
    assert page.form["username"] == username
    assert not password or password.encode() not in page.body.replace(b'name="password"', b"").replace(
        b'type="password"', b"") or password == "short"
    assert invited.redemptions(HOST, token) == []
    assert not invited.server.has_account(username, PASSWORD, HOST)


def test_a_name_is_shown_as_it_will_be_before_it_is_made(invited: Invited, browser: Browser, username: str) -> None:
    token = invited.create("account", HOST)
    page = browser.register(HOST, token, username.upper(), PASSWORD)
    assert page.status == 200
    assert page.has_form
    assert f"{username}@{HOST}" in page.text
    assert not invited.server.has_account(username, PASSWORD, HOST)
    done = browser.post(f"/{HOST}/{token}/register", page.form | {"password": PASSWORD})
    assert done.status == 200
    assert invited.server.has_account(username, PASSWORD, HOST)


def test_a_fixed_name_is_the_name(invited: Invited, browser: Browser, username: str) -> None:
    token = invited.create("account", HOST, "--username", username)
    done = browser.register(HOST, token, "somebody-else", PASSWORD)
    assert done.status == 200
    assert invited.redemptions(HOST, token) == [(username, "confirmed")]


def test_a_password_is_reset_once(invited: Invited, browser: Browser, username: str) -> None:
    invited.register(username, HOST)
    with invited.client(HOST) as session:
        session.login(username)
        token = invited.create("reset", f"{username}@{HOST}")
        assert browser.get(f"/{HOST}/{token}").status == 200
        done = browser.reset(HOST, token, PASSWORD)
        assert done.status == 200
        assert PASSWORD.encode() not in done.body
    with invited.client(HOST) as client:
        assert client.authenticate(username, PASSWORD)
    with invited.client(HOST) as client:
        assert not client.authenticate(username)
    assert browser.get(f"/{HOST}/{token}/reset").status == 410
    # A reset makes no account, and an account's link resets nothing.
    assert browser.get(f"/{HOST}/{token}/register").status == 410


@pytest.mark.parametrize("path,status", [
    ("/", 404), (f"/{HOST}", 404), ("/no.example/AAAAAAAAAAAA", 404), (f"/{HOST}/AAAAAAAAAAAA", 404),
    (f"/{HOST}/not-a-token", 404), ("/%2e%2e/x", 400), ("//x", 400), (f"/{HOST}/%ff", 400), ("/-/static/none", 404),
    ("/-/x", 404),
])
def test_what_is_not_there(browser: Browser, path: str, status: int) -> None:
    reply = browser.get(path)
    assert reply.status == status
    assert "Link" not in reply.headers


def test_each_end_of_an_invite_has_a_page_of_its_own(invited: Invited, browser: Browser) -> None:
    token = invited.create("account", HOST)
    number = invited.number(HOST, token)
    assert invited.run(["host", "suspend", HOST]).code == "ok"
    try:
        assert browser.get(f"/{HOST}/{token}").status == 503
    finally:
        assert invited.run(["host", "resume", HOST]).code == "ok"
    # The last of them is known from the ones before.
    for _ in range(3):
        assert browser.get(f"/{HOST}/{token}").status == 200
    assert invited.run(["invite", "revoke", HOST, number, "--yes"]).code == "ok"
    assert browser.get(f"/{HOST}/{token}").status == 410


def test_another_server_is_not_ours(invited: Invited) -> None:
    browser = Browser(invited.installation.web_socket, authority="other.example")
    assert browser.get("/").status == 421


def test_pages_say_what_browsers_may_do(invited: Invited, browser: Browser) -> None:
    token = invited.create("account", HOST)
    page = browser.get(f"/{HOST}/{token}")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert page.headers["Strict-Transport-Security"]
    assert page.headers["Access-Control-Allow-Origin"] == "*"
    assert page.headers["Access-Control-Expose-Headers"] == "Link"
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
    form = browser.get(f"/{HOST}/{token}/register")
    assert "Access-Control-Allow-Origin" not in form.headers
    assert form.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in form.headers


@pytest.mark.parametrize("headers", [
    {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Sec_Fetch_Site": "", "Origin": "null"},
])
def test_other_sites_post_nothing(invited: Invited, browser: Browser, username: str, headers: dict[str, str]) -> None:
    token = invited.create("account", HOST)
    target = f"/{HOST}/{token}/register"
    form = browser.get(target).form | {"username": username, "password": PASSWORD}
    assert browser.post(target, form, **headers).status == 403
    assert invited.redemptions(HOST, token) == []


@pytest.mark.parametrize("change", ["none", "another token's", "broken"])
def test_a_form_has_to_be_ours(invited: Invited, browser: Browser, username: str, change: str) -> None:
    token, other = invited.create("account", HOST), invited.create("account", HOST)
    target = f"/{HOST}/{token}/register"
    seal = browser.get(target).form["seal"]
    match change:
        case "none":
            seal = ""
        case "another token's":
            seal = browser.get(f"/{HOST}/{other}/register").form["seal"]
        case "broken":
            seal = seal[:-4] + ("AAA=" if not seal.endswith("AAA=") else "BBB=")
    page = browser.post(target, {"username": username, "password": PASSWORD, "seal": seal})
    assert page.status == 422
    assert invited.redemptions(HOST, token) == []
    # The form is renewed.
    assert browser.post(target, page.form | {"password": PASSWORD}).status == 200


def test_who_tries_too_often_has_to_wait(invited: Invited) -> None:
    token = invited.create("account", HOST)

    def guess() -> tuple[list[int], Reply]:
        browser = Browser(invited.installation.web_socket)
        statuses = [browser.get(f"/{HOST}/AAAAAAAAAAAA{number:04}").status for number in range(31)]
        return statuses, browser.get(f"/{HOST}/{token}")

    statuses, reply = within_one_window(guess)
    assert statuses == [404] * 30 + [429]
    assert reply.status == 429
    assert 1 <= int(reply.headers["Retry-After"]) <= 61
    # Others do not.
    assert Browser(invited.installation.web_socket).get(f"/{HOST}/AAAAAAAAAAAA").status == 404


def test_forms_are_limited_by_token_and_by_address(invited: Invited) -> None:
    def visitor() -> Browser:
        return Browser(invited.installation.web_socket)

    def with_one_token() -> list[int]:
        target = f"/{HOST}/{invited.create('account', HOST)}/register"
        form = visitor().get(target).form | {"username": "bob", "password": PASSWORD}
        return [visitor().post(target, form).status for _ in range(6)]

    tokens = [invited.create("account", HOST) for _ in range(11)]

    def from_one_address() -> list[int]:
        browser = visitor()
        return [browser.post(f"/{HOST}/{each}/register", {"seal": ""}).status for each in tokens]

    assert within_one_window(with_one_token) == [422] * 5 + [429]
    assert within_one_window(from_one_address) == [422] * 10 + [429]


@pytest.mark.parametrize("files", WITH_MODULE, ids=str)
def test_who_is_too_quick_for_the_server_holds_no_use(files: ServerFiles, username: str) -> None:
    """The server's limit counts the visitor's address. Whoever opens the link anew, has it."""
    limit = "registration_throttle_max = 1; registration_throttle_period = 3600"
    with Invited.running(files, web=BASE, common=limit) as invited:
        invited.daemon.await_log("pages are served")
        first, second = (f"/{HOST}/{invited.create('account', HOST)}/register" for _ in range(2))

        def register(browser: Browser, target: str, name: str) -> int:
            return browser.post(target, browser.get(target).form | {"username": name, "password": PASSWORD}).status

        quick = Browser(invited.installation.web_socket)
        assert register(quick, first, username) == 200
        assert register(quick, second, f"{username}-2") == 503
        invited.daemon.await_log("the server does nothing for a form now", host=HOST)
        assert quick.get(second).status == 200
        assert register(Browser(invited.installation.web_socket), second, f"{username}-3") == 200


def test_two_hundred_press_the_button_at_once(invited: Invited) -> None:
    token = invited.create("account", HOST, "--contact", f"bob@{HOST}")
    target = f"/{HOST}/{token}/register"
    names = [f"many{number}" for number in range(200)]
    browsers = [Browser(invited.installation.web_socket) for _ in names]
    forms = [browser.get(target).form for browser in browsers]
    start = threading.Barrier(len(names))
    replies: dict[str, int] = {}

    def press(browser: Browser, name: str, form: dict[str, str]) -> None:
        start.wait()
        replies[name] = browser.post(target, form | {"username": name, "password": PASSWORD}).status

    threads = [threading.Thread(target=press, args=each) for each in zip(browsers, names, forms)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 200
    made = [name for name in names if invited.server.has_account(name, PASSWORD, HOST)]
    assert len(made) == 1
    assert invited.redemptions(HOST, token) == [(made[0], "confirmed")]
    assert [name for name in replies if replies[name] == 200] == made


def test_no_token_and_no_password_in_the_log(invited: Invited, browser: Browser, username: str) -> None:
    token = invited.create("account", HOST)
    assert browser.register(HOST, token, username, PASSWORD).status == 200
    log = invited.daemon.transcript
    assert token not in log and PASSWORD not in log and browser.address not in log


def test_an_apply_moves_the_pages(invited: Invited, browser: Browser) -> None:
    installation = invited.installation
    other = installation.directory / "other.sock"
    token = invited.create("account", HOST)
    before = {"listen": str(installation.web_socket), "base_url": BASE}
    try:
        installation.configure(web={"listen": str(other), "base_url": "https://moved.example/i/"})
        assert invited.run(["config", "apply", "--yes"]).code == "ok"
        invited.await_that(other.exists)
        moved = Browser(other, authority="moved.example")
        invited.await_that(lambda: not installation.web_socket.exists())
        assert moved.get(f"/i/{HOST}/{token}").status == 200
        assert moved.get(f"/{HOST}/{token}").status == 404
        # A path that cannot be used has no effect on what is served.
        installation.configure(web={"listen": "/nowhere/at/all.sock", "base_url": BASE})
        assert invited.run(["config", "apply", "--yes"]).code == "ok"
        invited.daemon.await_log("pages are not served as configured")
        assert Browser(other).get(f"/{HOST}/{token}").status == 200
    finally:
        installation.configure(web=before)
        assert invited.run(["config", "apply", "--yes"]).code == "ok"
        invited.await_that(installation.web_socket.exists)
    assert browser.get(f"/{HOST}/{token}").status == 200
    assert AUTHORITY in BASE

"""From a link to an account: the daemon's pages in a real browser, behind each real server that has the module."""

from contextlib import contextmanager

import pytest

from harness.inviting import invite
from harness.redeeming import Invited
from harness.relay import TO_DAEMON, TO_SERVER
from harness.web import Browser as Visitor
from harness.web import within_one_window
from live import LiveBrowser, Look, Site
from server_files import ejabberds, prosodies
from wire import PARS_NS, unique

A, B = "a.example", "b.example"
PASSWORD = "another password"

READY = {"en": "Your account is ready", "de": "Dein Konto ist fertig", "ar": "حسابك جاهز"}

# For each server three devices; together they have every size, preference and language with scripts and without.
LOOKS = {
    "prosody": [Look("en", "phone", "light", scripts=False), Look("de", "desktop", "dark"), Look("ar", "phone", "dark")],
    "ejabberd": [Look("ar", "desktop", "light", scripts=False), Look("en", "desktop", "dark"), Look("de", "phone", "light")],
}


# What depends on the daemon alone is tested behind one server of each kind.
ONE_OF_EACH = pytest.mark.parametrize(
    "server_files", [*prosodies()[:1], *ejabberds()[-1:]], ids=str, indirect=True)


@pytest.fixture(params=range(3))
def look(request: pytest.FixtureRequest, site: Site) -> Look:
    return LOOKS[site.invited.server.files.name][request.param]


@pytest.fixture
def username() -> str:
    return unique("guest")


def assert_contacts(invited: Invited, username: str, password: str = PASSWORD) -> None:
    """Who has just registered logs in with the password, and is in bob's roster as bob is in theirs."""
    def are_contacts() -> bool:
        with invited.client(B) as client:
            if client.login(username, password).roster() != {f"bob@{B}": "both"}:
                return False
        with invited.client(B) as bob:
            return bob.login("bob").roster().get(f"{username}@{B}") == "both"
    invited.await_that(are_contacts)


def test_a_link_becomes_an_account_and_a_contact(live: LiveBrowser, axe: str, look: Look, username: str) -> None:
    invited = live.site.invited
    with invited.client(B).login("bob") as bob:
        link = invite(bob)
    live.begin(look)
    live.open(link.landing_url)
    assert f"bob@{B}" in live.text("h1")
    assert live.find("a.button[href^='xmpp:']").get_attribute("href") == link.uri
    live.picture("landing")
    live.assert_sound(axe)

    live.follow(live.find(".or a"))
    assert B in live.text("h1")
    live.picture("form")
    live.assert_sound(axe)
    # A first visit up to the form, nothing of which was in a cache, with the script that it may have.
    assert any(each.type == "text/javascript" for each in live.passed) == look.scripts
    assert sum(each.size for each in live.passed) < 60_000
    assert live.find("#username-host").text == f"@{B}"

    # A name that changes when it is prepared is shown as it will be, before there is an account: while it is typed, or when the form
    # is sent.
    live.fill(username=username.upper(), password=PASSWORD)
    if look.scripts:
        assert f"{username}@{B}" in live.await_status("free")
        live.picture("free")
    assert bool(live.asked) == look.scripts
    live.follow(live.find("form button[type=submit]"))
    assert f"{username}@{B}" in live.text("form")
    assert not invited.has_account(username, B)
    live.send(password=PASSWORD)
    assert live.text("h1") == READY[look.language]
    assert f"{username}@{B}" in live.text() and f"bob@{B}" in live.text()
    assert PASSWORD not in live.page().body.decode()
    live.picture("registered")
    live.assert_sound(axe)
    assert_contacts(invited, username)
    assert invited.redemptions(B, link.token) == [(username, "confirmed")]

    # All that was loaded is from the daemon, and exists.
    assert {each.url.split("/")[2] for each in live.passed} == {live.site.base.split("/")[2]}
    assert [each.url for each in live.passed if each.status >= 400] == []


def test_an_admins_link_is_for_one_name(live: LiveBrowser, axe: str, username: str) -> None:
    """The form does not ask for a fixed name; it shows the address from the beginning."""
    invited = live.site.invited
    token = invited.create("account", B, "--username", username, "--contact", f"bob@{B}")
    live.begin(Look("en", "desktop", "light", scripts=False))
    live.open(live.site.url(B, token))
    assert f"{username}@{B}" in live.text(".hero")
    live.follow(live.find(".or a"))
    assert f"{username}@{B}" in live.text("form")
    # The field for password managers is neither visible nor editable.
    assert [field.get_attribute("name") for field in live.all("form input:not(.hidden)") if field.is_displayed()] == ["password"]
    live.picture("fixed")
    live.send(password=PASSWORD)
    assert live.text("h1") == READY["en"]
    assert_contacts(invited, username)


def test_a_contact_link_is_for_the_app(live: LiveBrowser, axe: str, username: str) -> None:
    """The page makes no account, and what it opens makes the contact."""
    invited = live.site.invited
    with invited.client(A).login("alice") as alice:
        link = invite(alice)
    live.begin(Look("de", "phone", "dark"))
    live.open(link.landing_url)
    assert live.text("h1") == f"alice@{A} möchte mit dir chatten"
    assert live.find("a.button[href^='xmpp:']").get_attribute("href") == link.uri
    # The app is first, since most who get one have an account.
    assert [section.get_attribute("aria-labelledby") for section in live.all("section")] == ["way-open", "way-new"]
    assert live.all("a[href*='register']") == []
    live.picture("contact")
    live.assert_sound(axe)
    live.open(link.landing_url + "/register")
    assert live.page().status == 404

    invited.register(username, A)
    with invited.client(A).login(username) as client:
        client.send(f"<presence type='subscribe' to='alice@{A}'><preauth xmlns='{PARS_NS}' token='{link.token}'/></presence>")
        invited.await_that(lambda: client.roster() == {f"alice@{A}": "both"})
    with invited.client(A) as alice:
        assert alice.login("alice").roster()[f"{username}@{A}"] == "both"


@pytest.mark.parametrize("look", [Look("ar", "phone", "light"), Look("en", "desktop", "dark", scripts=False)], ids=str)
def test_a_password_is_reset(live: LiveBrowser, axe: str, look: Look, username: str) -> None:
    invited = live.site.invited
    invited.register(username, B)
    token = invited.create("reset", f"{username}@{B}")
    live.begin(look)
    live.open(live.site.url(B, token))
    assert f"{username}@{B}" in live.text("h1")
    live.picture("reset")
    live.assert_sound(axe)
    live.follow(live.find("main a.button"))
    live.picture("reset-form")
    live.assert_sound(axe)
    live.send(password=PASSWORD)
    assert live.page().status == 200
    assert f"{username}@{B}" in live.text() and PASSWORD not in live.page().body.decode()
    live.picture("password-set")
    live.assert_sound(axe)
    for password, is_right in [(PASSWORD, True), ("a good password", False)]:
        with invited.client(B) as client:
            assert client.authenticate(username, password) == is_right
    live.open(live.site.url(B, token))
    assert live.page().status == 410


@ONE_OF_EACH
@pytest.mark.parametrize("look", [Look("en", "phone", "dark"), Look("ar", "desktop", "light", scripts=False)], ids=str)
def test_a_form_with_a_mistake_is_kept(live: LiveBrowser, axe: str, look: Look, username: str) -> None:
    invited = live.site.invited
    token = invited.create("account", B)
    live.begin(look)
    live.open(live.site.url(B, token) + "/register")

    def assert_mistake(in_field: str, name: str, username: str) -> None:
        assert live.page().status == 422
        assert live.find("[name=username]").get_attribute("value") == username
        assert live.find("[name=password]").get_attribute("value") == ""
        assert (f"{username}@{B}" in live.text("form")) == (in_field == "password")
        mistaken = live.find("[aria-invalid=true]")
        assert mistaken.get_attribute("name") == in_field
        live.await_focus(mistaken)
        assert live.find("#mistake").is_displayed()
        live.picture(name)
        live.assert_sound(axe)

    live.send(username="bob", password=PASSWORD)
    assert_mistake("username", "taken", "bob")
    live.send(username=f"{username} ü", password=PASSWORD)
    assert_mistake("username", "invalid", f"{username} ü")
    # A common password that is longer than the browser requires.
    live.send(username=username, password="password1")
    assert_mistake("password", "common", username)
    # The browser itself does not send one that is too short.
    live.fill(password="short")
    live.find("form button[type=submit]").click()
    assert live.run("return document.forms[0].matches(':invalid')")
    assert [each.status for each in live.passed if each.method == "POST" and each not in live.asked] == [422] * 3
    live.send(password=PASSWORD)
    assert live.page().status == 200
    assert invited.redemptions(B, token) == [(username, "confirmed")]


TAKEN = {"en": "This username is taken.", "de": "Diesen Benutzernamen gibt es schon.", "ar": "اسم المستخدم هذا مستخدم بالفعل."}
FREE = {"en": "{} is still free.", "de": "{} ist noch frei.", "ar": "العنوان {} متاح."}


@pytest.mark.parametrize("language, size, scheme", [("en", "phone", "light"), ("de", "desktop", "dark"), ("ar", "phone", "dark")])
@ONE_OF_EACH
def test_a_name_is_answered_while_it_is_typed(
        live: LiveBrowser, axe: str, language: str, size: str, scheme: str, username: str) -> None:
    """In words that are read out, while the keyboard stays where it is, and without any use of the invite."""
    invited = live.site.invited
    token = invited.create("account", B)
    live.begin(Look(language, size, scheme))
    live.open(live.site.url(B, token) + "/register")
    status, field = live.find("#username-status"), live.find("[name=username]")
    assert (status.get_attribute("role"), status.text, live.asked) == ("status", "", [])

    def type_name(name: str) -> None:
        live.fill(username=name)
        assert live.driver.switch_to.active_element == field

    # Faster than it asks, so that it asks once.
    live.run("for (const key of 'bob') { arguments[0].value += key; arguments[0].dispatchEvent(new Event('input')) }", field)
    assert TAKEN[language] in live.await_status("taken")
    assert len(live.asked) == 1
    assert field.get_attribute("aria-invalid") == "true"
    live.picture("typed-taken")
    live.assert_sound(axe)
    type_name(f"{username} ")
    assert live.await_status("free") == FREE[language].format(f"{username}@{B}")
    assert field.get_attribute("aria-invalid") is None
    assert live.driver.switch_to.active_element == field
    live.picture("typed-free")
    live.assert_sound(axe)
    type_name("two words")
    live.await_status("invalid")
    live.picture("typed-invalid")
    # The answer for a removed name is removed, too.
    live.fill(username="")
    assert live.await_status("") == ""

    for each in live.asked:
        assert (each.method, each.status, each.type) == ("POST", 200, "application/json")
        assert token not in each.body.decode()
    assert invited.redemptions(B, token) == []
    live.send(username=username, password=PASSWORD)
    assert live.text("h1") == READY[language]


@ONE_OF_EACH
def test_a_form_does_without_answers(live: LiveBrowser, axe: str, username: str) -> None:
    """After too many requests, or while the server is away, the form shows the address, and can be sent as usual."""
    invited = live.site.invited
    token = invited.create("account", B)
    live.begin(Look("en", "phone", "light"))
    live.open(live.site.url(B, token) + "/register")
    invited.relay.stop_at(TO_SERVER, b"<exists ")
    live.fill(username=username)
    invited.relay.await_stop()
    assert live.find("#username-status").text == ""
    # More is typed before the answer, which then is none to it.
    live.fill(username=f"{username}x")
    invited.relay.go_on()
    assert f"{username}x@{B}" in live.await_status("free")
    seal = live.find("[name=seal]").get_attribute("value")
    visitor = Visitor(invited.installation.web_socket, authority=live.site.base.split("/")[2])
    for _ in range(60):
        visitor.post(f"/{B}/{token}/register/username", {"username": username, "seal": seal})
    live.fill(username="bob")
    assert live.await_status("possible") == f"Your address will be bob@{B}."
    live.picture("typed-possible")
    live.send(username=username, password=PASSWORD)
    assert live.text("h1") == READY["en"]


@contextmanager
def unusable(invited: Invited, state: str):
    """The token of an invalid invite, and the status of its page."""
    token = invited.create("account", B, *(["--expires", "1s"] if state == "expired" else []))
    match state:
        case "expired":
            invited.await_state(B, token, "expired")
            yield token, 410
        case "used":
            username = unique("guest")
            with invited.client(B) as client:
                assert client.answer(client.preauth(token)).get("type") == "result"
                assert client.answer(client.register(username)).get("type") == "result"
            invited.await_state(B, token, "used")
            yield token, 410
        case "revoked":
            assert invited.run(["invite", "revoke", B, invited.number(B, token), "--yes"]).code == "ok"
            yield token, 410
        case "unknown":
            yield "A" * len(token), 404
        case "suspended":
            assert invited.run(["host", "suspend", B]).code == "ok"
            try:
                yield token, 503
            finally:
                assert invited.run(["host", "resume", B]).code == "ok"


PROBLEMS = {
    "expired": {"en": "This invitation has expired", "de": "Diese Einladung ist abgelaufen", "ar": "انتهت صلاحية هذه الدعوة"},
    "used": {"en": "This invitation has been used", "de": "Diese Einladung wurde schon benutzt", "ar": "استُخدمت هذه الدعوة من قبل"},
    "revoked": {"en": "This invitation was withdrawn", "de": "Diese Einladung wurde zurückgezogen", "ar": "سُحبت هذه الدعوة"},
    "unknown": {"en": "This invitation does not exist", "de": "Diese Einladung gibt es nicht", "ar": "لا توجد دعوة كهذه"},
    "suspended": {"en": "No invitations at the moment", "de": "Zurzeit keine Einladungen", "ar": "لا دعوات في الوقت الحالي"},
}
PROBLEM_LOOKS = [Look("en", "phone", "light"), Look("de", "desktop", "dark", scripts=False), Look("ar", "phone", "dark")]


@ONE_OF_EACH
@pytest.mark.parametrize("state", PROBLEMS)
def test_what_cannot_be_used_says_why(live: LiveBrowser, axe: str, state: str) -> None:
    with unusable(live.site.invited, state) as (token, status):
        for look in PROBLEM_LOOKS:
            live.begin(look)
            live.open(live.site.url(B, token))
            assert live.page().status == status
            assert live.text("h1") == PROBLEMS[state][look.language]
            assert live.all("a[href^='xmpp:'], form") == []
            live.picture(state)
            live.assert_sound(axe)


@ONE_OF_EACH
def test_a_link_that_somebody_is_using_is_held_for_them(live: LiveBrowser, axe: str) -> None:
    """Until the outcome of that attempt is known, no one else gets an account with it."""
    invited = live.site.invited
    token = invited.create("account", B)
    other = unique("guest")
    live.begin(Look("en", "desktop", "light"))
    live.open(live.site.url(B, token) + "/register")
    with invited.client(B) as client:
        assert client.answer(client.preauth(token)).get("type") == "result"
        invited.relay.stop_at(TO_DAEMON, b"<confirm ")
        registering = client.register(other)
        invited.relay.await_stop()
        live.send(username=unique("guest"), password=PASSWORD)
        assert live.page().status == 409
        assert live.text("h1") == "This invitation is just being used"
        assert live.find("main a.button").text == "Try again"
        live.picture("in-use")
        live.assert_sound(axe)
        invited.relay.go_on()
        assert client.answer(registering).get("type") == "result"
    invited.await_that(lambda: invited.redemptions(B, token) == [(other, "confirmed")])


@ONE_OF_EACH
def test_who_guesses_has_to_wait(live: LiveBrowser, axe: str) -> None:
    live.begin(Look("de", "phone", "light"))
    site = live.site

    def guess() -> int:
        live.proxy.renew()
        visitor = Visitor(site.invited.installation.web_socket, authority=site.base.split("/")[2], address=live.proxy.client)
        for number in range(30):
            assert visitor.get(f"/{B}/AAAAAAAAAAAA{number:04}").status == 404
        live.open(site.url(B, "AAAAAAAAAAAA"))
        return live.page().status

    # Many pages in a browser may take longer than the minute that is looked at.
    assert within_one_window(guess) == 429
    assert live.text("h1") == "Zu viele Versuche"
    live.picture("too-many")
    live.assert_sound(axe)


def test_a_form_is_kept_while_the_server_is_away(live: LiveBrowser, axe: str, username: str) -> None:
    invited = live.site.invited
    token = invited.create("account", B, "--contact", f"bob@{B}")
    live.begin(Look("ar", "phone", "light"))
    live.open(live.site.url(B, token) + "/register")
    invited.server.kill()
    try:
        live.send(username=username, password=PASSWORD)
        assert live.page().status == 503
        assert live.find("[name=username]").get_attribute("value") == username
        assert live.find("#mistake").is_displayed()
        live.picture("away")
        live.assert_sound(axe)
    finally:
        with invited.greeted():
            invited.server.start()
    live.send(password=PASSWORD)
    assert live.text("h1") == READY["ar"]
    assert_contacts(invited, username)

"""The provider's own pages, the files of hosts, and addresses that cannot be used: checked before anything changes, changed while pages
are served, and a mistake leaves what runs as it was."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator

import pytest

from harness import messages
from harness.control import Control
from harness.daemon import Daemon, as_oneself, binary
from harness.installation import Installation
from harness.ports import LOOPBACK, free_port
from harness.waiting import await_that
from harness.web import BASE, Browser

HOST = "a.example"
FOOT = "<p>{}</p></main></body></html>\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def web(installation: Installation, **keys: str) -> dict[str, object]:
    return {"listen": str(installation.web_socket), "base_url": BASE, **keys}


def replace(installation: Installation, name: str, text: str) -> None:
    path = installation.directory / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


@pytest.fixture
def own(installation: Installation) -> Installation:
    """With templates and texts of the provider's own."""
    replace(installation, "pages/foot.mustache", FOOT.format("Ours, {{site.name}}"))
    replace(installation, "texts/en.yaml", 'en:\n  problem:\n    unknown: "Never heard of it"\n')
    installation.configure(web=web(installation, templates="pages", texts="texts"))
    return installation


@pytest.fixture
def daemon(own: Installation) -> Iterator[Daemon]:
    with Daemon(own) as running:
        running.await_log("pages are served")
        yield running


@pytest.fixture
def browser(own: Installation) -> Browser:
    return Browser(own.web_socket)


@pytest.fixture
def control(own: Installation, daemon: Daemon) -> Iterator[Control]:
    with Control(own.control_socket) as session:
        yield session


def await_status(control: Control, key: str, text: str) -> None:
    """Until the status has the text under this key: the daemon logs what led to it a moment earlier."""
    def value() -> str:
        return str(control.run("status").rows[0].get(key))

    await_that(lambda: text in value(), value)


def apply(control: Control) -> str:
    return control.run("config apply --yes").code


def page(browser: Browser) -> str:
    return browser.get(f"/{HOST}/AAAAAAAAAAAA").text


def test_templates_are_replaced_while_pages_are_served(own: Installation, browser: Browser, control: Control) -> None:
    assert "Ours, a.example" in page(browser) and "Never heard of it" in page(browser)
    replace(own, "pages/foot.mustache", FOOT.format("Theirs"))
    plan = control.run("config plan")
    assert [(row["host"], row["action"], row["keys"]) for row in plan.rows if row["keys"]] == [("", "update", ["web"])]
    assert "Ours" in page(browser), "a plan changes nothing"
    differing = control.run("config diff").rows
    assert [row["key"] for row in differing] == ["web"] and differing[0]["before"] != differing[0]["after"]
    assert apply(control) == "ok"
    assert "Theirs" in page(browser)
    assert not control.run("config plan").rows[0]["keys"]
    # Without the keys, the built-in pages.
    own.configure(web=web(own))
    assert apply(control) == "ok"
    assert "Theirs" not in page(browser) and "This invitation does not exist" in page(browser)


@pytest.mark.parametrize("name,text,place", [
    ("pages/foot.mustache", "<p>{{#site.logo}}</p>", "pages/foot.mustache:1:4"),
    ("pages/foot.mustache", "<p>\n{{site.nam}}</p>", "pages/foot.mustache:2:1"),
    ("pages/apps.yaml", "- {name: A, platforms: [BeOS]}\n", "pages/apps.yaml:1:25"),
    ("texts/en.yaml", "en:\n  footer:\n    imprnt: x\n", "texts/en.yaml:3:5"),
])
def test_broken_files_leave_what_runs(
        own: Installation, daemon: Daemon, browser: Browser, control: Control, name: str, text: str, place: str) -> None:
    before = page(browser)
    replace(own, name, text)
    own.host(HOST, allow_contact_invites=False)
    check = control.run("config check")
    assert check.code == "config.invalid"
    assert [f"{row['file']}:{row['line']}:{row['column']}" for row in check.rows] == [str(own.directory / place)]
    assert control.run("config plan").code == "config.invalid"
    assert apply(control) == "config.invalid"
    daemon.reload()
    daemon.await_log(messages.RELOAD_REFUSED)
    assert place in daemon.transcript
    done = subprocess.run([binary(), "check", *as_oneself(), "--config", own.configuration], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and place in done.stdout + done.stderr
    assert page(browser) == before
    # Not even the host that had none has changed.
    assert control.run(f"host show {HOST}").rows[0]["state"] == "running"
    assert not control.run("status").rows[0].get("page_files")


def test_a_directory_that_goes_leaves_what_runs(own: Installation, browser: Browser, control: Control) -> None:
    before = page(browser)
    (own.directory / "pages/foot.mustache").unlink()
    (own.directory / "pages").rmdir()
    check = control.run("config check")
    assert check.code == "config.invalid"
    assert check.rows[0]["file"] == str(own.configuration) and "cannot be read" in str(check.rows[0]["message"])
    assert page(browser) == before


def test_a_start_does_without_broken_files(own: Installation) -> None:
    replace(own, "pages/foot.mustache", "{{")
    with Daemon(own) as daemon:
        daemon.await_log("pages are served")
        assert "pages/foot.mustache:1:1" in daemon.transcript
        assert "This invitation does not exist" in page(Browser(own.web_socket))
        with Control(own.control_socket) as control:
            await_status(control, "page_files", "have mistakes")
            replace(own, "pages/foot.mustache", FOOT.format("Mended"))
            assert apply(control) == "ok"
            assert "page_files" not in control.run("status").rows[0]
        assert "Mended" in page(Browser(own.web_socket))


def test_an_undo_takes_the_files_as_they_are(own: Installation, browser: Browser, control: Control) -> None:
    own.configure(web=web(own))
    assert apply(control) == "ok"
    assert "Ours" not in page(browser)
    assert control.run("config undo --yes").code == "ok"
    assert "Ours" in page(browser)


def test_a_logo_is_a_file_of_its_host(own: Installation, daemon: Daemon, browser: Browser, control: Control) -> None:
    logos = own.hosts_directory / "logos"
    logos.mkdir()
    (logos / "a.png").write_bytes(PNG)
    own.host(HOST, logo="logos/a.png")
    assert apply(control) == "ok"
    token = control.run(f"invite create account {HOST}").rows[0]
    body = browser.get(f"/{HOST}/{str(token['uri']).rsplit('=', 1)[-1]}").body.decode()
    found = re.search(r'src="(/a\.example/-/logo-[0-9a-f]{16}\.png)"', body)
    assert found, body
    logo = browser.get(found[1])
    assert (logo.status, logo.body, logo.headers["Content-Type"]) == (200, PNG, "image/png")
    assert "sandbox" in logo.headers["Content-Security-Policy"]
    assert browser.get(found[1].replace(HOST, "b.example")).status == 404
    # It is another one at once, and what is none changes nothing.
    (logos / "a.png").write_bytes(PNG + b"x")
    assert [row["keys"] for row in control.run("config plan").rows if row["keys"]] == [["logo"]]
    assert apply(control) == "ok"
    assert browser.get(found[1]).status == 404
    (logos / "a.png").write_bytes(b"root:x:0:0\n")
    check = control.run("config check")
    assert check.rows[0]["file"] == str(own.hosts_directory / f"{HOST}.yaml") and "is no image" in str(check.rows[0])
    assert "root:x" not in json.dumps(check.rows)
    assert apply(control) == "config.invalid"
    assert control.run(f"host set {HOST} logo logos/a.png").code == "config.bad-value"


def test_a_place_that_is_taken_is_said(own: Installation, browser: Browser, control: Control) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        own.configure(web={"listen": f"{LOOPBACK}:{port}", "base_url": BASE},
                      metrics={"listen": f"{LOOPBACK}:{free_port()}"})
        answer = control.run("config apply --yes")
        assert answer.code == "ok"
        assert (f"pages are not served as configured: cannot listen on {LOOPBACK}:{port}: Address already in use; pages stay at"
                in str(answer.end["message"]))
        status = control.run("status").rows[0]
        assert str(status["pages"]).startswith("failed: ") and str(status["metrics"]).startswith("listening on ")
        why = {row["subject"]: row for row in control.run(f"host why {HOST}").rows}
        assert "pages stay at" in str(why["pages"]["because"])
        # Where they were, they still are.
        assert browser.get(f"/{HOST}/AAAAAAAAAAAA").status == 404
        # The path that failed is no longer configured.
        own.configure(web=web(own, templates="pages", texts="texts"))
        assert "not served" not in str(control.run("config apply --yes").end["message"])
        assert control.run("status").rows[0]["pages"] == f"listening on {own.web_socket}"


def test_a_place_that_is_taken_is_no_trouble_once_there_shall_be_no_pages(installation: Installation) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        installation.configure(web={"listen": f"{LOOPBACK}:{taken.getsockname()[1]}", "base_url": BASE})
        with Daemon(installation) as daemon:
            daemon.await_log("pages are not served as configured")
            installation.configure(web=None)
            with Control(installation.control_socket) as control:
                assert "not served" not in str(control.run("config apply --yes").end["message"])
                assert "pages" not in control.run("status").rows[0]


def test_pages_come_as_soon_as_the_place_is_free(installation: Installation) -> None:
    with socket.socket() as taken:
        # No connection of others is given this one meanwhile.
        taken.bind((LOOPBACK, free_port()))
        taken.listen()
        installation.configure(web={"listen": f"{LOOPBACK}:{taken.getsockname()[1]}", "base_url": BASE})
        with Daemon(installation) as daemon:
            daemon.await_log("pages are not served as configured")
            with Control(installation.control_socket) as control:
                await_status(control, "pages", "failed: ")
                why = {row["subject"]: row for row in control.run(f"host why {HOST}").rows}
                assert why["pages"]["verdict"] == "not served"
                taken.close()
                daemon.await_log("pages are served", timeout=60)
                await_status(control, "pages", "listening on ")
            assert daemon.logged("pages are not served as configured") == 1, "it is said once, however often it is tried"

"""`invited check`: every mistake at once, each where it is; 0 when there is none."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from harness.daemon import as_oneself, binary
from harness.installation import Installation

PLACE = re.compile(r"^(?P<file>[^:\n]+):(?P<line>\d+):(?P<column>\d+): (?P<text>.+)$", re.MULTILINE)


@pytest.fixture
def installation(directory: Path) -> Installation:
    return Installation(directory, 5347)


def check(installation: Installation) -> tuple[int, list[tuple[str, int, int, str]], str]:
    done = subprocess.run([binary(), "check", *as_oneself(), "--config", installation.configuration],
                          capture_output=True, timeout=90, stdin=subprocess.DEVNULL)
    output = (done.stdout + done.stderr).decode()
    places = [(Path(found["file"]).name, int(found["line"]), int(found["column"]), found["text"])
              for found in PLACE.finditer(output)]
    return done.returncode, places, output


def places_of(installation: Installation, file: str) -> list[tuple[int, int]]:
    code, places, output = check(installation)
    assert code == 1, output
    assert all(name == file for name, _, _, _ in places), output
    return [(line, column) for _, line, column, _ in places]


def test_good_configuration(installation: Installation) -> None:
    installation.host_text("example.com", """\
host: example.com
admins: [admin@example.com, staff@host.example]
allow_user_invites: false
allow_contact_invites: true
invite_expiry: 7d
service_address: invites.example.com
site_name: Example
""")
    installation.host_text("defaults.example", "{}\n")
    code, places, output = check(installation)
    assert (code, places) == (0, []), output


@pytest.mark.parametrize("text", ["", "\n", "# admins: [admin@example.com]\n"], ids=["empty", "blank", "commented out"])
def test_a_file_that_says_nothing_is_a_mistake(installation: Installation, text: str) -> None:
    installation.host_text("example.com", text)
    code, places, output = check(installation)
    assert code == 1 and len(places) == 1, output
    assert "says nothing" in output and "`{}`" in output


def test_all_mistakes_of_a_file_are_named_at_once(installation: Installation) -> None:
    installation.host_text("example.com", """\
host: example.com
admins: [admin@example.com, "@", "a@b/resource"]
allow_user_invites: maybe
  # a comment
alow_contact_invites: true
invite_expiry: soon
site_name: One
site_name: Two
service_address: [a.example]
""")
    assert places_of(installation, "example.com.yaml") == [(2, 29), (2, 34), (3, 21), (5, 1), (6, 16), (8, 1), (9, 18)]


def test_mistake_says_what_was_meant(installation: Installation) -> None:
    installation.host_text("example.com", "alow_contact_invites: true\n")
    _, _, output = check(installation)
    assert "allow_contact_invites" in output


def test_mistakes_between_files(installation: Installation) -> None:
    installation.host("a.example", service_address="invites.example")
    installation.host("b.example", service_address="invites.example")
    installation.host_text("c.example", "host: d.example\n")
    code, places, output = check(installation)
    assert code == 1
    assert {name for name, _, _, _ in places} & {"a.example.yaml", "b.example.yaml"}, output
    assert "c.example.yaml" in {name for name, _, _, _ in places}, output


@pytest.mark.parametrize("text", [
    b"host: \xff\n",
    b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
    b"host: [unclosed\n",
    b"- a list\n",
    b"just text\n",
    b"admins: &loop [*loop]\n",
    b"---\nhost: example.com\n---\nhost: example.com\n",
    b"[" * 100_000,
    b"\x00",
    "site_name: \x07\n".encode(),
    b"invite_expiry: -1d\n",
    b"invite_expiry: 99999999999999999999d\n",
    b"invite_expiry: 0s\n",
    b"? [a, b]\n: c\n",
    b"<<: {host: example.com}\n",
    b"admins: null\n" + b"site_name: " + b"x" * 10_000_000 + b"\n",
], ids=lambda text: repr(text[:24]))
def test_bad_text_is_located(installation: Installation, text: bytes) -> None:
    installation.host_text("example.com", text)
    places = places_of(installation, "example.com.yaml")
    assert places and all(line >= 1 and column >= 1 for line, column in places)


@pytest.mark.parametrize(("text", "place"), [
    ("", None),
    ("component: {jid: invites.host.example, server: nowhere}\n", None),
    ("component: {jid: 'a@', server: '127.0.0.1:5347', secret: x}\nstate_directory: /tmp\nhosts_directory: config.d\n",
     (1, 18)),
    ("component: {jid: c.example, server: '127.0.0.1:99999', secret: x}\nstate_directory: /tmp\n"
     "hosts_directory: config.d\n", (1, 37)),
])
def test_mistakes_of_the_main_file(installation: Installation, text: str, place: tuple[int, int] | None) -> None:
    installation.configuration.write_text(text)
    places = places_of(installation, "invited.yaml")
    assert places
    assert place is None or place in places


def test_missing_files(installation: Installation, directory: Path) -> None:
    (directory / "secret").unlink()
    assert check(installation)[0] == 1
    installation.configuration.unlink()
    assert check(installation)[0] == 1


def test_run_does_not_start_on_a_bad_main_file(installation: Installation) -> None:
    installation.configuration.write_text("component: 7\n")
    done = subprocess.run([binary(), "run", "--config", installation.configuration], capture_output=True, timeout=90)
    assert done.returncode == os.EX_CONFIG  # after which the unit does not start it again
    assert "invited.yaml:1:12: " in (done.stdout + done.stderr).decode()


def test_secret_is_not_printed(installation: Installation) -> None:
    installation.configuration.write_text("component: {jid: 'a@', server: 'x:y', secret: [hush-hush]}\nbogus: 1\n")
    code, _, output = check(installation)
    assert code == 1
    assert "hush-hush" not in output

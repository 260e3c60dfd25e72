"""The control socket: who is let in, what is answered, and that nothing at its other end harms the daemon."""

import json

from harness.control import Control
from harness.installation import Installation
from harness.wire import Stream


def test_hello_comes_first(control: Control) -> None:
    assert control.hello["product"] == "invited"
    assert control.hello["role"] == "admin"
    assert control.hello["user"] == "root"
    assert control.hello["hosts"] is None
    assert len(str(control.hello["registry"])) == 16


def test_version(control: Control) -> None:
    rows, texts, events, end = control.run("version")
    assert rows == [{"version": control.hello["version"], "protocol": control.hello["protocol"],
                     "registry": control.hello["registry"]}]
    assert (texts, events) == ([], [])
    assert end["status"] == "ok"


def test_help(control: Control) -> None:
    overview = "\n".join(control.run("help").texts)
    assert "invite create account" in overview
    detail = "\n".join(control.run("help invite create account", width=80).texts)
    assert "usage: invite create account" in detail
    assert all(len(line) <= 80 for line in detail.splitlines())
    assert control.run("help nonsense").code == "usage.unknown-command"


def test_complete(control: Control) -> None:
    assert control.complete(["host", "sh"]) == ["show"]
    assert control.complete(["host", "show", ""]) == ["a.example", "b.example"]
    assert control.complete(["invite", "create", "contact", "alice@b"]) == ["alice@b.example"]


def test_several_requests_at_once_have_one_end_each(control: Control) -> None:
    ids = [control.begin(["version"]) for _ in range(5)]
    for identifier in reversed(ids):
        assert control.finish(identifier).code == "ok"


def test_plain_text(installation: Installation, stream: Stream) -> None:
    with Control(installation.control_socket) as session:
        session.send(b"version\n")
        assert b"you are root" in session.until(b"\n")
        assert b"version" in session.until(b"invited> ")
        session.send(b"host show nowhere.example\r\n")
        answer = session.until(b"invited> ").decode()
        assert answer.startswith("error host.unknown: ")
        assert "\nhint: " in answer
        session.send(b"quit\n")
        assert session.is_closed()

"""What comes over the socket is what docs/shell.schema.json says."""

import json

import pytest

from harness.control import Control
from harness.schema import check_answer, check_message
from harness.stanzas import INVITE, command
from harness.ways import Delegated, ask
from harness.wire import Stream

COMMANDS = [
    ("help", "help"),
    ("help", "help invite create account"),
    ("status", "status"),
    ("version", "version"),
    ("host list", "host list"),
    ("host show", "host show a.example"),
    ("host why", "host why a.example"),
    ("host why", "host why a.example alice@a.example"),
    ("host set", "host set a.example site_name Example"),
    ("host reset", "host reset a.example"),
    ("host suspend", "host suspend b.example"),
    ("host resume", "host resume b.example"),
    ("host restart", "host restart b.example"),
    ("invite create account", "invite create account a.example --qr"),
    ("invite create contact", "invite create contact alice@a.example"),
    ("invite create reset", "invite create reset alice@a.example"),
    ("invite list", "invite list"),
    ("invite purge", "invite purge a.example --all --yes"),
    ("config status", "config status"),
    ("config check", "config check"),
    ("config diff", "config diff"),
    ("config plan", "config plan"),
    ("config apply", "config apply --yes"),
    ("config history", "config history"),
    ("component status", "component status"),
    ("grants", "grants"),
    ("stats", "stats"),
    ("top", "top --interval 1 --looks 2"),
    ("log level", "log level"),
    ("journal", "journal"),
]


def answer(control: Control, line: str) -> list[dict[str, object]]:
    """All messages that answer one command."""
    identifier = control.begin(line.split())
    messages = [control.message()]
    while "end" not in messages[-1]:
        messages.append(control.message())
    assert all(message["id"] == identifier for message in messages)
    return messages


@pytest.fixture
def busy(control: Control, stream: Stream) -> Control:
    """A session at a daemon that has something to show."""
    ask(stream, Delegated("a.example"), "alice@a.example/phone", command(INVITE))
    assert control.run("host set b.example site_name Elsewhere").code == "ok"
    return control


def test_every_answer_is_what_the_schema_says(busy: Control) -> None:
    check_message({"hello": busy.hello})
    for name, line in COMMANDS:
        messages = answer(busy, line)
        check_answer(name, messages)
        assert messages[-1]["end"]["code"] in ("ok", "config.nothing"), (line, messages[-1])


@pytest.mark.parametrize(
    "line, code",
    [
        ("", "usage.unknown-command"),
        ("hots list", "usage.unknown-command"),
        ("host show", "usage.bad-argument"),
        ("host list --nonsense", "usage.unknown-option"),
        ("host show nowhere.example", "host.unknown"),
        ("invite show a.example 99", "invite.unknown"),
        ("host set a.example invite_expiry never", "config.bad-value"),
        ("config confirm", "config.nothing"),
        ("invite purge a.example --all", "confirm.required"),
    ],
)
def test_every_failure_is_what_the_schema_says(busy: Control, line: str, code: str) -> None:
    messages = answer(busy, line)
    for message in messages:
        check_message(message)
    assert messages[-1]["end"]["code"] == code


def test_what_is_no_request_is_answered_by_the_schema(control: Control) -> None:
    for request in ({"id": 7}, {"id": 8, "argv": [1]}, {"id": 9, "complete": "host"}):
        control.send(json.dumps(request).encode() + b"\n")
        message = control.message()
        check_message(message)
        assert message["end"]["code"] == "usage.bad-request"

"""Messages on the socket conform to docs/shell.schema.json."""

import json
import sqlite3

import pytest

from harness.control import Control
from harness.installation import Installation
from harness.schema import check_answer, check_message, check_row, commands_with_rows
from harness.stanzas import INVITE, command
from harness.waiting import TIMEOUT
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
    ("host reopen", "host reopen b.example --yes"),
    ("host backup", "host backup b.example"),
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


# What shows a row where the commands above show none: each after a preparation.
MORE = [
    ("invite show", "invite show a.example 1 --reveal --qr", []),
    ("invite extend", "invite extend a.example 1 2d", []),
    ("invite list", "invite list", []),
    ("invite find", "invite find mercutio", ["invite create account a.example --username mercutio"]),
    ("invite tree", "invite tree a.example", []),
    ("invite release", "invite release a.example 1 --yes", []),
    ("invite export", "invite export mercutio@a.example", []),
    ("invite forget", "invite forget mercutio@a.example --yes", []),
    ("invite revoke", "invite revoke a.example 1 --yes", []),
    ("invite purge", "invite purge a.example --all --dry-run", []),
    ("invite delete", "invite delete a.example 1 --yes", []),
    ("host reset", "host reset b.example", []),
    ("config status", "config status", ["host set b.example allow_user_invites true"]),
    ("config save", "config save b.example", []),
]


def test_every_command_has_shown_a_row(busy: Control, stream: Stream, installation: Installation) -> None:
    """Every command has to be added here: no schema is left untested."""
    shown: set[str] = set()

    def show(name: str, line: str) -> None:
        messages = answer(busy, line)
        check_answer(name, messages)
        if any("row" in message or "event" in message for message in messages):
            shown.add(name)

    # What only servers bring about.
    with sqlite3.connect(installation.state_directory / "hosts" / "a.example.sqlite3") as database:
        database.execute("""INSERT INTO redemption (invite, attempt, kind, way, account, state, reserved_at, ended_at)
            VALUES (99, 'first', 'register', 'stream', 'romeo', 'confirmed', 1, 1)""")
        database.execute("""INSERT INTO redemption (invite, attempt, kind, way, account, state, reserved_at, deadline,
            next_question) VALUES (1, 'second', 'register', 'stream', 'tybalt', 'reserved', 1, 1, 1 << 60)""")
        database.execute("UPDATE invite SET reserved = 1 WHERE id = 1")
    database.close()
    for name, line, before in MORE:
        for preparation in before:
            assert busy.run(preparation).code == "ok", preparation
        show(name, line)
    for name, line in COMMANDS:
        show(name, line)
    for name, words in (("trace", ["trace", "a.example"]), ("log follow", ["log", "follow", "--level", "trace"])):
        identifier = busy.begin(words)
        busy.next(identifier, "progress")
        ask(stream, Delegated("a.example"), "alice@a.example/phone", command(INVITE))
        if name == "log follow":
            busy.run("host restart a.example")
            installation.host("c.example")
            busy.run("config apply --yes")
        check_row(name, busy.next(identifier, "event"))
        shown.add(name)
        busy.cancel(identifier)
        assert busy.finish(identifier).code == "cancelled"
    file = next(str(message["data"]) for message in answer(busy, "host backup a.example") if "data" in message)
    identifier = busy.begin("host restore a.example --yes".split())
    for piece in (file, ""):
        assert busy.next(identifier, "ask") == {"kind": "data", "most": 96 << 10}
        busy.answer(identifier, piece)
    check_row("host restore", busy.next(identifier, "row"))
    shown.add("host restore")
    assert busy.finish(identifier).code == "ok"
    identifier = busy.begin(["top", "--interval", "1"])
    while "top" not in shown:
        ask(stream, Delegated("a.example"), "alice@a.example/phone", command(INVITE))
        # Until one is counted in an event.
        busy.socket.settimeout(0.2)
        try:
            check_row("top", busy.next(identifier, "event"))
            shown.add("top")
        except TimeoutError:
            pass
    busy.socket.settimeout(TIMEOUT)
    busy.cancel(identifier)
    busy.finish(identifier)
    installation.host("b.example", site_name="Other")
    for name in ("config diff", "config plan"):
        show(name, name)
    show("config apply", "config apply --yes")
    show("config undo", "config undo --yes")
    installation.host("b.example", nonsense=1)
    show("config check", "config check")
    assert shown == commands_with_rows()

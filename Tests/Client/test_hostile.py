"""Something on the socket that is not what it should be: nothing hangs, nothing grows without end, and nothing reaches
the terminal that could paint it."""

import resource
import subprocess

import pexpect
import pytest
from conftest import Run, Spawn, binary, in_time
from fake_daemon import TIMEOUT, Call, FakeDaemon, failed, ok

ESCAPES = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e\x7f\r"


@pytest.mark.parametrize("line", [
    b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff\xfe\n", b"[]\n", b'"hello"\n', b"{\n", b"[" * 100_000 + b"\n",
    b'{"id":1,"row":{}}\n',
])
def test_no_hello(daemon: FakeDaemon, run: Run, line: bytes) -> None:
    daemon.greeting = line
    result = run("status")
    assert result.returncode == 3
    assert "is not invited (daemon.unreachable)" in result.stderr


def test_a_line_without_an_end(daemon: FakeDaemon, environment: dict[str, str]) -> None:
    def answer(call: Call) -> None:
        for _ in range(1024):
            call.session.raw(b"x" * 65_536)

    daemon.on("status", answer)
    limit = 512 << 20
    result = subprocess.run(
        [binary(), "status"], env=environment, text=True, capture_output=True, timeout=TIMEOUT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)))
    assert result.returncode == 3
    assert "a line without an end" in result.stderr


def test_garbage_amid_an_answer(daemon: FakeDaemon, run: Run) -> None:
    def answer(call: Call) -> None:
        call.row(version="1", protocol=1, registry="ff")
        call.session.raw(b"garbage\n")

    daemon.on("version", answer)
    result = run("version")
    assert result.returncode == 3
    assert result.stderr.startswith("invitectl: what listens on the socket is not invited")


def test_what_is_not_known_is_left_aside(daemon: FakeDaemon, run: Run) -> None:
    def answer(call: Call) -> None:
        call.session.raw(b'{"weather":"fine"}\n{"id":1,"song":"la"}\n{"id":999,"row":{"host":"stray"}}\n')
        call.session.raw(b'{"id":999,"end":{"status":"ok","code":"ok","message":""}}\n')
        call.row(host="a.example")
        call.end()

    daemon.on("stats", answer)
    result = run("stats")
    assert result.returncode == 0
    assert "a.example" in result.stdout
    assert "stray" not in result.stdout


def speaks(call: Call) -> None:
    call.row(host=ESCAPES, state=ESCAPES, since=ESCAPES, requests=ESCAPES, **{ESCAPES: [ESCAPES, {ESCAPES: ESCAPES}]})
    call.say(text=ESCAPES)
    call.event(**{ESCAPES: ESCAPES})
    call.say(progress={"message": ESCAPES})
    call.ask(kind="confirm", prompt=ESCAPES)
    call.end(failed("internal", ESCAPES, ESCAPES))


@pytest.mark.parametrize("words", [["host", "list"], ["host", "list", "--json"], ["host", "show", "x"], ["top"]])
def test_nothing_paints_the_terminal(daemon: FakeDaemon, spawn: Spawn, words: list[str]) -> None:
    daemon.greet(version=ESCAPES, user=ESCAPES)
    daemon.on(" ".join(word for word in words if word != "--json"), speaks)
    child = spawn(*words)
    child.expect_exact("(yes/no) ")
    shown = child.before
    child.send("no\r")
    child.expect(pexpect.EOF)
    shown += child.before
    # The client's own control characters: for the line of progress and for refreshed views.
    for own in ["\r\x1b[K", "\x1b[J", "\r\n"]:
        shown = shown.replace(own, "")
    for character in "\x1b\x07\x9b\u202e\x7f\r":
        assert character not in shown


@pytest.fixture
def hostile(daemon: FakeDaemon) -> None:
    daemon.greet(version=ESCAPES, user=ESCAPES, hosts=[ESCAPES])
    daemon.candidates = [("host", ESCAPES), ("help", "help"), ("h" + ESCAPES, "")]


@pytest.mark.usefixtures("hostile")
@in_time
def test_nothing_paints_the_prompt(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    shown = repl.before
    repl.send("h\t")
    repl.expect("help +help")
    shown += repl.before
    for character in "\x07\x9b\u202e\x7f":
        assert character not in shown
    assert "owned" in shown  # it was shown, as text
    assert "\x1b]0" not in shown
    assert "\x1b[31m" not in shown


def test_numbers_that_are_none(daemon: FakeDaemon, run: Run) -> None:
    def answer(call: Call) -> None:
        row = b'{"host":null,"requests":1e400,"since":12345678901234567890123,"waiting":-9223372036854775808}'
        call.session.raw(b'{"id":%d,"row":%s}\n' % (call.request["id"], row))
        call.row(host=1e300, requests=True, since={"a": []}, waiting="x", state=[[]])
        call.end()

    daemon.on("host list", answer)
    # Whether such numbers are read or refused is the JSON reader's; that nothing breaks is ours.
    assert run("host", "list").returncode in (0, 3)


def test_a_flood_of_messages_for_nobody(daemon: FakeDaemon, run: Run) -> None:
    def answer(call: Call) -> None:
        call.session.raw(b'{"id":77,"event":{}}\n' * 20_000)
        call.end(ok("done"))

    daemon.on("version", answer)
    assert run("version").stdout == "done\n"


@pytest.mark.parametrize(("change", "message"), [
    ({"role": "emperor"}, "is not invited"), ({"protocol": 2}, "version 2 of the protocol, which is too new"),
])
def test_a_hello_of_the_future(daemon: FakeDaemon, run: Run, change: dict, message: str) -> None:
    daemon.greet(**change)
    result = run("version")
    assert result.returncode == 3
    assert message in result.stderr

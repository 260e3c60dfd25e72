"""Commands from standard input."""

import subprocess

import pytest
from conftest import Run, binary
from fake_daemon import TIMEOUT, Call, FakeDaemon, failed, ok

SCRIPT = """\
# The hosts that go.
host suspend a.example

host suspend 'b c.example'   # with a comment
host suspend d.example
version
"""


@pytest.fixture(autouse=True)
def answers(daemon: FakeDaemon) -> None:
    daemon.on("host suspend a.example", lambda call: call.end(ok("suspended a.example")))
    daemon.on("host suspend b c.example", lambda call: call.end(failed("host.unknown", "there is no such host")))
    daemon.on("host suspend d.example", lambda call: call.end(failed("access.denied", "you may not")))
    daemon.on_rows("version", {"version": "9.9", "protocol": 1, "registry": "ff"})


def test_stops_at_the_first_failure(daemon: FakeDaemon, run: Run) -> None:
    result = run("-", input=SCRIPT)
    assert result.returncode == 1
    assert result.stdout == "suspended a.example\n"
    assert result.stderr == "invitectl: line 4: there is no such host (host.unknown)\n"
    assert [daemon.next("argv")["argv"] for _ in range(2)] == [
        ["host", "suspend", "a.example"], ["host", "suspend", "b c.example"]]
    assert daemon.received.empty()


def test_keeps_going(daemon: FakeDaemon, run: Run) -> None:
    result = run("-", "--keep-going", input=SCRIPT)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "invitectl: line 4: there is no such host (host.unknown)", "invitectl: line 5: you may not (access.denied)"]
    assert "version:  9.9" in result.stdout


def test_one_connection_does(daemon: FakeDaemon, run: Run) -> None:
    assert run("-", input="version\n" * 50).returncode == 0
    assert len(daemon.sessions) == 1
    assert [daemon.next("argv")["id"] for _ in range(50)] == list(range(1, 51))


def test_a_last_line_without_an_end(daemon: FakeDaemon, run: Run) -> None:
    assert run("-", input="version").stdout.startswith("version:")


def test_an_open_quote(run: Run) -> None:
    result = run("-", input="version\nhost list 'a\n")
    assert result.returncode == 2
    assert result.stderr == "invitectl: line 2: the quote ' is not closed (usage.bad-argument)\n"


def test_json(daemon: FakeDaemon, run: Run) -> None:
    result = run("-", "--json", input="version\n")
    assert result.stdout == '{"protocol":1,"registry":"ff","version":"9.9"}\n'


def test_nothing_to_do(run: Run) -> None:
    assert run("-", input="# nothing\n\n").returncode == 0


def test_keep_going_is_for_scripts(run: Run) -> None:
    assert run("version", "--keep-going").returncode == 2


def test_nobody_is_asked(daemon: FakeDaemon, run: Run) -> None:
    def answer(call: Call) -> None:
        answer = call.ask(kind="confirm", prompt="Sure?")
        call.end(ok() if answer == "yes" else failed("confirm.required"))

    daemon.on("config apply", answer)
    assert run("-", input="config apply\nyes\n").returncode == 6


def test_lines_are_what_they_are_at_the_prompt(daemon: FakeDaemon, run: Run) -> None:
    daemon.on("help version", lambda call: (call.say(text="Show the version"), call.end()))
    result = run("-", input="version --json\nversion --help\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == '{"protocol":1,"registry":"ff","version":"9.9"}\nShow the version\n'


@pytest.mark.parametrize("word", ["quit", "exit"])
def test_quit_ends(daemon: FakeDaemon, run: Run, word: str) -> None:
    result = run("-", input=f"version\n{word}\nhost suspend a.example\n")
    assert result.returncode == 0
    assert daemon.next("argv")["argv"] == ["version"] and daemon.received.empty()


@pytest.mark.parametrize("line", ["version --socket /nowhere", "--keep-going version", "-", "--complete -- v", "--version"])
def test_what_is_for_the_command_line_only(daemon: FakeDaemon, run: Run, line: str) -> None:
    result = run("-", input=line + "\n")
    assert result.returncode == 2
    assert result.stderr.startswith("invitectl: line 1: ")
    assert daemon.received.empty()


def test_lines_of_dos(daemon: FakeDaemon, run: Run) -> None:
    result = run("-", input="version\r\n\r\n# nothing\r\nhost suspend a.example\r")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith("suspended a.example\n")


def test_no_input_at_all(environment: dict[str, str]) -> None:
    result = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" - <&-', binary()], env=environment, text=True, capture_output=True,
        timeout=TIMEOUT)
    assert (result.returncode, result.stderr) == (0, "")


def test_input_that_cannot_be_read(environment: dict[str, str]) -> None:
    result = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" - < /', binary()], env=environment, text=True, capture_output=True,
        timeout=TIMEOUT)
    assert (result.returncode, result.stderr) == (1, "invitectl: standard input: Is a directory\n")

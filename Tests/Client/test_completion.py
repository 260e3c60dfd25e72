"""`invitectl --complete`, which shells ask."""

import threading

import pytest
from conftest import Run
from fake_daemon import Call, FakeDaemon


def test_live_values(daemon: FakeDaemon, complete: Run) -> None:
    daemon.candidates = [("example.com", "a host"), ("example.org", ""), ("other.example", "")]
    result = complete("host", "show", "exa")
    assert result.stdout == "example.com\ta host\nexample.org\t\n"
    assert daemon.next("complete")["complete"] == ["host", "show", "exa"]


def test_own_options_are_not_the_commands(daemon: FakeDaemon, complete: Run) -> None:
    daemon.candidates = [("list", "")]
    words = ["--json", "--socket", str(daemon.path), "host", "li"]
    assert complete(*words, INVITED_SOCKET="/nowhere").stdout == "list\t\n"
    assert daemon.next("complete")["complete"] == ["host", "li"]


def test_own_options_are_completed(daemon: FakeDaemon, run: Run) -> None:
    assert [line.split("\t")[0] for line in run("--complete", "--", "--k").stdout.splitlines()] == ["--keep-going"]
    assert run("--complete", "--", "--socket", "/ru").stdout == ""


@pytest.mark.parametrize(("words", "values"), [
    (["hos"], ["host"]),
    (["host", ""], ["list", "show", "why", "set", "reset", "suspend", "resume", "restart", "reopen", "backup", "restore"]),
    (["host", "list", "--st"], ["--state"]),
    (["host", "list", "--state", "r"], ["running", "refused"]),
    (["log", "level", "deb"], ["debug"]),
    (["help", "invite", "cre"], ["create"]),
    (["nonsense", ""], []),
])
def test_what_is_known_without_a_daemon(run: Run, words: list[str], values: list[str]) -> None:
    result = run("--complete", "--", *words)
    assert result.returncode == 0
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == values
    assert result.stderr == ""


def test_a_daemon_that_does_not_answer(daemon: FakeDaemon, run: Run) -> None:
    done = threading.Event()
    daemon.complete = lambda call: done.wait()  # type: ignore[method-assign]
    assert run("--complete", "--", "hos").stdout.startswith("host\t")
    done.set()


def test_a_value_that_speaks_to_the_terminal_is_left_out(daemon: FakeDaemon, complete: Run) -> None:
    def answer(call: Call) -> None:
        call.row(value="good", summary="\x1b[31mred\tand more\n")
        call.row(value="bad\x1b]0;owned\x07", summary="")
        call.end()

    daemon.complete = answer  # type: ignore[method-assign]
    assert complete("").stdout == "good\t\\u{1B}[31mred\\u{9}and more\\u{A}\n"


def test_own_options_for_shells_need_no_daemon(run: Run) -> None:
    def offered(*words: str) -> list[str]:
        return [line.split("\t")[0] for line in run("--complete", "--", *words).stdout.splitlines()]

    assert offered("--ke") == ["--keep-going"]
    assert offered("host", "list", "--") == ["--json", "--state", "--match"]
    assert offered("host", "list", "--", "--j") == []

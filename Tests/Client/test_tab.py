"""Completion at the prompt."""

import threading

import pexpect
import pytest
from conftest import PROMPT, in_time, type_line
from fake_daemon import Call, FakeDaemon, ok

LEFT = "\x1b[D"


@pytest.fixture(autouse=True)
def answers(daemon: FakeDaemon) -> None:
    daemon.on("version", lambda call: call.end(ok("it is 9.9")))
    daemon.on("host show example.com", lambda call: call.end(ok("that host")))


@in_time
def test_tab_completes_the_only_candidate(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.candidates = [("version", "Show the version"), ("status", "")]
    repl.send("ver\t")
    repl.expect_exact("sion ")
    assert daemon.next("complete")["complete"] == ["ver"]
    assert "it is 9.9" in type_line(repl, "")


@in_time
def test_tab_completes_hosts(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.candidates = [("example.com", "")]
    repl.send("host show ex\t\r")
    repl.expect_exact(PROMPT)
    assert daemon.next("complete")["complete"] == ["host", "show", "ex"]
    assert daemon.next("argv")["argv"] == ["host", "show", "example.com"]


@in_time
def test_tab_lists_several(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.candidates = [("host", "Hosts"), ("help", "Show the commands"), ("version", "")]
    repl.send("h\t")
    repl.expect("\r\n  host  Hosts\r\n  help  Show the commands\r\n")
    repl.expect_exact(PROMPT + "h")


@in_time
def test_tab_lists_in_columns(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.candidates = [(f"h{number:02}.example", "") for number in range(60)]
    repl.send("host show h\t")
    repl.expect_exact("  h00.example  h10.example  h20.example  h30.example  h40.example  h50.example\r\n")
    repl.expect_exact("  h09.example  h19.example  h29.example  h39.example  h49.example  h59.example\r\n")
    repl.expect_exact(PROMPT + "host show h")


@in_time
def test_tab_shows_no_more_than_fits(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.candidates = [(f"h{number:05}.example", "") for number in range(10_000)]
    repl.send("host show \t\t")
    repl.expect_exact("… there are 10000\r\n")
    assert repl.before.count("\r\n") < 24


@in_time
def test_tab_takes_nothing_for_common_where_there_is_more(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    def complete(call: Call) -> None:
        call.rows([{"value": f"ha{number:03}.example", "summary": ""} for number in range(1000)])
        call.end(ok("there are more than 1000"))

    daemon.complete = complete  # type: ignore[method-assign]
    repl.send("host show h\t")
    repl.expect_exact("… there are more than 1000\r\n")
    repl.expect_exact(PROMPT + "host show h")
    assert "ha" not in repl.buffer


@in_time
def test_tab_goes_as_far_as_all_agree(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.candidates = [("example.com", ""), ("example.org", "")]
    repl.send("host show e\tc\t\r")
    repl.expect_exact(PROMPT)
    for key in ["complete", "complete"]:
        daemon.next(key)
    assert daemon.next("argv")["argv"] == ["host", "show", "example.com"]


def test_tab_with_nothing_beeps(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    repl.send("xyz\t")
    repl.expect_exact("\x07")
    assert "there is no command `xyz`" in type_line(repl, "")


@in_time
def test_tab_amid_a_word(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.candidates = [("show", "")]
    repl.send("host show example.com" + LEFT * 14 + "\t\r")  # after `sh`
    repl.expect_exact(PROMPT)
    assert daemon.next("complete")["complete"] == ["host", "sh"]
    assert daemon.next("argv")["argv"] == ["host", "show", "example.com"]


@in_time
def test_tab_quotes_what_needs_it(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.candidates = [("it's a plan", "")]
    repl.send("host show it\t\r")
    repl.expect_exact(PROMPT)
    daemon.next("complete")
    assert daemon.next("argv")["argv"] == ["host", "show", "it's a plan"]


@in_time
def test_tab_within_quotes(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.candidates = [("it's a plan", "")]
    repl.send('host show "it\'s a\t\r')
    repl.expect_exact(PROMPT)
    assert daemon.next("complete")["complete"] == ["host", "show", "it's a"]
    assert daemon.next("argv")["argv"] == ["host", "show", "it's a plan"]


def test_tab_with_a_daemon_that_does_not_answer(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    done = threading.Event()
    daemon.complete = lambda call: done.wait()  # type: ignore[method-assign]
    repl.send("vers\t")
    repl.expect_exact("ion ")  # from the client's own list of commands
    done.set()
    assert "it is 9.9" in type_line(repl, "")


def test_tab_without_a_daemon(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.stop()
    repl.send("vers\t")
    repl.expect_exact("ion ")
    assert "error: nobody listens on" in type_line(repl, "")

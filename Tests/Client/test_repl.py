"""Commands typed at a terminal."""

import os
import re
import signal
import stat
import termios
from pathlib import Path

import pexpect
import pytest
from conftest import PROMPT, Spawn, type_line
from fake_daemon import Call, FakeDaemon, failed, ok

UP, LEFT = "\x1b[A", "\x1b[D"


@pytest.fixture(autouse=True)
def answers(daemon: FakeDaemon) -> None:
    daemon.on("version", lambda call: call.end(ok("it is 9.9")))
    daemon.on("host show example.com", lambda call: call.end(ok("that host")))


# MARK: Typing

def test_greets_and_prompts(repl: pexpect.spawn) -> None:
    assert "invited 9.9: you are ann, admin of all hosts." in repl.before
    assert "other commands than this client knows" in repl.before  # the hashes differ


def test_the_prompt_tells_the_role(daemon: FakeDaemon, spawn: Spawn) -> None:
    daemon.greet(role="viewer", hosts=["*.example.com", "a.example"])
    child = spawn()
    child.expect_exact("you are ann, viewer of *.example.com, a.example.")
    child.expect_exact("invited(viewer)> ")


def test_only_the_prompt_is_bold(daemon: FakeDaemon, spawn: Spawn) -> None:
    child = spawn(NO_COLOR="")
    child.expect_exact("\x1b[1minvited>\x1b[0m ")


def test_a_command(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    assert "it is 9.9" in type_line(repl, "version")
    assert daemon.next("argv") == {"id": 1, "argv": ["version"], "width": 80, "interactive": True}


def test_quotes_and_comments(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    type_line(repl, "journal --command 'host set' a\\ b # and so on")
    assert daemon.next("argv")["argv"] == ["journal", "--command", "host set", "a b"]


def test_an_open_quote_is_an_error(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    assert "error: the quote ' is not closed" in type_line(repl, "host show 'a")
    assert daemon.received.empty()


def test_beyond_ascii(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    type_line(repl, "host show bücher日本.example" + LEFT * len(".example") + "\x7f語")
    assert daemon.next("argv")["argv"] == ["host", "show", "bücher日語.example"]


def test_an_empty_line_asks_nothing(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    type_line(repl, "")
    type_line(repl, "   ")
    type_line(repl, "# a comment")
    assert daemon.received.empty()


def test_a_failure_leaves_the_prompt(repl: pexpect.spawn) -> None:
    shown = type_line(repl, "nonsense")
    assert "error: there is no command `nonsense` (usage.unknown-command)\r\nhint: try `help`" in shown
    assert "it is 9.9" in type_line(repl, "version")


def test_json_for_one_line(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.on_rows("stats", {"host": "a.example"})
    assert '{"host":"a.example"}' in type_line(repl, "stats --json")
    assert "HOST" in type_line(repl, "stats")


def test_what_is_for_the_command_line_only(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    assert "error: `--socket` is for the command line of invitectl" in type_line(repl, "version --socket /nowhere")
    assert daemon.received.empty()


def test_help_as_an_option(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.on("help", lambda call: (call.say(text="all the help"), call.end()))
    assert "all the help" in type_line(repl, "--help")


@pytest.mark.parametrize("end", ["quit\r", "exit\r", "\x04"])
def test_ends(repl: pexpect.spawn, end: str) -> None:
    repl.send(end)
    repl.expect(pexpect.EOF)
    repl.wait()
    assert repl.exitstatus == 0


# MARK: Ctrl-C

def test_ctrl_c_at_the_prompt_drops_the_line(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    repl.send("host rest")
    repl.expect_exact("host rest")
    repl.sendintr()
    repl.expect_exact("^C\r\n")
    # The line is not shown once more.
    assert PROMPT not in repl.before and "host" not in repl.before
    repl.expect_exact(PROMPT)
    assert "it is 9.9" in type_line(repl, "version")
    assert daemon.next("argv")["argv"] == ["version"]


def test_the_terminal_is_taken_back_after_a_stop(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    """As after Ctrl-Z and `fg`: the shell has set the terminal to what it likes in the meantime."""
    os.kill(repl.pid, signal.SIGSTOP)
    os.waitpid(repl.pid, os.WUNTRACED)
    settings = termios.tcgetattr(repl.child_fd)
    settings[3] |= termios.ECHO | termios.ICANON
    termios.tcsetattr(repl.child_fd, termios.TCSANOW, settings)
    os.kill(repl.pid, signal.SIGCONT)
    repl.expect_exact(PROMPT)
    repl.send("version\r")
    repl.expect_exact("it is 9.9")
    assert repl.before.count("version") == 1


def test_ctrl_c_cancels_what_runs(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    def answer(call: Call) -> None:
        call.event(message="begun")
        call.next("cancel")
        call.end(failed("cancelled", "the command was ended"))

    daemon.on("log follow", answer)
    repl.send("log follow\r")
    repl.expect_exact("begun")
    repl.sendintr()
    repl.expect_exact(PROMPT)
    assert "cancelled" not in repl.before
    assert daemon.next("argv")
    assert daemon.next("cancel") == {"id": 1, "cancel": True}
    assert "it is 9.9" in type_line(repl, "version")
    assert len(daemon.sessions) == 1


def test_a_second_ctrl_c_returns_to_the_prompt(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.on("log follow", lambda call: call.event(message="begun"))
    repl.send("log follow\r")
    repl.expect_exact("begun")
    daemon.next("argv")
    repl.sendintr()
    daemon.next("cancel")
    repl.sendintr()
    repl.expect_exact(PROMPT)
    assert "it is 9.9" in type_line(repl, "version")


# MARK: History

def history(directory: Path) -> Path:
    return directory / "state" / "invitectl" / "history"


def test_up_brings_the_last_line(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    type_line(repl, "host show example.com")
    type_line(repl, "version")
    repl.send(UP + UP)
    assert "that host" in type_line(repl, "")
    assert [daemon.next("argv")["argv"][0] for _ in range(3)] == ["host", "version", "host"]


def test_history_outlives_the_session(repl: pexpect.spawn, spawn: Spawn, directory: Path) -> None:
    type_line(repl, "host show example.com")
    repl.send("\x04")
    repl.expect(pexpect.EOF)
    assert history(directory).read_text() == "host show example.com\n"
    assert stat.S_IMODE(history(directory).stat().st_mode) == 0o600
    assert stat.S_IMODE(history(directory).parent.stat().st_mode) == 0o700
    later = spawn()
    later.expect_exact(PROMPT)
    later.send(UP)
    assert "that host" in type_line(later, "")


def test_a_history_that_others_could_read_is_closed(daemon: FakeDaemon, spawn: Spawn, directory: Path) -> None:
    history(directory).parent.mkdir(parents=True)
    history(directory).write_text("version\n")
    history(directory).chmod(0o644)
    child = spawn()
    child.expect_exact(PROMPT)
    type_line(child, "version")
    assert stat.S_IMODE(history(directory).stat().st_mode) == 0o600


@pytest.mark.parametrize("obstacle", ["fifo", "link", "directory"])
def test_a_history_that_is_no_file_is_left_alone(
        daemon: FakeDaemon, spawn: Spawn, directory: Path, obstacle: str) -> None:
    history(directory).parent.mkdir(parents=True)
    target = directory / "elsewhere"
    target.write_text("host show example.com\n")
    target.chmod(0o644)
    match obstacle:
        case "fifo": os.mkfifo(history(directory))
        case "link": history(directory).symlink_to(target)
        case "directory": history(directory).mkdir()
    child = spawn()
    child.expect_exact(PROMPT)
    assert "it is 9.9" in type_line(child, "version")
    assert target.read_text() == "host show example.com\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_a_line_that_begins_with_a_space_is_not_kept(repl: pexpect.spawn, directory: Path) -> None:
    type_line(repl, "version")
    type_line(repl, " host show example.com")
    assert history(directory).read_text() == "version\n"
    repl.send(UP)
    assert "it is 9.9" in type_line(repl, "")


@pytest.mark.parametrize("line", [
    "invite find xmpp:a.example?register;preauth=short123", "invite find juliet", "invite forget juliet@a.example",
    "invite fnid 00JMmNpQ3vXcQ4k1Yy8bRtZw2sUf7",
])
def test_a_line_with_a_secret_is_not_kept(repl: pexpect.spawn, daemon: FakeDaemon, directory: Path, line: str) -> None:
    daemon.on(line, lambda call: call.end(ok("it is known")))
    type_line(repl, "version")
    assert "it is known" in type_line(repl, line)
    assert history(directory).read_text() == "version\n"
    repl.send(UP)
    assert "it is 9.9" in type_line(repl, "")


def test_answers_are_not_kept(repl: pexpect.spawn, daemon: FakeDaemon, directory: Path) -> None:
    def answer(call: Call) -> None:
        call.ask(kind="secret", prompt="Password")
        call.end(ok("thank you"))

    daemon.on("config confirm", answer)
    repl.send("config confirm\r")
    repl.expect_exact("Password: ")
    repl.waitnoecho()
    type_line(repl, "hush")
    assert history(directory).read_text() == "config confirm\n"
    repl.send(UP)
    repl.expect_exact("config confirm")


# MARK: The terminal

def test_a_resize_reaches_the_next_command(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    type_line(repl, "version")
    assert daemon.next("argv")["width"] == 80
    repl.setwinsize(24, 132)
    type_line(repl, "version")
    assert daemon.next("argv")["width"] == 132


def test_a_line_longer_than_the_terminal_after_a_resize(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    repl.setwinsize(24, 30)
    line = "host show " + " ".join(f"h{number}.example" for number in range(10))
    type_line(repl, line)
    assert daemon.next("argv")["argv"] == line.split()


@pytest.fixture
def many(daemon: FakeDaemon) -> None:
    daemon.on_rows("stats", *[{"host": f"h{number:03}.example", "requests": number} for number in range(100)])


def test_long_output_is_paged(many: None, repl: pexpect.spawn) -> None:
    repl.send("stats\r")
    repl.expect("h021.example.*\r\n:")
    assert "h050.example" not in repl.before
    repl.send("G")
    repl.expect_exact("h099.example")
    repl.send("q")
    repl.expect_exact(PROMPT)
    assert "it is 9.9" in type_line(repl, "version")


def test_ctrl_c_in_the_pager_stays_there(many: None, repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    repl.send("stats\r")
    repl.expect("h021.example.*\r\n:")
    repl.sendintr()
    repl.expect_exact(":")  # less shows it again
    repl.send("q")
    repl.expect_exact(PROMPT)
    assert "it is 9.9" in type_line(repl, "version")
    assert [daemon.next("argv")["argv"][0] for _ in range(2)] == ["stats", "version"]


def test_short_output_is_not_paged(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.on_rows("stats", {"host": "a.example", "requests": 1})
    assert "a.example" in type_line(repl, "stats")


def test_the_pager_is_the_persons(many: None, daemon: FakeDaemon, spawn: Spawn) -> None:
    child = spawn(PAGER="sed 's/^/paged: /'")
    child.expect_exact(PROMPT)
    assert "paged: h099.example" in type_line(child, "stats")


@pytest.mark.parametrize("pager", ["/nowhere/pager", "true"])
def test_a_pager_that_does_not_page(many: None, daemon: FakeDaemon, spawn: Spawn, pager: str) -> None:
    child = spawn(PAGER=pager)
    child.expect_exact(PROMPT)
    assert ("h099.example" in type_line(child, "stats")) == (pager != "true")
    assert "it is 9.9" in type_line(child, "version")


def test_events_are_not_paged(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    def answer(call: Call) -> None:
        for number in range(100):
            call.event(message=f"message {number}")
        call.end()

    daemon.on("log follow", answer)
    assert "message 99\r\n" in type_line(repl, "log follow")


# MARK: The daemon stops and starts

def test_connects_again_and_says_so(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    type_line(repl, "version")
    daemon.stop()
    assert "error: nobody listens on" in type_line(repl, "version")
    daemon.start()
    shown = type_line(repl, "version")
    assert "(connected again, to invited 9.9)" in shown
    assert "it is 9.9" in shown
    assert "connected again" not in type_line(repl, "version")


def test_a_farewell_does_not_keep_it_from_connecting_again(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    """As after `systemctl restart`: the old daemon's last message has not been read."""
    type_line(repl, "version")
    for session in daemon.sessions:
        session.send({"end": failed("daemon.shutting-down", "the daemon is ending")})
    daemon.stop()
    daemon.start()
    shown = type_line(repl, "version")
    assert "(connected again, to invited 9.9)" in shown
    assert "it is 9.9" in shown
    assert "error" not in shown


def test_gone_amid_a_command(repl: pexpect.spawn, daemon: FakeDaemon) -> None:
    daemon.on("host suspend a.example", lambda call: daemon.stop())
    shown = type_line(repl, "host suspend a.example")
    assert "error: the daemon has closed the connection (daemon.unreachable)" in shown
    daemon.start()
    assert "it is 9.9" in type_line(repl, "version")


def test_no_daemon_at_the_beginning(daemon: FakeDaemon, spawn: Spawn) -> None:
    daemon.stop()
    child = spawn()
    child.expect("invitectl: nobody listens on .*/socket \\(daemon.unreachable\\)")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 3
    assert not re.search("Traceback|Fatal", child.before)

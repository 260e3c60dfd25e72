"""One command on the command line."""

import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pexpect
import pytest
from conftest import Run, Spawn, binary
from fake_daemon import Call, FakeDaemon, failed, ok

HOSTS = [
    {"host": "example.com", "state": "running", "since": "2026-11-22T19:06:10Z", "requests": 1234, "invites": 411,
     "waiting": 0, "overrides": 0, "trouble": None},
    {"host": "a-long-name-of-a-host.customers.example.org", "state": "quarantined", "since": "2026-11-22T19:06:10Z",
     "requests": 7, "invites": 2, "waiting": 0, "overrides": 1, "trouble": "the database cannot be opened: disk full"},
]

# Every exit status, and a code of each.
STATUSES = {
    "ok": 0, "host.unknown": 1, "internal": 1, "cancelled": 1, "usage.bad-argument": 2, "usage.needs-terminal": 2,
    "daemon.unreachable": 3, "access.denied": 4, "config.stale": 5, "config.pending": 5, "invite.username-taken": 5,
    "confirm.required": 6, "confirm.refused": 6, "a.code-of-the-future": 1,
}


@pytest.mark.parametrize(("code", "status"), STATUSES.items())
def test_exit_status(daemon: FakeDaemon, run: Run, code: str, status: int) -> None:
    daemon.on("version", lambda call: call.end(failed(code, "so it is", "do that") if code != "ok" else ok()))
    result = run("version")
    assert result.returncode == status
    if status:
        shown = "internal" if code == "a.code-of-the-future" else code
        assert result.stderr == f"invitectl: so it is ({shown})\nhint: do that\n"
    assert result.stdout == ""


def test_nobody_listens(run: Run, directory: Path) -> None:
    result = run("status")
    assert result.returncode == 3
    assert f"nobody listens on {directory}/socket (daemon.unreachable)" in result.stderr


def test_help_needs_no_daemon(run: Run, spawn: Spawn) -> None:
    whole = run("help")
    assert whole.returncode == 0 and whole.stderr == ""
    assert "  host set " in whole.stdout and "  config apply " in whole.stdout
    one = run("host", "set", "--help")
    assert one.returncode == 0 and one.stdout.startswith("Change a setting of a host")
    unknown = run("help", "nonsense")
    assert unknown.returncode == 3 and "(daemon.unreachable)" in unknown.stderr
    # The hint that these are the client's commands is for terminals, not for pipes.
    terminal = spawn("help", "version")
    terminal.expect_exact("hint: these are the commands of this client: nobody listens on")
    terminal.expect(pexpect.EOF)


def test_hint_after_success(daemon: FakeDaemon, run: Run, spawn: Spawn) -> None:
    daemon.on("version", lambda call: call.end(ok() | {"message": "it is done", "hint": "do that next"}))
    assert run("version").stdout == "it is done\n"
    terminal = spawn("version")
    terminal.expect_exact("it is done\r\nhint: do that next\r\n")
    terminal.expect(pexpect.EOF)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody who may not")
def test_socket_of_another_group_is_denied(daemon: FakeDaemon, directory: Path, environment: dict[str, str]) -> None:
    directory.chmod(0o755)
    daemon.path.chmod(0o600)
    # Debian's Python drops root's rights, and then there is no way back.
    program = "import os, sys; os.setgid(65534); os.setuid(65534); os.execv(sys.argv[1], sys.argv[1:])"
    reachable = all(os.stat(parent).st_mode & 0o001 for parent in Path(binary()).resolve().parents)
    if not reachable:
        pytest.skip("the client is in a directory that others cannot enter")
    result = subprocess.run(
        ["/usr/bin/python3", "-c", program, binary(), "status"], env=environment, text=True, capture_output=True)
    assert result.returncode == 4
    assert "(access.denied)" in result.stderr


def test_refused_instead_of_greeted(daemon: FakeDaemon, run: Run) -> None:
    daemon.greeting = json.dumps({"id": 0, "end": failed("access.denied", "you have no role")}).encode() + b"\n"
    result = run("status")
    assert (result.returncode, result.stderr) == (4, "invitectl: you have no role (access.denied)\n")


def test_daemon_that_cannot_start(directory: Path, run: Run) -> None:
    """systemd closes what waits at the socket when the daemon that it has started for it fails."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "failing.sock"))
        listener.listen()
        threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
        result = run("--socket", str(directory / "failing.sock"), "status")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == (
        "invitectl: the daemon has closed the connection (daemon.unreachable)\n"
        "hint: `systemctl status invited` shows whether the daemon runs\n")


def test_daemon_gone_amid_a_change(daemon: FakeDaemon, run: Run) -> None:
    def vanish(call: Call) -> None:
        call.row(key="suspended", value="true", origin="runtime")
        daemon.stop()

    daemon.on("host set example.com suspended true", vanish)
    result = run("host", "set", "example.com", "suspended", "true")
    assert result.returncode == 3
    assert "the daemon has closed the connection (daemon.unreachable)" in result.stderr
    assert "`journal` tells" in result.stderr


def test_request(daemon: FakeDaemon, run: Run) -> None:
    daemon.on_rows("host list --state running --match=é -- x")
    assert run("host", "list", "--state", "running", "--json", "--match=é", "--", "x").returncode == 0
    assert daemon.next("argv") == {
        "id": 1, "argv": ["host", "list", "--state", "running", "--match=é", "--", "x"], "width": 0,
        "interactive": False}


def test_own_options_after_two_hyphens_are_the_commands(daemon: FakeDaemon, run: Run) -> None:
    run("host", "list", "--", "--json", "--socket", "/nowhere")
    assert daemon.next("argv")["argv"] == ["host", "list", "--", "--json", "--socket", "/nowhere"]


def test_socket_may_stand_anywhere(daemon: FakeDaemon, run: Run, directory: Path) -> None:
    daemon.on_rows("host list")
    for words in [
        ["--socket", str(daemon.path), "host", "list"], ["host", f"--socket={daemon.path}", "list"],
        ["host", "list", "--socket", str(daemon.path)],
    ]:
        assert run(*words, INVITED_SOCKET="/nowhere").returncode == 0
        assert daemon.next("argv")["argv"] == ["host", "list"]


def test_help_of_a_command_is_the_daemons(daemon: FakeDaemon, run: Run) -> None:
    daemon.on("help host list", lambda call: (call.say(text="host list\n  List the hosts\n"), call.end()))
    assert run("host", "list", "--help").stdout == "host list\n  List the hosts\n"


def test_own_help_and_version_need_no_daemon(run: Run) -> None:
    assert "invitectl [OPTION…] COMMAND…" in run("--help").stdout
    assert run("--version").stdout.startswith("invitectl ")
    assert run("--version", "host", "list").returncode == 2


def test_no_command_and_no_terminal(daemon: FakeDaemon, run: Run) -> None:
    result = run()
    assert result.returncode == 2
    assert "usage.needs-terminal" in result.stderr


def test_json_is_what_came(daemon: FakeDaemon, run: Run) -> None:
    row = {"z": [1, {"row": "}\"]"}], "a": None, "b": 1.5, "text": "é\t\"\\ \u2028"}

    def answer(call: Call) -> None:
        call.session.raw(b'{"row" : ' + json.dumps(row).encode() + b' ,"id":%d}\n' % call.request["id"])
        call.say(text="two\nlines")
        call.event(look=1)
        call.say(progress={"message": "not shown"})
        call.end(failed("config.invalid", "no", "mend it"))

    daemon.on("config check", answer)
    result = run("config", "check", "--json")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert lines[0] == json.dumps(row)
    assert [json.loads(line) for line in lines] == [row, {"text": "two\nlines"}, {"look": 1}]
    assert json.loads(result.stderr) == failed("config.invalid", "no", "mend it")


def test_failures_of_the_client_are_json_too(run: Run) -> None:
    result = run("status", "--json")
    assert json.loads(result.stderr)["code"] == "daemon.unreachable"


def test_piped_tables_have_any_width_and_no_colour(daemon: FakeDaemon, run: Run) -> None:
    daemon.on_rows("host list", *HOSTS)
    result = run("host", "list", NO_COLOR="")
    assert "\x1b" not in result.stdout
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["HOST", "STATE", "SINCE", "REQUESTS", "INVITES", "WAITING", "OVERRIDES", "TROUBLE"]
    assert lines[2].endswith("the database cannot be opened: disk full")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_tables_fit_the_terminal(daemon: FakeDaemon, spawn: Spawn, columns: int) -> None:
    daemon.on_rows("host list", *HOSTS)
    child = spawn("host", "list", columns=columns)
    child.expect(pexpect.EOF)
    assert daemon.next("argv")["width"] == columns
    lines = child.before.splitlines()
    assert lines[0].startswith("HOST ")
    assert max(len(line) for line in lines) <= columns
    assert "quarantined" in child.before


def test_states_are_coloured_on_a_terminal(daemon: FakeDaemon, spawn: Spawn) -> None:
    daemon.on_rows("host list", *HOSTS)
    child = spawn("host", "list", NO_COLOR="")
    child.expect(pexpect.EOF)
    assert "\x1b[31mquarantined\x1b[0m" in child.before
    plain = spawn("host", "list", NO_COLOR="1")
    plain.expect(pexpect.EOF)
    assert "\x1b" not in plain.before


def test_an_empty_table_says_so_on_a_terminal(daemon: FakeDaemon, spawn: Spawn, run: Run) -> None:
    daemon.on_rows("invite list")
    child = spawn("invite", "list")
    child.expect(pexpect.EOF)
    assert child.before == "(none)\r\n"
    assert run("invite", "list").stdout == ""


def test_a_field_of_a_newer_daemon_is_shown(daemon: FakeDaemon, run: Run) -> None:
    daemon.on_rows("version", {"version": "2.0", "protocol": 1, "registry": "ff", "moon_phase": "full"})
    assert "moon phase: full\n" in run("version").stdout
    daemon.on_rows("moon list", {"moon": "Io"}, {"moon": "Europa"})
    assert run("moon", "list").stdout == "MOON\nIo\nEuropa\n"


def test_events_are_lines(daemon: FakeDaemon, run: Run) -> None:
    def answer(call: Call) -> None:
        call.event(look=1, host="a.example", requests_per_second=1.5, waiting=3)
        call.event(dropped=12)
        call.end()

    daemon.on("top --looks 1", answer)
    assert run("top", "--looks", "1").stdout == (
        "look=1 a.example requests_per_second=1.5 waiting=3\n(12 left out)\n")


def test_progress_is_seen_and_goes(daemon: FakeDaemon, spawn: Spawn) -> None:
    def answer(call: Call) -> None:
        call.say(progress={"message": "probing a.example"})
        call.next("cancel")
        call.end(failed("cancelled", "the command was ended"))

    daemon.on("grants --probe", answer)
    child = spawn("grants", "--probe")
    child.expect_exact("\x1b[Kprobing a.example…")
    child.sendintr()
    child.expect_exact("\r\x1b[K")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130


def test_ctrl_c_cancels_and_waits_for_the_end(daemon: FakeDaemon, spawn: Spawn) -> None:
    def answer(call: Call) -> None:
        call.event(time="2026-11-22T19:06:10.123Z", level="info", message="begun", metadata={})
        call.next("cancel")
        call.event(time="2026-11-22T19:06:11.123Z", level="info", message="the last", metadata={})
        call.end(failed("cancelled"))

    daemon.on("log follow", answer)
    child = spawn("log", "follow")
    child.expect_exact("19:06:10.123Z info     begun\r\n")
    child.sendintr()
    child.expect_exact("the last")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130


def test_a_second_ctrl_c_does_not_wait(daemon: FakeDaemon, spawn: Spawn) -> None:
    daemon.on("log follow", lambda call: call.event(message="begun"))
    child = spawn("log", "follow")
    child.expect_exact("begun")
    daemon.next("argv")
    child.sendintr()
    daemon.next("cancel")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130


def test_termination_leaves_at_once(daemon: FakeDaemon, spawn: Spawn) -> None:
    daemon.on("log follow", lambda call: call.event(message="begun"))
    child = spawn("log", "follow")
    child.expect_exact("begun")
    child.kill(signal.SIGTERM)
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 128 + signal.SIGTERM


def test_a_new_look_takes_the_place_of_the_one_before(daemon: FakeDaemon, spawn: Spawn) -> None:
    def answer(call: Call) -> None:
        for look in [1, 2]:
            call.event(look=look, host="a.example", requests_per_second=look + 0.5, waiting=0)
            call.event(look=look, host="b.example", requests_per_second=0, waiting=0)
            if look == 1:
                call.next("cancel")  # stands for the time between two views
        call.end(failed("cancelled"))

    daemon.on("top", answer)
    child = spawn("top", columns=100)
    child.expect("HOST .*WAITING")
    child.expect_exact("1.5")
    child.expect("b.example .*0\r\n")
    child.sendintr()
    child.expect_exact("\x1b[3A\r\x1b[J")
    child.expect_exact("2.5")
    child.expect(pexpect.EOF)


# MARK: Odd ends

def test_a_file_is_no_socket(run: Run, directory: Path) -> None:
    (directory / "file").touch()
    result = run("status", "--socket", str(directory / "file"))
    assert result.returncode == 3
    assert f"{directory}/file is no socket (daemon.unreachable)" in result.stderr


def test_wrong_options_of_the_client_are_told_as_json(run: Run) -> None:
    result = run("--json", "--socket")
    assert result.returncode == 2
    assert json.loads(result.stderr)["code"] == "usage.bad-argument"


def test_messages_part_no_word(daemon: FakeDaemon, spawn: Spawn, run: Run) -> None:
    end = ok() | {"message": "one two three four five six seven", "hint": "eight nine ten eleven twelve thirteen"}
    daemon.on("version", lambda call: call.end(end))
    child = spawn("version", columns=20)
    child.expect(pexpect.EOF)
    assert child.before.splitlines() == [
        "one two three four", "five six seven", "hint: eight nine ten", "eleven twelve", "thirteen"]
    assert run("version").stdout == "one two three four five six seven\n"


def test_how_far_a_change_came_is_told(daemon: FakeDaemon, spawn: Spawn) -> None:
    def answer(call: Call) -> None:
        call.say(progress={"message": "deleted 5000 of 10000"})
        call.next("cancel")
        call.end(failed("cancelled", "ended early: 5000 invites had been deleted by then"))

    daemon.on("invite purge a.example --all --yes", answer)
    child = spawn("invite", "purge", "a.example", "--all", "--yes", columns=200)
    child.expect_exact("deleted 5000 of 10000…")
    child.sendintr()
    child.expect_exact("invitectl: ended early: 5000 invites had been deleted by then (cancelled)")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130


def test_a_dumb_terminal_gets_lines_only(daemon: FakeDaemon, spawn: Spawn) -> None:
    def answer(call: Call) -> None:
        call.say(progress={"message": "looking"})
        call.event(look=1, host="a.example", waiting=3)
        call.end()

    daemon.on("top", answer)
    daemon.on_rows("stats", *[{"host": f"h{number:03}.example", "requests": number} for number in range(100)])
    child = spawn("top", TERM="dumb")
    child.expect(pexpect.EOF)
    assert child.before == "look=1 a.example waiting=3\r\n"
    child = spawn("stats", TERM="dumb", PAGER="echo paged; cat")
    child.expect(pexpect.EOF)
    assert "h099.example" in child.before and "paged" not in child.before

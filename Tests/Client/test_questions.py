"""Questions of the daemon, and the answers that it receives."""

import os
import signal
import stat
from pathlib import Path

import pexpect
import pytest
from conftest import Run, Spawn
from fake_daemon import Call, FakeDaemon, failed, ok


def deletes(call: Call) -> None:
    answer = call.ask(kind="confirm", prompt="Delete 2 invites of example.com?")
    if answer == "yes":
        call.end(ok("2 invites are deleted"))
    else:
        call.end(failed("confirm.refused" if answer else "confirm.required", "nothing was deleted"))


@pytest.fixture
def question(daemon: FakeDaemon, spawn: Spawn) -> pexpect.spawn:
    daemon.on("invite delete example.com 1 2", deletes)
    child = spawn("invite", "delete", "example.com", "1", "2")
    child.expect_exact("Delete 2 invites of example.com? (yes/no) ")
    assert daemon.next("argv")["interactive"] is True
    return child


@pytest.mark.parametrize(("typed", "answer"), [
    ("yes\r", "yes"), (" yes \r", "yes"), ("no\r", "no"), ("\r", "no"), ("y\r", "no"), ("YES\r", "no"), ("\x04", None),
])
def test_only_yes_in_full_is_yes(
    question: pexpect.spawn, daemon: FakeDaemon, typed: str, answer: str | None
) -> None:
    question.send(typed)
    assert daemon.next("answer")["answer"] == answer
    question.expect(pexpect.EOF)
    question.wait()
    assert question.exitstatus == (0 if answer == "yes" else 6)
    assert ("2 invites are deleted" in question.before) == (answer == "yes")


def test_ctrl_c_at_a_question_cancels(daemon: FakeDaemon, spawn: Spawn) -> None:
    def answer(call: Call) -> None:
        call.say(ask={"kind": "confirm", "prompt": "Sure?"})
        call.next("cancel")
        assert call.next("answer")["answer"] is None
        call.end(failed("cancelled"))

    daemon.on("config apply", answer)
    child = spawn("config", "apply")
    child.expect_exact("Sure? (yes/no) ")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 130


def test_a_question_is_asked_again_after_a_stop(question: pexpect.spawn, daemon: FakeDaemon) -> None:
    """As after Ctrl-Z and `fg`: other things have been on the screen in the meantime."""
    os.kill(question.pid, signal.SIGSTOP)
    os.kill(question.pid, signal.SIGCONT)
    question.expect_exact("Delete 2 invites of example.com? (yes/no) ")
    question.send("yes\r")
    assert daemon.next("answer")["answer"] == "yes"


def test_nobody_is_asked_without_a_terminal(daemon: FakeDaemon, run: Run) -> None:
    daemon.on("invite delete example.com 1 2", deletes)
    result = run("invite", "delete", "example.com", "1", "2", input="yes\n")
    assert daemon.next("argv")["interactive"] is False
    assert daemon.next("answer")["answer"] is None
    assert result.returncode == 6


def test_rows_are_shown_before_the_question(daemon: FakeDaemon, spawn: Spawn) -> None:
    def answer(call: Call) -> None:
        call.row(host="a.example", action="remove", keys=[], plan="ff")
        call.ask(kind="confirm", prompt="Apply this?")
        call.end()

    daemon.on("config apply", answer)
    child = spawn("config", "apply")
    child.expect("a.example +remove.*Apply this. \\(yes/no\\) ")
    child.send("\r")
    child.expect(pexpect.EOF)


def test_a_secret_is_not_shown(daemon: FakeDaemon, spawn: Spawn) -> None:
    answers: list[str | None] = []

    def answer(call: Call) -> None:
        answers.append(call.ask(kind="secret", prompt="Password"))
        call.end(ok("thank you"))

    daemon.on("version", answer)
    child = spawn("version")
    child.expect_exact("Password: ")
    child.waitnoecho()
    child.send("hush hush\r")
    child.expect_exact("thank you")
    assert "hush" not in child.before
    child.expect(pexpect.EOF)
    assert answers == ["hush hush"]


def editor(directory: Path, *steps: str) -> str:
    """An editor that does one step after the other, each time it is started: shell commands about `"$1"`."""
    script = directory / "editor"
    cases = "\n".join(f"{number}) {step} ;;" for number, step in enumerate(steps, 1))
    script.write_text(f"""#!/bin/sh
count=$(($(cat {directory}/count 2>/dev/null || echo 0) + 1))
echo $count > {directory}/count
stat -c '%a %n' "$1" >> {directory}/seen
case $count in
{cases}
esac
""")
    script.chmod(0o700)
    return str(script)


def edits(call: Call) -> None:
    text: str | None = "expiry: 7d\n"
    mistakes: list[str] = []
    while True:
        answer = call.ask(kind="edit", name="config.d/example.com.yaml", text=text, mistakes=mistakes)
        if answer is None:
            return call.end(failed("confirm.refused", "nothing was changed"))
        if "wrong" not in answer:
            return call.end(ok(f"written: {answer.strip()}"))
        text, mistakes = answer, ["example.com.yaml:1:1: unknown key `wrong`"]


def test_edit(daemon: FakeDaemon, spawn: Spawn, directory: Path) -> None:
    daemon.on("config edit example.com", edits)
    child = spawn("config", "edit", "example.com", EDITOR=editor(directory, 'echo "expiry: 1d" > "$1"'))
    child.expect_exact("written: expiry: 1d")
    child.expect(pexpect.EOF)
    mode, path = (directory / "seen").read_text().split()
    assert mode == "600"
    assert path.endswith("/example.com.yaml")
    assert not Path(path).parent.exists()


def test_mistakes_are_shown_and_edited_again(daemon: FakeDaemon, spawn: Spawn, directory: Path) -> None:
    daemon.on("config edit example.com", edits)
    steps = ['echo "wrong: 1" > "$1"', 'sed -i s/wrong/expiry/ "$1"']
    child = spawn("config", "edit", "example.com", VISUAL=editor(directory, *steps), EDITOR="false")
    child.expect_exact("example.com.yaml:1:1: unknown key `wrong`")
    child.expect_exact("Edit it again? (YES/no) ")
    child.send("\r")
    child.expect_exact("written: expiry: 1")
    child.expect(pexpect.EOF)


def test_mistakes_may_be_left_and_the_text_is_kept(daemon: FakeDaemon, spawn: Spawn, directory: Path) -> None:
    daemon.on("config edit example.com", edits)
    child = spawn("config", "edit", "example.com", EDITOR=editor(directory, 'echo "wrong: 1" > "$1"'))
    child.expect_exact("Edit it again? (YES/no) ")
    child.send("no\r")
    child.expect("Your text is kept in (.*)\\.\r\n")
    assert Path(child.match[1]).read_text() == "wrong: 1\n"
    assert stat.S_IMODE(os.stat(Path(child.match[1]).parent).st_mode) == 0o700
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 6


def test_an_unchanged_text_is_no_answer(daemon: FakeDaemon, spawn: Spawn, directory: Path) -> None:
    daemon.on("config edit example.com", edits)
    child = spawn("config", "edit", "example.com", EDITOR=editor(directory, "true"))
    child.expect_exact("Nothing was changed.")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 6


def test_a_failing_editor_loses_nothing(daemon: FakeDaemon, spawn: Spawn, directory: Path) -> None:
    daemon.on("config edit example.com", edits)
    steps = ['echo "expiry: 2d" > "$1"; exit 1', "true"]
    child = spawn("config", "edit", "example.com", EDITOR=editor(directory, *steps))
    child.expect("The editor failed .*exit status 1")
    child.expect_exact("Edit it again? (YES/no) ")
    child.send("\r")
    child.expect_exact("written: expiry: 2d")
    child.expect(pexpect.EOF)

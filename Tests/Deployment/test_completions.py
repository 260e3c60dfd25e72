"""Completion of invitectl on the command line, in a real bash and a real zsh, with a stand-in for invitectl."""

import os
import pathlib
import re

import pexpect
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
COMPLETIONS = TOP / "completions"
CLIENT = TOP / ".build/debug/invitectl"

# Answers as `invitectl --complete` does, and records the calls.
STUB = r"""#!/bin/sh
{ printf '<%s>' "$@"; echo; } >> "$ASKED"
for last; do :; done
printf '%s\t%s\n' \
    host 'Hosts' \
    example.com 'a: host' \
    'two words' 'with a space' \
    a:b:one 'colons' \
    a:b:two 'colons' \
    alice@example.com 'a user' \
    --kind 'Only this kind' \
    --expires 'How long' \
    --json 'Answers as JSON' \
    --keep-going 'Go on' \
    "it's" 'a quote' |
    while IFS= read -r line; do
        case $line in "$last"*) printf '%s\n' "$line" ;; esac
    done
"""


class Shell:
    """A shell at a terminal, which completes what is typed."""

    def __init__(self, tmp_path, program, arguments, rc):
        binary = tmp_path / "bin"
        binary.mkdir()
        (binary / "invitectl").write_text(STUB)
        (binary / "invitectl").chmod(0o755)
        self.asked = tmp_path / "asked"
        self.asked.touch()
        self.ran = tmp_path / "ran"
        environment = {
            "PATH": f"{binary}:/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "dumb", "LC_ALL": "C.UTF-8",
            "ASKED": str(self.asked), "ZDOTDIR": str(tmp_path),
        }
        self.child = pexpect.spawn(
            program, arguments, env=environment, cwd=tmp_path, encoding="utf-8", timeout=30, dimensions=(40, 200)
        )
        self.child.delaybeforesend = None
        self.child.sendline(rc)
        self.child.sendline("PS1='ready> '")
        self.child.expect("[\r\n]ready> ")

    def completed(self, typed):
        """The words of the command line after Tab, as the shell would pass them on."""
        # The line is turned into a call of printf once Tab is done: what it prints are the words.
        self.child.send(typed + "\t")
        self.child.send("\x01printf '{%s}' \x05 '~~'\r")
        self.child.expect(r"\r\n((?:\{[^\r\n]*?\})+)\{~~\}")
        words = re.findall(r"\{(.*?)\}", self.child.match[1])
        self.child.expect("ready> ")
        return words

    def last_question(self):
        return self.asked.read_text().splitlines()[-1]

    def close(self):
        self.child.close(force=True)


@pytest.fixture
def bash(tmp_path):
    (tmp_path / "inputrc").write_text("set enable-bracketed-paste off\nset bell-style none\n")
    rc = (
        "source /usr/share/bash-completion/bash_completion; "
        f"bind -f {tmp_path}/inputrc; source {COMPLETIONS}/invitectl.bash"
    )
    shell = Shell(tmp_path, "/bin/bash", ["--norc", "--noprofile"], rc)
    yield shell
    shell.close()


@pytest.fixture
def zsh(tmp_path):
    rc = (
        f"unset zle_bracketed_paste; fpath=({COMPLETIONS} $fpath); autoload -Uz compinit; compinit -u -D; "
        "unsetopt beep automenu autolist; bindkey -e; PROMPT_EOL_MARK=; unsetopt promptsp"
    )
    shell = Shell(tmp_path, "/usr/bin/zsh", ["-f", "-i"], rc)
    yield shell
    shell.close()


@pytest.fixture(params=["bash", "zsh"])
def shell(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize(
    "typed, words",
    [
        ("invitectl ho", ["invitectl", "host"]),
        ("invitectl host show exam", ["invitectl", "host", "show", "example.com"]),
        ("invitectl host show two", ["invitectl", "host", "show", "two words"]),
        ("invitectl host show 'two", ["invitectl", "host", "show", "two words"]),
        ('invitectl host show "two w', ["invitectl", "host", "show", "two words"]),
        ("invitectl host show two\\ w", ["invitectl", "host", "show", "two words"]),
        ("invitectl host show a:b:o", ["invitectl", "host", "show", "a:b:one"]),
        ("invitectl host show a", ["invitectl", "host", "show", "a"]),
        ("invitectl host show a:", ["invitectl", "host", "show", "a:b:"]),
        ("invitectl host why example.com alice@ex", ["invitectl", "host", "why", "example.com", "alice@example.com"]),
        ("invitectl host show it", ["invitectl", "host", "show", "it's"]),
        ("invitectl invite list --ki", ["invitectl", "invite", "list", "--kind"]),
        ("invitectl --js", ["invitectl", "--json"]),
        ("invitectl --keep", ["invitectl", "--keep-going"]),
        ("invitectl nothing-like-this", ["invitectl", "nothing-like-this"]),
    ],
)
def test_a_word_is_completed(shell, typed, words):
    assert shell.completed(typed) == words


def test_the_words_are_passed_on_as_they_are_meant(shell):
    shell.completed("invitectl invite list --expires=1d 'a b' \"c'd\" e\\ f x")
    assert shell.last_question() == "<--complete><--><invite><list><--expires=1d><a b><c'd><e f><x>"


def test_an_empty_word_is_one(shell):
    shell.completed("invitectl host ")
    assert shell.last_question() == "<--complete><--><host><>"


def test_the_socket_that_was_named_is_asked(shell):
    shell.completed("invitectl --socket /tmp/x host sho")
    assert shell.last_question() == "<--socket></tmp/x><--complete><--><--socket></tmp/x><host><sho>"


def test_a_socket_is_completed_as_a_file(shell, tmp_path):
    (tmp_path / "some.sock").touch()
    assert shell.completed("invitectl --socket som") == ["invitectl", "--socket", "some.sock"]


def test_nothing_that_is_typed_is_run(shell, tmp_path):
    shell.child.send("invitectl '$(touch ran)' \"`touch ran`\" x\t\x15")
    shell.completed("invitectl ho")
    assert not shell.ran.exists()


@pytest.mark.parametrize(
    "typed, words",
    [
        ("invitectl host sh", ["invitectl", "host", "show"]),
        ("invitectl host list --state quar", ["invitectl", "host", "list", "--state", "quarantined"]),
        ("invitectl invite purge example.com --dry", ["invitectl", "invite", "purge", "example.com", "--dry-run"]),
        ("invitectl --keep-g", ["invitectl", "--keep-going"]),
    ],
)
def test_the_client_itself_is_understood(shell, tmp_path, typed, words):
    """Without a daemon the client completes from its own list of commands."""
    stub = tmp_path / "bin/invitectl"
    stub.unlink()
    stub.symlink_to(CLIENT)
    assert shell.completed(typed) == words

"""The servers that there is a module for. What is written against them runs behind each, and where one does something in its own way,
that is a line here with the reason, not a condition in a test."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ejabberd_server import Ejabberd
from prosody_server import Prosody
from server_files import ServerFiles, prosodies
from wire import Client

Condition = tuple[str, str]


class ModuleServer(Protocol):
    """A server with two hosts, a.example and b.example, that each have the module, and c.example, which has none. Users named
    `limited…` are refused by a rule of its own; when it is about to make the account of one named `dies…` it dies, and of one named
    `pauses…` it waits until somebody sends `<do xmlns='urn:tests' action='resume'/>` to the host."""

    component_port: int
    client_port: int
    http_port: int
    directory: Path
    log: str

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def await_end(self) -> None: ...
    def await_log(self, text: str, times: int = 1) -> None: ...
    def client(self, host: str) -> Client: ...
    def has_account(self, username: str, password: str = ..., host: str = ...) -> bool: ...


@dataclass(frozen=True)
class Habits:
    """How a server says, and what it writes down of, things that are left to it."""

    # In its log: a host's module and the daemon have greeted each other; a client's stream is gone; a registration waits.
    greeted: str
    stream_ended: str
    paused: str
    # What a name is answered with that Nodeprep refuses, or that is longer than a name can be.
    unprepared_name: Condition = ("modify", "not-acceptable")
    long_name: Condition = ("modify", "bad-request")
    # In which directories of its own it keeps a host's accounts, as patterns of files with the name in them; without any,
    # only a login tells.
    accounts: str | None = None
    # Of what the server itself logs, whole requests with all that is in them: at a level for its developers.
    whole_requests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    server: type[Prosody] | type[Ejabberd]
    habits: Habits


KINDS = {
    "prosody": Kind(Prosody, Habits(
        greeted="speaks for invites of this host",
        stream_ended="Client disconnected",
        paused="Paused before there is an account",
        accounts="data/{host}/accounts/{username}.dat",
        whole_requests=("mod_bosh\tdebug\t",),
    )),
    "ejabberd": Kind(Ejabberd, Habits(
        greeted="speaks for invites of this host",
        stream_ended="Closing c2s connection",
        paused="Paused before there is an account",
    )),
}


def kind_of(files: ServerFiles) -> Kind:
    return KINDS[files.name]


def module_servers() -> list[ServerFiles]:
    """Each version of each server that there is on this machine."""
    return [files for files in prosodies() if files.name in KINDS]

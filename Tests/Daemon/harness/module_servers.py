"""The servers that there is a module for. What is written against them runs behind each, and where one does something in its own way,
that is a line here with the reason, not a condition in a test."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ejabberd_server import Ejabberd
from prosody_server import Prosody
from server_files import ServerFiles, ejabberds, prosodies
from wire import Client

Condition = tuple[str, str]


class ModuleServer(Protocol):
    """A server with two hosts, a.example and b.example, that each have the module, and c.example, which has none. Users named
    `limited…` are refused by a rule of its own; when it is about to make the account of one named `dies…` it dies, and of one named
    `pauses…` it waits until a test sends `<do xmlns='urn:tests' action='resume'/>` to the host."""

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
    def sees_end_of(self, stream: Client) -> AbstractContextManager[None]: ...
    def client(self, host: str) -> Client: ...
    def has_account(self, username: str, password: str = ..., host: str = ...) -> bool: ...


@dataclass(frozen=True)
class Habits:
    """How a server words and logs what the protocol leaves to it."""

    # In its log: the module has refused a token, and a form.
    refused_token: str
    refused_form: str
    # What a name is answered with that Nodeprep refuses, or that is longer than a name can be.
    unprepared_name: Condition = ("modify", "not-acceptable")
    long_name: Condition = ("modify", "bad-request")
    # The directories in which it stores a host's accounts, as patterns of files with the name in them; without any,
    # only a login shows whether an account exists.
    accounts: str | None = None
    # Of what the server itself logs, whole requests with all that is in them: at a level for its developers.
    whole_requests: tuple[str, ...] = ()
    # The error for a token before TLS where that is required; None: the stream ends there, for anything but STARTTLS.
    token_before_tls: Condition | None = None
    # Accounts that are made without an invite are on the disk at some time later.
    writes_accounts_later: bool = False
    # What is left out there of the tests, each with the reason: a test's name, or one with values of its parameters.
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    server: type[Prosody] | type[Ejabberd]
    habits: Habits


# In every log: a host's module and the daemon have greeted each other; the daemon refused; a registration waits.
GREETED = "speaks for invites of this host"
NOT_SERVED = "does not serve this host"
REGISTRATION = "Registration without an invite: "
PAUSED = "Paused before there is an account"

KINDS = {
    "prosody": Kind(Prosody, Habits(
        refused_token="Refused <preauth/>",
        refused_form="Refused <query/>",
        accounts="data/{host}/accounts/{username}.dat",
        whole_requests=("mod_bosh\tdebug\t",),
        token_before_tls=("modify", "policy-violation"),
    )),
    "ejabberd": Kind(Ejabberd, Habits(
        refused_token="Refused a token",
        refused_form="Refused the registration of",
        writes_accounts_later=True,
        left_out={
            "test_registration[reserve's answer-server]":
                "it has heard nothing of the reservation, as a Prosody has not: a minute's wait for the daemon's deadline",
            "test_password_with_anything_in_it[newer than Unicode 3.2]":
                "its own rule for passwords is Resourceprep, which knows no character that came later",
            "test_forms_are_in_the_language_of_the_request[!!]": "it refuses what is no language (RFC 5646) itself, with bad-request",
        },
    )),
}


def kind_of(files: ServerFiles) -> Kind:
    return KINDS[files.name]


def module_servers() -> list[ServerFiles]:
    """Each version of each server that there is on this machine."""
    return [*prosodies(), *ejabberds()]


def left_out(test: str, files: ServerFiles) -> str | None:
    """Why a test is not for a server; the test with its parameters or without."""
    name, _, values = test.partition("[")
    given = set(values.rstrip("]").split("-"))
    for key, reason in kind_of(files).habits.left_out.items():
        known, _, wanted = key.partition("[")
        if known == name and (not wanted or set(wanted.rstrip("]").split("-")) <= given):
            return reason
    return None

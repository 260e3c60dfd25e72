"""The servers that all tests of the module run behind, and in what they differ."""

import shutil
import tempfile
from pathlib import Path

from ejabberd_server import Ejabberd
from prosody_server import Prosody
from server_files import ServerFiles, ejabberds, prosodies

Server = Prosody | Ejabberd

# A test that is not for a server, and why. What holds there instead is in test_ejabberd_*.py.
DIFFERENCES: dict[str, dict[str, str]] = {
    "test_hello": {"ejabberd": "it names another server, and 24.10 and newer can do more"},
    "test_settings": {"ejabberd": "what mod_register's allow_modules closes, invited does not open"},
    "test_token_is_good_on_its_own_host_only[c.example]": {"ejabberd": "not-allowed for every other host: mod_register looks at no address"},
    "test_stream_before_tls": {"ejabberd": "it ends a stream on which anything comes before TLS where that is required"},
    "test_create_refused[limited]": {"ejabberd": "its access rules are no limit: not-allowed"},
    "test_users_are_refused": {"ejabberd": "the module is at an address of its own; the host's says service-unavailable"},
    "test_streams_before_login_are_refused": {"ejabberd": "it ends a stream on which anything else comes before login"},
    "test_other_components_are_refused": {"ejabberd": "the module is at an address of its own; the host's says service-unavailable"},
    "test_option[nonsense]": {"ejabberd": "it does not start with an option that is none"},
    "test_option[open]": {"ejabberd": "what mod_register's allow_modules closes, invited does not open"},
    "test_refused_second_connection_ends_nothing": {"ejabberd": "it lets several connections of one component in"},
    "test_what_many_owe_is_written_together[sql]": {"ejabberd": "its accounts can be elsewhere than in Mnesia, but not on Debian alone"},
    "test_server_that_cannot_write_makes_no_account": {"ejabberd": "Mnesia has one log for all, and without it the server does not run"},
    "test_account_that_leaves_later": {"ejabberd": "it has no such accounts"},
    "test_refuses_to_be_beside_prosodys_own": {"ejabberd": "its own is mod_invites, of 26.01"},
    "test_names_all_of_prosodys_own": {"ejabberd": "its own is mod_invites, of 26.01"},
    "test_refuses_to_stay_beside_prosodys_own": {"ejabberd": "its own is mod_invites, of 26.01"},
    "test_on_all_hosts": {"ejabberd": "configured otherwise"},
    "test_host_on_which_nobody_registers": {"ejabberd": "without mod_register it makes no accounts at all for modules"},
    "test_refuses_to_load_without_a_component": {"ejabberd": "it does not start without an option that has to be there"},
    "test_the_servers_own_rules_for_names": {"ejabberd": "mod_mimicking and mod_tombstones are Prosody's"},
    "test_the_servers_own_limits": {"ejabberd": "mod_register has a limit of its own, and no list"},
    "test_password_policy": {"ejabberd": "mod_register has a strength, and no length"},
    "test_redirect_is_for_those_without_a_token": {"ejabberd": "configured otherwise"},
}


def servers() -> list[ServerFiles]:
    return [*prosodies(), *ejabberds()]


def make_server(files: ServerFiles, directory: Path, **options: object) -> Server:
    return {"prosody": Prosody, "ejabberd": Ejabberd}[files.name](files, directory, **options)


class Shared:
    """A server for several tests. After one that has failed there is another for the next: what such a test leaves behind, like an account
    that the daemon has not been told of, each following one would fail of."""

    def __init__(self, files: ServerFiles) -> None:
        self._files = files
        self._server: Server | None = None

    def __enter__(self) -> "Shared":
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.stop()
            shutil.rmtree(self._server.directory, ignore_errors=True)
            self._server = None

    def server(self) -> Server:
        if self._server and self._server.has_seen_a_failure:
            self.__exit__()
        if not self._server:
            self._server = make_server(self._files, Path(tempfile.mkdtemp(prefix="invited-module-", dir="/tmp")))
            self._server.start()
        return self._server


def difference(test: str, files: ServerFiles) -> str | None:
    """Why a test is not for a server; the test with its parameters or without."""
    name, _, parameters = test.partition("[")
    values = [each for each in parameters.rstrip("]").split("-") if each]
    for key, reasons in DIFFERENCES.items():
        known, _, value = key.partition("[")
        if known == name and (not value or value.rstrip("]") in values):
            if reason := reasons.get(str(files)) or reasons.get(files.name):
                return reason
    return None

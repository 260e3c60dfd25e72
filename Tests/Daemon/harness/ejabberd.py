"""A real ejabberd on loopback, with two hosts and one component that answers at several addresses."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from server_files import ServerFiles

from .ports import Announcement, free_port, unprivileged
from .server_process import ServerProcess


def configuration(client_port: int, component_port: int, addresses: list[str], secret: str, hosts: list[str], *,
                  delegate: bool, grants: dict[str, object]) -> str:
    """ejabberd's configuration; JSON is YAML."""
    modules: dict[str, object] = {
        "mod_roster": {},
        "mod_last": {},
        "mod_disco": {},
        "mod_adhoc": {},
        "mod_configure": {},
        "mod_privilege": grants,
    }
    if delegate:
        modules["mod_delegation"] = {"namespaces": {"http://jabber.org/protocol/commands": {"access": "invited"}}}
    return json.dumps({
        "hosts": hosts,
        "loglevel": 4,
        "log_rotate_count": 0,
        "certfiles": [],
        "listen": [
            {"port": client_port, "ip": "127.0.0.1", "module": "ejabberd_c2s", "starttls": False, "access": "c2s"},
            {"port": component_port, "ip": "127.0.0.1", "module": "ejabberd_service", "access": "all",
             "hosts": {address: {"password": secret} for address in addresses}, "global_routes": True},
        ],
        "acl": {"admin": {"user": [f"admin@{host}" for host in hosts]}, "invited": {"server": addresses[0]}},
        "access_rules": {
            "c2s": {"allow": "all"},
            "invited": {"allow": "invited"},
            "configure": [{"allow": "admin"}, {"allow": "invited"}],
        },
        "auth_method": "internal",
        "disable_sasl_mechanisms": [],
        "modules": modules,
    }, indent=2)


class Ejabberd(ServerProcess):
    """One Erlang node without distribution, so there is no epmd; unprivileged, in a directory of its own."""

    USER = "ejabberd"

    def __init__(self, files: ServerFiles, directory: Path, addresses: list[str], secret: str, hosts: list[str],
                 delegate: bool = False, grant: bool = True) -> None:
        self.files = files
        self.directory = directory
        self.client_port = free_port()
        self.component_port = free_port()
        self._users: list[tuple[str, str, str]] = []
        (directory / "ejabberd.yml").write_text(
            configuration(self.client_port, self.component_port, addresses, secret, hosts, delegate=delegate,
                          grants=self._grants() if grant else {})
        )
        if os.geteuid() == 0:
            for path in [directory, *directory.iterdir()]:
                shutil.chown(path, self.USER, self.USER)

    def _grants(self) -> dict[str, object]:
        """Rosters; and, since 24.10 where nothing else reaches a host, commands in the name of a user."""
        grants: dict[str, object] = {"roster": {"both": "invited"}}
        if not self.files.version.startswith("23."):
            grants["iq"] = {"http://jabber.org/protocol/commands": {"set": "invited"}}
        return grants

    def register(self, user: str, password: str) -> None:
        """Have the account made when the node starts."""
        name, host = user.split("@")
        self._users.append((name, host, password))

    def start(self) -> None:
        registrations = "".join(
            f'_ = ejabberd_auth:try_register(<<"{name}">>, <<"{host}">>, <<"{password}">>), '
            for name, host, password in self._users
        )
        announcement = Announcement()
        self._launch(
            ["erl", "-noinput", "+Bd", "-pa", *map(str, self.files.code_paths),
             "-mnesia", "dir", f'"{self.directory}/database"', "-ejabberd", "config", f'"{self.directory}/ejabberd.yml"',
             "-s", "ejabberd",
             "-eval", f'{registrations} {{ok, _}} = gen_tcp:connect({{127,0,0,1}}, {announcement.port}, []).'],
            stdout=(self.directory / "erl.out").open("ab"),
            stderr=subprocess.STDOUT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.directory),
                "EJABBERD_LOG_PATH": str(self.directory / "ejabberd.log"),
                "ERL_CRASH_DUMP": str(self.directory / "crash.dump"),
            },
            **unprivileged(self.USER),
        )
        announcement.wait(self._process)

    @property
    def log(self) -> str:
        return "".join(
            path.read_text(errors="replace")
            for path in [self.directory / "erl.out", self.directory / "ejabberd.log"] if path.exists()
        )

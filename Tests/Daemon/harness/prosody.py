"""A real Prosody on loopback, with two hosts that delegate their commands to one component."""

import os
import shutil
import subprocess
from pathlib import Path

from server_files import ServerFiles

from .ports import await_listener, free_port, unprivileged
from .server_process import ServerProcess

CONFIGURATION = """
pidfile = "{directory}/prosody.pid"
data_path = "{directory}/data"
certificates = "{directory}"
daemonize = false
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {client_port} }}
s2s_ports = {{}}
component_ports = {{ {component_port} }}
component_interfaces = {{ "127.0.0.1" }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
modules_enabled = {{ "roster"; "saslauth"; "disco"; "ping"; "admin_adhoc"; "delegation"; "privilege" }}
modules_disabled = {{ "s2s"; "tls" }}
authentication = "internal_plain"
storage = "internal"
log = {{ {level} = "{directory}/prosody.log" }}
admins = {{ "admin@a.example"; "{component}" }} -- the component may run XEP-0133 commands
{common}
privileged_entities = {{
  ["{component}"] = {{ roster = "both"; message = "outgoing" }};
}}
{virtual_hosts}
Component "{component}"
  component_secret = "{secret}"
  modules_enabled = {{ "delegation", "privilege" }}
"""

# In each host and not globally: the module keeps who is connected in the table, and would share it between the hosts.
DELEGATIONS = """
delegations = {{
  ["http://jabber.org/protocol/commands"] = {{ filtering = {{ "node" }}; jid = "{component}" }};
  ["http://jabber.org/protocol/disco#items"] = {{ filtering = {{ "node" }}; jid = "{component}" }};
  ["urn:xmpp:delegation:2:bare:disco#items:*"] = {{ jid = "{component}" }};
}}
"""


class Prosody(ServerProcess):
    """Runs as an unprivileged user, in a directory of its own that is removed afterwards."""

    USER = "prosody"

    def __init__(self, files: ServerFiles, directory: Path, component: str, secret: str, hosts: list[str], *,
                 delegate_globally: bool = False, level: str = "info") -> None:
        self.files = files
        self.directory = directory
        self.client_port = free_port()
        self.component_port = free_port()
        self._configuration = directory / "prosody.cfg.lua"
        delegations = DELEGATIONS.format(component=component)
        self._configuration.write_text(
            CONFIGURATION.format(
                directory=directory,
                client_port=self.client_port,
                component_port=self.component_port,
                component=component,
                secret=secret,
                level=level,
                common=delegations if delegate_globally else "",
                virtual_hosts="".join(
                    f'VirtualHost "{host}"' + ("\n" if delegate_globally else delegations) for host in hosts),
            )
        )
        (directory / "data").mkdir()
        if os.geteuid() == 0:
            for path in [directory, *directory.iterdir()]:
                shutil.chown(path, self.USER, self.USER)

    def register(self, user: str, password: str) -> None:
        name, host = user.split("@")
        subprocess.run(
            [self.files.program("prosodyctl"), "--config", self._configuration, "register", name, host, password],
            check=True, capture_output=True, timeout=120, cwd=self.directory, **unprivileged(self.USER),
        )

    def start(self) -> None:
        self._launch(
            [self.files.program("prosody"), "--config", self._configuration, "-F"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **unprivileged(self.USER))
        await_listener(self.client_port, self._process)
        await_listener(self.component_port, self._process)

    @property
    def log(self) -> str:
        path = self.directory / "prosody.log"
        return path.read_text(errors="replace") if path.exists() else ""

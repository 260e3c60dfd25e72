"""Another operator's Prosody, with one host and without our modules."""

import os
import shutil
import subprocess
from pathlib import Path

from harness.ports import await_listener, free_port, unprivileged
from harness.server_process import ServerProcess
from server_files import ServerFiles

from federation import LOOPBACK, MODULES, Neighbour, federation
from wire import Client

HOST = "far.example"

CONFIGURATION = """
pidfile = "{directory}/prosody.pid"
data_path = "{directory}/data"
certificates = "{directory}"
plugin_paths = {{ "{directory}/modules" }}
daemonize = false
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {client_port} }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = true
authentication = "internal_hashed"
default_iteration_count = 4096
storage = "internal"
log = {{ debug = "{directory}/prosody.log" }}
modules_enabled = {{ "roster"; "saslauth"; "ping"; "register"; {modules} }}
{federation}

VirtualHost "{host}"
"""


class OtherServer(ServerProcess):
    USER = "prosody"

    def __init__(self, files: ServerFiles, directory: Path, neighbour: Neighbour) -> None:
        """`files` are a Prosody's."""
        self.files = files
        self.directory = directory
        self.client_port = free_port()
        self._configuration = directory / "prosody.cfg.lua"
        self._configuration.write_text(CONFIGURATION.format(
            directory=directory, client_port=self.client_port, modules=MODULES, host=HOST,
            federation=federation(neighbour)))
        (directory / "data").mkdir()
        (directory / "modules").mkdir()
        (directory / "modules/mod_loopback.lua").write_text(LOOPBACK)
        if os.geteuid() == 0:
            for path in [directory, *directory.rglob("*")]:
                shutil.chown(path, self.USER, self.USER)

    def start(self) -> None:
        self._launch(
            [self.files.program("prosody"), "--config", self._configuration, "-F"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **unprivileged(self.USER))
        await_listener(self.client_port, self._process)

    def user(self, username: str) -> Client:
        """Registered, online, and shown what changes in the roster."""
        client = Client(self.client_port, HOST)
        assert client.answer(client.register(username)).get("type") == "result"
        client.login(username)
        client.roster()
        client.send("<presence/>")
        client.barrier()
        return client

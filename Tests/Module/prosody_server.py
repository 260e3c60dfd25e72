"""A real Prosody on loopback with mod_invited, installed as in the README: a copy of the file and two lines."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.ports import await_listener, free_port, unprivileged
from harness.server_process import ServerProcess
from server_files import ServerFiles

from federation import LOOPBACK, MODULES, Neighbour, federation
from http_streams import WebSocket
from wire import Client, Component, Stream

REPOSITORY = Path(__file__).resolve().parents[2]
COMPONENT = "invites.host.example"
OTHER = "other.host.example"
SECRET = "a secret of tests"

CONFIGURATION = """
pidfile = "{directory}/prosody.pid"
data_path = "{directory}/data"
certificates = "{directory}"
plugin_paths = {{ "{directory}/modules" }}
daemonize = false
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {client_port} }}
s2s_ports = {{}}
http_ports = {{ {http_port} }}
https_ports = {{}}
component_ports = {{ {component_port} }}
component_interfaces = {{ "127.0.0.1" }}
c2s_require_encryption = {encrypted}
-- As 13 has it, so that what is long reaches the module on 0.12, too.
c2s_unauthed_stanza_size_limit = 262144
allow_unencrypted_plain_auth = true
authentication = "internal_hashed"
default_iteration_count = 4096
storage = "internal"
log = {{ debug = "{directory}/prosody.log" }}
modules_enabled = {{ "roster"; "saslauth"; "disco"; "ping"; "blocklist"; "uptime"; "tls"; "register"; {modules} }}
modules_disabled = {{ "s2s" }}
{common}

VirtualHost "a.example"
  modules_enabled = {{ "invited"; "control" }}
  invited_component = "{component}"
{a}

VirtualHost "b.example"
  modules_enabled = {{ "invited"; "control" }}
  invited_component = "{component}"
  allow_registration = true
{b}

VirtualHost "c.example"
  allow_registration = true

Component "{component}"
  component_secret = "{secret}"

Component "{other}"
  component_secret = "{secret}"
"""

# What tests do inside the server.
CONTROL = """
local async = require "util.async";
local st = require "util.stanza";
local modulemanager = require "core.modulemanager";
local usermanager = require "core.usermanager";

local actions = {};
function actions.reload() modulemanager.reload(module.host, "invited"); end
function actions.unload() modulemanager.unload(module.host, "invited"); end
function actions.load() modulemanager.load(module.host, "invited"); end
function actions.load_register() modulemanager.load(module.host, "invites_register"); end
local paused = {};
function actions.resume()
	for _, done in ipairs(paused) do done(); end
	paused = {};
end
function actions.delete(user) usermanager.delete_user(user, module.host); end

module:hook("iq-set/host/urn:tests:do", function (event)
	local action, user = event.stanza.tags[1].attr.action, event.stanza.tags[1].attr.user;
	module:add_timer(0, function ()
		actions[action](user);
		module:send(st.reply(event.stanza));
	end);
	return true;
end);

-- After mod_invited has written down what it will owe, and before there is an account.
module:hook("user-registering", function (event)
	if event.allowed and event.username:match("^pauses") then
		local wait, done = async.waiter();
		paused[#paused + 1] = done;
		module:log("info", "Paused before there is an account of %s", event.username);
		wait();
	end
	if event.allowed and event.username:match("^dies") then
		if usermanager.get_account_info then usermanager.create_user(event.username, nil, module.host); end -- as 13 begins
		os.exit(9, false);
	end
end, -2000);
module:hook("user-registering", function (event)
	if event.username:match("^limited") then
		event.allowed = false;
		event.error = { type = "wait", condition = "policy-violation", text = "Too many" };
	end
end);
"""

class Prosody(ServerProcess):
    USER = "prosody"
    # Its error for names that begin with `limited`.
    LIMITED = ("wait", "policy-violation")

    def __init__(self, files: ServerFiles, directory: Path, *, encrypted: bool = False, modules: str = "", common: str = "",
                 a: str = "", b: str = "", everywhere: bool = False, neighbour: Neighbour | None = None) -> None:
        """`everywhere`: c.example has the module, too. `neighbour`: another server that it knows."""
        if everywhere:
            modules, common = f'{modules} "invited"', f'{common}\ninvited_component = "{COMPONENT}"'
        if neighbour:
            modules, common = f"{modules} {MODULES}", common + federation(neighbour)
        self.files = files
        self.directory = directory
        self.client_port, self.component_port, self.http_port = free_port(), free_port(), free_port()
        self._configuration = directory / "prosody.cfg.lua"
        self._configuration.write_text(CONFIGURATION.format(
            directory=directory, client_port=self.client_port, component_port=self.component_port, http_port=self.http_port,
            component=COMPONENT, other=OTHER, secret=SECRET, encrypted=str(encrypted).lower(), modules=modules, common=common,
            a=a, b=b))
        (directory / "data").mkdir()
        (directory / "modules").mkdir()
        shutil.copy(REPOSITORY / "servers/prosody/mod_invited.lua", directory / "modules")
        (directory / "modules/mod_control.lua").write_text(CONTROL)
        (directory / "modules/mod_loopback.lua").write_text(LOOPBACK)
        if encrypted:
            for host in ("a.example", "b.example"):
                subprocess.run(
                    ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                     "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}",
                     "-keyout", directory / f"{host}.key", "-out", directory / f"{host}.crt"],
                    check=True, capture_output=True, timeout=60)
        if os.geteuid() == 0:
            for path in [directory, *directory.rglob("*")]:
                shutil.chown(path, self.USER, self.USER)

    def start(self) -> None:
        self._launch(
            [self.files.program("prosody"), "--config", self._configuration, "-F"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **unprivileged(self.USER))
        await_listener(self.client_port, self._process)
        await_listener(self.component_port, self._process)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def await_end(self) -> None:
        assert self._process is not None
        self._process.wait(timeout=120)

    @contextmanager
    def logs(self, text: str) -> Iterator[None]:
        """What is done inside has the server log this once more."""
        before = self.log.count(text)
        yield
        self.await_log(text, before + 1)

    @contextmanager
    def sees_end_of(self, stream: Stream | WebSocket) -> Iterator[None]:
        """What is done inside closes the stream, and the server has seen it."""
        with self.logs("component disconnected" if isinstance(stream, Component) else "Client disconnected"):
            yield

    def await_log(self, text: str, times: int = 1) -> None:
        deadline = time.monotonic() + 60
        while self.log.count(text) < times:
            assert time.monotonic() < deadline, f"not logged: {text}"
            time.sleep(0.02)

    @property
    def log(self) -> str:
        return (self.directory / "prosody.log").read_text(errors="replace")

    def client(self, host: str = "a.example") -> Client:
        return Client(self.client_port, host)

    def component(self, domain: str = COMPONENT) -> Component:
        return Component(self.component_port, domain, SECRET)

    def has_account(self, username: str, password: str = "a good password", host: str = "a.example") -> bool:
        with self.client(host) as client:
            return client.authenticate(username, password)

    @contextmanager
    def unreadable_account(self, username: str, host: str = "a.example") -> Iterator[None]:
        """On internal storage."""
        path = self.directory / "data" / host.replace(".", "%2e") / f"accounts/{username}.dat"
        mode = path.stat().st_mode
        path.chmod(0)
        yield
        path.chmod(mode)

    def accounts(self, names: list[str], host: str = "a.example") -> list[str]:
        """Those of these that there are."""
        directory = self.directory / "data" / host.replace(".", "%2e") / "accounts"
        return [name for name in names if (directory / f"{name}.dat").exists()]

    def kept_settings(self, host: str) -> str:
        """The module's stored settings for when the daemon is away."""
        paths = (self.directory / "data" / host.replace(".", "%2e")).glob("invited_settings.*")
        return "".join(path.read_text() for path in paths)

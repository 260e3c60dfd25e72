"""A real ejabberd on loopback with mod_invited, which is compiled for it as `ejabberdctl module_install` does."""

import atexit
import functools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import Element

import wire
from federation import NameServer, Neighbour
from harness.ports import Announcement, free_port, unprivileged
from harness.server_process import ServerProcess
from http_streams import WebSocket
from prosody_server import COMPONENT, OTHER, SECRET
from server_files import ServerFiles

REPOSITORY = Path(__file__).resolve().parents[2]
MODULE = REPOSITORY / "servers/ejabberd/mod_invited"
HOSTS = ["a.example", "b.example", "c.example"]
RESOURCE = "mod_invited"

# Options that tests give in Prosody's configuration language, and their equivalents in ejabberd: top-level options, options of the
# component's listener, and options of mod_register and mod_invited on hosts.
OPTIONS: dict[str, dict[str, dict[str, object]]] = {
    "validate_from_addresses = false": {"component": {"check_from": False}},
    "registration_throttle_max = 1; registration_throttle_period = 3600": {"top": {"registration_timeout": 3600}},
    "c2s_require_encryption = false": {"client": {"starttls_required": False}},
    # Not in Mnesia, at least.
    'storage = "sql"; sql = { driver = "SQLite3", database = "prosody.sqlite" }':
        {"top": {"auth_method": "files", "auth_password_format": "plain"}},
    **{f'invited_registration = "{value}"': {"invited": {"registration": value}} for value in ("invite", "open")},
    'http_host = "a.example" consider_bosh_secure = true consider_websocket_secure = true': {},
    "allow_registration = true": {"a_register": {"allow_modules": "all"}},
}


def erlang_paths(files: ServerFiles) -> list[Path]:
    """Where this version's headers are."""
    root = files.root
    server = next(root.glob("usr/lib/*/ejabberd-*/include"))
    found = [server]
    for name in ("xmpp", "xml", "utils"):
        found += sorted(root.glob(f"usr/lib/erlang/lib/p1_{name}-*/include"))
    return found


@functools.cache
def compiled(files: ServerFiles) -> Path:
    """A directory with the module, and what tests need in the server."""
    directory = Path(tempfile.mkdtemp(prefix="invited-beams-", dir="/tmp"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    sources = [*MODULE.glob("src/*.erl"), *(REPOSITORY / "Tests/Module/erlang").glob("*.erl")]
    arguments = [each for path in erlang_paths(files) for each in ("-I", path)]
    for path in files.code_paths:
        arguments += ["-pa", path]
    subprocess.run(["erlc", "-Werror", "+debug_info", "-o", directory, *arguments, *sources], check=True, timeout=600)
    directory.chmod(0o755)
    return directory


class Component(wire.Component):
    """The module's address has a resource (docs/server-module.md §3). Tests name hosts."""

    def receive(self, timeout: float = wire.TIMEOUT) -> Element:
        element = super().receive(timeout)
        sender = str(element.get("from"))
        if element.get("type") in ("get", "set") and sender.endswith(f"/{RESOURCE}"):
            element.set("from", sender.partition("/")[0])
        return element

    def address(self, host: str) -> str:
        return f"{host}/{RESOURCE}"

    def until(self, wanted) -> Element:
        """Other stanzas before it are kept: many processes send them, in any order."""
        before: list[Element] = []
        element = super().until(lambda element: wanted(element) or before.append(element))
        self.put_back(before)
        return element

    def _addressed(self, iq: Element) -> Element:
        return Element(iq.tag, iq.attrib | {"from": self.address(str(iq.get("from")))})

    def result(self, iq: Element, payload: str = "") -> None:
        super().result(self._addressed(iq), payload)

    def refuse(self, iq: Element, condition: str, kind: str = "cancel", text: str = "") -> None:
        super().refuse(self._addressed(iq), condition, kind, text)

    def ask(self, kind: str, payload: str, host: str) -> str:
        return super().ask(kind, payload, self.address(host) if wire.MODULE_NS in payload else host)

    def idle(self, host: str) -> list[Element]:
        """Many processes do what is asked. One in the server waits for all of them."""
        return self.before(super().ask("set", "<do xmlns='urn:tests' action='flush'/>", host))

    def greet_without_flush(self, **registrations: str) -> None:
        """Where the server takes nothing from the component for a bare host, or mod_control is not the last to be loaded."""
        def registration(host: str) -> str:
            return registrations[host.replace(".", "_")]

        def flush(host: str) -> list[Element]:
            # One process hears it, and what it was told before.
            return self.before(self.ask("set", f"<settings xmlns='{wire.MODULE_NS}' registration='{registration(host)}'/>", host))

        self.meet(len(registrations), lambda iq: self.accept(iq, version="1", registration=registration(str(iq.get("from")))), flush)


class Client(wire.Client):
    def barrier(self) -> list[Element]:
        identifier = self.ask("set", "<do xmlns='urn:tests' action='flush'/>")
        before: list[Element] = []
        self.until(lambda element: element.get("id") == identifier or before.append(element))
        return before


class Ejabberd(ServerProcess):
    """One Erlang node without distribution, so there is no epmd."""

    USER = "ejabberd"
    # Its error for names that begin with `limited`.
    LIMITED = ("cancel", "not-allowed")

    def __init__(self, files: ServerFiles, directory: Path, *, encrypted: bool = False, modules: str = "", common: str = "",
                 a: str = "", b: str = "", more: dict[str, object] | None = None, everywhere: bool = False,
                 neighbour: Neighbour | None = None) -> None:
        """`modules`, `common`, `a` and `b` are in Prosody's configuration language; see `OPTIONS`. `more` are modules for all hosts.
        `everywhere`: c.example has the module, too. `neighbour`: another server that it knows."""
        self.files = files
        self.directory = directory
        self.arguments: list[str] = []
        self.environment: dict[str, str] = {}
        # Components that have connected since it was started, and a line of the log that says so often that the connection has ended.
        self._components: list[tuple[Component, str, int]] = []
        self.client_port, self.component_port, self.http_port = free_port(), free_port(), free_port()
        self._beams = compiled(files)
        self.code_paths = [*files.code_paths, self._beams]
        said: dict[str, dict[str, object]] = {}
        for words in (common, a, b):
            if words:
                for where, options in OPTIONS[" ".join(words.split())].items():
                    said.setdefault(where, {}).update(options)
        # Of modules on several hosts each is one of its own.
        self.configuration = json.loads(json.dumps(self._configuration(encrypted, said, more or {})))
        if everywhere:
            self.modules("c.example")["mod_invited"] = {"component": COMPONENT}
        self._names: NameServer | None = None
        self._resolver = self._know(neighbour) if neighbour else {}
        self.write_configuration()
        if encrypted:
            names = ",".join(f"DNS:{host}" for host in HOSTS)
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                 "-subj", "/CN=a.example", "-addext", f"subjectAltName={names}",
                 "-keyout", directory / "key.pem", "-out", directory / "certificate.pem"],
                check=True, capture_output=True, timeout=60)
        if os.geteuid() == 0:
            for path in [directory, *directory.rglob("*")]:
                shutil.chown(path, self.USER, self.USER)

    def write_configuration(self) -> None:
        """JSON is YAML."""
        (self.directory / "ejabberd.yml").write_text(json.dumps(self.configuration, indent=2))

    def modules(self, host: str) -> dict[str, dict[str, object]]:
        """What the configuration has for a host alone, to be changed in place."""
        return self.configuration["append_host_config"][host]["modules"]

    def _know(self, neighbour: Neighbour) -> dict[str, str]:
        """What the resolver of Erlang needs in the environment to find it (ERTS User's Guide, “Inet Configuration”)."""
        self.configuration |= {"s2s_use_starttls": False}
        self.configuration["modules"]["mod_s2s_dialback"] = {}
        self.configuration["listen"].append({"port": neighbour.own_port, "ip": "127.0.0.1", "module": "ejabberd_s2s_in"})
        self._names = NameServer(neighbour)
        names = self.directory / "inetrc"
        names.write_text(f'{{lookup, [file]}}.\n{{resolv_conf, ""}}.\n{{hosts_file, ""}}.\n{{nameserver, {{127,0,0,1}}, {self._names.port}}}.\n')
        return {"ERL_INETRC": str(names)}

    def _configuration(self, encrypted: bool, said: dict[str, dict[str, object]], more: dict[str, object]) -> dict[str, object]:
        invited = {"mod_invited": {"component": COMPONENT, **said.get("invited", {})}, "mod_control": {}}
        client = {"starttls": True, "starttls_required": True, **said.get("client", {})} if encrypted else {"starttls": False}
        return {
            "hosts": HOSTS,
            "loglevel": 4,
            "log_rotate_count": 0,
            "log_burst_limit_count": 1_000_000,  # tests wait for lines
            "certfiles": [f"{self.directory}/certificate.pem", f"{self.directory}/key.pem"] if encrypted else [],
            "ca_file": "/etc/ssl/certs/ca-certificates.crt",
            "listen": [
                {"port": self.client_port, "ip": "127.0.0.1", "module": "ejabberd_c2s", "access": "all",
                 "max_stanza_size": 262144, **client},  # as in Debian's file
                {"port": self.http_port, "ip": "127.0.0.1", "module": "ejabberd_http",
                 "request_handlers": {"/http-bind": "mod_bosh", "/xmpp-websocket": "ejabberd_http_ws"}},
                {"port": self.component_port, "ip": "127.0.0.1", "module": "ejabberd_service", "access": "all", "global_routes": False,
                 "hosts": {COMPONENT: {"password": SECRET}, OTHER: {"password": SECRET}}, **said.get("component", {})},
            ],
            "acl": {"limited": {"user_regexp": "^limited"}},
            "access_rules": {"register": [{"deny": "limited"}, {"allow": "all"}]},
            "auth_method": "internal",
            "auth_password_format": "scram",
            "registration_timeout": "infinity",
            "disable_sasl_mechanisms": [],
            "modules": {
                "mod_roster": {}, "mod_disco": {}, "mod_adhoc": {}, "mod_ping": {}, "mod_privacy": {}, "mod_blocking": {}, "mod_last": {},
                "mod_offline": {}, "mod_bosh": {}, **more,
            },
            "append_host_config": {
                "a.example": {"modules": {"mod_register": {"allow_modules": ["mod_invited"], "access": "register", **said.get("a_register", {})},
                                          **invited}},
                "b.example": {"modules": {"mod_register": {"access": "register"}, **invited}},
                "c.example": {"modules": {"mod_register": {}}},
            },
            **said.get("top", {}),
        }

    def start(self) -> None:
        announcement = Announcement()
        self._components = []
        self._launch(
            ["erl", "-noinput", "+Bd", "-pa", *map(str, self.code_paths),
             "-mnesia", "dir", f'"{self.directory}/database"', "-ejabberd", "config", f'"{self.directory}/ejabberd.yml"',
             "-s", "ejabberd", *self.arguments, "-eval", f"{{ok, _}} = gen_tcp:connect({{127,0,0,1}}, {announcement.port}, [])."],
            stdout=(self.directory / "erl.out").open("ab"),
            stderr=subprocess.STDOUT,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.directory),
                "EJABBERD_LOG_PATH": str(self.directory / "ejabberd.log"),
                "CONTRIB_MODULES_PATH": str(self.directory / "modules"),
                "ERL_CRASH_DUMP": str(self.directory / "crash.dump"),
                **self._resolver,
                **self.environment,
            },
            **unprivileged(self.USER),
        )
        try:
            announcement.wait(self._process)
        except RuntimeError as problem:
            raise RuntimeError(f"{problem}: {self.log[-2000:]}") from None

    def stop(self) -> None:
        super().stop()
        if self._names:
            self._names.close()

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
    def sees_end_of(self, stream: wire.Stream | WebSocket) -> Iterator[None]:
        """What is done inside closes the stream, and the server has seen it. It may see the ends of others at the same time."""
        with self.logs(self._end_of(stream)):
            yield

    def _end_of(self, stream: wire.Stream | WebSocket) -> str:
        what = "component disconnected" if isinstance(stream, wire.Component) else "a stream has ended"
        return f"'{what}',{stream.local_port}}}"

    def await_log(self, text: str, times: int = 1) -> None:
        deadline = time.monotonic() + 60
        while self.log.count(text) < times:
            assert time.monotonic() < deadline, f"not logged: {text}"
            time.sleep(0.02)

    @property
    def log(self) -> str:
        path = self.directory / "ejabberd.log"  # which is on the terminal, too
        return path.read_text(errors="replace") if path.exists() else (self.directory / "erl.out").read_text(errors="replace")

    def client(self, host: str = "a.example") -> Client:
        return Client(self.client_port, host)

    def component(self, domain: str = COMPONENT) -> Component:
        """Once the server has seen the end of an earlier one: of several, it has any one receive what is for that domain."""
        for earlier, line, times in list(self._components):
            if earlier.domain == domain and earlier.is_closed:
                self.await_log(line, times)
                self._components.remove((earlier, line, times))
        component = Component(self.component_port, domain, SECRET)
        if "mod_control" in self.modules("a.example"):
            line = self._end_of(component)
            self._components.append((component, line, self.log.count(line) + 1))
        return component

    def has_account(self, username: str, password: str = "a good password", host: str = "a.example") -> bool:
        with self.client(host) as client:
            return client.authenticate(username, password)

    @contextmanager
    def unreadable_account(self, username: str, host: str = "a.example") -> Iterator[None]:
        """With accounts elsewhere than in Mnesia."""
        away = self.directory / "accounts/unavailable"
        away.touch()
        yield
        away.unlink()

    def accounts(self, names: list[str], host: str = "a.example") -> list[str]:
        """Those of these that there are."""
        return [name for name in names if self.has_account(name, host=host)]

    def kept_settings(self, host: str) -> str:
        """The module's stored settings for when the daemon is away: Mnesia's log, and the files made from it."""
        paths = [*self.directory.glob("database/LATEST.LOG"), *self.directory.glob("database/invited_settings.*")]
        return "".join(path.read_text("latin-1") for path in paths)

"""A caller who sees some hosts finds no trace of the others in anything sent over the socket."""

import json
from pathlib import Path

from harness.control import Control
from harness.daemon import Daemon
from harness.installation import Installation
from harness.schema import commands_with_rows
from harness.stanzas import INVITE, command
from harness.ways import Delegated, ask
from harness.wire import ScriptedServer
from test_control import OTHERS, as_user, set_roles

MARK = "zqx"
FOREIGN = "zqxserved.test"
MISSING = "zqxnobody.test"
OWN = "a.example"

LINES = [
    "help", "status", "version", "host list", "host list --state refused", f"host show {OWN}", f"host why {OWN}",
    f"host why {OWN} alice@{OWN}", f"host set {OWN} service_address taken.{OWN}", f"host set {OWN} site_name X",
    "config status", f"config save {OWN}", f"host reset {OWN}", f"host suspend {OWN}", f"host resume {OWN}",
    f"host restart {OWN}", f"host reopen {OWN} --yes", f"host backup {OWN}", f"host restore {OWN} --yes",
    f"invite create account {OWN} --username juliet", f"invite create contact bob@{OWN}",
    f"invite create reset bob@{OWN}", "invite list", f"invite show {OWN} 1 --reveal --qr", f"invite extend {OWN} 1 1d",
    "invite find juliet", "invite tree", f"invite export bob@{OWN}", f"invite revoke {OWN} 1 --yes",
    f"invite release {OWN} 1 --yes", f"invite forget bob@{OWN} --yes",
    f"invite delete {OWN} 1 --yes", f"invite purge {OWN} --all --yes", "config check", "config diff", "config plan",
    "config apply --yes", "config confirm", "config undo --yes", "config history", f"config edit {OWN}",
    "component status", "component reconnect", "grants", f"grants {OWN} --probe", "stats", "top --interval 1 --looks 1",
    "log level", "log follow", f"trace {FOREIGN}", "journal --limit 1000", "nonsense", "host",
]


def installed(directory: Path, server: ScriptedServer) -> Installation:
    directory.chmod(0o755)
    installation = Installation(directory, server.port)
    installation.host(OWN)
    installation.host(FOREIGN, admins=[f"boss@{FOREIGN}"], service_address=f"taken.{OWN}")
    installation.host("zqxbroken.test")
    installation.host("zqxrefuse.test", nonsense=1)
    return installation


def test_there_is_no_trace_of_others(directory: Path, server: ScriptedServer) -> None:
    installation = installed(directory, server)
    set_roles(installation, {"users": [str(OTHERS)], "role": "admin", "hosts": [OWN, f"*.{OWN}"]})
    with Daemon(installation) as daemon:
        stream = server.connect()
        daemon.await_ready()
        database = installation.database("zqxbroken.test")
        database.parent.mkdir(mode=0o700, exist_ok=True)
        database.write_bytes(b"*" * 8192)
        ask(stream, Delegated(FOREIGN), f"boss@{FOREIGN}/desk", command(INVITE))
        with Control(installation.control_socket) as root:
            root.run(f"invite create account {FOREIGN}")
            root.run(f"host set {FOREIGN} site_name zqxname")
            root.run("host restart zqxbroken.test")
            states = {row["host"]: row["state"] for row in root.run("host list").rows}
            assert states == {OWN: "running", FOREIGN: "running", "zqxbroken.test": "quarantined",
                              "zqxrefuse.test": "refused"}
            assert MARK in json.dumps([vars(root.run(line)) for line in LINES if line == "journal --limit 1000"])

        def look() -> object:
            """All answers, each with its request."""
            said = []
            with Control(installation.control_socket) as session:
                said.append(["hello", json.dumps(session.hello)])
                for line in LINES + [f"help {name}" for name in sorted(commands_with_rows())]:
                    said.append([line, json.dumps(vars(session.run(line)))])
                for line in ("host show ", "invite create contact alice@", "stats z", "log follow --host "):
                    found = session.complete(line.split(" "))
                    said.append([line, json.dumps(found)])
                for line in LINES:
                    if OWN in line:
                        pair = [json.dumps(vars(session.run(line.replace(OWN, host)))) for host in (FOREIGN, MISSING)]
                        said.append([line, "" if pair[0].replace(FOREIGN, MISSING) == pair[1] else pair[0]])
            return said

        said = as_user(OTHERS, [], look)
        assert isinstance(said, list) and len(said) > len(LINES)
        for line, text in said:
            if line != f"trace {FOREIGN}":
                assert MARK not in text, f"{line}: {text}"

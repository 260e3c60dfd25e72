"""One installation of the daemon: its configuration, its secret and its state, in a directory that is thrown away."""

import json
import sqlite3
from pathlib import Path

COMPONENT = "invites.host.example"
SECRET = "s3cret-of-the-component"


class Installation:
    """Writes the files that an operator would write. JSON is YAML, so plain values need no YAML writer."""

    def __init__(self, directory: Path, server_port: int, *, component: str = COMPONENT, secret: str = SECRET,
                 defaults: dict[str, object] | None = None) -> None:
        self.directory = directory
        self.server_port = server_port
        self.component = component
        self.secret = secret
        self.configuration = directory / "invited.yaml"
        self.hosts_directory = directory / "config.d"
        self.state_directory = directory / "state"
        self.control_socket = directory / "control.sock"
        self.hosts_directory.mkdir()
        self.state_directory.mkdir(mode=0o700)
        secret_file = directory / "secret"
        secret_file.write_text(secret + "\n")
        secret_file.chmod(0o600)
        self.configuration.write_text(json.dumps({
            "component": {"jid": component, "server": f"127.0.0.1:{server_port}", "secret_file": "secret"},
            "state_directory": str(self.state_directory),
            "hosts_directory": "config.d",
            "control_socket": str(self.control_socket),
            "defaults": defaults or {},
        }, indent=2))

    @property
    def web_socket(self) -> Path:
        return self.directory / "web.sock"

    def configure(self, **keys: object) -> None:
        """Change keys of the daemon's file; `None` removes one."""
        kept = json.loads(self.configuration.read_text()) | keys
        self.configuration.write_text(json.dumps({key: kept[key] for key in kept if kept[key] is not None}, indent=2))

    def host(self, name: str, **keys: object) -> Path:
        """Write or replace the file of one virtual host."""
        return self.host_text(name, json.dumps({"host": name, **keys}, indent=2))

    def host_text(self, name: str, text: str | bytes) -> Path:
        path = self.hosts_directory / f"{name}.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def remove_host(self, name: str) -> None:
        (self.hosts_directory / f"{name}.yaml").unlink()

    def database(self, host: str) -> Path:
        return self.state_directory / "hosts" / f"{host}.sqlite3"

    def tokens(self, host: str) -> set[str]:
        """Every token in the host's database, as another process sees it. Empty when nothing was ever made, also where a
        kill came before the database had its tables."""
        path = self.database(host)
        if not path.exists():
            return set()
        connection = sqlite3.connect(path)
        try:
            tables = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'invite'").fetchone()
            if tables == (0,):
                return set()
            return {token for (token,) in connection.execute("SELECT token FROM invite")}
        finally:
            connection.close()


def two_hosts(installation: Installation) -> Installation:
    """Two hosts with an admin each; `staff@host.example` administers both."""
    installation.host("a.example", admins=["admin@a.example", "staff@host.example"])
    installation.host("b.example", admins=["admin@b.example", "staff@host.example"],
                      service_address="invites.b.example")
    return installation

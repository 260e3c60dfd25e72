"""Which real servers there are: those that are installed, and those that scripts/lib/newer-servers has unpacked."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .daemon import REPOSITORY


@dataclass(frozen=True)
class ServerFiles:
    """One version of a server. `root` is what its package was unpacked into: `/` where it is installed."""

    name: str
    version: str
    root: Path

    @property
    def is_installed(self) -> bool:
        return self.root == Path("/")

    def program(self, name: str) -> Path:
        return self.root / "usr/bin" / name

    @property
    def code_paths(self) -> list[Path]:
        """Erlang's, with the server's own libraries; what is not among them, the installed Erlang has."""
        servers = [path.resolve() for path in self.root.glob("usr/lib/*/ejabberd-*/ebin")]
        libraries = [] if self.is_installed else [path for path in self.root.glob("usr/lib/erlang/lib/*/ebin")]
        return sorted({*servers, *libraries})

    def __str__(self) -> str:
        return f"{self.name}-{self.version}"


def _roots() -> list[Path]:
    unpacked = subprocess.run(
        ["bash", "-c", '. "$1" && printf %s "$cache"', "bash", REPOSITORY / "scripts/lib/common.sh"],
        check=True, capture_output=True, text=True).stdout
    return [Path("/"), *sorted(Path(unpacked, "servers").glob("*-backports"))]


def prosodies() -> list[ServerFiles]:
    return [
        ServerFiles("prosody", version.read_text().strip(), root)
        for root in _roots() if (version := root / "usr/lib/prosody/prosody.version").exists()
    ]


def ejabberds() -> list[ServerFiles]:
    """Debian's directory has the package's version in its name, and a link without its revision beside it or not."""
    found = {}
    for root in _roots():
        for path in root.glob("usr/lib/*/ejabberd-*/ebin"):
            if match := re.fullmatch(r"ejabberd-([0-9.]+).*", path.parent.name):
                found[root] = ServerFiles("ejabberd", match[1], root)
    return list(found.values())

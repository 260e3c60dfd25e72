"""Which real servers there are: those that are installed, and those that a package was unpacked into a directory of.

Run as a program with a directory, it prints which Prosody is there, or why that cannot be used.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

INSTALLED = Path("/")


class Unusable(Exception):
    """What is wrong with a directory, for the user who named it."""


@dataclass(frozen=True)
class ServerFiles:
    """One version of a server. `root` is what its package was unpacked into: `/` where it is installed."""

    name: str
    version: str
    root: Path

    @property
    def is_installed(self) -> bool:
        return self.root == INSTALLED

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


def prosody(root: Path) -> ServerFiles:
    """Prosody as unpacked into a directory, or `Unusable`."""
    root = root.resolve()
    files = root / "usr/lib/prosody"
    program = root / "usr/bin/prosody"
    if not os.access(files / "prosody.version", os.R_OK) or not os.access(program, os.R_OK):
        raise Unusable(f"there is no Prosody in {root}: no usr/bin/prosody, or no usr/lib/prosody/prosody.version")
    # Otherwise this would be a program that runs another version's files.
    written = re.search("^CFG_SOURCEDIR='(.*)'", program.read_text(), re.MULTILINE)
    if not written or Path(written[1]).resolve() != files.resolve():
        of = written[1] if written else "an unknown directory"
        raise Unusable(f"{program} runs the files of {of}, not those beside it; "
                       "scripts/lib/newer-servers shows how to change that")
    return ServerFiles("prosody", (files / "prosody.version").read_text().strip(), root)


def _roots() -> list[Path]:
    common = Path(__file__).resolve().parent / "common.sh"
    unpacked = subprocess.run(
        ["bash", "-c", '. "$1" && printf %s "$cache"', "bash", common], check=True, capture_output=True, text=True).stdout
    return [INSTALLED, *sorted(Path(unpacked, "servers").glob("*-backports"))]


def prosodies() -> list[ServerFiles]:
    return [prosody(root) for root in _roots() if (root / "usr/lib/prosody/prosody.version").exists()]


def ejabberds() -> list[ServerFiles]:
    """Debian's directory has the package's version in its name, and a link without its revision beside it or not."""
    found = {}
    for root in _roots():
        for path in root.glob("usr/lib/*/ejabberd-*/ebin"):
            if match := re.fullmatch(r"ejabberd-([0-9.]+).*", path.parent.name):
                found[root] = ServerFiles("ejabberd", match[1], root)
    return list(found.values())


if __name__ == "__main__":
    try:
        print(f"Prosody {prosody(Path(sys.argv[1])).version}")
    except Unusable as problem:
        sys.exit(str(problem))

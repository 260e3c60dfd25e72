"""What others may have put where the daemon reads its files."""

import json
import os
import subprocess

import pytest

from harness.control import Control
from harness.daemon import Daemon, binary
from harness.installation import Installation
from harness.wire import ScriptedServer, Stream

# A user who may write in the hosts' directory, and is neither root nor the daemon.
STRANGER = 54321
SECRET = "root:$6$zqxhash:19000:0:99999:7:::\nzqxkey: zqxvalue\n"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes links for others")


@needs_root
@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_nothing_is_quoted_from_a_file_that_a_link_leads_to(
        installation: Installation, server: ScriptedServer, kind: str) -> None:
    secret = installation.directory / "shadow"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    path = installation.hosts_directory / "c.example.yaml"
    if kind == "symbolic":
        path.symlink_to(secret)
        os.lchown(path, STRANGER, -1)
    else:
        os.link(secret, path)
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as root:
            for line in ["config check", "config status", "config diff", "config plan", "config apply --yes",
                         "host why c.example", "host show c.example", "host list", "config edit c.example",
                         "journal --limit 100"]:
                answer = root.run(line)
                assert "zqx" not in json.dumps(vars(answer)), line
            [mistake] = [row for row in root.run("config check").rows if "c.example" in json.dumps(row)]
            assert "link" in json.dumps(mistake)
        assert "zqx" not in daemon.transcript
    checked = subprocess.run([binary(), "check", "--config", installation.configuration], capture_output=True)
    assert checked.returncode == 1 and b"c.example.yaml:1:1: " in checked.stdout and b"zqx" not in checked.stdout
    assert secret.read_text() == SECRET

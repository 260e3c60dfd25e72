"""What others may have put where the daemon reads its files."""

import json
import os
import subprocess

import pytest

from harness.control import Control
from harness.daemon import Daemon, as_oneself, binary
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
    checked = subprocess.run([binary(), "check", *as_oneself(), "--config", installation.configuration],
                             capture_output=True)
    assert checked.returncode == 1 and b"c.example.yaml:1:1: " in checked.stdout and b"zqx" not in checked.stdout
    assert secret.read_text() == SECRET


def test_a_second_daemon_does_not_run_on_the_same_state_though_the_lock_is_removed(
        installation: Installation, stream: Stream, daemon: Daemon) -> None:
    for name in ("state/lock", "control.sock.lock"):
        (installation.directory / name).unlink()
    second = subprocess.run([binary(), "run", "--config", installation.configuration], capture_output=True, timeout=60)
    assert second.returncode == 1 and b"is in use by another invited" in second.stderr, second.stderr
    with Control(installation.control_socket) as root:
        assert root.run("invite create account a.example").code == "ok"


@pytest.mark.parametrize("name", ["state/lock", "control.sock.lock", "state/journal/lock"])
@pytest.mark.parametrize("kind", ["link", "fifo"])
def test_a_lock_that_is_no_regular_file_is_neither_followed_nor_waited_for(
        installation: Installation, server: ScriptedServer, name: str, kind: str) -> None:
    path = installation.directory / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    elsewhere = installation.directory / "elsewhere"
    if kind == "link":
        path.symlink_to(elsewhere)
    else:
        os.mkfifo(path)
    if name == "state/lock":
        done = subprocess.run([binary(), "run", "--config", installation.configuration], capture_output=True, timeout=60)
        assert done.returncode == 1 and b"is not a regular file" in done.stderr, done.stderr
    else:
        with Daemon(installation) as daemon:
            server.connect()
            daemon.await_ready()
            daemon.await_log("no control socket" if name == "control.sock.lock" else "changes cannot be written down")
    assert not elsewhere.exists()


def test_a_fifo_is_nowhere_waited_for(installation: Installation, server: ScriptedServer) -> None:
    hosts = installation.state_directory / "hosts"
    configuration = installation.state_directory / "configuration"
    for directory in (hosts, configuration):
        directory.mkdir(mode=0o700)
    os.mkfifo(installation.hosts_directory / "c.example.yaml")
    for suffix in ("", "-wal", "-shm"):
        os.mkfifo(hosts / f"b.example.sqlite3{suffix}")
    for name in ("record.json", ".record.json.new", "000001.jsonl", ".000002.jsonl.new"):
        os.mkfifo(configuration / name)
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as root:
            states = {row["host"]: row["state"] for row in root.run("host list").rows}
            assert states == {"a.example": "running", "b.example": "running", "c.example": "refused"}
            assert root.run("invite create account a.example").code == "ok"
            assert root.run("invite create account b.example").code == "host.unavailable"


@pytest.mark.parametrize("file", ["invited.yaml", "secret"])
def test_a_fifo_for_the_daemons_own_files_is_said(installation: Installation, file: str) -> None:
    path = installation.directory / file
    path.unlink()
    os.mkfifo(path)
    done = subprocess.run([binary(), "run", "--config", installation.configuration], capture_output=True, timeout=60)
    assert done.returncode == os.EX_CONFIG and b"is not a regular file" in done.stderr, done.stderr

"""What `systemctl reload invited` runs: it fails when the files are refused, and then all is as it was."""

import os
import re
import subprocess
from pathlib import Path

from harness.control import Control
from harness.daemon import binary
from harness.installation import Installation

UNIT = Path(__file__).resolve().parents[2] / "systemd" / "invited.service"
CLIENT = Path(os.environ.get("INVITECTL", Path(binary()).parent / "invitectl"))


def reload(installation: Installation) -> subprocess.CompletedProcess[str]:
    """Runs the unit's ExecReload, with the client that was built and the socket of the test."""
    program, *arguments = re.findall(r"^ExecReload=(.*)$", UNIT.read_text(), re.MULTILINE)[0].split()
    assert Path(program).name == "invitectl"
    environment = {**os.environ, "INVITED_SOCKET": str(installation.control_socket)}
    return subprocess.run([str(CLIENT), *arguments], env=environment, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=60)


def site_name(control: Control, host: str) -> object:
    (row,) = control.run(["host", "show", host]).rows
    return next(setting["value"] for setting in row["settings"] if setting["key"] == "site_name")


def test_good_files_are_in_force_when_it_returns(control: Control, installation: Installation) -> None:
    installation.host("a.example", site_name="Changed")
    result = reload(installation)
    assert result.returncode == 0, result.stderr
    assert site_name(control, "a.example") == "Changed"


def test_nothing_to_do_is_no_failure(control: Control, installation: Installation) -> None:
    for _ in range(2):
        result = reload(installation)
        assert result.returncode == 0, result.stderr


def test_refused_files_are_its_failure_and_change_nothing(control: Control, installation: Installation) -> None:
    before = site_name(control, "a.example")
    installation.host("a.example", site_name="Changed")
    installation.host_text("b.example", "admins: 7\n")
    result = reload(installation)
    assert result.returncode == 1
    assert "b.example.yaml:1:9" in result.stdout + result.stderr
    assert "config.invalid" in result.stdout + result.stderr
    assert site_name(control, "a.example") == before
    entry = control.run("journal").rows[0]
    assert (entry["command"], entry["code"]) == ("config apply --yes", "config.invalid")


def test_without_a_daemon_it_fails(installation: Installation) -> None:
    assert reload(installation).returncode == 3

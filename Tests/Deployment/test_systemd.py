"""The systemd files, as far as they can be judged without a running systemd."""

import os
import pathlib
import re
import shutil
import stat
import subprocess

import pytest

SYSTEMD = pathlib.Path(__file__).resolve().parents[2] / "systemd"
UNIT = SYSTEMD / "invited.service"
EXPOSURE_LIMIT = 1.5


def run(*command):
    environment = dict(os.environ, LC_ALL="C.UTF-8", SYSTEMD_COLORS="0", SYSTEMD_PAGER="")
    return subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def settings(name):
    """Every value the unit gives to a setting, in order."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


def verify(unit, tmp_path):
    """`verify` wants the binary to exist, so the unit is checked with another one in its place."""
    binary = tmp_path / "invited"
    shutil.copy("/bin/true", binary)
    copy = tmp_path / "invited.service"
    copy.write_text(unit.replace("/usr/local/bin/invited", str(binary)))
    return run("systemd-analyze", "verify", "--man=no", str(copy))


def test_unit_verifies_without_a_word(tmp_path):
    result = verify(UNIT.read_text(), tmp_path)
    assert (result.returncode, result.stdout) == (0, "")


def test_verify_would_have_noticed_a_mistake(tmp_path):
    result = verify(UNIT.read_text().replace("ProtectHome=yes", "ProtectHome=perhaps"), tmp_path)
    assert "invited.service" in result.stdout and "perhaps" in result.stdout


def test_exposure_is_below_the_limit():
    result = run(
        "systemd-analyze", "security", "--no-pager", "--offline=true",
        f"--threshold={EXPOSURE_LIMIT * 10:.0f}", str(UNIT),
    )
    overall = re.search(r"Overall exposure level for invited\.service: ([0-9.]+)", result.stdout)
    assert overall, result.stdout
    assert result.returncode == 0 and float(overall[1]) < EXPOSURE_LIMIT, result.stdout


def test_unit_is_what_the_daemon_counts_on():
    assert settings("Type") == ["notify"]
    assert settings("ExecReload") == ["/bin/kill -HUP $MAINPID"]
    assert settings("ExecStartPre") == []
    assert settings("LoadCredential") == ["component-secret:/etc/invited/secret"]
    assert int(settings("LimitNOFILE")[0]) >= 65536


@pytest.fixture
def root(tmp_path):
    """An empty system with only the `invited` user made from our file."""
    for directory in ("etc", "usr/lib/sysusers.d", "usr/lib/tmpfiles.d"):
        (tmp_path / directory).mkdir(parents=True)
    shutil.copy(SYSTEMD / "invited.sysusers.conf", tmp_path / "usr/lib/sysusers.d/invited.conf")
    shutil.copy(SYSTEMD / "invited.tmpfiles.conf", tmp_path / "usr/lib/tmpfiles.d/invited.conf")
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (tmp_path / "etc/group").write_text("root:x:0:\n")
    result = run("systemd-sysusers", f"--root={tmp_path}", "invited.conf")
    assert result.returncode == 0, result.stdout
    return tmp_path


def test_sysusers_makes_a_user_that_cannot_log_in(root):
    entry = [line.split(":") for line in (root / "etc/passwd").read_text().splitlines() if line.startswith("invited:")]
    assert len(entry) == 1
    assert entry[0][5:] == ["/var/lib/invited", "/usr/sbin/nologin"]
    assert settings("User") == settings("Group") == ["invited"]


@pytest.mark.skipif(os.geteuid() != 0, reason="systemd-tmpfiles gives files away, which needs root")
def test_tmpfiles_lets_the_daemon_read_and_not_write(root):
    (root / "etc/invited").mkdir()
    secret = root / "etc/invited/secret"
    secret.write_text("s3cret\n")
    secret.chmod(0o644)
    result = run("systemd-tmpfiles", f"--root={root}", "--create", "invited.conf")
    assert result.returncode == 0, result.stdout
    group = int(re.search(r"^invited:[^:]*:(\d+)", (root / "etc/group").read_text(), re.MULTILINE)[1])
    for directory in ("etc/invited", "etc/invited/config.d"):
        status = (root / directory).stat()
        assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, group, 0o750)
    assert (secret.stat().st_uid, stat.S_IMODE(secret.stat().st_mode)) == (0, 0o600)

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
SOCKET = SYSTEMD / "invited.socket"
WEB_SOCKET = SYSTEMD / "invited-web.socket"
RESTART = SYSTEMD / "invited.restart.conf"
EXPOSURE_LIMIT = 1.5


def run(*command, **environment):
    environment = dict(os.environ, LC_ALL="C.UTF-8", SYSTEMD_COLORS="0", SYSTEMD_PAGER="") | environment
    return subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def analyze(*arguments, **environment):
    """Where systemd does not run, `systemd-analyze` wants to make /run/systemd."""
    privileged = os.geteuid() == 0 or os.path.isdir("/run/systemd")
    sudo = [] if privileged else ["sudo", "-n", "--preserve-env"]
    return run(*sudo, "systemd-analyze", *arguments, **environment)


def settings(name, unit=UNIT):
    """Every value the unit gives to a setting, in order."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)


def verify(service, tmp_path, socket=SOCKET.read_text(), restart=None,
           web_socket=WEB_SOCKET.read_text()):
    """`verify` wants binaries and manual pages to exist, so the units are checked with others in the place of the binaries,
    and with the pages of this checkout alone."""
    for name in ("invited", "invitectl"):
        shutil.copy("/bin/true", tmp_path / name)
    (tmp_path / "invited.service").write_text(service.replace("/usr/local/bin/", f"{tmp_path}/"))
    (tmp_path / "invited.socket").write_text(socket)
    (tmp_path / "invited-web.socket").write_text(web_socket)
    if restart is not None:
        (tmp_path / "invited.service.d").mkdir(exist_ok=True)
        (tmp_path / "invited.service.d/restart.conf").write_text(restart)
    for page in (SYSTEMD.parent / "docs/man").iterdir():
        section = tmp_path / f"man/man{page.suffix[1:]}"
        section.mkdir(parents=True, exist_ok=True)
        shutil.copy(page, section)
    return analyze(
        "verify", "--man=yes", str(tmp_path / "invited.service"), str(tmp_path / "invited.socket"),
        str(tmp_path / "invited-web.socket"),
        MANPATH=str(tmp_path / "man"),
    )


def test_units_verify_without_a_word(tmp_path):
    result = verify(UNIT.read_text(), tmp_path)
    assert (result.returncode, result.stdout) == (0, "")


def test_verify_would_have_noticed_a_mistake(tmp_path):
    result = verify(UNIT.read_text().replace("ProtectHome=yes", "ProtectHome=perhaps"), tmp_path)
    assert "invited.service" in result.stdout and "perhaps" in result.stdout
    result = verify(UNIT.read_text(), tmp_path, SOCKET.read_text().replace("RemoveOnStop=yes", "RemoveOnStop=perhaps"))
    assert "invited.socket" in result.stdout and "perhaps" in result.stdout
    result = verify(
        UNIT.read_text(), tmp_path, web_socket=WEB_SOCKET.read_text().replace("FlushPending=yes", "FlushPending=perhaps"))
    assert "invited-web.socket" in result.stdout and "perhaps" in result.stdout
    result = verify(UNIT.read_text().replace("man:invitectl(1)", "man:invitectl(8)"), tmp_path)
    assert "invitectl(8)" in result.stdout


def test_growing_restart_delays_verify_where_systemd_has_them(tmp_path):
    version = int(re.match(r"systemd (\d+)", run("systemctl", "--version").stdout)[1])
    result = verify(UNIT.read_text(), tmp_path, restart=RESTART.read_text())
    if version >= 254:
        assert (result.returncode, result.stdout) == (0, "")
    else:  # which is why they are in a file of their own
        assert "RestartSteps" in result.stdout
    result = verify(UNIT.read_text(), tmp_path, restart=RESTART.read_text().replace("1min", "perhaps"))
    assert "perhaps" in result.stdout or version < 254


def test_exposure_is_below_the_limit():
    result = analyze(
        "security", "--no-pager", "--offline=true",
        f"--threshold={EXPOSURE_LIMIT * 10:.0f}", str(UNIT),
    )
    overall = re.search(r"Overall exposure level for invited\.service: ([0-9.]+)", result.stdout)
    assert overall, result.stdout
    assert result.returncode == 0 and float(overall[1]) < EXPOSURE_LIMIT, result.stdout


def test_unit_is_what_the_daemon_counts_on():
    assert settings("Type") == ["notify"]
    # Its failure is systemctl's, and leaves what runs as it was.
    assert settings("ExecReload") == ["/usr/local/bin/invitectl config apply --yes"]
    assert settings("ExecStartPre") == []
    assert settings("LoadCredential") == ["component-secret:/etc/invited/secret"]
    assert int(settings("LimitNOFILE")[0]) >= 65536
    # The statuses for refused files (EX_CONFIG) and for a missing secret, which a restart does not fix.
    assert settings("RestartPreventExitStatus") == ["CONFIG CREDENTIALS"]
    assert "SWIFT_BACKTRACE=enable=no" in settings("Environment")


def test_the_socket_is_there_before_the_daemon_and_stays_while_it_restarts():
    assert settings("ListenStream", SOCKET) == ["/run/invited/control.sock"]
    assert settings("FileDescriptorName", SOCKET) == ["control"]
    assert settings("SocketMode", SOCKET) == ["0666"]
    assert settings("RemoveOnStop", SOCKET) == ["yes"]
    assert settings("Accept", SOCKET) == []
    assert settings("Sockets") == settings("Also") == ["invited.socket"]
    # Otherwise systemd takes the directory away, with the socket in it, when the daemon stops.
    assert settings("RuntimeDirectoryPreserve") == ["yes"]
    # All users need access to the socket, and to its directory, which either unit may be the first to make.
    assert settings("RuntimeDirectoryMode") == settings("DirectoryMode", SOCKET) == ["0755"]


def test_the_pages_socket_is_bound_by_systemd_and_comes_with_the_service():
    # The daemon finds the socket by this name, and `web` needs no address.
    assert settings("FileDescriptorName", WEB_SOCKET) == ["web"]
    assert settings("ListenStream", WEB_SOCKET) == ["127.0.0.1:8480"]
    assert settings("Service", WEB_SOCKET) == ["invited.service"]
    # systemd starts no socket of a service that runs: the next start of the service does.
    assert settings("WantedBy", WEB_SOCKET) == ["sockets.target invited.service"]
    assert settings("FlushPending", WEB_SOCKET) == ["yes"]
    # So the service still binds nothing itself.
    assert settings("SocketBindDeny") == ["any"] and settings("SocketBindAllow") == []


def test_a_daemon_that_cannot_start_does_not_take_the_socket_with_it():
    # What waits at the socket when the daemon fails would start it again at once, as often as systemd lets it.
    assert settings("FlushPending", SOCKET) == ["yes"]
    # Every `invitectl` is a start. Past this limit the socket fails, and `systemctl start` is refused.
    assert settings("StartLimitIntervalSec") == ["0"]
    assert settings("StartLimitBurst") == settings("StartLimitAction") == []
    # `systemctl start invited` starts the socket as well; without a limit of its own, which systemd's own suffices for.
    assert settings("Sockets") == ["invited.socket"]
    assert [name for name in ("TriggerLimitIntervalSec", "TriggerLimitBurst") if settings(name, SOCKET)] == []


def test_a_daemon_that_ends_by_itself_or_hangs_is_started_again():
    assert settings("Restart") == ["on-failure"]
    assert settings("WatchdogSec") == ["15s"]
    # The growing delays count from this one, and need a longer last one.
    assert settings("RestartSec") == ["2s"]
    assert settings("RestartMaxDelaySec", RESTART) == ["1min"] and len(settings("RestartSteps", RESTART)) == 1


def test_the_daemon_sees_who_is_at_its_socket():
    # In a user namespace SO_PEERCRED reports 65534 for all users who are not mapped there.
    assert settings("PrivateUsers") == []


def test_the_hosts_files_can_be_written_and_nothing_else_in_etc():
    assert settings("ProtectSystem") == ["strict"]
    assert settings("ReadWritePaths") == ["-/etc/invited/config.d"]
    # `strict` leaves /dev as it is, and /run where ProtectProc= and others mount it again: both have world-writable directories.
    assert settings("ReadOnlyPaths") == ["/run -/dev/shm -/dev/mqueue"]
    # It would be writable, with the daemon's own file in it. tmpfiles makes it.
    assert settings("ConfigurationDirectory") == []


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
def test_tmpfiles_lets_the_daemon_write_the_hosts_files_and_read_the_rest(root):
    (root / "etc/invited").mkdir()
    secret = root / "etc/invited/secret"
    secret.write_text("s3cret\n")
    secret.chmod(0o644)
    result = run("systemd-tmpfiles", f"--root={root}", "--create", "invited.conf")
    assert result.returncode == 0, result.stdout
    group = int(re.search(r"^invited:[^:]*:(\d+)", (root / "etc/group").read_text(), re.MULTILINE)[1])
    for directory, mode in (("etc/invited", 0o750), ("etc/invited/config.d", 0o2770)):
        status = (root / directory).stat()
        assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, group, mode)
    assert (secret.stat().st_uid, stat.S_IMODE(secret.stat().st_mode)) == (0, 0o600)

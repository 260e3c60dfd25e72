"""`invited check` by root: what the daemon's user may not read is a mistake, and the command that is named mends it."""

import grp
import os
import pwd
import re
import struct
import subprocess
from pathlib import Path

import pytest

from harness.daemon import binary
from harness.installation import Installation

USER = "nobody"
STRANGER = 54_321
COMMAND = re.compile(r"`nobody` may after `([^`]+)`")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can check with another user's rights")


@pytest.fixture
def installation(directory: Path) -> Installation:
    """Readable for all users, except for the secret."""
    directory.chmod(0o755)
    made = Installation(directory, 5347)
    made.hosts_directory.chmod(0o755)
    made.configuration.chmod(0o644)
    made.host("a.example").chmod(0o644)
    return made


def check(file: Path | str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([binary(), "check", "--config", str(file), *arguments], cwd=cwd, capture_output=True,
                          text=True, timeout=90, stdin=subprocess.DEVNULL)


def refused(installation: Installation) -> str:
    """The one line with the mistake."""
    done = check(installation.configuration, "--user", USER)
    assert done.returncode == 1, done
    [line] = done.stdout.splitlines()
    return line


def group() -> str:
    return grp.getgrgid(pwd.getpwnam(USER).pw_gid).gr_name


def mend(line: str) -> str:
    """Runs the command that a line names."""
    found = COMMAND.search(line)
    assert found, line
    subprocess.run(["sh", "-ec", found[1]], check=True, timeout=90)
    return found[1]


def assert_good(installation: Installation) -> None:
    done = check(installation.configuration, "--user", USER)
    good = f"{installation.configuration}: good, with 1 host, as {USER} reads it\n"
    assert (done.returncode, done.stdout) == (0, good), done


def test_what_root_can_read_is_good_for_root(installation: Installation) -> None:
    installation.hosts_directory.chmod(0o700)
    done = check(installation.configuration, "--user", "root")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{installation.configuration}: good, with 1 host\n", "")


def test_hosts_file(installation: Installation) -> None:
    file = installation.hosts_directory / "a.example.yaml"
    file.chmod(0o600)
    line = refused(installation)
    assert line == (f"{file}:1:1: cannot be read: Permission denied; "
                    f"`nobody` may after `chgrp {group()} {file} && chmod g+r {file}`")
    mend(line)
    assert_good(installation)
    assert file.stat().st_mode & 0o777 == 0o640


def test_main_file(installation: Installation) -> None:
    installation.configuration.chmod(0o600)
    line = refused(installation)
    assert line.startswith(f"{installation.configuration}:1:1: cannot be read: Permission denied; ")
    mend(line)
    assert_good(installation)


@pytest.mark.parametrize(("mode", "mended"), [(0o700, 0o750), (0o710, 0o750), (0o770, 0o750), (0o701, 0o751)])
def test_hosts_directory(installation: Installation, mode: int, mended: int) -> None:
    installation.hosts_directory.chmod(mode)
    line = refused(installation)
    assert re.match(re.escape(str(installation.configuration)) + r":\d+:\d+: `hosts_directory` ", line)
    mend(line)
    assert_good(installation)
    assert installation.hosts_directory.stat().st_mode & 0o777 == mended


def test_hosts_directory_that_can_only_be_listed(installation: Installation) -> None:
    installation.hosts_directory.chmod(0o744)
    line = refused(installation)
    assert line.startswith(f"{installation.hosts_directory}/a.example.yaml:1:1: cannot be read: ")
    mend(line)
    assert_good(installation)


def test_everything_on_the_way_is_mended_at_once(installation: Installation, directory: Path) -> None:
    installation.configuration.chmod(0o600)
    directory.chmod(0o700)
    command = mend(refused(installation))
    assert command == (f"chgrp {group()} {directory} && chmod g+x {directory}"
                       f" && chgrp {group()} {installation.configuration} && chmod g+r {installation.configuration}")
    assert_good(installation)


def test_existing_group_is_kept_where_the_user_is_in_it(installation: Installation, directory: Path) -> None:
    os.chown(directory, -1, pwd.getpwnam(USER).pw_gid)
    directory.chmod(0o700)
    assert mend(refused(installation)) == f"chmod g+x {directory}"
    assert_good(installation)


def test_relative_path_is_judged_from_the_root_directory(installation: Installation, directory: Path) -> None:
    directory.chmod(0o700)
    done = check("invited.yaml", "--user", USER, cwd=directory)
    assert done.returncode == 1
    assert done.stdout.startswith(f"{installation.configuration}:1:1: cannot be read: ")
    mend(done.stdout)
    assert check("invited.yaml", "--user", USER, cwd=directory).returncode == 0


def test_path_is_quoted_for_the_shell(installation: Installation, directory: Path) -> None:
    elsewhere = directory / "it's $HOME"
    installation.hosts_directory.rename(elsewhere)
    text = installation.configuration.read_text().replace('"config.d"', '"it\'s $HOME"')
    installation.configuration.write_text(text)
    elsewhere.chmod(0o700)
    mend(refused(installation))
    assert_good(installation)


def test_roots_link_to_what_the_user_may_not_read(installation: Installation, directory: Path) -> None:
    private = directory / "private"
    private.mkdir(mode=0o700)
    target = private / "b.yaml"
    (installation.hosts_directory / "a.example.yaml").rename(target)
    target.chmod(0o600)
    link = installation.hosts_directory / "a.example.yaml"
    link.symlink_to("../private/b.yaml")
    assert check(installation.configuration, "--user", "root").returncode == 0
    line = refused(installation)
    assert line.startswith(f"{link}:1:1: cannot be read: ")
    assert mend(line) == (f"chgrp {group()} {private} && chmod g+x {private}"
                          f" && chgrp {group()} {target} && chmod g+r {target}")
    assert_good(installation)


@pytest.mark.parametrize("owner", [pwd.getpwnam(USER).pw_uid, STRANGER])
def test_nobody_gets_a_file_opened_by_linking_to_it(installation: Installation, directory: Path, owner: int) -> None:
    private = directory / "private"
    private.write_text("zqx-of-root\n")
    private.chmod(0o600)
    link = installation.hosts_directory / "b.example.yaml"
    link.symlink_to(private)
    os.lchown(link, owner, -1)
    line = refused(installation)
    assert line.startswith(f"{link}:1:1: ") and "zqx" not in line
    assert "chgrp" not in line and "chmod" not in line
    assert "let root own the link (`chown -h root`)" in line


def test_nobody_gets_a_file_opened_by_giving_it_a_name(installation: Installation, directory: Path) -> None:
    private = directory / "private"
    private.write_text("zqx-of-root\n")
    private.chmod(0o600)
    os.link(private, installation.hosts_directory / "b.example.yaml")
    line = refused(installation)
    assert "chgrp" not in line and "zqx" not in line
    assert line.endswith("it has other names (hard links); put a copy in its place")


def test_the_users_own_link_is_its_own_and_a_strangers_is_not(installation: Installation, directory: Path) -> None:
    """The daemon follows its own user's links out of the directory; root's daemon takes that user for a stranger."""
    target = directory / "b.yaml"
    (installation.hosts_directory / "a.example.yaml").rename(target)
    link = installation.hosts_directory / "a.example.yaml"
    link.symlink_to(target)
    os.lchown(link, pwd.getpwnam(USER).pw_uid, -1)
    assert check(installation.configuration, "--user", "root").returncode == 1
    assert_good(installation)
    os.lchown(link, STRANGER, -1)
    assert "is not read: a link of user 54321 leads out of the directory" in refused(installation)


def test_secret_that_is_roots_alone_is_checked_as_root(installation: Installation, directory: Path) -> None:
    secret = directory / "secret"
    done = check(installation.configuration, "--user", USER)
    assert done.returncode == 0
    [note] = done.stderr.splitlines()
    assert re.match(re.escape(str(installation.configuration)) + r":\d+:\d+: note: `secret_file` ", note)
    assert "was read as root" in note and "the credential `component-secret`" in note
    assert installation.secret not in done.stdout + done.stderr
    secret.write_text("")
    assert "is empty" in refused(installation)
    secret.unlink()
    assert "No such file or directory" in refused(installation)
    secret.write_text("hush\n")
    secret.chmod(0o600)
    mend(note)
    assert_good(installation)
    assert check(installation.configuration, "--user", USER).stderr == ""


def test_credential_is_not_the_users_to_read(installation: Installation, directory: Path) -> None:
    credentials = directory / "credentials"
    credentials.mkdir(mode=0o700)
    (credentials / "component-secret").write_text("hush\n")
    (directory / "secret").unlink()
    done = subprocess.run([binary(), "check", "--config", installation.configuration, "--user", USER], timeout=90,
                          capture_output=True, env=dict(os.environ, CREDENTIALS_DIRECTORY=str(credentials)))
    assert (done.returncode, done.stderr) == (0, b"")


def set_access_control_list(file: Path, user: int, permissions: int) -> None:
    """As `setfacl -m u:USER:PERMISSIONS` on a file that only its owner may read (acl(5), linux/posix_acl_xattr.h)."""
    entries = [(0x01, 6, 0xFFFFFFFF), (0x02, permissions, user), (0x04, 0, 0xFFFFFFFF), (0x10, permissions, 0xFFFFFFFF),
               (0x20, 0, 0xFFFFFFFF)]
    try:
        os.setxattr(file, "system.posix_acl_access",
                    struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries))
    except OSError as error:
        pytest.skip(f"no access control lists here: {error}")


def test_access_control_list_counts(installation: Installation) -> None:
    file = installation.hosts_directory / "a.example.yaml"
    file.chmod(0o600)
    set_access_control_list(file, pwd.getpwnam(USER).pw_uid, 4)
    assert_good(installation)
    set_access_control_list(file, pwd.getpwnam(USER).pw_uid, 0)
    line = refused(installation)
    assert "getfacl" in line and "chgrp" not in line


def test_user_that_is_not_there(installation: Installation) -> None:
    done = check(installation.configuration, "--user", "no-such-user")
    assert done.returncode == os.EX_USAGE and "there is no such user" in done.stderr


def test_only_root_checks_as_another(installation: Installation) -> None:
    reach = ["setpriv", "--reuid", USER, "--clear-groups", binary(), "check", "--config", installation.configuration]
    if subprocess.run(["setpriv", "--reuid", USER, "--clear-groups", "test", "-x", binary()]).returncode != 0:
        pytest.skip(f"{USER} may not run {binary()}")
    (installation.directory / "secret").chmod(0o644)
    as_itself = subprocess.run(reach, capture_output=True, text=True, timeout=90)
    assert (as_itself.returncode, as_itself.stderr) == (0, "")
    assert as_itself.stdout == f"{installation.configuration}: good, with 1 host\n"
    assert subprocess.run([*reach, "--user", USER], capture_output=True, timeout=90).returncode == 0
    other = subprocess.run([*reach, "--user", "root"], capture_output=True, text=True, timeout=90)
    assert other.returncode == os.EX_USAGE and "only root" in other.stderr
    (installation.hosts_directory / "a.example.yaml").chmod(0o600)
    plain = subprocess.run(reach, capture_output=True, text=True, timeout=90)
    assert plain.returncode == 1 and plain.stdout.endswith("cannot be read: Permission denied\n")


class Machine:
    """A view of this machine with users of the test's own, in a mount namespace."""

    def __init__(self, directory: Path, users: str, groups: str) -> None:
        self._passwd = directory / "passwd"
        self._group = directory / "group"
        self._passwd.write_text("root:x:0:0:root:/root:/bin/sh\n" + users)
        self._group.write_text("root:x:0:\n" + groups)
        if self._run("true").returncode != 0:
            pytest.skip("no mount namespace can be made here")

    def _run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        script = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && shift 2 && exec "$@"'
        return subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh",
                               self._passwd, self._group, *command], capture_output=True, text=True, timeout=90)

    def check(self, installation: Installation, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run(binary(), "check", "--config", installation.configuration, *arguments)


def test_the_readmes_files_are_good_for_the_user_of_the_unit(installation: Installation, directory: Path) -> None:
    """As tmpfiles makes the directories, and `umask 077` the secret."""
    machine = Machine(directory, "invited:x:54322:54323::/:/usr/sbin/nologin\n", "invited:x:54323:\n")
    for path, mode in ((directory, 0o750), (installation.hosts_directory, 0o2770)):
        os.chown(path, 0, 54323)
        path.chmod(mode)
    done = machine.check(installation)
    good = f"{installation.configuration}: good, with 1 host, as invited reads it\n"
    assert (done.returncode, done.stdout) == (0, good), done
    assert len(done.stderr.splitlines()) == 1 and "note: `secret_file` " in done.stderr
    (installation.hosts_directory / "a.example.yaml").chmod(0o600)
    done = machine.check(installation)
    assert done.returncode == 1 and "`invited` may after `chgrp invited " in done.stdout
    assert machine.check(installation, "--user", "root").returncode == 0


def test_supplementary_groups_count(installation: Installation, directory: Path) -> None:
    machine = Machine(directory, "invited:x:54322:54323::/:/usr/sbin/nologin\n",
                      "invited:x:54323:\nhosts:x:54324:someone,invited\nother:x:54325:someone\n")
    file = installation.hosts_directory / "a.example.yaml"
    os.chown(file, 0, 54324)
    file.chmod(0o640)
    assert machine.check(installation).returncode == 0
    file.chmod(0o600)
    assert f"`chmod g+r {file}`" in machine.check(installation).stdout
    os.chown(file, 0, 54325)
    file.chmod(0o640)
    done = machine.check(installation)
    assert done.stdout.endswith(
        f"`invited` may after `chgrp invited {file}`; the group `other` loses its rights to {file}\n"), done


def test_without_the_user_of_the_unit_root_checks_and_says_so(installation: Installation, directory: Path) -> None:
    machine = Machine(directory, "", "")
    done = machine.check(installation)
    assert (done.returncode, done.stdout) == (0, f"{installation.configuration}: good, with 1 host\n")
    assert done.stderr == (
        "note: there is no user invited, so root's rights read the files, whatever the daemon's user may read; "
        "--user NAME checks as another user\n")


@pytest.mark.parametrize("mode, owner", [(0o755, STRANGER), (0o777, 0)])
def test_no_command_where_a_stranger_may_swap_the_file(installation: Installation, mode: int, owner: int) -> None:
    """Root would run it on files that another user may have replaced by then."""
    installation.hosts_directory.chmod(mode)
    os.chown(installation.hosts_directory, owner, 0)
    (installation.hosts_directory / "a.example.yaml").chmod(0o600)
    line = refused(installation)
    assert "others than root and it may put something else there" in line
    assert not COMMAND.search(line)

"""The packages that the scripts install and the README names are there in each release that is supported."""

import pathlib
import re
import subprocess

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
RELEASES = ["bookworm", "trixie"]


def lines(*command):
    return subprocess.run(command, cwd=REPOSITORY, check=True, text=True, stdout=subprocess.PIPE).stdout.split()


def packages_of(release):
    """Of its archive, not of this machine, so that each release is checked on the other, too."""
    return set(lines("scripts/lib/package-names", release))


def installed_by_the_scripts():
    return set(lines("scripts/install-dependencies", "--list"))


def named_by_the_readme():
    return set(" ".join(re.findall("Debian's `([^`]+)`", (REPOSITORY / "README.md").read_text())).split())


@pytest.mark.parametrize("release", RELEASES)
def test_each_package_is_in_the_release(release):
    available = packages_of(release)
    assert "base-files" in available
    assert installed_by_the_scripts() - available == set()
    assert named_by_the_readme() - available == set()


def test_the_lists_are_read():
    assert {"prosody", "ejabberd", "zbar-tools", "libxml2-dev", "debootstrap"} <= installed_by_the_scripts()
    assert {"libedit2", "prosody-modules"} <= named_by_the_readme()


@pytest.mark.parametrize("release", RELEASES)
def test_a_package_that_is_gone_is_noticed(release):
    gone = {"bookworm": "libstdc++-14-dev", "trixie": "python3-pyzbar"}
    assert gone[release] not in packages_of(release)

"""The demo and the benchmarks use the servers in a given directory, and report what is wrong with it."""

import pathlib
import subprocess
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(REPOSITORY / "scripts/lib"))
import server_files  # noqa: E402

INSTALLED = server_files.prosody(server_files.INSTALLED)
UNPACKED = [files for files in server_files.prosodies() if not files.is_installed]


def run(*command, cwd=REPOSITORY):
    return subprocess.run(command, cwd=cwd, text=True, capture_output=True, timeout=300)


def demo(*arguments):
    """With what is built, as scripts/test runs it."""
    return run("/usr/bin/python3", REPOSITORY / "scripts/lib/demo.py", REPOSITORY / ".build/debug", *arguments)


def unpack(directory, *, source=None, version="13.9.9"):
    """The files of a Prosody package that are checked."""
    files = directory / "usr/lib/prosody"
    (directory / "usr/bin").mkdir(parents=True)
    (directory / "usr/bin/prosody").write_text(f"#!/usr/bin/env lua\n\nCFG_SOURCEDIR='{source or files}';\n")
    files.mkdir(parents=True)
    (files / "prosody.version").write_text(version + "\n")
    return directory


@pytest.mark.parametrize("files", UNPACKED, ids=str)
def test_the_demo_runs_behind_what_it_is_told(files):
    result = demo("--once", "--prosody", files.root)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"Prosody {files.version} is up" in result.stdout
    assert files.version != INSTALLED.version


def test_a_directory_without_prosody_is_refused_before_anything_is_built(tmp_path):
    (tmp_path / "empty").mkdir()
    result = run(REPOSITORY / "scripts/demo", "--once", "--prosody", "empty", cwd=tmp_path)
    assert result.returncode == 1
    assert f"there is no Prosody in {tmp_path}/empty" in result.stderr
    assert "Traceback" not in result.stderr and "Building" not in result.stdout


def test_the_demo_itself_refuses_it_too(tmp_path):
    result = demo("--once", "--prosody", tmp_path)
    assert result.returncode == 1
    assert f"there is no Prosody in {tmp_path}" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize("program, option", [("scripts/demo", "--prosody"), ("Benchmarks/run", "--prosody"),
                                             ("Benchmarks/run", "--ejabberd")])
@pytest.mark.parametrize("value", [["nowhere"], []])
def test_a_directory_that_is_not_there_is_refused(program, option, value, tmp_path):
    result = run(REPOSITORY / program, option, *value, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert f"{option} needs a directory" in result.stderr


@pytest.mark.parametrize("program, options", [
    ("scripts/demo", ["--once", "--prosody DIRECTORY"]),
    ("Benchmarks/run", ["--quick", "--keep", "--daemon PATH", "--prosody DIRECTORY", "--ejabberd DIRECTORY"]),
])
def test_help_names_the_options(program, options):
    result = run(REPOSITORY / program, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert [option for option in options if f"\n  {option} " not in result.stdout] == []
    assert "set -" not in result.stdout


# What is usable


def test_what_was_unpacked_is_known_by_its_version(tmp_path):
    files = server_files.prosody(unpack(tmp_path))
    assert (files.version, files.root, files.is_installed) == ("13.9.9", tmp_path, False)
    assert files.program("prosodyctl") == tmp_path / "usr/bin/prosodyctl"


def test_a_program_that_would_run_the_files_of_another_version_is_refused(tmp_path):
    with pytest.raises(server_files.Unusable, match="runs the files of /usr/lib/prosody"):
        server_files.prosody(unpack(tmp_path, source="/usr/lib/prosody"))


def test_the_demo_asks_for_none_of_prosodys_community_modules():
    """mod_invited does all that delegation did."""
    text = (REPOSITORY / "servers/prosody.cfg.lua").read_text() + (REPOSITORY / "scripts/lib/demo.py").read_text()
    assert '"invited"' in text and "delegation" not in text and "privilege" not in text

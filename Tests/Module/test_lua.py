"""Tests of the module without a server."""

import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MODULES = REPOSITORY / "servers/prosody"


def test_decisions() -> None:
    done = subprocess.run(["lua5.4", Path(__file__).with_name("rules.lua"), MODULES / "mod_invited.lua"],
                          capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("ok\n", "")

"""QR codes on a terminal: whatever its colours, locale and width, a scanner reads them, or they are not shown."""

import re
import subprocess
from pathlib import Path

import pytest

from conftest import Spawn
from fake_daemon import FakeDaemon

LINK = "xmpp:alice@example.com?roster;preauth=0aVhb1Dm4XHqGZmSx6yCzUkQfLw"
DARK, LIGHT = 0, 255


def half_blocks(link: str) -> str:
    """The code as the daemon draws it: the blocks are its light parts."""
    drawn = subprocess.run(["qrencode", "-t", "ASCII", "-m", "4", "-l", "L", link], capture_output=True, text=True, check=True)
    rows = [line[::2] for line in drawn.stdout.splitlines()]
    rows += [" " * len(rows[0])] * (len(rows) % 2)
    return "\n".join(
        "".join({"  ": "█", " #": "▀", "# ": "▄", "##": " "}[top + bottom] for top, bottom in zip(*pair))
        for pair in zip(rows[::2], rows[1::2]))


def pixels(text: str, foreground: int, background: int) -> list[list[int]]:
    """What a terminal with these colours shows: two rows for a line of text."""
    rows: list[list[int]] = []
    ink, paper = foreground, background
    for line in text.split("\r\n"):
        top: list[int] = []
        bottom: list[int] = []
        for codes, character in re.findall(r"\x1b\[([0-9;]*)m|(.)", line):
            if not character:
                for code in codes.split(";"):
                    if code in ("", "0"):
                        ink, paper = foreground, background
                    ink = {"37": LIGHT, "97": LIGHT}.get(code, ink)
                    paper = {"40": DARK}.get(code, paper)
                continue
            top.append(ink if character in "█▀" else paper)
            bottom.append(ink if character in "█▄" else paper)
        rows += [top, bottom]
    return rows


def scanned(rows: list[list[int]], directory: Path) -> str:
    size = 4
    image = directory / "image.pgm"
    lines = [bytes(pixel for pixel in row for _ in range(size)) * size for row in rows]
    image.write_bytes(b"P5 %d %d 255\n" % (len(rows[0]) * size, len(rows) * size) + b"".join(lines))
    found = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", str(image)],
        capture_output=True, text=True)
    return found.stdout.strip()


def drawing(output: str) -> str:
    """The lines below `qr:`."""
    _, _, rest = output.partition("qr:\r\n")
    return rest.rstrip("\r\n")


def width(code: str) -> int:
    return len(code.split("\n")[0])


@pytest.fixture
def code(daemon: FakeDaemon) -> str:
    code = half_blocks(LINK)
    daemon.on_rows("invite show example.com 1 --qr", {"number": 1, "uri": LINK, "qr": code})
    return code


def test_a_scanner_reads_it_on_dark_and_on_light(code: str, spawn: Spawn, directory: Path) -> None:
    child = spawn("invite", "show", "example.com", "1", "--qr", rows=80, NO_COLOR="")
    output = child.read()
    for foreground, background in [(LIGHT, DARK), (DARK, LIGHT)]:
        assert scanned(pixels(drawing(output), foreground, background), directory) == LINK


def test_it_is_what_it_was_without_colours(code: str, spawn: Spawn) -> None:
    assert drawing(spawn("invite", "show", "example.com", "1", "--qr", rows=80).read()).split("\r\n") == code.split("\n")


def test_it_fits_exactly(code: str, spawn: Spawn) -> None:
    child = spawn("invite", "show", "example.com", "1", "--qr", rows=80, columns=width(code))
    assert drawing(child.read()).split("\r\n") == code.split("\n")


def test_a_terminal_that_is_too_narrow_says_so(code: str, spawn: Spawn) -> None:
    output = spawn("invite", "show", "example.com", "1", "--qr", rows=80, columns=width(code) - 1).read()
    assert "█" not in output
    assert f"it is {width(code)} columns wide, and the terminal has {width(code) - 1}" in " ".join(output.split())


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_the_pager_shows_it_in_every_locale(code: str, spawn: Spawn, locale: str) -> None:
    child = spawn("invite", "show", "example.com", "1", "--qr", rows=10, LC_ALL=locale, PAGER="less -FRX +G")
    child.expect_exact("██")
    child.send("q")
    assert "<E2>" not in child.before + child.read()


def test_a_persons_own_character_set_stays(code: str, spawn: Spawn) -> None:
    child = spawn("invite", "show", "example.com", "1", "--qr", rows=10, PAGER="echo $LESSCHARSET", LESSCHARSET="ascii")
    child.expect_exact("ascii")

"""Reads Tests/Transcripts: what operators type, and the answers. The format is documented in
Tests/ControlTests/Transcripts/Transcript.swift."""

import re
from dataclasses import dataclass, field
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parents[2] / "Transcripts"

FORMS = {
    "time": r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{3})?)?Z", "hash": "[0-9a-f]{12,16}", "token": "[A-Za-z0-9]{29}",
    "number": r"\d+", "version": r"\d+\.\d+\.\d+", "user": "[A-Za-z0-9_.-]+", "port": r"\d{1,5}",
    # The daemon gives an attempt up after ten seconds, which what is typed before may take.
    "connection": r"(connecting to|waiting for) 127\.0\.0\.1:\d+(: the server did not finish the handshake in time)?",
    "state": "connecting|waiting",
    "trouble": "(; the last trouble was: the server did not finish the handshake in time)?",
}


@dataclass
class Step:
    """One of: a file to write or, without a text, to remove; another caller; another width; a command."""

    kind: str
    name: str
    lines: list[str] = field(default_factory=list)


def read(path: Path) -> list[Step]:
    steps: list[Step] = []
    for line in path.read_text().splitlines():
        if line.startswith("> "):
            steps.append(Step("run", line[2:]))
        elif line.startswith("@ "):
            kind, name = line[2:].split(" ", 1)
            steps.append(Step(kind, name))
        elif line.startswith("#"):
            steps.append(Step("note", line))
        elif steps and (line or steps[-1].kind == "run"):
            steps[-1].lines.append(line)
    for step in steps:
        while step.lines and not step.lines[-1]:
            step.lines.pop()
    return steps


def text_of(step: Step) -> str:
    """The text of a file."""
    return "".join(line[2:] + "\n" for line in step.lines)


def roles(caller: str) -> list[dict[str, object]]:
    """`operator of a.example, *.b.example and viewer of c.example` as the daemon's file has it."""
    grants: list[dict[str, object]] = []
    for part in caller.split(" and "):
        role, _, hosts = part.partition(" of ")
        grants.append({"role": role, **({"hosts": hosts.split(", ")} if hosts else {})})
    return grants


def answers(step: Step) -> list[tuple[str, str]]:
    """The expected questions, each as `confirm` or `edit` with its answer."""
    found: list[tuple[str, str]] = []
    for line in step.lines:
        if line.startswith("? edit "):
            found.append(("edit", ""))
        elif line.startswith("? "):
            found.append(("confirm", line.rsplit(" => ", 1)[1]))
        elif line.startswith("|") and found:
            found[-1] = ("edit", found[-1][1] + line[2:] + "\n")
    return found



def difference(answered: list[str], expected: list[str], directory: Path) -> str | None:
    """What is not as expected; None when all is."""
    answered = [" ".join(line.replace(str(directory), "<directory>").split()) for line in answered]
    patterns = [f"(?:{_pattern(line[2:])})?" if line.startswith("~ ") else _pattern(line) for line in expected]
    if re.fullmatch("".join(patterns), "".join(line + "\n" for line in answered)):
        return None
    return "\n".join(["expected:", *expected, "answered:", *answered])


def _pattern(line: str) -> str:
    parts = re.split(r"<([a-z]+)>", " ".join(line.split()))
    for index, part in enumerate(parts):
        if index % 2 == 0:
            # A terminal is narrower than some lines are long.
            parts[index] = re.escape(part).replace("\\ ", "[ \n]")
        else:
            parts[index] = f"(?:{FORMS[part]})" if part in FORMS else re.escape(f"<{part}>")
    return "".join(parts) + "\n"

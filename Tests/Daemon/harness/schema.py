"""Checks messages of the control socket against docs/shell.schema.json."""

import functools
import json
import pathlib
import re

import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parents[3] / "docs/shell.schema.json"


@functools.cache
def _definitions():
    return json.loads(SCHEMA.read_text())["$defs"]


@functools.cache
def _validator(name):
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": _definitions()})


def commands_with_rows():
    """The names of all commands that answer with rows or events."""
    found = set()
    for key, definition in _definitions().items():
        for one in definition.get("anyOf", [definition]):
            match = re.match(r"`([a-z ]+)`: ", one.get("description", ""))
            if match and match[1].replace(" ", "-") == key:
                found.add(match[1])
    return found


def check_message(message):
    """Raises jsonschema.ValidationError unless the daemon may say this."""
    _validator("answer").validate(message)


def check_row(command, row):
    """Raises jsonschema.ValidationError unless this is a row, or an event, of the command, such as `host list`."""
    name = command.replace(" ", "-")
    assert name in _definitions(), f"`{command}` answers with no rows"
    _validator(name).validate(row)


def check_answer(command, messages):
    """Checks all messages that answer one run of the command, of which the last is its end."""
    for message in messages:
        check_message(message)
        for kind in ("row", "event"):
            if kind in message:
                check_row(command, message[kind])
    ends = [message for message in messages if "end" in message]
    assert len(ends) == 1 and messages[-1] is ends[0], "exactly one end, the last"

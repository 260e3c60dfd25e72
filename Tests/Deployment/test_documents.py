"""The generated documents, as their readers see them. That they are current is for `swift test` to say."""

import json
import pathlib
import re
import subprocess

import jsonschema
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
DOCS = TOP / "docs"
PAGES = sorted((DOCS / "man").iterdir())
DAEMON = TOP / ".build/debug/invited"


def run(*command, **environment):
    return subprocess.run(
        command, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment}, text=True, capture_output=True
    )


def shown(page, width=80):
    result = run("man", "--warnings", "-E", "UTF-8", "-l", str(page), MANWIDTH=str(width), MAN_KEEP_FORMATTING="")
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_there_is_a_page_for_each_program_and_for_the_files():
    assert [page.name for page in PAGES] == ["invitectl.1", "invited.8", "invited.yaml.5"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_mandoc_finds_nothing(page):
    result = run("mandoc", "-Tlint", "-Wall", str(page))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_fit_a_terminal(page):
    too_long = [line for line in shown(page).splitlines() if len(line) > 80]
    assert too_long == []


def options(command):
    """The options of a command and of its subcommands, from ArgumentParser's own description."""
    for argument in command.get("arguments", []):
        for name in argument.get("names", []):
            yield ("-" if name["kind"] == "short" else "--") + name["name"]
    for below in command.get("subcommands", []):
        if below["commandName"] != "help":
            yield from options(below)


def test_every_option_of_the_daemon_is_in_its_page():
    described = json.loads(run(str(DAEMON), "--experimental-dump-help").stdout)["command"]
    expected = set(options(described))
    assert {"--config", "--log-level", "--help"} <= expected
    section = re.search(r"^OPTIONS$(.*?)^[A-Z]", shown(DOCS / "man/invited.8"), re.MULTILINE | re.DOTALL)[1]
    documented = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", section))
    assert documented == expected
    for subcommand in described["subcommands"]:
        name = subcommand["commandName"]
        assert name == "help" or re.search(rf"^ +{name} ", shown(DOCS / "man/invited.8"), re.MULTILINE)


def test_the_manual_and_the_readme_name_the_same_versions_as_tried():
    tried = re.compile(r"Tried on Debian .*Swift \d[\d.]*\d\.")
    in_the_readme = tried.search((TOP / "README.md").read_text())[0]
    assert tried.search(" ".join(shown(DOCS / "man/invited.8").split()))[0] == in_the_readme


# The schema


@pytest.fixture(scope="module")
def schema():
    return json.loads((DOCS / "shell.schema.json").read_text())


def validator(schema, name):
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})


def test_the_schema_is_one(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


def test_the_messages_of_the_reference_are_what_the_schema_says(schema):
    text = (DOCS / "shell.md").read_text()
    requests = re.findall(r"^    > (.*)$", text, re.MULTILINE)
    answers = re.findall(r"^    (?:< )?(\{.*\})$", text, re.MULTILINE)
    assert len(requests) >= 4 and len(answers) >= 5
    for line in requests:
        validator(schema, "request").validate(json.loads(line))
    for line in answers:
        validator(schema, "answer").validate(json.loads(line))


@pytest.mark.parametrize(
    "name, value",
    [
        ("request", {"argv": []}),
        ("request", {"id": "1", "argv": []}),
        ("request", {"id": 1, "cancel": False}),
        ("answer", {"id": 1, "end": {"status": "ok", "code": "no.such-code", "message": ""}}),
        ("answer", {"id": 1, "ask": {"kind": "confirm"}}),
        ("answer", {"id": 1, "row": []}),
        ("version", {"version": "1", "protocol": 1}),
        ("version", {"version": "1", "protocol": 1, "registry": 1}),
        ("version", {"version": "1", "protocol": 1, "registry": "", "stranger": 1}),
        ("trace", {"dropped": 0}),
        ("trace", {"time": "yesterday", "direction": "in", "stanza": ""}),
    ],
)
def test_the_schema_refuses_what_is_wrong(schema, name, value):
    assert not validator(schema, name).is_valid(value)


@pytest.mark.parametrize(
    "name, value",
    [
        ("version", {"version": "1", "protocol": 1, "registry": ""}),
        ("trace", {"dropped": 3}),
        ("trace", {"time": "2026-11-22T19:06:10.123Z", "direction": "in", "stanza": "<iq/>"}),
        ("log-level", {"level": "info", "until": None}),
    ],
)
def test_the_schema_takes_what_is_right(schema, name, value):
    validator(schema, name).validate(value)

"""Each test runs behind each Prosody that there is. The interpreter is the system's: /usr/bin/python3 -m pytest Tests/Module"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prosody_server import Prosody
from server_files import ServerFiles, prosodies
from wire import Component, unique


@pytest.fixture(scope="session", params=prosodies(), ids=str)
def prosody_files(request: pytest.FixtureRequest) -> ServerFiles:
    return request.param


@pytest.fixture(scope="session")
def prosody(prosody_files: ServerFiles) -> Iterator[Prosody]:
    """Shared by all tests that leave it as they found it."""
    path = Path(tempfile.mkdtemp(prefix="invited-module-", dir="/tmp"))
    server = Prosody(prosody_files, path)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def new_prosody(prosody_files: ServerFiles) -> Iterator[Callable[..., Prosody]]:
    """Starts servers of the test's own."""
    started: list[Prosody] = []

    def start(**options: object) -> Prosody:
        server = Prosody(prosody_files, Path(tempfile.mkdtemp(prefix="invited-module-", dir="/tmp")), **options)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()
        shutil.rmtree(server.directory, ignore_errors=True)


@pytest.fixture
def component(prosody: Prosody) -> Iterator[Component]:
    """Connected and greeted: a.example is invite-only, b.example as its server says, which is open."""
    with prosody.component() as daemon:
        daemon.greet(a_example="invite", b_example="server")
        yield daemon


@pytest.fixture
def username() -> str:
    """Nobody else's."""
    return unique("user")

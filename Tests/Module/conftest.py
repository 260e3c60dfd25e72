"""Each test runs behind each server that there is, as servers.py has them. The interpreter is the system's: /usr/bin/python3 -m pytest Tests/Module"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.failures import pytest_runtest_makereport  # noqa: F401
from server_files import ServerFiles
from servers import Server, Shared, difference, make_server, servers
from wire import Component, unique


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        files = getattr(item, "callspec", None) and item.callspec.params.get("module_server")
        if files and (reason := difference(item.name, files)):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", params=servers(), ids=str)
def module_server(request: pytest.FixtureRequest) -> ServerFiles:
    return request.param


@pytest.fixture(scope="session")
def shared(module_server: ServerFiles) -> Iterator[Shared]:
    with Shared(module_server) as shared:
        yield shared


@pytest.fixture
def server(shared: Shared) -> Server:
    """Shared by all tests that leave it as they found it."""
    return shared.server()


@contextmanager
def servers_of_tests() -> Iterator[Callable[..., Server]]:
    """Makes servers, which are stopped and removed at the end."""
    made: list[Server] = []

    def make(files: ServerFiles, **options: object) -> Server:
        made.append(make_server(files, Path(tempfile.mkdtemp(prefix="invited-module-", dir="/tmp")), **options))
        return made[-1]

    try:
        yield make
    finally:
        for server in made:
            server.stop()
            shutil.rmtree(server.directory, ignore_errors=True)


@pytest.fixture
def new_server(module_server: ServerFiles) -> Iterator[Callable[..., Server]]:
    """Starts servers of the test's own."""
    started: list[Server] = []

    def start(**options: object) -> Server:
        server = make_server(module_server, Path(tempfile.mkdtemp(prefix="invited-module-", dir="/tmp")), **options)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()
        shutil.rmtree(server.directory, ignore_errors=True)


@pytest.fixture
def component(server: Server) -> Iterator[Component]:
    """Connected, with hellos answered: a.example is invite-only, b.example as its server has it, which is open."""
    with server.component() as daemon:
        daemon.greet(a_example="invite", b_example="server")
        yield daemon


@pytest.fixture
def username() -> str:
    """A username that no other test uses."""
    return unique("user")

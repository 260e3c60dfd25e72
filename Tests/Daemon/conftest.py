"""Fixtures that every file shares. The interpreter is the system's: /usr/bin/python3 -m pytest Tests/Daemon"""

import asyncio
import inspect
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.control import Control
from harness.daemon import Daemon, binary
from harness.ejabberd import Ejabberd
from harness.failures import pytest_runtest_makereport  # noqa: F401
from harness.installation import COMPONENT, SECRET, Installation, two_hosts
from harness.module_servers import left_out, module_servers
from harness.prosody import Prosody
from harness.client import PASSWORD
from harness.redeeming import Invited
from harness.wire import ScriptedServer, Stream
from server_files import ServerFiles, ejabberds, prosodies
from wire import unique

# For the longest of them, on a machine that is busy with other things.
ASYNC_BOUND = 600

USERS = ["admin@a.example", "alice@a.example", "bob@b.example", "admin@b.example"]


def pytest_sessionstart(session: pytest.Session) -> None:
    if not os.access(binary(), os.X_OK):
        pytest.exit(f"there is no daemon at {binary()}: build it, or name it in $INVITED", returncode=2)


def pytest_report_header() -> str:
    return "real servers: " + ", ".join(map(str, [*prosodies(), *ejabberds()]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        files = getattr(item, "callspec", None) and item.callspec.params.get("module_server")
        if files and (reason := left_out(item.name, files)):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests, which talk through slixmpp, on an event loop of their own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), timeout=ASYNC_BOUND))
    return True


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory of the test's own, with a path short enough for Unix sockets."""
    path = Path(tempfile.mkdtemp(prefix="invited-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture
def installation(directory: Path, server: ScriptedServer) -> Installation:
    """Two hosts behind the scripted server."""
    return two_hosts(Installation(directory, server.port))


@pytest.fixture
def daemon(installation: Installation) -> Iterator[Daemon]:
    """Running, not yet connected."""
    with Daemon(installation) as running:
        yield running


@pytest.fixture
def stream(server: ScriptedServer, daemon: Daemon) -> Stream:
    """The daemon's connection, authenticated."""
    connected = server.connect()
    daemon.await_ready()
    return connected


@pytest.fixture
def control(installation: Installation, stream: Stream) -> Iterator[Control]:
    """A session at the running daemon's control socket, as root and so as an admin."""
    with Control(installation.control_socket) as session:
        yield session


@pytest.fixture(scope="session", params=prosodies(), ids=str)
def prosody_files(request: pytest.FixtureRequest) -> ServerFiles:
    """Each version of Prosody that there is. A test that needs a server of its own starts it from these."""
    return request.param


@pytest.fixture(scope="session", params=ejabberds(), ids=str)
def ejabberd_files(request: pytest.FixtureRequest) -> ServerFiles:
    return request.param


@pytest.fixture(scope="session")
def prosody(prosody_files: ServerFiles) -> Iterator[Prosody]:
    """Two hosts, each of which delegates its commands."""
    path = Path(tempfile.mkdtemp(prefix="invited-prosody-"))
    server = Prosody(prosody_files, path, COMPONENT, SECRET, ["a.example", "b.example"])
    try:
        for user in USERS:
            server.register(user, PASSWORD)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def ejabberd(ejabberd_files: ServerFiles) -> Iterator[Ejabberd]:
    """Two hosts and no delegation; b.example's service address is served over the same connection."""
    path = Path(tempfile.mkdtemp(prefix="invited-ejabberd-"))
    server = Ejabberd(ejabberd_files, path, [COMPONENT, "invites.b.example"], SECRET, ["a.example", "b.example"])
    try:
        for user in USERS:
            server.register(user, PASSWORD)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session", params=module_servers(), ids=str)
def module_server(request: pytest.FixtureRequest) -> ServerFiles:
    """Each version of each server that there is a module for."""
    return request.param


@pytest.fixture(scope="module")
def invited(module_server: ServerFiles) -> Iterator[Invited]:
    """A daemon and a server with the module, that all tests of a file share which leave them as they found them."""
    with Invited.with_users(module_server) as running:
        yield running


@pytest.fixture
def username() -> str:
    """A username that no other test uses."""
    return unique("friend")

"""Behind a real ejabberd, with a client that we did not write: one connection, a shared and a service address."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import hostile, messages
from harness.client import PASSWORD, Client, IqError
from harness.control import Control
from harness.daemon import Daemon
from harness.ejabberd import Ejabberd
from harness.grants import probed
from harness.installation import COMPONENT, SECRET, Installation, two_hosts
from harness.load import Load
from harness.stanzas import COMMANDS_NS, CREATE_ACCOUNT, INVITE, Invitation
from harness.waiting import TIMEOUT
from server_files import ServerFiles

SERVICE = "invites.b.example"


@pytest.fixture
def installation(directory: Path, ejabberd: Ejabberd) -> Installation:
    return two_hosts(Installation(directory, ejabberd.component_port))


@pytest.fixture
def daemon(installation: Installation, ejabberd: Ejabberd) -> Iterator[Daemon]:
    with Daemon(installation) as running:
        running.await_log(messages.CONNECTED, timeout=60)
        yield running


async def test_list(daemon: Daemon, ejabberd: Ejabberd) -> None:
    async with Client("bob@b.example", ejabberd.client_port) as bob:
        for address in (COMPONENT, SERVICE):
            listed = await bob.commands(address)
            assert set(listed) == {INVITE} and listed[INVITE][0] == address and listed[INVITE][1]
    async with Client("admin@b.example", ejabberd.client_port) as admin:
        assert set(await admin.commands(SERVICE)) == {INVITE, CREATE_ACCOUNT}


async def test_command_info(daemon: Daemon, ejabberd: Ejabberd) -> None:
    async with Client("bob@b.example", ejabberd.client_port) as bob:
        assert COMMANDS_NS in await bob.features(SERVICE)
        assert COMMANDS_NS in await bob.features(SERVICE, INVITE)
        with pytest.raises(IqError, match="item-not-found"):
            await bob.features(SERVICE, CREATE_ACCOUNT)


async def test_execute(daemon: Daemon, ejabberd: Ejabberd, installation: Installation) -> None:
    async with Client("bob@b.example", ejabberd.client_port) as bob:
        made = [await bob.invite(address) for address in (COMPONENT, SERVICE)]
    for invitation in made:
        assert invitation.uri == f"xmpp:bob@b.example?roster;preauth={invitation.token}"
    assert {invitation.token for invitation in made} == installation.tokens("b.example")


@pytest.mark.parametrize("address", [COMPONENT, SERVICE])
async def test_create_account_and_cancel(
        daemon: Daemon, ejabberd: Ejabberd, installation: Installation, address: str) -> None:
    async with Client("admin@b.example", ejabberd.client_port) as admin:
        assert (await admin.create_account(address)).uri.startswith("xmpp:b.example?register;preauth=")
        named = await admin.create_account(address, username="juliet")
        assert named.uri.startswith("xmpp:juliet@b.example?register;preauth=")
        made = installation.tokens("b.example")
        asked = await admin.command(address, CREATE_ACCOUNT)
        session = asked["command"]["sessionid"]
        canceled = await admin.command(address, CREATE_ACCOUNT, "cancel", session)
        assert canceled["command"]["status"] == "canceled"
        with pytest.raises(IqError):
            await admin.command(address, CREATE_ACCOUNT, "complete", session, username="")
        assert installation.tokens("b.example") == made


async def test_forbidden(daemon: Daemon, ejabberd: Ejabberd) -> None:
    async with Client("bob@b.example", ejabberd.client_port) as bob:
        for address in (COMPONENT, SERVICE):
            assert await bob.refusal(address, CREATE_ACCOUNT) == "forbidden"
            assert await bob.refusal(address, "urn:example:unknown") == "item-not-found"


async def test_foreign_hosts_user_is_refused(daemon: Daemon, ejabberd: Ejabberd, installation: Installation) -> None:
    async with Client("alice@a.example", ejabberd.client_port) as alice:
        assert await alice.refusal(SERVICE, INVITE) == "forbidden"
        assert await alice.refusal(SERVICE, CREATE_ACCOUNT) == "forbidden"
        assert await alice.commands(SERVICE) == {}
    async with Client("admin@a.example", ejabberd.client_port) as admin:
        assert await admin.refusal(SERVICE, CREATE_ACCOUNT) == "forbidden"
    assert installation.tokens("b.example") == set()


async def test_no_user_ends_the_stream(daemon: Daemon, ejabberd: Ejabberd) -> None:
    for address in (COMPONENT, SERVICE):
        await hostile.write_all("admin@b.example", ejabberd.client_port, address, daemon)


async def test_both_hosts_at_once(daemon: Daemon, ejabberd: Ejabberd, installation: Installation) -> None:
    async with (Client("alice@a.example", ejabberd.client_port) as alice,
                Client("bob@b.example", ejabberd.client_port) as bob):
        made = await asyncio.gather(*(client.invite(address) for _ in range(20)
                                      for client, address in ((alice, COMPONENT), (bob, SERVICE))))
    assert {one.token for one in made[0::2]} == installation.tokens("a.example")
    assert {one.token for one in made[1::2]} == installation.tokens("b.example")


async def test_policy_flipped_by_a_reload_while_connected(
        daemon: Daemon, ejabberd: Ejabberd, installation: Installation) -> None:
    async with Client("bob@b.example", ejabberd.client_port) as bob:
        await bob.invite(SERVICE)
        installation.host("b.example", allow_contact_invites=False, service_address=SERVICE)
        daemon.reload()
        await asyncio.to_thread(daemon.await_log, messages.RELOADED)
        for address in (COMPONENT, SERVICE):
            assert await bob.refusal(address, INVITE) == "forbidden"
            assert await bob.commands(address) == {}
    assert daemon.logged(messages.DISCONNECTED) == 0


async def test_server_restarted_under_load(daemon: Daemon, ejabberd: Ejabberd, installation: Installation) -> None:
    # Admins, whose invites are not limited.
    load = Load(ejabberd.client_port, {"admin@a.example": "a.example", "admin@b.example": "b.example"},
                {"admin@a.example": COMPONENT, "admin@b.example": SERVICE})
    async with load:
        await load.until_each_has_made(20)
        first = daemon.await_log(messages.CONNECTED)
        await asyncio.to_thread(ejabberd.restart)
        await asyncio.to_thread(daemon.await_log, messages.CONNECTED, after=first, timeout=120)
        await load.until_each_has_made(20)
    for host, tokens in load.tokens.items():
        assert tokens <= installation.tokens(host)


async def test_wrong_secret(ejabberd: Ejabberd, directory: Path) -> None:
    installation = two_hosts(Installation(directory, ejabberd.component_port, secret="not-the-secret"))
    with Daemon(installation) as daemon:
        daemon.await_log(messages.REFUSED, reason=messages.REASON_WRONG_SECRET)


async def test_delegated_in_version_1(directory: Path, ejabberd_files: ServerFiles) -> None:
    """ejabberd's own delegation module: hosts' commands are ours, users' own accounts are not."""
    scratch = Path(tempfile.mkdtemp(prefix="invited-ejabberd-"))
    ejabberd = Ejabberd(ejabberd_files, scratch, [COMPONENT], SECRET, ["a.example", "b.example"], delegate=True)
    try:
        for user in ("alice@a.example", "bob@b.example", "admin@a.example"):
            ejabberd.register(user, PASSWORD)
        ejabberd.start()
        with Daemon(two_hosts(Installation(directory, ejabberd.component_port))) as daemon:
            daemon.await_log(messages.CONNECTED, timeout=60)
            async with (Client("alice@a.example", ejabberd.client_port) as alice,
                        Client("bob@b.example", ejabberd.client_port) as bob):
                assert (await once_delegated(alice, "a.example")).uri.startswith("xmpp:alice@a.example?")
                assert (await once_delegated(bob, "b.example")).uri.startswith("xmpp:bob@b.example?")
                assert await bob.refusal("a.example", INVITE) == "forbidden"
                assert await alice.refusal("alice@a.example", INVITE) == "item-not-found"
                # What is not read has its answer all the same, which ejabberd hands on only in its envelope.
                with pytest.raises(IqError, match="policy-violation"):
                    await alice.command("a.example", INVITE, note="x" * 40_000)
            await hostile.write_all("admin@a.example", ejabberd.client_port, "a.example", daemon)
    finally:
        ejabberd.stop()
        shutil.rmtree(scratch, ignore_errors=True)


async def once_delegated(client: Client, host: str) -> Invitation:
    """ejabberd begins to delegate a moment after the handshake, when it has our features; until then it answers."""
    async with asyncio.timeout(TIMEOUT):
        while True:
            try:
                return await client.invite(host)
            except IqError as error:
                if error.condition != "item-not-found":
                    raise
            await asyncio.sleep(0.05)


def test_probe(daemon: Daemon, ejabberd: Ejabberd, installation: Installation) -> None:
    """Without delegation accounts can be made; nothing is made by asking."""
    with Control(installation.control_socket) as control:
        for host in ("a.example", "b.example"):
            row = probed(control, host)
            assert (row["add_user"], row["roster"]) == ("yes", "both")
            assert row["commands"].startswith("no: ")


def test_probe_without_grants(directory: Path, ejabberd_files: ServerFiles) -> None:
    """mod_privilege of 24.12 then drops our requests; the answer reports that, and how to get the grant."""
    scratch = Path(tempfile.mkdtemp(prefix="invited-ejabberd-"))
    server = Ejabberd(ejabberd_files, scratch, [COMPONENT], SECRET, ["a.example", "b.example"], grant=False)
    try:
        server.start()
        installation = two_hosts(Installation(directory, server.component_port))
        with Daemon(installation) as daemon:
            daemon.await_log(messages.CONNECTED, timeout=60)
            with Control(installation.control_socket) as control:
                (row,) = control.run("grants a.example --probe").rows
                if ejabberd_files.version.startswith("23."):
                    assert row["add_user"] == "yes"
                    assert "`mod_delegation`" in row["commands"]
                else:
                    assert row["commands"].startswith("unknown: the server does not answer")
                    assert row["add_user"].startswith("unknown: the server does not answer")
                    assert "`mod_privilege`" in row["add_user"]
                ways = {row["subject"]: row for row in control.run("host why a.example").rows}
                assert "`mod_delegation`" in ways["way: the host itself"]["because"]
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


async def test_probe_where_commands_are_delegated(directory: Path, ejabberd_files: ServerFiles) -> None:
    """ejabberd then hands over our own requests, too: delegation and XEP-0133 exclude each other."""
    scratch = Path(tempfile.mkdtemp(prefix="invited-ejabberd-"))
    server = Ejabberd(ejabberd_files, scratch, [COMPONENT], SECRET, ["a.example", "b.example"], delegate=True)
    try:
        server.register("alice@a.example", PASSWORD)
        server.start()
        installation = two_hosts(Installation(directory, server.component_port))
        with Daemon(installation) as daemon:
            daemon.await_log(messages.CONNECTED, timeout=60)
            async with Client("alice@a.example", server.client_port) as alice:
                await once_delegated(alice, "a.example")
            with Control(installation.control_socket) as control:
                row = probed(control, "a.example")
                assert row["commands"] == "yes"
                assert row["add_user"].startswith("no: the server delegates")
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)

"""Behind a real Prosody, with a client that we did not write: commands are delegated to the hosts' own domains."""

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
from harness.grants import probed
from harness.installation import COMPONENT, SECRET, Installation, two_hosts
from harness.load import Load
from harness.prosody import Prosody
from harness.stanzas import COMMANDS_NS, CREATE_ACCOUNT, INVITE
from harness.waiting import TIMEOUT
from server_files import ServerFiles


@pytest.fixture
def installation(directory: Path, prosody: Prosody) -> Installation:
    return two_hosts(Installation(directory, prosody.component_port))


@pytest.fixture
def daemon(installation: Installation, prosody: Prosody) -> Iterator[Daemon]:
    with Daemon(installation) as running:
        running.await_log(messages.CONNECTED, timeout=60)
        yield running


async def test_list(daemon: Daemon, prosody: Prosody) -> None:
    async with Client("alice@a.example", prosody.client_port) as alice:
        listed = await alice.commands("a.example")
        assert listed[INVITE][0] == "a.example" and listed[INVITE][1]
        assert CREATE_ACCOUNT not in listed
    async with Client("admin@a.example", prosody.client_port) as admin:
        assert {INVITE, CREATE_ACCOUNT} <= set(await admin.commands("a.example"))


async def test_host_shows_that_it_has_commands(daemon: Daemon, prosody: Prosody) -> None:
    """XEP-0355 §7: what we answered about the delegated namespaces is in the host's own disco#info."""
    for user, host in (("alice@a.example", "a.example"), ("bob@b.example", "b.example")):
        async with Client(user, prosody.client_port) as client:
            # The server asks us after the handshake, and answers meanwhile.
            async with asyncio.timeout(TIMEOUT):
                while COMMANDS_NS not in await client.features(host):
                    await asyncio.sleep(0.05)


async def test_execute_at_the_host(daemon: Daemon, prosody: Prosody, installation: Installation) -> None:
    async with Client("alice@a.example", prosody.client_port) as alice:
        invitation = await alice.invite("a.example")
    assert invitation.uri == f"xmpp:alice@a.example?roster;preauth={invitation.token}"
    assert invitation.token in installation.tokens("a.example")


async def test_execute_at_the_shared_address(daemon: Daemon, prosody: Prosody) -> None:
    async with Client("alice@a.example", prosody.client_port) as alice:
        assert (await alice.invite(COMPONENT)).uri.startswith("xmpp:alice@a.example?roster;")


async def test_create_account_and_cancel(daemon: Daemon, prosody: Prosody, installation: Installation) -> None:
    async with Client("admin@a.example", prosody.client_port) as admin:
        assert (await admin.create_account("a.example")).uri.startswith("xmpp:a.example?register;preauth=")
        named = await admin.create_account("a.example", username="juliet", roster_subscription="1")
        assert named.uri.startswith("xmpp:juliet@a.example?register;preauth=")
        made = installation.tokens("a.example")
        asked = await admin.command("a.example", CREATE_ACCOUNT)
        session = asked["command"]["sessionid"]
        canceled = await admin.command("a.example", CREATE_ACCOUNT, "cancel", session)
        assert canceled["command"]["status"] == "canceled"
        with pytest.raises(IqError):
            await admin.command("a.example", CREATE_ACCOUNT, "complete", session, username="")
        assert installation.tokens("a.example") == made


async def test_forbidden(daemon: Daemon, prosody: Prosody) -> None:
    async with Client("alice@a.example", prosody.client_port) as alice:
        assert await alice.refusal("a.example", CREATE_ACCOUNT) == "forbidden"
        assert await alice.refusal("a.example", "urn:example:unknown") == "item-not-found"


async def test_no_user_ends_the_stream(daemon: Daemon, prosody: Prosody) -> None:
    for address in ("a.example", COMPONENT):
        await hostile.write_all("admin@a.example", prosody.client_port, address, daemon)


async def test_foreign_hosts_user_is_refused(daemon: Daemon, prosody: Prosody, installation: Installation) -> None:
    async with Client("alice@a.example", prosody.client_port) as alice:
        assert await alice.refusal("b.example", INVITE) == "forbidden"
        assert await alice.refusal("b.example", CREATE_ACCOUNT) == "forbidden"
        assert INVITE not in await alice.commands("b.example")
    async with Client("admin@a.example", prosody.client_port) as admin:
        assert await admin.refusal("b.example", CREATE_ACCOUNT) == "forbidden"
    assert installation.tokens("b.example") == set()


async def test_both_hosts_at_once(daemon: Daemon, prosody: Prosody, installation: Installation) -> None:
    async with (Client("alice@a.example", prosody.client_port) as alice,
                Client("bob@b.example", prosody.client_port) as bob):
        made = await asyncio.gather(*(client.invite(host) for _ in range(20)
                                      for client, host in ((alice, "a.example"), (bob, "b.example"))))
    assert {one.token for one in made[0::2]} == installation.tokens("a.example")
    assert {one.token for one in made[1::2]} == installation.tokens("b.example")
    assert len({one.token for one in made}) == 40


async def test_policy_flipped_by_a_reload_while_connected(
        daemon: Daemon, prosody: Prosody, installation: Installation) -> None:
    async with Client("alice@a.example", prosody.client_port) as alice:
        await alice.invite("a.example")
        installation.host("a.example", admins=["admin@a.example"], allow_contact_invites=False)
        daemon.reload()
        off = await asyncio.to_thread(daemon.await_log, messages.RELOADED)
        assert await alice.refusal("a.example", INVITE) == "forbidden"
        assert INVITE not in await alice.commands("a.example")
        installation.host("a.example", admins=["alice@a.example"])
        daemon.reload()
        await asyncio.to_thread(daemon.await_log, messages.RELOADED, after=off)
        await alice.invite("a.example")
        await alice.create_account("a.example")
    assert daemon.logged(messages.DISCONNECTED) == 0


async def test_own_account_has_no_commands_of_ours(daemon: Daemon, prosody: Prosody) -> None:
    """What a client asks about its own account is delegated too, and gets an answer at once."""
    async with Client("alice@a.example", prosody.client_port) as alice:
        try:
            assert INVITE not in await alice.commands("alice@a.example")
        except IqError as error:
            assert error.condition in ("item-not-found", "service-unavailable", "feature-not-implemented")
        assert await alice.refusal("alice@a.example", INVITE) in (
            "item-not-found", "service-unavailable", "feature-not-implemented")


async def test_server_restarted_under_load(daemon: Daemon, prosody: Prosody, installation: Installation) -> None:
    """Every token that reached a client is stored, and service resumes when the server is back."""
    # Admins, whose invites are not limited.
    load = Load(prosody.client_port, {"admin@a.example": "a.example", "admin@b.example": "b.example"})
    async with load:
        await load.until_each_has_made(20)
        first = daemon.await_log(messages.CONNECTED)
        await asyncio.to_thread(prosody.restart)
        await asyncio.to_thread(daemon.await_log, messages.CONNECTED, after=first, timeout=120)
        await load.until_each_has_made(20)
    assert daemon.logged(messages.DISCONNECTED) >= 1
    for host, tokens in load.tokens.items():
        assert tokens <= installation.tokens(host)


async def test_wrong_secret(prosody: Prosody, directory: Path) -> None:
    installation = two_hosts(Installation(directory, prosody.component_port, secret="not-the-secret"))
    with Daemon(installation) as daemon:
        daemon.await_log(messages.REFUSED, reason=messages.REASON_WRONG_SECRET)


async def test_second_instance_is_a_conflict(daemon: Daemon, prosody: Prosody) -> None:
    """Two directories, one name: the second daemon reports the conflict, and the first is not disturbed."""
    other = Path(tempfile.mkdtemp(prefix="invited-"))
    try:
        with Daemon(two_hosts(Installation(other, prosody.component_port))) as second:
            second.await_log(messages.REFUSED, reason=messages.REASON_CONFLICT)
            async with Client("alice@a.example", prosody.client_port) as alice:
                await alice.invite("a.example")
        assert daemon.logged(messages.DISCONNECTED) == 0
    finally:
        shutil.rmtree(other)


async def test_delegations_configured_globally(directory: Path, prosody_files: ServerFiles) -> None:
    """Prosody then delegates the component's own address as well."""
    scratch = Path(tempfile.mkdtemp(prefix="invited-prosody-"))
    prosody = Prosody(prosody_files, scratch, COMPONENT, SECRET, ["a.example", "b.example"], delegate_globally=True)
    try:
        prosody.register("bob@b.example", PASSWORD)
        prosody.start()
        with Daemon(two_hosts(Installation(directory, prosody.component_port))) as daemon:
            daemon.await_log(messages.CONNECTED, timeout=60)
            async with Client("bob@b.example", prosody.client_port) as bob:
                await bob.invite("b.example")
                await bob.invite(COMPONENT)
                assert set(await bob.commands("b.example")) == {INVITE}
                assert set(await bob.commands(COMPONENT)) == {INVITE}
    finally:
        prosody.stop()
        shutil.rmtree(scratch, ignore_errors=True)


def test_probe(daemon: Daemon, prosody: Prosody, installation: Installation) -> None:
    """What it grants, and what it answers to a probe; a probe makes nothing."""
    with Control(installation.control_socket) as control:
        for host in ("a.example", "b.example"):
            row = probed(control, host)
            assert (row["add_user"], row["commands"], row["roster"]) == ("yes", "yes", "both")
            assert "http://jabber.org/protocol/commands" in row["delegated"]

"""Registering with a link over BOSH (XEP-0124) and WebSocket (RFC 7395), as clients in browsers do."""

from collections.abc import Iterator

import pytest

from harness.redeeming import Invited, assert_one_account
from harness.inviting import assert_friends
from http_streams import COMMON, MODULES, Bosh, WebSocket, preauth, register
from server_files import ServerFiles

HOST = "a.example"


@pytest.fixture(scope="module")
def invited(module_server: ServerFiles) -> Iterator[Invited]:
    with Invited.running(module_server, modules=MODULES, common=COMMON) as running:
        running.register("alice", HOST)
        yield running


@pytest.fixture(params=[Bosh, WebSocket])
def stream(request: pytest.FixtureRequest, invited: Invited) -> Bosh | WebSocket:
    return request.param(invited.server.http_port)


def test_friend_registers(invited: Invited, stream: Bosh | WebSocket, username: str) -> None:
    """With a fixed name; the inviter is notified, and both have the other as a contact."""
    token = invited.create("account", HOST, "--contact", f"alice@{HOST}")
    with invited.client(HOST).login("alice") as alice:
        alice.roster()
        alice.send("<presence/>")
        assert "type='result'" in stream.request(preauth(token))
        assert "type='result'" in stream.request(register(username))
        assert_friends(invited, alice, username)
    assert invited.redemptions(HOST, token) == [(username, "confirmed")]
    second = stream.request(register(f"{username}-2"))
    assert "<not-allowed" in second and not invited.has_account(f"{username}-2", HOST)


def test_refusals(invited: Invited, stream: Bosh | WebSocket, username: str) -> None:
    """As on any stream: a bad token, another name than the fixed one, a link that is taken back meanwhile."""
    assert "<item-not-found" in stream.request(preauth("made-up"))
    token = invited.create("account", HOST, "--username", username)
    assert "type='result'" in stream.request(preauth(token))
    assert "<not-acceptable" in stream.request(register(f"not-{username}"))
    assert invited.run(["invite", "revoke", HOST, invited.number(HOST, token), "--yes"]).code == "ok"
    assert "<item-not-found" in stream.request(register(username))
    assert not invited.has_account(username, HOST)


@pytest.mark.parametrize("after", ["preauth", "register"])
def test_stream_ends(invited: Invited, stream: Bosh | WebSocket, username: str, after: str) -> None:
    """Its reservation is released, or it has an account."""
    token = invited.create("account", HOST)
    if isinstance(stream, Bosh):
        if after == "preauth":
            stream.request(preauth(token))
            stream.terminate()
        else:  # it does not wait for the second answer, as a browser that leaves the page
            stream.request(preauth(token))
            stream.request(register(username), "type='terminate'")
    else:
        stream.send(preauth(token))
        if after == "register":
            stream.send(register(username))
        stream.close()
    assert not (assert_one_account(invited, HOST, token, username) and after == "preauth")


def test_link_of_a_user_of_another_host(invited: Invited, stream: Bosh | WebSocket) -> None:
    """A stream of one host redeems nothing of another."""
    token = invited.create("account", "b.example")
    assert "<item-not-found" in stream.request(preauth(token))

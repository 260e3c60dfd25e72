"""More output than the other end reads, and a shutdown in the middle of it."""

import threading
import time
from pathlib import Path

from harness import messages
from harness.daemon import Daemon
from harness.installation import COMPONENT, Installation, two_hosts
from harness.stanzas import INVITE, Invitation, command, condition, iq
from harness.ways import Delegated
from harness.wire import ScriptedServer, Stream

HOST = Delegated("a.example")


def test_server_that_does_not_read_bounds_what_the_daemon_takes(directory: Path) -> None:
    """Answers pile up only as far as the buffers go; then the daemon stops reading, and forgets nothing."""
    with ScriptedServer(receive_buffer=16384) as server:
        with Daemon(two_hosts(Installation(directory, server.port))) as daemon:
            stream = server.connect()
            daemon.await_ready()
            stream.barrier()
            requests = [iq("get", f"user{n}@a.example/{'r' * 500}", COMPONENT, "<q xmlns='urn:example:unknown'/>")
                        for n in range(60_000)]
            data = "".join(stanza for stanza, _ in requests).encode()
            before = daemon.resident_bytes
            sent = stream.send_until_full(data)
            assert daemon.resident_bytes - before < 64 << 20
            assert sent < len(data), "the daemon took everything: it queues without a bound"

            rest = threading.Thread(target=stream.send, args=(data[sent:],))
            rest.start()
            stream.receive_replies({identifier for _, identifier in requests})
            rest.join()
            assert daemon.logged(messages.DISCONNECTED) == 0


def test_invitations_for_a_server_that_does_not_read(directory: Path) -> None:
    """The same through a host's service and its store. What is beyond the host's bound is refused; what was made is
    answered once it can be."""
    with ScriptedServer(receive_buffer=16384) as server:
        installation = two_hosts(Installation(directory, server.port))
        with Daemon(installation) as daemon:
            stream = server.connect()
            daemon.await_ready()
            requests = [HOST.stanza(f"user{n}@a.example/x", "set", command(INVITE)) for n in range(5000)]
            data = "".join(stanza for stanza, _ in requests).encode()
            sent = stream.send_until_full(data)
            rest = threading.Thread(target=stream.send, args=(data[sent:],))
            rest.start()
            replies = stream.receive_replies({identifier for _, identifier in requests})
            rest.join()
            made = set()
            for number, (_, identifier) in enumerate(requests):
                inner = HOST.answer(replies[identifier], f"user{number}@a.example/x")
                if inner.get("type") == "result":
                    made.add(Invitation.of(inner).token)
                else:
                    assert condition(inner) == "resource-constraint"
            assert len(made) > len(requests) / 10
            assert made == installation.tokens("a.example")


def test_termination_finishes_what_was_accepted(
        stream: Stream, daemon: Daemon, installation: Installation) -> None:
    requests = [HOST.stanza(f"user{n}@a.example/x", "set", command(INVITE)) for n in range(600)]
    # All is on its way before the end, and fits into the sockets' buffers: what reaches a connection that is closed ends it at
    # once, with the answers that were not read yet.
    stream.send_all(stanza for stanza, _ in requests)
    first = stream.receive()
    daemon.terminate()
    replies = [first, *stream.await_end()]
    assert stream.closed_properly
    assert daemon.await_exit() == 0
    identifiers = [reply.get("id") for reply in replies if reply.tag.endswith("}iq")]
    assert len(identifiers) == len(set(identifiers)), "answered twice"
    senders = {identifier: f"user{n}@a.example/x" for n, (_, identifier) in enumerate(requests)}
    answered = set()
    for reply in replies:
        if reply.tag.endswith("}iq"):
            inner = HOST.answer(reply, senders[reply.get("id") or ""])
            if inner.get("type") == "result":
                answered.add(Invitation.of(inner).token)
    assert answered == installation.tokens("a.example"), "made but not answered, or answered but not made"


def test_a_server_that_still_sends_after_the_end_loses_no_answers(stream: Stream, daemon: Daemon) -> None:
    """Only the daemon's side of the connection is closed until the server closes its own: what it sent to a closed socket would
    reset the connection, and what it has not read yet would be gone."""
    began = time.monotonic()
    daemon.terminate()
    stream.await_end()
    assert stream.closed_properly
    stream.await_end_of_input()
    try:
        for _ in range(2):  # the second would meet the reset
            stream.send(" ")
    except OSError:
        # The server has two seconds, which may be over on a busy machine.
        assert time.monotonic() - began > 1.5
    stream.close()
    assert daemon.await_exit() == 0


def test_termination_with_a_server_that_does_not_read_is_bounded(stream: Stream, daemon: Daemon) -> None:
    requests = [HOST.stanza(f"user{n}@a.example/{'r' * 800}", "set", command(INVITE)) for n in range(5000)]
    stream.send_until_full("".join(stanza for stanza, _ in requests).encode(), patience=1)
    daemon.terminate()
    assert daemon.await_exit() == 0


def test_termination_while_the_server_is_away(server: ScriptedServer, daemon: Daemon) -> None:
    server.accept().close()
    daemon.terminate()
    assert daemon.await_exit() == 0


def test_stream_is_closed_on_termination(stream: Stream, daemon: Daemon) -> None:
    """RFC 6120 §4.4: `</stream:stream>` before the connection is closed."""
    daemon.terminate()
    stream.await_end()
    assert stream.closed_properly
    assert daemon.await_exit() == 0

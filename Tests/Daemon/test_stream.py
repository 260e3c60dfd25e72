"""The component stream (XEP-0114): what the daemon does when the other end does not do as it should."""

import time

import pytest

from harness import messages
from harness.daemon import Daemon
from harness.installation import COMPONENT
from harness.stanzas import (CLIENT_NS, COMPONENT_NS, INVITE, STREAM_ERRORS_NS, STREAMS_NS, Invitation, command,
                             condition, iq, tag, text_of)
from harness.ways import Delegated, Direct, Way, ask
from harness.wire import ScriptedServer, Stream

ALICE = "alice@a.example/phone"
HOST = Delegated("a.example")


def assert_serves(stream: Stream) -> None:
    """The whole way works: parser, router, host, store, writer."""
    assert Invitation.of(ask(stream, HOST, ALICE, command(INVITE))).uri.startswith("xmpp:alice@a.example?roster;")


def stream_error(elements: list) -> str:
    """The condition of the one stream error that the daemon sent before it disconnected."""
    errors = [element for element in elements if element.tag == tag(STREAMS_NS, "error")]
    assert len(errors) == 1, [text_of(element) for element in elements]
    return next(child.tag.split("}")[1] for child in errors[0] if child.tag.startswith(tag(STREAM_ERRORS_NS, "")))


def test_handshake_opens_the_stream(server: ScriptedServer, daemon: Daemon) -> None:
    stream = server.accept()
    header = stream.open(stream_id="3BF96D32 &quot;quoted&quot; &amp; é")
    stream.stream_id = '3BF96D32 "quoted" & é'
    assert header.tag == tag(STREAMS_NS, "stream")
    stream.check_handshake()
    assert daemon.logged(messages.CONNECTED) == 0, "connected before the server said so"
    stream.send("<handshake/>")
    daemon.await_log(messages.CONNECTED)
    assert_serves(stream)


def test_stanzas_in_the_packet_of_the_handshake_are_heard(server: ScriptedServer, daemon: Daemon) -> None:
    """Prosody asks its first questions there."""
    stream = server.accept()
    stream.open()
    stream.check_handshake()
    stanza, identifier = HOST.stanza(ALICE, "set", command(INVITE))
    stream.send("<handshake/>" + stanza)
    Invitation.of(HOST.answer(stream.receive_replies({identifier})[identifier], ALICE))


def test_wrong_secret_is_named_and_retried_with_growing_waits(server: ScriptedServer, daemon: Daemon) -> None:
    attempts = []
    for _ in range(3):
        server.accept().refuse("not-authorized", "Given token does not match calculated token")
        attempts.append(time.monotonic())
    line = daemon.await_log(messages.REFUSED, reason=messages.REASON_WRONG_SECRET)
    assert line.level in ("error", "warning", "critical")
    assert attempts[2] - attempts[0] > 0.5, "hammers at the server"
    assert daemon.logged(messages.REFUSED, reason=messages.REASON_CONFLICT) == 0
    assert_serves(server.connect())


def test_conflict_is_told_from_a_wrong_secret(server: ScriptedServer, daemon: Daemon) -> None:
    server.accept().refuse("conflict", "Component already connected")
    daemon.await_log(messages.REFUSED, reason=messages.REASON_CONFLICT)
    assert daemon.logged(messages.REFUSED, reason=messages.REASON_WRONG_SECRET) == 0
    assert_serves(server.connect())


def test_host_unknown_before_the_handshake(server: ScriptedServer, daemon: Daemon) -> None:
    """Prosody's answer to a name that it does not know has an empty stream id and its error in the same packet."""
    stream = server.accept()
    stream.open(header=f"<?xml version='1.0'?><stream:stream xmlns:stream='{STREAMS_NS}' xmlns='{COMPONENT_NS}'"
                f" version='1.0' id=''><stream:error><host-unknown xmlns='{STREAM_ERRORS_NS}'/></stream:error>"
                "</stream:stream>")
    stream.close()
    assert_serves(server.connect())


def test_server_that_hangs_up_gets_the_daemon_back(server: ScriptedServer, daemon: Daemon) -> None:
    stream = server.connect()
    first = daemon.await_log(messages.CONNECTED)
    stream.close()
    gone = daemon.await_log(messages.DISCONNECTED, after=first)
    assert gone.fields.get("reason")
    again = server.connect()
    daemon.await_log(messages.CONNECTED, after=gone)
    assert_serves(again)


@pytest.mark.parametrize("error", ["system-shutdown", "undefined-condition", "see-other-host", "made-up"])
def test_stream_error_of_the_server(server: ScriptedServer, daemon: Daemon, stream: Stream, error: str) -> None:
    stream.fail(error, "words of the server")
    daemon.await_log(messages.DISCONNECTED)
    assert_serves(server.connect())


def test_being_replaced_is_a_conflict_too(server: ScriptedServer, daemon: Daemon, stream: Stream) -> None:
    """Some servers accept the new connection and end the old one with this error."""
    stream.fail("conflict", "Replaced by new connection")
    daemon.await_log(messages.REFUSED, reason=messages.REASON_CONFLICT)
    assert_serves(server.connect())


@pytest.mark.parametrize("violation", [
    "<!-- a comment -->",
    "<?php evil ?>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "<message><body>&undeclared;</body></message>",
])
def test_what_rfc_6120_restricts_ends_the_stream(
        server: ScriptedServer, daemon: Daemon, stream: Stream, violation: str) -> None:
    """RFC 6120 §11.1. Inside the stream a DTD is a mere syntax error too."""
    stream.send(violation)
    assert stream_error(stream.await_end()) in ("restricted-xml", "not-well-formed")
    daemon.await_log(messages.DISCONNECTED)
    assert_serves(server.connect())


def test_dtd_before_the_header_ends_the_stream(server: ScriptedServer, daemon: Daemon) -> None:
    bomb = "".join(f"<!ENTITY e{n} '" + f"&e{n - 1};" * 10 + "'>" for n in range(1, 20))
    stream = server.accept()
    stream.open(header=f"<?xml version='1.0'?><!DOCTYPE stream [<!ENTITY e0 'ha'>{bomb}]>"
                f"<stream:stream xmlns='{COMPONENT_NS}' xmlns:stream='{STREAMS_NS}' id='&e19;'>")
    stream.await_end()
    assert_serves(server.connect())


@pytest.mark.parametrize("garbage", [
    b"\x00\x01\x02\xff\xfe not XML at all",
    b"<iq type='get' id='x'></message>",
    b"<iq type='get' type='set'/>",
    b"<message><body>\xc3\x28</body></message>",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
], ids=["control bytes", "mismatched tags", "attribute twice", "bad UTF-8", "HTTP"])
def test_garbage_ends_the_stream(server: ScriptedServer, daemon: Daemon, stream: Stream, garbage: bytes) -> None:
    # Text is handed on by the parser when a tag follows at the latest.
    stream.send(garbage + b"<message/>")
    assert stream_error(stream.await_end()) in (
        "bad-format", "invalid-xml", "not-well-formed", "unsupported-encoding")
    daemon.await_log(messages.DISCONNECTED)
    assert_serves(server.connect())


@pytest.mark.parametrize("way", [HOST, Direct(COMPONENT)])
@pytest.mark.parametrize("payload", [
    "<q:x/>", "<x xmlns='' q:y='1'/>", "<x xmlns:a='u' xmlns:b='u' a:y='1' b:y='2'/>", "<a:b:c xmlns:a='u'/>",
])
def test_request_with_a_wrong_name_is_refused_and_the_stream_lives(stream: Stream, way: Way, payload: str) -> None:
    """ejabberd relays its users' prefixes without what declares them."""
    stanza, identifier = way.stanza(ALICE, "set", payload)
    stream.send(stanza)
    (answer,) = stream.barrier()
    assert answer.get("id") == identifier
    assert condition(way.answer(answer, ALICE)) == "bad-request"
    stream.send(f"<message from='{ALICE}' to='{COMPONENT}'>{payload}</message>")
    assert stream.barrier() == []
    assert_serves(stream)


def test_header_for_clients_gets_no_handshake(server: ScriptedServer, daemon: Daemon) -> None:
    stream = server.accept()
    stream.open(header=f"<?xml version='1.0'?><stream:stream xmlns='{CLIENT_NS}' xmlns:stream='{STREAMS_NS}' id='1'>")
    assert stream_error(stream.await_end()) == "invalid-namespace"
    assert_serves(server.connect())


LARGE = {
    "one text": "<q xmlns='urn:example:q'>" + "x" * 1_000_000 + "</q>",
    "many children": "<q xmlns='urn:example:q'>" + "<x/>" * 200_000 + "</q>",
    "many attributes": "<q xmlns='urn:example:q' " + " ".join(f"a{n}='1'" for n in range(10_000)) + "/>",
    "a long attribute": "<q xmlns='urn:example:q' a='" + "a" * 1_000_000 + "'/>",
    "many namespaces": "<q xmlns='urn:example:q' " + " ".join(f"xmlns:a{n}='urn:a{n}'" for n in range(10_000)) + "/>",
    "deep": "<q xmlns='urn:example:q'>" + "<d>" * 100_000 + "</d>" * 100_000 + "</q>",
    "as long as it may be": "<q xmlns='urn:example:q'>" + "x" * 67_000_000 + "</q>",
}


@pytest.mark.parametrize("payload", LARGE.values(), ids=LARGE.keys())
def test_oversized_request_is_refused_and_the_stream_lives(daemon: Daemon, stream: Stream, payload: str) -> None:
    """One client's flood must not take the connection away from all the others."""
    stream.barrier()
    before = daemon.resident_bytes
    for kind in ("get", "result"):
        stanza, identifier = iq(kind, ALICE, COMPONENT, payload)
        stream.send(stanza)
        answers = stream.barrier()
        assert [answer.get("id") for answer in answers] == ([identifier] if kind == "get" else [])
        assert [condition(answer) for answer in answers] == (["policy-violation"] if kind == "get" else [])
    assert daemon.resident_bytes - before < 32 << 20
    assert_serves(stream)


ENDLESS = {
    "one text": b"<message from='a.example'><body>" + b"x" * 70_000_000,
    "many children": b"<message from='a.example'>" + b"<x/>" * 17_500_000,
    "many attributes": b"<message from='a.example' " + b" ".join(b"a%d='1'" % n for n in range(6_000_000)),
    "a long attribute": b"<message from='" + b"a" * 70_000_000,
    "deep": b"<message>" + b"<deep>" * 12_000_000,
    "a tag without end": b"<" + b"n" * 70_000_000,
}


@pytest.mark.parametrize("beginning", ENDLESS.values(), ids=ENDLESS.keys())
def test_endless_stanza_ends_the_stream(
        server: ScriptedServer, daemon: Daemon, stream: Stream, beginning: bytes) -> None:
    before = daemon.resident_bytes
    stream.send_until_closed(beginning)
    # The daemon hangs up while we still send, so the kernel may throw its error away with the connection.
    rest = stream.await_end()
    if any(element.tag == tag(STREAMS_NS, "error") for element in rest):
        assert stream_error(rest) in ("policy-violation", "not-well-formed")
    daemon.await_log(messages.DISCONNECTED)
    assert daemon.resident_bytes - before < 64 << 20
    assert_serves(server.connect())


def test_stanza_just_as_large_as_clients_send_is_fine(stream: Stream) -> None:
    """RFC 6120 §13.12: at least 10,000 bytes."""
    padding = f"<field xmlns='jabber:x:data' var='note'><value>{'x' * 10_000}</value></field>"
    form = f"<x xmlns='jabber:x:data' type='submit'>{padding}</x>"
    Invitation.of(ask(stream, HOST, ALICE, command(INVITE, form=form)))


def test_split_byte_by_byte(server: ScriptedServer, daemon: Daemon) -> None:
    stream = server.accept()
    stream.open()
    stream.check_handshake()
    stanza, identifier = HOST.stanza("älice@a.example/\U0001f4f1", "set", command(INVITE))
    stream.send_byte_by_byte("<handshake></handshake> \n" + stanza)
    reply = stream.receive_replies({identifier})[identifier]
    assert Invitation.of(HOST.answer(reply, "älice@a.example/\U0001f4f1")).uri.startswith("xmpp:%C3%A4lice@a.example?")


def test_many_stanzas_in_one_packet(stream: Stream) -> None:
    requests = [HOST.stanza(f"user{n}@a.example/x", "set", command(INVITE)) for n in range(500)]
    stream.send_all(stanza for stanza, _ in requests)
    replies = stream.receive_replies({identifier for _, identifier in requests})
    tokens = {Invitation.of(HOST.answer(replies[identifier], f"user{n}@a.example/x")).token
              for n, (_, identifier) in enumerate(requests)}
    assert len(tokens) == 500


def test_whitespace_keepalive_is_no_stanza(stream: Stream) -> None:
    stream.send(" \n\t ")
    assert stream.barrier() == []
    assert_serves(stream)


def test_connection_that_never_answers_the_header_is_given_up(server: ScriptedServer, daemon: Daemon) -> None:
    """The next one may reach a server that is well."""
    silent = server.accept()
    stream = server.connect(timeout=120)
    assert_serves(stream)
    silent.close()

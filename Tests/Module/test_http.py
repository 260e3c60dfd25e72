"""Registering over HTTP: BOSH (XEP-0124) and WebSocket (RFC 7395)."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from http_streams import COMMON, MODULES, Bosh, WebSocket, preauth, register
from servers import Server
from steps import CHECKED
from wire import Component


@pytest.fixture
def background() -> Iterator[Callable[..., Future]]:
    with ThreadPoolExecutor(2) as executor:
        yield executor.submit


@pytest.fixture
def running(new_server) -> Iterator[tuple[Server, Component]]:
    server = new_server(modules=MODULES, common=COMMON)
    with server.component() as component:
        component.greet(a_example="invite", b_example="server")
        yield server, component


def test_bosh(running: tuple[Server, Component], background: Callable[..., Future]) -> None:
    server, component = running
    session = Bosh(server.http_port)
    answer = background(session.request, preauth())
    component.accept(component.expect("check"), kind="account", checked=CHECKED)
    assert "type='result'" in answer.result()
    answer = background(session.request, register())
    component.accept(component.expect("reserve", username="juliet"))
    component.result(component.expect("confirm"))
    assert "type='result'" in answer.result()
    assert server.has_account("juliet")


def test_bosh_ends_while_it_is_reserved(running: tuple[Server, Component], background: Callable[..., Future]) -> None:
    server, component = running
    session = Bosh(server.http_port)
    answer = background(session.request, preauth())
    component.accept(component.expect("check"), kind="account", checked=CHECKED)
    answer.result()
    background(session.request, register())
    reservation = component.expect("reserve")
    session.terminate()
    component.accept(reservation)
    # Released, or confirmed: either, but not neither.
    ending = component.receive()
    component.result(ending)
    assert (ending[0].tag.endswith("}confirm")) == server.has_account("juliet")


def test_websocket(running: tuple[Server, Component]) -> None:
    server, component = running
    stream = WebSocket(server.http_port)
    stream.send(preauth())
    component.accept(component.expect("check"), kind="account", checked=CHECKED)
    assert "type='result'" in stream.receive()
    stream.send(register())
    component.accept(component.expect("reserve", username="juliet"))
    component.result(component.expect("confirm"))
    assert "type='result'" in stream.receive()
    stream.close()
    assert server.has_account("juliet")


def test_websocket_ends_while_it_is_reserved(running: tuple[Server, Component]) -> None:
    server, component = running
    stream = WebSocket(server.http_port)
    stream.send(preauth())
    component.accept(component.expect("check"), kind="account", checked=CHECKED)
    stream.send(register())
    reservation = component.expect("reserve")
    with server.sees_end_of(stream):
        stream.close()
    component.accept(reservation)
    component.result(component.expect("release"))
    assert not server.has_account("juliet")

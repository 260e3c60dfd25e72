"""Steps of several tests, with both sides of the protocol."""

from xml.etree.ElementTree import Element

from servers import Server
from wire import Client, Component

CHECKED = "2026-11-28T18:00:00.000Z"
# The clients' error when a token cannot be checked.
WAIT = ("wait", "resource-constraint")


def preauth(component: Component, client: Client, token: str = "token", kind: str = "account", **found: str) -> Element:
    """A good token; returns what the module asked."""
    asked = client.preauth(token)
    check = component.expect("check", client.to, token=token)
    component.accept(check, kind=kind, checked=CHECKED, **found)
    assert client.answer(asked).get("type") == "result"
    return check[0]


def reserve(component: Component, client: Client, username: str, **how: object) -> tuple[str, Element]:
    """The form is submitted, and the daemon asked."""
    asked = client.register(username, **how)
    return asked, component.expect("reserve", client.to, username=username, checked=CHECKED)


def confirm(component: Component, client: Client, asked: str, username: str) -> None:
    """The account is made."""
    component.result(component.expect("confirm", client.to, username=username))
    assert client.answer(asked).get("type") == "result"


def register(component: Component, client: Client, username: str, **how: object) -> None:
    """After a good token."""
    asked, reservation = reserve(component, client, username, **how)
    component.accept(reservation)
    confirm(component, client, asked, username)


def account(server: Server, component: Component, username: str) -> str:
    """An account of a.example, and its address."""
    with server.client() as client:
        preauth(component, client)
        register(component, client, username)
    return f"{username}@a.example"

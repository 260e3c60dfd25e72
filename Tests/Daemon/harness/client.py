"""A stock XMPP client (slixmpp) logged in on a real server."""

import asyncio
from xml.etree.ElementTree import Element

import plain_login
import slixmpp
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.plugins.xep_0004 import Form
from slixmpp.stanza import Error, Iq

from .stanzas import COMMANDS_NS, CREATE_ACCOUNT, INVITE, Invitation
from .tags import TagParser

PASSWORD = "a password of tests"
TIMEOUT = 60.0

# RFC 6120 §8.3.3 has it and slixmpp does not: 1.10 then raises ValueError in the place of the IqError.
Error.conditions = Error.conditions | {"policy-violation"}


class _Session(slixmpp.ClientXMPP):
    def init_parser(self) -> None:
        super().init_parser()
        self.parser = TagParser(defers=False)


class Client:
    """`async with Client("alice@a.example", port) as alice:` is a session of Alice's."""

    def __init__(self, jid: str, port: int, password: str = PASSWORD) -> None:
        self._port = port
        self._xmpp = self._session(jid, password)
        for plugin in ("xep_0004", "xep_0030", "xep_0050"):
            self._xmpp.register_plugin(plugin)
        self._ended = asyncio.get_running_loop().create_future()
        self._xmpp.add_event_handler("disconnected", self._on_disconnected)

    def _session(self, jid: str, password: str) -> slixmpp.ClientXMPP:
        return _Session(jid, password)

    def _on_disconnected(self, reason: object) -> None:
        if not self._ended.done():
            self._ended.set_result(reason)

    async def __aenter__(self) -> "Client":
        started = asyncio.get_running_loop().create_future()
        self._xmpp.add_event_handler("session_start", lambda _: started.done() or started.set_result(None))
        plain_login.connect(self._xmpp, self._port)
        await asyncio.wait({started, self._ended}, timeout=TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            self._xmpp.cancel_connection_attempt()
            self._xmpp.abort()
            raise ConnectionError(f"{self._xmpp.boundjid} did not get in")
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self._ended.done():
            self._xmpp.disconnect(wait=1.0)
            await asyncio.wait({self._ended}, timeout=TIMEOUT)

    async def answer(self, pending: "asyncio.Future[Iq]") -> Iq:
        """The answer to what was sent, or ConnectionError once the connection has ended."""
        reply = asyncio.ensure_future(pending)
        await asyncio.wait({reply, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        if not reply.done():
            reply.cancel()
            raise ConnectionError("the server is gone")
        return reply.result()

    def send(self, xml: str) -> None:
        """Writes to the stream as it is, and white space behind it: a server's Expat may put off a long tag until there is
        twice as much."""
        self._xmpp.send_raw(xml + " " * len(xml))

    # XEP-0030

    async def commands(self, address: str) -> dict[str, tuple[str, str]]:
        """The command list of an address: node → (jid, name)."""
        reply = await self.answer(self._xmpp["xep_0050"].get_commands(jid=address, timeout=TIMEOUT))
        return {node: (str(jid), name) for jid, node, name in reply["disco_items"]["items"]}

    async def features(self, address: str, node: str | None = None) -> set[str]:
        reply = await self.answer(self._xmpp["xep_0030"].get_info(jid=address, node=node, timeout=TIMEOUT))
        return set(reply["disco_info"]["features"])

    # XEP-0050

    async def command(self, address: str, node: str, action: str = "execute", session: str | None = None,
                      **values: str) -> Iq:
        """One step of a command; `values` are submitted as a form, underscores standing for hyphens."""
        form: Form | None = None
        if values:
            form = self._xmpp["xep_0004"].make_form(ftype="submit")
            for name, value in values.items():
                form.add_field(var=name.replace("_", "-"), value=value)
        sent = self._xmpp["xep_0050"].send_command(
            jid=address, node=node, action=action, payload=form, sessionid=session, timeout=TIMEOUT)
        return await self.answer(sent)

    async def invite(self, address: str) -> Invitation:
        return Invitation.of(_plain(await self.command(address, INVITE)))

    async def create_account(self, address: str, **values: str) -> Invitation:
        """Both steps of the form, as a user fills it in."""
        form = await self.command(address, CREATE_ACCOUNT)
        assert form["command"]["status"] == "executing", str(form)
        done = await self.command(address, CREATE_ACCOUNT, "complete", form["command"]["sessionid"],
                                  **{"username": "", "roster_subscription": "0", **values})
        return Invitation.of(_plain(done))

    async def refusal(self, address: str, node: str) -> str:
        """The condition with which a command is refused."""
        try:
            reply = await self.command(address, node)
        except IqError as error:
            return str(error.condition)
        raise AssertionError(f"not refused: {reply}")


def _plain(reply: Iq) -> Element:
    assert reply.xml.find(f"{{{COMMANDS_NS}}}command") is not None, str(reply)
    return reply.xml


__all__ = ["PASSWORD", "Client", "IqError", "IqTimeout"]

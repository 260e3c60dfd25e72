"""A slixmpp client of a user with a link and no account: it registers, and logs in on the same stream."""

import asyncio
from xml.sax.saxutils import escape

import slixmpp
from slixmpp.stanza import StreamFeatures
from slixmpp.xmlstream import ElementBase, register_stanza_plugin
from slixmpp.xmlstream.handler import Waiter
from slixmpp.xmlstream.matcher import MatcherId
from wire import PARS_NS, REGISTER_NS

from .client import TIMEOUT, Client, _Session


class _TokenFeature(ElementBase):
    """XEP-0445: the server registers who has a token."""

    name, namespace, plugin_attrib = "register", "urn:xmpp:ibr-token:0", "ibr_token"
    interfaces: set[str] = set()


class _Registering(_Session):
    def __init__(self, jid: str, password: str, token: str, names: list[str]) -> None:
        super().__init__(jid, password)
        self._token = token
        self._names = names
        self.form: slixmpp.Iq | None = None
        # What each name was answered with, and the token first: a condition, or nothing.
        self.answers: list[str | None] = []
        register_stanza_plugin(StreamFeatures, _TokenFeature)
        self.register_plugin("xep_0077")
        # slixmpp's own registration knows no token, and begins where a server offers it before login.
        self["xep_0077"].create_account = False
        self.register_feature("ibr_token", self._register, restart=False, order=10)

    async def _register(self, _: object) -> None:
        if await self._ask("set", f"<preauth xmlns='{PARS_NS}' token='{self._token}'/>") is None:
            return
        self.form = await self._ask("get", f"<query xmlns='{REGISTER_NS}'/>", counts=False)
        for name in self._names:
            fields = f"<username>{escape(name)}</username><password>{escape(self.password)}</password>"
            if await self._ask("set", f"<query xmlns='{REGISTER_NS}'>{fields}</query>") is not None:
                return

    async def _ask(self, kind: str, payload: str, counts: bool = True) -> slixmpp.Iq | None:
        """The result, or None; the condition is stored."""
        identifier = self.new_id()
        answer = Waiter(identifier, MatcherId(identifier))
        self.register_handler(answer)
        # Raw: slixmpp queues other stanzas until there is a session.
        self.send_raw(f"<iq type='{kind}' id='{identifier}' to='{self.boundjid.host}'>{payload}</iq>")
        reply = await answer.wait(TIMEOUT)
        assert reply, "no answer"
        failed = reply["type"] == "error"
        if counts:
            self.answers.append(str(reply["error"]["condition"]) if failed else None)
        return None if failed else reply


class Registering(Client):
    """`async with Registering(jid, port, password, token, names)` is a session of an account made with the first of the names that
    was free; `answers` has the answers to the token and to each name. It raises ConnectionError if no account was made."""

    def __init__(self, jid: str, port: int, password: str, token: str, names: list[str] | None = None) -> None:
        self._token = token
        self._names = names or [slixmpp.JID(jid).local]
        super().__init__(jid, port, password)

    def _session(self, jid: str, password: str) -> slixmpp.ClientXMPP:
        return _Registering(jid, password, self._token, self._names)

    @property
    def answers(self) -> list[str | None]:
        assert isinstance(self._xmpp, _Registering)
        return self._xmpp.answers

    @property
    def prefilled(self) -> str | None:
        """The username in the form."""
        assert isinstance(self._xmpp, _Registering) and self._xmpp.form is not None
        return self._xmpp.form.xml.findtext(f".//{{{REGISTER_NS}}}username")

    async def await_contact(self, jid: str) -> None:
        """Until both see each other's presence."""
        self._xmpp.register_plugin("xep_0199")
        self._xmpp.send_presence()
        deadline = asyncio.get_running_loop().time() + TIMEOUT
        while True:
            await self.answer(self._xmpp.get_roster())
            if self._xmpp.client_roster[jid]["subscription"] == "both":
                return
            assert asyncio.get_running_loop().time() < deadline, f"{jid} is no contact"
            await asyncio.sleep(0.05)

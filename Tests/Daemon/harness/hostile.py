"""What any user can write, for a server to relay: each is one stanza to the address that `format` gets."""

from . import messages
from .client import Client
from .daemon import Daemon
from .stanzas import COMMANDS_NS, INVITE

_COMMAND = f"<command xmlns='{COMMANDS_NS}' node='{INVITE}' action='execute'"


def _iq(attributes: str = "", payload: str = _COMMAND + "/>") -> str:
    return f"<iq type='set' id='hostile' to='ADDRESS' {attributes}>{payload}</iq>"


def _in_command(content: str, attributes: str = "") -> str:
    return _iq(payload=f"{_COMMAND} {attributes}>{content}</command>")


def _many(count: int, attribute: str) -> str:
    return " ".join(attribute.replace("N", str(number)) for number in range(count))


STANZAS = {
    "a prefix that the stanza declares, on an attribute": _iq("xmlns:q='urn:q'", _COMMAND + " q:x='1'/>"),
    "a prefix that the stanza declares, on an element": _iq("xmlns:q='urn:q'", _COMMAND + "><q:x/></command>"),
    "a prefix that only the stream declares": _in_command("<stream:x/>", "stream:y='1'"),
    "a prefix that nothing declares": _in_command("<q:x/>", "q:y='1'"),
    "an attribute twice by its namespace": _in_command("", "xmlns:a='urn:q' xmlns:b='urn:q' a:x='1' b:x='2'"),
    "a prefix without a namespace": _in_command("<p:x/>", "xmlns:p=''"),
    "XML's prefix declared": _in_command("", "xmlns:xml='urn:q'"),
    "the declaring prefix declared": _in_command("", "xmlns:xmlns='urn:q'"),
    "XML's namespace as the default": _in_command("<x xmlns='http://www.w3.org/XML/1998/namespace'/>"),
    "the declaring namespace as the default": _in_command("<x xmlns='http://www.w3.org/2000/xmlns/'/>"),
    "a namespace that is no URI": _in_command("<x xmlns='%% not a URI'/>"),
    "colons in names": _in_command("<a:b:c/>"),
    "a colon before a name": _in_command("<:a/>", ":b='1'"),
    "a colon behind a name": _in_command("<a:/>", "b:='1'"),
    "a colon for a name": _in_command("<:/>"),
    "a digit behind a prefix": _in_command("<a:1/>"),
    "names that only some editions of XML know": _in_command("<ĳ·̀/><ⰰ/><𐀀/>"),
    "odd values of XML's attributes": _in_command("", "xml:lang='!!' xml:space='!!' xml:id='1 1' xml:base='%%'"),
    "an attribute twice": _in_command("", "x='1' x='2'"),
    "tags that do not match": _in_command("<x></y>"),
    "a comment": _in_command("<!-- x -->"),
    "a processing instruction": _in_command("<?x y?>"),
    "a section": _in_command("<![CDATA[<&]]>"),
    "the end of a section": _in_command("]]&gt;"),
    "the end of a section, raw": _in_command("]]>"),
    "an entity": _in_command("&nbsp;"),
    "a control character": _in_command("&#1;"),
    "a control character, raw": _in_command("\x01"),
    "what is no character": _in_command("&#xFFFE;\ufffe"),
    "white space in values": _iq("x='&#9;&#10;&#13;'", f"<command xmlns='{COMMANDS_NS}' node='&#10;'/>"),
    # The answer repeats it, and servers read 8 KiB at a time.
    **{f"an id of {length} bytes": f"<iq type='set' id='{'i' * length}' to='ADDRESS'>{_COMMAND}/></iq>"
       for length in (8_000, 9_000, 16_500, 24_000, 33_000, 70_000, 140_000)},
    "a long id that is escaped": f"<iq type='set' id='{'&quot;' * 4000}' to='ADDRESS'>{_COMMAND}/></iq>",
    "a long node": _iq(payload=f"<command xmlns='{COMMANDS_NS}' node='{'n' * 30_000}'/>"),
    "two children": _iq(payload=f"{_COMMAND}/>{_COMMAND}/>"),
    "no children": _iq(payload=""),
    "text for children": _iq(payload="text"),
    "an unknown type": f"<iq type='odd' id='hostile' to='ADDRESS'>{_COMMAND}/></iq>",
    "an answer to nothing": "<iq type='result' id='hostile' to='ADDRESS'/>",
    "attributes beyond what is read": _in_command("", _many(1000, "aN='1'")),
    "as many attributes as fit": _in_command("", _many(20_000, "aN=''")),
    "as many attributes as fit, on the stanza": _iq(_many(20_000, "aN=''")),
    "as many namespaces as fit": _in_command("", _many(10_000, "xmlns:aN='u'")),
    "as many elements as fit": _in_command("<x/>" * 40_000),
    # As many as fit, 30,000, end ejabberd 23.01 itself.
    "more levels than are read": _in_command("<x>" * 1000 + "</x>" * 1000),
    "as much text as fits": _in_command("x" * 200_000),
    "as many apostrophes as fit": _in_command("", 'x="' + "'" * 200_000 + '"'),
    "a message": "<message to='ADDRESS' xmlns:q='urn:q'><q:x q:y=''/></message>",
    "a presence": "<presence to='ADDRESS' xmlns:q='urn:q'><q:x q:y=''/></presence>",
}


async def write_all(user: str, port: int, address: str, daemon: Daemon) -> None:
    """Sends each stanza as it is, with a request behind it. Where the server throws the user out for the stanza, the
    request of the next session shows that the daemon serves; its stream must be the one it began with."""
    for name, stanza in STANZAS.items():
        async with Client(user, port) as client:
            client.send(stanza.replace("ADDRESS", address))
            try:
                await client.invite(address)
            except ConnectionError:
                pass
        assert (daemon.logged(messages.CONNECTED), daemon.logged(messages.DISCONNECTED)) == (1, 0), name
    async with Client(user, port) as client:
        await client.invite(address)

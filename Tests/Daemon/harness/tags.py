"""How Expat reads a tag that comes in pieces, made the same on every machine."""

from xml.etree.ElementTree import XMLPullParser


class TagParser(XMLPullParser):
    """Reads a tag once its end is there. With `defers` it does as Expat does in servers, since 2.6 and in the earlier ones of
    today's Debian: a tag that was tried in part is tried again when there is twice as much. It is fed bytes."""

    def __init__(self, *, defers: bool) -> None:
        super().__init__(["start", "end"])
        self._defers = defers
        self._unread = b""
        self._tried = 0

    def feed(self, data: bytes) -> None:
        self._unread += data
        if len(self._unread) < 2 * self._tried:
            return
        last = self._unread.rfind(b"<")
        whole = last if last >= 0 and b">" not in self._unread[last:] else len(self._unread)
        # Never a part of a tag, so that this machine's Expat has nothing to put off.
        super().feed(self._unread[:whole])
        self._unread = self._unread[whole:]
        self._tried = len(self._unread) if self._defers and whole == 0 else 0

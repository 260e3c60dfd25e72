"""Made-up tokens, the cheapest attack there is: hundreds of thousands of them use up neither memory nor log, and valid tokens are
served meanwhile."""

import json
import secrets
import time

from harness.control import Control
from harness.daemon import Daemon
from harness.installation import COMPONENT
from harness.stanzas import condition, iq
from harness.waiting import await_that
from harness.wire import Stream
from wire import MODULE_NS

HOST, OTHER = "a.example", "b.example"
TOKENS = 60_000
# At a time: fewer than may wait for a host.
BATCH = 500
LINES, SPAN = 20, 10.0


def check(token: str, host: str = HOST) -> tuple[str, str]:
    return iq("get", host, COMPONENT, f"<check xmlns='{MODULE_NS}' token='{token}' attempt='{secrets.token_hex(12)}'/>")


def test_flood(stream: Stream, daemon: Daemon, control: Control) -> None:
    good = str(control.run(["invite", "create", "account", OTHER]).rows[0]["uri"]).partition("preauth=")[2]
    resident = 0
    tokens = set()
    for sent in range(0, TOKENS, BATCH):
        asked = dict(reversed(check(token)) for token in (secrets.token_urlsafe(24)[:29] for _ in range(BATCH)))
        tokens.add(next(iter(asked.values())).partition("token='")[2].partition("'")[0])
        stanza, identifier = check(good, OTHER)
        stream.send_all([*asked.values(), stanza])
        replies = stream.receive_replies({*asked, identifier})
        assert replies.pop(identifier).get("type") == "result"
        assert {condition(reply) for reply in replies.values()} == {"item-not-found"}
        if sent == TOKENS // 4 // BATCH * BATCH:
            resident = daemon.resident_bytes  # once everything that is allocated once is allocated
    assert daemon.resident_bytes < resident + 16 * 1024 * 1024
    # Lines that were left out are counted in the next line.
    lines = [json.loads(line) for line in daemon.log_lines if "refused a module" in line]
    assert 0 < len(lines) < TOKENS / 10
    times = [line["time"] for line in lines]
    spans: dict[str, int] = {}
    for each in times:
        spans[each[:18]] = spans.get(each[:18], 0) + 1  # ten seconds of the clock, which two spans may share
    assert max(spans.values()) <= 2 * LINES
    assert not [token for token in tokens if token in daemon.transcript]

    def refused() -> int:
        (row,) = [row for row in control.run(["stats"]).rows if row.get("host") == HOST]
        return int(row["refused"])

    # They are counted when the answers have been sent.
    await_that(lambda: refused() >= TOKENS, lambda: f"{refused()} are counted")

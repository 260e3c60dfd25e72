"""What is sent to systemd (sd_notify), and what is logged."""

import json
from datetime import datetime
from pathlib import Path

from harness import messages
from harness.daemon import Daemon
from harness.installation import Installation
from harness.ports import free_port
from harness.stanzas import INVITE, Invitation, command
from harness.ways import Delegated, ask
from harness.wire import ScriptedServer, Stream


def test_ready_after_the_handshake(server: ScriptedServer, daemon: Daemon) -> None:
    stream = server.accept()
    stream.open()
    stream.check_handshake()
    assert not any("READY=1" in text for text in daemon.notifications), "ready before it can serve"
    stream.send("<handshake/>")
    daemon.await_notification("READY=1")
    daemon.await_notification("STATUS=")


def test_ready_with_a_status_while_the_server_is_away(directory: Path) -> None:
    """Or the unit would time out because another one is late."""
    installation = Installation(directory, free_port())
    installation.host("a.example")
    with Daemon(installation) as daemon:
        daemon.await_notification("READY=1", timeout=60)
        daemon.await_notification("STATUS=")


def test_status_tells_a_wrong_secret_from_a_conflict(server: ScriptedServer, daemon: Daemon) -> None:
    server.accept().refuse("not-authorized")
    daemon.await_log(messages.REFUSED, reason=messages.REASON_WRONG_SECRET)
    status = daemon.await_notification("STATUS=")
    server.accept().refuse("conflict")
    daemon.await_log(messages.REFUSED, reason=messages.REASON_CONFLICT)
    daemon.await_notification("STATUS=", after=status)
    server.connect()
    daemon.await_log(messages.CONNECTED)
    texts = "\n".join(daemon.notifications).lower()
    assert "secret" in texts and "conflict" in texts, texts


def test_reload_is_announced_and_ends(stream: Stream, daemon: Daemon) -> None:
    daemon.reload()
    reloading = daemon.await_notification("RELOADING=1")
    daemon.await_notification("READY=1", after=reloading)


def test_reload_while_it_starts(server: ScriptedServer, daemon: Daemon, installation: Installation) -> None:
    """An early signal neither kills the daemon nor is lost."""
    connection = server.accept()
    installation.host("a.example", allow_contact_invites=False)
    daemon.reload()
    daemon.await_log(messages.RELOADED)
    connection.close()


def test_refused_reload_is_ready_again_too(stream: Stream, daemon: Daemon, installation: Installation) -> None:
    installation.host_text("a.example", "nonsense: 1\n")
    daemon.reload()
    reloading = daemon.await_notification("RELOADING=1")
    daemon.await_notification("READY=1", after=reloading)


def test_stopping(stream: Stream, daemon: Daemon) -> None:
    daemon.terminate()
    daemon.await_notification("STOPPING=1")
    assert daemon.await_exit() == 0


def test_watchdog(server: ScriptedServer, installation: Installation) -> None:
    with Daemon(installation, environment={"WATCHDOG_USEC": "2000000"}) as daemon:
        server.connect()
        first = daemon.await_notification("WATCHDOG=1")
        daemon.await_notification("WATCHDOG=1", after=first)


def test_log_is_one_object_a_line(stream: Stream, daemon: Daemon) -> None:
    invitation = Invitation.of(ask(stream, Delegated("a.example"), "alice@a.example/x", command(INVITE)))
    daemon.terminate()
    assert daemon.await_exit() == 0
    assert daemon.log_lines
    for text in daemon.log_lines:
        entry = json.loads(text)
        assert isinstance(entry, dict) and entry["level"] and entry["message"] and entry["label"], text
        assert entry["time"].endswith("Z") and datetime.fromisoformat(entry["time"]), text
    assert invitation.token not in daemon.transcript, "a token is a secret"


def test_hostile_text_in_the_log_is_escaped(stream: Stream, daemon: Daemon) -> None:
    """A client cannot forge a line of the log with its address."""
    stream.send("<message from='a.example'><body>\n{\"message\": \"forged\"}\n</body></message>")
    forged = 'x&#10;{"message":"forged"}&#10;\u2028\u202e'
    for sender in (f"{forged}@a.example/x", f"x@{forged}/x", f"x@a.example/{forged}"):
        stream.send(f"<iq type='set' id='{forged}' from='{sender}' to='{forged}'>{command('no&#10;such')}</iq>")
        stream.barrier()
    daemon.terminate()
    assert daemon.await_exit() == 0
    assert all(json.loads(text)["message"] != "forged" for text in daemon.log_lines)

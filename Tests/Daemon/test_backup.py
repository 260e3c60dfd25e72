"""`host backup` and `host restore`, with the client and without."""

import base64
import os
import random
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from harness import messages
from harness.control import Answer, Control
from harness.daemon import REPOSITORY, Daemon
from harness.installation import Installation
from harness.waiting import await_that
from harness.wire import ScriptedServer, Stream
from test_control import OTHERS, as_user, set_roles
from test_storage import fill, small_disk

CLIENT = os.environ.get("INVITECTL", str(REPOSITORY / ".build" / "debug" / "invitectl"))


def invitectl(installation: Installation, *words: str, **arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([CLIENT, "--socket", str(installation.control_socket), *words],
                          capture_output=True, timeout=60, **arguments)


def make(control: Control, count: int = 1, host: str = "a.example") -> set[str]:
    tokens = set()
    for _ in range(count):
        answer = control.run(f"invite create account {host}")
        assert answer.code == "ok", answer.end
        tokens.add(str(answer.rows[0]["uri"]).rpartition("=")[2])
    return tokens


def tokens_in(path: Path) -> set[str]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {token for (token,) in connection.execute("SELECT token FROM invite")}
    finally:
        connection.close()


def files_of(installation: Installation) -> set[str]:
    """What is beside the databases, but for their logs and the room in reserve."""
    return {path.name for path in (installation.state_directory / "hosts").iterdir()
            if not path.name.endswith(("-wal", "-shm", ".reserve"))}


def await_files(installation: Installation, *names: str) -> None:
    """What is received goes with its last user, which may be a thread of the daemon that ends after the answer."""
    await_that(lambda: files_of(installation) == set(names), lambda: f"there are {files_of(installation)}")


def await_no_transfer(installation: Installation) -> None:
    await_that(lambda: not any(name.startswith(".transfer") for name in files_of(installation)),
               lambda: f"left: {files_of(installation)}")


def restore(control: Control, data: bytes, *, host: str = "a.example", options: str = "--yes",
            piece: int | None = None) -> Answer:
    """Restore without the client."""
    identifier = control.begin(f"host restore {host} {options}".split())
    answer = Answer()
    while True:
        message = control._part(identifier)
        if "ask" in message:
            assert message["ask"]["kind"] == "data"
            most = piece or int(message["ask"]["most"])
            control.answer(identifier, base64.b64encode(data[:most]).decode())
            data = data[most:]
        elif "row" in message:
            answer.rows.append(message["row"])
        elif "end" in message:
            answer.end = message["end"]
            return answer


@pytest.fixture
def backup(installation: Installation, control: Control, directory: Path) -> Path:
    """A backup of a.example with 50 invites."""
    make(control, 50)
    path = directory / "a.sqlite3"
    assert invitectl(installation, "host", "backup", "a.example", "--output", str(path)).returncode == 0
    return path


# Making


def test_every_invite_that_was_answered_before_is_in_it(
        installation: Installation, control: Control, directory: Path) -> None:
    answered: set[str] = set()
    is_over = threading.Event()

    def crowd() -> None:
        with Control(installation.control_socket) as session:
            while not is_over.is_set():
                answered.update(make(session))

    threads = [threading.Thread(target=crowd) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for number in range(8):
            make(control, 5)
            if number == 7:
                await_that(lambda: len(answered) > 20, lambda: f"only {len(answered)} others")
            before = set(answered)
            path = directory / f"{number}.sqlite3"
            result = invitectl(installation, "--json", "host", "backup", "a.example", "--output", str(path))
            assert result.returncode == 0, result.stderr
            assert before <= tokens_in(path)
            assert path.stat().st_mode & 0o777 == 0o600
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert answered <= installation.tokens("a.example")
    await_files(installation, "a.example.sqlite3")


def test_on_standard_output(installation: Installation, control: Control, directory: Path) -> None:
    tokens = make(control, 3)
    result = invitectl(installation, "host", "backup", "a.example")
    assert result.returncode == 0
    (directory / "out").write_bytes(result.stdout)
    assert tokens_in(directory / "out") == tokens
    assert b"invites: 3" in result.stderr


def test_it_is_journalled_and_for_admins_of_the_host(
        directory: Path, installation: Installation, server: ScriptedServer) -> None:
    directory.chmod(0o755)
    set_roles(installation, {"groups": ["1"], "role": "operator"},
              {"groups": ["2"], "role": "admin", "hosts": ["b.example"]})
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()

        def codes() -> list[str]:
            with Control(installation.control_socket) as session:
                return [session.finish(session.begin(["host", command, host])).code
                        for command in ("backup", "restore") for host in ("a.example", "nobody.example")]

        assert as_user(OTHERS, [1], codes) == ["access.denied"] * 4
        assert as_user(OTHERS, [2], codes) == ["host.unknown"] * 4

        def own() -> tuple[str, int]:
            with Control(installation.control_socket) as session:
                identifier = session.begin(["host", "backup", "b.example"])
                data = base64.b64decode(str(session.next(identifier, "data")))
                return session.finish(identifier).code, len(data)

        code, size = as_user(OTHERS, [2], own)
        assert code == "ok" and size > 4096
        with Control(installation.control_socket) as session:
            entry = session.run("journal --limit 1").rows[0]
            assert (entry["command"], entry["code"], entry["hosts"]) == ("host backup b.example", "ok", ["b.example"])


def test_suspended_and_quarantined_hosts(
        installation: Installation, control: Control, directory: Path, daemon: Daemon) -> None:
    tokens = make(control, 3)
    path = directory / "copy"
    assert control.run("host suspend a.example").code == "ok"
    assert invitectl(installation, "host", "backup", "a.example", "--output", str(path)).returncode == 0
    assert tokens_in(path) == tokens
    # Something else in its place: it cannot be used, and cannot be copied either.
    installation.database("b.example").write_bytes(b"*" * 8192)
    assert control.run("host restart b.example").code == "host.unavailable"
    result = invitectl(installation, "host", "backup", "b.example", "--output", str(directory / "b"))
    assert result.returncode == 1 and b"damaged or not a database (backup.io)" in result.stderr
    assert not (directory / "b").exists() and list(directory.glob("b.*")) == []
    # A restored backup ends the quarantine.
    result = invitectl(installation, "host", "restore", "b.example", "--input", str(path), "--any-host", "--yes")
    assert result.returncode == 0, result.stderr
    assert installation.tokens("b.example") == tokens
    assert control.run("host show b.example").rows[0]["state"] == "running"


def test_a_slow_reader_holds_nobody(
        installation: Installation, control: Control, daemon: Daemon) -> None:
    database = installation.database("a.example")
    make(control)
    with sqlite3.connect(database) as other:
        other.execute("WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
                      "INSERT INTO invite (token, kind, action, created_at, expires_at) "
                      "SELECT printf('%022d', i), 'account', 'register', 0, 9000000000000 FROM n")
    before = daemon.resident_bytes
    slow = Control(installation.control_socket)
    slow.begin(["host", "backup", "a.example"])
    # The first bytes have arrived, and no more is read.
    assert slow.socket.recv(1)
    make(control, 20)
    assert [path for path in held(daemon) if ".transfer-" in path and path.endswith("(deleted)")]
    assert files_of(installation) == {"a.example.sqlite3"}
    assert daemon.resident_bytes < before + (16 << 20)
    slow.close()
    # Its file is removed with it.
    await_that(lambda: not any(".transfer-" in path for path in held(daemon)), lambda: f"still held: {held(daemon)}")
    make(control)


def held(daemon: Daemon) -> list[str]:
    """What the daemon has open, without what it closes meanwhile."""
    found = []
    for link in Path(f"/proc/{daemon.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(os.readlink(link))
    return found


def test_plain_text_says_that_it_carries_no_files(installation: Installation, stream: Stream) -> None:
    with Control(installation.control_socket, greeted=False) as session:
        session.send(b"host backup a.example\nhost restore a.example --yes\nquit\n")
        session.until(b"error usage.needs-terminal: this goes with a file, which cannot be sent here\n")
        session.until(b"hint: use `invitectl`")
        session.until(b"error usage.needs-terminal: this goes with a file, which cannot be sent here\n")


@pytest.mark.parametrize("room", ["none", "too little"])
def test_full_disk(server: ScriptedServer, installation: Installation, small_disk: Path, directory: Path,
                   room: str) -> None:
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as control:
            tokens = make(control, 20)
            path = directory / "copy"
            assert invitectl(installation, "host", "backup", "a.example", "--output", str(path)).returncode == 0
            if room == "none":
                fill(small_disk)
            else:
                (small_disk / "filler").write_bytes(b"\0" * (1500 << 10))
            for words in (["backup", "a.example"], ["restore", "a.example", "--yes", "--input", str(path)]):
                result = invitectl(installation, "host", *words)
                assert result.returncode == 1 and b"the disk is full (backup.io)" in result.stderr, result.stderr
            await_no_transfer(installation)
            assert len(control.run("invite list a.example").rows) == 20
            (small_disk / "filler").unlink()
            assert invitectl(installation, "host", "restore", "a.example", "--yes", "--input", str(path)).returncode == 0
            assert installation.tokens("a.example") == tokens


# Taking


def test_into_an_empty_host(installation: Installation, server: ScriptedServer, directory: Path) -> None:
    path = directory / "copy"
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as control:
            tokens = make(control, 5)
        assert invitectl(installation, "host", "backup", "a.example", "--output", str(path)).returncode == 0
    shutil.rmtree(installation.state_directory / "hosts")
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        # There is no database to take states from, so all of its invites are revoked.
        result = invitectl(installation, "--json", "host", "restore", "a.example", "--yes", stdin=path.open("rb"))
        assert result.returncode == 0 and b'"revoked":5' in result.stdout and b"kept" not in result.stdout
        with Control(installation.control_socket) as control:
            assert [row["state"] for row in control.run("invite list a.example").rows] == ["revoked"] * 5
            result = invitectl(installation, "host", "restore", "a.example", "--yes", "--keep-open", "--input", str(path))
            assert result.returncode == 0
            assert [row["state"] for row in control.run("invite list a.example").rows] == ["open"] * 5
            assert installation.tokens("a.example") == tokens
            assert make(control) and control.run("invite show a.example 6").code == "ok"


def test_what_is_replaced_is_kept_and_nothing_revives(
        installation: Installation, control: Control, backup: Path) -> None:
    old = tokens_in(backup)
    assert control.run("invite delete a.example 1 2 3 --yes").code == "ok"
    newer = make(control, 2)
    identifier = control.begin("host restore a.example".split(), interactive=True)
    data = backup.read_bytes()
    while (question := control.next(identifier, "ask"))["kind"] == "data":
        control.answer(identifier, base64.b64encode(data[:question["most"]]).decode())
        data = data[question["most"]:]
    assert str(question["prompt"]).startswith("Replace the 49 invites of a.example by the 50 invites of this backup of 2")
    control.answer(identifier, "yes")
    answer = control.finish(identifier)
    assert answer.code == "ok", answer.end
    row = answer.rows[0]
    assert (row["invites"], row["revoked"], row["replaced"]) == (50, 3, 49)
    assert installation.tokens("a.example") == old
    assert newer <= tokens_in(Path(str(row["kept"])))
    states = {row["invite"]: row["state"] for row in control.run("invite list a.example").rows}
    assert [number for number, state in states.items() if state == "revoked"] == [1, 2, 3]
    assert control.run("invite create account a.example").rows[0]["invite"] == 53


def test_it_asks_first(installation: Installation, control: Control, backup: Path) -> None:
    newer = make(control)
    result = invitectl(installation, "host", "restore", "a.example", "--input", str(backup))
    assert result.returncode == 6 and b"(confirm.required)" in result.stderr
    assert newer <= installation.tokens("a.example")
    await_files(installation, "a.example.sqlite3")


def cut(data: bytes) -> bytes:
    return data[:len(data) // 2]


def damaged(data: bytes) -> bytes:
    return data[:8192] + bytes(4096) + data[12288:]


def changed(sql: str) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        connection = sqlite3.connect(":memory:")
        connection.deserialize(data)
        connection.executescript(sql)
        return connection.serialize()
    return change


BAD = {
    "empty": (lambda data: b"", "the file is empty"),
    "text": (lambda data: b"x" * 100_000, "the file is not an SQLite database"),
    "cut": (cut, "the file was cut off"),
    "damaged": (damaged, "the file is damaged"),
    "foreign": (changed("PRAGMA application_id = 1"), "the file is not a database as invited makes them"),
    "trigger": (changed("CREATE TRIGGER t AFTER UPDATE ON invite BEGIN DELETE FROM invite; END"),
                "the file is not a database as invited makes them"),
    "newer": (changed("ALTER TABLE invite ADD COLUMN x ANY; INSERT INTO grdb_migrations VALUES ('99 new')"),
              "the file was written by a newer version of invited"),
    "other host": (changed("UPDATE backup SET host = 'c.example'"), "the file is a backup of c.example"),
    "no host": (changed("DROP TABLE backup"), "the file does not say of which host it is"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_change_nothing(
        installation: Installation, control: Control, backup: Path, name: str) -> None:
    spoil, message = BAD[name]
    backup.write_bytes(spoil(backup.read_bytes()))
    newer = make(control)
    result = invitectl(installation, "host", "restore", "a.example", "--yes", "--input", str(backup))
    assert result.returncode == 1 and message in result.stderr.decode(), result.stderr
    assert b"(backup.invalid)" in result.stderr
    assert newer <= installation.tokens("a.example")
    await_files(installation, "a.example.sqlite3")


@pytest.mark.parametrize(("pages", "message"), [
    (None, "it is longer than it says"), (1 << 20, "the file is longer than 1024 MiB")])
def test_a_huge_file_is_not_taken_to_its_end(
        installation: Installation, control: Control, backup: Path, pages: int | None, message: str) -> None:
    with backup.open("r+b") as file:
        file.truncate(64 << 30)
        if pages is not None:
            file.seek(28)
            file.write(pages.to_bytes(4, "big"))
    result = invitectl(installation, "host", "restore", "a.example", "--yes", "--input", str(backup))
    assert result.returncode == 1 and message in result.stderr.decode(), result.stderr
    await_files(installation, "a.example.sqlite3")


@pytest.mark.parametrize("answer", [None, "not base64!", "QUJD" * 40_000])
def test_hostile_pieces(installation: Installation, control: Control, answer: str | None) -> None:
    identifier = control.begin("host restore a.example --yes".split())
    control.next(identifier, "ask")
    control.answer(identifier, answer)
    assert control.finish(identifier).code == ("backup.invalid" if answer is None else "usage.bad-request")
    await_no_transfer(installation)


def test_who_goes_away_leaves_nothing(installation: Installation, control: Control, backup: Path) -> None:
    session = Control(installation.control_socket)
    identifier = session.begin("host restore a.example --yes".split())
    session.next(identifier, "ask")
    session.answer(identifier, base64.b64encode(backup.read_bytes()[:4096]).decode())
    session.next(identifier, "ask")
    assert any(name.startswith(".transfer") for name in files_of(installation))
    session.close()
    await_files(installation, "a.example.sqlite3")
    make(control)


def test_invites_meanwhile_are_in_one_or_the_other(
        installation: Installation, control: Control, backup: Path) -> None:
    """An invite that is answered while a backup is put in place is in the old file that is kept, or in the new one."""
    answered: set[str] = set()
    is_over = threading.Event()

    def crowd() -> None:
        with Control(installation.control_socket) as session:
            while not is_over.is_set():
                answered.update(make(session))

    threads = [threading.Thread(target=crowd) for _ in range(4)]
    for thread in threads:
        thread.start()
    kept: set[str] = set()
    try:
        for _ in range(5):
            answer = restore(control, backup.read_bytes())
            assert answer.code == "ok", answer.end
            kept |= tokens_in(Path(str(answer.rows[0]["kept"])))
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert answered <= kept | installation.tokens("a.example")


def test_killed_in_the_middle(
        installation: Installation, server: ScriptedServer, directory: Path) -> None:
    """Whenever the kill happens: one file or the other is there, whole."""
    seed = int(os.environ.get("INVITED_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"INVITED_SEED={seed} repeats the moments")
    chance = random.Random(seed)
    path = directory / "copy"
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        with Control(installation.control_socket) as control:
            old = make(control, 200)
            assert invitectl(installation, "host", "backup", "a.example", "--output", str(path)).returncode == 0
            started = time.monotonic()
            assert restore(control, path.read_bytes()).code == "ok"
            length = time.monotonic() - started
    data = path.read_bytes()
    results = set()
    for _ in range(25):
        with Daemon(installation) as daemon:
            server.connect()
            daemon.await_log(messages.CONNECTED)
            with Control(installation.control_socket) as control:
                new = make(control)
                present = tokens_in(installation.database("a.example"))
                identifier = control.begin("host restore a.example --yes".split())
                question = control.next(identifier, "ask")
                control.answer(identifier, base64.b64encode(data[:question["most"]]).decode())
                control.next(identifier, "ask")
                control.answer(identifier, "")
                time.sleep(chance.random() * length)
                daemon.kill()
        found = tokens_in_copy(installation, directory)
        assert found in (old, present), "neither the old nor the new"
        results.add(new <= found)
        assert all(tokens_in(kept) for kept in installation.database("a.example").parent.glob("a.example.sqlite3-2*Z"))
    print(f"old and new: {results}")
    with Daemon(installation) as daemon:
        server.connect()
        daemon.await_ready()
        assert not {name for name in files_of(installation) if name.startswith(".transfer")}
        with Control(installation.control_socket) as control:
            make(control)
        assert daemon.logged(messages.HOST_QUARANTINED) == 0


def tokens_in_copy(installation: Installation, directory: Path) -> set[str]:
    """As a next process would find them, without being one."""
    copy = directory / "look"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for path in installation.database("a.example").parent.glob("a.example.sqlite3*"):
        shutil.copyfile(path, copy / path.name)
    connection = sqlite3.connect(copy / "a.example.sqlite3")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {token for (token,) in connection.execute("SELECT token FROM invite")}
    finally:
        connection.close()

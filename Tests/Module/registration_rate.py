#!/usr/bin/python3
"""Registrations a second behind each ejabberd: with a token, through the module, and plain, in turn, in one run.

    chrt -r 1 Tests/Module/registration_rate.py [scram | plain] [COUNT]

The daemon's part is played by one thread here, as cheap as Python is; its share of the processor, and the clients', count for both. A plain
registration is on a host without the module. Each one with a token is on the disk before it is answered, with what is owed for it.
"""

import os
import re
import select
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Daemon"), str(HERE.parents[1] / "scripts/lib")]

import ejabberd_server  # noqa: E402
from ejabberd_server import COMPONENT, Ejabberd  # noqa: E402
from server_files import ServerFiles, ejabberds  # noqa: E402
from steps import CHECKED  # noqa: E402
from wire import MODULE_NS, PARS_NS, REGISTER_NS, STREAMS_NS  # noqa: E402

ROUNDS, CLIENTS = 5, 10
REQUEST = re.compile(rb"<iq ([^>]*)>\s*<(\w+) [^>]*/></iq>")
ANSWERS = {
    "check": f"<check xmlns='{MODULE_NS}' kind='account' checked='{CHECKED}'/>",
    "reserve": f"<reserve xmlns='{MODULE_NS}' deadline='{CHECKED}'/>",
}


def attribute(attributes: bytes, name: str) -> str:
    found = re.search(rf"\b{name}='([^']*)'".encode(), attributes)
    assert found
    return found[1].decode()


def answer(component: ejabberd_server.Component, ended: threading.Event) -> None:
    connection, pending = component._socket, b""
    while not ended.is_set():
        if not select.select([connection], [], [], 0.2)[0]:
            continue
        pending += connection.recv(1 << 16)
        answers, end = [], 0
        for request in REQUEST.finditer(pending):
            end = request.end()
            answers.append(f"<iq type='result' id='{attribute(request[1], 'id')}' from='{COMPONENT}' to='{attribute(request[1], 'from')}'>"
                           f"{ANSWERS.get(request[2].decode(), '')}</iq>")
        pending = pending[end:]
        connection.sendall("".join(answers).encode())


def register(port: int, host: str, username: str, token: bool) -> None:
    def ask(text: str, last: bytes) -> bytes:
        connection.sendall(text.encode())
        received = b""
        while last not in received:
            received += connection.recv(1 << 16) or sys.exit(f"the stream ended: {received!r}")
        return received

    with socket.create_connection(("127.0.0.1", port)) as connection:
        ask(f"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='{STREAMS_NS}' to='{host}' version='1.0'>",
            b"</stream:features>")
        if token:
            assert b"type='result'" in ask(f"<iq type='set' id='p'><preauth xmlns='{PARS_NS}' token='{username}'/></iq>", b"id='p'")
        assert b"type='result'" in ask(f"<iq type='set' id='r'><query xmlns='{REGISTER_NS}'><username>{username}</username>"
                                       "<password>a good password</password></query></iq>", b"id='r'")


def processor_seconds(server: Ejabberd) -> float:
    fields = Path(f"/proc/{server._process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate(server: Ejabberd, host: str, prefix: str, count: int, token: bool) -> tuple[float, float]:
    """Registrations a second, and the server's processor time for each, in seconds."""
    began, used, clients = time.monotonic(), processor_seconds(server), []
    for client in range(CLIENTS):
        if (child := os.fork()) == 0:
            for number in range(count // CLIENTS):
                register(server.client_port, host, f"{prefix}x{client}x{number}", token)
            os._exit(0)
        clients.append(child)
    assert all(os.waitpid(client, 0)[1] == 0 for client in clients)
    return count / (time.monotonic() - began), (processor_seconds(server) - used) / count


def measure(files: ServerFiles, password_format: str, count: int) -> None:
    directory = Path(tempfile.mkdtemp(prefix="invited-rate-", dir="/tmp"))
    server = Ejabberd(files, directory)
    server.configuration |= {"auth_password_format": password_format, "loglevel": 2}
    for host in ("a.example", "b.example"):
        del server.modules(host)["mod_control"]  # it watches what is owed
    server.write_configuration()
    ended = threading.Event()
    try:
        server.start()
        with server.component() as component:
            component.greet_without_flush(a_example="invite", b_example="server")
            thread = threading.Thread(target=answer, args=(component, ended))
            thread.start()
            rates: dict[bool, list[float]] = {True: [], False: []}
            used: dict[bool, list[float]] = {True: [], False: []}
            for number in range(-1, ROUNDS):  # the first warms up
                for token, host in ((True, "a.example"), (False, "c.example")):
                    measured = rate(server, host, f"n{number + 1}", count, token)
                    if number >= 0:
                        rates[token].append(measured[0])
                        used[token].append(measured[1])
            ended.set()
            thread.join()
        invited, plain = statistics.median(rates[True]), statistics.median(rates[False])
        print(f"{files}, {password_format}: {invited:.0f}/s with a token, {plain:.0f}/s plain, {invited / plain:.2f}; "
              f"the server's processor time {statistics.median(used[True]) * 1e6:.0f} and {statistics.median(used[False]) * 1e6:.0f} µs; "
              f"load {os.getloadavg()[0]:.1f}", flush=True)
    finally:
        ended.set()
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    for each in ejabberds():
        measure(each, sys.argv[1] if len(sys.argv) > 1 else "scram", int(sys.argv[2]) if len(sys.argv) > 2 else 200)

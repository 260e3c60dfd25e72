"""The demo: a loopback Prosody with two hosts, invited behind it, a client that makes an invitation of each kind, a friend who
follows a link, and the operators' shell.

Started by scripts/demo with the directory of the programs, --once to leave when everything has been seen, and --prosody to
say what Prosody was unpacked into.
"""

import argparse
import asyncio
import contextlib
import datetime
import fcntl
import json
import logging
import os
import pathlib
import pty
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import traceback

logging.getLogger("slixmpp").addHandler(logging.NullHandler())  # the demo prints what matters itself
# slixmpp leaves a task behind for each client that has logged out.
logging.getLogger("asyncio").addFilter(lambda record: not record.getMessage().startswith("Task was destroyed"))
import plain_login  # noqa: E402
import server_files  # noqa: E402
import slixmpp  # noqa: E402
from slixmpp.xmlstream.handler import Waiter  # noqa: E402
from slixmpp.xmlstream.matcher import MatcherId  # noqa: E402

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
COMPONENT = "invites.host.example"
PASSWORD = "demo"
ADMIN, ALICE, BOB = "admin@a.example", "alice@a.example", "bob@b.example"
FRIEND = "romeo@a.example"  # has no account yet
COMMANDS = "http://jabber.org/protocol/commands"
INVITE = "urn:xmpp:invite#invite"
CREATE_ACCOUNT = "urn:xmpp:invite#create-account"
TIMEOUT = 60  # seconds for anything that should take a moment, on a machine that may be busy with other things
SCENE = 240  # for one scene, which is many of these


class Failure(Exception):
    """Something that the demo cannot go on without."""


class Checks:
    """What was to be seen, and whether it was."""

    def __init__(self):
        self.seen = self.missed = 0

    def __call__(self, expectation, holds):
        print(f"   {'✓' if holds else '✗'} {expectation}")
        if holds:
            self.seen += 1
        else:
            self.missed += 1


check = Checks()


# Servers


def free_ports(count):
    """Not of the range from which the system gives ports to those who do not choose one: another process could be given it
    before the server listens there."""
    lowest = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    with contextlib.ExitStack() as stack:
        ports = []
        while len(ports) < count:
            port = random.randrange(10_000, lowest) if lowest > 12_000 else 0
            with contextlib.suppress(OSError):
                server = stack.enter_context(socket.create_server(("127.0.0.1", port)))
                ports.append(server.getsockname()[1])
        return ports


class Child:
    """A process of ours: away from the terminal's Ctrl-C, so that we stop it in order, and never outliving us."""

    @classmethod
    async def start(cls, name, *command, log, user=None, environment=None):
        guard = ["setpriv", "--pdeathsig", "TERM"]
        if user:
            guard += ["--reuid", user, "--regid", user, "--init-groups"]
        child = cls()
        child.name, child.log = name, log
        with open(log, "ab") as output:
            child.process = await asyncio.create_subprocess_exec(
                *guard, *map(str, command), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=dict(os.environ, **(environment or {})), start_new_session=True,
            )
        return child

    async def stop(self):
        if self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), TIMEOUT)
            except asyncio.TimeoutError:
                print(f"{self.name} did not leave within {TIMEOUT} s of SIGTERM; killed it.", file=sys.stderr)
                self.process.kill()
                await self.process.wait()

    async def while_running(self, awaitable, purpose, timeout=TIMEOUT):
        """The awaitable's result, or a failure as soon as the process has ended or the time is up."""
        task, gone = asyncio.ensure_future(awaitable), asyncio.ensure_future(self.process.wait())
        try:
            await asyncio.wait({task, gone}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            reason = f"exited with {gone.result()}" if gone.done() else f"took longer than {timeout} s"
            raise Failure(f"{self.name} {reason} {purpose}")
        finally:
            for each in (task, gone):
                each.cancel()


async def accepts_connections(*ports):
    for port in ports:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.05)


async def start_prosody(files, directory, client_port, component_port, secret):
    directory.mkdir()
    user = None
    if os.geteuid() == 0:  # Prosody refuses to run as root, and is right
        user = "prosody"
        as_user = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"]
        if subprocess.run([*as_user, "test", "-x", files.program("prosody")]).returncode != 0:
            raise Failure(f"the user {user} may not run {files.program('prosody')}")
        account = pwd.getpwnam(user)
        os.chown(directory, account.pw_uid, account.pw_gid)
    (directory / "data").mkdir()
    if user:
        os.chown(directory / "data", account.pw_uid, account.pw_gid)
    (directory / "modules").mkdir()
    shutil.copy(REPOSITORY / "servers/prosody/mod_invited.lua", directory / "modules")
    template = (REPOSITORY / "servers/prosody.cfg.lua").read_text()
    values = {
        "DIRECTORY": directory, "CLIENT_PORT": client_port, "COMPONENT_PORT": component_port, "SECRET": secret,
    }
    configuration = directory / "prosody.cfg.lua"
    configuration.touch(mode=0o600)  # the secret is in it
    configuration.write_text(re.sub("@([A-Z_]+)@", lambda match: str(values[match[1]]), template))
    if user:
        os.chown(configuration, account.pw_uid, account.pw_gid)

    output = directory / "output.log"
    for jid in (ADMIN, ALICE, BOB):
        name, host = jid.split("@")
        register = await Child.start(
            "prosodyctl", files.program("prosodyctl"), "--config", configuration, "register", name, host, PASSWORD,
            log=output, user=user,
        )
        if await register.process.wait() != 0:
            raise Failure(f"prosodyctl could not register {jid}; see {output}")
    return await Child.start(
        "Prosody", files.program("prosody"), "--config", configuration, "-F", log=output, user=user)


async def start_invited(binary, directory, component_port, secret):
    (directory / "state").mkdir(mode=0o700)
    secret_file = directory / "secret"
    secret_file.touch(mode=0o600)
    secret_file.write_text(secret + "\n")
    configuration = directory / "invited.yaml"
    configuration.write_text(
        f"component: {{jid: {COMPONENT}, server: 127.0.0.1:{component_port}, secret_file: secret}}\n"
        f"state_directory: {directory}/state\n"
        f"hosts_directory: {REPOSITORY}/config.d\n"
        f"control_socket: {directory}/control.sock\n"
    )
    notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    notifications.bind(str(directory / "notify.sock"))
    daemon = await Child.start(
        "invited", binary, "run", "--config", configuration, log=directory / "invited.log",
        environment={"NOTIFY_SOCKET": str(directory / "notify.sock")},
    )
    return daemon, notifications


async def ready(notifications):
    """Waits for the same word that systemd would wait for."""
    while True:
        message = await asyncio.get_running_loop().sock_recv(notifications, 4096)
        if b"READY=1" in message.split(b"\n"):
            return


# The client


class Client(slixmpp.ClientXMPP):
    """An ordinary XMPP client: logs in to its host, lists the host's commands, runs one."""

    def __init__(self, jid):
        super().__init__(jid, PASSWORD)
        for plugin in ("xep_0004", "xep_0030", "xep_0050"):
            self.register_plugin(plugin)
        self.host = self.boundjid.domain
        self.logged_in = asyncio.get_running_loop().create_future()
        self.add_event_handler("session_start", lambda _: self._settle(None))
        self.add_event_handler("failed_all_auth", lambda _: self._settle(Failure(f"{jid} could not log in")))

    def _settle(self, problem):
        if self.logged_in.done():
            return
        if problem:
            self.logged_in.set_exception(problem)
        else:
            self.logged_in.set_result(None)

    async def log_in(self, port):
        plain_login.connect(self, port)
        try:
            await asyncio.wait_for(self.logged_in, TIMEOUT)
        except asyncio.TimeoutError:
            raise Failure(f"{self.boundjid.bare} could not log in within {TIMEOUT} s") from None

    async def commands(self):
        answer = await self["xep_0030"].get_items(jid=self.host, node=COMMANDS, timeout=TIMEOUT)
        return {node: (str(jid), name) for jid, node, name in answer["disco_items"]["items"]}

    async def run(self, node, values=None, sessionid=None):
        iq = self.make_iq_set(ito=self.host)
        iq["command"]["node"] = node
        iq["command"]["action"] = "complete" if sessionid else "execute"
        if sessionid:
            iq["command"]["sessionid"] = sessionid
        if values is not None:
            form = self["xep_0004"].make_form(ftype="submit")
            for name, value in values.items():
                form.add_field(var=name, value=value)
            iq["command"].append(form)
        return (await iq.send(timeout=TIMEOUT))["command"]

    async def refusal(self, node):
        try:
            await self.run(node)
        except slixmpp.exceptions.IqError as error:
            return error.condition
        return None


class TokenFeature(slixmpp.xmlstream.ElementBase):
    """XEP-0445: the server registers who has a token."""

    name, namespace, plugin_attrib = "register", "urn:xmpp:ibr-token:0", "ibr_token"
    interfaces = set()


class Friend(Client):
    """Has a link and no account: makes one on the stream on which it then logs in."""

    def __init__(self, jid, token):
        super().__init__(jid)
        self.token = token
        slixmpp.xmlstream.register_stanza_plugin(slixmpp.stanza.StreamFeatures, TokenFeature)
        self.register_feature("ibr_token", self.register, restart=False, order=10)

    async def register(self, _):
        for shown, payload in (
            ("<preauth/> with the token", f"<preauth xmlns='urn:xmpp:pars:0' token='{self.token}'/>"),
            ("<query/> with a name and a password",
             f"<query xmlns='jabber:iq:register'><username>{self.boundjid.user}</username><password>{PASSWORD}</password></query>"),
        ):
            print(f"   {self.boundjid.bare} sends {shown}")
            identifier = self.new_id()
            answer = Waiter(identifier, MatcherId(identifier))
            self.register_handler(answer)
            # Raw: slixmpp queues other stanzas until there is a session.
            self.send_raw(f"<iq type='set' id='{identifier}' to='{self.host}'>{payload}</iq>")
            reply = await answer.wait(TIMEOUT)
            if not reply or reply["type"] != "result":
                self._settle(Failure(f"{self.boundjid.bare} could not register: {reply}"))
                return


@contextlib.asynccontextmanager
async def logged_in(jid, port, token=None):
    client = Friend(jid, token) if token else Client(jid)
    try:
        await client.log_in(port)
        yield client
    finally:
        await client.disconnect()


# What the demo shows


async def list_commands(client, expected):
    deadline = asyncio.get_running_loop().time() + TIMEOUT
    listed = await client.commands()
    while not expected <= listed.keys() and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.1)  # the module greets a moment after the component has connected
        listed = await client.commands()
    print(f"   {client.boundjid.bare} asks {client.host} for its commands:")
    for node, (_, name) in sorted(listed.items()):
        print(f"       {name}  ({node})")
    ours = {node for node in listed if node.startswith("urn:xmpp:invite#")}
    check("exactly the commands this user may run are listed", ours == expected)
    check("they are the host's own, as far as the client can see", {listed[n][0] for n in ours} == {client.host})


def fields(form):
    return {name: field for name, field in form.get_fields().items() if field["type"] != "hidden"}


def show_form(form):
    for name, field in fields(form).items():
        print(f"       {name}  {field['type']}  “{field['label']}”")


def show_invitation(command, host, address, action, kind, state):
    """Returns its token."""
    form = command["form"]
    values = form.get_values()
    uri, expire = values.get("uri", ""), values.get("expire", "")
    print(f"       {uri}")
    print(f"       good until {expire}")
    print(qr_code(uri))
    check("the command is completed", command["status"] == "completed")
    check("its form is an invitation", values.get("FORM_TYPE") == ["urn:xmpp:invite#invitation"])  # hidden: a list
    registers = ";ibr=y" if (action, kind) == ("roster", "account-and-contact") else ""
    match = re.fullmatch(rf"xmpp:{re.escape(address)}\?{action};preauth=([A-Za-z0-9]{{29}}){registers}", uri)
    check(f"the link is xmpp:{address}?{action} with a token{', and says that the server registers' if registers else ''}",
          match is not None)
    check("it expires, and not yet", in_the_future(expire))
    stored = stored_kind(state, host, match[1]) if match else None
    check(f"what {host} has on disk under that token is “{kind}”", stored == kind)
    return match[1] if match else None


def in_the_future(expire):
    try:
        moment = datetime.datetime.strptime(expire, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        return False
    return moment > datetime.datetime.now(datetime.timezone.utc)


def stored_kind(state, host, token):
    database = state / "hosts" / f"{host}.sqlite3"
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        row = connection.execute("SELECT kind FROM invite WHERE token = ?", (token,)).fetchone()
    return row[0] if row else None


def qr_code(text):
    # On a terminal with its own colours, so that a dark theme does not turn the code inside out.
    style = "ANSIUTF8" if sys.stdout.isatty() else "UTF8"
    image = subprocess.run(["qrencode", "-t", style, "-m", "2", text], check=True, stdout=subprocess.PIPE)
    return "\n".join("       " + line for line in image.stdout.decode().splitlines())


async def show_account(port, state):
    print("\n1. An account, by an admin\n")
    async with logged_in(ADMIN, port) as client:
        await list_commands(client, {INVITE, CREATE_ACCOUNT})
        print(f"   {ADMIN} runs {CREATE_ACCOUNT} and is asked:")
        question = await client.run(CREATE_ACCOUNT)
        show_form(question["form"])
        check("the form asks for username and roster-subscription",
              {"username", "roster-subscription"} <= fields(question["form"]).keys())
        print("   The answer, username=juliet, brings:")
        answer = await client.run(
            CREATE_ACCOUNT, {"username": "juliet", "roster-subscription": "0"}, sessionid=question["sessionid"])
        show_invitation(answer, "a.example", "juliet@a.example", "register", "account", state)


async def show_contact(port, state):
    print("\n2. A contact, by a user of a host that keeps accounts to its admins (allow_user_invites: false)\n")
    async with logged_in(BOB, port) as client:
        await list_commands(client, {INVITE})
        check(f"{CREATE_ACCOUNT} is forbidden to {BOB}", await client.refusal(CREATE_ACCOUNT) == "forbidden")
        print(f"   {BOB} runs {INVITE} and gets:")
        show_invitation(await client.run(INVITE), "b.example", BOB, "roster", "contact", state)


async def show_account_and_contact(port, state):
    print("\n3. A contact who may also register, by a user of a host that allows it (allow_user_invites: true)\n")
    async with logged_in(ALICE, port) as client:
        await list_commands(client, {INVITE})
        print(f"   {ALICE} runs {INVITE} and gets:")
        token = show_invitation(await client.run(INVITE), "a.example", ALICE, "roster", "account-and-contact", state)
        if token:
            await show_friend(client, port, token)


async def show_friend(alice, port, token):
    print("\n4. A friend with that link, who has no account yet\n")
    notice = asyncio.get_running_loop().create_future()
    alice.add_event_handler("message", lambda message: notice.done() or notice.set_result(message["body"]))
    alice.send_presence()
    async with logged_in(FRIEND, port, token) as friend:
        check(f"{FRIEND} has an account, and is logged in", True)
        await asyncio.wait({notice}, timeout=TIMEOUT)
        check(f"{ALICE} is told of it", notice.done() and notice.result() == f"{FRIEND} has accepted your invite.")
        for client, contact in ((alice, FRIEND), (friend, ALICE)):
            check(f"{client.boundjid.bare} has {contact} in the roster, and each sees the other",
                  await subscription(client, contact) == "both")
    try:
        async with logged_in("mercutio@a.example", port, token):
            check("the link works once", False)
    except Failure as failure:
        check("the link works once", "item-not-found" in str(failure))


async def subscription(client, contact):
    """The subscription of a contact in the client's roster, once it is there."""
    deadline = asyncio.get_running_loop().time() + TIMEOUT
    while True:
        roster = await client.get_roster(timeout=TIMEOUT)
        found = {str(jid): item["subscription"] for jid, item in roster["roster"]["items"].items()}.get(contact)
        if found == "both" or asyncio.get_running_loop().time() > deadline:
            return found
        await asyncio.sleep(0.1)


class Shell:
    """`invitectl`, as an operator types it."""

    def __init__(self, binary, control_socket):
        self.command = [str(binary), "--socket", str(control_socket)]

    async def run(self, *words):
        """Shows the command and what it answers, as wide as our own terminal is."""
        print(f"   $ invitectl {' '.join(words)}")
        terminal, its_end = pty.openpty()
        with open(terminal, "rb", buffering=0) as ours:
            with open(its_end, "wb", buffering=0) as output:
                columns = max(73, min(shutil.get_terminal_size((107, 24)).columns - 7, 120))
                fcntl.ioctl(output, termios.TIOCSWINSZ, struct.pack("HHHH", 100, columns, 0, 0))
                reader = asyncio.create_task(asyncio.to_thread(read_all, ours))
                await self._run(output, *words)
            shown = (await reader).decode()
        for line in shown.splitlines():
            print(f"       {line}")
        return shown

    async def rows(self, *words):
        """What it answers to programs."""
        return [json.loads(line) for line in (await self._run(subprocess.PIPE, "--json", *words)).splitlines()]

    async def _run(self, output, *words):
        colours = {} if sys.stdout.isatty() else {"NO_COLOR": "1"}
        process = await asyncio.create_subprocess_exec(
            *self.command, *words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE,
            env=dict(os.environ, **colours))
        try:
            output, errors = await asyncio.wait_for(process.communicate(), TIMEOUT)
        except BaseException:
            if process.returncode is None:
                process.kill()
                await process.wait()
            raise
        if process.returncode != 0:
            raise Failure(f"invitectl {' '.join(words)} ended with {process.returncode}: {errors.decode().strip()}")
        return (output or b"").decode()


def read_all(terminal):
    """What is written to a terminal until no process has it open any more."""
    pieces = []
    with contextlib.suppress(OSError):
        while piece := terminal.read(4096):
            pieces.append(piece)
    return b"".join(pieces)


async def show_shell(shell, port, state):
    print("\n5. The operators' shell, while all goes on\n")
    await shell.run("status")
    status = (await shell.rows("status"))[0]
    check("both hosts run, and the server is connected",
          (status["hosts"], status["running"]) == (2, 2) and status["connection"].startswith("connected"))

    await shell.run("host", "list")
    made = {row["host"]: row["invites"] for row in await shell.rows("host", "list")}
    check("the invitations above are counted", made == {"a.example": 2, "b.example": 1})

    await shell.run("host", "why", "b.example", BOB)
    verdicts = {row["subject"]: row["verdict"] for row in await shell.rows("host", "why", "b.example", BOB)}
    check(f"it says what {BOB} was allowed, and what he was refused",
          verdicts["invite contacts"] == "yes" and verdicts["create accounts"] == "no")

    await shell.run("grants")
    grants = await shell.rows("grants")
    check("the module in the server does what follows from a link",
          [(row["host"], row["accounts"]) for row in grants] == [("a.example", "module"), ("b.example", "module")])

    listed = await shell.run("invite", "list")
    kinds = sorted((row["host"], row["kind"]) for row in await shell.rows("invite", "list"))
    check("the three invitations are listed",
          kinds == [("a.example", "account"), ("a.example", "account-and-contact"), ("b.example", "contact")])
    used = {(row["host"], row["kind"]) for row in await shell.rows("invite", "list", "--state", "used")}
    check(f"the one that {FRIEND} took is used", used == {("a.example", "account-and-contact")})
    tokens = {token for host in ("a.example", "b.example") for token in stored_tokens(state, host)}
    check("their tokens are not shown", tokens and not any(token in listed for token in tokens))

    print("\n   An operator lets the contacts of b.example's users register:")
    await shell.run("host", "set", "b.example", "allow_user_invites", "true")
    async with logged_in(BOB, port) as client:
        print(f"   {BOB} runs {INVITE} once more and gets:")
        show_invitation(await client.run(INVITE), "b.example", BOB, "roster", "account-and-contact", state)
    await shell.run("config", "status")
    differences = await shell.rows("config", "status")
    check("the shell tells that this is not what the file says",
          [(row.get("key"), row.get("running"), row.get("file")) for row in differences if "key" in row]
          == [("allow_user_invites", "true", "false")])
    await shell.run("host", "reset", "b.example")

    await shell.run("journal")
    entries = [(row["command"], row["code"]) for row in await shell.rows("journal")]
    check("the journal has both changes, the newest first",
          entries == [("host reset b.example", "ok"), ("host set b.example allow_user_invites true", "ok")])


def stored_tokens(state, host):
    database = state / "hosts" / f"{host}.sqlite3"
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return [token for token, in connection.execute("SELECT token FROM invite")]


def show_how_to_connect(client_port, directory, programs):
    print(f"""
Both stay up until Ctrl-C.

   Connect a client   server 127.0.0.1, port {client_port}, without TLS, password “{PASSWORD}”
                      {ADMIN} (an admin), {ALICE}, {BOB}
                      with profanity: /connect {ALICE} server 127.0.0.1 port {client_port} tls disable
                      then look for the host's ad-hoc commands
   Watch the logs     tail -f {directory}/invited.log {directory}/prosody/prosody.log
   Open the shell     {programs}/invitectl --socket {directory}/control.sock
                      and type: help, host list, top, trace a.example
   Change a host      edit a file in {REPOSITORY}/config.d, then in the shell: config apply""")


async def demonstrate(programs, files, once, directory, stack):
    client_port, component_port = free_ports(2)
    secret = secrets.token_hex(16)

    prosody = await start_prosody(files, directory / "prosody", client_port, component_port, secret)
    stack.push_async_callback(prosody.stop)
    await prosody.while_running(accepts_connections(client_port, component_port), "before it listened")
    print(f"Prosody {files.version} is up: clients on 127.0.0.1:{client_port}, components on 127.0.0.1:{component_port}.")

    invited, notifications = await start_invited(programs / "invited", directory, component_port, secret)
    stack.callback(notifications.close)
    stack.push_async_callback(invited.stop)
    await invited.while_running(ready(notifications), "before it was ready")
    print(f"invited is up (process {invited.process.pid}), with the hosts of {REPOSITORY}/config.d.")

    for scene in (show_account, show_contact, show_account_and_contact):
        await invited.while_running(scene(client_port, directory / "state"), "during the demo", SCENE)
    shell = Shell(programs / "invitectl", directory / "control.sock")
    await invited.while_running(show_shell(shell, client_port, directory / "state"), "while the shell was shown", SCENE)

    if not once:
        show_how_to_connect(client_port, directory, programs)
        sys.stdout.flush()
        children = {asyncio.ensure_future(child.process.wait()): child for child in (prosody, invited)}
        done, _ = await asyncio.wait(children, return_when=asyncio.FIRST_COMPLETED)
        raise Failure(f"{children[done.pop()].name} has gone")


def tail(path, lines=15):
    if path.exists():
        print(f"--- the end of {path}", file=sys.stderr)
        print(*path.read_text(errors="replace").splitlines()[-lines:], sep="\n", file=sys.stderr)


async def main(programs, files, once):
    # Ctrl-C and SIGTERM end the demo by cancelling it, so that whatever has been started is stopped on the way out.
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)

    directory = pathlib.Path(tempfile.mkdtemp(prefix="invited-demo-"))
    directory.chmod(0o755)
    problem, interrupted = None, False
    async with contextlib.AsyncExitStack() as stack:
        try:
            await demonstrate(programs, files, once, directory, stack)
        except asyncio.CancelledError:
            interrupted = True
        except Failure as failure:
            problem = str(failure)
        except Exception as error:  # whatever it is, the servers are stopped and the logs are kept
            traceback.print_exc()
            problem = f"{type(error).__name__}: {error}"

    if problem:
        print(f"\n✗ {problem}", file=sys.stderr)
    failed = problem is not None or check.missed > 0 or check.seen == 0
    if interrupted:
        print("\nStopped.")
    elif not failed:
        print(f"\nEverything was seen: {check.seen} of {check.seen}.")
    elif check.missed:
        print(f"\n{check.missed} of {check.missed + check.seen} were not seen.", file=sys.stderr)
    if failed and not interrupted:
        tail(directory / "invited.log")
        tail(directory / "prosody" / "prosody.log")
        print(f"The logs are kept in {directory}.", file=sys.stderr)
    else:
        shutil.rmtree(directory)
    if interrupted and once:
        return 130
    return 1 if failed else 0


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--prosody", type=pathlib.Path, default=server_files.INSTALLED, metavar="DIRECTORY")
    return parser.parse_args()


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    given = arguments()
    try:
        prosody_files = server_files.prosody(given.prosody)
    except server_files.Unusable as unusable:
        sys.exit(f"✗ {unusable}")
    sys.exit(asyncio.run(main(given.programs, prosody_files, given.once)))

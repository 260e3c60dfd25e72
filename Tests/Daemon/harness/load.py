"""Clients that make invitations without a pause and reconnect after their server was away."""

import asyncio

from .client import Client, IqError, IqTimeout


class Load:
    """One client a user, `IN_FLIGHT` requests at a time each. `tokens` are those that reached a client, by host."""

    IN_FLIGHT = 4

    def __init__(self, port: int, hosts: dict[str, str], addresses: dict[str, str] | None = None) -> None:
        self._port = port
        self._hosts = hosts
        self._addresses = addresses or hosts
        self._progress = asyncio.Condition()
        self._counts = {user: 0 for user in hosts}
        self._tasks: list[asyncio.Task[None]] = []
        self.tokens: dict[str, set[str]] = {host: set() for host in hosts.values()}

    async def __aenter__(self) -> "Load":
        self._tasks = [asyncio.create_task(self._keep_going(user)) for user in self._hosts]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        for outcome in outcomes:
            if not isinstance(outcome, asyncio.CancelledError):
                raise AssertionError("a client of the load gave up") from outcome

    async def until_each_has_made(self, more: int, timeout: float = 120) -> None:
        goals = {user: count + more for user, count in self._counts.items()}
        async with self._progress:
            await asyncio.wait_for(self._progress.wait_for(
                lambda: all(self._counts[user] >= goal for user, goal in goals.items())
                or any(task.done() for task in self._tasks)), timeout)
        for task in self._tasks:
            if task.done():
                task.result()

    async def _keep_going(self, user: str) -> None:
        while True:
            try:
                async with Client(user, self._port) as client:
                    await asyncio.gather(*(self._make(user, client) for _ in range(self.IN_FLIGHT)))
            except (ConnectionError, IqTimeout, OSError):
                continue  # The server is away. To connect again takes at least one round of the event loop.
            except IqError as error:
                # A server's errors for a component that has not reconnected yet.
                if error.condition not in ("service-unavailable", "remote-server-not-found", "remote-server-timeout"):
                    raise

    async def _make(self, user: str, client: Client) -> None:
        while True:
            invitation = await client.invite(self._addresses[user])
            self.tokens[self._hosts[user]].add(invitation.token)
            async with self._progress:
                self._counts[user] += 1
                self._progress.notify_all()

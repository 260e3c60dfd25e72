"""One link for several people."""

from collections import Counter

from harness.redeeming import Invited, friend
from harness.relay import TO_DAEMON
from wire import error, unique

HOST = "b.example"
USED, LATE, WAIT = ("cancel", "item-not-found"), ("cancel", "not-allowed"), ("wait", "resource-constraint")

REFUSED = "refused a module's <reserve/>: resource-constraint"


def create(invited: Invited, uses: int, *options: str) -> str:
    return invited.create("account", HOST, "--uses", str(uses), *options)


def counts(invited: Invited, token: str) -> tuple[object, object, object]:
    """How often it can be redeemed, was, and is held, as operators are shown it."""
    (row,) = invited.run(["invite", "show", HOST, invited.number(HOST, token)]).rows
    return row.get("uses"), row.get("redeemed"), row.get("reserved")


def test_as_many_accounts_as_uses(invited: Invited) -> None:
    """Each has the inviter as a contact, and the inviter each. The next one is refused at once, or with the form where the link was
    good before."""
    token = create(invited, 3, "--contact", f"bob@{HOST}")
    names = [unique("guest") for _ in range(3)]
    with invited.client(HOST) as late:
        assert late.answer(late.preauth(token)).get("type") == "result"
        for number, name in enumerate(names, 1):
            assert counts(invited, token)[:2] == (3, number - 1 or None)
            assert friend(invited, HOST, token, name) is None
        assert error(late.answer(late.register(unique("guest")))) == LATE
    assert friend(invited, HOST, token, unique("guest")) == USED
    assert counts(invited, token) == (3, 3, None) and invited.state(HOST, token) == "used"
    assert invited.redemptions(HOST, token) == [(name, "confirmed") for name in names]

    def all_have_each_other() -> bool:
        with invited.client(HOST) as client:
            contacts = client.login("bob").roster()
        return {contacts.get(f"{name}@{HOST}") for name in names} == {"both"}

    invited.await_that(all_have_each_other)
    for name in names:
        with invited.client(HOST) as client:
            client.login(name)
            invited.await_that(lambda client=client: client.roster() == {f"bob@{HOST}": "both"})
    tree = {row["account"]: row["depth"] for row in invited.run(["invite", "tree", HOST, "bob"]).rows}
    assert all(tree[f"{name}@{HOST}"] == 1 for name in names)


def test_use_that_is_given_back(invited: Invited, username: str) -> None:
    """While one attempt holds the last use, the next gets an error of type wait, and the use once the first has ended."""
    token = create(invited, 2)
    assert friend(invited, HOST, token, f"{username}-1") is None
    holder, waiting = invited.client(HOST), invited.client(HOST)
    for client in (holder, waiting):
        assert client.answer(client.preauth(token)).get("type") == "result"
    with waiting:
        # The server gets the answer about the reservation when the client has disconnected.
        invited.relay.stop_at_answer(TO_DAEMON, b"<reserve ")
        holder.register(f"{username}-2")
        invited.relay.await_stop()
        assert counts(invited, token) == (2, 1, 1) and invited.state(HOST, token) == "reserved"
        # The daemon refuses it: the answer is behind what is stopped.
        refused = invited.daemon.logged(REFUSED)
        asked = waiting.register(f"{username}-3")
        invited.await_that(lambda: invited.daemon.logged(REFUSED) > refused)
        with invited.server.sees_end_of(holder):
            holder.close()
        invited.relay.go_on()
        assert error(waiting.answer(asked)) == WAIT
        invited.await_that(lambda: counts(invited, token) == (2, 1, None))
        assert waiting.answer(waiting.register(f"{username}-3")).get("type") == "result"
    assert not invited.has_account(f"{username}-2", HOST)
    assert invited.redemptions(HOST, token) == [(f"{username}-1", "confirmed"), (f"{username}-3", "confirmed")]


def test_use_that_an_operator_gives_back(invited: Invited, username: str) -> None:
    """The server has died and knows nothing of the attempt; the operator has found that there is no such account."""
    token = create(invited, 2)
    assert friend(invited, HOST, token, f"{username}-1") is None
    client = invited.client(HOST)
    assert client.answer(client.preauth(token)).get("type") == "result"
    invited.relay.stop_at_answer(TO_DAEMON, b"<reserve ")
    client.register(f"{username}-2")
    invited.relay.await_stop()
    with invited.greeted():
        invited.server.kill()
        invited.relay.cut()
        invited.server.start()
    assert counts(invited, token) == (2, 1, 1)
    assert friend(invited, HOST, token, f"{username}-3") == WAIT
    assert invited.run(["invite", "release", HOST, invited.number(HOST, token), "--reason", "it crashed", "--yes"]).code == "ok"
    assert counts(invited, token) == (2, 1, None)
    assert friend(invited, HOST, token, f"{username}-3") is None
    assert not invited.has_account(f"{username}-2", HOST)


USES, STREAMS = 12, 60


def test_many_streams_at_once(invited: Invited) -> None:
    """No more accounts are made than there are uses, and no use is lost: those who had to wait get the rest."""
    token = create(invited, USES, "--contact", f"bob@{HOST}")
    clients = {unique("racer"): invited.client(HOST) for _ in range(STREAMS)}
    try:
        asked = {name: client.preauth(token) for name, client in clients.items()}
        assert {clients[name].answer(identifier).get("type") for name, identifier in asked.items()} == {"result"}
        asked = {name: client.register(name) for name, client in clients.items()}
        answers = {name: clients[name].answer(identifier) for name, identifier in asked.items()}
    finally:
        for client in clients.values():
            client.close()
    made = {name for name, answer in answers.items() if answer.get("type") == "result"}
    refusals = Counter(error(answer)[1] for name, answer in answers.items() if name not in made)
    assert len(made) == USES and set(refusals) <= {"resource-constraint", "not-allowed"}, (len(made), refusals)
    assert {name for name in clients if invited.has_account(name, HOST)} == made
    confirmed = invited.redemptions(HOST, token)
    assert len(confirmed) == USES and set(confirmed) == {(name, "confirmed") for name in made}
    assert counts(invited, token) == (USES, USES, None)

    def all_are_contacts() -> bool:
        with invited.client(HOST) as client:
            contacts = client.login("bob").roster()
        return {contacts.get(f"{name}@{HOST}") for name in made} == {"both"}

    invited.await_that(all_are_contacts)

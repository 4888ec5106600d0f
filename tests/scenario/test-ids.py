#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Operation ids: exactly once, whoever dies in between."""

import random
import threading
import time

import resp
from harness import Cluster, SLOW, in_threads, program, refused, run, wait_for

ORDER = ("TRANSFER", "Ali", "Ben", 5, "ID", "x", "MEMO", "lunch")
OTHERS = (
    ("TRANSFER", "Ali", "Ben", 6, "ID", "x", "MEMO", "lunch"),
    ("TRANSFER", "Ali", "Luke", 5, "ID", "x", "MEMO", "lunch"),
    ("TRANSFER", "Luke", "Ben", 5, "ID", "x", "MEMO", "lunch"),
    ("TRANSFER", "Ben", "Ali", 5, "ID", "x", "MEMO", "lunch"),
    ("TRANSFER", "Ali", "Ben", 5, "ID", "x", "MEMO", "dinner"),
    ("TRANSFER", "Ali", "Ben", 5, "ID", "x"),
    ("OPEN", "Ali", "ID", "x"),
    ("OPEN", "Newcomer", "ID", "x"),
)


def check_known(client, receipt):
    """The same gets the first receipt, all else is refused."""
    assert client.call(*ORDER) == receipt
    for other in OTHERS:
        assert refused(client, *other)[0] == "IDREUSED", other


def test_same_again():
    """Recorded once, and the receipt is of then, not of now."""
    with Cluster() as c:
        c.start()
        client = c.client()
        receipt = client.call(*ORDER)
        assert receipt[:2] == [10, 840]
        client.call("TRANSFER", "Ali", "Luke", 100)
        client.call("TRANSFER", "Ben", "Ali", 1)
        check_known(client, receipt)
        assert len(c.books().records) == 12
        opening = client.call("OPEN", "Zoë", "ID", "z")
        client.call("TRANSFER", "Zoë", "Ali", 1)
        assert client.call("OPEN", "Zoë", "ID", "z") == opening
        assert refused(client, "OPEN", "Zoë", "ID", "other")[0] == "EXISTS"
        a = c.walletctl("transfer", "Ali", "Ben", "5", "--id", "x", "--memo", "lunch")
        assert a.status == 0 and ": 840 " in a.out, a
        a = c.walletctl("transfer", "Ali", "Ben", "7", "--id", "x", "--memo", "lunch")
        assert a.status == 1 and "used for another transaction" in a.err, a
        assert len(c.books().records) == 14


def test_in_one_breath():
    """Again while the first is still under way, in one pipeline."""
    with Cluster() as c:
        c.start()
        answers = c.client().pipeline([ORDER, ORDER, OTHERS[0], ORDER, OTHERS[1], ORDER])
        assert answers[0] == answers[1] == answers[3] == answers[5]
        assert answers[0][:2] == [10, 840]
        assert answers[2].code == answers[4].code == "IDREUSED"
        assert len(c.books().records) == 10


def test_a_refusal_uses_up_no_id():
    with Cluster() as c:
        c.start()
        client = c.client()
        assert refused(client, "TRANSFER", "Ali", "Ben", 846, "ID", "y")[0] == "INSUFFICIENT"
        assert refused(client, "TRANSFER", "Ali", "Nobody", 1, "ID", "y")[0] == "NOUSER"
        assert client.call("TRANSFER", "Ali", "Ben", 845, "ID", "y")[1] == 0
        # And what would be refused now was done then.
        assert client.call("TRANSFER", "Ali", "Ben", 845, "ID", "y")[1] == 0


def test_ids_in_old_blocks():
    """What other daemons recorded counts: the blocks are read, not remembered."""
    with Cluster() as c:
        c.start()
        receipt = c.client().call(*ORDER)
        c.main.stop()
        for name in "ABC":
            c[name].stop()
            c[name].start()
        c.main.start()
        check_known(c.client(), receipt)
        c.main.kill()
        c.main.start()
        check_known(c.client(), receipt)
        assert len(c.books().records) == 10


def test_unavailable_rather_than_twice():
    """With a backend gone nobody can tell whether a known id is on record."""
    with Cluster(main={"request_timeout": 2}) as c:
        c.start()
        client = c.client()
        receipt = client.call(*ORDER)
        home = next(n for n in "ABC" if any(r.id == "x" for r in c[n].records()))
        c[home].kill()
        assert refused(client, *ORDER)[0] == "UNAVAILABLE"
        assert len(client.call("TRANSFER", "Ali", "Ben", 1, "ID", "fresh")) == 4
        c[home].start()
        wait_for(lambda: client.ask(*ORDER) == receipt, "the receipt")
        check_known(client, receipt)
        assert len(c.books().records) == 11


def test_from_twenty_connections():
    """Twenty send the same at once, others the same id with other contents."""
    with Cluster() as c:
        c.start()
        for turn in range(15):
            barrier = threading.Barrier(20)
            answers = [None] * 20

            def order(i, key=f"turn{turn}", at=barrier, out=answers):
                client = c.client(port=c.main.ports[i % 2])
                at.wait(20 * SLOW)
                out[i] = client.ask("TRANSFER", "Ali", "Ben", 1 if i % 4 else 2, "ID", key)

            in_threads(20, order)
            kinds = {1: [a for i, a in enumerate(answers) if i % 4],
                     2: [a for i, a in enumerate(answers) if not i % 4]}
            record = c.books().record(c.books().ids[f"turn{turn}"])
            for amount, given in kinds.items():
                for a in given:
                    if amount == record.amount:
                        assert isinstance(a, list), (a, given)
                        assert a[0] == record.serial and a[3] == record.hash, a
                        assert a == given[0]
                    else:
                        assert isinstance(a, resp.Error) and a.code == "IDREUSED", a
        assert len(c.books().records) == 9 + 15


class Load:
    """Clients that do transfers, each again until it has its receipt."""

    def __init__(self, cluster, clients):
        self.cluster = cluster
        self.done = threading.Event()
        self.receipts = {}
        self.tried = set()
        self.refused = set()
        self.errors = []
        self.threads = [threading.Thread(target=self._guarded, args=(i,), daemon=True)
                        for i in range(clients)]
        for t in self.threads:
            t.start()

    def _guarded(self, i):
        try:
            self._run(i)
        except BaseException as e:  # pylint: disable=broad-except
            self.errors.append(e)

    def _run(self, i):
        rng = random.Random(i)
        users = ("Ali", "Ben", "Luke", "Victor")
        n = 0
        while not self.done.is_set():
            n += 1
            sender, receiver = rng.sample(users, 2)
            self._until_receipt(f"{i}.{n}", sender, receiver, rng.randint(1, 50))

    def _until_receipt(self, key, *order):
        deadline = time.monotonic() + 60 * SLOW
        self.tried.add(key)
        client = None
        while time.monotonic() < deadline:
            try:
                if not client:
                    client = resp.Client(self.cluster.main.port, 10 * SLOW)
                answer = client.ask("TRANSFER", *order, "ID", key)
            except (OSError, EOFError):
                client = None
                time.sleep(0.01)
                continue
            if not isinstance(answer, resp.Error):
                self.receipts[key] = (answer, order)
                client.close()
                return
            if answer.code == "INSUFFICIENT":
                self.refused.add(key)
                client.close()
                return
            assert answer.code in ("UNAVAILABLE", "UNKNOWN"), answer
            time.sleep(0.01)
        raise AssertionError(f"no receipt for {key}")

    def progress(self, more):
        start = len(self.receipts)
        wait_for(lambda: self.errors or len(self.receipts) > start + more, "transfers", 30)

    def finish(self):
        self.done.set()
        for t in self.threads:
            t.join(70 * SLOW)
        assert not self.errors, self.errors
        books = self.cluster.books()
        for key, (receipt, order) in self.receipts.items():
            r = books.record(books.ids[key])
            assert receipt[0] == r.serial and receipt[3] == r.hash, (key, receipt, r.body)
            assert (r.sender, r.receiver, r.amount) == order, (order, r.body)
        # Each is settled: recorded and acknowledged, or refused and not there.
        assert set(books.ids) == set(self.receipts)
        assert not self.refused & set(books.ids)
        assert self.tried == set(self.receipts) | self.refused
        assert books.coins() == 12000
        client = self.cluster.client()
        for user in books.balances:
            assert client.call("BALANCE", user) == books.balances[user], user


def test_main_killed_under_load():
    """kill -9 of main, again and again."""
    with Cluster() as c:
        c.start()
        load = Load(c, 8)
        for _ in range(6):
            load.progress(60)
            c.main.kill()
            c.main.start()
        load.progress(60)
        load.finish()
        c.check_alive()


def test_main_stopped_under_load():
    """SIGTERM lets those under way have their answers; nothing is lost either."""
    with Cluster() as c:
        c.start()
        load = Load(c, 8)
        for _ in range(4):
            load.progress(60)
            c.main.stop()
            c.main.start()
        load.finish()
        c.check_alive()


def test_all_killed_under_load():
    """kill -9 of everything at once, as when the power goes, but for the page cache."""
    with Cluster() as c:
        c.start()
        load = Load(c, 8)
        for _ in range(5):
            load.progress(60)
            for d in (c.main.daemon, *(b.daemon for b in c.backends.values())):
                d.expected_end = True
                d.signal(9)
            for b in c.backends.values():
                b.daemon.wait_exit()
                b.start()
            c.main.daemon.wait_exit()
            c.main.start()
        load.progress(60)
        load.finish()
        c.check_alive()


def test_walletctl_killed():
    """What it did not hear the end of, resume finishes; once."""
    with Cluster(main={"request_timeout": 2}) as c:
        c.start()
        for b in c.backends.values():
            b.daemon.freeze()
        d = c.spawn("walletctl", program("walletctl"), "--server", c.main.server,
                    "transfer", "Ali", "Ben", "45", "--id", "w",
                    env={"XDG_STATE_HOME": c.path("wallet")})
        client = c.client()
        wait_for(lambda: int(c.main.info()["pending_answers"]) > 1, "the order to arrive")
        d.kill()
        for b in c.backends.values():
            b.daemon.thaw()
        a = c.walletctl("resume")
        assert a.status == 0 and '"Ali" successfully transferred 45' in a.out, a
        assert client.call("BALANCE", "Ali") == 800
        assert c.walletctl("resume").out == ""
        books = c.books()
        assert list(books.ids) == ["w"] and len(books.records) == 10


if __name__ == "__main__":
    run(globals())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Groups of orders: all or none, once, whoever dies in between."""

import contextlib
import random
import shutil
import socket
import subprocess
import threading
import time

import resp
from harness import Cluster, SAMPLE_BALANCES, SLOW, Skip, in_threads, run, wait_for

GROUP_MAX = 1000
USERS = ("Ali", "Ben", "Luke", "Victor")


def group(orders, *option):
    """The requests of a group."""
    return [("MULTI",), *orders, ("EXEC", *option)]


def do(client, orders, *option):
    """The answer to EXEC; all before it was taken."""
    *before, answer = client.pipeline(group(orders, *option))
    assert before == ["OK"] + ["QUEUED"] * len(orders), before
    return answer


def transfer(sender, receiver, amount, key=None):
    return ("TRANSFER", sender, receiver, amount, *(("ID", key) if key else ()))


def codes(answer):
    return [a.code if isinstance(a, resp.Error) else a for a in answer]


def batches(books):
    """Serials of those that stand or fall as one, as (first, last)."""
    found = []
    for r in books.records:
        if "whole" in r.fields:
            k, n = map(int, r.fields["b"].split("/"))
            if k == 1:
                found.append((r.serial, r.serial + n - 1))
    return found


def test_all_of_them():
    """A receipt each; they are one batch, marked, whatever else is ordered."""
    with Cluster() as c:
        c.start()
        client = c.client()
        answer = do(client, [transfer("Ali", "Ben", 800, "a"), ("OPEN", "Zoë", "MEMO", "hi"),
                             transfer("Ben", "Zoë", 1700), ("IMPORT", "Max", "Zoë", 1)])
        assert [a[:2] for a in answer] == [[10, 45], [11, 1000], [12, 15], [13, 999]], answer
        books = c.books()
        assert batches(books) == [(10, 13)]
        for a in answer:
            assert books.record(a[0]).hash == a[3]
        assert client.call("BALANCE", "Zoë") == 2701
        assert do(client, []) == []
        assert do(client, [transfer("Zoë", "Ali", 1)])[0][0] == 14
        assert batches(c.books()) == [(10, 13)]
        assert c.main.info()["groups"] == "1"


def test_none_of_them():
    """Each that is refused has its reason, and the others are aborted."""
    refusals = (
        (transfer("Ali", "Nobody", 1), "NOUSER"),
        (transfer("Ali", "Ali", 1), "SELF"),
        (transfer("Ali", "Ben", 0), "AMOUNT"),
        (transfer("Ali", "Ben", "-5"), "AMOUNT"),
        (transfer("Ali", "Ben", 846), "INSUFFICIENT"),
        (transfer("Be=n", "Ali", 1), "NAME"),
        (transfer("Ali", "Ben", 1, "a b"), "NAME"),
        (("OPEN", "Ali"), "EXISTS"),
        (transfer("Ali", "Ben", 1, "twin"), "IDREUSED"),
    )
    with Cluster() as c:
        c.start()
        client = c.client()
        before = {n: c[n].text() for n in "ABC"}
        good = transfer("Ali", "Ben", 1, "twin")
        for bad, code in refusals:
            assert codes(do(client, [good, bad])) == ["ABORTED", code], bad
        answer = do(client, [good, *(bad for bad, _ in refusals), transfer("Luke", "Ben", 1)])
        assert codes(answer) == ["ABORTED", *(code for _, code in refusals), "ABORTED"]
        # Each behind the good ones before it: the first leaves too little.
        answer = do(client, [transfer("Ali", "Ben", 800), transfer("Ali", "Ben", 46)])
        assert codes(answer) == ["ABORTED", "INSUFFICIENT"]
        assert "is : 45 " in answer[1].sentence
        assert {n: c[n].text() for n in "ABC"} == before
        for user, coins in SAMPLE_BALANCES.items():
            assert client.call("BALANCE", user) == coins


def test_dry_run():
    """What it would come to; and nothing has happened."""
    with Cluster() as c:
        c.start()
        client = c.client()
        before = {n: c[n].text() for n in "ABC"}
        orders = [transfer("Ali", "Ben", 800, "a"), ("OPEN", "Zoë", "ID", "b"),
                  transfer("Ben", "Zoë", 1700, "c"), transfer("Ben", "Zoë", 16, "d")]
        for _ in range(3):
            answer = do(client, orders, "DRYRUN")
            assert codes(answer) == [45, 1000, 15, "INSUFFICIENT"]
        assert {n: c[n].text() for n in "ABC"} == before
        assert client.ask("BALANCE", "Zoë").code == "NOUSER"
        assert client.call("TIP")[0] == 9
        assert [a[1] for a in do(client, orders[:3])] == [45, 1000, 15]
        # Done already: what they came to then.
        assert do(client, orders[:3], "DRYRUN") == [45, 1000, 15]
        assert client.call("TIP")[0] == 12


def test_again():
    """The same receipts, from one daemon and the next; a part of it is refused."""
    with Cluster() as c:
        c.start()
        orders = [transfer("Ali", "Ben", 5, "a"), transfer("Ben", "Luke", 6, "b"),
                  ("OPEN", "Zoë", "ID", "c")]
        receipts = do(c.client(), orders)
        c.client().call("TRANSFER", "Zoë", "Ali", 100)
        for end in (lambda: None, c.main.stop, c.main.kill):
            end()
            if not c.main.daemon.running():
                c.main.start()
            client = c.client()
            assert do(client, orders) == receipts
            assert [client.call(*o) for o in orders] == receipts
        assert codes(do(client, [*orders, transfer("Ali", "Ben", 1, "new")])) == [
            "IDREUSED", "IDREUSED", "IDREUSED", "ABORTED"]
        assert codes(do(client, [transfer("Ali", "Ben", 7, "a"), *orders[1:]])) == ["IDREUSED"] * 3
        assert len(c.books().records) == 13


def test_two_at_once():
    """From many connections the same group, and its parts alone."""
    with Cluster() as c:
        c.start()
        for turn in range(10):
            orders = [transfer("Ali", "Ben", 1, f"{turn}.{i}") for i in range(20)]
            barrier = threading.Barrier(8)
            answers = [None] * 8

            def order(i, orders=orders, at=barrier, out=answers):
                client = c.client(port=c.main.ports[i % 2])
                at.wait(20 * SLOW)
                out[i] = do(client, orders)

            in_threads(8, order)
            assert len(answers[0]) == 20
            assert all(a == answers[0] for a in answers), answers
            assert answers[0][19][0] - answers[0][0][0] == 19
        books = c.books()
        assert len(books.records) == 9 + 200 and len(batches(books)) == 10


def test_the_largest():
    """1000 orders with the longest of everything, in the smallest datagrams."""
    with Cluster(datagram_size=1200) as c:
        c.start()
        client = c.client()
        names = ["ä" * 31 + "n" + str(i) for i in range(2)]
        orders = [("IMPORT", names[i % 2], names[1 - i % 2], 1, "ID", f"{i:064}",
                   "MEMO", "%" * 160) for i in range(GROUP_MAX)]
        receipts = do(client, orders)
        assert [r[0] for r in receipts] == list(range(10, 10 + GROUP_MAX))
        assert do(client, orders) == receipts
        books = c.books()
        assert batches(books) == [(10, 9 + GROUP_MAX)]
        assert books.coins() == 14000
        assert c.main.info()["batches"] == "1"


def test_limits():
    """One too many; a client that goes on for ever; hundreds that never say EXEC."""
    with Cluster() as c:
        c.start()
        client = c.client()
        one = transfer("Ali", "Ben", 1)
        answers = client.pipeline(group([one] * (GROUP_MAX + 5)))
        assert answers[1:GROUP_MAX + 1] == ["QUEUED"] * GROUP_MAX
        assert answers[GROUP_MAX + 1].code == "LIMIT"
        assert answers[-1].code == "EXECABORT"
        memory = c.main.daemon.memory()
        long = ("TRANSFER", "x" * 60000, "Ben", 1)
        clients = [c.client() for _ in range(120)]

        refused = []

        def fill(i):
            answers = clients[i].pipeline([("MULTI",), *[long] * 16])
            refused.extend(a.code for a in answers if isinstance(a, resp.Error))

        in_threads(len(clients), fill)
        grown = c.main.daemon.memory() - memory
        assert grown < 250 * SLOW << 20, grown
        # There was no room for all of that; all else goes on.
        assert set(refused) == {"UNAVAILABLE"}, refused
        assert client.call("BALANCE", "Ali") == 845
        for one_client in clients:
            one_client.close()
        assert do(client, [one], "DRYRUN") == [844]
        assert client.call("TIP")[0] == 9


def test_pipelined_from_hundreds():
    """MULTI ... EXEC without waiting, from 100 clients: each is done or refused."""
    with Cluster() as c:
        c.start()
        done = [0] * 100
        orders = [transfer("Ali", "Ben", 1), transfer("Ben", "Ali", 1)] * 10

        def order(i):
            answers = c.client().pipeline(group(orders) * 5)
            for a in answers[len(orders) + 1::len(orders) + 2]:
                assert isinstance(a, list) and len(a) == len(orders), a
                done[i] += all(isinstance(r, list) for r in a)

        in_threads(len(done), order)
        assert sum(done) == 500
        books = c.books()
        assert len(books.records) == 9 + 500 * len(orders)
        assert len(batches(books)) == 500
        assert c.client().call("BALANCE", "Ali") == 845


def test_gone_in_the_middle():
    """Before EXEC nothing happens; behind it, what was ordered is done."""
    with Cluster() as c:
        c.start()
        orders = [transfer("Ali", "Ben", 1, "a"), transfer("Ali", "Ben", 2, "b")]
        for end in (("DISCARD",), ("QUIT",), ("PING",)):
            client = c.client()
            client.pipeline([("MULTI",), *orders, end])
            client.close()
        client = c.client()
        client.write(resp.command("MULTI") + b"".join(resp.command(*o) for o in orders) +
                     b"*1\r\n$4\r\nEX")
        client.close()
        assert c.client().call("TIP")[0] == 9
        client = c.client()
        client.write(b"".join(resp.command(*r) for r in group(orders)))
        client.socket.shutdown(socket.SHUT_WR)
        client.close()
        wait_for(lambda: c.client().call("TIP")[0] == 11, "both")
        assert batches(c.books()) == [(10, 11)]


def test_typed_and_redis_cli():
    """Inline commands, as with nc; and redis-cli as it comes."""
    with Cluster() as c:
        c.start()
        client = c.client()
        client.write(b"MULTI\r\ntransfer Ali Ben 45\r\nOPEN Zoe\nEXEC\r\n")
        assert [client.receive() for _ in range(3)] == ["OK", "QUEUED", "QUEUED"]
        assert [a[0] for a in client.receive()] == [10, 11]
        cli = shutil.which("redis-cli")
        if not cli:
            raise Skip("there is no redis-cli: it is in package redis-tools")
        out = subprocess.run(
            [cli, "-p", str(c.main.port)], timeout=50 * SLOW, check=True,
            input=b"MULTI\nTRANSFER Ali Ben 1\nTRANSFER Ben Zoe 2\nEXEC\n"
                  b"MULTI\nOPEN Zoe\nEXEC\nEXEC\nCOMMAND DOCS multi exec discard\n",
            stdout=subprocess.PIPE).stdout.decode()
        assert "OK\nQUEUED\nQUEUED\n" in out and "EXISTS" in out and "EXEC without MULTI" in out
        assert "Carries out all orders since MULTI, or none." in out
        assert client.call("TIP")[0] == 13


class Load:
    """Clients that do groups, each again until it is told what became of it."""

    def __init__(self, cluster, clients):
        self.cluster = cluster
        self.ending = threading.Event()
        self.done = {}
        self.refused = set()
        self.errors = []
        self.threads = [threading.Thread(target=self._guarded, args=(i,), daemon=True)
                        for i in range(clients)]
        for t in self.threads:
            t.start()

    def _guarded(self, i):
        try:
            rng = random.Random(i)
            n = 0
            while not self.ending.is_set():
                n += 1
                self._one(f"{i}.{n}", [
                    transfer(*rng.sample(USERS, 2), rng.randint(1, 40), f"{i}.{n}.{k}")
                    for k in range(rng.randint(2, 60))])
        except BaseException as e:  # pylint: disable=broad-except
            self.errors.append(e)

    def _ask(self, orders):
        with contextlib.suppress(OSError, EOFError):
            with resp.Client(self.cluster.main.port, 10 * SLOW) as client:
                return do(client, orders)
        return None

    def _one(self, name, orders):
        deadline = time.monotonic() + 60 * SLOW
        while time.monotonic() < deadline:
            answer = self._ask(orders)
            if isinstance(answer, list):
                told = set(codes(answer)) if isinstance(answer[0], resp.Error) else None
                if not told:
                    assert all(isinstance(a, list) for a in answer), answer
                    self.done[name] = (answer, orders)
                    return
                assert {"INSUFFICIENT"} <= set(codes(answer)) <= {"INSUFFICIENT", "ABORTED"}
                self.refused.add(name)
                return
            assert answer is None or answer.code in ("UNAVAILABLE", "UNKNOWN"), answer
            time.sleep(0.01)
        raise AssertionError(f"no answer for {name}")

    def progress(self, more):
        start = len(self.done) + len(self.refused)
        wait_for(lambda: self.errors or len(self.done) + len(self.refused) > start + more,
                 "groups", 30)

    def finish(self):
        """Each is there, whole and once, or not at all."""
        self.ending.set()
        for t in self.threads:
            t.join(70 * SLOW)
        assert not self.errors, self.errors
        books = self.cluster.books()
        ranges = set(batches(books))
        count = 0
        for name, (receipts, orders) in self.done.items():
            assert (receipts[0][0], receipts[-1][0]) in ranges, name
            for receipt, order in zip(receipts, orders):
                r = books.record(receipt[0])
                assert (r.sender, r.receiver, r.amount, r.id) == (*order[1:4], order[5])
                assert r.hash == receipt[3]
                count += 1
        assert len(books.ids) == count and len(books.records) == 9 + count
        assert len(ranges) == len(self.done) and self.done
        assert books.coins() == 12000
        client = self.cluster.client()
        for user in books.balances:
            assert client.call("BALANCE", user) == books.balances[user], user


def test_main_killed_under_load():
    """kill -9 of main in the middle of groups, again and again."""
    with Cluster() as c:
        c.start()
        load = Load(c, 6)
        for _ in range(5):
            load.progress(30)
            c.main.kill()
            c.main.start()
        load.progress(30)
        load.finish()
        c.check_alive()


def test_backends_killed_under_load():
    """kill -9 of one backend at a time, and of everything at once."""
    with Cluster(main={"request_timeout": 2}) as c:
        c.start()
        load = Load(c, 6)
        for name in "ABCAB":
            load.progress(20)
            c[name].kill()
            c[name].start()
        for _ in range(2):
            load.progress(20)
            for d in (c.main.daemon, *(b.daemon for b in c.backends.values())):
                d.expected_end = True
                d.signal(9)
            for b in c.backends.values():
                b.daemon.wait_exit()
                b.start()
            c.main.daemon.wait_exit()
            c.main.start()
        load.progress(20)
        load.finish()


def test_a_backend_that_hangs():
    """Unknown once its batch may be on a disk, unavailable before; then all of it."""
    with Cluster(main={"request_timeout": 1}) as c:
        c.start()
        client = c.client()
        for b in c.backends.values():
            b.daemon.freeze()
        orders = [transfer("Ali", "Ben", 1, "a"), transfer("Ali", "Ben", 2, "b")]
        answer = do(client, orders)
        assert answer.code in ("UNKNOWN", "UNAVAILABLE"), answer
        assert do(client, orders).code in ("UNKNOWN", "UNAVAILABLE")
        for b in c.backends.values():
            b.daemon.thaw()
        receipts = wait_for(lambda: isinstance(a := do(client, orders), list) and a, "receipts")
        assert [r[0] for r in receipts] == [10, 11]
        assert batches(c.books()) == [(10, 11)]


if __name__ == "__main__":
    run(globals())

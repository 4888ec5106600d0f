#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Disks that are full: transfers go elsewhere or are refused, everything else
goes on, and room heals it without a restart of anything."""

import json
import os
import random
import shutil
import time

import resp
from books import Books
from disk import SmallDisk
from harness import Cluster, chain_check, refused, run, wait_for, within
from load import Load
from oracle import AGAIN, Oracle

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(2**32)))
REQUEST_TIMEOUT = 2
# As often as a backend looks whether there is room again.
RECHECK_SECONDS = 1
NO_SPACE = "No space left on device"
# More than the daemons reserve: some 9 MiB for each block.
ONE_BLOCK, ALL_BLOCKS = 16, 40
# Names, ids and memos as long as may be: it is bytes that fill a disk.
LONG = "x" * 50
RICH = f"Rich-{LONG}"
POOR = f"Poor-{LONG}"
COINS = 10**9


def cluster(disk, names="ABC", **main):
    """The blocks of some backends stand on the small disk."""
    c = Cluster(main={"request_timeout": REQUEST_TIMEOUT, **main},
                ledger={"initial_balance": COINS})
    for name in names:
        path = disk.path(f"block{name}.txt")
        shutil.move(c[name].block, path)
        c[name].block = path
    return c


class Bench:
    """A running cluster, clients, an oracle; and one client more that writes a lot."""

    def __init__(self, c, clients=3):
        print(f"seed {SEED}: to draw the same, set SEED")
        c.start()
        self.cluster = c
        self.client = c.client()
        self.oracle = Oracle(self.client.call("TIP")[0])
        self.count = 0
        for user in (RICH, POOR):
            self.order_one(user, user, 0)
        self.order_one()
        self.load = Load(c, self.oracle, SEED, clients)

    def order(self, sender=RICH, receiver=POOR, amount=1):
        self.count += 1
        return self.oracle.order(f"memo-{self.count}-{LONG}-{LONG}", f"{self.count}-{LONG}",
                                 sender, receiver, amount)

    def order_one(self, *words):
        order = self.order(*words)
        assert order.hear(self.client.ask(*order.words())), order

    def order_many(self, count=400):
        """In one breath; what is not done is UNAVAILABLE or UNKNOWN."""
        orders = [self.order() for _ in range(count)]
        answers = self.client.pipeline([o.words() for o in orders])
        for o, a in zip(orders, answers):
            if not o.hear(a):
                o.give_up()
        return [a.code if isinstance(a, resp.Error) else "DONE" for a in answers]

    def walletctl(self):
        order = self.order()
        a = self.cluster.walletctl("--json", "transfer", order.sender, order.receiver,
                                   str(order.amount), "--id", order.key, "--memo", order.memo)
        assert a.status == 0, a
        row = json.loads(a.out)
        order.done([row[k] for k in ("serial", "balance", "time", "hash")])

    def write_until(self, condition, allowed, what):
        """@condition of what is heard at one time; never anything but what is @allowed."""
        def written():
            codes = set(self.order_many())
            assert codes <= allowed, codes
            return condition(codes)
        wait_for(written, what, 40)

    def write_until_done(self):
        self.write_until(lambda codes: codes == {"DONE"}, {"DONE", *AGAIN}, "transfers")

    def states(self):
        """Of the backends, as main sees them."""
        info = self.cluster.main.info()
        return "".join(info[f"backend_{n}"].split(",")[0].partition("=")[2] + " "
                       for n in self.cluster.backends).split()

    def fill_up(self, disk):
        """Nobody has room, nor finds any: on tmpfs, who cannot extend what is
        reserved loses it, and another has that a second later.  Whoever has some
        reserved is full when that is used up."""
        since = time.monotonic()

        def full():
            nonlocal since
            if disk.fill() > 0 or self.states() != ["full"] * 3:
                since = time.monotonic()
                assert set(self.order_many()) <= {"DONE", *AGAIN}
            return time.monotonic() > since + 2 * RECHECK_SECONDS
        wait_for(full, "all to be full for good", 40)

    def check_reads(self):
        """What needs no room."""
        client = self.cluster.client()
        with within(5, "all these answers"):
            tip = client.call("TIP")
            assert client.call("BALANCE", POOR) >= COINS
            assert client.call("SHOW", tip[0])[7] == tip[1]
            assert len(client.call("STATS", RICH)) >= 1
            assert client.call("HISTORY", POOR, "COUNT", 5)[1][2] == POOR
            assert len(client.call("LIST", "COUNT", 5)) == 5
            assert client.call("TXLIST")[1] >= tip[0]

    def check_refused(self):
        """At once, by whatever way, and nothing happened."""
        with within(2, "refusals"):
            assert self.order_many(20) == ["UNAVAILABLE"] * 20
        a = self.cluster.walletctl("--timeout", "1", "transfer", "Ali", "Ben", "1")
        assert a.status == 3 and a.out == "" and "Nothing happened" in a.err, a

    def check_first_receipts(self):
        """Whatever happened since."""
        done = [o for o in self.oracle.orders if o.receipt and o.key]
        for o in random.Random(SEED).sample(done, min(20, len(done))):
            answer = self.client.ask(*o.words())
            assert answer == o.receipt, (o, answer)

    def settle_doubts(self):
        """The same again, by the same ids."""
        for o in self.oracle.orders:
            if o.doubt and o.key and not o.receipt and not o.refused:
                wait_for(lambda o=o: o.hear(self.client.ask(*o.words())), o)

    def finish(self):
        """All that clients were told is in the books, and is said still."""
        c = self.cluster
        self.load.finish()
        self.settle_doubts()
        self.check_first_receipts()
        self.order_one()
        whole = Books(c.block_paths(), COINS)
        self.oracle.check(whole)
        for user in whole.balances:
            assert self.client.call("BALANCE", user) == whole.balances[user], user
        assert len(self.client.call("LIST", "COUNT", 10000)) == min(10000, len(whole.records))
        a = chain_check("--initial-balance", COINS, *c.block_paths())
        assert a.status == 0 and a.err == "", a
        return whole


def sizes(c, names):
    return [os.path.getsize(c[n].block) for n in names]


def nothing_restarted(c, daemons):
    c.check_daemons()
    assert c.daemons == daemons and all(d.running() for d in daemons)


def test_one_full():
    """The others take its part, and it takes it again when it has room."""
    with SmallDisk(ONE_BLOCK) as disk, cluster(disk, "A") as c:
        b = Bench(c)
        daemons = list(c.daemons)
        for _ in range(2):
            disk.fill()
            b.write_until(lambda _: b.states() == ["full", "up", "up"], {"DONE"}, "backend A full")
            c["A"].daemon.wait_line("no room on the disk for another batch")
            # One that was on its way may have fitted still.
            b.order_one()
            before = sizes(c, "A")
            assert b.order_many(300) == ["DONE"] * 300
            b.check_reads()
            b.walletctl()
            assert sizes(c, "A") == before
            disk.free()
            wait_for(lambda: b.states() == ["up"] * 3, "backend A")
            b.write_until(lambda _, s=before: sizes(c, "A") > s, {"DONE"}, "A to take its part")
        b.finish()
        nothing_restarted(c, daemons)


def test_one_full_while_appending():
    """Nobody foresaw it, on ext2: the batch that it refuses is another's at once."""
    with SmallDisk(4, "ext2") as disk, cluster(disk, "A") as c:
        b = Bench(c)
        daemons = list(c.daemons)
        for _ in range(2):
            before = len(c["A"].daemon.lines)
            disk.fill()
            b.write_until(lambda _, n=before: c["A"].daemon.find("no room for this batch", n),
                          {"DONE"}, "a batch that A refuses")
            assert b.order_many(300) == ["DONE"] * 300
            b.check_reads()
            disk.free()
            before = sizes(c, "A")
            b.write_until(lambda _, s=before: sizes(c, "A") > s, {"DONE"}, "A to take its part")
        b.finish()
        nothing_restarted(c, daemons)


def check_all_full(disk):
    """Refused, and healed, by nothing but room."""
    with cluster(disk) as c:
        b = Bench(c)
        daemons = list(c.daemons)
        disk.fill()
        b.write_until(lambda _: b.states() == ["full"] * 3, {"DONE", *AGAIN}, "all to be full")
        b.fill_up(disk)
        before = sizes(c, "ABC")
        b.check_refused()
        b.check_reads()
        assert sizes(c, "ABC") == before
        disk.free()
        b.write_until_done()
        b.check_first_receipts()
        b.write_until(lambda _: all(n > m for n, m in zip(sizes(c, "ABC"), before)), {"DONE"},
                      "all to take transfers")
        whole = b.finish()
        nothing_restarted(c, daemons)
        check_started_again(c, whole)


def check_started_again(c, whole):
    """From what is on disk, the same."""
    c.stop_all()
    c.start()
    client = c.client()
    assert client.call("TIP")[:2] == [len(whole.records), whole.tip]
    for user in whole.balances:
        assert client.call("BALANCE", user) == whole.balances[user], user


def test_all_full():
    with SmallDisk(ALL_BLOCKS) as disk:
        check_all_full(disk)


def test_all_full_on_ext4():
    with SmallDisk(2 * ALL_BLOCKS, "ext4") as disk:
        check_all_full(disk)


def test_full_while_appending():
    """ext2 reserves nothing: it is the write that fails, and is taken back."""
    with SmallDisk(4, "ext2") as disk, cluster(disk) as c:
        b = Bench(c)
        daemons = list(c.daemons)
        for _ in range(2):
            disk.fill(leave=20000)
            b.write_until(lambda codes: "UNAVAILABLE" in codes, {"DONE", *AGAIN}, "a refusal")
            assert c["A"].daemon.find("no room for this batch")
            b.check_reads()
            disk.free()
            b.write_until_done()
            b.check_first_receipts()
        whole = b.finish()
        nothing_restarted(c, daemons)
        check_started_again(c, whole)


def check_started_when_full(disk):
    """Killed and started, they say what they said, without anybody making room."""
    with cluster(disk) as c:
        b = Bench(c, clients=0)
        disk.fill()
        b.write_until(lambda _: b.states() == ["full"] * 3, {"DONE", *AGAIN}, "all to be full")
        for name in "ABC":
            c[name].kill()
            c[name].start()
        c.main.kill()
        c.main.start()
        b.client = c.client()
        daemons = [d for d in c.daemons if d.running()]
        # What they gave back to have room for that.
        b.fill_up(disk)
        b.check_refused()
        b.check_reads()
        disk.free()
        b.write_until_done()
        b.finish()
        assert [d for d in c.daemons if d.running()] == daemons


def test_started_when_full():
    with SmallDisk(ALL_BLOCKS) as disk:
        check_started_when_full(disk)


def test_started_when_full_on_ext4():
    with SmallDisk(2 * ALL_BLOCKS, "ext4") as disk:
        check_started_when_full(disk)


def check_no_statement(c, before):
    code, sentence = refused(c.client(), "TXLIST")
    assert code == "UNAVAILABLE" and "statement" in sentence and NO_SPACE in sentence, sentence
    a = c.walletctl("txlist")
    assert a.status == 3 and a.out == "" and NO_SPACE in a.err, a
    with open(c.main.statement, encoding="utf-8") as f:
        assert f.read() == before
    left = os.listdir(os.path.dirname(c.main.statement))
    assert not [n for n in left if n.endswith(".tmp")], left


def test_no_room_for_the_statement():
    """The old one stays as it is; whatever else main keeps can wait as well."""
    with SmallDisk(4) as disk, Cluster(ledger={"initial_balance": COINS}) as c:
        c.main.state = disk.path("state")
        os.mkdir(c.main.state)
        b = Bench(c, clients=0)
        b.order_many(1000)
        assert c.client().call("TXLIST")[1] == 1012
        before = Books(c.block_paths(), COINS).statement()
        assert len(before) > 100000
        b.order_many(1000)
        # Not even a file; its first part; all but its end.
        for leave in (0, 8192, len(before)):
            disk.fill(leave)
            check_no_statement(c, before)
            disk.free()
        disk.fill()
        assert b.order_many(100) == ["DONE"] * 100
        c.main.stop()
        c.main.start()
        b.client = c.client()
        check_no_statement(c, before)
        assert b.order_many(100) == ["DONE"] * 100
        c.main.kill()
        c.main.start()
        b.client = c.client()
        disk.free()
        whole = b.finish()
        assert c.client().call("TXLIST")[1:] == [len(whole.records), whole.tip]
        with open(c.main.statement, encoding="utf-8") as f:
            assert f.read() == whole.statement()


def test_no_room_for_the_purse():
    """walletctl says that it cannot keep the order, and delivers it."""
    with SmallDisk(1) as disk, Cluster() as c:
        c.start()
        disk.fill()
        a = c.walletctl("transfer", "Ali", "Ben", "45", env={"XDG_STATE_HOME": disk.root})
        assert a.status == 0 and "no place to keep the order" in a.err and NO_SPACE in a.err, a
        assert c.client().call("BALANCE", "Ali") == 800
        assert len(c.books().records) == 10


if __name__ == "__main__":
    run(globals())

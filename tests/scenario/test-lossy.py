#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A network that loses, doubles, overtakes and cuts datagrams: the books stay right."""

import os
import random

import resp
from harness import Cluster, run, wait_for, within
from relay import Relay

SEED = int(os.environ.get("SCENARIO_SEED", random.SystemRandom().randrange(2**32)))
TRANSFERS = 200
USERS = ("Ali", "Ben", "Luke", "Victor", "Oliver")


def through_relays(c, **faults):
    print(f"seed {SEED}: to see the same, set SCENARIO_SEED")
    for n, (name, b) in enumerate(c.backends.items()):
        b.start()
        relay = c.opened(Relay(b.port, SEED + n, **faults))
        c.main.detour[name] = relay.port
    c.main.launch()
    c.main.wait_open(60)
    return [t for t in c.open_things if isinstance(t, Relay)]


def until_done(client, *words):
    """Again, for as long as that is what the answer says."""
    def ask():
        answer = client.ask(*words)
        if isinstance(answer, resp.Error):
            assert answer.code in ("UNAVAILABLE", "UNKNOWN"), answer
            return None
        return (answer,)
    return wait_for(ask, words, 60)[0]


def transfers(c):
    """One by one, in pairs and by the dozen; the receipts by id."""
    rng = random.Random(SEED)
    client = c.client(timeout=60)
    receipts = {}
    while len(receipts) < TRANSFERS:
        orders = []
        for _ in range(rng.choice((1, 1, 2, 12))):
            sender, receiver = rng.sample(USERS, 2)
            orders.append((sender, receiver, rng.randint(1, 5), "ID",
                           f"{len(receipts) + len(orders)}"))
        answers = client.pipeline([("TRANSFER", *o, "MEMO", "m" * 100) for o in orders])
        for order, answer in zip(orders, answers):
            if isinstance(answer, resp.Error):
                answer = until_done(client, "TRANSFER", *order, "MEMO", "m" * 100)
            receipts[order[4]] = (answer, order)
    return receipts


def check(c, receipts):
    books = c.books()
    assert len(books.records) == 9 + len(receipts)
    for key, (receipt, order) in receipts.items():
        r = books.record(receipt[0])
        assert (r.id, r.hash) == (key, receipt[3]), (receipt, r.body)
        assert (r.sender, r.receiver, r.amount) == order[:3], (order, r.body)
    client = c.client(timeout=60)
    rows = until_done(client, "LIST", "COUNT", 10000)
    assert [r[:4] for r in rows] == [[r.serial, r.sender, r.receiver, r.amount]
                                     for r in books.records]
    for user in USERS:
        assert until_done(client, "STATS", user) == books.partners(user)
        history = until_done(client, "HISTORY", user, "COUNT", 10000)
        assert [(r[0], r[8]) for r in history] == books.history(user)
        assert until_done(client, "BALANCE", user) == books.balances[user]
    assert until_done(client, "TXLIST")[1:] == [len(books.records), books.tip]
    with open(c.main.statement, encoding="utf-8") as f:
        assert f.read() == books.statement()
    assert books.coins() == 12000


def run_with(seconds=45, **faults):
    size = faults.pop("datagram_size", None)
    with Cluster(datagram_size=size) as c, within(seconds, "all of it"):
        relays = through_relays(c, **faults)
        check(c, transfers(c))
        counts = [r.counts for r in relays]
        print(*counts, sep="\n")
        for kind, name in (("loss", "lost"), ("double", "doubled"), ("reorder", "overtaken"),
                           ("cut", "cut")):
            assert not faults.get(kind) or sum(n[name] for n in counts), counts
        assert len({c.main.daemon.pid, *(b.daemon.pid for b in c.backends.values())}) == 4
        c.check_alive()


def test_loss():
    """Three of ten are lost, each way."""
    run_with(loss=0.3)


def test_loss_in_small_datagrams():
    run_with(loss=0.3, datagram_size=1200)


def test_doubled():
    run_with(double=0.5)


def test_overtaken():
    run_with(reorder=0.3)


def test_cut():
    run_with(cut=0.2)


def test_everything_at_once():
    run_with(loss=0.15, double=0.2, reorder=0.15, cut=0.05, datagram_size=1200)


def test_healed():
    """As quick as ever when the network is good again."""
    with Cluster() as c:
        relays = through_relays(c, loss=0.4)
        client = c.client(timeout=60)
        for i in range(10):
            until_done(client, "TRANSFER", "Ali", "Ben", 1, "ID", i)
        for r in relays:
            r.heal()
        for i in range(100):
            until_done(client, "TRANSFER", "Ali", "Ben", 1, "ID", f"h{i}")
        with within(2, "a hundred transfers"):
            for i in range(100):
                until_done(client, "TRANSFER", "Ali", "Ben", 1, "ID", f"g{i}")
        assert len(c.books().records) == 219


if __name__ == "__main__":
    run(globals())

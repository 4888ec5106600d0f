#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No history is too long: 100,000 transactions of one user in one block."""

from harness import Cluster, run, within

RECORDS = 100000
PARTNERS = 20000


def long_block():
    """Old records: Hub deals with everybody."""
    lines = []
    for n in range(1, RECORDS + 1):
        other = f"user{n % PARTNERS:05}"
        pair = (other, "Hub") if n <= RECORDS // 2 else ("Hub", other)
        lines.append(f"{n} {pair[0]} {pair[1]} {n % 7 + 1}\n")
    return "".join(lines)


def paged(client, command, *words):
    rows = []
    while True:
        page = client.call(command, *words, "FROM", rows[-1][0] + 1 if rows else 1,
                           "COUNT", 10000)
        if not page:
            return rows
        rows += page


def check_long_history(datagram_size):
    blocks = {"A": "", "B": long_block(), "C": ""}
    with Cluster(blocks=blocks, datagram_size=datagram_size) as c:
        with within(15, "a start"):
            c.start()
        books = c.books()
        client = c.client(timeout=60)
        assert client.call("BALANCE", "Hub") == books.balances["Hub"]
        with within(10, "statistics"):
            assert client.call("STATS", "Hub") == books.partners("Hub")
        with within(20, "a history"):
            rows = paged(client, "HISTORY", "Hub")
        assert [(r[0], r[8]) for r in rows] == books.history("Hub")
        with within(20, "a list"):
            rows = paged(client, "LIST")
        assert [r[:4] for r in rows] == [[r.serial, r.sender, r.receiver, r.amount]
                                         for r in books.records]
        with within(10, "the statement"):
            assert client.call("TXLIST")[1:] == [RECORDS, books.tip]
        with open(c.main.statement, encoding="utf-8") as f:
            assert f.read() == books.statement()
        # Without limits it asks for 1,000, at the end of 100,000 as well.
        assert len(client.call("HISTORY", "Hub")) == 1000
        assert [r[8] for r in client.call("HISTORY", "Hub", "FROM", RECORDS)] == [
            books.balances["Hub"]]

        a = c.walletctl("--raw", "history", "Hub")
        assert a.status == 0 and len(a.out.splitlines()) == RECORDS
        a = c.walletctl("--raw", "list")
        assert a.status == 0 and len(a.out.splitlines()) == RECORDS
        a = c.walletctl("stats", "Hub")
        assert a.status == 0 and len(a.out.splitlines()) == PARTNERS + 1
        assert client.call("TRANSFER", "Hub", "user00001", 1)[0] == RECORDS + 1
        c.check_alive("Hub", "user00002")


def test_default_datagrams():
    check_long_history(None)


def test_small_datagrams():
    """What the path takes over an ordinary network, and less."""
    check_long_history(1200)


if __name__ == "__main__":
    run(globals())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each record on two backends, and a disk that is lost for good.

A main daemon that runs goes on; one that is started anew waits until a person
declares the backend lost; what is on one backend only is copied to another; the
lost one begins empty when it returns.  Nothing is missing on the way, and no
record counts twice.
"""

import os
import re
import threading

from books import Books, read_block
from harness import (Cluster, EXIT_FENCED, EXIT_INTEGRITY, SAMPLE_BALANCES, SLOW, allow,
                     chain_check, refused, run, wait_for, within)
from resp import Error

QUESTIONS = (("STATS", "Ali"), ("HISTORY", "Ali"), ("LIST",), ("TXLIST",), ("SHOW", 5),
             ("BALANCE", "Ali"))


def cluster(copies=2, **main):
    return Cluster(ledger={"copies": copies}, main={"start_wait": 1, **main})


def refilled(c):
    def done():
        info = c.main.info()
        return info["refilling"] == "0" and info["thin_records"] == "0"
    wait_for(done, "every record on as many backends as there should be", 30)


def started(c):
    c.start()
    refilled(c)


def take_disk(c, name):
    """Kill it, and carry its files away: what was in them."""
    backend = c[name]
    backend.kill()
    files = {path: backend_file(path) for path in (backend.block, backend.block + ".promise")}
    for path in files:
        os.unlink(path)
    return files


def backend_file(path):
    with open(path, "rb") as f:
        return f.read()


def put_back(files):
    for path, data in files.items():
        with open(path, "wb") as f:
            f.write(data)


def restart_main(c, **lost):
    """With those backends declared lost, and no others."""
    if c.main.daemon.running():
        c.main.stop()
    for name in c.backends:
        c.main.extra[f"backend {name}"] = {"lost": lost.get(name)}
    c.main.start()


class Payers:
    """Clients that pay to and fro, each order with an id, until finish()."""

    def __init__(self, c, count=4):
        self.cluster = c
        self.receipts = {}
        self.errors = []
        self.done = threading.Event()
        self.threads = [threading.Thread(target=self._guarded, args=(i,), daemon=True)
                        for i in range(count)]
        for t in self.threads:
            t.start()

    def _guarded(self, number):
        try:
            self._pay(number)
        except BaseException as e:  # pylint: disable=broad-except
            self.errors.append(e)

    def _pay(self, number):
        client = self.cluster.client()
        n = 0
        while not self.done.is_set():
            n += 1
            key = f"{id(self)}.{number}.{n}"
            words = ("TRANSFER", *(("Ali", "Ben") if n % 2 else ("Ben", "Ali")), 1, "ID", key)
            answer = client.ask(*words)
            while isinstance(answer, Error):
                assert answer.code in ("UNAVAILABLE", "UNKNOWN"), answer
                answer = client.ask(*words)
            self.receipts[key] = answer

    def more(self, count):
        seen = len(self.receipts)
        wait_for(lambda: self.errors or len(self.receipts) > seen + count, "transfers", 30)

    def finish(self):
        self.done.set()
        for t in self.threads:
            t.join(30 * SLOW)
        assert not self.errors, self.errors
        return self.receipts


def check_answers(c, books, receipts):
    """All that can be asked, against the blocks that are left."""
    client = c.client()
    assert client.call("TIP")[0] == len(books.records)
    for user in SAMPLE_BALANCES:
        assert client.call("BALANCE", user) == books.balances[user], user
        assert client.call("STATS", user) == books.partners(user), user
    rows = client.call("LIST", "COUNT", 10000)
    assert [r[:4] for r in rows] == [[r.serial, r.sender, r.receiver, r.amount]
                                     for r in books.records[:10000]]
    history = client.call("HISTORY", "Ali", "COUNT", 10000)
    assert [(r[0], r[8]) for r in history] == books.history("Ali")[:10000]
    assert client.call("TXLIST")[1] == len(books.records)
    with open(c.main.statement, encoding="utf-8") as f:
        assert f.read() == books.statement()
    for serial in (1, 5, 9, len(books.records)):
        assert client.call("SHOW", serial)[0] == serial
    for key, receipt in list(receipts.items())[::50]:
        shown = client.call("SHOW", "ID", key)
        assert [shown[0], shown[7]] == [receipt[0], receipt[3]], (key, receipt, shown)
    assert books.coins() == 12000


def check_receipts(c, books, receipts):
    """Each acknowledged one is there once; ordered again, it gets its receipt."""
    client = c.client()
    for key, receipt in receipts.items():
        r = books.record(receipt[0])
        assert (r.id, r.hash) == (key, receipt[3]), (key, receipt)
    for key, receipt in list(receipts.items())[::20]:
        r = books.record(receipt[0])
        again = client.call("TRANSFER", r.sender, r.receiver, r.amount, "ID", key)
        assert again == receipt, (key, again, receipt)
    assert client.call("TIP")[0] == len(books.records)


def paths(c, names):
    return [c[n].block for n in names]


def check_places(c, names, absent=()):
    """On two of those at least, and one of them counts if @absent are absent."""
    there = {n: {r.serial: r for r in read_block(c[n].block)} for n in names}
    last = max(max(records) for records in there.values() if records)
    twice = 0
    for serial in range(1, last + 1):
        holders = [n for n in names if serial in there[n]]
        counting = [n for n in holders if set(there[n][serial].of) <= set(absent)]
        assert len(holders) >= 2, (serial, holders)
        assert counting, (serial, holders)
        twice += len(counting) > 1
    # A batch that was handed on may be at home twice: main knows which.
    assert twice <= 100, twice


def check_homes(c):
    """What grep -v ' of=' shows of all blocks is each record once."""
    homes = [r.serial for b in c.backends.values() for r in b.records() if not r.of]
    assert sorted(set(homes)) == list(range(1, max(homes) + 1))
    handed_on = c.main.daemon.find(r"does not answer|takes no transactions")
    assert len(homes) == len(set(homes)) or handed_on, len(homes) - len(set(homes))


def check_set_aside(c, name, old):
    """What it had stands beside its block, byte for byte, and nothing else."""
    directory, block = os.path.split(c[name].block)
    aside = [f for f in os.listdir(directory) if f.startswith(block + ".lost-")]
    assert len(aside) == (1 if old else 0), aside
    if old:
        assert backend_file(os.path.join(directory, aside[0])) == old


def check_given_back(c):
    """Nobody is named by all who hold a record, and lacks it."""
    named = {}
    for b in c.backends.values():
        for r in b.records():
            named[r.serial] = named.get(r.serial, set(r.of)) & set(r.of)
    assert not any(named.values()), {s: n for s, n in named.items() if n}


def check_waits_for(c, name):
    """A main daemon that is started now does not open, and says why."""
    c.main.launch()
    c.main.daemon.wait_line(f"not open yet: waiting for backend {name}")
    client = c.client()
    for words in QUESTIONS:
        with within(2, words):
            assert refused(client, *words)[0] == "UNAVAILABLE", words
    a = c.walletctl("status")
    assert a.status == 3 and re.search(rf"^Waiting for +{name}$", a.out, re.M), a
    c.main.kill()


def lose(c, name):
    """Under load, for good; what was on its disk, and every receipt."""
    payers = Payers(c)
    payers.more(200)
    disk = take_disk(c, name)
    payers.more(200)
    receipts = payers.finish()
    others = [n for n in c.backends if n != name]
    books = Books(paths(c, others), refilled=True)
    check_answers(c, books, receipts)
    return disk, receipts


def go_on_without(c, name, receipts):
    others = [n for n in c.backends if n != name]
    restart_main(c, **{name: "yes"})
    assert c.main.info()[f"backend_{name}"].startswith("state=lost")
    check_answers(c, Books(paths(c, others), refilled=True), receipts)
    refilled(c)
    check_places(c, others, absent=[name])
    check_answers(c, Books(paths(c, others), refilled=True), receipts)


def check_return(c, name, files, receipts):
    put_back(files)
    c[name].start()
    # What it knows of the loss was on disk before it opened.
    c.main.kill()
    restart_main(c)
    assert c.main.daemon.find(rf"Backend {name} was declared lost in epoch \d+ and is back")
    payers = Payers(c)
    refilled(c)
    payers.more(50)
    receipts.update(payers.finish())
    check_set_aside(c, name, files.get(c[name].block))
    check_given_back(c)
    check_places(c, c.backends)
    check_homes(c)
    books = Books(c.block_paths(), refilled=True)
    check_answers(c, books, receipts)
    check_receipts(c, books, receipts)
    a = chain_check(*c.block_paths())
    assert a.status == 0, a
    assert c.walletctl("verify").status == 0
    assert not c.main.daemon.find("has lost records")
    assert "state=up" in c.main.info()[f"backend_{name}"]


def lost_and_returned(files_of):
    allow(120)
    with cluster() as c:
        started(c)
        check_places(c, c.backends)
        books = Books(c.block_paths(), refilled=True)
        assert books.balances == SAMPLE_BALANCES and books.double == 9
        disk, receipts = lose(c, "A")
        c.main.kill()
        check_waits_for(c, "A")
        go_on_without(c, "A", receipts)
        check_return(c, "A", files_of(disk), receipts)


def test_a_disk_is_lost_and_comes_back():
    """As it was: it may contradict what happened since, so it is set aside."""
    lost_and_returned(lambda disk: disk)


def test_a_disk_is_lost_and_replaced():
    lost_and_returned(lambda disk: {})


def test_one_after_the_other():
    """A is lost and replaced; when all is on two again, B may be."""
    allow(120)
    with cluster() as c:
        started(c)
        receipts = {}
        for name in ("A", "B"):
            receipts.update(lose(c, name)[1])
            c.main.kill()
            go_on_without(c, name, receipts)
            check_return(c, name, {}, receipts)


def test_copies_are_raised():
    """What is there already is copied while transfers go on, and status says so."""
    with Cluster() as c:
        c.start()
        client = c.client()
        for _ in range(50):
            client.call("TRANSFER", "Ali", "Ben", 1)
        assert c.main.info()["copies"] == "1" and c.main.info()["refilling"] == "0"
        c.main.stop()
        c.main.extra["ledger"]["copies"] = 2
        c.main.start()
        refilled(c)
        c.main.daemon.wait_line("transactions are on fewer than 2 backends")
        c.main.daemon.wait_line("Every transaction is on 2 backends")
        info = c.main.info()
        assert info["copies"] == "2" and int(info["refilled_records"]) == 59, info
        check_places(c, c.backends)
        check_homes(c)
        books = Books(c.block_paths(), refilled=True)
        check_answers(c, books, {})
        c["C"].kill()
        check_answers(c, books, {})
        c["C"].start()


def test_the_only_holder_is_lost():
    """It is too late for lost = yes: what is missing is named, and it ends."""
    with Cluster() as c:
        c.start()
        client = c.client()
        for _ in range(30):
            client.call("TRANSFER", "Ali", "Ben", 1)
        before = c.books()
        c.main.stop()
        disk = take_disk(c, "A")
        left = {r.serial for n in ("B", "C") for r in c[n].records()}
        missing = [r.serial for r in before.records if r.serial not in left]
        c.main.extra["ledger"]["copies"] = 2
        c.main.extra["backend A"] = {"lost": "yes"}
        c.main.launch()
        assert c.main.daemon.wait_exit() == EXIT_INTEGRITY
        said = c.main.daemon.find(r"the first is (\d+), are on no backend that answers, and "
                                  r"backend A is declared lost")
        assert said and int(said.group(1)) == missing[0], (said, missing)
        assert c["B"].text() and c["C"].text()
        # Its disk is found: all is as it was.
        put_back(disk)
        c["A"].start()
        c.main.extra["backend A"] = {}
        c.main.start()
        refilled(c)
        check_answers(c, before, {})


def test_a_block_is_emptied():
    """By mistake, and while nothing runs: it is no backend without transactions."""
    with Cluster(main={"start_wait": 1}) as c:
        c.start()
        c.main.stop()
        c["B"].stop()
        text = c["B"].text()
        disk = {path: backend_file(path) for path in (c["B"].block, c["B"].block + ".promise")}
        for path in disk:
            os.unlink(path)
        c["B"].start()
        c.main.launch()
        c.main.daemon.wait_line(r"Backend B is empty, but had 3 transactions")
        c.main.daemon.wait_line(r"not open yet: waiting for backend B, which is empty")
        assert refused(c.client(), "BALANCE", "Ali")[0] == "UNAVAILABLE"
        assert "state=empty" in c.main.info()["backend_B"]
        c["B"].stop()
        put_back(disk)
        c["B"].start()
        c.main.wait_open()
        assert c["B"].text() == text
        assert c.client().call("BALANCE", "Ali") == SAMPLE_BALANCES["Ali"]
        c.check_alive()


def test_as_many_copies_as_backends():
    """One is down: no transfers, and no answers either, for want of a lease."""
    with cluster(copies=3, request_timeout=1) as c:
        started(c)
        before = c.texts()
        c["B"].kill()
        for words in (("TRANSFER", "Ali", "Ben", 1), *QUESTIONS):
            with within(4, words):
                assert refused(c.client(), *words)[0] == "UNAVAILABLE", words
        # It tries again by itself; the last answer may not be in when it ends.
        a = c.walletctl("--timeout", "1", "transfer", "Ali", "Ben", "1")
        assert a.status in (3, 4) and a.out == "", a
        assert c.texts() == before
        c["B"].start()
        wait_for(lambda: not isinstance(c.client().ask("BALANCE", "Ali"), Error), "B")
        assert c.client().call("BALANCE", "Ali") == SAMPLE_BALANCES["Ali"]
        assert c.client().call("TRANSFER", "Ali", "Ben", 1)[0] == 10
        serials = [[r.serial for r in b.records()].count(10) for b in c.backends.values()]
        assert serials == [1, 1, 1], serials


def test_who_was_replaced_forgets_nothing_of_its_successor():
    """Two that share a state directory: who is lost is what the last one says."""
    with cluster() as c:
        started(c)
        second = c.another_main()
        second.state = c.main.state
        second.extra["backend A"] = {"lost": "yes"}
        c["A"].kill()
        second.start()
        # It finds out when it asks.
        c.client().send("BALANCE", "Ali")
        assert c.main.daemon.wait_exit() == EXIT_FENCED
        with open(os.path.join(second.state, "backends"), encoding="ascii") as f:
            assert re.search(r"^A lost \d+$", f.read(), re.M)
        c.main = second
        c.main.kill()
        c["A"].start()
        restart_main(c)
        assert c.main.daemon.find(r"Backend A was declared lost in epoch \d+ and is back")
        refilled(c)
        check_homes(c)


if __name__ == "__main__":
    run(globals())

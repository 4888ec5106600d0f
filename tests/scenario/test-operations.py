#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The operations, on the sample data and through the real programs."""

import itertools
import json
import os
import random
import re

import books
from harness import Cluster, SAMPLE_BALANCES, in_threads, refused, run, wait_for, write_file


def test_balances():
    """All twelve, from walletctl and over both ports."""
    with Cluster() as c:
        c.start()
        for user, coins in SAMPLE_BALANCES.items():
            a = c.walletctl("balance", user)
            assert a.status == 0, a
            assert a.out == f'The current balance of "{user}" is : {coins:,} alicoins.\n', a
            assert a.err == "", a
        assert c.walletctl("--raw", "balance", "Chinmay").out == "881\n"
        answer = json.loads(c.walletctl("--json", "balance", "Ali").out)
        assert answer == {"user": "Ali", "balance": 845}, answer
        for port in c.main.ports:
            client = c.client(port=port)
            for user, coins in SAMPLE_BALANCES.items():
                assert client.call("BALANCE", user) == coins
        assert sum(SAMPLE_BALANCES.values()) == 12000


def test_reading_leaves_no_trace():
    """Blocks that were only read are byte for byte what they were."""
    with Cluster() as c:
        before = c.texts()
        c.start()
        for command in (["balance", "Ali"], ["stats", "Ali"], ["list"], ["txlist"], ["tip"]):
            assert c.walletctl(*command).status == 0
        c.stop_all()
        assert c.texts() == before


def test_transfer():
    """Stored before it is answered, by one backend, with all its fields."""
    with Cluster() as c:
        c.start()
        a = c.walletctl("transfer", "Ali", "Ben", "45", "--memo", "two coffees, ä")
        assert a.status == 0, a
        assert a.out == ('"Ali" successfully transferred 45 alicoins to "Ben".\n'
                         'The current balance of "Ali" is : 800 alicoins.\n'), a
        r = c.books().record(10)
        assert (r.sender, r.receiver, r.amount) == ("Ali", "Ben", 45)
        assert r.fields["m"] == "two%20coffees%2C%20%C3%A4", r.fields
        assert r.id, r.body

        client = c.client()
        serial, balance, time, tip = client.call("TRANSFER", "Ben", "Ali", "1")
        r = c.books().record(11)
        assert (serial, balance) == (11, 959)
        assert (time, tip) == (r.fields["t"], r.hash)
        assert client.call("TIP") == [11, c.books().tip, time]
        assert [client.call("BALANCE", u) for u in ("Ali", "Ben")] == [801, 959]


def test_ben_victor():
    """The original refused it: Victor never dealt with anybody but Ben."""
    with Cluster() as c:
        c.start()
        a = c.walletctl("transfer", "Ben", "Victor", "1")
        assert a.status == 0, a
        assert a.out.endswith('The current balance of "Ben" is : 914 alicoins.\n'), a
        assert c.client().call("BALANCE", "Victor") == 1086


def test_stats():
    """Most transactions first, then by the bytes of the name; net total."""
    with Cluster() as c:
        c.start()
        client = c.client()
        for sender, receiver, amount in (
                ("Ali", "Ben", 5), ("Ben", "Ali", 3), ("Ali", "Victor", 1),
                ("Victor", "Ali", 2), ("Ali", "Alice", 7)):
            client.call("TRANSFER", sender, receiver, amount)
        rows = [["Ben", 2, -2], ["Victor", 2, 1], ["Alice", 1, -7], ["Luke", 1, -155]]
        assert client.call("STATS", "Ali") == rows
        assert rows == c.books().partners("Ali")

        a = c.walletctl("--raw", "stats", "Ali")
        assert [line.split("\t") for line in a.out.splitlines()] == [
            [str(rank), name, str(n), str(net)]
            for rank, (name, n, net) in enumerate(rows, 1)], a
        a = c.walletctl("stats", "Ali")
        assert a.out.split("\n")[0].split() == ["Rank", "Username", "NumTransactions",
                                                "Total"], a
        assert a.out.split("\n")[1].split() == ["1", "Ben", "2", "-2"], a
        for user in SAMPLE_BALANCES:
            assert client.call("STATS", user) == c.books().partners(user)


def test_txlist():
    """The statement: four columns by serial; the caller learns where and how many."""
    with Cluster() as c:
        c.start()
        client = c.client()
        client.call("TRANSFER", "Ali", "Ben", 45, "MEMO", "x")
        a = c.walletctl("txlist")
        assert a.status == 0 and c.main.statement in a.out and " 10 transactions" in a.out, a
        want = ("1 Racheal John 45\n2 Rishil Alice 30\n3 Oliver Rachit 94\n4 Ben Victor 85\n"
                "5 Chinmay Oliver 129\n6 Racheal Alice 49\n7 Martin Luke 25\n"
                "8 Rishil Chinmay 10\n9 Ali Luke 155\n10 Ali Ben 45\n")
        with open(c.main.statement, encoding="utf-8") as f:
            assert f.read() == want
        assert want == c.books().statement()
        client.call("TRANSFER", "Ali", "Ben", 1)
        assert client.call("TXLIST") == [c.main.statement, 11, c.books().tip]


def test_statement_is_replaced_whole():
    """The old one stays while a new one cannot be complete, and for who has it open."""
    with Cluster(main={"request_timeout": 1}) as c:
        c.start()
        client = c.client()
        client.call("TXLIST")
        with open(c.main.statement, encoding="utf-8") as held:
            old = os.stat(c.main.statement)
            c["B"].stop()
            assert refused(client, "TXLIST")[0] == "UNAVAILABLE"
            assert os.stat(c.main.statement).st_ino == old.st_ino
            c["B"].start()
            assert client.call("TRANSFER", "Ali", "Ben", 1)[0] == 10
            wait_for(lambda: not hasattr(client.ask("TXLIST"), "code"), "backend B")
            assert os.stat(c.main.statement).st_ino != old.st_ino
            assert len(held.readlines()) == 9
        with open(c.main.statement, encoding="utf-8") as f:
            assert len(f.readlines()) == 10
        left = [n for n in os.listdir(c.main.state) if "tmp" in n]
        assert not left, left


def test_open():
    """A user joins with its starting balance and can be paid."""
    with Cluster() as c:
        c.start()
        assert refused(c.client(), "BALANCE", "Zoë")[0] == "NOUSER"
        a = c.walletctl("open", "Zoë")
        assert a.status == 0 and a.out.startswith('"Zoë" is now part of the network.\n'), a
        assert c.walletctl("--raw", "balance", "Zoë").out == "1000\n"
        r = c.books().record(10)
        assert r.opening and r.amount == 0 and r.sender == "Zoë"
        assert c.client().call("TRANSFER", "Zoë", "Ali", 1000)[1] == 0
        assert c.client().call("STATS", "Zoë") == [["Ali", 1, -1000]]
        assert refused(c.client(), "OPEN", "Zoë")[0] == "EXISTS"
        a = c.walletctl("open", "Zoë")
        assert a.status == 1 and "already part of the network" in a.err, a


def test_history():
    """A user's records with the balance behind each."""
    with Cluster() as c:
        c.start()
        client = c.client()
        for i in range(1, 8):
            client.call("TRANSFER", "Ali", "Ben", i, "ID", f"id{i}", "MEMO", f"memo {i}")
            client.call("TRANSFER", "Victor", "Ali", 2)
        rows = client.call("HISTORY", "Ali")
        b = c.books()
        assert [(r[0], r[8]) for r in rows] == b.history("Ali")
        assert rows[0][:4] == [9, "Ali", "Luke", 155] and rows[0][4:8] == [None] * 4
        assert rows[1][1:4] == ["Ali", "Ben", 1] and rows[1][5:7] == ["id1", "memo 1"]
        assert rows[1][7] == b.record(10).hash
        assert client.call("HISTORY", "Ali", "FROM", 12, "COUNT", 3) == rows[3:6]
        assert client.call("HISTORY", "Ali", "COUNT", 1) == rows[:1]
        assert client.call("HISTORY", "Ali", "FROM", 1000) == []
        a = c.walletctl("--json", "history", "Ali")
        assert [r["balance"] for r in json.loads(a.out)] == [r[8] for r in rows], a
        a = c.walletctl("history", "Ali", "--from", "12", "--count", "3")
        assert len(a.out.splitlines()) == 4, a


def test_list():
    """All records, in order, or a part of them."""
    with Cluster() as c:
        c.start()
        client = c.client()
        for _ in range(11):
            client.call("TRANSFER", "Ali", "Ben", 1)
        b = c.books()
        rows = client.call("LIST")
        assert [r[:4] for r in rows] == [[r.serial, r.sender, r.receiver, r.amount]
                                         for r in b.records]
        assert [r[7] for r in rows[9:]] == [r.hash for r in b.records[9:]]
        for first, count in itertools.product((1, 5, 9, 10, 20, 21), (1, 2, 9, 100)):
            part = client.call("LIST", "FROM", first, "COUNT", count)
            assert part == rows[first - 1:first - 1 + count], (first, count)
        a = c.walletctl("--raw", "list", "--from", "3", "--count", "2")
        assert [line.split("\t")[:4] for line in a.out.splitlines()] == [
            ["3", "Oliver", "Rachit", "94"], ["4", "Ben", "Victor", "85"]], a


def test_show():
    """One record, by its serial or by its operation id."""
    with Cluster() as c:
        c.start()
        client = c.client()
        client.call("TRANSFER", "Ali", "Ben", 2, "ID", "breakfast")
        assert client.call("SHOW", 4)[:4] == [4, "Ben", "Victor", 85]
        assert client.call("SHOW", "ID", "breakfast") == client.call("SHOW", 10)
        assert refused(client, "SHOW", 11)[0] == "NOTFOUND"
        assert refused(client, "SHOW", "ID", "lunch")[0] == "NOTFOUND"
        a = c.walletctl("--json", "show", "--id", "breakfast")
        assert json.loads(a.out)["serial"] == 10, a
        a = c.walletctl("show", "4")
        assert a.status == 0 and "Victor" in a.out, a
        assert c.walletctl("show", "11").status == 1


def test_tip_and_status():
    """The tip covers the old records too; the status names the backends."""
    with Cluster() as c:
        c.start()
        serial, tip, time = c.client().call("TIP")
        assert (serial, tip, time) == (9, c.books().tip, None)
        assert tip in c.walletctl("tip").out
        a = c.walletctl("status")
        assert a.status == 0, a
        for name in "ABC":
            assert re.search(rf"^{name} +up ", a.out, re.M), a
        status = json.loads(c.walletctl("--json", "status").out)
        assert [b["name"] for b in status["backends"]] == ["A", "B", "C"], status
        assert status["serial"] == 9, status


def test_empty_ledger():
    """Nothing at all is a ledger too."""
    with Cluster(blocks={"A": "", "B": ""}) as c:
        c.start()
        client = c.client()
        assert client.call("TIP") == [0, books.ZEROS, None]
        assert client.call("LIST") == []
        assert client.call("TXLIST") == [c.main.statement, 0, books.ZEROS]
        assert client.call("OPEN", "a")[:2] == [1, 1000]
        assert client.call("OPEN", "b")[:2] == [2, 1000]
        assert client.call("TRANSFER", "a", "b", 1000)[:2] == [3, 0]
        assert c.books().balances == {"a": 0, "b": 2000}


def test_coin_has_a_name():
    """What the coins are called, and what a user starts with, is configured."""
    with Cluster(ledger={"coin": "beans", "initial_balance": 200}) as c:
        c.start()
        a = c.walletctl("balance", "Ali")
        assert a.out == 'The current balance of "Ali" is : 45 beans.\n', a
        assert refused(c.client(), "TRANSFER", "Ali", "Ben", 46) == (
            "INSUFFICIENT", '"Ali" was unable to transfer 46 beans to "Ben" because of '
            'insufficient balance. The current balance of "Ali" is : 45 beans.')


def test_block_files():
    """Chain, batches and the columns that the original's reader reads."""
    with Cluster() as c:
        c.start()
        client = c.client()
        answers = client.pipeline(
            [("TRANSFER", "Ali", "Ben", 1), ("TRANSFER", "Ben", "Ali", 1)] * 100)
        assert [a[0] for a in answers] == list(range(10, 210))
        b = c.books()
        assert any("b" in r.fields for r in b.records), "no batch of more than one"
        for path, records in b.blocks.items():
            assert list(books.original_reader(path)) == [
                (r.serial, r.sender, r.receiver, r.amount) for r in records]
        assert all(r.hash for r in b.records[9:])
        assert not any(r.hash for r in b.records[:9])


def test_every_change_is_found():
    """By the check of these tests: each byte of each block, the old records' too."""
    with Cluster() as c:
        c.start()
        c.client().pipeline([("TRANSFER", "Ali", "Ben", 7, "ID", "x", "MEMO", "y"),
                             ("TRANSFER", "Ben", "Ali", 7)])
        c.stop_all()
        c.books()
        for b in c.backends.values():
            text = b.text()
            for at, byte in enumerate(text):
                write_file(b.block, text[:at] + (b"2" if byte != 50 else b"3") + text[at + 1:])
                try:
                    c.books()
                except (AssertionError, ValueError):
                    continue
                raise AssertionError(f"{b.block}: byte {at} was changed unnoticed")
            write_file(b.block, text)


def test_a_block_without_its_last_newline():
    """The original merged two records into one."""
    blocks = {"A": "1 Ali Ben 5\r\n\n2 Ben Ali 3\r\n", "B": "3 Ali Ben 1"}
    with Cluster(blocks=blocks) as c:
        c.start()
        client = c.client()
        for i in range(20):
            client.call("TRANSFER", "Ali", "Ben", 1)
        assert len(c.books().records) == 23
        assert client.call("BALANCE", "Ali") == 1000 - 5 + 3 - 1 - 20


def test_any_order_of_start_and_stop():
    """Main before, between and behind the backends."""
    for order in itertools.permutations("ABM", 3):
        with Cluster(blocks={"A": "1 a b 5\n", "B": "2 b a 3\n"}) as c:
            for b in c.backends.values():
                b.reserve()
            for who in order:
                if who == "M":
                    c.main.launch()
                else:
                    c[who].start()
            c.main.wait_open()
            assert c.client().call("TRANSFER", "a", "b", 1)[0] == 3
            for who in order:
                (c.main if who == "M" else c[who]).stop()
            c.check_daemons()
            assert len(c.books().records) == 3


def test_restart_changes_no_answer():
    """Whoever restarts: balances, statistics, histories and lists stay."""
    questions = [("TIP",), ("LIST",), ("STATS", "Ali"), ("HISTORY", "Ben"), ("SHOW", "ID", "x")]
    questions += [("BALANCE", user) for user in SAMPLE_BALANCES]
    with Cluster() as c:
        c.start()
        client = c.client()
        client.call("TRANSFER", "Ali", "Ben", 5, "ID", "x", "MEMO", "y")
        client.pipeline([("TRANSFER", "Ben", "Ali", 1)] * 50)
        before = [client.call(*q) for q in questions]
        for name in "ABC":
            c[name].stop()
            c[name].start()
        wait_for(lambda: client.ask("LIST") == before[1], "all backends")
        assert [client.call(*q) for q in questions] == before
        c.main.stop()
        c.main.start()
        assert [c.client().call(*q) for q in questions] == before


def test_many_clients_at_once():
    """Twenty clients do everything; no coin is made or lost, nobody overdrawn."""
    with Cluster() as c:
        c.start()
        users = sorted(SAMPLE_BALANCES)

        def work(i):
            rng = random.Random(i)
            client = c.client(port=c.main.ports[i % 2])
            for n in range(60):
                a, b = rng.sample(users, 2)
                answer = client.ask("TRANSFER", a, b, rng.randint(1, 400), "ID", f"{i}.{n}")
                assert getattr(answer, "code", "INSUFFICIENT") == "INSUFFICIENT", answer
                if n % 10 == i % 10:
                    assert client.call("BALANCE", a) >= 0
                    client.call("STATS", a)
                    rows = client.call("HISTORY", b)
                    assert [r[0] for r in rows] == sorted(r[0] for r in rows)
                    assert all(r[8] >= 0 for r in rows), rows
            client.call("LIST")

        in_threads(20, work)
        b = c.books()
        assert b.coins() == 12000
        client = c.client()
        assert {u: client.call("BALANCE", u) for u in users} == b.balances
        assert sum(b.balances.values()) == 12000
        for user in users:
            assert client.call("STATS", user) == b.partners(user)
            assert [(r[0], r[8]) for r in client.call("HISTORY", user)] == b.history(user)


if __name__ == "__main__":
    run(globals())

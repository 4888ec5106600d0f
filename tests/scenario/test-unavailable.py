#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Backends that are stopped, killed, frozen or never came; a second main daemon.

What needs them is unavailable in bounded time, all else goes on, and their
return heals everything without a restart of anything.
"""

import json
import threading

from harness import (Cluster, EXIT_FENCED, SLOW, in_threads, refused, run, wait_for,
                     within)
from resp import Error, Refused

TIMEOUT = 2
NEED_ALL = (("STATS", "Ali"), ("HISTORY", "Ali"), ("LIST",), ("TXLIST",))


def cluster(**settings):
    return Cluster(main={"request_timeout": TIMEOUT, **settings})


def answered(client, *words):
    """The answer, once there is one that is no error."""
    def ask():
        answer = client.ask(*words)
        return None if isinstance(answer, Error) else (answer,)
    return wait_for(ask, words, 20)[0]


def check_without(c, name):
    """With the backend @name gone."""
    client = c.client()
    for i in range(20):
        with within(TIMEOUT + 2, "a transfer"):
            assert len(client.call("TRANSFER", "Ali", "Ben", 1, "ID", f"{name}{i}")) == 4
    for _ in range(5):
        with within(1, "a balance"):
            client.call("BALANCE", "Ali")
    for words in NEED_ALL:
        with within(TIMEOUT + 1.5, words):
            code, sentence = refused(client, *words)
        assert code == "UNAVAILABLE" and sentence, (words, code, sentence)
        with within(TIMEOUT + 1.5, words):
            a = c.walletctl(*[words[0].lower(), *words[1:]])
        assert a.status == 3 and a.out == "" and sentence in a.err, (words, a)
    status = json.loads(c.walletctl("--json", "status").out)
    states = {b["name"]: b["state"] for b in status["backends"]}
    assert states.pop(name) == "down" and set(states.values()) == {"up"}, status


def check_healed(c, old_client):
    """The old connection, the old main daemon: all answers from all blocks."""
    # Load on a quick machine makes more than the 1,000 that come unasked.
    rows = answered(old_client, "LIST", "COUNT", 10000)
    b = c.books()
    assert [r[:4] for r in rows] == [[r.serial, r.sender, r.receiver, r.amount]
                                     for r in b.records]
    assert answered(old_client, "STATS", "Ali") == b.partners("Ali")
    assert [(r[0], r[8]) for r in answered(old_client, "HISTORY", "Ali", "COUNT", 10000)
            ] == b.history("Ali")
    assert answered(old_client, "TXLIST")[1] == len(b.records)
    with open(c.main.statement, encoding="utf-8") as f:
        assert f.read() == b.statement()
    assert b.coins() == 12000
    assert c.walletctl("status").status == 0
    c.check_alive()


def test_stopped():
    with cluster() as c:
        c.start()
        client = c.client()
        c["B"].stop()
        check_without(c, "B")
        c["B"].start()
        check_healed(c, client)


def test_killed():
    with cluster() as c:
        c.start()
        client = c.client()
        c["A"].kill()
        check_without(c, "A")
        c["A"].start()
        check_healed(c, client)


def test_frozen():
    """Nobody says that it is gone: only its silence does."""
    with cluster(request_timeout=2 * TIMEOUT) as c:
        c.start()
        client = c.client()
        c["C"].daemon.freeze()
        check_without(c, "C")
        c["C"].daemon.thaw()
        check_healed(c, client)


def test_each_in_turn():
    """Under load, each backend is killed and comes back; no transfer is lost or doubled."""
    with cluster() as c:
        c.start()
        done = threading.Event()
        receipts = {}

        def load(i):
            client = c.client()
            n = 0
            while not done.is_set():
                n += 1
                answer = answered(client, "TRANSFER", "Ali", "Ben", 1, "ID", f"{i}.{n}")
                receipts[f"{i}.{n}"] = answer[0]
                answered(client, "TRANSFER", "Ben", "Ali", 1)

        def trouble():
            try:
                for name in "ABC":
                    seen = len(receipts)
                    c[name].kill()
                    wait_for(lambda n=seen: len(receipts) > n + 50, "transfers without it")
                    c[name].start()
                    wait_for(lambda n=name: "state=up" in c.main.info()[f"backend_{n}"], name)
            finally:
                done.set()

        # The daemons live with the thread that started them: this one.
        errors = []
        loads = [threading.Thread(target=guard(load, errors), args=(i,), daemon=True)
                 for i in range(4)]
        for t in loads:
            t.start()
        trouble()
        for t in loads:
            t.join(30 * SLOW)
        assert not errors, errors
        b = c.books()
        assert {i: b.ids.get(i) for i in receipts} == receipts
        check_healed(c, c.client())


def guard(function, errors):
    def guarded(*args):
        try:
            function(*args)
        except BaseException as e:  # pylint: disable=broad-except
            errors.append(e)
    return guarded


def test_one_never_came():
    """Main is up, says whom it waits for, and opens when that one comes."""
    with cluster(start_wait=1) as c:
        c["A"].start()
        c["B"].start()
        c["C"].reserve()
        c.main.launch()
        client = c.client()
        assert client.call("PING") == "PONG"
        for words in (("BALANCE", "Ali"), ("TRANSFER", "Ali", "Ben", 1), ("OPEN", "x"),
                      ("SHOW", 1), ("TIP",), *NEED_ALL):
            with within(TIMEOUT + 1.5, words):
                assert refused(client, *words)[0] == "UNAVAILABLE", words
        a = c.walletctl("balance", "Ali")
        assert a.status == 3 and a.out == "", a
        a = c.walletctl("--timeout", "1", "transfer", "Ali", "Ben", "1")
        assert a.status == 3 and "Nothing happened" in a.err, a
        a = c.walletctl("--json", "status")
        status = json.loads(a.out)
        assert a.status == 3 and status["waiting_for"] == "C", a
        c.main.daemon.wait_line("not open yet: waiting for backend C")
        c["C"].start()
        c.main.wait_open()
        assert client.call("BALANCE", "Ali") == 845
        assert len(c.books().records) == 9
        c.check_alive()


def settle(c, ids):
    """Each id again, until its receipt: once in the blocks."""
    client = c.client()
    receipts = {i: answered(client, "TRANSFER", "Ali", "Ben", 1, "ID", i) for i in ids}
    b = c.books()
    for i, receipt in receipts.items():
        r = b.record(receipt[0])
        assert (r.id, r.hash, r.sender, r.amount) == (i, receipt[3], "Ali", 1), (i, receipt)
    assert client.call("BALANCE", "Ali") == 845 - len(ids)
    assert len(b.records) == 9 + len(ids)


def check_nobody_there(c, go, come_back):
    go()
    outcomes = {}

    def order(i):
        with within(TIMEOUT + 1.5, "a transfer"):
            outcomes[f"id{i}"] = refused(c.client(), "TRANSFER", "Ali", "Ben", 1, "ID", f"id{i}")[0]

    # The first begins a batch, the second finds it in flight, the others overdue.
    in_threads(2, order)
    in_threads(2, lambda i: order(2 + i))
    client = c.client()
    assert set(outcomes.values()) <= {"UNAVAILABLE", "UNKNOWN"}, outcomes
    with within(2 * TIMEOUT + 2, "walletctl"):
        a = c.walletctl("--timeout", str(TIMEOUT), "transfer", "Ali", "Ben", "1", "--id", "w")
    assert a.status in (3, 4) and a.out == "", a
    # From memory it may not answer either: another one could serve by now.
    wait_for(lambda: refused(client, "BALANCE", "Ali")[0] == "UNAVAILABLE", "no balance")
    come_back()
    if a.status == 4:
        assert wait_for(lambda: c.walletctl("resume").status == 0, "the order of walletctl", 20)
        assert c.walletctl("resume").out == ""
    settle(c, [*outcomes, "w"])
    c.check_alive()


def test_all_killed():
    with cluster() as c:
        c.start()

        def go():
            for b in c.backends.values():
                b.kill()

        def come_back():
            for b in c.backends.values():
                b.start()
        check_nobody_there(c, go, come_back)


def test_all_frozen():
    with cluster() as c:
        c.start()

        def go():
            for b in c.backends.values():
                b.daemon.freeze()

        def come_back():
            for b in c.backends.values():
                b.daemon.thaw()
        check_nobody_there(c, go, come_back)


def test_waiting_is_nobody_elses_trouble():
    """Fifty who wait for an answer that cannot come hold up no balance."""
    with cluster() as c:
        c.start()
        c["B"].daemon.freeze()
        waiting = [c.client() for _ in range(50)]
        for client in waiting:
            client.send("LIST")
        client = c.client()
        for _ in range(100):
            with within(0.5, "a balance"):
                client.call("BALANCE", "Ali")
        for w in waiting:
            assert w.receive().code == "UNAVAILABLE"
        c["B"].daemon.thaw()


def test_second_main_takes_over():
    """The first is fenced off, says so and ends; every receipt of it stands."""
    with cluster() as c:
        c.start()
        second = c.another_main()
        receipts = {}
        unsettled = {}
        first_port = c.main.port

        def load(i):
            with c.client(port=first_port) as client:
                for n in range(100000):
                    key = f"{i}.{n}"
                    unsettled[i] = key
                    receipt = client.call("TRANSFER", "Ali", "Ben", 1, "ID", key)
                    receipts[key] = receipt
                    client.call("TRANSFER", "Ben", "Ali", 1)

        errors = []
        loads = [threading.Thread(target=guard(load, errors), args=(i,), daemon=True)
                 for i in range(4)]
        for t in loads:
            t.start()
        wait_for(lambda: len(receipts) > 100, "load")
        second.start()
        assert c.main.daemon.wait_exit() == EXIT_FENCED
        for t in loads:
            t.join(10 * SLOW)
        for e in errors:
            assert isinstance(e, (EOFError, OSError, Refused)), repr(e)
        assert c.main.daemon.find("replaced|another main daemon|fenced"), "it did not say why"

        first, c.main = c.main, second
        client = c.client()
        for key in unsettled.values():
            receipts[key] = client.call("TRANSFER", "Ali", "Ben", 1, "ID", key)
        b = c.books()
        for key, receipt in receipts.items():
            r = b.record(receipt[0])
            assert (r.id, r.hash) == (key, receipt[3]), key
        assert b.coins() == 12000
        assert client.call("BALANCE", "Ali") == b.balances["Ali"]
        assert not first.daemon.running()
        c.check_alive()


def test_main_that_slept():
    """Suspended and replaced meanwhile, it shows nobody a balance of old."""
    with cluster() as c:
        c.start()
        client = c.client()
        assert client.call("BALANCE", "Ali") == 845
        c.main.daemon.freeze()
        second = c.another_main()
        second.start()
        assert second.client().call("TRANSFER", "Ali", "Ben", 45)[1] == 800
        for _ in range(20):
            client.send("BALANCE", "Ali")
        client.send("TRANSFER", "Ali", "Ben", 845, "ID", "late")
        first, c.main = c.main.daemon, second
        first.thaw()
        try:
            answers = [client.receive() for _ in range(21)]
        except (EOFError, ConnectionResetError):
            answers = []
        assert all(isinstance(a, Error) and a.code in ("UNAVAILABLE", "UNKNOWN")
                   for a in answers), answers
        assert first.wait_exit() == EXIT_FENCED
        b = c.books()
        assert "late" not in b.ids and b.balances["Ali"] == 800
        c.check_alive()


def test_three_in_a_row():
    """Each new main daemon is the one; what the others recorded is there."""
    with cluster() as c:
        c.start()
        for n in range(3):
            assert c.client().call("TRANSFER", "Ali", "Ben", 1)[0] == 10 + n
            client = c.client()
            old, c.main = c.main.daemon, c.another_main()
            c.main.start()
            # It would find out by itself within ten seconds; asked, at once.
            client.send("TRANSFER", "Ali", "Ben", 1)
            assert old.wait_exit() == EXIT_FENCED
        assert c.client().call("BALANCE", "Ali") == 842
        c.check_alive()


def test_answers_of_many_while_one_comes_and_goes():
    """An answer is complete or unavailable, never computed from a part."""
    with cluster() as c:
        c.start()
        total = [len(c.books().records)]
        done = threading.Event()

        def ask(_):
            client = c.client()
            while not done.is_set():
                least = total[0]
                answer = client.ask("LIST", "COUNT", 10000)
                if isinstance(answer, Error):
                    assert answer.code == "UNAVAILABLE", answer
                else:
                    serials = [r[0] for r in answer]
                    assert serials == list(range(1, len(serials) + 1)), serials
                    assert len(serials) >= least, (len(serials), least)

        errors = []
        threads = [threading.Thread(target=guard(ask, errors), args=(i,), daemon=True)
                   for i in range(4)]
        for t in threads:
            t.start()
        client = c.client()
        for name in "ABCABC":
            c[name].kill()
            for _ in range(10):
                total[0] = max(total[0], answered(client, "TRANSFER", "Ali", "Ben", 1)[0])
            c[name].start()
            for _ in range(10):
                total[0] = max(total[0], answered(client, "TRANSFER", "Ben", "Ali", 1)[0])
        done.set()
        for t in threads:
            t.join(20 * SLOW)
        assert not errors, errors
        assert len(c.books().records) == total[0]


if __name__ == "__main__":
    run(globals())

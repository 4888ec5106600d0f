#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Disks that stall: whoever does not need them is answered meanwhile, the
service manager too, and what waits for them is answered afterwards."""

import contextlib
import os
import threading
import time

from harness import SLOW, TOP_BUILD, Cluster, run, wait_for
from manager import Notify

# Longer than a sync may take before it is told, and than silence of a backend.
STALL_SECONDS = 3
WATCHDOG_SECONDS = 1


class Stall:
    """As long as its file is there, the disk of those with its env() stalls."""

    def __init__(self, cluster):
        self.path = cluster.path("stall")

    def env(self):
        return {"STALL": self.path,
                "LD_PRELOAD": os.path.join(TOP_BUILD, "tests/scenario/stall.so"),
                # Loaded before the run-time of the sanitizers, it is none of their business.
                "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}

    @contextlib.contextmanager
    def on(self):
        with open(self.path, "w", encoding="ascii"):
            pass
        try:
            yield
        finally:
            self.off()

    def off(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


def watched(manager):
    return {**manager.env, "WATCHDOG_USEC": str(WATCHDOG_SECONDS * 1000000)}


def feeds(manager):
    return sum("WATCHDOG=1" in m for m in manager.messages)


class Later:
    """A call in a thread of its own, by a client of its own."""

    def __init__(self, c, *words):
        self.client = c.client(60)
        self.answer = None
        self.at = None
        self.thread = threading.Thread(target=self._run, args=words, daemon=True)
        self.thread.start()

    def _run(self, *words):
        self.answer = self.client.call(*words)
        self.at = time.monotonic()

    def wait(self):
        self.thread.join(30 * SLOW)
        assert not self.thread.is_alive(), "never answered"
        return self.answer


def ask_everything(client, partners, records):
    """Of main, and of every backend."""
    begin = time.monotonic()
    assert client.call("BALANCE", "Ali") == 845
    assert len(client.call("STATS", "Chinmay")) == partners
    assert len(client.call("HISTORY", "Chinmay")) >= 1
    assert len(client.call("LIST")) == records
    return time.monotonic() - begin


def test_reads_go_on():
    """One backend, so the transfer has nowhere else to go."""
    with Cluster(blocks={"A": "1 Ali Luke 155\n2 Chinmay Oliver 129\n"},
                 main={"request_timeout": 30}) as c:
        stall = Stall(c)
        manager = c.opened(Notify(c.path("notify")))
        c["A"].env = {**stall.env(), **watched(manager)}
        c.start()
        client = c.client()
        with stall.on():
            transfer = Later(c, "TRANSFER", "Chinmay", "Ali", "5")
            c["A"].daemon.wait_line("has not made a batch durable for 1")
            begin = time.monotonic()
            fed = feeds(manager)
            rounds = 0
            while time.monotonic() - begin < STALL_SECONDS:
                took = ask_everything(client, 1, 2)
                assert took < STALL_SECONDS / 2 * SLOW, f"answered after {took} s"
                rounds += 1
                time.sleep(0.05)
            assert transfer.at is None, "answered before it was durable"
            assert len(c["A"].records()) == 3, "not even written"
            assert rounds > 5, rounds
            assert feeds(manager) - fed >= 2, "the watchdog went hungry"
            assert not c["A"].daemon.find("durable, after"), "it was not that slow"
        assert transfer.wait()[0] == 3
        assert c["A"].daemon.wait_line(r"made a batch durable, after [3-9]")
        assert client.call("BALANCE", "Ali") == 850
        c.check_daemons()


def test_another_takes_the_batch():
    """Its disk stalls, the others' do not: transfers go on without it, and with
    it when it is well."""
    with Cluster(main={"request_timeout": 30}) as c:
        stall = Stall(c)
        c["A"].env = stall.env()
        c.start()
        client = c.client()
        n = 0
        with stall.on():
            # Until one is drawn for A; then all others go elsewhere.
            while not c.main.daemon.find(
                    "A takes no transactions at the moment: its disk takes long"):
                assert client.call("TRANSFER", "Ali", "Ben", "1")[0] == 10 + n
                n += 1
            begin = time.monotonic()
            for _ in range(20):
                assert client.call("TRANSFER", "Ali", "Ben", "1")[0] == 10 + n
                n += 1
            assert time.monotonic() - begin < 10 * SLOW
            assert client.call("BALANCE", "Ben") == 915 + n
            assert len(client.call("LIST")) == 9 + n
        before = len(c["A"].records())

        def is_used():
            nonlocal n
            assert client.call("TRANSFER", "Ali", "Ben", "1")[0] == 10 + n
            n += 1
            return len(c["A"].records()) > before
        wait_for(is_used, "the backend to be used again", 20)
        assert not c.main.daemon.find("Backend A does not answer")
        books = c.books()
        assert books.balances["Ben"] == 915 + n
        assert client.call("VERIFY")


def test_stop_waits_for_the_disk():
    """SIGTERM in a sync: what was begun is finished, answered, and kept."""
    with Cluster(blocks={"A": "1 Ali Luke 155\n"}, main={"request_timeout": 30}) as c:
        stall = Stall(c)
        c["A"].env = stall.env()
        c.start()
        with stall.on():
            transfer = Later(c, "TRANSFER", "Luke", "Ali", "5")
            wait_for(lambda: len(c["A"].records()) == 2, "the batch to be written")
            c["A"].daemon.signal(15)
            # It is not to be seen that it waits; that it has ended would be.
            time.sleep(1)
            assert c["A"].daemon.running(), "ended in the middle of a sync"
            assert transfer.at is None
        assert transfer.wait()[0] == 2
        assert c["A"].daemon.wait_exit() == 0


def test_statement_does_not_hold_up():
    """Transfers and everything else go on while a statement is synced."""
    with Cluster() as c:
        stall = Stall(c)
        manager = c.opened(Notify(c.path("notify")))
        c.main.env = {**stall.env(), **watched(manager)}
        c.start()
        client = c.client()
        with stall.on():
            statement = Later(c, "TXLIST")
            wait_for(lambda: os.path.exists(c.main.statement + ".tmp"), "the statement to be begun")
            second = Later(c, "TXLIST")
            begin = time.monotonic()
            fed = feeds(manager)
            n = 0
            while time.monotonic() - begin < STALL_SECONDS:
                assert client.call("TRANSFER", "Ali", "Ben", "1")[0] == 10 + n
                n += 1
                assert client.call("BALANCE", "Ben") == 915 + n
                time.sleep(0.05)
            assert n > 5, n
            assert feeds(manager) - fed >= 2, "the watchdog went hungry"
            assert statement.at is None and second.at is None, "told before it was durable"
            assert not os.path.exists(c.main.statement), "replaced before it was durable"
        assert statement.wait()[1] == 9, statement.answer
        assert second.wait()[1] > 9, second.answer
        c.check_daemons()


if __name__ == "__main__":
    run(globals())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Restarts under load: nobody is refused a connection, no transfer is lost or doubled.

$CHAIN_RESTART_SECONDS is how long the daemons are restarted, one after the other.
"""

import itertools
import os
import random
import threading
import time

import machine
from machine import BACKENDS, UNITS, booted, harness, wait_for

import books  # pylint: disable=wrong-import-order

SECONDS = int(os.environ.get("CHAIN_RESTART_SECONDS", "12"))
CLIENTS = 50
# A start, and what was being done before it, takes no longer.
LONGEST_WAIT = 10
USERS = sorted(harness.SAMPLE_BALANCES)
harness.TEST_SECONDS = SECONDS * 2 + 120

# The connection was there and is gone: the daemon that served it has ended.
GONE = (EOFError, ConnectionResetError, BrokenPipeError)


class Load:
    """Clients that are never idle, and what they were told."""

    def __init__(self, m):
        self.machine = m
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.receipts = {}
        self.refused = set()
        self.balances = 0
        self.unavailable = 0
        self.reconnected = 0
        self.longest = 0.0
        self.errors = []
        self.threads = [threading.Thread(target=self.guarded, args=(i,), daemon=True)
                        for i in range(CLIENTS)]

    def start(self):
        for t in self.threads:
            t.start()

    def stop(self):
        self.over.set()
        deadline = time.monotonic() + LONGEST_WAIT * 2 * harness.SLOW
        for t in self.threads:
            t.join(max(0, deadline - time.monotonic()))
        assert not self.errors, self.errors[0]
        assert not any(t.is_alive() for t in self.threads), "clients that wait for ever"

    def guarded(self, number):
        try:
            self.work(number)
        except BaseException as e:  # pylint: disable=broad-except
            # A refused connection is one of these.
            self.errors.append(e)
            self.over.set()

    def work(self, number):
        draw = random.Random(number)
        client = self.machine.client()
        for count in itertools.count():
            if self.over.is_set():
                client.close()
                return
            key = f"{number}-{count}"
            if count % 4:
                sender, receiver = draw.sample(USERS, 2)
                order = ("TRANSFER", sender, receiver, 1, "ID", key)
            else:
                order = ("BALANCE", draw.choice(USERS))
            begin = time.monotonic()
            client, answer = self.insist(client, order)
            with self.lock:
                self.longest = max(self.longest, time.monotonic() - begin)
                self.note(key, order, answer)

    def insist(self, client, order):
        """Until it is done or refused: the same order, on a new connection if need be."""
        while True:
            try:
                answer = client.ask(*order)
            except GONE:
                client.close()
                self.reconnected += 1
                client = self.machine.client()
                continue
            if getattr(answer, "code", None) not in ("UNAVAILABLE", "UNKNOWN"):
                return client, answer
            self.unavailable += 1
            time.sleep(0.01)

    def note(self, key, order, answer):
        if order[0] == "BALANCE":
            assert isinstance(answer, int), answer
            self.balances += 1
        elif isinstance(answer, list):
            self.receipts[key] = answer[0]
        else:
            assert answer.code == "INSUFFICIENT", answer
            self.refused.add(key)


def check_books(m, load):
    """What was told is what stands in the blocks, each once."""
    ledger = books.Books([m.path(f"/var/lib/alichain/{name}/{file}")
                          for name, file in harness.SAMPLE.items()])
    assert ledger.coins() == 12000
    stored = {key: serial for key, serial in ledger.ids.items()}
    lost = set(load.receipts) - set(stored)
    assert not lost, f"{len(lost)} receipts are not in the books, such as {sorted(lost)[:3]}"
    invented = set(stored) - set(load.receipts)
    assert not invented, f"{len(invented)} records have no receipt, such as {sorted(invented)[:3]}"
    for key, serial in load.receipts.items():
        assert stored[key] == serial, (key, stored[key], serial)
    with m.client() as client:
        for user in USERS:
            assert client.call("BALANCE", user) == ledger.balances[user], user


def busy(load):
    """Until all of them were answered again."""
    with load.lock:
        before = len(load.receipts)
    wait_for(lambda: load.errors or len(load.receipts) > before + 2 * CLIENTS, "transfers")
    assert not load.errors, load.errors[0]


def hurt_and_heal(m, load, actions):
    """Each action in turn, under load, until the time is up; how many there were."""
    load.start()
    busy(load)
    deadline = time.monotonic() + SECONDS
    for count, action in enumerate(itertools.cycle(actions), 1):
        # An administrator who does nothing else runs into the start limit.
        m.systemctl("reset-failed", *UNITS, "chain-main.socket",
                    *(f"chain-backend@{name}.socket" for name in BACKENDS))
        action()
        busy(load)
        if time.monotonic() > deadline:
            load.stop()
            return count
    return 0


def report(load, count, what):
    print(f"{count} {what}: {len(load.receipts)} transfers, {load.balances} balances, "
          f"longest wait {load.longest:.2f} s, {load.reconnected} times connected anew, "
          f"{load.unavailable} times unavailable")
    assert load.longest < LONGEST_WAIT * harness.SLOW, load.longest


def test_restart():
    """systemctl restart, of the main daemon and of each backend."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        load = Load(m)
        count = hurt_and_heal(m, load, [lambda u=unit: m.systemctl("restart", u)
                                        for unit in UNITS])
        report(load, count, "restarts")
        check_books(m, load)


def test_crash():
    """The same for daemons that are killed: the manager brings them back."""
    with booted() as m:
        m.systemctl("enable", "--now", "chain.target")
        load = Load(m)

        def kill(unit):
            pid = m.show_property(unit, "MainPID")
            m.systemctl("kill", "--kill-whom=main", "-s", "KILL", unit)
            wait_for(lambda: m.show_property(unit, "MainPID") not in ("0", pid) and
                     m.state(unit) == "active", f"{unit} to be back")

        count = hurt_and_heal(m, load, [lambda u=unit: kill(u) for unit in UNITS])
        report(load, count, "crashes")
        check_books(m, load)


if __name__ == "__main__":
    machine.run(globals())

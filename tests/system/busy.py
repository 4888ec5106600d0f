# SPDX-License-Identifier: MIT
"""Clients that are never idle, whatever becomes of the daemons, and what they were told.

    load = busy.Load(m, 50)
    load.start()
    load.wait_progress()        # all of them were answered again
    load.stop()
    print(load.report())
    busy.check_books(m, load)

A refused connection, an answer that cannot be, or one that does not come at all
fails the test.
"""

import itertools
import random
import threading
import time

from machine import harness, wait_for

import books  # pylint: disable=wrong-import-order

USERS = sorted(harness.SAMPLE_BALANCES)
# The connection was there and is gone: the daemon that served it has ended.
GONE = (EOFError, ConnectionResetError, BrokenPipeError)
# One in so many is a client that connects anew for each order.
FRESH = 5


class Load:
    """Threads with a connection each."""

    def __init__(self, m, clients):
        self.machine = m
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.receipts = {}
        self.balances = 0
        self.connected = 0
        self.unavailable = 0
        self.longest = 0.0
        self.errors = []
        self.threads = [threading.Thread(target=self.guarded, args=(i,), daemon=True)
                        for i in range(clients)]

    def start(self):
        for t in self.threads:
            t.start()

    def stop(self, seconds=20):
        """What was begun is brought to an end."""
        self.over.set()
        deadline = time.monotonic() + seconds * harness.SLOW
        for t in self.threads:
            t.join(max(0, deadline - time.monotonic()))
        assert not self.errors, self.errors[0]
        assert not any(t.is_alive() for t in self.threads), "clients that wait for ever"

    def wait_progress(self):
        """Until there were two more transfers for each of them."""
        with self.lock:
            before = len(self.receipts)
        wait_for(lambda: self.errors or
                 len(self.receipts) > before + 2 * len(self.threads), "transfers", 20)
        assert not self.errors, self.errors[0]

    def report(self):
        return (f"{len(self.receipts)} transfers, {self.balances} balances, "
                f"longest wait {self.longest:.2f} s, {self.connected} connections, "
                f"{self.unavailable} times unavailable")

    def guarded(self, number):
        try:
            self.work(number)
        except BaseException as e:  # pylint: disable=broad-except
            # A refused connection is one of these.
            self.errors.append(e)
            self.over.set()

    def connect(self):
        with self.lock:
            self.connected += 1
        return self.machine.client()

    def work(self, number):
        draw = random.Random(number)
        client = self.connect()
        for count in itertools.count():
            if self.over.is_set():
                break
            key = f"{number}-{count}"
            if count % 4:
                sender, receiver = draw.sample(USERS, 2)
                order = ("TRANSFER", sender, receiver, 1, "ID", key)
            else:
                order = ("BALANCE", draw.choice(USERS))
            begin = time.monotonic()
            if number % FRESH == 0:
                client.close()
                client = self.connect()
            client, answer = self.insist(client, order)
            with self.lock:
                self.longest = max(self.longest, time.monotonic() - begin)
                self.note(key, order, answer)
        client.close()

    def insist(self, client, order):
        """Until it is done or refused: the same order, on a new connection if need be."""
        while True:
            try:
                answer = client.ask(*order)
            except GONE:
                client.close()
                client = self.connect()
                continue
            if getattr(answer, "code", None) not in ("UNAVAILABLE", "UNKNOWN"):
                return client, answer
            with self.lock:
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


def check_books(m, load):
    """What was told is what stands in the blocks, each once."""
    ledger = books.Books([m.path(f"/var/lib/alichain/{name}/{file}")
                          for name, file in harness.SAMPLE.items()])
    assert ledger.coins() == 12000
    lost = set(load.receipts) - set(ledger.ids)
    assert not lost, f"{len(lost)} receipts are not in the books, such as {sorted(lost)[:3]}"
    invented = set(ledger.ids) - set(load.receipts)
    assert not invented, f"{len(invented)} records have no receipt, such as {sorted(invented)[:3]}"
    for key, serial in load.receipts.items():
        assert ledger.ids[key] == serial, (key, ledger.ids[key], serial)
    with m.client() as client:
        for user in USERS:
            assert client.call("BALANCE", user) == ledger.balances[user], user

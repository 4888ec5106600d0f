# SPDX-License-Identifier: MIT
"""Clients that keep a ledger busy, whatever happens to it, and tell an oracle
what they heard."""

import random
import threading
import time

import resp
from harness import SAMPLE_BALANCES, SLOW
from oracle import AGAIN

# Of what has to come to an end when nothing is in its way any more.
SETTLE_SECONDS = 40
# An answer after this is as good as none; main's own deadline is among them.
TIMEOUTS = (0.2, 3, 3, 10)
# An order is left open so often that is not settled by an attempt.
GIVE_UP = 0.1
LOST = (OSError, EOFError)


class Load:
    """Some clients, each in a thread of its own, until finish()."""

    def __init__(self, cluster, oracle, seed, clients=6, pause=0.004):
        self.cluster = cluster
        self.oracle = oracle
        self.seed = seed
        self.pause = pause
        self.done = threading.Event()
        self.errors = []
        self.users = sorted(SAMPLE_BALANCES)
        self.busy = [Busy(self, i) for i in range(clients)]
        self.threads = [threading.Thread(target=self._guarded, args=(b,), daemon=True)
                        for b in self.busy]
        for t in self.threads:
            t.start()

    def _guarded(self, busy):
        try:
            busy.run()
        except BaseException as e:  # pylint: disable=broad-except
            self.errors.append(e)

    def check(self):
        if self.errors:
            raise self.errors[0]

    def finish(self):
        """Every client ends with what it is at; @SETTLE_SECONDS at most."""
        self.done.set()
        deadline = time.monotonic() + (SETTLE_SECONDS + max(TIMEOUTS)) * SLOW
        for t in self.threads:
            t.join(max(0, deadline - time.monotonic()))
        self.check()
        assert not any(t.is_alive() for t in self.threads), "clients that do not end"


class Busy:
    """One client."""

    def __init__(self, load, number):
        self.load = load
        self.oracle = load.oracle
        self.number = number
        self.rng = random.Random(f"{load.seed} client {number}")
        self.connection = None
        self.orders = 0
        self.settled = []

    def run(self):
        actions = {self.transfer: 20, self.several: 8, self.again: 3, self.other: 1,
                   self.open: 1, self.balance: 6, self.tip: 2, self.list: 1,
                   self.history: 1, self.stats: 1, self.show: 1}
        while not self.load.done.is_set():
            action, = self.rng.choices(list(actions), actions.values())
            action()
            time.sleep(self.rng.random() * 2 * self.load.pause)
        self.hang_up()

    # --- The connection

    def hang_up(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def connect(self):
        """Now and then with a port that is another, and with less patience."""
        if self.connection and self.rng.random() < 0.02:
            self.hang_up()
        if not self.connection:
            port = self.rng.choice(self.load.cluster.main.ports)
            timeout = self.rng.choice(TIMEOUTS) * SLOW
            self.connection = resp.Client(port, timeout)
        return self.connection

    def ask(self, *words):
        """An answer, an error among them; or None if there was none."""
        try:
            return self.connect().ask(*words)
        except LOST:
            self.hang_up()
            time.sleep(0.01)
            return None

    # --- What changes the ledger

    def make_order(self, receiver=None, amount=None):
        users = self.load.users
        sender = self.rng.choice(users)
        receiver = receiver or self.rng.choice([u for u in users if u != sender])
        amount = amount or self.rng.choice((1, 5, 20, 100, 400, 10**6))
        return self.new(sender, receiver, amount)

    def new(self, sender, receiver, amount):
        self.orders += 1
        memo = f"memo-{self.number}-{self.orders}"
        key = f"id-{self.number}-{self.orders}" if self.rng.random() < 0.8 else None
        return self.oracle.order(memo, key, sender, receiver, amount)

    def heard(self, order, answer):
        settled = order.hear(answer)
        if order.receipt:
            self.settled.append(order)
        return settled

    def attempt(self, order):
        """Once.  Where nothing was sent, nothing can have happened."""
        try:
            connection = self.connect()
        except LOST:
            return False
        try:
            return self.heard(order, connection.ask(*order.words()))
        except LOST:
            self.hang_up()
            return self.heard(order, None)

    def settle(self, order):
        """With an id, again and again; without one, or tired of it, not."""
        deadline = time.monotonic() + SETTLE_SECONDS * SLOW
        while order.key or not order.doubt:
            if self.attempt(order):
                return
            assert time.monotonic() < deadline, f"not settled: {order}"
            if not self.load.done.is_set() and self.rng.random() < GIVE_UP:
                break
            time.sleep(0.02)
        order.give_up()

    def transfer(self):
        self.settle(self.make_order())

    def several(self):
        """In one breath."""
        orders = [self.make_order() for _ in range(self.rng.randint(2, 20))]
        unsettled = []
        heard = 0
        try:
            connection = self.connect()
            connection.write(b"".join(resp.command(*o.words()) for o in orders))
            for o in orders:
                if not self.heard(o, connection.receive()):
                    unsettled.append(o)
                heard += 1
        except LOST:
            # At the latest, some of it had been sent.
            if self.connection:
                for o in orders[heard:]:
                    o.doubt = True
            self.hang_up()
        for o in unsettled + orders[heard:]:
            self.settle(o)

    def open(self):
        user = f"user-{self.number}-{self.orders}"
        order = self.new(user, user, 0)
        self.settle(order)
        if order.receipt:
            self.load.users.append(user)

    def again(self):
        """What is settled gets its first receipt, for ever."""
        order = self.one_of_mine()
        if not order:
            return
        answer = self.ask(*order.words())
        if isinstance(answer, resp.Error):
            assert answer.code in AGAIN, (order, answer)
        elif answer is not None:
            assert answer == order.receipt, (order, answer)

    def other(self):
        """The same id for another order is refused; it would show in the books."""
        order = self.one_of_mine()
        if not order:
            return
        other = self.oracle.order(f"{order.memo}-other-{self.rng.random()}", order.key,
                                  order.sender, order.receiver, order.amount)
        other.refused = True
        answer = self.ask(*other.words())
        if answer is not None:
            assert isinstance(answer, resp.Error), (other, answer)
            assert answer.code in (*AGAIN, "IDREUSED"), (other, answer)

    def one_of_mine(self):
        mine = [o for o in self.settled[-100:] if o.key]
        return self.rng.choice(mine) if mine else None

    # --- What only looks

    def look(self, kind, words, about=()):
        begun = time.monotonic()
        answer = self.ask(*words)
        if answer is None:
            return
        if not isinstance(answer, resp.Error):
            self.oracle.read(kind, about, answer, begun)
        else:
            assert answer.code == "UNAVAILABLE", (words, answer)

    def balance(self):
        user = self.rng.choice(self.load.users)
        self.look("balance", ("BALANCE", user), (user,))

    def tip(self):
        self.look("tip", ("TIP",))

    def recent(self):
        """A serial from where on to ask."""
        last = self.settled[-1].receipt[0] if self.settled else 1
        return max(1, last - self.rng.randrange(200))

    def list(self):
        start, count = self.recent(), self.rng.choice((5, 1000))
        self.look("list", ("LIST", "FROM", start, "COUNT", count), (start, count))

    def history(self):
        user, start = self.rng.choice(self.load.users), self.recent()
        self.look("history", ("HISTORY", user, "FROM", start, "COUNT", 1000),
                  (user, start, 1000))

    def stats(self):
        user = self.rng.choice(self.load.users)
        self.look("stats", ("STATS", user), (user,))

    def show(self):
        order = self.one_of_mine()
        if not order:
            return
        answer = self.ask("SHOW", "ID", order.key)
        if isinstance(answer, resp.Error):
            assert answer.code == "UNAVAILABLE", (order, answer)
        elif answer is not None:
            assert [answer[0], answer[7]] == [order.receipt[0], order.receipt[3]], answer

# SPDX-License-Identifier: MIT
"""What clients were told, and whether the books agree with all of it.

An order is known again in the books by its memo, which is unique.  Times are
those of the clients: before a request was sent, after its answer had come.
"""

import bisect
import time

import resp

REFUSALS = ("INSUFFICIENT", "NOUSER", "EXISTS")
AGAIN = ("UNAVAILABLE", "UNKNOWN")


class Order:
    """Something that shall change the ledger, and what its client knows of it."""

    def __init__(self, memo, key, sender, receiver, amount):
        self.memo = memo
        self.key = key
        self.sender = sender
        self.receiver = receiver
        self.amount = amount
        self.begun = time.monotonic()
        self.told = None
        self.receipt = None
        # Not in the books, now or ever.
        self.refused = False
        # An attempt may have gone through.
        self.doubt = False

    @property
    def opening(self):
        return self.sender == self.receiver

    def words(self):
        words = ["OPEN", self.sender] if self.opening else [
            "TRANSFER", self.sender, self.receiver, self.amount]
        return [*words, *(["ID", self.key] if self.key else []), "MEMO", self.memo]

    def done(self, receipt):
        """A receipt: serial, sender's new balance, time, hash."""
        self.told = time.monotonic()
        self.receipt = receipt

    def hear(self, answer):
        """What an attempt brought; None: no answer.  Is the order settled?"""
        if isinstance(answer, list):
            self.done(answer)
            return True
        if answer is None:
            self.doubt = True
            return False
        assert isinstance(answer, resp.Error), (self, answer)
        if answer.code in REFUSALS:
            self.refused = True
            return True
        assert answer.code in AGAIN, (self, answer)
        self.doubt |= answer.code == "UNKNOWN"
        return False

    def give_up(self):
        """If all attempts were unavailable, nothing happened."""
        self.refused = not self.doubt

    def __repr__(self):
        return f"{self.words()} -> {self.receipt or ('refused' if self.refused else 'unknown')}"


class Read:
    """An answer that changes nothing: of what kind, to what, and when."""

    def __init__(self, kind, words, value, begun):
        self.kind = kind
        self.words = words
        self.value = value
        self.begun = begun
        self.told = time.monotonic()

    def __repr__(self):
        return f"{self.kind} {self.words}: {str(self.value)[:500]}"


class Seen:
    """The highest serial that anybody had seen before a time."""

    def __init__(self):
        self.times = []
        self.highest = []

    def add(self, when, serial):
        """In the order of time."""
        self.times.append(when)
        self.highest.append(max(serial, self.highest[-1] if self.highest else 0))

    def before(self, when):
        i = bisect.bisect_left(self.times, when)
        return self.highest[i - 1] if i else 0


class Begun:
    """The lowest serial that was begun after a time: none before can have seen it."""

    def __init__(self, orders):
        pairs = sorted((begun, serial) for begun, serial in orders)
        self.times = [begun for begun, _ in pairs]
        self.lowest = [serial for _, serial in pairs]
        for i in range(len(pairs) - 2, -1, -1):
            self.lowest[i] = min(self.lowest[i], self.lowest[i + 1])

    def after(self, when):
        i = bisect.bisect_right(self.times, when)
        return self.lowest[i] if i < len(self.times) else 2**63


class Running:
    """Balances as they went, by user; and that of the sender behind each record."""

    def __init__(self, books):
        self.of = {}
        self.sender_after = {}
        for r in books.records:
            for user in dict.fromkeys((r.sender, r.receiver)):
                serials, balances = self.of.setdefault(user, ([], []))
                before = balances[-1] if balances else books.initial
                sign = (user == r.receiver) - (user == r.sender)
                serials.append(r.serial)
                balances.append(before + sign * r.amount)
                assert balances[-1] >= 0, f"{r.where}: {user} has {balances[-1]}"
            self.sender_after[r.serial] = self.of[r.sender][1][-1]


class Oracle:
    """Knows only what clients were told."""

    def __init__(self, before):
        """@before: the highest serial before any client came."""
        self.before = before
        self.orders = []
        self.reads = []
        self.books = None
        self.running = None

    def order(self, memo, key, sender, receiver, amount):
        o = Order(memo, key, sender, receiver, amount)
        self.orders.append(o)
        return o

    def read(self, kind, words, value, begun):
        self.reads.append(Read(kind, words, value, begun))

    def receipts(self):
        return sum(o.receipt is not None for o in self.orders)

    def told_before(self, when):
        """The highest serial of which a client knew."""
        return max((o.receipt[0] for o in self.orders if o.receipt and o.told < when),
                   default=self.before)

    def check(self, books):
        """Of the books, all that they have to be."""
        self.books = books
        self.running = Running(books)
        recorded = self._check_orders()
        self._check_order_of_time(recorded)
        assert books.coins() == books.initial * len(books.balances), \
            f"{books.coins()} coins of {len(books.balances)} users"

    def _check_orders(self):
        """Each record is one of an order, and no order has two; order: serial."""
        by_memo = {o.memo: o for o in self.orders}
        assert len(by_memo) == len(self.orders), "a memo was used twice"
        recorded = {}
        for r in self.books.records[self.before:]:
            o = by_memo.get(r.fields.get("m"))
            assert o, f"{r.where}: nobody ordered {r.body}"
            assert o not in recorded, f"{r.where}: serial {recorded[o]} has it too: {o}"
            assert (r.id, r.sender, r.receiver, r.amount) == \
                (o.key, o.sender, o.receiver, o.amount), f"{r.where}: {r.body} is not {o}"
            assert not o.refused, f"{r.where}: refused, and recorded: {o}"
            recorded[o] = r.serial
        for o in self.orders:
            if o.receipt:
                assert o in recorded, f"acknowledged, and not there: {o}"
                self._check_receipt(o)
        return recorded

    def _check_receipt(self, o):
        serial, balance, when, digest = o.receipt
        r = self.books.record(serial)
        assert r.fields.get("m") == o.memo, f"{o}: that serial is {r.body}"
        assert (when, digest) == (r.fields["t"], r.hash), f"{o}: that is {r.body}"
        there = self.running.sender_after[serial]
        assert balance == there, f"{o}: the balance was {there}"

    def _check_order_of_time(self, recorded):
        """As if each had happened at one moment between question and answer."""
        seen = Seen()
        begun = Begun((o.begun, serial) for o, serial in recorded.items())
        events = [o for o in self.orders if o.receipt] + self.reads
        for e in sorted(events, key=lambda e: e.told):
            low = max(self.before, seen.before(e.begun))
            if isinstance(e, Order):
                assert recorded[e] > low, f"{e}: {low} was seen before it was sent"
                seen.add(e.told, recorded[e])
            else:
                serial = getattr(self, f"_as_of_{e.kind}")(e, low, begun.after(e.told) - 1)
                assert serial is not None, \
                    f"{e}: so it was at no serial from {low} to {begun.after(e.told) - 1}"
                seen.add(e.told, serial)

    # The lowest serial, of those from @low to @high, as of which the answer is right.

    def _as_of_balance(self, e, low, high):
        serials, balances = self.running.of.get(e.words[0], ([], []))
        i = bisect.bisect_right(serials, low) - 1
        if e.value is None:
            return low if i < 0 else None
        for i in range(max(i, 0), len(serials)):
            if serials[i] > high:
                return None
            if balances[i] == e.value:
                return max(low, serials[i])
        return None

    def _as_of_tip(self, e, low, high):
        serial, digest = e.value[:2]
        there = self.books.by_serial.get(serial)
        if not low <= serial <= high or not there:
            return None
        return serial if not there.hash or there.hash == digest else None

    def _of_rows(self, rows, wanted, count, low, high):
        """Rows up to some serial of those that are wanted."""
        if rows != wanted[:len(rows)]:
            return None
        last = rows[-1][0] if rows else 0
        if last > high:
            return None
        if len(rows) == count:
            return max(low, last)
        missing = wanted[len(rows)][0] if len(rows) < len(wanted) else 2**63
        return max(low, last) if missing > low else None

    def _row(self, r):
        # An old record bears its hash in copies only.
        return [r.serial, r.sender, r.receiver, r.amount, r.fields.get("t"), r.id,
                r.fields.get("m"), r.hash if r.chained else None]

    def _as_of_list(self, e, low, high):
        start, count = e.words
        wanted = [self._row(r) for r in self.books.records[start - 1:start - 1 + count + 1]]
        return self._of_rows(e.value, wanted, count, low, high)

    def _as_of_history(self, e, low, high):
        user, start, count = e.words
        serials, balances = self.running.of.get(user, ([], []))
        i = bisect.bisect_left(serials, start)
        wanted = [[*self._row(self.books.record(s)), b]
                  for s, b in zip(serials[i:i + count + 1], balances[i:i + count + 1])]
        return self._of_rows(e.value, wanted, count, low, high)

    def _as_of_stats(self, e, low, high):
        user = e.words[0]
        serials, _ = self.running.of.get(user, ([], []))
        rows = {}
        for i, serial in enumerate([*serials, 2**63]):
            # The counterparts as they were from the record before this one on.
            if serial > low and self._ranked(rows) == e.value:
                return max(low, serials[i - 1] if i else 0)
            if serial > min(high, len(self.books.records)):
                return None
            self._count(rows, user, self.books.record(serial))
        return None

    def _count(self, rows, user, r):
        if r.opening:
            return
        other = r.receiver if r.sender == user else r.sender
        count, net = rows.get(other, (0, 0))
        rows[other] = (count + 1, net + (r.amount if r.receiver == user else -r.amount))

    def _ranked(self, rows):
        return [[name, *rows[name]]
                for name in sorted(rows, key=lambda n: (-rows[n][0], n.encode()))]

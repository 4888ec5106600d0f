# SPDX-License-Identifier: MIT
"""Block files, read and verified by what chain-block(5) says of them."""

import hashlib
import re

INITIAL = 1000
ZEROS = "0" * 64
FIELD = re.compile(
    r"^(?:t=(?P<t>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"
    r"(?: b=(?P<b>\d+/\d+)(?P<whole>!)?)?(?: id=(?P<id>[!-~]+))?(?: m=(?P<m>[!-~]+))? )?"
    r"h=(?P<h>[0-9a-f]{64})(?: of=(?P<of>[A-Za-z0-9_.,]+))?$")


def chain_step(tip, body):
    """The hash of a record behind the hash before it."""
    return hashlib.blake2b(f"{tip} {body}".encode(), digest_size=32).hexdigest()


class Wrong(AssertionError):
    """The books are not right."""


def expect(condition, sentence):
    if not condition:
        raise Wrong(sentence)


class Record:
    """One line."""

    def __init__(self, line, where):
        self.where = where
        columns = line.split(" ", 4)
        expect(len(columns) >= 4, f"{where}: not four columns")
        self.serial = int(columns[0])
        self.sender = columns[1]
        self.receiver = columns[2]
        self.amount = int(columns[3])
        self.body = line
        self.fields = {}
        if len(columns) == 5:
            match = FIELD.match(columns[4])
            expect(match, f"{where}: not the fields of a record: {columns[4]!r}")
            self.fields = {k: v for k, v in match.groupdict().items() if v}
            self.body = line.partition(" h=")[0]

    @property
    def chained(self):
        """By our daemons; an old one has a hash as a refilled copy at most."""
        return "t" in self.fields

    @property
    def of(self):
        """The blocks that it stands behind; none: it is at home."""
        return self.fields["of"].split(",") if "of" in self.fields else []

    @property
    def hash(self):
        return self.fields.get("h")

    @property
    def id(self):
        return self.fields.get("id")

    @property
    def opening(self):
        return self.sender == self.receiver

    def columns(self):
        return f"{self.serial} {self.sender} {self.receiver} {self.amount}\n"

    def same(self, other):
        return self.body == other.body and (
            self.hash == other.hash or not self.hash or not other.hash)


def read_block(path):
    """The records of one file, in the order of the file."""
    with open(path, "rb") as f:
        text = f.read().decode()
    expect(text == "" or text.endswith("\n"), f"{path}: no newline at the end")
    return [Record(line.rstrip("\r"), f"{path}:{n}")
            for n, line in enumerate(text.split("\n"), 1) if line.strip()]


def original_reader(path):
    """As the original's C++: four words a line, the rest of the line skipped."""
    with open(path, encoding="utf-8") as f:
        for line in f:
            serial, sender, receiver, amount = line.split()[:4]
            yield int(serial), sender, receiver, int(amount)


def check_batches(records, path):
    """b=K/N: the records of a batch stand together and count up; one that
    bears a ! is there to its end."""
    last = None
    for r in records:
        whole = last and last[3] and last[1] < last[2]
        if "b" not in r.fields:
            expect(not whole, f"{r.where}: behind part of a whole batch, {last}")
            last = None
            continue
        k, n = map(int, r.fields["b"].split("/"))
        one = "whole" in r.fields
        expect(2 <= n <= 8192 and 1 <= k <= n, f"{r.where}: b={k}/{n}")
        if k > 1 or whole:
            expect(last == (r.serial - 1, k - 1, n, one), f"{r.where}: {last} before b={k}/{n}")
        last = (r.serial, k, n, one)
        expect(path in r.where, r.where)
    expect(not last or not last[3] or last[1] == last[2],
           f"{path}: ends within a whole batch, {last}")


class Books:
    """All blocks of a ledger; raises Wrong if they are not right.

    A refill may tear the batches of old apart: @refilled.
    """

    def __init__(self, paths, initial=INITIAL, refilled=False):
        self.paths = paths
        self.blocks = {path: read_block(path) for path in paths}
        self.initial = initial
        self.by_serial = {}
        self.double = 0
        for path, records in self.blocks.items():
            if not refilled:
                check_batches(records, path)
            for r in records:
                self._take(r)
        self.records = [self.by_serial[s] for s in sorted(self.by_serial)]
        self._check_serials()
        self.tip = self._check_chain()
        self.balances = self._check_balances()
        self.ids = self._check_ids()

    def _take(self, r):
        other = self.by_serial.setdefault(r.serial, r)
        if other is not r:
            expect(r.same(other), f"{r.where}: serial {r.serial} is another in {other.where}")
            self.double += 1
        # Of an old one the line that bears a hash is the one to check.
        if not other.hash:
            self.by_serial[r.serial] = r

    def _check_serials(self):
        for n, r in enumerate(self.records, 1):
            expect(r.serial == n, f"serial {n} is missing; {r.where} has {r.serial}")

    def _check_chain(self):
        tip = ZEROS
        time = ""
        for r in self.records:
            tip = chain_step(tip, r.body)
            if r.hash:
                expect(r.hash == tip, f"{r.where}: h= does not follow")
            if r.chained:
                expect(r.fields["t"] >= time, f"{r.where}: time goes back")
                time = r.fields["t"]
        return tip

    def _check_balances(self):
        balances = {}
        for r in self.records:
            for user in (r.sender, r.receiver):
                balances.setdefault(user, self.initial)
            expect(r.amount > 0 or r.opening, f"{r.where}: an amount of {r.amount}")
            if r.chained:
                expect(balances[r.sender] >= r.amount, f"{r.where}: overdrawn")
            balances[r.sender] -= r.amount
            balances[r.receiver] += r.amount
        return balances

    def _check_ids(self):
        ids = {}
        for r in self.records:
            if r.id:
                expect(r.id not in ids, f"{r.where}: id {r.id} is also serial {ids.get(r.id)}")
                ids[r.id] = r.serial
        return ids

    def record(self, serial):
        expect(serial in self.by_serial, f"serial {serial} is in no block")
        return self.by_serial[serial]

    def coins(self):
        return sum(self.balances.values())

    def statement(self):
        """What the statement file has to say."""
        return "".join(r.columns() for r in self.records)

    def partners(self, user):
        """The rows of STATS."""
        rows = {}
        for r in self.records:
            if user not in (r.sender, r.receiver) or r.opening:
                continue
            other = r.receiver if r.sender == user else r.sender
            count, net = rows.get(other, (0, 0))
            rows[other] = (count + 1, net + (r.amount if r.receiver == user else -r.amount))
        return [[name, *rows[name]] for name in
                sorted(rows, key=lambda n: (-rows[n][0], n.encode()))]

    def history(self, user):
        """(serial, running balance) of each of a user's records."""
        balance = self.initial
        out = []
        for r in self.records:
            if user in (r.sender, r.receiver):
                balance += r.amount * ((r.receiver == user) - (r.sender == user))
                out.append((r.serial, balance))
        return out

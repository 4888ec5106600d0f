#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""New transactions as they are made: every one of them once and in order, to all
who watch, whatever they or the daemons do; and what balances were before."""

import contextlib
import csv
import io
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time

import harness
import resp
from harness import (Cluster, SAMPLE_BALANCES, SLOW, Skip, allow, in_threads, program,
                     refused, run, wait_for)

SAMPLE_SERIALS = 9
USERS = sorted(SAMPLE_BALANCES)
# src/main/session.h
FEED_MAX = 4 * 1024 * 1024
LONG_MEMO = "\u00e4" * 80


class Watcher:
    """walletctl watch, and the lines that it has written so far."""

    def __init__(self, cluster, *options):
        self.lines = []
        self.said = []
        self.process = subprocess.Popen(
            [program("walletctl"), "--server", cluster.main.server, *options, "watch"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8")
        self.threads = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.said))]
        for t in self.threads:
            t.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\r\n"))

    def wait_lines(self, count, seconds=30):
        wait_for(lambda: len(self.lines) >= count,
                 f"{count} lines; there are {len(self.lines)}", seconds)

    def wait_exit(self):
        status = self.process.wait(20 * SLOW)
        for t in self.threads:
            t.join(5)
        return status

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.wait_exit()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait_exit()
        self.process.stdout.close()
        self.process.stderr.close()


def watcher(c, *options):
    return c.opened(Watcher(c, *options))


def subscribers(c):
    return int(c.main.info()["subscribed_clients"])


def wait_subscribed(c, count):
    wait_for(lambda: subscribers(c) == count, f"{count} subscribers")


def subscribed(c, receive_buffer=None):
    """A client of ours that follows."""
    client = c.client(60)
    if receive_buffer:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    assert client.call("SUBSCRIBE", "transactions") == ["subscribe", "transactions", 1]
    return client


def messages(client, count):
    """The lines of the next so many."""
    lines = []
    for _ in range(count):
        kind, channel, line = client.receive()
        assert (kind, channel) == ("message", "transactions")
        lines.append(line)
    return lines


def transfers(c, count, clients=4, memo=None):
    """So many, from several clients at a time; all go well."""
    words = ["MEMO", memo] if memo else []

    def pay(i):
        with resp.Client(c.main.port, 60 * SLOW) as client:
            a, b = USERS[2 * i], USERS[2 * i + 1]
            for n in range(0, count // clients, 100):
                some = min(100, count // clients - n)
                requests = [("TRANSFER", *((a, b) if k % 2 else (b, a)), 1, *words)
                            for k in range(some)]
                for answer in client.pipeline(requests):
                    assert isinstance(answer, list), answer

    in_threads(clients, pay)


def lines_of_blocks(c):
    """As they stand there, by serial."""
    lines = {}
    for name in c.backends:
        for line in c[name].text().decode().splitlines():
            lines[int(line.split()[0])] = line
    return lines


def expect_serials(serials, first, last):
    assert serials == list(range(first, last + 1)), (
        f"expected {first} to {last}, got {len(serials)}: "
        f"{[s for i, s in enumerate(serials) if s != first + i][:5]}")


def test_many_watchers():
    """Five thousand transfers, and each is shown to each, in each form."""
    count = 5000
    last = SAMPLE_SERIALS + count
    with Cluster() as c:
        allow(120)
        c.start()
        forms = {form: watcher(c, *form.split())
                 for form in ("--raw", "--json", "--csv", "--raw --from 1")}
        ours = [subscribed(c) for _ in range(2)]
        wait_subscribed(c, len(forms) + len(ours))

        transfers(c, count)
        lines = lines_of_blocks(c)
        for client in ours:
            got = messages(client, count)
            assert got == [lines[s] for s in range(SAMPLE_SERIALS + 1, last + 1)]

        for form, w in forms.items():
            w.wait_lines({"--csv": count + 1, "--raw --from 1": last}.get(form, count))
            assert w.interrupt() == 0 and not w.said, (form, w.said)
        raw = [int(line.split("\t")[0]) for line in forms["--raw"].lines]
        expect_serials(raw, SAMPLE_SERIALS + 1, last)
        past = [int(line.split("\t")[0]) for line in forms["--raw --from 1"].lines]
        expect_serials(past, 1, last)
        # One shape of a transaction, wherever it is shown.
        listed = json.loads(c.walletctl("list", "--json", "--from", "10").out)
        assert [json.loads(line) for line in forms["--json"].lines] == listed
        rows = list(csv.DictReader(io.StringIO("\n".join(forms["--csv"].lines))))
        assert [int(r["serial"]) for r in rows] == raw
        wait_subscribed(c, len(ours))


def test_watchers_that_begin_in_the_middle():
    """Where the list ends and messages begin nothing is twice, nothing is missing."""
    with Cluster() as c:
        allow(120)
        c.start()
        stop = threading.Event()

        def busy():
            while not stop.is_set():
                transfers(c, 400)

        load = threading.Thread(target=busy, daemon=True)
        load.start()
        watchers = []
        for _ in range(8):
            watchers += [watcher(c, "--raw", "--from", "1"), watcher(c, "--raw")]
            wait_subscribed(c, len(watchers))
        stop.set()
        load.join(60 * SLOW)
        last = c.client().call("TIP")[0]
        for w in watchers:
            wait_for(lambda w=w: w.lines and w.lines[-1].startswith(f"{last}\t"), "all of it")
            serials = [int(line.split("\t")[0]) for line in w.lines]
            expect_serials(serials, serials[0], last)
        assert all(w.lines[0].startswith("1\t") for w in watchers[::2])


class Scripted:
    """A server that has transactions up to a serial, which goes up with each LIST,
    and says to who subscribes what it is told to."""

    TIME = "2026-11-22T13:37:00.123456Z"
    HASH = "ab" * 32

    def __init__(self, tips, pushed):
        self.tips = list(tips)
        self.pushed = pushed
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.server = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.socket.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as f, contextlib.suppress(OSError):
            while True:
                count = f.readline()
                if not count:
                    return
                words = [f.read(int(f.readline()[1:]) + 2)[:-2].decode()
                         for _ in range(int(count[1:]))]
                connection.sendall(self._answer(*words))

    def _answer(self, name, *words):
        if name == "TIP":
            # The last one stays.
            tip = self.tips[0] if len(self.tips) == 1 else self.tips.pop(0)
            return b"*3\r\n:%d\r\n" % tip + resp.command(self.HASH)[4:] + b"$-1\r\n"
        if name == "LIST":
            return self._list(int(words[1]), int(words[3]))
        assert name == "SUBSCRIBE"
        return b"*3\r\n$9\r\nsubscribe\r\n$12\r\ntransactions\r\n:1\r\n" + b"".join(
            resp.command("message", "transactions",
                         f"{s} Ali Ben 1 t={self.TIME} h={self.HASH}") for s in self.pushed)

    def _list(self, first, count):
        serials = range(first, min(self.tips[0], first + count - 1) + 1)
        return b"*%d\r\n" % len(serials) + b"".join(
            b"*8\r\n:%d\r\n" % s + resp.command("Ali", "Ben")[4:] + b":1\r\n"
            + b"$-1\r\n" * 4 for s in serials)


def test_where_a_list_ends_and_messages_begin():
    """What is in both is shown once, what messages leave open is asked for."""
    # The tip at the start; of the list before, and behind, SUBSCRIBE; of the gap's.
    fake = Scripted((9, 10, 12, 15), (11, 12, 13, 15, 16, 17))
    with contextlib.closing(fake):
        done = subprocess.run(
            [program("walletctl"), "--server", fake.server, "--raw", "watch", "--count", "8"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", timeout=20 * SLOW, check=False)
    assert done.returncode == 0 and not done.stderr, done
    expect_serials([int(line.split("\t")[0]) for line in done.stdout.splitlines()], 10, 17)


def test_a_subscriber_that_does_not_read():
    """It is dropped; nobody waits for it, and others have all."""
    with Cluster() as c:
        allow(120)
        c.start()
        slow = subscribed(c, receive_buffer=4096)
        other = subscribed(c)
        got = []
        stop = threading.Event()

        def read():
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    got.extend(messages(other, 1))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        made = 0
        # The kernel holds some for it, and then there is the bound.
        while int(c.main.info()["dropped_subscribers"]) == 0:
            assert made * 600 < 8 * FEED_MAX, "it was never dropped"
            transfers(c, 2000, memo=LONG_MEMO)
            made += 2000
        assert made * 500 > FEED_MAX, "it was dropped too early"
        wait_for(lambda: len(got) == made, "the other one to have all")
        stop.set()
        c.walletctl("transfer", "Ali", "Ben", "1")
        reader.join(20)
        lines = lines_of_blocks(c)
        assert got[:made] == [lines[SAMPLE_SERIALS + 1 + i] for i in range(made)]
        assert subscribers(c) == 1
        c.main.daemon.wait_line("closed a subscribed client that did not read fast enough")

        # What the kernel holds for it is a beginning of all, in order.
        begun = messages(slow, 100)
        assert begun == [lines[SAMPLE_SERIALS + 1 + i] for i in range(len(begun))]
        c.check_alive()


def test_the_main_daemon_restarts():
    """Killed or stopped in the middle: watchers say so, go on, and miss nothing."""
    with Cluster() as c:
        allow(120)
        c.start()
        watchers = [watcher(c, "--raw"), watcher(c, "--raw", "--from", "1"),
                    watcher(c, "--raw", "--quiet")]
        wait_subscribed(c, 3)
        last = SAMPLE_SERIALS
        for end in (c.main.kill, c.main.stop, c.main.kill):
            transfers(c, 400)
            end()
            c.main.start()
            # Before anybody can have come back.
            transfers(c, 400)
            last += 800
            wait_subscribed(c, 3)
        transfers(c, 400)
        last += 400
        for w, first in zip(watchers, (SAMPLE_SERIALS + 1, 1, SAMPLE_SERIALS + 1)):
            w.wait_lines(last - first + 1)
            expect_serials([int(line.split("\t")[0]) for line in w.lines], first, last)
            assert w.interrupt() == 0
        for w in watchers[:2]:
            said = "\n".join(w.said)
            assert said.count(f"trying to reach {c.main.server} again") >= 3, said
            assert said.count("going on with serial ") >= 3, said
        assert not watchers[2].said, watchers[2].said


def test_while_it_is_not_open():
    """A subscription stands while a backend is away, and goes on with it."""
    with Cluster() as c:
        c.start()
        follower = subscribed(c)
        c["B"].stop()
        transfers(c, 40)
        expect_serials([int(m.split()[0]) for m in messages(follower, 40)], 10, 49)
        c["B"].start()
        transfers(c, 40)
        expect_serials([int(m.split()[0]) for m in messages(follower, 40)], 50, 89)

        # One that comes before the ledger is open.
        c.main.stop()
        c["B"].stop()
        c.main.launch()
        early = subscribed(c)
        c["B"].start()
        c.main.wait_open()
        transfers(c, 40)
        expect_serials([int(m.split()[0]) for m in messages(early, 40)], 90, 129)


def test_how_it_ends():
    """By the number, by an interrupt, by a closed pipe, by a refusal."""
    with Cluster() as c:
        c.start()
        w = watcher(c, "--raw", "--from", "3", "--count", "5")
        assert w.wait_exit() == 0
        expect_serials([int(line.split("\t")[0]) for line in w.lines], 3, 7)
        w = watcher(c, "--json", "--from", "8", "--count", "4")
        w.wait_lines(2)
        assert w.process.poll() is None
        transfers(c, 40)
        assert w.wait_exit() == 0 and len(w.lines) == 4

        reading, writing = os.pipe()
        with subprocess.Popen([program("walletctl"), "--server", c.main.server, "watch"],
                              stdin=subprocess.DEVNULL, stdout=writing) as process:
            os.close(writing)
            wait_subscribed(c, 1)
            os.close(reading)
            transfers(c, 40)
            assert process.wait(20 * SLOW) != 0

        text = watcher(c, "--from", "1", "--count", "9")
        assert text.wait_exit() == 0
        assert text.lines[0].split() == ["Serial", "Sender", "Receiver", "Amount", "Time", "Memo"]
        assert text.lines[1].split() == ["1", "Racheal", "John", "45"], text.lines
        # Numbers stand below each other, whatever is in the rows.
        assert len({line.index(" " + line.split()[1]) for line in text.lines}) == 1

        away = c.walletctl("watch", server=f"127.0.0.1:{harness.free_tcp_port()}")
        assert away.status == 3 and "there is no connection" in away.err
        assert c.walletctl("watch", "--count", "0").status == 2


def test_redis_cli():
    """The clients of Redis follow it as they follow a channel of Redis."""
    if not shutil.which("redis-cli"):
        raise Skip("there is no redis-cli")
    with Cluster() as c:
        c.start()
        with subprocess.Popen(
                ["redis-cli", "-p", str(c.main.port), "SUBSCRIBE", "transactions"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8") as cli:
            try:
                wait_subscribed(c, 1)
                c.walletctl("transfer", "Ali", "Ben", "5")
                got = [cli.stdout.readline().rstrip("\n") for _ in range(6)]
            finally:
                cli.kill()
        assert got[:5] == ["subscribe", "transactions", "1", "message", "transactions"], got
        assert got[5] == lines_of_blocks(c)[10]


def balances_behind(records):
    """[{user: balance}], one for each serial from 0."""
    balances = {}
    out = [{}]
    for r in records:
        for user in (r.sender, r.receiver):
            balances.setdefault(user, 1000)
        balances[r.sender] -= r.amount
        balances[r.receiver] += r.amount
        out.append(dict(balances))
    return out


def test_balances_of_former_times():
    """Behind each serial, of everybody, as a model has them."""
    with Cluster() as c:
        c.start()
        client = c.client()
        client.call("OPEN", "Eve")
        client.call("TRANSFER", "Ali", "Eve", 7)
        client.call("TRANSFER", "Eve", "Ali", 7)
        client.call("IMPORT", "Noa", "Uma", 1000)
        model = balances_behind(c.books().records)
        tip = len(model) - 1
        users = sorted(model[tip]) + ["Nobody"]
        asked = [(s, u) for s in range(tip + 1) for u in users]
        answers = client.pipeline([("BALANCE", u, "AT", s) for s, u in asked])
        for (serial, user), answer in zip(asked, answers):
            if user in model[serial]:
                assert answer == model[serial][user], (serial, user, answer)
            else:
                assert answer.code == "NOUSER", (serial, user, answer)
        assert refused(client, "BALANCE", "Ali", "AT", tip + 1)[0] == "NOTFOUND"

        # All of it or nothing.
        c["B"].stop()
        assert refused(client, "BALANCE", "Ali", "AT", 3)[0] == "UNAVAILABLE"
        assert client.call("BALANCE", "Ali", "AT", tip) == model[tip]["Ali"]
        c["B"].start()


def all_users(client, size):
    """[(serial, {user: balance})] of each page, and the users in all."""
    pages = []
    at = 1
    while True:
        serial, total, rows = client.call("USERS", "FROM", at, "COUNT", size)
        assert len(rows) == min(size, max(0, total - at + 1)), (at, total, len(rows))
        if not rows:
            return pages
        pages.append((serial, dict(rows)))
        at += len(rows)


def test_users_while_transfers_run():
    """Each page is as of its serial: what came behind it makes it right."""
    with Cluster() as c:
        c.start()
        client = c.client()
        for i in range(60):
            client.call("OPEN", f"user{i}")
        stop = threading.Event()

        def busy(i):
            rng = random.Random(i)
            with resp.Client(c.main.port, 60 * SLOW) as other:
                while not stop.is_set():
                    a, b = rng.sample(range(60), 2)
                    other.ask("TRANSFER", f"user{a}", f"user{b}", rng.randint(1, 9))

        threads = [threading.Thread(target=busy, args=(i,), daemon=True) for i in range(3)]
        for t in threads:
            t.start()
        walks = [all_users(client, size) for size in (1, 7, 7, 20, 7, 1000)]
        stop.set()
        for t in threads:
            t.join(20)

        tip = client.call("TIP")[0]
        assert tip > walks[-1][-1][0] > walks[0][0][0], "nothing was made meanwhile"
        final = dict(client.call("USERS")[2])
        assert sum(final.values()) == 1000 * len(final) == 72000
        for pages in walks:
            users = {}
            for serial, balances in pages:
                for r in c.books().records[serial:]:
                    if r.sender in balances:
                        balances[r.sender] -= r.amount
                    if r.receiver in balances:
                        balances[r.receiver] += r.amount
                users.update(balances)
            assert users == final
        # They stand as they joined.
        joined = dict.fromkeys(u for r in c.books().records for u in (r.sender, r.receiver))
        assert [row[0] for row in client.call("USERS")[2]] == list(joined)


if __name__ == "__main__":
    run(globals())

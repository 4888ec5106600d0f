#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every process is killed, stopped, frozen and reloaded, at random moments and
under load, again and again; what clients were told stays true.

    SEED=17 KILL_LOOP_SECONDS=600 test-kill-loop.py
"""

import collections
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time

import books
from harness import (Answer, Cluster, PR_SET_PDEATHSIG, SANITIZER, SLOW, Skip, allow, chain_check,
                     libc, program, quiet_port, run, wait_for)
from load import Load
from manager import starter
from oracle import Oracle
from relay import Relay

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(2**32)))
# Of trouble, in each test.
SECONDS = float(os.environ.get("KILL_LOOP_SECONDS", 8))
# What test_two_copies is run with.
COPIES = int(os.environ.get("KILL_LOOP_COPIES", 2))
SETTLE_SECONDS = 60
# What systemd would give them is longer; that of main's own deadlines is shorter.
STOP_SECONDS = 15
REQUEST_TIMEOUT = 2
# Seconds for which a daemon is left alone, on average.
CALM = 1.2
# With less done there was nothing to do harm to.
RECEIPTS_MIN = 100
NAMES = ("A", "B", "C")


class Part:
    """A daemon in the hands of its service manager, who starts it again, and of
    somebody who does it harm."""

    def __init__(self, piece, sockets, rng):
        self.piece = piece
        self.sockets = sockets
        self.rng = rng
        self.state = self.up
        self.until = 0
        self.spared = False
        self.counts = dict.fromkeys(("killed", "stopped", "frozen", "reloaded"), 0)
        if sockets:
            piece.starter = starter([s.fileno() for s in sockets])

    @property
    def daemon(self):
        return self.piece.daemon

    def start(self, now):
        begin = getattr(self.piece, "spawn", None) or self.piece.launch
        begin(pass_fds=[s.fileno() for s in self.sockets])
        self.rest(now)

    def rest(self, now):
        """Nothing happens to it for a while."""
        self.state = self.up
        self.until = now + self.rng.expovariate(1 / CALM)

    def turn(self, now):
        self.state(now)

    # --- How it is

    def up(self, now):
        assert self.daemon.running(), self.daemon.complaint()
        if now >= self.until and self.spared:
            self.rest(now)
        elif now >= self.until:
            strike, = self.rng.choices((self.kill, self.stop, self.freeze, self.reload),
                                       (5, 2, 3, 1))
            strike(now)

    def frozen(self, now):
        if now < self.until:
            return
        if self.rng.random() < 0.2:
            self.kill(now)
        else:
            self.daemon.thaw()
            self.rest(now)

    def ending(self, now):
        if self.daemon.running():
            assert now < self.until, f"{self.daemon.name} does not end on SIGTERM"
            return
        status = self.daemon.wait_exit()
        # Before it had a handler for it, the signal itself.
        allowed = (0,) if self.is_ready() else (0, -signal.SIGTERM)
        assert status in allowed, f"{self.daemon.name} ended with {status} on SIGTERM"
        self.await_start(now)

    def down(self, now):
        if now >= self.until:
            self.start(now)

    def is_ready(self):
        return self.daemon.find(": ready: ")

    def await_start(self, now):
        self.state = self.down
        self.until = now + self.rng.choice((0, 0.05, 0.3, 1))

    # --- What is done to it

    def kill(self, now):
        self.counts["killed"] += 1
        self.daemon.signal(signal.SIGKILL)
        status = self.daemon.wait_exit()
        # It may have been about to end; but only then.
        assert status == -signal.SIGKILL or self.state == self.ending, \
            f"{self.daemon.name} ended by itself with {status}"
        self.await_start(now)

    def stop(self, now):
        self.counts["stopped"] += 1
        self.daemon.expected_end = True
        self.daemon.signal(signal.SIGTERM)
        self.state = self.ending
        self.until = now + STOP_SECONDS * SLOW

    def freeze(self, now, seconds=None):
        self.counts["frozen"] += 1
        self.daemon.signal(signal.SIGSTOP)
        self.state = self.frozen
        self.until = now + (seconds or self.rng.choice((0.02, 0.3, 0.6, 1.2, 3)))

    def reload(self, now):
        if self.is_ready():
            self.counts["reloaded"] += 1
            self.daemon.signal(signal.SIGHUP)
        self.rest(now)

    def heal(self, now):
        """No more of it: one turn towards running undisturbed.  Is it there?"""
        if self.state == self.frozen:
            self.daemon.thaw()
            self.rest(now)
        if self.state == self.up:
            self.until = float("inf")
            return True
        self.turn(now)
        return False


class Purse:
    """People with walletctl, which is killed in the middle."""

    def __init__(self, cluster, oracle, rng):
        self.cluster = cluster
        self.oracle = oracle
        self.rng = rng
        self.orders = {}
        self.process = None
        self.order = None
        self.kill_at = 0
        self.next_at = 0
        self.counts = dict.fromkeys(("done", "refused", "unavailable", "unknown", "killed",
                                     "resumed"), 0)

    def spawn(self, *words):
        self.process = subprocess.Popen(
            [program("walletctl"), "--server", self.cluster.main.server, "--json",
             "--timeout", "2", *map(str, words)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "XDG_STATE_HOME": self.cluster.path("wallet")},
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))

    def transfer(self):
        key = f"purse-{len(self.orders)}"
        sender, receiver = self.rng.sample(("Ali", "Ben", "Luke", "Victor"), 2)
        self.order = self.oracle.order(f"memo-{key}", key, sender, receiver,
                                       self.rng.choice((1, 10, 10**6)))
        self.orders[key] = self.order
        self.spawn("transfer", sender, receiver, self.order.amount, "--id", key,
                   "--memo", self.order.memo)

    def resume(self):
        self.order = None
        self.spawn("resume")

    def turn(self, now):
        if self.process:
            if now >= self.kill_at:
                self.process.kill()
            if self.process.poll() is not None:
                self.collect()
                self.next_at = now + self.rng.random() * 0.3
        elif now >= self.next_at:
            self.rng.choice((self.transfer, self.transfer, self.resume))()
            self.kill_at = now + self.rng.choice((0.005, 0.02, 0.1, 0.5, 5)) * SLOW

    def collect(self):
        """What it left when it ended, one way or the other."""
        out, err = (b.decode() for b in self.process.communicate())
        a = Answer(self.process.returncode, out, err)
        self.process = None
        assert not SANITIZER.search(a.err), a
        if a.status == -signal.SIGKILL:
            self.counts["killed"] += 1
        elif self.order:
            self.judge(a)
        else:
            self.judge_resumed(a)
        return a

    def judge(self, a):
        assert a.status in (0, 1, 3, 4), a
        self.counts[("done", "refused", "", "unavailable", "unknown")[a.status]] += 1
        if a.status == 0:
            self.done(json.loads(a.out))
        # "Nothing happened" is as good as refused.
        self.order.refused = a.status in (1, 3)
        assert (self.order.key in self.kept()) == (a.status == 4), a

    def judge_resumed(self, a):
        assert a.status in (0, 1, 4), a
        for row in json.loads(a.out):
            self.counts["resumed"] += 1
            if row["outcome"] == "done":
                self.done(row)
            elif row["outcome"] == "refused":
                self.orders[row["id"]].refused = True

    def done(self, row):
        order = self.orders[row["id"]]
        receipt = [row[k] for k in ("serial", "balance", "time", "hash")]
        assert not order.receipt or order.receipt == receipt, (order, row)
        if not order.receipt:
            order.done(receipt)

    def kept(self):
        """Names of the files of orders that are pending: their ids."""
        folder = os.path.join(self.cluster.path("wallet"), "alichain", "pending")
        return os.listdir(folder) if os.path.isdir(folder) else []

    def finish(self):
        """Nothing is pending in the end, and nothing unfinished left."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.collect()

        def resumed():
            self.resume()
            self.process.wait(30 * SLOW)
            return self.collect().status in (0, 1)
        wait_for(resumed, "walletctl resume", 30)
        assert not self.kept(), self.kept()


class Trouble:
    """All that happens to a cluster, at moments drawn from a seed."""

    def __init__(self, name, **settings):
        self.seed = f"{SEED} {name}"
        print(f"seed {SEED}: to draw the same, set SEED")
        self.rng = random.Random(self.seed)
        self.cluster = Cluster(main={"request_timeout": REQUEST_TIMEOUT}, **settings)
        self.parts = []
        self.events = []
        self.backups = []

    def __enter__(self):
        self.cluster.__enter__()
        return self

    def __exit__(self, *how):
        return self.cluster.__exit__(*how)

    def begin(self, **faults):
        """Start all, with @faults of the network between main and backends."""
        c = self.cluster
        activated = self.rng.random() < 0.5
        print("sockets are", "kept by their manager" if activated else "their own")
        for n, b in enumerate(c.backends.values()):
            b.port = quiet_port(socket.SOCK_DGRAM)
            self.add(b, [b.port] if activated else [], socket.SOCK_DGRAM)
            if faults:
                c.main.detour[b.name] = c.opened(Relay(b.port, SEED + n, **faults)).port
        c.main.ports = [quiet_port(socket.SOCK_STREAM) for _ in range(2)]
        self.add(c.main, c.main.ports if activated else [], socket.SOCK_STREAM)
        c.main.wait_open(30)
        self.oracle = Oracle(c.main.client().call("TIP")[0])
        self.purse = Purse(c, self.oracle, self.rng)
        self.load = Load(c, self.oracle, self.seed, pause=max(0.004, SECONDS / 3000))

    def add(self, piece, ports, kind):
        sockets = []
        for port in ports:
            s = self.cluster.opened(socket.socket(socket.AF_INET, kind))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", port))
            if kind == socket.SOCK_STREAM:
                s.listen(100)
            sockets.append(s)
        part = Part(piece, sockets, self.rng)
        self.parts.append(part)
        part.start(time.monotonic())

    def rage(self):
        begin = time.monotonic()
        self.events = self.draw_events(begin)
        # A bad draw leaves little time in which all of them are there.
        while time.monotonic() < begin + SECONDS or self.oracle.receipts() < RECEIPTS_MIN:
            now = time.monotonic()
            for part in self.parts:
                part.turn(now)
            self.purse.turn(now)
            self.load.check()
            if self.events and now > self.events[0][0]:
                _, event = self.events.pop(0)
                event(now)
            time.sleep(0.002)

    def draw_events(self, begin):
        """What befalls all of them at once, and when."""
        kinds = [self.cut_power, self.hold_all_disks] * (1 + int(SECONDS / 10))
        kinds += [self.back_up] * (2 + int(SECONDS / 100))
        kinds += [self.spare_some] * (1 + int(SECONDS / 2))
        return sorted(((begin + self.rng.uniform(0, SECONDS), kind) for kind in kinds),
                      key=lambda event: event[0])

    def spare_some(self, _):
        """With all of them struck all the time, none would get to do anything."""
        who = self.rng.choice(("nobody", "one", "main", "backends", "all"))
        chosen = self.rng.choice(self.parts[:-1])
        for part in self.parts:
            is_main = part is self.parts[-1]
            struck = {"nobody": False, "one": part is chosen, "main": is_main,
                      "backends": not is_main, "all": True}[who]
            part.spared = not struck

    def cut_power(self, now):
        """All at once, but for the page cache."""
        running = [part for part in self.parts if part.state != part.down]
        for part in running:
            part.daemon.signal(signal.SIGKILL)
        for part in running:
            part.kill(now)

    def hold_all_disks(self, now):
        """For longer than clients are kept waiting: there are outcomes unknown then."""
        *backends, main = self.parts
        if not all(p.state == p.up for p in self.parts) or not main.is_ready():
            self.events.insert(0, (now + 0.1, self.hold_all_disks))
            return
        seconds = REQUEST_TIMEOUT + self.rng.uniform(0.2, 1)
        for part in backends:
            part.freeze(now, seconds)
        main.until = max(main.until, now + seconds + 1)

    def back_up(self, begun):
        """cp -r of all state, as it stands."""
        c = self.cluster
        target = c.path(f"backup{len(self.backups)}")
        os.mkdir(target)
        names = [n for n in os.listdir(c.directory) if n.startswith("block") or n == "main1"]
        done = subprocess.run(["cp", "-r", *map(c.path, sorted(names)), target], check=False,
                              stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"})
        # What is there for a moment only may be gone before it is copied.
        for line in done.stderr.decode().splitlines():
            assert ".tmp'" in line and "No such file" in line, line
        self.backups.append((target, begun))

    def settle(self):
        """The trouble is over: everything heals, every client has its answer."""
        wait_for(lambda: all([part.heal(time.monotonic()) for part in self.parts]),
                 "all daemons to run", 30)
        wait_for(self.is_well, "all of it to be well", SETTLE_SECONDS)
        self.load.finish()
        self.purse.finish()
        # One batch at a time: when this one is through, no other is on its way.
        last = self.oracle.order("memo-last", "id-last", "Omega", "Omega", 0)
        last.done(self.cluster.client().call(*last.words()))

    def is_well(self):
        self.load.check()
        try:
            info = self.cluster.main.info()
        except (OSError, EOFError):
            return False
        return info["open"] == "1" and info["stalled"] == "0" and \
            all("state=up" in info[f"backend_{n}"] for n in self.cluster.backends)

    def tell(self):
        for part in self.parts:
            print(part.daemon.name, part.counts)
        print("walletctl", self.purse.counts)
        told = self.oracle.receipts()
        refused = sum(o.refused for o in self.oracle.orders)
        print(f"{told} receipts, {refused} refused, {len(self.oracle.orders) - told - refused} "
              f"in doubt, {len(self.oracle.reads)} reads")


def check_answers(c, whole):
    """The running daemons say what the books say."""
    client = c.client()
    assert client.call("TIP")[:2] == [len(whole.records), whole.tip]
    for user in whole.balances:
        assert client.call("BALANCE", user) == whole.balances[user], user
        assert client.call("STATS", user) == whole.partners(user), user
    for start in range(1, len(whole.records) + 1, 10000):
        rows = client.call("LIST", "FROM", start, "COUNT", 10000)
        assert [r[:4] for r in rows] == [
            [r.serial, r.sender, r.receiver, r.amount]
            for r in whole.records[start - 1:start + 9999]], start
    assert client.call("TXLIST")[1:] == [len(whole.records), whole.tip]
    with open(c.main.statement, encoding="utf-8") as f:
        assert f.read() == whole.statement()


def check_again(c, parts, whole):
    """Stopped and started once more: the same."""
    for part in reversed(parts):
        part.daemon.stop()
    a = chain_check(*c.block_paths())
    assert a.status == 0 and a.err == "", a
    assert f"tip: {len(whole.records)}:{whole.tip}\n" in a.out, a
    for part in parts:
        part.start(time.monotonic())
    c.main.wait_open(30)
    client = c.client()
    assert client.call("TIP")[:2] == [len(whole.records), whole.tip]
    for user in whole.balances:
        assert client.call("BALANCE", user) == whole.balances[user], user


def check_backup(backup, whole, **settings):
    """Cut and started, a copy is the history up to some serial: which?"""
    with Cluster(blocks=dict.fromkeys(NAMES, ""), **settings) as c:
        for name in os.listdir(backup):
            if name.startswith("block"):
                shutil.copy(os.path.join(backup, name), c.path(name))
        shutil.copytree(os.path.join(backup, "main1"), c.main.state)
        a = chain_check("--cut", *c.block_paths())
        assert a.status == 0, a
        ours = books.Books(c.block_paths(), refilled=True)
        serial = len(ours.records)
        assert [r.body for r in ours.records] == [r.body for r in whole.records[:serial]]
        c.start()
        assert c.client().call("TIP")[:2] == [serial, ours.tip], serial
        for user in ours.balances:
            assert c.client().call("BALANCE", user) == ours.balances[user], user
        assert c.client().call("OPEN", "Omega")[0] == serial + 1
        c.stop_all()
        assert chain_check(*c.block_paths()).status == 0
        return serial


def too_few_copies(c, copies):
    """Serials of records that are not on as many backends as they should be."""
    holders = collections.Counter()
    for path in c.block_paths():
        try:
            holders.update(r.serial for r in books.read_block(path))
        except books.Wrong:
            # It is being written to.
            return ["?"]
    return [serial for serial, count in holders.items() if count < copies]


def kill_loop(name, faults=None, copies=1):
    allow(SECONDS * 1.5 + 240)
    settings = {"ledger": {"copies": copies}}
    with Trouble(name, **settings) as t:
        t.begin(**(faults or {}))
        t.rage()
        t.settle()
        t.tell()
        c = t.cluster
        wait_for(lambda: not too_few_copies(c, copies), "each on so many backends",
                 SETTLE_SECONDS)
        whole = books.Books(c.block_paths(), refilled=copies > 1)
        t.oracle.check(whole)
        check_answers(c, whole)
        check_again(c, t.parts, whole)
        for backup, begun in t.backups:
            serial = check_backup(backup, whole, **settings)
            told = t.oracle.told_before(begun)
            print(f"backup up to {serial}, {told} was told of")
            assert serial >= told


def test_kill_loop():
    kill_loop("plain")


def test_kill_loop_on_a_bad_network():
    kill_loop("network", {"loss": 0.1, "double": 0.1, "reorder": 0.1, "cut": 0.03})


def test_two_copies():
    """Each record stays on so many backends, or comes to be there again."""
    if COPIES < 2:
        raise Skip("wants KILL_LOOP_COPIES=2")
    kill_loop("copies", copies=COPIES)


if __name__ == "__main__":
    run(globals())

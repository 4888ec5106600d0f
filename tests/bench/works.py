# SPDX-License-Identifier: MIT
"""What is done with the peers, and measured.  Results go by metric and peer, a
value a round."""

import collections
import contextlib
import filecmp
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import harness
import peers
import resp
from harness import SLOW
from peers import Failed, Missing, load, own, run

Row = collections.namedtuple("Row", "name work clients depth users")

ROWS = [
    Row("transfers, 1 client", "transfer", 1, 1, 10000),
    Row("transfers, 16 clients", "transfer", 16, 1, 10000),
    Row("transfers, 64 clients", "transfer", 64, 1, 10000),
    Row("transfers, 64 clients, 16 deep", "transfer", 64, 16, 10000),
    Row("transfers, 64 clients, 3 users", "transfer", 64, 1, 3),
    Row("transfers, 64 clients, 16 deep, 3 users", "transfer", 64, 16, 3),
    Row("balances, 64 clients", "balance", 64, 1, 10000),
    Row("balances, 64 clients, 16 deep", "balance", 64, 16, 10000),
]
QUICK_ROWS = ROWS[2:3] + ROWS[7:8]
#: Behind the name of a row: as our load generator measures it.
VERIFIED = ", verified"
P99 = ", p99"

#: The users that pay while a history is looked at; the shortest has so many.
ACTIVE_USERS = 300
HISTORY_USERS = 10000
SHORTEST = 1000
OPEN_SECONDS = 600
FIRST_USER = "u0000000000000"
OTHER_USER = "u1000000000001"
PAGE = 1000


class Results:
    """values[metric][peer]: a value a round; missing[peer]: why; and what else is
    to be told."""

    def __init__(self):
        self.values = {}
        self.units = {}
        self.missing = {}
        self.notes = []
        self.failures = []
        self.checked = 0

    def add(self, metric, unit, peer, value):
        self.units[metric] = unit
        self.values.setdefault(metric, {}).setdefault(peer, []).append(value)

    def get(self, metric, peer):
        return self.values.get(metric, {}).get(peer, [])

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def failed(self, text):
        self.failures.append(text)


class Plan:
    """What was asked for on the command line."""

    def __init__(self, rounds, seconds, size, idle_seconds, rows):
        self.rounds = rounds
        self.seconds = seconds
        self.size = size
        self.idle_seconds = idle_seconds
        self.rows = rows

    @property
    def long_rounds(self):
        """Of what takes seconds each time."""
        return min(self.rounds, 3)

    def sizes(self):
        powers = (10**e for e in range(3, 9))
        return [n for n in powers if n < self.size] + [self.size]


def say(text):
    print(text, file=sys.stderr, flush=True)


# --- Side by side

def compare(plan, results):
    """All peers in turn, row by row, round by round."""
    postgres = peers.Postgres()
    try:
        for number in range(plan.rounds):
            say(f"round {number + 1} of {plan.rounds}")
            one_round(plan, results, number, postgres)
    finally:
        postgres.close()


def one_round(plan, results, number, postgres):
    candidates = [peers.Ours(), peers.Redis(), postgres, peers.Sqlite(),
                  peers.BareLedger(), peers.BareLocal(), peers.Echo()]
    running = []
    try:
        for peer in candidates:
            if peer.name not in results.missing:
                start_peer(peer, results, running)
        for row in plan.rows:
            # Nobody is always first.
            shift = number % len(running)
            for peer in running[shift:] + running[:shift]:
                measure(peer, row, plan, results)
        limits(plan, results)
        if running[0].name == "alichain":
            balances_meanwhile(running[0], plan, results)
        for peer in running:
            check(peer, results)
    except BaseException:
        for peer in running:
            peer.show()
        raise
    finally:
        for peer in running:
            peer.end()


def start_peer(peer, results, running):
    running.append(peer)
    try:
        peer.start()
    except Missing as e:
        running.remove(peer)
        peer.end()
        results.missing[peer.name] = str(e)


def measure(peer, row, plan, results):
    for client in ("redis-benchmark", "load"):
        try:
            told = peer.measure(row, client, plan.seconds)
        except Missing as e:
            results.note(f"skipped: {row.name} of {peer.name}: {e}")
            continue
        except Failed as e:
            results.failed(f"{row.name}: {peer.name}: {e}")
            continue
        if not told:
            continue
        name = row.name + (VERIFIED if client == "load" else "")
        results.add(name, "1/s", peer.name, told["rate"])
        if client == "load":
            results.add(row.name + P99, "µs", peer.name, told["p99"])


def check(peer, results):
    try:
        peer.check()
    except (Failed, AssertionError) as e:
        results.failed(f"{peer.name}: {e}")
    results.checked += getattr(peer, "checked", 0)


def limits(plan, results):
    """What the machine can do with nothing around it."""
    with tempfile.TemporaryDirectory(prefix="bench-limits-") as directory:
        for name, words in (
                ("append and sync", ("append", os.path.join(directory, "file"))),
                ("udp echo", ("udp-echo",))):
            told = json.loads(run(own("limits"), *words, plan.seconds))
            results.add(name, "1/s", "limit", told["rate"])


def balances_meanwhile(ours, plan, results):
    """How long a balance takes, idle and while transfers run flat out."""
    words = ["--work=balance", "--clients=1", f"--seconds={plan.seconds}"]
    # Until the transfers are in full swing.
    pause = min(0.3, plan.seconds)
    try:
        idle = ours.load(*words)
        with background(ours.port, "--work=transfer", "--clients=64",
                        f"--seconds={plan.seconds + 2 * pause:.3f}",
                        f"--receipts={ours.receipts}"):
            time.sleep(pause)
            busy = ours.load(*words, "--shared")
    except Failed as e:
        results.failed(f"balances meanwhile: {e}")
        return
    results.add("balance p99, idle", "µs", ours.name, idle["p99_usec"])
    results.add("balance p99, transfers meanwhile", "µs", ours.name, busy["p99_usec"])


@contextlib.contextmanager
def background(port, *words):
    """The load generator meanwhile; what it told is in .told afterwards."""
    process = subprocess.Popen([own("load"), f"--port={port}", *words],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    try:
        yield process
        out, error = process.communicate(timeout=OPEN_SECONDS * SLOW)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode:
        raise Failed(f"load: {error.decode().strip()}")
    process.told = json.loads(out)


# --- Long histories

class Histories:
    """Blocks of so many transactions, made once a run."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="bench-history-")

    def paths(self, size):
        paths = [os.path.join(self.directory, f"{size}-{n}") for n in "ABC"]
        if not os.path.exists(paths[0]):
            users = min(HISTORY_USERS, size // 3)
            run(own("make-history"), size, users, *paths, timeout=OPEN_SECONDS)
        return paths

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)


class Ledger:
    """Daemons on a copy of a history."""

    def __init__(self, size, paths):
        self.size = size
        self.cluster = peers.new_cluster({"A": "", "B": "", "C": ""})
        self.receipts = self.cluster.path("receipts")
        for path, block in zip(paths, self.cluster.block_paths()):
            shutil.copyfile(path, block)
        for b in self.cluster.backends.values():
            b.reserve()

    def start(self):
        """Until the first balance is answered; how long that took."""
        return peers.timed(self._start)

    def _start(self):
        for b in self.cluster.backends.values():
            b.launch()
        self.cluster.main.launch()
        harness.wait_for(self._answers, "the ledger to open", OPEN_SECONDS)

    def _answers(self):
        with resp.Client(self.cluster.main.port) as c:
            answer = c.ask("BALANCE", FIRST_USER)
        if isinstance(answer, resp.Error) and answer.code != "UNAVAILABLE":
            raise Failed(f"BALANCE: {answer!r}")
        self.cluster.check_daemons()
        return not isinstance(answer, resp.Error)

    def stop(self):
        """The main daemon first, so that it can put its house in order."""
        self.cluster.main.stop()
        for b in self.cluster.backends.values():
            b.stop()

    def has_checkpoint(self):
        return any("checkpoint" in name for name in os.listdir(self.cluster.main.state))

    def forget_state(self):
        shutil.rmtree(self.cluster.main.state, ignore_errors=True)

    @property
    def port(self):
        return self.cluster.main.port

    def load(self, *words):
        return load(self.port, f"--users={ACTIVE_USERS}", *words)

    def command(self, repeat, *words):
        """How long each took, in milliseconds."""
        told = load(self.port, "--work=command", f"--repeat={repeat}", "--", *words,
                    timeout=OPEN_SECONDS)
        return [usec / 1000 for usec in told["usec"]]

    def check(self):
        with resp.Client(self.port) as c:
            last = c.call("TIP")[0]
        self.stop()
        return peers.check_blocks(self.cluster, self.receipts, last)

    def end(self):
        peers.end_cluster(self.cluster)


def long_history(plan, results):
    """A ledger of plan.size transactions: its start, its questions, its list."""
    say(f"a history of {plan.size:,} transactions")
    histories = Histories()
    try:
        ledger = Ledger(plan.size, histories.paths(plan.size))
        try:
            starts(ledger, plan, results)
            memory(ledger, results)
            questions(ledger, plan, results)
            lists(ledger, histories, plan, results)
            results.checked += ledger.check()
        finally:
            ledger.end()
        growth(plan, results, histories)
    finally:
        histories.close()


def starts(ledger, plan, results):
    """Files in the page cache; with and without what the run before left."""
    for i in range(plan.long_rounds):
        ledger.forget_state()
        results.add("start, no checkpoint", "s", "alichain", ledger.start())
        ledger.stop()
        if ledger.has_checkpoint():
            results.add("start, with a checkpoint", "s", "alichain", ledger.start())
            ledger.stop()
        elif i == 0:
            results.note("skipped: start with a checkpoint: the daemon leaves none")
    ledger.forget_state()
    ledger.start()


def memory(ledger, results):
    backends = [peers.memory_of(b.daemon.pid) for b in ledger.cluster.backends.values()]
    main = peers.memory_of(ledger.cluster.main.daemon.pid)
    results.add("memory of all backends", "bytes/transaction", "alichain",
                sum(anonymous for _, anonymous in backends) / ledger.size)
    results.add("memory of main", "MiB", "alichain", main[0] / 2**20)


def questions(ledger, plan, results):
    middle = ledger.size // 2
    for metric, words in (
            ("stats of the busiest user", ("STATS", FIRST_USER)),
            ("history page, busiest user",
             ("HISTORY", FIRST_USER, "FROM", str(middle), "COUNT", str(PAGE))),
            ("history page, another user",
             ("HISTORY", OTHER_USER, "FROM", str(middle), "COUNT", str(PAGE))),
            ("list page", ("LIST", "FROM", str(middle), "COUNT", str(PAGE)))):
        for _ in range(plan.long_rounds):
            results.add(metric, "ms", "alichain",
                        statistics.median(ledger.command(5, *words)))


def lists(ledger, histories, plan, results):
    """TXLIST beside GNU sort of the same lines, alone and under load."""
    lines = os.path.join(histories.directory, "lines")
    with open(lines, "wb") as f:
        subprocess.run(["cut", "-d", " ", "-f", "1-4", *ledger.cluster.block_paths()],
                       stdout=f, check=True)
    in_order = lines + ".sorted"
    for i in range(plan.long_rounds):
        results.add("txlist", "s", "alichain", ledger.command(1, "TXLIST")[0] / 1000)
        results.add("txlist", "s", "sort -n", peers.timed(
            lambda: run("sort", "-n", lines, "-o", in_order, timeout=OPEN_SECONDS,
                        env={**os.environ, "LC_ALL": "C"})))
        if i == 0 and not filecmp.cmp(in_order, ledger.cluster.main.statement, False):
            results.failed("txlist: the statement is not what sort makes of the blocks")
    os.remove(lines)
    os.remove(in_order)
    alone = statistics.median(results.get("txlist", "alichain"))
    for _ in range(plan.long_rounds):
        list_under_load(ledger, alone, plan, results)


def list_under_load(ledger, alone, plan, results):
    """Transfers in tenths of a second, before and while lists are written."""
    before = max(0.3, plan.seconds)
    meanwhile = max(0.3, plan.seconds, alone)
    took = []
    with background(ledger.port, "--work=transfer", "--clients=64",
                    f"--users={ACTIVE_USERS}", f"--receipts={ledger.receipts}",
                    f"--seconds={before + 3 * meanwhile + 0.4:.3f}") as process:
        time.sleep(before + 0.2)
        begin = time.monotonic()
        while not took or time.monotonic() - begin < meanwhile:
            took += ledger.command(1, "TXLIST")
        end = time.monotonic()
    told = process.told
    first = told["begin"]
    quiet = rate(told, first + 0.1, begin)
    busy = rate(told, begin, end)
    results.add("txlist, transfers meanwhile", "s", "alichain",
                statistics.median(took) / 1000)
    if quiet and busy:
        results.add("transfers kept during txlist", "share", "alichain", busy / quiet)
    else:
        results.note("txlist: too quick to see what transfers kept")


def rate(told, begin, end):
    """Answers a second in the whole tenths from @begin to @end."""
    counts = [n for i, n in enumerate(told["intervals"])
              if begin <= told["begin"] + i / 10 and told["begin"] + (i + 1) / 10 <= end]
    return 10 * sum(counts) / len(counts) if counts else None


def growth(plan, results, histories):
    """The same work on histories of all sizes, in turn."""
    ledgers = []
    try:
        for size in plan.sizes():
            ledgers.append(Ledger(size, histories.paths(size)))
            ledgers[-1].start()
        for number in range(plan.rounds):
            say(f"growth, round {number + 1} of {plan.rounds}")
            shift = number % len(ledgers)
            for ledger in ledgers[shift:] + ledgers[:shift]:
                grown(ledger, plan, results)
        for ledger in ledgers:
            results.checked += ledger.check()
    finally:
        for ledger in ledgers:
            ledger.end()


def grown(ledger, plan, results):
    words = ("--clients=64", f"--seconds={plan.seconds}")
    told = ledger.load("--work=transfer", f"--receipts={ledger.receipts}", *words)
    results.add("transfers by size", "1/s", f"{ledger.size:,}", told["rate"])
    told = ledger.load("--work=balance", *words)
    results.add("balances by size", "1/s", f"{ledger.size:,}", told["rate"])


# --- Idle

def idle(plan, results):
    """The sample ledger, and nobody there."""
    say(f"idle for {plan.idle_seconds} s")
    with peers.Cluster() as c:
        c.start()
        daemons = {d.name: d.pid for d in c.daemons}
        # What a start leaves to be done is done.
        time.sleep(min(1, plan.idle_seconds))
        before = {name: peers.switches_of(pid) for name, pid in daemons.items()}
        time.sleep(plan.idle_seconds)
        for name, pid in daemons.items():
            results.add("wake-ups when idle", "1/s", name,
                        (peers.switches_of(pid) - before[name]) / plan.idle_seconds)
            results.add("memory when idle", "MiB", name, peers.memory_of(pid)[0] / 2**20)

# SPDX-License-Identifier: MIT
"""What is measured: our daemons, what people would use instead, and bare
servers.  Each is started for a round, measured in turns with the others, held
against what it said, and ended.

    peer.measure(row, client, seconds) -> {"rate": ..., "p99": ...} or None

The rate is in answers a second, times are in microseconds.
"""

import csv
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time

import harness
import resp
from harness import Cluster, Daemon, SLOW, free_tcp_port

# So much that nobody runs out of it: half of the users only pay with
# redis-benchmark, and other peers check balances too.
INITIAL = 10**9
PROGRAMS = os.path.join(harness.TOP_BUILD, "tests/bench")
READY_SECONDS = 300
RUN_SECONDS = 120
POSTGRES_DIRECTORIES = "/usr/lib/postgresql"

LUA = """
local have = redis.call('GET', KEYS[1])
local other = redis.call('GET', KEYS[2])
local amount = tonumber(ARGV[1])
if not have or not other then return redis.error_reply('NOUSER no such wallet') end
if amount < 1 then return redis.error_reply('AMOUNT is not positive') end
if tonumber(have) < amount then return redis.error_reply('INSUFFICIENT balance') end
local left = redis.call('DECRBY', KEYS[1], amount)
redis.call('INCRBY', KEYS[2], amount)
local serial = redis.call('RPUSH', 'transfers',
    KEYS[1] .. ' ' .. KEYS[2] .. ' ' .. ARGV[1])
return {serial, left}
"""

SQL = """
CREATE TABLE wallet (id integer PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE transfer (serial bigserial PRIMARY KEY, sender integer NOT NULL,
    receiver integer NOT NULL, amount bigint NOT NULL,
    made timestamptz NOT NULL DEFAULT clock_timestamp());
INSERT INTO wallet SELECT i, %d FROM generate_series(0, 9999) AS i;
CREATE FUNCTION pay(payer integer, payee integer, coins bigint,
    OUT number bigint, OUT remaining bigint) AS $$
BEGIN
    -- Always in the same order, so that no two wait for each other.
    PERFORM 1 FROM wallet WHERE id IN (payer, payee) ORDER BY id FOR UPDATE;
    SELECT balance INTO remaining FROM wallet WHERE id = payer;
    IF remaining IS NULL OR NOT EXISTS (SELECT 1 FROM wallet WHERE id = payee) THEN
        RAISE 'no such wallet';
    END IF;
    IF coins < 1 OR remaining < coins THEN
        RAISE 'insufficient balance';
    END IF;
    UPDATE wallet SET balance = balance - coins WHERE id = payer
        RETURNING balance INTO remaining;
    UPDATE wallet SET balance = balance + coins WHERE id = payee;
    INSERT INTO transfer (sender, receiver, amount) VALUES (payer, payee, coins)
        RETURNING serial INTO number;
END
$$ LANGUAGE plpgsql;
""" % INITIAL


class Missing(Exception):
    """A peer that this machine does not have; says why."""


class Failed(Exception):
    """A program of the benchmark that ended badly; says what it said."""


def run(*argv, timeout=RUN_SECONDS, **kwargs):
    """What a program printed."""
    argv = [str(a) for a in argv]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout * SLOW, check=False,
                          **kwargs)
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise Failed(f"{' '.join(argv[:6])}: status {done.returncode}: {said[-500:]}")
    return done.stdout.decode()


def own(name):
    """A program of tests/bench."""
    path = os.path.join(PROGRAMS, name)
    if not os.access(path, os.X_OK):
        raise Missing(f"{name} is not built")
    return path


def found(name):
    path = shutil.which(name)
    if not path:
        raise Missing(f"there is no {name}")
    return path


def load(port, *args, timeout=RUN_SECONDS):
    """Run the load generator; a fault in any answer is an exception."""
    return json.loads(run(own("load"), f"--port={port}", *args, timeout=timeout))


def load_words(row, seconds):
    words = [f"--work={row.work}", f"--clients={row.clients}", f"--depth={row.depth}",
             f"--users={row.users}", f"--seconds={seconds:.3f}"]
    # Less than that is not worth waiting for.
    return words + [f"--warm-up={min(0.2, seconds / 5):.3f}"]


def of_load(told):
    return {"rate": told["rate"], "p50": told["p50_usec"], "p99": told["p99_usec"],
            "max": told["max_usec"]}


class RedisBenchmark:
    """redis-benchmark stops after so many requests, not after so long: how many
    those are is found out by a short run, and by each run for the next."""

    def __init__(self):
        self.rates = {}

    def measure(self, who, port, row, seconds, words):
        rate = self.rates.get((who, row.name))
        before = 0
        if not rate:
            told = self._run(port, row, row.clients * row.depth * 10, words)
            rate = told["rate"]
            before = told["requests"]
        told = self._run(port, row, int(rate * seconds), words)
        self.rates[who, row.name] = told["rate"]
        return {**told, "requests": before + told["requests"]}

    def _run(self, port, row, requests, words):
        step = row.clients * row.depth
        requests = max(1, requests // step) * step
        out = run(found("redis-benchmark"), "-h", "127.0.0.1", "-p", port,
                  "-c", row.clients, "-P", row.depth, "-n", requests,
                  "-r", max(2, row.users // 2), "--csv", *words)
        told = [line for line in csv.reader(out.splitlines()) if len(line) == 8][-1]
        return {"rate": float(told[1]), "p50": 1000 * float(told[4]),
                "p99": 1000 * float(told[6]), "max": 1000 * float(told[7]),
                "requests": requests}


class Peer:
    """Something that is started, measured and ended."""

    name = ""
    #: For how the rates of redis-benchmark are kept.
    benchmark = RedisBenchmark()

    def __init__(self):
        self.directory = None
        self.daemon = None

    def start(self):
        """For a round."""
        self.directory = tempfile.mkdtemp(prefix=f"bench-{self.name.split()[0]}-")

    def spawn(self, *argv):
        self.daemon = Daemon(self.name, [str(a) for a in argv])

    def check(self):
        """Is what it holds what it said?  At the end of a round."""

    def show(self):
        """What it said, when all went wrong."""

    def end(self):
        """Whatever happened."""
        if self.daemon:
            self._end_daemon()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)
        self.daemon = self.directory = None

    def _end_daemon(self):
        try:
            if self.daemon.running():
                self.daemon.stop()
        except AssertionError:
            self.daemon.kill()
        self.daemon.reader.join(5)

    def measure(self, row, client, seconds):
        """None: that is not for this peer."""
        raise NotImplementedError


class RespPeer(Peer):
    """One that speaks RESP: both clients can drive it."""

    dialect = ()
    #: redis-benchmark has no way to check an answer; the words of a request.
    balance_words = ("BALANCE", "u0__rand_int__")
    transfer_words = ("TRANSFER",)
    port = 0

    def measure(self, row, client, seconds):
        if client == "redis-benchmark":
            return self.measure_redis_benchmark(row, seconds)
        if client == "load":
            return of_load(self.load(*load_words(row, seconds)))
        return None

    def load(self, *words):
        return load(self.port, *self.dialect, *words)

    def measure_redis_benchmark(self, row, seconds):
        if row.work == "balance":
            words = self.balance_words
        elif row.users == 3:
            # Two that pay a third.
            words = (*self.transfer_words, "u0__rand_int__", "u1000000000000", 1)
        else:
            words = (*self.transfer_words, "u0__rand_int__", "u1__rand_int__", 1)
        return self.benchmark.measure(self.name, self.port, row, seconds, words)


class Ours(RespPeer):
    """Three backends and a main daemon, with stock settings."""

    name = "alichain"

    def __init__(self, users=10000):
        super().__init__()
        self.users = users
        self.cluster = None
        self.told = 0
        # So many checks, to be reported: what was acknowledged is in the blocks.
        self.checked = 0

    def start(self):
        self.cluster = new_cluster({"A": "", "B": "", "C": ""})
        self.cluster.start()
        self.port = self.cluster.main.port
        run(own("load"), f"--port={self.port}", "--work=open", f"--users={self.users}")

    @property
    def receipts(self):
        return self.cluster.path("receipts")

    def load(self, *words):
        if "--work=transfer" in words:
            words = (*words, f"--receipts={self.receipts}")
        return super().load(*words)

    def measure_redis_benchmark(self, row, seconds):
        """It keeps no answers, but ends at the first refusal: so the last serial
        has to have gone up by as many as it sent."""
        before = self.serial()
        told = super().measure_redis_benchmark(row, seconds)
        made = self.serial() - before
        wanted = told["requests"] if row.work == "transfer" else 0
        if made != wanted:
            raise Failed(f"{wanted} transfers answered, {made} made")
        self.told += wanted
        return told

    def serial(self):
        with resp.Client(self.port) as c:
            return c.call("TIP")[0]

    def check(self):
        last = self.serial()
        self.cluster.stop_all()
        self.checked += check_blocks(self.cluster, self.receipts, last) + self.told
        self.told = 0

    def show(self):
        if self.cluster:
            self.cluster.show_logs()

    def end(self):
        if self.cluster:
            end_cluster(self.cluster)
        self.cluster = None


def new_cluster(blocks):
    """Of three backends; all else is as it stands in the configuration files
    that are installed, but for the coins that users start with."""
    return Cluster(blocks, ledger={"initial_balance": INITIAL})


def end_cluster(cluster):
    """Whatever state it is in, and without a word."""
    cluster.__exit__(harness.Skip, None, None)


def check_blocks(cluster, receipts, last):
    """The daemons have ended: the chain verifies up to the last serial, and all
    that was acknowledged to our load generator is there; how many that were."""
    out = run(harness.program("chain-check"), "--initial-balance", INITIAL,
              *cluster.block_paths(), timeout=READY_SECONDS)
    whole = int(re.search(r"^whole up to serial: (\d+)$", out, re.M).group(1))
    if whole != last:
        raise Failed(f"chain-check: whole up to {whole}, the last one told was {last}")
    if not os.path.exists(receipts):
        return 0
    return int(run(own("receipts"), receipts, *cluster.block_paths(),
                   timeout=READY_SECONDS))


class Redis(RespPeer):
    """Redis, every write synced, a transfer is a script."""

    name = "redis"
    balance_words = ("GET", "u0__rand_int__")

    def start(self):
        super().start()
        self.port = free_tcp_port()
        self.spawn(found("redis-server"), "--port", self.port, "--bind", "127.0.0.1",
                   "--dir", self.directory, "--daemonize", "no", "--save", "",
                   "--appendonly", "yes", "--appendfsync", "always",
                   "--auto-aof-rewrite-percentage", 0)
        harness.wait_for(self.answers, "redis-server")
        with resp.Client(self.port) as c:
            script = c.call("SCRIPT", "LOAD", LUA)
        self.dialect = (f"--redis={script}",)
        self.transfer_words = ("EVALSHA", script, 2)
        run(own("load"), f"--port={self.port}", *self.dialect, "--work=open",
            f"--balance={INITIAL}")

    def answers(self):
        if not self.daemon.running():
            raise Failed(f"redis-server ended with {self.daemon.wait_exit()}")
        try:
            with resp.Client(self.port) as c:
                return c.call("PING") == "PONG"
        except (OSError, EOFError, resp.Refused):
            return False

    def check(self):
        with resp.Client(self.port) as c:
            wallets = c.call("DBSIZE") - 1
        if wallets < 10000:
            raise Failed(f"redis: {wallets} wallets")


class BareLedger(RespPeer):
    """The least that a server can do, a disk of three processes."""

    name = "bare"
    words = ()

    def start(self):
        super().start()
        self.spawn(own("bare"), "ledger", self.directory, *self.words)
        self.port = int(self.daemon.wait_line(r"^ready: (\d+)$").group(1))


class BareLocal(BareLedger):
    """The same, the disk in the server."""

    name = "bare, local log"
    words = ("local",)


class Echo(RespPeer):
    """What TCP alone costs; for our load generator."""

    name = "tcp echo"

    def start(self):
        super().start()
        self.spawn(own("bare"), "echo")
        self.port = int(self.daemon.wait_line(r"^ready: (\d+)$").group(1))

    def measure(self, row, client, seconds):
        if client != "load":
            return None
        words = load_words(row, seconds)
        return of_load(load(self.port, *words, "--work=echo"))


class Sqlite(Peer):
    """In process: no server, no clients.  One by one stands beside one client,
    by the sixty-four beside sixty-four."""

    name = "sqlite"

    def start(self):
        own("sqlite")
        super().start()

    def measure(self, row, client, seconds):
        if row.work != "transfer" or row.depth > 1 or client != "redis-benchmark":
            return None
        path = os.path.join(self.directory, "database")
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.remove(path + suffix)
        told = json.loads(run(own("sqlite"), path, row.users, row.clients, seconds))
        return {"rate": told["rate"]}


class Postgres(Peer):
    """PostgreSQL, every commit synced, a transfer is a function; by pgbench."""

    name = "postgresql"

    def __init__(self):
        super().__init__()
        self.port = 0
        self.programs = None
        self.prefix = []
        self.kept = None

    def start(self):
        """The same database in all rounds; the tables are new in each."""
        if not self.kept:
            self._create()
        if not self.daemon:
            self._launch()
        self._psql("DROP TABLE IF EXISTS wallet, transfer; DROP FUNCTION IF EXISTS pay")
        self._psql(SQL)
        self._psql("VACUUM ANALYZE wallet")

    def _create(self):
        versions = sorted(os.listdir(POSTGRES_DIRECTORIES), key=version_key) \
            if os.path.isdir(POSTGRES_DIRECTORIES) else []
        if not versions:
            raise Missing("there is no PostgreSQL server")
        self.programs = os.path.join(POSTGRES_DIRECTORIES, versions[-1], "bin")
        found("pgbench")
        self.kept = self.directory = tempfile.mkdtemp(prefix="bench-postgresql-")
        if os.getuid() == 0:
            self._give_up_root()
        run(*self.prefix, self._program("initdb"), "-D", self._data(), "-U", "bench",
            "--auth=trust", "--locale=C", "--encoding=UTF8", "--no-sync")

    def _give_up_root(self):
        """The server does not run as root."""
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            raise Missing("there is no user postgres, and root may not run it") from None
        found("setpriv")
        os.chown(self.kept, user.pw_uid, user.pw_gid)
        self.prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}",
                       "--clear-groups", "--pdeathsig=QUIT"]
        try:
            run(*self.prefix, "test", "-w", self.kept, cwd="/")
        except Failed:
            raise Missing(f"the user postgres cannot reach {self.kept}") from None

    def _program(self, name):
        return os.path.join(self.programs, name)

    def _data(self):
        return os.path.join(self.kept, "data")

    def _launch(self):
        self.port = free_tcp_port()
        self.spawn(*self.prefix, self._program("postgres"), "-D", self._data(),
                   "-h", "127.0.0.1", "-p", self.port, "-k", self.kept,
                   "-c", "fsync=on", "-c", "synchronous_commit=on",
                   # No checkpoint into the measurements of others.
                   "-c", "max_wal_size=16GB", "-c", "checkpoint_timeout=1h",
                   "-c", "autovacuum=off")
        self.daemon.wait_line("ready to accept connections", 60)

    def _words(self):
        return ["-h", "127.0.0.1", "-p", self.port, "-U", "bench"]

    def _psql(self, text):
        run("psql", *self._words(), "-d", "postgres", "-q", "-v", "ON_ERROR_STOP=1",
            "-c", text)

    def measure(self, row, client, seconds):
        if client != "redis-benchmark" or row.depth > 1:
            return None
        script = os.path.join(self.kept, "script.sql")
        harness.write_file(script, self._script(row))
        # It knows whole seconds only.
        long = ("-T", round(seconds)) if seconds >= 1 else ("-t", 10)
        out = run("pgbench", *self._words(), "-n", "-M", "prepared", "-f", script,
                  "-c", row.clients, "-j", 1, *long, "postgres")
        return {"rate": float(re.search(r"^tps = ([\d.]+)", out, re.M).group(1)),
                "mean": 1000 * float(re.search(r"latency average = ([\d.]+) ms", out)
                                     .group(1))}

    def _script(self, row):
        if row.work == "balance":
            return (f"\\set a random(0, {row.users - 1})\n"
                    "SELECT balance FROM wallet WHERE id = :a;\n")
        return (f"\\set a random(0, {row.users - 1})\n"
                f"\\set b (:a + random(1, {row.users - 1})) % {row.users}\n"
                "SELECT * FROM pay(:a, :b, 1);\n")

    def check(self):
        out = run("psql", *self._words(), "-d", "postgres", "-At", "-c",
                  "SELECT sum(balance) FROM wallet")
        if int(out) != 10000 * INITIAL:
            raise Failed(f"postgresql: {out} coins")

    def end(self):
        """It goes on to the next round; see close()."""

    def close(self):
        if self.daemon and self.daemon.running():
            # Fast: those that are connected are sent away.
            self.daemon.signal(signal.SIGINT)
            self.daemon.wait_exit(60)
        self.directory = self.kept
        super().end()
        self.kept = None


def version_key(text):
    return [int(n) for n in re.findall(r"\d+", text)]


def memory_of(pid):
    """Resident bytes: all, and those that no file backs."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        text = f.read()
    return tuple(1024 * int(re.search(rf"^{key}:\s+(\d+) kB", text, re.M).group(1))
                 for key in ("VmRSS", "RssAnon"))


def switches_of(pid):
    """How often its threads went to sleep."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as f:
            total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M)
                         .group(1))
    return total


def timed(function):
    begin = time.monotonic()
    function()
    return time.monotonic() - begin

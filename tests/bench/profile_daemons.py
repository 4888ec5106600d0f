#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where the time of our daemons goes, for each kind of load: processor time and
sleeps of each daemon, system calls (strace) and functions (perf).  For the
README here; needs what the benchmarks need, and perf and strace.

    top_srcdir=$PWD/.. top_builddir=$PWD ../tests/bench/profile_daemons.py [SIZE]

With a SIZE: instead, the functions of a start with so many transactions and of
questions about them.  perf watches the whole machine then.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../scenario"))

import peers
import works

LOADS = (("transfer", 1, 1), ("transfer", 64, 1), ("transfer", 64, 16),
         ("balance", 64, 1), ("balance", 64, 16))
SECONDS = 3
TICKS = os.sysconf("SC_CLK_TCK")
#: What is below that share of all samples is left out.
PERF_PERCENT = 1


def processor_time(pid):
    """Seconds of it, in user mode and in the kernel."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
        words = f.read().rpartition(")")[2].split()
    return int(words[11]) / TICKS, int(words[12]) / TICKS


class Profile:
    """Our daemons under one kind of load."""

    def __init__(self, ours, work, clients, depth):
        self.ours = ours
        self.work = work
        self.words = [f"--work={work}", f"--clients={clients}", f"--depth={depth}",
                      f"--seconds={SECONDS}"]
        self.name = f"{work}s, {clients} clients, {depth} deep"
        self.daemons = {d.name: d.pid for d in ours.cluster.daemons}

    def load(self):
        """What was told, and the number of all requests, the warm-up's too."""
        before = self.ours.serial()
        told = self.ours.load(*self.words)
        made = self.ours.serial() - before
        return told, made or told["answers"]

    def watched(self, *argv):
        """The load while somebody watches; what load() tells."""
        watcher = subprocess.Popen(argv, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            # Until it has attached.
            time.sleep(0.7)
            return self.load()
        finally:
            watcher.terminate()
            watcher.wait()

    def show_time(self):
        before = {name: (*processor_time(pid), peers.switches_of(pid))
                  for name, pid in self.daemons.items()}
        told, count = self.load()
        print(f"\n{self.name}: {told['rate']:,.0f} a second,"
              f" p50 {told['p50_usec']:.0f} µs, p99 {told['p99_usec']:.0f} µs")
        for name, pid in self.daemons.items():
            now = (*processor_time(pid), peers.switches_of(pid))
            user, system, sleeps = (b - a for a, b in zip(before[name], now))
            print(f"  {name}: {1e6 * user / count:.2f} µs in user mode,"
                  f" {1e6 * system / count:.2f} µs in the kernel,"
                  f" {sleeps / count:.3f} sleeps for one")

    def show_calls(self, directory):
        path = os.path.join(directory, "strace")
        for name in ("chain-main 1", "chain-backend A"):
            _, count = self.watched("strace", "-f", "-c", "-U", "calls,name", "-o", path,
                                    "-p", str(self.daemons[name]))
            with open(path, encoding="utf-8") as f:
                rows = re.findall(r"^\s*(\d+)\s+(\w+)$", f.read(), re.M)
            calls = [f"{call} {int(n) / count:.3f}" for n, call in rows
                     if call != "total" and int(n) / count >= 0.001]
            print(f"  {name}, system calls for one: {', '.join(calls) or 'none'}")

    def show_functions(self, directory):
        path = os.path.join(directory, "perf.data")
        self.watched("perf", "record", "-q", "-F", "1999", "-o", path,
                     "-p", ",".join(map(str, self.daemons.values())))
        report(path)


def report(path):
    """What perf saw of our daemons: by library, then by function."""
    for sort in ("comm,dso", "comm,dso,symbol"):
        out = subprocess.run(
            ["perf", "report", "-i", path, "--stdio", "--sort", sort, "--percentage",
             "relative", "--comm", "chain-main,chain-backend", "--percent-limit",
             str(PERF_PERCENT)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=True).stdout
        for line in out.decode(errors="replace").splitlines():
            if line.strip() and not line.startswith("#"):
                print("    " + " ".join(line.split()))


def show_loads(directory):
    """Each kind of load, on a ledger that is new."""
    ours = peers.Ours()
    try:
        ours.start()
        for load in LOADS:
            profile = Profile(ours, *load)
            profile.show_time()
            profile.show_calls(directory)
            profile.show_functions(directory)
        ours.check()
    finally:
        ours.end()


def show_function(name, directory, function):
    """The functions of our daemons while @function runs."""
    path = os.path.join(directory, "perf.data")
    perf = subprocess.Popen(["perf", "record", "-q", "-a", "-F", "1999", "-o", path],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.7)
        took = peers.timed(function)
    finally:
        perf.terminate()
        perf.wait()
    print(f"\n{name}: {took:.3f} s")
    report(path)


def show_history(directory, size):
    """A start with a long history, and questions about it."""
    histories = works.Histories()
    try:
        ledger = works.Ledger(size, histories.paths(size))
        try:
            show_function("start, no checkpoint", directory, ledger.start)
            ledger.stop()
            show_function("start after a clean stop", directory, ledger.start)
            show_function("txlist", directory, lambda: ledger.command(1, "TXLIST"))
            show_function("stats, 20 times", directory,
                          lambda: ledger.command(20, "STATS", works.FIRST_USER))
            show_function("history pages, 200 times", directory, lambda: ledger.command(
                200, "HISTORY", works.FIRST_USER, "FROM", str(size // 2)))
        finally:
            ledger.end()
    finally:
        histories.close()


def main():
    if len(sys.argv) > 2 or not all(word.isdecimal() for word in sys.argv[1:]):
        sys.exit("expected no arguments, or a number of transactions")
    tempfile.tempdir = os.environ.get("TMPDIR", "/var/tmp")
    peers.found("perf")
    peers.found("strace")
    with tempfile.TemporaryDirectory(prefix="bench-profile-") as directory:
        if len(sys.argv) == 2:
            show_history(directory, int(sys.argv[1]))
        else:
            show_loads(directory)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure the ledger beside what people would use instead; see README here.

    make bench
    make bench BENCH_FLAGS='--rounds 3 --size 1000000'
"""

import argparse
import os
import platform
import signal
import sys
import tempfile

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../scenario"))

import harness
import peers
import report
import works

PARTS = {
    "compare": works.compare,
    "history": works.long_history,
    "idle": works.idle,
}
MEMORY_FILE_SYSTEMS = ("tmpfs", "ramfs")


def options():
    p = argparse.ArgumentParser(description="Measure the ledger beside others.")
    p.add_argument("--rounds", type=int, default=5, metavar="N")
    p.add_argument("--seconds", type=float, default=1.0, metavar="S",
                   help="of each measurement")
    p.add_argument("--size", type=int, default=10**7, metavar="N",
                   help="transactions of the long history")
    p.add_argument("--only", choices=sorted(PARTS), action="append", metavar="PART",
                   help=f"of {', '.join(PARTS)}; may be given more than once")
    p.add_argument("--output", default="bench", metavar="DIR",
                   help="for table, CSV and charts")
    p.add_argument("--scratch", default=os.environ.get("TMPDIR", "/var/tmp"),
                   metavar="DIR", help="on the disk that is measured")
    p.add_argument("--quick", action="store_true",
                   help="a moment of everything, to see that it works")
    args = p.parse_args()
    if args.rounds < 1 or args.seconds < 0.1 or args.size < works.SHORTEST:
        p.error(f"at least 1 round, 0.1 seconds and {works.SHORTEST} transactions")
    return args


def plan_of(args):
    if args.quick:
        return works.Plan(1, 0.1, 2000, 0.2, works.QUICK_ROWS)
    return works.Plan(args.rounds, args.seconds, args.size, 30, works.ROWS)


def file_system(directory):
    """Its type, by the longest mount point above."""
    best = ("", "unknown")
    with open("/proc/self/mounts", encoding="utf-8", errors="replace") as f:
        for line in f:
            _, point, kind = line.split()[:3]
            inside = (os.path.realpath(directory) + "/").startswith(
                point.rstrip("/") + "/")
            if inside and len(point) >= len(best[0]):
                best = (point, kind)
    return best[1]


def main():
    args = options()
    if not harness.TOP_SRC or not harness.TOP_BUILD:
        sys.exit("top_srcdir and top_builddir are wanted, absolute both")
    # So that what was begun is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    tempfile.tempdir = args.scratch
    plan = plan_of(args)
    results = works.Results()
    kind = file_system(args.scratch)
    if kind in MEMORY_FILE_SYSTEMS:
        results.note(f"{args.scratch} is in memory: no sync there means anything")
    print(f"{os.cpu_count()} processors, {platform.system()} {platform.release()}, "
          f"{kind} in {args.scratch}; {plan.rounds} rounds of {plan.seconds:g} s")
    try:
        for name, part in PARTS.items():
            if not args.only or name in args.only:
                part(plan, results)
    except peers.Missing as e:
        sys.exit(f"it cannot be measured: {e}")
    print(report.write_all(results, plan.size, args.output), end="")
    sys.exit(1 if results.failures else 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""What is wanted, and whether it was reached."""

import statistics

from works import P99

SIZE = 10**7
OURS = "alichain"


class Goal:
    """That @over, or its ratio to @under in the same round, is at least or below
    a limit.  Both are (metric, peer)."""

    def __init__(self, work, over, under=None, least=None, below=None, unit="x",
                 worst=False):
        self.work = work
        self.over = over
        self.under = under
        self.least = least
        self.below = below
        self.unit = unit
        # Several daemons: the one that is worst counts.
        self.worst = worst

    def wanted(self):
        if self.least is not None:
            return f"at least {self.least:g} {self.unit}"
        return f"below {self.below:g} {self.unit}"

    def values(self, results):
        if self.worst:
            every = results.values.get(self.over[0], {}).values()
            return [max(values) for values in every]
        over = results.get(*self.over)
        if not self.under:
            return over
        return [a / b for a, b in zip(over, results.get(*self.under)) if b]

    def value(self, results):
        """The median over the rounds, or of several the worst; None: not measured."""
        values = self.values(results)
        if not values:
            return None
        return max(values) if self.worst else statistics.median(values)

    def reached(self, results):
        value = self.value(results)
        if value is None:
            return None
        return value >= self.least if self.least is not None else value < self.below


def against(work, metric, peer, least):
    return Goal(f"{work}, against {peer}", (metric, OURS), (metric, peer), least)


def all_goals(size):
    """Those on a long history are meant for SIZE transactions."""
    n = f"{size:,} transactions"
    deep = "transfers, 64 clients, 16 deep"
    many = "transfers, 64 clients"
    some = "transfers, 16 clients"
    one = "transfers, 1 client"
    return [
        against(many, many, "redis", 2),
        against(many, many, "postgresql", 5),
        against(many, many, "bare", 0.8),
        against(deep, deep, "redis", 4),
        against(deep, deep, "bare", 0.5),
        against(some, some, "redis", 1.2),
        against(some, some, "postgresql", 2),
        against(one, one, "redis", 1),
        Goal(f"{one}, time of one against a synced append",
             ("append and sync", "limit"), (one, OURS), below=2),
        against("balances, 64 clients", "balances, 64 clients", "redis", 1.1),
        against("balances, 64 clients, 16 deep", "balances, 64 clients, 16 deep",
                "redis", 0.9),
        Goal(f"{many}, p99 against redis", (many + P99, OURS), (many + P99, "redis"),
             below=1),
        Goal("balance p99, transfers flat out against idle",
             ("balance p99, transfers meanwhile", OURS), ("balance p99, idle", OURS),
             below=3),
        Goal(f"txlist of {n} against sort -n", ("txlist", OURS), ("txlist", "sort -n"),
             below=1),
        Goal(f"txlist of {n}, transfers kept", ("transfers kept during txlist", OURS),
             least=0.8),
        Goal(f"start with {n}, no checkpoint", ("start, no checkpoint", OURS), below=8,
             unit="s"),
        Goal(f"start with {n} and a checkpoint", ("start, with a checkpoint", OURS),
             below=2, unit="s"),
        Goal(f"stats of a user with {size // 10:,} transactions",
             ("stats of the busiest user", OURS), below=50, unit="ms"),
        Goal(f"history page from the middle of {n}", ("history page, busiest user", OURS),
             below=5, unit="ms"),
        Goal(f"memory of all backends, {n}", ("memory of all backends", OURS), below=64,
             unit="bytes/transaction"),
        Goal(f"memory of main, {n}", ("memory of main", OURS), below=64, unit="MiB"),
        Goal(f"transfers with {n} against 1,000", ("transfers by size", f"{size:,}"),
             ("transfers by size", "1,000"), 0.9),
        Goal(f"balances with {n} against 1,000", ("balances by size", f"{size:,}"),
             ("balances by size", "1,000"), 0.9),
        Goal("wake-ups of an idle daemon", ("wake-ups when idle", None), below=0.01,
             unit="1/s", worst=True),
        Goal("resident memory of an idle daemon", ("memory when idle", None), below=8,
             unit="MiB", worst=True),
    ]

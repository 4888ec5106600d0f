#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A backend drawn at random stores a transfer: near-uniform over 3,000."""

from harness import Cluster, run

TRANSFERS = 3000
# Chi-square with two degrees of freedom is above this once in 10^6: -2 ln 1e-6.
CHI_SQUARE_MAX = 27.63


def chi_square(counts):
    mean = sum(counts) / len(counts)
    return sum((n - mean) ** 2 / mean for n in counts)


def test_near_uniform():
    """One at a time, so that each is a batch and a draw of its own."""
    with Cluster() as c:
        c.start()
        client = c.client()
        for i in range(TRANSFERS):
            pair = ("Ali", "Ben") if i % 2 == 0 else ("Ben", "Ali")
            assert client.call("TRANSFER", *pair, 1)[0] == 10 + i
        b = c.books()
        assert not any("b" in r.fields for r in b.records), "a batch of more than one"
        counts = [len(records) - 3 for records in b.blocks.values()]
        assert sum(counts) == TRANSFERS
        assert chi_square(counts) < CHI_SQUARE_MAX, counts

        # Nor do draws depend on the one before: pairs are nine of a kind.
        home = {r.serial: path for path, records in b.blocks.items() for r in records}
        pairs = {}
        for serial in range(10, 9 + TRANSFERS):
            pair = (home[serial], home[serial + 1])
            pairs[pair] = pairs.get(pair, 0) + 1
        # Below 1e-6 for eight degrees of freedom.
        assert chi_square(list(pairs.values())) < 42.7, pairs


if __name__ == "__main__":
    run(globals())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""walletctl --classic prints what chain-protocol(7) says that the original's
clients print, word for word, and tells how it ended by its exit status."""

import os
import re
import shlex

import harness
from harness import Cluster, free_tcp_port, run

PAGE = os.path.join(harness.TOP_SRC, "man", "chain-protocol.7")
SECTION = "The original's screen"
UP = "The client A is up and running."


def screens():
    """[(words, lines)] of the page, in its order."""
    with open(PAGE, encoding="utf-8") as f:
        text = f.read().split(f".Ss {SECTION}\n")[1].split("\n.Sh ")[0]
    found = []
    for part in text.split('.\\" classic: ')[1:]:
        words, rest = part.split("\n", 1)
        block = re.match(r"\.Bd [^\n]*\n(.*?)\n\.Ed\n", rest, re.S)
        assert block, f"no display behind {words}"
        lines = block[1].replace("\\-", "-").split("\n")
        assert all(line.startswith("> ") for line in lines), lines
        found.append((words, [line[2:] for line in lines]))
    return found


def classic(c, *words, **how):
    return c.walletctl("--classic", *words, **how)


def is_refusal(lines):
    return any(re.search(r"^Unable to |was unable to ", line) for line in lines)


def test_the_page_says_what_is_printed():
    """Every sentence of it, in one session."""
    pages = screens()
    assert pages[0] == ("any", [UP]), pages[0]
    with Cluster() as c:
        c.start()
        for words, lines in pages[1:]:
            a = classic(c, *shlex.split(words))
            assert a.out.split("\n") == [UP, *lines, ""], (words, a)
            assert not a.err, (words, a)
            assert a.status == (1 if is_refusal(lines) else 0), (words, a)
        # Only one of them was done, and once.
        assert len(c.books().records) == 10, c.texts()
    kinds = {re.sub(r'"\w+"|-?\d+', "*", line) for _, lines in pages for line in lines}
    assert len(kinds) >= 14, sorted(kinds)


def test_by_our_own_words():
    """The four commands as walletctl(1) calls them."""
    with Cluster() as c:
        c.start()
        for ours, original in ((["balance", "Ali"], ["Ali"]), (["stats", "Ali"], ["Ali", "stats"]),
                               (["transfer", "Ali", "Zoe", "1"], ["Ali", "Zoe", "1"])):
            a, b = classic(c, *ours), classic(c, *original)
            assert (a.status, a.out, a.err) == (b.status, b.out, b.err), (a, b)
            assert a.out.startswith(UP + "\n"), a


def test_what_the_original_does_not_know():
    """It is told on standard error, and nothing is said to be done."""
    with Cluster() as c:
        c.start()
        before = c.texts()
        for words in (["Ali", "Luke", "-5"], ["Ali", "Luke", "abc"], ["Ali", "Ali", "5"],
                      ["Ali", "a b", "5"]):
            a = classic(c, *words)
            assert a.status == 1 and a.err, (words, a)
            assert "success" not in a.out and "balance" not in a.out, (words, a)
            assert a.out.split("\n")[0] == UP and len(a.out.split("\n")) == 3, (words, a)
        assert c.texts() == before
        for words in ([], ["--json", "Ali"], ["--quiet", "Ali"], ["Ali", "x"],
                      ["transfer", "Ali", "Luke", "5", "6"], ["--at", "3", "Ali"],
                      ["Ali", "Luke", "1", "--dry-run"]):
            a = classic(c, *words)
            assert a.status == 2 and not a.out and "walletctl help" in a.err, (words, a)
        assert c.texts() == before


def test_amounts_and_ids():
    """A big amount stands there as it did in the original; an id still pays once."""
    with Cluster(blocks={"A": "1 Rich Poor 1\n", "B": "", "C": ""},
                 ledger={"initial_balance": "2000000"}) as c:
        c.start()
        a = classic(c, "Rich", "Poor", "1234567", "--id", "rent")
        assert a.status == 0 and a.out.endswith(
            '"Rich" successfully transferred 1234567 alicoins to "Poor".\n'
            'The current balance of "Rich" is : 765432 alicoins.\n'), a
        b = classic(c, "Rich", "Poor", "1234567", "--id", "rent")
        assert (b.status, b.out) == (0, a.out), (a, b)
        assert sum(text.count(b"\n") for text in c.texts().values()) == 2, c.texts()


def test_columns_are_aligned():
    """Rows begin below the words of the heading, however wide letters are."""
    with Cluster(blocks={"A": "1 Ali Łukasz 5\n2 Ali 李雷 7\n3 Ali a-long-name-indeed 9\n",
                         "B": "", "C": ""}) as c:
        c.start()
        a = classic(c, "Ali", "stats")
        lines = a.out.split("\n")
        assert lines[4:7] == ["1     a-long-name-indeed 1                 -9",
                              "2     Łukasz    1                 -5",
                              "3     李雷      1                 -7"], a


def test_who_it_is():
    """The second client by its port; what is not sent is not said to be."""
    with Cluster() as c:
        for port, letter in ((26000, "B"), (26999, "B"), (27000, "A"), (25999, "A")):
            # Whether anybody is there or not.
            a = classic(c, "Ali", server=f"127.0.0.1:{port}")
            assert a.out.startswith(f"The client {letter} is up and running.\n"), a
        for words in (["Ali"], ["Ali", "stats"], ["TXLIST"], ["Ali", "Ben", "1"]):
            a = classic(c, *words, server=f"127.0.0.1:{free_tcp_port()}")
            assert (a.status, a.out) == (3, UP + "\n") and a.err, (words, a)


if __name__ == "__main__":
    run(globals())

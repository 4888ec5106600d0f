#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients that are not ours: redis-cli for every command, redis-benchmark as a
load, and a program over hiredis that pipelines."""

import os
import re
import shutil
import subprocess

import books
from harness import Cluster, SAMPLE_BALANCES, SLOW, Skip, program, run

CLIENTS = 50
RICH = 10**12
# Requests of a run.
PLAIN, PIPELINED = 3000 // SLOW, 16000 // SLOW


def tool(name):
    path = shutil.which(name)
    if not path:
        raise Skip(f"there is no {name}: it is in package redis-tools")
    return path


def run_tool(*argv, stdin=""):
    done = subprocess.run(argv, input=stdin.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=50 * SLOW, check=False)
    return done.returncode, done.stdout.decode()


def redis_cli(c, *words, stdin=""):
    """What it prints, as it would into a pipe."""
    status, out = run_tool(tool("redis-cli"), "-p", str(c.main.port), *map(str, words),
                           stdin=stdin)
    assert status == 0, (words, status, out)
    return out.removesuffix("\n")


def test_cli_balances():
    with Cluster() as c:
        c.start()
        for user, coins in SAMPLE_BALANCES.items():
            assert redis_cli(c, "BALANCE", user) == str(coins), user
        assert redis_cli(c, "balance", "Ali") == "845"


def test_cli_every_command():
    """Each command of the manual, and what redis-cli makes of its answer."""
    with Cluster() as c:
        c.start()
        assert redis_cli(c, "PING") == "PONG"
        assert redis_cli(c, "PING", "two words") == "two words"
        assert redis_cli(c, "ECHO", "ä") == "ä"
        assert redis_cli(c, "QUIT") == "OK"

        serial, balance, time, tip = redis_cli(
            c, "TRANSFER", "Ali", "Ben", 45, "ID", "x", "MEMO", "two coffees").split("\n")
        record = c.books().record(10)
        assert (serial, balance, time, tip) == ("10", "800", record.fields["t"], record.hash)
        assert redis_cli(c, "OPEN", "Zoë").split("\n")[:2] == ["11", "1000"]
        b = c.books()
        rows = redis_cli(c, "STATS", "Ali").split("\n")
        assert rows == [str(x) for row in b.partners("Ali") for x in row], rows
        rows = redis_cli(c, "HISTORY", "Ali", "FROM", 10, "COUNT", 1).split("\n")
        assert rows == ["10", "Ali", "Ben", "45", time, "x", "two coffees", tip, "800"], rows
        rows = redis_cli(c, "LIST", "FROM", 10, "COUNT", 1).split("\n")
        assert rows == ["10", "Ali", "Ben", "45", time, "x", "two coffees", tip], rows
        assert len(redis_cli(c, "LIST").split("\n")) == 11 * 8
        assert redis_cli(c, "SHOW", 10).split("\n") == rows
        assert redis_cli(c, "SHOW", "ID", "x").split("\n") == rows
        assert redis_cli(c, "TIP").split("\n")[:2] == ["11", b.tip]
        assert redis_cli(c, "TXLIST").split("\n") == [c.main.statement, "11", b.tip]
        with open(c.main.statement, encoding="utf-8") as f:
            assert f.read() == b.statement()
        out = redis_cli(c, "INFO", "ledger")
        assert "serial:11" in out and "users:13" in out, out
        assert "# Server" in redis_cli(c, "INFO")
        c.check_alive()


def test_cli_verify():
    """Whatever VERIFY answers in this version, it is no harm."""
    with Cluster() as c:
        c.start()
        assert redis_cli(c, "VERIFY")
        c.check_alive()


def test_cli_handshake():
    """What Redis clients say of themselves before they begin."""
    with Cluster() as c:
        c.start()
        out = redis_cli(c, "HELLO", 2)
        assert "server" in out and "proto" in out, out
        # A protocol that is not spoken here: the client must be told.
        assert redis_cli(c, "HELLO", 3).startswith("NOPROTO"), redis_cli(c, "HELLO", 3)
        redis_cli(c, "COMMAND")
        redis_cli(c, "COMMAND", "DOCS")
        assert redis_cli(c, "CONFIG", "GET", "save") == "save\n"
        assert redis_cli(c, "-3", "BALANCE", "Ali").endswith("845")
        c.check_alive()


def test_cli_refusals():
    with Cluster() as c:
        c.start()
        before = c.texts()
        for words, code in ((("BALANCE", "Nobody"), "NOUSER"),
                            (("TRANSFER", "Ali", "Ben", 846), "INSUFFICIENT"),
                            (("TRANSFER", "Ali", "Ali", 1), "SELF"),
                            (("TRANSFER", "Ali", "Ben", "x"), "AMOUNT"),
                            (("OPEN", "a b"), "NAME"), (("OPEN", "Ali"), "EXISTS"),
                            (("SHOW", 99), "NOTFOUND"), (("BALANCE",), "SYNTAX"),
                            (("FLUSHALL",), "ERR")):
            out = redis_cli(c, *words)
            assert out.startswith(f"{code} "), (words, out)
        assert c.texts() == before


def test_cli_from_a_file():
    """Commands on standard input, one a line, over one connection."""
    with Cluster() as c:
        c.start()
        out = redis_cli(c, stdin='TRANSFER Ali Ben 5 MEMO "two words"\nBALANCE Ali\n'
                        'BALANCE Nobody\nBALANCE Ben\n')
        assert out.split("\n")[1] == "840" and "NOUSER" in out and out.endswith("920"), out
        assert c.books().record(10).fields["m"] == "two%20words"


def test_cli_mass_insertion():
    """redis-cli --pipe: the answers are counted by it."""
    with Cluster() as c:
        c.start()
        status, out = run_tool(tool("redis-cli"), "-p", str(c.main.port), "--pipe",
                               stdin="TRANSFER Ali Ben 1\r\n" * 400 + "BALANCE Nobody\r\n")
        assert "errors: 1, replies: 401" in out, (status, out)
        assert c.books().balances["Ali"] == 445


def benchmark(c, requests, *words, pipeline=1):
    """A second would do; the number of requests a second that it tells."""
    status, out = run_tool(tool("redis-benchmark"), "-p", str(c.main.port), "-c", str(CLIENTS),
                           "-n", str(requests), "-P", str(pipeline), "-q", *map(str, words))
    assert status == 0, (words, status, out)
    found = re.findall(r"([\d.]+) requests per second, p50=", out)
    assert found and float(found[-1]) > 0, (words, out)
    assert "rror" not in out, (words, out)
    return float(found[-1])


def check_load(pipeline, requests):
    """PING, BALANCE and TRANSFER by fifty clients; then the books."""
    with Cluster(ledger={"initial_balance": RICH}) as c:
        c.start()
        benchmark(c, requests, "PING", pipeline=pipeline)
        benchmark(c, requests, "BALANCE", "Chinmay", pipeline=pipeline)
        assert len(c.books().records) == 9
        benchmark(c, requests, "TRANSFER", "Ali", "Ben", 3, pipeline=pipeline)
        benchmark(c, requests, "TRANSFER", "Ben", "Ali", 1, "MEMO", "x" * 100, pipeline=pipeline)
        b = books.Books(c.block_paths(), RICH)
        # With every client there may be some that nobody waited for.
        done = [sum((r.sender, r.receiver, r.amount) == order for r in b.records[9:])
                for order in (("Ali", "Ben", 3), ("Ben", "Ali", 1))]
        assert all(requests <= n <= requests + CLIENTS * pipeline for n in done), done
        assert len(b.records) == 9 + sum(done)
        assert b.coins() == 12 * RICH
        client = c.client()
        for user in ("Ali", "Ben"):
            assert client.call("BALANCE", user) == b.balances[user]
        info = c.main.info()
        assert int(info["transfers"]) == sum(done), (info["transfers"], done)
        assert int(info["largest_batch"]) > 1, "fifty at once and no batch of two"


def test_benchmark():
    check_load(1, PLAIN)


def test_benchmark_pipelined():
    check_load(16, PIPELINED)


def pipelined(c, count):
    """Receipts of the program over hiredis: (serial, id, hash)."""
    status, out = run_tool(program("pipeline"), str(c.main.port), str(count))
    assert status == 0, out
    return [(int(serial), key, tip) for serial, key, tip in map(str.split, out.splitlines())]


def test_hiredis():
    """A thousand under way at once: answered in order, each with its own receipt."""
    if not os.access(os.path.join(os.environ["top_builddir"], "tests/scenario/pipeline"), os.X_OK):
        raise Skip("tests/scenario/pipeline was not built: make check builds it")
    with Cluster(ledger={"initial_balance": RICH}) as c:
        c.start()
        receipts = pipelined(c, 1000)
        assert [r[0] for r in receipts] == list(range(10, 1010))
        b = books.Books(c.block_paths(), RICH)
        assert receipts == [(r.serial, r.id, r.hash) for r in b.records[9:]]
        assert len(b.records) == 1009
        assert int(c.main.info()["largest_batch"]) > 1, "a thousand at once and no batch"
        # Said again, they are known, and no sums can be done of that.
        status, out = run_tool(program("pipeline"), str(c.main.port), "1000")
        assert status == 1 and "transfer 0: a balance of" in out, out
        assert len(books.Books(c.block_paths(), RICH).records) == 1009


if __name__ == "__main__":
    run(globals())

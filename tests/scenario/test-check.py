#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""chain-check, on what people and the daemons wrote."""

import os
import random
import re
import shutil
import threading

import books
import harness
from harness import (Cluster, SAMPLE_BALANCES, SLOW, chain_check as check, in_threads, run,
                     sample_blocks, wait_for)

CLIENTS = 8
EXIT_USAGE = 64


def told(answer, key):
    """A value of the summary."""
    match = re.search(rf"^{key}: (.*)$", answer.out, re.M)
    assert match, (key, answer)
    return match.group(1)


def transfers(c, count, clients=1):
    def pay(i):
        rng = random.Random(i)
        client = c.client()
        for _ in range(count):
            sender, receiver = rng.sample(sorted(SAMPLE_BALANCES), 2)
            client.call("TRANSFER", sender, receiver, 1)

    in_threads(clients, pay)


def test_sample():
    """The three blocks of the original, and each by itself."""
    with Cluster() as c:
        a = check(*c.block_paths())
        assert a.status == 0 and a.err == "", a
        assert told(a, "whole up to serial") == "9", a
        assert [told(a, k) for k in ("transactions", "users", "coins")] == ["9", "12", "12000"], a
        serial, tip = told(a, "tip").split(":")
        assert (serial, tip) == ("9", c.books().tip), a

        a = check(c["A"].block)
        assert a.status == 0, a
        assert told(a, "missing among old records") == "6, the first is serial 2", a
        assert check("--quiet", *c.block_paths()).out == ""
        assert check("--initial-balance", 100, *c.block_paths()).status == 65


def test_written_by_daemons():
    """While they run and after; the tip of an earlier day; the tip of another."""
    with Cluster() as c:
        c.start()
        transfers(c, 10)
        early = c.client().call("TIP")
        transfers(c, 30, CLIENTS)
        a = check(*c.block_paths())
        assert a.status == 0 and a.err == "", a
        assert told(a, "tip") == "%d:%s" % tuple(c.client().call("TIP")[:2]), a
        c.stop_all()

        b = c.books()
        tip = f"{early[0]}:{early[1]}"
        a = check("--tip", tip, *c.block_paths())
        assert a.status == 0, a
        assert told(a, "transactions") == str(len(b.records)), a
        for wrong in (f"{early[0] + 1}:{early[1]}", f"{len(b.records) + 1}:{b.tip}"):
            a = check("--tip", wrong, "--cut", *c.block_paths())
            assert a.status == 65 and "nothing was changed" in a.err, a
        assert c.books().tip == b.tip


def test_copies():
    """Records that are kept twice count once, and one home may be gone."""
    with Cluster(ledger={"copies": 2}) as c:
        c.start()
        transfers(c, 20, CLIENTS)
        # The old ones get a copy beside the transfers.
        wait_for(lambda: c.main.info()["refilling"] == "0", "the copies")
        c.stop_all()
        a = check(*c.block_paths())
        assert a.status == 0, a
        assert told(a, "copies") == str(9 + 20 * CLIENTS), a
        assert told(a, "transactions") == str(9 + 20 * CLIENTS), a


def test_faults_are_named():
    """File, line and serial; every one; nothing is changed."""
    with Cluster() as c:
        c.start()
        transfers(c, 40, CLIENTS)
        c.stop_all()
        block = c["A"].block
        lines = c["A"].text().decode().splitlines()
        chained = [n for n, line in enumerate(lines) if " h=" in line]
        assert len(chained) > 10, lines
        first, second = chained[3], chained[7]
        lines[first] = lines[first].replace(" 1 t=", " 2 t=")
        lines[second] = lines[second].replace(" t=", " z=")
        harness.write_file(block, "\n".join(lines) + "\n")
        before = c.texts()
        a = check(*c.block_paths())
        assert a.status == 65, a
        for n, what in ((first, "its hash does not follow"), (second, "expected t=")):
            serial = lines[n].split(" ")[0]
            assert re.search(rf"^{block}:{n + 1}: serial {serial}: {what}", a.err, re.M), a
        serial = int(lines[first].split(" ")[0])
        assert told(a, "whole up to serial") == str(serial - 1), a
        assert c.texts() == before


def test_refusals():
    """A wrong command line, no such file, no file at all, a file twice."""
    with Cluster() as c:
        assert check().status == EXIT_USAGE
        assert check("--bogus", c["A"].block).status == EXIT_USAGE
        assert check("--tip", "1:x", c["A"].block).status == EXIT_USAGE
        assert check(c["A"].block, c["B"].block, c["A"].block).status == EXIT_USAGE
        for path in (c.path("absent"), c.directory, "/dev/null"):
            a = check(path)
            assert a.status == harness.EXIT_IO and path in a.err, a
        os.mkfifo(c.path("fifo"))
        assert check(c.path("fifo")).status == harness.EXIT_IO


def test_locked():
    """What a backend has open is not cut."""
    with Cluster() as c:
        c.start()
        transfers(c, 5)
        with open(c["C"].block, "ab") as f:
            f.write(b"rubbish\n")
        before = c.texts()
        a = check("--cut", *c.block_paths())
        assert a.status == 1 and "nothing was changed" in a.err, a
        assert c.texts() == before
        assert not [n for n in os.listdir(c.directory) if ".cut-" in n]
        # The backend would notice the file, so it is put back before the end.
        with open(c["C"].block, "r+b") as f:
            f.truncate(len(before["C"]) - len(b"rubbish\n"))
        c["C"].kill()


def copy_under_load(c, directory):
    """The blocks, one after the other, while clients transfer; and what was told."""
    stop = threading.Event()
    done = [0] * CLIENTS

    def pay(i):
        client = c.client()
        users = sorted(SAMPLE_BALANCES)
        while not stop.is_set():
            client.call("TRANSFER", users[i], users[i + 1], 1)
            done[i] += 1

    payers = threading.Thread(target=in_threads, args=(CLIENTS, pay), daemon=True)
    payers.start()
    copies = {}
    try:
        for name, b in c.backends.items():
            mark = sum(done) + 100
            wait_for(lambda m=mark: sum(done) >= m, "transfers")
            copies[name] = shutil.copy(b.block, directory)
    finally:
        stop.set()
        payers.join(20 * SLOW)
    return copies


def test_backup_by_cp():
    """Copied at different moments, cut, started: a prefix of the history."""
    with Cluster() as c:
        c.start()
        directory = c.path("backup")
        os.mkdir(directory)
        copies = copy_under_load(c, directory)
        c.stop_all()
        whole = c.books()
        originals = {name: books_text(path) for name, path in copies.items()}

        a = check("--cut", *copies.values())
        assert a.status == 0 and "set aside" in a.out, a
        serial = int(told(a, "whole up to serial"))
        assert 9 + 100 <= serial < len(whole.records), (serial, a)
        for name, path in copies.items():
            beside = f"{path}.cut-at-{serial}"
            rest = books_text(beside) if os.path.exists(beside) else b""
            assert sorted((books_text(path) + rest).splitlines()) == \
                sorted(originals[name].splitlines()), name
        a = check("--cut", *copies.values())
        assert a.status == 0 and a.err == "" and "nothing is to be cut" in a.out, a
        texts = {name: books_text(path) for name, path in copies.items()}

    with Cluster(texts) as c:
        c.start()
        tip = c.client().call("TIP")
        assert tip[:2] == [serial, whole.record(serial).hash], (tip, serial)
        ours = c.books()
        assert [r.body for r in ours.records] == [r.body for r in whole.records[:serial]]
        c.check_alive()
        c.stop_all()
        assert check(*c.block_paths()).status == 0


def books_text(path):
    with open(path, "rb") as f:
        return f.read()


def test_torn_tail():
    """Named as such; cut, it is set aside, and what is beside it stays."""
    with Cluster() as c:
        c.start()
        for _ in range(20):
            transfers(c, 1)
        c.stop_all()
        name = next(n for n, b in c.backends.items() if b.records()[-1].hash)
        path = c[name].block
        last = c[name].records()[-1].serial
        with open(path, "r+b") as f:
            f.truncate(os.path.getsize(path) - 30)
        a = check(*c.block_paths())
        assert a.status == 65 and "a torn tail of" in a.err, a
        assert told(a, "whole up to serial") == str(last - 1), (last, a)
        os.chmod(path, 0o604)
        assert check("--cut", *c.block_paths()).status == 0
        assert os.stat(path).st_mode & 0o777 == 0o604
        assert check(*c.block_paths()).status == 0
        # A link to a block leads to it, and stays a link.
        link = c.path("link")
        os.symlink(path, link)
        with open(path, "ab") as f:
            f.write(b"rubbish\n")
        others = [b.block for n, b in c.backends.items() if n != name]
        assert check("--cut", link, *others).status == 0
        assert os.path.islink(link)
        c.start()
        assert c.client().call("TIP")[0] == last - 1
        c.check_alive()


def test_stays_whole_without_daemons():
    """What books.py takes, it takes; in any order of the files."""
    with Cluster(sample_blocks()) as c:
        tip = books.Books(c.block_paths()).tip
        for paths in (c.block_paths(), c.block_paths()[::-1]):
            assert told(check(*paths), "tip") == f"9:{tip}"


if __name__ == "__main__":
    run(globals())

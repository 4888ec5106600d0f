#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""walletctl verify: damage on the disk is found while all goes on, and nothing else is."""

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import threading

import books
import resp
from harness import (Cluster, SLOW, in_threads, program, run, sample_blocks, wait_for,
                     within)

DONE, UNAVAILABLE, INTEGRITY = 0, 3, 5
ADVICE = "keep a copy of all block files before anything else"
LONG = 200_000


def transfers(c, count, clients=4):
    def pay(i):
        client = c.client()
        users = ("Ali", "Ben") if i % 2 else ("Ben", "Ali")
        for _ in range(count):
            client.call("TRANSFER", *users, 1)

    in_threads(clients, pay)


def verify(c, *args):
    return c.walletctl("verify", *args)


def verified(c, *args):
    """What it says, when all is well."""
    answer = verify(c, "--json", *args)
    assert answer.status == DONE and answer.err == "", answer
    return json.loads(answer.out)


def last(c):
    """The result of the last one, as INFO has it."""
    return c.main.info()["verify_last_result"]


@contextlib.contextmanager
def changed(path, offset, byte):
    """A byte of a file is another one, and neither its size nor its time shows it."""
    def put(value):
        st = os.stat(path)
        with open(path, "r+b") as f:
            f.seek(offset)
            was = f.read(1)
            f.seek(offset)
            f.write(value)
        os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))
        return was

    was = put(byte)
    assert was != byte, (path, offset)
    try:
        yield
    finally:
        put(was)


def test_sample():
    """In words, for programs, and not at all."""
    with Cluster() as c:
        c.start()
        tip = c.books().tip
        answer = verify(c)
        assert answer.status == DONE and answer.err == "", answer
        assert answer.out == ("Verified 9 transactions up to serial 9: 12 members, "
                              f"12,000 alicoins.\nTip 9:{tip}\n"), answer
        assert verify(c, "--raw").out == f"9\t{tip}\t9\t12\t12000\t0\n"
        assert verified(c) == {"serial": 9, "hash": tip, "transactions": 9, "users": 12,
                               "coins": 12000, "gaps": 0}
        answer = verify(c, "--quiet")
        assert (answer.status, answer.out, answer.err) == (DONE, "", ""), answer
        assert c.client().call("VERIFY") == [9, tip, 9, 12, 12000, 0]
        assert last(c) == "ok"


def test_transfers_go_on():
    """Each verification is as of some serial that there was, and finds all in order."""
    with Cluster() as c:
        c.start()
        stop = threading.Event()
        opened = []

        def pay(i):
            client = c.client()
            while not stop.is_set():
                client.call("TRANSFER", "Ali", "Ben", 1)
                client.call("TRANSFER", "Ben", "Ali", 1)
                if i == 0:
                    opened.append(client.call("OPEN", f"new{len(opened)}")[0])

        payers = threading.Thread(target=in_threads, args=(4, pay), daemon=True)
        payers.start()
        try:
            told = []
            for _ in range(10):
                before = c.client().call("TIP")[0]
                told.append(verified(c))
                assert told[-1]["serial"] >= before, (told, before)
        finally:
            stop.set()
            payers.join(20 * SLOW)
        assert told[-1]["serial"] > told[0]["serial"] >= 9, told
        c.stop_all()
        tip = books.ZEROS
        hashes = [tip := books.chain_step(tip, r.body) for r in c.books().records]
        for t in told:
            assert t["hash"] == hashes[t["serial"] - 1], t
            assert t["transactions"] == t["serial"] and t["gaps"] == 0, t
            assert t["users"] == 12 + sum(s <= t["serial"] for s in opened), t
            assert t["coins"] == 1000 * t["users"], t


def place_of(c, serial):
    """Which backend is its home, where its line begins, and the line."""
    for name, b in c.backends.items():
        at = 0
        for line in b.text().splitlines(keepends=True):
            if line.startswith(b"%d " % serial) and b" of=" not in line:
                return name, at, line
            at += len(line)
    raise AssertionError(f"serial {serial} is in no block")


def assert_found(c, pattern):
    """Exit status, sentence, journal; and the daemon goes on."""
    since = len(c.main.daemon.lines)
    answer = verify(c)
    assert answer.status == INTEGRITY and answer.out == "", answer
    sentence, advice = answer.err.splitlines()
    assert re.fullmatch(pattern, sentence), (pattern, answer)
    assert advice.startswith(f"walletctl: {ADVICE}"), answer
    c.main.daemon.wait_line(re.escape(f"chain-main: {sentence}"), since=since)
    assert last(c) == sentence
    assert c.client().call("BALANCE", "Ali") is not None
    assert c.main.daemon.running()


def test_damage_on_the_disk():
    """A byte changed behind a backend that runs, whatever part of a record it is."""
    with Cluster() as c:
        c.start()
        transfers(c, 10)
        assert verified(c)["serial"] == 49
        for serial in (10, 25, 48):
            name, at, line = place_of(c, serial)
            path = c[name].block
            follows = rf"Serial {serial} \(backend {name}\): its hash does not follow .*"
            spoilt = rf"Backend {name}: the record behind serial \d+: .*"
            for offset, byte, pattern in (
                    (line.index(b" 1 t=") + 1, b"2", follows),
                    (line.index(b"t=") + 2 + 3, b"7", follows),
                    (len(line) - 3, b"0" if line[-3:-2] != b"0" else b"1", follows),
                    (line.index(b"t="), b"u", spoilt),
                    # The end of the line: two records have become one.
                    (len(line) - 1, b"x", spoilt),
                    (len(line) - 1, b" ", spoilt)):
                with changed(path, at + offset, byte):
                    assert_found(c, pattern)
            # Under another serial it is missing where it was, or is there twice.
            with changed(path, at, b"9"):
                assert_found(c, rf"Serial {serial} is missing from the blocks\.|"
                             r"Serial \d+ has different contents on backends . and .\.")
            assert verified(c)["serial"] == 49, name
        assert last(c) == "ok"
        # All is as it was: it stores, too.
        c.check_alive()
        assert verified(c)["serial"] == 50


def test_damage_of_old_records():
    """No hash stands beside them: the next one that does, or the memory, tells."""
    with Cluster() as c:
        c.start()
        name, at, line = place_of(c, 9)
        with changed(c[name].block, at + line.index(b"155") + 2, b"6"):
            assert_found(c, r"Serial 9 has the hash [0-9a-f]{64}, and had [0-9a-f]{64} when the "
                         r"ledger was loaded: a record up to it was changed\.")
        transfers(c, 1, 1)
        home = place_of(c, 10)[0]
        with changed(c[name].block, at + line.index(b"155") + 2, b"6"):
            assert_found(c, rf"Serial 10 \(backend {home}\): its hash does not follow .*")
        verified(c)


def test_damage_of_a_copy():
    """A copy counts for nothing while its home is there, but is looked at."""
    with Cluster(ledger={"copies": 2}) as c:
        c.start()
        transfers(c, 5)
        assert verified(c)["serial"] == 29
        found = next((name, m) for name, b in c.backends.items()
                     for m in [re.search(rb"^(\d+) \w+ \w+ 1 t=.* of=(\w+)$", b.text(), re.M)] if m)
        name, match = found
        offset = match.start() + match.group().index(b" 1 t=") + 1
        with changed(c[name].block, offset, b"3"):
            assert_found(c, rf"Serial {match.group(1).decode()} has different contents on "
                         rf"backends . and .\.")
        verified(c)


def test_tips():
    """A tip of another day fits for ever; one of another history never."""
    with Cluster() as c:
        c.start()
        transfers(c, 3)
        serial, tip, _ = c.walletctl("tip", "--raw").out.split("\t")
        kept = f"{serial}:{tip}"
        transfers(c, 5)
        assert verified(c, "--tip", kept, "--tip", f"0:{books.ZEROS}")["serial"] > int(serial)
        answer = verify(c, "--tip", f"{int(serial) - 1}:{tip}")
        assert answer.status == INTEGRITY and ADVICE in answer.err, answer
        assert re.match(rf"Serial {int(serial) - 1} has the hash [0-9a-f]{{64}}, and not the one "
                        rf"given, {tip}: this is another history\.\n", answer.err), answer
        answer = verify(c, "--tip", f"1000:{tip}")
        assert answer.status == INTEGRITY, answer
        assert answer.err.startswith("The ledger ends at serial 41, and a tip is given for serial "
                                     "1000: records were lost.\n"), answer
        # The history itself is whole.
        assert last(c) == "ok"
        c.stop_all()
        texts = rewritten(c)

    with Cluster(texts) as c:
        c.start()
        assert verified(c)["serial"] == 41
        assert verify(c, "--tip", kept).status == INTEGRITY


def rewritten(c):
    """The blocks, with one amount changed and every hash behind it made to fit."""
    tip = books.ZEROS
    lines = {path: [] for path in c.block_paths()}
    for r in c.books().records:
        body = r.body.replace(" 1 t=", " 2 t=") if r.serial == 15 else r.body
        tip = books.chain_step(tip, body)
        lines[r.where.rpartition(":")[0]].append(f"{body} h={tip}" if r.hash else body)
    return {name: "\n".join(lines[b.block]) + "\n" for name, b in c.backends.items()}


def test_a_backend_is_down():
    """Unavailable, and no word about the ledger."""
    with Cluster() as c:
        c.start()
        verified(c)
        c["B"].kill()
        with within(10, "a verification without a backend"):
            answer = verify(c)
        assert answer.status == UNAVAILABLE and "Backend B" in answer.err, answer
        assert last(c) == "ok"
        c["B"].start()
        wait_for(lambda: verify(c).status == DONE, "backend B to be back")
        c.check_alive()


def test_one_after_the_other():
    """Who asks meanwhile waits, and is answered as of its own moment."""
    with Cluster() as c:
        c.start()
        clients = [c.client() for _ in range(5)]
        c["C"].daemon.freeze()
        for client in clients:
            client.send("VERIFY")
        wait_for(lambda: c.main.info()["verify_running"] == "1", "a verification to run")
        serial = c.client().call("TRANSFER", "Ali", "Ben", 1)[0]
        c["C"].daemon.thaw()
        answers = [client.receive() for client in clients]
        assert all(not isinstance(a, resp.Error) for a in answers), answers
        assert sorted(a[0] for a in answers) == [serial - 1] + 4 * [serial], answers
        c.check_alive()


def long_history(count):
    """Blocks of that many chained records."""
    tip = books.ZEROS
    blocks = {name: [] for name in sample_blocks()}
    names = list(blocks)
    for n in range(1, count + 1):
        body = f"{n} user{n % 1000} user{(n + 1) % 1000} 1 t=2026-11-22T13:37:00.000000Z"
        tip = books.chain_step(tip, body)
        blocks[names[n % len(names)]].append(f"{body} h={tip}\n")
    return {name: "".join(lines) for name, lines in blocks.items()}, tip


def screen(text):
    """What is left on the line when carriage returns have done their work."""
    line = []
    at = 0
    for character in text:
        if character == "\r":
            at = 0
            continue
        line[at:at + 1] = character
        at += 1
    return "".join(line).rstrip()


def test_progress():
    """A bar on the terminal, as wide as that, and nothing of it is left."""
    blocks, tip = long_history(LONG)
    with Cluster(blocks) as c:
        c.start()
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
        shown = []

        def watch():
            with contextlib.suppress(OSError):
                while data := os.read(master, 4096):
                    shown.append(data.decode())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        # However fast the machine is, it is not done before the bar was seen.
        c["C"].daemon.freeze()
        process = subprocess.Popen(
            [program("walletctl"), "--server", c.main.server, "verify"], stderr=slave,
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        os.close(slave)
        try:
            wait_for(lambda: "]" in "".join(shown), "a bar")
        finally:
            c["C"].daemon.thaw()
            out = process.communicate(timeout=60 * SLOW)[0].decode()
        watcher.join(10)
        os.close(master)
        said = "".join(shown)
        assert process.returncode == DONE, (process.returncode, out, said)
        assert out == (f"Verified 200,000 transactions up to serial {LONG}: 1,000 members, "
                       f"1,000,000 alicoins.\nTip {LONG}:{tip}\n"), out
        bars = re.findall(r"Verifying +\d+ %  [\d,]+ of 200,000 \[#*\.*\]", said)
        assert bars and all(len(bar) == 69 for bar in bars), said
        assert screen(said) == "", said


if __name__ == "__main__":
    run(globals())

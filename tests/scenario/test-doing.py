#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is done with a ledger beyond one transfer: taking back, lists that are paid
whole or not at all, whatever is killed meanwhile, and commands one a line."""

import csv
import io
import json
import os
import random
import re
import subprocess
import threading
import time

import harness
from harness import (SAMPLE_BALANCES, SLOW, Answer, Cluster, allow, program, run, wait_for,
                     within, write_file)


def environment(c):
    return {**os.environ, "XDG_STATE_HOME": c.path("wallet"), "LC_ALL": "C.UTF-8"}


def popen(c, *words, **keys):
    """walletctl that is still at it."""
    keys = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
            "env": environment(c), **keys}
    return subprocess.Popen([program("walletctl"), "--server", c.main.server, *words], **keys)


def ended(process, data=None, seconds=60):
    out, err = process.communicate(data, timeout=seconds * SLOW)
    return Answer(process.returncode, out.decode(), err.decode())


def feed(c, text, *words):
    """walletctl with something on its standard input."""
    data = text if isinstance(text, bytes) else text.encode()
    a = ended(popen(c, *words, stdin=subprocess.PIPE), data)
    assert not harness.SANITIZER.search(a.err), a
    return a


def pending(c):
    try:
        return sorted(os.listdir(c.path("wallet/alichain/pending")))
    except FileNotFoundError:
        return []


def shown(c, *words):
    a = c.walletctl("--json", "show", *words)
    assert a.status == 0, a
    return json.loads(a.out)


def serial_of(c):
    return c.client().call("TIP")[0]


# Taking back.


def test_a_transfer_is_reversed_once():
    """Whoever tries again gets the first receipt; another note is no second time."""
    with Cluster() as c:
        c.start()
        a = c.walletctl("reverse", "1", "--dry-run")
        assert a.status == 0 and a.out == (
            '"John" would transfer 45 alicoins to "Racheal".\n'
            'The balance of "John" would be : 1,000 alicoins.\n'), a
        assert serial_of(c) == 9 and not pending(c)
        first = c.walletctl("--json", "reverse", "1", "--memo", "typed twice")
        assert first.status == 0, first
        record = json.loads(first.out)
        assert record["serial"] == 10 and record["id"] == "reverse-1", record
        assert record["memo"] == "reverses 1 typed twice" and record["amount"] == 45, record
        again = c.walletctl("--json", "reverse", "1", "--memo", "typed twice")
        assert again.status == 0 and json.loads(again.out) == record, again
        other = c.walletctl("reverse", "1")
        assert other.status == 1 and not other.out, other
        assert "transaction 1 was reversed already, by transaction 10 with the memo " \
            '"reverses 1 typed twice".' in other.err, other
        assert c.books().balances["Racheal"] == SAMPLE_BALANCES["Racheal"] + 45
        # A reversal is a transfer as any.
        a = c.walletctl("reverse", "10")
        assert a.status == 0, a
        assert shown(c, "11")["memo"] == "reverses 10"
        assert c.books().balances == SAMPLE_BALANCES
        assert not pending(c)


def test_what_cannot_be_reversed():
    with Cluster() as c:
        c.start()
        client = c.client()
        client.call("OPEN", "Zoe")
        before = c.texts()
        a = c.walletctl("reverse", "10")
        assert a.status == 1 and 'let "Zoe" join the network' in a.err, a
        a = c.walletctl("reverse", "11")
        assert a.status == 1, a
        a = c.walletctl("reverse", "10", "--memo", "x" * 160)
        assert a.status == 1, a
        assert c.texts() == before
        # The receiver has spent it.
        client.call("TRANSFER", "Luke", "Ali", 1180)
        a = c.walletctl("reverse", "9")
        assert a.status == 1 and "insufficient balance" in a.err, a
        a = c.walletctl("reverse", "9", "--dry-run")
        assert a.status == 1 and "insufficient balance" in a.err, a
        # The id is somebody's who meant something else by it.
        client.call("TRANSFER", "Ali", "Ben", 1, "ID", "reverse-5")
        a = c.walletctl("reverse", "5")
        assert a.status == 1 and "stands for transaction 12, which does not reverse 5" in a.err, a
        assert serial_of(c) == 12 and not pending(c)


def test_ten_at_once_reverse_one_transfer():
    """It is done once, and each has the same receipt."""
    with Cluster() as c:
        c.start()
        runs = [popen(c, "--json", "reverse", "9") for _ in range(10)]
        answers = [ended(p) for p in runs]
        assert all(a.status == 0 for a in answers), answers
        assert len({a.out for a in answers}) == 1, answers
        assert serial_of(c) == 10
        assert not pending(c)


# One transfer in other ways.


def test_dry_run_changes_nothing():
    with Cluster() as c:
        c.start()
        before = c.texts()
        a = c.walletctl("transfer", "Ali", "Ben", "845", "--dry-run")
        assert a.status == 0 and "The balance of \"Ali\" would be : 0 alicoins." in a.out, a
        a = c.walletctl("--json", "transfer", "Ali", "Ben", "45", "--dry-run", "--id", "x")
        assert json.loads(a.out) == {
            "serial": None, "sender": "Ali", "receiver": "Ben", "amount": 45, "time": None,
            "id": "x", "memo": None, "hash": None, "balance": 800}, a
        for words, said in ((("Ali", "Ben", "846"), "insufficient balance"),
                            (("Ali", "Eve", "1"), "not part of the network"),
                            (("Ali", "Ali", "1"), "cannot transfer"),
                            (("Ali", "Ben", "x"), "whole number")):
            a = c.walletctl("transfer", *words, "--dry-run")
            assert a.status == 1 and said in a.err and not a.out, a
        a = c.walletctl("open", "Eve", "--dry-run")
        assert a.status == 0 and '"Eve" would be part of the network.' in a.out, a
        a = c.walletctl("open", "Ali", "--dry-run")
        assert a.status == 1 and "already part" in a.err, a
        assert c.texts() == before and not pending(c)


def test_max_moves_all_there_is():
    with Cluster() as c:
        c.start()
        a = c.walletctl("--json", "transfer", "--max", "Ali", "Ben", "--id", "all")
        assert a.status == 0 and json.loads(a.out)["amount"] == 845, a
        # Under the same id it is the same transfer, whatever there is now.
        c.client().call("TRANSFER", "Ben", "Ali", 3)
        assert c.walletctl("--json", "transfer", "--max", "Ali", "Ben", "--id", "all").out == a.out
        a = c.walletctl("transfer", "--max", "Ali", "Ben", "--dry-run")
        assert a.status == 0 and "would transfer 3 alicoins" in a.out, a
        assert c.walletctl("transfer", "--max", "Ali", "Ben").status == 0
        a = c.walletctl("transfer", "--max", "Ali", "Ben")
        assert a.status == 1 and '"Ali" has nothing to transfer.' in a.err, a
        a = c.walletctl("transfer", "--max", "Eve", "Ben")
        assert a.status == 1 and "not part of the network" in a.err, a


def test_max_while_somebody_else_pays():
    """What another one was quicker with is not tried for ever, and nothing is lost."""
    with Cluster() as c:
        c.start()
        stop = threading.Event()

        def pay():
            client = c.client()
            while not stop.is_set():
                client.ask("TRANSFER", "Ali", "Ben", 1)
                client.ask("TRANSFER", "Ben", "Ali", 1)

        thread = threading.Thread(target=pay)
        thread.start()
        try:
            for _ in range(10):
                a = c.walletctl("--json", "transfer", "--max", "Ali", "Luke")
                assert a.status in (0, 1), a
                assert a.status == 0 or "insufficient" in a.err or "nothing" in a.err, a
                c.walletctl("transfer", "--max", "Luke", "Ali")
        finally:
            stop.set()
            thread.join()
        assert sum(c.books().balances.values()) == 12000
        assert not pending(c)


def test_several_users_join_together():
    with Cluster() as c:
        c.start()
        a = c.walletctl("open", "Ann", "Bob", "Ali")
        assert a.status == 1 and not a.out, a
        assert '"Ali": refused: "Ali" is already part of the network.' in a.err, a
        assert "1 of 3 orders cannot be done; nothing was changed." in a.err, a
        a = c.walletctl("open", "Ann", "Bob", "Ann")
        assert a.status == 1 and '"Ann": refused: ' in a.err, a
        assert serial_of(c) == 9
        a = c.walletctl("--json", "open", "Ann", "Bob", "Zo\u00eb", "--memo", "hi", "--id", "new")
        rows = json.loads(a.out)
        assert [r["sender"] for r in rows] == ["Ann", "Bob", "Zo\u00eb"], rows
        assert [r["id"] for r in rows] == ["new-1", "new-2", "new-3"], rows
        assert all(r["balance"] == 1000 and r["memo"] == "hi" for r in rows), rows
        assert c.walletctl("--json", "open", "Ann", "Bob", "Zo\u00eb", "--memo", "hi", "--id",
                           "new").out == a.out
        assert serial_of(c) == 12
        # One by itself is told as ever.
        assert c.walletctl("open", "Eve").out.startswith('"Eve" is now part of the network.\n')


# Lists.

PAY = ("sender,receiver,amount,memo\n"
       "Ali,Ben,800,\n"
       "Ben,Luke,1500,\"rent, \"\"late\"\"\"\n"
       "Luke,Ali,7,\n")


def test_a_file_is_paid_as_one():
    """Behind each other, in one batch, in every form."""
    with Cluster() as c:
        c.start()
        path = write_file(c.path("pay.csv"), PAY)
        a = c.walletctl("transfer", "--file", path, "--dry-run")
        assert a.status == 0 and "All 3 can be done; nothing was changed." in a.out, a
        assert serial_of(c) == 9
        a = c.walletctl("transfer", "--file", path, "--id", "rent")
        assert a.status == 0 and not a.err and "Done: serials 10 to 12." in a.out, a
        again = c.walletctl("--json", "transfer", "--file", path, "--id", "rent")
        rows = json.loads(again.out)
        assert [r["serial"] for r in rows] == [10, 11, 12], rows
        assert [r["id"] for r in rows] == ["rent-2", "rent-3", "rent-4"], rows
        assert [r["balance"] for r in rows] == [45, 215, 2673], rows
        assert rows[1]["memo"] == 'rent, "late"', rows
        assert serial_of(c) == 12
        raw = c.walletctl("--raw", "transfer", "--file", path, "--id", "rent")
        assert [line.split("\t")[0] for line in raw.out.splitlines()] == ["10", "11", "12"], raw
        table = list(csv.DictReader(io.StringIO(
            c.walletctl("--csv", "transfer", "--file", path, "--id", "rent").out, newline="")))
        assert [r["memo"] for r in table] == ["", 'rent, "late"', ""], table
        # Columns in another order, marks of spreadsheets, ids; from standard input.
        a = feed(c, "\ufeffamount,id,x,receiver,sender\r\n5,own,,Ben,Ali\r\n\r\n6,,,Ben,Ali",
                 "--json", "transfer", "--file", "-", "--id", "g", "--memo", "all")
        rows = json.loads(a.out)
        assert [(r["id"], r["memo"], r["balance"]) for r in rows] == [
            ("own", "all", 47), ("g-4", "all", 41)], rows
        # One line is a list, too.
        a = feed(c, "Ali,Ben,1\n", "--json", "transfer", "--file", "-")
        assert len(json.loads(a.out)) == 1, a
        # Without an id it is another payment each time.
        assert feed(c, "Ali,Ben,1\n", "transfer", "--file", "-").status == 0
        assert serial_of(c) == 16
        assert not pending(c)


def test_all_that_fails_is_named_and_nothing_is_done():
    """Each line against what the good ones before it would leave."""
    with Cluster() as c:
        c.start()
        before = c.texts()
        path = write_file(c.path("pay.csv"), (
            "Ali,Ben,800\nAli,Ben,46\nAli,Eve,1\nAli,Luke,45\nLuke,Luke,1\nAli,Luke,1\n"
            "Luke,Ali,2000000\n"))
        for dry in ((), ("--dry-run",)):
            a = c.walletctl("transfer", "--file", path, *dry)
            assert a.status == 1 and not a.out, a
            lines = a.err.splitlines()
            assert [re.match(re.escape(path) + r":(\d+): .*: refused: ", line).group(1)
                    for line in lines[:-1]] == ["2", "3", "5", "6", "7"], a
            assert lines[0].startswith(f'{path}:2: "Ali" to "Ben", 46: refused: "Ali" was '), a
            assert lines[4].startswith(f'{path}:7: "Luke" to "Ali", 2,000,000: refused: '), a
            assert lines[-1] == "walletctl: 5 of 7 orders cannot be done; nothing was changed.", a
        # What is no payment at all is found before anything is sent.
        path = write_file(c.path("pay.csv"), "Ali,Ben,1\nAli,Ben,1.5\nAli,B n,1\nAli,Ben\n")
        a = c.walletctl("transfer", "--file", path)
        assert a.status == 1, a
        assert [line.split(":")[1] for line in a.err.splitlines()[:-1]] == ["2", "3", "4"], a
        assert "3 lines are wrong; nothing was sent." in a.err, a
        assert c.texts() == before and not pending(c)
        # An id that stands for something else is named as well.
        c.client().call("TRANSFER", "Ali", "Ben", 9, "ID", "g-2")
        path = write_file(c.path("pay.csv"), "Ali,Ben,1\nAli,Ben,1\n")
        a = c.walletctl("transfer", "--file", path, "--id", "g")
        assert a.status == 1 and f"{path}:2: " in a.err and f"{path}:1: " not in a.err, a
        assert serial_of(c) == 10


def test_a_thousand_and_not_one_more():
    with Cluster() as c:
        c.start()
        path = write_file(c.path("pay.csv"), "Ali,Ben,1\nBen,Ali,1\n" * 500)
        with within(20, "a thousand transfers"):
            a = c.walletctl("--raw", "transfer", "--file", path)
        assert a.status == 0 and len(a.out.splitlines()) == 1000, a
        assert serial_of(c) == 1009
        write_file(path, "Ali,Ben,1\nBen,Ali,1\n" * 500 + "Ali,Ben,1\n")
        a = c.walletctl("transfer", "--file", path)
        assert a.status == 1 and "there are 1001 payments" in a.err and "split it" in a.err, a
        assert serial_of(c) == 1009


# Whatever is killed.

USERS = sorted(SAMPLE_BALANCES)


def random_list(rng, number):
    """A list that can be done whatever was done before it: it ends where it began."""
    rows = []
    for _ in range(rng.choice((2, 10, 200, 500))):
        a, b = rng.sample(USERS, 2)
        rows += [f"{a},{b},1,,L{number}-{len(rows)}", f"{b},{a},1,,L{number}-{len(rows) + 1}"]
    return rows


def check_lists(c, lists):
    """Each all or not at all, once, side by side; which of them are there."""
    records = c.books().records
    serial = {r.id: r.serial for r in records if r.id}
    assert len(serial) == sum(1 for r in records if r.id), "an id twice"
    there = set()
    for number, rows in lists.items():
        found = [serial.get(f"L{number}-{i}") for i in range(len(rows))]
        assert all(found) or not any(found), f"half of list {number}"
        if all(found):
            assert found == list(range(found[0], found[0] + len(rows))), found
            there.add(number)
    return there


def resumed(c):
    """Until nothing is pending."""
    for _ in range(10):
        a = c.walletctl("resume", "--timeout", "20")
        if a.status == 0:
            break
    assert a.status == 0, a
    assert not [name for name in pending(c) if "." not in name], pending(c)


def test_killed_at_any_moment():
    """walletctl is killed while it pays a list: it is paid whole, once, or not at all
    when nothing was kept yet."""
    allow(120)
    rng = random.Random(int(os.environ.get("SEED", "7")))
    with Cluster() as c:
        c.start()
        lists = {}
        kept = set()
        begin = time.monotonic()
        assert feed(c, "Ali,Ben,1\nBen,Ali,1\n", "transfer", "--file", "-").status == 0
        longest = 2 * (time.monotonic() - begin)
        for number in range(100):
            if number >= 25 and len(kept) >= 3:
                break
            rows = lists[number] = random_list(rng, number)
            path = write_file(c.path("pay.csv"), "sender,receiver,amount,memo,id\n" +
                              "\n".join(rows) + "\n")
            p = popen(c, "transfer", "--file", path, "--id", f"G{number}")
            time.sleep(rng.random() * longest)
            p.kill()
            ended(p)
            if f"G{number}" in pending(c):
                kept.add(number)
            if rng.random() < 0.5:
                resumed(c)
        resumed(c)
        there = check_lists(c, lists)
        assert kept <= there, kept - there
        assert kept, "nobody was killed in the middle of it"
        # And whoever does it again does not do it twice.
        before = serial_of(c)
        for number in sorted(there)[:5]:
            path = write_file(c.path("pay.csv"), "sender,receiver,amount,memo,id\n" +
                              "\n".join(lists[number]) + "\n")
            assert c.walletctl("transfer", "--file", path, "--id", f"G{number}").status == 0
        assert serial_of(c) == before


def random_script(rng, number):
    """Lines that can be done whatever was done before them, half with an id of ours."""
    lines = []
    for i in range(rng.choice((3, 20, 60))):
        a, b = rng.sample(USERS, 2)
        lines += [f"transfer {a} {b} 1 --id S{number}-{2 * i}", f"transfer {b} {a} 1"]
    return lines


def taken_ids(c):
    ids = [r.id for r in c.books().records if r.id]
    assert len(ids) == len(set(ids)), "an id twice"
    return ids


def test_a_script_killed_at_any_moment():
    """What was answered is on record, at most one order more, and that one once: by
    resuming, or by running the script again."""
    allow(150)
    rng = random.Random(int(os.environ.get("SEED", "7")))
    with Cluster() as c:
        c.start()
        lines = random_script(rng, "x")
        begin = time.monotonic()
        assert feed(c, "\n".join(lines), "--stdin").status == 0
        pace = (time.monotonic() - begin) / len(lines)
        assert not pending(c)
        caught = 0
        for number in range(100):
            if number >= 25 and caught >= 3:
                break
            before = serial_of(c)
            lines = random_script(rng, number)
            p = popen(c, "--stdin", "--raw", stdin=subprocess.PIPE)
            p.stdin.write("\n".join(lines).encode())
            p.stdin.close()
            p.stdin = None
            time.sleep(rng.random() * 1.2 * pace * len(lines))
            p.kill()
            a = ended(p)
            told = a.out.count("\n. 0\n")
            assert len(pending(c)) <= 1, pending(c)
            found = serial_of(c) - before
            assert told <= found, (told, found)
            resumed(c)
            # What was kept is done; those behind it were never begun.
            done = serial_of(c) - before
            caught += done > found
            expected = [f"S{number}-{i}" for i in range(0, done, 2)]
            there = [i for i in taken_ids(c) if i.startswith(f"S{number}-")]
            assert there == expected, (there, expected)
            assert not pending(c)
            # Again from a line that has an id: that is not done twice.
            assert feed(c, "\n".join(lines[done - done % 2:]), "--stdin").status == 0
            assert serial_of(c) == before + len(lines), (before, done)
        assert c.books().balances == SAMPLE_BALANCES
        assert caught, "nobody was killed between keeping and sending"


def test_scripts_and_resume_at_once():
    """Nobody takes up what a living script is at; whoever is killed is finished."""
    allow(90)
    with Cluster() as c:
        c.start()
        runs = []
        for i in range(4):
            p = popen(c, "--stdin", "--raw", stdin=subprocess.PIPE)
            p.stdin.write("".join(f"transfer Ali Ben 1 --id P{i}-{n}\ntransfer Ben Ali 1\n"
                                  for n in range(40)).encode())
            p.stdin.close()
            p.stdin = None
            runs.append(p)
        for _ in range(5):
            a = c.walletctl("resume")
            assert a.status == 0, a
        runs[0].kill()
        answers = [ended(p) for p in runs]
        assert all(a.status == 0 for a in answers[1:]), answers
        resumed(c)
        assert not pending(c)
        ids = taken_ids(c)
        for i in range(1, 4):
            assert sum(1 for x in ids if x.startswith(f"P{i}-")) == 40
        assert len(ids) == serial_of(c) - 9 <= 320


def test_daemons_killed_at_any_moment():
    """The main daemon or a backend is killed while a list is paid, and comes back."""
    allow(150)
    rng = random.Random(int(os.environ.get("SEED", "7")))
    port = harness.quiet_port(harness.socket.SOCK_STREAM)
    with Cluster() as c:
        for b in c.backends.values():
            b.port = harness.quiet_port(harness.socket.SOCK_DGRAM)
        c.main.ports = [port]
        c.start()
        lists = {}
        done = set()
        for number in range(12):
            rows = lists[number] = random_list(rng, number)
            path = write_file(c.path("pay.csv"), "sender,receiver,amount,memo,id\n" +
                              "\n".join(rows) + "\n")
            p = popen(c, "transfer", "--file", path, "--timeout", rng.choice(("2", "30")))
            time.sleep(rng.random() * 0.05)
            victim = rng.choice([c.main, *c.backends.values()])
            victim.kill()
            if rng.random() < 0.5:
                time.sleep(rng.random() * 0.05)
                p.kill()
            victim.start()
            c.main.wait_open()
            a = ended(p)
            assert a.status in (0, 3, 4, -9), a
            if a.status == 0:
                done.add(number)
        resumed(c)
        there = check_lists(c, lists)
        assert done <= there, done - there
        assert c.books().balances == SAMPLE_BALANCES
        c.check_alive()


# One command a line.


def test_lines_in_order():
    """In every form; refusals are told by their line, and it goes on."""
    script = ("# comes in\n"
              "balance Ali\n"
              "\n"
              "transfer Ali Ben 5 --memo 'two \"hot\" coffees' --id a\n"
              "transfer Ali Ben 9999\n"
              "list --from 10\n"
              "nonsense\n"
              "reverse 10\n"
              "balance \"Ali\"\n")
    with Cluster() as c:
        c.start()
        a = feed(c, script, "--stdin")
        assert a.status == 1, a
        assert a.out.startswith('The current balance of "Ali" is : 845 alicoins.\n"Ali" succ'), a
        assert a.out.endswith('The current balance of "Ali" is : 845 alicoins.\n'), a
        assert [line.split(":")[0] for line in a.err.splitlines()] == ["line 5", "line 7"], a
        a = feed(c, script, "--stdin", "--json")
        rows = [json.loads(line) for line in a.out.splitlines()]
        assert len(rows) == 7 and a.status == 1 and not a.err, a
        assert rows[0] == {"user": "Ali", "balance": 845}, rows
        assert rows[1]["serial"] == 10 and rows[1]["memo"] == 'two "hot" coffees', rows
        assert rows[2]["error"] == "INSUFFICIENT" and rows[2]["status"] == 1, rows
        assert [r["serial"] for r in rows[3]] == [10, 11], rows
        assert rows[4]["error"] == "USAGE" and rows[4]["status"] == 2, rows
        assert rows[5]["id"] == "reverse-10", rows
        a = feed(c, script, "--stdin", "--raw")
        assert [line for line in a.out.splitlines() if line.startswith(". ")] == [
            ". 0", ". 0", ". 1", ". 0", ". 2", ". 0", ". 0"], a
        assert serial_of(c) == 11
        # The first that was not done, whatever came behind it.
        assert feed(c, "nonsense\nbalance Eve\n", "--stdin").status == 2
        assert feed(c, "balance Ali\n", "--stdin").status == 0
        # A watch would not end, and there is one standard input.
        for line in ("import -", "transfer --file -", "--stdin", "balance Ali --json"):
            assert feed(c, line + "\n", "--stdin").status == 2, line
        path = write_file(c.path("pay file.csv"), "Ali,Ben,1\nBen,Ali,1\n")
        a = feed(c, f"transfer --file '{path}'\ntransfer --file '{path}' --dry-run\nhelp tip\n"
                    "resume\nstatus\ntip\n", "--stdin", "--json")
        assert a.status == 0 and len(a.out.splitlines()) == 6, a


class Coprocess:
    """walletctl --stdin, asked one thing after the other."""

    def __init__(self, c, *words):
        self.process = popen(c, "--stdin", *words, stdin=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, *words):
        # Quotes and escapes are those of inline commands as well.
        line = " ".join(json.dumps(w, ensure_ascii=False) for w in words)
        self.process.stdin.write(line + "\n")
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.wait(20 * SLOW)


def test_a_coprocess_outlives_the_main_daemon():
    """It is answered at once; a restart between two lines is nobody's affair, one
    that takes too long ends it."""
    with Cluster() as c:
        c.main.ports = [harness.quiet_port(harness.socket.SOCK_STREAM)]
        c.start()
        w = Coprocess(c, "--json", "--timeout", "20")
        assert w.ask("balance", "Ali") == {"user": "Ali", "balance": 845}
        assert w.ask("transfer", "Ali", "Ben", "5")["balance"] == 840
        c.main.kill()
        c.main.start()
        assert w.ask("balance", "Ali") == {"user": "Ali", "balance": 840}
        # Killed while an order is under way: it is tried until it is through.
        for b in c.backends.values():
            b.daemon.freeze()
        answers = []
        asker = threading.Thread(target=lambda: answers.append(
            w.ask("transfer", "Ali", "Ben", "7", "--id", "mid")))
        asker.start()
        time.sleep(0.2)
        c.main.kill()
        for b in c.backends.values():
            b.daemon.thaw()
        c.main.start()
        asker.join(40 * SLOW)
        assert answers and answers[0].get("balance") == 833, answers
        c.main.kill()
        answer = w.ask("balance", "Ali")
        assert answer["error"] == "UNAVAILABLE" and answer["status"] == 3, answer
        assert w.end() == 3
        c.main.start()
        assert c.client().call("BALANCE", "Ali") == 833


def test_many_lines_a_second():
    """One process, one connection: no line waits for the pipe to fill."""
    with Cluster() as c:
        c.start()
        count = 5000
        with within(20, "many balances"):
            begin = time.monotonic()
            a = feed(c, "balance Ali\n" * count, "--stdin", "--raw")
            took = time.monotonic() - begin
        assert a.status == 0 and a.out == "845\n. 0\n" * count, a.status
        print(f"{count / took:.0f} balances a second")


if __name__ == "__main__":
    run(globals())

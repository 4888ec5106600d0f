#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""In and out: what is imported is exported, in every format; what is wrong is
named with its line, and nothing of it is sent; what was killed is resumed."""

import csv
import io
import json
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import threading
import unicodedata

import harness
from harness import (Cluster, SAMPLE_BALANCES, SLOW, Skip, allow, program, run, sample_blocks,
                     wait_for, within, write_file)

EMPTY = {"A": "", "B": "", "C": ""}
BLOCKS = [os.path.join(harness.TOP_SRC, "data", f"block{n}.txt") for n in (1, 2, 3)]
FIELDS = ["serial", "sender", "receiver", "amount", "time", "id", "memo", "hash"]
ENCRYPTED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "defghijklmnopqrstuvwxyzabcDEFGHIJKLMNOPQRSTUVWXYZABC3456789012")


def sample_lines():
    """The sample in the order of its serials."""
    lines = "".join(sample_blocks().values()).splitlines(keepends=True)
    return "".join(sorted(lines, key=lambda line: int(line.split()[0])))


def encrypted(text):
    """As the sister system writes it: the serial is in clear."""
    lines = (line.split(" ", 1) for line in text.splitlines())
    return "".join(f"{serial} {rest.translate(ENCRYPTED)}\n" for serial, rest in lines)


def history(count, seed, users=40):
    """A lawful history of so many lines."""
    rng = random.Random(seed)
    names = [f"user{i}" for i in range(users)]
    balances = {}
    lines = []
    while len(lines) < count:
        a, b = rng.sample(names, 2)
        has = balances.get(a, 1000)
        if has == 0:
            continue
        amount = rng.randint(1, min(has, 60))
        balances[a] = has - amount
        balances[b] = balances.get(b, 1000) + amount
        lines.append(f"{len(lines) + 1} {a} {b} {amount}\n")
    return "".join(lines), balances


def export(c, form, *options):
    a = c.walletctl("export", "--format", form, *options)
    assert a.status == 0 and not a.err, a
    return a.out


def rows_of(c):
    """All transactions, as csv has them."""
    return list(csv.DictReader(io.StringIO(export(c, "csv"), newline="")))


def imported(c, *words):
    a = c.walletctl("import", "--json", "--quiet", *words)
    assert a.status == 0 and not a.out and not a.err, a
    return a


def feed(c, data, *words):
    """walletctl with something on its standard input."""
    done = subprocess.run(
        [program("walletctl"), "--server", c.main.server, *words],
        input=data if isinstance(data, bytes) else data.encode(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=60 * SLOW, check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"})
    return harness.Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_blocks_of_the_original():
    """Three blocks are one history; it comes out as it went in, and adds up."""
    with Cluster(blocks=EMPTY) as c:
        c.start()
        a = c.walletctl("import", "--dry-run", *BLOCKS)
        assert a.status == 0, a
        assert "To be imported: 9 transactions, 12 new users, 622 alicoins moved." in a.out, a
        assert a.err == "walletctl: the format is taken for alichain.\n", a
        assert c.client().call("TIP")[0] == 0
        a = c.walletctl("import", "--json", *reversed(BLOCKS))
        report = json.loads(a.out)
        assert report == {"transactions": 9, "on_record": 0, "imported": 9, "new_users": 12,
                          "coins": 622, "first_serial": 1, "last_serial": 9}, report
        assert export(c, "alichain") == sample_lines()
        assert c.books().balances == SAMPLE_BALANCES
        # The same once more is known by its contents, whatever the files.
        path = write_file(c.path("all"), sample_lines().replace("\n", "\r\n"))
        report = json.loads(c.walletctl("import", "--json", path).out)
        assert report["on_record"] == 9 and report["imported"] == 0, report
        assert len(c.books().records) == 9
        # After a restart as well, and what is verified is what was said.
        c.main.stop()
        c.main.start()
        assert json.loads(c.walletctl("import", "--json", path).out)["on_record"] == 9
        assert c.client().call("VERIFY")[3] == 12


def test_our_own_blocks():
    """Chained records, copies among them: memos come along, the rest is made new."""
    with Cluster(blocks=EMPTY, ledger={"copies": 2}) as c, Cluster(blocks=EMPTY) as d:
        c.start()
        d.start()
        imported(c, *BLOCKS)
        client = c.client()
        client.call("OPEN", "Zo\u00eb", "MEMO", "new here", "ID", "z")
        client.call("TRANSFER", "Zo\u00eb", "Ali", 7, "MEMO", "100 % caf\u00e9; \"x\", y=z")
        assert sum(len(c[n].records()) for n in "ABC") == 22
        imported(d, *c.block_paths())
        assert export(d, "alichain") == export(c, "alichain")
        assert d.books().balances == c.books().balances
        memos = [row["memo"] for row in rows_of(d)]
        assert memos == [row["memo"] for row in rows_of(c)]
        assert memos[9:] == ["new here", "100 % caf\u00e9; \"x\", y=z"], memos


def test_encrypted():
    assert encrypted("7 Martin Luke 199\n") == "7 Pduwlq Oxnh 422\n"
    with Cluster(blocks=EMPTY) as c:
        c.start()
        # Nothing tells it from a plain one, but an amount that begins with 0.
        text = encrypted("1 Ann xyz 120\n2 Zoe Abc09 699\n")
        assert text == "1 Dqq abc 453\n2 Crh Def32 922\n", text
        a = feed(c, text, "import", "--dry-run", "-")
        assert "taken for alichain; if it is encrypted, say so by --format" in a.err, a
        assert feed(c, text, "import", "--format", "encrypted", "-").status == 0
        a = feed(c, encrypted("1 Ann xyz 700\n"), "import", "-")
        assert a.status == 0 and "taken for encrypted." in a.err, a
        a = feed(c, encrypted("1 Ann xyz 700\n2 Ann xyz 3\n") + "3 a b 30\n", "import", "-")
        assert a.status == 2 and "say which it is by --format" in a.err, a
        assert export(c, "alichain") == (
            "1 Ann xyz 120\n2 Zoe Abc09 699\n3 Ann xyz 700\n")


def test_csv():
    """What spreadsheets write: marks, quotes, CRLF, other columns, other order."""
    with Cluster() as c:
        c.start()
        text = ("\ufeffamount,note,memo,receiver,sender\r\n"
                "5,x,\"two, \"\"hot\"\" coffees\",Ben,Ali\r\n"
                "\r\n"
                "6,,\u00e9t\u00e9 \u2615,\"Zo\u00eb\",Ali\r\n"
                "0,,joins,Eve,Eve")
        a = feed(c, text, "import", "-")
        assert a.status == 0 and "taken for csv." in a.err, a
        assert "Imported 3 transactions, serials 10 to 12, 2 new users" in a.out, a
        rows = rows_of(c)[9:]
        assert [r["memo"] for r in rows] == [
            "two, \"hot\" coffees", "\u00e9t\u00e9 \u2615", "joins"]
        assert [r["receiver"] for r in rows] == ["Ben", "Zo\u00eb", "Eve"]
        assert c.books().balances["Eve"] == 1000
        # Without names of columns; and the order is that of the lines.
        assert feed(c, "Ali,Ben,1\nBen,Ali,2,back\n", "import", "-").status == 0
        assert [r["amount"] for r in rows_of(c)[12:]] == ["1", "2"]
        # What was exported is imported elsewhere.
        out = c.path("out.csv")
        export(c, "csv", "--quiet", "--output", out)
        with Cluster(blocks=EMPTY) as d:
            d.start()
            imported(d, out)
            assert export(d, "alichain") == export(c, "alichain")
            strip = [{**r, "time": "", "id": "", "hash": ""} for r in rows_of(c)]
            assert [{**r, "time": "", "id": "", "hash": ""} for r in rows_of(d)] == strip


def test_faults_are_named_by_their_lines():
    """All of them, and nothing was sent."""
    faults = [
        ("1 a b 5\nx\n2 a b 05\n\n3 a b c d\n4 a a 4\n5 b a 0\n", "alichain",
         [2, 3, 5, 6, 7]),
        ("1 a b 5\n1 a b 5\n1 a b 6\n", "alichain", [3]),
        ("1 a b 600\n2 a b 600\n3 b a 300\n4 a b 700\n", "alichain", [2]),
        ("1 a a 0\n2 Ali Ali 0\n", "alichain", [2]),
        ("1 a b 9223372036854775808\n2 Ali b 846\n", "alichain", [1]),
        ("2 Ali b 846\n3 Ali b 845\n", "alichain", [1]),
        ("1 d e 3\n2 d e 4\n", "encrypted", [1]),
        ("sender,receiver,amount,memo\na,b,1\na,b\n\"a,b,1\na b,c,1\na,b,-1\na,b,1,\x01\n"
         "a,b\"c,1\n\"a\"b,c,1\n" + "x" * 5000 + "\na,a,1\na,b,0\n", "csv",
         [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    ]
    with Cluster() as c:
        c.start()
        before = c.texts()
        for text, form, lines in faults:
            path = write_file(c.path("in put"), text)
            for options in ((), ("--dry-run",)):
                a = c.walletctl("import", "--format", form, *options, path)
                assert a.status == 1 and not a.out, (text, a)
                found = [int(n) for n in re.findall(rf"^{path}:(\d+): .*\.$", a.err, re.M)]
                assert found == lines, (text, a)
                assert f"{len(lines)} line" in a.err and "nothing was sent" in a.err, a
        a = c.walletctl("import", "--quiet", *[write_file(c.path(n), t) for n, t in (
            ("x", "1 a b 1\n2 a b 2\n"), ("y", "2 a b 3\n"))])
        assert f"{c.path('y')}:1: serial 2 stands in {c.path('x')}:2" in a.err, a
        assert c.walletctl("import", c.path("nothing")).status == 2
        assert c.walletctl("import", c.directory).status == 2
        a = feed(c, "1 a b 3000\n", "import", "-")
        assert a.status == 1 and "standard input:1: \"a\" has only 1000 coins then." in a.err, a
        assert c.texts() == before


def test_serials_that_are_missing_are_said():
    with Cluster(blocks=EMPTY) as c:
        c.start()
        a = c.walletctl("import", BLOCKS[0])
        assert a.status == 0, a
        assert "of the serials up to 9 6 are missing in what was given" in a.err, a
        assert export(c, "alichain") == "1 Racheal John 45\n2 Chinmay Oliver 129\n3 Ali Luke 155\n"


def rob(client, name):
    """Have what a user has transferred, if it has any."""
    has = client.ask("BALANCE", name)
    if not isinstance(has, int) or has == 0:
        return False
    client.ask("IMPORT", name, "thief", has)
    return True


def test_what_the_daemon_refuses():
    """Somebody was quicker: it stops there, and says where; nothing stands behind."""
    text, _ = history(50000, 5)
    with Cluster(blocks=EMPTY) as c:
        c.start()
        path = write_file(c.path("in"), text)
        client = c.client()
        # It is frozen when all is checked, and somebody is robbed meanwhile.
        process = start_import(c, path)
        wait_for(lambda: tip(c) > 100, "a part of it")
        process.send_signal(signal.SIGSTOP)
        wait_for(lambda: not rob(client, "user7"), "a poor user")
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=60 * SLOW)
        lines = [f"{r.sender} {r.receiver} {r.amount}\n" for r in c.books().records
                 if r.receiver != "thief"]
        want = [line.split(" ", 1)[1] for line in text.splitlines(keepends=True)]
        assert lines == want[:len(lines)], len(lines)
        assert process.returncode == 1 and not out, (process.returncode, err)
        where = re.search(rf"^{path}:(\d+): \".*insufficient balance", err.decode(), re.M)
        assert where and int(where.group(1)) == len(lines) + 1, err
        assert f"{len(lines)} of 50000 transactions are recorded" in err.decode(), err


def start_import(c, path):
    return subprocess.Popen(
        [program("walletctl"), "--server", c.main.server, "--timeout", "30", "import",
         "--quiet", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"})


def tip(c):
    return int(c.main.info()["serial"])


def test_killed_and_run_again():
    """Of walletctl and the main daemon one or the other dies in the middle, again
    and again; in the end each line is there once, in its order."""
    allow(120)
    count = 50000
    text, balances = history(count, 3)
    with Cluster(blocks=EMPTY, main={"request_timeout": 5}) as c:
        c.start()
        path = write_file(c.path("in"), text)
        kills = 0
        for part in range(1, 7):
            process = start_import(c, path)
            wait_for(lambda: tip(c) >= count * part // 8 or process.poll() is not None,
                     f"part {part}", 60)
            if process.poll() is not None:
                break
            kills += 1
            if part % 2:
                process.kill()
            else:
                c.main.kill()
                c.main.start()
            if part % 2:
                process.communicate()
            else:
                # It goes on by itself.
                wait_for(lambda: process.poll() is not None or tip(c) > count * part // 8,
                         "more of it", 30)
                process.kill()
                process.communicate()
        assert kills >= 3, kills
        imported(c, path)
        assert export(c, "alichain") == text
        books = c.books()
        assert books.balances == balances
        assert len(set(books.ids)) == count


def test_a_main_daemon_that_is_replaced_is_waited_for():
    """One run, and the daemon is killed in it twice."""
    allow(120)
    text, balances = history(30000, 4)
    with Cluster(blocks=EMPTY) as c:
        c.start()
        path = write_file(c.path("in"), text)
        process = start_import(c, path)
        for part in (8000, 16000):
            wait_for(lambda at=part: tip(c) >= at or process.poll() is not None, "a part", 60)
            c.main.kill()
            c.main.start()
        out, err = process.communicate(timeout=60 * SLOW)
        assert process.returncode == 0 and not out and not err, (process.returncode, err)
        assert export(c, "alichain") == text
        assert c.books().balances == balances


def test_nobody_there():
    with Cluster(blocks=EMPTY) as c:
        server = f"127.0.0.1:{harness.free_tcp_port()}"
        for words in (("import", *BLOCKS), ("export",), ("export", "--output", c.path("x"))):
            with within(5, words):
                a = c.walletctl(*words, server=server)
            assert a.status == 3 and "there is no connection" in a.err, a
        assert not os.path.exists(c.path("x"))


def test_many_lines():
    """Deep in the pipe: a million a minute and more, checked as well."""
    allow(120)
    count = 50000
    text, balances = history(count, 1, 500)
    with Cluster(blocks=EMPTY) as c:
        c.start()
        path = write_file(c.path("in"), text)
        with within(20, "import"):
            a = c.walletctl("import", path)
        assert "Imported 50,000 transactions, serials 1 to 50000, 500 new users" in a.out, a
        with within(10, "export"):
            assert export(c, "alichain") == text
        assert c.books().balances == balances


def on_a_terminal(c, *words):
    """What it says on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [program("walletctl"), "--server", c.main.server, *words], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = b""
    while True:
        try:
            said += os.read(ours, 4096)
        except OSError:
            break
    os.close(ours)
    assert process.wait(60 * SLOW) == 0, said
    return said.decode()


def test_a_bar_on_a_terminal():
    """It is drawn when it takes long, and nothing is left of it."""
    allow(120)
    text, _ = history(60000, 2)
    with Cluster(blocks=EMPTY) as c:
        c.start()
        path = write_file(c.path("in"), text)

        def stall():
            wait_for(lambda: tip(c) >= 1000, "a part of it", 60)
            for b in c.backends.values():
                b.daemon.freeze()
            threading.Event().wait(1)
            for b in c.backends.values():
                b.daemon.thaw()

        thread = threading.Thread(target=stall)
        thread.start()
        said = on_a_terminal(c, "import", path)
        thread.join()
        assert "Importing" in said and "of 60,000" in said, said
        assert said.endswith("\r") and not said.split("\r")[-2].strip(), said[-300:]
        assert "Importing" not in on_a_terminal(c, "import", "--quiet", path)


def test_export_formats():
    """Each has all there is, under the names that --json has elsewhere."""
    with Cluster() as c:
        c.start()
        client = c.client()
        client.call("OPEN", "Zo\u00eb")
        client.call("TRANSFER", "Zo\u00eb", "Ali", 3, "ID", "i(1)", "MEMO", "a, \"b\"")
        listed = json.loads(c.walletctl("list", "--json").out)
        assert [json.loads(line) for line in export(c, "json").splitlines()] == listed
        text = export(c, "csv")
        assert text.split("\r\n")[0] == ",".join(FIELDS), text
        assert text.endswith("\r\n") and text.count("\r\n") == 12 == text.count("\n")
        rows = [{k: r[k] or None for k in FIELDS} for r in rows_of(c)]
        for row in rows:
            row.update(serial=int(row["serial"]), amount=int(row["amount"]))
        assert rows == listed
        client.call("TXLIST")
        with open(c.main.statement, encoding="utf-8") as f:
            assert export(c, "alichain") == f.read()


def test_export_to_a_file():
    """It is there when it is whole, and what was there stays until then."""
    with Cluster() as c:
        c.start()
        path = c.path("out")
        a = c.walletctl("export", "--output", path)
        assert a.out == f"Exported 9 transactions up to serial 9 to {path}.\n", a
        report = json.loads(c.walletctl("export", "--json", "--output", path).out)
        assert report == {"path": path, "transactions": 9, "serial": 9,
                          "hash": c.client().call("TIP")[1]}, report
        with open(path, encoding="utf-8") as f:
            assert f.read() == sample_lines()
        files = sorted(os.listdir(c.directory))
        # The main daemon cannot answer in the middle of it.
        c["B"].daemon.freeze()
        with within(30, "no answer"):
            a = c.walletctl("--timeout", "3", "export", "--format", "json", "--output", path)
        assert a.status == 3 and not a.out, a
        c["B"].daemon.thaw()
        assert sorted(os.listdir(c.directory)) == files
        with open(path, encoding="utf-8") as f:
            assert f.read() == sample_lines()
        for bad in (c.path("no/where"), c.directory, "/dev/null"):
            a = c.walletctl("export", "--output", bad)
            assert a.status == 3 and bad in a.err, a
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [program("walletctl"), "--server", c.main.server, "export"], check=False,
                stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=60 * SLOW)
        assert done.returncode == 3 and b"No space left" in done.stderr, done


def test_export_of_a_ledger_with_holes():
    """Pages overlap then, and each record is there once."""
    rng = random.Random(9)
    serials = sorted(rng.sample(range(1, 60000), 12000))
    text = "".join(f"{s} a{i % 7} b{i % 5} 1\n" for i, s in enumerate(serials))
    blocks = {n: "".join(line for i, line in enumerate(text.splitlines(keepends=True))
                         if i % 3 == k) for k, n in enumerate("ABC")}
    with Cluster(blocks=blocks, ledger={"initial_balance": 100000}) as c:
        c.start()
        assert export(c, "alichain") == text
    far = "1 a b 1\n9223372036854775806 a b 1\n9223372036854775807 a b 1\n"
    for text in ("", "1 a b 1\n", far):
        with Cluster(blocks={"A": text, "B": "", "C": ""}) as c:
            c.start()
            with within(10, "holes"):
                assert export(c, "alichain") == text


def test_export_while_transfers_go_on():
    """It is a beginning of the history, as of when it was asked for."""
    text, _ = history(20000, 8)
    with Cluster(blocks={"A": text, "B": "", "C": ""}) as c:
        c.start()
        stop = threading.Event()

        def load():
            client = c.client()
            while not stop.is_set():
                client.pipeline([("TRANSFER", "user1", "user2", 1),
                                 ("TRANSFER", "user2", "user1", 1)] * 50)

        thread = threading.Thread(target=load)
        thread.start()
        try:
            wait_for(lambda: tip(c) > 20000, "transfers")
            exports = [export(c, "alichain") for _ in range(5)]
        finally:
            stop.set()
            thread.join()
        last = export(c, "alichain")
        assert len(last) > len(exports[0]) > len(text)
        for e in exports:
            assert last.startswith(e) and e.endswith("\n")
            assert [int(line.split()[0]) for line in e.splitlines()] == list(
                range(1, e.count("\n") + 1))


def accounts_by_ledger(path):
    done = subprocess.run(
        ["ledger", "--args-only", "-f", path, "balance", "--flat", "--empty", "--no-total",
         "--format", "%(account)\t%(quantity(amount))\t%(commodity(amount))\n"],
        check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * SLOW,
        env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0 and not done.stderr, done.stderr.decode()
    rows = [line.split("\t") for line in done.stdout.decode().split("\n")[:-1]]
    return {account: int(amount) for account, amount, _ in rows}


def accounts_by_hledger(path):
    done = subprocess.run(
        ["hledger", "-f", path, "balance", "--flat", "--empty", "--no-total", "-O", "csv"],
        check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * SLOW,
        env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0 and not done.stderr, done.stderr.decode()
    rows = list(csv.reader(io.StringIO(done.stdout.decode())))[1:]
    return {account: int(re.match(r"-?\d+", amount).group()) for account, amount in rows}


def check_accounts(c):
    """Both programs and we have the same balance of everybody."""
    path = c.path("out.journal")
    export(c, "ledger", "--quiet", "--output", path)
    balances = c.books().balances
    want = {"users:" + name.replace("%", "%25").replace(":", "%3A"): coins
            for name, coins in balances.items()}
    initial = c.books().initial
    want["equity:opening"] = -initial * len(balances)
    for tool in (accounts_by_ledger, accounts_by_hledger):
        assert tool(path) == want, (tool, {
            k: (v, want.get(k)) for k, v in tool(path).items() if want.get(k) != v})


def need_accounting():
    for tool in ("hledger", "ledger"):
        if not shutil.which(tool):
            raise Skip(f"there is no {tool}")


def awkward_names():
    """Whatever a name may have, in front, in the middle, at the end, and twice."""
    marks = [chr(c) for c in range(33, 127) if chr(c) not in "=,\""]
    names = [n for m in marks for n in (m, m + "a", "a" + m, "a" + m + "b", m + m)]
    names += ["a::b", "%3A", "(a)", "[a]", "<a>", "users:x", "a|b|c", "2026-01-01", "1/2", "@@",
              "~daily", "include", "!x", "a;b;c", "**a", "\u00e9t\u00e9", "\u540d\u524d",
              "\u0416\u0443\u043a", "\U0001f98a", "x" * 64, "\u00e9" * 32]
    return sorted({unicodedata.normalize("NFC", n) for n in names})


def test_accounting():
    """hledger and ledger read what there is, old records and new ones."""
    need_accounting()
    with Cluster() as c:
        c.start()
        client = c.client()
        client.call("OPEN", "Zoe")
        client.call("TRANSFER", "Ali", "Zoe", 15, "MEMO", "two coffees; 100 % | \"x\"  ; y:z",
                    "ID", "[2026-01-01]")
        client.call("TRANSFER", "Zoe", "Ali", 1015)
        check_accounts(c)
        with open(c.path("out.journal"), encoding="utf-8") as f:
            text = f.read()
        assert text.startswith("1970-01-01 * (1) opening\n"
                               "    users:Racheal  1000 \"alicoins\"\n"), text
        assert "* (11) two coffees%3B 100 %25 | \"x\"  %3B y:z\n" in text, text


def test_accounting_of_any_name():
    need_accounting()
    names = awkward_names()
    with Cluster(blocks=EMPTY, ledger={"coin": "\u20ac;%\\"}) as c:
        c.start()
        lines = [("IMPORT", name, "bank", i % 900 + 1, "MEMO", f"{name} {name}")
                 for i, name in enumerate(names)]
        for answer in c.client().pipeline(lines):
            assert isinstance(answer, list), answer
        check_accounts(c)


def test_accounting_of_large_amounts():
    need_accounting()
    most = 10**15
    with Cluster(blocks=EMPTY, ledger={"initial_balance": most}) as c:
        c.start()
        want = {"users:bank": 9001 * most, "equity:opening": -9001 * most}
        for answer in c.client().pipeline([("IMPORT", f"u{n}", "bank", most)
                                           for n in range(9000)]):
            assert isinstance(answer, list), answer
        want.update({f"users:u{n}": 0 for n in range(9000)})
        path = c.path("out.journal")
        export(c, "ledger", "--quiet", "--output", path)
        assert accounts_by_ledger(path) == want
        assert accounts_by_hledger(path) == want


if __name__ == "__main__":
    run(globals())

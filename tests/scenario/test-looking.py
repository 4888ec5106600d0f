#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looking: what was when, held against a model that has each balance behind each
serial; and a ledger's own blocks are not imported into it a second time."""

import csv
import datetime
import fcntl
import io
import json
import os
import pty
import random
import re
import struct
import subprocess
import termios
import threading
import xml.etree.ElementTree as ElementTree
import zoneinfo

import books
import harness
from harness import Cluster, SAMPLE_BALANCES, SLOW, Skip, allow, program, run, write_file

EMPTY = {"A": "", "B": "", "C": ""}
UTC = datetime.timezone.utc
# Records without a time, at the beginning.
OLD = 40
SVG = "{http://www.w3.org/2000/svg}"


class Model:
    """A ledger that was made up, and all that can be asked of it."""

    def __init__(self, seed, count, start, gap=0):
        rng = random.Random(seed)
        self.records = []
        self.balances = [{}]
        time = start
        serial = 0
        users = [f"user{i}" for i in range(30)]
        while len(self.records) < count:
            serial += 1
            # Serials are missing among the old records only.
            if gap and serial == OLD // 2:
                serial += gap
                self.balances += [self.balances[-1]] * gap
            old = len(self.records) < OLD
            # Some join late; often several have one time.
            known = users[:4 + len(self.records) * len(users) // count]
            if rng.random() < 0.6:
                time += rng.choice([1, 999999, 3600 * 10**6, 5 * 86400 * 10**6 // 7])
            self.add(rng, serial, known, None if old else time)

    def add(self, rng, serial, known, time):
        now = dict(self.balances[-1])
        a, b = rng.sample(known, 2)
        has = now.get(a, 1000)
        amount = rng.randint(1, min(has, 90)) if has else 0
        if amount == 0:
            a = b = next((u for u in known if u not in now), None)
            if a is None:
                a, b, amount = max(now, key=now.get), min(now, key=now.get), 1
        now.setdefault(a, 1000)
        now.setdefault(b, 1000)
        now[a] -= amount
        now[b] += amount
        self.balances.append(now)
        self.records.append((serial, a, b, amount, time))

    @staticmethod
    def stamp(time):
        whole = datetime.datetime.fromtimestamp(time // 10**6, UTC)
        return whole.strftime("%Y-%m-%dT%H:%M:%S") + f".{time % 10**6:06d}Z"

    def blocks(self):
        """As texts of three blocks."""
        texts = {"A": [], "B": [], "C": []}
        tip = "0" * 64
        for serial, a, b, amount, time in self.records:
            body = f"{serial} {a} {b} {amount}"
            if time is not None:
                body += f" t={self.stamp(time)}"
            tip = books.chain_step(tip, body)
            line = body if time is None else f"{body} h={tip}"
            texts["ABC"[serial % 3]].append(line + "\n")
        return {name: "".join(lines) for name, lines in texts.items()}

    @property
    def last(self):
        return self.records[-1][0]

    def between(self, since, until, user=None):
        """Serials of records: those without a time are older than any."""
        return [s for s, a, b, _, t in self.records
                if (since is None or t is not None and t >= since)
                and (until is None or t is None or t <= until)
                and user in (None, a, b)]

    def serial_at(self, time):
        """Behind which all is as it was then."""
        return max(self.between(None, time), default=0)


def microseconds(moment):
    return int(moment.timestamp()) * 10**6 + moment.microsecond


def raw(c, *words, env=None):
    """Rows of values."""
    a = c.walletctl("--raw", *words, env=env)
    assert a.status == 0 and not a.err, a
    return [line.split("\t") for line in a.out.splitlines()]


def serials(c, *words, env=None):
    return [int(row[0]) for row in raw(c, *words, env=env)]


START = microseconds(datetime.datetime(2024, 1, 1, tzinfo=UTC))


def test_listings_between_times():
    """Each moment of the ledger, one before and one behind it, and any between."""
    model = Model(1, 300, START)
    times = sorted({r[4] for r in model.records if r[4] is not None})
    assert len(times) < 260 - 60, "there are ties"
    rng = random.Random(2)
    with Cluster(blocks=model.blocks()) as c:
        c.start()
        moments = [times[0] - 1, times[0], times[-1], times[-1] + 1]
        moments += [t + rng.choice([-1, 0, 1]) for t in rng.sample(times, 30)]
        for since in moments:
            until = since + rng.choice([0, 1, 10**6, 86400 * 10**6 * 9])
            a, b = f"--since={model.stamp(since)}", f"--until={model.stamp(until)}"
            assert serials(c, "list", a) == model.between(since, None), a
            assert serials(c, "list", b) == model.between(None, until), b
            assert serials(c, "list", a, b) == model.between(since, until), (a, b)
            user = f"user{rng.randrange(4)}"
            rows = raw(c, "history", user, a, b)
            assert [int(r[0]) for r in rows] == model.between(since, until, user)
            for row in rows:
                assert int(row[8]) == model.balances[int(row[0])][user], row
        # With --from and --count.
        a = f"--since={model.stamp(times[50])}"
        all_of_them = model.between(times[50], None)
        assert serials(c, "list", a, "--count=7") == all_of_them[:7]
        start = all_of_them[20]
        assert serials(c, "list", a, f"--from={start}", "--count=7") == all_of_them[20:27]
        assert serials(c, "list", a, "--from=1") == all_of_them
        # A user who is not there, and one with nothing then.
        answer = c.walletctl("history", "nobody", "--since=now")
        assert answer.status == 1 and "nobody" in answer.err, answer
        answer = c.walletctl("history", "user0", "--since=now")
        assert answer.status == 0 and "there are no such transactions" in answer.err, answer


def test_serials_that_are_missing():
    """The search goes over a hole."""
    model = Model(3, 120, START, gap=1000)
    with Cluster(blocks=model.blocks(), ledger={"accept_gaps": "yes"}) as c:
        c.start()
        for time in [r[4] for r in model.records[OLD::9]]:
            stamp = model.stamp(time)
            assert serials(c, "list", f"--since={stamp}") == model.between(time, None)
            assert serials(c, "list", f"--until={stamp}") == model.between(None, time)


def test_times_are_local():
    """In zones, over the ends of summer, a time that comes twice, and relative ones."""
    hour = 3600 * 10**6
    # A record every quarter of an hour, around the 25th of October 2026 in Paris.
    start = microseconds(datetime.datetime(2026, 10, 24, 12, tzinfo=UTC))
    model = Model(4, OLD, start)
    for i in range(200):
        model.add(random.Random(i), OLD + 1 + i, ["user0", "user1"], start + i * hour // 4)
    with Cluster(blocks=model.blocks()) as c:
        c.start()
        for zone in ("UTC", "Europe/Paris", "Asia/Kathmandu", "America/Los_Angeles"):
            try:
                info = zoneinfo.ZoneInfo(zone)
            except zoneinfo.ZoneInfoNotFoundError:
                raise Skip(f"there is no zone {zone}") from None
            for text in ("2026-10-25", "2026-10-25 01:30", "2026-10-25 02:30", "2026-10-25 03:00",
                         "2026-10-25T02:59:59.5", "2026-10-26 00:00"):
                # Of two equal ones the first.
                local = datetime.datetime.fromisoformat(text.ljust(23, "0") if "." in text
                                                        else text).replace(tzinfo=info, fold=0)
                got = serials(c, "list", "--since", text, env={"TZ": zone})
                assert got == model.between(microseconds(local), None), (zone, text)
                # As it is shown.
                first = datetime.datetime.fromtimestamp(
                    model.records[got[0] - 1][4] // 10**6, info)
                table = c.walletctl("list", "--since", text, "--count=1", env={"TZ": zone})
                assert first.strftime(" %Y-%m-%d %H:%M:%S ") in table.out, (zone, text, table)
        # Before now: all of it is long ago, or none is.
        assert not serials(c, "list", "--since=-1s")
        client = c.client()
        serial = client.call("TRANSFER", "user0", "user1", 1)[0]
        for since in ("-1h", "-1d", "-2w", "yesterday"):
            assert serials(c, "list", f"--since={since}")[-1:] == [serial], since
        assert serials(c, "list", "--until=now")[-1] == serial
        assert serials(c, "list", "--until=-1h")[-1] == serial - 1


def census(c, *words):
    rows = raw(c, "balance", "--all", *words)
    assert rows == sorted(rows, key=lambda r: (-int(r[1]), r[0].encode())), rows
    return {r[0]: int(r[1]) for r in rows}, {int(r[2]) for r in rows}


def test_balances_of_any_moment():
    """Of all and of some, by serial and by time: each way to the past agrees."""
    allow(120)
    model = Model(5, 3000, START)
    rng = random.Random(6)
    with Cluster(blocks=model.blocks()) as c:
        c.start()
        # From the beginning on, back from the end, and by a question for each.
        for serial in (1, 2, OLD, 99, 700, 1500, 2300, 2900, 2999, 3000):
            assert census(c, f"--at={serial}") == (model.balances[serial], {serial}), serial
            some = rng.sample(sorted(model.balances[serial]), 2)
            rows = raw(c, "balance", *some, f"--at={serial}")
            assert rows == [[u, str(model.balances[serial][u]), str(serial)] for u in some]
        assert census(c) == (model.balances[3000], {3000})
        for time in rng.sample([r[4] for r in model.records[OLD:]], 6):
            serial = model.serial_at(time)
            assert census(c, f"--at={model.stamp(time)}") == (model.balances[serial], {serial})
            assert raw(c, "balance", "user1", f"--at={model.stamp(time)}") == [
                [str(model.balances[serial]["user1"])]]
        # The old records are older than any time.
        assert census(c, "--at=1970-01-01") == (model.balances[OLD], {OLD})
        # Before somebody joined, and behind the tip.
        late = next(u for u in model.balances[3000] if u not in model.balances[1000])
        a = c.walletctl("balance", "user1", late, "--at=1000")
        assert a.status == 1 and not a.out and late in a.err and '"user1"' not in a.err, a
        assert late not in census(c, "--at=1000")[0]
        for words in (["user1"], ["--all"]):
            a = c.walletctl("balance", *words, "--at=3001")
            assert a.status == 1 and "no transaction 3001 yet" in a.err, a
        # The forms.
        a = c.walletctl("balance", "--all", "--at=2000")
        coins = 1000 * len(model.balances[2000])
        assert a.out.endswith(f"{len(model.balances[2000])} users with {coins:,} coins in all, "
                              "as of serial 2000.\n"), a
        whole = json.loads(c.walletctl("balance", "--all", "--json").out)
        assert {row["user"]: row["balance"] for row in whole} == model.balances[3000]
        assert {row["serial"] for row in whole} == {3000}
        rows = list(csv.DictReader(io.StringIO(
            c.walletctl("balance", "--all", "--csv").out, newline="")))
        assert {row["user"]: int(row["balance"]) for row in rows} == model.balances[3000]
        assert c.walletctl("--raw", "balance", "user1").out == f"{model.balances[-1]['user1']}\n"


def test_before_the_first():
    """A time before all there is: nobody was there."""
    with Cluster(blocks=EMPTY) as c:
        c.start()
        assert census(c) == ({}, set())
        c.client().call("OPEN", "Zoe")
        assert census(c, "--at=2020-01-01") == ({}, set())
        assert census(c, "--at=1") == ({"Zoe": 1000}, {1})
        a = c.walletctl("balance", "Zoe", "--at=2020-01-01")
        assert a.status == 1 and '"Zoe" was not part of the network then' in a.err, a


def test_balances_while_transfers_go_on():
    """More users than a page has, and each time all coins are there."""
    allow(120)
    stop = threading.Event()
    with Cluster(blocks=EMPTY) as c:
        c.start()
        client = c.client(timeout=60)
        for first in range(0, 25000, 5000):
            client.pipeline([("OPEN", f"u{i}") for i in range(first, first + 5000)])

        def pay():
            rng = random.Random(7)
            with harness.resp.Client(c.main.port, 60) as other:
                joined = 25000
                while not stop.is_set():
                    orders = [("TRANSFER", *(f"u{i}" for i in rng.sample(range(25000), 2)),
                               rng.randint(1, 9)) for _ in range(200)]
                    other.pipeline([*orders, ("OPEN", f"u{joined}")])
                    joined += 1

        payer = threading.Thread(target=pay, daemon=True)
        payer.start()
        try:
            seen = set()
            for _ in range(5):
                balances, at = census(c)
                assert len(balances) >= 25000 and len(at) == 1, (len(balances), at)
                assert sum(balances.values()) == 1000 * len(balances), at
                # The same serial asked for again, from a later present.
                then = at.pop()
                assert census(c, f"--at={then}") == (balances, {then})
                seen.add(then)
            assert len(seen) > 1, "nothing went on"
        finally:
            stop.set()
            payer.join(20 * SLOW)


def picture_of(path):
    """The line of a picture: points, as far as they are told."""
    root = ElementTree.parse(path).getroot()
    assert root.tag == SVG + "svg" and root.get("version") == "1.1"
    assert root.find(SVG + "title").text and root.find(SVG + "desc").text
    line = next(p for p in root.iter(SVG + "path") if p.get("class") == "line")
    assert re.fullmatch(r"M\d+ \d+([HV]\d+)+", line.get("d")), line.get("d")[:200]
    return root, line.get("d")


def test_plot():
    """Over time and over serials; what is drawn is what was."""
    model = Model(8, 2000, START)
    user = "user2"
    mine = [r for r in model.records if user in r[1:3]]
    with Cluster(blocks=model.blocks()) as c:
        c.start()
        # The first record is an old one: by serial.
        rows = raw(c, "plot", user)
        assert 150 < len(rows) <= 200 and all(not r[0] for r in rows), rows[:3]
        starts = [int(r[1]) for r in rows] + [model.last + 1]
        assert starts[0] == mine[0][0]
        for row, end in zip(rows, starts[1:]):
            inside = {model.balances[s].get(user, 1000) for s in range(int(row[1]) - 1, end)}
            assert [int(x) for x in row[2:]] == [min(inside), max(inside),
                                                 model.balances[end - 1][user]], row
        # From a time on: by time, with what there was before.
        since = mine[len(mine) // 2][4] - 5
        rows = raw(c, "plot", user, f"--since={model.stamp(since)}")
        assert rows[0][0] == model.stamp(since) and len(rows) == 200
        for row, after in zip(rows, rows[1:]):
            end = datetime.datetime.fromisoformat(after[0].replace("Z", "+00:00"))
            serial = model.serial_at(microseconds(end) - 1)
            assert int(row[4]) == model.balances[serial][user], row
        assert int(rows[-1][4]) == model.balances[-1][user]
        # One who joined later begins later; one with nothing then is a flat line.
        late = next(u for u in model.balances[-1] if u not in model.balances[1500])
        joined = next(r for r in model.records if late in r[1:3])
        rows = raw(c, "plot", late, f"--since={model.stamp(model.records[1400][4])}")
        assert rows[0][0] == model.stamp(joined[4]), (rows[0], joined)
        a = c.walletctl("--raw", "plot", user, "--since=now")
        assert len(a.out.splitlines()) == 200, a
        assert {line.split("\t")[4] for line in a.out.splitlines()} == {
            str(model.balances[-1][user])}
        check_picture(c, model, user)
        a = c.walletctl("plot", "nobody")
        assert a.status == 1 and "nobody" in a.err and not a.out, a
        a = c.walletctl("plot", user, "--until=1970-01-02", "--since=1970-01-01")
        assert a.status == 0 and a.out, a


def check_picture(c, model, user):
    path = c.path("plot.svg")
    a = c.walletctl("plot", user, "--svg", path, "--json")
    assert json.loads(a.out)["path"] == path, a
    root, line = picture_of(path)
    assert root.find(SVG + "title").text == f'Balance of "{user}"'
    values = [b[user] for b in model.balances if user in b]
    desc = root.find(SVG + "desc").text
    assert f"lowest {min(values)}, highest {max(values)}, at the end {values[-1]} " in desc, desc
    # The labels say how far up the end of the line is.
    ticks = {int(t.get("y")) - 5: int(t.text.replace(",", "")) for t in root.iter(SVG + "text")
             if t.get("text-anchor") == "end" and t.get("x") == "92"}
    bottom, top = max(ticks), min(ticks)
    end = int(re.findall(r"V(\d+)", line)[-1])
    scale = (ticks[top] - ticks[bottom]) / (bottom - top)
    assert abs(ticks[bottom] + (bottom - end) * scale - values[-1]) <= scale, (ticks, end)
    # It replaces what was there, when it is whole; a folder it does not.
    before = os.stat(path).st_ino
    assert c.walletctl("plot", user, "--svg", path).status == 0
    assert os.stat(path).st_ino != before
    a = c.walletctl("plot", user, "--svg", c.directory)
    assert a.status == 3 and "is no regular file" in a.err, a
    a = c.walletctl("plot", "nobody", "--svg", c.path("none.svg"))
    assert a.status == 1 and not [n for n in os.listdir(c.directory) if "none.svg" in n], a


def on_terminal(c, rows, columns, *words, env=None):
    """What walletctl writes to a terminal of that size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    child = subprocess.Popen(
        [program("walletctl"), "--server", c.main.server, *words], stdin=subprocess.DEVNULL,
        stdout=theirs, stderr=subprocess.PIPE,
        env={**{k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")},
             "LC_ALL": "C.UTF-8", **(env or {})})
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 4096):
            text += chunk
    except OSError:
        pass
    os.close(ours)
    _, err = child.communicate(timeout=60 * SLOW)
    assert child.returncode == 0, err
    return text.decode().replace("\r\n", "\n").splitlines()


def test_plot_on_terminals():
    """It fits, whatever the size; braille only for those who have it."""
    model = Model(9, 200, START)
    with Cluster(blocks=model.blocks()) as c:
        c.start()
        for rows, columns in ((25, 80), (50, 200), (10, 40), (5, 24), (3, 9), (2, 1)):
            for locale in ("C.UTF-8", "C"):
                lines = on_terminal(c, rows, columns, "plot", "user1", env={"LC_ALL": locale})
                assert len(lines) == rows - 1, (rows, columns, lines)
                assert max(map(len, lines)) <= columns, (rows, columns, lines)
                text = "".join(lines)
                assert text.isascii() == (locale == "C"), text
                assert re.search("[\u2801-\u28ff]" if locale != "C" else r"\*", text), text
                if rows >= 25:
                    assert lines[0] == 'Balance of "user1"', lines
                    assert re.match(r" *[0-9,]+ [┤+]", lines[-3]), lines
        lines = on_terminal(c, 25, 80, "plot", "user1", env={"COLUMNS": "50", "LINES": "11"})
        assert len(lines) == 11 and max(map(len, lines)) <= 50, lines
        # Dates are local.
        stamp = model.stamp(model.records[OLD][4])
        for zone in ("UTC0", "<+14>-14"):
            shift = 14 * 3600 * 10**6 if zone != "UTC0" else 0
            lines = on_terminal(c, 25, 80, "plot", "user1", f"--since={stamp}", env={"TZ": zone})
            day = model.stamp(model.records[-1][4] + shift)[:10]
            assert lines[-1].endswith(day), (lines, day)


def refused_as_own(c, *words):
    before = c.client().call("TIP")
    a = c.walletctl("import", *words)
    assert a.status == 1 and not a.out, a
    assert "this ledger's own transactions, and nothing was imported; --again" in a.err, a
    assert c.client().call("TIP") == before


def test_a_ledger_that_went_another_way():
    """Its beginning is ours: one hash tells, whatever comes behind."""
    blocks = Model(10, 100, START).blocks()
    with Cluster(blocks=blocks) as c, Cluster(blocks=blocks) as d:
        c.start()
        d.start()
        c.client().pipeline([("TRANSFER", "user0", "user1", 1)] * 60)
        d.client().pipeline([("TRANSFER", "user1", "user0", 2)] * 60)
        refused_as_own(c, *d.block_paths())


def test_own_csv_is_not_imported():
    """A spreadsheet of the ledger's own transactions says by its serials whose they are."""
    with Cluster() as c, Cluster(blocks=EMPTY) as d:
        c.start()
        d.start()
        export = c.path("export.csv")
        words = ("export", "--format", "csv", "--output", export)
        assert c.walletctl(*words).status == 0
        # Old records have no hashes: it is the serials that tell.
        refused_as_own(c, export)
        c.client().call("TRANSFER", "Ali", "Ben", 1, "MEMO", "tea, milk")
        assert c.walletctl(*words).status == 0
        refused_as_own(c, export)
        refused_as_own(c, "--dry-run", export)
        # One hash is enough: columns in another order, part of it, something of others.
        part = write_file(c.path("part.csv"), c.walletctl("list", "--csv", "--from", "10").out)
        refused_as_own(c, part)
        with open(part, encoding="utf-8", newline="") as f:
            row = list(csv.DictReader(f))[0]
        names = ["hash", "receiver", "serial", "amount", "sender"]
        text = ",".join(names) + "\n,Ben,,2,Ali\n" + ",".join(row[n] for n in names) + "\n"
        refused_as_own(c, write_file(c.path("mixed.csv"), text))
        # Another ledger takes it, once; that serials are missing is nothing to CSV.
        for file, count in ((part, 1), (export, 11), (export, 11)):
            a = c.walletctl("import", file, server=d.main.server)
            assert a.status == 0 and "missing" not in a.err, a
            assert len(d.books().records) == count
        # A number of somebody else's, or none at all.
        for serials in (("a", "b"), ("1", ""), ("", "1"), ("99", "98"), ("2", "1")):
            rows = "".join(f"{n},Ali,Ben,{i + 3}\n" for i, n in enumerate(serials))
            path = write_file(c.path("others.csv"), "serial,sender,receiver,amount\n" + rows)
            a = c.walletctl("import", "--dry-run", path)
            assert a.status == 0 and "missing" not in a.err, (serials, a)


def test_own_blocks_are_not_imported():
    """Neither its blocks nor what it exports; others' are, and on they go."""
    blocks = [os.path.join(harness.TOP_SRC, "data", f"block{n}.txt") for n in (1, 2, 3)]
    with Cluster() as c, Cluster(blocks=EMPTY) as d:
        c.start()
        d.start()
        client = c.client()
        refused_as_own(c, *blocks)
        refused_as_own(c, "--dry-run", *blocks)
        for i in range(50):
            client.call("TRANSFER", "Ali", "Ben", 1 + i % 5)
        # The whole, one block, an export, and one that is ahead of the ledger.
        refused_as_own(c, *c.block_paths())
        refused_as_own(c, c["B"].block)
        export = c.path("export")
        assert c.walletctl("export", "--output", export).status == 0
        refused_as_own(c, export)
        with open(export, "a", encoding="utf-8") as f:
            f.write("60 Ali Ben 1\n61 Ali Ben 1\n")
        refused_as_own(c, export)
        # Another ledger takes them, once, and a part of it as well.
        for _ in range(2):
            a = c.walletctl("import", *c.block_paths(), server=d.main.server)
            assert a.status == 0, a
        assert len(d.books().records) == 59
        assert d.books().balances == c.books().balances
        # The blocks made of it are the same once more; with one more they are its own.
        assert d.client().call("TRANSFER", "Ben", "Ali", 1)[0] == 60
        refused_as_own(d, *d.block_paths())
        # Serials like the ledger's, but others' transactions.
        with open(export, "w", encoding="utf-8") as f:
            f.write("1 Racheal John 45\n2 Ali Ben 3\n3 Ben Ali 4\n")
        a = c.walletctl("import", export)
        assert a.status == 0 and "Imported 3 transactions" in a.out, a
        # Whoever wants it gets it, and then once.
        tip = client.call("TIP")[0]
        for words in (["--again", *blocks], blocks, ["--again", *blocks]):
            a = c.walletctl("import", *words)
            assert a.status == 0, a
            assert client.call("TIP")[0] == tip + 9
        assert c.books().balances["Chinmay"] == 2 * SAMPLE_BALANCES["Chinmay"] - 1000


if __name__ == "__main__":
    run(globals())
